"""The Vietnamese citizen card: its 12-digit number, and the QR code printed on it.

Circular 59/2021/TT-BCA gave the number a structure (three digits of the place of birth
registration, one for century and sex, two for the year, six random). It expired on 2024-07-01 and
Law 26/2023/QH15 promises only "12 digits", so what contradicts the structure is a warning, never
a reason to refuse. The QR code (seven fields in 2021, more on the cards of 2024) has no check
digit and no signature: everything in it is as trustworthy as a photocopy.
"""

import re
from datetime import date
from typing import Final

from msgspec import Struct

from checkpoint.documents.document_dates import PartialDate
from checkpoint.documents.faults import DocumentFault, DocumentFaultCode, DocumentWarning, DocumentWarningCode, fault
from checkpoint.documents.mrz import MachineReadableZone
from checkpoint.documents.mrz_layouts import PERSONAL_NUMBER_FIELDS
from checkpoint.documents.names import stored_form
from sync.agreement.vocabulary import Sex

NUMBER_LENGTH: Final = 12
_FORMER_LENGTH: Final = 9
_TWO_CARDS: Final = re.compile(r"\d{8}\d{12}\Z")
"""The day of issue that ends one card's code, and the number that begins the next one's."""
_LEAST_FIELDS: Final = 6
_KNOWN_FIELDS: Final = 7
_SEPARATOR: Final = "|"
_SEXES: Final = {"nam": Sex.MALE, "nữ": Sex.FEMALE}
_CARD_OF_VIETNAM: Final = frozenset(PERSONAL_NUMBER_FIELDS)

# Circular 59/2021/TT-BCA, annex 1: the 63 provinces as they were before 2025-07-01.
_PROVINCES: Final = """
001 002 004 006 008 010 011 012 014 015 017 019 020 022 024 025 026 027 030 031 033 034 035 036 037
038 040 042 044 045 046 048 049 051 052 054 056 058 060 062 064 066 067 068 070 072 074 075 077 079
080 082 083 084 086 087 089 091 092 093 094 095 096
"""
PROVINCE_CODES: Final = frozenset(_PROVINCES.split())


class CitizenCardQr(Struct, frozen=True, kw_only=True):
    """The fields of one QR code, as printed; ``unread_tail`` keeps what the newer cards append.

    ``personal_number`` is empty unless it is 12 digits; ``number_as_read`` always has the field.
    """

    personal_number: str
    number_as_read: str
    former_number: str
    full_name: str
    date_of_birth: PartialDate | None
    sex: Sex
    address: str
    date_of_issue: PartialDate | None
    unread_tail: tuple[str, ...]
    warnings: tuple[DocumentWarning, ...]


def is_personal_number(text: str) -> bool:
    """Tell whether ``text`` is 12 ASCII digits, all that the law promises."""
    return len(text) == NUMBER_LENGTH and text.isascii() and text.isdigit()


def year_in_number(number: str) -> int:
    """Return the year of birth that the structure of 2021 puts into digits 4 to 6.

    >>> year_in_number("022190000019"), year_in_number("022300000335")
    (1990, 2000)
    """
    return 1900 + int(number[3]) // 2 * 100 + int(number[4:6])


def sex_in_number(number: str) -> Sex:
    """Return the sex that the structure of 2021 puts into digit 4: even male, odd female."""
    return Sex.FEMALE if int(number[3]) % 2 else Sex.MALE


def number_warnings(number: str, *, birth: PartialDate | None, sex: Sex) -> tuple[DocumentWarning, ...]:
    """Compare a number with the structure of 2021 and with what else is known of its holder.

    >>> [warning.code.value for warning in number_warnings("122190000019", birth=None, sex=Sex.MALE)]
    ['province_unknown', 'century_digit_sex']
    """
    if not is_personal_number(number):
        code = DocumentWarningCode.PERSONAL_NUMBER_LENGTH if number else DocumentWarningCode.PERSONAL_NUMBER_MISSING
        return (DocumentWarning(code=code, field="personal_number"),)
    codes = []
    if number[:3] not in PROVINCE_CODES:
        codes.append(DocumentWarningCode.PROVINCE_UNKNOWN)
    if sex is not Sex.UNSPECIFIED and sex is not sex_in_number(number):
        codes.append(DocumentWarningCode.CENTURY_DIGIT_SEX)
    if birth is not None and birth.year is not None and birth.year != year_in_number(number):
        codes.append(DocumentWarningCode.CENTURY_DIGIT_YEAR)
    return tuple(DocumentWarning(code=code, field="personal_number") for code in codes)


def is_citizen_card(zone: MachineReadableZone) -> bool:
    """Tell whether the zone is that of a Vietnamese citizen card (TD1, ``IDVNM``)."""
    return (zone.layout, zone.issuing_state, zone.document_code) in _CARD_OF_VIETNAM


def citizen_card_warnings(zone: MachineReadableZone) -> tuple[DocumentWarning, ...]:
    """Compare the parts of one card: columns 6 to 14 hold the last nine digits of columns 16 to 27."""
    number = zone.personal_number
    found = list(number_warnings(number, birth=zone.date_of_birth, sex=zone.sex))
    if is_personal_number(number) and number[3:] != zone.document_number:
        found.append(DocumentWarning(code=DocumentWarningCode.PERSONAL_NUMBER_DISAGREES, field="document_number"))
    return tuple(found)


def looks_like_citizen_qr(text: str) -> bool:
    """Tell whether ``text`` has the separators of a citizen card's code; a zone never has any."""
    return text.count(_SEPARATOR) >= 2


def _qr_date(raw: str, *, field: str, warnings: list[DocumentWarning]) -> PartialDate | None:
    """Read ``DDMMYYYY``, the only order on the card; a day of 00 or a month of 00 is unknown."""
    code = None
    found = None
    if not raw:
        code = DocumentWarningCode.DATE_UNKNOWN
    elif len(raw) != 8 or not (raw.isascii() and raw.isdigit()):
        code = DocumentWarningCode.DATE_UNREADABLE
    else:
        day, month, year = int(raw[:2]), int(raw[2:4]), int(raw[4:])
        try:
            date(year, month or 1, day or 1)
        except ValueError:
            code = DocumentWarningCode.DATE_IMPOSSIBLE
        else:
            found = PartialDate(year=year, month=month or None, day=day or None)
    if code is not None:
        warnings.append(DocumentWarning(code=code, field=field))
    return found


def read_citizen_qr(text: str, *, today: date) -> CitizenCardQr | DocumentFault:
    """Read the payload of the code on a citizen card; at least six fields, more are kept unread.

    A payload with too few fields or without a number in front is a fault: it is no card's code.
    Whatever is odd inside the other fields is a warning.
    """
    payload = text.strip("\x00\x1b\r\n\t \ufeff")
    fields = [field.strip() for field in payload.split(_SEPARATOR)]
    if "\n" in payload or any(_TWO_CARDS.match(field) for field in fields):
        return fault(DocumentFaultCode.QR_FIELDS, detail="more than one card; scan them one after the other")
    if len(fields) < _LEAST_FIELDS:
        return fault(DocumentFaultCode.QR_FIELDS, detail=f"{len(fields)} fields instead of {_LEAST_FIELDS} or more")
    warnings: list[DocumentWarning] = []
    number, former, name, born, sex_word, address = fields[:_LEAST_FIELDS]
    if not (number.isascii() and number.isdigit()):
        return fault(DocumentFaultCode.QR_FIELDS, detail="the first field is no number")
    issued_raw = fields[_LEAST_FIELDS] if len(fields) > _LEAST_FIELDS else ""
    birth = _qr_date(born, field="date_of_birth", warnings=warnings)
    issued = _qr_date(issued_raw, field="date_of_issue", warnings=warnings)
    sex = _SEXES.get(stored_form(sex_word).lower(), Sex.UNSPECIFIED)
    tail = tuple(fields[_KNOWN_FIELDS:])
    warnings += _date_warnings(birth, issued=issued, today=today)
    warnings += _field_warnings(former=former, name=name, sex=sex, tail=tail)
    warnings += number_warnings(number, birth=birth, sex=sex)
    return CitizenCardQr(
        personal_number=number if is_personal_number(number) else "",
        number_as_read=number,
        former_number=former,
        full_name=stored_form(name),
        date_of_birth=birth,
        sex=sex,
        address=stored_form(address),
        date_of_issue=issued,
        unread_tail=tail,
        warnings=tuple(warnings),
    )


def _date_warnings(birth: PartialDate | None, *, issued: PartialDate | None, today: date) -> list[DocumentWarning]:
    found = []
    born_on = None if birth is None or not birth.is_complete else birth.last_day()
    issued_on = None if issued is None or not issued.is_complete else issued.last_day()
    if born_on is not None and born_on > today:
        found.append(DocumentWarning(code=DocumentWarningCode.DATE_IN_FUTURE, field="date_of_birth"))
    if issued_on is not None and issued_on > today:
        found.append(DocumentWarning(code=DocumentWarningCode.DATE_IN_FUTURE, field="date_of_issue"))
    if born_on is not None and issued_on is not None and issued_on < born_on:
        found.append(DocumentWarning(code=DocumentWarningCode.DATE_ORDER, field="date_of_issue"))
    return found


def _field_warnings(*, former: str, name: str, sex: Sex, tail: tuple[str, ...]) -> list[DocumentWarning]:
    odd = (
        (DocumentWarningCode.FORMER_NUMBER_UNUSUAL, "former_number", bool(former) and not _is_former_number(former)),
        (DocumentWarningCode.NAME_MISSING, "name", not name),
        (DocumentWarningCode.SEX_UNUSUAL, "sex", sex is Sex.UNSPECIFIED),
        (DocumentWarningCode.TAIL_NOT_UNDERSTOOD, "unread_tail", any(tail)),
    )
    return [DocumentWarning(code=code, field=field) for code, field, is_odd in odd if is_odd]


def _is_former_number(text: str) -> bool:
    return len(text) == _FORMER_LENGTH and text.isascii() and text.isdigit()
