"""How every act on a person's path is carried out: allowed by the table, written, and its clocks set, in one commit.

An act has the identifier that its client made: asked again, because an answer was lost, it is the same act.
Before anything is done a hold that ran out is noted, so that no order is entered over a lapse that nobody saw.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from checkpoint.actions.gate import Gate, Turn
from checkpoint.actions.refusals import ActionRefusedError
from checkpoint.actions.remarks import sealed_remark
from checkpoint.clocks import start_clocks
from checkpoint.isolation.case import CasePath, is_foreign
from checkpoint.isolation.path import PathError, PathEvent, move
from checkpoint.store.crossings import CrossingRow, find_crossing, settle_crossing
from checkpoint.store.isolation import StoredCase, add_act, find_act, find_case, put_case
from checkpoint.store.journal import Saved, SealedFor, sequence_at
from checkpoint.store.lanes import clocks_of, start_running_clocks, stop_clock
from sync.agreement.facts import RunningClock
from sync.agreement.gate_records.isolation import HoldLapsed, IsolationRecord
from sync.agreement.isolation_words import FollowUpDuty
from sync.agreement.policy import ClockStart, OnExpiry
from sync.agreement.policy.legal_rules import ClockRule
from sync.agreement.vocabulary import ClockKind, Disposition

_IN_CARE = frozenset({Disposition.REFERRED, Disposition.ISOLATED})
_DUTIES = (FollowUpDuty.SELF_MONITORING, FollowUpDuty.REPORT_TO_COMMUNE_STATION)


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One act, ready to be written: its record, what it changes of the case, and the words that are sealed.

    ``place_id`` and ``disposition`` are where the crossing stands after it; ``None`` keeps what was.
    """

    event: PathEvent
    body: IsolationRecord
    remark: str = ""
    destination: str | None = None
    path: dict[str, Any] = {}
    words: dict[str, str] = {}
    leaves_place: bool = False
    disposition: Disposition | None = None
    has_left: bool = False
    observed_at: datetime | None = None
    sealed_for: SealedFor | None = None


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """Where one person is before an act: the crossing's row, the case, and the clocks that run."""

    row: CrossingRow
    case: StoredCase
    clocks: tuple[RunningClock, ...]

    def running(self, *kinds: ClockKind) -> tuple[ClockKind, ...]:
        """Return those of the kinds that run."""
        return tuple(clock.kind for clock in self.clocks if clock.kind in kinds)


def done_before(turn: Turn, act_id: UUID, *, crossing_id: str) -> Saved | None:
    """Return what an act of this identifier saved, or ``None`` if it was not done yet."""
    known = find_act(turn.transaction, str(act_id))
    if known is None:
        return None
    if known.crossing_id != crossing_id:
        raise ActionRefusedError(PathError.code)
    return msgspec.structs.replace(known.saved, sequence=sequence_at(turn.transaction, known.saved.entry))


def standing(turn: Turn, crossing_id: str) -> Standing:
    """Read where a person is, after noting a hold that ran out meanwhile."""
    row = find_crossing(turn.transaction, crossing_id)
    if row is None:
        code = "no_such_crossing"
        raise ActionRefusedError(code, http_code=404)
    case = case_of(turn, row)
    if case is None:
        raise ActionRefusedError(PathError.code)
    found = Standing(row=row, case=case, clocks=clocks_of(turn.transaction, crossing_id))
    if _note_lapse(turn, found) is None:
        return found
    return standing(turn, crossing_id)


def case_of(turn: Turn, row: CrossingRow) -> StoredCase | None:
    """Return a crossing's case; who is in care without one (an older program led them here) gets one."""
    case = find_case(turn.transaction, row.crossing_id)
    if case is None and row.is_open and row.disposition in _IN_CARE:
        case = StoredCase(path=CasePath(opened_at=row.rechecked_at or row.recorded_at))
    return case


def carry_out(turn: Turn, found: Standing, step: Step, *, act_id: str = "") -> Saved:
    """Write one act: record, journal, case, clocks, crossing. Refuses what the table does not allow."""
    row, transaction = found.row, turn.transaction
    state = require_move(found, step.event)
    sealed_for = step.sealed_for or sealed_remark(turn, row, step.remark, destination=step.destination)
    saved = turn.append(step.body, lane_id=row.lane_id, observed_at=step.observed_at or turn.at, sealed_for=sealed_for)
    for kind in step.body.ends:
        stop_clock(transaction, row.crossing_id, kind=kind, at=turn.at)
    start_running_clocks(transaction, row.crossing_id, clocks=step.body.clocks)
    settle_crossing(
        transaction,
        row.crossing_id,
        disposition=step.disposition or row.disposition,
        place_id=None if step.leaves_place else row.place_id,
        saved=saved,
        has_left=step.has_left or not row.is_open,
    )
    case = StoredCase(
        path=msgspec.structs.replace(found.case.path, state=state, **step.path),
        words=msgspec.structs.replace(found.case.words, **step.words),
    )
    put_case(transaction, row.crossing_id, case=case, at=turn.at)
    add_act(
        transaction,
        act_id or saved.record_id,
        crossing_id=row.crossing_id,
        event=step.event,
        officer_ref=turn.officer_ref or "",
        saved=saved,
    )
    return saved


def require_move(found: Standing, event: PathEvent) -> Any:  # noqa: ANN401  # a PathState; msgspec keeps it
    """Return the state after an act, or refuse with where the person is."""
    try:
        return move(found.case.path.state, event)
    except PathError as error:
        values = {"state": error.state.value, "event": error.event.value}
        raise ActionRefusedError(error.code, values=values) from error


def starting(
    turn: Turn, row: CrossingRow, *, start: ClockStart, since: datetime | None = None
) -> tuple[RunningClock, ...]:
    """Start the clocks of an event by the pack in force, from now or from when the event was."""
    at = since or turn.at
    limits = turn.gate.policy.rules_at(at).clocks_starting_with(
        start, is_foreigner=is_foreign(row.nationality, document_kind=row.document_kind)
    )
    return start_clocks(limits, at=at)


def clock_rule(gate: Gate, clock: RunningClock) -> ClockRule | None:
    """Return the rule by which a clock was started: that of the pack in force when it began."""
    return gate.policy.rules_at(clock.started_at).clock(clock.kind)


def lapse_hold(turn: Turn, crossing_id: str) -> Saved | None:
    """Note that a hold ran out without a decision, if it did."""
    row = find_crossing(turn.transaction, crossing_id)
    case = None if row is None else case_of(turn, row)
    if row is None or case is None:
        return None
    return _note_lapse(turn, Standing(row=row, case=case, clocks=clocks_of(turn.transaction, crossing_id)))


def _note_lapse(turn: Turn, found: Standing) -> Saved | None:
    """Write the lapse with the instant at which it happened, however late this edge could note it."""
    for clock in found.clocks:
        rule = clock_rule(turn.gate, clock)
        if turn.at < clock.due_at or rule is None or rule.on_expiry is not OnExpiry.LAPSES:
            continue
        lapsed = HoldLapsed(crossing_id=found.row.crossing_id, duties=_DUTIES, ends=(clock.kind,))
        step = Step(
            event=PathEvent.HOLD_LAPSED,
            body=lapsed,
            path={"lapsed_at": clock.due_at, "duties": _DUTIES},
            observed_at=clock.due_at,
        )
        return carry_out(turn, found, step)
    return None
