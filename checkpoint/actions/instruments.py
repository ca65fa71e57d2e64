"""The gate's instruments: in which condition each is, when that changed, and what a reading of it is worth.

Judged when somebody asks and at each reading, from what is known here: nothing is asked of a network.
"""

from datetime import datetime, timedelta
from typing import Final

import msgspec

from checkpoint.actions.gate import Gate, Turn
from checkpoint.settings import DeviceSettings
from checkpoint.store.accounts import COMMIT_TIMEOUT_S
from checkpoint.store.instruments import StandingCondition, put_condition
from devices.condition import DeviceCondition, JudgedDevice, Upkeep, judged
from devices.errors import DeviceError
from devices.health import DeviceHealth, DeviceState
from devices.registry import load_driver
from sync.agreement.device_words import EXCLUDABLE_CONDITIONS
from sync.agreement.device_words import DeviceCondition as Agreed
from sync.agreement.facts import Measurement
from sync.agreement.gate_records.device import DeviceConditionChanged
from sync.agreement.local_time import local_date
from sync.agreement.policy.device_rules import DeviceConsequence

STANDS_FOR: Final = timedelta(seconds=4)
"""A change must stand that long before it is a record: a plug pulled and pushed again is none."""
LONGEST_S: Final = 366 * 24 * 3600


def condition_of(gate: Gate, device: DeviceSettings, *, health: DeviceHealth | None, at: datetime) -> JudgedDevice:
    """Judge one device; one whose link nobody watches (a hand thermometer) is judged by the register alone."""
    return judged(
        health or DeviceHealth(device_id=device.device_id, state=DeviceState.UP),
        upkeep=Upkeep(
            calibration_due_on=device.calibration_due,
            warm_up_min=0.0 if health is None else _warm_up_min(device),
        ),
        findings=gate.instruments.findings(device.device_id),
        at=at,
        today=local_date(at),
    )


def conditions(gate: Gate, *, at: datetime) -> dict[str, JudgedDevice]:
    """Judge every device of the settings."""
    health = gate.instruments.health()
    return {
        one.device_id: condition_of(gate, one, health=health.get(one.device_id), at=at) for one in gate.settings.device
    }


def as_policy_allows(gate: Gate, measurement: Measurement, *, at: datetime) -> Measurement:
    """Take a reading of a doubtful device away from decisions, as far as the policy in force says so.

    It is kept, shown and counted with its reason. Nothing is ever made usable here, and a raised reading of a
    device that is only to be rechecked stays an alarm.
    """
    device = gate.settings.device_of(measurement.device_id)
    if device is None:
        return measurement
    health = gate.instruments.health().get(device.device_id)
    rules = gate.policy.rules_at(at)
    against = []
    for condition in condition_of(gate, device, health=health, at=at).conditions:
        agreed = Agreed(condition.value)
        if agreed not in EXCLUDABLE_CONDITIONS:
            continue
        consequence = rules.device_consequence(agreed)
        is_out = consequence is DeviceConsequence.EXCLUDE
        if is_out or (consequence is DeviceConsequence.RECHECK and not _is_raised(gate, measurement, at=at)):
            against.append(f"device_{agreed}")
    if not against:
        return measurement
    reasons = tuple(dict.fromkeys((*measurement.unusable_because, *against)))
    return msgspec.structs.replace(measurement, unusable_because=reasons)


def look_at_devices(gate: Gate) -> None:
    """Note in the journal which device came into another condition, once the change has stood a moment.

    That a device works when it is first seen is no change.
    """
    at, book = gate.clock(), gate.instruments
    changing: dict[str, tuple[DeviceCondition, datetime]] = {}
    for device_id, found in conditions(gate, at=at).items():
        standing = book.standing.get(device_id)
        if standing is None and found.condition is DeviceCondition.UP:
            book.note(device_id, standing=StandingCondition(condition=Agreed.UP, since=at))
        elif found.condition is not DeviceCondition.STARTING and not _is_as_before(found, standing):
            seen, since = book.changing.get(device_id, (found.condition, at))
            changing[device_id] = (found.condition, since if seen is found.condition else at)
            if at - changing[device_id][1] >= STANDS_FOR:
                _note_change(gate, device_id, found=found, since=changing.pop(device_id)[1])
    book.changing = changing


def _is_as_before(found: JudgedDevice, standing: StandingCondition | None) -> bool:
    return standing is not None and standing.condition.value == found.condition.value


def _note_change(gate: Gate, device_id: str, *, found: JudgedDevice, since: datetime) -> None:
    gate.perform(lambda turn: note_condition(turn, device_id, found=found, since=since)).result(COMMIT_TIMEOUT_S)


def note_condition(turn: Turn, device_id: str, *, found: JudgedDevice, since: datetime) -> None:
    """Write that a device is in another condition from ``since`` on, and for how long it was as it was before."""
    gate = turn.gate
    device, lane = gate.settings.device_of(device_id), gate.settings.lane_of_device(device_id)
    if device is None:
        return
    became = Agreed(found.condition.value)
    before = gate.instruments.standing.get(device_id) or StandingCondition(condition=Agreed.STARTING, since=since)
    standing = StandingCondition(condition=became, since=since)
    put_condition(turn.transaction, device_id, standing=standing)
    turn.append(
        DeviceConditionChanged(
            device_id=device_id,
            model=device.driver,
            lane_id="" if lane is None else lane.lane_id,
            was=before.condition,
            became=became,
            since=since,
            lasted_s=min(LONGEST_S, max(0, int((since - before.since).total_seconds()))),
            reasons=tuple(dict.fromkeys(reason.code for reason in found.reasons)),
        ),
        lane_id=None if lane is None else lane.lane_id,
        observed_at=since,
    )
    turn.transaction.after_commit(lambda: _publish(gate, device_id, standing=standing))


def _publish(gate: Gate, device_id: str, *, standing: StandingCondition) -> None:
    gate.instruments.note(device_id, standing=standing)
    lane = gate.settings.lane_of_device(device_id)
    if lane is not None:
        gate.wake(lane.lane_id)


def _is_raised(gate: Gate, measurement: Measurement, *, at: datetime) -> bool:
    """Whether a reading reaches the very limit that the assessment holds it against, as measured or as printed.

    A scenario that lowers limits is left out: what only it would call raised is measured by another instrument.
    """
    found, measured_c = gate.policy.rules_at(at).screening_limit(measurement), measurement.temperature_c
    return found is not None and max(measured_c, round(measured_c, 1)) >= round(found[1], 2)


def _warm_up_min(device: DeviceSettings) -> float:
    """Return the warm-up that the register states for this very device, else its maker for the model."""
    if device.warm_up_min is not None:
        return device.warm_up_min
    try:
        return load_driver(device.driver).manifest.warm_up_min
    except DeviceError:
        return 0.0
