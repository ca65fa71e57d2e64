"""What a driver is: a pure incremental decoder plus a manifest. No I/O, no clock, no people.

A driver is fed whatever bytes arrived, in any cut, and gives back the events they complete. The
same code therefore decodes a serial port, an MQTT message, a recorded file and a fuzzer's noise.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Protocol

import msgspec

from devices.errors import DeviceConfigurationError
from devices.reading import DeviceEvent, DeviceKind, MeasuringSite, ReadingKind

DriverOptions = Mapping[str, str | int | float | bool]


class Wire(StrEnum):
    """How bytes reach the driver."""

    SERIAL = "serial"
    MQTT = "mqtt"
    HTTP_PUSH = "http_push"
    FILE = "file"


class QualityGrade(StrEnum):
    """Bronze: decodes captures. Silver: survives link loss tests. Gold: calibrated, limits documented."""

    BRONZE = "bronze"
    SILVER = "silver"
    GOLD = "gold"


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a model before a byte flows; shown by ``python -m devices list``.

    ``topics`` are what an MQTT link subscribes to; ``{name}`` stands for the device's option of that
    name, or for its device id where the option is not set. ``options_for_recordings`` are what
    ``python -m devices decode`` sets when it is not told otherwise.
    """

    driver: str
    model: str
    device_kind: DeviceKind
    wire: Wire
    baud_rates: tuple[int, ...] = ()
    default_baud: int | None = None
    frame_rate_hz: tuple[float, ...] = ()
    columns: int | None = None
    rows: int | None = None
    resolution_c: float | None = None
    accuracy_c: float | None = None
    kind: ReadingKind | None = None
    sites: tuple[MeasuringSite, ...] = ()
    has_clock: bool = False
    acknowledges: bool = False
    is_indicative: bool = False
    topics: tuple[str, ...] = ()
    options_for_recordings: dict[str, str | int | float | bool] = {}
    grade: QualityGrade = QualityGrade.BRONZE
    known_limits: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()


class Driver(Protocol):
    """The contract each driver keeps; the conformance suite runs on every registered one.

    A driver is built as ``Driver(device_id=..., options={...})``; unknown options raise
    ``DeviceConfigurationError``. It never raises on bytes: what it cannot read becomes a ``Fault``.
    """

    manifest: ClassVar[Manifest]

    def feed(self, chunk: bytes, *, received_at: datetime, is_retained: bool = False) -> Iterable[DeviceEvent]:
        """Take the next bytes (for message wires: one whole message) and give the events they complete."""
        ...

    def finish(self, *, received_at: datetime) -> Iterable[DeviceEvent]:
        """Say that the stream ended: what is left over becomes a fault with its offset."""
        ...


def refuse_unknown_options(options: DriverOptions, *, known: Collection[str], driver: str) -> None:
    """Raise ``DeviceConfigurationError`` for a misspelt option, instead of ignoring it for years."""
    unknown = sorted(set(options) - set(known))
    if unknown:
        msg = f"{driver} knows no option {', '.join(unknown)}; known: {', '.join(sorted(known)) or 'none'}"
        raise DeviceConfigurationError(msg)
