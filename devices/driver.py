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
from devices.reading import DeviceEvent, DeviceKind, MeasuringSite, Outgoing, ReadingKind

DriverOptions = Mapping[str, str | int | float | bool]


class Wire(StrEnum):
    """How bytes reach the driver.

    A serial line, a connection (``TCP``) and an answer that never ends (``HTTP_PULL``) are streams: the
    driver is fed any cut of them. Broker messages, pushed requests, camera frames, Bluetooth
    notifications and typed values are messages: each feed is exactly one, whole.
    """

    SERIAL = "serial"
    TCP = "tcp"
    HTTP_PULL = "http_pull"
    MQTT = "mqtt"
    HTTP_PUSH = "http_push"
    UVC = "uvc"
    BLE = "ble"
    MANUAL = "manual"
    FILE = "file"

    @property
    def is_stream(self) -> bool:
        """Whether bytes come in any cut, and the driver must find its way back by itself."""
        return self in {Wire.SERIAL, Wire.TCP, Wire.HTTP_PULL}

    @property
    def is_message(self) -> bool:
        """Whether each feed is one whole message."""
        return not self.is_stream and self is not Wire.FILE


class QualityGrade(StrEnum):
    """Bronze: decodes captures. Silver: survives link loss tests. Gold: calibrated, limits documented."""

    BRONZE = "bronze"
    SILVER = "silver"
    GOLD = "gold"


class CaptureFormat(msgspec.Struct, frozen=True, kw_only=True):
    """What a USB camera is asked for: OpenCV's code of four letters, and the size of a frame with all its rows."""

    fourcc: str
    columns: int
    rows: int

    def __post_init__(self) -> None:
        """Refuse what no camera can be asked for."""
        if len(self.fourcc) != 4 or not self.fourcc.isascii() or not (self.columns > 0 and self.rows > 0):
            msg = "a capture format is a code of four letters and a size in pixels"
            raise ValueError(msg)

    def frames_in(self, recorded: bytes) -> list[bytes]:
        """Cut a recording of raw frames (two bytes a pixel); one of another length is a single frame.

        >>> [len(part) for part in CaptureFormat(fourcc="Y16 ", columns=4, rows=2).frames_in(bytes(32))]
        [16, 16]
        """
        size = 2 * self.columns * self.rows
        if len(recorded) % size:
            return [recorded]
        return [recorded[start : start + size] for start in range(0, len(recorded), size)]


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a model before a byte flows; shown by ``python -m devices list``.

    ``topics`` are what an MQTT link subscribes to; ``{name}`` stands for the device's option of that
    name, or for its device id where the option is not set; a topic with ``{name?}`` is left out where it
    is not set. With ``names_topic`` the link writes the topic and a blank before each payload, as
    ``mosquitto_sub -v`` prints them. ``options_for_recordings`` are what
    ``python -m devices decode`` sets when it is not told otherwise. ``firmware_known`` are the firmwares
    whose bytes were seen or documented; ``verified_against`` says in one clause with which bytes or
    other decoder this one was checked. ``capture`` is what a camera link asks the camera for.
    ``warm_up_min`` is how many minutes its maker or a standard asks for before readings count; 0: nobody stated it.
    ``longest_silence_s``: a device of events that has a beat is stale after so long without a byte; None: it has none.
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
    names_topic: bool = False
    options_for_recordings: dict[str, str | int | float | bool] = {}
    grade: QualityGrade = QualityGrade.BRONZE
    known_limits: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    firmware_known: tuple[str, ...] = ()
    verified_against: str = ""
    capture: CaptureFormat | None = None
    warm_up_min: float = 0.0
    longest_silence_s: float | None = None


class Driver(Protocol):
    """The contract each driver keeps; the conformance suite runs on every registered one.

    A driver is built as ``Driver(device_id=..., options={...})``; unknown options raise
    ``DeviceConfigurationError``. It never raises on bytes: what it cannot read becomes a ``Fault``.

    ``opening`` are the commands that the device must hear each time its link was opened (start to
    stream, enable, rate). A driver that has none leaves the attribute out; ask ``opening_of``.

    ``idle(received_at=...)`` is for the few whose messages end by silence alone, and gives the events
    that it completes; a driver that needs none leaves it out too; ask ``idle_of``.
    """

    manifest: ClassVar[Manifest]
    opening: tuple[Outgoing, ...] = ()

    def feed(self, chunk: bytes, *, received_at: datetime, is_retained: bool = False) -> Iterable[DeviceEvent]:
        """Take the next bytes (for message wires: one whole message) and give the events they complete."""
        ...

    def finish(self, *, received_at: datetime) -> Iterable[DeviceEvent]:
        """Say that the stream ended: what is left over becomes a fault with its offset."""
        ...


def opening_of(driver: Driver) -> tuple[Outgoing, ...]:
    """Give what the device must hear each time its link was opened, nothing for a driver that names nothing."""
    opening: tuple[Outgoing, ...] = getattr(driver, "opening", ())
    return opening


def idle_of(driver: Driver, *, received_at: datetime) -> Iterable[DeviceEvent]:
    """Say to a driver that nothing came for a while, and give what that completes."""
    idle = getattr(driver, "idle", None)
    return () if idle is None else tuple(idle(received_at=received_at))


def refuse_unknown_options(options: DriverOptions, *, known: Collection[str], driver: str) -> None:
    """Raise ``DeviceConfigurationError`` for a misspelt option, instead of ignoring it for years."""
    unknown = sorted(set(options) - set(known))
    if unknown:
        msg = f"{driver} knows no option {', '.join(unknown)}; known: {', '.join(sorted(known)) or 'none'}"
        raise DeviceConfigurationError(msg)
