"""Proposals for a zone that a camera misread: look-alikes put right by the type of their field.

Where only digits can stand (dates, check digits, the numbers of a citizen card) a letter is read as
the digit it looks like; where only letters can stand (names, states) the other way round. A proposal
is made only if every check digit then holds. It is never applied: the officer sees the places
and confirms against the document, because a repaired zone proves less than a zone read well.
"""

from datetime import date
from typing import Final

from msgspec import Struct

from checkpoint.documents.check_digits import FILLER
from checkpoint.documents.faults import DocumentFault, DocumentWarningCode
from checkpoint.documents.mrz import MachineReadableZone, read_mrz
from checkpoint.documents.mrz_layouts import LAYOUTS, PERSONAL_NUMBER_FIELDS, Layout, PersonalNumberField

_TO_DIGIT: Final = str.maketrans("OQDILZSGB", "000112568")
_TO_LETTER: Final = str.maketrans("012568", "OIZSGB")
_WORTH_A_TRY: Final = frozenset(
    {DocumentWarningCode.CHECK_DIGIT_INVALID, DocumentWarningCode.DATE_UNREADABLE, DocumentWarningCode.NAME_DIGIT}
)


class Replacement(Struct, frozen=True, kw_only=True):
    """One character that may have been misread, in line and column counted from 1."""

    line: int
    position: int
    read: str
    proposed: str


def _digit_columns(layout: Layout, *, personal: PersonalNumberField | None) -> list[slice]:
    single = (
        layout.document_number_check,
        layout.birth_check,
        layout.expiry_check,
        layout.personal_number_check,
        layout.composite_check,
    )
    columns = [layout.birth, layout.expiry]
    columns += [slice(column, column + 1) for column in single if column is not None]
    if personal is not None:
        columns += [layout.document_number, personal.number, slice(personal.check, personal.check + 1)]
    return columns


def _proposed_text(zone: MachineReadableZone) -> str:
    layout = LAYOUTS[zone.layout]
    text = "".join(zone.lines)
    state = text[layout.issuing_state].translate(_TO_LETTER).rstrip(FILLER)
    personal = PERSONAL_NUMBER_FIELDS.get((zone.layout, state, zone.document_code))
    marks = list(text)
    for columns in (layout.issuing_state, layout.nationality, layout.holder):
        marks[columns] = text[columns].translate(_TO_LETTER)
    for columns in _digit_columns(layout, personal=personal):
        marks[columns] = text[columns].translate(_TO_DIGIT)
    return "".join(marks)


def suggest_repair(zone: MachineReadableZone, *, today: date) -> tuple[Replacement, ...]:
    """Return the replacements after which every check digit holds; nothing if there are none.

    >>> zone = read_mrz(
    ...     ("I<UTOD231458907<<<<<<<<<<<<<<<", "74O8122F1204159UTO<<<<<<<<<<<6", "ERIKSSON<<ANNA<MARIA<<<<<<<<<<"),
    ...     today=date(2026, 11, 22),
    ... )
    >>> [(found.line, found.position, found.proposed) for found in suggest_repair(zone, today=date(2026, 11, 22))]
    [(2, 3, '0')]
    """
    if not any(warning.code in _WORTH_A_TRY for warning in zone.warnings):
        return ()
    text, proposed = "".join(zone.lines), _proposed_text(zone)
    length = LAYOUTS[zone.layout].line_length
    lines = tuple(proposed[start : start + length] for start in range(0, len(proposed), length))
    again = read_mrz(lines, today=today)
    if isinstance(again, DocumentFault) or not again.is_verified or again.layout is not zone.layout:
        return ()
    return tuple(
        Replacement(line=index // length + 1, position=index % length + 1, read=was, proposed=may_be)
        for index, (was, may_be) in enumerate(zip(text, proposed, strict=True))
        if was != may_be
    )
