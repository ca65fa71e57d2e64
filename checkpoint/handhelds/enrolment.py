"""Codes with which a handheld is enrolled: shown at a station, read or typed on the device, worth one device.

A code has 136 bits, more than anybody tries out, like that with which an edge is enrolled; it opens nothing by
itself: whoever types it is signed in on that device too. Pure: clock and chance are arguments.
"""

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import msgspec

CODE_LIVES_FOR: Final = timedelta(minutes=15)
CODE_BYTES: Final = 17
_MARKS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_MARKS_IN_CODE: Final = 28
_MARKS_IN_BLOCK: Final = 4
_MOST_CODES: Final = 20


class EnrolmentCode(msgspec.Struct, frozen=True, kw_only=True):
    """One code as it is shown, in blocks: who asked for it, what the device is called, until when it counts."""

    code: str
    label: str
    made_by: str
    expires_at: datetime


class EnrolmentCodes:
    """The codes of one edge, in memory, by their hash: a restart forgets them, which costs one more code."""

    def __init__(self, *, lives_for: timedelta = CODE_LIVES_FOR) -> None:
        """Begin without any."""
        self._lives_for = lives_for
        self._codes: dict[bytes, EnrolmentCode] = {}

    def make(self, label: str, *, made_by: str, at: datetime, random_bytes: Callable[[int], bytes]) -> EnrolmentCode:
        """Make a code of 136 random bits; the oldest gives way where there are too many."""
        shown = code_of(random_bytes(CODE_BYTES))
        code = EnrolmentCode(code=shown, label=label, made_by=made_by, expires_at=at + self._lives_for)
        while len(self._codes) >= _MOST_CODES:
            self._codes.pop(next(iter(self._codes)))
        self._codes[_key(shown)] = msgspec.structs.replace(code, code="")
        return code

    def take(self, text: str, *, at: datetime) -> EnrolmentCode | None:
        """Use a code up, or return ``None``. A wrong one uses up nothing: what was shown to another stays good."""
        found = self._codes.pop(_key(text), None)
        return found if found is not None and at < found.expires_at else None


def code_of(noise: bytes) -> str:
    r"""Write 136 bits as seven blocks of four marks that nobody confuses.

    >>> code_of(bytes(16) + b"\x20")
    '0000-0000-0000-0000-0000-0000-0010'
    """
    number = int.from_bytes(noise[:CODE_BYTES], "big")
    marks = "".join(_MARKS[number >> 5 * place & 31] for place in reversed(range(_MARKS_IN_CODE)))
    return "-".join(marks[start : start + _MARKS_IN_BLOCK] for start in range(0, _MARKS_IN_CODE, _MARKS_IN_BLOCK))


def plain_code(text: str) -> str:
    """Read what was typed: blanks and hyphens do not count, and letters that look like digits are those.

    >>> plain_code(" abcd1-oil89 ")
    'ABCD101189'
    """
    marks = "".join(mark for mark in text.upper() if mark.isalnum())
    return marks.translate(str.maketrans("OIL", "011"))


def _key(text: str) -> bytes:
    return hashlib.sha256(plain_code(text).encode(errors="replace")).digest()
