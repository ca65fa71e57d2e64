"""The thermal array, byte for byte against its manual."""

import random
import struct
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.drivers.gy_mcu90640 import ARGUMENTS, Command, GyMcu90640, build_command
from devices.errors import DeviceConfigurationError
from devices.reading import CommandReply, Fault, FaultCode, ThermalFrame
from tests.devices.gy_bytes import EMISSIVITY_095, FRAME_BYTES, GOLDEN, frame, frame_of
from tests.devices.specimens import AT, decode, essence

GY = "gy_mcu90640"


def pictures(events):
    return [event for event in events if isinstance(event, ThermalFrame)]


def faults(events):
    return [(event.code, event.byte_offset, event.byte_count) for event in events if isinstance(event, Fault)]


def decode_with(chunks, **options):
    return decode(GY, chunks, driver=GyMcu90640(device_id="device-1", options=options))


def test_the_golden_frame_of_the_manual_is_read():
    (picture,) = decode(GY, [GOLDEN])
    assert len(GOLDEN) == FRAME_BYTES
    assert picture.celsius.shape == (24, 32)
    assert picture.celsius.dtype == np.float32
    assert set(picture.celsius.ravel().tolist()) == {np.float32(36.94)}
    assert (picture.ambient_c, picture.device_c) == (None, 37.25)
    assert (picture.byte_offset, picture.sequence, picture.observed_at) == (0, 0, AT)


def test_the_first_pixel_sent_is_the_upper_right_of_the_scene():
    words = [2000 + row * 32 + column for row in range(24) for column in range(32)]
    (picture,) = decode(GY, [frame_of(words)])
    assert picture.celsius[0, 31] == np.float32(20.00)
    assert picture.celsius[0, 0] == np.float32(20.31)
    assert picture.celsius[23, 31] == np.float32((2000 + 23 * 32) / 100)
    assert picture.celsius[23, 0] == np.float32((2000 + 767) / 100)


def test_temperatures_below_zero_are_signed():
    (picture,) = decode(GY, [frame_of([-1234] * 768, own_c=-5.5)])
    assert set(picture.celsius.ravel().tolist()) == {np.float32(-12.34)}
    assert picture.device_c == -5.5


def test_the_emissivity_answer_is_an_answer_and_no_frame():
    events = decode(GY, [GOLDEN, EMISSIVITY_095, GOLDEN])
    assert [type(event) for event in events] == [ThermalFrame, CommandReply, ThermalFrame]
    assert (events[1].name, events[1].value, events[1].byte_offset) == ("emissivity", 0.95, FRAME_BYTES)
    assert events[2].byte_offset == FRAME_BYTES + 4


@pytest.mark.parametrize("hundredths", range(1, 101))
def test_every_emissivity_is_told_from_a_frame(hundredths):
    answer = bytes((0x5A, 0x5A, hundredths, (0x5A + 0x5A + hundredths) & 0xFF))
    events = decode(GY, [answer, GOLDEN])
    assert events[0].value == hundredths / 100
    assert len(pictures(events)) == 1


@pytest.mark.parametrize(
    ("command", "setting", "expected"),
    [
        (Command.BAUD, 9600, "A5 15 01 BB"),
        (Command.BAUD, 115200, "A5 15 02 BC"),
        (Command.BAUD, 460800, "A5 15 03 BD"),
        (Command.RATE, 0.5, "A5 25 00 CA"),
        (Command.RATE, 1, "A5 25 01 CB"),
        (Command.RATE, 2, "A5 25 02 CC"),
        (Command.RATE, 4, "A5 25 03 CD"),
        (Command.RATE, 8, "A5 25 04 CE"),
        (Command.MODE, "query", "A5 35 01 DB"),
        (Command.MODE, "automatic", "A5 35 02 DC"),
        (Command.SET_EMISSIVITY, 0.95, "A5 45 5F 49"),
        (Command.ASK_EMISSIVITY, None, "A5 55 01 FB"),
        (Command.SAVE, None, "A5 65 01 0B"),
    ],
)
def test_commands_are_those_of_the_manual(command, setting, expected):
    assert build_command(command, setting=setting) == bytes.fromhex(expected)


def test_a_setting_that_the_module_does_not_have_is_refused():
    with pytest.raises(DeviceConfigurationError, match="has no rate 16"):
        build_command(Command.RATE, setting=16)
    with pytest.raises(DeviceConfigurationError):
        build_command(Command.SET_EMISSIVITY, setting=1.01)
    assert set(ARGUMENTS) == set(Command)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, []),
        ({"checksum": "report"}, []),
        ({"rate_hz": 8}, ["A52504CE"]),
        ({"rate_hz": 0.5}, ["A52500CA"]),
        ({"emissivity": 0.95}, ["A5455F49", "A55501FB"]),
        ({"automatic": True}, ["A53502DC"]),
        ({"automatic": False}, ["A53501DB"]),
        ({"automatic": True, "emissivity": 1, "rate_hz": 4.0}, ["A52503CD", "A545644E", "A55501FB", "A53502DC"]),
    ],
)
def test_the_options_are_said_to_the_module_when_its_link_opened(options, expected):
    opening = GyMcu90640(device_id="device-1", options=options).opening
    assert [(command.topic, command.payload) for command in opening] == [("", bytes.fromhex(code)) for code in expected]


@pytest.mark.parametrize("options", [{"rate_hz": 16}, {"emissivity": 0}, {"emissivity": "shiny"}, {"automatic": "yes"}])
def test_an_option_that_is_no_setting_of_the_module_is_a_configuration_error(options):
    with pytest.raises(DeviceConfigurationError):
        GyMcu90640(device_id="device-1", options=options)


@settings(max_examples=200, deadline=None)
@given(
    words=st.lists(st.integers(-32768, 32767), min_size=1, max_size=768),
    rest=st.sampled_from((0, -1, -4000, -4001, 15000, 15001, 3000)),
    own_c=st.sampled_from((-40.0, -40.01, 31.0, 85.0, 85.01)),
    checksum_error=st.sampled_from((0, 0, 0, 1)),
)
def test_a_frame_that_comes_alone_is_judged_as_one_among_others(words, rest, own_c, checksum_error):
    content = frame_of(words + [rest] * (768 - len(words)), own_c=own_c, checksum_error=checksum_error)
    alone, in_two = decode(GY, [content, GOLDEN]), decode(GY, [content[:700], content[700:] + GOLDEN])
    assert [essence(event) for event in alone] == [essence(event) for event in in_two]


def test_a_wrong_checksum_is_a_fault_and_never_a_frame():
    events = decode(GY, [GOLDEN, frame_of([3000] * 768, checksum_error=1), frame(1)])
    assert [picture.byte_offset for picture in pictures(events)] == [0, 2 * FRAME_BYTES]
    assert faults(events) == [(FaultCode.BAD_CHECKSUM, FRAME_BYTES, FRAME_BYTES)]


def test_under_the_report_policy_a_wrong_checksum_is_told_and_the_frame_taken():
    events = decode_with([frame(1), frame_of([3000] * 768, checksum_error=1), frame(2)], checksum="report")
    assert len(pictures(events)) == 3
    assert faults(events) == [(FaultCode.BAD_CHECKSUM, FRAME_BYTES + 1542, 2)]


@pytest.mark.parametrize("policy", ["strict", "report"])
@pytest.mark.parametrize("words", [[3000] * 767 + [0x5A5A], [-4001] + [3000] * 767, [3000] * 700 + [15001] * 68])
def test_an_implausible_pixel_makes_no_frame_however_right_the_sum(policy, words):
    events = decode_with([frame_of(words), GOLDEN], checksum=policy)
    assert [picture.byte_offset for picture in pictures(events)] == [FRAME_BYTES]
    assert faults(events)[0][:2] == (FaultCode.IMPLAUSIBLE_FRAME, 0)
    assert sum(count for _, _, count in faults(events)) == FRAME_BYTES


@pytest.mark.parametrize("own_c", [-40.01, 85.01, 231.30, -273.0])
def test_an_implausible_own_temperature_makes_no_frame(own_c):
    events = decode(GY, [frame_of([3000] * 768, own_c=own_c), GOLDEN])
    assert len(pictures(events)) == 1
    assert faults(events) == [(FaultCode.IMPLAUSIBLE_FRAME, 0, FRAME_BYTES)]


def test_a_picture_of_zeros_is_not_measured_rather_than_freezing():
    events = decode(GY, [frame_of([0] * 768), GOLDEN])
    assert faults(events) == [(FaultCode.NOT_MEASURED, 0, FRAME_BYTES)]
    assert len(pictures(events)) == 1


def test_an_unknown_header_is_counted_as_such():
    events = decode(GY, [b"\x5a\x5a\x03\x00" + bytes(40), GOLDEN])
    assert faults(events) == [(FaultCode.BAD_HEADER, 0, 44)]
    assert len(pictures(events)) == 1


@pytest.mark.parametrize("lost_at", [0, 1, 2, 3, 4, 5, 700, 1540, 1541, 1542, 1543])
def test_one_lost_byte_costs_one_frame(lost_at):
    spoilt = bytearray(frame(2))
    del spoilt[lost_at]
    events = decode(GY, [frame(1), bytes(spoilt), frame(3), frame(4)])
    assert [picture.byte_offset for picture in pictures(events)] == [0, 2 * FRAME_BYTES - 1, 3 * FRAME_BYTES - 1]


@pytest.mark.parametrize("doubled_at", [0, 1, 3, 4, 700, 1541, 1543])
def test_one_byte_too_many_costs_at_most_one_frame(doubled_at):
    spoilt = bytearray(frame(2))
    spoilt.insert(doubled_at, 0xA7)
    events = decode(GY, [frame(1), bytes(spoilt), frame(3), frame(4)])
    assert [picture.byte_offset for picture in pictures(events)][-2:] == [2 * FRAME_BYTES + 1, 3 * FRAME_BYTES + 1]


def test_a_false_header_in_garbage_hides_no_frame():
    garbage = b"noise" + b"\x5a\x5a\x02\x06" + b"Z" * 9
    events = decode(GY, [garbage, frame(1), frame(2)])
    assert [picture.byte_offset for picture in pictures(events)] == [len(garbage), len(garbage) + FRAME_BYTES]


def test_a_checksum_that_looks_like_a_sync_hides_no_frame():
    words = next([each] * 768 for each in range(1800, 3800) if frame_of([each] * 768)[-1] == 0x5A)
    events = decode(GY, [frame_of(words), GOLDEN, frame_of(words), EMISSIVITY_095])
    assert len(pictures(events)) == 3
    assert faults(events) == []


@settings(max_examples=60, deadline=None)
@given(
    parts=st.lists(
        st.one_of(
            st.sampled_from([GOLDEN, frame(1), frame(2), EMISSIVITY_095, frame_of([3000] * 768, checksum_error=7)]),
            st.binary(max_size=60),
            st.integers(1, FRAME_BYTES - 1).map(lambda length: frame(5)[:length]),
        ),
        max_size=8,
    )
)
def test_every_byte_belongs_to_exactly_one_frame_answer_or_fault(parts):
    content = b"".join(parts)
    lengths = {ThermalFrame: FRAME_BYTES, CommandReply: 4}
    place = 0
    for event in decode(GY, [content]):
        assert event.byte_offset == place
        place += event.byte_count if isinstance(event, Fault) else lengths[type(event)]
    assert place == len(content)


@pytest.mark.parametrize("seed", range(3))
def test_one_changed_lost_or_doubled_byte_never_makes_another_picture(seed):
    chance = random.Random(seed)
    sent = {decode(GY, [frame(9)])[0].celsius.tobytes()}
    for _ in range(500):
        at = chance.randrange(FRAME_BYTES)
        changed = bytearray(frame(9))
        match chance.randrange(3):
            case 0:
                changed[at] ^= chance.randrange(1, 256)
            case 1:
                del changed[at]
            case _:
                changed.insert(at, changed[at])
        found = {picture.celsius.tobytes() for picture in pictures(decode(GY, [bytes(changed), bytes(changed)]))}
        assert found <= sent


def fuzzed(count, *, seed):
    """Frames in which a burst of noise replaced, removed or pushed apart some bytes.

    A sum cannot see two changes that cancel each other (two bytes of equal weight, one up and one
    down by the same), which two random changes do once in some hundreds; noise comes in bursts.
    """
    chance = random.Random(seed)
    for number in range(count):
        content = frame(number % 50)
        start, length = chance.randrange(FRAME_BYTES), chance.choice((8, 16, 64, 700))
        noise = chance.randbytes(length)
        kept = content[start:] if chance.random() < 0.3 else content[start + chance.choice((length, length - 1)) :]
        yield content[:start] + noise + kept


def accepted_wrongly(count, *, seed):
    """Feed spoilt frames; pictures that nobody sent, and pictures that no eye could have seen."""
    sent = {decode(GY, [frame(number)])[0].celsius.tobytes() for number in range(50)}
    driver = GyMcu90640(device_id="device-1")
    wrong = implausible = 0
    for spoilt in fuzzed(count, seed=seed):
        for event in driver.feed(spoilt, received_at=AT):
            if isinstance(event, ThermalFrame):
                wrong += event.celsius.tobytes() not in sent
                implausible += not (event.celsius.min() >= -40 and event.celsius.max() <= 150)
    return wrong, implausible


def test_spoilt_frames_are_accepted_no_oftener_than_a_sum_of_16_bits_allows():
    wrong, implausible = accepted_wrongly(5_000, seed=11)
    assert implausible == 0
    assert wrong <= 1


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_spoilt_frames_are_accepted_no_oftener_than_a_sum_of_16_bits_allows_in_a_long_run():
    """Two hundred thousand, on both cores."""
    with ProcessPoolExecutor(2, mp_context=get_context("forkserver")) as pool:
        halves = [pool.submit(accepted_wrongly, 100_000, seed=seed) for seed in (12, 13)]
        wrong, implausible = (sum(counts) for counts in zip(*(half.result() for half in halves), strict=True))
    assert implausible == 0
    assert wrong <= 12, "200,000 / 65,536 = 3 are to be expected of a sum, fewer with the range"


def test_a_misspelt_option_is_refused():
    with pytest.raises(DeviceConfigurationError, match="no option checksm; known: automatic, checksum"):
        GyMcu90640(device_id="x", options={"checksm": "strict"})
    with pytest.raises(DeviceConfigurationError, match="no checksum policy 'lax'"):
        GyMcu90640(device_id="x", options={"checksum": "lax"})


def test_the_frame_helper_of_these_tests_agrees_with_the_manual():
    assert frame_of([0x0E6E] * 768, own_c=37.25) == GOLDEN
    assert struct.unpack("<H", GOLDEN[-2:]) == (0xB8E9,)
