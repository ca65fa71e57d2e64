"""The simulated lane obeys its physics, knows its truth, and our measurement neither flattens nor bends it."""

import math
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from devices.drivers.gy_mcu90640 import GyMcu90640
from devices.measurement.correction import ReferenceSetting
from devices.measurement.presence import PresenceSettings, PresenceTracker
from devices.reading import ThermalFrame
from devices.simulator.physics import (
    Body,
    Camera,
    Phantom,
    PhysicsScene,
    ReferenceDisc,
    Room,
    apparent_c,
    cold_left_c,
    draw_body,
)

AT = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
SHARP = Camera(noise_c=0.0, point_spread_px=0.0, drift_step_c=0.0)


class Measured:
    """A simulated lane, and our own measurement of it."""

    def __init__(self, *, seed, camera, set_c=35.0):
        self.scene = PhysicsScene(seed=seed, camera=camera, reference=ReferenceDisc(set_c=set_c))
        settings = PresenceSettings(reference=ReferenceSetting(set_c=set_c))
        self.tracker = PresenceTracker(device_id="sim", manifest=GyMcu90640.manifest, settings=settings)
        self.at = AT
        self.show(None, pictures=8)

    def show(self, subject, *, pictures):
        """Hold the subject before the camera; gives the readings."""
        found = []
        for _ in range(pictures):
            self.at += timedelta(seconds=1 / 9)
            celsius = self.scene.picture(subject).celsius
            reading = self.tracker.accept(ThermalFrame(device_id="sim", observed_at=self.at, celsius=celsius))
            found += [reading] if reading else []
        return found


@pytest.fixture(scope="module")
def sweep():
    """Healy's phantom sweep, 35 to 40 °C by quarters, before a camera that is 1.5 K off and drifts."""
    lane = Measured(seed=11, camera=Camera(offset_c=-1.5))
    set_c = np.arange(35.0, 40.01, 0.25)
    read_c = []
    for temperature_c in set_c:
        readings = lane.show(Phantom(temperature_c=float(temperature_c)), pictures=6)
        assert [reading.unusable_because for reading in readings] == [()]
        read_c.append(readings[0].temperature_c)
        lane.show(None, pictures=3)
    return set_c, np.array(read_c)


def test_a_phantom_that_gets_warmer_reads_warmer_by_as_much(sweep):
    set_c, read_c = sweep
    slope = np.polyfit(set_c, read_c, 1)[0]
    assert slope == pytest.approx(1.0, abs=0.02)


def test_no_step_of_the_sweep_is_off_by_more_than_two_tenths_and_none_is_swallowed(sweep):
    set_c, read_c = sweep
    steps_c = np.diff(read_c)
    assert np.abs(steps_c - np.diff(set_c)).max() <= 0.2
    errors_c = read_c - set_c
    assert np.abs(np.diff(errors_c)).max() <= 0.2
    # Skin and body reflect alike, a laboratory's phantom less: what stays is that constant, not a pull to 37.
    assert np.ptp(errors_c) <= 0.2
    assert np.abs(errors_c).max() <= 0.5


def test_faces_through_the_whole_chain_differ_from_their_truth_by_a_constant_and_little_more():
    lane, errors_c = Measured(seed=12, camera=Camera(rows=240, columns=320)), []
    random = np.random.default_rng(5)
    for _ in range(4):
        body = draw_body(random, glasses_share=0.0)
        readings = lane.show(body, pictures=6)
        lane.show(None, pictures=3)
        errors_c += [reading.temperature_c - body.canthus_c(ambient_c=22.0) for reading in readings]
    assert len(errors_c) == 4
    assert np.std(errors_c) <= 0.15
    assert abs(np.mean(errors_c)) <= 0.3


def test_the_same_seed_gives_the_same_pictures_and_another_seed_others():
    def first(seed):
        scene = PhysicsScene(seed=seed, reference=ReferenceDisc())
        scene.picture(None)
        return scene.picture(Body(core_c=37.0)).celsius

    assert np.array_equal(first(1), first(1))
    assert not np.array_equal(first(1), first(2))


def test_the_warmest_true_pixel_of_a_bare_face_is_the_canthus_and_glasses_hide_it():
    body = Body(core_c=37.2)
    picture = PhysicsScene(seed=1).picture(body)
    assert picture.canthus_c == pytest.approx(37.2 - 1.25, abs=1e-4)
    assert picture.truth_c[~picture.is_subject] == pytest.approx(22.0)
    covered = PhysicsScene(seed=1).picture(Body(core_c=37.2, has_glasses=True))
    assert covered.canthus_c < picture.canthus_c - 0.4
    assert covered.truth_c[covered.is_subject].min() < picture.canthus_c - 2.9


@pytest.mark.parametrize(("minutes", "published_c"), [(0, 33.17), (1, 34.90), (3, 35.77), (5, 36.08), (60, 36.6)])
def test_warming_up_follows_the_published_means_within_their_spread(minutes, published_c):
    simulated_c = 36.6 - cold_left_c(float(minutes), outside_c=-2.75, ambient_c=22.0)
    assert simulated_c == pytest.approx(published_c, abs=0.35)


def test_who_comes_from_the_cold_reads_cold_and_a_warmer_room_warms_the_skin():
    at_once = Body(core_c=38.5, minutes_inside=0.0, outside_c=-2.75)
    assert at_once.canthus_c(ambient_c=22.0) < Body(core_c=36.9).canthus_c(ambient_c=22.0)
    warmer_c = Body(core_c=37.0).canthus_c(ambient_c=27.0) - Body(core_c=37.0).canthus_c(ambient_c=22.0)
    assert warmer_c == pytest.approx(0.45)


def test_a_black_surface_shows_its_temperature_and_a_grey_one_is_pulled_to_the_wall():
    surface = np.array([[35.0, 40.0]], dtype=np.float32)
    black = apparent_c(surface, np.ones_like(surface), wall_c=22.0)
    assert black == pytest.approx(surface, abs=1e-3)
    grey = apparent_c(surface, np.full_like(surface, 0.98), wall_c=22.0)
    assert surface - grey == pytest.approx(np.array([[0.25, 0.345]]), abs=0.03)


def test_noise_and_offset_are_what_the_camera_says():
    camera = Camera(noise_c=0.05, point_spread_px=0.0, offset_c=-0.8, drift_step_c=0.0)
    scene = PhysicsScene(seed=3, camera=camera, room=Room(wall_c=20.0))
    pictures = np.stack([scene.picture(None).celsius for _ in range(30)])
    assert pictures.std(axis=0).mean() == pytest.approx(0.05, rel=0.05)
    assert pictures.mean() == pytest.approx(20.0 - 0.8, abs=0.01)


def test_a_closed_shutter_repeats_the_picture_and_opens_with_another_offset():
    camera = Camera(shutter_every=10, shutter_closed=3, drift_step_c=0.0)
    scene = PhysicsScene(seed=4, camera=camera)
    pictures = [scene.picture(None) for _ in range(24)]
    assert [number for number, picture in enumerate(pictures, 1) if picture.is_shutter] == [10, 11, 12, 20, 21, 22]
    assert np.array_equal(pictures[9].celsius, pictures[8].celsius)
    assert pictures[12].offset_c != pictures[8].offset_c


def test_the_offset_walks_as_far_as_a_random_walk_does():
    ends = []
    for seed in range(60):
        scene = PhysicsScene(seed=seed, camera=Camera(rows=8, columns=8, drift_step_c=0.02))
        ends.append([scene.picture(None).offset_c for _ in range(100)][-1])
    assert np.std(ends) == pytest.approx(0.02 * math.sqrt(100), rel=0.3)


def test_drawn_bodies_are_as_people_are():
    random = np.random.default_rng(9)
    cores_c = [draw_body(random).core_c for _ in range(2000)]
    assert np.mean(cores_c) == pytest.approx(36.9, abs=0.03)
    assert np.std(cores_c) == pytest.approx(0.35, rel=0.05)
    raised = [draw_body(random, raised_share=0.2).core_c >= 37.8 for _ in range(2000)]
    assert np.mean(raised) == pytest.approx(0.2 * 0.8, abs=0.03)


def test_the_reference_body_shows_its_set_temperature_less_what_it_reflects():
    scene = PhysicsScene(seed=1, camera=SHARP, reference=ReferenceDisc(set_c=35.0, emissivity=0.98))
    picture = scene.picture(None)
    assert picture.truth_c[picture.is_reference] == pytest.approx(35.0)
    assert picture.celsius[picture.is_reference].mean() == pytest.approx(34.75, abs=0.03)
