"""A chip's or a housing's own temperature is never taken for the room's: nothing that follows the room hears of it."""

from datetime import timedelta

import msgspec
import numpy as np
import pytest

from devices.measurement.honesty.room import RoomSums
from devices.measurement.honesty.suspicions import observation_of
from devices.measurement.presence import PresenceTracker
from devices.measurement.thresholds.limits import begin, limit_at
from devices.measurement.thresholds.methods import REFERENCE_AMBIENT_C, adaptive_for
from devices.measurement.thresholds.state import ThresholdKey
from devices.reading import Reading, ThermalFrame
from devices.registry import load_driver, third_party_drivers
from devices.selftest import RegisteredFacts, SelfTestPoint, StreamSeen, report_on
from devices.simulator.gy_module import GyModule
from devices.simulator.thermal_scene import Person, ThermalScene
from tests.devices import point_bytes
from tests.devices.specimens import AT, SPECIMENS, decode

OURS = sorted(set(SPECIMENS) - set(third_party_drivers()))
KNOW_THEMSELVES = {"gy_mcu90640", "gy_mcu9061x", "lepton", "lepton_tcam", "mlx9064x", "mqtt_json"}
"""Devices whose messages carry the temperature of their own chip or housing; mqtt_json is Tasmota's MLX90614 here."""
OWN_C = 37.25


def measured_by(name):
    events = decode(name, SPECIMENS[name].units)
    return [event for event in events if isinstance(event, Reading | ThermalFrame)]


def reading_of(name):
    """One person before a device that is as warm as the vendor's own example of a module: 37.25 °C."""
    if name == "gy_mcu9061x":
        [reading] = decode(name, [point_bytes.frame(36.0, own_c=OWN_C) * 5])
        return reading
    module, scene = GyModule(), ThermalScene(seed=3)
    tracker = PresenceTracker(device_id="device-1", manifest=load_driver(name).manifest)
    for number in range(8):
        picture = scene.picture(Person(skin_c=36.0) if number else None, ambient_c=24.0)
        [frame] = decode(name, [module.frame(picture, own_c=OWN_C)])
        frame = msgspec.structs.replace(frame, observed_at=AT + timedelta(seconds=number / 8), sequence=number)
        reading = tracker.accept(frame)
        if reading is not None:
            return reading
    pytest.fail("nobody was measured")


@pytest.mark.parametrize("name", OURS)
def test_no_device_that_has_no_thermometer_of_the_room_speaks_of_the_room(name):
    seen = measured_by(name)
    assert {event.ambient_c for event in seen} <= {None}
    assert {event.device_c is not None for event in seen} <= {name in KNOW_THEMSELVES}
    assert seen or name not in KNOW_THEMSELVES


@pytest.mark.parametrize("name", ["gy_mcu90640", "gy_mcu9061x"])
def test_a_reading_tells_its_device_s_warmth_and_no_room(name):
    reading = reading_of(name)
    assert (reading.ambient_c, reading.device_c) == (None, OWN_C)


@pytest.mark.parametrize("name", ["gy_mcu90640", "gy_mcu9061x"])
def test_the_cold_start_of_a_warm_device_is_that_of_a_normal_room(name):
    reading = reading_of(name)
    key = ThresholdKey(device_id="device-1", lane_id="lane-1", kind=reading.kind, sites=(reading.site,))
    state = begin(key, method=adaptive_for(reading.kind, (reading.site,)))
    assert limit_at(state, ambient_c=reading.ambient_c) == limit_at(state, ambient_c=REFERENCE_AMBIENT_C)


def test_the_honesty_test_of_the_room_does_not_count_a_chip():
    sums = RoomSums()
    sums.add(observation_of(reading_of("gy_mcu9061x")))
    assert sums.count == 0


def test_the_self_test_does_not_take_a_chip_for_the_room():
    seen = StreamSeen(reference_c=None)
    at, celsius = AT, np.full((24, 32), 24.0, dtype=np.float32)
    seen.take([ThermalFrame(device_id="device-1", observed_at=at, celsius=celsius, device_c=22.0)])
    seen.take([reading_of("gy_mcu9061x")])
    manifest = load_driver("gy_mcu90640").manifest
    report = report_on("device-1", seen, manifest=manifest, registered=RegisteredFacts(), at=at)
    [ambient] = [point for point in report.points if point.point is SelfTestPoint.AMBIENT]
    assert (ambient.measured, ambient.because) == (None, "no_ambient")
