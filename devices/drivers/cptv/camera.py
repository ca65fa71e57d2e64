"""A FLIR Lepton 3.5 as recorded in CPTV files: pictures in centikelvin, or a refusal.

The format does not say whether its numbers are temperatures. A Lepton 3 without the radiometric
output stores raw counts (2367 to 3184 were seen), and a naive division makes -250 °C of them. A
recording is therefore believed only if its camera can be radiometric and its first picture lies
where rooms and people lie; otherwise it is refused once, as a whole.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import ClassVar, Literal

import msgspec
import numpy as np
import numpy.typing as npt

from devices.driver import DriverOptions, Manifest, QualityGrade, Wire
from devices.drivers.cptv.container import Container, ContainerError, Header, PackedFrame
from devices.drivers.cptv.pixels import Counts, unpack
from devices.errors import DeviceConfigurationError
from devices.reading import (
    DeviceEvent,
    DeviceKind,
    Fault,
    FaultCode,
    MeasuringSite,
    ReadingKind,
    ThermalFrame,
)

NOT_RADIOMETRIC_MODELS = frozenset({"lepton", "lepton1", "lepton2", "lepton3"})
BELIEVABLE_MEDIAN_CENTIKELVIN = (23_315, 37_315)
"""-40 °C to 100 °C: the median of a picture of a room with people, in the TLinear output of 0.01 K."""
ZERO_CELSIUS_CENTIKELVIN = 27_315
LATEST_START_US = 4_102_444_800_000_000
"""The year 2100: a later start is a broken header."""
SECONDS_PER_FRAME_V1 = 1 / 9


class CptvOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a recording is read. ``timed_by`` arrival plays it as if it were live; clip keeps its own times."""

    rotate_clockwise_deg: Literal[0, 90, 180, 270] = 0
    hold_after_shutter_s: float = 3.0
    timed_by: Literal["clip", "arrival"] = "clip"


class CptvDriver:
    """Decoder for one recording. Built as ``CptvDriver(device_id=..., options={...})``.

    ``byte_offset`` of an event counts in the unpacked stream, because a gzip stream has no other places.
    """

    manifest: ClassVar[Manifest] = Manifest(
        driver="cptv",
        model="FLIR Lepton 3.5 in CPTV recordings (versions 1 and 2)",
        device_kind=DeviceKind.THERMAL_CAMERA,
        wire=Wire.FILE,
        frame_rate_hz=(8.7,),
        columns=160,
        rows=120,
        resolution_c=0.01,
        accuracy_c=5.0,
        kind=ReadingKind.RAW_SKIN,
        sites=(MeasuringSite.FACE_MAXIMUM,),
        has_clock=True,
        is_indicative=True,
        grade=QualityGrade.BRONZE,
        verified_against="21 public radiometric clips, and three without temperatures that are refused",
        known_limits=(
            "160x120 is below what a screening thermograph must have: indicative only",
            "without a reference body in view the values are off by several kelvin",
            "recordings without temperatures (raw counts) are refused",
        ),
        sources=("TheCacophonyProject/go-cptv SPECv2.md", "FLIR Lepton engineering datasheet, TLinear"),
    )

    def __init__(self, *, device_id: str, options: DriverOptions) -> None:
        try:
            self._options = msgspec.convert(dict(options), CptvOptions)
        except msgspec.ValidationError as error:
            msg = f"{device_id}: option of a cptv recording: {error}"
            raise DeviceConfigurationError(msg) from error
        self._device_id = device_id
        self._container = Container()
        self._counts: Counts = np.zeros((0, 0), dtype=np.int64)
        self._first_time_on_ms: int | None = None
        self._sequence = 0
        self._is_refused = False

    def feed(self, chunk: bytes, *, received_at: datetime, is_retained: bool = False) -> Iterable[DeviceEvent]:
        """Take the next bytes of the file and give the pictures that they complete; never raises on bytes."""
        del is_retained
        return list(self._events(chunk, received_at=received_at))

    def finish(self, *, received_at: datetime) -> Iterable[DeviceEvent]:
        """Say that the file ended; a half picture at its end is a fault."""
        if self._is_refused or self._container.is_at_end or self._container.is_untouched:
            return ()
        return (self._broken_off(FaultCode.TRUNCATED, "the recording ends within a section", at=received_at),)

    def _events(self, chunk: bytes, *, received_at: datetime) -> Iterator[DeviceEvent]:
        if self._is_refused:
            return
        try:
            for part in self._container.feed(chunk):
                event = self._event_of(part, at=received_at)
                if event is not None:
                    yield event
                if isinstance(event, Fault) and event.code is FaultCode.NOT_RADIOMETRIC:
                    self._is_refused = True
                    return
        except ContainerError as error:
            self._is_refused = True
            yield self._broken_off(FaultCode.BAD_HEADER, str(error), at=received_at)

    def _event_of(self, part: Header | PackedFrame, *, at: datetime) -> ThermalFrame | Fault | None:
        if isinstance(part, PackedFrame):
            return self._frame(part, at=at)
        self._counts = np.zeros((part.rows, part.columns), dtype=np.int64)
        if part.model.lower() in NOT_RADIOMETRIC_MODELS:
            return self._fault(FaultCode.NOT_RADIOMETRIC, "this camera gives raw counts and no temperatures", at=at)
        return None

    def _frame(self, packed: PackedFrame, *, at: datetime) -> ThermalFrame | Fault:
        self._counts = unpack(packed, previous=self._counts)
        low, high = BELIEVABLE_MEDIAN_CENTIKELVIN
        if self._sequence == 0 and not low <= float(np.median(self._counts)) <= high:
            return self._fault(FaultCode.NOT_RADIOMETRIC, "the numbers are not centikelvin of a room", at=at)
        self._sequence += 1
        observed_at = at if self._options.timed_by == "arrival" else self._clip_time(packed, at=at)
        if packed.is_background or self._is_after_shutter(packed):
            return self._fault(FaultCode.SHUTTER_EVENT, "held back: the shutter has just closed", at=observed_at)
        return ThermalFrame(
            device_id=self._device_id,
            observed_at=observed_at,
            celsius=self._celsius(),
            on_for_s=None if packed.time_on_ms is None else packed.time_on_ms / 1000,
            sequence=self._sequence,
            byte_offset=self._container.byte_offset,
        )

    def _celsius(self) -> npt.NDArray[np.float32]:
        celsius = ((self._counts - ZERO_CELSIUS_CENTIKELVIN) / 100).astype(np.float32)
        return np.ascontiguousarray(np.rot90(celsius, k=-self._options.rotate_clockwise_deg // 90))

    def _is_after_shutter(self, packed: PackedFrame) -> bool:
        """A flat-field correction shifts all pixels for some seconds."""
        if packed.time_on_ms is None or packed.last_shutter_ms is None:
            return False
        since_s = (packed.time_on_ms - packed.last_shutter_ms) / 1000
        return 0 <= since_s < self._options.hold_after_shutter_s

    def _clip_time(self, packed: PackedFrame, *, at: datetime) -> datetime:
        """When the picture was taken, by the recording's own start and the camera's running time."""
        header = self._container.header
        if header is None or not 0 < header.started_at_us < LATEST_START_US:
            return at
        since_s = (self._sequence - 1) * SECONDS_PER_FRAME_V1
        if packed.time_on_ms is not None:
            self._first_time_on_ms = packed.time_on_ms if self._first_time_on_ms is None else self._first_time_on_ms
            since_s = (packed.time_on_ms - self._first_time_on_ms) / 1000
        started_at = datetime.fromtimestamp(header.started_at_us / 1_000_000, UTC)
        return started_at + timedelta(seconds=since_s)

    def _fault(self, code: FaultCode, detail: str, *, at: datetime) -> Fault:
        return Fault(
            device_id=self._device_id,
            observed_at=at,
            code=code,
            detail=detail,
            byte_offset=self._container.byte_offset,
            byte_count=self._container.last_byte_count,
        )

    def _broken_off(self, code: FaultCode, detail: str, *, at: datetime) -> Fault:
        """A fault behind the last whole part, where the recording stops making sense."""
        fault = self._fault(code, detail, at=at)
        return msgspec.structs.replace(fault, byte_offset=fault.byte_offset + fault.byte_count, byte_count=0)
