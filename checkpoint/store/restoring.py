"""Putting a backup back: the database, the keys of a newer or equal day, and nobody who was erased since.

A person is shown again only if the newest file of keys still holds the episode's key; whoever was erased
before that file was made, or is known as erased to the database that is replaced, stays nameless before
any lane opens. What the centre erased later comes down again by itself, because the
mirror's cursor went back with the database. The restored database remembers that it was restored, and
the edge asks the centre for a new incarnation.
"""

import os
import shutil
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import sqlcipher3.dbapi2 as sqlcipher
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from checkpoint.documents import PersonIdentifiers, person_key
from checkpoint.store.backup import (
    DATABASE_PATTERN,
    KEYS_PATTERN,
    BackupError,
    KeysLine,
    read_head,
    read_keys,
    require_encrypted,
)
from checkpoint.store.connection import DATABASE_NAME, DatabaseKeyError, StoreError, database_key, open_connection
from checkpoint.store.erasure import purge_episode, purge_person
from checkpoint.store.naming import unname_holders
from checkpoint.store.recovery import StartFinding, note_finding
from checkpoint.store.writer import InlineWriter, Transaction
from sync.agreement.records import TravellerIdentity
from sync.agreement.vocabulary import IncarnationReason
from sync.exchange.envelope import decode_record
from sync.exchange.sealing import (
    EpisodeKey,
    SealedIdentity,
    SealingError,
    associated_bytes,
    open_sealed,
    unwrap_episode_key,
)

_RESTORING = f"{DATABASE_NAME}.restoring"
_SEALED_ROWS = (
    "SELECT crossing.crossing_id, episode_key.bytes, journal.bytes FROM crossing"
    " JOIN episode_key ON episode_key.crossing_id = crossing.crossing_id JOIN journal ON journal.entry = crossing.entry"
)
_NAME = "UPDATE crossing SET full_name = ?, document_number = ? WHERE crossing_id = ?"
_HEAD = "SELECT incarnation, sequence, hash FROM journal_head WHERE is_current = 1"
_LAST = "SELECT hash FROM journal WHERE incarnation = ? AND sequence = ?"


class _KeysHere(msgspec.Struct, frozen=True, kw_only=True):
    """The keys of this site: to open who a record is about, and to find a person by a pass."""

    site: X25519PrivateKey
    person_index: bytes

    def key_of_pass(self, number: str) -> str:
        return person_key(PersonIdentifiers(pass_number=number), key=self.person_index) or ""


class Restored(msgspec.Struct, frozen=True, kw_only=True):
    """What was put back. ``named`` crossings show their person again, ``nameless`` ones do not."""

    database: str
    keys: str | None
    records: int
    named: int
    nameless: int
    kept_aside: str | None


def restore(
    data_path: Path,
    folder: Path,
    *,
    edge_id: str,
    site_key: X25519PrivateKey,
    person_index_key: bytes,
    at: datetime,
    replaces: bool = False,
    needs_keys: bool = True,
) -> Restored:
    """Put the newest backup of ``folder`` in the database's place; raises ``BackupError`` before anything changes.

    The caller holds the data folder. A database that is there is kept aside, and only if ``replaces``.
    """
    path, partial = data_path / DATABASE_NAME, data_path / _RESTORING
    if path.exists() and not replaces:
        msg = f"{path} exists; if it is to be replaced, say so (it is kept aside)"
        raise BackupError(msg)
    backup = _newest_database(folder)
    keys = _newest_keys(folder, not_before=_made_at(backup), edge_id=edge_id, at=at) if needs_keys else None
    for suffix in ("", "-wal", "-shm"):
        partial.with_name(partial.name + suffix).unlink(missing_ok=True)
    shutil.copyfile(backup, partial)
    partial.chmod(0o600)
    lines = [*_erased_here(path), *(() if keys is None else read_keys(keys, site_key=site_key))]
    keys_here = _KeysHere(site=site_key, person_index=person_index_key)
    records, named, nameless = _rebuild(partial, lines, key=database_key(data_path), keys_here=keys_here, at=at)
    kept_aside = _keep_aside(path, at=at)
    _put_in_place(partial, path)
    return Restored(
        database=backup.name,
        keys=None if keys is None else keys.name,
        records=records,
        named=named,
        nameless=nameless,
        kept_aside=kept_aside,
    )


def _newest_database(folder: Path) -> Path:
    found = [path for path in _entries(folder) if DATABASE_PATTERN.match(path.name)]
    if not found:
        msg = f"{folder} holds no backup of an edge"
        raise BackupError(msg)
    newest = max(found, key=lambda path: path.name)
    require_encrypted(newest)
    return newest


def _newest_keys(folder: Path, *, not_before: datetime, edge_id: str, at: datetime) -> Path:
    """Return the newest file of keys; older ones could bring back who was erased since."""
    found = [path for path in _entries(folder) if KEYS_PATTERN.match(path.name)]
    newest = max(found, key=lambda path: path.name, default=None)
    if newest is None:
        msg = f"{folder} holds no keys; without them nobody of before gets a name again, unless you say so"
        raise BackupError(msg)
    head = read_head(newest)
    if head.edge_id != edge_id or head.ends_at <= at or head.made_at.replace(microsecond=0) < not_before:
        msg = f"{newest.name} is of {head.edge_id}, made {head.made_at}, ends {head.ends_at}: it cannot be used here"
        raise BackupError(msg)
    return newest


def _made_at(backup: Path) -> datetime:
    found = DATABASE_PATTERN.match(backup.name)
    stamp = found[1] if found else ""
    return datetime.strptime(stamp, "%Y%m%dT%H%M%S").replace(tzinfo=UTC)


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError as error:
        msg = f"{folder} cannot be read ({error.strerror}); name the folder that a backup was written to"
        raise BackupError(msg) from error


def _rebuild(
    path: Path, lines: Iterable[KeysLine], *, key: str, keys_here: _KeysHere, at: datetime
) -> tuple[int, int, int]:
    """Complete the copied database: keys, register, erased people, names, and the note that it was restored."""
    try:
        connection = open_connection(path, key=key)
    except DatabaseKeyError as error:
        msg = "the backup is not of this database's key; put back database.key of that time first"
        raise BackupError(msg) from error
    writer = InlineWriter(connection)
    try:
        return writer.submit(lambda turn: _complete(turn, lines, keys_here=keys_here, at=at)).result()
    finally:
        writer.stop()


def _complete(
    turn: Transaction, lines: Iterable[KeysLine], *, keys_here: _KeysHere, at: datetime
) -> tuple[int, int, int]:
    head = _require_sound(turn)
    for line in lines:
        _put_row(turn, line)
    _erase_again(turn, key_of_pass=keys_here.key_of_pass)
    unname_holders(turn)
    named = 0
    for crossing_id, wrapped, record in turn.execute(_SEALED_ROWS).fetchall():
        identity = _opened(wrapped, record, site_key=keys_here.site)
        if identity is not None:
            turn.execute(_NAME, (identity.full_name, identity.document_number, crossing_id))
            named += 1
    note_finding(turn, head, at=at)
    records = turn.execute("SELECT count(*) FROM journal").fetchone()[0]
    crossings = turn.execute("SELECT count(*) FROM crossing").fetchone()[0]
    return records, named, crossings - named


def _erase_again(turn: Transaction, *, key_of_pass: Callable[[str], str]) -> None:
    """Take out who was erased since, from the register of passes too; the next start rebuilds the file."""
    erased = [row[0] for row in turn.execute("SELECT episode_id FROM erased_episode").fetchall()]
    people = []
    for episode_id in erased:
        turn.execute("DELETE FROM episode_key WHERE crossing_id = ?", (episode_id,))
        people.append(purge_episode(turn, episode_id))
    for person in people:
        if person is not None:
            purge_person(turn, person, key_of_pass=key_of_pass)
    turn.execute("UPDATE erased_episode SET scrubbed_at = NULL")


def _require_sound(turn: Transaction) -> StartFinding:
    """Refuse a damaged copy; return what the edge has to know about itself after the restore."""
    verdict = turn.execute("PRAGMA integrity_check").fetchone()[0]
    head = turn.execute(_HEAD).fetchone()
    last = None if head is None else turn.execute(_LAST, head[:2]).fetchone()
    if verdict != "ok" or head is None or (head[1] > 0 and (last is None or last[0] != head[2])):
        msg = "the backup is damaged: take an older one"
        raise BackupError(msg)
    return StartFinding(reason=IncarnationReason.RESTORED_DATABASE, incarnation=head[0], own_sequence=head[1])


_BLOBS = frozenset({("episode_key", "bytes")})


def _put_row(turn: Transaction, line: KeysLine) -> None:
    """Put a row of the file of keys back; its tables and columns are those of this program's own backup."""
    shape = {row[1] for row in turn.execute(f'PRAGMA table_info("{line.table}")').fetchall()}
    if not shape or not shape.issuperset(line.row):
        msg = f"the keys speak of {line.table} as this program does not know it"
        raise BackupError(msg)
    values = [
        value.encode() if (line.table, name) in _BLOBS and isinstance(value, str) else value
        for name, value in line.row.items()
    ]
    names, marks = ", ".join(f'"{name}"' for name in line.row), ", ".join("?" * len(values))
    turn.execute(f'INSERT OR REPLACE INTO "{line.table}" ({names}) VALUES ({marks})', tuple(values))  # noqa: S608  # checked above


def _opened(wrapped: bytes, record: bytes, *, site_key: X25519PrivateKey) -> TravellerIdentity | None:
    envelope = decode_record(record)
    if envelope.sealed is None or envelope.sealing is None:
        return None
    try:
        key = unwrap_episode_key(msgspec.json.decode(wrapped, type=EpisodeKey), recipient="site", private_key=site_key)
        sealed = SealedIdentity(ciphertext=envelope.sealed, nonce=envelope.sealing.nonce)
        associated = associated_bytes(str(envelope.record_id), edge_id=envelope.edge_id)
        return open_sealed(sealed, episode_key=key, associated=associated)
    except SealingError:
        return None


def _erased_here(path: Path) -> list[KeysLine]:
    """Return what the database that is replaced knows to be erased: it may be newer than any file of keys."""
    if not path.exists():
        return []
    try:
        connection = open_connection(path, key=database_key(path.parent))
        rows = connection.execute("SELECT episode_id, erasure_id, erased_at FROM erased_episode").fetchall()
        connection.close()
    except (StoreError, sqlcipher.DatabaseError):
        return []
    names = ("episode_id", "erasure_id", "erased_at")
    return [KeysLine(table="erased_episode", row=dict(zip(names, row, strict=True))) for row in rows]


def _keep_aside(path: Path, *, at: datetime) -> str | None:
    """Keep the database that is there under another name; its log is folded in if it still opens.

    A log may lie there without its database, or outlive the folding because somebody reads: it goes aside in
    any case, or SQLite would lay it over the restored database.
    """
    aside = path.with_name(f"{path.name}.before-{at.astimezone(UTC).strftime('%Y%m%dT%H%M%S')}")
    has_database = path.exists()
    if has_database:
        _fold_log(path)
    for suffix in ("-wal", "-shm"):
        log = path.with_name(path.name + suffix)
        if log.exists():
            log.rename(aside.with_name(aside.name + suffix))
    if not has_database:
        return None
    os.link(path, aside)
    return aside.name


def _fold_log(path: Path) -> None:
    try:
        connection = open_connection(path, key=database_key(path.parent))
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        connection.close()
    except (StoreError, sqlcipher.DatabaseError):
        return  # whatever cannot be read any more is kept as it is, its log beside it


def _put_in_place(partial: Path, path: Path) -> None:
    """Take the place in one step; first the old log must be gone for good, or a power cut would lay it over the new."""
    for each in (partial, path.parent):
        _sync(each)
    partial.rename(path)
    _sync(path.parent)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)
