"""Real edges for fault tests: a settings file, people through a lane, and what the journal then holds."""

from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import NamedTuple

import msgspec

from checkpoint.actions.deciding import CloseCommand, MeasureCommand, close_crossing, measure_person
from checkpoint.actions.gate import Gate
from checkpoint.actions.presenting import PresentCommand, present_person
from checkpoint.lane import Phase
from checkpoint.settings import Settings, load_settings
from checkpoint.store.identity import open_identity
from tests.central.running import RunningCentre
from tests.checkpoint.edges import ROOT, opened

LANE = "lane-1"
COMMIT_WITHIN_S = 30
SETTINGS = """
[edge]
edge_id = "{edge_id}"
point_of_entry_id = "{gate}"
data_dir = "{folder}/{edge_id}"
port = {port}
deployment = "{root}/deploy/provinces/quang-ninh.toml"
centre_url = "{centre_url}"
centre_public_key = "{centre_public_key}"
province_sealing_key = "{province_sealing_key}"
is_demo = true

[pairing]
window_s = 60.0

[[lane]]
lane_id = "lane-1"
label = "Làn 1"
direction = "entry"
devices = [{devices}]
{device_tables}
"""
FACE_TERMINAL = """
[[device]]
device_id = "{device_id}"
driver = "facesluice"
url = "{broker_url}"
"""


class Acknowledged(NamedTuple):
    """What an officer was told: this crossing is saved under this number of the journal."""

    sequence: int
    record_id: str


def write_settings(
    folder: Path,
    edge_id: str,
    *,
    centre: RunningCentre | None = None,
    centre_url: str = "",
    gate: str = "mong-cai",
    broker_url: str = "",
    port: int = 0,
) -> Path:
    """Write the settings of one edge that sends to ``centre`` (by way of ``centre_url``, if it is another)."""
    told = centre.identity if centre else {"public_key": "", "province_sealing_key": ""}
    device = f"face-{edge_id}"
    path = folder / f"{edge_id}.toml"
    path.write_text(
        SETTINGS.format(
            edge_id=edge_id,
            gate=gate,
            folder=folder,
            root=ROOT,
            port=port,
            centre_url=centre_url or (centre.url if centre else ""),
            centre_public_key=told["public_key"],
            province_sealing_key=told["province_sealing_key"],
            devices=f'"{device}"' if broker_url else "",
            device_tables=FACE_TERMINAL.format(device_id=device, broker_url=broker_url) if broker_url else "",
        ),
        encoding="utf-8",
    )
    return path


def enrol(centre: RunningCentre, settings_path: Path) -> None:
    """Let the centre know this edge by the key that it makes now; an operator types the command."""
    settings = load_settings(settings_path)
    settings.data_path.mkdir(parents=True, exist_ok=True)
    public = open_identity(settings.data_path, edge_id=settings.edge.edge_id).public
    words = ("--edge-id", public.edge_id, "--point-of-entry-id", settings.edge.point_of_entry_id)
    done = centre.command("enrol", *words, "--public-key", public.public_key)
    assert done.returncode == 0, done.stderr


def now() -> datetime:
    """The clock of these edges: real time."""
    return datetime.now(UTC)


def open_edge(settings_path: Path, *, clock=now) -> Gate:
    """Open an edge as ``python -m checkpoint serve`` does, without its web service."""
    return opened(load_settings(settings_path), clock=clock)


def load(settings_path: Path) -> Settings:
    """Read the settings again."""
    return load_settings(settings_path)


class Officer:
    """Lets one person after another through a lane of an opened edge, by hand thermometer."""

    def __init__(self, gate: Gate) -> None:
        self.gate = gate
        self._numbers = count(100_000 + gate.head_sequence % 800_000)

    def screen(self, *, temperature_c: float = 36.5) -> Acknowledged:
        """Screen one person; returns what the officer's screen says once it is saved."""
        if self._phase is Phase.EMPTY:
            shown = PresentCommand(text=f"QN {next(self._numbers)}", has_declaration=True)
            self._perform(lambda turn: present_person(turn, LANE, shown))
        if self._phase is Phase.AWAITING_READING:
            by_hand = {"temperature_c": temperature_c, "device_kind": "infrared_thermometer", "site": "forehead"}
            measured = msgspec.convert(by_hand, MeasureCommand)
            self._perform(lambda turn: measure_person(turn, LANE, measured))
        closing = msgspec.convert({"draft_id": self.gate.sheets[LANE].state.person.crossing_id}, CloseCommand)
        saved = self._perform(lambda turn: close_crossing(turn, LANE, closing)).saved
        return Acknowledged(saved.sequence, str(saved.record_id))

    @property
    def _phase(self) -> Phase:
        return self.gate.sheets[LANE].state.phase

    def _perform(self, command):
        return self.gate.perform(command, officer_ref="canbo").result(COMMIT_WITHIN_S)


def journal_rows(gate: Gate) -> list[tuple[int, int, str, bytes]]:
    """What the journal holds: (incarnation, sequence, record_id, hash) in its own order."""
    sql = "SELECT incarnation, sequence, record_id, hash FROM journal ORDER BY incarnation, sequence"
    with gate.store.readers.connect() as connection:
        columns = {row[1] for row in connection.exec_driver_sql("PRAGMA table_info(journal)")}
        if "incarnation" not in columns:
            sql = sql.replace(
                "incarnation, sequence, record_id", f"{gate.identity.incarnation}, sequence, record_id", 1
            )
            sql = sql.replace("incarnation, sequence", "sequence")
        return [tuple(row) for row in connection.exec_driver_sql(sql)]
