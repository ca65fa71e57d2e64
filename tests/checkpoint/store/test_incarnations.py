"""A database or identity that came back from another time: found at the start, and nothing lost or doubled.

Real files, real encrypted databases; what the centre would say is said here by hand.
"""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from checkpoint.actions.deciding import close_crossing
from checkpoint.actions.listing import crossing_list
from checkpoint.actions.rechecking import recheck_person
from checkpoint.store import incarnations as incarnations_module
from checkpoint.store import outgoing as outgoing_module
from checkpoint.store import recovery
from checkpoint.store.connection import DATABASE_NAME, DatabaseKeyError
from checkpoint.store.identity import read_incarnation
from checkpoint.store.incarnations import UsedIncarnationError
from checkpoint.store.private_files import FolderFiles
from checkpoint.store.writer import DiskRefusedError
from sync.agreement.records import IncarnationOpened, RecordRecovered
from sync.agreement.vocabulary import IncarnationReason, TravellerCategory
from sync.exchange.chain import ChainHead, verify_chain
from sync.exchange.ends import Abandonment, ChainAtCentre
from sync.exchange.envelope import body_of, decode_record
from sync.exchange.messages import IncarnationGrant, Receipt
from tests.checkpoint.edges import Edge
from tests.checkpoint.people import NORMAL_C, RAISED_C
from tests.demands import demand

RESTORED = IncarnationReason.RESTORED_DATABASE


def grant(number: int, *, previous: int = 1) -> IncarnationGrant:
    return IncarnationGrant(
        edge_id="mong-cai-1",
        incarnation=number,
        previous_incarnation=previous,
        epoch="epoch-1",
        issued_at=datetime(2026, 11, 22, tzinfo=UTC),
        nonce="n",
        signature="s",
    )


def screen(edge: Edge, count: int) -> None:
    for _ in range(count):
        screen.number += 1
        edge.present(f"QN {600_000 + screen.number}")
        edge.scan_face(NORMAL_C)
        edge.do(close_crossing, draft_id=edge.draft_id)


screen.number = 0


def receipt(edge: Edge, sequence: int, *, incarnation: int = 1) -> None:
    """The centre says that it holds a chain so far."""
    held = edge.gate.store.outgoing.hash_at(sequence, incarnation=incarnation)
    words = {"epoch": "epoch-1", "edge_id": "mong-cai-1", "ledger_position": sequence, "nonce": "n", "signature": "s"}
    edge.gate.store.outgoing.note_receipt(
        Receipt(**words, incarnation=incarnation, sequence=sequence, hash=held.hex(), received_at=datetime.now(UTC))
    )


class Backups:
    """Copies of one edge's folder, made while it stands still."""

    def __init__(self, edge: Edge, folder: Path) -> None:
        self._edge = edge
        self._folder = folder
        self._data = edge.settings.data_path

    def make(self, name: str) -> None:
        self._edge.close()
        shutil.copytree(self._data, self._folder / name)
        self._edge.restart_closed()

    def restore(self, name: str, *, database: bool = True, identity: bool = True) -> None:
        self._edge.close()
        if database:
            for path in self._data.glob(f"{DATABASE_NAME}*"):
                path.unlink()
            for path in (self._folder / name).glob(f"{DATABASE_NAME}*"):
                shutil.copy2(path, self._data / path.name)
        if identity:
            # Kept, so that its inode is not given to the copy: on another machine it would not be either.
            (self._data / "identity").rename(self._data / f"identity-before-{name}")
            shutil.copytree(self._folder / name / "identity", self._data / "identity")
        self._edge.restart_closed()


@pytest.fixture
def backups(edge, tmp_path) -> Iterator[Backups]:
    return Backups(edge, tmp_path / "backups")


def chains_of(edge: Edge) -> dict[int, list[bytes]]:
    found: dict[int, list[bytes]] = {}
    for incarnation, content in edge.rows("SELECT incarnation, bytes FROM journal ORDER BY entry"):
        found.setdefault(incarnation, []).append(content)
    for records in found.values():
        assert isinstance(verify_chain(records), ChainHead)
    return found


def opened_in(edge: Edge, incarnation: int) -> IncarnationOpened:
    body = body_of(decode_record(chains_of(edge)[incarnation][0]))
    assert isinstance(body, IncarnationOpened)
    return body


def test_an_edge_that_nothing_happened_to_finds_nothing_however_often_it_starts(edge):
    for _ in range(3):
        screen(edge, 2)
        edge.restart()
        assert edge.gate.store.outgoing.finding() is None
    assert edge.rows("SELECT count(*) FROM sync_notice") == [(0,)]


@demand("R002")
def test_a_restored_database_is_found_the_lane_opens_and_the_lost_range_is_stated(edge, backups):
    screen(edge, 3)
    backups.make("old")
    screen(edge, 4)
    backups.restore("old", identity=False)

    found = edge.gate.store.outgoing.finding()
    assert (found.reason, found.high_water) == (RESTORED, 7)
    screen(edge, 2)
    edge.restart()
    assert edge.gate.store.outgoing.finding().high_water == 7

    edge.gate.store.outgoing.adopt(grant(2), reason=RESTORED, abandon=(), centre_sequence=3)
    opened = opened_in(edge, 2)
    assert (opened.reason, opened.previous_incarnation, opened.previous_sequence) == (RESTORED, 1, 5)
    assert (opened.high_water, opened.lost_records) == (7, 4)
    assert edge.gate.store.outgoing.finding() is None
    edge.restart()
    assert edge.gate.store.outgoing.finding() is None
    screen(edge, 1)
    assert edge.gate.head_sequence == 2


def test_what_the_centre_holds_beyond_the_restored_head_is_not_lost(edge, backups):
    screen(edge, 2)
    backups.make("old")
    screen(edge, 5)
    backups.restore("old", identity=False)
    abandoned = Abandonment(incarnation=1, last_known_sequence=2)
    edge.gate.store.outgoing.adopt(grant(2), reason=RESTORED, abandon=(abandoned,), centre_sequence=6)
    assert opened_in(edge, 2).lost_records == 1


def test_the_same_backup_restored_twice_in_a_row_adds_up_what_is_lost(edge, backups):
    screen(edge, 2)
    backups.make("old")
    screen(edge, 3)
    backups.restore("old", identity=False)
    screen(edge, 2)
    backups.restore("old", identity=False)
    assert edge.gate.store.outgoing.finding().high_water == 2 + 3 + 2
    backups.restore("old", identity=False)
    edge.gate.store.outgoing.adopt(grant(2), reason=RESTORED, abandon=(), centre_sequence=0)
    assert opened_in(edge, 2).lost_records == 5


def test_a_restore_before_an_opening_was_sent_takes_no_statement_of_lost_records_with_it(edge, backups):
    screen(edge, 3)
    backups.make("old")
    screen(edge, 4)
    backups.restore("old", identity=False)
    assert edge.gate.store.outgoing.unstated() == ()
    edge.gate.store.outgoing.adopt(grant(2), reason=RESTORED, abandon=(), centre_sequence=3)
    assert opened_in(edge, 2).lost_records == 4
    assert edge.gate.store.outgoing.unstated() == []
    screen(edge, 1)
    backups.restore("old", identity=False)

    assert [(one.incarnation, one.head.sequence) for one in edge.gate.store.outgoing.unstated()] == [(1, 3), (2, 0)]
    edge.gate.store.outgoing.adopt(grant(3, previous=2), reason=RESTORED, abandon=(), centre_sequence=0)
    # Four of the first chain, and two of the second: its opening and one crossing.
    assert opened_in(edge, 3).lost_records == 4 + 2
    backups.restore("old", identity=False)
    edge.gate.store.outgoing.adopt(grant(4, previous=3), reason=RESTORED, abandon=(), centre_sequence=0)
    assert opened_in(edge, 4).lost_records == 4 + 2 + 1


def test_a_statement_that_the_centre_has_is_not_made_again(edge, backups):
    screen(edge, 3)
    backups.make("old")
    screen(edge, 4)
    backups.restore("old", identity=False)
    edge.gate.store.outgoing.adopt(grant(2), reason=RESTORED, abandon=(), centre_sequence=3)
    backups.restore("old", identity=False)
    told = (ChainAtCentre(incarnation=1, sequence=3, is_ours=True), ChainAtCentre(incarnation=2, sequence=1))
    edge.gate.store.outgoing.adopt(grant(3, previous=2), reason=RESTORED, abandon=(), centre_sequence=1, earlier=told)
    assert opened_in(edge, 3).lost_records == 0


def test_a_database_put_back_that_has_the_statement_makes_no_other(edge, backups):
    screen(edge, 3)
    backups.make("old")
    screen(edge, 4)
    backups.restore("old", identity=False)
    edge.gate.store.outgoing.adopt(grant(2), reason=RESTORED, abandon=(), centre_sequence=3)
    backups.make("with the statement")
    screen(edge, 2)
    backups.restore("with the statement", identity=False)
    edge.gate.store.outgoing.adopt(grant(3, previous=2), reason=RESTORED, abandon=(), centre_sequence=1)
    assert (opened_in(edge, 2).lost_records, opened_in(edge, 3).lost_records) == (4, 2)


def test_what_the_centre_got_of_a_chain_before_a_second_restore_is_not_lost(edge, backups):
    screen(edge, 3)
    backups.make("old")
    screen(edge, 4)
    backups.restore("old", identity=False)
    screen(edge, 2)
    edge.gate.store.outgoing.adopt(grant(2), reason=RESTORED, abandon=(), centre_sequence=3)
    backups.restore("old", identity=False)
    told = (ChainAtCentre(incarnation=1, sequence=5), ChainAtCentre(incarnation=2, sequence=0))
    edge.gate.store.outgoing.adopt(grant(3, previous=2), reason=RESTORED, abandon=(), centre_sequence=0, earlier=told)
    # Nine were written in the first chain, of which the centre took five, and the opening of the second is gone.
    assert opened_in(edge, 3).lost_records == 9 - 5 + 1


def test_an_opening_that_a_kill_undid_is_counted_once(edge, backups, monkeypatch):
    screen(edge, 3)
    backups.make("old")
    screen(edge, 4)
    backups.restore("old", identity=False)
    with monkeypatch.context() as patched:
        patched.setattr(incarnations_module, "settle_findings", _die)
        with pytest.raises(DiskRefusedError):
            edge.gate.store.outgoing.adopt(grant(2), reason=RESTORED, abandon=(), centre_sequence=3)
    edge.restart()
    assert edge.gate.store.outgoing.unstated() == []
    edge.gate.store.outgoing.adopt(grant(3), reason=RESTORED, abandon=(), centre_sequence=3)
    assert opened_in(edge, 3).lost_records == 4


def _die(*_words, **_more) -> None:
    raise DiskRefusedError


def test_a_database_from_before_the_last_incarnation_goes_on_in_the_newest_one(edge, backups):
    screen(edge, 2)
    backups.make("old")
    edge.gate.store.outgoing.adopt(grant(2), reason=IncarnationReason.FORK, abandon=(), centre_sequence=0)
    screen(edge, 3)
    backups.restore("old", identity=False)

    assert [(one.incarnation, one.head.sequence) for one in edge.gate.store.outgoing.chains()] == [(1, 2), (2, 0)]
    found = edge.gate.store.outgoing.finding()
    assert (found.reason, found.high_water) == (RESTORED, 4)
    screen(edge, 1)
    abandoned = Abandonment(incarnation=2, last_known_sequence=0)
    edge.gate.store.outgoing.adopt(grant(3, previous=2), reason=RESTORED, abandon=(abandoned,), centre_sequence=1)
    opened, carried = (body_of(decode_record(record)) for record in chains_of(edge)[3])
    assert (opened.previous_incarnation, opened.lost_records) == (2, 3)
    assert (carried.original_incarnation, carried.original_sequence) == (2, 1)


def test_an_identity_older_than_its_database_is_found_and_the_database_goes_on(edge, backups):
    screen(edge, 1)
    backups.make("old")
    edge.gate.store.outgoing.adopt(grant(2), reason=IncarnationReason.FORK, abandon=(), centre_sequence=0)
    screen(edge, 2)
    backups.restore("old", database=False)
    assert edge.gate.store.outgoing.finding().reason is IncarnationReason.RESTORED_IDENTITY
    screen(edge, 1)
    assert [one.incarnation for one in edge.gate.store.outgoing.chains()] == [1, 2]
    edge.gate.store.outgoing.adopt(
        grant(3, previous=2), reason=IncarnationReason.RESTORED_IDENTITY, abandon=(), centre_sequence=0
    )
    edge.restart()
    assert edge.gate.store.outgoing.finding() is None
    assert (opened_in(edge, 3).lost_records, opened_in(edge, 3).previous_sequence) == (0, 4)


def test_a_machine_that_was_set_up_anew_with_its_identity_knows_what_it_once_wrote(edge):
    screen(edge, 4)
    edge.close()
    for path in edge.settings.data_path.glob(f"{DATABASE_NAME}*"):
        path.unlink()
    edge.restart_closed()
    found = edge.gate.store.outgoing.finding()
    assert (found.reason, found.high_water) == (IncarnationReason.REIMAGED, 4)
    screen(edge, 1)
    edge.gate.store.outgoing.adopt(
        grant(2),
        reason=IncarnationReason.REIMAGED,
        abandon=(Abandonment(incarnation=1, last_known_sequence=0),),
        centre_sequence=3,
    )
    opened, carried = (body_of(decode_record(record)) for record in chains_of(edge)[2])
    assert (opened.lost_records, carried.original_sequence) == (1, 1)


def test_a_database_without_its_identity_is_refused_in_words(edge):
    screen(edge, 1)
    edge.close()
    shutil.rmtree(edge.settings.data_path / "identity")
    with pytest.raises(DatabaseKeyError, match="restore it from its backup"):
        edge.restart_closed()


def test_a_folder_copied_to_another_machine_is_found_and_one_that_moved_is_not(edge, backups, monkeypatch):
    screen(edge, 2)
    backups.make("copy")
    backups.restore("copy")
    assert edge.gate.store.outgoing.finding() is None  # the same machine

    backups.make("other")
    monkeypatch.setattr("checkpoint.store.private_files.machine_id", lambda: "another-machine")
    backups.restore("other")
    assert edge.gate.store.outgoing.finding().reason is IncarnationReason.COPIED
    screen(edge, 1)
    edge.restart()
    assert edge.gate.store.outgoing.finding().reason is IncarnationReason.COPIED
    edge.gate.store.outgoing.adopt(grant(2), reason=IncarnationReason.COPIED, abandon=(), centre_sequence=0)
    edge.restart()
    assert edge.gate.store.outgoing.finding() is None


def test_a_torn_high_water_mark_is_no_finding(edge):
    screen(edge, 3)
    path = edge.settings.data_path / "identity" / "high_water"
    edge.close()
    content = path.read_bytes()
    path.write_bytes(content[:60] + b"9" + content[61:])
    edge.restart_closed()
    assert edge.gate.store.outgoing.finding() is None
    screen(edge, 1)
    edge.restart()
    assert path.read_bytes().startswith(b"1 4 ")


class KilledError(BaseException):
    """The program ended here."""


@pytest.mark.parametrize("where", ["before the database", "after the database"])
def test_a_kill_between_files_and_database_is_healed_at_the_next_start(edge, monkeypatch, where):
    screen(edge, 2)

    def killed(*_words, **_more):
        raise KilledError

    name = "begin_incarnation" if where == "before the database" else None
    if name:
        monkeypatch.setattr(outgoing_module, name, killed)
    else:
        monkeypatch.setattr(edge.gate.store.outgoing._adoption, "keep_incarnation", killed)
    with pytest.raises(KilledError):
        edge.gate.store.outgoing.adopt(grant(2), reason=IncarnationReason.FORK, abandon=(), centre_sequence=0)
    monkeypatch.undo()
    edge.restart()

    files = FolderFiles(edge.settings.data_path / "identity")
    begun = where == "after the database"
    assert read_incarnation(files) == (2 if begun else 1)
    assert edge.gate.store.outgoing.chains()[-1].incarnation == (2 if begun else 1)
    assert edge.gate.store.outgoing.finding() is None
    screen(edge, 1)
    assert edge.gate.head_sequence == (2 if begun else 3)


@demand("R002")
def test_what_cannot_be_delivered_is_carried_over_whole_once_and_in_order(edge):
    screen(edge, 5)
    receipt(edge, 2)
    before = chains_of(edge)[1]
    abandoned = Abandonment(incarnation=1, last_known_sequence=2)
    edge.gate.store.outgoing.adopt(grant(2), reason=IncarnationReason.FORK, abandon=(abandoned,), centre_sequence=0)

    opened, *carried = (body_of(decode_record(record)) for record in chains_of(edge)[2])
    assert opened.lost_records == 0
    assert [body.original for body in carried] == before[2:]
    assert [(body.original_incarnation, body.original_sequence) for body in carried] == [(1, 3), (1, 4), (1, 5)]
    assert chains_of(edge)[1] == before
    old, new = edge.gate.store.outgoing.chains()
    assert (old.is_abandoned, old.head.sequence, new.is_current, new.grant.incarnation) == (True, 2, True, 2)
    assert edge.rows("SELECT abandoned_at IS NOT NULL FROM journal_head WHERE incarnation = 1") == [(1,)]


def test_a_record_carried_over_brings_the_key_of_its_person(edge):
    screen(edge, 2)
    abandoned = Abandonment(incarnation=1, last_known_sequence=0)
    edge.gate.store.outgoing.adopt(grant(2), reason=IncarnationReason.FORK, abandon=(abandoned,), centre_sequence=0)
    opened, first, second = edge.gate.store.outgoing.pending_after(0, incarnation=2, limit=10)
    assert opened.episode_key is None
    kept = {name for (name,) in edge.rows("SELECT crossing_id FROM episode_key")}
    assert {first.episode_key.episode_id, second.episode_key.episode_id} == kept


def test_a_referral_that_was_carried_over_is_urgent_until_the_centre_has_it_under_its_new_name(edge):
    edge.present("QN 612345")
    edge.scan_face(RAISED_C)
    outgoing = edge.gate.store.outgoing
    assert len(outgoing.urgent(limit=10)) == 1
    abandoned = Abandonment(incarnation=1, last_known_sequence=0)
    outgoing.adopt(grant(2), reason=IncarnationReason.FORK, abandon=(abandoned,), centre_sequence=0)
    receipt(edge, 1, incarnation=2)
    assert len(outgoing.urgent(limit=10)) == 1
    receipt(edge, 2, incarnation=2)
    assert list(outgoing.urgent(limit=10)) == []


def test_a_chain_abandoned_twice_wraps_nothing_twice(edge):
    screen(edge, 2)
    for number in (2, 3):
        abandoned = Abandonment(incarnation=number - 1, last_known_sequence=0)
        reason = IncarnationReason.FORK
        edge.gate.store.outgoing.adopt(
            grant(number, previous=number - 1), reason=reason, abandon=(abandoned,), centre_sequence=0
        )
    first, *carried = (body_of(decode_record(record)) for record in chains_of(edge)[3])
    assert isinstance(first, IncarnationOpened)
    origins = [(body.original_incarnation, body.original_sequence) for body in carried]
    assert origins == [(2, 1), (1, 1), (1, 2)]
    assert all(decode_record(body.original).type != RecordRecovered.type_name for body in carried)


def test_a_recovery_cut_by_a_kill_is_finished_at_the_next_start_without_doubling(edge, monkeypatch):
    screen(edge, 7)
    monkeypatch.setattr(recovery, "_NEXT", recovery._NEXT.replace("LIMIT 20", "LIMIT 2"))
    monkeypatch.setattr(recovery, "RECOVERED_AT_ONCE", 2)
    steps, real = [], recovery.recover_some

    def killed_after_two(*words, **more):
        steps.append(1)
        if len(steps) == 3:
            raise KilledError
        return real(*words, **more)

    monkeypatch.setattr(outgoing_module, "recover_some", killed_after_two)
    abandoned = Abandonment(incarnation=1, last_known_sequence=0)
    with pytest.raises(KilledError):
        edge.gate.store.outgoing.adopt(grant(2), reason=IncarnationReason.FORK, abandon=(abandoned,), centre_sequence=0)
    monkeypatch.setattr(outgoing_module, "recover_some", real)
    edge.restart()
    assert edge.gate.store.outgoing.delivery().pending == 8  # the opening, four carried over, three still to come
    screen(edge, 1)
    edge.gate.store.outgoing.chains()
    bodies = [body_of(decode_record(record)) for record in chains_of(edge)[2]]
    carried = [body.original_sequence for body in bodies if isinstance(body, RecordRecovered)]
    assert carried == [1, 2, 3, 4, 5, 6, 7]
    assert edge.gate.store.outgoing.delivery().recovered == 7


def test_a_grant_whose_recovery_a_full_disk_refused_is_taken_again_and_finished(edge, monkeypatch):
    screen(edge, 3)
    outgoing = edge.gate.store.outgoing
    words = {"abandon": [Abandonment(incarnation=1, last_known_sequence=1)], "reason": IncarnationReason.FORK}

    def refuse() -> None:
        raise DiskRefusedError

    with monkeypatch.context() as patched:
        patched.setattr(outgoing, "_recover", refuse)
        with pytest.raises(DiskRefusedError):
            outgoing.adopt(grant(2), **words)
    outgoing.adopt(grant(2), **words)
    assert len(chains_of(edge)[2]) == 3
    assert isinstance(opened_in(edge, 2), IncarnationOpened)
    with pytest.raises(UsedIncarnationError):
        outgoing.adopt(grant(2, previous=7), **words)


def test_confirmed_pending_and_recovered_records_are_told_apart(edge):
    screen(edge, 6)
    receipt(edge, 4)
    delivery = edge.gate.store.outgoing.delivery()
    assert (delivery.confirmed, delivery.pending, delivery.recovered) == (4, 2, 0)
    abandoned = Abandonment(incarnation=1, last_known_sequence=4)
    edge.gate.store.outgoing.adopt(grant(2), reason=IncarnationReason.FORK, abandon=(abandoned,), centre_sequence=9)
    screen(edge, 1)
    for _ in range(2):
        delivery = edge.gate.store.outgoing.delivery()
        assert (delivery.incarnation, delivery.head_sequence) == (2, 4)
        assert (delivery.confirmed, delivery.pending, delivery.recovered) == (4, 4, 2)
        edge.restart()
    receipt(edge, 4, incarnation=2)
    assert edge.gate.store.outgoing.delivery().pending == 0


def test_lists_tally_and_idempotent_answers_reach_across_incarnations(edge):
    screen(edge, 3)
    edge.gate.store.outgoing.adopt(grant(2), reason=IncarnationReason.FORK, abandon=(), centre_sequence=0)
    screen(edge, 2)
    for _ in range(2):
        lines = crossing_list(edge.gate, limit=10, before=None, query="", officer_ref="canbo")
        assert [(line.entry, line.sequence) for line in lines] == [(6, 3), (5, 2), (3, 3), (2, 2), (1, 1)]
        older = crossing_list(edge.gate, limit=10, before=lines[1].entry, query="", officer_ref="canbo")
        assert [line.crossing_id for line in older] == [line.crossing_id for line in lines[2:]]
        assert sum(edge.gate.tally.count(each, at=edge.clock()) for each in TravellerCategory) == 5
        edge.restart()


def test_an_alarm_of_the_old_chain_is_ended_in_the_new_one(edge):
    edge.present()
    edge.scan_face(RAISED_C)
    crossing_id = edge.draft_id
    edge.gate.store.outgoing.adopt(grant(2), reason=IncarnationReason.FORK, abandon=(), centre_sequence=0)
    edge.restart()
    sheet = edge.do(recheck_person, crossing_id=crossing_id, temperature_c=36.7, site="axillary")
    assert (sheet.saved.sequence, sheet.saved.entry) == (2, 3)


def test_a_grant_that_does_not_go_forward_is_not_followed(edge):
    screen(edge, 1)
    with pytest.raises(UsedIncarnationError):
        edge.gate.store.outgoing.adopt(grant(1), reason=IncarnationReason.FORK, abandon=(), centre_sequence=0)
    assert list(chains_of(edge)) == [1]
