"""InfiRay P2 Pro and Topdon TC001: a USB camera whose frame is a picture for the eye above one of temperatures.

A frame is 384 rows of 256 words (196,608 bytes): rows 0 to 191 are the preview (YUYV), rows 192 to 383 temperatures,
little-endian words of 1/64 kelvin, so °C = word / 64 - 273.15 (mbuesch/p2pro-rs uses 273.2 and reads 0.05 °C low;
leswright1977/PyThermalCamera has 273.15). A frame of 294,912 bytes is the same after a conversion to colour, which
destroys the lower half: that is a mistake in the settings of the link, and is told as one.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import ClassVar, Final, Literal

import msgspec
import numpy as np

from devices.driver import CaptureFormat, DriverOptions, Manifest, QualityGrade, Wire
from devices.errors import DeviceConfigurationError
from devices.reading import DeviceEvent, DeviceKind, Fault, FaultCode, MeasuringSite, ReadingKind, ThermalFrame

COLUMNS, ROWS = 256, 192
FRAME_BYTES: Final = 2 * COLUMNS * 2 * ROWS
CONVERTED_BYTES: Final = 3 * COLUMNS * 2 * ROWS
_COUNTS_A_KELVIN: Final = 64
_ZERO_CELSIUS_K: Final = 273.15
_PIXEL_C: Final = (-40.0, 600.0)
"""Range of the sensor's low gain."""
_MEDIAN_C: Final = (-40.0, 100.0)
"""Of a room with people; a preview taken for temperatures has medians far outside."""


class InfirayOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the camera is mounted."""

    rotate_clockwise_deg: Literal[0, 90, 180, 270] = 0


class InfirayP2:
    """The decoder. Each message is one raw frame. Built as ``InfirayP2(device_id=..., options={...})``."""

    manifest: ClassVar[Manifest] = Manifest(
        driver="infiray_p2",
        model="InfiRay P2 Pro, Topdon TC001 (USB 0bda:5830)",
        device_kind=DeviceKind.THERMAL_CAMERA,
        wire=Wire.UVC,
        frame_rate_hz=(25.0,),
        columns=COLUMNS,
        rows=ROWS,
        resolution_c=1 / _COUNTS_A_KELVIN,
        accuracy_c=2.0,
        kind=ReadingKind.RAW_SKIN,
        sites=(MeasuringSite.INNER_CANTHUS, MeasuringSite.FACE_MAXIMUM),
        is_indicative=True,
        grade=QualityGrade.BRONZE,
        known_limits=(
            "±2 °C by its maker: indicative, an alarm is closed by a clinical thermometer only",
            "no checksum and no telemetry: a shutter event or a damaged pixel cannot be seen",
            "the camera tells no temperature of its own",
            "proven on bytes made from its description; no raw frame of a real camera is public",
        ),
        sources=("mbuesch/p2pro-rs", "leswright1977/PyThermalCamera"),
        capture=CaptureFormat(fourcc="YUYV", columns=256, rows=384),
        verified_against="synthetic frames by the formula that two public programs share",
    )

    def __init__(self, *, device_id: str, options: DriverOptions) -> None:
        try:
            self._options = msgspec.convert(dict(options), InfirayOptions)
        except msgspec.ValidationError as error:
            msg = f"{device_id}: option of infiray_p2: {error}"
            raise DeviceConfigurationError(msg) from error
        self._device_id = device_id
        self._sequence = 0
        self._received_bytes = 0

    def feed(self, chunk: bytes, *, received_at: datetime, is_retained: bool = False) -> Iterator[DeviceEvent]:
        """Take one frame and give its picture, or the fault that it is; never raises on bytes."""
        del is_retained  # a camera keeps no old frames
        offset = self._received_bytes
        self._received_bytes += len(chunk)
        if not chunk:
            return
        if len(chunk) == CONVERTED_BYTES:
            detail = "the frame was converted to colour on the way: ask for raw frames without conversion"
            yield self._fault(FaultCode.NOT_RADIOMETRIC, detail, offset, len(chunk), at=received_at)
        elif len(chunk) != FRAME_BYTES:
            detail = f"a frame of {len(chunk)} bytes instead of {FRAME_BYTES}"
            yield self._fault(FaultCode.BAD_HEADER, detail, offset, len(chunk), at=received_at)
        else:
            yield self._picture(chunk, offset=offset, at=received_at)

    def finish(self, *, received_at: datetime) -> Iterator[DeviceEvent]:
        """Give nothing: every frame was whole."""
        del received_at
        yield from ()

    def _picture(self, frame: bytes, *, offset: int, at: datetime) -> ThermalFrame | Fault:
        counts = np.frombuffer(frame, dtype="<u2", offset=FRAME_BYTES // 2).reshape(ROWS, COLUMNS)
        if not counts.any():
            return self._fault(FaultCode.NOT_MEASURED, "every temperature is zero", offset, len(frame), at=at)
        celsius = (counts / np.float64(_COUNTS_A_KELVIN) - _ZERO_CELSIUS_K).astype(np.float32)
        if not _MEDIAN_C[0] <= float(np.median(celsius)) <= _MEDIAN_C[1]:
            detail = "the lower half holds no temperatures of a room"
            return self._fault(FaultCode.NOT_RADIOMETRIC, detail, offset, len(frame), at=at)
        if float(celsius.min()) < _PIXEL_C[0] or float(celsius.max()) > _PIXEL_C[1]:
            detail = "a pixel is outside of what the camera measures"
            return self._fault(FaultCode.IMPLAUSIBLE_FRAME, detail, offset, len(frame), at=at)
        self._sequence += 1
        return ThermalFrame(
            device_id=self._device_id,
            observed_at=at,
            celsius=np.ascontiguousarray(np.rot90(celsius, k=-self._options.rotate_clockwise_deg // 90)),
            sequence=self._sequence - 1,
            byte_offset=offset,
        )

    def _fault(self, code: FaultCode, detail: str, offset: int, count: int, *, at: datetime) -> Fault:  # noqa: PLR0917
        return Fault(
            device_id=self._device_id, observed_at=at, code=code, detail=detail, byte_offset=offset, byte_count=count
        )
