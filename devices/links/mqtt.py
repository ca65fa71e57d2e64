"""The MQTT link: at least once, acknowledged by hand, nothing dropped silently.

How a message travels: paho's own network thread puts it into a bounded queue; the scanner's thread
takes it with ``receive``, feeds the driver, waits until the sink has it on disk, and only then
calls ``acknowledge``, which sends the PUBACK. A broker, edge or cable that dies in between therefore
costs a repetition and never a measurement; the store keeps one per ``delivery_key``.

* The session is persistent (``clean_session=False`` with a stable client id), so a broker keeps
  what arrives while the edge is away. Mosquitto sends the unacknowledged again on reconnection,
  nats-server after its ``ack_wait``.
* Each connection is one paho client and its packet numbers belong to it: an acknowledgement for a
  message of an earlier connection is not sent, because the number may mean another message by now.
* MQTT 3.1.1, because nats-server refuses version 5. QoS 1, because QoS 2 keeps state in memory only.
* A message published with QoS 0 has no second delivery. It is kept over a reconnection of this
  link, and a terminal that resends until it is answered covers the rest.
"""

import queue
import re
import threading
from typing import NoReturn
from urllib.parse import SplitResult, unquote, urlsplit

import msgspec
import paho.mqtt.client as paho
import structlog
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from devices.driver import Manifest
from devices.errors import DeviceConfigurationError, LinkLostError
from devices.link import Delivery
from devices.reading import Outgoing
from devices.registry import DeviceConfig

DEFAULT_PORTS = {"mqtt": 1883, "mqtts": 8883}
KEEPALIVE_S = 15
ANSWER_WITHIN_S = 5.0
QUEUE_LENGTH = 1000
"""More than a broker leaves unacknowledged (``max_ack_pending``, ``max_inflight_messages``)."""
OUTGOING_LENGTH = 1000

log = structlog.get_logger(__name__)


class _Ticket(msgspec.Struct, frozen=True):
    """What must be known of a message to acknowledge it: its number on its own connection."""

    connection: object
    packet_id: int
    quality: int


class _Connection:
    """One connection from CONNECT to its loss, with the queue that it fills."""

    def __init__(self, client: paho.Client, *, topics: tuple[str, ...], arrived: queue.Queue[Delivery]) -> None:
        self.client = client
        self.is_lost = threading.Event()
        self.is_ready = threading.Event()
        self.refusal = ""
        self._topics = topics
        self._arrived = arrived
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message

    def _on_connect(
        self,
        client: paho.Client,
        _userdata: object,
        _flags: paho.ConnectFlags,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        if reason.is_failure:
            self._fail(f"the broker refused the connection: {reason}")
            return
        client.subscribe([(topic, 1) for topic in self._topics])

    def _on_subscribe(
        self,
        _client: paho.Client,
        _userdata: object,
        _packet_id: int,
        reasons: list[ReasonCode],
        _properties: Properties | None,
    ) -> None:
        refused = [topic for topic, reason in zip(self._topics, reasons, strict=False) if reason.is_failure]
        if refused:
            self._fail(f"the broker does not let this user read {', '.join(refused)}")
            return
        self.is_ready.set()

    def _on_disconnect(
        self,
        _client: paho.Client,
        _userdata: object,
        _flags: paho.DisconnectFlags,
        _reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        self.is_lost.set()
        self.is_ready.set()

    def _on_message(self, client: paho.Client, _userdata: object, message: paho.MQTTMessage) -> None:
        """Run in paho's thread: waiting here holds the broker back, so the queue may be bounded."""
        delivery = Delivery(
            payload=bytes(message.payload),
            is_retained=message.retain,
            token=_Ticket(self, message.mid, message.qos),
        )
        if not _offer(self._arrived, delivery):
            log.error("mqtt.queue_full", quality=message.qos, comes_again=message.qos > 0)
            client.disconnect()

    def _fail(self, refusal: str) -> None:
        self.refusal = refusal
        self.is_lost.set()
        self.is_ready.set()


class MqttLink:
    """One device's session with a broker. ``url``: ``mqtt[s]://[user:password@]host[:port]``.

    Options used here: ``client_id`` (default ``kiemdich-<device_id>``; two clients with one id throw
    each other out) and those named in the manifest's topics.
    """

    def __init__(self, config: DeviceConfig, *, manifest: Manifest) -> None:
        self._device_id = config.device_id
        self._address = _address_of(config)
        self._client_id = str(config.options.get("client_id") or f"kiemdich-{config.device_id}")
        self._topics = tuple(fill_topic(topic, config=config) for topic in manifest.topics)
        if not self._topics:
            msg = f"{config.device_id}: the driver {config.driver} names no MQTT topics, so it cannot be on a broker"
            raise DeviceConfigurationError(msg)
        self._arrived: queue.Queue[Delivery] = queue.Queue(QUEUE_LENGTH)
        self._connection: _Connection | None = None

    def open(self) -> None:
        """Connect and subscribe; returns once the broker has confirmed both."""
        self.close()
        connection = _Connection(self._new_client(), topics=self._topics, arrived=self._arrived)
        self._connection = connection
        try:
            connection.client.connect(self._address.hostname or "", self._port, keepalive=KEEPALIVE_S)
        except (OSError, ValueError) as error:
            self._lose(f"no connection to the broker: {type(error).__name__}")
        connection.client.loop_start()
        if not connection.is_ready.wait(ANSWER_WITHIN_S):
            self._lose("the broker did not answer")
        if connection.is_lost.is_set():
            self._lose(connection.refusal or "the broker closed the connection")

    def receive(self, *, timeout_s: float) -> Delivery | None:
        """Give the next message; ``LinkLostError`` once the connection is lost and all that had come is given."""
        connection = self._connection
        is_lost = connection is None or connection.is_lost.is_set()
        try:
            return self._arrived.get(timeout=0.001 if is_lost else timeout_s)
        except queue.Empty:
            if is_lost:
                detail = connection.refusal if connection else ""
                self._lose(detail or "the connection to the broker is lost")
            return None

    def send(self, outgoing: Outgoing) -> None:
        """Publish bytes to the device with QoS 1; a device that misses its answer asks again by resending."""
        connection = self._connection
        if connection is None or connection.is_lost.is_set():
            self._lose("the connection to the broker is lost")
        sent = connection.client.publish(outgoing.topic, outgoing.payload, qos=1)
        if sent.rc != MQTTErrorCode.MQTT_ERR_SUCCESS:
            self._lose(f"an answer could not be published: {paho.error_string(sent.rc)}")

    def acknowledge(self, delivery: Delivery) -> None:
        """Send the PUBACK. For a message of an earlier connection nothing is sent: the broker repeats it."""
        ticket = delivery.token
        connection = self._connection
        if isinstance(ticket, _Ticket) and connection is not None and ticket.connection is connection:
            connection.client.ack(ticket.packet_id, ticket.quality)

    def close(self) -> None:
        """Leave the broker; the session stays there. QoS 1 messages still queued come again, QoS 0 ones are kept."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        connection.client.disconnect()
        connection.client.loop_stop()
        kept = [delivery for delivery in _drain(self._arrived) if not _comes_again(delivery)]
        for delivery in kept:
            self._arrived.put_nowait(delivery)

    @property
    def _port(self) -> int:
        return self._address.port or DEFAULT_PORTS[self._address.scheme]

    def _new_client(self) -> paho.Client:
        client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=self._client_id,
            clean_session=False,
            protocol=paho.MQTTv311,
            reconnect_on_failure=False,  # the scanner opens anew, so that packet numbers never mix
            manual_ack=True,
        )
        client.connect_timeout = ANSWER_WITHIN_S
        client.max_queued_messages_set(OUTGOING_LENGTH)
        if self._address.username:
            client.username_pw_set(unquote(self._address.username), unquote(self._address.password or ""))
        if self._address.scheme == "mqtts":
            client.tls_set()
        return client

    def _lose(self, detail: str) -> NoReturn:
        msg = f"{self._device_id}: {detail}"
        raise LinkLostError(msg)


def fill_topic(template: str, *, config: DeviceConfig) -> str:
    """Replace each ``{name}`` by the device's option of that name, or by its device id if it is not set.

    >>> gate = DeviceConfig(device_id="1000001", driver="facesluice", url="mqtt://localhost")
    >>> fill_topic("mqtt/face/{facesluice_id}/Rec", config=gate)
    'mqtt/face/1000001/Rec'
    """
    return re.sub(r"\{(\w+)\}", lambda name: str(config.options.get(name[1]) or config.device_id), template)


def _address_of(config: DeviceConfig) -> SplitResult:
    """Check the URL; the error names the device and not the URL, which may hold a password."""
    address = urlsplit(config.url)
    try:
        is_sound = address.scheme in DEFAULT_PORTS and bool(address.hostname) and address.port != 0
    except ValueError:
        is_sound = False
    if not is_sound:
        msg = f"{config.device_id}: the url must be mqtt://[user:password@]host[:port]"
        raise DeviceConfigurationError(msg)
    return address


def _offer(arrived: queue.Queue[Delivery], delivery: Delivery) -> bool:
    """Put a message into the queue, waiting a while for room, and tell whether it went in."""
    try:
        arrived.put(delivery, timeout=KEEPALIVE_S / 3)
    except queue.Full:
        return False
    return True


def _comes_again(delivery: Delivery) -> bool:
    """Whether the broker will send this message again because nobody acknowledged it."""
    return isinstance(delivery.token, _Ticket) and delivery.token.quality > 0


def _drain(arrived: queue.Queue[Delivery]) -> list[Delivery]:
    """Take everything out of the queue without waiting."""
    taken: list[Delivery] = []
    while True:
        try:
            taken.append(arrived.get_nowait())
        except queue.Empty:
            return taken
