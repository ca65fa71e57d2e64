"""Face terminals: what they send, what must never become a reading, and whose clock is believed."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.drivers.facesluice import FacesluiceDriver
from devices.errors import DeviceConfigurationError
from devices.reading import Arrival, ClockBasis, CommandReply, Fault, FaultCode, Reading, UnusableReason

MEASURED_AT = datetime(2026, 3, 1, 2, 30, 5, tzinfo=UTC)
A_SECOND_LATER = MEASURED_AT + timedelta(seconds=1)
NAME = "EXAMPLE NGUYỄN"
PICTURE = "data:image/jpeg;base64,/9j/2Q=="
PUSH = {
    "customId": "079123456789",
    "personId": "7",
    "RecordID": "501",
    "VerifyStatus": "1",
    "persionName": NAME,
    "similarity1": "95.50",
    "telnum": "0900000000",
    "time": "2026-03-01 09:30:05",
    "facesluiceId": "1000001",
    "temperature": "36.5",
    "temperatureAlarm": "0",
    "isNoMask": "0",
    "pic": PICTURE,
}


def terminal(**options):
    return FacesluiceDriver(device_id="1000001", options=options)


def message(operator="RecPush", *, without=(), **fields):
    info = {key: value for key, value in (PUSH | fields).items() if key not in without}
    return msgspec.json.encode({"operator": operator, "info": info})


def feed(driver, payload, *, at=A_SECOND_LATER, is_retained=False):
    events = list(driver.feed(payload, received_at=at, is_retained=is_retained))
    assert len(events) <= 1
    return events[0] if events else None


def heartbeat(driver, time, *, at):
    content = {"operator": "HeartBeat", "info": {"facesluiceId": "1000001", "time": time}}
    return feed(driver, msgspec.json.encode(content), at=at)


def test_a_recognition_becomes_one_live_reading_with_the_terminals_own_time():
    reading = feed(terminal(), message())
    assert isinstance(reading, Reading)
    assert (reading.temperature_c, reading.reported_c, reading.raw_c) == (36.5, 36.5, None)
    assert (reading.kind, reading.site, reading.device_kind) == ("device_compensated", "forehead", "face_terminal")
    assert (reading.observed_at, reading.clock_basis) == (MEASURED_AT, ClockBasis.DEVICE)
    assert (reading.arrival, reading.vendor_alarm) == (Arrival.LIVE, False)
    assert reading.is_usable


@pytest.mark.parametrize("name_key", ["personName", "persionName"])
def test_no_name_picture_or_number_of_a_person_leaves_the_driver(name_key):
    payload = message(**{name_key: NAME, "idCard": "079123456789", "age": "31", "gender": "1"})
    for event in (feed(terminal(), payload), feed(terminal(), payload.replace(b"36.5", b"0"))):
        told = repr(event)
        assert not [word for word in (NAME, "079123456789", "0900000000", "/9j/", "95.5", "31") if word in told]


def test_a_record_sent_again_keeps_its_key_its_time_and_gets_its_answer_again():
    driver = terminal()
    first, again = (feed(driver, message(), at=A_SECOND_LATER + timedelta(seconds=s)) for s in (0, 1))
    assert first.delivery_key == again.delivery_key
    assert first.observed_at == again.observed_at
    assert first.acknowledge_with == again.acknowledge_with
    assert first.acknowledge_with.topic == "mqtt/face/1000001"
    answer = msgspec.json.decode(first.acknowledge_with.payload)
    assert answer["operator"] == "PushAck"
    assert (answer["info"]["PushAckType"], answer["info"]["SnapOrRecordID"]) == (2, 501)
    assert answer["info"]["RecordID"] == "501"


def test_a_record_and_a_stranger_of_the_same_number_are_two_measurements():
    driver = terminal()
    record = feed(driver, message(RecordID="88"))
    stranger = feed(driver, message("StrSnapPush", without=("RecordID",), SnapID="88"))
    assert record.delivery_key != stranger.delivery_key
    assert msgspec.json.decode(stranger.acknowledge_with.payload)["info"]["PushAckType"] == 1


def test_after_a_reset_of_the_counter_the_epoch_tells_new_records_from_old_ones():
    assert feed(terminal(), message()).delivery_key != feed(terminal(record_epoch=2), message()).delivery_key


@pytest.mark.parametrize("nothing", ["0", "0.0", "", " ", 0, 0.0, None, "00.00"])
def test_zero_or_empty_is_not_measured_and_is_answered_all_the_same(nothing):
    fault = feed(terminal(), message(temperature=nothing))
    assert isinstance(fault, Fault)
    assert fault.code is FaultCode.NOT_MEASURED
    assert fault.acknowledge_with == feed(terminal(), message()).acknowledge_with


def test_a_missing_temperature_is_not_measured_and_is_answered_all_the_same():
    fault = feed(terminal(), message(without=("temperature",)))
    assert fault.code is FaultCode.NOT_MEASURED
    assert fault.acknowledge_with is not None


@pytest.mark.parametrize(
    "nonsense", ["warm", "36,5", "nan", "inf", "1e2", "36.5C", [36.5], {"value": 36.5}, True, "9" * 300, "-1001"]
)
def test_a_temperature_that_is_no_number_is_a_fault_and_is_answered(nonsense):
    fault = feed(terminal(), message(temperature=nonsense))
    assert fault.code is FaultCode.BAD_MESSAGE
    assert fault.acknowledge_with is not None


@pytest.mark.parametrize("temperature", ["29.9", "45.1", "-3", "3650", 97.7])
def test_an_implausible_temperature_is_kept_and_never_used(temperature):
    reading = feed(terminal(), message(temperature=temperature))
    assert reading.unusable_because == (UnusableReason.IMPLAUSIBLE,)


def test_fahrenheit_is_configured_and_never_guessed():
    assert feed(terminal(temperature_unit="fahrenheit"), message(temperature="97.7")).temperature_c == 36.5
    assert not feed(terminal(), message(temperature="97.7")).is_usable


def test_the_field_map_follows_the_firmware():
    driver = terminal(temperature_key="temp1", alarm_key="hot", record_id_key="id", acknowledgement="RecPushAck")
    reading = feed(driver, message(without=("RecordID", "temperature"), temp1=38.4, hot=True, id=9))
    assert (reading.temperature_c, reading.vendor_alarm) == (38.4, True)
    assert msgspec.json.decode(reading.acknowledge_with.payload)["operator"] == "RecPushAck"


def test_the_vendors_alarm_and_threshold_are_kept_as_its_opinion():
    reading = feed(terminal(), message(temperature="36.8", temperatureAlarm="1", temperatureThreshold="36.6"))
    assert (reading.vendor_alarm, reading.vendor_threshold_c) == (True, 36.6)
    assert reading.is_usable


def test_a_retained_message_is_never_live():
    reading = feed(terminal(), message(), is_retained=True)
    assert reading.arrival is Arrival.RETAINED
    assert UnusableReason.NOT_LIVE in reading.unusable_because


def test_a_resend_after_an_outage_keeps_its_own_time_and_is_never_used():
    reading = feed(terminal(), message(), at=MEASURED_AT + timedelta(minutes=20))
    assert (reading.observed_at, reading.clock_basis) == (MEASURED_AT, ClockBasis.DEVICE)
    assert reading.arrival is Arrival.BACKFILLED
    assert reading.unusable_because == (UnusableReason.STALE,)


def test_a_record_that_the_terminal_itself_calls_late_is_never_used():
    reading = feed(terminal(), message(Sendintime=0))
    assert (reading.arrival, reading.unusable_because) == (Arrival.BACKFILLED, (UnusableReason.NOT_LIVE,))


@pytest.mark.parametrize(
    "time",
    ["1971--10--29 -23:-27:-54", "", None, "2026-03-01", "yesterday", "2026-02-30 09:30:05", "0000-00-00 00:00:00"],
)
def test_an_unset_clock_leaves_a_reading_timed_on_arrival_and_unusable(time):
    reading = feed(terminal(), message(time=time))
    assert (reading.observed_at, reading.clock_basis) == (A_SECOND_LATER, ClockBasis.RECEIVED)
    assert reading.unusable_because == (UnusableReason.DEVICE_CLOCK_INVALID,)


def test_a_clock_in_another_zone_makes_readings_unusable_and_the_option_mends_it():
    beijing = message(time="2026-03-01 10:30:05")
    assert feed(terminal(), beijing).unusable_because == (UnusableReason.DEVICE_CLOCK_INVALID,)
    reading = feed(terminal(utc_offset_minutes=480), beijing)
    assert (reading.is_usable, reading.observed_at) == (True, MEASURED_AT)


def test_a_clock_that_runs_ahead_cannot_make_an_old_resend_live():
    driver = terminal()
    at = MEASURED_AT + timedelta(seconds=61)
    heartbeat(driver, "2026-03-01 09:32:06", at=at)
    resent = feed(driver, message(time="2026-03-01 09:31:05"), at=at)
    assert resent.unusable_because == (UnusableReason.DEVICE_CLOCK_INVALID,)
    heartbeat(driver, "2026-03-01 09:31:07", at=at + timedelta(seconds=1))
    assert feed(driver, message(time="2026-03-01 09:31:07"), at=at + timedelta(seconds=1)).is_usable


def test_a_late_heartbeat_never_makes_an_old_reading_live():
    driver = terminal()
    at = MEASURED_AT + timedelta(minutes=10)
    heartbeat(driver, "2026-03-01 09:30:05", at=at)
    assert not feed(driver, message(), at=at).is_usable


def test_a_clock_a_little_ahead_never_puts_a_reading_into_the_future():
    at = MEASURED_AT - timedelta(seconds=1)
    reading = feed(terminal(), message(), at=at)
    assert (reading.is_usable, reading.observed_at) == (True, at)


@given(behind_s=st.floats(-86_400 * 400, 86_400 * 400))
def test_a_reading_is_usable_exactly_if_its_claimed_age_is_small(behind_s):
    reading = feed(terminal(), message(), at=MEASURED_AT + timedelta(seconds=behind_s))
    assert reading.is_usable == (-2.0 <= behind_s <= 3.0)


def test_the_wrong_terminal_and_a_missing_record_number_are_refused():
    assert feed(terminal(), message(facesluiceId="1000002")).code is FaultCode.BAD_MESSAGE
    assert feed(terminal(), message(without=("RecordID",))).code is FaultCode.BAD_MESSAGE


def test_signs_of_life_are_no_readings_and_those_of_others_are_not_ours():
    driver = terminal()
    assert heartbeat(driver, "2026-03-01 09:30:05", at=A_SECOND_LATER).name == "heartbeat"
    online = feed(driver, message("Online"))
    assert isinstance(online, CommandReply)
    assert msgspec.json.decode(online.acknowledge_with.payload)["operator"] == "Online-Ack"
    assert feed(driver, message("Offline")).name == "offline"
    assert feed(driver, message("PushAck-Ack")).name == "command_answered"
    assert feed(driver, message("HeartBeat", facesluiceId="1000002")) is None
    assert feed(driver, message("FireSmokeSnapPush")).code is FaultCode.UNKNOWN_MESSAGE


@pytest.mark.parametrize(
    "bomb",
    [
        b"[" * 200_000,
        b'{"operator":"RecPush","info":{"a":' + b"[" * 200_000,
        b'{"operator":"RecPush","info":{"a":' + b'{"a":' * 100_000 + b"1" + b"}" * 100_000 + b"}}",
    ],
)
def test_deeply_nested_messages_are_faults(bomb):
    assert feed(terminal(), bomb).code is FaultCode.BAD_MESSAGE


def test_an_overlong_message_is_not_even_looked_at():
    fault = feed(terminal(max_payload_bytes=1000), message(pic="x" * 1000))
    assert (fault.code, fault.byte_count > 1000) == (FaultCode.OVERLONG, True)


def test_bytes_that_are_no_utf_8_are_a_fault_wherever_they_stand():
    assert feed(terminal(), message().replace(b"95.50", b"\xff\xfe")).code is FaultCode.BAD_MESSAGE


@given(payload=st.binary(max_size=400) | st.text(max_size=200).map(str.encode))
def test_no_bytes_whatever_raise_or_become_a_reading(payload):
    event = feed(terminal(), payload)
    assert isinstance(event, Fault)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(
    fields=st.dictionaries(st.sampled_from(sorted(PUSH)), JSON, max_size=6),
    operator=st.sampled_from(["RecPush", "SnapPush", "HeartBeat", "Online", "x", ""]),
)
def test_any_json_in_any_field_gives_at_most_one_event_and_no_zero(fields, operator):
    event = feed(terminal(), message(operator, **fields))
    if isinstance(event, Reading):
        assert event.temperature_c != 0
        assert event.acknowledge_with is not None


@pytest.mark.parametrize(
    "options", [{"temprature_key": "x"}, {"temperature_unit": "kelvin"}, {"utc_offset_minutes": "east"}]
)
def test_a_slip_in_the_options_is_told_at_once(options):
    with pytest.raises(DeviceConfigurationError, match="1000001"):
        terminal(**options)
