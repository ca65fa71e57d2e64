"""The parser of the GY-MCU90640: a 32 x 24 thermal array (MLX90640) behind a microcontroller, on a serial line.

Source: "GY-MCU9064 user manual v1" (module maker), devices reference 1.1. 8N1; 115200 baud as
delivered, also 9600 and 460800. The module streams by itself after power-up.

A frame, 1544 bytes, everything little-endian::

    0     5A 5A      sync
    2     02 06      count 0x0602 = 1538 = 768 pixels x 2 + own temperature 2
    4     768 x i16  hundredths of a degree Celsius, row by row; column 1 is the RIGHT of the scene
    1540  i16        the module's own temperature, hundredths of a degree Celsius
    1542  u16        sum of the first 771 words of 16 bits, modulo 65536

The answer to "which emissivity" begins with the same sync and is no frame: ``5A 5A e s``, four
bytes, e = 100 x emissivity, s = the low byte of the sum of the three before it. Bytes 2 and 3 tell
them apart, because s of an answer with e = 0x02 would be 0xB6 and never 0x06.

What real lines do, and what this parser does about it. A byte lost or doubled (overrun, loose
plug): the checksum fails, and the search goes on one byte later, inside the broken frame, so that
the next whole frame is found. A wrong baud rate: rubbish without a sync, counted in runs of at most
``LONGEST_RUN`` bytes. ``5A 5A`` within a picture would be a pixel of 231.30 °C, which no person and
no wall has, so a frame with such a pixel is a slip of the stream and never a picture. Every byte fed
belongs to exactly one frame, answer or fault (``report`` policy: its checksum faults lie on top).
"""

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from struct import Struct
from types import MappingProxyType
from typing import ClassVar, Final

import numpy as np
import numpy.typing as npt

from devices.driver import DriverOptions, Manifest, QualityGrade, Wire, refuse_unknown_options
from devices.drivers.gy_mcu90640.commands import OPTIONS, opening_from
from devices.errors import DeviceConfigurationError
from devices.framing import ReceiveBuffer, pieces
from devices.lost_bytes import LostBytes
from devices.reading import (
    CommandReply,
    DeviceEvent,
    DeviceKind,
    Fault,
    FaultCode,
    MeasuringSite,
    ReadingKind,
    ThermalFrame,
)

ROWS: Final = 24
COLUMNS: Final = 32
FRAME_BYTES: Final = 1544

_SYNC: Final = b"\x5a\x5a"
_HEADER: Final = b"\x5a\x5a\x02\x06"
_HEADER_WORDS: Final = [0x5A5A, 0x0602]
_HEADER_BYTES: Final = 4
_WORDS: Final = FRAME_BYTES // 2
_CHECKSUM_WORD: Final = _WORDS - 1
_OWN_TEMPERATURE_WORD: Final = _WORDS - 2
_PIXEL_WORDS: Final = slice(2, 2 + ROWS * COLUMNS)
_SUM_OF_SYNC: Final = sum(_SYNC)

_PIXEL_CENTI_C: Final = (-4000, 15000)
"""Plausible pixels: from the sensor's lowest, -40 °C, to 150 °C. A gate sees no hotter thing, and
0x5A5A = 231.30 °C lies above. The sensor itself goes to 300 °C."""
_OWN_CENTI_C: Final = (-4000, 8500)
"""Operating range of the MLX90640 (data sheet: -40 to 85 °C)."""

_COLDEST: Final = np.uint16(_PIXEL_CENTI_C[0] & 0xFFFF)
_ZERO_C: Final = -_PIXEL_CENTI_C[0]
_HOTTEST: Final = _PIXEL_CENTI_C[1] - _PIXEL_CENTI_C[0]
"""Pixels counted from the coldest plausible one upwards."""

_PIECE_BYTES: Final = 64 * 1024
_MOST_FRAMES_AT_ONCE: Final = 64
_HUNDRED: Final = np.float32(100)
_WORD: Final = np.dtype("<u2")
_SIGNED: Final = np.dtype("<i2")
_LAST_WORDS: Final = Struct("<hH")
_FAULT_DETAILS: Final = MappingProxyType(
    {
        FaultCode.BAD_CHECKSUM: "the sum of the frame differs from its last two bytes",
        FaultCode.IMPLAUSIBLE_FRAME: "a pixel or the module's own temperature is out of range",
        FaultCode.NOT_MEASURED: "every pixel is zero",
    }
)


class ChecksumPolicy(StrEnum):
    """What a wrong checksum means. ``report`` is for the units whose last two bytes follow no known sum."""

    STRICT = "strict"
    REPORT = "report"


class GyMcu90640:
    """The incremental parser. Option ``checksum``: ``strict`` (as delivered) or ``report``.

    The other options are commands.
    """

    manifest: ClassVar[Manifest] = Manifest(
        driver="gy_mcu90640",
        model="GY-MCU90640",
        device_kind=DeviceKind.THERMAL_ARRAY,
        wire=Wire.SERIAL,
        baud_rates=(9600, 115200, 460800),
        default_baud=115200,
        frame_rate_hz=(0.5, 1.0, 2.0, 4.0, 8.0),
        columns=COLUMNS,
        rows=ROWS,
        resolution_c=0.1,
        accuracy_c=2.0,
        kind=ReadingKind.RAW_SKIN,
        sites=(MeasuringSite.FACE_MAXIMUM,),
        is_indicative=True,
        grade=QualityGrade.SILVER,
        known_limits=(
            "±2 °C by its manual: indicative, an alarm is closed by a clinical thermometer only",
            "8 Hz needs 460800 baud; 115200 carries at most about 7.4 frames per second",
            "baud rate, frame rate and emissivity are lost at power-off unless saved",
            "pixels outside -40..150 °C are taken for a slip of the stream",
            "its Ta is the temperature of its own chip; it tells nothing of the room",
            "proven on bytes made from the manual; no capture of a real module is public",
            "in query mode it sends one frame for each command; the program sends that command only on opening",
            "some units' last two bytes follow no known sum: checksum = 'report' takes and counts their frames",
        ),
        sources=("GY-MCU9064 user manual v1", "MLX90640 data sheet"),
        verified_against="the golden frame and commands of its manual, and a simulator written apart from it",
    )

    def __init__(self, *, device_id: str, options: DriverOptions | None = None) -> None:
        """Begin at offset 0 of a stream."""
        options = options or {}
        refuse_unknown_options(options, known=("checksum", *OPTIONS), driver="gy_mcu90640")
        self._device_id = device_id
        self._is_strict = _policy(options) is ChecksumPolicy.STRICT
        self.opening = opening_from(options)
        self._buffer = ReceiveBuffer()
        self._lost = LostBytes(self._buffer, device_id=device_id)
        self._sequence = 0
        self._frames_at_once = 1

    def feed(self, chunk: bytes, *, received_at: datetime, is_retained: bool = False) -> Iterator[DeviceEvent]:
        """Take the next bytes and give the frames, answers and faults they complete, in stream order."""
        del is_retained  # a serial line retains nothing
        if len(chunk) == FRAME_BYTES and not self._buffer and not self._lost and _is_faultless(chunk):
            yield self._frame_in(chunk, received_at)
            return
        for piece in pieces(chunk, size=_PIECE_BYTES):
            self._buffer.append(piece)
            yield from self._parse(received_at)

    def finish(self, *, received_at: datetime) -> Iterator[DeviceEvent]:
        """Say that the stream ended: an unfinished frame, or what else is left, becomes a fault."""
        left = len(self._buffer)
        if left and self._buffer.starts_with(_HEADER[:left]):
            yield from self._lost.end(at=received_at)
            detail = f"the stream ended after {left} of {FRAME_BYTES} bytes of a frame"
            yield from self._lost.skip(left, FaultCode.TRUNCATED, detail, at=received_at)
        elif left:
            yield from self._lost.skip(left, FaultCode.GARBAGE, "no frame begins here", at=received_at)
        yield from self._lost.end(at=received_at)

    def _parse(self, at: datetime) -> Iterator[DeviceEvent]:
        """Take everything that can be told apart; leave only the beginning of something."""
        buffer = self._buffer
        while len(buffer) >= _HEADER_BYTES:
            if buffer.starts_with(_HEADER):
                if len(buffer) < FRAME_BYTES:
                    return
                yield from self._take_frames(at)
            elif (emissivity := _emissivity_in(buffer.peek(_HEADER_BYTES))) is not None:
                yield from self._take_answer(emissivity, at)
            else:
                yield from self._skip_to_sync(at)

    def _frame_in(self, chunk: bytes, at: datetime) -> ThermalFrame:
        """Read a chunk that is one faultless frame and nothing else: how a line at its usual pace delivers."""
        pixels = np.frombuffer(chunk, dtype=_SIGNED, count=ROWS * COLUMNS, offset=_HEADER_BYTES)
        frame = ThermalFrame(
            device_id=self._device_id,
            observed_at=at,
            celsius=np.divide(pixels.reshape(ROWS, COLUMNS)[:, ::-1], _HUNDRED, dtype=np.float32),
            device_c=_LAST_WORDS.unpack_from(chunk, 2 * _OWN_TEMPERATURE_WORD)[0] / 100,
            sequence=self._sequence,
            byte_offset=self._buffer.stream_offset,
        )
        self._buffer.pass_by(FRAME_BYTES)
        self._sequence += 1
        return frame

    def _take_frames(self, at: datetime) -> Iterator[DeviceEvent]:
        """Judge the frames that stand glued at the front, all at once, and take those before the first bad one."""
        count = min(len(self._buffer) // FRAME_BYTES, self._frames_at_once)
        raw = self._buffer.peek(count * FRAME_BYTES)
        judged = _Judged(np.frombuffer(raw, dtype=_WORD).reshape(count, _WORDS), is_strict=self._is_strict)
        if judged.good:
            yield from self._lost.end(at=at)
            yield from self._frames(judged, at=at)
        if judged.first_fault is None:
            self._frames_at_once = min(2 * self._frames_at_once, _MOST_FRAMES_AT_ONCE)
            return
        self._frames_at_once = 1
        if judged.first_fault is not FaultCode.BAD_HEADER:  # where no frame begins, the search decides what does
            yield from self._lost.end(at=at)
            yield from self._lost.skip(1, judged.first_fault, _FAULT_DETAILS[judged.first_fault], at=at)

    def _frames(self, judged: "_Judged", *, at: datetime) -> Iterator[DeviceEvent]:
        """Turn good words into pictures as the scene is seen, and forget their bytes."""
        pixels = judged.pixels[: judged.good].reshape(judged.good, ROWS, COLUMNS)
        celsius = np.divide(pixels[:, :, ::-1], _HUNDRED, dtype=np.float32)
        offset = self._buffer.stream_offset
        first = self._sequence
        self._sequence += judged.good
        self._buffer.discard(judged.good * FRAME_BYTES)
        device_id = self._device_id
        for index in range(judged.good):
            yield ThermalFrame(
                device_id=device_id,
                observed_at=at,
                celsius=celsius[index],
                device_c=judged.own_centi_c[index] / 100,
                sequence=first + index,
                byte_offset=offset + index * FRAME_BYTES,
            )
            if index in judged.wrong_sums:
                yield self._reported_checksum(offset + index * FRAME_BYTES, at)

    def _reported_checksum(self, frame_offset: int, at: datetime) -> Fault:
        return Fault(
            device_id=self._device_id,
            observed_at=at,
            code=FaultCode.BAD_CHECKSUM,
            detail="the frame was taken all the same: checksum policy 'report'",
            byte_offset=frame_offset + 2 * _CHECKSUM_WORD,
            byte_count=2,
        )

    def _take_answer(self, emissivity: float, at: datetime) -> Iterator[DeviceEvent]:
        yield from self._lost.end(at=at)
        yield CommandReply(
            device_id=self._device_id,
            observed_at=at,
            name="emissivity",
            value=emissivity,
            byte_offset=self._buffer.stream_offset,
        )
        self._buffer.discard(_HEADER_BYTES)

    def _skip_to_sync(self, at: datetime) -> Iterator[DeviceEvent]:
        """Go to the next place where a sync stands, or may stand once more bytes come."""
        has_sync = self._buffer.starts_with(_SYNC)
        code = FaultCode.BAD_HEADER if has_sync else FaultCode.GARBAGE
        detail = "a sync with an unknown count" if has_sync else "no frame begins here"
        found = self._buffer.find(_SYNC, start=1)
        nowhere = len(self._buffer) - int(self._buffer.ends_with(_SYNC[:1]))
        yield from self._lost.skip(found if found > 0 else max(nowhere, 1), code, detail, at=at)


def _policy(options: DriverOptions) -> ChecksumPolicy:
    wanted = options.get("checksum", ChecksumPolicy.STRICT)
    try:
        return ChecksumPolicy(str(wanted))
    except ValueError as error:
        msg = f"gy_mcu90640 has no checksum policy {wanted!r}; it has strict and report"
        raise DeviceConfigurationError(msg) from error


def _is_faultless(chunk: bytes) -> bool:
    """Tell of one whole frame that neither its header, its sum nor its ranges have a fault.

    Only a quick yes: a frame that gets a no is judged by ``_Judged``, which also says what is wrong.
    One comparison serves both ends of the range, for words below the lowest pixel wrap to the top.
    """
    if not chunk.startswith(_HEADER):
        return False
    words = np.frombuffer(chunk, dtype=_WORD)
    own_centi_c, stated = _LAST_WORDS.unpack_from(chunk, 2 * _OWN_TEMPERATURE_WORD)
    hottest = int((words[_PIXEL_WORDS] - _COLDEST).max())
    return (
        int(np.add.reduce(words[:_CHECKSUM_WORD], dtype=np.uint16)) == stated
        and _OWN_CENTI_C[0] <= own_centi_c <= _OWN_CENTI_C[1]
        and _ZERO_C < hottest <= _HOTTEST
    )


class _Judged:
    """Glued frames, judged one after another up to the first bad one.

    ``words`` is count x 772. ``good`` frames stand at the front; ``first_fault`` is what is wrong
    with the next one, if anything; ``wrong_sums`` are good frames whose checksum is only reported.
    The sums and extremes of all frames are computed at once, then compared as plain integers,
    which for one frame at a time is faster than comparing arrays of length one.
    """

    __slots__ = ("first_fault", "good", "own_centi_c", "pixels", "wrong_sums")

    def __init__(self, words: npt.NDArray[np.uint16], *, is_strict: bool) -> None:
        signed = words.view(_SIGNED)
        self.pixels = signed[:, _PIXEL_WORDS]
        self.own_centi_c: list[int] = signed[:, _OWN_TEMPERATURE_WORD].tolist()
        self.wrong_sums: set[int] = set()
        self.good = 0
        self.first_fault: FaultCode | None = None
        sums = np.add.reduce(words[:, :_CHECKSUM_WORD], axis=1, dtype=np.uint16).tolist()
        printed = words[:, _CHECKSUM_WORD].tolist()
        ranges = _range_faults(self.pixels, own_centi_c=self.own_centi_c)
        heads = words[:, :2].tolist()
        for head, total, stated, range_fault in zip(heads, sums, printed, ranges, strict=True):
            is_sum_wrong = total != stated
            if head != _HEADER_WORDS:
                self.first_fault = FaultCode.BAD_HEADER
            elif is_sum_wrong and is_strict:
                self.first_fault = FaultCode.BAD_CHECKSUM
            else:
                self.first_fault = range_fault
            if self.first_fault is not None:
                return
            if is_sum_wrong:
                self.wrong_sums.add(self.good)
            self.good += 1


def _range_faults(pixels: npt.NDArray[np.int16], *, own_centi_c: list[int]) -> Iterator[FaultCode | None]:
    """Judge each frame's extremes. All zero means "not measured", and no frost on every wall."""
    coldest, hottest = np.minimum.reduce(pixels, axis=1).tolist(), np.maximum.reduce(pixels, axis=1).tolist()
    for low, high, own in zip(coldest, hottest, own_centi_c, strict=True):
        if low == high == 0:
            yield FaultCode.NOT_MEASURED
        elif low < _PIXEL_CENTI_C[0] or high > _PIXEL_CENTI_C[1] or not _OWN_CENTI_C[0] <= own <= _OWN_CENTI_C[1]:
            yield FaultCode.IMPLAUSIBLE_FRAME
        else:
            yield None


def _emissivity_in(four: bytes) -> float | None:
    """Read ``5A 5A e s`` as the emissivity that it answers, if it is such an answer."""
    if four[:2] != _SYNC or not 1 <= four[2] <= 100:
        return None
    return four[2] / 100 if four[3] == (_SUM_OF_SYNC + four[2]) & 0xFF else None
