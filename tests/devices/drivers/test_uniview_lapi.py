"""Uniview terminals: 0 is unknown, history is late, an identity card beside it is never looked at."""

from datetime import UTC, datetime

import msgspec
import pytest

from devices.drivers.uniview_lapi import HEARTBEAT, VERIFICATION, UniviewLapi
from devices.errors import DeviceConfigurationError
from devices.http_message import write_request
from devices.reading import Arrival, FaultCode, UnusableReason

SECONDS = 1_772_331_600
AT = datetime.fromtimestamp(SECONDS + 1, UTC)


def posted(path=VERIFICATION, **fields):
    content = {
        "Seq": 12,
        "Timestamp": SECONDS,
        "NotificationType": 0,
        "FaceInfoList": [{"Timestamp": SECONDS, "Temperature": 36.6, "MaskFlag": 0}],
        "CardInfoList": [{"Name": "EXAMPLE", "IdentityNo": "001099000001"}],
        "LibMatInfoList": [{"MatchStatus": 10}],
    } | fields
    body = msgspec.json.encode(content)
    return write_request("POST", f"/LAPI/V1.0{path}", media_type="application/json", body=body)


def said(payload, **options):
    return list(UniviewLapi(device_id="lane-2", options=options).feed(payload, received_at=AT))


def test_a_measured_face_is_a_live_reading_and_the_terminal_is_told_that_it_arrived():
    [reading] = said(posted())
    assert (reading.temperature_c, reading.vendor_alarm, reading.is_usable) == (36.6, False, True)
    assert reading.observed_at == datetime.fromtimestamp(SECONDS, UTC)
    assert b'"StatusCode":0' in reading.acknowledge_with.payload


@pytest.mark.parametrize("temperature", [0, 0.0, "0", None, ""])
def test_zero_and_nothing_mean_not_measured_and_are_answered(temperature):
    [fault] = said(posted(FaceInfoList=[{"Temperature": temperature}]))
    assert fault.code is FaultCode.NOT_MEASURED
    assert fault.acknowledge_with is not None


def test_history_keeps_its_time_and_drives_no_lane():
    [reading] = said(posted(NotificationType=1))
    assert (reading.arrival, reading.unusable_because) == (Arrival.BACKFILLED, (UnusableReason.NOT_LIVE,))
    assert reading.delivery_key == said(posted())[0].delivery_key, "history repeats what was sent live"


def test_the_terminals_own_alarm_is_kept_beside_the_value():
    [reading] = said(posted(LibMatInfoList=[{"MatchStatus": 11}]))
    assert (reading.vendor_alarm, reading.temperature_c) == (True, 36.6)


def test_two_faces_in_one_picture_are_nobodys_temperature():
    faces = [{"Timestamp": SECONDS, "Temperature": 36.6}, {"Timestamp": SECONDS, "Temperature": 38.1}]
    events = said(posted(FaceInfoList=faces))
    assert {event.unusable_because for event in events} == {(UnusableReason.SEVERAL_FACES,)}
    assert len({event.delivery_key for event in events}) == 2


def test_a_clock_of_1970_is_no_clock():
    [reading] = said(posted(Timestamp=0, FaceInfoList=[{"Timestamp": 0, "Temperature": 36.6}]))
    assert reading.unusable_because == (UnusableReason.DEVICE_CLOCK_INVALID,)


def test_the_identity_card_leaves_nothing_behind():
    assert b"0010990" not in msgspec.json.encode(said(posted()))


def test_a_heartbeat_is_a_sign_of_life_and_an_unknown_notification_is_told():
    [beat] = said(posted(HEARTBEAT))
    assert (beat.name, beat.value) == ("heartbeat", 1.0)
    assert beat.voice.clock_offset_s == -1.0, "the register of devices shows how far its clock is"
    [empty] = said(write_request("POST", f"/LAPI/V1.0{HEARTBEAT}", media_type="", body=b""))
    assert (empty.name, empty.voice) == ("heartbeat", None)
    [unknown] = said(posted("/System/Event/Notification/Motion"))
    assert unknown.code is FaultCode.UNKNOWN_MESSAGE
    [broken] = said(write_request("POST", f"/LAPI/V1.0{VERIFICATION}", media_type="", body=b"[" * 3000))
    assert broken.code is FaultCode.BAD_MESSAGE


def test_fahrenheit_is_told_by_the_settings_and_never_guessed():
    [reading] = said(posted(FaceInfoList=[{"Timestamp": SECONDS, "Temperature": 98.1}]), temperature_unit="fahrenheit")
    assert reading.temperature_c == 36.72
    [guessed] = said(posted(FaceInfoList=[{"Timestamp": SECONDS, "Temperature": 98.1}]))
    assert UnusableReason.IMPLAUSIBLE in guessed.unusable_because
    with pytest.raises(DeviceConfigurationError):
        UniviewLapi(device_id="lane-2", options={"temperature_unit": "reaumur"})


def test_a_notification_recorded_without_its_request_says_the_same():
    [bare] = said(posted().partition(b"\r\n\r\n")[2])
    assert bare == said(posted())[0]
