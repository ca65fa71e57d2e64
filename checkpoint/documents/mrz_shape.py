"""Why lines are no machine readable zone: count, length, characters, order. The slow path of the reader."""

from collections import Counter
from collections.abc import Sequence
from itertools import permutations
from typing import Final
from unicodedata import name as character_name

from checkpoint.documents.check_digits import ALPHABET, FILLER, check_digit
from checkpoint.documents.faults import DocumentFault, DocumentFaultCode, fault
from checkpoint.documents.mrz_layouts import LINE_COUNTS, LINE_LENGTHS, Layout

_LINES_OF_LENGTH: Final = {30: 3, 36: 2, 44: 2}
_LATIN_LETTER: Final = "LATIN CAPITAL LETTER"


def _line_length_meant(lines: Sequence[str]) -> int:
    """Guess the format from the commonest length, or from the nearest one."""
    lengths = Counter(len(line) for line in lines)
    legal = [length for length in LINE_LENGTHS if length in lengths]
    if legal:
        return max(legal, key=lambda length: (lengths[length], length))
    longest = max(lengths)
    return min(sorted(LINE_LENGTHS), key=lambda length: abs(length - longest))


def fault_in_shape(lines: Sequence[str]) -> DocumentFault:
    """Name the first line that is missing, too short or too long; call it only if one is."""
    if not any(lines):
        return fault(DocumentFaultCode.EMPTY, detail="no character")
    meant = _line_length_meant(lines)
    count = _LINES_OF_LENGTH[meant]
    if len(lines) not in LINE_COUNTS and len(lines) != 1:
        return fault(DocumentFaultCode.LINE_COUNT, detail=f"{len(lines)} lines instead of {count}")
    for number, line in enumerate(lines, start=1):
        if len(line) != meant:
            detail = f"line {number} has {len(line)} characters instead of {meant}"
            return fault(DocumentFaultCode.LINE_LENGTH, detail=detail, line=number, position=min(len(line), meant) + 1)
    if len(lines) < count:
        detail = f"{len(lines)} of {count} lines of {meant} characters arrived"
        return fault(DocumentFaultCode.LINE_MISSING, detail=detail, line=len(lines) + 1)
    return fault(DocumentFaultCode.LINE_COUNT, detail=f"{len(lines)} lines of {meant} characters instead of {count}")


def fault_in_characters(lines: Sequence[str]) -> DocumentFault:
    """Name the first character outside A to Z, 0 to 9 and the filler; call it only if there is one."""
    rests = [line.lstrip(ALPHABET) for line in lines]
    number, rest = next((number, rest) for number, rest in enumerate(rests, start=1) if rest)
    called = character_name(rest[0], "unnamed character")
    is_accented = called.startswith(_LATIN_LETTER) and not rest[0].isascii()
    return fault(
        DocumentFaultCode.INPUT_METHOD if is_accented else DocumentFaultCode.CHARACTER,
        detail=f"U+{ord(rest[0]):04X} ({called})",
        line=number,
        position=len(lines[number - 1]) - len(rest) + 1,
    )


def _dates_hold(text: str, *, layout: Layout) -> bool:
    return text[0].isalpha() and all(
        text[columns].isdigit() and text[column] == check_digit(text[columns])
        for columns, column in ((layout.birth, layout.birth_check), (layout.expiry, layout.expiry_check))
    )


def fault_in_order(lines: Sequence[str], *, layout: Layout) -> DocumentFault | None:
    """Tell whether the lines are a zone in another order, or begin with no document code at all."""
    text = "".join(lines)
    if text[layout.birth].isdigit() and text[0].isalpha():
        return None
    orders = permutations(range(len(lines)))
    next(orders)
    for order in orders:
        if _dates_hold("".join([lines[index] for index in order]), layout=layout):
            arrived = ", ".join(str(order.index(index) + 1) for index in range(len(lines)))
            return fault(DocumentFaultCode.LINE_ORDER, detail=f"the lines arrived in the order {arrived}")
    if text[0].isalpha():
        return None
    letter = "a filler" if text[0] == FILLER else "a digit"
    return fault(DocumentFaultCode.DOCUMENT_CODE, detail=f"line 1 begins with {letter}", line=1, position=1)
