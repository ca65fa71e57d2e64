r"""The bridge's wire: how a microcontroller beside the sensor sends what it read on I2C, unchanged.

There is no standard for this, so this is one, made to be easy to send. It is the same on a serial line, in an MQTT
message (any cut of the stream) and in a file. All numbers are big-endian, as on I2C::

    0   4D 4C 58 52   "MLXR"
    4   u8            version of this wire: 1
    5   u8            page: 45 ("E") calibration memory, 52 ("R") measurement
    6   u8            chip: 40 for MLX90640, 41 for MLX90641
    7   u8            0
    8   u16           number of the measurement page, one more for each, 65535 is followed by 0; 0 on page "E"
    10  u16           payload bytes
    12  ...           payload: words as read
    ..  u32           CRC-32 (ISO-HDLC, as in zip and zlib) of everything from byte 4 to the end of the payload

Payload of page E: 832 words from 0x2400. Payload of page R: the RAM (MLX90640: 832 words from 0x0400; MLX90641: 432
words from 0x0400), then the status register 0x8000 as read before it was cleared (bit 0 is the subpage) and control
register 1 (0x800D).

A bridge sends page E when it starts, and again about every two seconds for whoever listens later. It sends a page R
for each new subpage, 0 then 1.
"""

import struct
import zlib
from collections.abc import Iterator
from enum import IntEnum
from types import MappingProxyType
from typing import Final

import msgspec

from devices.drivers.mlx9064x.calibration import EEPROM_WORDS
from devices.drivers.mlx9064x.pages import RAM_90640, RAM_90641, Layout
from devices.framing import ReceiveBuffer, pieces
from devices.reading import FaultCode

MAGIC: Final = b"MLXR"
VERSION: Final = 1
HEADER_BYTES: Final = 12
CHECKSUM_BYTES: Final = 4
_HEADER: Final = struct.Struct(">4sBBBBHH")
_LAYOUTS: Final = MappingProxyType({0x40: RAM_90640, 0x41: RAM_90641})
_PIECE_BYTES: Final = 64 * 1024
_LONGEST_RUN: Final = 4096


class PageKind(IntEnum):
    """Which memory a frame carries."""

    EEPROM = 0x45
    RAM = 0x52


class BridgeFrame(msgspec.Struct, frozen=True, kw_only=True):
    """A whole frame whose checksum is right. ``byte_count`` counts header and checksum."""

    kind: PageKind
    layout: Layout
    number: int
    payload: bytes
    byte_offset: int
    byte_count: int


class LostBytes(msgspec.Struct, frozen=True, kw_only=True):
    """A run of bytes that are no frame, and why."""

    code: FaultCode
    detail: str
    byte_offset: int
    byte_count: int


class BridgeReader:
    """Finds frames in a stream. A broken one costs its own bytes only: the search goes on inside it."""

    def __init__(self) -> None:
        self._buffer = ReceiveBuffer()
        self._run_code: FaultCode | None = None
        self._run_detail = ""
        self._run_bytes = 0

    def feed(self, chunk: bytes) -> Iterator[BridgeFrame | LostBytes]:
        """Take the next bytes and give what they complete, in stream order."""
        for piece in pieces(chunk, size=_PIECE_BYTES):
            self._buffer.append(piece)
            yield from self._parse()

    def finish(self) -> Iterator[LostBytes]:
        """Say that the stream ended; what is left over is told."""
        left = len(self._buffer)
        if left and self._buffer.starts_with(MAGIC[:left]):
            yield from self._end_run()
            yield from self._skip(left, FaultCode.TRUNCATED, f"the stream ended after {left} bytes of a frame")
        elif left:
            yield from self._skip(left, FaultCode.GARBAGE, "no frame begins here")
        yield from self._end_run()

    def _parse(self) -> Iterator[BridgeFrame | LostBytes]:
        buffer = self._buffer
        while len(buffer) >= HEADER_BYTES:
            if not buffer.starts_with(MAGIC):
                found = buffer.find(MAGIC)
                # The last bytes may be the beginning of a magic whose end has not come.
                yield from self._skip(
                    found if found > 0 else len(buffer) - len(MAGIC) + 1, FaultCode.GARBAGE, "no frame begins here"
                )
                continue
            size = _payload_bytes(buffer.peek(HEADER_BYTES))
            if size is None:
                yield from self._skip(1, FaultCode.BAD_HEADER, "a frame of an unknown version, chip or length")
                continue
            if len(buffer) < HEADER_BYTES + size + CHECKSUM_BYTES:
                return
            yield from self._take(size)

    def _take(self, size: int) -> Iterator[BridgeFrame | LostBytes]:
        count = HEADER_BYTES + size + CHECKSUM_BYTES
        raw = self._buffer.peek(count)
        body_end = HEADER_BYTES + size
        if zlib.crc32(memoryview(raw)[4:body_end]) != int.from_bytes(raw[body_end:], "big"):
            yield from self._end_run()
            yield from self._skip(1, FaultCode.BAD_CHECKSUM, "the frame's checksum is wrong")
            return
        yield from self._end_run()
        _, _, kind, chip, _, number, _ = _HEADER.unpack_from(raw)
        yield BridgeFrame(
            kind=PageKind(kind),
            layout=_LAYOUTS[chip],
            number=number,
            payload=raw[HEADER_BYTES:body_end],
            byte_offset=self._buffer.stream_offset,
            byte_count=count,
        )
        self._buffer.discard(count)

    def _skip(self, count: int, code: FaultCode, detail: str) -> Iterator[LostBytes]:
        """Add bytes to the run of lost bytes; a run is told when it ends or grows too long."""
        while count:
            if self._run_code is None:
                self._run_code, self._run_detail = code, detail
            taken = min(count, _LONGEST_RUN - self._run_bytes)
            self._buffer.discard(taken)
            self._run_bytes += taken
            count -= taken
            if self._run_bytes == _LONGEST_RUN:
                yield from self._end_run()

    def _end_run(self) -> Iterator[LostBytes]:
        if self._run_code is None:
            return
        yield LostBytes(
            code=self._run_code,
            detail=self._run_detail,
            byte_offset=self._buffer.stream_offset - self._run_bytes,
            byte_count=self._run_bytes,
        )
        self._run_code, self._run_bytes = None, 0


def frame_bytes(kind: PageKind, *, chip: int, payload: bytes, number: int = 0) -> bytes:
    """Make a frame, as a bridge would.

    >>> frame_bytes(PageKind.EEPROM, chip=0x40, payload=bytes(1664))[:12].hex(" ")
    '4d 4c 58 52 01 45 40 00 00 00 06 80'
    """
    frame = _HEADER.pack(MAGIC, VERSION, kind, chip, 0, number, len(payload)) + payload
    return frame + zlib.crc32(frame[4:]).to_bytes(CHECKSUM_BYTES, "big")


def _payload_bytes(header: bytes) -> int | None:
    """Give the payload's length if the header can be meant, None if not."""
    _, version, kind, chip, reserved, _, size = _HEADER.unpack(header)
    layout = _LAYOUTS.get(chip)
    if version != VERSION or reserved or layout is None:
        return None
    expected = {PageKind.EEPROM: 2 * EEPROM_WORDS, PageKind.RAM: 2 * (layout.ram_words + 2)}.get(kind)
    return size if size == expected else None
