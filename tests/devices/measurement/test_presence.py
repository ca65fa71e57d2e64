"""One reading for each person: never from an empty place, never from fewer than five pictures, never twice."""

import statistics
from datetime import UTC, datetime, timedelta
from itertools import count

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.drivers.gy_mcu90640 import GyMcu90640
from devices.measurement.correction import ReferenceSetting
from devices.measurement.presence import PresenceSettings, PresenceTracker
from devices.reading import ThermalFrame, UnusableReason
from devices.simulator.thermal_scene import Person, ThermalScene
from tests.demands import demand

START = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
FRAME_S = 1 / 8


class Lane:
    """A place before an array: shows people and empty moments, and collects what the tracker says."""

    def __init__(self, *, seed=0, frame_s=FRAME_S, scene=None, **tracking):
        self.scene = scene or ThermalScene(seed=seed)
        self.tracker = PresenceTracker(
            device_id="array", manifest=GyMcu90640.manifest, settings=PresenceSettings(**tracking)
        )
        self.frame_s = frame_s
        self.numbers = count()
        self.at = START
        self.readings = []

    def accept(self, celsius, *, after_s=None):
        self.at += timedelta(seconds=self.frame_s if after_s is None else after_s)
        picture = ThermalFrame(
            device_id="array", observed_at=self.at, celsius=celsius.astype(np.float32), sequence=next(self.numbers)
        )
        reading = self.tracker.accept(picture)
        if reading is not None:
            self.readings.append(reading)
        return picture

    def show(self, skin_c, *, frames, ambient_c=24.0, glasses=False):
        for _ in range(frames):
            self.accept(self.scene.picture(Person(skin_c=skin_c, glasses=glasses), ambient_c=ambient_c))

    def stay_empty(self, frames=4, *, ambient_c=24.0):
        for _ in range(frames):
            self.accept(self.scene.picture(None, ambient_c=ambient_c))


people = st.lists(st.tuples(st.floats(33.0, 40.0), st.integers(5, 60), st.integers(3, 20)), min_size=1, max_size=6)


@demand("R008")
@settings(max_examples=40, deadline=None)
@given(people=people, ambient_c=st.floats(10, 28), seed=st.integers(0, 1000), rate_hz=st.sampled_from([4, 8, 40]))
def test_each_person_gets_exactly_one_usable_reading_near_the_truth(people, ambient_c, seed, rate_hz):
    lane = Lane(seed=seed, frame_s=1 / rate_hz)
    for skin_c, stays, gone in people:
        lane.scene.let_stand()
        lane.show(skin_c, frames=stays, ambient_c=ambient_c)
        lane.stay_empty(gone, ambient_c=ambient_c)
    assert [reading.unusable_because for reading in lane.readings] == [()] * len(people)
    for reading, (skin_c, _, _) in zip(lane.readings, people, strict=True):
        assert reading.temperature_c == pytest.approx(skin_c, abs=0.15)
        assert reading.frame_count >= 5
    assert len({reading.delivery_key for reading in lane.readings}) == len(people)


@settings(max_examples=30, deadline=None)
@given(ambient_c=st.floats(-5, 39), frames=st.integers(1, 80), seed=st.integers(0, 1000))
def test_an_empty_place_never_gives_a_reading(ambient_c, frames, seed):
    lane = Lane(seed=seed)
    lane.stay_empty(frames, ambient_c=ambient_c)
    assert lane.readings == []
    assert lane.tracker.passed_unmeasured == 0


@settings(max_examples=30, deadline=None)
@given(stays=st.lists(st.integers(1, 4), min_size=1, max_size=8), seed=st.integers(0, 1000))
def test_fewer_than_five_pictures_never_give_a_reading_and_are_counted(stays, seed):
    lane = Lane(seed=seed)
    for frames in stays:
        lane.show(36.5, frames=frames)
        lane.stay_empty()
    assert lane.readings == []
    assert lane.tracker.passed_unmeasured == len(stays)


def test_fewer_than_five_pictures_cannot_even_be_configured():
    with pytest.raises(ValueError, match="at least 5"):
        PresenceSettings(frames=4)


def test_the_median_is_not_moved_by_two_odd_pictures():
    lane = Lane(steady_within_c=6.0)
    for skin_c in (36.5, 36.5, 39.0, 33.5, 36.5):
        lane.show(skin_c, frames=1)
    [reading] = lane.readings
    assert reading.temperature_c == pytest.approx(36.5, abs=0.15)


def test_a_reading_waits_until_the_pictures_agree():
    lane = Lane()
    for skin_c in (33.0, 34.5, 36.0, 37.0):
        lane.show(skin_c, frames=1)
    lane.show(37.4, frames=3)
    assert lane.readings == []
    lane.show(37.4, frames=2)
    assert statistics.fmean([reading.temperature_c for reading in lane.readings]) == pytest.approx(37.4, abs=0.15)


def test_who_never_stands_still_gets_one_reading_that_says_why_it_may_not_be_used():
    lane = Lane()
    for _ in range(40):
        lane.show(34.0, frames=1)
        lane.show(37.0, frames=1)
    [reading] = lane.readings
    assert reading.unusable_because == (UnusableReason.TOO_FEW_FRAMES,)


@pytest.mark.parametrize("stays", [6, 30, 300])
def test_who_stays_longer_is_measured_once(stays):
    lane = Lane()
    lane.show(36.4, frames=stays)
    lane.stay_empty()
    assert len(lane.readings) == 1


def test_a_picture_lost_in_between_makes_no_second_person():
    lane = Lane()
    lane.show(36.4, frames=8)
    lane.stay_empty(1)
    lane.show(36.4, frames=8)
    assert len(lane.readings) == 1


def test_another_person_elsewhere_is_measured_without_an_empty_moment_in_between():
    lane = Lane()
    lane.scene._middle = (12.0, 7.0)
    lane.show(36.2, frames=8)
    lane.scene._middle = (12.0, 24.0)
    lane.show(37.8, frames=20)
    assert [round(reading.temperature_c) for reading in lane.readings] == [36, 38]


def test_two_faces_are_told_and_not_measured_until_one_is_left():
    lane = Lane()
    for _ in range(10):
        one = lane.scene.picture(Person(skin_c=36.4), ambient_c=24.0)
        left, right = np.roll(one, -8, axis=1), np.roll(one, 8, axis=1)
        lane.accept(np.maximum(left, right))
    assert [reading.unusable_because for reading in lane.readings] == [(UnusableReason.SEVERAL_FACES,)]
    for _ in range(10):
        lane.accept(np.roll(lane.scene.picture(Person(skin_c=36.4), ambient_c=24.0), -8, axis=1))
    assert [reading.is_usable for reading in lane.readings] == [False, True]


def test_a_frozen_picture_is_no_measurement_however_often_it_comes():
    lane = Lane()
    still = lane.scene.picture(Person(skin_c=36.4), ambient_c=24.0)
    for _ in range(100):
        lane.accept(still)
    [reading] = lane.readings
    assert reading.unusable_because == (UnusableReason.FROZEN,)


def test_pictures_before_and_after_a_pause_are_not_mixed():
    lane = Lane()
    lane.show(36.4, frames=4)
    lane.accept(lane.scene.picture(Person(skin_c=36.4), ambient_c=24.0), after_s=3.0)
    assert lane.readings == []
    lane.show(36.4, frames=4)
    assert len(lane.readings) == 1


def test_after_a_long_silence_whoever_stands_there_is_measured_anew():
    lane = Lane()
    lane.show(36.4, frames=8)
    lane.accept(lane.scene.picture(Person(skin_c=37.4), ambient_c=24.0), after_s=60.0)
    lane.show(37.4, frames=8)
    assert len(lane.readings) == 2


@pytest.mark.parametrize("broken", [np.full((24, 32), np.nan), np.full((24, 32), 400.0), np.full((2, 2), 20.0)])
def test_a_broken_picture_changes_nothing(broken):
    lane = Lane()
    lane.show(36.4, frames=3)
    lane.accept(broken)
    lane.show(36.4, frames=2)
    assert len(lane.readings) == 1


def test_a_hot_thing_is_no_person():
    lane = Lane()
    for _ in range(20):
        picture = lane.scene.picture(None, ambient_c=24.0)
        picture[8:14, 8:14] += 40
        lane.accept(picture)
    assert lane.readings == []


def test_who_stands_too_far_away_is_told_so():
    lane = Lane()
    for _ in range(10):
        picture = lane.scene.picture(None, ambient_c=24.0)
        picture[6:12, 10:13] += 12
        lane.accept(picture)
    assert [reading.unusable_because for reading in lane.readings] == [(UnusableReason.FACE_TOO_SMALL,)]


def test_without_its_reference_body_a_camera_that_should_have_one_measures_nothing():
    lane = Lane(reference=ReferenceSetting(set_c=35.0))
    lane.show(36.4, frames=60)
    assert [reading.unusable_because for reading in lane.readings] == [(UnusableReason.REFERENCE_INVALID,)]


@pytest.mark.parametrize("off_c", [-4.8, -1.5, 0.0, 2.5])
def test_how_far_a_sensor_is_off_is_told_with_the_reading_that_it_was_taken_out_of(off_c):
    scene = ThermalScene(seed=3, reference_c=35.0, sensor_offset_c=off_c)
    lane = Lane(scene=scene, reference=ReferenceSetting(set_c=35.0))
    lane.stay_empty(4)
    lane.show(36.4, frames=12)
    [reading] = lane.readings
    assert reading.reference_offset_c == pytest.approx(off_c, abs=0.4)
    assert reading.reference_residual_c < 0.2, "the wander within one reading says nothing of it"
    assert reading.temperature_c == pytest.approx(36.0, abs=0.8)


def test_what_is_drawn_agrees_with_what_is_read():
    lane = Lane()
    lane.show(36.4, frames=4)
    picture = lane.accept(lane.scene.picture(Person(skin_c=36.4), ambient_c=24.0))
    preview = lane.tracker.preview(picture)
    assert preview.temperature_c == pytest.approx(lane.readings[0].temperature_c, abs=0.15)
    assert (preview.face, preview.face_count, preview.is_measured) == (lane.readings[0].face, 1, True)
    assert msgspec.json.decode(msgspec.json.encode(preview))["frames_collected"] == 5


def test_an_uncorrected_array_admits_its_uncertainty():
    lane = Lane()
    lane.show(36.4, frames=6)
    [reading] = lane.readings
    assert reading.uncertainty_c > 2.0
    assert reading.reference_residual_c is None
