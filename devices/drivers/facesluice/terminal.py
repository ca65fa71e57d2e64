"""Face terminals that speak the "facesluice" protocol over MQTT, sold under many names.

``feed`` takes one whole MQTT payload. The driver keeps no list of records already seen: whether a
measurement was stored is known only to the store, which keeps one per ``delivery_key``. A driver
that suppressed repetitions itself would lose the measurement whose first copy could not be stored.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import ClassVar, Literal

import msgspec

from devices.device_clock import ClockRules, Timing, age_s, claimed_time, time_it
from devices.driver import Manifest, QualityGrade, Wire
from devices.drivers.facesluice.messages import (
    PUSH_KINDS,
    Message,
    MessageError,
    RecordKind,
    flag_field,
    number_field,
    online_acknowledgement,
    parse_message,
    push_acknowledgement,
    text_field,
)
from devices.errors import DeviceConfigurationError
from devices.reading import (
    CommandReply,
    DeviceEvent,
    DeviceKind,
    DeviceVoice,
    Fault,
    FaultCode,
    MeasuringSite,
    Outgoing,
    Reading,
    ReadingKind,
    UnusableReason,
)

PLAUSIBLE_C = (30.0, 45.0)
"""A living forehead as a compensating terminal reports it; outside is kept and never used."""
REPORTABLE_C = (-1000.0, 10_000.0)
"""What such a terminal can report in any unit: a number beyond is a broken message, and no reading of anybody."""

SIGNS_OF_LIFE = {"HeartBeat": "heartbeat", "Online": "online", "Offline": "offline"}


ANY_TERMINAL = "*"
"""As ``facesluice_id``: take what every terminal says. For recordings only; a lane has one terminal."""


class FacesluiceOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What may be set for one terminal. ``facesluice_id`` is the number in its topics (default: the device id).

    ``record_epoch`` is part of the delivery key: change it after the terminal's record counter was
    reset, or its new records would be taken for old ones.
    """

    facesluice_id: str | int = ""
    client_id: str | int = ""
    temperature_key: str = "temperature"
    temperature_unit: Literal["celsius", "fahrenheit"] = "celsius"
    alarm_key: str = "temperatureAlarm"
    threshold_key: str = "temperatureThreshold"
    time_key: str = "time"
    record_id_key: str = "RecordID"
    snap_id_key: str = "SnapID"
    live_key: str = "Sendintime"
    record_epoch: str | int = ""
    acknowledgement: Literal["PushAck", "RecPushAck"] = "PushAck"
    utc_offset_minutes: int = 420
    clock_tolerance_s: float = 2.0
    stale_after_s: float = 3.0
    max_payload_bytes: int = 4 * 1024 * 1024


class _Arrived(msgspec.Struct, frozen=True, kw_only=True):
    """One message of this protocol and how it came."""

    message: Message
    received_at: datetime
    is_retained: bool
    byte_count: int


class _Push(msgspec.Struct, frozen=True, kw_only=True):
    """One push with its record number, before anything is said of its temperature."""

    message: Message
    byte_count: int
    delivery_key: str
    timing: Timing
    answer: Outgoing


class FacesluiceDriver:
    """Decoder for one terminal. Built as ``FacesluiceDriver(device_id=..., options={...})``."""

    manifest: ClassVar[Manifest] = Manifest(
        driver="facesluice",
        model="Face terminal over MQTT, facesluice protocol",
        device_kind=DeviceKind.FACE_TERMINAL,
        wire=Wire.MQTT,
        resolution_c=0.1,
        accuracy_c=0.5,
        kind=ReadingKind.DEVICE_COMPENSATED,
        sites=(MeasuringSite.FOREHEAD,),
        has_clock=True,
        acknowledges=True,
        is_indicative=True,
        topics=(
            "mqtt/face/{facesluice_id}/Rec",
            "mqtt/face/{facesluice_id}/Snap",
            "mqtt/face/{facesluice_id}/Ack",
            "mqtt/face/heartbeat",
            "mqtt/face/basic",
        ),
        options_for_recordings={"facesluice_id": ANY_TERMINAL},
        grade=QualityGrade.SILVER,
        verified_against="topics and fields of five public programs; messages invented in their shape",
        known_limits=(
            "the spelling of the temperature field is not published: set temperature_key after looking at one message",
            "the clock has no zone and whole seconds; a clock more than 2 s ahead makes every reading unusable",
            "a reset of the record counter must be told by record_epoch",
            "the terminal compensates its value in an unpublished way; no raw value is known",
        ),
        sources=(
            "MQTT Protocol of Intelligent Network Camera V1.25, Huifan Technology",
            "five public implementations of the topics mqtt/face/<id>/Rec and /Snap",
        ),
    )

    def __init__(self, *, device_id: str, options: Mapping[str, str | int | float | bool]) -> None:
        try:
            self._options = msgspec.convert(dict(options), FacesluiceOptions)
        except msgspec.ValidationError as error:
            msg = f"{device_id}: option of a facesluice terminal: {error}"
            raise DeviceConfigurationError(msg) from error
        self._device_id = device_id
        self._terminal_id = str(self._options.facesluice_id or device_id)
        self._clock = ClockRules(
            utc_offset_minutes=self._options.utc_offset_minutes,
            tolerance_s=self._options.clock_tolerance_s,
            stale_after_s=self._options.stale_after_s,
        )
        self._seconds_ahead = 0.0
        self._byte_offset = 0

    def feed(self, chunk: bytes, *, received_at: datetime, is_retained: bool = False) -> Iterable[DeviceEvent]:
        """Take one MQTT payload and return what it says; never raises on bytes."""
        events = self._decode(chunk, received_at=received_at, is_retained=is_retained)
        self._byte_offset += len(chunk)
        return events

    def finish(self, *, received_at: datetime) -> Iterable[DeviceEvent]:
        """Messages are whole: nothing is ever left over."""
        del received_at
        return ()

    def _decode(self, payload: bytes, *, received_at: datetime, is_retained: bool) -> list[DeviceEvent]:
        size = len(payload)
        if size > self._options.max_payload_bytes:
            return [self._fault(FaultCode.OVERLONG, "message larger than allowed", at=received_at, byte_count=size)]
        try:
            arrived = _Arrived(
                message=parse_message(payload), received_at=received_at, is_retained=is_retained, byte_count=size
            )
            if arrived.message.operator in PUSH_KINDS:
                return [self._reading_or_fault(self._push(arrived))]
            return self._sign_of_life(arrived)
        except MessageError as error:
            return [self._fault(FaultCode.BAD_MESSAGE, str(error), at=received_at, byte_count=size)]

    def _push(self, arrived: _Arrived) -> _Push:
        """Find whose and which record it is; a push that cannot be told from another is refused."""
        message = arrived.message
        kind = PUSH_KINDS[message.operator]
        terminal_id = self._terminal_of(message)
        is_recognised = kind is RecordKind.RECOGNISED
        record_id = text_field(message, self._options.record_id_key if is_recognised else self._options.snap_id_key)
        if record_id is None:
            msg = "no record number, so that a repetition could not be told from a second measurement"
            raise MessageError(msg)
        parts = (terminal_id, str(self._options.record_epoch), kind.value, record_id)
        return _Push(
            message=message,
            byte_count=arrived.byte_count,
            delivery_key=":".join(part for part in parts if part),
            timing=self._timing(arrived),
            answer=push_acknowledgement(
                terminal_id=terminal_id,
                kind=kind,
                record_id=record_id,
                operator=self._options.acknowledgement,
            ),
        )

    def _terminal_of(self, message: Message) -> str:
        """Name the terminal that sent it; another than ours is refused, unless a recording is read."""
        named = text_field(message, "facesluiceId")
        if self._terminal_id == ANY_TERMINAL:
            return named or self._device_id
        if named not in {None, self._terminal_id}:
            msg = "the message names another terminal"
            raise MessageError(msg)
        return self._terminal_id

    def _timing(self, arrived: _Arrived) -> Timing:
        """Judge the device's clock (see ``device_clock``) and whether the message is live at all."""
        return time_it(
            self._claimed_at(arrived.message),
            received_at=arrived.received_at,
            rules=self._clock,
            seconds_ahead=self._seconds_ahead,
            is_retained=arrived.is_retained,
            is_declared_late=flag_field(arrived.message, self._options.live_key) is False,
        )

    def _claimed_at(self, message: Message) -> datetime | None:
        text = text_field(message, self._options.time_key)
        return claimed_time(text, utc_offset_minutes=self._clock.utc_offset_minutes) if text else None

    def _reading_or_fault(self, push: _Push) -> Reading | Fault:
        """Turn a push into a reading; what was not measured becomes a fault, and is answered all the same."""
        try:
            reported = number_field(push.message, self._options.temperature_key)
        except MessageError:
            return self._refused(push, FaultCode.BAD_MESSAGE, "temperature is not a number")
        if not reported:
            return self._refused(push, FaultCode.NOT_MEASURED, "temperature missing or zero: nothing was measured")
        reported_c = self._celsius(reported)
        if not REPORTABLE_C[0] <= reported_c <= REPORTABLE_C[1]:
            return self._refused(push, FaultCode.BAD_MESSAGE, "temperature is beyond every instrument")
        return self._reading(push, reported_c=reported_c)

    def _reading(self, push: _Push, *, reported_c: float) -> Reading:
        low_c, high_c = PLAUSIBLE_C
        implausible = () if low_c <= reported_c <= high_c else (UnusableReason.IMPLAUSIBLE,)
        return Reading(
            device_id=self._device_id,
            driver=self.manifest.driver,
            device_kind=self.manifest.device_kind,
            observed_at=push.timing.observed_at,
            clock_basis=push.timing.clock_basis,
            temperature_c=reported_c,
            kind=ReadingKind.DEVICE_COMPENSATED,
            site=MeasuringSite.FOREHEAD,
            delivery_key=push.delivery_key,
            reported_c=reported_c,
            uncertainty_c=self.manifest.accuracy_c,
            vendor_alarm=self._vendor_alarm(push.message),
            vendor_threshold_c=self._vendor_threshold_c(push.message),
            arrival=push.timing.arrival,
            unusable_because=push.timing.reasons + implausible,
            acknowledge_with=push.answer,
        )

    def _celsius(self, reported: float) -> float:
        """The unit belongs to the field and is configured, never guessed from the size of the number."""
        return round((reported - 32) * 5 / 9, 2) if self._options.temperature_unit == "fahrenheit" else reported

    def _vendor_alarm(self, message: Message) -> bool | None:
        """The terminal's own opinion: kept, never used. Unreadable is unknown, and loses no reading."""
        try:
            return flag_field(message, self._options.alarm_key)
        except MessageError:
            return None

    def _vendor_threshold_c(self, message: Message) -> float | None:
        try:
            threshold = number_field(message, self._options.threshold_key)
        except MessageError:
            return None
        return self._celsius(threshold) if threshold else None

    def _sign_of_life(self, arrived: _Arrived) -> list[DeviceEvent]:
        """Heartbeat, arrival, last will: no reading, but they say that the terminal lives and what its clock says."""
        message = arrived.message
        if message.operator.endswith("-Ack"):
            return [self._reply("command_answered", at=arrived.received_at)]
        name = SIGNS_OF_LIFE.get(message.operator)
        if name is None:
            detail = "operator is not one of this protocol"
            return [
                self._fault(FaultCode.UNKNOWN_MESSAGE, detail, at=arrived.received_at, byte_count=arrived.byte_count)
            ]
        if self._terminal_id not in {ANY_TERMINAL, text_field(message, "facesluiceId")}:
            return []  # all terminals of a site share these topics; each driver takes its own
        claimed_at = self._claimed_at(message)
        behind_s = age_s(claimed_at, received_at=arrived.received_at) if claimed_at else 0.0
        if claimed_at is not None and not arrived.is_retained:
            self._seconds_ahead = max(0.0, -behind_s)
        answer = online_acknowledgement(terminal_id=self._terminal_id) if name == "online" else None
        reply = self._reply(name, at=arrived.received_at, value=behind_s, answer=answer)
        if claimed_at is None or arrived.is_retained:
            return [reply]
        return [msgspec.structs.replace(reply, voice=DeviceVoice(clock_offset_s=round(-behind_s, 1)))]

    def _reply(self, name: str, *, at: datetime, value: float = 0.0, answer: Outgoing | None = None) -> CommandReply:
        return CommandReply(
            device_id=self._device_id,
            observed_at=at,
            name=name,
            value=value,
            byte_offset=self._byte_offset,
            acknowledge_with=answer,
        )

    def _refused(self, push: _Push, code: FaultCode, detail: str) -> Fault:
        fault = self._fault(code, detail, at=push.timing.observed_at, byte_count=push.byte_count)
        return msgspec.structs.replace(fault, acknowledge_with=push.answer)

    def _fault(self, code: FaultCode, detail: str, *, at: datetime, byte_count: int) -> Fault:
        return Fault(
            device_id=self._device_id,
            observed_at=at,
            code=code,
            detail=detail,
            byte_offset=self._byte_offset,
            byte_count=byte_count,
        )
