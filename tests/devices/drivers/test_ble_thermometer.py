"""Bluetooth thermometers: the published example, what is no number, and the place that must be known."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.drivers.ble_thermometer import BleThermometer, Indication, read_indication, write_indication
from devices.errors import DeviceConfigurationError
from devices.reading import Arrival, ClockBasis, FaultCode, MeasuringSite, ReadingKind, UnusableReason
from devices.units import TemperatureUnit

GOLDEN = bytes.fromhex("06 6D 01 00 FF E4 07 03 0F 0A 1E 00 02")
AT = datetime(2020, 3, 15, 3, 30, 10, tzinfo=UTC)


def said(payload, *, at=AT, **options):
    [event] = BleThermometer(device_id="t", options={"site": "axillary"} | options).feed(payload, received_at=at)
    return event


def test_the_published_example_is_a_clinical_temperature_of_its_own_time():
    reading = said(GOLDEN)
    assert (reading.temperature_c, reading.kind, reading.site) == (36.5, ReadingKind.CLINICAL, MeasuringSite.AXILLARY)
    assert reading.observed_at == datetime(2020, 3, 15, 3, 30, tzinfo=UTC)
    assert (reading.clock_basis, reading.is_usable) == (ClockBasis.DEVICE, True)
    assert write_indication(read_indication(GOLDEN)) == GOLDEN


@pytest.mark.parametrize("mantissa", ["FFFF7F", "000080", "FEFF7F", "020080", "010080"])
def test_what_is_no_number_is_no_reading(mantissa):
    assert said(b"\x04" + bytes.fromhex(mantissa) + b"\x00\x01").code is FaultCode.NOT_MEASURED


def test_zero_and_a_power_beyond_all_measure_are_no_reading():
    assert said(bytes.fromhex("00 00 00 00 FF")).code is FaultCode.NOT_MEASURED
    assert said(bytes.fromhex("00 6D 01 00 7F")).code is FaultCode.NOT_MEASURED


def test_fahrenheit_is_told_by_the_flag():
    assert said(bytes.fromhex("01 D5 03 00 FF")).temperature_c == 36.72


@pytest.mark.parametrize(("place", "site"), [(1, "axillary"), (3, "ear"), (6, "oral"), (9, "ear")])
def test_the_place_is_the_thermometers_word_where_it_has_one(place, site):
    reading = said(bytes.fromhex("04 6D 01 00 FF") + bytes((place,)), site="forehead")
    assert reading.site == site


def test_a_thermometer_that_does_not_say_where_needs_it_in_the_settings():
    bare = BleThermometer(device_id="t", options={})
    [fault] = bare.feed(GOLDEN, received_at=AT)
    assert fault.code is FaultCode.BAD_MESSAGE
    with pytest.raises(DeviceConfigurationError):
        BleThermometer(device_id="t", options={"site": "nose"})


def test_a_value_that_it_had_kept_is_late_and_a_broken_clock_is_none():
    assert said(GOLDEN, at=datetime(2020, 3, 15, 5, 0, tzinfo=UTC)).arrival is Arrival.BACKFILLED
    unset = GOLDEN[:5] + bytes(7) + GOLDEN[12:]
    assert said(unset).unusable_because == (UnusableReason.DEVICE_CLOCK_INVALID,)


def test_a_value_without_a_time_is_timed_on_arrival():
    reading = said(bytes.fromhex("00 6D 01 00 FF"))
    assert (reading.observed_at, reading.clock_basis, reading.arrival) == (AT, ClockBasis.RECEIVED, Arrival.LIVE)


def test_a_thermometer_on_a_table_is_implausible():
    assert said(bytes.fromhex("00 F0 00 00 FF")).unusable_because == (UnusableReason.IMPLAUSIBLE,)


@pytest.mark.parametrize("payload", [b"", b"\x06", GOLDEN[:-1], GOLDEN + b"\x00", b"\x08" + GOLDEN[1:5], bytes(20)])
def test_a_value_of_another_length_or_with_unknown_flags_is_told(payload):
    assert said(payload).code in {FaultCode.BAD_MESSAGE, FaultCode.OVERLONG}


@given(
    amount=st.none() | st.integers(-1000, 5000).map(lambda tenths: tenths / 10),
    unit=st.sampled_from([TemperatureUnit.CELSIUS, TemperatureUnit.FAHRENHEIT]),
    time_fields=st.none() | st.just((2026, 11, 22, 8, 0, 0)),
    place=st.none() | st.integers(0, 255),
)
def test_what_is_written_is_read_again(amount, unit, time_fields, place):
    indication = Indication(amount=amount, unit=unit, time_fields=time_fields, place=place)
    assert read_indication(write_indication(indication)) == indication


def test_a_recording_written_in_hexadecimal_says_the_same():
    assert said(GOLDEN.hex(" ").encode()).temperature_c == said(GOLDEN.hex().encode()).temperature_c == 36.5
