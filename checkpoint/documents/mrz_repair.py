"""Proposals for a zone that a camera misread: look-alikes put right by the type of their field.

First by type: where only digits can stand (dates, check digits, the numbers of a citizen card) a letter is
read as the digit it looks like; where only letters can stand (names, states) the other way round. A proposal
is made only if every check digit then holds. If types alone do not mend it, one look-alike in a field whose
own check digit does not hold is tried (a letter for a digit, or one digit for another), and last one under the
composite alone; where several fit, all are proposed, and none is chosen. It is never applied: the officer
sees the places and confirms against the document, because a repaired zone proves less than a zone read well.
"""

from collections.abc import Iterator
from datetime import date
from enum import StrEnum
from typing import Final

from msgspec import Struct

from checkpoint.documents.check_digits import FILLER, Verdict, check_digit
from checkpoint.documents.faults import DocumentFault, DocumentWarningCode
from checkpoint.documents.mrz import MachineReadableZone, read_mrz
from checkpoint.documents.mrz_layouts import LAYOUTS, PERSONAL_NUMBER_FIELDS, Layout, PersonalNumberField

_TO_DIGIT: Final = str.maketrans("OQDILZSGB", "000112568")
_TO_LETTER: Final = str.maketrans("012568", "OIZSGB")
_LOOK_ALIKES: Final = {
    "0": "ODQ8", "O": "0", "D": "0", "Q": "0", "1": "IL7", "I": "1", "L": "1", "2": "Z7", "Z": "2", "3": "8", "5": "S6",
    "S": "5", "6": "G58", "G": "6", "7": "12", "8": "B036", "B": "8", "9": "8",
}  # fmt: skip
"""What OCR-B is taken for where it is worn or glares: letters for digits, and digits for each other."""
MOST_PROPOSALS: Final = 5
_DATES: Final = frozenset({"date_of_birth", "date_of_expiry"})
_WORTH_A_TRY: Final = frozenset(
    {DocumentWarningCode.CHECK_DIGIT_INVALID, DocumentWarningCode.DATE_UNREADABLE, DocumentWarningCode.NAME_DIGIT}
)


class Replacement(Struct, frozen=True, kw_only=True):
    """One character that may have been misread, in line and column counted from 1."""

    line: int
    position: int
    read: str
    proposed: str


class RepairBasis(StrEnum):
    """What a proposal rests on, the surest first."""

    FIELD_TYPE = "field_type"
    CHECK_DIGIT = "check_digit"
    COMPOSITE = "composite"


class RepairProposal(Struct, frozen=True, kw_only=True):
    """A zone as it may have been printed: ``lines`` with the ``replacements`` made. The officer compares."""

    basis: RepairBasis
    replacements: tuple[Replacement, ...]
    lines: tuple[str, ...]


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
    """Return the replacements of the surest proposal; nothing if there is none.

    >>> zone = read_mrz(
    ...     ("I<UTOD231458907<<<<<<<<<<<<<<<", "74O8122F1204159UTO<<<<<<<<<<<6", "ERIKSSON<<ANNA<MARIA<<<<<<<<<<"),
    ...     today=date(2026, 11, 22),
    ... )
    >>> [(found.line, found.position, found.proposed) for found in suggest_repair(zone, today=date(2026, 11, 22))]
    [(2, 3, '0')]
    """
    proposals = propose_repairs(zone, today=today)
    return proposals[0].replacements if proposals else ()


def propose_repairs(zone: MachineReadableZone, *, today: date) -> tuple[RepairProposal, ...]:
    """Return at most ``MOST_PROPOSALS`` zones in which every check digit holds, the surest first.

    Only one look-alike beyond the types of the fields is tried: a zone with two such faults is read again instead.
    """
    if not any(warning.code in _WORTH_A_TRY for warning in zone.warnings):
        return ()
    typed = _proposed_text(zone)
    if _failing_dates(typed, layout=LAYOUTS[zone.layout]) > 1:
        return ()
    if typed != "".join(zone.lines):
        again = _read_again(zone, typed, today=today)
        if again is not None and again.is_verified:
            return (_proposal(zone, typed, basis=RepairBasis.FIELD_TYPE),)
    else:
        again = zone
    if again is None:
        return ()
    held = _with_one_look_alike(again, typed, today=today)
    found = [_proposal(zone, text, basis=basis) for basis, text in held]
    found.sort(key=lambda one: -_like_neighbours(typed, one, length=LAYOUTS[zone.layout].line_length))
    return tuple(found[:MOST_PROPOSALS])


def _like_neighbours(text: str, proposal: RepairProposal, *, length: int) -> int:
    """Count the neighbours that are digits like a proposed digit, or letters: numbers come in runs."""
    last = proposal.replacements[-1]
    at = (last.line - 1) * length + last.position - 1
    beside = [mark for mark in (text[at - 1 : at], text[at + 1 : at + 2]) if mark and mark != FILLER]
    return sum(mark.isdigit() == last.proposed.isdigit() for mark in beside)


def _failing_dates(text: str, *, layout: Layout) -> int:
    """Count the dates whose digit does not hold; more than one look-alike is never tried, so most zones end here."""
    failing = 0
    for columns, column in ((layout.birth, layout.birth_check), (layout.expiry, layout.expiry_check)):
        field, printed = text[columns], text[column]
        failing += printed != check_digit(field) and not (printed == FILLER and not field.strip(FILLER))
    return failing


def _does_composite_hold(text: str, *, layout: Layout) -> bool:
    if layout.composite_check is None:
        return True
    return text[layout.composite_check] == check_digit("".join([text[columns] for columns in layout.composite]))


def _read_again(zone: MachineReadableZone, text: str, *, today: date) -> MachineReadableZone | None:
    length = LAYOUTS[zone.layout].line_length
    again = read_mrz(tuple(text[start : start + length] for start in range(0, len(text), length)), today=today)
    return None if isinstance(again, DocumentFault) or again.layout is not zone.layout else again


def _with_one_look_alike(zone: MachineReadableZone, text: str, *, today: date) -> Iterator[tuple[RepairBasis, str]]:
    """Yield the texts with one look-alike under a failing digit for which everything holds.

    One wrong letter fails the digit of its field and the composite, so more failing digits are not tried.
    """
    failing = [digit.field for digit in zone.check_digits if digit.verdict is Verdict.INVALID]
    own = [field for field in failing if field != "composite"]
    if not failing or len(own) > 1:
        return
    layout = LAYOUTS[zone.layout]
    if own:
        basis, columns = RepairBasis.CHECK_DIGIT, _columns_of(layout, field=own[0])
    else:
        basis, columns = (
            RepairBasis.COMPOSITE,
            (layout.optional, *([layout.second_optional] if layout.second_optional else [])),
        )
    is_date = bool(own) and own[0] in _DATES
    for place in sorted({at for part in columns for at in range(part.start, part.stop)}):
        for mark in _LOOK_ALIKES.get(text[place], ""):
            if is_date and not mark.isdigit():
                continue
            changed = text[:place] + mark + text[place + 1 :]
            again = _read_again(zone, changed, today=today) if _does_composite_hold(changed, layout=layout) else None
            if again is not None and again.is_verified:
                yield basis, changed


def _columns_of(layout: Layout, *, field: str) -> tuple[slice, ...]:
    """Return the columns under the digit of a field in which one character may be misread."""
    if field == "document_number":
        return (layout.document_number, layout.optional) if layout.number_goes_on else (layout.document_number,)
    return {"date_of_birth": (layout.birth,), "date_of_expiry": (layout.expiry,)}.get(
        field, (layout.optional,) if field == "personal_number" else ()
    )


def _proposal(zone: MachineReadableZone, proposed: str, *, basis: RepairBasis) -> RepairProposal:
    text = "".join(zone.lines)
    length = LAYOUTS[zone.layout].line_length
    return RepairProposal(
        basis=basis,
        replacements=tuple(
            Replacement(line=at // length + 1, position=at % length + 1, read=was, proposed=may_be)
            for at, (was, may_be) in enumerate(zip(text, proposed, strict=True))
            if was != may_be
        ),
        lines=tuple(proposed[start : start + length] for start in range(0, len(proposed), length)),
    )
