"""In which condition a device is: its link, its warm-up, its calibration, and what watching its readings found.

Pure: everything comes as an argument, the day and the hour too. Several conditions can hold at once (a device
that drifts can also be out of calibration): all are given, the gravest first. What follows for a reading is
not said here: that is policy's.

Sources: calibration within its period, and the state of a device shown: IEC 80601-2-59 and ISO/TR 13154 as
read second-hand (the bought texts are to be checked before anybody writes "conforms"); warm-up of at least
30 minutes: PMC8654479, table 1. A device without a calibration date is not called out of calibration: nobody
said when it would be; the register shows the gap.
"""

import math
from calendar import monthrange
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

import msgspec

from devices.health import DeviceHealth, DeviceState
from devices.measurement.drift import DriftAlarm
from devices.measurement.honesty.suspicions import Suspicion


class DeviceCondition(StrEnum):
    """How a device is, for an officer and for policy. The same slugs as ``sync.agreement.device_words``."""

    STARTING = "starting"
    UP = "up"
    WARMING_UP = "warming_up"
    STALE = "stale"
    DOWN = "down"
    MISCONFIGURED = "misconfigured"
    OUT_OF_CALIBRATION = "out_of_calibration"
    DRIFTING = "drifting"
    SUSPICIOUS = "suspicious"


GRAVEST_FIRST: Final = (
    DeviceCondition.MISCONFIGURED,
    DeviceCondition.DOWN,
    DeviceCondition.STALE,
    DeviceCondition.SUSPICIOUS,
    DeviceCondition.OUT_OF_CALIBRATION,
    DeviceCondition.DRIFTING,
    DeviceCondition.WARMING_UP,
    DeviceCondition.STARTING,
)
"""The order in which conditions are told when several hold; ``up`` is that none of these does."""

_OF_LINK: Final = {
    DeviceState.STARTING: DeviceCondition.STARTING,
    DeviceState.STALE: DeviceCondition.STALE,
    DeviceState.DOWN: DeviceCondition.DOWN,
    DeviceState.MISCONFIGURED: DeviceCondition.MISCONFIGURED,
}

ReasonValue = str | int | float


class WatchFindings(msgspec.Struct, frozen=True, kw_only=True):
    """What watching a device's readings found, as it stands now; empty: nothing speaks against it."""

    suspicions: tuple[Suspicion, ...] = ()
    drift_alarms: tuple[DriftAlarm, ...] = ()


class Upkeep(msgspec.Struct, frozen=True, kw_only=True):
    """What the register says of a device that its condition depends on.

    ``calibration_due_on`` is the last day on which its calibration holds, by the local calendar.
    """

    calibration_due_on: date | None = None
    warm_up_min: float = 0.0

    def __post_init__(self) -> None:
        """Refuse a warm-up that never ends, or ended before it began."""
        if not 0.0 <= self.warm_up_min <= 24 * 60:
            msg = "warm_up_min is a number of minutes from 0 to 1440"
            raise ValueError(msg)


class ConditionReason(msgspec.Struct, frozen=True, kw_only=True):
    """One reason for one condition: ``code`` names the label, ``values`` fill it."""

    condition: DeviceCondition
    code: str
    values: dict[str, ReasonValue] = {}


class JudgedDevice(msgspec.Struct, frozen=True, kw_only=True):
    """The gravest condition, and a reason for each one that holds, the gravest first. No reason: ``up``."""

    condition: DeviceCondition
    reasons: tuple[ConditionReason, ...] = ()

    @property
    def conditions(self) -> tuple[DeviceCondition, ...]:
        """Give every condition that holds, the gravest first, each once; ``up`` alone where none does."""
        return tuple(dict.fromkeys(reason.condition for reason in self.reasons)) or (self.condition,)


def judged(health: DeviceHealth, *, upkeep: Upkeep, findings: WatchFindings, at: datetime, today: date) -> JudgedDevice:
    """Judge one device at one instant; ``today`` is the local day of ``at``, for the calibration's date."""
    reasons = (
        *_link_reasons(health),
        *_suspicion_reasons(findings),
        *_calibration_reasons(upkeep, today=today),
        *_drift_reasons(findings),
        *_warm_up_reasons(health, warm_up_min=upkeep.warm_up_min, at=at),
    )
    in_order = tuple(sorted(reasons, key=lambda reason: GRAVEST_FIRST.index(reason.condition)))
    return JudgedDevice(condition=in_order[0].condition if in_order else DeviceCondition.UP, reasons=in_order)


def _link_reasons(health: DeviceHealth) -> tuple[ConditionReason, ...]:
    condition = _OF_LINK.get(health.state)
    if condition is None:
        return ()
    return (ConditionReason(condition=condition, code=f"link_{condition}"),)


def _calibration_reasons(upkeep: Upkeep, *, today: date) -> tuple[ConditionReason, ...]:
    due_on = upkeep.calibration_due_on
    if due_on is None or today <= due_on:
        return ()
    values: dict[str, ReasonValue] = {"due_on": due_on.isoformat(), "days": (today - due_on).days}
    return (ConditionReason(condition=DeviceCondition.OUT_OF_CALIBRATION, code="calibration_over", values=values),)


def _warm_up_reasons(health: DeviceHealth, *, warm_up_min: float, at: datetime) -> tuple[ConditionReason, ...]:
    """Say how long a device that stands still needs; one whose stream has no beginning is not warm either."""
    if not warm_up_min or health.state in _OF_LINK:
        return ()
    since = health.streaming_since or at
    left = since + timedelta(minutes=warm_up_min) - at
    if left <= timedelta():
        return ()
    values: dict[str, ReasonValue] = {"minutes": math.ceil(left / timedelta(minutes=1))}
    return (ConditionReason(condition=DeviceCondition.WARMING_UP, code="warm_up_left", values=values),)


def _suspicion_reasons(findings: WatchFindings) -> tuple[ConditionReason, ...]:
    return tuple(
        ConditionReason(
            condition=DeviceCondition.SUSPICIOUS,
            code=f"suspicion_{suspicion.code}",
            values={"readings": suspicion.readings},
        )
        for suspicion in findings.suspicions
    )


def _drift_reasons(findings: WatchFindings) -> tuple[ConditionReason, ...]:
    return tuple(
        ConditionReason(
            condition=DeviceCondition.DRIFTING,
            code=f"drift_{alarm.subject}",
            values={"shift_c": round(alarm.estimated_shift_c, 2), "readings": alarm.over_readings},
        )
        for alarm in findings.drift_alarms
    )


def last_day_of(calibrated_on: date, *, months: int) -> date:
    """Return the last day on which a calibration holds that is good for so many months.

    >>> last_day_of(date(2026, 8, 31), months=6).isoformat()
    '2027-02-28'
    """
    month = calibrated_on.month - 1 + months
    year, month = calibrated_on.year + month // 12, month % 12 + 1
    return date(year, month, min(calibrated_on.day, monthrange(year, month)[1]))
