"""Legal deadlines that run for one person: started by an assessment, read against any instant.

A clock is two instants and a clause. It survives a restart and an offline day because nothing
counts down: what is left is computed from ``due_at`` each time somebody looks. It turns amber when
half of its time is used and red in its last quarter (and stays red when overdue).
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from sync.agreement.facts import Citation, ClockLimit, RunningClock
from sync.agreement.vocabulary import ClockKind


class ClockUrgency(StrEnum):
    """The colour of a clock, by the share of its time that is used."""

    CALM = "calm"
    AMBER = "amber"
    RED = "red"


class ClockFace(msgspec.Struct, frozen=True, kw_only=True):
    """A clock as shown at one instant. ``left_s`` is negative once the deadline has passed."""

    kind: ClockKind
    started_at: datetime
    due_at: datetime
    limit_s: float
    left_s: float
    clause: str
    urgency: ClockUrgency
    is_overdue: bool


def start_clocks(
    limits: Iterable[ClockLimit], *, at: datetime, running: Iterable[RunningClock] = ()
) -> tuple[RunningClock, ...]:
    """Start each legal clock at the aware instant ``at``; one of a kind that runs already keeps its first start."""
    since = {clock.kind: clock.started_at for clock in running}
    return tuple(_start(limit, at=since.get(limit.kind, at)) for limit in limits)


def _start(limit: ClockLimit, *, at: datetime) -> RunningClock:
    return RunningClock(
        kind=limit.kind,
        started_at=at,
        due_at=at + timedelta(seconds=limit.limit_s),
        clause=clause_of(limit.citation),
    )


def clause_of(citation: Citation) -> str:
    """Name a clause in one line, document first.

    >>> clause_of(Citation(document="ND 165/2026", clause="17.1"))
    'ND 165/2026 17.1'
    """
    return f"{citation.document} {citation.clause}".strip()


def read_clock(clock: RunningClock, *, at: datetime) -> ClockFace:
    """Read one clock at the aware instant ``at``."""
    limit_s = (clock.due_at - clock.started_at).total_seconds()
    left_s = (clock.due_at - at).total_seconds()
    return ClockFace(
        kind=clock.kind,
        started_at=clock.started_at,
        due_at=clock.due_at,
        limit_s=limit_s,
        left_s=left_s,
        clause=clock.clause,
        urgency=_urgency(left_s, limit_s=limit_s),
        is_overdue=left_s < 0,
    )


def read_clocks(clocks: Iterable[RunningClock], *, at: datetime) -> tuple[ClockFace, ...]:
    """Read clocks at ``at``, the one that is due first in front."""
    return tuple(sorted((read_clock(clock, at=at) for clock in clocks), key=lambda face: face.due_at))


def _urgency(left_s: float, *, limit_s: float) -> ClockUrgency:
    if left_s <= limit_s / 4:
        return ClockUrgency.RED
    if left_s <= limit_s / 2:
        return ClockUrgency.AMBER
    return ClockUrgency.CALM
