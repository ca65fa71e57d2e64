"""One law book for every registered driver: whatever the bytes, never raise, never invent, find the way back."""

import random
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.driver import Wire, opening_of
from devices.reading import Arrival, Fault, Outgoing, Reading, ScannedText, ThermalFrame
from devices.registry import driver_names, load_driver, manifests
from tests.devices.specimens import AT, SPECIMENS, decode, driver_of, essence, good, wire_of

EVERY = list(driver_names())
LINES = [name for name in EVERY if wire_of(name).is_stream]
RECORDINGS = [name for name in EVERY if wire_of(name) is Wire.FILE]
STREAMS = LINES + RECORDINGS
MESSAGES = [name for name in EVERY if wire_of(name).is_message]
FLOODS = {
    "zeros": b"\x00" * 100_000,
    "ones": b"\xff" * 100_000,
    "syncs": b"\x5a" * 20_000,
    "headers": b"\x5a\x5a\x02\x06" * 2_000,
    "fillers": b"<" * 100_000,
    "line ends": b"\r\n" * 50_000,
    "braces": b"{" * 100_000,
    "noise": random.Random(7).randbytes(100_000),
}


def whole(name):
    return b"".join(SPECIMENS[name].units)


def headers(name):
    """The beginnings of a driver's own units over and over: what a parser is most easily caught by."""
    return b"".join(unit[:length] for unit in SPECIMENS[name].units for length in (2, 4, 6, 8, 12)) * 40


def cuts(content, *, seed):
    """The same bytes in pieces of random length, empty ones among them."""
    chance = random.Random(seed)
    pieces, at = [], 0
    while at < len(content):
        length = chance.choice((0, 1, 2, 3, 7, 50, 700, 1543, 1544, 1545, 4096))
        pieces.append(content[at : at + length])
        at += length
    return pieces


def longest_run_found(expected, found):
    """How many of the expected events, counted from the last one, were found in order."""
    for skipped in range(len(expected) + 1):
        if expected[skipped:] == found[len(found) - (len(expected) - skipped) :]:
            return len(expected) - skipped
    return 0


def test_every_registered_driver_has_a_specimen_and_an_honest_manifest():
    assert set(EVERY) == set(SPECIMENS)
    for manifest in manifests():
        assert manifest.known_limits, f"{manifest.driver} claims to have no limits"
        assert manifest.sources, f"{manifest.driver} names no source"
        assert load_driver(manifest.driver).manifest is manifest


@pytest.mark.parametrize("name", EVERY)
def test_what_the_device_must_hear_is_the_same_each_time_it_is_built(name):
    opening = opening_of(driver_of(name))
    assert opening == opening_of(driver_of(name))
    assert all(isinstance(command, Outgoing) and command.payload for command in opening)


@pytest.mark.parametrize("name", sorted(name for name, specimen in SPECIMENS.items() if specimen.never))
def test_what_must_never_become_a_reading_becomes_none(name):
    for content in SPECIMENS[name].never:
        events = decode(name, [content])
        assert not [event for event in events if isinstance(event, ThermalFrame)]
        live = [event for event in events if isinstance(event, Reading) and event.arrival is Arrival.LIVE]
        assert not [reading for reading in live if reading.is_usable]


@pytest.mark.parametrize("name", EVERY)
def test_each_unit_gives_its_events(name):
    for unit in SPECIMENS[name].units:
        assert len(decode(name, [unit])) == SPECIMENS[name].events_per_unit


@pytest.mark.parametrize("name", STREAMS)
def test_the_cut_of_a_stream_changes_nothing(name):
    content = whole(name)
    expected = [essence(event) for event in decode(name, [content])]
    assert not [event for event in expected if event[0] == "Fault"]
    assert len(expected) == len(SPECIMENS[name].units) * SPECIMENS[name].events_per_unit
    one_byte_at_a_time = [content[at : at + 1] for at in range(len(content))]
    assert [essence(event) for event in decode(name, one_byte_at_a_time)] == expected
    for seed in range(20):
        assert [essence(event) for event in decode(name, cuts(content, seed=seed))] == expected


@pytest.mark.parametrize("name", LINES)
@pytest.mark.parametrize("seed", range(8))
def test_the_cut_of_a_broken_stream_changes_nothing_either(name, seed):
    chance = random.Random(seed)
    content = bytearray(whole(name) * 2)
    for _ in range(6):
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
        del content[chance.randrange(len(content))]
    expected = [essence(event) for event in decode(name, [bytes(content)])]
    assert [essence(event) for event in decode(name, cuts(bytes(content), seed=seed))] == expected


@pytest.mark.parametrize("name", LINES)
def test_nothing_is_told_before_the_last_byte_of_the_first_unit(name):
    unit = SPECIMENS[name].units[0]
    driver = driver_of(name)
    assert [event for byte in unit[:-1] for event in driver.feed(bytes((byte,)), received_at=AT)] == []
    assert len(list(driver.feed(unit[-1:], received_at=AT))) == 1


@pytest.mark.parametrize("name", LINES)
@pytest.mark.parametrize("seed", range(10))
def test_garbage_before_between_and_after_costs_at_most_two_units(name, seed):
    specimen, chance = SPECIMENS[name], random.Random(seed)
    expected = good(decode(name, [whole(name)]))
    garbage = [chance.randbytes(chance.choice((1, 2, 3, 17, 1543, 1544, 5000))) for _ in range(3)]
    ended = [part + specimen.garbage_ends_with for part in garbage]
    before = good(decode(name, [ended[0], whole(name)]))
    assert longest_run_found(expected, before) >= len(expected) - 2
    after = decode(name, [whole(name), garbage[2]])
    assert good(after)[: len(expected)] == expected
    half = len(specimen.units) // 2
    between = good(decode(name, [*specimen.units[:half], ended[1], *specimen.units[half:], *specimen.units]))
    assert longest_run_found(expected, between) == len(expected)


@pytest.mark.parametrize("name", LINES)
def test_a_stream_that_breaks_off_anywhere_loses_only_the_unit_it_breaks(name):
    units = SPECIMENS[name].units
    expected = good(decode(name, units))
    last = units[-1]
    for length in {0, 1, 2, 3, 4, len(last) // 2, len(last) - 2}:
        events = decode(name, [*units[:-1], last[:length]])
        assert good(events)[: len(units) - 1] == expected[:-1]
        assert length == 0 or len(events) >= len(units), "what was cut off is told"


@pytest.mark.parametrize("name", LINES)
def test_a_unit_cut_short_in_the_middle_of_a_stream_spoils_at_most_its_neighbour(name):
    units = SPECIMENS[name].units
    expected = good(decode(name, units))
    for at in range(len(units) - 1):
        broken = [*units[:at], units[at][: len(units[at]) // 2], *units[at + 1 :], *units]
        assert longest_run_found(expected, good(decode(name, broken))) == len(expected)


@pytest.mark.parametrize("name", LINES)
@pytest.mark.parametrize("seed", range(12))
def test_a_byte_lost_or_doubled_anywhere_costs_at_most_two_units(name, seed):
    chance, units = random.Random(seed), SPECIMENS[name].units
    expected = good(decode(name, units))
    spoilt = bytearray(whole(name))
    at = chance.randrange(len(spoilt))
    spoilt[at : at + 1] = b"" if seed % 2 else bytes((chance.randrange(256), spoilt[at]))
    found = good(decode(name, [bytes(spoilt), SPECIMENS[name].garbage_ends_with, *units]))
    assert longest_run_found(expected, found) >= len(expected) - 2
    assert len(found) >= 2 * len(expected) - 3 * SPECIMENS[name].events_per_unit


@pytest.mark.parametrize("name", LINES)
def test_a_flood_of_its_own_headers_hides_at_most_two_units(name):
    units = SPECIMENS[name].units
    expected = good(decode(name, units))
    events = decode(name, [headers(name), SPECIMENS[name].garbage_ends_with, *units])
    assert longest_run_found(expected, good(events)) >= len(expected) - 2
    assert [event for event in events if isinstance(event, Fault)] or not SPECIMENS[name].is_checksummed


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("seed", range(5))
def test_flipped_bits_never_raise_and_never_make_a_picture_that_was_not_sent(name, seed):
    chance = random.Random(seed)
    sent = {essence(event, with_place=False) for event in decode(name, SPECIMENS[name].units)}
    for _ in range(60):
        units = [bytearray(unit) for unit in SPECIMENS[name].units]
        unit = chance.choice(units)
        unit[chance.randrange(len(unit))] ^= 1 << chance.randrange(8)
        events = decode(name, [bytes(unit) for unit in units])
        pictures = {essence(e, with_place=False) for e in events if isinstance(e, ThermalFrame)}
        told = {essence(event, with_place=False) for event in events if not isinstance(event, Fault)}
        assert not SPECIMENS[name].is_checksummed or told <= sent, "the checksum reveals it"
        bare = name in RECORDINGS or SPECIMENS[name].is_bare
        assert bare or pictures <= sent, "a recording's own checksum stands behind its last picture"
        proven = [e for e in events if isinstance(e, ScannedText) and e.check_digits_valid]
        assert all(essence(e, with_place=False) in sent or _differs_where_no_digit_looks(e) for e in proven)


def _differs_where_no_digit_looks(scanned):
    """Names and states have no check digit; a flip there is for the officer's eye. The shape still holds."""
    return {len(line) for line in scanned.lines} <= {30, 36, 44}


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("flood", sorted(FLOODS))
def test_a_flood_makes_no_picture_and_is_survived(name, flood):
    units = SPECIMENS[name].units
    expected = good(decode(name, units))
    events = decode(name, [FLOODS[flood], SPECIMENS[name].garbage_ends_with, *units])
    found = good(events)
    if name not in RECORDINGS:
        assert longest_run_found(expected, found) >= len(expected) - 2
    assert len([event for event in events if isinstance(event, ThermalFrame)]) <= len(expected)
    assert [event for event in events if isinstance(event, Fault)] or flood == "line ends"


@pytest.mark.parametrize("name", STREAMS)
def test_a_week_of_rubbish_costs_no_memory(name):
    driver, chance = driver_of(name), random.Random(1)
    for event in driver.feed(chance.randbytes(100_000), received_at=AT):
        assert event is not None
    tracemalloc.start()
    for _ in range(20):
        for event in driver.feed(chance.randbytes(20_000), received_at=AT):
            assert event is not None
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < 200_000


@pytest.mark.parametrize("name", LINES + MESSAGES)
def test_a_replay_says_the_same_again(name):
    once = good(decode(name, SPECIMENS[name].units))
    assert good(decode(name, SPECIMENS[name].units * 3)) == once * 3


@pytest.mark.parametrize("name", EVERY)
@settings(max_examples=60, deadline=None)
@given(chunks=st.lists(st.binary(max_size=400), max_size=8))
def test_no_bytes_raise(name, chunks):
    for event in decode(name, chunks):
        assert not isinstance(event, ThermalFrame)


@pytest.mark.parametrize("name", LINES)
@settings(max_examples=40, deadline=None)
@given(parts=st.lists(st.one_of(st.integers(0, 4), st.binary(max_size=40)), max_size=8))
def test_faults_and_events_stand_in_stream_order_and_within_the_stream(name, parts):
    units = SPECIMENS[name].units
    content = b"".join(part if isinstance(part, bytes) else units[part % len(units)] for part in parts)
    events = decode(name, [content])
    places = [event.byte_offset for event in events]
    assert places == sorted(places)
    assert all(0 <= place <= len(content) for place in places)
    assert all(
        e.byte_count > 0 and e.byte_offset + e.byte_count <= len(content) for e in events if isinstance(e, Fault)
    )


@pytest.mark.parametrize("name", MESSAGES)
@pytest.mark.parametrize("seed", range(5))
def test_a_broken_message_spoils_no_other(name, seed):
    chance = random.Random(seed)
    units = SPECIMENS[name].units
    expected = good(decode(name, units))
    broken = units[0][: chance.randrange(len(units[0]))]
    events = decode(name, [broken, *units])
    assert good(events) == expected
    assert isinstance(events[0], Fault)
