"""Taking the radiometric part out of a JPEG: APP1 segments that begin with ``FLIR``, joined in their order.

A JPEG is FF D8 and then segments: FF, a marker, a big-endian length that counts itself, content (ITU-T T.81, B.1.1).
FLIR's segments begin with ``FLIR 00 01``, the part's number and the number of the last part (ExifTool, "FLIR Tags").
They stand before the visible picture (FF DA), of which nothing is read.
"""

from typing import Final

from devices.drivers.flir_jpeg.refusal import RefusedFileError
from devices.framing import ReceiveBuffer
from devices.reading import FaultCode

_START: Final = b"\xff\xd8"
_MARKER_AND_LENGTH_BYTES: Final = 4
_APP1, _START_OF_SCAN, _END_OF_IMAGE, _FILLER = 0xE1, 0xDA, 0xD9, 0xFF
_WITHOUT_CONTENT: Final = frozenset({0x01, *range(0xD0, 0xD8)})
_FLIR: Final = b"FLIR\x00"
_FLIR_HEADER_BYTES: Final = 8


class SegmentReader:
    """Incremental: feed bytes in any cut until ``joined`` is there. Holds one segment and the parts before it."""

    def __init__(self) -> None:
        self._buffer = ReceiveBuffer()
        self._parts: dict[int, memoryview] = {}
        self._last_part: int | None = None
        self._has_begun = False

    @property
    def stream_offset(self) -> int:
        """How many bytes are understood."""
        return self._buffer.stream_offset

    def feed(self, chunk: bytes) -> bytes | None:
        """Give the joined radiometric part once it is whole; ``RefusedFileError`` where there will be none."""
        self._buffer.append(chunk)
        if not self._has_begun:
            self._begin()
        while self._has_begun and (segment := self._next()) is not None:
            joined = self._keep(*segment)
            if joined is not None:
                return joined
        return None

    def _begin(self) -> None:
        if not _START.startswith(self._buffer.peek(len(_START))):
            raise RefusedFileError(FaultCode.BAD_HEADER, "the file is no JPEG")
        if len(self._buffer) >= len(_START):
            self._buffer.discard(len(_START))
            self._has_begun = True

    def _next(self) -> tuple[int, memoryview] | None:
        """Give the next segment's marker and content when all of it has come."""
        buffer = self._buffer
        while len(buffer) >= _MARKER_AND_LENGTH_BYTES:
            head = buffer.peek(_MARKER_AND_LENGTH_BYTES)
            if head[0] != _FILLER:
                raise RefusedFileError(FaultCode.BAD_HEADER, "where a segment of the JPEG must begin there is none")
            if head[1] == _FILLER:
                buffer.discard(1)
                continue
            if head[1] in {_START_OF_SCAN, _END_OF_IMAGE}:
                raise RefusedFileError(FaultCode.NOT_RADIOMETRIC, self._nothing_found())
            if head[1] in _WITHOUT_CONTENT:
                buffer.discard(2)
                continue
            size = int.from_bytes(head[2:], "big")
            if size < 2:
                raise RefusedFileError(FaultCode.BAD_HEADER, "a segment of the JPEG has an impossible length")
            if len(buffer) < 2 + size:
                return None
            content = memoryview(buffer.peek(2 + size))[_MARKER_AND_LENGTH_BYTES:]
            buffer.discard(2 + size)
            return head[1], content
        return None

    def _keep(self, marker: int, content: memoryview) -> bytes | None:
        if marker != _APP1 or bytes(content[: len(_FLIR)]) != _FLIR or len(content) < _FLIR_HEADER_BYTES:
            return None
        number, last = content[6], content[7]
        if number > last or number in self._parts or self._last_part not in {None, last}:
            raise RefusedFileError(FaultCode.BAD_MESSAGE, "the parts of the radiometric content contradict each other")
        self._last_part = last
        self._parts[number] = content[_FLIR_HEADER_BYTES:]
        if len(self._parts) <= last:
            return None
        return b"".join(self._parts[part] for part in range(last + 1))

    def _nothing_found(self) -> str:
        if self._last_part is None:
            return "the JPEG carries no radiometric content"
        return f"of {self._last_part + 1} parts of the radiometric content only {len(self._parts)} are there"
