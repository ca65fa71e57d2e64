"""Thermometers of home automation: retained is old, a room is nobody, and the mapping decides, never a guess."""

import tomllib
from datetime import UTC, datetime, timedelta

import pytest

from devices.drivers.mqtt_json import MqttJson
from devices.errors import DeviceConfigurationError
from devices.reading import Arrival, ClockBasis, DeviceVoice, FaultCode, MeasuringSite, ReadingKind, UnusableReason

AT = datetime(2026, 3, 1, 2, 40, 1, tzinfo=UTC)
TASMOTA = b'{"Time":"2026-03-01T09:40:00","MLX90614":{"OBJTMP":33.8,"AMBTMP":24.7},"TempUnit":"C"}'
SENSOR = "tele/gate1/SENSOR"


def driver(**options):
    return MqttJson(device_id="lane-1", options={"topic": SENSOR} | options)


def said(payload, *, to=None, at=AT, is_retained=False, **options):
    [event] = (to or driver(**options)).feed(payload, received_at=at, is_retained=is_retained)
    return event


def test_tasmotas_string_is_a_skin_temperature_with_its_sensors_own_and_its_local_time():
    reading = said(SENSOR.encode() + b" " + TASMOTA, preset="tasmota")
    assert (reading.temperature_c, reading.raw_c) == (33.8, 33.8)
    assert (reading.ambient_c, reading.device_c) == (None, 24.7), "AMBTMP is the package of the MLX90614"
    assert (reading.kind, reading.site, reading.is_usable) == (ReadingKind.RAW_SKIN, MeasuringSite.FOREHEAD, True)
    assert reading.observed_at == datetime(2026, 3, 1, 2, 40, tzinfo=UTC)
    assert reading.delivery_key == said(TASMOTA, preset="tasmota", at=AT + timedelta(seconds=1)).delivery_key


def test_the_unit_is_the_messages_own():
    fahrenheit = TASMOTA.replace(b"33.8", b"93.2").replace(b"24.7", b"76.5").replace(b'"C"', b'"F"')
    reading = said(fahrenheit, preset="tasmota")
    assert (reading.temperature_c, reading.device_c) == (34.0, 24.72)
    unknown = said(TASMOTA.replace(b'"C"', b'"R"'), preset="tasmota")
    assert unknown.code is FaultCode.BAD_MESSAGE


def test_an_old_time_is_stale_and_a_time_ahead_is_no_clock():
    late = said(TASMOTA, preset="tasmota", at=AT + timedelta(minutes=5))
    ahead = said(TASMOTA, preset="tasmota", at=AT - timedelta(minutes=5))
    assert late.unusable_because == (UnusableReason.STALE,)
    assert ahead.unusable_because == (UnusableReason.DEVICE_CLOCK_INVALID,)


def test_a_bare_number_is_timed_on_arrival_and_a_retained_one_is_never_usable():
    topic = "gate1/sensor/object_temperature/state"
    live = said(topic.encode() + b" 33.8", topic=topic, preset="esphome")
    assert (live.temperature_c, live.observed_at, live.clock_basis) == (33.8, AT, ClockBasis.RECEIVED)
    assert live.is_usable
    old = said(b"33.8", is_retained=True, topic=topic, preset="esphome")
    assert (old.arrival, old.unusable_because) == (Arrival.RETAINED, (UnusableReason.NOT_LIVE,))


def test_the_last_will_is_a_lost_thermometer_and_no_reading():
    made = driver(preset="esphome", availability_topic="gate1/status")
    assert said(b"gate1/status offline", to=made).name == "offline"
    assert said(b"gate1/status online", to=made).name == "online"
    assert said(b"gate1/status 36.5", to=made).code is FaultCode.UNKNOWN_MESSAGE


@pytest.mark.parametrize("payload", [b"nan", b"NaN", b"unavailable", b"unknown", b"null", b"0", b"0.0", b""])
def test_no_value_is_no_reading(payload):
    assert said(payload, preset="esphome").code is FaultCode.NOT_MEASURED


def test_a_wall_is_nobody():
    event = said(b"23.9", preset="esphome")
    assert (event.name, event.value) == ("nobody", 23.9)
    assert said(b"43.5", preset="esphome").unusable_because == (UnusableReason.IMPLAUSIBLE,)


def test_zigbee2mqtt_speaks_of_rooms_and_is_never_made_to_speak_of_people():
    event = said(b'{"temperature":36.6,"linkquality":120}', preset="zigbee2mqtt", topic="zigbee2mqtt/gate1")
    assert (event.name, event.value) == ("ambient", 36.6)
    with pytest.raises(DeviceConfigurationError, match="rooms"):
        driver(preset="zigbee2mqtt", temperature_pointer="/temperature")


def test_another_rooms_thermometer_surrounds_a_reading_while_it_is_fresh_and_not_retained():
    made = driver(preset="esphome", ambient_topic="zigbee2mqtt/room", ambient_topic_pointer="/temperature")
    room = b'zigbee2mqtt/room {"temperature":24.6,"linkquality":120}'
    assert said(room, to=made, is_retained=True).name == "ambient_retained"
    assert said(b"33.8", to=made).ambient_c is None
    assert said(room, to=made).name == "ambient"
    assert said(b"33.8", to=made).ambient_c == 24.6
    assert said(b"33.8", to=made, at=AT + timedelta(minutes=11)).ambient_c is None
    assert said(b"zigbee2mqtt/room {}", to=made).code is FaultCode.NOT_MEASURED


def test_any_mapping_may_be_given_in_toml():
    options = tomllib.loads(
        """
        topic = "plant/ir/7"
        temperature_pointer = "/values/0/t~1k"
        ambient_pointer = "/values/1"
        device_pointer = "/values/2"
        unit = "kelvin"
        time_pointer = "/at"
        id_pointer = "/id"
        alarm_pointer = "/alarm"
        site = "inner_canthus"
        kind = "core_estimate"
        accuracy_c = 0.3
        """
    )
    payload = b'{"values":[{"t/k":309.95},297.15,303.15],"at":"2026-03-01T02:40:00Z","id":7,"alarm":"yes"}'
    reading = said(payload, **options)
    assert (reading.temperature_c, reading.vendor_alarm) == (36.8, True)
    assert (reading.ambient_c, reading.device_c) == (24.0, 30.0)
    assert (reading.site, reading.kind) == (MeasuringSite.INNER_CANTHUS, ReadingKind.CORE_ESTIMATE)
    assert (reading.uncertainty_c, reading.raw_c, reading.is_usable) == (0.3, None, True)


@pytest.mark.parametrize(
    "options",
    [
        {"temperature_pointer": "MLX/OBJTMP"},
        {"topic": "tele/+/SENSOR"},
        {"topic": "tele/#"},
        {"unit": "reaumur"},
        {"site": "nose"},
        {"preset": "homeassistant"},
        {"pointer": "/a"},
    ],
)
def test_a_mapping_that_cannot_be_meant_is_told_at_once(options):
    with pytest.raises(DeviceConfigurationError):
        driver(**options)


@pytest.mark.parametrize(
    "payload", [b"{", b"[" * 5000, b"\xff", b'{"MLX90614":{"OBJTMP":"hot"}}', b'{"MLX90614":{"OBJTMP":[36]}}']
)
def test_nonsense_is_told_and_never_raises(payload):
    assert said(payload, preset="tasmota").code is FaultCode.BAD_MESSAGE


def test_what_a_thermometer_says_of_itself_is_told_beside_its_reading_and_nonsense_is_not():
    places = {"battery_pointer": "/Battery", "serial_number_pointer": "/Id", "firmware_pointer": "/Version"}
    message = TASMOTA.replace(b'"TempUnit"', b'"Battery":87,"Id":"A7","Version":"13.4.0","TempUnit"')
    reading, told = driver(preset="tasmota", **places).feed(message, received_at=AT)
    assert reading.temperature_c == 33.8
    assert told.voice == DeviceVoice(serial_number="A7", firmware="13.4.0", battery_percent=87.0)
    wrong = message.replace(b"87", b"-1").replace(b'"A7"', b"true").replace(b'"13.4.0"', b'" "')
    assert len(driver(preset="tasmota", **places).feed(wrong, received_at=AT)) == 1
    assert len(driver(preset="tasmota", **places).feed(message, received_at=AT, is_retained=True)) == 1, "of before"


def test_a_zigbee_device_tells_its_battery_without_any_setting():
    room, told = driver(preset="zigbee2mqtt").feed(b'{"temperature":24.5,"battery":12}', received_at=AT)
    assert (room.name, told.voice) == ("ambient", DeviceVoice(battery_percent=12.0))
