"""Which shift an instant belongs to. The shifts of one day follow each other without a gap, so each instant has one.

The shift day begins with the first shift and lasts 24 hours: a night shift that ends after midnight belongs
to the day on which it began.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import msgspec

from sync.agreement.local_time import VIETNAM_TIME, require_aware

DAY = timedelta(days=1)


class ShiftHours(msgspec.Struct, frozen=True, kw_only=True):
    """One shift of a day, from ``starts_at`` until ``ends_at`` (aware, UTC; the end belongs to the next one)."""

    shift_day: date
    code: str
    starts_at: datetime
    ends_at: datetime

    def contains(self, at: datetime) -> bool:
        """Tell whether an instant lies in this shift."""
        return self.starts_at <= at < self.ends_at


class ShiftHoursError(ValueError):
    """There is no such shift; the message names those there are. Ask for one of them."""


class DayPlan:
    """How a day is cut into shifts: codes with the local minute of the day at which each begins.

    >>> plan = DayPlan([("morning", 6 * 60), ("night", 18 * 60)])
    >>> plan.at(datetime(2026, 11, 21, 18, 30, tzinfo=UTC)).code  # 01:30 in Viet Nam
    'night'
    """

    def __init__(self, starts: Sequence[tuple[str, int]]) -> None:
        """``starts``: at least one; codes differ, and the minutes grow within one day."""
        minutes = [minute for _, minute in starts]
        if not starts or minutes != sorted(set(minutes)) or len({code for code, _ in starts}) != len(starts):
            msg = "shifts need different codes and growing times of the day"
            raise ShiftHoursError(msg)
        self._starts = tuple(starts)

    @property
    def codes(self) -> tuple[str, ...]:
        """The shifts in the order of the day."""
        return tuple(code for code, _ in self._starts)

    def of_day(self, day: date) -> tuple[ShiftHours, ...]:
        """Return the shifts of one shift day; together they are 24 hours."""
        midnight = datetime(day.year, day.month, day.day, tzinfo=VIETNAM_TIME)
        begins = [(midnight + timedelta(minutes=minute)).astimezone(UTC) for _, minute in self._starts]
        ends = [*begins[1:], begins[0] + DAY]
        return tuple(
            ShiftHours(shift_day=day, code=code, starts_at=start, ends_at=end)
            for code, start, end in zip(self.codes, begins, ends, strict=True)
        )

    def find(self, day: date, *, code: str) -> ShiftHours:
        """Return one shift; raises ``ShiftHoursError`` when the day has none of that code."""
        for hours in self.of_day(day):
            if hours.code == code:
                return hours
        msg = f"there is no shift {code!r}; there are {', '.join(self.codes)}"
        raise ShiftHoursError(msg)

    def at(self, at: datetime) -> ShiftHours:
        """Return the shift that an instant belongs to."""
        local_day = require_aware(at).astimezone(VIETNAM_TIME).date()
        near = (*self.of_day(local_day - DAY), *self.of_day(local_day))
        return next(hours for hours in near if hours.contains(at))

    def after(self, hours: ShiftHours) -> ShiftHours:
        """Return the shift that follows."""
        return self.at(hours.ends_at)

    def before(self, hours: ShiftHours) -> ShiftHours:
        """Return the shift that came before."""
        return self.at(hours.starts_at - timedelta(seconds=1))
