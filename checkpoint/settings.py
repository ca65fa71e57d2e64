"""What one edge is told at its start: one TOML file, checked as a whole before anything opens.

The file is found by ``--settings``, then the environment variable ``KIEMDICH_SETTINGS``, then the
first edge of the demonstration that was started last (``var/demo`` or ``var/once``). Every error names the
file, the key and what to write there; a misspelt key is an error, not a silent default.
"""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import msgspec

from sync.agreement.identifiers import SLUG_PATTERN
from sync.agreement.vocabulary import Direction, ModeOfEntry

PROJECT_ROOT = Path(__file__).resolve().parent.parent
DEMONSTRATIONS = ("var/demo", "var/once")
"""Where ``./run`` and ``./run --once`` keep what they wrote."""

Slug = Annotated[str, msgspec.Meta(pattern=SLUG_PATTERN, max_length=64)]
Port = Annotated[int, msgspec.Meta(ge=0, le=65535)]
Seconds = Annotated[float, msgspec.Meta(gt=0, le=3600)]
OptionValue = str | int | float | bool


class SettingsError(ValueError):
    """The settings file cannot be used; a person must change it. Retrying does not help."""


class EdgeSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who this edge is and where it keeps and sends its records."""

    edge_id: Slug
    point_of_entry_id: Slug
    data_dir: str
    deployment: str
    host: str = "127.0.0.1"
    port: Port = 8110
    centre_url: str = ""
    province_sealing_key: str = ""
    centre_public_key: str = ""
    law: str = ""
    is_demo: bool = False


class PairingSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How near in time a reading must be to the presentation of a person, in seconds."""

    window_s: Seconds = 10.0
    stale_after_s: Seconds = 3.0


class LaneSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One lane: its scanners and readers by id; 0 s means no automatic passage."""

    lane_id: Slug
    label: str
    direction: Direction
    mode_of_entry: ModeOfEntry = ModeOfEntry.ROAD
    devices: tuple[Slug, ...] = ()
    automatic_passage_s: Annotated[float, msgspec.Meta(ge=0, le=60)] = 0


class DeviceSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One device on a link; the driver's options are checked by the driver."""

    device_id: Slug
    driver: str
    url: str
    options: dict[str, OptionValue] = {}


class IsolationSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The gate's isolation room. No place means every referral is handed over at once."""

    room_id: Slug = "isolation"
    places: tuple[str, ...] = ()


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole file."""

    edge: EdgeSettings
    pairing: PairingSettings = PairingSettings()
    lane: tuple[LaneSettings, ...] = ()
    device: tuple[DeviceSettings, ...] = ()
    isolation: IsolationSettings = IsolationSettings()

    @property
    def lanes(self) -> Mapping[str, LaneSettings]:
        """The lanes by id."""
        return {lane.lane_id: lane for lane in self.lane}

    def lane_of_device(self, device_id: str) -> LaneSettings | None:
        """Return the lane a device stands at, or ``None`` for a device of no lane."""
        return next((lane for lane in self.lane if device_id in lane.devices), None)

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
    return _with_absolute_paths(settings, folder=path.resolve().parent)


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


def _with_absolute_paths(settings: Settings, *, folder: Path) -> Settings:
    edge = settings.edge
    deployment = folder / edge.deployment
    if not deployment.exists():
        deployment = PROJECT_ROOT / edge.deployment
    data_dir = folder / edge.data_dir
    return msgspec.structs.replace(
        settings,
        edge=msgspec.structs.replace(edge, deployment=str(deployment), data_dir=str(data_dir)),
    )
