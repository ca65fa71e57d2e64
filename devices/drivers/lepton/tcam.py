r"""A Lepton as a tCam: JSON between 0x02 and 0x03 over TCP port 5001, pictures in base64.

``{"metadata": …, "radiometric": 38,400 bytes, "telemetry": 480 bytes}``, both little-endian words (tCam-Mini firmware
readme). The camera serves one client, and streams when told to. Its own date has no zone (``2/4/21``), so pictures
are timed on arrival. JSON has no byte below 0x20, so 0x02 always begins a message and 0x03 always ends one.
"""

import binascii
from collections.abc import Iterator
from datetime import datetime
from typing import ClassVar, Final

import msgspec
import numpy as np

from devices.driver import DriverOptions, Manifest, QualityGrade, Wire
from devices.drivers.lepton.judgement import Refusal, celsius_or_refusal
from devices.drivers.lepton.options import read_options
from devices.drivers.lepton.telemetry import TELEMETRY_WORDS, read_telemetry
from devices.framing import ReceiveBuffer, pieces
from devices.lost_bytes import LostBytes
from devices.reading import (
    CommandReply,
    DeviceEvent,
    DeviceKind,
    Fault,
    FaultCode,
    MeasuringSite,
    Outgoing,
    ReadingKind,
    ThermalFrame,
)

ROWS, COLUMNS = 120, 160
_BEGIN, _END = b"\x02", b"\x03"
_MOST_MESSAGE_BYTES: Final = 128 * 1024
"""A picture is about 53,000."""
_PIECE_BYTES: Final = 32 * 1024
STREAM_ON: Final = b'\x02{"cmd":"stream_on","args":{"delay_msec":0,"num_frames":0}}\x03'


class _Answer(msgspec.Struct, frozen=True):
    """The camera's answer to a command: 1 where it was obeyed."""

    value: int = msgspec.field(default=0, name="info_value")


class _Message(msgspec.Struct, frozen=True):
    """Of all that a tCam can say: a picture, or an answer."""

    radiometric: str | None = None
    telemetry: str | None = None
    answer: _Answer | None = msgspec.field(default=None, name="cam_info")


class LeptonTcam:
    """The incremental parser. Built as ``LeptonTcam(device_id=..., options={...})``."""

    manifest: ClassVar[Manifest] = Manifest(
        driver="lepton_tcam",
        model="FLIR Lepton 3.1R and 3.5 in a tCam or tCam-Mini (TCP 5001)",
        device_kind=DeviceKind.THERMAL_CAMERA,
        wire=Wire.TCP,
        frame_rate_hz=(8.7,),
        columns=COLUMNS,
        rows=ROWS,
        resolution_c=0.05,
        accuracy_c=5.0,
        kind=ReadingKind.RAW_SKIN,
        sites=(MeasuringSite.FACE_MAXIMUM,),
        is_indicative=True,
        grade=QualityGrade.SILVER,
        known_limits=(
            "160x120 is below what a screening thermograph must have: indicative only",
            "without a reference body in view the values are off by several kelvin",
            "its telemetry tells how warm the housing is; it tells nothing of the room",
            "no checksum: of damaged pixels only those of the spot window are seen",
            "the camera serves one client at a time; its clock has no zone, so pictures are timed on arrival",
        ),
        sources=("danjulio/tCam, tCam-Mini/firmware/readme.md", "FLIR Lepton engineering data sheet 500-0659-00-09"),
        verified_against="the camera's own spot words, which must equal the pixels; synthetic messages only",
    )
    opening: tuple[Outgoing, ...] = (Outgoing(topic="", payload=STREAM_ON),)

    def __init__(self, *, device_id: str, options: DriverOptions) -> None:
        self._options = read_options(options, device_id=device_id, driver="lepton_tcam")
        self._device_id = device_id
        self._buffer = ReceiveBuffer()
        self._lost = LostBytes(self._buffer, device_id=device_id)
        self._searched = 1
        self._sequence = 0

    def feed(self, chunk: bytes, *, received_at: datetime, is_retained: bool = False) -> Iterator[DeviceEvent]:
        """Take the next bytes and give what they complete, in stream order."""
        del is_retained  # a connection retains nothing
        for piece in pieces(chunk, size=_PIECE_BYTES):
            self._buffer.append(piece)
            yield from self._parse(received_at)

    def finish(self, *, received_at: datetime) -> Iterator[DeviceEvent]:
        """Say that the stream ended: a message that was not whole becomes a fault."""
        if len(self._buffer):
            yield from self._lost.end(at=received_at)
            detail = "the connection ended within a message"
            yield from self._lost.skip(len(self._buffer), FaultCode.TRUNCATED, detail, at=received_at)
        yield from self._lost.end(at=received_at)

    def _parse(self, at: datetime) -> Iterator[DeviceEvent]:
        buffer = self._buffer
        while len(buffer):
            if not buffer.starts_with(_BEGIN):
                begin = buffer.find(_BEGIN)
                count = begin if begin > 0 else len(buffer)
                yield from self._lost.skip(count, FaultCode.GARBAGE, "no message begins here", at=at)
                continue
            end, again = (buffer.find(mark, start=self._searched) for mark in (_END, _BEGIN))
            nearest = min((place for place in (end, again) if place > 0), default=len(buffer))
            if nearest > _MOST_MESSAGE_BYTES:
                detail = "a message without an end"
                yield from self._drop(_MOST_MESSAGE_BYTES, FaultCode.OVERLONG, detail, at=at)
            elif nearest == again:
                yield from self._drop(again, FaultCode.TRUNCATED, "a message breaks off and another begins", at=at)
            elif nearest == end:
                yield from self._take(end + 1, at=at)
            else:
                self._searched = len(buffer)
                return

    def _drop(self, count: int, code: FaultCode, detail: str, *, at: datetime) -> Iterator[DeviceEvent]:
        self._searched = 1
        yield from self._lost.end(at=at)
        yield from self._lost.skip(count, code, detail, at=at)

    def _take(self, count: int, *, at: datetime) -> Iterator[DeviceEvent]:
        yield from self._lost.end(at=at)
        self._searched = 1
        offset, content = self._buffer.stream_offset, self._buffer.peek(count)
        self._buffer.discard(count)
        event = self._event(content[1:-1], offset=offset, at=at)
        if isinstance(event, Refusal):
            event = Fault(
                device_id=self._device_id,
                observed_at=at,
                code=event.code,
                detail=event.detail,
                byte_offset=offset,
                byte_count=count,
            )
        yield event

    def _event(self, content: bytes, *, offset: int, at: datetime) -> DeviceEvent | Refusal:
        try:
            message = msgspec.json.decode(content, type=_Message)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return Refusal(code=FaultCode.BAD_MESSAGE, detail="a message that is not what a tCam says")
        if message.radiometric is not None:
            return self._picture(message, offset=offset, at=at)
        if message.answer is not None:
            value = float(message.answer.value)
            return CommandReply(
                device_id=self._device_id, observed_at=at, name="cam_info", value=value, byte_offset=offset
            )
        return Refusal(code=FaultCode.UNKNOWN_MESSAGE, detail="neither a picture nor an answer to a command")

    def _picture(self, message: _Message, *, offset: int, at: datetime) -> DeviceEvent | Refusal:
        try:
            pixels = binascii.a2b_base64(message.radiometric or "", strict_mode=True)
            lines = binascii.a2b_base64(message.telemetry or "", strict_mode=True)
        except ValueError:
            return Refusal(code=FaultCode.BAD_MESSAGE, detail="pixels or telemetry are no base64")
        if len(pixels) != 2 * ROWS * COLUMNS or len(lines) not in {0, 2 * TELEMETRY_WORDS}:
            detail = f"{len(pixels)} bytes of pixels and {len(lines)} of telemetry"
            return Refusal(code=FaultCode.BAD_MESSAGE, detail=detail)
        telemetry = read_telemetry(np.frombuffer(lines, dtype="<u2")) if lines else None
        counts = np.frombuffer(pixels, dtype="<u2").reshape(ROWS, COLUMNS)
        celsius = celsius_or_refusal(counts, telemetry, rules=self._options.rules)
        if isinstance(celsius, Refusal):
            return celsius
        self._sequence += 1
        return ThermalFrame(
            device_id=self._device_id,
            observed_at=at,
            celsius=self._options.turned(celsius),
            device_c=telemetry.housing_c if telemetry else None,
            on_for_s=telemetry.on_for_s if telemetry else None,
            sequence=self._sequence - 1,
            byte_offset=offset,
        )
