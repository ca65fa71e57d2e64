"""The timeline of a drill and its score: a pure function of the script and of the journal's records.

For each inject that was played and each act that is expected of it: when it was done, by whom, after how many
seconds, and whether that was within the limit. A record after the moment of the inject proves an act; for a
traveller it must be about the very crossing that this traveller opened. In time gives all points, late half of
them, never none. What must not be done gives its points once the time is over and it was not done.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import msgspec

from checkpoint.drill.acts import ACTS
from checkpoint.drill.scenario import Expected, Inject, Scenario
from checkpoint.drill.witness import Noted
from sync.agreement.gate_records.exercise import ExerciseClosed, ExerciseOpened
from sync.agreement.records import CrossingScreened

LATE_COUNTS: Final = 0.5
"""The share of the points that an act still earns after its limit."""


class LineState(StrEnum):
    """How it stands with one expected act."""

    WAITING = "waiting"
    DONE = "done"
    LATE = "late"
    MISSED = "missed"
    KEPT = "kept"
    BROKEN = "broken"
    NOT_PLAYED = "not_played"


_EARNED: Final = {LineState.DONE: 1.0, LineState.KEPT: 1.0, LineState.LATE: LATE_COUNTS}
_NOT_COUNTED: Final = frozenset({LineState.WAITING, LineState.NOT_PLAYED})


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One expected act. ``seconds`` runs from the inject to the act; all ``None`` where nothing was done."""

    inject_id: str
    act: str
    lane_id: str | None
    played_at: datetime | None
    due_at: datetime | None
    within_s: float
    clause: str
    must_not: bool
    possible: float
    state: LineState
    done_at: datetime | None = None
    seconds: float | None = None
    officer_ref: str | None = None
    record_id: str | None = None

    @property
    def points(self) -> float:
        """What the officers earned for it."""
        return self.possible * _EARNED.get(self.state, 0.0)

    @property
    def is_within(self) -> bool | None:
        """Whether it was done in time; ``None`` while that is open."""
        return None if self.state in _NOT_COUNTED else self.state in {LineState.DONE, LineState.KEPT}


class Timeline(msgspec.Struct, frozen=True, kw_only=True):
    """A whole drill as its journal tells it. ``possible`` counts only what is decided already."""

    scenario_id: str
    opened_at: datetime | None
    closed_at: datetime | None
    is_whole: bool
    lines: tuple[Line, ...]

    @property
    def points(self) -> float:
        """What was earned."""
        return sum((line.points for line in self.lines), start=0.0)

    @property
    def possible(self) -> float:
        """What could have been earned by what is decided."""
        return sum((line.possible for line in self.lines if line.state not in _NOT_COUNTED), start=0.0)

    def count(self, state: LineState) -> int:
        """Return how many acts stand so."""
        return sum(line.state is state for line in self.lines)


def timeline_of(scenario: Scenario, records: Iterable[Noted], *, now: datetime) -> Timeline:
    """Hold a script against a journal; in whatever order the records are given, the timeline is the same."""
    known = sorted({one.record_id: one for one in records}.values(), key=lambda one: (one.at, one.record_id))
    played = {one.inject_id: one for one in reversed(known) if one.inject_id is not None}
    closed = next((one for one in known if one.type == ExerciseClosed.type_name), None)
    until = now if closed is None else closed.at
    crossings = _crossings_of(scenario, played=played, records=known)
    lines = tuple(
        _line(
            inject,
            expected,
            played=played.get(inject.id),
            until=until,
            among=_about(inject, known, crossings=crossings),
        )
        for inject in scenario.inject
        for expected in inject.expect
    )
    is_whole = closed is not None and bool(closed.said.get("is_whole"))
    if closed is not None:
        lines = tuple(_at_the_end(line, is_whole=is_whole) for line in lines)
    return Timeline(
        scenario_id=scenario.id,
        opened_at=next((one.at for one in known if one.type == ExerciseOpened.type_name), None),
        closed_at=None if closed is None else closed.at,
        is_whole=is_whole,
        lines=lines,
    )


def _crossings_of(scenario: Scenario, *, played: dict[str, Noted], records: Sequence[Noted]) -> dict[str, str]:
    """Say which crossing each traveller of the script opened: at its lane, after it was played, before the next."""
    opened = [one for one in records if one.type == CrossingScreened.type_name and one.presented_at is not None]
    came = sorted(
        (one.observed_at, inject.id, one.lane_id)
        for inject in scenario.inject
        if inject.traveller is not None and (one := played.get(inject.id)) is not None
    )
    found: dict[str, str] = {}
    for place, (at, inject_id, lane_id) in enumerate(came):
        following = (later for later, _, lane in came[place + 1 :] if lane == lane_id)
        ends_at = next(following, None)
        for one in opened:
            since = one.presented_at
            if since is None or one.lane_id != lane_id or since < at or (ends_at is not None and since >= ends_at):
                continue
            if one.crossing_id is not None:
                found[inject_id] = one.crossing_id
                break
    return found


def _about(inject: Inject, records: Sequence[Noted], *, crossings: dict[str, str]) -> Sequence[Noted]:
    """Return the records that can prove an act after this inject."""
    if inject.traveller is None:
        return records
    crossing_id = crossings.get(inject.id)
    return [one for one in records if crossing_id is not None and one.crossing_id == crossing_id]


def _line(inject: Inject, expected: Expected, *, played: Noted | None, until: datetime, among: Sequence[Noted]) -> Line:
    """Judge one expected act as it stood at ``until``."""
    bare = Line(
        inject_id=inject.id,
        act=expected.act,
        lane_id=None if played is None else played.lane_id,
        played_at=None if played is None else played.observed_at,
        due_at=None if played is None else played.observed_at + timedelta(seconds=expected.within_s),
        within_s=expected.within_s,
        clause=expected.clause,
        must_not=expected.must_not,
        possible=float(expected.points),
        state=LineState.NOT_PLAYED,
    )
    if played is None or bare.due_at is None:
        return bare
    since = played.observed_at
    act = ACTS[expected.act]
    proof = next((one for one in among if since <= one.at <= until and act.is_proven_by(one.type, said=one.said)), None)
    state = _state(expected, proof=proof, due_at=bare.due_at, until=until)
    if proof is None:
        return msgspec.structs.replace(bare, state=state)
    return msgspec.structs.replace(
        bare,
        state=state,
        done_at=proof.at,
        seconds=(proof.at - since).total_seconds(),
        officer_ref=proof.officer_ref,
        record_id=proof.record_id,
    )


def _state(expected: Expected, *, proof: Noted | None, due_at: datetime, until: datetime) -> LineState:
    in_time = proof is not None and proof.at <= due_at
    if expected.must_not:
        if in_time:
            return LineState.BROKEN
        return LineState.KEPT if until >= due_at else LineState.WAITING
    if proof is not None:
        return LineState.DONE if in_time else LineState.LATE
    return LineState.MISSED if until > due_at else LineState.WAITING


def _at_the_end(line: Line, *, is_whole: bool) -> Line:
    """Once a drill is over nothing waits any more; of one that was broken off, what was open does not count."""
    if line.state is not LineState.WAITING:
        return line
    over = LineState.KEPT if line.must_not else LineState.MISSED
    return msgspec.structs.replace(line, state=over if is_whole else LineState.NOT_PLAYED)
