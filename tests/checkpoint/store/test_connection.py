"""The database is encrypted, durable by its pragmas, and refuses to be opened in a way that could lose data."""

import sqlite3
from pathlib import Path

import pytest

from checkpoint.store.connection import (
    DATABASE_NAME,
    KEY_NAME,
    DatabaseKeyError,
    FolderTakenError,
    SqliteTooOldError,
    StoreError,
    database_key,
    hold_folder,
    open_connection,
    require_sound_sqlite,
)
from checkpoint.store.edge_store import EdgeStore, migration_engine
from checkpoint.store.identity import open_identity
from checkpoint.store.journal import IdentityMismatchError
from migrations import upgrade


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    engine = migration_engine(tmp_path)
    upgrade("edge", engine)
    engine.dispose()
    return tmp_path


def test_the_database_file_is_not_readable_without_its_key(folder: Path):
    assert not (folder / DATABASE_NAME).read_bytes().startswith(b"SQLite format 3")
    plain = sqlite3.connect(folder / DATABASE_NAME)
    with pytest.raises(sqlite3.DatabaseError):
        plain.execute("SELECT count(*) FROM sqlite_master")
    plain.close()


def test_the_key_file_is_for_the_owner_only_and_one_that_others_may_read_is_refused(folder: Path):
    key = folder / KEY_NAME
    assert key.stat().st_mode & 0o777 == 0o600
    key.chmod(0o640)
    with pytest.raises(DatabaseKeyError, match="0600"):
        database_key(folder)


def test_a_lost_key_is_never_replaced_beside_an_existing_database(folder: Path):
    (folder / KEY_NAME).unlink()
    with pytest.raises(DatabaseKeyError, match="restore"):
        database_key(folder)
    assert not (folder / KEY_NAME).exists()


def test_a_foreign_key_file_opens_nothing(folder: Path):
    with pytest.raises(DatabaseKeyError):
        open_connection(folder / DATABASE_NAME, key="00" * 32)


def test_every_commit_reaches_the_disk_and_the_schema_is_not_trusted(folder: Path):
    connection = open_connection(folder / DATABASE_NAME, key=database_key(folder))
    found = {
        name: connection.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout", "trusted_schema")
    }
    connection.close()
    assert found == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "busy_timeout": 5000,
        "trusted_schema": 0,
    }


def test_an_sqlite_that_can_lose_commits_is_refused():
    require_sound_sqlite()
    with pytest.raises(SqliteTooOldError, match=r"3\.51\.2"):
        require_sound_sqlite((3, 51, 2))


def test_a_database_of_another_edge_is_refused(tmp_path: Path):
    own = open_identity(tmp_path, edge_id="mong-cai-1")
    engine = migration_engine(tmp_path)
    upgrade("edge", engine)
    engine.dispose()
    EdgeStore.open(tmp_path, identity=own).close()
    with pytest.raises(IdentityMismatchError, match="mong-cai-2"):
        EdgeStore.open(tmp_path, identity=open_identity(tmp_path, edge_id="mong-cai-2"))


def test_identity_files_that_vanish_beside_a_journal_are_not_made_anew(tmp_path: Path):
    open_identity(tmp_path, edge_id="mong-cai-1")
    engine = migration_engine(tmp_path)
    upgrade("edge", engine)
    engine.dispose()
    (tmp_path / "identity" / "edge_ed25519.key").unlink()
    with pytest.raises(DatabaseKeyError, match="restore"):
        open_identity(tmp_path, edge_id="mong-cai-1")


def test_a_folder_that_cannot_be_written_is_named_and_no_backup_is_called_for(folder: Path):
    with pytest.raises(StoreError, match="cannot be written") as refused:
        open_connection(folder / "nowhere" / DATABASE_NAME, key="ab" * 32)
    assert not isinstance(refused.value, DatabaseKeyError)


def test_a_folder_is_held_by_one_program_and_free_when_that_one_is_gone(folder: Path):
    claim = hold_folder(folder)
    with pytest.raises(FolderTakenError, match="another edge"):
        hold_folder(folder)
    claim.close()
    hold_folder(folder).close()
