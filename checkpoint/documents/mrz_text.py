"""From what readers really send to the lines of a zone: framing, case, blanks, glued lines.

Readers type as keyboards or write to a serial port. They frame with CR, LF, ESC, STX, ETX or tabs,
send lower case when caps lock is on, blanks where the filler is meant, or one line of 72, 88 or 90
characters with or without a separator between the parts. Only that is undone here: a character
that does not belong to a zone is left in its place, so that the parser can name its column.
"""

from typing import Final

from checkpoint.documents.check_digits import ALPHABET, FILLER
from checkpoint.documents.mrz_layouts import LINE_LENGTHS

_LOWER_TO_UPPER: Final = {code: code - 32 for code in range(ord("a"), ord("z") + 1)}
_LOOK_ALIKES: Final = {0xFF1C: "<", 0x2039: "<", 0x3008: "<", 0x00AB: "<<", 0x300A: "<<"}
_DROPPED: Final = dict.fromkeys((0x00, 0x7F, 0xFEFF, 0x200B, 0x200E, 0x200F, 0x00AD))
_BLANKS: Final = dict.fromkeys((0x00A0, 0x2007, 0x202F, 0x3000), " ")
_CONTROLS: Final = dict.fromkeys((*range(1, 32), *range(0x80, 0xA0), 0x2028, 0x2029), "\n")
_UNFRAMED: Final = str.maketrans({**_CONTROLS, **_DROPPED, **_BLANKS})
_CLEANED: Final = str.maketrans({**_CONTROLS, **_DROPPED, **_BLANKS, **_LOOK_ALIKES, **_LOWER_TO_UPPER})
# Readers send ASCII: a table of bytes does the same ten times as fast.
_ASCII_DROPPED: Final = bytes(code for code in _DROPPED if code < 0x80)
_ASCII_UNFRAMED: Final = bytes(ord(chr(code).translate(_UNFRAMED) or " ") if code < 0x80 else 0 for code in range(256))
_ASCII_CLEANED: Final = bytes(ord(chr(code).translate(_CLEANED) or " ") if code < 0x80 else 0 for code in range(256))
_GLUED: Final = {2 * 36: (36, 2), 2 * 44: (44, 2), 3 * 30: (30, 3)}


def _unframed(text: str) -> str:
    if text.isascii():
        return text.encode("ascii").translate(_ASCII_UNFRAMED, _ASCII_DROPPED).decode("ascii")
    return text.translate(_UNFRAMED)


def _cleaned(text: str) -> str:
    if text.isascii():
        return text.encode("ascii").translate(_ASCII_CLEANED, _ASCII_DROPPED).decode("ascii")
    return text.translate(_CLEANED)


def _cut(text: str) -> tuple[str, ...]:
    """Cut one line that holds a whole zone: 72, 88 or 90 characters, or with a separator between lines."""
    glued = _GLUED.get(len(text))
    if glued is not None:
        length, count = glued
        return tuple(text[index * length : (index + 1) * length] for index in range(count))
    for length, count in _GLUED.values():
        step = length + 1
        separators = [text[index * step - 1 : index * step] for index in range(1, count)]
        if len(text) == count * step - 1 and all(mark not in ALPHABET for mark in separators):
            return tuple(text[index * step : index * step + length] for index in range(count))
    return (text,)


def _with_fillers(lines: list[str]) -> list[str]:
    """Read blanks as fillers, and put back the blanks at the end of a line that a terminal took away."""
    trimmed = [line.rstrip(" ") for line in lines]
    longest = max(map(len, trimmed))
    if longest in LINE_LENGTHS:
        lines = [line.ljust(longest) for line in trimmed]
    return [line.replace(" ", FILLER) for line in lines]


def _is_blank_filled(lines: list[str]) -> bool:
    return any(" " in line.strip(" ") or len(line) in LINE_LENGTHS for line in lines)


def unframed_lines(text: str) -> tuple[str, ...]:
    r"""Return the lines of ``text`` without framing and without blanks around them; letters as they came.

    >>> unframed_lines("\x02GTHVN02-TQ 123\x03\r\n")
    ('GTHVN02-TQ 123',)
    """
    lines = (line.strip(" ") for line in _unframed(text).split("\n"))
    return tuple(line for line in lines if line)


def split_mrz_text(text: str) -> tuple[str, ...]:
    r"""Return the lines of the zone in ``text``, upper case and without framing; never raises.

    Blanks mean fillers only where the whole text has no filler; elsewhere they are noise.

    >>> split_mrz_text("\x1bI<UTOD231458907\r\n7408122f1204159uto\r")
    ('I<UTOD231458907', '7408122F1204159UTO')
    """
    cleaned = _cleaned(text)
    if FILLER in cleaned:
        lines = [line for line in cleaned.replace(" ", "").split("\n") if line]
        return _cut(lines[0]) if len(lines) == 1 else tuple(lines)
    lines = [line for line in cleaned.split("\n") if line.strip(" ")]
    if len(lines) == 1:
        lines = list(_cut(lines[0]))
    if lines and _is_blank_filled(lines):
        return tuple(_with_fillers(lines))
    return tuple(line.strip(" ") for line in lines)
