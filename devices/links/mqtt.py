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
* A device without a clock (``has_clock`` of its manifest) cannot say that a message is old. Its session
  is a clean one, so that no broker keeps anything for later, and what waited here is given as retained.
* ``mqtts`` trusts the authority of ``ca_file`` (else the system's) and shows ``cert_file`` and
  ``key_file`` if they are named behind the ``?``; the password may stand in ``password_file``.
* A message published with QoS 0 has no second delivery. It is kept over a reconnection of this
  link, and a terminal that resends until it is answered covers the rest.
"""

import queue
import re
import ssl
import threading
from time import monotonic
from typing import NoReturn
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

import msgspec
import paho.mqtt.client as paho
import structlog
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from devices.driver import Manifest
from devices.errors import DeviceConfigurationError, LinkLostError
from devices.link import Delivery
from devices.links.credentials import read_secret
from devices.reading import Outgoing
from devices.registry import DeviceConfig

DEFAULT_PORTS = {"mqtt": 1883, "mqtts": 8883}
KEEPALIVE_S = 15
ANSWER_WITHIN_S = 5.0
QUEUE_LENGTH = 1000
"""More than a broker leaves unacknowledged (``max_ack_pending``, ``max_inflight_messages``)."""
OUTGOING_LENGTH = 1000
STALE_AFTER_S = 2.0
"""How long a message may wait in the queue before one without a clock is no longer taken for live."""

log = structlog.get_logger(__name__)


class MqttSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What may stand behind the ``?`` of the URL."""

    password_file: str = ""
    ca_file: str = ""
    cert_file: str = ""
    key_file: str = ""


class _Ticket(msgspec.Struct, frozen=True):
    """What must be known of a message to acknowledge it: its number on its own connection, and when it came."""

    connection: object
    packet_id: int
    quality: int
    arrived_s: float


class _Connection:
    """One connection from CONNECT to its loss, with the queue that it fills."""

    def __init__(
        self, client: paho.Client, *, topics: tuple[str, ...], arrived: queue.Queue[Delivery], names_topic: bool
    ) -> None:
        self.client = client
        self._names_topic = names_topic
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
            payload=message.topic.encode() + b" " + message.payload if self._names_topic else bytes(message.payload),
            is_retained=message.retain,
            token=_Ticket(self, message.mid, message.qos, monotonic()),
        )
        if not _offer(self._arrived, delivery):
            log.error("mqtt.queue_full", quality=message.qos, comes_again=message.qos > 0)
            client.disconnect()

    def _fail(self, refusal: str) -> None:
        self.refusal = refusal
        self.is_lost.set()
        self.is_ready.set()


class MqttLink:
    """One device's session with a broker. ``url``: ``mqtt[s]://[user[:password]@]host[:port][?password_file=...]``.

    Options used here: ``client_id`` (default ``kiemdich-<device_id>``; two clients with one id throw
    each other out) and those named in the manifest's topics.
    """

    def __init__(self, config: DeviceConfig, *, manifest: Manifest) -> None:
        self._device_id = config.device_id
        self._address = _address_of(config)
        self._client_id = str(config.options.get("client_id") or f"kiemdich-{config.device_id}")
        self._settings = _settings_of(config.device_id, query=self._address.query)
        self._password = self._read_password()
        self._tls = self._read_tls()
        self._manifest = manifest
        self._topics = tuple(fill_topic(topic, config=config) for topic in manifest.topics if _is_set(topic, config))
        if not self._topics:
            msg = f"{config.device_id}: the driver {config.driver} names no MQTT topics, so it cannot be on a broker"
            raise DeviceConfigurationError(msg)
        self._arrived: queue.Queue[Delivery] = queue.Queue(QUEUE_LENGTH)
        self._connection: _Connection | None = None

    def open(self) -> None:
        """Connect and subscribe; returns once the broker has confirmed both."""
        self.close()
        connection = _Connection(
            self._new_client(), topics=self._topics, arrived=self._arrived, names_topic=self._manifest.names_topic
        )
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
            return self._dated(self._arrived.get(timeout=0.001 if is_lost else timeout_s))
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

    def _dated(self, delivery: Delivery) -> Delivery:
        """Say of a message without a clock of its own that it is old, when it waited here."""
        ticket = delivery.token
        if self._manifest.has_clock or not isinstance(ticket, _Ticket):
            return delivery
        has_waited = monotonic() - ticket.arrived_s > STALE_AFTER_S
        return msgspec.structs.replace(delivery, is_retained=delivery.is_retained or has_waited)

    def _read_password(self) -> str:
        if self._settings.password_file:
            return read_secret(self._settings.password_file, device_id=self._device_id)
        return unquote(self._address.password or "")

    def _read_tls(self) -> ssl.SSLContext | None:
        """Read whom to trust and what to show; certificates without TLS are a mistake."""
        settings = self._settings
        if self._address.scheme == "mqtt":
            if settings.ca_file or settings.cert_file or settings.key_file:
                msg = f"{self._device_id}: certificates belong to mqtts"
                raise DeviceConfigurationError(msg)
            return None
        try:
            context = ssl.create_default_context(cafile=settings.ca_file or None)
            context.minimum_version = ssl.TLSVersion.TLSv1_2
            if settings.cert_file:
                context.load_cert_chain(settings.cert_file, settings.key_file or None)
        except (OSError, ssl.SSLError) as error:
            msg = f"{self._device_id}: a certificate or key of the broker's link cannot be used: {type(error).__name__}"
            raise DeviceConfigurationError(msg) from error
        return context

    @property
    def _port(self) -> int:
        return self._address.port or DEFAULT_PORTS[self._address.scheme]

    def _new_client(self) -> paho.Client:
        client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=self._client_id,
            clean_session=not self._manifest.has_clock,
            protocol=paho.MQTTv311,
            reconnect_on_failure=False,  # the scanner opens anew, so that packet numbers never mix
            manual_ack=True,
        )
        client.connect_timeout = ANSWER_WITHIN_S
        client.max_queued_messages_set(OUTGOING_LENGTH)
        if self._address.username:
            client.username_pw_set(unquote(self._address.username), self._password)
        if self._tls is not None:
            client.tls_set_context(self._tls)
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
    return re.sub(r"\{(\w+)\??\}", lambda name: str(config.options.get(name[1]) or config.device_id), template)


def _is_set(template: str, config: DeviceConfig) -> bool:
    """Whether every ``{name?}`` of a topic is an option that was set."""
    return all(config.options.get(name) for name in re.findall(r"\{(\w+)\?\}", template))


def _settings_of(device_id: str, *, query: str) -> MqttSettings:
    fields = {name: texts[-1] for name, texts in parse_qs(query, keep_blank_values=True).items()}
    try:
        return msgspec.convert(fields, MqttSettings)
    except msgspec.ValidationError as error:
        msg = f"{device_id}: behind the ? of the url: {error}"
        raise DeviceConfigurationError(msg) from error


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
