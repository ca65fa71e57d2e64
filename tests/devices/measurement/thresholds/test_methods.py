"""Fixed and rolling limits, and that quantities are never mixed."""

from datetime import datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.measurement.thresholds.limits import begin, is_raised, limit_at, reverse, step
from devices.measurement.thresholds.methods import FixedMethod, RollingMethod
from devices.measurement.thresholds.state import (
    ChangeReason,
    MixedQuantityError,
    Outcome,
    ThresholdKey,
    ThresholdState,
    Verdict,
)
from devices.reading import MeasuringSite, ReadingKind
from tests.devices.measurement.thresholds.feeding import AT, KEY, as_a_law, outcome, seen


@as_a_law
@given(values=st.lists(st.floats(30, 42), max_size=30))
def test_nothing_moves_a_fixed_limit(values):
    state = begin(KEY, method=FixedMethod(limit_c=36.1))
    for number, value_c in enumerate(values):
        after, changes, raised = seen(state, number, value_c)
        assert (after, changes, raised) == (state, [], value_c >= 36.1)


def test_the_first_person_is_always_normal_and_then_the_mean_of_ten_plus_a_delta_holds():
    state = begin(KEY, method=RollingMethod(delta_c=1.0))
    state, _, raised = seen(state, 0, 41.0)
    assert not raised
    for number in range(1, 12):
        state, _, _ = seen(state, number, 35.0 + 0.1 * (number % 2))
    assert limit_at(state, ambient_c=None) == pytest.approx(36.05)
    assert is_raised(state, key=KEY, value_c=36.06, ambient_c=None)


def test_whoever_is_ill_spoils_the_rolling_mean_and_that_is_its_documented_weakness():
    state = begin(KEY, method=RollingMethod(delta_c=1.0))
    for number in range(10):
        state, _, _ = seen(state, number, 35.5)
    spoilt, _, raised = seen(state, 10, 39.5, is_elevated=True)
    assert raised
    assert limit_at(spoilt, ambient_c=None) == pytest.approx(36.9)


def test_too_cold_or_too_warm_is_no_result_and_extremes_can_be_dropped():
    state = begin(KEY, method=RollingMethod(drops_extremes=True))
    for number, value_c in enumerate((20.0, 45.0, 34.0, 35.0, 37.0)):
        state, _, _ = seen(state, number, value_c)
    assert limit_at(state, ambient_c=None) == pytest.approx(36.0)
    assert state.figures.ignored == 2


def test_after_a_pause_the_mean_is_forgotten_where_the_policy_says_so():
    state = begin(KEY, method=RollingMethod(forget_after_s=600))
    state, _, _ = seen(state, 0, 37.0)
    said = outcome(1, 35.0, raised=False, verdict=Verdict.PASSED, minutes=11)
    state, change = step(state, said)
    assert change.reason is ChangeReason.REFERENCE_FORGOTTEN
    assert state.window == (35.0,)


@as_a_law
@given(values=st.lists(st.floats(31, 42), max_size=25), forget=st.sampled_from([None, 30]))
def test_reversing_restores_the_rolling_mean_too(values, forget):
    state = begin(KEY, method=RollingMethod(window=4, forget_after_s=forget))
    left_by, changes = [state], []
    for number, value_c in enumerate(values):
        before = state.figures.changes
        state, new, _ = seen(state, number, value_c)
        changes += new
        left_by += [state] * (state.figures.changes - before)
    while changes:
        state = reverse(state, changes.pop())
        left_by.pop()
        assert state.figures.limit_c == left_by[-1].figures.limit_c
        assert state.window == left_by[-1].window
    assert msgspec.json.decode(msgspec.json.encode(state), type=ThresholdState) == state


OTHERS = [
    {"device_id": "cam-2"},
    {"lane_id": "lane-2"},
    {"kind": ReadingKind.DEVICE_COMPENSATED},
    {"sites": (MeasuringSite.FOREHEAD,)},
    {"sites": (MeasuringSite.FACE_MAXIMUM, MeasuringSite.INNER_CANTHUS)},
]


@pytest.mark.parametrize("other", OTHERS)
def test_a_value_of_another_device_lane_kind_or_site_is_never_held_against_a_limit(other):
    state = begin(KEY, method=FixedMethod(limit_c=36.1))
    key = msgspec.structs.replace(KEY, **other)
    with pytest.raises(MixedQuantityError):
        is_raised(state, key=key, value_c=36.0, ambient_c=None)
    said = outcome(1, 36.0, raised=False, verdict=Verdict.PASSED)
    with pytest.raises(MixedQuantityError):
        step(state, msgspec.structs.replace(said, key=key))


def test_a_pair_of_sites_has_one_order_and_an_outcome_cannot_contradict_its_decision():
    with pytest.raises(ValueError):
        ThresholdKey(
            device_id="c",
            lane_id="l",
            kind=ReadingKind.RAW_SKIN,
            sites=(MeasuringSite.INNER_CANTHUS, MeasuringSite.FACE_MAXIMUM),
        )
    for raised, verdict in ((True, Verdict.PASSED), (False, Verdict.AWAITED), (False, Verdict.NOT_MEASURED)):
        with pytest.raises(ValueError):
            outcome(1, 36.0, raised=raised, verdict=verdict)
    with pytest.raises(ValueError):
        Outcome(
            key=KEY,
            reading_id="r",
            told_at=datetime(2026, 1, 1),  # noqa: DTZ001
            value_c=36.0,
            was_raised=False,
            verdict=Verdict.PASSED,
        )
    assert AT.tzinfo is not None
