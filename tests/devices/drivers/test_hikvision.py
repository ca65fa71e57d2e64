"""Hikvision: words for booleans, two scales for faces, gaps found and filled, nobody described."""

from datetime import UTC, datetime

import msgspec
import pytest

from devices.drivers.hikvision import Hikvision, HikvisionPush
from devices.errors import DeviceConfigurationError
from devices.http_message import write_request
from devices.reading import Arrival, CommandReply, FaceBox, Fault, FaultCode, Reading, UnusableReason

AT = datetime(2026, 3, 1, 2, 10, 1, tzinfo=UTC)
NOW = "2026-03-01T09:10:00+07:00"


def part(message, *, kind="application/json"):
    body = message if isinstance(message, bytes) else msgspec.json.encode(message)
    return f"--boundary\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body + b"\r\n"


def capture(*faces, uid="u1", **more):
    made = [
        {
            "faceId": place,
            "faceRect": {"x": 0.383, "y": 0.4, "width": 0.17, "height": 0.596, "age": {"value": 30}},
            "currTemperature": 36.8,
            "isAbnomalTemperature": "true",
            "thermometryUnit": "celsius",
            "alarmTemperature": 36.6,
            "gender": {"value": "female"},
            "race": {"value": "nobody's business"},
        }
        | face
        for place, face in enumerate(faces)
    ]
    return {"dateTime": NOW, "eventType": "faceCapture", "faceCapture": [{"faces": made, "uid": uid}]} | more


def access(serial, front, temperature=36.6, *, time=NOW, **more):
    event = {"majorEventType": 5, "subEventType": 75, "serialNo": serial, "frontSerialNo": front, "name": "EXAMPLE"}
    if temperature is not None:
        event["currTemperature"] = temperature
    return {"dateTime": time, "eventType": "AccessControllerEvent", "AccessControllerEvent": event | more}


def driver(**options):
    return Hikvision(device_id="lane-1", options={"backfill_minutes": 0} | options)


def said(*messages, **options):
    made = options.pop("to", None) or driver(**options)
    return [event for message in messages for event in made.feed(part(message), received_at=AT)]


def pushed(payload, **options):
    return list(HikvisionPush(device_id="lane-1", options=options).feed(payload, received_at=AT))


def test_a_face_flagged_by_the_device_keeps_its_value_its_alarm_and_its_threshold():
    [reading] = said(capture({}))
    assert (reading.temperature_c, reading.vendor_alarm, reading.vendor_threshold_c) == (36.8, True, 36.6)
    assert (reading.raw_c, reading.is_usable, reading.arrival) == (None, True, Arrival.LIVE)
    assert reading.face == FaceBox(left_px=383, top_px=400, width_px=170, height_px=596)


@pytest.mark.parametrize(
    ("alarm", "is_alarm"), [("true", True), ("false", False), (True, True), (False, False), (None, None)]
)
def test_booleans_are_words_on_some_firmware(alarm, is_alarm):
    assert said(capture({"isAbnomalTemperature": alarm}))[0].vendor_alarm is is_alarm


@pytest.mark.parametrize(
    ("rectangle", "box"),
    [
        ({"x": 0.5, "y": 0.25, "width": 0.1, "height": 0.2}, (80, 30, 16, 24)),
        ({"x": 500.0, "y": 250.0, "width": 100.0, "height": 200.0}, (80, 30, 16, 24)),
        ({"x": -1, "y": 0, "width": 1, "height": 1}, None),
        ({"x": 5000, "y": 0, "width": 1, "height": 1}, None),
        (None, None),
    ],
)
def test_a_face_stands_at_the_same_place_on_both_scales(rectangle, box):
    [reading] = said(capture({"faceRect": rectangle}), picture_columns=160, picture_rows=120)
    found = reading.face and (
        reading.face.left_px,
        reading.face.top_px,
        reading.face.width_px,
        reading.face.height_px,
    )
    assert found == box


@pytest.mark.parametrize(
    ("amount", "unit", "expected_c"),
    [(36.6, "celsius", 36.6), (98.1, "fahrenheit", 36.72), (309.65, "kelvin", 36.5), ("36.6", None, 36.6)],
)
def test_the_unit_belongs_to_the_field(amount, unit, expected_c):
    assert said(access(1, 0, amount, thermometryUnit=unit))[0].temperature_c == expected_c


def test_a_unit_nobody_knows_is_no_reading():
    [fault] = said(access(1, 0, 36.6, thermometryUnit="reaumur"))
    assert fault.code is FaultCode.BAD_MESSAGE


@pytest.mark.parametrize("amount", [None, 0, 0.0, "0", ""])
def test_what_was_not_measured_is_no_reading(amount):
    [fault] = said(access(1, 0, amount))
    assert fault.code is FaultCode.NOT_MEASURED


def test_age_gender_race_and_names_are_left_at_the_border():
    events = said(capture({"expression": "smile"}), access(1, 0))
    left = msgspec.json.encode(events)
    for word in (b"female", b"nobody", b"EXAMPLE", b"smile", b"age"):
        assert word not in left.replace(b"message", b"")


def test_two_faces_in_one_picture_are_nobodys_temperature():
    events = said(capture({}, {"currTemperature": 38.4}))
    assert {event.unusable_because for event in events} == {(UnusableReason.SEVERAL_FACES,)}


def test_alarms_of_machines_are_counted_and_a_picture_held_up_is_nobody():
    [machine] = said({"dateTime": NOW, "eventType": "TMA", "eventState": "active", "currTemperature": 48.1})
    in_xml = (
        f"<EventNotificationAlert><eventType>TMPA</eventType><dateTime>{NOW}</dateTime>"
        "<currTemperature>48.5</currTemperature></EventNotificationAlert>"
    )
    [also] = said(in_xml.encode())
    [spoof] = said(access(1, 0, 36.5, subEventType=104))
    assert {machine.code, also.code, spoof.code} == {FaultCode.NOT_A_PERSON}


def test_old_firmware_writes_xml_and_keeps_its_decimals():
    event = (
        f"<EventNotificationAlert version='2.0'><dateTime>{NOW}</dateTime><eventType>AccessControllerEvent</eventType>"
        "<AccessControllerEvent><majorEventType>5</majorEventType><subEventType>75</subEventType><serialNo>7</serialNo>"
        "<currTemperature>37.25</currTemperature><thermometryUnit>celsius</thermometryUnit>"
        "<isAbnomalTemperature>false</isAbnomalTemperature></AccessControllerEvent></EventNotificationAlert>"
    )
    [reading] = said(event.encode())
    assert (reading.temperature_c, reading.vendor_alarm) == (37.25, False)


def test_a_gap_in_the_numbers_is_told_and_asked_for_page_by_page_until_it_is_closed():
    made = driver()
    said(access(1998, 1997), to=made)
    gap, reading = said(access(2002, 2000), to=made)
    assert gap.code is FaultCode.MISSING_MESSAGES
    assert (reading.temperature_c, reading.arrival) == (36.6, Arrival.LIVE)
    asked = msgspec.json.decode(gap.acknowledge_with.payload)["AcsEventCond"]
    assert (asked["beginSerialNo"], asked["endSerialNo"], asked["searchResultPosition"]) == (1999, 2000, 0)
    first = page(asked["searchID"], 1999, progress="MORE")
    found, reply = said(first, to=made)
    assert (found.arrival, found.unusable_because[0]) == (Arrival.BACKFILLED, UnusableReason.NOT_LIVE)
    again = msgspec.json.decode(reply.acknowledge_with.payload)["AcsEventCond"]
    assert (again["searchID"], again["searchResultPosition"]) == (asked["searchID"], 1)
    missing, complete = said(page(asked["searchID"], 2000, temperature=None), to=made)
    assert (missing.code, complete.name, complete.acknowledge_with) == (
        FaultCode.NOT_MEASURED,
        "backfill_complete",
        None,
    )
    [following] = said(access(2003, 2002), to=made)
    assert isinstance(following, Reading)


def page(search_id, serial, *, temperature=36.4, progress="OK"):
    found = {"major": 5, "minor": 75, "time": "2026-03-01T09:09:58+07:00", "serialNo": serial}
    if temperature is not None:
        found |= {"currTemperature": temperature, "thermometryUnit": "celsius"}
    return {
        "AcsEvent": {
            "searchID": search_id,
            "responseStatusStrg": progress,
            "numOfMatches": 1,
            "totalMatches": 2,
            "InfoList": [found],
        }
    }


def test_every_gap_in_ten_thousand_events_is_found():
    made, found = driver(has_search=False), 0
    lost = {serial for serial in range(2, 10_000) if serial * 7919 % 101 < 3}
    expected = sum(1 for serial in lost if serial + 1 not in lost)
    for serial in range(1, 10_001):
        if serial not in lost:
            found += sum(isinstance(event, Fault) for event in said(access(serial, serial - 1), to=made))
    assert found == expected > 200


def test_an_empty_page_that_promises_more_ends_the_search():
    made = driver()
    said(access(1, 0), to=made)
    gap, _ = said(access(5, 4), to=made)
    search_id = msgspec.json.decode(gap.acknowledge_with.payload)["AcsEventCond"]["searchID"]
    empty = {"AcsEvent": {"searchID": search_id, "responseStatusStrg": "MORE", "numOfMatches": 0, "InfoList": []}}
    [reply] = said(empty, to=made)
    assert reply.acknowledge_with is None


def test_a_counter_that_was_reset_finds_gaps_again():
    made = driver()
    said(access(5000, 4999), to=made)
    assert [type(event) for event in said(access(1, 0, time="2026-03-01T09:10:01+07:00"), to=made)] == [Reading]
    gap, _ = said(access(4, 3, time="2026-03-01T09:10:01+07:00"), to=made)
    assert gap.code is FaultCode.MISSING_MESSAGES


def test_a_connection_that_begins_asks_once_for_the_last_hour_of_the_devices_own_clock():
    made = driver(backfill_minutes=60)
    [first] = said(access(7, 6), to=made)
    asked = msgspec.json.decode(first.acknowledge_with.payload)["AcsEventCond"]
    assert (asked["startTime"], asked["endTime"]) == ("2026-03-01T08:10:00+07:00", NOW)
    [second] = said(access(8, 7), to=made)
    assert second.acknowledge_with is None


def test_what_is_found_again_has_the_key_it_had_live():
    live = said(access(1999, 1998))[0]
    found = said(page("s", 1999))[0]
    assert live.delivery_key == found.delivery_key


def test_the_device_says_itself_that_an_event_is_not_of_now():
    [reading] = said(access(1, 0, currentEvent=False))
    assert (reading.arrival, reading.is_usable) == (Arrival.BACKFILLED, False)


def test_a_heartbeat_says_how_far_the_clock_is_and_a_door_is_nobody():
    beat = (
        f"<EventNotificationAlert><dateTime>{NOW}</dateTime><eventType>videoloss</eventType>"
        "<eventState>inactive</eventState></EventNotificationAlert>"
    )
    [alive] = said(beat.encode())
    [door] = said(access(1, 0, None, subEventType=21))
    assert (alive.name, alive.value, door.name, door.value) == ("heartbeat", 1.0, "access_event", 21.0)
    assert alive.voice.clock_offset_s == -1.0, "the register of devices shows how far its clock is"


def test_a_picture_says_nothing_and_a_part_without_a_body_is_told():
    made = driver()
    assert list(made.feed(part(b"\xff\xd8\xff\xd9", kind="image/pjpeg"), received_at=AT)) == []
    [empty] = made.feed(part(b""), received_at=AT)
    assert empty.code is FaultCode.TRUNCATED


def test_a_posted_form_gives_its_message_and_leaves_its_picture():
    text = msgspec.json.encode(capture({}))
    form = (
        b'--MIME\r\nContent-Disposition: form-data; name="event_log"\r\nContent-Type: application/json\r\n\r\n'
        + text
        + b'\r\n--MIME\r\nContent-Disposition: form-data; name="Picture"\r\nContent-Type: image/jpeg\r\n\r\n'
        + b"\xff\xd8\xff\xd9\r\n--MIME--\r\n"
    )
    kind = "multipart/form-data; boundary=MIME"
    [reading] = pushed(write_request("POST", "/e", media_type=kind, body=form))
    [bare] = pushed(text)
    assert reading.temperature_c == bare.temperature_c == 36.8
    [nothing] = pushed(write_request("POST", "/e", media_type=kind, body=b"--MIME--\r\n"))
    assert nothing.code is FaultCode.BAD_MESSAGE


def test_a_terminal_that_only_posts_has_its_gaps_counted():
    made = HikvisionPush(device_id="lane-1", options={})
    events = []
    for serial, front in ((1, 0), (4, 3)):
        body = msgspec.json.encode(access(serial, front))
        events += made.feed(write_request("POST", "/e", media_type="application/json", body=body), received_at=AT)
    _, gap, _ = events
    assert (gap.code, gap.acknowledge_with) == (FaultCode.MISSING_MESSAGES, None)


def test_nonsense_is_told_and_never_raises():
    for nonsense in (b"{", b"[]", b"<xml>", b"<EventNotificationAlert>", b"\xff\xfe", b"[" * 5000, b'{"eventType":7}'):
        [fault] = said(nonsense)
        assert fault.code in {FaultCode.BAD_MESSAGE, FaultCode.UNKNOWN_MESSAGE}
    [reply] = said({"AcsEvent": {"searchID": "not ours", "responseStatusStrg": "MORE", "numOfMatches": 3}})
    assert isinstance(reply, CommandReply)
    with pytest.raises(DeviceConfigurationError):
        driver(speed=3)
