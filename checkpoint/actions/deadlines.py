"""Deadlines that cannot be kept: extended once by leave of the law, escalated with a reason, or lapsed."""

from datetime import timedelta
from functools import partial
from typing import Final

import msgspec
import structlog

from checkpoint.actions.gate import Gate, Turn
from checkpoint.actions.isolating import ActCommand, Words
from checkpoint.actions.path_steps import Standing, Step, carry_out, clock_rule, done_before, lapse_hold, standing
from checkpoint.actions.refusals import ActionRefusedError
from checkpoint.isolation.case import ClockNote
from checkpoint.isolation.path import PathEvent
from checkpoint.store.journal import Saved
from checkpoint.store.lanes import running_clocks
from sync.agreement.facts import RunningClock
from sync.agreement.gate_records.isolation import ClockEscalated, ClockExtended
from sync.agreement.isolation_words import EscalationReason
from sync.agreement.policy import LegalRole, OnExpiry
from sync.agreement.vocabulary import ClockKind

_log = structlog.get_logger("checkpoint")
WAIT_S: Final = 10.0


class ClockCommand(ActCommand, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which deadline, and why it cannot be kept."""

    kind: ClockKind
    reason: EscalationReason
    words: Words = ""


def extend_clock(turn: Turn, crossing_id: str, command: ClockCommand) -> Saved:
    """Lengthen a deadline once, by what its rule allows and from where it would have ended."""
    if done := done_before(turn, command.act_id, crossing_id=crossing_id):
        return done
    found = standing(turn, crossing_id)
    clock = _require_clock(found, command.kind)
    rule = clock_rule(turn.gate, clock)
    if rule is None or rule.extension_s is None:
        code = "extension_not_allowed"
        raise ActionRefusedError(code)
    if command.reason not in rule.extension_because:
        code = "extension_only_overloaded"
        raise ActionRefusedError(code, http_code=422)
    if any(note.is_extension and note.kind is clock.kind for note in found.case.path.clock_notes):
        code = "extended_already"
        raise ActionRefusedError(code)
    clause = f"{rule.citation.document} {rule.extension_clause}"
    longer = msgspec.structs.replace(
        clock,
        due_at=clock.due_at + timedelta(seconds=rule.extension_s),
        clause=f"{clock.clause}; {rule.extension_clause}",
    )
    body = ClockExtended(
        crossing_id=crossing_id,
        ends=(clock.kind,),
        clocks=(longer,),
        kind=clock.kind,
        reason=command.reason,
        clause=clause,
    )
    return _note(turn, found, command, event=PathEvent.EXTENDED, body=body)


def escalate_clock(turn: Turn, crossing_id: str, command: ClockCommand) -> Saved:
    """Tell that a deadline cannot be kept, or was not; it runs on."""
    if done := done_before(turn, command.act_id, crossing_id=crossing_id):
        return done
    found = standing(turn, crossing_id)
    clock = _require_clock(found, command.kind)
    rule = clock_rule(turn.gate, clock)
    body = ClockEscalated(
        crossing_id=crossing_id,
        kind=clock.kind,
        reason=command.reason,
        who_acts=rule.who_acts if rule is not None else LegalRole.HEAD_OF_QUARANTINE_ORGANISATION,
    )
    return _note(turn, found, command, event=PathEvent.ESCALATED, body=body)


def lapse_due_holds(gate: Gate) -> int:
    """Note every hold that ran out: after an offline night or a restart too. Returns how many."""
    now = gate.clock()
    with gate.store.readers.connect() as connection:
        running = running_clocks(connection)
    due = [
        crossing_id
        for crossing_id, clocks in running.items()
        if any(clock.due_at <= now and _lapses(gate, clock) for clock in clocks)
    ]
    noted = 0
    for crossing_id in due:
        saved = gate.perform(partial(lapse_hold, crossing_id=crossing_id)).result(WAIT_S)
        noted += saved is not None
    if noted:
        _log.warning("holds_lapsed", count=noted, what_to_do="look at the isolation board: these people may go on")
    return noted


def _lapses(gate: Gate, clock: RunningClock) -> bool:
    rule = clock_rule(gate, clock)
    return rule is not None and rule.on_expiry is OnExpiry.LAPSES


def _require_clock(found: Standing, kind: ClockKind) -> RunningClock:
    clock = next((clock for clock in found.clocks if clock.kind is kind), None)
    if clock is None:
        code = "no_such_clock"
        raise ActionRefusedError(code, http_code=404)
    return clock


def _note(
    turn: Turn, found: Standing, command: ClockCommand, *, event: PathEvent, body: ClockExtended | ClockEscalated
) -> Saved:
    note = ClockNote(kind=command.kind, reason=command.reason, is_extension=event is PathEvent.EXTENDED, at=turn.at)
    changes = {"clock_notes": (*found.case.path.clock_notes, note)}
    step = Step(event=event, body=body, path=changes, remark=command.words)
    return carry_out(turn, found, step, act_id=str(command.act_id))
