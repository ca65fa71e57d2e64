"""Clinical thermometers over Bluetooth: the Health Thermometer service, characteristic 0x2A1C.

``feed`` takes one indicated value. Layout (Bluetooth SIG, Health Thermometer Profile): one byte of
flags (bit 0: Fahrenheit, bit 1: a time follows, bit 2: a place follows), the temperature as
IEEE 11073 FLOAT32 (24 bit mantissa and 8 bit power of ten, both signed, little endian), then the time
(year, month, day, hour, minute, second; no zone) and one byte for where it was held.

>>> at = datetime(2020, 3, 15, 3, 30, 5, tzinfo=UTC)
>>> golden = bytes.fromhex("06 6D 01 00 FF E4 07 03 0F 0A 1E 00 02")
>>> [reading] = BleThermometer(device_id="t", options={"site": "axillary"}).feed(golden, received_at=at)
>>> reading.temperature_c, reading.observed_at.isoformat()
(36.5, '2020-03-15T03:30:00+00:00')
"""

import re
import struct
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta, timezone
from types import MappingProxyType
from typing import ClassVar, Final

import msgspec

from devices.device_clock import ClockRules, Timing, time_it
from devices.driver import Manifest, QualityGrade, Wire
from devices.errors import DeviceConfigurationError
from devices.reading import Arrival, ClockBasis, DeviceEvent, DeviceKind, FaultCode, MeasuringSite, ReadingKind
from devices.terminal_voice import Measured, TerminalVoice, key_of
from devices.units import TemperatureUnit

IS_FAHRENHEIT: Final = 0x01
HAS_TIME: Final = 0x02
HAS_PLACE: Final = 0x04
KNOWN_FLAGS: Final = IS_FAHRENHEIT | HAS_TIME | HAS_PLACE
NO_NUMBERS: Final = frozenset({0x7FFFFF, 0x800000, 0x7FFFFE, 0x800002, 0x800001})
"""Mantissas that are no number: NaN, NRes, plus and minus infinity, reserved (IEEE 11073-20601)."""
PLACES: Final[Mapping[int, MeasuringSite]] = MappingProxyType(
    {1: MeasuringSite.AXILLARY, 3: MeasuringSite.EAR, 6: MeasuringSite.ORAL, 9: MeasuringSite.EAR}
)
"""Of the nine places of 0x2A1D those that screening knows; "body" says nothing."""
LIVING_C: Final = (32.0, 44.0)
LONGEST_BYTES: Final = 13
LARGEST_POWER: Final = 6
_WRITTEN_IN_HEX: Final = re.compile(rb"(?:[0-9A-Fa-f]{2} ?){5,13}", re.ASCII)
"""A recording in text. No value looks like it: the flags of its first byte would mean nothing."""


class ThermometerOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What may be set for one thermometer. ``site`` holds where the message names no place that is known."""

    site: MeasuringSite | None = None
    accuracy_c: float = 0.2
    utc_offset_minutes: int = 420
    clock_tolerance_s: float = 5.0
    stale_after_s: float = 60.0


class Indication(msgspec.Struct, frozen=True, kw_only=True):
    """One value as it stands in the bytes; ``amount`` is ``None`` where they say that there is none."""

    amount: float | None
    unit: TemperatureUnit
    time_fields: tuple[int, int, int, int, int, int] | None = None
    place: int | None = None


class IndicationError(ValueError):
    """The bytes are no value of 0x2A1C; the text says why."""


def read_indication(payload: bytes) -> Indication:
    """Read a value of 0x2A1C; ``IndicationError`` when its length or flags are not as its first byte says."""
    flags = payload[0] if payload else 0
    expected = 5 + (7 if flags & HAS_TIME else 0) + (1 if flags & HAS_PLACE else 0)
    if len(payload) != expected or flags & ~KNOWN_FLAGS:
        msg = "not as long as its flags say, or with flags that mean nothing"
        raise IndicationError(msg)
    return Indication(
        amount=_float(payload[1:5]),
        unit=TemperatureUnit.FAHRENHEIT if flags & IS_FAHRENHEIT else TemperatureUnit.CELSIUS,
        time_fields=struct.unpack("<HBBBBB", payload[5:12]) if flags & HAS_TIME else None,
        place=payload[-1] if flags & HAS_PLACE else None,
    )


def write_indication(indication: Indication, *, power: int = -1) -> bytes:
    """Write a value of 0x2A1C; an ``amount`` of ``None`` becomes NaN."""
    mantissa = 0x7FFFFF if indication.amount is None else round(indication.amount * 10**-power)
    exponent = 0 if indication.amount is None else power
    flags = IS_FAHRENHEIT if indication.unit is TemperatureUnit.FAHRENHEIT else 0
    written = mantissa.to_bytes(3, "little", signed=True) + exponent.to_bytes(1, "little", signed=True)
    if indication.time_fields is not None:
        flags |= HAS_TIME
        written += struct.pack("<HBBBBB", *indication.time_fields)
    if indication.place is not None:
        flags |= HAS_PLACE
        written += bytes((indication.place,))
    return bytes((flags,)) + written


class BleThermometer:
    """Decoder for one thermometer. Built as ``BleThermometer(device_id=..., options={...})``."""

    manifest: ClassVar[Manifest] = Manifest(
        driver="ble_thermometer",
        model="Clinical thermometer over Bluetooth LE (Health Thermometer, 0x1809)",
        device_kind=DeviceKind.CLINICAL_THERMOMETER,
        wire=Wire.BLE,
        resolution_c=0.1,
        accuracy_c=0.2,
        kind=ReadingKind.CLINICAL,
        sites=(MeasuringSite.AXILLARY, MeasuringSite.EAR, MeasuringSite.ORAL),
        has_clock=True,
        options_for_recordings={"site": "axillary"},
        grade=QualityGrade.BRONZE,
        known_limits=(
            "no capture of a real thermometer: layout and example are those of the published profile",
            "the clock has no zone; a value without a time is timed on arrival, even if the thermometer had kept it",
            "a thermometer that does not say where it was held needs option site",
            "makers' own characteristics (Berrcom, older A&D) are not read",
        ),
        sources=("Bluetooth SIG, Health Thermometer Profile 1.0 and characteristics 2A1C, 2A1D", "IEEE 11073-20601"),
        verified_against="the published example value, and values written by an encoder of ours",
    )

    def __init__(self, *, device_id: str, options: Mapping[str, str | int | float | bool]) -> None:
        try:
            self._options = msgspec.convert(dict(options), ThermometerOptions)
        except msgspec.ValidationError as error:
            msg = f"{device_id}: option of a Bluetooth thermometer: {error}"
            raise DeviceConfigurationError(msg) from error
        own = msgspec.structs.replace(self.manifest, accuracy_c=self._options.accuracy_c)
        self._voice = TerminalVoice(own, device_id=device_id)
        self._clock = ClockRules(
            utc_offset_minutes=self._options.utc_offset_minutes,
            tolerance_s=self._options.clock_tolerance_s,
            stale_after_s=self._options.stale_after_s,
        )

    def feed(self, chunk: bytes, *, received_at: datetime, is_retained: bool = False) -> Iterable[DeviceEvent]:
        """Take one indicated value and return what it says; never raises on bytes."""
        del is_retained  # nothing keeps a value for later but the thermometer, which then says when it was
        events = [self._decode(chunk, at=received_at)]
        self._voice.byte_offset += len(chunk)
        return events

    def finish(self, *, received_at: datetime) -> Iterable[DeviceEvent]:
        """Values are whole: nothing is ever left over."""
        del received_at
        return ()

    def _decode(self, payload: bytes, *, at: datetime) -> DeviceEvent:
        size = max(1, len(payload))
        if _WRITTEN_IN_HEX.fullmatch(payload):
            payload = bytes.fromhex(payload.decode("ascii"))
        if len(payload) > LONGEST_BYTES:
            return self._voice.fault(FaultCode.OVERLONG, "longer than any such value", at=at, byte_count=size)
        try:
            indication = read_indication(payload)
        except IndicationError as error:
            return self._voice.fault(FaultCode.BAD_MESSAGE, str(error), at=at, byte_count=size)
        site = PLACES.get(indication.place or 0, self._options.site)
        if site is None:
            detail = "it does not say where it was held; set option site"
            return self._voice.fault(FaultCode.BAD_MESSAGE, detail, at=at, byte_count=size)
        measured = Measured(
            amount=indication.amount,
            unit=indication.unit,
            timing=self._timing(indication, at=at),
            delivery_key=self._delivery_key(indication, payload=payload, at=at),
            site=site,
            kind=ReadingKind.CLINICAL,
            plausible_c=LIVING_C,
        )
        return self._voice.reading_or_fault(measured, byte_count=size)

    def _timing(self, indication: Indication, *, at: datetime) -> Timing:
        if indication.time_fields is None:
            return Timing(observed_at=at, clock_basis=ClockBasis.RECEIVED, arrival=Arrival.LIVE)
        zone = timezone(timedelta(minutes=self._options.utc_offset_minutes))
        try:
            claimed_at = datetime(*indication.time_fields, tzinfo=zone).astimezone(UTC)
        except (ValueError, OverflowError):
            claimed_at = None
        return time_it(claimed_at, received_at=at, rules=self._clock)

    def _delivery_key(self, indication: Indication, *, payload: bytes, at: datetime) -> str:
        """Name a value by its time and content; one without a time by its arrival."""
        return key_of(payload) if indication.time_fields else key_of(at.isoformat(), payload)


def _float(content: bytes) -> float | None:
    """Read an IEEE 11073 FLOAT32; ``None`` for what is no number or beyond all measure."""
    if int.from_bytes(content[:3], "little") in NO_NUMBERS:
        return None
    power = int.from_bytes(content[3:], "little", signed=True)
    if abs(power) > LARGEST_POWER:
        return None
    mantissa = int.from_bytes(content[:3], "little", signed=True)
    return mantissa / 10**-power if power < 0 else float(mantissa * 10**power)
