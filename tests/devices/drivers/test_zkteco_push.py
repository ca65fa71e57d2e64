"""ZKTeco terminals: 0 is not measured, doors are nobody, an unset clock decides nothing, and people stay outside."""

from datetime import UTC, datetime

import msgspec
import pytest

from devices.drivers.zkteco_push import ZktecoPush
from devices.errors import DeviceConfigurationError
from devices.http_message import write_request
from devices.reading import Arrival, ClockBasis, CommandReply, Fault, FaultCode, Reading, UnusableReason

AT = datetime(2026, 3, 1, 2, 20, 41, tzinfo=UTC)
PUNCH = (
    "time={time}\tpin=100002\tcardno=0\teventaddr=1\tevent=3\tinoutstatus=0\tverifytype=1\tindex={index}\t"
    "sitecode=0\tlinkid=0\tmaskflag=1\ttemperature={temperature}\tconvtemperature={temperature}\r\n"
)


def punch(temperature="36.5", *, time="2026-03-01 09:20:40", index=41):
    return PUNCH.format(temperature=temperature, time=time, index=index).encode()


def call(target, body=b"", *, method="POST"):
    return write_request(method, f"/iclock/{target}", media_type="text/plain", body=body)


def said(payload, **options):
    return list(ZktecoPush(device_id="lane-1", options=options).feed(payload, received_at=AT))


def rtlog(*rows, **options):
    return said(call("cdata?SN=X1&table=rtlog", b"".join(rows)), **options)


def test_a_measured_punch_is_a_live_reading_with_its_own_time_and_is_answered_ok():
    [reading] = rtlog(punch())
    assert (reading.temperature_c, reading.reported_c, reading.raw_c) == (36.5, 36.5, None)
    assert reading.observed_at == datetime(2026, 3, 1, 2, 20, 40, tzinfo=UTC)
    assert (reading.arrival, reading.is_usable, reading.clock_basis) == (Arrival.LIVE, True, ClockBasis.DEVICE)
    assert reading.acknowledge_with.payload == b"OK"


def test_zero_is_not_measured_and_a_door_is_nobody():
    door = b"time=2026-03-01 09:20:11\tsensor=02\trelay=00\talarm=0100000000000000\tdoor=01\r\n"
    zero, nobody, measured = rtlog(punch("0"), door, punch(index=42))
    assert (zero.code, nobody.name) == (FaultCode.NOT_MEASURED, "door_event")
    assert isinstance(measured, Reading)
    assert [event.acknowledge_with is not None for event in (zero, nobody, measured)] == [False, False, True]


def test_an_unset_clock_is_timed_on_arrival_and_never_usable():
    [reading] = rtlog(punch(time="1971--10--29 -23:-27:-54"))
    assert (reading.observed_at, reading.clock_basis) == (AT, ClockBasis.RECEIVED)
    assert reading.unusable_because == (UnusableReason.DEVICE_CLOCK_INVALID,)


def test_what_was_kept_through_an_outage_comes_late_and_drives_no_lane():
    [reading] = rtlog(punch(time="2026-03-01 08:20:40"))
    assert (reading.arrival, reading.unusable_because) == (Arrival.BACKFILLED, (UnusableReason.STALE,))


def test_a_row_sent_again_has_the_same_key_and_another_row_another():
    first, again, other = (rtlog(row)[0].delivery_key for row in (punch(), punch(), punch(index=42)))
    assert first == again != other


def test_nobodys_number_leaves_the_driver():
    events = rtlog(punch(), punch("0"), b"time=2026\tpin=100002\ttemperature=hot\n")
    assert b"100002" not in msgspec.json.encode(events)
    assert [event.code for event in events if isinstance(event, Fault)] == [
        FaultCode.NOT_MEASURED,
        FaultCode.BAD_MESSAGE,
    ]


def test_an_attlog_row_is_read_by_its_columns_and_a_short_one_was_not_measured():
    rows = b"11\t2026-03-01 09:20:40\t0\t25\t0\t0\t0\t1\t36.9\t36.9\n12\t2026-03-01 09:20:40\t0\t25\n"
    reading, short = said(call("cdata?SN=X1&table=ATTLOG&Stamp=9999", rows))
    assert reading.temperature_c == 36.9
    assert short.code is FaultCode.NOT_MEASURED
    assert short.acknowledge_with.payload == b"OK: 2"
    [unmeasured] = said(call("cdata?SN=X1&table=ATTLOG", b"11\t2026-03-01 09:20:40\t0\t25\t0\t0\t0\t0\t0\t0\n"))
    assert unmeasured.code is FaultCode.NOT_MEASURED


@pytest.mark.parametrize(
    ("method", "target", "beginning"),
    [
        ("GET", "cdata?SN=X1&options=all&pushver=3.1.2&DeviceType=acc", b"OK"),
        ("GET", "cdata?SN=X1&options=all&pushver=2.4.1", b"GET OPTION FROM: X1\n"),
        ("POST", "registry?SN=X1", b"RegistryCode="),
        ("GET", "push?SN=X1", b"ServerVersion="),
        ("GET", "getrequest?SN=X1", b"OK"),
        ("GET", "ping?SN=X1", b"OK"),
        ("POST", "cdata?SN=X1&table=BIODATA", b"OK"),
        ("POST", "cdata?SN=X1&table=rtlog", b"OK"),
    ],
)
def test_each_call_is_answered_in_the_terminals_own_words(method, target, beginning):
    [reply] = said(call(target, method=method))
    assert isinstance(reply, CommandReply)
    assert reply.acknowledge_with.payload.startswith(beginning)


def test_a_call_of_another_protocol_or_terminal_is_told_and_not_answered_in_its_words():
    [unknown] = said(write_request("GET", "/favicon.ico", media_type="", body=b""))
    [other] = said(call("cdata?SN=X2&table=rtlog", punch()), serial_number="X1")
    assert (unknown.code, other.code) == (FaultCode.UNKNOWN_MESSAGE, FaultCode.BAD_MESSAGE)
    assert (unknown.acknowledge_with, other.acknowledge_with) == (None, None)


def test_a_misspelt_option_is_a_mistake_in_the_settings():
    with pytest.raises(DeviceConfigurationError, match="serial"):
        ZktecoPush(device_id="lane-1", options={"serial": "X1"})


def test_rows_recorded_without_their_requests_say_the_same():
    [rtlog_reading] = said(punch())
    [attlog_reading] = said(b"11\t2026-03-01 09:20:40\t0\t25\t0\t0\t0\t1\t36.9\t36.9\n")
    assert (rtlog_reading.temperature_c, attlog_reading.temperature_c) == (36.5, 36.9)
