"""The newest record that an identity ever wrote, noted outside the database: how a restored database is noticed.

Written after each commit as soon as no lane waits, and without waiting for the disk, because it is a hint and
no promise: a power cut may take it back, which hides nothing that is lost by the cut (commits are on the
disk before it), and a torn line fails its check and counts as none. It can say less than the truth, never
more.
"""

import zlib

import msgspec
import structlog

from checkpoint.store.private_files import PrivateFiles
from checkpoint.store.writer import Growth

_log = structlog.get_logger("checkpoint")
_NAME = "high_water"
_LINE_BYTES = 160


class HighWater(msgspec.Struct, frozen=True, kw_only=True):
    """The newest record of a chain, and how many others of that chain are known to be ``missing``."""

    incarnation: int
    sequence: int
    hash: bytes
    missing: int = 0


def encode_high_water(mark: HighWater) -> bytes:
    r"""Write one line of fixed length with a check sum, so that it fits into one sector.

    >>> line = encode_high_water(HighWater(incarnation=1, sequence=7, hash=bytes(32)))
    >>> len(line), decode_high_water(line).sequence, decode_high_water(line[:80])
    (160, 7, None)
    """
    words = f"{mark.incarnation} {mark.sequence} {mark.missing} {mark.hash.hex()}"
    return f"{words} {zlib.crc32(words.encode()):08x}".ljust(_LINE_BYTES - 1).encode() + b"\n"


def decode_high_water(line: bytes) -> HighWater | None:
    """Read such a line; ``None`` for one that was torn or is not ours."""
    text = line.decode("ascii", errors="replace")
    words, _, check = text.rstrip().rpartition(" ")
    if len(line) != _LINE_BYTES or check != f"{zlib.crc32(words.encode()):08x}":
        return None
    incarnation, sequence, missing, digest = words.split(" ")
    return HighWater(
        incarnation=int(incarnation), sequence=int(sequence), missing=int(missing), hash=bytes.fromhex(digest)
    )


class HighWaterMark:
    """The file, and what it says while the edge runs. Noted on the writer's thread."""

    def __init__(self, files: PrivateFiles) -> None:
        """Read what an earlier run left."""
        self._files = files
        self.mark = decode_high_water(files.read(_NAME) or b"")
        self._missing = 0
        self._is_failing = False

    def begin(self, growth: Growth, *, missing: int) -> None:
        """Note where the growing chain stands, once a finding about it is safe in the database."""
        self._missing = missing
        self._write(growth)

    def note(self, growth: Growth) -> None:
        """Note a commit. A disk that does not take it costs the hint, never the record."""
        if self.mark is not None and growth.incarnation != self.mark.incarnation:
            self._missing = 0
        self._write(growth)

    def _write(self, growth: Growth) -> None:
        self.mark = HighWater(
            incarnation=growth.incarnation, sequence=growth.sequence, hash=growth.hash, missing=self._missing
        )
        try:
            self._files.overwrite(_NAME, encode_high_water(self.mark))
        except OSError as error:
            if not self._is_failing:
                _log.warning("high_water_not_noted", error=type(error).__name__)
            self._is_failing = True
        else:
            self._is_failing = False
