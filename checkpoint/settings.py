"""What one edge is told at its start: one TOML file, checked as a whole before anything opens.

The file is found by ``--settings``, then the environment variable ``KIEMDICH_SETTINGS``, then the
first edge of the demonstration that was started last (``var/demo`` or ``var/once``). Every error names the
file, the key and what to write there; a misspelt key is an error, not a silent default.
"""

import os
import re
import tomllib
from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import msgspec

from devices.condition import last_day_of
from sync.agreement.exercise import EXERCISE_PREFIX, is_exercise_name
from sync.agreement.identifiers import SLUG_PATTERN
from sync.agreement.paper_words import PrinterKind
from sync.agreement.vocabulary import Direction, ModeOfEntry

PROJECT_ROOT = Path(__file__).resolve().parent.parent
DEMONSTRATIONS = ("var/demo", "var/once")
"""Where ``./run`` and ``./run --once`` keep what they wrote."""

Slug = Annotated[str, msgspec.Meta(pattern=SLUG_PATTERN, max_length=64)]
Port = Annotated[int, msgspec.Meta(ge=0, le=65535)]
RegisterWords = Annotated[str, msgspec.Meta(max_length=120)]
"""An entry of the register of devices, as its papers have it."""
Seconds = Annotated[float, msgspec.Meta(gt=0, le=3600)]
ORIGIN_PATTERN = r"^(https?://[^\s/?#@]+)?\Z"
"""A scheme and a host, or nothing."""
OptionValue = str | int | float | bool


class SettingsError(ValueError):
    """The settings file cannot be used; a person must change it. Retrying does not help."""


class EdgeSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who this edge is and where it keeps and sends its records.

    ``proxy_url`` names the proxy on the way to the centre (none is taken from the environment), ``ca_file``
    the certificates of a private authority to believe besides the system's; nothing turns the check off.
    ``is_exercise`` marks an edge that runs a drill: its screens and papers say so, and its slips count in a
    drill alone. Its name, and those of its devices, begin with ``exercise-``; it knows no centre. ``exercise``
    is the file of the scenario that it plays, and ``stands_for`` the edge whose stations it is played on.
    """

    edge_id: Slug
    point_of_entry_id: Slug
    data_dir: str
    deployment: str
    host: str = "127.0.0.1"
    port: Port = 8110
    centre_url: str = ""
    province_sealing_key: str = ""
    centre_public_key: str = ""
    proxy_url: str = ""
    ca_file: str = ""
    law: str = ""
    is_demo: bool = False
    is_exercise: bool = False
    exercise: str = ""
    stands_for: str = ""
    ballast_mib: Annotated[int, msgspec.Meta(ge=0, le=65536)] | None = None


class PairingSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How near in time a reading must be to the presentation of a person, in seconds."""

    window_s: Seconds = 10.0
    stale_after_s: Seconds = 3.0


class PrintSlip(StrEnum):
    """When a cleared person is given a slip."""

    NEVER = "never"
    ON_REQUEST = "on_request"
    ALWAYS = "always"


class PrinterSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A printer of slips and labels: its address, what it speaks, when a slip is printed, and how fine its dots are.

    ``pdf`` needs no address: the paper comes to the officer's own screen, to be printed from there.
    """

    url: str = ""
    language: PrinterKind = PrinterKind.PDF
    when: PrintSlip = PrintSlip.ON_REQUEST
    dots_per_mm: Annotated[float, msgspec.Meta(ge=5, le=24)] = 8.0

    @property
    def is_connected(self) -> bool:
        """Whether the program itself sends to a printer."""
        return self.language is not PrinterKind.PDF


class LaneSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One lane: its scanners and readers by id; 0 s means no automatic passage; its own printer, if it has one.

    ``ask_after_s``: after so long without an act the screen asks whether the person is still there; 0 s: never.
    """

    lane_id: Slug
    label: str
    direction: Direction
    mode_of_entry: ModeOfEntry = ModeOfEntry.ROAD
    devices: tuple[Slug, ...] = ()
    automatic_passage_s: Annotated[float, msgspec.Meta(ge=0, le=60)] = 0
    ask_after_s: Annotated[float, msgspec.Meta(ge=0, le=900)] = 60
    printer: PrinterSettings | None = None


class DeviceSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One device on a link, and its entry in the register; the driver's options are checked by the driver.

    Serial number and firmware are what the papers say: a device that says otherwise is shown as a contradiction.
    Without ``warm_up_min`` the driver's manifest says how long the model warms up; without ``longest_silence_s`` it
    says after how long without a sign of life a device is stale.
    """

    device_id: Slug
    driver: str
    url: str
    options: dict[str, OptionValue] = {}
    serial_number: RegisterWords = ""
    firmware: RegisterWords = ""
    owner: RegisterWords = ""
    certificate: RegisterWords = ""
    calibrated_on: date | None = None
    calibration_due_on: date | None = None
    calibration_interval_months: Annotated[int, msgspec.Meta(ge=1, le=120)] | None = None
    warm_up_min: Annotated[float, msgspec.Meta(ge=0, le=1440)] | None = None
    longest_silence_s: Annotated[float, msgspec.Meta(ge=1, le=3600)] | None = None

    def __post_init__(self) -> None:
        """Refuse dates of a calibration that contradict each other, or an interval that begins nowhere."""
        if self.calibration_interval_months is not None:
            if self.calibration_due_on is not None:
                msg = "give calibration_due_on or calibration_interval_months, not both"
                raise ValueError(msg)
            if self.calibrated_on is None:
                msg = "calibration_interval_months counts from calibrated_on: add calibrated_on"
                raise ValueError(msg)
        if self.calibrated_on and self.calibration_due_on and self.calibration_due_on <= self.calibrated_on:
            msg = "calibration_due_on must be later than calibrated_on"
            raise ValueError(msg)

    @property
    def calibration_due(self) -> date | None:
        """The last day on which the calibration holds; ``None``: nobody stated one."""
        if self.calibrated_on is None or self.calibration_interval_months is None:
            return self.calibration_due_on
        return last_day_of(self.calibrated_on, months=self.calibration_interval_months)


class IsolationSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The gate's isolation room. No place means every referral is handed over at once."""

    room_id: Slug = "isolation"
    places: tuple[str, ...] = ()


class ImageSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long the one sealed picture behind a raised reading is kept, in hours; 0 keeps none at all.

    A normal passage never keeps a picture, whatever stands here.
    """

    kept_h: Annotated[int, msgspec.Meta(ge=0, le=168)] = 24


class HandheldSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What this gate's handhelds may, and for how long; docs/HANDHELD.md says what each of them changes.

    ``address`` is what a phone opens (``https://gate.example``), where it is not the one that stations use.
    """

    address: Annotated[str, msgspec.Meta(pattern=ORIGIN_PATTERN, max_length=200)] = ""
    code_lives_min: Annotated[int, msgspec.Meta(ge=1, le=60)] = 15
    permit_lives_h: Annotated[int, msgspec.Meta(ge=1, le=24)] = 12
    lock_after_min: Annotated[int, msgspec.Meta(ge=1, le=60)] = 5
    forget_refused_after_h: Annotated[int, msgspec.Meta(ge=1, le=168)] = 12
    mend_within_h: Annotated[int, msgspec.Meta(ge=1, le=168)] = 24
    most_waiting: Annotated[int, msgspec.Meta(ge=20, le=100_000)] = 2000
    receipts_kept: Annotated[int, msgspec.Meta(ge=8, le=1000)] = 50


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole file."""

    edge: EdgeSettings
    pairing: PairingSettings = PairingSettings()
    lane: tuple[LaneSettings, ...] = ()
    device: tuple[DeviceSettings, ...] = ()
    isolation: IsolationSettings = IsolationSettings()
    printer: PrinterSettings = PrinterSettings()
    handheld: HandheldSettings = HandheldSettings()
    images: ImageSettings = ImageSettings()

    @property
    def lanes(self) -> Mapping[str, LaneSettings]:
        """The lanes by id."""
        return {lane.lane_id: lane for lane in self.lane}

    @property
    def lane_labels(self) -> Mapping[str, str]:
        """What people call each lane, by its id."""
        return {lane.lane_id: lane.label for lane in self.lane}

    def device_of(self, device_id: str) -> DeviceSettings | None:
        """Return a device by its id, or ``None`` for one that the settings do not name."""
        return next((device for device in self.device if device.device_id == device_id), None)

    def lane_of_device(self, device_id: str) -> LaneSettings | None:
        """Return the lane a device stands at, or ``None`` for a device of no lane."""
        return next((lane for lane in self.lane if device_id in lane.devices), None)

    def hand_thermometer_of(self, lane_id: str, *, is_clinical: bool) -> str:
        """Name the thermometer whose values are typed at a lane: its device ``manual``, else ``hand-<lane>``."""
        wanted = "clinical" if is_clinical else "infrared"
        of_lane = {device_id for lane in self.lane if lane.lane_id == lane_id for device_id in lane.devices}
        typed = (
            device.device_id
            for device in self.device
            if device.device_id in of_lane
            and device.driver == "manual"
            and device.options.get("thermometer", "clinical") == wanted
        )
        return next(typed, f"hand-{lane_id}")

    def printer_at(self, lane_id: str) -> PrinterSettings:
        """Return the printer of a lane: its own, or the one they share."""
        return self.lanes[lane_id].printer or self.printer

    @property
    def label_printer(self) -> PrinterSettings:
        """Return the printer that labels come from: the shared one, or the first lane's that is connected."""
        own = [lane.printer for lane in self.lane if lane.printer is not None]
        return next((one for one in (self.printer, *own) if one.is_connected), self.printer)

    @property
    def data_path(self) -> Path:
        """The folder of the database and the keys, absolute."""
        return Path(self.edge.data_dir)


def load_settings(path: Path) -> Settings:
    """Read and check a settings file; relative paths in it are made absolute.

    Raises ``SettingsError`` naming file, key and remedy.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        msg = f"{path}: there is no such settings file; pass --settings FILE or set KIEMDICH_SETTINGS"
        raise SettingsError(msg) from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        msg = f"{path}: cannot be read as TOML ({error}); correct that line"
        raise SettingsError(msg) from error
    try:
        settings = msgspec.convert(table, Settings)
    except msgspec.ValidationError as error:
        msg = f"{path}: {_explain(error)}"
        raise SettingsError(msg) from error
    _check_references(settings, path=path)
    _check_printers(settings, path=path)
    _check_exercise(settings, path=path)
    settings = _with_absolute_paths(settings, folder=path.resolve().parent)
    _check_way(settings.edge, path=path)
    return settings


def find_settings(given: Path | None, *, environment: Mapping[str, str] = os.environ) -> Path:
    """Say which settings file to use when ``--settings`` may be absent."""
    if given is not None:
        return given
    if named := environment.get("KIEMDICH_SETTINGS"):
        return Path(named)
    started = [edges[0] for name in DEMONSTRATIONS if (edges := sorted((PROJECT_ROOT / name).glob("edge-*.toml")))]
    if started:
        return max(started, key=lambda path: path.stat().st_mtime)
    msg = "no settings file: pass --settings FILE, set KIEMDICH_SETTINGS, or start the demo with ./run"
    raise SettingsError(msg)


def _explain(error: msgspec.ValidationError) -> str:
    """Turn msgspec's ``... - at `$.edge.port``` into key first, then remedy."""
    words, _, place = str(error).partition(" - at `$")
    key = place.rstrip("`").lstrip(".") or "top of the file"
    return f"key {key}: {words}; correct or add this key"


def _check_references(settings: Settings, *, path: Path) -> None:
    known = {device.device_id for device in settings.device}
    named: set[str] = set()
    for lane in settings.lane:
        for device_id in lane.devices:
            if device_id not in known:
                msg = f"{path}: key lane.devices: {lane.lane_id} names {device_id!r}; add a [[device]] with that id"
                raise SettingsError(msg)
            if device_id in named:
                msg = f"{path}: key lane.devices: {device_id!r} stands at two lanes; give it to one"
                raise SettingsError(msg)
            named.add(device_id)
    for key, values in (
        ("lane.lane_id", [lane.lane_id for lane in settings.lane]),
        ("device.device_id", [device.device_id for device in settings.device]),
        ("isolation.places", list(settings.isolation.places)),
    ):
        twice = sorted({value for value in values if values.count(value) > 1})
        if twice:
            msg = f"{path}: key {key}: {', '.join(twice)} is given twice; names must differ"
            raise SettingsError(msg)


_PRINTER_ADDRESS = re.compile(r"(usb:/|serial:/|tcp://)\S+\Z")


def _check_printers(settings: Settings, *, path: Path) -> None:
    lanes = [(f"lane.printer ({lane.lane_id})", lane.printer) for lane in settings.lane if lane.printer is not None]
    for key, printer in (("printer", settings.printer), *lanes):
        if printer.is_connected and not _PRINTER_ADDRESS.match(printer.url):
            msg = f"{path}: key {key}.url: write usb:/dev/usb/lp0, serial:/dev/ttyUSB0 or tcp://host:9100"
            raise SettingsError(msg)
        if not printer.is_connected and printer.when is PrintSlip.ALWAYS:
            msg = f"{path}: key {key}.when: only a printer with an address prints by itself; write on_request"
            raise SettingsError(msg)


def _check_exercise(settings: Settings, *, path: Path) -> None:
    """Keep drills and real gates apart: by the names of edge and devices, and by the way to a centre."""
    edge = settings.edge
    names = [("edge.edge_id", edge.edge_id), *(("device.device_id", one.device_id) for one in settings.device)]
    for key, name in names:
        if is_exercise_name(name) is not edge.is_exercise:
            remedy = f"begin it with {EXERCISE_PREFIX!r}" if edge.is_exercise else "only a drill has such a name"
            msg = f"{path}: key {key}: {name!r} does not fit is_exercise = {str(edge.is_exercise).lower()}; {remedy}"
            raise SettingsError(msg)
    if not edge.is_exercise and any(EXERCISE_PREFIX in one.url for one in settings.device):
        msg = f"{path}: key device.url: a scanner of a drill stands at no real lane; name the scanner's own port"
        raise SettingsError(msg)
    if edge.is_exercise and (edge.centre_url or edge.centre_public_key or edge.province_sealing_key):
        msg = f"{path}: key edge.centre_url: a drill has no centre; leave centre_url and the centre's keys out"
        raise SettingsError(msg)


_KEY = re.compile(r"([0-9a-fA-F]{64})?\Z")
_ADDRESS = re.compile(r"(https?://[^\s/]\S*)?\Z")
_WAY = (
    ("centre_public_key", _KEY, "a key has 64 hex digits; copy it from the centre's screen, or leave the key out"),
    ("province_sealing_key", _KEY, "a key has 64 hex digits; copy it from the centre's screen, or leave the key out"),
    ("centre_url", _ADDRESS, "write the whole address, such as https://kiemdich.example"),
    ("proxy_url", _ADDRESS, "write the whole address, such as http://proxy.example:3128"),
)


def _check_way(edge: EdgeSettings, *, path: Path) -> None:
    """Refuse what would fail only later, on the way to the centre: beside lanes that are open by then."""
    for key, pattern, remedy in _WAY:
        if not pattern.match(getattr(edge, key)):
            msg = f"{path}: key edge.{key}: {remedy}"
            raise SettingsError(msg)
    if edge.ca_file and not Path(edge.ca_file).is_file():
        msg = f"{path}: key edge.ca_file: there is no file {edge.ca_file}; put the certificate there, or leave it out"
        raise SettingsError(msg)


def _with_absolute_paths(settings: Settings, *, folder: Path) -> Settings:
    edge = settings.edge
    deployment = folder / edge.deployment
    if not deployment.exists():
        deployment = PROJECT_ROOT / edge.deployment
    data_dir = folder / edge.data_dir
    ca_file = str(folder / edge.ca_file) if edge.ca_file else ""
    return msgspec.structs.replace(
        settings,
        edge=msgspec.structs.replace(edge, deployment=str(deployment), data_dir=str(data_dir), ca_file=ca_file),
    )
