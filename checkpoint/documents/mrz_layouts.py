"""The five machine readable zones of ICAO Doc 9303 (8th edition 2021, parts 4 to 7) as tables.

A position is written as the standard writes it: line and columns counted from 1, both ends meant.
A layout is turned once into slices over the joined lines, which is all that the parser sees.
What one issuer does differently stands in the tables at the end, never in the parser.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import Final

from msgspec import Struct


class LayoutName(StrEnum):
    """The formats, by the names of Doc 9303."""

    TD1 = "TD1"
    TD2 = "TD2"
    TD3 = "TD3"
    MRV_A = "MRV-A"
    MRV_B = "MRV-B"


class Layout(Struct, frozen=True, kw_only=True):
    """Where each field of one format stands in its joined lines; ``*_check`` are single columns.

    ``number_goes_on`` tells that a number longer than nine characters continues in ``optional``.
    """

    name: LayoutName
    line_count: int
    line_length: int
    document_code: slice
    issuing_state: slice
    holder: slice
    document_number: slice
    document_number_check: int
    nationality: slice
    birth: slice
    birth_check: int
    sex: int
    expiry: slice
    expiry_check: int
    optional: slice
    second_optional: slice | None = None
    personal_number_check: int | None = None
    composite: tuple[slice, ...] = ()
    composite_check: int | None = None
    number_goes_on: bool = False
    first_letters: str


def _columns(line_length: int) -> Callable[[int, int, int], slice]:
    def between(line: int, first: int, last: int) -> slice:
        start = (line - 1) * line_length
        return slice(start + first - 1, start + last)

    return between


def _td1() -> Layout:
    at = _columns(30)
    return Layout(
        name=LayoutName.TD1,
        line_count=3,
        line_length=30,
        document_code=at(1, 1, 2),
        issuing_state=at(1, 3, 5),
        document_number=at(1, 6, 14),
        document_number_check=at(1, 15, 15).start,
        optional=at(1, 16, 30),
        birth=at(2, 1, 6),
        birth_check=at(2, 7, 7).start,
        sex=at(2, 8, 8).start,
        expiry=at(2, 9, 14),
        expiry_check=at(2, 15, 15).start,
        nationality=at(2, 16, 18),
        second_optional=at(2, 19, 29),
        composite=(at(1, 6, 30), at(2, 1, 7), at(2, 9, 15), at(2, 19, 29)),
        composite_check=at(2, 30, 30).start,
        holder=at(3, 1, 30),
        number_goes_on=True,
        first_letters="ACI",
    )


def _td2() -> Layout:
    at = _columns(36)
    return Layout(
        name=LayoutName.TD2,
        line_count=2,
        line_length=36,
        document_code=at(1, 1, 2),
        issuing_state=at(1, 3, 5),
        holder=at(1, 6, 36),
        document_number=at(2, 1, 9),
        document_number_check=at(2, 10, 10).start,
        nationality=at(2, 11, 13),
        birth=at(2, 14, 19),
        birth_check=at(2, 20, 20).start,
        sex=at(2, 21, 21).start,
        expiry=at(2, 22, 27),
        expiry_check=at(2, 28, 28).start,
        optional=at(2, 29, 35),
        composite=(at(2, 1, 10), at(2, 14, 20), at(2, 22, 35)),
        composite_check=at(2, 36, 36).start,
        number_goes_on=True,
        first_letters="ACI",
    )


def _td3() -> Layout:
    at = _columns(44)
    return Layout(
        name=LayoutName.TD3,
        line_count=2,
        line_length=44,
        document_code=at(1, 1, 2),
        issuing_state=at(1, 3, 5),
        holder=at(1, 6, 44),
        document_number=at(2, 1, 9),
        document_number_check=at(2, 10, 10).start,
        nationality=at(2, 11, 13),
        birth=at(2, 14, 19),
        birth_check=at(2, 20, 20).start,
        sex=at(2, 21, 21).start,
        expiry=at(2, 22, 27),
        expiry_check=at(2, 28, 28).start,
        optional=at(2, 29, 42),
        personal_number_check=at(2, 43, 43).start,
        composite=(at(2, 1, 10), at(2, 14, 20), at(2, 22, 43)),
        composite_check=at(2, 44, 44).start,
        first_letters="P",
    )


def _visa(name: LayoutName, line_length: int) -> Layout:
    at = _columns(line_length)
    return Layout(
        name=name,
        line_count=2,
        line_length=line_length,
        document_code=at(1, 1, 2),
        issuing_state=at(1, 3, 5),
        holder=at(1, 6, line_length),
        document_number=at(2, 1, 9),
        document_number_check=at(2, 10, 10).start,
        nationality=at(2, 11, 13),
        birth=at(2, 14, 19),
        birth_check=at(2, 20, 20).start,
        sex=at(2, 21, 21).start,
        expiry=at(2, 22, 27),
        expiry_check=at(2, 28, 28).start,
        optional=at(2, 29, line_length),
        first_letters="V",
    )


TD1: Final = _td1()
TD2: Final = _td2()
TD3: Final = _td3()
MRV_A: Final = _visa(LayoutName.MRV_A, 44)
MRV_B: Final = _visa(LayoutName.MRV_B, 36)

LAYOUTS: Final = {layout.name: layout for layout in (TD1, TD2, TD3, MRV_A, MRV_B)}
LINE_COUNTS: Final = frozenset(layout.line_count for layout in LAYOUTS.values())
LINE_LENGTHS: Final = frozenset(layout.line_length for layout in LAYOUTS.values())


def layout_for(line_count: int, *, line_length: int, is_visa: bool) -> Layout | None:
    """Choose the format by its size; a visa has the size of a passport or of a TD2 card."""
    if (line_count, line_length) == (3, 30):
        return TD1
    if (line_count, line_length) == (2, 44):
        return MRV_A if is_visa else TD3
    if (line_count, line_length) == (2, 36):
        return MRV_B if is_visa else TD2
    return None


class PersonalNumberField(Struct, frozen=True, kw_only=True):
    """Where an issuer puts a personal number into the optional columns of a card."""

    number: slice
    covered: slice
    check: int


# Belgium computes the check digit of a long number with the filler at column 15 still inside
# (PRADO BEL-BO-03003): such a digit is reported as deviant, which is not forged.
LONG_NUMBER_COUNTS_FILLER: Final = frozenset({(LayoutName.TD1, "BEL")})

# The Vietnamese citizen card repeats its whole 12-digit number in columns 16 to 27 of line 1;
# column 30 checks columns 16 to 29. Columns 6 to 14 hold only its last nine digits.
PERSONAL_NUMBER_FIELDS: Final = {
    (LayoutName.TD1, "VNM", "ID"): PersonalNumberField(
        number=_columns(30)(1, 16, 27), covered=_columns(30)(1, 16, 29), check=29
    ),
}
