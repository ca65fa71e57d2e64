"""What the gate head's board reads: the last hour and the day, each by the index of ``presented_at``, never more.

A lane with ten million crossings costs what an empty one costs: no query here looks at a row older than the day.
"""

from collections.abc import Collection
from datetime import datetime

import msgspec
from sqlalchemy import Connection, and_, case, func, or_, select, text

from checkpoint.documents.names import holds_words, search_words
from checkpoint.store.crossings import CrossingRow, rows_of
from checkpoint.store.handheld_tables import handheld_act
from checkpoint.store.instants import from_text, to_text
from checkpoint.store.shift_tables import paper_line
from checkpoint.store.tables import crossing, isolation_act
from sync.agreement.vocabulary import Disposition, Outcome

ADMITTED = "admitted"
MOST_FOUND = 10_000
_WITHDRAWN = Disposition.WITHDRAWN.value
_IS_MEASURED = or_(crossing.c.temperature_c.is_not(None), crossing.c.recheck_c.is_not(None))
_IS_ALARM = or_(crossing.c.recheck_c.is_not(None), crossing.c.outcome.in_([Outcome.RECHECK, Outcome.REFERRED]))
_COUNTS = crossing.c.disposition != _WITHDRAWN

FIGURES = {
    "crossings": _COUNTS,
    "measured": and_(_COUNTS, _IS_MEASURED),
    "not_measured": and_(_COUNTS, ~_IS_MEASURED),
    "alarms": and_(_COUNTS, _IS_ALARM),
    "refused": and_(_COUNTS, crossing.c.disposition == Disposition.REFUSED.value),
    "redirected": and_(
        _COUNTS, crossing.c.disposition == Disposition.REFUSED.value, crossing.c.redirect_to.is_not(None)
    ),
}
"""A figure of the day is the number of rows that fit its condition: the count and the rows cannot disagree."""


class DayCounts(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of one lane since midnight."""

    crossings: int = 0
    measured: int = 0
    not_measured: int = 0
    alarms: int = 0
    refused: int = 0
    redirected: int = 0


class Handled(msgspec.Struct, frozen=True, kw_only=True):
    """One crossing of the last hour, as far as its duration goes."""

    lane_id: str
    direction: str
    handled_s: float


class DayAsked(msgspec.Struct, frozen=True, kw_only=True):
    """Which rows of a day are wanted; ``query`` is part of a name or a whole number, ``before`` an entry."""

    since: datetime
    figure: str = "crossings"
    lane_id: str = ""
    query: str = ""
    person_key: str = ""
    before: int | None = None


class AlarmTime(msgspec.Struct, frozen=True, kw_only=True):
    """An alarm of the day: when the raised reading was taken and, if it came so far, when a place was taken."""

    crossing_id: str
    lane_id: str
    raised_at: datetime
    isolated_at: datetime | None


def day_counts(connection: Connection, *, since: datetime) -> dict[str, DayCounts]:
    """Count a day by lane in one pass over its rows."""
    sums = [func.sum(case((condition, 1), else_=0)).label(name) for name, condition in FIGURES.items()]
    statement = (
        select(crossing.c.lane_id, *sums).where(crossing.c.presented_at >= to_text(since)).group_by(crossing.c.lane_id)
    )
    return {
        row.lane_id: DayCounts(**{name: int(getattr(row, name)) for name in FIGURES})
        for row in connection.execute(statement)
    }


def redirected_to(connection: Connection, *, since: datetime) -> dict[str, int]:
    """Count to which gate people were sent instead."""
    statement = (
        select(crossing.c.redirect_to, func.count())
        .where(crossing.c.presented_at >= to_text(since), FIGURES["redirected"])
        .group_by(crossing.c.redirect_to)
    )
    return {row[0]: row[1] for row in connection.execute(statement)}


def handled_since(connection: Connection, *, since: datetime) -> list[Handled]:
    """Return how long each traveller took, an alarm until its recheck.

    What was recorded later, from paper or a handheld, says nothing of that.
    """
    ended_at = func.coalesce(crossing.c.rechecked_at, crossing.c.recorded_at).label("ended_at")
    columns = (crossing.c.lane_id, crossing.c.direction, crossing.c.presented_at, ended_at)
    on_paper = crossing.outerjoin(paper_line, paper_line.c.crossing_id == crossing.c.crossing_id)
    joined = on_paper.outerjoin(handheld_act, handheld_act.c.act_id == crossing.c.crossing_id)
    statement = (
        select(*columns)
        .select_from(joined)
        .where(
            crossing.c.presented_at >= to_text(since),
            _COUNTS,
            paper_line.c.number.is_(None),
            handheld_act.c.act_id.is_(None),
        )
    )
    return [
        Handled(
            lane_id=row.lane_id,
            direction=row.direction,
            handled_s=max(0.0, (from_text(row.ended_at) - from_text(row.presented_at)).total_seconds()),
        )
        for row in connection.execute(statement)
    ]


def alarm_times(connection: Connection, *, since: datetime) -> list[AlarmTime]:
    """Return the alarms of a day with the moment at which the person had a place."""
    admitted = (
        select(func.min(isolation_act.c.at))
        .where(isolation_act.c.crossing_id == crossing.c.crossing_id, isolation_act.c.event == ADMITTED)
        .scalar_subquery()
    )
    columns = (crossing.c.crossing_id, crossing.c.lane_id, crossing.c.presented_at, crossing.c.observed_at)
    statement = (
        select(*columns, admitted.label("isolated_at"))
        .where(crossing.c.presented_at >= to_text(since), FIGURES["alarms"])
        .order_by(crossing.c.presented_at.desc())
    )
    return [
        AlarmTime(
            crossing_id=row.crossing_id,
            lane_id=row.lane_id,
            raised_at=from_text(row.observed_at or row.presented_at),
            isolated_at=None if row.isolated_at is None else from_text(row.isolated_at),
        )
        for row in connection.execute(statement)
    ]


def rows_since(
    connection: Connection, *, since: datetime, lane_ids: Collection[str], figure: str, limit: int
) -> list[CrossingRow]:
    """Return the rows behind a figure, the newest first."""
    statement = (
        select(crossing)
        .where(crossing.c.presented_at >= to_text(since), FIGURES[figure], crossing.c.lane_id.in_(lane_ids))
        .order_by(crossing.c.presented_at.desc())
        .limit(limit)
    )
    return rows_of(connection.execute(statement))


def day_rows(connection: Connection, asked: DayAsked, *, limit: int) -> list[CrossingRow]:
    """Return the rows of a day that fit, the newest entry first; rows of other days are never read."""
    statement = select(crossing).where(crossing.c.presented_at >= to_text(asked.since), FIGURES[asked.figure])
    if asked.lane_id:
        statement = statement.where(crossing.c.lane_id == asked.lane_id)
    if asked.before is not None:
        statement = statement.where(crossing.c.entry < asked.before)
    if asked.query:
        found = _entries_of(connection, asked, limit=min(limit, MOST_FOUND))
        statement = statement.where(crossing.c.entry.in_(found))
    # The plus keeps SQLite from walking the whole table in the order of its entries to find one day.
    return rows_of(connection.execute(statement.order_by(text("+entry DESC")).limit(limit)))


def _entries_of(connection: Connection, asked: DayAsked, *, limit: int) -> list[int]:
    """Return the newest entries of a day whose name holds every typed word (marks or none), or whose number it is."""
    number = asked.query.strip().upper()
    wanted = () if any(mark.isdigit() for mark in number) else search_words(asked.query)
    columns = (crossing.c.entry, crossing.c.full_name, crossing.c.document_number, crossing.c.person_key)
    statement = select(*columns).where(crossing.c.presented_at >= to_text(asked.since), FIGURES[asked.figure])
    if asked.before is not None:
        statement = statement.where(crossing.c.entry < asked.before)
    found: list[int] = []
    for entry, name, document_number, person_key in connection.execute(statement.order_by(text("+entry DESC"))):
        is_theirs = bool(asked.person_key) and person_key == asked.person_key
        if is_theirs or document_number.upper() == number or holds_words(name, wanted):
            found.append(entry)
        if len(found) >= limit:
            break
    return found
