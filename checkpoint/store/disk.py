"""The disk that fills up: warned of early, what is optional stops first, screening goes on to the last.

Decision 18: below 20 % free the lane warns, below 10 % pictures and other optional writes stop, below
5 % optional logs. A ballast file holds space back; when SQLite finds the disk full the ballast is given
up and the same commit is tried again. Only when that is used too is screening refused, in words, with
the paper sheet to go on with; what was acknowledged is on the disk already and stays there.
"""

import math
import os
import shutil
import threading
import time
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Final

import msgspec
import structlog
from structlog.typing import EventDict

BALLAST_NAME: Final = "ballast"
BALLAST_BYTES: Final = 256 * 1024 * 1024
DEMO_BALLAST_BYTES: Final = 4 * 1024 * 1024
LOW_SHARE, SCARCE_SHARE, CRITICAL_SHARE = 0.20, 0.10, 0.05
# With less than this SQLite cannot write one page of each table and its log.
_ROOM_FOR_A_COMMIT_BYTES: Final = 512 * 1024
_RECENT_S: Final = 1.0
ROOM_TO_OPEN_BYTES: Final = 2 * 1024 * 1024
_log = structlog.get_logger("checkpoint")

DiskUsage = Callable[[Path], tuple[int, int]]


class DiskLevel(StrEnum):
    """How much room is left, from ample to none; each stage keeps what the ones before it stopped."""

    AMPLE = "ample"
    LOW = "low"
    SCARCE = "scarce"
    CRITICAL = "critical"
    RESERVE = "reserve"
    FULL = "full"


_GRAVITY: Final = {level: number for number, level in enumerate(DiskLevel)}


class DiskView(msgspec.Struct, frozen=True, kw_only=True):
    """The disk as lane, health and metrics show it. ``ballast_bytes`` is what is still held back."""

    level: DiskLevel = DiskLevel.AMPLE
    free_bytes: int = 0
    total_bytes: int = 0
    ballast_bytes: int = 0

    @property
    def allows_optional_writes(self) -> bool:
        """Whether pictures, and writes that nobody would miss, may go on."""
        return _GRAVITY[self.level] < _GRAVITY[DiskLevel.SCARCE]

    @property
    def allows_optional_logs(self) -> bool:
        """Whether more than warnings and errors may be logged."""
        return _GRAVITY[self.level] < _GRAVITY[DiskLevel.CRITICAL]


def usage_of(folder: Path) -> tuple[int, int]:
    """Return free and total bytes of the disk under a folder, as far as this user may use them."""
    usage = shutil.disk_usage(folder)
    return usage.free, usage.total


def make_room(folder: Path, *, usage: DiskUsage = usage_of) -> bool:
    """Give the ballast up before an edge opens on a disk that has no room to open; tell whether it was needed.

    The caller holds the folder. Opening writes: the log and its index, the identity's start, a schema's change.
    """
    ballast = folder / BALLAST_NAME
    if not ballast.exists() or usage(folder)[0] >= ROOM_TO_OPEN_BYTES:
        return False
    ballast.unlink()
    _log.critical("disk_full", what_happened="the ballast was released to start", what_to_do="free space now")
    return True


class Disk:
    """Watches the disk of one data folder and keeps its ballast. Every method may be called from any thread."""

    def __init__(self, folder: Path, *, ballast_bytes: int, usage: DiskUsage = usage_of) -> None:
        """Nothing is reserved before ``keep`` is called: a tool that only reads holds nothing back."""
        self._folder = folder
        self._ballast = folder / BALLAST_NAME
        self._ballast_bytes = ballast_bytes
        self._usage = usage
        self._lock = threading.Lock()
        self._is_released = False
        self._is_refusing = False
        self._seen: DiskView | None = None
        self._seen_s = -math.inf

    def view(self) -> DiskView:
        """Say how much room is left now."""
        free_bytes, total_bytes = self._usage(self._folder)
        if free_bytes >= _ROOM_FOR_A_COMMIT_BYTES:
            self._is_refusing = False
        self._seen = DiskView(
            level=self._level(free_bytes, total_bytes=total_bytes),
            free_bytes=free_bytes,
            total_bytes=total_bytes,
            ballast_bytes=self._held_bytes(),
        )
        self._seen_s = time.monotonic()
        return self._seen

    def recent_view(self) -> DiskView:
        """Say how much room was left a second ago at most, for what is drawn at each key press.

        What the disk refused or the ballast gave since is seen at once.
        """
        if self._seen is None or time.monotonic() - self._seen_s > _RECENT_S:
            return self.view()
        return self._seen

    def keep(self) -> DiskView:
        """Hold the ballast back where there is room for it, and say how things stand; call it every few seconds."""
        with self._lock:
            free_bytes, total_bytes = self._usage(self._folder)
            missing_bytes = self._ballast_bytes - self._held_bytes()
            is_roomy = free_bytes - missing_bytes >= total_bytes * SCARCE_SHARE
            if missing_bytes > 0 and is_roomy and self._fill():
                self._is_released = False
        view = self.view()
        LOG_THRIFT.is_on = not view.allows_optional_logs
        return view

    def give_way(self) -> bool:
        """Give the ballast up because a commit found the disk full; ``False`` when there is none left to give."""
        with self._lock:
            held_bytes = self._held_bytes()
            self._ballast.unlink(missing_ok=True)
            self._is_released = True
            self._seen = None
        if held_bytes:
            _log.critical("disk_full", what_happened="the ballast was released", what_to_do="free space now")
        return held_bytes > 0

    def begin_in_reserve(self) -> None:
        """Know that the ballast was given up to start; shown until there is room for a new one."""
        self._is_released = True
        self._seen = None

    def refuse(self) -> None:
        """Remember that a commit found no room at all, until there is some."""
        self._is_refusing = True
        self._seen = None

    def _fill(self) -> bool:
        descriptor = os.open(self._ballast, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            os.posix_fallocate(descriptor, 0, self._ballast_bytes)
        except OSError:
            self._ballast.unlink(missing_ok=True)
            return False
        finally:
            os.close(descriptor)
        return True

    def _held_bytes(self) -> int:
        try:
            return self._ballast.stat().st_size
        except FileNotFoundError:
            return 0

    def _level(self, free_bytes: int, *, total_bytes: int) -> DiskLevel:
        if self._is_refusing:
            return DiskLevel.FULL
        if self._is_released:
            return DiskLevel.RESERVE
        share = free_bytes / total_bytes if total_bytes else 0.0
        for level, below in (
            (DiskLevel.CRITICAL, CRITICAL_SHARE),
            (DiskLevel.SCARCE, SCARCE_SHARE),
            (DiskLevel.LOW, LOW_SHARE),
        ):
            if share < below:
                return level
        return DiskLevel.AMPLE


class _LogThrift:
    """A processor of structlog: drops what is optional while the disk is critical, never a warning."""

    def __init__(self) -> None:
        self.is_on = False

    def __call__(self, _logger: object, method: str, event: EventDict) -> EventDict:
        """Drop debug and info lines while it is on."""
        if self.is_on and method in {"debug", "info"}:
            raise structlog.DropEvent
        return event


LOG_THRIFT: Final = _LogThrift()
