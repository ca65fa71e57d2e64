"""The driver: bytes of one file in any cut, one picture or one fault out."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import ClassVar, Literal

import msgspec

from devices.driver import DriverOptions, Manifest, QualityGrade, Wire
from devices.drivers.flir_jpeg.radiance import celsius_of
from devices.drivers.flir_jpeg.records import CameraConstants, read_records
from devices.drivers.flir_jpeg.refusal import RefusedFileError
from devices.drivers.flir_jpeg.segments import SegmentReader
from devices.errors import DeviceConfigurationError
from devices.framing import pieces
from devices.reading import DeviceEvent, DeviceKind, Fault, FaultCode, MeasuringSite, ReadingKind, ThermalFrame

_PIECE_BYTES = 32 * 1024
"""Small enough that what is held stays in the cache: eight times quicker than pieces of 256 KiB."""


class FlirJpegOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to believe instead of the camera's settings; None believes the camera.

    ``timed_by`` clip takes the camera's clock where it was ever set, arrival the moment of reading.
    """

    emissivity: float | None = None
    reflected_c: float | None = None
    distance_m: float | None = None
    timed_by: Literal["clip", "arrival"] = "clip"


class FlirJpeg:
    """The importer of one file. Built as ``FlirJpeg(device_id=..., options={...})``."""

    manifest: ClassVar[Manifest] = Manifest(
        driver="flir_jpeg",
        model="FLIR cameras, radiometric JPEG files",
        device_kind=DeviceKind.THERMAL_CAMERA,
        wire=Wire.FILE,
        columns=640,
        rows=480,
        resolution_c=0.05,
        accuracy_c=2.0,
        kind=ReadingKind.RAW_SKIN,
        sites=(MeasuringSite.INNER_CANTHUS, MeasuringSite.FACE_MAXIMUM),
        has_clock=True,
        is_indicative=True,
        grade=QualityGrade.BRONZE,
        known_limits=(
            "a file is a moment of the past: for training, calibration and evidence, never for a lane",
            "files of DJI drones, of ResearchIR and of the ThermaCAM EX320 are refused: no other decoder reads them",
            "raw pictures that are not PNG carry no checksum, so a damaged pixel cannot be seen",
            "emissivity, distance and humidity are what somebody set in the camera",
        ),
        sources=("ExifTool, FLIR tags", "Thermimage (R), raw2temp", "FLIR ThermaCAM user manual, measurement formula"),
        verified_against="flyr 5.1 on 27 public pictures of 18 camera models, within 0.02 °C",
    )

    def __init__(self, *, device_id: str, options: DriverOptions) -> None:
        try:
            self._options = msgspec.convert(dict(options), FlirJpegOptions)
        except msgspec.ValidationError as error:
            msg = f"{device_id}: option of flir_jpeg: {error}"
            raise DeviceConfigurationError(msg) from error
        self._device_id = device_id
        self._segments = SegmentReader()
        self._received_bytes = 0
        self._is_done = False

    def feed(self, chunk: bytes, *, received_at: datetime, is_retained: bool = False) -> Iterator[DeviceEvent]:
        """Take the next bytes of the file; never raises on bytes. Behind the picture nothing is looked at."""
        del is_retained  # a file is no broker
        for piece in pieces(chunk, size=_PIECE_BYTES):
            if self._is_done:
                return
            self._received_bytes += len(piece)
            try:
                joined = self._segments.feed(piece)
                if joined is not None:
                    yield self._picture(joined, at=received_at)
                    self._end()
            except RefusedFileError as refused:
                self._end()
                yield self._fault(refused.code, str(refused), at=received_at)

    def finish(self, *, received_at: datetime) -> Iterator[DeviceEvent]:
        """Say that the file ended; before its picture was whole that is a fault."""
        if self._received_bytes and not self._is_done:
            self._is_done = True
            yield self._fault(FaultCode.TRUNCATED, "the file ends before its radiometric content does", at=received_at)

    def _end(self) -> None:
        self._is_done = True
        self._segments = SegmentReader()

    def _picture(self, joined: bytes, *, at: datetime) -> ThermalFrame:
        raw, constants = read_records(joined)
        return ThermalFrame(
            device_id=self._device_id,
            observed_at=self._observed_at(constants, at=at),
            celsius=celsius_of(raw, self._believed(constants)),
        )

    def _observed_at(self, constants: CameraConstants, *, at: datetime) -> datetime:
        if constants.taken_s is None or self._options.timed_by == "arrival":
            return at
        return datetime.fromtimestamp(constants.taken_s, UTC)

    def _believed(self, constants: CameraConstants) -> CameraConstants:
        """Put what we were told in the place of what the camera was told."""
        options = self._options
        return msgspec.structs.replace(
            constants,
            emissivity=constants.emissivity if options.emissivity is None else options.emissivity,
            reflected_k=constants.reflected_k if options.reflected_c is None else options.reflected_c + 273.15,
            distance_m=constants.distance_m if options.distance_m is None else options.distance_m,
        )

    def _fault(self, code: FaultCode, detail: str, *, at: datetime) -> Fault:
        """One fault for the file as far as it was received; where in it depends on no cut."""
        return Fault(device_id=self._device_id, observed_at=at, code=code, detail=detail, byte_offset=0, byte_count=0)
