"""The camera of two halves: the upper for the eye, the lower in sixty-fourths of a kelvin."""

import numpy as np
import pytest

from devices.errors import DeviceConfigurationError
from devices.reading import Fault, FaultCode, ThermalFrame
from devices.registry import load_driver
from devices.simulator.infiray_camera import infiray_frame
from tests.devices.specimens import AT

ROOM = np.random.default_rng(1).uniform(18.0, 38.0, size=(192, 256))


def the_event(frame, **options):
    driver = load_driver("infiray_p2")(device_id="camera-1", options=options)
    (event,) = [*driver.feed(frame, received_at=AT), *driver.finish(received_at=AT)]
    return event


def the_code(frame):
    event = the_event(frame)
    assert isinstance(event, Fault)
    return event.code


def test_the_lower_half_is_sixty_fourths_of_a_kelvin_above_absolute_zero():
    frame = infiray_frame(ROOM)
    assert len(frame) == 196_608
    picture = the_event(frame)
    assert isinstance(picture, ThermalFrame)
    assert np.abs(picture.celsius - ROOM).max() <= 0.5 / 64 + 1e-4


def test_one_word_is_the_temperature_that_the_formula_gives():
    frame = bytearray(infiray_frame(ROOM))
    frame[98_304:98_306] = (19_825).to_bytes(2, "little")
    assert the_event(bytes(frame)).celsius[0, 0] == pytest.approx(19_825 / 64 - 273.15, abs=1e-4)


def test_a_frame_converted_to_colour_is_a_configuration_fault():
    event = the_event(bytes(294_912))
    assert event.code is FaultCode.NOT_RADIOMETRIC
    assert "converted to colour" in event.detail


def test_halves_that_hold_no_temperatures_are_refused():
    upside_down = infiray_frame(ROOM)
    assert the_code(upside_down[98_304:] + upside_down[:98_304]) is FaultCode.NOT_RADIOMETRIC
    assert the_code(bytes(196_608)) is FaultCode.NOT_MEASURED
    assert the_code(bytes(1000)) is FaultCode.BAD_HEADER
    spoiled = bytearray(infiray_frame(ROOM))
    spoiled[-2:] = b"\xff\xff"
    assert the_code(bytes(spoiled)) is FaultCode.IMPLAUSIBLE_FRAME


def test_a_camera_on_its_side_is_turned_upright():
    assert the_event(infiray_frame(ROOM), rotate_clockwise_deg=270).celsius.shape == (256, 192)
    with pytest.raises(DeviceConfigurationError):
        the_event(infiray_frame(ROOM), rotate_clockwise_deg=1)
