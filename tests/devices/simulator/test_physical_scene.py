"""The demonstration's arrays look at physics: the person asked for is the truth, and the reading stays near it."""

from datetime import timedelta

import numpy as np
import pytest

from devices.measurement.presence import PresenceTracker
from devices.reading import ThermalFrame
from devices.registry import load_driver
from devices.simulator.physical_scene import PhysicalScene
from devices.simulator.thermal_scene import Person
from tests.devices.specimens import AT

EMPTY, STANDING = 6, 14


def readings(*, skin_c, seed, ambient_c=24.0):
    scene, at, found = PhysicalScene(seed=seed), AT, []
    tracker = PresenceTracker(device_id="array", manifest=load_driver("gy_mcu90640").manifest)
    scene.let_stand()
    for number in range(EMPTY + STANDING):
        at += timedelta(seconds=0.2)
        celsius = scene.picture(Person(skin_c=skin_c) if number >= EMPTY else None, ambient_c=ambient_c)
        reading = tracker.accept(ThermalFrame(device_id="array", observed_at=at, celsius=celsius.astype(np.float32)))
        found += [reading] if reading is not None else []
    return found


@pytest.mark.parametrize("skin_c", [34.3, 35.3, 37.6, 38.6])
def test_each_person_of_the_demonstration_gives_one_usable_reading_a_little_below_the_truth(skin_c):
    for seed in range(1, 6):
        [reading] = readings(skin_c=skin_c, seed=seed)
        assert reading.is_usable
        assert -0.8 < reading.temperature_c - skin_c < 0.1


def test_the_same_seed_gives_the_same_pictures_and_another_seed_others():
    def pictures(seed):
        scene = PhysicalScene(seed=seed)
        scene.let_stand()
        return np.stack([scene.picture(Person(skin_c=36.0), ambient_c=24.0) for _ in range(3)])

    assert np.array_equal(pictures(4), pictures(4))
    assert not np.array_equal(pictures(4), pictures(5))


def test_a_reference_body_and_a_wrong_sensor_show_as_they_are():
    cold = PhysicalScene(seed=2, reference_c=35.0, sensor_offset_c=-1.5).picture(None, ambient_c=24.0)
    right = PhysicalScene(seed=2, reference_c=35.0).picture(None, ambient_c=24.0)
    assert np.median(right - cold) == pytest.approx(1.5, abs=0.01)
    assert 34.0 < right.max() < 35.2
