"""What the centre is told at its start: one TOML file, checked as a whole before anything opens.

The file is found by ``--settings``, then the environment variable ``KIEMDICH_SETTINGS``, then the
demonstration's that was started last (``var/demo`` or ``var/once``). Every error names the file, the key
and what to write there.
"""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import msgspec

from sync.agreement.identifiers import SLUG_PATTERN

PROJECT_ROOT = Path(__file__).resolve().parent.parent
DEMONSTRATIONS = ("var/demo", "var/once")
"""Where ``./run`` and ``./run --once`` keep what they wrote."""

Slug = Annotated[str, msgspec.Meta(pattern=SLUG_PATTERN, max_length=64)]
Port = Annotated[int, msgspec.Meta(ge=0, le=65535)]


class SettingsError(ValueError):
    """The settings file cannot be used; a person must change it. Retrying does not help."""


class CentreSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who this centre is, where it keeps its ledger, and whom it serves.

    ``database_url`` is ``postgresql+psycopg://...`` or, for a demonstration, ``sqlite:///...``.
    """

    centre_id: Slug
    data_dir: str
    database_url: str
    deployment: str
    host: str = "127.0.0.1"
    port: Port = 8100
    law: str = ""
    silent_after_min: Annotated[int, msgspec.Meta(ge=1, le=1440)] = 15
    is_demo: bool = False


class FederationSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The national centre that this province reports to: its address and its public key (64 hex digits)."""

    national_url: str
    national_public_key: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole file."""

    centre: CentreSettings
    federation: FederationSettings | None = None

    @property
    def data_path(self) -> Path:
        """The folder of the keys (and of the SQLite database of a demonstration), absolute."""
        return Path(self.centre.data_dir)


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
        words, _, place = str(error).partition(" - at `$")
        key = place.rstrip("`").lstrip(".") or "top of the file"
        msg = f"{path}: key {key}: {words}; correct or add this key"
        raise SettingsError(msg) from error
    _check_database(settings, path=path)
    return _with_absolute_paths(settings, folder=path.resolve().parent)


def find_settings(given: Path | None, *, environment: Mapping[str, str] = os.environ) -> Path:
    """Say which settings file to use when ``--settings`` may be absent."""
    if given is not None:
        return given
    if named := environment.get("KIEMDICH_SETTINGS"):
        return Path(named)
    started = [path for name in DEMONSTRATIONS if (path := PROJECT_ROOT / name / "central.toml").exists()]
    if started:
        return max(started, key=lambda path: path.stat().st_mtime)
    msg = "no settings file: pass --settings FILE, set KIEMDICH_SETTINGS, or start the demo with ./run"
    raise SettingsError(msg)


def _check_database(settings: Settings, *, path: Path) -> None:
    url = settings.centre.database_url
    if url.startswith("postgresql+psycopg://") or (url.startswith("sqlite:///") and settings.centre.is_demo):
        return
    remedy = "write postgresql+psycopg://user@host/database (sqlite:///... is for is_demo = true only)"
    msg = f"{path}: key centre.database_url: {remedy}"
    raise SettingsError(msg)


def _with_absolute_paths(settings: Settings, *, folder: Path) -> Settings:
    centre = settings.centre
    deployment = folder / centre.deployment
    if not deployment.exists():
        deployment = PROJECT_ROOT / centre.deployment
    url = centre.database_url
    if url.startswith("sqlite:///"):
        url = f"sqlite:///{folder / url.removeprefix('sqlite:///')}"
    changed = msgspec.structs.replace(
        centre, data_dir=str(folder / centre.data_dir), deployment=str(deployment), database_url=url
    )
    return msgspec.structs.replace(settings, centre=changed)
