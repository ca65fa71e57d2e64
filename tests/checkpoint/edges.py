"""A real edge for tests: encrypted database, policies in force, lanes; only the clock is by hand."""

from pathlib import Path
from uuid import uuid4

import msgspec

from checkpoint.actions.gate import Gate
from checkpoint.actions.handing_over import depart
from checkpoint.actions.opening import open_gate
from checkpoint.actions.presenting import PresentCommand, present_person
from checkpoint.actions.receiving import accept_device_event
from checkpoint.actions.sheet import LaneSheet
from checkpoint.settings import Settings, load_settings
from checkpoint.store.edge_store import migration_engine
from checkpoint.store.identity import open_identity
from migrations import upgrade
from sync.agreement.records import TravellerIdentity
from sync.exchange.chain import ChainHead, verify_chain
from sync.exchange.envelope import Envelope, body_of, decode_record
from sync.exchange.sealing import EpisodeKey, SealedIdentity, associated_bytes, open_sealed, unwrap_episode_key
from tests.checkpoint.people import HandClock, reading

ROOT = Path(__file__).resolve().parent.parent.parent
LANE = "lane-1"
PASS, OTHER_PASS = "QN 100123", "QN 100124"

SETTINGS = """
[edge]
edge_id = "mong-cai-1"
point_of_entry_id = "mong-cai"
data_dir = "data"
port = {port}
deployment = "{root}/deploy/provinces/quang-ninh.toml"
is_demo = true

[[lane]]
lane_id = "lane-1"
label = "Làn 1"
direction = "entry"
devices = [{devices}]

[[lane]]
lane_id = "lane-2"
label = "Làn 2"
direction = "exit"

[isolation]
places = ["C1", "C2"]
"""
FACE_TERMINAL = """
[[device]]
device_id = "face-1"
driver = "facesluice"
url = "mqtt://127.0.0.1:9"
"""


def write_settings(folder: Path, *, port: int = 0, has_device: bool = True) -> Path:
    path = folder / "edge.toml"
    devices = '"face-1"' if has_device else ""
    text = SETTINGS.format(port=port, root=ROOT, devices=devices) + (FACE_TERMINAL if has_device else "")
    path.write_text(text, encoding="utf-8")
    return path


def opened(settings: Settings, *, clock: HandClock) -> Gate:
    open_identity(settings.data_path, edge_id=settings.edge.edge_id)
    engine = migration_engine(settings.data_path)
    upgrade("edge", engine)
    engine.dispose()
    return open_gate(settings, clock=clock)


class Edge:
    """One edge whose officer and scanner are the test. ``restart`` opens the same folder anew."""

    def __init__(self, folder: Path, *, edge_id: str = "mong-cai-1") -> None:
        folder.mkdir(exist_ok=True)
        written = write_settings(folder)
        written.write_text(written.read_text(encoding="utf-8").replace("mong-cai-1", edge_id), encoding="utf-8")
        self.settings = load_settings(written)
        self.clock = HandClock()
        self.gate = opened(self.settings, clock=self.clock)

    def close(self) -> None:
        self.gate.store.close()

    def restart(self) -> None:
        self.close()
        self.restart_closed()

    def restart_closed(self) -> None:
        """Open the folder again, whatever was done to it meanwhile."""
        self.gate = opened(self.settings, clock=self.clock)

    @property
    def sheet(self) -> LaneSheet:
        return self.gate.sheets[LANE]

    @property
    def draft_id(self) -> str:
        return self.sheet.state.person.crossing_id

    def do(self, command, **fields) -> LaneSheet:
        """Give one lane command as the officer: fields are the JSON of its body."""
        shape = command.__annotations__["command"]
        body = msgspec.convert(fields, shape, strict=True)
        return self.gate.perform(lambda turn: command(turn, LANE, body), officer_ref="canbo").result(10)

    def about(self, command, crossing_id: str, **fields):
        """Give one command about a crossing as the officer."""
        body = msgspec.convert(fields, command.__annotations__["command"], strict=True)
        return self.gate.perform(lambda turn: command(turn, crossing_id, body), officer_ref="canbo").result(10)

    def hand_over(self, crossing_id: str, *, destination: str = "Trung tâm Y tế Móng Cái"):
        """Let a person leave for a facility, with an escort in a vehicle."""
        escort = {"escort_names": "Vũ Văn Hộ", "vehicle_plate": "14A-000.01"}
        return self.about(depart, crossing_id, act_id=str(uuid4()), destination=destination, **escort)

    def present(self, text: str | None = PASS, **details) -> LaneSheet:
        body = msgspec.convert({"text": text, "has_declaration": True, **details}, PresentCommand)
        return self.gate.perform(lambda turn: present_person(turn, LANE, body), officer_ref="canbo").result(10)

    def scan_face(self, temperature_c: float, *, key: str | None = None, **details: object) -> LaneSheet:
        """The face terminal measures somebody now; ``details`` replace fields of its reading."""
        at = self.clock.forward(seconds=1)
        told = reading(key or at.isoformat(), at=at, temperature_c=temperature_c)
        accept_device_event(self.gate, msgspec.structs.replace(told, **details))
        return self.sheet

    def rows(self, sql: str) -> list[tuple]:
        with self.gate.store.readers.connect() as connection:
            return [tuple(row) for row in connection.exec_driver_sql(sql)]

    def journal(self) -> list[bytes]:
        return [row[0] for row in self.rows("SELECT bytes FROM journal ORDER BY entry")]

    def envelopes(self) -> list[Envelope]:
        return [decode_record(record) for record in self.journal()]

    def bodies(self) -> list:
        return [body_of(envelope) for envelope in self.envelopes()]

    def identities(self) -> list[TravellerIdentity | None]:
        """Who each record is about, as whoever holds the site's key reads it; ``None`` where nobody can."""
        keys = {key: msgspec.json.decode(kept, type=EpisodeKey) for key, kept in self.rows("SELECT * FROM episode_key")}
        return [self._opened(envelope, keys=keys) for envelope in self.envelopes()]

    def _opened(self, envelope: Envelope, *, keys: dict[str, EpisodeKey]) -> TravellerIdentity | None:
        if envelope.sealing is None or envelope.sealing.episode_id not in keys:
            return None
        wrapped = keys[envelope.sealing.episode_id]
        key = unwrap_episode_key(wrapped, recipient="site", private_key=self.gate.identity.site_key)
        sealed = SealedIdentity(ciphertext=envelope.sealed, nonce=envelope.sealing.nonce)
        associated = associated_bytes(str(envelope.record_id), edge_id=envelope.edge_id)
        return open_sealed(sealed, episode_key=key, associated=associated)

    def check_chain(self) -> ChainHead:
        head = verify_chain(self.journal())
        assert isinstance(head, ChainHead), head
        assert head == self.gate.store.outgoing.head()
        return head
