"""A thermometer on a broker that says a temperature in JSON or as a bare number.

``feed`` takes one message with its topic before it, a blank between (a recording may leave the topic
out: then it is the thermometer's own). What is decided here:

* A retained message was said before anybody listened: it is kept as such and never usable.
* A room's temperature is what surrounds a reading (``ambient_c``), and never a reading. The sensor's own
  (``device_c``), which Tasmota calls AMBTMP, is not the room's.
* Such thermometers speak whether somebody stands before them or not. Colder than a living face is
  nobody: a sign of life, no reading.
* ``offline``, the last will, is a thermometer that is lost; it says nothing of anybody.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import ClassVar, Final

import msgspec

from devices.device_clock import ClockRules, Timing, time_it, zoned_time
from devices.driver import Manifest, QualityGrade, Wire
from devices.drivers.mqtt_json.mapping import NOWHERE, find, read_options, voice_in
from devices.reading import (
    ROOM_TOLD,
    Arrival,
    ClockBasis,
    DeviceEvent,
    DeviceKind,
    DeviceVoice,
    FaultCode,
    MeasuringSite,
    ReadingKind,
    UnusableReason,
)
from devices.terminal_voice import Measured, TerminalVoice, key_of
from devices.units import UNIT_WORDS, TemperatureUnit, celsius, flag, is_reportable, number

SKIN_C: Final = (27.0, 43.0)
OTHER_C: Final = (30.0, 45.0)
NO_VALUE: Final = frozenset({"nan", "unknown", "unavailable", "none", "null", ""})


class _Arrived(msgspec.Struct, frozen=True, kw_only=True):
    """One message, parsed, and how it came."""

    document: object
    content: bytes
    received_at: datetime
    is_retained: bool


class MqttJson:
    """Decoder for one thermometer. Built as ``MqttJson(device_id=..., options={"topic": ...})``."""

    manifest: ClassVar[Manifest] = Manifest(
        driver="mqtt_json",
        model="Thermometer on a broker: Tasmota, ESPHome, Zigbee2MQTT, or any mapping in the settings",
        device_kind=DeviceKind.INFRARED_THERMOMETER,
        wire=Wire.MQTT,
        accuracy_c=0.5,
        kind=ReadingKind.RAW_SKIN,
        sites=tuple(MeasuringSite),
        is_indicative=True,
        topics=("{topic}", "{ambient_topic?}", "{availability_topic?}"),
        names_topic=True,
        options_for_recordings={"preset": "tasmota", "topic": "tele/gate1/SENSOR"},
        grade=QualityGrade.SILVER,
        known_limits=(
            "nothing of these messages says how good the thermometer is: option accuracy_c is what its data sheet says",
            "a bare number is timed on arrival, and two deliveries of one cannot be told from two measurements",
            "the topics and payloads of ESPHome and Zigbee2MQTT are from their documentation, not from a capture",
            "AMBTMP of Tasmota is the sensor's own temperature; a thermometer of the room is option ambient_topic",
            "whether somebody stands before the thermometer is told by the temperature alone (option nobody_below_c)",
        ),
        sources=(
            "Tasmota documentation, MLX90614 in tele/<topic>/SENSOR",
            "ESPHome documentation, MQTT client component",
            "Zigbee2MQTT documentation, MQTT topics and messages",
            "RFC 6901, JSON pointer",
        ),
        verified_against="one published Tasmota string and messages invented in its shape, over two real brokers",
    )

    def __init__(self, *, device_id: str, options: Mapping[str, str | int | float | bool]) -> None:
        self._options = read_options(device_id, options=options)
        own = msgspec.structs.replace(self.manifest, accuracy_c=self._options.accuracy_c)
        self._voice = TerminalVoice(own, device_id=device_id)
        self._clock = ClockRules(
            utc_offset_minutes=self._options.utc_offset_minutes,
            tolerance_s=self._options.clock_tolerance_s,
            stale_after_s=self._options.stale_after_s,
        )
        self._ambient_c: float | None = None
        self._ambient_until: datetime | None = None
        self._said: DeviceVoice | None = None

    def feed(self, chunk: bytes, *, received_at: datetime, is_retained: bool = False) -> Iterable[DeviceEvent]:
        """Take one message and return what it says; never raises on bytes."""
        self._said = None
        events = [self._decode(chunk, at=received_at, is_retained=is_retained)]
        events += self._told(received_at)
        self._voice.byte_offset += len(chunk)
        return events

    def finish(self, *, received_at: datetime) -> Iterable[DeviceEvent]:
        """Messages are whole: nothing is ever left over."""
        del received_at
        return ()

    def _decode(self, chunk: bytes, *, at: datetime, is_retained: bool) -> DeviceEvent:
        size = max(1, len(chunk))
        if size > self._options.max_payload_bytes:
            return self._voice.fault(FaultCode.OVERLONG, "message larger than allowed", at=at, byte_count=size)
        topic, content = self._parted(chunk)
        try:
            if topic == self._options.availability_topic:
                return self._availability(content, at=at)
            document = _parsed(content)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            detail = "neither JSON nor a number"
            return self._voice.fault(FaultCode.BAD_MESSAGE, detail, at=at, byte_count=size)
        arrived = _Arrived(document=document, content=content, received_at=at, is_retained=is_retained)
        if topic == self._options.topic and not is_retained:
            self._said = voice_in(document, self._options)
        if topic == self._options.ambient_topic:
            return self._room(arrived, pointer=self._options.ambient_topic_pointer)
        if self._options.temperature_pointer == NOWHERE:
            return self._room(arrived, pointer=self._options.ambient_pointer)
        return self._measured(arrived)

    def _told(self, at: datetime) -> list[DeviceEvent]:
        """Give what the message said of the thermometer itself, if it did."""
        if self._said is None:
            return []
        return [msgspec.structs.replace(self._voice.reply("told_of_itself", at=at), voice=self._said)]

    def _parted(self, chunk: bytes) -> tuple[str, bytes]:
        """Part the topic from the payload; without one of our topics it is the thermometer's own payload."""
        first, blank, rest = chunk.partition(b" ")
        topic = first.decode("utf-8", "replace")
        ours = {self._options.topic, self._options.ambient_topic, self._options.availability_topic} - {""}
        return (topic, rest) if blank and topic in ours else (self._options.topic, chunk)

    def _availability(self, content: bytes, *, at: datetime) -> DeviceEvent:
        word = content.decode("utf-8").strip().lower()
        if word not in {"online", "offline"}:
            detail = "neither online nor offline"
            return self._voice.fault(FaultCode.UNKNOWN_MESSAGE, detail, at=at, byte_count=max(1, len(content)))
        if word == "offline":
            self._ambient_c = None
        return self._voice.reply(word, at=at)

    def _room(self, arrived: _Arrived, *, pointer: str) -> DeviceEvent:
        """Note what surrounds a reading; a retained value may be of last week, and is not noted."""
        at = arrived.received_at
        ambient_c = self._celsius(arrived, find(arrived.document, pointer))
        if ambient_c is None:
            detail = "no temperature of the room in it"
            size = max(1, len(arrived.content))
            return self._voice.fault(FaultCode.NOT_MEASURED, detail, at=at, byte_count=size)
        if arrived.is_retained:
            return self._voice.reply("ambient_retained", at=at, value=ambient_c)
        self._ambient_c, self._ambient_until = ambient_c, at + timedelta(seconds=self._options.ambient_holds_s)
        return self._voice.reply(ROOM_TOLD, at=at, value=ambient_c)

    def _measured(self, arrived: _Arrived) -> DeviceEvent:
        """Give a reading; colder than a face is nobody."""
        options, at = self._options, arrived.received_at
        said = find(arrived.document, options.temperature_pointer)
        amount, unit = number(said), self._unit(arrived.document)
        if unit is None or (amount is None and not _is_no_value(said)):
            detail = "a temperature that is no number, or in an unknown unit"
            return self._voice.fault(FaultCode.BAD_MESSAGE, detail, at=at, byte_count=max(1, len(arrived.content)))
        if amount and celsius(amount, unit=unit) < options.nobody_below_c:
            return self._voice.reply("nobody", at=at, value=celsius(amount, unit=unit))
        measured = Measured(
            amount=amount,
            unit=unit,
            timing=self._timing(arrived),
            delivery_key=self._delivery_key(arrived),
            site=options.site,
            kind=options.kind,
            ambient_c=self._ambient(arrived),
            device_c=self._celsius(arrived, find(arrived.document, options.device_pointer)),
            vendor_alarm=flag(find(arrived.document, options.alarm_pointer)),
            plausible_c=SKIN_C if options.kind is ReadingKind.RAW_SKIN else OTHER_C,
        )
        return self._voice.reading_or_fault(measured, byte_count=max(1, len(arrived.content)))

    def _unit(self, document: object) -> TemperatureUnit | None:
        """The unit that the message names, or the one that was set; an unknown name is no unit."""
        named = find(document, self._options.unit_pointer)
        return self._options.unit if named is None else UNIT_WORDS.get(str(named).strip().lower())

    def _celsius(self, arrived: _Arrived, said: object) -> float | None:
        amount, unit = number(said), self._unit(arrived.document)
        if amount is None or unit is None:
            return None
        found_c = celsius(amount, unit=unit)
        return found_c if is_reportable(found_c) else None

    def _ambient(self, arrived: _Arrived) -> float | None:
        """The room's temperature in the same message, or the last one heard that is not too old."""
        own_c = self._celsius(arrived, find(arrived.document, self._options.ambient_pointer))
        if own_c is not None:
            return own_c
        is_fresh = self._ambient_until is not None and arrived.received_at <= self._ambient_until
        return self._ambient_c if is_fresh else None

    def _timing(self, arrived: _Arrived) -> Timing:
        """Time by the message where it tells one, else by its arrival; retained is never live."""
        if self._options.time_pointer == NOWHERE:
            return Timing(
                observed_at=arrived.received_at,
                clock_basis=ClockBasis.RECEIVED,
                arrival=Arrival.RETAINED if arrived.is_retained else Arrival.LIVE,
                reasons=(UnusableReason.NOT_LIVE,) if arrived.is_retained else (),
            )
        text = find(arrived.document, self._options.time_pointer)
        claimed_at = zoned_time(str(text), utc_offset_minutes=self._clock.utc_offset_minutes) if text else None
        return time_it(claimed_at, received_at=arrived.received_at, rules=self._clock, is_retained=arrived.is_retained)

    def _delivery_key(self, arrived: _Arrived) -> str:
        """Name a delivery by its own number or time; a bare number has neither, so its arrival names it."""
        for pointer in (self._options.id_pointer, self._options.time_pointer):
            found = find(arrived.document, pointer)
            if isinstance(found, str | int) and found != "":
                return key_of(self._options.topic, str(found), arrived.content)
        return key_of(self._options.topic, arrived.received_at.isoformat(), arrived.content)


def _parsed(content: bytes) -> object:
    """Read JSON, or the words that some firmware publishes instead of a number."""
    text = content.decode("utf-8").strip()
    return text if text.lower() in NO_VALUE else msgspec.json.decode(text)


def _is_no_value(said: object) -> bool:
    return said is None or (isinstance(said, str) and said.strip().lower() in NO_VALUE)
