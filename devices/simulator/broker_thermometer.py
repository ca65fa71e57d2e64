"""A simulated thermometer of home automation: speaks as Tasmota, ESPHome or Zigbee2MQTT does, to a real broker.

It publishes by its own clockwork whether somebody stands before it or not, keeps its last word on
the broker where its firmware does (ESPHome retains), and leaves a last will.
"""

import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, timezone
from time import monotonic
from typing import Final, Literal
from urllib.parse import unquote, urlsplit

import msgspec
import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from devices.errors import DeviceConfigurationError

Answer = dict[str, object]
VIETNAM: Final = timezone(timedelta(hours=7))
TICK_S: Final = 0.05


class ThermometerOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How it is set. ``name`` is its place in the topics (default: the device id)."""

    firmware: Literal["tasmota", "esphome", "zigbee2mqtt"] = "tasmota"
    name: str = ""
    period_s: float = 1.0
    room_c: float = 24.7
    wall_c: float = 23.9
    unit: Literal["C", "F"] = "C"


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """Who stands before it, and for how long; afterwards it sees the wall again."""

    skin_c: float
    duration_s: float = 1.0


class BrokerThermometer:
    """One thermometer on one broker. ``link`` is ``mqtt://[user:password@]host:port``."""

    def __init__(
        self,
        device_id: str,
        link: str,
        options: Mapping[str, str | int | float | bool],
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        try:
            self._options = msgspec.convert(dict(options), ThermometerOptions, strict=False)
        except msgspec.ValidationError as error:
            msg = f"{device_id}: option of a simulated thermometer: {error}"
            raise DeviceConfigurationError(msg) from error
        self._address = urlsplit(link)
        if self._address.scheme != "mqtt" or not self._address.hostname:
            msg = f"{device_id}: the link of a thermometer must be mqtt://[user:password@]host[:port]"
            raise DeviceConfigurationError(msg)
        self.name = self._options.name or device_id
        self._clock = clock
        self._seen_c = self._options.wall_c
        self._seen_until_s = 0.0
        self._wakes = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"thermometer-{device_id}", daemon=True)
        self._client = self._new_client(device_id)

    @property
    def topic(self) -> str:
        """Where it speaks."""
        places = {
            "tasmota": f"tele/{self.name}/SENSOR",
            "esphome": f"{self.name}/sensor/object_temperature/state",
            "zigbee2mqtt": f"zigbee2mqtt/{self.name}",
        }
        return places[self._options.firmware]

    @property
    def availability_topic(self) -> str:
        """Where its last will stands."""
        places = {
            "tasmota": f"tele/{self.name}/LWT",
            "esphome": f"{self.name}/status",
            "zigbee2mqtt": f"zigbee2mqtt/{self.name}/availability",
        }
        return places[self._options.firmware]

    def start(self) -> None:
        """Switch it on: it looks for its broker until it finds it."""
        self._client.connect_async(self._address.hostname or "", self._address.port or 1883, keepalive=15)
        self._client.loop_start()
        self._thread.start()

    def stop(self) -> None:
        """Switch it off; it says that it goes."""
        self._stopping.set()
        self._wakes.set()
        if self._thread.is_alive():
            self._thread.join()
        self._client.publish(self.availability_topic, "offline", qos=1, retain=True)
        self._client.disconnect()
        self._client.loop_stop()

    def perform(self, wish: str, details: Mapping[str, object]) -> Answer:
        """Do as directed: ``show`` a person, or answer ``ask``."""
        if wish == "show":
            self.show(msgspec.convert(dict(details), Shown))
            return {}
        if wish == "ask" and details.get("what") == "idle":
            return {"idle": monotonic() > self._seen_until_s}
        msg = f"a thermometer cannot {wish} {dict(details)}"
        raise DeviceConfigurationError(msg)

    def show(self, person: Shown) -> None:
        """Let a person stand before it; it says so at once."""
        self._seen_c, self._seen_until_s = person.skin_c, monotonic() + person.duration_s
        self._wakes.set()

    def is_connected(self) -> bool:
        """Whether it has found its broker."""
        return bool(self._client.is_connected())

    def _run(self) -> None:
        next_s = monotonic()
        while not self._stopping.is_set():
            if monotonic() > self._seen_until_s:
                self._seen_c = self._options.wall_c
            if self._client.is_connected() and (monotonic() >= next_s or self._wakes.is_set()):
                self._wakes.clear()
                next_s = monotonic() + self._options.period_s
                is_kept = self._options.firmware == "esphome"
                self._client.publish(self.topic, self._payload(), qos=0, retain=is_kept)
            self._wakes.wait(TICK_S)

    def _payload(self) -> bytes:
        """What it says, as its firmware writes it."""
        match self._options.firmware:
            case "esphome":
                return f"{self._seen_c:.1f}".encode()
            case "zigbee2mqtt":
                return msgspec.json.encode({"temperature": self._options.room_c, "linkquality": 120})
            case "tasmota":
                local = f"{self._clock().astimezone(VIETNAM):%Y-%m-%dT%H:%M:%S}"
                measured = {"OBJTMP": self._in_unit(self._seen_c), "AMBTMP": self._in_unit(self._options.room_c)}
                return msgspec.json.encode({"Time": local, "MLX90614": measured, "TempUnit": self._options.unit})

    def _in_unit(self, temperature_c: float) -> float:
        return round(temperature_c * 9 / 5 + 32 if self._options.unit == "F" else temperature_c, 1)

    def _new_client(self, device_id: str) -> paho.Client:
        client = paho.Client(CallbackAPIVersion.VERSION2, client_id=f"thermometer-{device_id}")
        client.reconnect_delay_set(1, 5)
        if self._address.username:
            client.username_pw_set(unquote(self._address.username), unquote(self._address.password or ""))
        client.will_set(self.availability_topic, "offline", qos=1, retain=True)
        client.on_connect = self._on_connect
        return client

    def _on_connect(
        self,
        client: paho.Client,
        _userdata: object,
        _flags: paho.ConnectFlags,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        if not reason.is_failure:
            client.publish(self.availability_topic, "online", qos=1, retain=True)
