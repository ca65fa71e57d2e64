"""Dates as documents print them: six digits, two for the year, and parts that nobody knows.

Doc 9303 part 3, section 4.8: an unknown part of a birth date is filled with ``<``; Vietnamese cards
print ``00``. The century is not printed at all, so it is resolved against the day of reading.
"""

from calendar import monthrange
from datetime import date
from typing import Final

from msgspec import Struct

from checkpoint.documents.faults import DocumentWarningCode

_EXPIRY_WINDOW_YEARS: Final = 50
_UNKNOWN: Final = -1
_UNREADABLE: Final = -2
_LEAP_YEAR: Final = 2000


class PartialDate(Struct, frozen=True, kw_only=True):
    """A calendar date of which parts may be unknown; at least one part is known."""

    year: int | None = None
    month: int | None = None
    day: int | None = None

    @property
    def iso(self) -> str:
        """Write the date in the extended format of ISO 8601-2:2019, ``X`` for unknown digits.

        >>> PartialDate(year=1975).iso, PartialDate(year=1990, month=3, day=5).iso
        ('1975', '1990-03-05')
        >>> PartialDate(month=3, day=5).iso
        'XXXX-03-05'
        """
        year = "XXXX" if self.year is None else f"{self.year:04d}"
        if self.month is None and self.day is None:
            return year
        month = "XX" if self.month is None else f"{self.month:02d}"
        return f"{year}-{month}" if self.day is None else f"{year}-{month}-{self.day:02d}"

    @property
    def is_complete(self) -> bool:
        """Tell whether year, month and day are all known."""
        return self.year is not None and self.month is not None and self.day is not None

    def last_day(self) -> date | None:
        """Return the latest day that the date can mean; None without a year.

        >>> PartialDate(year=2024, month=2).last_day()
        datetime.date(2024, 2, 29)
        """
        if self.year is None:
            return None
        month = self.month or 12
        longest = monthrange(self.year, month)[1]
        return date(self.year, month, min(self.day or longest, longest))


def _part(text: str) -> int:
    if text.isdigit() and text.isascii():
        return int(text)
    return _UNKNOWN if text == "<<" else _UNREADABLE


def _parts(raw: str) -> tuple[int, int, int]:
    """Split into year, month and day; the year 00 is a year unless the whole date is zeros."""
    if raw.isdigit() and raw.isascii():
        year, month, day = int(raw[:2]), int(raw[2:4]), int(raw[4:6])
    else:
        year, month, day = _part(raw[:2]), _part(raw[2:4]), _part(raw[4:6])
    if year == month == day == 0:
        return _UNKNOWN, _UNKNOWN, _UNKNOWN
    return year, month or _UNKNOWN, day or _UNKNOWN


def _known(number: int) -> int | None:
    return None if number == _UNKNOWN else number


def _is_impossible(year: int | None, month: int, day: int) -> bool:
    if month > 12 or day > 31:
        return True
    if day <= 28 or month == _UNKNOWN:
        return False
    return day > monthrange(_LEAP_YEAR if year is None else year, month)[1]


def _birth_year(two_digits: int, *, month: int, day: int, today: date) -> int:
    """Take the latest year that does not put the birth after today."""
    year = today.year - today.year % 100 + two_digits
    is_later_this_year = year == today.year and (max(month, 1), max(day, 1)) > (today.month, today.day)
    return year - 100 if year > today.year or is_later_this_year else year


def _expiry_year(two_digits: int, *, today: date, born_year: int | None) -> int:
    """Take the year nearest to today, moved on by a century if it lies before the birth."""
    year = today.year - today.year % 100 + two_digits
    if year > today.year + _EXPIRY_WINDOW_YEARS:
        year -= 100
    elif year <= today.year - _EXPIRY_WINDOW_YEARS:
        year += 100
    return year + 100 if born_year is not None and year < born_year else year


def _dated(parts: tuple[int, int, int], *, year: int | None) -> PartialDate | DocumentWarningCode:
    _, month, day = parts
    if _is_impossible(year, month, day):
        return DocumentWarningCode.DATE_IMPOSSIBLE
    return PartialDate(year=year, month=_known(month), day=_known(day))


def _trouble(parts: tuple[int, int, int]) -> DocumentWarningCode | None:
    if _UNREADABLE in parts:
        return DocumentWarningCode.DATE_UNREADABLE
    return DocumentWarningCode.DATE_UNKNOWN if parts == (_UNKNOWN, _UNKNOWN, _UNKNOWN) else None


def read_birth_date(raw: str, *, today: date) -> PartialDate | DocumentWarningCode:
    """Read ``YYMMDD``: the latest such birth that is not after ``today``, or why there is no date.

    >>> read_birth_date("900305", today=date(2026, 11, 22)).iso
    '1990-03-05'
    >>> read_birth_date("261122", today=date(2026, 11, 22)).iso
    '2026-11-22'
    >>> read_birth_date("261123", today=date(2026, 11, 22)).iso
    '1926-11-23'
    """
    parts = _parts(raw)
    trouble = _trouble(parts)
    if trouble is not None:
        return trouble
    year, month, day = parts
    return _dated(parts, year=None if year == _UNKNOWN else _birth_year(year, month=month, day=day, today=today))


def read_expiry_date(raw: str, *, today: date, born_year: int | None = None) -> PartialDate | DocumentWarningCode:
    """Read ``YYMMDD``: the year nearest to ``today`` that is not before the birth.

    >>> read_expiry_date("300305", today=date(2026, 11, 22)).iso
    '2030-03-05'
    >>> read_expiry_date("950712", today=date(2026, 11, 22)).iso
    '1995-07-12'
    """
    parts = _parts(raw)
    trouble = _trouble(parts)
    if trouble is not None:
        return trouble
    year = parts[0]
    return _dated(parts, year=None if year == _UNKNOWN else _expiry_year(year, today=today, born_year=born_year))
