"""A Lepton on USB (PureThermal and alike): each message is one raw frame of little-endian words, format Y16.

A frame is the picture's rows, then the rows of telemetry. Its size says which camera it is::

    160 x 122  Lepton 3.x, telemetry on     160 x 120  off
     80 x  63  Lepton 2.x, telemetry on      80 x  60  off
"""

from collections.abc import Iterator
from datetime import datetime
from types import MappingProxyType
from typing import ClassVar, Final

import numpy as np

from devices.driver import CaptureFormat, DriverOptions, Manifest, QualityGrade, Wire
from devices.drivers.lepton.judgement import Refusal, celsius_or_refusal
from devices.drivers.lepton.options import read_options
from devices.drivers.lepton.telemetry import TELEMETRY_WORDS, read_telemetry
from devices.reading import DeviceEvent, DeviceKind, Fault, FaultCode, MeasuringSite, ReadingKind, ThermalFrame

_SHAPES: Final = MappingProxyType(
    {
        2 * 160 * 122: (120, 160),
        2 * 160 * 120: (120, 160),
        2 * 80 * 63: (60, 80),
        2 * 80 * 60: (60, 80),
    }
)
_COLOUR: Final = frozenset({3 * 160 * 120, 3 * 160 * 122, 3 * 80 * 60, 3 * 80 * 63})


class LeptonUvc:
    """The decoder of raw frames. Built as ``LeptonUvc(device_id=..., options={...})``."""

    manifest: ClassVar[Manifest] = Manifest(
        driver="lepton",
        model="FLIR Lepton 2.5, 3.1R and 3.5 on USB (PureThermal)",
        device_kind=DeviceKind.THERMAL_CAMERA,
        wire=Wire.UVC,
        frame_rate_hz=(8.7,),
        columns=160,
        rows=120,
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
            "firmware 1.3.0 of the PureThermal leaves garbage in the last pixel, which is taken from its neighbour",
            "the picture stands still for about a second at each shutter event",
            "frames without telemetry are refused unless the settings allow them",
        ),
        sources=("FLIR Lepton engineering data sheet 500-0659-00-09", "groupgets/purethermal1-uvc-capture"),
        firmware_known=("PureThermal 1.2.2", "PureThermal 1.3.0"),
        capture=CaptureFormat(fourcc="Y16 ", columns=160, rows=122),
        verified_against="the camera's own spot words, which must equal the pixels; synthetic frames only",
    )

    def __init__(self, *, device_id: str, options: DriverOptions) -> None:
        self._options = read_options(options, device_id=device_id, driver="lepton")
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
        shape = _SHAPES.get(len(chunk))
        if shape is None:
            yield self._fault(_wrong_size(len(chunk)), offset, len(chunk), at=received_at)
            return
        words = np.frombuffer(chunk, dtype="<u2")
        pixels = shape[0] * shape[1]
        rest = words[pixels:]
        telemetry = read_telemetry(rest) if rest.size >= TELEMETRY_WORDS else None
        celsius = celsius_or_refusal(words[:pixels].reshape(shape), telemetry, rules=self._options.rules)
        if isinstance(celsius, Refusal):
            yield self._fault(celsius, offset, len(chunk), at=received_at)
            return
        self._sequence += 1
        yield ThermalFrame(
            device_id=self._device_id,
            observed_at=received_at,
            celsius=self._options.turned(celsius),
            device_c=telemetry.housing_c if telemetry else None,
            on_for_s=telemetry.on_for_s if telemetry else None,
            sequence=self._sequence - 1,
            byte_offset=offset,
        )

    def finish(self, *, received_at: datetime) -> Iterator[DeviceEvent]:
        """Give nothing: every frame was whole."""
        del received_at
        yield from ()

    def _fault(self, refusal: Refusal, offset: int, count: int, *, at: datetime) -> Fault:
        return Fault(
            device_id=self._device_id,
            observed_at=at,
            code=refusal.code,
            detail=refusal.detail,
            byte_offset=offset,
            byte_count=count,
        )


def _wrong_size(byte_count: int) -> Refusal:
    if byte_count in _COLOUR:
        detail = "the frame was converted to colour on the way: ask for Y16 without conversion"
        return Refusal(code=FaultCode.NOT_RADIOMETRIC, detail=detail)
    return Refusal(code=FaultCode.BAD_HEADER, detail=f"no Lepton gives frames of {byte_count} bytes")
