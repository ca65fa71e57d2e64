"""A backup names nobody, its keys end after seven days, and putting it back brings back no erased person."""

import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest

from checkpoint.actions.deciding import close_crossing
from checkpoint.actions.listing import crossing_list
from checkpoint.store.backup import Backup, BackupError, back_up, read_head, read_keys
from checkpoint.store.connection import database_key, open_connection
from checkpoint.store.holders import Holder, import_holders
from checkpoint.store.recovery import read_finding
from checkpoint.store.restoring import Restored, restore
from sync.agreement.records import ErasureCarriedOut
from sync.agreement.vocabulary import IncarnationReason
from tests.checkpoint.actions.test_erasing import NAME, WORDS, found, pass_through, settled
from tests.checkpoint.centres import HandCentre
from tests.checkpoint.edges import Edge
from tests.checkpoint.people import NORMAL_C
from tests.checkpoint.store.pages import where_found

OTHER = "Tằng Sín Pẩu"


@pytest.fixture
def copies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("copies") / "backup"


def save(edge: Edge, folder: Path) -> Backup:
    own = edge.gate.identity
    data = edge.settings.data_path
    return back_up(data, folder, edge_id=own.edge_id, site_key=own.site_key.public_key(), at=edge.clock.now)


def put_back(edge: Edge, folder: Path, **how) -> Restored:
    """Restore over the stopped edge, and start it again."""
    own = edge.gate.identity
    edge.close()
    try:
        return restore(
            edge.settings.data_path,
            folder,
            edge_id=own.edge_id,
            site_key=own.site_key,
            person_index_key=own.person_index_key,
            at=edge.clock.now,
            **{"replaces": True, **how},
        )
    finally:
        edge.gate = Edge(edge.settings.data_path.parent).gate
        edge.gate.clock = edge.clock


def names(edge: Edge) -> list[str]:
    return [one.full_name for one in crossing_list(edge.gate, limit=50, before=None, query="", officer_ref="canbo")]


def key_of(edge: Edge) -> bytes:
    return bytes.fromhex(database_key(edge.settings.data_path))


def test_a_copy_holds_the_whole_journal_and_nobodys_name_or_key(edge, copies):
    pass_through(edge)
    pass_through(edge, number="B1234567", name=OTHER)
    holder = Holder(pass_number="QN100123", full_name="Lò Thị Sen", commune="Hải Sơn")
    edge.gate.store.writer.submit(lambda turn: import_holders(turn, [holder])).result(10)
    edge.present("QN 100123")
    made = save(edge, copies)
    assert (made.records, made.episode_keys) == (2, 3)

    assert where_found(copies, key=key_of(edge), words=[*WORDS, OTHER, "B1234567", "Lò Thị Sen", "QN100123"]) == []
    with pytest.raises(sqlite3.DatabaseError):
        sqlite3.connect(copies / made.database).execute("SELECT count(*) FROM journal")
    copy = open_connection(copies / made.database, key=database_key(edge.settings.data_path))
    assert [row[0] for row in copy.execute("SELECT bytes FROM journal ORDER BY entry")] == edge.journal()
    assert copy.execute("SELECT count(*) FROM episode_key").fetchone() == (0,)
    assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    copy.close()
    assert [path.stat().st_mode & 0o777 for path in sorted(copies.iterdir()) if path.suffix in {".db", ".sealed"}] == [
        0o600
    ] * 2
    assert copies.stat().st_mode & 0o777 == 0o700


def test_a_backup_is_made_while_the_edge_writes_and_is_one_consistent_state(edge, copies):
    for number in range(30):
        pass_through(edge, number=f"B{number:07d}", name=OTHER)
        if number % 10 == 5:
            edge.clock.forward(seconds=5)
            made = save(edge, copies)
            copy = open_connection(copies / made.database, key=database_key(edge.settings.data_path))
            counts = [copy.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in ("journal", "crossing")]
            head = copy.execute("SELECT sequence FROM journal_head WHERE is_current = 1").fetchone()[0]
            copy.close()
            assert counts == [made.records, made.records] == [head, head] == [number + 1, number + 1]


def test_what_was_backed_up_comes_back_with_names_and_a_new_incarnation_is_wanted(edge, copies):
    pass_through(edge)
    holder = Holder(pass_number="QN100123", full_name="Lò Thị Sen", commune="Hải Sơn")
    edge.gate.store.writer.submit(lambda turn: import_holders(turn, [holder])).result(10)
    made = save(edge, copies)
    pass_through(edge, number="B1234567", name=OTHER)
    done = put_back(edge, copies)
    assert (done.records, done.named, done.nameless, done.keys) == (1, 1, 0, made.keys)
    assert names(edge) == [NAME]
    assert edge.rows("SELECT full_name FROM holder") == [("Lò Thị Sen",)]
    with edge.gate.store.readers.connect() as connection:
        finding = read_finding(connection)
    assert finding is not None
    assert finding.reason is IncarnationReason.RESTORED_DATABASE
    assert finding.missing == 1, "the record written after the backup is stated as a number"
    assert done.kept_aside is not None
    pass_through(edge, number="B7654321", name=OTHER)
    assert names(edge) == [OTHER, NAME]


def drill(edge: Edge, copies: Path, *, centre: HandCentre) -> tuple[Backup, Backup]:
    """Back up, erase one of two people, back up again; of the second backup only the keys are kept."""
    crossing_id = pass_through(edge)
    pass_through(edge, number="B1234567", name=OTHER)
    first = save(edge, copies)
    edge.clock.forward(days=1)
    centre.erase(crossing_id, at=edge.clock.now)
    centre.tell(edge.gate, at=edge.clock.now)
    settled(edge)
    second = save(edge, copies)
    (copies / second.database).unlink()
    return first, second


def test_restore_drill_an_erased_person_stays_erased_by_old_backup_and_newest_keys(edge, copies):
    centre = HandCentre()
    first, second = drill(edge, copies, centre=centre)
    done = put_back(edge, copies)
    (edge.settings.data_path / done.kept_aside).unlink()
    assert (done.database, done.keys, done.named, done.nameless) == (first.database, second.keys, 1, 1)
    assert names(edge) == [OTHER, ""]
    assert found(edge) == []
    assert edge.rows("SELECT count(*) FROM episode_key") == [(1,)]
    centre.tell(edge.gate, at=edge.clock.now)
    assert [body.keys_destroyed for body in edge.bodies() if isinstance(body, ErasureCarriedOut)] == [0]


def test_with_old_keys_alone_an_erased_person_is_erased_again_before_or_by_the_centres_next_word(edge, copies):
    centre = HandCentre()
    first, second = drill(edge, copies, centre=centre)
    # The database that is replaced knows who was erased.
    (copies / second.keys).unlink()
    done = put_back(edge, copies)
    (edge.settings.data_path / done.kept_aside).unlink()
    assert (done.keys, done.named) == (first.keys, 1)
    assert names(edge) == [OTHER, ""]

    # The worst case: the disk is gone too. The old keys bring the person back until the centre is heard again.
    edge.close()
    for path in edge.settings.data_path.glob("edge.db*"):
        path.unlink()
    own = edge.gate.identity
    restore(
        edge.settings.data_path,
        copies,
        edge_id=own.edge_id,
        site_key=own.site_key,
        person_index_key=own.person_index_key,
        at=edge.clock.now,
    )
    edge.gate = Edge(edge.settings.data_path.parent).gate
    assert names(edge) == [OTHER, NAME]
    centre.tell(edge.gate, at=edge.clock.now)
    settled(edge)
    assert names(edge) == [OTHER, ""]
    assert found(edge) == []


def test_keys_end_after_seven_days_and_are_deleted_by_the_next_backup(edge, copies):
    pass_through(edge)
    first = save(edge, copies)
    edge.clock.forward(days=6, hours=23)
    second = save(edge, copies)
    assert (second.removed, (copies / first.keys).exists()) == ((), True)
    edge.clock.forward(hours=1)
    third = save(edge, copies)
    assert third.removed == (first.keys,)
    assert not (copies / first.keys).exists()
    assert (copies / first.database).exists()
    assert read_head(copies / third.keys).ends_at - edge.clock.now == timedelta(days=7)


def test_without_keys_that_still_count_nothing_is_restored_unless_names_are_given_up(edge, copies):
    pass_through(edge)
    save(edge, copies)
    edge.clock.forward(days=7)
    with pytest.raises(BackupError, match="cannot be used"):
        put_back(edge, copies)
    assert names(edge) == [NAME]
    done = put_back(edge, copies, needs_keys=False)
    assert (done.keys, done.named, done.nameless) == (None, 0, 1)
    assert names(edge) == [""]


def test_a_database_that_is_there_is_replaced_only_on_a_persons_word(edge, copies):
    pass_through(edge)
    save(edge, copies)
    with pytest.raises(BackupError, match="exists"):
        put_back(edge, copies, replaces=False)
    assert edge.check_chain().sequence == 1


def test_the_register_of_an_old_backup_does_not_bring_an_erased_holder_back(edge, copies):
    """Names come back with the keys of seven days; who was erased since must not come back with the register."""
    holders = [
        Holder(pass_number="QN100123", full_name="Lò Thị Sen", commune="Hải Sơn"),
        Holder(pass_number="QN100124", full_name=OTHER, commune="Hải Sơn"),
    ]
    edge.gate.store.writer.submit(lambda turn: import_holders(turn, holders)).result(10)
    edge.present("QN 100123")
    crossing_id = edge.draft_id
    edge.scan_face(NORMAL_C)
    edge.do(close_crossing, draft_id=crossing_id)
    save(edge, copies)
    centre = HandCentre()
    centre.erase(crossing_id, at=edge.clock.now)
    centre.tell(edge.gate, at=edge.clock.now)
    settled(edge)
    done = put_back(edge, copies)
    assert (done.named, done.nameless) == (0, 1)
    assert edge.rows("SELECT full_name FROM holder") == [(OTHER,)]
    (edge.settings.data_path / done.kept_aside).unlink()
    assert found(edge, ["Lò Thị Sen", "QN100123"]) == []
    assert edge.gate.mirror.scrub_due == 0


def test_a_log_that_outlived_its_database_is_not_laid_over_the_restored_one(edge, copies):
    """Whoever removes a broken edge.db and overlooks the file beside it must not lose the backup too."""
    pass_through(edge)
    save(edge, copies)
    for number in range(5):
        pass_through(edge, number=f"B{number:07d}", name=OTHER)
    path = edge.settings.data_path / "edge.db"
    log = path.with_name("edge.db-wal")
    left = log.read_bytes()
    own = edge.gate.identity
    edge.close()
    path.unlink()
    log.write_bytes(left)
    done = restore(
        path.parent,
        copies,
        edge_id=own.edge_id,
        site_key=own.site_key,
        person_index_key=own.person_index_key,
        at=edge.clock.now,
    )
    edge.restart_closed()
    assert (done.records, done.kept_aside) == (1, None)
    assert edge.rows("SELECT count(*) FROM journal") == [(1,)]
    assert edge.rows("PRAGMA integrity_check") == [("ok",)]
    assert [aside.read_bytes() for aside in path.parent.glob("edge.db.before-*-wal")] == [left]


def test_two_edges_never_share_a_folder_of_backups_and_one_that_never_started_has_none(edge, copies, tmp_path):
    pass_through(edge)
    made = save(edge, copies)
    site_key, at = edge.gate.identity.site_key.public_key(), edge.clock.forward(seconds=5)
    with pytest.raises(BackupError, match=r"holds the backups of mong-cai-1; give each edge a folder of its own"):
        back_up(edge.settings.data_path, copies, edge_id="tan-thanh-1", site_key=site_key, at=at)
    with pytest.raises(BackupError, match="start the edge once"):
        back_up(tmp_path / "nothing", tmp_path / "copy", edge_id="mong-cai-1", site_key=site_key, at=at)
    assert sorted(path.name for path in copies.iterdir()) == sorted([made.database, made.keys])
    assert not (tmp_path / "nothing").exists()


def test_an_unencrypted_database_is_refused_as_a_backup(edge, copies):
    pass_through(edge)
    made = save(edge, copies)
    (copies / made.database).unlink()
    plain = sqlite3.connect(copies / made.database)
    plain.execute("CREATE TABLE journal (entry INTEGER)")
    plain.commit()
    plain.close()
    with pytest.raises(BackupError, match="not encrypted"):
        put_back(edge, copies)
    assert names(edge) == [NAME]


@pytest.mark.parametrize("damage", ["cut", "changed", "exchanged", "other site"])
def test_a_file_of_keys_that_is_not_whole_or_not_this_sites_is_refused_and_changes_nothing(
    edge, copies, damage, tmp_path_factory
):
    pass_through(edge)
    made = save(edge, copies)
    path = copies / made.keys
    content = path.read_bytes()
    own = edge.gate.identity.site_key
    if damage == "cut":
        path.write_bytes(content[: content.index(b"\n") + 1])
    elif damage == "changed":
        path.write_bytes(content[:-20] + bytes([content[-20] ^ 1]) + content[-19:])
    elif damage == "exchanged":
        path.write_bytes(content.replace(b"mong-cai-1", b"hoanh-mo-1", 1))
    else:
        folder = tmp_path_factory.mktemp("other")
        other = Edge(folder)
        own = other.gate.identity.site_key
        other.close()
    with pytest.raises(BackupError):
        list(read_keys(path, site_key=own))
    if damage != "other site":
        with pytest.raises(BackupError):
            put_back(edge, copies)
    assert names(edge) == [NAME]
    edge.check_chain()


def test_a_damaged_copy_of_the_database_is_refused(edge, copies):
    for number in range(40):
        pass_through(edge, number=f"B{number:07d}", name=OTHER)
    made = save(edge, copies)
    content = bytearray((copies / made.database).read_bytes())
    content[9 * 4096 + 100] ^= 1
    (copies / made.database).write_bytes(content)
    with pytest.raises(Exception, match=r"damaged|malformed|not a database|does not open|disk image"):
        put_back(edge, copies)
    assert len(names(edge)) == 40
