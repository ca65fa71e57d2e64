"""Pseudo-terminals and patience, for tests that run real pyserial against a real line."""

import contextlib
import threading
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from devices.registry import DeviceConfig
from devices.scanner import Scanner
from devices.simulator.pty_line import PtyLine


def now():
    """The clock of these tests: real time."""
    return datetime.now(UTC)


def wait_until(holds, *, timeout_s=10.0):
    """Wait until something is so; fail in a sentence when it never is."""
    waiting = threading.Event()
    steps = int(timeout_s / 0.01)
    for _ in range(steps):
        if holds():
            return
        waiting.wait(0.01)
    message = f"not so after {timeout_s} seconds"
    raise AssertionError(message)


class Sink:
    """A store in memory that can be told to fail, as the real one does when its disk is full."""

    def __init__(self):
        self.events = []
        self.failures_left = 0
        self.calls = 0

    def __call__(self, event):
        self.calls += 1
        if self.failures_left:
            self.failures_left -= 1
            raise OSError(28, "No space left on device")
        self.events.append(event)

    def of(self, kind):
        """The events of one kind that were taken."""
        return [event for event in self.events if isinstance(event, kind)]


def config(driver_name, link, **fields):
    """A serial device at a path."""
    return msgspec.structs.replace(
        DeviceConfig(device_id="device-1", driver=driver_name, url=f"serial://{link}"), **fields
    )


def plugged_line(path):
    """A line that exists, and its end at the host."""
    line = PtyLine(link=path)
    line.plug_in()
    return line


def scanner_for(device, sink, *, clock=now):
    """A scanner that has been started."""
    scanner = Scanner(device, sink=sink, clock=clock)
    scanner.start()
    return scanner


def open_descriptors():
    """What this process holds open: each descriptor and what it leads to (pipes and sockets by their number)."""
    held = set()
    for descriptor in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # the listing's own descriptor is closed by now
            held.add((descriptor.name, str(descriptor.readlink())))
    return held
