"""The fever rule on real people: what the adaptive limit promises, what it gains, and what is not proven."""

import pytest

from devices.measurement.two_sites import AMBIENT_SLOPE, CANTHUS_WEIGHT, FACE_WEIGHT
from tests.benchmarks._two_site_fit import weights_in_degrees, wilson
from tests.benchmarks.fever_rule import TARGET, all_figures

CAMERAS = ("FLIR", "ICI")


@pytest.fixture(scope="module")
def figures(shared):
    return all_figures(shared / "data/imaging/face-oral-temp", cut="group1")


@pytest.mark.parametrize("camera", CAMERAS)
def test_the_adaptive_limit_keeps_its_stated_share_of_false_alarms_from_a_cold_start(figures, camera):
    adaptive = figures[0][camera].replays["adaptive"]
    assert abs(adaptive.false_alarms - TARGET) <= 0.01
    assert adaptive.state.figures.clipped == 0.0
    # Within 60 people the share wanders; it is printed for each eighth, and bounded here as it was seen.
    assert all(share <= TARGET + 0.06 for share in adaptive.eighths())


@pytest.mark.parametrize("camera", CAMERAS)
@pytest.mark.parametrize("rival", ["over_documented", "over_same_value", "face_over_documented"])
def test_at_equal_false_alarms_it_finds_more_of_the_ill_than_the_rolling_mean(figures, camera, rival):
    gain = getattr(figures[0][camera], rival)
    assert gain.gain > 0.05
    assert gain.low > 0.0


@pytest.mark.parametrize("camera", CAMERAS)
def test_at_the_inner_canthus_alone_no_gain_is_proven_on_47_ill_people(figures, camera):
    """The day this fails for the better, the claim may be widened; until then nobody may make it."""
    assert figures[0][camera].canthus_over_documented.low <= 0.0


@pytest.mark.parametrize("camera", CAMERAS)
def test_one_global_limit_of_37_5_on_skin_misses_three_of_four(figures, camera):
    assert figures[0][camera].replays["fixed_37.5"].sensitivity < 0.25


@pytest.mark.parametrize("camera", CAMERAS)
def test_from_38_degrees_on_the_adaptive_limit_misses_none_of_nineteen(figures, camera):
    grave = [subject.oral_c >= 38.0 for subject in figures[0][camera].people]
    assert sum(grave) == 19
    assert sum(figures[0][camera].replays["adaptive"].above_c[grave] >= 0) == 19


@pytest.mark.parametrize("camera", CAMERAS)
def test_the_rolling_mean_at_its_documented_delta_misses_nearly_half_of_the_ill(figures, camera):
    documented = figures[0][camera].replays["rolling_1.0"]
    assert documented.sensitivity < 0.6
    assert documented.false_alarms < 0.01


def test_the_two_site_vote_finds_92_of_100_ill_at_a_specificity_of_95(figures):
    votes = figures[1]
    assert votes["both"].sensitivity >= 0.92
    assert votes["ICI"].sensitivity >= 0.92
    assert votes["FLIR"].sensitivity >= 0.91  # 43 of 47; one person short of 0.92 on this camera alone
    for camera in CAMERAS:
        assert votes[camera].nested_specificity >= 0.94  # the cut was learnt on other people
        assert votes[camera].nested_sensitivity >= 0.91


def test_whether_the_first_camera_alone_reaches_92_of_100_cannot_be_told_from_its_47_ill(figures):
    """Neither may the claim be made for this camera, nor its contrary."""
    low, high = wilson(figures[1]["FLIR"].sensitivity, 47)
    assert low < 0.92 < high


def test_the_weights_in_the_product_are_those_that_the_table_gives_rounded(figures):
    weights = weights_in_degrees({camera: figures[0][camera].people for camera in CAMERAS})
    assert weights == pytest.approx((CANTHUS_WEIGHT, FACE_WEIGHT, AMBIENT_SLOPE), abs=0.01)


def test_impossible_side_figures_are_kept_out_of_sight_of_the_rule_and_counted(figures):
    """A humidity of 3021.1 spoils no temperature of its row."""
    assert [sum(subject.is_dirty for subject in figures[0][camera].people) for camera in CAMERAS] == [0, 1]
    assert [len(figures[0][camera].people) for camera in CAMERAS] == [544, 539]
