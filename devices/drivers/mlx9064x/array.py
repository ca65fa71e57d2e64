"""MLX90640 (32 x 24) and MLX90641 (16 x 12) whose pages arrive raw, and are compensated here.

Bytes come as ``bridge_frames`` describes (option ``layout`` = bridge) or as a plain dump (``words`` and ``text``,
see ``dumps``). The calibration memory must come before the first page: pages without it are a fault each. Two pages
of the MLX90640 make a picture only if they are subpage 0 and the very next page, subpage 1, so that no picture is
ever put together from two moments; each page of the MLX90641 is one.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import ClassVar, Final, Literal

import msgspec
import numpy as np

from devices.driver import DriverOptions, Manifest, QualityGrade, Wire
from devices.drivers.mlx9064x.bridge_frames import BridgeFrame, BridgeReader, LostBytes, PageKind
from devices.drivers.mlx9064x.calibration import Calibration, CalibrationError
from devices.drivers.mlx9064x.compensation import Compensator, ImplausiblePageError
from devices.drivers.mlx9064x.dumps import DumpReader
from devices.drivers.mlx9064x.eeprom_90640 import read_90640
from devices.drivers.mlx9064x.eeprom_90641 import read_90641
from devices.drivers.mlx9064x.pages import RAM_90640, RAM_90641, Layout, Page, page_of
from devices.errors import DeviceConfigurationError
from devices.reading import DeviceEvent, DeviceKind, Fault, FaultCode, MeasuringSite, ReadingKind, ThermalFrame

_NUMBERS: Final = 1 << 16
SKIN_EMISSIVITY: Final = 0.98


class Mlx9064xOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a sensor is read. ``reflected_c`` is what the face reflects; without it the chip's own less 8 °C.

    ``topic`` is where a bridge on a broker publishes. ``chip``, ``layout`` and ``registers`` matter for dumps only:
    a bridge says what it sends.
    """

    emissivity: float = SKIN_EMISSIVITY
    reflected_c: float | None = None
    layout: Literal["bridge", "words", "text"] = "bridge"
    chip: Literal[90640, 90641] = 90640
    registers: bool = False
    topic: str = ""

    def __post_init__(self) -> None:
        """Refuse what no surface can be."""
        if not 0.1 <= self.emissivity <= 1.0:
            msg = "emissivity lies between 0.1 and 1"
            raise ValueError(msg)


class _Part(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """A page and where it stood."""

    page: Page
    number: int
    byte_offset: int
    byte_count: int


class Mlx9064x:
    """The decoder. Built as ``Mlx9064x(device_id=..., options={...})``; options are those of ``Mlx9064xOptions``."""

    manifest: ClassVar[Manifest] = Manifest(
        driver="mlx9064x",
        model="Melexis MLX90640 and MLX90641, raw pages of a bridge",
        device_kind=DeviceKind.THERMAL_ARRAY,
        wire=Wire.SERIAL,
        baud_rates=(115200, 230400, 460800, 921600),
        default_baud=460800,
        frame_rate_hz=(0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0),
        columns=32,
        rows=24,
        resolution_c=0.01,
        accuracy_c=1.0,
        kind=ReadingKind.RAW_SKIN,
        sites=(MeasuringSite.FACE_MAXIMUM,),
        is_indicative=True,
        topics=("{topic}",),
        grade=QualityGrade.SILVER,
        known_limits=(
            "±1 °C by its data sheet: indicative, an alarm is closed by a clinical thermometer only",
            "an MLX90641 gives pictures of 16 x 12; its arithmetic was checked without bytes of a real chip",
            "the bridge's wire is our own: a microcontroller must be programmed to send it",
            "a picture of the MLX90640 is two halves, taken half a period apart",
            "its Ta is the temperature of its own chip; it tells nothing of the room",
            "dumps have no checksum and are for files only",
        ),
        sources=(
            "MLX90640 data sheet revision 12, 11.2",
            "MLX90641 data sheet revision 4, 11.2",
            "the vendor's worked example",
        ),
        verified_against="the 768 published temperatures of the vendor's MLX90640 example, within 0.001 °C",
    )

    def __init__(self, *, device_id: str, options: DriverOptions) -> None:
        try:
            self._options = msgspec.convert(dict(options), Mlx9064xOptions)
        except msgspec.ValidationError as error:
            msg = f"{device_id}: option of mlx9064x: {error}"
            raise DeviceConfigurationError(msg) from error
        self._device_id = device_id
        self._reader = BridgeReader()
        self._dump: DumpReader | None = None
        if self._options.layout != "bridge":
            self._dump = DumpReader(
                layout=RAM_90640 if self._options.chip == 90640 else RAM_90641,
                is_text=self._options.layout == "text",
                has_registers=self._options.registers,
            )
        self._memory = b""
        self._calibrations: dict[Layout, Calibration] = {}
        self._compensators: dict[tuple[Layout, bool], Compensator] = {}
        self._first_half: _Part | None = None
        self._sequence = 0

    def feed(self, chunk: bytes, *, received_at: datetime, is_retained: bool = False) -> Iterator[DeviceEvent]:
        """Take the next bytes and give the pictures and faults they complete, in stream order."""
        if self._dump is not None:
            yield from self._from_dump(self._dump, chunk, at=received_at)
            return
        for found in self._reader.feed(chunk):
            if isinstance(found, LostBytes):
                yield from self._lost(found, at=received_at)
            elif found.kind is PageKind.EEPROM:
                yield from self._calibrate(found.payload, found, at=received_at)
            elif is_retained:
                detail = "a page that the broker kept from earlier"
                yield self._fault(FaultCode.NOT_MEASURED, detail, found.byte_offset, found.byte_count, at=received_at)
            else:
                yield from self._take(_part(found), at=received_at)

    def finish(self, *, received_at: datetime) -> Iterator[DeviceEvent]:
        """Say that the stream ended: half a picture, or what else is left, becomes a fault."""
        if self._dump is not None:
            yield from self._end_of_dump(self._dump, at=received_at)
            return
        yield from self._drop_half(at=received_at)
        for lost in self._reader.finish():
            yield from self._lost(lost, at=received_at)

    def _calibrate(self, memory: bytes, found: BridgeFrame, *, at: datetime) -> Iterator[DeviceEvent]:
        """Restore the constants, unless it is the same memory once more."""
        if memory == self._memory and found.layout in self._calibrations:
            return
        try:
            self._restore(memory, layout=found.layout)
        except CalibrationError as error:
            yield from self._drop_half(at=at)
            yield self._fault(FaultCode.IMPLAUSIBLE_FRAME, str(error), found.byte_offset, found.byte_count, at=at)

    def _restore(self, memory: bytes, *, layout: Layout) -> None:
        words = np.frombuffer(memory, dtype=">u2").astype(np.int64)
        self._memory = memory
        self._calibrations.clear()
        self._compensators.clear()
        self._calibrations[layout] = read_90640(words) if layout is RAM_90640 else read_90641(words)

    def _take(self, part: _Part, *, at: datetime) -> Iterator[DeviceEvent]:
        """Make a picture of a page, or of the half before and this one."""
        if part.page.layout not in self._calibrations:
            yield from self._drop_half(at=at)
            detail = "no calibration memory has come yet"
            yield self._fault(FaultCode.NOT_MEASURED, detail, part.byte_offset, part.byte_count, at=at)
        elif part.page.layout is RAM_90641:
            yield self._picture((part,), at=at)
        elif self._completes(part):
            halves = (self._first_half, part)
            self._first_half = None
            yield self._picture(halves, at=at)  # type: ignore[arg-type]
        else:
            yield from self._drop_half(at=at)
            if part.page.subpage == 0:
                self._first_half = part
                return
            detail = "the second half of a picture whose first half did not come"
            yield self._fault(FaultCode.TRUNCATED, detail, part.byte_offset, part.byte_count, at=at)

    def _completes(self, part: _Part) -> bool:
        """Whether a page is the second half of the picture whose first half is held."""
        first = self._first_half
        if first is None or part.page.subpage == 0:
            return False
        follows = part.number == (first.number + 1) % _NUMBERS
        return follows and part.page.is_chess == first.page.is_chess

    def _picture(self, parts: tuple[_Part, ...], *, at: datetime) -> DeviceEvent:
        offset = parts[0].byte_offset
        pages = tuple(part.page for part in parts)
        try:
            celsius, chip_c = self._compensator(pages[0]).image(pages)
        except ImplausiblePageError as error:
            count = parts[-1].byte_offset + parts[-1].byte_count - offset
            return self._fault(FaultCode.IMPLAUSIBLE_FRAME, str(error), offset, count, at=at)
        self._sequence += 1
        return ThermalFrame(
            device_id=self._device_id,
            observed_at=at,
            celsius=celsius,
            device_c=chip_c,
            sequence=self._sequence - 1,
            byte_offset=offset,
        )

    def _compensator(self, page: Page) -> Compensator:
        key = page.layout, page.is_chess
        if key not in self._compensators:
            self._compensators[key] = Compensator(
                self._calibrations[page.layout],
                is_chess=page.is_chess,
                emissivity=self._options.emissivity,
                reflected_c=self._options.reflected_c,
            )
        return self._compensators[key]

    def _lost(self, lost: LostBytes, *, at: datetime) -> Iterator[DeviceEvent]:
        """Tell lost bytes. What lies between two halves parts them."""
        yield from self._drop_half(at=at)
        yield self._fault(lost.code, lost.detail, lost.byte_offset, lost.byte_count, at=at)

    def _drop_half(self, *, at: datetime) -> Iterator[DeviceEvent]:
        half, self._first_half = self._first_half, None
        if half is not None:
            detail = "half a picture: its second half did not come"
            yield self._fault(FaultCode.TRUNCATED, detail, half.byte_offset, half.byte_count, at=at)

    def _from_dump(self, dump: DumpReader, chunk: bytes, *, at: datetime) -> Iterator[DeviceEvent]:
        layout = RAM_90640 if self._options.chip == 90640 else RAM_90641
        begun = dump.stream_offset
        for content in dump.feed(chunk):
            count = dump.stream_offset - begun
            if isinstance(content, Page):
                yield from self._take(
                    _Part(page=content, number=self._dump_number(), byte_offset=begun, byte_count=count), at=at
                )
            else:
                try:
                    self._restore(content, layout=layout)
                except CalibrationError as error:
                    yield self._fault(FaultCode.IMPLAUSIBLE_FRAME, str(error), begun, count, at=at)
            begun = dump.stream_offset

    def _dump_number(self) -> int:
        """Pages of a dump carry no numbers: the next one is the next one."""
        return 0 if self._first_half is None else self._first_half.number + 1

    def _end_of_dump(self, dump: DumpReader, *, at: datetime) -> Iterator[DeviceEvent]:
        dump.end_text()
        yield from self._from_dump(dump, b"", at=at)
        yield from self._drop_half(at=at)
        if dump.left_bytes:
            detail = f"the dump ends after {dump.left_bytes} bytes of a memory or page"
            yield self._fault(FaultCode.TRUNCATED, detail, dump.stream_offset, dump.left_bytes, at=at)

    def _fault(self, code: FaultCode, detail: str, offset: int, count: int, *, at: datetime) -> Fault:  # noqa: PLR0917
        return Fault(
            device_id=self._device_id, observed_at=at, code=code, detail=detail, byte_offset=offset, byte_count=count
        )


def _part(frame: BridgeFrame) -> _Part:
    return _Part(
        page=page_of(frame.payload, layout=frame.layout),
        number=frame.number,
        byte_offset=frame.byte_offset,
        byte_count=frame.byte_count,
    )
