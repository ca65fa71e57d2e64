"""Cutting a byte stream into frames and lines, whatever the cuts in which it arrives.

``ReceiveBuffer`` is for parsers that look for a header and may have to give bytes up again.
``LineSplitter`` is for devices that send text. Both count the stream from its first byte, so that
a fault can say where it was, and both hold a bounded amount, so that a device that sends rubbish
for a week costs no memory. No I/O, no clock.

Work is linear in the bytes received: a ``bytearray`` forgets its front without moving the rest.
"""

from collections.abc import Iterable, Iterator

import msgspec


class ReceiveBuffer:
    """Bytes received and not yet understood, with their place in the stream.

    >>> buffer = ReceiveBuffer()
    >>> buffer.append(b"noiseZZ")
    >>> buffer.find(b"ZZ")
    5
    >>> buffer.discard(5), buffer.stream_offset, len(buffer)
    (None, 5, 2)
    """

    def __init__(self) -> None:
        """Begin at offset 0 of a stream."""
        self._bytes = bytearray()
        self._discarded = 0

    def __len__(self) -> int:
        """Give the number of bytes held."""
        return len(self._bytes)

    @property
    def stream_offset(self) -> int:
        """Where in the stream the first byte held stands."""
        return self._discarded

    def append(self, chunk: bytes) -> None:
        """Take the next bytes of the stream."""
        self._bytes += chunk

    def find(self, pattern: bytes, *, start: int = 0) -> int:
        """Give the first place of the pattern at or after ``start``, or -1; counted from the front."""
        return self._bytes.find(pattern, start)

    def starts_with(self, prefix: bytes) -> bool:
        """Tell whether the bytes held begin so."""
        return self._bytes.startswith(prefix)

    def ends_with(self, suffix: bytes) -> bool:
        """Tell whether the bytes held end so."""
        return self._bytes.endswith(suffix)

    def peek(self, count: int) -> bytes:
        """Give a copy of the first bytes, fewer when fewer are held."""
        return bytes(memoryview(self._bytes)[:count])

    def discard(self, count: int) -> None:
        """Forget the first bytes: they were understood, or never will be."""
        if not 0 <= count <= len(self._bytes):
            msg = f"cannot discard {count} of {len(self._bytes)} bytes"
            raise ValueError(msg)
        del self._bytes[:count]
        self._discarded += count

    def pass_by(self, count: int) -> None:
        """Count bytes that were understood without being held; only while nothing is held before them."""
        if self._bytes:
            msg = f"cannot pass by {count} bytes: {len(self._bytes)} stand before them"
            raise ValueError(msg)
        self._discarded += count


def pieces(chunk: bytes, *, size: int) -> Iterator[bytes]:
    """Cut a chunk of any size, so that a parser never holds much more than one piece.

    >>> list(pieces(b"abcde", size=2))
    [b'ab', b'cd', b'e']
    """
    if len(chunk) <= size:
        yield chunk
        return
    for start in range(0, len(chunk), size):
        yield chunk[start : start + size]


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One line without its terminator. ``was_cut``: it was longer than allowed and is only a part."""

    content: bytes
    byte_offset: int
    was_cut: bool = False


class LineSplitter:
    r"""Cuts a stream at any of the given terminator bytes; empty lines vanish.

    CR, LF and CRLF therefore need no setting: the empty line between CR and LF is no line. A line
    that outgrows ``max_line_bytes`` is given out in parts marked ``was_cut``, the last part too.

    >>> splitter = LineSplitter(terminators=b"\r\n", max_line_bytes=80)
    >>> [line.content for line in splitter.feed(b"one\r\ntwo\rthr")]
    [b'one', b'two']
    >>> splitter.finish().content
    b'thr'
    """

    def __init__(self, *, terminators: bytes, max_line_bytes: int) -> None:
        """Begin at offset 0 of a stream."""
        self._max_line_bytes = max_line_bytes
        self._to_first = bytes.maketrans(terminators, terminators[:1] * len(terminators))
        self._first = terminators[:1]
        self._held = bytearray()
        self._held_offset = 0
        self._is_in_cut_line = False

    def feed(self, chunk: bytes) -> Iterable[Line]:
        """Take the next bytes and give the lines they complete."""
        *ended, rest = chunk.translate(self._to_first).split(self._first)
        found: list[Line] = []
        for part in ended:
            self._hold(part, found=found)
            self._end_line(found=found)
        self._hold(rest, found=found)
        return found

    def finish(self) -> Line | None:
        """Give what stands after the last terminator, if anything does. The stream may go on after a silence."""
        found: list[Line] = []
        if self._held:
            self._give(len(self._held), found=found)
        self._is_in_cut_line = False
        return found[0] if found else None

    def _hold(self, part: bytes, *, found: list[Line]) -> None:
        self._held += part
        while len(self._held) > self._max_line_bytes:
            self._is_in_cut_line = True
            self._give(self._max_line_bytes, found=found)

    def _end_line(self, *, found: list[Line]) -> None:
        if self._held:
            self._give(len(self._held), found=found)
        self._held_offset += 1
        self._is_in_cut_line = False

    def _give(self, count: int, *, found: list[Line]) -> None:
        content = bytes(memoryview(self._held)[:count])
        found.append(Line(content=content, byte_offset=self._held_offset, was_cut=self._is_in_cut_line))
        del self._held[:count]
        self._held_offset += count
