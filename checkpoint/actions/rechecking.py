"""The clinical recheck that ends an alarm, and the way out of the isolation room."""

from typing import Annotated
from uuid import UUID

import msgspec

from checkpoint.actions.assessing import lane_facts
from checkpoint.actions.deciding import (
    MeasureCommand,
    ReasonText,
    Temperature,
    hand_measurement,
    measure_person,
    require_draft,
)
from checkpoint.actions.gate import Turn
from checkpoint.actions.refusals import ActionRefusedError
from checkpoint.actions.saving import Referral, isolate, restart_clocks
from checkpoint.actions.sheet import ClosedCrossing, LaneSheet
from checkpoint.clocks import start_clocks
from checkpoint.isolation import IsolationError, RoomReason, discharge, require_way_out
from checkpoint.lane import Phase, finish_recheck, set_aside
from checkpoint.store.crossings import CrossingRow, find_crossing, first_record, note_recheck, settle_crossing
from checkpoint.store.journal import Saved
from checkpoint.store.lanes import hold_place, log_access, read_room, stop_running_clocks
from sync.agreement.assessment import assess
from sync.agreement.facts import Assessment, Facts, Measurement
from sync.agreement.records import CrossingScreened, TemperatureRechecked, TravellerDischarged
from sync.agreement.vocabulary import DeviceKind, Disposition, MeasuringSite, Outcome, ReadingKind
from sync.exchange.envelope import body_of, decode_record

NO_PLACE = ""
_DISPOSITIONS = {
    Outcome.CLEARED: Disposition.CLEARED,
    Outcome.REFERRED: Disposition.REFERRED,
    Outcome.REFUSED: Disposition.REFUSED,
}


class RecheckCommand(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the clinical thermometer said, and where it was held."""

    crossing_id: UUID
    temperature_c: Temperature
    site: MeasuringSite


class SetAsideCommand(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whom the officer leads aside."""

    draft_id: UUID


class DischargeCommand(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a person goes from the isolation room, and why."""

    disposition: Disposition
    destination: Annotated[str, msgspec.Meta(min_length=2, max_length=200)]
    reason: ReasonText


def recheck_person(turn: Turn, lane_id: str, command: RecheckCommand) -> LaneSheet:
    """Close an alarm by a clinical reading: cleared, refused, or referred and isolated, in one commit."""
    crossing_id = str(command.crossing_id)
    sheet = turn.sheet(lane_id)
    row = find_crossing(turn.transaction, crossing_id)
    if row is None:
        return _measure_clinically(turn, lane_id, command)
    if row.disposition is not Disposition.PENDING:
        if row.recheck_c == command.temperature_c:
            return sheet  # the same request again, because its answer was lost
        code = "not_awaiting_recheck"
        raise ActionRefusedError(code)
    is_here = sheet.state.phase is Phase.AWAITING_RECHECK and sheet.state.person.crossing_id == crossing_id
    measurement = hand_measurement(
        turn, lane_id, temperature_c=command.temperature_c, site=command.site, kind=ReadingKind.CLINICAL
    )
    facts = _facts(turn, row, sheet=sheet if is_here else None, measurement=measurement)
    closed = _write_recheck(turn, lane_id, row=row, facts=facts)
    if not is_here:
        return turn.stage(lane_id, msgspec.structs.replace(sheet, saved=closed.saved, closed=closed))
    state = finish_recheck(sheet.state)
    return turn.stage(lane_id, LaneSheet(state=state, saved=closed.saved, closed=closed))


def set_aside_person(turn: Turn, lane_id: str, command: SetAsideCommand) -> LaneSheet:
    """Lead a person with an alarm aside to be rechecked there, so that the lane can go on.

    The crossing stays pending, its clocks run on, and it stands among those who wait at the isolation
    room, where the clinical reading is entered. Asking again, because the answer was lost, changes nothing.
    """
    sheet, crossing_id = turn.sheet(lane_id), str(command.draft_id)
    is_here = sheet.state.presentation is not None and sheet.state.person.crossing_id == crossing_id
    if not is_here and find_crossing(turn.transaction, crossing_id) is not None:
        return sheet
    require_draft(sheet, command.draft_id)
    log_access(
        turn.transaction,
        at=turn.at,
        officer_ref=turn.officer_ref or "",
        action="person_set_aside",
        subject=crossing_id,
        reason="",
    )
    return turn.stage(lane_id, LaneSheet(state=set_aside(sheet.state), saved=sheet.saved))


def _measure_clinically(turn: Turn, lane_id: str, command: RecheckCommand) -> LaneSheet:
    """Take a clinical reading of a person whose crossing is not written down yet: it is the first one."""
    require_draft(turn.sheet(lane_id), command.crossing_id)
    measured = MeasureCommand(
        temperature_c=command.temperature_c, device_kind=DeviceKind.CLINICAL_THERMOMETER, site=command.site
    )
    return measure_person(turn, lane_id, measured)


def admit_person(turn: Turn, crossing_id: str) -> Referral:
    """Give a place to a person who stayed referred because the room was full."""
    row = require_crossing(turn, crossing_id)
    if row.disposition is not Disposition.REFERRED or not row.is_open:
        code = "not_referred"
        raise ActionRefusedError(code)
    return isolate(turn, crossing_id, lane_id=row.lane_id, nationality=row.nationality)


def discharge_person(turn: Turn, crossing_id: str, command: DischargeCommand) -> Saved:
    """Let a person leave the gate's care; every clock of the crossing stops.

    From a place of the isolation room, or straight from waiting for one where the room is full.
    """
    row = require_crossing(turn, crossing_id)
    if not row.is_open and row.disposition is command.disposition:
        return Saved(sequence=row.last_sequence, record_id=row.record_id, recorded_at=row.recorded_at)
    place_id = _place_left(turn, row, disposition=command.disposition)
    discharged = TravellerDischarged(
        crossing_id=crossing_id,
        place_id=place_id,
        disposition=command.disposition,
        destination=command.destination,
        reason=command.reason,
    )
    saved = turn.append(discharged, lane_id=row.lane_id, observed_at=turn.at)
    if place_id != NO_PLACE:
        hold_place(turn.transaction, place_id, crossing_id=None, at=None)
    stop_running_clocks(turn.transaction, crossing_id, at=turn.at)
    settle_crossing(
        turn.transaction,
        crossing_id,
        disposition=command.disposition,
        place_id=None,
        saved=saved,
        has_left=True,
    )
    log_access(
        turn.transaction,
        at=turn.at,
        officer_ref=turn.officer_ref or "",
        action="discharged",
        subject=crossing_id,
        reason=command.reason,
    )
    return saved


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


def require_crossing(turn: Turn, crossing_id: str) -> CrossingRow:
    """Return a crossing of this edge, or refuse with 404."""
    row = find_crossing(turn.transaction, crossing_id)
    if row is None:
        code = "no_such_crossing"
        raise ActionRefusedError(code, http_code=404)
    return row


def _facts(turn: Turn, row: CrossingRow, *, sheet: LaneSheet | None, measurement: Measurement) -> Facts:
    """Take the facts of the person in the lane, or those of the record that opened the crossing."""
    if sheet is not None:
        return lane_facts(turn.gate, sheet.state, at=turn.at, added=(measurement,))
    screened = body_of(decode_record(first_record(turn.transaction, row)))
    if not isinstance(screened, CrossingScreened):
        msg = f"record {row.sequence} opens crossing {row.crossing_id} but is no crossing_screened"
        raise TypeError(msg)
    return msgspec.structs.replace(screened.facts, measurements=(*screened.facts.measurements, measurement))


def _write_recheck(turn: Turn, lane_id: str, *, row: CrossingRow, facts: Facts) -> ClosedCrossing:
    assessment = assess(facts, turn.gate.policy, at=turn.at)
    measurement = facts.measurements[-1]
    disposition = _require_end(assessment)
    rechecked = TemperatureRechecked(
        crossing_id=row.crossing_id,
        measurement=measurement,
        assessment=assessment,
        disposition=disposition,
        clocks=start_clocks(assessment.clocks, at=turn.at),
    )
    saved = turn.append(rechecked, lane_id=lane_id, observed_at=measurement.observed_at)
    note_recheck(turn.transaction, row.crossing_id, measurement=measurement, outcome=assessment.outcome.value)
    settle_crossing(turn.transaction, row.crossing_id, disposition=disposition, place_id=None, saved=saved)
    restart_clocks(turn, row.crossing_id, assessment=assessment)
    referral = Referral()
    if disposition is Disposition.REFERRED:
        referral = isolate(turn, row.crossing_id, lane_id=lane_id, nationality=facts.nationality)
    return ClosedCrossing(
        crossing_id=row.crossing_id,
        disposition=Disposition.ISOLATED if referral.place_id else disposition,
        assessment=assessment,
        saved=saved,
        place_id=referral.place_id,
        room_reason=referral.room_reason,
    )


def _require_end(assessment: Assessment) -> Disposition:
    """A clinical reading ends the alarm unless something else is missing; then that comes first."""
    disposition = _DISPOSITIONS.get(assessment.outcome)
    if disposition is None:
        code = "recheck_not_complete"
        reason = assessment.reasons[0].code.value if assessment.reasons else ""
        raise ActionRefusedError(code, values={"outcome": assessment.outcome.value, "reason": reason})
    return disposition
