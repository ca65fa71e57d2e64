"""Attacks 23, 24 and 27: cloned and restored edges, and a centre whose end was cut off by its own keeper.

Real edges (encrypted store, identity files) whose folders are copied as an attacker or a bad evening
copies them; their uplinks step by hand, so that each moment is chosen.
"""

import shutil
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from central.actions.witnessing import Witnessing
from central.store.keys import load_keys
from checkpoint.settings import load_settings
from checkpoint.store.identity import open_identity
from sync.agreement.records import RecordRecovered
from sync.exchange.chain import record_hash
from sync.exchange.envelope import body_of, decode_record
from sync.exchange.transport import HttpTransport
from tests.attacks.drivers import Above
from tests.faults.edges import Officer, journal_rows, open_edge, write_settings
from tests.faults.uplinks import uplink_of

pytestmark = [pytest.mark.timeout(180), pytest.mark.xdist_group("sync-attacks")]


class Machine:
    """One machine with an edge's folder on it: switched on, at work, sending, switched off."""

    def __init__(self, target, folder, edge_id: str) -> None:
        self.target, self.folder, self.edge_id = target, folder, edge_id
        folder.mkdir(exist_ok=True)
        self.settings = write_settings(folder, edge_id, centre=target.centre)
        self.skipped = timedelta()

    def enrol(self) -> "Machine":
        settings = load_settings(self.settings)
        settings.data_path.mkdir(parents=True, exist_ok=True)
        key = bytes.fromhex(open_identity(settings.data_path, edge_id=self.edge_id).public.public_key)
        self.target.store.edges.enrol(self.edge_id, point_of_entry_id="mong-cai", public_key=key, now=datetime.now(UTC))
        return self

    def on(self) -> "Machine":
        self.gate = open_edge(self.settings)
        self.officer = Officer(self.gate)
        self.transport = HttpTransport(self.target.url)
        clock = lambda: datetime.now(UTC) + self.skipped  # noqa: E731
        self.uplink = uplink_of(self.gate, transport=self.transport, clock=clock, draw=lambda: 0.0)
        return self

    def screen(self, people: int) -> "Machine":
        for _ in range(people):
            self.officer.screen()
        return self

    def send(self, *, times: int = 12) -> "Machine":
        for _ in range(times):
            self.skipped += timedelta(seconds=min(self.uplink.step(), 60))
        return self

    def off(self) -> "Machine":
        self.transport.close()
        self.gate.store.close()
        return self

    def copied_to(self, folder) -> "Machine":
        """Copy the whole disk to another machine."""
        copy = Machine(self.target, folder, self.edge_id)
        shutil.copytree(self.folder / self.edge_id, folder / self.edge_id, dirs_exist_ok=True)
        return copy

    @property
    def written(self) -> dict[str, bytes]:
        """The hash of each record in the journal, by record identifier."""
        return {str(record_id): bytes(digest) for _, _, record_id, digest in journal_rows(self.gate)}


def held_by(target, edge_id: str) -> dict[str, list[bytes]]:
    """Each record of this edge that the centre holds, under its own name or re-entered: its hashes."""
    held: dict[str, list[bytes]] = {}
    for (record,) in target.rows("SELECT bytes FROM ledger WHERE edge_id = %s ORDER BY position", edge_id):
        envelope = decode_record(bytes(record))
        held.setdefault(str(envelope.record_id), []).append(record_hash(bytes(record)))
        body = body_of(envelope)
        if isinstance(body, RecordRecovered):
            original = decode_record(body.original)
            held.setdefault(str(original.record_id), []).append(record_hash(body.original))
    return held


def check_all_held(target, machine: Machine) -> None:
    """Every record of this machine's journal is at the centre with the very bytes that the edge wrote."""
    held = held_by(target, machine.edge_id)
    missing = {name for name, digest in machine.written.items() if digest not in held.get(name, [])}
    assert missing == set()


def crossings_of(target, edge_id: str) -> int:
    return target.rows("SELECT count(*) FROM crossing WHERE edge_id = %s", edge_id)[0][0]


def alarm_kinds(target, edge_id: str) -> set[str]:
    return {kind for kind, _ in target.alarms(edge_id)}


def test_attack_23_a_cloned_edge_is_noticed_and_both_histories_are_kept(target, tmp_path):
    one = Machine(target, tmp_path / "one", "clone-1").enrol().on().screen(3).send().off()
    other = one.copied_to(tmp_path / "other").on()
    one.on()
    one.screen(2).send(times=6)
    other.screen(2).send(times=2)
    assert alarm_kinds(target, "clone-1") & {"fork", "identity_duplicate"}, "within one handshake"
    for _ in range(4):
        one.screen(1).send()
        other.screen(1).send()
    check_all_held(target, one)
    check_all_held(target, other)
    assert crossings_of(target, "clone-1") == 3 + 2 + 2 + 4 + 4, "both kept screening, everybody counts once"
    chains = target.rows("SELECT DISTINCT incarnation FROM ledger WHERE edge_id = 'clone-1'")
    assert len(chains) >= 2, "never two histories under one name"
    assert target.verify()["ok"] is True
    one.off()
    other.off()


def test_attack_24_a_restored_backup_gets_a_new_name_and_the_loss_is_a_number(target, tmp_path):
    edge = Machine(target, tmp_path / "edge", "restored-1").enrol().on().screen(3).send().off()
    backup = tmp_path / "backup"
    shutil.copytree(edge.folder / "restored-1", backup)
    edge.on().screen(2).send()
    lost = edge.screen(1)
    assert crossings_of(target, "restored-1") == 5
    lost.off()
    for file in (edge.folder / "restored-1").glob("edge.db*"):
        file.unlink()
    for file in backup.glob("edge.db*"):
        shutil.copy(file, edge.folder / "restored-1")

    edge.on().screen(4).send(times=30)
    assert crossings_of(target, "restored-1") == 5 + 4, "nobody is overwritten, and the new ones arrive"
    check_all_held(target, edge)
    assert "edge_restored" in alarm_kinds(target, "restored-1")
    assert "fork" not in alarm_kinds(target, "restored-1"), "it never pushed under the old name"
    opened = target.rows(
        "SELECT bytes FROM ledger WHERE edge_id = 'restored-1' AND type = 'incarnation_opened' ORDER BY position"
    )
    body = body_of(decode_record(bytes(opened[-1][0])))
    assert body.lost_records == 1, "one person was lost with the disk: said so"
    assert target.verify()["ok"] is True
    edge.off()


@pytest.fixture
def stolen(own_target):
    """The centre's signing key, in the hands of somebody who may also edit every table."""
    return load_keys(own_target.centre.settings.parent / "centre").signing


def test_attack_27_a_ledger_cut_off_and_signed_again_is_caught_by_its_witness(own_target, stolen, tmp_path):
    edge = own_target.edge(people=6, delivered=0)
    above = Above(own_target, edge, url=own_target.url)
    signing = Witnessing(own_target.store, signing_key=stolen, clock=lambda: datetime.now(UTC))
    assert own_target.push(edge, first=1, last=6).status_code == 200
    assert signing.sign_head() is not None
    above.step(times=4)
    witness = edge.last_ledger_head()
    assert witness is not None
    assert witness.position == 6
    own_target.centre.process.stop()

    cut_off(own_target, edge, after=4)
    assert own_target.verify()["ok"] is True, "well forged: the tables agree with each other"
    kept = tmp_path / "witness.jsonl"
    kept.write_bytes(msgspec.json.encode(witness) + b"\n")
    assert own_target.verify("--witness", str(kept))["ok"] is False, "but not with what somebody kept"

    own_target.centre.process.start()
    old = witness.epoch
    above.step(times=90)
    above.transport.close()
    assert alarm_kinds(own_target, "centre") & {"centre_restored", "ledger_rewritten"}
    assert own_target.rows("SELECT epoch FROM centre") != [(old,)], "no number is given out twice"
    assert own_target.dispositions(edge) == ["projected"] * 6, "and what was cut off is fed back"
    assert own_target.verify()["ok"] is True


def cut_off(target, edge, *, after: int) -> None:
    """Cut the ledger's end off and make every table agree, as its keeper could."""
    gone = f"(SELECT crossing_id FROM ledger WHERE position > {after})"
    target.as_superuser(
        f"UPDATE day_count SET count = count - (SELECT count(*) FROM ledger WHERE position > {after})",
        "DELETE FROM day_count WHERE count = 0",
        f"DELETE FROM crossing WHERE crossing_id IN {gone}",
        f"DELETE FROM ledger WHERE position > {after}",
        f"UPDATE ledger_head SET position = {after}, hash = (SELECT ledger_hash FROM ledger WHERE position = {after})",
        f"UPDATE edge_head SET sequence = {after}, hash = (SELECT hash FROM ledger WHERE position = {after})"
        f" WHERE edge_id = '{edge.edge_id}'",
        f"DELETE FROM signed_head WHERE position > {after}",
    )
