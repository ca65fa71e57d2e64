"""Three answers, two sites, and what is never mixed."""

from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.measurement.three_way import (
    GUARD_SHARE,
    MixedQuantitiesError,
    SiteLimit,
    SiteValue,
    ThreeWay,
    answer,
    guard_band_c,
    three_way,
)
from devices.measurement.two_sites import FaceMaximum, InnerCanthus, TwoSiteLimits, vote
from devices.reading import MeasuringSite, ReadingKind, UncertaintyTerm
from tests.devices.measurement.thresholds.feeding import as_a_law

TERMS = (UncertaintyTerm(name="frames", standard_c=0.05), UncertaintyTerm(name="reference_body", standard_c=0.1))
LIMITS = TwoSiteLimits(canthus_c=36.3, face_c=36.5, weighted_c=36.4, are_learnt=True)
ORDER = [ThreeWay.NORMAL, ThreeWay.RECHECK, ThreeWay.ELEVATED]


@as_a_law
@given(value_c=st.floats(30, 42), more_c=st.floats(0, 5), guard_c=st.floats(0, 1))
def test_a_warmer_value_is_never_called_less(value_c, more_c, guard_c):
    one = three_way(value_c, limit_c=36.3, guard_c=guard_c)
    other = three_way(value_c + more_c, limit_c=36.3, guard_c=guard_c)
    assert ORDER.index(other) >= ORDER.index(one)


@as_a_law
@given(value_c=st.floats(35, 38), guard_c=st.floats(0.01, 0.5), wider_c=st.floats(0, 0.5))
def test_less_certainty_makes_more_rechecks_and_never_turns_normal_into_elevated(value_c, guard_c, wider_c):
    narrow = three_way(value_c, limit_c=36.3, guard_c=guard_c)
    wide = three_way(value_c, limit_c=36.3, guard_c=guard_c + wider_c)
    assert wide in {narrow, ThreeWay.RECHECK}


def test_at_most_one_in_twenty_called_normal_at_the_edge_of_the_band_is_above_the_limit():
    band_in_standard_uncertainties = 2 * GUARD_SHARE
    assert 1 - NormalDist().cdf(band_in_standard_uncertainties) == pytest.approx(0.05, abs=0.001)
    random = np.random.default_rng(3)
    true_c = random.uniform(35.0, 38.0, 200_000)
    read_c = true_c + random.normal(0, 0.1, true_c.size)
    called_normal = read_c < 36.3 - 0.2 * GUARD_SHARE
    assert np.mean(true_c[called_normal] >= 36.3) < 0.01


def test_what_is_common_to_all_readings_of_a_device_does_not_widen_the_band_of_a_limit_learnt_on_it():
    assert guard_band_c(TERMS, is_learnt=True) == pytest.approx(GUARD_SHARE * 0.1)
    assert guard_band_c(TERMS, is_learnt=False) > guard_band_c(TERMS, is_learnt=True)


def value(kind=ReadingKind.RAW_SKIN, site=MeasuringSite.INNER_CANTHUS):
    return SiteValue(kind=kind, site=site, temperature_c=36.8, terms=TERMS)


LIMIT = SiteLimit(kind=ReadingKind.RAW_SKIN, site=MeasuringSite.INNER_CANTHUS, limit_c=36.3, is_learnt=True)


def test_an_answer_tells_what_it_rests_on():
    told = answer(value(), LIMIT)
    assert (told.outcome, told.value_c, told.limit_c) == (ThreeWay.ELEVATED, 36.8, 36.3)


@pytest.mark.parametrize("kind", [kind for kind in ReadingKind if kind is not ReadingKind.RAW_SKIN])
def test_another_kind_is_refused(kind):
    with pytest.raises(MixedQuantitiesError):
        answer(value(kind=kind), LIMIT)


@pytest.mark.parametrize("site", [site for site in MeasuringSite if site is not MeasuringSite.INNER_CANTHUS])
def test_another_site_is_refused(site):
    with pytest.raises(MixedQuantitiesError):
        answer(value(site=site), LIMIT)


def voted(canthus_c, face_c):
    return vote(
        InnerCanthus(temperature_c=canthus_c),
        FaceMaximum(temperature_c=face_c),
        limits=LIMITS,
        terms=TERMS,
        ambient_c=22.0,
    )


@pytest.mark.parametrize(
    ("canthus_c", "face_c", "expected", "agree"),
    [
        (35.6, 35.9, ThreeWay.NORMAL, True),
        (37.2, 37.5, ThreeWay.ELEVATED, True),
        (36.3, 36.45, ThreeWay.RECHECK, True),
        (36.0, 36.9, ThreeWay.RECHECK, False),  # the face is elevated, the eyes are not
        (35.5, 37.9, ThreeWay.RECHECK, False),  # a hot cup, an open mouth
        (36.9, 36.0, ThreeWay.RECHECK, False),  # eyes warmer than the warmest spot: misplaced
    ],
)
def test_two_sites_vote_and_their_disagreement_asks_for_another_look(canthus_c, face_c, expected, agree):
    said = voted(canthus_c, face_c)
    assert (said.outcome, said.sites_agree) == (expected, agree)


@as_a_law
@given(canthus_c=st.floats(33, 41), face_c=st.floats(33, 41))
def test_nobody_is_passed_or_raised_on_sites_that_contradict_each_other(canthus_c, face_c):
    said = voted(canthus_c, face_c)
    if {said.canthus, said.face} == {ThreeWay.NORMAL, ThreeWay.ELEVATED} or not said.sites_agree:
        assert said.outcome is ThreeWay.RECHECK
