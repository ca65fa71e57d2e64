"""Reconciling an hour: read what is known around it, hold it against each other, write the counts as a record."""

from datetime import datetime, timedelta
from typing import Final

import msgspec

from checkpoint.actions.gate import Gate, Turn
from checkpoint.actions.refusals import ActionRefusedError
from checkpoint.coverage import (
    Figure,
    HourSeen,
    LaneHour,
    LoggedCrossing,
    Windows,
    document_key,
    hour_of,
    reconcile_hour,
)
from checkpoint.store.accounts import COMMIT_TIMEOUT_S
from checkpoint.store.coverage import (
    CrossingInHour,
    ReconciledHour,
    Span,
    crossings_in,
    delete_entries_before,
    drop_due,
    due_hours,
    entries_in,
    find_result,
    has_traces,
    listed_in,
    put_result,
    results_in,
    sightings_in,
)
from sync.agreement.gate_records.coverage import CoverageReconciled, LaneCoverage
from sync.agreement.policy.legal_rules import ImmigrationListTerms
from sync.agreement.vocabulary import Disposition

HOUR: Final = timedelta(hours=1)
MARGIN: Final = timedelta(hours=1)
"""How far beyond the hour is read: twice the widest window, so that a pair over its edge is found from both hours."""
SETTLED_AFTER: Final = timedelta(minutes=35)
"""How long after its end an hour is reconciled: the widest window, and a few minutes for a list to come."""


LOOKS_BACK: Final = timedelta(hours=48)
LOOKS_BACK_AT_START: Final = timedelta(days=31)
"""How far back a gate that was switched off looks for hours that nobody reconciled."""


def is_over(starts_at: datetime, *, now: datetime) -> bool:
    """Tell whether an hour lies far enough back to be reconciled."""
    return starts_at + HOUR + SETTLED_AFTER <= now


def lane_hours(gate: Gate, starts_at: datetime) -> tuple[LaneHour, ...]:
    """Reconcile one hour as it is known now, over a reader's connection: no lane waits for it."""
    span = Span(begins_at=starts_at - MARGIN, ends_at=starts_at + HOUR + MARGIN)
    devices = {device_id: lane.lane_id for lane in gate.settings.lane for device_id in lane.devices}
    with gate.store.readers.connect() as connection:
        seen = HourSeen(
            lanes={lane.lane_id: lane.direction for lane in gate.settings.lane},
            sightings=sightings_in(connection, span, lane_of_device=devices),
            crossings=tuple(_logged(gate, one) for one in crossings_in(connection, span)),
            entries=entries_in(connection, span),
            listed=listed_in(connection, span),
        )
    pairing = gate.settings.pairing
    windows = Windows(same_person_s=pairing.stale_after_s, reading_s=pairing.window_s)
    return reconcile_hour(seen, starts_at=starts_at, windows=windows)


def reconcile(gate: Gate, starts_at: datetime, *, officer_ref: str | None = None) -> bool:
    """Reconcile one hour and write it down; ``False`` when its newest record says the same already."""
    if starts_at != hour_of(starts_at) or not is_over(starts_at, now=gate.clock()):
        code = "coverage_hour_open"
        raise ActionRefusedError(code)
    lanes = tuple(lane_coverage(one) for one in lane_hours(gate, starts_at))
    future = gate.perform(lambda turn: _write(turn, starts_at, lanes=lanes), officer_ref=officer_ref)
    return future.result(COMMIT_TIMEOUT_S)


def kept_since(gate: Gate) -> datetime | None:
    """Return the hour from which on lists are kept; ``None``: no policy in force has a term. The shortest term counts.

    What lies before stays as it was reconciled: without its lists an hour would say less than its record.
    """
    now = gate.clock()
    terms = gate.policy.rules_at(now).of_type(ImmigrationListTerms)
    days = min((one.kept_for_days for one in terms), default=None)
    return None if days is None else hour_of(now - timedelta(days=days))


def forget_past_lists(gate: Gate) -> int:
    """Delete the lines of immigration lists whose term is over; return how many there were."""
    before = kept_since(gate)
    if before is None:
        return 0
    return gate.perform(lambda turn: delete_entries_before(turn.transaction, before)).result(COMMIT_TIMEOUT_S)


def reconcile_day(gate: Gate, begins_at: datetime, *, officer_ref: str) -> int:
    """Reconcile every hour of a day that is over and in which anything happened; return how many changed."""
    changed = 0
    for number in range(24):
        starts_at = begins_at + number * HOUR
        if is_over(starts_at, now=gate.clock()) and _is_worth_it(gate, starts_at):
            changed += reconcile(gate, starts_at, officer_ref=officer_ref)
    return changed


def hours_due(gate: Gate, *, back: timedelta = LOOKS_BACK) -> frozenset[datetime]:
    """Return the hours of which something became known later, and those that are over and were never reconciled.

    ``back``: how far behind now an hour is looked for that the edge slept through.
    """
    now = gate.clock()
    newest = hour_of(now - HOUR - SETTLED_AFTER)
    oldest = hour_of(now - back)
    with gate.store.readers.connect() as connection:
        waiting = [one for one in due_hours(connection, before=now) if is_over(one, now=now)]
        known = {one.starts_at for one in results_in(connection, Span(begins_at=oldest, ends_at=newest + HOUR))}
        passed = (oldest + number * HOUR for number in range((newest - oldest) // HOUR + 1))
        slept = [one for one in passed if one not in known and has_traces(connection, _hour(one))]
    worth = {one for one in {*waiting, *slept} if _is_worth_it(gate, one)}
    idle = [one for one in waiting if one not in worth]
    if idle:
        gate.perform(lambda turn: drop_due(turn.transaction, *idle)).result(COMMIT_TIMEOUT_S)
    return frozenset(worth)


def _hour(starts_at: datetime) -> Span:
    return Span(begins_at=starts_at, ends_at=starts_at + HOUR)


def _is_worth_it(gate: Gate, starts_at: datetime) -> bool:
    """An hour without passages and lists needs no record; one whose lists are deleted keeps the record it has."""
    since = kept_since(gate)
    if since is not None and starts_at < since:
        return False
    span = Span(begins_at=starts_at, ends_at=starts_at + HOUR)
    with gate.store.readers.connect() as connection:
        return has_traces(connection, span) or bool(listed_in(connection, span)) or bool(results_in(connection, span))


def lane_coverage(one: LaneHour) -> LaneCoverage:
    """Count one lane's hour as its record says it."""
    return msgspec.convert(
        {"lane_id": one.lane_id, **{figure.value: one.count(figure) for figure in Figure}}, LaneCoverage
    )


def _write(turn: Turn, starts_at: datetime, *, lanes: tuple[LaneCoverage, ...]) -> bool:
    drop_due(turn.transaction, starts_at)
    before = find_result(turn.transaction, starts_at)
    if before is not None and before.lanes == lanes:
        return False
    body = CoverageReconciled(
        starts_at=starts_at,
        revision=1 if before is None else before.revision + 1,
        lanes=lanes,
        replaces_record_id=None if before is None else before.record_id,
    )
    saved = turn.append(body, lane_id=None, observed_at=turn.at)
    put_result(
        turn.transaction,
        ReconciledHour(
            starts_at=starts_at,
            revision=body.revision,
            record_id=saved.record_id,
            reconciled_at=turn.at,
            lanes=lanes,
        ),
    )
    return True


def _logged(gate: Gate, row: CrossingInHour) -> LoggedCrossing:
    return LoggedCrossing(
        crossing_id=row.crossing_id,
        lane_id=row.lane_id,
        at=row.presented_at,
        direction=row.direction,
        document_key=document_key(row.document_number, key=gate.identity.person_index_key),
        is_measured=row.temperature_c is not None or row.recheck_c is not None,
        is_excepted=row.exception_code is not None,
        is_cleared=row.disposition is Disposition.CLEARED,
        is_turned_back=row.disposition is Disposition.REFUSED,
        is_withdrawn=row.disposition is Disposition.WITHDRAWN,
    )
