"""The national personal QR of Vietnam (2021): ``number-name-birth-kind-QID-EXT``.

The layout is known from descriptions, not from a published standard, so it is read generously and trusted little:
the parts that are understood become fields, the rest is kept as it came.
"""

import re
from datetime import date
from typing import Final

from msgspec import Struct

from checkpoint.documents.document_dates import PartialDate
from checkpoint.documents.faults import DocumentWarning, DocumentWarningCode
from checkpoint.documents.names import stored_form

_SHAPE: Final = re.compile(
    r"^(?P<number>[0-9A-Z]{8,12})-(?P<name>[^\d|<]{2,80})-(?P<birth>\d{8}|\d{2}/\d{2}/\d{4}|\d{4})"
    r"-(?P<kind>[^-]{1,12})-(?P<code_id>[^-]*)(?:-(?P<extension>.*))?$"
)


class NationalQr(Struct, frozen=True, kw_only=True):
    """The parts of one code; ``code_id`` and ``extension`` are kept unread."""

    number: str
    full_name: str
    date_of_birth: PartialDate | None
    identity_kind: str
    code_id: str
    extension: str
    warnings: tuple[DocumentWarning, ...] = ()


def read_national_qr(text: str, *, today: date) -> NationalQr | None:
    """Return the parts of a code, or None if the text has not its shape.

    >>> found = read_national_qr("022190000019-Nguyễn Thị Ánh Hường-05031990-CCCD-7Q2-", today=date(2026, 11, 22))
    >>> found.number, found.date_of_birth.iso, found.identity_kind
    ('022190000019', '1990-03-05', 'CCCD')
    >>> read_national_qr("QN-0012345", today=date(2026, 11, 22)) is None
    True
    """
    found = _SHAPE.match(text)
    if found is None:
        return None
    birth = _birth(found["birth"].replace("/", ""), today=today)
    return NationalQr(
        number=found["number"],
        full_name=stored_form(found["name"]),
        date_of_birth=birth if isinstance(birth, PartialDate) else None,
        identity_kind=found["kind"],
        code_id=found["code_id"],
        extension=found["extension"] or "",
        warnings=() if isinstance(birth, PartialDate) else (DocumentWarning(code=birth, field="date_of_birth"),),
    )


def _birth(digits: str, *, today: date) -> PartialDate | DocumentWarningCode:
    """Read ``DDMMYYYY`` or ``YYYY``."""
    if not digits.isascii():
        return DocumentWarningCode.DATE_UNREADABLE
    year = int(digits[-4:])
    if not 1 <= year <= today.year:
        return DocumentWarningCode.DATE_IN_FUTURE if year > today.year else DocumentWarningCode.DATE_IMPOSSIBLE
    if len(digits) == 4:
        return PartialDate(year=year)
    try:
        day = date(year, int(digits[2:4]), int(digits[:2]))
    except ValueError:
        return DocumentWarningCode.DATE_IMPOSSIBLE
    if day > today:
        return DocumentWarningCode.DATE_IN_FUTURE
    return PartialDate(year=day.year, month=day.month, day=day.day)
