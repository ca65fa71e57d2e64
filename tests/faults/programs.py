"""Real processes that start in a few hundredths of a second, so that hundreds of them can be killed.

A fork server has the product imported already; each program is a process of its own, forked from it,
with its own log file. What it tells the outside goes through a pipe to the test, which is the oracle:
bytes that were written before ``kill -9`` are still read afterwards.
"""

import multiprocessing
import os
import sys
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

from tests.services.processes import die_with_parent

PRELOADED = ["tests.faults.edge_program", "tests.faults.centre_program", "tests.faults.central_commands"]
_FORK = multiprocessing.get_context("forkserver")


def warm_up() -> None:
    """Start the fork server with the product imported; from now on programs start at once."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    _FORK.set_forkserver_preload(PRELOADED)


class Program:
    """One program that can be started, killed, and started again. ``told`` collects what it said."""

    def __init__(self, run: Callable[..., None], *words: object, log: Path) -> None:
        self._run = run
        self._words = words
        self._log = log
        self._child: multiprocessing.process.BaseProcess | None = None
        self._listener: threading.Thread | None = None
        self.told: list[tuple] = []
        self.starts = 0

    def start(self) -> None:
        """Start it; ``told`` goes on."""
        ours, theirs = _FORK.Pipe(duplex=False)
        self._child = _FORK.Process(target=_become, args=(self._run, self._words, str(self._log), theirs), daemon=True)
        self._child.start()
        theirs.close()
        self.starts += 1
        self._listener = threading.Thread(target=self._listen, args=(ours,), daemon=True)
        self._listener.start()

    def kill(self) -> None:
        """kill -9; returns when it is dead and all that it had said is heard."""
        if self._child is None or self._listener is None:
            return
        self._child.kill()
        self._child.join()
        self._listener.join()
        self._child.close()
        self._child = None

    def wait(self, *, timeout_s: float = 60.0) -> None:
        """Wait until it has ended by itself, and all that it had said is heard."""
        if self._child is None or self._listener is None:
            return
        self._child.join(timeout_s)
        self.kill()

    @property
    def is_running(self) -> bool:
        """Whether it is alive."""
        return self._child is not None and self._child.is_alive()

    def last_words(self) -> str:
        """The end of its log."""
        return self._log.read_text(encoding="utf-8", errors="replace")[-3000:] if self._log.exists() else ""

    def _listen(self, pipe: Connection) -> None:
        with pipe:
            while True:
                try:
                    self.told.append(pipe.recv())
                except (EOFError, OSError):
                    return


def _become(run: Callable[..., None], words: tuple, log: str, pipe: Connection) -> None:
    """In the child: die with the fork server, log into the file, then be the program."""
    die_with_parent()
    # Daemonic only so that the test's end does not wait for it: like any program it may have children of its own.
    multiprocessing.current_process()._config["daemon"] = False
    with open(log, "ab", buffering=0) as stream:  # noqa: PTH123 - the descriptor is what is wanted
        os.dup2(stream.fileno(), 1)
        os.dup2(stream.fileno(), 2)
    sys.argv = ["program"]
    run(*words, tell=pipe.send)
