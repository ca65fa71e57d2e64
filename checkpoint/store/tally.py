"""Counts and dots kept in memory for the lane, loaded from the read model at the start."""

from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, func, select

from checkpoint.store.instants import from_text, to_text
from checkpoint.store.tables import crossing
from sync.agreement.facts import CrossingCount
from sync.agreement.local_time import VIETNAM_TIME, local_date
from sync.agreement.policy.lane_rules import TrafficOrder
from sync.agreement.vocabulary import Direction, Disposition, TravellerCategory

_HOUR_LETTERS = len("2026-11-22T05")
_DAYS_KEPT = 2
_MOST_DOTS = 2_000


class Counted(NamedTuple):
    """What one crossing counts as; ``presented_at`` says in which local day and hour."""

    category: TravellerCategory
    direction: Direction
    presented_at: datetime
    disposition: Disposition


class DayTally:
    """How many crossings were written of each category and direction, by local day and hour.

    Loaded by the index of ``presented_at`` and kept in memory: what a quota asks at the lane costs the same
    however many crossings there are. Changed only on the writer's thread, after a commit, and so exact for
    this edge; another edge of the same gate counts for itself. A quota does not count who was refused.
    """

    def __init__(self) -> None:
        """Nothing is counted yet."""
        self._written: Counter[tuple[date, str]] = Counter()
        self._passed: Counter[tuple[date, int, TravellerCategory, Direction]] = Counter()

    @classmethod
    def load(cls, connection: Connection, *, at: datetime) -> "DayTally":
        """Count the rows of the day of ``at`` and the day before, when who stands at a lane may have come.

        Each UTC hour lies in one local hour.
        """
        tally = cls()
        starts_at = datetime.combine(local_date(at) - timedelta(days=1), time(), tzinfo=VIETNAM_TIME)
        utc_hour = func.substr(crossing.c.presented_at, 1, _HOUR_LETTERS)
        columns = (crossing.c.category, crossing.c.direction, crossing.c.disposition)
        rows = (
            select(*columns, func.min(crossing.c.presented_at), func.count())
            .where(crossing.c.presented_at >= to_text(starts_at))
            .group_by(*columns, utc_hour)
        )
        for category, direction, disposition, presented_at, count in connection.execute(rows):
            one = Counted(
                TravellerCategory(category), Direction(direction), from_text(presented_at), Disposition(disposition)
            )
            tally.add(one, change=count)
        return tally

    def count(self, category: TravellerCategory, *, at: datetime) -> int:
        """Return today's crossings of a category, whatever became of them, without withdrawn ones."""
        return self._written[local_date(at), category.value]

    def counted_for(self, orders: Iterable[TrafficOrder], *, at: datetime) -> tuple[CrossingCount, ...]:
        """Return what the quotas of these orders are held against for who came at ``at``; empty if there are none."""
        day, this_hour = local_date(at), at.astimezone(VIETNAM_TIME).hour
        meant = dict.fromkeys(
            (category, direction)
            for order in orders
            for category in order.applies_to.categories or TravellerCategory
            for direction in order.applies_to.directions or Direction
        )
        return tuple(
            CrossingCount(
                category=category,
                direction=direction,
                today=sum(self._passed[day, hour, category, direction] for hour in range(24)),
                this_hour=self._passed[day, this_hour, category, direction],
            )
            for category, direction in meant
        )

    def add(self, one: Counted, *, change: int = 1) -> None:
        """Count one more (or one less) after its commit; one of an earlier day leaves today's as they are."""
        if one.disposition is Disposition.WITHDRAWN:
            return
        day, hour = local_date(one.presented_at), one.presented_at.astimezone(VIETNAM_TIME).hour
        if (day, one.category.value) not in self._written:
            self._forget_before(day - timedelta(days=_DAYS_KEPT))
        self._written[day, one.category.value] += change
        if one.disposition is not Disposition.REFUSED:
            self._passed[day, hour, one.category, one.direction] += change

    def replace(self, before: Counted, *, now: Counted) -> None:
        """Count a crossing as what it has become."""
        self.add(before, change=-1)
        self.add(now)

    def _forget_before(self, day: date) -> None:
        """Keep no day for ever: an edge may run for months."""
        for counts in (self._written, self._passed):
            for key in [key for key in counts if key[0] < day]:
                del counts[key]


def recent_dots(
    connection: Connection, *, lanes: Iterable[str], since: datetime
) -> dict[str, list[tuple[datetime, float, str]]]:
    """Return time, temperature and outcome of recent crossings by lane, oldest first."""
    dots: dict[str, list[tuple[datetime, float, str]]] = {lane_id: [] for lane_id in lanes}
    columns = (crossing.c.lane_id, crossing.c.observed_at, crossing.c.temperature_c, crossing.c.outcome)
    newest = select(*columns, crossing.c.presented_at).order_by(crossing.c.entry.desc()).limit(_MOST_DOTS)
    for row in reversed(connection.execute(newest).all()):
        is_recent = row.presented_at >= to_text(since)
        if is_recent and row.temperature_c is not None and row.lane_id in dots:
            dots[row.lane_id].append((from_text(row.observed_at), row.temperature_c, row.outcome))
    return dots
