"""Reader of machine readable zones: lines of text in, a zone or a fault out, never an exception.

Written from ICAO Doc 9303, 8th edition 2021, parts 3 to 7. Rules that are easy to get wrong:

* The length is checked before any digit: a published specimen of 45 columns verifies with 44.
* Every check digit is judged by itself and the zone is read whatever they say.
* Unknown states, unusual codes and odd names are warnings: cards in use carry them.
* A letter in the last column of the name means that the name may have been cut (part 4, 4.2.3).
* Nothing is corrected here; see ``mrz_repair`` for proposals that an officer confirms.
"""

from collections.abc import Sequence
from datetime import date
from string import ascii_uppercase
from typing import Final

from msgspec import Struct

from checkpoint.documents.check_digits import (
    ALPHABET,
    FILLER,
    CheckDigit,
    Verdict,
    check_digit_of_values,
    values_of,
)
from checkpoint.documents.document_dates import PartialDate, read_birth_date, read_expiry_date
from checkpoint.documents.faults import DocumentFault, DocumentWarning, DocumentWarningCode
from checkpoint.documents.mrz_layouts import (
    LONG_NUMBER_COUNTS_FILLER,
    PERSONAL_NUMBER_FIELDS,
    Layout,
    LayoutName,
    layout_for,
)
from checkpoint.documents.mrz_shape import fault_in_characters, fault_in_order, fault_in_shape
from checkpoint.documents.states import KNOWN_STATES, SPECIMEN_STATES
from sync.agreement.vocabulary import Sex

_NAME_ALPHABET: Final = ascii_uppercase + FILLER
_SEXES: Final = {"M": Sex.MALE, "F": Sex.FEMALE, FILLER: Sex.UNSPECIFIED}
_NUMBER_LENGTH: Final = 9


class MachineReadableZone(Struct, frozen=True, kw_only=True):
    """One zone as printed, decoded; nothing in it was corrected.

    States are without fillers; names have spaces for single fillers; ``personal_number`` is the
    optional field of a passport, or the 12 digits of a Vietnamese card. ``optional_fields`` are the
    optional columns after a long document number was taken out, trailing fillers cut.
    """

    layout: LayoutName
    document_code: str
    issuing_state: str
    document_number: str
    is_long_number: bool
    nationality: str
    date_of_birth: PartialDate | None
    sex: Sex
    date_of_expiry: PartialDate | None
    primary_identifier: str
    secondary_identifier: str
    name_may_be_truncated: bool
    personal_number: str
    optional_fields: tuple[str, ...]
    check_digits: tuple[CheckDigit, ...]
    warnings: tuple[DocumentWarning, ...]
    lines: tuple[str, ...]

    @property
    def is_verified(self) -> bool:
        """Tell whether no check digit speaks against the zone; deviant ones do until confirmed."""
        return all(digit.verdict in {Verdict.VALID, Verdict.ABSENT} for digit in self.check_digits)

    def check_of(self, field: str) -> CheckDigit | None:
        """Return the check digit of a field, or of the ``composite``."""
        return next((digit for digit in self.check_digits if digit.field == field), None)


class _Zone:
    """One zone on its way through the reader: its text, and what was found so far."""

    __slots__ = ("checks", "layout", "text", "values", "warnings")

    def __init__(self, layout: Layout, *, text: str) -> None:
        self.layout = layout
        self.text = text
        self.values = values_of(text)
        self.checks: list[CheckDigit] = []
        self.warnings: list[DocumentWarning] = []

    def warn(self, code: DocumentWarningCode, *, field: str) -> None:
        self.warnings.append(DocumentWarning(code=code, field=field))

    def judge(
        self, field: str, *, column: int, covered: bytes, is_unused: bool = False, deviation: bytes | None = None
    ) -> None:
        """Compare the digit printed in ``column`` with the rule, then with the issuer's own rule."""
        printed = self.text[column]
        computed = check_digit_of_values(covered)
        if printed == computed:
            verdict = Verdict.VALID
        elif is_unused and printed == FILLER:
            verdict = Verdict.ABSENT
        elif deviation is not None and printed == check_digit_of_values(deviation):
            verdict = Verdict.DEVIANT
            self.warn(DocumentWarningCode.CHECK_DIGIT_DEVIANT, field=field)
        else:
            verdict = Verdict.INVALID
            self.warn(DocumentWarningCode.CHECK_DIGIT_INVALID, field=field)
        line, position = divmod(column, self.layout.line_length)
        self.checks.append(
            CheckDigit(
                field=field, line=line + 1, position=position + 1, printed=printed, computed=computed, verdict=verdict
            )
        )

    def judge_field(self, field: str, *, columns: slice, column: int) -> None:
        """Judge the digit of a plain field; a field full of fillers may have a filler for its digit."""
        is_unused = self.text[column] == FILLER and not self.text[columns].strip(FILLER)
        self.judge(field, column=column, covered=self.values[columns], is_unused=is_unused)


def read_mrz(lines: Sequence[str], *, today: date) -> MachineReadableZone | DocumentFault:
    """Read the two or three lines of a zone, upper case and unframed (see ``split_mrz_text``).

    ``today`` is the local day of reading: it resolves the centuries. Any text at all is accepted;
    what is no zone comes back as a fault with the line and the column, counted from 1.

    >>> zone = read_mrz(
    ...     ("I<UTOD231458907<<<<<<<<<<<<<<<", "7408122F1204159UTO<<<<<<<<<<<6", "ERIKSSON<<ANNA<MARIA<<<<<<<<<<"),
    ...     today=date(2026, 11, 22),
    ... )
    >>> zone.document_number, zone.secondary_identifier, zone.is_verified
    ('D23145890', 'ANNA MARIA', True)
    """
    length = len(lines[0]) if lines else 0
    layout = layout_for(len(lines), line_length=length, is_visa=length > 0 and lines[0][0] == "V")
    text = "".join(lines)
    if layout is None or len(text) != layout.line_count * length or any(len(line) != length for line in lines):
        return fault_in_shape(lines)
    if text.strip(ALPHABET):
        return fault_in_characters(lines)
    wrong = fault_in_order(lines, layout=layout)
    return _decoded(_Zone(layout, text=text), lines=tuple(lines), today=today) if wrong is None else wrong


def _decoded(zone: _Zone, *, lines: tuple[str, ...], today: date) -> MachineReadableZone:
    layout, text = zone.layout, zone.text
    code = _document_code(zone)
    state = _state(zone, columns=layout.issuing_state, field="issuing_state")
    number, optional = _document_number(zone, state=state)
    birth = _birth(zone, today=today)
    expiry = _expiry(zone, today=today, birth=birth)
    personal_number = _personal_number(zone, state=state, code=code)
    _composite(zone)
    primary, secondary = _names(zone)
    second = layout.second_optional
    return MachineReadableZone(
        layout=layout.name,
        document_code=code,
        issuing_state=state,
        document_number=number,
        is_long_number=len(number) > _NUMBER_LENGTH,
        nationality=_state(zone, columns=layout.nationality, field="nationality"),
        date_of_birth=birth,
        sex=_sex(zone),
        date_of_expiry=expiry,
        primary_identifier=primary,
        secondary_identifier=secondary,
        name_may_be_truncated=text[layout.holder.stop - 1] != FILLER,
        personal_number=personal_number,
        optional_fields=(optional,) if second is None else (optional, text[second].rstrip(FILLER)),
        check_digits=tuple(zone.checks),
        warnings=tuple(zone.warnings),
        lines=lines,
    )


def _document_code(zone: _Zone) -> str:
    """Parts 4 to 7: the first letter belongs to the format; no V and no AI on cards; AC is crew."""
    printed = zone.text[zone.layout.document_code]
    is_card = zone.layout.number_goes_on
    if printed[0] not in zone.layout.first_letters or (is_card and (printed[1] == "V" or printed == "AI")):
        zone.warn(DocumentWarningCode.DOCUMENT_CODE_UNUSUAL, field="document_code")
    return printed.rstrip(FILLER)


def _state(zone: _Zone, *, columns: slice, field: str) -> str:
    state = zone.text[columns].rstrip(FILLER)
    if state in SPECIMEN_STATES:
        zone.warn(DocumentWarningCode.STATE_SPECIMEN, field=field)
    elif state not in KNOWN_STATES:
        zone.warn(DocumentWarningCode.STATE_UNKNOWN, field=field)
    return state


def _document_number(zone: _Zone, *, state: str) -> tuple[str, str]:
    """Return the number and what is left of the optional columns."""
    layout, text = zone.layout, zone.text
    number, optional = text[layout.document_number], text[layout.optional]
    is_long = (
        layout.number_goes_on
        and text[layout.document_number_check] == FILLER
        and number[-1] != FILLER
        and optional[0] != FILLER
    )
    if is_long:
        return _long_number(zone, state=state)
    zone.judge_field("document_number", columns=layout.document_number, column=layout.document_number_check)
    number = number.rstrip(FILLER)
    if not number:
        zone.warn(DocumentWarningCode.NUMBER_MISSING, field="document_number")
    return number, optional.rstrip(FILLER)


def _long_number(zone: _Zone, *, state: str) -> tuple[str, str]:
    """Part 5, 4.2.2: the rest of the number, its check digit and a filler open the optional columns."""
    layout, text = zone.layout, zone.text
    start = layout.optional.start
    rest = text[layout.optional].partition(FILLER)[0]
    column = start + len(rest) - 1
    head, tail = zone.values[layout.document_number], zone.values[start:column]
    counts_filler = (layout.name, state) in LONG_NUMBER_COUNTS_FILLER
    zone.judge(
        "document_number",
        column=column,
        covered=head + tail,
        deviation=head + b"\0" + tail if counts_filler else None,
    )
    return text[layout.document_number] + rest[:-1], text[column + 2 : layout.optional.stop].rstrip(FILLER)


def _birth(zone: _Zone, *, today: date) -> PartialDate | None:
    layout = zone.layout
    zone.judge_field("date_of_birth", columns=layout.birth, column=layout.birth_check)
    return _date_or_warning(zone, read_birth_date(zone.text[layout.birth], today=today), field="date_of_birth")


def _expiry(zone: _Zone, *, today: date, birth: PartialDate | None) -> PartialDate | None:
    layout = zone.layout
    zone.judge_field("date_of_expiry", columns=layout.expiry, column=layout.expiry_check)
    born_year = None if birth is None else birth.year
    found = read_expiry_date(zone.text[layout.expiry], today=today, born_year=born_year)
    return _date_or_warning(zone, found, field="date_of_expiry")


def _date_or_warning(zone: _Zone, found: PartialDate | DocumentWarningCode, *, field: str) -> PartialDate | None:
    if isinstance(found, PartialDate):
        if not found.is_complete:
            zone.warn(DocumentWarningCode.DATE_INCOMPLETE, field=field)
        return found
    zone.warn(found, field=field)
    return None


def _personal_number(zone: _Zone, *, state: str, code: str) -> str:
    layout, text = zone.layout, zone.text
    if layout.personal_number_check is not None:
        zone.judge_field("personal_number", columns=layout.optional, column=layout.personal_number_check)
        return text[layout.optional].rstrip(FILLER)
    place = PERSONAL_NUMBER_FIELDS.get((layout.name, state, code))
    if place is None:
        return ""
    zone.judge("personal_number", column=place.check, covered=zone.values[place.covered])
    return text[place.number].rstrip(FILLER)


def _composite(zone: _Zone) -> None:
    layout = zone.layout
    if layout.composite_check is not None:
        covered = b"".join([zone.values[columns] for columns in layout.composite])
        zone.judge("composite", column=layout.composite_check, covered=covered)


def _names(zone: _Zone) -> tuple[str, str]:
    """Split at the first double filler; a second one inside the rest is against the standard."""
    printed = zone.text[zone.layout.holder]
    primary, _, rest = printed.partition("<<")
    secondary = rest.strip(FILLER)
    if printed[-1] != FILLER:
        zone.warn(DocumentWarningCode.NAME_MAY_BE_TRUNCATED, field="name")
    if secondary and ("<<" in secondary or rest[0] == FILLER):
        zone.warn(DocumentWarningCode.NAME_SEPARATOR, field="name")
    if printed.strip(_NAME_ALPHABET):
        zone.warn(DocumentWarningCode.NAME_DIGIT, field="name")
    if not primary and not secondary:
        zone.warn(DocumentWarningCode.NAME_MISSING, field="name")
    return " ".join(primary.replace(FILLER, " ").split()), " ".join(secondary.replace(FILLER, " ").split())


def _sex(zone: _Zone) -> Sex:
    sex = _SEXES.get(zone.text[zone.layout.sex])
    if sex is None:
        zone.warn(DocumentWarningCode.SEX_UNUSUAL, field="sex")
        return Sex.UNSPECIFIED
    return sex
