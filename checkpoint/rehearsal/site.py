"""Where a drill is played: a folder, a name, a database and keys of its own, on the stations of a real gate.

The real edge's settings are read and nothing of it is opened: its lanes, labels and printers are taken over,
its devices are replaced by simulated ones, its centre is left out. Nothing is ever written outside the
drill's own folder.
"""

import json
import os
import secrets
import socket
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec

from checkpoint.drill import Scenario, ScenarioError
from checkpoint.settings import PROJECT_ROOT, LaneSettings, PrinterSettings, Settings, load_settings
from sync.agreement.exercise import exercise_name
from sync.agreement.vocabulary import Direction, Role
from web.passwords import Passwords
from web.sign_in import User

SEARCH_WIDTH: Final = 400
TERMINAL: Final = "facesluice"
ARRAY: Final = "gy_mcu90640"
READER: Final = "mrz_reader"
TRAINER: Final = "tap-huan"
PEOPLE: Final = (
    ("can-bo", "Cán bộ làn (diễn tập)", Role.OFFICER),
    ("phong-cl", "Cán bộ phòng cách ly (diễn tập)", Role.OFFICER),
    (TRAINER, "Người tập huấn (diễn tập)", Role.CDC),
)
"""The accounts of a drill: username, name, role. The last one leads it."""
_BUILT_IN_LANES: Final = (
    LaneSettings(lane_id="lane-1", label="Làn 1", direction=Direction.ENTRY, devices=("scanner-1",)),
    LaneSettings(lane_id="lane-2", label="Làn 2", direction=Direction.ENTRY, devices=("scanner-2",)),
)
Scalar = str | int | float | bool | Sequence[str]


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """An account that exists as long as the drill's folder; its password is made up for it."""

    username: str
    name: str
    role: Role
    password: str

    def as_user(self, *, passwords: Passwords) -> User:
        """Return what the edge keeps of it."""
        kept = passwords.hash_password(self.password, username=self.username)
        return User(username=self.username, name=self.name, role=self.role.value, password_hash=kept)


class DrillLane(msgspec.Struct, frozen=True, kw_only=True):
    """One lane of the drill, with the driver of its scanner."""

    settings: LaneSettings
    driver: str

    @property
    def scanner_id(self) -> str:
        """The name of the simulated scanner."""
        return exercise_name(f"{self.settings.lane_id}-scanner")

    @property
    def reader_id(self) -> str:
        """The name of the simulated document reader."""
        return exercise_name(f"{self.settings.lane_id}-reader")


class DrillSite(msgspec.Struct, frozen=True, kw_only=True):
    """Everything about one drill that is written down before it begins."""

    folder: Path
    settings_path: Path
    lanes: tuple[DrillLane, ...]
    accounts: tuple[Account, ...]
    port: int
    host: str
    broker_port: int
    broker_client_port: int

    @property
    def url(self) -> str:
        """The address of the drill's edge."""
        return f"http://{self.host}:{self.port}"

    @property
    def has_terminals(self) -> bool:
        """Whether a scanner speaks over MQTT, so that there must be a broker."""
        return any(lane.driver == TERMINAL for lane in self.lanes)

    def lane(self, number: int) -> DrillLane:
        """Return the lane that a script calls by its number, from 1."""
        return self.lanes[number - 1]

    def account(self, username: str) -> Account:
        """Return one of the drill's accounts."""
        return next(one for one in self.accounts if one.username == username)

    def link(self, device_id: str) -> Path:
        """Return where a simulated serial device is plugged in."""
        return self.folder / f"{device_id}.tty"


def open_site(
    scenario: Scenario, *, scenario_path: str, real: Settings | None, root: Path, port: int, now: datetime
) -> DrillSite:
    """Make a drill's folder and write its settings; raises ``ScenarioError`` where it cannot be played there."""
    folder = _folder(root, scenario=scenario, now=now)
    lanes = _lanes(real, scenario=scenario)
    host = "127.0.0.1" if real is None else real.edge.host
    numbers = free_ports(port, host=host)
    site = DrillSite(
        folder=folder,
        settings_path=folder / "edge.toml",
        lanes=lanes,
        accounts=tuple(
            Account(username=username, name=name, role=role, password=_password()) for username, name, role in PEOPLE
        ),
        host=host,
        port=next(numbers),
        broker_port=next(numbers),
        broker_client_port=next(numbers),
    )
    _write(site.settings_path, _settings_text(site, scenario=scenario, scenario_path=scenario_path, real=real))
    load_settings(site.settings_path)  # a file that the edge would refuse is refused here, by the same words
    return site


def free_ports(first: int, *, host: str) -> Iterator[int]:
    """Yield the ports from ``first`` on that nobody holds."""
    for port in range(first, first + SEARCH_WIDTH):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError:
                continue
        yield port
    msg = f"no free port between {first} and {first + SEARCH_WIDTH} on {host}; choose others with --port"
    raise ScenarioError(msg)


def _folder(root: Path, *, scenario: Scenario, now: datetime) -> Path:
    folder = (root / f"{scenario.id}-{now:%Y%m%dT%H%M%S}-{secrets.token_hex(2)}").resolve()
    folder.mkdir(parents=True, mode=0o700)
    return folder


def _lanes(real: Settings | None, *, scenario: Scenario) -> tuple[DrillLane, ...]:
    """Take the lanes of the real stations; the first ones stand in where the script names more than there are."""
    settings = _BUILT_IN_LANES if real is None else real.lane
    if len(settings) < scenario.lane_count:
        msg = f"{scenario.id} needs {scenario.lane_count} lanes, the settings have {len(settings)}"
        raise ScenarioError(msg)
    unplugged = {one.lane for one in scenario.inject if one.cable is not None}
    return tuple(
        DrillLane(settings=lane, driver=ARRAY if number in unplugged else _driver(lane, number=number, real=real))
        for number, lane in enumerate(settings, start=1)
    )


def _driver(lane: LaneSettings, *, number: int, real: Settings | None) -> str:
    """Return the driver that the lane's own scanner has, as far as somebody simulates it."""
    if real is None:
        return ARRAY if number % 2 else TERMINAL
    drivers = {one.device_id: one.driver for one in real.device}
    return TERMINAL if TERMINAL in {drivers.get(name) for name in lane.devices} else ARRAY


def _settings_text(site: DrillSite, *, scenario: Scenario, scenario_path: str, real: Settings | None) -> str:
    stands_for = "mong-cai-1" if real is None else real.edge.edge_id
    edge: dict[str, Scalar] = {
        "edge_id": exercise_name(stands_for),
        "point_of_entry_id": "mong-cai" if real is None else real.edge.point_of_entry_id,
        "data_dir": str(site.folder / "edge"),
        "deployment": str(PROJECT_ROOT / "deploy/provinces/quang-ninh.toml") if real is None else real.edge.deployment,
        "law": "" if real is None else real.edge.law,
        "host": site.host,
        "port": site.port,
        "is_demo": True,
        "is_exercise": True,
        "exercise": scenario_path,
        "stands_for": stands_for,
    }
    sections = [_section("[edge]", edge), _section("[isolation]", {"places": list(scenario.places)})]
    if real is not None:
        sections += [_section("[pairing]", msgspec.to_builtins(real.pairing)), _printer("[printer]", real.printer)]
    for lane in site.lanes:
        sections += _lane_sections(site, lane)
    return "\n".join(sections)


def _lane_sections(site: DrillSite, lane: DrillLane) -> list[str]:
    own = lane.settings
    rows: dict[str, Scalar] = {
        "lane_id": own.lane_id,
        "label": own.label,
        "direction": own.direction.value,
        "mode_of_entry": own.mode_of_entry.value,
        "devices": [lane.scanner_id, lane.reader_id],
        "automatic_passage_s": own.automatic_passage_s,
    }
    scanner_url = f"mqtt://127.0.0.1:{site.broker_port}" if lane.driver == TERMINAL else _serial(site, lane.scanner_id)
    return [
        _section("[[lane]]", rows),
        *([] if own.printer is None else [_printer("[lane.printer]", own.printer)]),
        _section("[[device]]", {"device_id": lane.scanner_id, "driver": lane.driver, "url": scanner_url}),
        _section("[[device]]", {"device_id": lane.reader_id, "driver": READER, "url": _serial(site, lane.reader_id)}),
    ]


def _serial(site: DrillSite, device_id: str) -> str:
    return f"serial://{site.link(device_id)}?baud=115200"


def _printer(head: str, printer: PrinterSettings) -> str:
    return _section(head, msgspec.to_builtins(printer))


def _section(head: str, rows: Mapping[str, Scalar]) -> str:
    """Write a table of TOML: strings, numbers, booleans and lists of these are written as JSON writes them."""
    return (
        "\n".join([head, *(f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in rows.items())]) + "\n"
    )


def _password() -> str:
    return "-".join(secrets.token_hex(2) for _ in range(3))


def _write(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
