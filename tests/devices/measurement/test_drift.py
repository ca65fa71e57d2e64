"""A lane that drifts is found soon, and one that does not is left in peace for long."""

from datetime import UTC, datetime, timedelta

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.measurement.drift import PEOPLE, REFERENCE, DriftSettings, DriftState, DriftSubject, begin, step
from tests.devices.measurement.thresholds.feeding import as_a_law

AT = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
CENTRES = {DriftSubject.NORMAL_READINGS: 35.66, DriftSubject.REFERENCE_BODY: -1.4}
BOTH = pytest.mark.parametrize("settings", [PEOPLE, REFERENCE], ids=["people", "reference"])


def charted(settings, values):
    """The state after the values, and the number of each that raised an alarm."""
    slim, alarms = msgspec.structs.replace(settings, chart_points=1), []
    state = begin(slim)
    for number, value_c in enumerate(values, 1):
        state, alarm = step(state, float(value_c), at=AT)
        alarms += [(number, alarm)] if alarm else []
    return state, alarms


@BOTH
def test_between_two_false_alarms_lie_at_least_500_readings_though_the_baseline_is_learnt(settings):
    random = np.random.default_rng(1)
    lanes, readings = 12, 2000
    found = 0
    for _ in range(lanes):
        values = random.normal(CENTRES[settings.subject], settings.spread_c, settings.learn_over + readings)
        found += len(charted(settings, values)[1])
    assert lanes * readings / max(found, 1) >= 500


@pytest.mark.parametrize(("settings", "shift_c"), [(PEOPLE, 0.3), (PEOPLE, -0.3), (REFERENCE, 2.0), (REFERENCE, -2.0)])
def test_the_shift_that_is_looked_for_is_found_within_50_readings(settings, shift_c):
    random, delays, told = np.random.default_rng(2), [], []
    for _ in range(40):
        centre_c = CENTRES[settings.subject]
        before = random.normal(centre_c, settings.spread_c, settings.learn_over + 100)
        after = random.normal(centre_c + shift_c, settings.spread_c, 400)
        alarms = charted(settings, [*before, *after])[1]
        late = [(number - len(before), alarm) for number, alarm in alarms if number > len(before)]
        delays.append(late[0][0])
        told.append(late[0][1].estimated_shift_c)
    assert np.mean(delays) <= 50
    assert np.sign(np.median(told)) == np.sign(shift_c)


def test_a_sensor_that_wanders_slowly_as_sensors_do_is_not_said_to_drift():
    random, found = np.random.default_rng(5), 0
    for _ in range(12):
        noise, off_c, values = random.normal(0.0, 0.3, 2000), -1.4, []
        for step_c in noise:
            off_c += 0.02 * (-1.4 - off_c) + 0.2 * step_c  # 0.3 K wide
            values.append(off_c)
        found += len(charted(REFERENCE, values)[1])
    assert 12 * 2000 / max(found, 1) >= 2000


def test_one_wild_reading_is_no_drift():
    random = np.random.default_rng(3)
    values = random.normal(35.66, 0.3, 300)
    values[250] = 41.0
    assert charted(PEOPLE, values)[1] == []


def test_the_chart_shows_each_reading_with_both_sums_and_is_never_without_bound():
    settings = msgspec.structs.replace(REFERENCE, learn_over=5, chart_points=20)
    state, alarm = begin(settings), None
    for number in range(60):
        value_c = -1.4 if number < 30 else 0.6
        state, new = step(state, value_c, at=AT + timedelta(seconds=number))
        alarm = alarm or new
    assert len(state.chart) == 20
    assert alarm.over_readings <= 4
    assert "moved by about +" in alarm.sentence
    assert any(point.is_drifting for point in state.chart)
    assert state.chart[-1].at == AT + timedelta(seconds=59)


@as_a_law
@given(values=st.lists(st.floats(30, 40), max_size=40))
def test_a_chart_survives_being_written_down_and_its_sums_are_never_negative(values):
    state = begin(msgspec.structs.replace(PEOPLE, learn_over=3))
    for value_c in values:
        state, _ = step(state, value_c, at=AT)
        assert min(state.upward, state.downward) >= 0.0
    assert msgspec.json.decode(msgspec.json.encode(state), type=DriftState) == state


def test_a_chart_that_would_never_or_always_speak_is_refused():
    for wrong in ({"spread_c": 0.0}, {"height": 0.0}, {"cap": 0.1}, {"learn_over": 0}):
        with pytest.raises(ValueError):
            msgspec.structs.replace(PEOPLE, **wrong)
    assert isinstance(PEOPLE, DriftSettings)
