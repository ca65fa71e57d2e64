"""A thermometer whose value a person types: a device of its own kind, with a name, an owner and limits.

``feed`` takes one typed entry as JSON: ``{"temperature_c": 37.2, "site": "axillary", "entry_id": "..."}``.
The site must be said each time: an armpit and an ear differ by half a degree, and nobody remembers
afterwards. A comma is a decimal point, as it is on every keyboard of the country. What no living
person can have is kept and marked, so that a typing mistake is seen and decides nothing.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import ClassVar, Final

import msgspec

from devices.device_clock import Timing
from devices.driver import Manifest, QualityGrade, Wire
from devices.errors import DeviceConfigurationError
from devices.reading import (
    Arrival,
    ClockBasis,
    DeviceEvent,
    DeviceKind,
    Fault,
    FaultCode,
    MeasuringSite,
    Reading,
    ReadingKind,
)
from devices.terminal_voice import Measured, TerminalVoice, key_of
from devices.units import TemperatureUnit, number

LONGEST_ENTRY_BYTES: Final = 1024


class Thermometer(StrEnum):
    """What is typed from: an instrument that touches, or one that is pointed."""

    CLINICAL = "clinical"
    INFRARED = "infrared"


KINDS: Final[Mapping[Thermometer, tuple[DeviceKind, ReadingKind]]] = MappingProxyType(
    {
        Thermometer.CLINICAL: (DeviceKind.CLINICAL_THERMOMETER, ReadingKind.CLINICAL),
        Thermometer.INFRARED: (DeviceKind.INFRARED_THERMOMETER, ReadingKind.DEVICE_COMPENSATED),
    }
)
LIMITS_C: Final[Mapping[Thermometer, tuple[float, float]]] = MappingProxyType(
    {Thermometer.CLINICAL: (32.0, 44.0), Thermometer.INFRARED: (30.0, 45.0)}
)


class ManualOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What may be set for one thermometer. ``accuracy_c`` is what its certificate says."""

    thermometer: Thermometer = Thermometer.CLINICAL
    accuracy_c: float = 0.2


class TypedEntry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a person typed. ``entry_id`` tells an entry sent twice from two entries."""

    temperature_c: float | str
    site: MeasuringSite
    entry_id: str = ""


class ManualThermometer:
    """One thermometer. Built as ``ManualThermometer(device_id=..., options={...})``."""

    manifest: ClassVar[Manifest] = Manifest(
        driver="manual",
        model="Hand thermometer, its value typed by an officer",
        device_kind=DeviceKind.CLINICAL_THERMOMETER,
        wire=Wire.MANUAL,
        resolution_c=0.1,
        accuracy_c=0.2,
        kind=ReadingKind.CLINICAL,
        sites=(MeasuringSite.AXILLARY, MeasuringSite.ORAL, MeasuringSite.EAR, MeasuringSite.FOREHEAD),
        grade=QualityGrade.BRONZE,
        known_limits=(
            "a value is what somebody read and typed: a slip inside the limits of a living person is not seen",
            "the time is that of the entry, not of the measurement",
        ),
        sources=("ISO 80601-2-56, clinical thermometers: where and how long they are held",),
        verified_against="entries invented for tests; there is no wire",
    )

    def __init__(self, *, device_id: str, options: Mapping[str, str | int | float | bool]) -> None:
        try:
            self._options = msgspec.convert(dict(options), ManualOptions)
        except msgspec.ValidationError as error:
            msg = f"{device_id}: option of a hand thermometer: {error}"
            raise DeviceConfigurationError(msg) from error
        device_kind, _ = KINDS[self._options.thermometer]
        own = msgspec.structs.replace(self.manifest, accuracy_c=self._options.accuracy_c, device_kind=device_kind)
        self._voice = TerminalVoice(own, device_id=device_id)

    def feed(self, chunk: bytes, *, received_at: datetime, is_retained: bool = False) -> Iterable[DeviceEvent]:
        """Take one typed entry and return what it says; never raises on bytes."""
        del is_retained  # a person keeps nothing for later
        events = [self._decode(chunk, at=received_at)]
        self._voice.byte_offset += len(chunk)
        return events

    def finish(self, *, received_at: datetime) -> Iterable[DeviceEvent]:
        """Entries are whole: nothing is ever left over."""
        del received_at
        return ()

    def _decode(self, payload: bytes, *, at: datetime) -> DeviceEvent:
        size = max(1, len(payload))
        if len(payload) > LONGEST_ENTRY_BYTES:
            return self._voice.fault(FaultCode.OVERLONG, "longer than any entry", at=at, byte_count=size)
        try:
            entry = msgspec.json.decode(payload, type=TypedEntry)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            detail = "no entry with a temperature and a site"
            return self._voice.fault(FaultCode.BAD_MESSAGE, detail, at=at, byte_count=size)
        return self.typed(entry, at=at, byte_count=size)

    def typed(self, entry: TypedEntry, *, at: datetime, byte_count: int = 1) -> Reading | Fault:
        """Turn an entry into a reading, or say why it is none."""
        said = entry.temperature_c
        amount = number(said.replace(",", ".", 1) if isinstance(said, str) else said)
        if amount is None and str(said).strip():
            return self._voice.fault(FaultCode.BAD_MESSAGE, "no number was typed", at=at, byte_count=byte_count)
        _, kind = KINDS[self._options.thermometer]
        measured = Measured(
            amount=amount,
            unit=TemperatureUnit.CELSIUS,
            timing=Timing(observed_at=at, clock_basis=ClockBasis.RECEIVED, arrival=Arrival.LIVE),
            delivery_key=entry.entry_id or key_of(at.isoformat(), str(said), entry.site.value),
            site=entry.site,
            kind=kind,
            plausible_c=LIMITS_C[self._options.thermometer],
        )
        return self._voice.reading_or_fault(measured, byte_count=byte_count)
