"""A simulated face terminal that speaks the "facesluice" protocol to a real broker.

It behaves as the real ones do, awkward habits included: numbers as strings, the name under two
spellings, a picture nobody asked for, a clock without zone, and the same record again and again
until the server has answered it. Its outbox is in memory and survives a restart of the broker.

One difference: a real terminal keeps its record counter over a power cycle. This one begins at the
second of its start, so that a simulator started anew never repeats a number.
"""

import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, timezone
from time import monotonic
from typing import Literal
from urllib.parse import unquote, urlsplit

import msgspec
import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from devices.errors import DeviceConfigurationError

Answer = dict[str, object]
TICK_S = 0.1
NO_PICTURE = "data:image/jpeg;base64,/9j/2Q=="
NUMBERS_PER_SECOND = 100


class TerminalOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How this terminal is set. ``clock_error_s`` is by how much its clock is ahead of the true time."""

    facesluice_id: str | int = ""
    resend_s: float = 2.0
    heartbeat_s: float = 10.0
    utc_offset_minutes: int = 420
    clock_error_s: float = 0.0
    temperature_key: str = "temperature"
    alarm_c: float = 37.3


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """Who stands before it. ``skin_c`` 0 is what it reports when it did not measure."""

    skin_c: float
    is_stranger: bool = False


class Trouble(msgspec.Struct, frozen=True, kw_only=True):
    """What may be made to go wrong: nonsense on its topic, or its clock jumping by ``seconds``."""

    kind: Literal["garbage", "clock"]
    byte_count: int = 100
    seconds: float = 0.0


class _Waiting(msgspec.Struct, kw_only=True):
    """A record in the outbox until it is answered."""

    topic: str
    payload: bytes
    due_s: float = 0.0


class FaceTerminal:
    """One terminal on one broker. ``link`` is ``mqtt://[user:password@]host:port``."""

    def __init__(
        self,
        device_id: str,
        link: str,
        options: Mapping[str, str | int | float | bool],
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        try:
            self._options = msgspec.convert(dict(options), TerminalOptions, strict=False)
        except msgspec.ValidationError as error:
            msg = f"{device_id}: option of a simulated face terminal: {error}"
            raise DeviceConfigurationError(msg) from error
        self._address = urlsplit(link)
        if self._address.scheme != "mqtt" or not self._address.hostname:
            msg = f"{device_id}: the link of a face terminal must be mqtt://[user:password@]host[:port]"
            raise DeviceConfigurationError(msg)
        self.terminal_id = str(self._options.facesluice_id or device_id)
        self._clock = clock
        self._clock_error_s = self._options.clock_error_s
        self._last_number = int(clock().timestamp()) * NUMBERS_PER_SECOND
        self._last_key = ""
        self._outbox: dict[str, _Waiting] = {}
        self._changes = threading.RLock()
        self._stopping = threading.Event()
        self._next_heartbeat_s = 0.0
        self._thread = threading.Thread(target=self._run, name=f"terminal-{device_id}", daemon=True)
        self._client = self._new_client(device_id)

    def start(self) -> None:
        """Switch it on: it looks for its broker until it finds it, and never gives up."""
        self._client.connect_async(self._address.hostname or "", self._address.port or 1883, keepalive=15)
        self._client.loop_start()
        self._thread.start()

    def stop(self) -> None:
        """Switch it off; what was not answered is lost with its memory."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()
        self._client.disconnect()
        self._client.loop_stop()

    def perform(self, wish: str, details: Mapping[str, object]) -> Answer:
        """Do as directed: ``show`` a person, make a ``fault``, or answer ``ask``."""
        if wish == "show":
            self.show(msgspec.convert(dict(details), Shown))
            return {}
        if wish == "fault":
            self._suffer(msgspec.convert(dict(details), Trouble))
            return {}
        if wish == "ask" and details.get("what") in {"acknowledged", "idle"}:
            return {"acknowledged": self.is_acknowledged, "waiting": self.waiting_count}
        msg = f"a face terminal cannot {wish} {dict(details)}"
        raise DeviceConfigurationError(msg)

    def show(self, person: Shown) -> None:
        """Let a person look at it: one record goes out, and again until it is answered."""
        with self._changes:
            self._last_number += 1
            number = str(self._last_number)
            kind = "Snap" if person.is_stranger else "Rec"
            self._last_key = f"{kind}{number}"
            self._outbox[self._last_key] = _Waiting(
                topic=f"mqtt/face/{self.terminal_id}/{kind}", payload=self._record(person, number=number)
            )
        self._send_due()

    @property
    def is_acknowledged(self) -> bool:
        """Whether the last record shown was answered."""
        with self._changes:
            return bool(self._last_key) and self._last_key not in self._outbox

    @property
    def waiting_count(self) -> int:
        """How many records still wait for their answer."""
        with self._changes:
            return len(self._outbox)

    def _record(self, person: Shown, *, number: str) -> bytes:
        measured = {
            self._options.temperature_key: f"{person.skin_c:.1f}",
            "temperatureAlarm": str(int(person.skin_c >= self._options.alarm_c)),
            "isNoMask": "0",
            "time": self._time_text(),
            "facesluiceId": self.terminal_id,
            "pic": NO_PICTURE,
        }
        if person.is_stranger:
            return msgspec.json.encode({"operator": "StrSnapPush", "info": {"SnapID": number, **measured}})
        recognised = {
            "customId": "",
            "personId": "7",
            "RecordID": number,
            "VerifyStatus": "1",
            "personName": "EXAMPLE",
            "persionName": "EXAMPLE",
            "similarity1": "95.50",
            "telnum": "",
        }
        return msgspec.json.encode({"operator": "RecPush", "info": {**recognised, **measured}})

    def _time_text(self) -> str:
        """Its own clock: local time, whole seconds, no zone."""
        local = self._clock().astimezone(timezone(timedelta(minutes=self._options.utc_offset_minutes)))
        return f"{local + timedelta(seconds=self._clock_error_s):%Y-%m-%d %H:%M:%S}"

    def _run(self) -> None:
        while not self._stopping.wait(TICK_S):
            self._send_due()
            if self._client.is_connected() and monotonic() >= self._next_heartbeat_s:
                self._next_heartbeat_s = monotonic() + self._options.heartbeat_s
                self._announce("HeartBeat", topic="mqtt/face/heartbeat")

    def _send_due(self) -> None:
        """Publish what waits and is due; without a broker it keeps waiting."""
        if not self._client.is_connected():
            return
        with self._changes:
            for waiting in self._outbox.values():
                if monotonic() >= waiting.due_s:
                    waiting.due_s = monotonic() + self._options.resend_s
                    self._client.publish(waiting.topic, waiting.payload, qos=1)

    def _announce(self, operator: str, *, topic: str) -> None:
        content = {"operator": operator, "info": {"facesluiceId": self.terminal_id, "time": self._time_text()}}
        self._client.publish(topic, msgspec.json.encode(content), qos=0)

    def _suffer(self, trouble: Trouble) -> None:
        if trouble.kind == "clock":
            self._clock_error_s += trouble.seconds
            return
        nonsense = bytes(index * 37 % 256 for index in range(trouble.byte_count))
        self._client.publish(f"mqtt/face/{self.terminal_id}/Rec", nonsense, qos=1)

    def _new_client(self, device_id: str) -> paho.Client:
        client = paho.Client(CallbackAPIVersion.VERSION2, client_id=f"terminal-{device_id}", clean_session=False)
        client.reconnect_delay_set(1, 5)
        if self._address.username:
            client.username_pw_set(unquote(self._address.username), unquote(self._address.password or ""))
        client.on_connect = self._on_connect
        client.on_message = self._on_message
        return client

    def _on_connect(
        self,
        client: paho.Client,
        _userdata: object,
        _flags: paho.ConnectFlags,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        if reason.is_failure:
            return
        client.subscribe(f"mqtt/face/{self.terminal_id}", qos=1)
        self._announce("Online", topic="mqtt/face/basic")
        with self._changes:
            for waiting in self._outbox.values():
                waiting.due_s = 0.0

    def _on_message(self, _client: paho.Client, _userdata: object, message: paho.MQTTMessage) -> None:
        key = answered_record(bytes(message.payload))
        if key is None:
            return
        with self._changes:
            self._outbox.pop(key, None)
        self._announce("PushAck-Ack", topic=f"mqtt/face/{self.terminal_id}/Ack")


def answered_record(payload: bytes) -> str | None:
    """Which record an answer names: "Rec501" or "Snap88"; None if it is no answer to a record.

    >>> answered_record(b'{"operator":"PushAck","info":{"PushAckType":2,"SnapOrRecordID":501}}')
    'Rec501'
    >>> answered_record(b'{"operator":"RecPushAck","info":{"RecordID":"501"}}')
    'Rec501'
    """
    try:
        content = msgspec.json.decode(payload, type=dict[str, object])
        answer = msgspec.convert(content.get("info", {}), dict[str, object])
    except msgspec.MsgspecError:
        return None
    if content.get("operator") not in {"PushAck", "RecPushAck"}:
        return None
    if "PushAckType" in answer and "SnapOrRecordID" in answer:
        return f"{'Snap' if answer['PushAckType'] in {1, '1'} else 'Rec'}{answer['SnapOrRecordID']}"
    for field, kind in (("RecordID", "Rec"), ("SnapID", "Snap")):
        if field in answer:
            return f"{kind}{answer[field]}"
    return None
