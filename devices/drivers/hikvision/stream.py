"""The two ways in which Hikvision devices are heard: an alert stream that is pulled, and requests that are posted.

``Hikvision`` is fed the bytes of ``/ISAPI/Event/notification/alertStream`` in any cut, with the
answers to its searches between the parts. ``HikvisionPush`` is fed one whole posted request at a
time; it cannot search, so what is missing there is counted and left to the terminal's own resending.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta, timezone
from typing import ClassVar, Final

import msgspec

from devices.device_clock import ClockRules, Timing, time_it, zoned_time
from devices.driver import Manifest, QualityGrade, Wire
from devices.drivers.hikvision.alerts import (
    FACE_EVENTS,
    HEARTBEATS,
    INDUSTRIAL,
    SPOOFED,
    AccessEvent,
    Alert,
    AlertError,
    Capture,
    Face,
    Found,
    SearchPage,
    face_box,
    read_alert,
    whole_number,
)
from devices.drivers.hikvision.backfill import MAJOR_EVENT, Searches, SerialLedger
from devices.errors import DeviceConfigurationError
from devices.http_message import HttpMessageError, is_of_media_type, read_request
from devices.multipart import MultipartStream, Part, Rubbish, parts_of
from devices.reading import (
    CommandReply,
    DeviceEvent,
    DeviceKind,
    Fault,
    FaultCode,
    MeasuringSite,
    Reading,
    ReadingKind,
    UnusableReason,
)
from devices.terminal_voice import Measured, TerminalVoice, key_of
from devices.units import UNIT_WORDS, TemperatureUnit, flag, number

RUBBISH_CODES: Final = {
    "garbage": FaultCode.GARBAGE,
    "header": FaultCode.BAD_HEADER,
    "overlong": FaultCode.OVERLONG,
    "truncated": FaultCode.TRUNCATED,
}
KNOWN_LIMITS: Final = (
    "the device compensates its value in an unpublished way; no raw value is known",
    "where on the face is measured is not in the message: option site",
    "a face's rectangle is in pixels of option picture_columns and picture_rows, thousandths if they are not set",
    "the search by beginSerialNo and endSerialNo is documented and not offered by every firmware",
)


class HikvisionOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What may be set for one device. ``backfill_minutes`` 0: ask for nothing when a connection begins."""

    site: MeasuringSite = MeasuringSite.FOREHEAD
    record_epoch: str | int = ""
    has_search: bool = True
    backfill_minutes: int = 60
    picture_columns: int = 1000
    picture_rows: int = 1000
    utc_offset_minutes: int = 420
    clock_tolerance_s: float = 2.0
    stale_after_s: float = 3.0
    max_payload_bytes: int = 8 * 1024 * 1024


class _Device:
    """What both ways have in common: one device, its clock, its serial numbers, its messages."""

    manifest: ClassVar[Manifest]

    def __init__(self, *, device_id: str, options: Mapping[str, str | int | float | bool]) -> None:
        try:
            self._options = msgspec.convert(dict(options), HikvisionOptions)
        except msgspec.ValidationError as error:
            msg = f"{device_id}: option of a Hikvision device: {error}"
            raise DeviceConfigurationError(msg) from error
        self._voice = TerminalVoice(self.manifest, device_id=device_id)
        self._ledger = SerialLedger()
        self._searches: Searches | None = None
        self._is_caught_up = True
        self._clock = ClockRules(
            utc_offset_minutes=self._options.utc_offset_minutes,
            tolerance_s=self._options.clock_tolerance_s,
            stale_after_s=self._options.stale_after_s,
        )

    def _said(self, body: bytes, *, at: datetime) -> list[DeviceEvent]:
        """Read one message and say what it holds."""
        size = max(1, len(body))
        try:
            alert = read_alert(body)
        except AlertError as error:
            return [self._voice.fault(FaultCode.BAD_MESSAGE, str(error), at=at, byte_count=size)]
        return self._caught_up(self._events(alert, body=body, at=at), alert=alert, at=at)

    def _events(self, alert: Alert, *, body: bytes, at: datetime) -> list[DeviceEvent]:
        size = max(1, len(body))
        if alert.search_page is not None:
            return self._search_page(alert.search_page, at=at, byte_count=size)
        if alert.access is not None:
            return self._access(alert, alert.access, body=body, at=at)
        if alert.captures:
            return self._captures(alert, body=body, at=at)
        if alert.event_type in INDUSTRIAL:
            detail = "a temperature alarm of a machine or a room"
            return [self._voice.fault(FaultCode.NOT_A_PERSON, detail, at=at, byte_count=size)]
        is_beat = alert.event_type == "heartBeat" or alert.event_state == "inactive"
        if alert.event_type.lower() in HEARTBEATS and is_beat:
            return [self._voice.heartbeat(self._claimed_at(alert.device_time), at=at)]
        return [self._voice.fault(FaultCode.UNKNOWN_MESSAGE, "an event of another kind", at=at, byte_count=size)]

    def _captures(self, alert: Alert, *, body: bytes, at: datetime) -> list[DeviceEvent]:
        """Give a reading or a reason for each face. Two faces in one message: nobody knows whose value is whose."""
        faces = [(capture, face) for capture in alert.captures for face in capture.faces]
        if not faces:
            return [self._voice.fault(FaultCode.NOT_MEASURED, "nobody's face in it", at=at, byte_count=len(body))]
        several = (UnusableReason.SEVERAL_FACES,) if len(faces) > 1 else ()
        return [self._measured_face(alert, capture, face, several=several, body=body, at=at) for capture, face in faces]

    def _measured_face(
        self,
        alert: Alert,
        capture: Capture,
        face: Face,
        *,
        several: tuple[UnusableReason, ...],
        body: bytes,
        at: datetime,
    ) -> DeviceEvent:
        uid = capture.uid or alert.uid or key_of(body)
        seen = capture.target.face_time if capture.target else ""
        options = self._options
        return self._reading_or_fault(
            face,
            timing=self._timing(seen or alert.device_time, at=at),
            delivery_key=f"face:{options.record_epoch}:{uid}:{face.face_id}",
            byte_count=len(body),
            threshold=number(face.alarm_threshold),
            more=Seen(reasons=several, face=face),
        )

    def _access(self, alert: Alert, event: AccessEvent, *, body: bytes, at: datetime) -> list[DeviceEvent]:
        """Say what an access terminal saw; a number before it that never came is told first, and asked for."""
        serial = whole_number(event.serial)
        claimed_at = self._claimed_at(alert.device_time)
        events = self._gap(serial, event, seen_at=claimed_at or at, at=at, byte_count=len(body))
        if event.temperature in {None, ""} and not _is_of_face(event.major, event.minor):
            kind = whole_number(event.minor) or 0
            return [*events, self._voice.reply("access_event", at=at, value=float(kind))]
        if whole_number(event.minor) == SPOOFED:
            detail = "a picture was held up, no living face"
            return [*events, self._voice.fault(FaultCode.NOT_A_PERSON, detail, at=at, byte_count=len(body))]
        is_late = flag(event.is_current) is False
        reading = self._reading_or_fault(
            event,
            timing=self._timing(alert.device_time, at=at, is_declared_late=is_late),
            delivery_key=self._key(serial, alert.device_time, body=body),
            byte_count=len(body),
        )
        return [*events, reading]

    def _gap(
        self, serial: int | None, event: AccessEvent, *, seen_at: datetime, at: datetime, byte_count: int
    ) -> list[DeviceEvent]:
        if serial is None:
            return []
        missing = self._ledger.see(serial, front=whole_number(event.front_serial), at=seen_at)
        if not missing:
            return []
        detail = f"{len(missing)} serial numbers before this event were never seen"
        fault = self._voice.fault(FaultCode.MISSING_MESSAGES, detail, at=at, byte_count=byte_count)
        asked = self._searches.by_serial(missing) if self._searches else None
        return [msgspec.structs.replace(fault, acknowledge_with=asked)]

    def _search_page(self, page: SearchPage, *, at: datetime, byte_count: int) -> list[DeviceEvent]:
        """Give what was missed, never live, and ask for the next page until there is none."""
        found = [self._found(one, at=at, byte_count=byte_count) for one in page.found]
        asked = self._searches.next_page(page) if self._searches else None
        name = "backfill_page" if asked else "backfill_complete"
        return [*found, self._voice.reply(name, at=at, value=float(len(page.found)), answer=asked)]

    def _found(self, one: Found, *, at: datetime, byte_count: int) -> DeviceEvent:
        if one.temperature in {None, ""} and not _is_of_face(one.major, one.minor):
            return self._voice.reply("access_event", at=at, value=float(whole_number(one.minor) or 0))
        if whole_number(one.minor) == SPOOFED:
            detail = "a picture was held up, no living face"
            return self._voice.fault(FaultCode.NOT_A_PERSON, detail, at=at, byte_count=byte_count)
        return self._reading_or_fault(
            one,
            timing=self._timing(one.time, at=at, is_declared_late=True),
            delivery_key=self._key(whole_number(one.serial), one.time, body=msgspec.json.encode(one)),
            byte_count=byte_count,
        )

    def _reading_or_fault(
        self,
        claim: "Face | AccessEvent | Found",
        *,
        timing: Timing,
        delivery_key: str,
        byte_count: int,
        threshold: float | None = None,
        more: "Seen | None" = None,
    ) -> Reading | Fault:
        at = timing.observed_at
        unit = UNIT_WORDS.get((claim.unit or TemperatureUnit.CELSIUS.value).strip().lower())
        amount = number(claim.temperature)
        if unit is None or (amount is None and claim.temperature not in {None, ""}):
            detail = "a temperature that is no number, or in an unknown unit"
            return self._voice.fault(FaultCode.BAD_MESSAGE, detail, at=at, byte_count=byte_count)
        face = more.face if more else None
        box = face_box(
            face.rectangle if face else None, columns=self._options.picture_columns, rows=self._options.picture_rows
        )
        measured = Measured(
            amount=amount,
            unit=unit,
            timing=timing,
            delivery_key=delivery_key,
            site=self._options.site,
            vendor_alarm=flag(claim.is_abnormal),
            vendor_threshold=threshold,
            face=box,
            reasons=more.reasons if more else (),
        )
        return self._voice.reading_or_fault(measured, byte_count=byte_count)

    def _key(self, serial: int | None, time_text: str, *, body: bytes) -> str:
        """Name an event by its number on its day, the same live and searched; a counter may be reset another day."""
        if serial is None:
            return f"access:{key_of(body)}"
        return f"access:{self._options.record_epoch}:{time_text[:10]}:{serial}"

    def _timing(self, text: str, *, at: datetime, is_declared_late: bool = False) -> Timing:
        claimed_at = self._claimed_at(text)
        return time_it(claimed_at, received_at=at, rules=self._clock, is_declared_late=is_declared_late)

    def _claimed_at(self, text: str) -> datetime | None:
        return zoned_time(text, utc_offset_minutes=self._options.utc_offset_minutes) if text else None

    def _caught_up(self, events: list[DeviceEvent], *, alert: Alert, at: datetime) -> list[DeviceEvent]:
        """Ask, with the first message of a connection that tells the device's time, for what was missed before it."""
        del at
        claimed_at = None if self._is_caught_up else self._claimed_at(alert.device_time)
        last = events[-1]
        if claimed_at is None or self._searches is None or not isinstance(last, Reading | Fault | CommandReply):
            return events
        self._is_caught_up = True
        local = claimed_at.astimezone(timezone(timedelta(minutes=self._options.utc_offset_minutes)))
        asked = self._searches.by_time(local, minutes=self._options.backfill_minutes)
        return [*events[:-1], msgspec.structs.replace(last, acknowledge_with=asked)]


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """What a capture adds to a claim: which face, and what speaks against it."""

    face: Face
    reasons: tuple[UnusableReason, ...] = ()


class Hikvision(_Device):
    """Decoder of one alert stream. Built as ``Hikvision(device_id=..., options={...})``."""

    manifest: ClassVar[Manifest] = Manifest(
        driver="hikvision",
        model="Hikvision thermal camera or access terminal, alert stream (ISAPI)",
        device_kind=DeviceKind.FACE_TERMINAL,
        wire=Wire.HTTP_PULL,
        resolution_c=0.1,
        accuracy_c=0.5,
        kind=ReadingKind.DEVICE_COMPENSATED,
        sites=(MeasuringSite.FOREHEAD, MeasuringSite.FACE_MAXIMUM),
        has_clock=True,
        is_indicative=True,
        grade=QualityGrade.SILVER,
        known_limits=(
            *KNOWN_LIMITS,
            "events older than backfill_minutes at a new connection are not asked for by themselves",
        ),
        sources=(
            "shapes of four public bodies: alert stream and posted faceCapture, AccessControllerEvent, AcsEvent search",
            "ISAPI event and access control documentation: alertStream, AcsEvent",
            "faults met by home-assistant/core#82767 and #43880, pyHik#14 and #16, node-red-contrib-hikvision-ultimate",
        ),
        verified_against="bodies invented in the shape of public ones; a simulator of ours with Digest and search",
    )

    def __init__(self, *, device_id: str, options: Mapping[str, str | int | float | bool]) -> None:
        super().__init__(device_id=device_id, options=options)
        self._stream = MultipartStream(longest_part_bytes=self._options.max_payload_bytes)
        self._searches = Searches(device_id=device_id) if self._options.has_search else None
        self._is_caught_up = self._options.backfill_minutes <= 0

    def feed(self, chunk: bytes, *, received_at: datetime, is_retained: bool = False) -> Iterable[DeviceEvent]:
        """Take the next bytes of the stream and give the events they complete; never raises on bytes."""
        del is_retained  # a stream keeps nothing for later
        return [event for one in self._stream.feed(chunk) for event in self._spoken(one, at=received_at)]

    def finish(self, *, received_at: datetime) -> Iterable[DeviceEvent]:
        """Say that the stream ended: what is left over becomes a fault with its offset."""
        return [event for one in self._stream.finish() for event in self._spoken(one, at=received_at)]

    def _spoken(self, one: Part | Rubbish, *, at: datetime) -> list[DeviceEvent]:
        self._voice.byte_offset = one.byte_offset
        if isinstance(one, Rubbish):
            code = RUBBISH_CODES[one.reason]
            return [self._voice.fault(code, f"{one.reason} between the parts", at=at, byte_count=one.byte_count)]
        if is_of_media_type(one.media_type, "image/jpeg", "image/pjpeg", "image/png"):
            return []
        if one.is_cut_short or not one.body.strip():
            detail = "a part that broke off or is empty"
            return [self._voice.fault(FaultCode.TRUNCATED, detail, at=at, byte_count=one.byte_count)]
        return self._said(one.body, at=at)


class HikvisionPush(_Device):
    """Decoder of what one device posts. Built as ``HikvisionPush(device_id=..., options={...})``."""

    manifest: ClassVar[Manifest] = msgspec.structs.replace(
        Hikvision.manifest,
        driver="hikvision_push",
        model="Hikvision thermal camera or access terminal that posts (httpHosts)",
        wire=Wire.HTTP_PUSH,
        acknowledges=True,
        known_limits=(*KNOWN_LIMITS, "what is missing is counted; only the alert stream can ask for it"),
    )

    def feed(self, chunk: bytes, *, received_at: datetime, is_retained: bool = False) -> Iterable[DeviceEvent]:
        """Take one request, or its bare body, and return what it says; never raises on bytes."""
        del is_retained  # nothing keeps a request for later
        events = [event for body in self._bodies(chunk) for event in self._said(body, at=received_at)]
        if not events:
            detail = "a request without a message in it"
            events = [self._voice.fault(FaultCode.BAD_MESSAGE, detail, at=received_at, byte_count=max(1, len(chunk)))]
        self._voice.byte_offset += len(chunk)
        return events

    def finish(self, *, received_at: datetime) -> Iterable[DeviceEvent]:
        """Requests are whole: nothing is ever left over."""
        del received_at
        return ()

    def _bodies(self, payload: bytes) -> list[bytes]:
        """Find the messages of a request; the pictures of a form are let go."""
        if len(payload) > self._options.max_payload_bytes:
            return []
        if payload[:1] in {b"{", b"<"}:
            return [payload]
        try:
            request = read_request(payload)
        except HttpMessageError:
            return []
        if is_of_media_type(request.media_type, "multipart/form-data", "multipart/mixed"):
            parts = parts_of(request.body, media_type=request.media_type)
            return [part.body for part in parts if not part.media_type.startswith("image/")]
        return [request.body]


def _is_of_face(major: object, minor: object) -> bool:
    return whole_number(major) == MAJOR_EVENT and whole_number(minor) in FACE_EVENTS
