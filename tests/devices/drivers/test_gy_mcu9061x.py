"""Point thermometers, byte for byte against their makers' pages; the bytes are made from these, never captured."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.drivers.gy_mcu9061x import Command, GyMcu9061x, build_command
from devices.errors import DeviceConfigurationError
from devices.reading import Fault, FaultCode, MeasuringSite, Reading, ReadingKind
from tests.devices.point_bytes import CLONE_GOLDEN, GOLDEN, frame, person
from tests.devices.specimens import AT, decode

POINT = "gy_mcu9061x"


def decode_with(chunks, **options):
    return decode(POINT, chunks, driver=GyMcu9061x(device_id="device-1", options=options))


def readings(events):
    return [event for event in events if isinstance(event, Reading)]


def faults(events):
    return [(event.code, event.byte_offset, event.byte_count) for event in events if isinstance(event, Fault)]


@pytest.mark.parametrize("golden", [GOLDEN, CLONE_GOLDEN])
def test_five_golden_frames_are_one_reading_of_raw_skin(golden):
    (reading,) = decode(POINT, [golden * 5])
    assert (reading.temperature_c, reading.raw_c) == (36.5, 36.5)
    assert (reading.ambient_c, reading.device_c) == (None, 25.0)
    assert (reading.kind, reading.site, reading.frame_count) == (ReadingKind.RAW_SKIN, MeasuringSite.FOREHEAD, 5)
    assert (reading.byte_offset, reading.observed_at, reading.uncertainty_c) == (36, AT, 0.58)


def test_the_golden_frames_are_those_of_the_pages():
    assert frame(36.5) == GOLDEN
    assert frame(36.5, header="66660104") == CLONE_GOLDEN


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (Command.AUTOMATIC, "A5 45 EA"),
        (Command.QUERY, "A5 15 BA"),
        (Command.BAUD_9600, "A5 AE 53"),
        (Command.BAUD_115200, "A5 AF 54"),
        (Command.AUTOSEND_AT_BOOT, "A5 51 F6"),
        (Command.SILENT_AT_BOOT, "A5 52 F7"),
    ],
)
def test_commands_are_those_of_the_pages(command, expected):
    assert build_command(command) == bytes.fromhex(expected)


def test_only_an_option_makes_it_say_anything():
    assert GyMcu9061x(device_id="x").opening == ()
    (command,) = GyMcu9061x(device_id="x", options={"automatic": True}).opening
    assert command.payload == bytes.fromhex("A545EA")


def test_each_who_stands_before_it_gives_one_reading_however_long():
    stream = person(35.0) + frame(35.1) * 50 + person(36.2) + person(33.9)
    assert [reading.temperature_c for reading in readings(decode(POINT, [stream]))] == [35.0, 36.2, 33.9]


def test_the_approach_is_not_measured():
    approach = [24.0, 24.0, 30.5, 32.0, 33.4, 34.5, 35.0, 35.1, 35.2, 35.1, 35.3]
    (reading,) = readings(decode(POINT, [frame(shown_c) for shown_c in approach]))
    assert reading.temperature_c == 35.1


def test_neither_the_wall_nor_a_hot_cup_is_a_person():
    assert decode(POINT, [frame(24.0) * 50, frame(61.0) * 50, frame(-5.25) * 50]) == []


def test_a_warm_hall_needs_a_higher_limit():
    assert len(readings(decode(POINT, [frame(31.0) * 50]))) == 1
    assert decode_with([frame(31.0) * 50], present_from_c=32.5) == []


def test_two_zeros_are_not_measured():
    assert faults(decode(POINT, [frame(0.0, own_c=0.0)])) == [(FaultCode.NOT_MEASURED, 0, 9)]


@pytest.mark.parametrize("spoilt", [frame(-70.01), frame(35.0, own_c=125.01), frame(35.0, own_c=-40.01)])
def test_what_the_sensor_cannot_see_is_no_number(spoilt):
    implausible = FaultCode.IMPLAUSIBLE_FRAME
    assert faults(decode(POINT, [spoilt * 2])) == [(implausible, 0, 9), (implausible, 9, 9)]


def test_a_wrong_sum_costs_that_frame_alone():
    events = decode(POINT, [frame(36.5) * 4 + frame(36.5, sum_error=1) + frame(36.5)])
    assert faults(events) == [(FaultCode.BAD_CHECKSUM, 36, 9)]
    assert [reading.byte_offset for reading in readings(events)] == [45]


def test_the_unknown_modes_of_newer_firmware_are_counted():
    assert faults(decode(POINT, [bytes.fromhex("5A5A4506") + b"\x0e\x42" * 4 + GOLDEN]))[0][0] is FaultCode.BAD_HEADER


@pytest.mark.parametrize("options", [{"present_from_c": "warm"}, {"present_from_c": 50}, {"site": "nose"}, {"a": 1}])
def test_an_option_that_means_nothing_is_a_configuration_error(options):
    with pytest.raises(DeviceConfigurationError):
        GyMcu9061x(device_id="x", options=options)


@given(garbage=st.binary(max_size=60), cut=st.integers(1, 12))
def test_what_is_lost_is_told_in_the_same_runs_however_it_was_cut(garbage, cut):
    content = garbage + GOLDEN * 5 + garbage
    pieces = [content[at : at + cut] for at in range(0, len(content), cut)]
    assert faults(decode(POINT, [content])) == faults(decode(POINT, pieces))
    assert sum(count for _, _, count in faults(decode(POINT, [content]))) <= 2 * len(garbage) + 9
