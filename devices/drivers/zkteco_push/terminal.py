"""Terminals that speak the ZKTeco push protocol: they call, and want to be answered in their own words.

``feed`` takes one whole HTTP request (see ``devices.http_message``). Rows become readings; every
other request is a sign of life with the answer that keeps the terminal content. Tables that hold
people (users, photographs, fingerprints) are answered and never looked at.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import ClassVar, Final

import msgspec

from devices.device_clock import ClockRules, claimed_time, time_it
from devices.driver import Manifest, QualityGrade, Wire
from devices.drivers.zkteco_push.rows import MOST_ROWS, PunchRow, attlog_row, rtlog_row
from devices.errors import DeviceConfigurationError
from devices.http_message import HttpMessageError, HttpRequest, read_request
from devices.reading import DeviceEvent, DeviceKind, DeviceVoice, FaultCode, MeasuringSite, Outgoing, ReadingKind
from devices.terminal_voice import Measured, TerminalVoice, key_of
from devices.units import TemperatureUnit

OK: Final = Outgoing(topic="text/plain", payload=b"OK")
ASKS_EVERY_S: Final = 5
"""How often a terminal shall ask for commands: our answer to its greeting says so."""
_LONGEST_SERIAL: Final = 64
_BARE_ROWS: Final = re.compile(rb"time=|\d{1,20}\t")
"""How the rows of a recording begin that was made without the requests around them."""


class ZktecoOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What may be set for one terminal. Without ``serial_number`` any terminal that is let in is believed."""

    serial_number: str | int = ""
    temperature_key: str = "temperature"
    temperature_unit: TemperatureUnit = TemperatureUnit.CELSIUS
    site: MeasuringSite = MeasuringSite.FOREHEAD
    utc_offset_minutes: int = 420
    clock_tolerance_s: float = 2.0
    stale_after_s: float = 3.0
    max_payload_bytes: int = 1024 * 1024


class ZktecoPush:
    """Decoder for one terminal. Built as ``ZktecoPush(device_id=..., options={...})``."""

    manifest: ClassVar[Manifest] = Manifest(
        driver="zkteco_push",
        model="ZKTeco SpeedFace, ProFace, SenseFace (push 2.x and 3.x)",
        device_kind=DeviceKind.FACE_TERMINAL,
        wire=Wire.HTTP_PUSH,
        resolution_c=0.1,
        accuracy_c=0.5,
        kind=ReadingKind.DEVICE_COMPENSATED,
        sites=(MeasuringSite.FOREHEAD, MeasuringSite.WRIST),
        has_clock=True,
        acknowledges=True,
        is_indicative=True,
        longest_silence_s=3.0 * ASKS_EVERY_S,
        grade=QualityGrade.BRONZE,
        known_limits=(
            "no public message with a measured temperature: that the value is a plain decimal is assumed",
            "the columns of ATTLOG after the sixth are not confirmed",
            "the clock has no zone and whole seconds; an unset clock makes its readings unusable",
            "where the temperature is taken (forehead or wrist) is not in the message: option site",
            "encrypted push (EncryptFlag) is not spoken",
        ),
        sources=(
            "shape of rtlog and ATTLOG rows and of the registry call, from a public test suite of real captures",
            "ZKTeco PUSH SDK communication protocol, the calls cdata, registry, push, getrequest",
        ),
        verified_against="rows invented in the shape of public captures; a simulator of ours on the other side",
    )

    def __init__(self, *, device_id: str, options: Mapping[str, str | int | float | bool]) -> None:
        try:
            self._options = msgspec.convert(dict(options), ZktecoOptions)
        except msgspec.ValidationError as error:
            msg = f"{device_id}: option of a ZKTeco terminal: {error}"
            raise DeviceConfigurationError(msg) from error
        self._serial_number = str(self._options.serial_number)
        self._voice = TerminalVoice(self.manifest, device_id=device_id)
        self._clock = ClockRules(
            utc_offset_minutes=self._options.utc_offset_minutes,
            tolerance_s=self._options.clock_tolerance_s,
            stale_after_s=self._options.stale_after_s,
        )

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
        bare = _BARE_ROWS.match(payload)
        if bare is not None:
            return self._rows(
                payload, "rtlog" if bare[0].startswith(b"time=") else "attlog", self._serial_number, at=at
            )
        try:
            request = read_request(payload)
        except HttpMessageError as error:
            return [self._voice.fault(FaultCode.BAD_MESSAGE, str(error), at=at, byte_count=size)]
        serial_number = request.query.get("SN", "")
        if self._serial_number not in {"", serial_number}:
            detail = "the request names another terminal"
            return [self._voice.fault(FaultCode.BAD_MESSAGE, detail, at=at, byte_count=size)]
        called = _CALLS.get((request.method, request.path.rpartition("/iclock/")[2]))
        if called is None:
            detail = "a call that is not one of this protocol"
            return [self._voice.fault(FaultCode.UNKNOWN_MESSAGE, detail, at=at, byte_count=size)]
        return called(self, request, at)

    def greeted(self, request: HttpRequest, at: datetime) -> list[DeviceEvent]:
        """Answer the first call: push 3.x goes on to register, push 2.x wants its settings."""
        is_newer = request.query.get("DeviceType", "") == "acc" or request.query.get("pushver", "").startswith("3")
        answer = OK if is_newer else _text(self._settings(request.query.get("SN", "")))
        reply = self._voice.reply("greeted", at=at, answer=answer)
        serial_number = request.query.get("SN", "")[:_LONGEST_SERIAL] or None
        return [msgspec.structs.replace(reply, voice=DeviceVoice(serial_number=serial_number))]

    def registered(self, request: HttpRequest, at: datetime) -> list[DeviceEvent]:
        """Give a registry code: without one the terminal registers again every 15 s."""
        code = key_of("registry", request.query.get("SN", ""))[:10]
        return [self._voice.reply("registered", at=at, answer=_text(f"RegistryCode={code}"))]

    def configured(self, request: HttpRequest, at: datetime) -> list[DeviceEvent]:
        """Answer the call for settings of push 3.x: send at once, ask seldom."""
        session = key_of("session", request.query.get("SN", ""))[:16]
        settings = (
            f"ServerVersion=3.1.1\nServerName=kiemdich\nPushVersion=3.1.1\nErrorDelay=10\nRequestDelay={ASKS_EVERY_S}\n"
            f"TransTimes=00:00\nTransInterval=1\nTransTables=Transaction\nRealtime=1\nSessionID={session}\nTimeoutSec=10"
        )
        return [self._voice.reply("configured", at=at, answer=_text(settings))]

    def alive(self, _request: HttpRequest, at: datetime) -> list[DeviceEvent]:
        """A call without content: it asks for commands, and there are none."""
        return [self._voice.reply("heartbeat", at=at, answer=OK)]

    def pushed(self, request: HttpRequest, at: datetime) -> list[DeviceEvent]:
        """Read the rows of a table with measurements; the last event carries the answer to them all."""
        serial_number, table = request.query.get("SN", ""), request.query.get("table", "").lower()
        if table not in {"rtlog", "attlog"}:
            return [self._voice.reply("table_not_read", at=at, answer=OK)]
        return self._rows(request.body, table, serial_number, at=at)

    def _rows(self, body: bytes, table: str, serial_number: str, *, at: datetime) -> list[DeviceEvent]:
        lines = [line for line in body.replace(b"\r", b"\n").split(b"\n", MOST_ROWS) if line.strip(b"\n\t ")]
        if not lines:
            return [self._voice.reply("table_without_rows", at=at, answer=OK)]
        events = [self._event(self._row(line, table, serial_number), at=at) for line in lines]
        answer = OK if table == "rtlog" else _text(f"OK: {len(lines)}")
        events[-1] = msgspec.structs.replace(events[-1], acknowledge_with=answer)
        return events

    def _row(self, line: bytes, table: str, serial_number: str) -> PunchRow:
        if table == "attlog":
            return attlog_row(line, serial_number=serial_number)
        return rtlog_row(line, serial_number=serial_number, temperature_key=self._options.temperature_key)

    def _event(self, row: PunchRow, *, at: datetime) -> DeviceEvent:
        if not row.is_readable:
            detail = "a row that cannot be read"
            return self._voice.fault(FaultCode.BAD_MESSAGE, detail, at=at, byte_count=row.byte_count)
        if not row.is_person:
            return self._voice.reply("door_event", at=at)
        claimed_at = claimed_time(row.time_text, utc_offset_minutes=self._clock.utc_offset_minutes)
        measured = Measured(
            amount=row.amount,
            unit=self._options.temperature_unit,
            timing=time_it(claimed_at, received_at=at, rules=self._clock),
            delivery_key=row.delivery_key,
            site=self._options.site,
        )
        return self._voice.reading_or_fault(measured, byte_count=row.byte_count)

    def _settings(self, serial_number: str) -> str:
        """Write the settings of push 2.x: attendance records at once, no operation logs, no photographs."""
        zone = self._clock.utc_offset_minutes // 60
        return (
            f"GET OPTION FROM: {serial_number}\nATTLOGStamp=None\nOPERLOGStamp=9999\nATTPHOTOStamp=9999\n"
            f"ErrorDelay=10\nDelay={ASKS_EVERY_S}\nTransTimes=00:00\nTransInterval=1\nTransFlag=1000000000\n"
            f"TimeZone={zone}\nRealtime=1\nEncrypt=None"
        )


_Called = Callable[[ZktecoPush, HttpRequest, datetime], list[DeviceEvent]]
_CALLS: Final[Mapping[tuple[str, str], _Called]] = {
    ("GET", "cdata"): ZktecoPush.greeted,
    ("POST", "cdata"): ZktecoPush.pushed,
    ("POST", "registry"): ZktecoPush.registered,
    ("GET", "push"): ZktecoPush.configured,
    ("POST", "push"): ZktecoPush.configured,
    ("GET", "getrequest"): ZktecoPush.alive,
    ("GET", "ping"): ZktecoPush.alive,
    ("POST", "devicecmd"): ZktecoPush.alive,
    ("POST", "querydata"): ZktecoPush.alive,
}


def _text(answer: str) -> Outgoing:
    return Outgoing(topic="text/plain", payload=answer.encode("utf-8", "replace"))
