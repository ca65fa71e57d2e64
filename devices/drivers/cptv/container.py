"""The container of CPTV recordings (Cacophony Project Thermal Video, versions 1 and 2).

Written from the public format description (TheCacophonyProject/go-cptv, SPECv2.md): a gzip stream
of ``CPTV``, a version byte, one header section ``H`` and frame sections ``F``. A section is its
letter, a count of fields, and the fields: length, letter, little-endian content. After a frame's
fields follow as many bytes as its field ``f`` says. Bytes may come in any cut.
"""

import struct
import zlib
from collections.abc import Iterator

import msgspec

MAGIC = b"CPTV"
VERSIONS = (1, 2)
GZIP_WINDOW = 16 + zlib.MAX_WBITS
INFLATE_STEP_BYTES = 256 * 1024
LARGEST_SIDE_PX = 1280
LARGEST_PIXELS = 640 * 512


class ContainerError(ValueError):
    """The bytes are no such recording, or it is broken from here on."""


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """What the recording says of its camera. ``started_at_us`` counts from 1970 in UTC."""

    version: int
    started_at_us: int
    columns: int
    rows: int
    model: str = ""


class PackedFrame(msgspec.Struct, frozen=True, kw_only=True):
    """One picture as stored. Times in milliseconds since the camera was switched on; None in version 1."""

    bit_width: int
    content: bytes
    time_on_ms: int | None = None
    last_shutter_ms: int | None = None
    is_background: bool = False


class Container:
    """Incremental reader: ``feed`` compressed bytes, get the header once and then the frames.

    ``byte_offset`` is where the part that was given last begins in the unpacked stream, and
    ``last_byte_count`` its length. Memory is bounded by one frame, whatever the bytes inflate to.
    """

    def __init__(self) -> None:
        self._inflater = zlib.decompressobj(GZIP_WINDOW)
        self._buffer = bytearray()
        self.header: Header | None = None
        self._has_begun = False
        self.byte_offset = 0
        self.last_byte_count = 0

    def feed(self, chunk: bytes) -> Iterator[Header | PackedFrame]:
        """Give what the bytes complete; raises ``ContainerError`` where the recording is broken."""
        self._has_begun |= bool(chunk)
        pending = chunk
        while pending and not self._inflater.eof:
            before = self._inflater.copy()
            try:
                self._buffer += self._inflater.decompress(pending, INFLATE_STEP_BYTES)
            except zlib.error:
                self._inflater = before
                yield from self._up_to_the_break(pending)
            pending = self._inflater.unconsumed_tail
            yield from self._complete()

    def _up_to_the_break(self, pending: bytes) -> Iterator[Header | PackedFrame]:
        """Give what came before the broken byte, so that the cut of the bytes changes nothing."""
        try:
            for place in range(len(pending)):
                self._buffer += self._inflater.decompress(pending[place : place + 1])
                yield from self._complete()
        except zlib.error as error:
            msg = "not a gzip stream, or a broken one"
            raise ContainerError(msg) from error

    @property
    def is_at_end(self) -> bool:
        """Whether the stream ended where a recording may end: nothing half received is left."""
        return self._inflater.eof and not self._buffer

    @property
    def is_untouched(self) -> bool:
        """Whether no byte of a recording has come yet."""
        return not self._has_begun

    def _complete(self) -> Iterator[Header | PackedFrame]:
        if self.header is None:
            self.header = self._take_header()
            if self.header is None:
                return
            yield self.header
        while (frame := self._take_frame(self.header)) is not None:
            yield frame

    def _take_header(self) -> Header | None:
        if not MAGIC.startswith(bytes(self._buffer[:4])):
            msg = "does not begin with CPTV"
            raise ContainerError(msg)
        if len(self._buffer) < 5:
            return None
        if self._buffer[4] not in VERSIONS:
            msg = f"version {self._buffer[4]} of the format is not known"
            raise ContainerError(msg)
        section = _section(self._buffer, at=5, letter=b"H")
        if section is None:
            return None
        fields, end = section
        header = _header(fields, version=self._buffer[4])
        self._forward(end)
        return header

    def _take_frame(self, header: Header) -> PackedFrame | None:
        section = _section(self._buffer, at=0, letter=b"F")
        if section is None:
            return None
        fields, start = section
        size = _number(fields, b"f")
        if size is None or not 4 <= size <= 4 + 4 * header.columns * header.rows:
            msg = "a frame of impossible size"
            raise ContainerError(msg)
        if len(self._buffer) < start + size:
            return None
        frame = PackedFrame(
            bit_width=_number(fields, b"w") or 0,
            content=bytes(self._buffer[start : start + size]),
            time_on_ms=_number(fields, b"t"),
            last_shutter_ms=_number(fields, b"c"),
            is_background=bool(_number(fields, b"g")),
        )
        self._forward(start + size)
        return frame

    def _forward(self, byte_count: int) -> None:
        self.byte_offset += self.last_byte_count
        self.last_byte_count = byte_count
        del self._buffer[:byte_count]


def _section(buffer: bytearray, *, at: int, letter: bytes) -> tuple[dict[bytes, bytes], int] | None:
    """Read a section's fields and where they end; None if they are not all there yet."""
    if len(buffer) < at + 2:
        return None
    if buffer[at : at + 1] != letter:
        msg = f"a section other than {letter.decode()}"
        raise ContainerError(msg)
    fields: dict[bytes, bytes] = {}
    position = at + 2
    for _ in range(buffer[at + 1]):
        if len(buffer) < position + 2:
            return None
        end = position + 2 + buffer[position]
        if len(buffer) < end:
            return None
        fields[bytes(buffer[position + 1 : position + 2])] = bytes(buffer[position + 2 : end])
        position = end
    return fields, position


def _number(fields: dict[bytes, bytes], letter: bytes) -> int | None:
    content = fields.get(letter)
    return None if content is None else int.from_bytes(content, "little")


def _header(fields: dict[bytes, bytes], *, version: int) -> Header:
    columns, rows = _number(fields, b"X") or 0, _number(fields, b"Y") or 0
    if not (0 < columns <= LARGEST_SIDE_PX and 0 < rows <= LARGEST_SIDE_PX and columns * rows <= LARGEST_PIXELS):
        msg = "pictures of impossible size"
        raise ContainerError(msg)
    if _number(fields, b"C") != 1:
        msg = "packed in a way that is not known"
        raise ContainerError(msg)
    return Header(
        version=version,
        started_at_us=_number(fields, b"T") or 0,
        columns=columns,
        rows=rows,
        model=fields.get(b"E", b"").decode("ascii", "replace"),
    )


def first_value(content: bytes) -> int:
    """The signed 32-bit number with which a frame's differences begin."""
    value: int = struct.unpack_from("<i", content)[0]
    return value
