"""In which condition a device is, judged from its link, its warm-up, its calibration and its readings."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.condition import (
    GRAVEST_FIRST,
    DeviceCondition,
    JudgedDevice,
    Upkeep,
    WatchFindings,
    judged,
)
from devices.health import DeviceHealth, DeviceState
from devices.measurement.drift import DriftAlarm, DriftSubject
from devices.measurement.honesty.suspicions import Suspicion, SuspicionCode

AT = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
TODAY = date(2026, 11, 22)
SUSPICION = Suspicion(code=SuspicionCode.FROZEN, at=AT, readings=12, observed=9, expected=1)
ALARM = DriftAlarm(subject=DriftSubject.REFERENCE_BODY, at=AT, estimated_shift_c=0.31, over_readings=3, baseline_c=0.0)
FOUND = WatchFindings(suspicions=(SUSPICION,), drift_alarms=(ALARM,))


def looked_at(
    state: DeviceState = DeviceState.UP,
    *,
    minutes_up: float = 60.0,
    warm_up_min: float = 30.0,
    due_on: date | None = None,
    findings: WatchFindings | None = None,
) -> JudgedDevice:
    since = AT - timedelta(minutes=minutes_up) if state is DeviceState.UP else None
    return judged(
        DeviceHealth(device_id="face-1", state=state, streaming_since=since),
        upkeep=Upkeep(calibration_due_on=due_on, warm_up_min=warm_up_min),
        findings=findings or WatchFindings(),
        at=AT,
        today=TODAY,
    )


def test_a_warm_calibrated_device_that_nobody_suspects_is_up():
    found = looked_at(due_on=TODAY)
    assert found.condition is DeviceCondition.UP
    assert found.reasons == ()
    assert found.conditions == (DeviceCondition.UP,)


def test_a_device_without_a_calibration_date_is_not_called_out_of_calibration():
    assert looked_at().condition is DeviceCondition.UP


def test_the_day_after_its_calibration_ends_a_device_is_out_of_calibration_and_says_since_when():
    found = looked_at(due_on=TODAY - timedelta(days=1))
    assert found.condition is DeviceCondition.OUT_OF_CALIBRATION
    assert found.reasons[0].values == {"due_on": "2026-11-21", "days": 1}


@pytest.mark.parametrize(("minutes_up", "left"), [(0.0, 30), (29.5, 1), (30.0, None)])
def test_a_camera_warms_up_for_as_long_as_its_maker_says(minutes_up, left):
    found = looked_at(minutes_up=minutes_up)
    assert found.condition is (DeviceCondition.UP if left is None else DeviceCondition.WARMING_UP)
    assert [reason.values for reason in found.reasons] == ([] if left is None else [{"minutes": left}])


def test_what_the_watch_found_is_told_with_its_evidence():
    found = looked_at(findings=FOUND)
    assert found.conditions == (DeviceCondition.SUSPICIOUS, DeviceCondition.DRIFTING)
    assert [reason.code for reason in found.reasons] == ["suspicion_frozen", "drift_reference_body"]
    assert found.reasons[1].values == {"shift_c": 0.31, "readings": 3}


@pytest.mark.parametrize("state", [state for state in DeviceState if state is not DeviceState.UP])
def test_a_device_that_cannot_be_heard_is_never_up_and_never_warming_up(state):
    found = looked_at(state, due_on=TODAY - timedelta(days=1))
    assert DeviceCondition.UP not in found.conditions
    assert DeviceCondition.WARMING_UP not in found.conditions
    assert DeviceCondition.OUT_OF_CALIBRATION in found.conditions, "one evil does not hide another"


@given(
    state=st.sampled_from(DeviceState),
    minutes_up=st.floats(0, 120),
    days=st.none() | st.integers(-400, 400),
    has_suspicion=st.booleans(),
    has_alarm=st.booleans(),
)
def test_whatever_holds_is_told_and_the_gravest_first(state, minutes_up, days, has_suspicion, has_alarm):
    due_on = None if days is None else TODAY + timedelta(days=days)
    findings = WatchFindings(
        suspicions=(SUSPICION,) if has_suspicion else (), drift_alarms=(ALARM,) if has_alarm else ()
    )
    found = looked_at(state, minutes_up=minutes_up, due_on=due_on, findings=findings)
    assert (DeviceCondition.SUSPICIOUS in found.conditions) is has_suspicion
    assert (DeviceCondition.DRIFTING in found.conditions) is has_alarm
    assert (DeviceCondition.OUT_OF_CALIBRATION in found.conditions) is (days is not None and days < 0)
    assert (found.condition is DeviceCondition.UP) is (found.reasons == ())
    if found.reasons:
        order = [GRAVEST_FIRST.index(condition) for condition in found.conditions]
        assert order == sorted(order)
        assert found.condition is found.conditions[0]


def test_every_condition_but_up_has_its_place_in_the_order():
    assert set(GRAVEST_FIRST) == set(DeviceCondition) - {DeviceCondition.UP}


@pytest.mark.parametrize("minutes", [-1.0, 1441.0, float("nan")])
def test_a_warm_up_that_never_ends_cannot_be_registered(minutes):
    with pytest.raises(ValueError, match="warm_up_min"):
        Upkeep(warm_up_min=minutes)
