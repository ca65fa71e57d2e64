"""Counts and dots kept in memory for the lane, loaded from the read model at the start."""

from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime

from sqlalchemy import Connection, select

from checkpoint.store.instants import from_text, to_text
from checkpoint.store.tables import crossing
from sync.agreement.local_time import local_date
from sync.agreement.vocabulary import Disposition, TravellerCategory

# More crossings than one edge sees in a day; older rows are never looked at.
_MOST_ROWS = 50_000
_MOST_DOTS = 2_000


class DayTally:
    """How many crossings of each category were written today (local date), without withdrawn ones."""

    def __init__(self, day: date, counts: Counter[str]) -> None:
        """Start from known counts."""
        self._day = day
        self._counts = counts

    @classmethod
    def load(cls, connection: Connection, *, at: datetime) -> "DayTally":
        """Count the rows of the day of ``at``."""
        today = local_date(at)
        counts: Counter[str] = Counter()
        columns = (crossing.c.category, crossing.c.presented_at, crossing.c.disposition)
        for row in connection.execute(select(*columns).order_by(crossing.c.sequence.desc()).limit(_MOST_ROWS)):
            if local_date(from_text(row.presented_at)) != today:
                break
            if row.disposition != Disposition.WITHDRAWN.value:
                counts[row.category] += 1
        return cls(today, counts)

    def count(self, category: TravellerCategory, *, at: datetime) -> int:
        """Return today's crossings of a category."""
        return self._counts[category.value] if local_date(at) == self._day else 0

    def add(self, category: TravellerCategory, *, at: datetime, change: int = 1) -> None:
        """Count one more (or one less) after its commit."""
        day = local_date(at)
        if day != self._day:
            self._day, self._counts = day, Counter()
        self._counts[category.value] += change


def recent_dots(
    connection: Connection, *, lanes: Iterable[str], since: datetime
) -> dict[str, list[tuple[datetime, float, str]]]:
    """Return time, temperature and outcome of recent crossings by lane, oldest first."""
    dots: dict[str, list[tuple[datetime, float, str]]] = {lane_id: [] for lane_id in lanes}
    columns = (crossing.c.lane_id, crossing.c.observed_at, crossing.c.temperature_c, crossing.c.outcome)
    newest = select(*columns, crossing.c.presented_at).order_by(crossing.c.sequence.desc()).limit(_MOST_DOTS)
    for row in reversed(connection.execute(newest).all()):
        is_recent = row.presented_at >= to_text(since)
        if is_recent and row.temperature_c is not None and row.lane_id in dots:
            dots[row.lane_id].append((from_text(row.observed_at), row.temperature_c, row.outcome))
    return dots
