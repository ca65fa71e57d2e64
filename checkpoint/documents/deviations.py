"""What issuers are known to do differently from Doc 9303, or from what readers expect of it: a table.

A document that does it is deviant or merely unusual; it is not for that reason forged. A line is added here when
such a document is seen and its source is known; the parser stays as it is.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import Final

from msgspec import Struct

from checkpoint.documents.check_digits import FILLER, Verdict
from checkpoint.documents.mrz import MachineReadableZone
from checkpoint.documents.mrz_layouts import LayoutName


class DeviationName(StrEnum):
    """The known peculiarities, by name."""

    LONG_NUMBER_COUNTS_FILLER = "long_number_counts_filler"
    LONG_NUMBER = "long_number"
    UNUSED_NUMBER_WITHOUT_DIGIT = "unused_number_without_digit"
    PASSPORT_TYPE_LETTER = "passport_type_letter"
    LETTERS_IN_PERSONAL_NUMBER = "letters_in_personal_number"
    SHORT_STATE_CODE = "short_state_code"
    NO_SECONDARY_NAME = "no_secondary_name"
    DIGIT_ZERO_OF_NO_DATE = "digit_zero_of_no_date"


class Deviation(Struct, frozen=True, kw_only=True):
    """One peculiarity found: whose (empty: anybody's), in which field, and where it is written down."""

    name: DeviationName
    field: str
    issuer: str = ""
    is_legal: bool = True
    source: str


class _Rule(Struct, frozen=True, kw_only=True):
    """``is_shown`` is asked only of zones of these layouts, and of the deviation's issuer if it has one."""

    deviation: Deviation
    layouts: frozenset[LayoutName]
    is_shown: Callable[[MachineReadableZone], bool]

    def fits(self, zone: MachineReadableZone) -> bool:
        is_of_issuer = self.deviation.issuer in {"", zone.issuing_state}
        return is_of_issuer and zone.layout in self.layouts and self.is_shown(zone)


def _has(zone: MachineReadableZone, field: str, verdict: Verdict) -> bool:
    found = zone.check_of(field)
    return found is not None and found.verdict is verdict


_CARDS: Final = frozenset({LayoutName.TD1, LayoutName.TD2})
_BOOKLET: Final = frozenset({LayoutName.TD3})
_ALL: Final = frozenset(LayoutName)

_RULES: Final = (
    _Rule(
        deviation=Deviation(
            name=DeviationName.LONG_NUMBER_COUNTS_FILLER,
            field="document_number",
            issuer="BEL",
            is_legal=False,
            source="PRADO BEL-BO-03003: the digit of a long number counts the filler in column 15",
        ),
        layouts=frozenset({LayoutName.TD1}),
        is_shown=lambda zone: _has(zone, "document_number", Verdict.DEVIANT),
    ),
    _Rule(
        deviation=Deviation(
            name=DeviationName.LONG_NUMBER,
            field="document_number",
            source="Doc 9303 part 5, 4.2.2, and part 6: a number of more than nine characters goes on",
        ),
        layouts=_CARDS,
        is_shown=lambda zone: zone.is_long_number,
    ),
    _Rule(
        deviation=Deviation(
            name=DeviationName.UNUSED_NUMBER_WITHOUT_DIGIT,
            field="personal_number",
            source="Doc 9303 part 4, 4.2.2.2: 0 or a filler where the personal number is not used",
        ),
        layouts=_BOOKLET,
        is_shown=lambda zone: _has(zone, "personal_number", Verdict.ABSENT),
    ),
    _Rule(
        deviation=Deviation(
            name=DeviationName.PASSPORT_TYPE_LETTER,
            field="document_code",
            issuer="CHN",
            source="passports in use carry PO, PE, PD, PS or PT; part 4 leaves the second letter to the issuer",
        ),
        layouts=_BOOKLET,
        is_shown=lambda zone: len(zone.document_code) == 2,
    ),
    _Rule(
        deviation=Deviation(
            name=DeviationName.LETTERS_IN_PERSONAL_NUMBER,
            field="personal_number",
            issuer="CHN",
            source="passports in use fill the personal number with fourteen letters that are no number",
        ),
        layouts=_BOOKLET,
        is_shown=lambda zone: zone.personal_number.replace(FILLER, "").isalpha(),
    ),
    _Rule(
        deviation=Deviation(
            name=DeviationName.SHORT_STATE_CODE,
            field="issuing_state",
            issuer="D",
            source="Doc 9303 part 3, section 5, part D: Germany is D, filled up with two fillers",
        ),
        layouts=_ALL,
        is_shown=lambda _zone: True,
    ),
    _Rule(
        deviation=Deviation(
            name=DeviationName.NO_SECONDARY_NAME,
            field="name",
            source="Doc 9303 part 3, 4.6: a holder without secondary identifier has none printed",
        ),
        layouts=_ALL,
        is_shown=lambda zone: bool(zone.primary_identifier) and not zone.secondary_identifier,
    ),
    _Rule(
        deviation=Deviation(
            name=DeviationName.DIGIT_ZERO_OF_NO_DATE,
            field="date_of_expiry",
            source="cards without expiry fill the date with fillers; the digit is then 0 or a filler",
        ),
        layouts=_CARDS,
        is_shown=lambda zone: zone.date_of_expiry is None and not _has(zone, "date_of_expiry", Verdict.INVALID),
    ),
)


def deviations_of(zone: MachineReadableZone) -> tuple[Deviation, ...]:
    """Return the known peculiarities that a zone shows.

    >>> from datetime import date
    >>> from checkpoint.documents.mrz import read_mrz
    >>> card = read_mrz(
    ...     ("I<UTOD23145890<7349<<<<<<<<<<<", "3407127M9507122UTO<<<<<<<<<<<2", "STEVENSON<<PETER<JOHN<<<<<<<<<"),
    ...     today=date(2026, 11, 22),
    ... )
    >>> [found.name.value for found in deviations_of(card)]
    ['long_number']
    """
    return tuple(rule.deviation for rule in _RULES if rule.fits(zone))
