"""Start, watch, restart and stop child processes so that none is ever left behind.

Each child leads a session of its own: Ctrl-C reaches only the supervisor, which then stops the
children in reverse order, politely first. The kernel kills a child whose supervisor dies
(``PR_SET_PDEATHSIG``), so even ``kill -9`` of the supervisor leaves no orphan.
"""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True)
RESTART_DELAYS_S = (0.2, 0.5, 1.0, 2.0, 5.0)
STEADY_AFTER_S = 20.0
STOP_TIMEOUT_S = 8.0
LOG_TAIL_LINES = 12


class ProcessError(RuntimeError):
    """A child does not come up. The message names it, its log and its last words."""


@dataclass(kw_only=True)
class Program:
    """One child to keep alive: its command, where it writes, and how to see that it is ready."""

    name: str
    command: Sequence[str]
    log: Path
    is_ready: Callable[[], bool]
    cwd: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    starts: int = 0
    started_at_s: float = 0.0
    restart_at_s: float = 0.0
    process: subprocess.Popen[bytes] | None = None

    @property
    def is_running(self) -> bool:
        """Whether its process lives."""
        return self.process is not None and self.process.poll() is None

    def start(self) -> None:
        """Start the process; what it prints is appended to its log."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        supervisor = os.getpid()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                list(self.command),
                cwd=self.cwd,
                env={**os.environ, **self.environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=lambda: _die_with_parent(supervisor),  # noqa: PLW1509 - runs before any thread of ours starts a lock
            )
        self.starts += 1
        self.started_at_s = time.monotonic()

    def last_words(self) -> str:
        """The end of its log, for an error message."""
        with contextlib.suppress(OSError):
            return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-LOG_TAIL_LINES:])
        return ""


def _die_with_parent(supervisor: int) -> None:
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != supervisor:
        os._exit(1)


@dataclass(kw_only=True)
class Supervisor:
    """Keeps programs alive, in the order in which they were added. Not thread-safe: one thread owns it.

    The owner must be the main thread: the kernel ties the death signal to the thread that started the child.
    """

    announce: Callable[[str], None]
    programs: list[Program] = field(default_factory=list)

    def bring_up(self, program: Program, *, timeout_s: float) -> None:
        """Start ``program`` and wait until it is ready; raise ``ProcessError`` with its last words if it is not."""
        self.programs.append(program)
        program.start()
        deadline_s = time.monotonic() + timeout_s
        while not program.is_ready():
            if not program.is_running or time.monotonic() > deadline_s:
                fate = (
                    "did not answer in time"
                    if program.is_running
                    else f"ended with code {program.process and program.process.returncode}"
                )
                msg = f"{program.name} {fate}. Its log is {program.log}; its last words:\n{program.last_words()}"
                raise ProcessError(msg)
            time.sleep(0.05)

    def tick(self) -> None:
        """Restart what died: at once the first time, slower and slower while it keeps dying."""
        now_s = time.monotonic()
        for program in self.programs:
            if program.is_running:
                if now_s - program.started_at_s > STEADY_AFTER_S:
                    program.starts = 1
                continue
            if not program.restart_at_s:
                delay_s = RESTART_DELAYS_S[min(program.starts, len(RESTART_DELAYS_S)) - 1]
                code = program.process.returncode if program.process else None
                self.announce(
                    f"{program.name} ended (code {code}); starting it again in {delay_s:g} s, log {program.log}"
                )
                program.restart_at_s = now_s + delay_s
            if now_s >= program.restart_at_s:
                program.restart_at_s = 0.0
                program.start()

    def stop(self) -> None:
        """Stop every child, the last one first; whoever does not end in time is killed with its whole group."""
        for program in reversed(self.programs):
            _signal_group(program, signal.SIGTERM)
            if program.process:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    program.process.wait(STOP_TIMEOUT_S)
            _signal_group(program, signal.SIGKILL)
            if program.process:
                program.process.wait()
        self.programs.clear()


def _signal_group(program: Program, number: signal.Signals) -> None:
    if program.process is None:
        return
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(program.process.pid, number)


def python_module(*words: str) -> list[str]:
    """The command that runs one of our modules with this interpreter."""
    return [sys.executable, "-m", *words]
