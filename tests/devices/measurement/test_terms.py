"""The terms of a measurement: a correction of slope one, an uncertainty that adds up, limits that fit people."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.measurement.correction import ReferenceSetting, corrected
from devices.measurement.plausibility import LIMITS_C, is_plausible
from devices.measurement.uncertainty import Conditions, expanded_c, uncertainty_terms
from devices.reading import MeasuringSite, ReadingKind


@given(raw_c=st.floats(30, 42), warmer_c=st.floats(0, 5), shown_c=st.floats(28, 42), set_c=st.floats(33, 40))
def test_the_correction_moves_every_face_by_the_same_amount(raw_c, warmer_c, shown_c, set_c):
    """A phantom that gets warmer by x reads warmer by x: nothing is pulled towards 37."""
    setting = ReferenceSetting(set_c=set_c)
    cool = corrected(raw_c, reference_c=shown_c, setting=setting)
    warm = corrected(raw_c + warmer_c, reference_c=shown_c, setting=setting)
    assert (cool is None) == (warm is None) == (abs(set_c - shown_c) > 10)
    if cool and warm:
        assert warm.corrected_c - cool.corrected_c == pytest.approx(warmer_c, abs=1e-5)
        assert cool.raw_c + (set_c - shown_c) == pytest.approx(cool.corrected_c, abs=1e-5)


def test_a_body_that_shows_its_set_temperature_changes_nothing():
    value = corrected(36.2, reference_c=35.0, setting=ReferenceSetting(set_c=35.0))
    assert value.corrected_c == value.raw_c == 36.2


CONDITIONS = Conditions(temperature_c=36.5, frame_count=5, spread_c=0.05, accuracy_c=2.0, surroundings_c=24.0)


def test_each_term_is_named_and_their_sum_of_squares_is_the_uncertainty():
    terms = uncertainty_terms(CONDITIONS)
    assert [term.name for term in terms] == ["frames", "hottest_pixels", "skin_emissivity", "sensor_accuracy"]
    assert expanded_c(terms) == pytest.approx(2 * math.sqrt(sum(term.standard_c**2 for term in terms)))
    assert expanded_c(terms) == pytest.approx(2 * 2.0 / math.sqrt(3), rel=0.01)


def test_a_reference_body_replaces_the_makers_limit():
    with_body = Conditions(
        temperature_c=36.5,
        frame_count=5,
        spread_c=0.05,
        accuracy_c=5.0,
        surroundings_c=24.0,
        reference_uncertainty_c=0.2,
        reference_residual_c=0.03,
    )
    terms = uncertainty_terms(with_body)
    assert "sensor_accuracy" not in {term.name for term in terms}
    assert 0.2 < expanded_c(terms) < 0.4


@given(more=st.floats(0, 3))
def test_whatever_is_less_certain_never_makes_the_whole_more_certain(more):
    terms = uncertainty_terms(CONDITIONS)
    wider = uncertainty_terms(
        Conditions(temperature_c=36.5, frame_count=5, spread_c=0.05 + more, accuracy_c=2.0, surroundings_c=24.0)
    )
    assert expanded_c(wider) >= expanded_c(terms)


@pytest.mark.parametrize("kind", list(ReadingKind))
@given(temperature_c=st.floats(35.0, 42.0))
def test_no_temperature_that_somebody_ill_or_well_can_have_is_called_implausible(kind, temperature_c):
    assert is_plausible(temperature_c, kind=kind, site=MeasuringSite.FOREHEAD)


@pytest.mark.parametrize("kind", list(ReadingKind))
@pytest.mark.parametrize("temperature_c", [0.0, -273.15, 20.0, 50.0, 97.7, 231.3])
def test_what_no_living_person_shows_is_implausible(kind, temperature_c):
    assert not is_plausible(temperature_c, kind=kind, site=MeasuringSite.FACE_MAXIMUM)
    assert set(LIMITS_C) == set(ReadingKind)
