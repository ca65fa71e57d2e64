"""Leptons live: what may be called temperatures, what never, over USB and as a tCam."""

import base64
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from devices.__main__ import app
from devices.drivers.lepton.telemetry import read_telemetry
from devices.drivers.lepton.uvc import LeptonUvc
from devices.errors import DeviceConfigurationError
from devices.links.replay import ReplayLink
from devices.reading import CommandReply, Fault, FaultCode, ThermalFrame
from devices.registry import DeviceConfig, load_driver
from devices.simulator.lepton_camera import (
    AGC_STATUS,
    GOOD_STATUS,
    LeptonState,
    counts_of,
    tcam_message,
    telemetry,
    uvc_frame,
)
from tests.devices.specimens import AT

ROOM = np.random.default_rng(1).uniform(18.0, 38.0, size=(120, 160))


def events_of(frame, *, driver="lepton", **options):
    made = load_driver(driver)(device_id="camera-1", options=options)
    return [*made.feed(frame, received_at=AT), *made.finish(received_at=AT)]


def the_picture(frame, **options):
    (picture,) = events_of(frame, **options)
    assert isinstance(picture, ThermalFrame), picture
    return picture


def the_fault(frame, **options):
    (fault,) = events_of(frame, **options)
    assert isinstance(fault, Fault)
    return fault


@pytest.mark.parametrize("shape", [(120, 160), (60, 80)])
@pytest.mark.parametrize("is_fine", [True, False])
def test_temperatures_come_back_from_a_frame_made_of_them(shape, is_fine):
    celsius = ROOM[: shape[0], : shape[1]]
    state = LeptonState(is_fine=is_fine, spot=(29, 39, 30, 40))
    picture = the_picture(uvc_frame(celsius, state))
    assert np.abs(picture.celsius - celsius).max() <= (0.0051 if is_fine else 0.051)
    assert (picture.ambient_c, picture.device_c) == (None, pytest.approx(31.0, abs=0.01))


def test_the_sizes_are_those_of_the_pure_thermal():
    assert len(uvc_frame(ROOM)) == 2 * 160 * 122
    assert len(uvc_frame(ROOM[:60, :80], LeptonState(spot=(1, 1, 2, 2)))) == 2 * 80 * 63


def test_the_status_words_of_the_two_frames_seen_are_understood():
    counts = counts_of(ROOM, LeptonState())
    good = read_telemetry(telemetry(counts, LeptonState(status=GOOD_STATUS)))
    assert (good.is_agc, good.is_ffc_done, good.is_shutter_locked, good.is_overheating) == (False, True, False, False)
    agc = read_telemetry(telemetry(counts, LeptonState(status=AGC_STATUS)))
    assert agc.is_agc


@pytest.mark.parametrize(
    ("state", "code", "words"),
    [
        (LeptonState(status=AGC_STATUS), FaultCode.NOT_RADIOMETRIC, "automatic gain"),
        (LeptonState(is_tlinear=False), FaultCode.NOT_RADIOMETRIC, "TLinear"),
        (LeptonState(status=0x0800), FaultCode.SHUTTER_EVENT, "never done"),
        (LeptonState(status=0x0810), FaultCode.SHUTTER_EVENT, "imminent"),
        (LeptonState(status=0x0820), FaultCode.SHUTTER_EVENT, "running"),
        (LeptonState(since_ffc_ms=2900), FaultCode.SHUTTER_EVENT, "just closed"),
        (LeptonState(now_ms=1000, since_ffc_ms=-(2**32) + 2000), FaultCode.SHUTTER_EVENT, "just closed"),
        (LeptonState(status=GOOD_STATUS | 1 << 15), FaultCode.SHUTTER_EVENT, "locked"),
        (LeptonState(status=GOOD_STATUS | 1 << 20), FaultCode.NOT_MEASURED, "too hot"),
    ],
)
@pytest.mark.parametrize("driver", ["lepton", "lepton_tcam"])
def test_what_is_no_temperature_is_refused_and_says_why(driver, state, code, words):
    frame = (uvc_frame if driver == "lepton" else tcam_message)(ROOM, state)
    fault = the_fault(frame, driver=driver)
    assert fault.code is code
    assert words in fault.detail


def test_a_picture_is_taken_again_once_the_shutter_has_been_open_long_enough():
    assert the_picture(uvc_frame(ROOM, LeptonState(since_ffc_ms=3000))).sequence == 0
    assert the_picture(uvc_frame(ROOM, LeptonState(since_ffc_ms=600)), hold_after_shutter_s=0.5).sequence == 0


def test_frames_without_telemetry_are_refused_unless_the_settings_allow_them():
    bare = uvc_frame(ROOM, has_telemetry=False)
    assert the_fault(bare).code is FaultCode.NOT_RADIOMETRIC
    assert np.abs(the_picture(bare, telemetry="optional").celsius - ROOM).max() < 0.006


def test_eight_bit_and_raw_counts_are_refused_even_without_telemetry():
    for highest, lowest in ((255, 0), (3200, 2300)):
        counts = np.linspace(lowest, highest, 120 * 160).astype("<u2").tobytes()
        assert the_fault(counts, telemetry="optional").code is FaultCode.NOT_RADIOMETRIC


def test_a_frame_turned_into_colour_is_a_configuration_fault():
    fault = the_fault(bytes(3 * 160 * 120))
    assert fault.code is FaultCode.NOT_RADIOMETRIC
    assert "colour" in fault.detail
    assert the_fault(bytes(1234)).code is FaultCode.BAD_HEADER


def test_the_last_pixel_that_some_firmware_spoils_is_taken_from_its_neighbour():
    spoiled = bytearray(uvc_frame(ROOM))
    last = 2 * (120 * 160 - 1)
    spoiled[last : last + 2] = b"\x00\x00"
    celsius = the_picture(bytes(spoiled)).celsius
    assert celsius[-1, -1] == celsius[-1, -2]


def test_another_pixel_that_cannot_be_makes_no_picture():
    spoiled = bytearray(uvc_frame(ROOM))
    spoiled[0:2] = b"\x00\x00"
    assert the_fault(bytes(spoiled)).code is FaultCode.IMPLAUSIBLE_FRAME


def test_a_camera_on_its_side_is_turned_upright():
    picture = the_picture(uvc_frame(ROOM), rotate_clockwise_deg=90)
    assert picture.celsius.shape == (160, 120)
    assert picture.celsius[0, -1] == pytest.approx(ROOM[0, 0], abs=0.006)


def test_recorded_frames_are_cut_where_the_camera_ended_them(tmp_path):
    file = tmp_path / "frames.y16"
    file.write_bytes(uvc_frame(ROOM) + uvc_frame(ROOM, LeptonState(since_ffc_ms=10)) + uvc_frame(ROOM))
    told = CliRunner().invoke(app, ["decode", "lepton", str(file)])
    events = [json.loads(line) for line in told.stdout.splitlines()]
    assert [event["event"] for event in events] == ["thermal_frame", "fault", "thermal_frame"]
    assert [event["byte_offset"] for event in events] == [0, 39_040, 78_080]
    config = DeviceConfig(device_id="camera-1", driver="lepton", url=f"replay://{file}?speed=0")
    link = ReplayLink(config, manifest=LeptonUvc.manifest)
    link.open()
    assert [len(link.receive(timeout_s=1.0).payload) for _ in range(3)] == [39_040] * 3
    link.close()


# The spot words --------------------------------------------------------------------------------------------------


spots = st.tuples(st.integers(0, 119), st.integers(0, 159), st.integers(0, 119), st.integers(0, 159)).map(
    lambda four: (min(four[0], four[2]), min(four[1], four[3]), max(four[0], four[2]), max(four[1], four[3]))
)


@settings(max_examples=60, deadline=None)
@given(spot=spots, seed=st.integers(0, 1000))
def test_spot_words_that_equal_the_pixels_are_always_believed(spot, seed):
    celsius = np.random.default_rng(seed).uniform(10.0, 40.0, size=(120, 160))
    assert isinstance(the_picture(uvc_frame(celsius, LeptonState(spot=spot))), ThermalFrame)


@settings(max_examples=60, deadline=None)
@given(spot=spots, data=st.data())
def test_a_pixel_of_the_spot_that_changed_on_the_way_is_never_believed(spot, data):
    row, column = data.draw(st.integers(spot[0], spot[2])), data.draw(st.integers(spot[1], spot[3]))
    counts = counts_of(ROOM, LeptonState())
    frame = bytearray(uvc_frame(ROOM, LeptonState(spot=spot)))
    window = counts[spot[0] : spot[2] + 1, spot[1] : spot[3] + 1]
    value = int(window.max()) + data.draw(st.integers(1, 500))
    place = 2 * (row * 160 + column)
    frame[place : place + 2] = value.to_bytes(2, "little")
    assert the_fault(bytes(frame)).code is FaultCode.IMPLAUSIBLE_FRAME


def test_a_picture_of_another_moment_than_its_telemetry_is_refused():
    other = uvc_frame(np.roll(ROOM, 3, axis=0))
    mixed = uvc_frame(ROOM)[: 2 * 160 * 120] + other[2 * 160 * 120 :]
    assert "spot words" in the_fault(mixed).detail


def test_the_spot_of_the_real_frame_that_is_documented_agrees():
    celsius = ROOM.copy()
    celsius[59:61, 70:72] = np.array([[29487, 29500], [29481, 29483]]) / 100 - 273.15
    words = telemetry(counts_of(celsius, LeptonState()), LeptonState(spot=(59, 70, 60, 71)))
    assert words[210:214].tolist() == [29487, 29500, 29481, 4]


# tCam ------------------------------------------------------------------------------------------------------------


def test_a_tcam_says_the_same_as_the_camera_on_usb():
    by_tcp = the_picture(tcam_message(ROOM), driver="lepton_tcam")
    assert (by_tcp.celsius == the_picture(uvc_frame(ROOM)).celsius).all()
    assert by_tcp.observed_at == AT, "its own date has no zone"


def test_a_tcam_is_told_to_stream_when_the_link_opens():
    (command,) = load_driver("lepton_tcam")(device_id="camera-1", options={}).opening
    assert command.payload[:1] + command.payload[-1:] == b"\x02\x03"
    assert json.loads(command.payload[1:-1])["cmd"] == "stream_on"


def test_an_answer_of_a_tcam_is_an_answer_and_not_a_picture():
    (reply,) = events_of(b'\x02{"cam_info":{"info_value":1,"info_string":"ok"}}\x03', driver="lepton_tcam")
    assert isinstance(reply, CommandReply)


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (b"\x02{}\x03", FaultCode.UNKNOWN_MESSAGE),
        (b'\x02{"radiometric":"AAAA","telemetry":""}\x03', FaultCode.BAD_MESSAGE),
        (b'\x02{"radiometric":"A*AA","telemetry":""}\x03', FaultCode.BAD_MESSAGE),
        (b'\x02{"radiometric":5}\x03', FaultCode.BAD_MESSAGE),
        (b'\x02{"radiometric":"\xff"}\x03', FaultCode.BAD_MESSAGE),
        (b"\x02{", FaultCode.TRUNCATED),
    ],
)
def test_a_message_of_a_tcam_that_is_unfit_is_a_fault(message, code):
    assert the_fault(message, driver="lepton_tcam").code is code


def test_a_tcam_without_telemetry_is_refused_unless_allowed():
    pixels = base64.b64encode(counts_of(ROOM, LeptonState()).astype("<u2").tobytes())
    message = b'\x02{"radiometric":"' + pixels + b'"}\x03'
    assert the_fault(message, driver="lepton_tcam").code is FaultCode.NOT_RADIOMETRIC
    assert isinstance(the_picture(message, driver="lepton_tcam", telemetry="optional"), ThermalFrame)


def test_the_camera_says_for_how_long_it_has_been_on_and_nobody_else_does():
    state = LeptonState(now_ms=90_000)
    assert the_picture(uvc_frame(ROOM, state)).on_for_s == 90.0
    assert the_picture(uvc_frame(ROOM, has_telemetry=False), telemetry="optional").on_for_s is None
    assert the_picture(tcam_message(ROOM), driver="lepton_tcam").on_for_s == LeptonState().now_ms / 1000


def test_a_message_without_an_end_is_let_go_wherever_it_is_cut():
    content = b"\x02" + b"x" * 300_000 + tcam_message(ROOM)
    for size in (1000, 50_000, len(content)):
        driver = load_driver("lepton_tcam")(device_id="camera-1", options={})
        parts = [content[at : at + size] for at in range(0, len(content), size)]
        events = [event for part in parts for event in driver.feed(part, received_at=AT)]
        assert isinstance(events[-1], ThermalFrame)
        assert sum(event.byte_count for event in events[:-1]) == 300_001


@pytest.mark.parametrize("options", [{"rotate_clockwise_deg": 45}, {"telemetry": "x"}, {"hold": 1}])
def test_an_option_that_cannot_be_meant_is_refused(options):
    with pytest.raises(DeviceConfigurationError):
        LeptonUvc(device_id="camera-1", options=options)
