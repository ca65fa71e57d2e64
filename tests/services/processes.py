"""Start a real server for a test, wait until it listens, kill it, and never leave it behind."""

import contextlib
import ctypes
import os
import pwd
import random
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO, Protocol

import pytest

_CHANCE = random.SystemRandom()
PR_SET_PDEATHSIG = 1
"""prctl(2): the kernel sends this signal to the child when the thread that made it dies."""


def free_port() -> int:
    """Find a TCP port on loopback that is free now; the next nineteen are nobody else's who asks here.

    It lies below those that the kernel gives to outgoing connections (32768 and above): one of theirs may be
    taken by somebody's client before the server that asked for it listens; and above those that the
    demonstration takes by itself.
    """
    for _ in range(1000):
        port = _CHANCE.randrange(22_000, 32_000, 20)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    pytest.fail("no free port between 22000 and 32000")


def is_listening(port: int) -> bool:
    """Tell whether something accepts TCP connections on this loopback port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_until(condition: Callable[[], bool], *, timeout_s: float, what: str) -> None:
    """Poll ``condition`` until it holds; fails the test naming ``what`` after ``timeout_s`` seconds."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"{what} did not happen within {timeout_s} s")
        time.sleep(0.02)


def die_with_parent() -> None:
    """Run in the child before exec, so that a killed test run leaves no server behind."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def absent(what: str) -> None:
    """Skip a test whose service cannot be had here; under ``./check`` and in CI this is a failure instead."""
    if os.environ.get("KIEMDICH_SERVICES_REQUIRED") or os.environ.get("CI"):
        pytest.fail(f"{what}; the full check never skips it")
    pytest.skip(what)


class Child(Protocol):
    """A process that was started, as ``subprocess.Popen`` shows it."""

    pid: int
    returncode: int | None

    def poll(self) -> int | None:
        """Tell how it ended, None while it runs."""

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end."""


class ServerProcess:
    """One server process on loopback that can be stopped, killed and started again on the same store.

    ``log`` holds all it printed. ``user`` is the OS user to run as (only possible for root).
    """

    def __init__(
        self,
        command: Sequence[str | Path],
        *,
        port: int,
        log: Path,
        user: str | None = None,
        env: Mapping[str, str] | None = None,
    ) -> None:
        self.command = [str(word) for word in command]
        self.port = port
        self.log = log
        self.user = user
        self.env = env
        self.child: Child | None = None

    def start(self, *, timeout_s: float = 60) -> None:
        """Start it and wait until its port accepts connections."""
        with self.log.open("ab") as log:
            self.child = self._begun(log)
        wait_until(self._is_up, timeout_s=timeout_s, what=f"start of {Path(self.command[0]).name} on port {self.port}")

    def _begun(self, log: BinaryIO) -> Child:
        account = pwd.getpwnam(self.user) if self.user else None
        return subprocess.Popen(
            self.command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=dict(self.env) if self.env is not None else None,
            cwd="/",
            start_new_session=True,
            preexec_fn=die_with_parent,  # noqa: PLW1509 - it calls one system call and no lock
            **({"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []} if account else {}),
        )

    def _is_up(self) -> bool:
        assert self.child is not None
        if self.child.poll() is not None:
            pytest.fail(
                f"{self.command[0]} ended with {self.child.returncode}:\n{self.log.read_text(errors='replace')[-2000:]}"
            )
        return is_listening(self.port)

    def signal(self, number: signal.Signals, *, wait_s: float = 60) -> None:
        """Send a signal to its whole process group and wait until the process is gone."""
        if self.child is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.child.pid, number)
        self.child.wait(wait_s)
        self.child = None

    def stop(self) -> None:
        """End it as its operator would (SIGTERM)."""
        self.signal(signal.SIGTERM)

    def kill(self) -> None:
        """kill -9: no goodbye, nothing flushed."""
        self.signal(signal.SIGKILL)

    def pause(self) -> None:
        """Freeze it (SIGSTOP): connections stay open and nobody answers."""
        assert self.child is not None
        os.killpg(self.child.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Wake it after ``pause``."""
        assert self.child is not None
        os.killpg(self.child.pid, signal.SIGCONT)

    @property
    def pid(self) -> int:
        """The process id; only while it runs."""
        assert self.child is not None
        return self.child.pid
