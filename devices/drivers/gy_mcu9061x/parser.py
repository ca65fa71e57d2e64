"""The parser of point thermometers on a serial line: GY-MCU90614, GY-MCU90615 V2/V3, GY-906 serial, clones.

Sources: makers' product pages, devices reference 1.2. 8N1; 9600 or 115200 baud by model and
firmware, clones also 57600: ``?baud=auto`` finds out. The module sends by itself, 14 times a second.

A frame, 9 bytes, numbers big-endian and signed, hundredths of a degree Celsius::

    0  5A 5A 45   sync and mode          or, a clone,   66 66 m   m = 01 automatic, 02 answer to a query
    3  04         bytes of numbers
    4  i16        what it looks at
    6  i16        itself
    8  u8         sum of the eight bytes before, modulo 256

A sum of eight bits lets one spoilt frame of 256 pass; five agreeing frames are asked for a reading,
of which the median is taken (see ``presence``).
"""

from collections.abc import Iterator
from datetime import datetime
from struct import Struct
from types import MappingProxyType
from typing import ClassVar, Final

from devices.driver import DriverOptions, Manifest, QualityGrade, Wire, refuse_unknown_options
from devices.drivers.gy_mcu9061x.commands import opening_from
from devices.drivers.gy_mcu9061x.presence import FRAMES_NEEDED, HOTTEST_SKIN_C, PointPresence
from devices.errors import DeviceConfigurationError
from devices.framing import ReceiveBuffer, pieces
from devices.lost_bytes import LostBytes
from devices.reading import (
    ClockBasis,
    DeviceEvent,
    DeviceKind,
    FaultCode,
    MeasuringSite,
    Reading,
    ReadingKind,
)

FRAME_BYTES: Final = 9
_HEADERS: Final = (b"\x5a\x5a\x45\x04", b"\x66\x66\x01\x04", b"\x66\x66\x02\x04")
_SYNCS: Final = (b"\x5a\x5a", b"\x66\x66")
_NUMBERS: Final = Struct(">hh")
_OBJECT_CENTI_C: Final = (-7000, 32767)
"""The MLX90614 sees -70 to 380 °C; the wire carries no more than 327.67."""
_OWN_CENTI_C: Final = (-4000, 12500)
_PIECE_BYTES: Final = 64 * 1024
_ACCURACY_C: Final = 0.5
_EXPANDED_C: Final = round(2 * _ACCURACY_C / 3**0.5, 2)
"""The stated limits of error taken for a rectangular distribution, k = 2 (GUM 4.3.7). The sensor alone."""
_DETAILS: Final = MappingProxyType(
    {
        FaultCode.BAD_CHECKSUM: "the sum of the frame differs from its last byte",
        FaultCode.IMPLAUSIBLE_FRAME: "a temperature is out of the sensor's range",
        FaultCode.NOT_MEASURED: "both temperatures are zero",
    }
)


class GyMcu9061x:
    """The incremental parser and the presence before it.

    Options: ``present_from_c``, what shows at least that is skin (30 °C); ``site``, which skin is held
    before it (``forehead``, ``wrist``, ...); ``automatic``, see ``commands``.
    """

    manifest: ClassVar[Manifest] = Manifest(
        driver="gy_mcu9061x",
        model="GY-MCU90614, GY-MCU90615, GY-906 serial and 66 66 clones",
        device_kind=DeviceKind.INFRARED_THERMOMETER,
        wire=Wire.SERIAL,
        baud_rates=(9600, 57600, 115200),
        default_baud=9600,
        frame_rate_hz=(14.0,),
        resolution_c=0.01,
        accuracy_c=_ACCURACY_C,
        kind=ReadingKind.RAW_SKIN,
        sites=(MeasuringSite.FOREHEAD, MeasuringSite.WRIST),
        is_indicative=True,
        grade=QualityGrade.SILVER,
        known_limits=(
            "±0.5 °C is the sensor's in still air; the distance decides how much wall is averaged in",
            "where the wall behind is warmer than present_from_c, nobody is seen to leave: set it higher",
            "a frame has a sum of 8 bits only; five agreeing frames are asked for each reading",
            "its Ta is the temperature of its own chip; it tells nothing of the room",
            "the clones' own commands are not known; they are read but never told anything",
            "proven on bytes made from the makers' pages; no capture of a real module is public",
        ),
        sources=("hxchipstech and as99shop product pages", "devices reference 1.2", "MLX90614 data sheet"),
        verified_against="computed golden frames of both families and the makers' command bytes",
    )

    def __init__(self, *, device_id: str, options: DriverOptions | None = None) -> None:
        """Begin at offset 0 of a stream."""
        options = options or {}
        refuse_unknown_options(options, known=("present_from_c", "site", "automatic"), driver="gy_mcu9061x")
        self._device_id = device_id
        self._site = _site(options)
        self.opening = opening_from(options)
        self._presence = PointPresence(present_from_c=_present_from_c(options))
        self._buffer = ReceiveBuffer()
        self._lost = LostBytes(self._buffer, device_id=device_id)

    def feed(self, chunk: bytes, *, received_at: datetime, is_retained: bool = False) -> Iterator[DeviceEvent]:
        """Take the next bytes and give the readings and faults they complete, in stream order."""
        del is_retained  # a serial line retains nothing
        for piece in pieces(chunk, size=_PIECE_BYTES):
            self._buffer.append(piece)
            yield from self._parse(received_at)

    def finish(self, *, received_at: datetime) -> Iterator[DeviceEvent]:
        """Say that the stream ended: the beginning of a frame that is left becomes a fault."""
        left = len(self._buffer)
        if left:
            yield from self._lost.end(at=received_at)
        detail = f"the stream ended after {left} of {FRAME_BYTES} bytes of a frame"
        yield from self._lost.skip(left, FaultCode.TRUNCATED, detail, at=received_at)
        yield from self._lost.end(at=received_at)

    def _parse(self, at: datetime) -> Iterator[DeviceEvent]:
        """Take everything that can be told apart; leave only the beginning of a frame."""
        while self._buffer:
            front = self._buffer.peek(FRAME_BYTES)
            if not any(header.startswith(front[: len(header)]) for header in _HEADERS):
                yield from self._skip_to_first_byte(at)
            elif len(front) < FRAME_BYTES:
                return
            else:
                yield from self._take_frame(front, at)

    def _take_frame(self, frame: bytes, at: datetime) -> Iterator[DeviceEvent]:
        """Take one frame with a right header from the front of the buffer."""
        object_centi_c, own_centi_c = _NUMBERS.unpack_from(frame, 4)
        fault = _fault_of(frame, object_centi_c=object_centi_c, own_centi_c=own_centi_c)
        yield from self._lost.end(at=at)
        if fault is not None:
            # With a right sum it is one frame; with a wrong one the next frame may begin inside it.
            count = 1 if fault is FaultCode.BAD_CHECKSUM else FRAME_BYTES
            yield from self._lost.skip(count, fault, _DETAILS[fault], at=at)
            return
        offset = self._buffer.stream_offset
        self._buffer.discard(FRAME_BYTES)
        measured_c = self._presence.follow(object_centi_c / 100)
        if measured_c is not None:
            yield self._reading(measured_c, device_c=own_centi_c / 100, offset=offset, at=at)

    def _skip_to_first_byte(self, at: datetime) -> Iterator[DeviceEvent]:
        """Go to the next byte with which a header may begin; the reason does not depend on what has arrived yet."""
        has_sync = any(self._buffer.starts_with(sync) for sync in _SYNCS)
        code = FaultCode.BAD_HEADER if has_sync else FaultCode.GARBAGE
        detail = "a sync with an unknown mode or length" if has_sync else "no frame begins here"
        found = [place for sync in _SYNCS if (place := self._buffer.find(sync[:1], start=1)) > 0]
        yield from self._lost.skip(min(found, default=len(self._buffer)), code, detail, at=at)

    def _reading(self, measured_c: float, *, device_c: float, offset: int, at: datetime) -> Reading:
        return Reading(
            device_id=self._device_id,
            driver="gy_mcu9061x",
            device_kind=DeviceKind.INFRARED_THERMOMETER,
            observed_at=at,
            clock_basis=ClockBasis.RECEIVED,
            temperature_c=measured_c,
            raw_c=measured_c,
            kind=ReadingKind.RAW_SKIN,
            site=self._site,
            delivery_key=f"{at.isoformat()}/{offset}",
            uncertainty_c=_EXPANDED_C,
            device_c=device_c,
            frame_count=FRAMES_NEEDED,
            byte_offset=offset,
        )


def _fault_of(frame: bytes, *, object_centi_c: int, own_centi_c: int) -> FaultCode | None:
    """Judge a frame with a right header."""
    if sum(frame[:-1]) & 0xFF != frame[-1]:
        return FaultCode.BAD_CHECKSUM
    if object_centi_c == own_centi_c == 0:
        return FaultCode.NOT_MEASURED
    is_object_sound = _OBJECT_CENTI_C[0] <= object_centi_c <= _OBJECT_CENTI_C[1]
    is_own_sound = _OWN_CENTI_C[0] <= own_centi_c <= _OWN_CENTI_C[1]
    return None if is_object_sound and is_own_sound else FaultCode.IMPLAUSIBLE_FRAME


def _site(options: DriverOptions) -> MeasuringSite:
    wanted = options.get("site", MeasuringSite.FOREHEAD)
    try:
        return MeasuringSite(str(wanted))
    except ValueError as error:
        msg = f"gy_mcu9061x: there is no measuring site {wanted!r}"
        raise DeviceConfigurationError(msg) from error


def _present_from_c(options: DriverOptions) -> float:
    wanted = options.get("present_from_c", 30.0)
    if isinstance(wanted, bool | str) or not 20.0 <= wanted < HOTTEST_SKIN_C:
        msg = f"gy_mcu9061x: present_from_c is a number of degrees from 20 to {HOTTEST_SKIN_C}, not {wanted!r}"
        raise DeviceConfigurationError(msg)
    return float(wanted)
