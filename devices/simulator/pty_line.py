"""A serial line without hardware: a pseudo-terminal, with a symbolic link where the plug would be.

As on a real cable, what nobody reads is lost, and pulling the plug is seen by the reader at once.
"""

import contextlib
import os
import pty
import select
import termios
import tty
from pathlib import Path
from types import MappingProxyType
from typing import Final

_SOME_BYTES: Final = 4096
_OUTPUT_SPEED: Final = 5
_BAUDS: Final = MappingProxyType(
    {
        getattr(termios, f"B{baud}"): baud
        for baud in (9600, 19200, 38400, 57600, 115200, 230400, 460800, 921600)
        if hasattr(termios, f"B{baud}")
    }
)


class PtyLine:
    """The device's end of the line. Used from one thread; ``plug_in`` first."""

    def __init__(self, *, link: Path) -> None:
        """Name where the other end is to be found, for example ``var/demo/lane-1-thermal``."""
        self._link = link
        self._device_end = -1
        self._host_end = -1

    @property
    def is_plugged_in(self) -> bool:
        """Whether the line exists."""
        return self._device_end >= 0

    @property
    def host_baud(self) -> int | None:
        """The speed that the host has set; a pseudo-terminal carries bytes at any, so who simulates must look."""
        if not self.is_plugged_in:
            return None
        speed = termios.tcgetattr(self._host_end)[_OUTPUT_SPEED]
        return _BAUDS.get(speed)

    def plug_in(self) -> None:
        """Make the line and its symbolic link. The host's end is kept open too: a port exists without a reader."""
        self._device_end, self._host_end = pty.openpty()
        tty.setraw(self._host_end)
        os.set_blocking(self._device_end, False)
        self._link.parent.mkdir(parents=True, exist_ok=True)
        new = self._link.with_name(f"{self._link.name}.{os.getpid()}.new")
        new.unlink(missing_ok=True)
        new.symlink_to(os.ttyname(self._host_end))
        new.replace(self._link)

    def unplug(self) -> None:
        """Take the line away; whoever reads it finds it gone."""
        self._link.unlink(missing_ok=True)
        for end in (self._host_end, self._device_end):
            if end >= 0:
                os.close(end)
        self._device_end = self._host_end = -1

    def write(self, content: bytes, *, timeout_s: float) -> bool:
        """Send bytes; give whether all left in time. A line that nobody reads fills up and loses them."""
        rest = memoryview(content)
        while rest:
            if not select.select((), (self._device_end,), (), timeout_s)[1]:
                return False
            with contextlib.suppress(BlockingIOError):
                rest = rest[os.write(self._device_end, rest) :]
        return True

    def read(self, *, timeout_s: float) -> bytes:
        """Give what the host sent, waiting at most so long for it."""
        if not select.select((self._device_end,), (), (), timeout_s)[0]:
            return b""
        with contextlib.suppress(BlockingIOError):
            return os.read(self._device_end, _SOME_BYTES)
        return b""
