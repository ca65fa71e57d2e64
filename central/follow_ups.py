"""The days on which a contact is looked at: which are done, due today, overdue or still to come. Pure.

Drawn from the centre's own records in their order: a later opening replaces the days, the newest look at a day counts.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from enum import StrEnum

import msgspec

from sync.agreement.contact_records import ContactRecord, FollowUpOpened, FollowUpOutcome


class DayState(StrEnum):
    """How one day of a follow-up stands."""

    DONE = "done"
    NOT_REACHED = "not_reached"
    OVERDUE = "overdue"
    DUE = "due"
    TO_COME = "to_come"


class FollowUpDay(msgspec.Struct, frozen=True, kw_only=True):
    """One day. Whoever was not reached is due until the day is over, and overdue after it."""

    day: date
    state: DayState
    outcome: FollowUpOutcome | None = None


class FollowUp(msgspec.Struct, frozen=True, kw_only=True):
    """One contact of one case."""

    about: str
    contact: str
    first_day: date
    days: int
    found: dict[date, FollowUpOutcome] = {}

    @property
    def last_day(self) -> date:
        """The last day on which the contact is looked at."""
        return self.first_day + timedelta(days=self.days - 1)

    def has(self, day: date) -> bool:
        """Whether a day is one of those."""
        return self.first_day <= day <= self.last_day

    def on(self, today: date) -> list[FollowUpDay]:
        """Say how each day stands."""
        days = (self.first_day + timedelta(days=number) for number in range(self.days))
        return [
            FollowUpDay(day=day, state=_state(self.found.get(day), day=day, today=today), outcome=self.found.get(day))
            for day in days
        ]

    def overdue(self, today: date) -> int:
        """How many days went by without anybody reaching this person."""
        return sum(one.state is DayState.OVERDUE for one in self.on(today))


def _state(outcome: FollowUpOutcome | None, *, day: date, today: date) -> DayState:
    """A person who was not reached has not been looked at.

    >>> _state(FollowUpOutcome.NOT_REACHED, day=date(2026, 11, 21), today=date(2026, 11, 22))
    <DayState.OVERDUE: 'overdue'>
    """
    if outcome is not None and outcome is not FollowUpOutcome.NOT_REACHED:
        return DayState.DONE
    if day < today:
        return DayState.OVERDUE
    if day > today:
        return DayState.TO_COME
    return DayState.DUE if outcome is None else DayState.NOT_REACHED


def follow_ups(records: Iterable[ContactRecord]) -> dict[tuple[str, str], FollowUp]:
    """Draw what is followed up from the centre's records, in their order; by case and contact."""
    drawn: dict[tuple[str, str], FollowUp] = {}
    for body in records:
        key = (body.about, body.contact)
        known = drawn.get(key)
        if isinstance(body, FollowUpOpened):
            found = {} if known is None else known.found
            opened = FollowUp(about=body.about, contact=body.contact, first_day=body.first_day, days=body.days)
            drawn[key] = msgspec.structs.replace(opened, found=found)
        elif known is not None:
            drawn[key] = msgspec.structs.replace(known, found=known.found | {body.day: body.outcome})
    return drawn
