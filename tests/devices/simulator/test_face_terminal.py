"""The simulated face terminal has the habits of the real ones, or tests against it would prove nothing."""

import time
from datetime import UTC, datetime

import msgspec
import paho.mqtt.client as paho
import pytest

from devices.drivers.facesluice import FacesluiceDriver
from devices.errors import DeviceConfigurationError
from devices.reading import FaultCode, Reading, UnusableReason
from devices.simulator.face_terminal import FaceTerminal, answered_record
from tests.services.processes import wait_until

NUMBER = "1000001"


class Server:
    """The other end, by hand: hears everything, answers only when told."""

    def __init__(self, broker):
        self.heard = []
        self.client = paho.Client(paho.CallbackAPIVersion.VERSION2, client_id="server")
        self.client.on_connect = lambda client, *_: client.subscribe("mqtt/face/#", qos=1)
        self.client.on_message = lambda _client, _userdata, message: self.heard.append((message.topic, message.payload))
        self.client.connect(broker.host, broker.port)
        self.client.loop_start()
        wait_until(self.client.is_connected, timeout_s=5, what="connection of the server")

    def messages(self, operator):
        parsed = [msgspec.json.decode(payload) for _, payload in self.heard if payload.startswith(b"{")]
        return [message for message in parsed if message["operator"] == operator]

    def publish(self, payload):
        self.client.publish(f"mqtt/face/{NUMBER}", payload, qos=1)

    def close(self):
        self.client.disconnect()
        self.client.loop_stop()


@pytest.fixture
def server(nats_broker):
    made = Server(nats_broker)
    yield made
    made.close()


@pytest.fixture
def terminal(nats_broker, server):
    link = f"mqtt://{nats_broker.host}:{nats_broker.port}"
    made = FaceTerminal(NUMBER, link, {"resend_s": 0.5, "heartbeat_s": 0.5})
    made.start()
    wait_until(lambda: server.messages("Online"), timeout_s=5, what="arrival of the terminal")
    yield made
    made.stop()


def test_a_record_is_sent_again_and_again_the_same_until_it_is_answered(terminal, server):
    terminal.perform("show", {"skin_c": 36.6, "ambient_c": 24.0, "duration_s": 0.8})
    wait_until(lambda: len(server.messages("RecPush")) >= 3, timeout_s=5, what="two repetitions")
    assert len({msgspec.json.encode(message) for message in server.messages("RecPush")}) == 1
    assert terminal.perform("ask", {"what": "acknowledged"}) == {"acknowledged": False, "waiting": 1}
    [reading] = FacesluiceDriver(device_id=NUMBER, options={}).feed(
        msgspec.json.encode(server.messages("RecPush")[0]), received_at=datetime.now(UTC)
    )
    server.publish(reading.acknowledge_with.payload)
    wait_until(lambda: terminal.is_acknowledged, timeout_s=5, what="end of the repetitions")
    sent = len(server.messages("RecPush"))
    time.sleep(1.2)
    assert len(server.messages("RecPush")) == sent


def test_it_sends_what_the_driver_expects_strangers_included(terminal, server):
    terminal.perform("show", {"skin_c": 38.2, "is_stranger": True})
    wait_until(lambda: server.messages("StrSnapPush"), timeout_s=5, what="a stranger")
    [reading] = FacesluiceDriver(device_id=NUMBER, options={}).feed(
        msgspec.json.encode(server.messages("StrSnapPush")[0]), received_at=datetime.now(UTC)
    )
    assert isinstance(reading, Reading)
    assert (reading.temperature_c, reading.vendor_alarm, reading.is_usable) == (38.2, True, True)


def test_its_clock_can_run_ahead_and_its_line_can_carry_nonsense(terminal, server):
    terminal.perform("fault", {"kind": "clock", "seconds": 600})
    terminal.perform("fault", {"kind": "garbage", "byte_count": 50})
    terminal.perform("show", {"skin_c": 36.6})
    wait_until(lambda: server.messages("RecPush"), timeout_s=5, what="a record")
    driver = FacesluiceDriver(device_id=NUMBER, options={})
    record = msgspec.json.encode(server.messages("RecPush")[0])
    [reading] = driver.feed(record, received_at=datetime.now(UTC))
    assert reading.unusable_because == (UnusableReason.DEVICE_CLOCK_INVALID,)
    [nonsense] = [payload for topic, payload in server.heard if topic.endswith("/Rec") and len(payload) == 50]
    [fault] = driver.feed(nonsense, received_at=datetime.now(UTC))
    assert fault.code is FaultCode.BAD_MESSAGE


def test_it_beats_its_heart_and_keeps_its_records_while_the_broker_is_gone(terminal, server, nats_broker):
    wait_until(lambda: len(server.messages("HeartBeat")) >= 2, timeout_s=5, what="two heartbeats")
    nats_broker.kill()
    terminal.perform("show", {"skin_c": 36.9})
    nats_broker.start()
    wait_until(lambda: server.messages("RecPush"), timeout_s=20, what="the record after the broker came back")
    assert terminal.waiting_count == 1


def test_a_wish_it_does_not_know_and_a_wrong_link_are_refused(terminal):
    with pytest.raises(DeviceConfigurationError):
        terminal.perform("scan", {"lines": []})
    with pytest.raises(DeviceConfigurationError):
        FaceTerminal(NUMBER, "/dev/ttyUSB0", {})
    with pytest.raises(DeviceConfigurationError):
        FaceTerminal(NUMBER, "mqtt://localhost", {"colour": "red"})


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"\xff",
        b"[]",
        b"{}",
        b'{"operator":"PushAck"}',
        b'{"operator":"PushAck","info":[]}',
        b'{"operator":"Reboot","info":{"RecordID":"1"}}',
    ],
)
def test_what_is_no_answer_answers_nothing(payload):
    assert answered_record(payload) is None
