"""Uniview face terminals over LAPI: what they post when somebody was looked at.

``feed`` takes one whole HTTP request (see ``devices.http_message``). ``Temperature`` 0 and
``MaskFlag`` 0 mean "unknown". ``NotificationType`` 1 is history: a reading with its own time, never
a live one. Identity cards (``CardInfoList``), names and pictures stand in the same message; they are
never decoded.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import ClassVar, Final

import msgspec

from devices.device_clock import ClockRules, Timing, time_it
from devices.driver import Manifest, QualityGrade, Wire
from devices.errors import DeviceConfigurationError
from devices.http_message import HttpMessageError, HttpRequest, read_request
from devices.reading import DeviceEvent, DeviceKind, FaultCode, MeasuringSite, Outgoing, ReadingKind, UnusableReason
from devices.terminal_voice import Measured, TerminalVoice, key_of
from devices.units import TemperatureUnit, number

VERIFICATION: Final = "/System/Event/Notification/PersonVerification"
HEARTBEAT: Final = "/PACS/Controller/HeartReportInfo"
HISTORY: Final = 1
ABNORMAL_TEMPERATURE: Final = 11
NORMAL_MATCHES: Final = 10

_LATEST_S: Final = 32_503_680_000  # the year 3000; a clock beyond is no clock


class LapiOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What may be set for one terminal. Change ``record_epoch`` after its ``Seq`` was reset."""

    record_epoch: str | int = ""
    temperature_unit: TemperatureUnit = TemperatureUnit.CELSIUS
    site: MeasuringSite = MeasuringSite.FOREHEAD
    clock_tolerance_s: float = 2.0
    stale_after_s: float = 3.0
    max_payload_bytes: int = 50 * 1024 * 1024


_SPELT: Final = {
    "faces": "FaceInfoList",
    "kind": "NotificationType",
    "match": "MatchStatus",
    "matches": "LibMatInfoList",
    "sequence": "Seq",
    "temperature": "Temperature",
    "time": "Time",
    "timestamp": "Timestamp",
}
"""Our word for a field, and the maker's."""


class _Face(msgspec.Struct, frozen=True, rename=_SPELT):
    """The only fields of a face that are decoded; everything else in it stays where it is."""

    timestamp: int | float | str | None = None
    temperature: int | float | str | None = None


class _Match(msgspec.Struct, frozen=True, rename=_SPELT):
    match: int | None = None


class _Verification(msgspec.Struct, frozen=True, rename=_SPELT):
    sequence: int | str | None = None
    timestamp: int | float | str | None = None
    kind: int | None = None
    faces: list[_Face] = []
    matches: list[_Match] = []


class _Heartbeat(msgspec.Struct, frozen=True, rename=_SPELT):
    time: int | float | str | None = None
    timestamp: int | float | str | None = None


class UniviewLapi:
    """Decoder for one terminal. Built as ``UniviewLapi(device_id=..., options={...})``."""

    manifest: ClassVar[Manifest] = Manifest(
        driver="uniview_lapi",
        model="Uniview face terminal over LAPI (OET series)",
        device_kind=DeviceKind.FACE_TERMINAL,
        wire=Wire.HTTP_PUSH,
        resolution_c=0.1,
        accuracy_c=0.5,
        kind=ReadingKind.DEVICE_COMPENSATED,
        sites=(MeasuringSite.FOREHEAD, MeasuringSite.WRIST),
        has_clock=True,
        acknowledges=True,
        is_indicative=True,
        grade=QualityGrade.BRONZE,
        known_limits=(
            "no public capture: field names and meanings are those of the published documentation",
            "where the temperature is taken (forehead or wrist) is not in the message: option site",
            "the unit is not in the message: option temperature_unit",
            "the subscription (Type 1024) is made in the terminal's own page",
            "the wording of the answer to a notification is not confirmed",
        ),
        sources=("Uniview LAPI documentation, PersonVerification and HeartReportInfo (public copies)",),
        verified_against="messages invented from the published field names; a simulator of ours on the other side",
    )

    def __init__(self, *, device_id: str, options: Mapping[str, str | int | float | bool]) -> None:
        try:
            self._options = msgspec.convert(dict(options), LapiOptions)
        except msgspec.ValidationError as error:
            msg = f"{device_id}: option of a Uniview terminal: {error}"
            raise DeviceConfigurationError(msg) from error
        self._device_id = device_id
        self._voice = TerminalVoice(self.manifest, device_id=device_id)
        self._clock = ClockRules(tolerance_s=self._options.clock_tolerance_s, stale_after_s=self._options.stale_after_s)

    def feed(self, chunk: bytes, *, received_at: datetime, is_retained: bool = False) -> Iterable[DeviceEvent]:
        """Take one request and return what it says; never raises on bytes."""
        del is_retained  # nothing keeps a request for later
        events = self._decode(chunk, at=received_at)
        self._voice.byte_offset += len(chunk)
        return events

    def finish(self, *, received_at: datetime) -> Iterable[DeviceEvent]:
        """Requests are whole: nothing is ever left over."""
        del received_at
        return ()

    def _decode(self, payload: bytes, *, at: datetime) -> list[DeviceEvent]:
        size = len(payload)
        if size > self._options.max_payload_bytes:
            return [self._voice.fault(FaultCode.OVERLONG, "request larger than allowed", at=at, byte_count=size)]
        try:
            request = _bare(payload) if payload[:1] == b"{" else read_request(payload)
            if request.path.endswith(HEARTBEAT):
                return [self._heartbeat(request.body, at=at)]
            if not request.path.endswith(VERIFICATION):
                detail = "a notification that is not one of these"
                return [self._voice.fault(FaultCode.UNKNOWN_MESSAGE, detail, at=at, byte_count=size)]
            request.body.decode("utf-8")
            verification = msgspec.json.decode(request.body, type=_Verification)
        except HttpMessageError as error:
            return [self._voice.fault(FaultCode.BAD_MESSAGE, str(error), at=at, byte_count=size)]
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            detail = "not a notification of this protocol in JSON"
            return [self._voice.fault(FaultCode.BAD_MESSAGE, detail, at=at, byte_count=size)]
        return self._verified(verification, body=request.body, at=at)

    def _verified(self, verification: _Verification, *, body: bytes, at: datetime) -> list[DeviceEvent]:
        """Give a reading or a reason for each face; the last event carries the answer."""
        if not verification.faces:
            nobody = self._voice.fault(FaultCode.NOT_MEASURED, "nobody's face in it", at=at, byte_count=len(body))
            return [msgspec.structs.replace(nobody, acknowledge_with=_answer(VERIFICATION))]
        several = (UnusableReason.SEVERAL_FACES,) if len(verification.faces) > 1 else ()
        events: list[DeviceEvent] = []
        for place, face in enumerate(verification.faces):
            measured = Measured(
                amount=number(face.temperature),
                unit=self._options.temperature_unit,
                timing=self._timing(verification, face, at=at),
                delivery_key=self._delivery_key(verification, place=place, body=body),
                site=self._options.site,
                vendor_alarm=_vendor_alarm(verification),
                reasons=several,
            )
            events.append(self._voice.reading_or_fault(measured, byte_count=len(body)))
        events[-1] = msgspec.structs.replace(events[-1], acknowledge_with=_answer(VERIFICATION))
        return events

    def _timing(self, verification: _Verification, face: _Face, *, at: datetime) -> Timing:
        claimed_at = _moment(face.timestamp) or _moment(verification.timestamp)
        is_history = verification.kind == HISTORY
        return time_it(claimed_at, received_at=at, rules=self._clock, is_declared_late=is_history)

    def _delivery_key(self, verification: _Verification, *, place: int, body: bytes) -> str:
        """Name a delivery by number and time, which are the same when it is sent again as history."""
        moment = _moment(verification.timestamp)
        if verification.sequence is None or moment is None:
            return f"{self._device_id}:{key_of(body)}:{place}"
        return (
            f"{self._device_id}:{self._options.record_epoch}:{verification.sequence}:{int(moment.timestamp())}:{place}"
        )

    def _heartbeat(self, body: bytes, *, at: datetime) -> DeviceEvent:
        beat = msgspec.json.decode(body, type=_Heartbeat) if body.strip() else _Heartbeat()
        claimed_at = _moment(beat.time) or _moment(beat.timestamp)
        return self._voice.heartbeat(claimed_at, at=at, answer=_answer(HEARTBEAT))


def _bare(body: bytes) -> HttpRequest:
    """Take a notification that was recorded without the request around it."""
    return HttpRequest(method="POST", path=VERIFICATION, query={}, media_type="application/json", body=body)


def _moment(content: object) -> datetime | None:
    """Read seconds since 1970, UTC; 0 and what is no number are no time."""
    seconds = content if isinstance(content, int | float) and not isinstance(content, bool) else number(content)
    if not seconds or not 0 < seconds < _LATEST_S:
        return None
    return datetime.fromtimestamp(seconds, UTC)


def _vendor_alarm(verification: _Verification) -> bool | None:
    """The terminal's own opinion: kept, never used."""
    statuses = {match.match for match in verification.matches}
    if ABNORMAL_TEMPERATURE in statuses:
        return True
    return False if NORMAL_MATCHES in statuses else None


def _answer(path: str) -> Outgoing:
    """Write the answer of LAPI: it succeeded."""
    content = {
        "Response": {"ResponseURL": f"/LAPI/V1.0{path}", "StatusCode": 0, "StatusString": "Succeed", "Data": None}
    }
    return Outgoing(topic="application/json", payload=msgspec.json.encode(content))
