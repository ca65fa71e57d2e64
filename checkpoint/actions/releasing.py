"""The ways into and out of a place of the isolation room: admitted, let go on, turned back."""

from typing import Annotated

import msgspec

from checkpoint.actions.deciding import ReasonText
from checkpoint.actions.gate import Turn
from checkpoint.actions.handing_over import OWED_AFTER_LEAVING
from checkpoint.actions.path_steps import Standing, case_of, require_move, standing
from checkpoint.actions.rechecking import require_crossing
from checkpoint.actions.refusals import ActionRefusedError
from checkpoint.actions.remarks import sealed_remark
from checkpoint.actions.saving import Referral, counted_as, isolate, saved_before
from checkpoint.isolation import IsolationError, RoomReason, discharge, require_way_out
from checkpoint.isolation.path import PathEvent, PathState
from checkpoint.store.crossings import CrossingRow, settle_crossing
from checkpoint.store.isolation import add_act, put_case
from checkpoint.store.journal import Saved
from checkpoint.store.lanes import clocks_of, hold_place, log_access, read_room, stop_clock
from sync.agreement.records import SEALED_WORDS, TravellerDischarged
from sync.agreement.vocabulary import Disposition, ExceptionCode

NO_PLACE = ""
_EVENTS = {
    Disposition.CLEARED: PathEvent.RELEASED,
    Disposition.REFUSED: PathEvent.TURNED_BACK,
}


class DischargeCommand(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a person goes from the isolation room, and why."""

    disposition: Disposition
    destination: Annotated[str, msgspec.Meta(min_length=2, max_length=200)]
    reason: ReasonText


def admit_person(turn: Turn, crossing_id: str) -> Referral:
    """Give a place to a person who stayed referred because the room was full."""
    row = require_crossing(turn, crossing_id)
    if row.disposition is not Disposition.REFERRED or not row.is_open:
        code = "not_referred"
        raise ActionRefusedError(code)
    require_move(standing(turn, crossing_id), PathEvent.ADMITTED)
    return isolate(turn, crossing_id, lane_id=row.lane_id)


def discharge_person(turn: Turn, crossing_id: str, command: DischargeCommand) -> Saved:
    """Let a person leave the gate for good, cleared or turned back.

    From a place of the isolation room, or straight from waiting for one where the room is full. Who goes to a
    facility is handed over to somebody instead, and is not gone before the facility says so (``handing_over``).
    """
    row = require_crossing(turn, crossing_id)
    if _is_said_again(row, command):
        return saved_before(turn, row)
    place_id = _place_left(turn, row, disposition=command.disposition)
    found = standing(turn, crossing_id)
    event = _EVENTS[command.disposition]
    require_move(found, event)
    if event is PathEvent.RELEASED:
        _require_checked(found)
    saved = _write_discharge(turn, found.row, command, place_id=place_id)
    _close_case(turn, found, event=event, saved=saved)
    return saved


def write_departure(turn: Turn, row: CrossingRow, command: DischargeCommand) -> Saved:
    """Write that somebody without a case has left the gate already, whatever is still open of their crossing."""
    return _write_discharge(turn, row, command, place_id=NO_PLACE)


def close_withdrawn(turn: Turn, row: CrossingRow, *, saved: Saved) -> None:
    """End the case of a crossing that was logged in error, if it has one."""
    case = case_of(turn, row)
    if case is not None:
        _close_case(turn, Standing(row=row, case=case, clocks=()), event=PathEvent.WITHDRAWN, saved=saved)


def require_withdrawable(turn: Turn, row: CrossingRow) -> None:
    """Refuse to withdraw the crossing of a person whom the gate is caring for."""
    case = case_of(turn, row)
    if case is not None and (case.path.state is not PathState.HELD or case.path.proposed_at is not None):
        code = "still_in_care"
        raise ActionRefusedError(code)


def _require_checked(found: Standing) -> None:
    """Let nobody go on who refused to be measured, unless a physical check of them has ended (R008)."""
    row = found.row
    is_unmeasured = row.temperature_c is None and row.recheck_c is None
    refused = is_unmeasured and row.exception_code == ExceptionCode.REFUSED_MEASUREMENT.value
    if refused and found.case.path.check_ended_at is None:  # a declined proposal leads to CHECKED without a check
        code = "never_measured"
        raise ActionRefusedError(code)


def _is_said_again(row: CrossingRow, command: DischargeCommand) -> bool:
    return row.disposition is command.disposition and not row.is_open


def _write_discharge(turn: Turn, row: CrossingRow, command: DischargeCommand, *, place_id: str) -> Saved:
    discharged = TravellerDischarged(
        crossing_id=row.crossing_id,
        place_id=place_id,
        disposition=command.disposition,
        reason=SEALED_WORDS,
    )
    sealed_for = sealed_remark(turn, row, command.reason, destination=command.destination)
    saved = turn.append(discharged, lane_id=row.lane_id, observed_at=turn.at, sealed_for=sealed_for)
    if place_id != NO_PLACE:
        hold_place(turn.transaction, place_id, crossing_id=None, at=None)
    for clock in clocks_of(turn.transaction, row.crossing_id):
        if clock.kind not in OWED_AFTER_LEAVING:
            stop_clock(turn.transaction, row.crossing_id, kind=clock.kind, at=turn.at)
    settle_crossing(
        turn.transaction,
        row.crossing_id,
        disposition=command.disposition,
        place_id=None,
        saved=saved,
        has_left=True,
    )
    before, now = counted_as(row), counted_as(row, disposition=command.disposition)
    turn.transaction.after_commit(lambda: turn.gate.tally.replace(before, now=now))
    log_access(
        turn.transaction,
        at=turn.at,
        officer_ref=turn.officer_ref or "",
        action="discharged",
        subject=row.crossing_id,
        reason=command.reason,
    )
    return saved


def _close_case(turn: Turn, found: Standing, *, event: PathEvent, saved: Saved) -> None:
    path = msgspec.structs.replace(found.case.path, state=require_move(found, event))
    case = msgspec.structs.replace(found.case, path=path)
    put_case(turn.transaction, found.row.crossing_id, case=case, at=turn.at)
    add_act(
        turn.transaction,
        saved.record_id,
        crossing_id=found.row.crossing_id,
        event=event,
        officer_ref=turn.officer_ref or "",
        saved=saved,
    )


def _place_left(turn: Turn, row: CrossingRow, *, disposition: Disposition) -> str:
    """Return the place that becomes free, or ``NO_PLACE`` for a referred person who waits for one."""
    try:
        if row.disposition is Disposition.REFERRED and row.is_open:
            require_way_out(disposition)
            return NO_PLACE
        room_id = turn.gate.settings.isolation.room_id
        discharge(read_room(turn.transaction, room_id=room_id), row.crossing_id, disposition=disposition)
    except IsolationError as error:
        raise ActionRefusedError(error.code.value) from error
    if row.place_id is None:
        raise ActionRefusedError(RoomReason.NOT_ISOLATED.value)
    return row.place_id
