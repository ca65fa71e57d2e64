r"""Multipart bodies (RFC 2046): one that never ends, cut anywhere, and one that came whole.

``MultipartStream`` takes a camera's alert stream as it arrives, in any cut, and gives its parts. What
it promises to a broken stream:

* A part ends where it says (Content-Length) or where the next one begins, whichever comes first: a
  length that was damaged costs one part and never stops the stream.
* A part begins only at a boundary line that a ``Content-`` field follows, so that a picture's bytes
  are hardly ever taken for one. The boundary's word is not learnt: firmware says ``boundary``,
  ``MIME_boundary`` or something else, and a damaged first line must not make deaf to all others.
* Memory is bounded by the longest part; rubbish is counted and let go.
"""

import re
from typing import Final

import msgspec

from devices.http_message import header_fields, parameter

LONGEST_PART_BYTES: Final = 4 * 1024 * 1024
LONGEST_HEADER_BYTES: Final = 4 * 1024
GARBAGE_TOLD_EVERY_BYTES: Final = 64 * 1024
MOST_PARTS: Final = 16

_BEGINNING: Final = re.compile(rb"--[\w'()+,./:=?-]{1,70}[ \t]{0,8}\r?\nContent-", re.IGNORECASE | re.ASCII)
_LONGEST_BEGINNING: Final = 2 + 70 + 8 + 2 + len("Content-")
_COULD_BEGIN: Final = re.compile(
    rb"-|--[\w'()+,./:=?-]{0,70}[ \t]{0,8}(?:\r?(?:\n(?:C(?:o(?:n(?:t(?:e(?:n(?:t)?)?)?)?)?)?)?)?)?",
    re.IGNORECASE | re.ASCII,
)
_BLANK_LINE: Final = re.compile(rb"\r?\n\r?\n")
_BETWEEN: Final = b"\r\n"


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """One part. ``is_cut_short``: another part began before this one was as long as it said."""

    media_type: str
    body: bytes
    byte_offset: int
    byte_count: int
    is_cut_short: bool = False


class Rubbish(msgspec.Struct, frozen=True, kw_only=True):
    """Bytes that belong to no part. ``reason`` is ``garbage``, ``header``, ``overlong`` or ``truncated``."""

    reason: str
    byte_offset: int
    byte_count: int


class MultipartStream:
    """An endless multipart body. Feed it any cut; ``finish`` it when the connection ends."""

    def __init__(self, *, longest_part_bytes: int = LONGEST_PART_BYTES) -> None:
        self._longest_bytes = longest_part_bytes
        self._held = bytearray()
        self._held_at = 0
        self._garbage_bytes = 0
        self._is_in_garbage = False
        self._body_at: int | None = None
        self._length_bytes: int | None = None
        self._media_type = ""
        self._looked_to = 0

    def feed(self, chunk: bytes) -> list[Part | Rubbish]:
        """Take the next bytes and give what they complete."""
        self._held += chunk
        found: list[Part | Rubbish] = []
        while self._step(found):
            pass
        return found

    def finish(self) -> list[Part | Rubbish]:
        """Say that the stream ended; what is left over is told."""
        found: list[Part | Rubbish] = []
        is_part = self._media_type != "" or self._body_at is not None or _BEGINNING.match(self._held) is not None
        if is_part and self._held:
            self._tell_garbage(found)
            found.append(self._rubbish("truncated", len(self._held)))
            self._let_go(len(self._held))
        else:
            self._skip(len(self._held), found)
            self._tell_garbage(found)
        self._forget_part()
        return found

    def _step(self, found: list[Part | Rubbish]) -> bool:
        """Go one step further; ``False`` when more bytes are needed."""
        if self._body_at is not None:
            return self._take_body(found)
        if _BEGINNING.match(self._held):
            self._tell_garbage(found)
            return self._take_header(found)
        return self._seek(found)

    def _seek(self, found: list[Part | Rubbish]) -> bool:
        """Let go what stands before the next beginning of a part, or before what may become one."""
        beginning = _BEGINNING.search(self._held)
        if beginning is None:
            start = _possible_beginning(self._held)
            self._skip(start, found)
            return False
        self._skip(beginning.start(), found)
        return True

    def _take_header(self, found: list[Part | Rubbish]) -> bool:
        """Read the header fields; another beginning among them means that this one was cut off."""
        blank = _BLANK_LINE.search(self._held, 0, LONGEST_HEADER_BYTES)
        end = blank.end() if blank else min(len(self._held), LONGEST_HEADER_BYTES)
        again = _BEGINNING.search(self._held, 2, end)
        if again is None and blank is None and len(self._held) < LONGEST_HEADER_BYTES:
            return False
        if again is not None or blank is None:
            found.append(self._rubbish("header", again.start() if again else 2))
            self._let_go(again.start() if again else 2)
            return True
        fields = header_fields(bytes(self._held[: blank.start()]).splitlines()[1:])
        length = fields.get("content-length", "")
        self._length_bytes = int(length) if re.fullmatch(r"\d{1,9}", length, re.ASCII) else None
        self._media_type = fields.get("content-type", "")
        if self._length_bytes is not None and self._length_bytes > self._longest_bytes:
            found.append(self._rubbish("overlong", blank.end()))
            self._let_go(blank.end())
            self._forget_part()
            return True
        self._body_at = self._looked_to = blank.end()
        return True

    def _take_body(self, found: list[Part | Rubbish]) -> bool:
        """End the body where it says or where the next part begins; drop one that grows beyond all measure."""
        body_at = self._body_at or 0
        full = None if self._length_bytes is None else body_at + self._length_bytes
        limit = len(self._held) if full is None else min(full, len(self._held))
        following = _BEGINNING.search(self._held, self._looked_to, limit)
        if following is not None:
            self._end_part(found, end=following.start(), is_cut_short=full is not None)
            return True
        if full is not None and len(self._held) >= full:
            return self._end_at(full, found)
        if full is None and len(self._held) - body_at > self._longest_bytes:
            found.append(self._rubbish("overlong", len(self._held)))
            self._let_go(len(self._held))
            self._forget_part()
            return True
        self._looked_to = max(body_at, limit - _LONGEST_BEGINNING)
        return False

    def _end_at(self, full: int, found: list[Part | Rubbish]) -> bool:
        """End a body of the length it said, unless its last bytes are already the beginning of the next part."""
        start = _possible_beginning(self._held[:full])
        if start < full and _COULD_BEGIN.fullmatch(self._held, start):
            return False
        is_cut_short = _BEGINNING.match(self._held, start) is not None and start < full
        self._end_part(found, end=start if is_cut_short else full, is_cut_short=is_cut_short)
        return True

    def _end_part(self, found: list[Part | Rubbish], *, end: int, is_cut_short: bool) -> None:
        body = bytes(self._held[self._body_at : end])
        found.append(
            Part(
                media_type=self._media_type,
                body=body if self._length_bytes is not None else body.rstrip(_BETWEEN),
                byte_offset=self._held_at,
                byte_count=end,
                is_cut_short=is_cut_short,
            )
        )
        self._let_go(end)
        self._forget_part()

    def _forget_part(self) -> None:
        self._body_at = self._length_bytes = None
        self._media_type = ""
        self._looked_to = 0

    def _skip(self, byte_count: int, found: list[Part | Rubbish]) -> None:
        """Let bytes before a part go: line ends between parts are no rubbish, all else is."""
        if not self._is_in_garbage:
            blank = len(self._held[:byte_count]) - len(self._held[:byte_count].lstrip(_BETWEEN))
            self._let_go(blank)
            byte_count -= blank
        self._count_garbage(byte_count, found)
        self._let_go(byte_count)

    def _count_garbage(self, byte_count: int, found: list[Part | Rubbish]) -> None:
        """Count rubbish that is about to be let go, and tell of it at fixed places, however it was cut."""
        start = self._held_at - self._garbage_bytes
        self._garbage_bytes += byte_count
        self._is_in_garbage = self._is_in_garbage or byte_count > 0
        while self._garbage_bytes >= GARBAGE_TOLD_EVERY_BYTES:
            found.append(Rubbish(reason="garbage", byte_offset=start, byte_count=GARBAGE_TOLD_EVERY_BYTES))
            start += GARBAGE_TOLD_EVERY_BYTES
            self._garbage_bytes -= GARBAGE_TOLD_EVERY_BYTES

    def _tell_garbage(self, found: list[Part | Rubbish]) -> None:
        if self._garbage_bytes:
            start = self._held_at - self._garbage_bytes
            found.append(Rubbish(reason="garbage", byte_offset=start, byte_count=self._garbage_bytes))
            self._garbage_bytes = 0
        self._is_in_garbage = False

    def _rubbish(self, reason: str, byte_count: int) -> Rubbish:
        return Rubbish(reason=reason, byte_offset=self._held_at, byte_count=byte_count)

    def _let_go(self, byte_count: int) -> None:
        del self._held[:byte_count]
        self._held_at += byte_count


def parts_of(body: bytes, *, media_type: str) -> list[Part]:
    """Cut a whole multipart body at its boundary; a body without one has no parts. At most ``MOST_PARTS``."""
    boundary = parameter(media_type, "boundary").encode("latin-1", "replace")
    if not boundary:
        return []
    parts, offset = [], 0
    for piece in body.split(b"--" + boundary, MOST_PARTS + 1):
        head, blank, content = piece.partition(b"\r\n\r\n")
        fields = header_fields(head.split(b"\r\n"))
        if blank:
            content = content.removesuffix(b"\r\n")
            kind = fields.get("content-type", "")
            parts.append(Part(media_type=kind, body=content, byte_offset=offset, byte_count=len(piece)))
        offset += len(piece) + 2 + len(boundary)
    return parts


def _possible_beginning(held: bytearray) -> int:
    """Find the first place from which the end of what is held may still become the beginning of a part."""
    start = max(0, len(held) - _LONGEST_BEGINNING)
    while (start := held.find(b"-", start)) >= 0:
        if _COULD_BEGIN.fullmatch(held, start):
            return start
        start += 1
    return len(held)
