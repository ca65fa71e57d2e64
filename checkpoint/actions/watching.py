"""Feeding what is watched: each reading, what became of the person, and the clinical second measurement.

All of it is part of the commit that keeps the reading or the crossing; nothing is fed twice, because a reading is
bound to one crossing once, and an alarm is answered once.
"""

from collections.abc import Iterable
from functools import cache
from typing import Annotated, Final

import msgspec

from checkpoint.actions.gate import Gate, Turn
from checkpoint.actions.refusals import ActionRefusedError
from checkpoint.store.lanes import log_access
from checkpoint.store.watching import (
    add_change,
    mark_reversed,
    newest_change,
    put_limit,
    put_point,
    restart_watch,
)
from checkpoint.watching import DriftKey, after_row, as_limit_of, key_of, learnt_change, method_of, row_of, state_for
from checkpoint.watching.drifts import at_reference_room_c
from devices.measurement.drift import DriftSubject
from devices.measurement.honesty.suspicions import observation_of
from devices.measurement.thresholds.limits import limit_at, reverse, step
from devices.measurement.thresholds.methods import Method
from devices.measurement.thresholds.state import Outcome, ThresholdKey, Verdict
from devices.reading import MeasuringSite as DeviceSite
from devices.reading import Reading
from devices.reading import ReadingKind as DeviceReadingKind
from sync.agreement.facts import Assessment, Measurement
from sync.agreement.gate_records.threshold import ThresholdReversed, WatchRestarted
from sync.agreement.policy.method_rules import ThresholdMethodRule
from sync.agreement.threshold_words import ReversalReason
from sync.agreement.vocabulary import MeasuringSite, ReadingKind, ReasonCode

_LIMIT_PLACES: Final = 3
ShortName = Annotated[str, msgspec.Meta(min_length=1, max_length=80)]


class ReverseCommand(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Take back the latest change of one limit, which is number ``number``."""

    device_id: ShortName
    lane_id: ShortName
    kind: ReadingKind
    site: MeasuringSite
    number: Annotated[int, msgspec.Meta(ge=1, le=2**53)]
    reason: ReversalReason


class RestartCommand(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Watch a device anew."""

    device_id: ShortName
    reason: ReversalReason


@cache
def _ordered(rule: ThresholdMethodRule) -> Method | None:
    return method_of(rule)


def with_learnt_limit(turn: Turn, measurement: Measurement) -> Measurement:
    """Say with a reading which limit its device has learnt for this room, where the policy orders it."""
    found = _limit_of(turn, measurement)
    if found is None:
        return measurement
    rule, key, method = found
    state = state_for(turn.gate.watch.limit(key, within=turn.transaction), key=key, method=method)
    limit_c = limit_at(state, ambient_c=measurement.ambient_c)
    rounded_c = None if limit_c is None else round(limit_c, _LIMIT_PLACES)
    return msgspec.structs.replace(measurement, threshold_method=rule.method, limit_c=rounded_c)


def note_reading(turn: Turn, reading: Reading) -> None:
    """Watch a reading that was kept: whether the device is honest, and sees its reference body as it did."""
    gate = turn.gate
    if not gate.watch.is_watched(reading.device_id):
        return
    observation = observation_of(reading)
    if observation is not None:
        turn.transaction.after_commit(lambda: gate.watch.observe(reading.device_id, observation))
    if reading.reference_offset_c is not None:
        key = DriftKey(reading.device_id, DriftSubject.REFERENCE_BODY, reading.kind, reading.site)
        _draw(turn, key, reading.reference_offset_c)


def note_screened(turn: Turn, measurements: Iterable[Measurement], *, assessment: Assessment) -> None:
    """Take what became of readings that were bound to a crossing just now: they passed, or wait for a second one."""
    raised = {
        str(reason.values.get("reading_id", ""))
        for reason in assessment.reasons
        if reason.code is ReasonCode.RAISED_READING
    }
    for measurement in measurements:
        if not _is_of_device(turn.gate, measurement):
            continue
        is_raised = measurement.reading_id in raised
        _settle(turn, measurement, was_raised=is_raised, verdict=Verdict.AWAITED if is_raised else Verdict.PASSED)
        if not is_raised:
            kind, site = DeviceReadingKind(measurement.kind.value), DeviceSite(measurement.site.value)
            key = DriftKey(measurement.device_id, DriftSubject.NORMAL_READINGS, kind, site)
            _draw(turn, key, at_reference_room_c(measurement))


def note_second(turn: Turn, measurements: Iterable[Measurement], *, assessment: Assessment) -> None:
    """Take the clinical thermometer's word on readings that were raised: a false alarm, or a fever."""
    is_fever = any(reason.code is ReasonCode.FEVER_CONFIRMED for reason in assessment.reasons)
    for measurement in measurements:
        if _is_of_device(turn.gate, measurement):
            _settle(turn, measurement, was_raised=True, verdict=Verdict.ELEVATED if is_fever else Verdict.NORMAL)


def reverse_change(turn: Turn, command: ReverseCommand) -> None:
    """Take back the latest change of a limit; refused where it is not the latest any more."""
    gate, at = turn.gate, turn.at
    key = ThresholdKey(
        device_id=command.device_id,
        lane_id=command.lane_id,
        place_id=gate.place.point_of_entry_id,
        kind=DeviceReadingKind(command.kind.value),
        sites=(DeviceSite(command.site.value),),
    )
    state = gate.watch.limit(key, within=turn.transaction)
    kept = newest_change(turn.transaction, key)
    is_latest = kept is not None and state is not None and state.figures.changes == command.number
    if kept is None or state is None or not is_latest or kept.change.key != key or kept.change.number != command.number:
        code = "change_not_latest"
        raise ActionRefusedError(code)
    restored = reverse(state, kept.change)
    mark_reversed(turn.transaction, kept.change_id, at=at)
    put_limit(turn.transaction, restored)
    gate.watch.stage_limit(restored, within=turn.transaction)
    turn.append(
        ThresholdReversed(
            limit_of=as_limit_of(key),
            number=command.number,
            reversed_at=at,
            reason=command.reason,
            before_c=kept.change.after_c,
            after_c=restored.figures.limit_c,
        ),
        lane_id=command.lane_id,
        observed_at=at,
    )
    _log(turn, "limit_reversed", subject=command.device_id, reason=command.reason)
    turn.transaction.after_commit(lambda: gate.watch.publish(within=turn.transaction))


def watch_anew(turn: Turn, command: RestartCommand) -> None:
    """Close what speaks against a device: somebody looked into it. Its limits stay as they are."""
    gate = turn.gate
    if not gate.watch.is_watched(command.device_id):
        code = "no_such_device"
        raise ActionRefusedError(code, http_code=404)
    restart_watch(turn.transaction, command.device_id, at=turn.at)
    lane = gate.settings.lane_of_device(command.device_id)
    turn.append(
        WatchRestarted(device_id=command.device_id, restarted_at=turn.at, reason=command.reason),
        lane_id=None if lane is None else lane.lane_id,
        observed_at=turn.at,
    )
    _log(turn, "watch_restarted", subject=command.device_id, reason=command.reason)
    turn.transaction.after_commit(lambda: gate.watch.forget(command.device_id))


def _settle(turn: Turn, measurement: Measurement, *, was_raised: bool, verdict: Verdict) -> None:
    """Let one outcome move the limit that its device has, and write down where it moved."""
    found = _limit_of(turn, measurement)
    if found is None:
        return
    rule, key, method = found
    gate, transaction = turn.gate, turn.transaction
    outcome = Outcome(
        key=key,
        reading_id=measurement.reading_id,
        told_at=turn.at,
        value_c=measurement.temperature_c,
        was_raised=was_raised,
        verdict=verdict,
        ambient_c=measurement.ambient_c,
    )
    state, change = step(state_for(gate.watch.limit(key, within=transaction), key=key, method=method), outcome)
    put_limit(transaction, state)
    gate.watch.stage_limit(state, within=transaction)
    if change is not None:
        add_change(transaction, change)
        turn.append(learnt_change(change, rule=rule), lane_id=key.lane_id, observed_at=turn.at)
    transaction.after_commit(lambda: gate.watch.publish(within=transaction))


def _draw(turn: Turn, key: DriftKey, value_c: float) -> None:
    watch, transaction = turn.gate.watch, turn.transaction
    drifts = after_row(watch.drift(key, within=transaction), value_c, at=turn.at)
    put_point(transaction, key, row_of(drifts), chart_points=drifts.state.settings.chart_points)
    watch.stage_drift(key, drifts, within=transaction)
    transaction.after_commit(lambda: watch.publish(within=transaction))


def _limit_of(turn: Turn, measurement: Measurement) -> tuple[ThresholdMethodRule, ThresholdKey, Method] | None:
    gate = turn.gate
    rule = gate.policy.rules_at(turn.at).method_for(measurement)
    lane = gate.settings.lane_of_device(measurement.device_id)
    method = None if rule is None or lane is None else _ordered(rule)
    if rule is None or lane is None or method is None:
        return None
    return rule, key_of(measurement, lane_id=lane.lane_id, place_id=gate.place.point_of_entry_id), method


def _is_of_device(gate: Gate, measurement: Measurement) -> bool:
    """Whether a device of this edge measured it by itself, and it may be used."""
    is_clinical = measurement.kind is ReadingKind.CLINICAL
    return measurement.is_usable and not is_clinical and gate.watch.is_watched(measurement.device_id)


def _log(turn: Turn, action: str, *, subject: str, reason: ReversalReason) -> None:
    log_access(
        turn.transaction,
        at=turn.at,
        officer_ref=turn.officer_ref or "",
        action=action,
        subject=subject,
        reason=reason.value,
    )
