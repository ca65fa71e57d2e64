"""An officer's shift: begun and ended with the own temperature, and what is left is read by the next one."""

from typing import Annotated
from uuid import UUID

import msgspec

from checkpoint.actions.deciding import ReasonText
from checkpoint.actions.gate import Gate, Turn
from checkpoint.actions.kept_act import raised_of
from checkpoint.actions.refusals import ActionRefusedError
from checkpoint.lane import Phase
from checkpoint.shifts.hours import DayPlan
from checkpoint.store.crossings import open_crossings
from checkpoint.store.handhelds import read_waiting
from checkpoint.store.isolation import open_cases
from checkpoint.store.journal import Saved, SealedFor
from checkpoint.store.lanes import keep_episode_key
from checkpoint.store.shifts import (
    Handover,
    OfficerShift,
    add_handover,
    add_shift,
    end_shift,
    find_handover,
    find_shift,
    is_planned,
    open_shift_of,
    take_handover,
)
from sync.agreement.gate_records.shift import (
    OwnTemperatureTaken,
    ShiftClosed,
    ShiftHandedOver,
    ShiftOpened,
    ShiftTakenOver,
)
from sync.agreement.records import TravellerIdentity
from sync.agreement.shift_words import ShiftMoment
from sync.agreement.vocabulary import Disposition, MeasuringSite
from sync.exchange.sealing import new_episode_key, wrap_episode_key

OwnTemperature = Annotated[float, msgspec.Meta(ge=34, le=43)]
IN_TRANSIT = "in_transit"


class Leftover(msgspec.Struct, frozen=True, kw_only=True):
    """What stands open at the gate when an officer leaves: counts, and devices that do not work, by id.

    ``waiting_acts`` of handhelds wait to be mended, ``raised_acts`` of them with a raised reading: they are in no other
    count, and only the station shows them. ``ended_by``: who ended a shift that its officer forgot.
    """

    open_drafts: int = 0
    open_alarms: int = 0
    isolated: int = 0
    in_transit: int = 0
    waiting_acts: int = 0
    raised_acts: int = 0
    device_faults: tuple[str, ...] = ()
    ended_by: str = ""


class OpenCommand(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the officer works, and how warm the officer is. ``shift_id`` is made by the client."""

    shift_id: UUID
    lane_id: str
    temperature_c: OwnTemperature
    site: MeasuringSite


class CloseShiftCommand(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How warm the officer is at the end, and what the next one should know."""

    shift_id: UUID
    temperature_c: OwnTemperature
    site: MeasuringSite
    notes: Annotated[str, msgspec.Meta(max_length=1000)] = ""


class EndForCommand(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whose shift the head of the gate ends, and why its officer did not."""

    shift_id: UUID
    reason: ReasonText


class OwnTemperatureView(msgspec.Struct, frozen=True, kw_only=True):
    """What an own temperature means: raised ones are told to the head of the gate."""

    temperature_c: float
    limit_c: float | None
    is_raised: bool


def day_plan(gate: Gate) -> DayPlan:
    """Return how this province cuts its days into shifts."""
    return DayPlan([(shift.code, shift.minute_of_day) for shift in gate.deployment.shifts])


def open_shift(turn: Turn, command: OpenCommand) -> OwnTemperatureView:
    """Begin a shift; the temperature is part of it and a raised one is shown, never silently stopped at."""
    shift_id, username = str(command.shift_id), turn.officer_ref or ""
    view = _judged(turn, command.temperature_c, site=command.site)
    if find_shift(turn.transaction, shift_id) is not None:
        return view  # the same request again, because its answer was lost
    if command.lane_id not in turn.gate.settings.lanes:
        code = "no_such_lane"
        raise ActionRefusedError(code, http_code=404)
    if open_shift_of(turn.transaction, username) is not None:
        code = "shift_is_open"
        raise ActionRefusedError(code)
    hours = day_plan(turn.gate).at(turn.at)
    planned = is_planned(turn.transaction, username, hours=hours)
    opened = ShiftOpened(shift_id=shift_id, shift_day=hours.shift_day, shift_code=hours.code, is_planned=planned)
    turn.append(opened, lane_id=command.lane_id, observed_at=turn.at)
    _take_temperature(turn, shift_id, moment=ShiftMoment.START, view=view, site=command.site, lane_id=command.lane_id)
    shift = OfficerShift(
        shift_id=shift_id,
        username=username,
        lane_id=command.lane_id,
        shift_day=hours.shift_day,
        shift_code=hours.code,
        opened_at=turn.at,
        start_c=command.temperature_c,
    )
    add_shift(turn.transaction, shift)
    return view


def close_shift(turn: Turn, command: CloseShiftCommand, *, left: Leftover) -> OwnTemperatureView:
    """End the own shift: temperature, handover and end are one commit."""
    shift = find_shift(turn.transaction, str(command.shift_id))
    if shift is None or shift.username != turn.officer_ref:
        code = "no_such_shift"
        raise ActionRefusedError(code, http_code=404)
    view = _judged(turn, command.temperature_c, site=command.site)
    if shift.closed_at is not None:
        return view
    _take_temperature(turn, shift.shift_id, moment=ShiftMoment.END, view=view, site=command.site, lane_id=shift.lane_id)
    handover_id = _hand_over(turn, shift, left=left, notes=command.notes.strip())
    closed = ShiftClosed(shift_id=shift.shift_id, handover_id=handover_id)
    turn.append(closed, lane_id=shift.lane_id, observed_at=turn.at)
    end_shift(turn.transaction, shift.shift_id, at=turn.at, end_c=command.temperature_c)
    return view


def end_for(turn: Turn, command: EndForCommand, *, left: Leftover) -> None:
    """End the shift of an officer who forgot to: handed over with what stands open, without an own temperature.

    Nobody measured that officer at the end, and no record says otherwise; who ended it stands with the records.
    """
    shift = find_shift(turn.transaction, str(command.shift_id))
    if shift is None:
        code = "no_such_shift"
        raise ActionRefusedError(code, http_code=404)
    if shift.closed_at is not None:
        return
    by_another = msgspec.structs.replace(left, ended_by=turn.officer_ref or "")
    handover_id = _hand_over(turn, shift, left=by_another, notes=command.reason.strip())
    turn.append(
        ShiftClosed(shift_id=shift.shift_id, handover_id=handover_id), lane_id=shift.lane_id, observed_at=turn.at
    )
    end_shift(turn.transaction, shift.shift_id, at=turn.at, end_c=None)


def take_over(turn: Turn, handover_id: str) -> Saved | None:
    """Confirm that a handover was read; only another officer can, and only once. ``None``: it was done before."""
    handover = find_handover(turn.transaction, handover_id)
    if handover is None:
        code = "no_such_handover"
        raise ActionRefusedError(code, http_code=404)
    if handover.taken_by == turn.officer_ref:
        return None
    if handover.taken_by is not None or handover.given_by == turn.officer_ref:
        code = "handover_taken" if handover.taken_by is not None else "own_handover"
        raise ActionRefusedError(code)
    taken = ShiftTakenOver(handover_id=handover_id)
    saved = turn.append(taken, lane_id=handover.lane_id, observed_at=turn.at)
    take_handover(turn.transaction, handover_id, at=turn.at, username=turn.officer_ref or "")
    return saved


def leftover(gate: Gate, *, device_faults: tuple[str, ...]) -> Leftover:
    """Count what stands open at the gate now. Few rows are open, however many crossings there are."""
    with gate.store.readers.connect() as connection:
        rows = open_crossings(connection)
        cases = open_cases(connection)
        waiting = read_waiting(connection)
    return Leftover(
        open_drafts=sum(sheet.state.phase is not Phase.EMPTY for sheet in gate.sheets.values()),
        open_alarms=sum(row.disposition is Disposition.PENDING for row in rows),
        isolated=sum(row.place_id is not None for row in rows),
        in_transit=sum(case.path.state.value == IN_TRANSIT for case in cases.values()),
        waiting_acts=len(waiting),
        raised_acts=raised_of(waiting),
        device_faults=device_faults,
    )


def _judged(turn: Turn, temperature_c: float, *, site: MeasuringSite) -> OwnTemperatureView:
    rule = turn.gate.policy.rules_at(turn.at).fever_threshold_at(site)
    limit_c = None if rule is None else rule.fever_at_or_above_c
    is_raised = limit_c is not None and temperature_c >= limit_c
    return OwnTemperatureView(temperature_c=temperature_c, limit_c=limit_c, is_raised=is_raised)


def _take_temperature(
    turn: Turn, shift_id: str, *, moment: ShiftMoment, view: OwnTemperatureView, site: MeasuringSite, lane_id: str
) -> None:
    taken = OwnTemperatureTaken(
        shift_id=shift_id,
        moment=moment,
        temperature_c=view.temperature_c,
        site=site,
        limit_c=view.limit_c,
        is_raised=view.is_raised,
    )
    turn.append(taken, lane_id=lane_id, observed_at=turn.at)


def _hand_over(turn: Turn, shift: OfficerShift, *, left: Leftover, notes: str) -> str:
    handover_id = shift.shift_id  # one shift ends with one handover
    handed = ShiftHandedOver(
        handover_id=handover_id,
        shift_id=shift.shift_id,
        has_notes=bool(notes),
        open_drafts=left.open_drafts,
        open_alarms=left.open_alarms,
        isolated=left.isolated,
        in_transit=left.in_transit,
        device_faults=left.device_faults,
    )
    sealed = _sealed_notes(turn, handover_id, notes=notes) if notes else None
    turn.append(handed, lane_id=shift.lane_id, observed_at=turn.at, sealed_for=sealed)
    handover = Handover(
        handover_id=handover_id,
        shift_id=shift.shift_id,
        shift_day=shift.shift_day,
        shift_code=shift.shift_code,
        lane_id=shift.lane_id,
        given_at=turn.at,
        given_by=shift.username,
        summary=msgspec.json.encode(left),
        notes=notes,
    )
    add_handover(turn.transaction, handover)
    return handover_id


def _sealed_notes(turn: Turn, handover_id: str, *, notes: str) -> SealedFor:
    key = new_episode_key(turn.gate.random_bytes)
    keep_episode_key(turn.transaction, wrap_episode_key(key, episode_id=handover_id, recipients=turn.gate.recipients))
    identity = TravellerIdentity(full_name="", document_number="", remarks=notes)
    return SealedFor(identity=identity, episode_id=handover_id, episode_key=key)
