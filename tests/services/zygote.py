"""``python -m central`` and ``python -m checkpoint`` without the two seconds of processor that their imports take.

One process beside each test process has imported the product; every program is forked from it and then does what
``python -m PACKAGE`` does, in a process, session and working folder of its own, with its own environment, input and
output: it may be killed, waited for and read like any other. Programs end with the zygote, and the zygote with the test
process: their sockets close. (``./run``, the disks that are full and the drills start the interpreter itself.)
"""

import atexit
import contextlib
import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import threading
import traceback
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from tests.services.processes import die_with_parent

ROOT = Path(__file__).resolve().parent.parent.parent
PRELOADED = ("central.__main__", "checkpoint.__main__")
_MOST_BYTES = 1 << 20
_FDS = 4
"""Standard input, output and error, and where the process's number and end are reported."""


# ---------------------------------------------------------------- in the test process


class ForkedProgram:
    """What ``subprocess.Popen`` would be of a program: ``pid``, ``poll``, ``wait``."""

    def __init__(
        self, words: Sequence[str], *, streams: Sequence[int], env: Mapping[str, str], folder: str | Path
    ) -> None:
        report, theirs = socket.socketpair()
        request = json.dumps({"words": list(words), "env": dict(env), "folder": str(folder)}).encode()
        with theirs:
            _zygote().ask(request, fds=[*streams, theirs.fileno()])
        self._report = report.makefile("rb")
        report.close()
        self.pid = int(self._report.readline())
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Tell how it ended, None while it runs."""
        if self.returncode is None and select.select([self._report], [], [], 0)[0]:
            self._hear_the_end()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end; raise ``subprocess.TimeoutExpired`` where it does not come."""
        if self.returncode is None:
            if not select.select([self._report], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(str(self.pid), timeout or 0.0)
            self._hear_the_end()
        assert self.returncode is not None
        return self.returncode

    def _hear_the_end(self) -> None:
        self.returncode = int(self._report.readline() or -signal.SIGKILL)
        self._report.close()


class _Zygote:
    """The process that everything is forked from; started with the first program."""

    def __init__(self) -> None:
        self._asking = threading.Lock()
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _MOST_BYTES)
        with theirs:
            environment = {**os.environ, "PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"}
            command = [sys.executable, "-m", "tests.services.zygote", str(theirs.fileno())]
            self._child = subprocess.Popen(command, cwd=ROOT, env=environment, pass_fds=[theirs.fileno()])

    def ask(self, request: bytes, *, fds: Sequence[int]) -> None:
        with self._asking:
            socket.send_fds(self._socket, [request], list(fds))


@cache
def _zygote() -> _Zygote:
    return _Zygote()


def run_program(
    *words: str, given: str = "", env: Mapping[str, str] | None = None, folder: str | Path = ROOT
) -> subprocess.CompletedProcess[str]:
    """Run ``python -m WORDS`` to its end, as ``subprocess.run`` would with its output captured as text."""
    out, out_end = os.pipe()
    err, err_end = os.pipe()
    into_end, into = os.pipe()
    program = ForkedProgram(words, streams=(into_end, out_end, err_end), env=env or os.environ, folder=folder)
    for end in (into_end, out_end, err_end):
        os.close(end)
    told: dict[int, str] = {}
    readers = [threading.Thread(target=_read, args=(end, told)) for end in (out, err)]
    for reader in readers:
        reader.start()
    with open(into, "wb") as stream:  # noqa: PTH123 - the descriptor is what is written to
        stream.write(given.encode())
    for reader in readers:
        reader.join()
    return subprocess.CompletedProcess(words, program.wait(), stdout=told[out], stderr=told[err])


def _read(end: int, told: dict[int, str]) -> None:
    with open(end, encoding="utf-8", errors="replace") as stream:
        told[end] = stream.read()


# ---------------------------------------------------------------- in the zygote


def _serve(requests: socket.socket) -> None:
    """Fork a program for each request; report each one's number and end. Returns when nobody asks any more."""
    reports: dict[int, int] = {}
    woken, wake = os.pipe()
    for end in (woken, wake):
        os.set_blocking(end, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake)
    while True:
        ready = select.select([requests, woken], [], [])[0]
        if woken in ready:
            os.read(woken, _MOST_BYTES)
            _report_ends(reports)
        if requests in ready:
            request, fds, _, _ = socket.recv_fds(requests, _MOST_BYTES, _FDS)
            if not request:
                return
            _fork(json.loads(request), fds, reports=reports, own=[requests.fileno(), woken, wake])


def _fork(request: dict, fds: list[int], *, reports: dict[int, int], own: list[int]) -> None:
    number = os.fork()
    if not number:
        signal.set_wakeup_fd(-1)
        for end in (*own, *reports.values()):
            os.close(end)
        _become(request, fds)
    os.write(fds[-1], f"{number}\n".encode())
    reports[number] = fds[-1]
    for end in fds[:-1]:
        os.close(end)


def _report_ends(reports: dict[int, int]) -> None:
    while reports:
        number, ending = os.waitpid(-1, os.WNOHANG)
        if not number:
            return
        report = reports.pop(number)
        with contextlib.suppress(BrokenPipeError):  # nobody waits for it
            os.write(report, f"{os.waitstatus_to_exitcode(ending)}\n".encode())
        os.close(report)


def _become(request: dict, fds: list[int]) -> None:
    """In the child: be ``python -m`` with these words; never returns."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    die_with_parent()
    for number, end in enumerate(fds[:-1]):
        os.dup2(end, number)
    for end in fds:
        os.close(end)
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["env"])
    sys.argv = request["words"]
    sys.stdin, sys.stdout, sys.stderr = (
        open(number, mode, encoding="utf-8", closefd=False)  # noqa: SIM115 - they live as long as the process
        for number, mode in enumerate("rww")
    )
    code: object = 0
    try:
        runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
    except SystemExit as end:
        code = end.code
    except BaseException:  # noqa: BLE001 - as the interpreter itself does at the end of a program
        traceback.print_exc()
        code = 1
    _end(code)


def _end(code: object) -> None:
    """Leave as the interpreter does: what was registered for the end runs, what was written is flushed."""
    if code is not None and not isinstance(code, int):
        print(code, file=sys.stderr)  # noqa: T201 - sys.exit("words") says them
        code = 1
    threading._shutdown()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(int(code or 0))


def main(descriptor: int) -> None:
    """Import the product, then fork."""
    for name in PRELOADED:
        importlib.import_module(name)
        del sys.modules[name]  # it is what each program runs anew
    gc.collect()
    gc.freeze()
    _serve(socket.socket(fileno=descriptor))


if __name__ == "__main__":
    main(int(sys.argv[1]))
