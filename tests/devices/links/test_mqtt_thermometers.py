"""Thermometers without a clock over both real brokers: what is old never looks new, whoever kept it."""

import threading
import time
from datetime import UTC, datetime

import pytest

from devices.drivers.mqtt_json import MqttJson
from devices.health import DeviceState
from devices.links import mqtt
from devices.links.mqtt import MqttLink
from devices.reading import Arrival, CommandReply, Reading
from devices.registry import DeviceConfig
from devices.scanner import Scanner
from devices.simulator.broker_thermometer import BrokerThermometer, Shown
from tests.services.processes import wait_until

ESPHOME = {"preset": "esphome", "topic": "gate1/sensor/object_temperature/state", "availability_topic": "gate1/status"}
TASMOTA = {"preset": "tasmota", "topic": "tele/gate1/SENSOR", "availability_topic": "tele/gate1/LWT"}


class Store:
    def __init__(self):
        self.readings, self.words = [], []
        self.may_store = threading.Event()
        self.may_store.set()

    def __call__(self, event):
        self.may_store.wait(20)
        if isinstance(event, Reading):
            self.readings.append(event)
        if isinstance(event, CommandReply):
            self.words.append(event.name)


def config_for(broker, options):
    return DeviceConfig(
        device_id="lane-1", driver="mqtt_json", url=f"mqtt://{broker.host}:{broker.port}", options=options
    )


@pytest.fixture
def listening(mqtt_broker):
    made = []

    def start(options, store):
        scanner = Scanner(config_for(mqtt_broker, options), sink=store, clock=lambda: datetime.now(UTC))
        scanner.start()
        made.append(scanner)
        wait_until(lambda: scanner.health().state is DeviceState.UP, timeout_s=10, what="connection")
        return scanner

    yield start
    for scanner in made:
        assert scanner.stop(timeout_s=10)


@pytest.fixture
def thermometer(mqtt_broker):
    made = []

    def start(firmware, **options):
        link = f"mqtt://{mqtt_broker.host}:{mqtt_broker.port}"
        device = BrokerThermometer("gate1", link, {"firmware": firmware, "period_s": 0.3} | options)
        device.start()
        made.append(device)
        wait_until(device.is_connected, timeout_s=10, what="connection of the thermometer")
        return device

    yield start
    for device in made:
        device.stop()


@pytest.mark.parametrize(("firmware", "options"), [("tasmota", TASMOTA), ("esphome", ESPHOME)])
def test_a_person_before_it_is_a_live_reading_and_a_wall_is_none(firmware, options, listening, thermometer):
    store = Store()
    listening(options, store)
    device = thermometer(firmware)
    wait_until(lambda: "nobody" in store.words and "online" in store.words, timeout_s=8, what="the wall")
    device.show(Shown(skin_c=34.2, duration_s=0.5))
    wait_until(lambda: store.readings, timeout_s=5, what="a reading")
    assert {reading.temperature_c for reading in store.readings} == {34.2}
    assert all(reading.is_usable for reading in store.readings)
    device.stop()
    wait_until(lambda: "offline" in store.words, timeout_s=5, what="word that it is gone")


def test_what_the_broker_kept_for_whoever_comes_is_never_live(listening, thermometer):
    device = thermometer("esphome", wall_c=36.9)
    time.sleep(0.5)
    device.stop()
    store = Store()
    listening(ESPHOME, store)
    wait_until(lambda: store.readings, timeout_s=5, what="the retained number")
    [reading] = store.readings
    assert (reading.arrival, reading.is_usable) == (Arrival.RETAINED, False)


def test_what_was_said_while_the_edge_was_away_is_not_kept_for_it(listening, thermometer):
    store = Store()
    scanner = listening(ESPHOME, store)
    assert scanner.stop(timeout_s=10)
    device = thermometer("esphome", wall_c=36.9, period_s=0.1)
    time.sleep(0.5)
    device.stop()
    store.words.clear()
    listening(ESPHOME, store)
    wait_until(lambda: store.readings, timeout_s=5, what="the retained number")
    time.sleep(0.5)
    assert not [reading for reading in store.readings if reading.is_usable]


def test_what_waited_for_a_slow_store_is_no_longer_called_live(nats_broker, monkeypatch):
    monkeypatch.setattr(mqtt, "STALE_AFTER_S", 0.3)
    link = MqttLink(config_for(nats_broker, ESPHOME), manifest=MqttJson.manifest)
    link.open()
    device = BrokerThermometer("gate1", f"mqtt://{nats_broker.host}:{nats_broker.port}", {"firmware": "esphome"})
    device.start()
    wait_until(lambda: link._arrived.qsize() >= 2, timeout_s=5, what="messages")
    time.sleep(0.4)
    delivery = link.receive(timeout_s=1)
    device.stop()
    link.close()
    assert delivery.is_retained


def test_a_lost_session_is_subscribed_to_again(mqtt_broker, listening, thermometer):
    store = Store()
    listening(TASMOTA, store)
    mqtt_broker.kill()
    mqtt_broker.start()
    device = thermometer("tasmota")
    wait_until(lambda: "nobody" in store.words, timeout_s=15, what="the thermometer over the new session")
    device.show(Shown(skin_c=34.2))
    wait_until(lambda: store.readings, timeout_s=5, what="a reading")
