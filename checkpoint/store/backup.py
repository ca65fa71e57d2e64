"""Backups of an edge: the database without anybody's name, and the keys to the names apart, for seven days.

The copy of the database is encrypted like the original and holds the journal with its sealed parts, but
no episode key, no name, no number, no draft and no register: what the centre orders erased later is
unreadable in every old copy as soon as the last file of keys that knew it has ended. The file of keys is
encrypted for the site key (HPKE, RFC 9180) and holds the episode keys, the register of passes and the
list of what was erased. ``restoring`` puts both together again.
"""

import os
import re
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Self

import msgspec
import sqlcipher3.dbapi2 as sqlcipher
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from checkpoint.store.connection import DATABASE_NAME, StoreError, database_key, open_connection

KEYS_KEPT_FOR: Final = timedelta(days=7)
DATABASE_PATTERN: Final = re.compile(r"^edge-(\d{8}T\d{6})Z\.db\Z")
KEYS_PATTERN: Final = re.compile(r"^edge-keys-(\d{8}T\d{6})Z\.sealed\Z")
PLAIN_HEAD: Final = b"SQLite format 3\x00"
_STAMP: Final = "%Y%m%dT%H%M%S"
_FORM: Final = "kiemdich/edge-keys/v1"
_LINES_AT_ONCE: Final = 2000
_SUITE = hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)

LEFT_OUT: Final = frozenset(
    {
        "accompanying_child",
        "episode_key",
        "holder",
        "lane_draft",
        "name_bearer",
        "name_cut",
        "name_part",
        "person_name",
        "seen_traveller",
        "web_session",
    }
)
"""Tables of which a copy has the shape and no row: what names people, and who is signed in."""
BLANKED: Final = {
    "crossing": {"full_name": "''", "document_number": "''", "exception_reason": "NULL"},
    "case_decision": {"note": "''"},
    "access_log": {"reason": "''"},
}
"""Columns that may hold a name or an officer's own words; the words stand sealed in the records."""
_KEYED_TABLES: Final = ("episode_key", "holder", "accompanying_child", "erased_episode")
_SHAPE: Final = (
    "SELECT type, name, sql FROM main.sqlite_master"
    " WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY type DESC"  # tables before indexes
)
_MADE = re.compile(r'^\s*CREATE (TABLE|(?:UNIQUE )?INDEX)\s+"?(\w+)"?')


class BackupError(StoreError):
    """This backup cannot be made or used; the message says why. Nothing was changed."""


class Backup(msgspec.Struct, frozen=True, kw_only=True):
    """What one backup made: file names, and how much stands in them."""

    database: str
    keys: str
    keys_end_at: datetime
    records: int
    episode_keys: int
    removed: tuple[str, ...]


class KeysHead(msgspec.Struct, frozen=True, kw_only=True):
    """The readable first line of a file of keys."""

    form: str = _FORM
    edge_id: str
    made_at: datetime
    ends_at: datetime


class KeysLine(msgspec.Struct, frozen=True, kw_only=True):
    """One row of one table, as the file of keys holds it."""

    table: str
    row: dict[str, str | int | None]


def back_up(data_path: Path, folder: Path, *, edge_id: str, site_key: X25519PublicKey, at: datetime) -> Backup:
    """Write both files into ``folder``, each whole or not at all; files of keys that ended are removed.

    May run beside the serving edge: it reads one consistent state and holds no writer up.
    """
    if not (data_path / DATABASE_NAME).exists():
        msg = f"there is no {data_path / DATABASE_NAME} yet; start the edge once"
        raise BackupError(msg)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    _require_own(folder, edge_id=edge_id)
    stamp = at.astimezone(UTC).strftime(_STAMP)
    database, keys = folder / f"edge-{stamp}Z.db", folder / f"edge-keys-{stamp}Z.sealed"
    head = KeysHead(edge_id=edge_id, made_at=at, ends_at=at + KEYS_KEPT_FOR)
    key = database_key(data_path)
    connection = open_connection(data_path / DATABASE_NAME, key=key)
    try:
        # Keys before rows: a person erased between the two is nameless in the copy and has no key.
        with _partial(database) as partial:
            records = _copy(connection, partial.path, key=key)
            lines = _keyed_rows(connection)
            count = _write_keys(keys, lines, head=head, site_key=site_key)
            connection.execute("COMMIT")
    finally:
        connection.close()
    removed = remove_ended(folder, at=at)
    return Backup(
        database=database.name,
        keys=keys.name,
        keys_end_at=head.ends_at,
        records=records,
        episode_keys=count,
        removed=removed,
    )


def _require_own(folder: Path, *, edge_id: str) -> None:
    """Refuse a folder of another edge: the newest file of a folder is what ``restore`` takes."""
    for path in sorted(folder.iterdir()):
        owner = _owner_of(path) if KEYS_PATTERN.match(path.name) else None
        if owner not in {None, edge_id}:
            msg = f"{folder} holds the backups of {owner}; give each edge a folder of its own"
            raise BackupError(msg)


def _owner_of(path: Path) -> str | None:
    try:
        return read_head(path).edge_id
    except BackupError:
        return None


def remove_ended(folder: Path, *, at: datetime) -> tuple[str, ...]:
    """Delete the files of keys whose seven days are over; a file whose head cannot be read has ended too."""
    removed = []
    for path in sorted(folder.iterdir()):
        if KEYS_PATTERN.match(path.name) and _end_of(path) <= at:
            path.unlink()
            removed.append(path.name)
    return tuple(removed)


def read_head(path: Path) -> KeysHead:
    """Read the first line of a file of keys; raises ``BackupError``."""
    try:
        with path.open("rb") as stream:
            head = msgspec.json.decode(stream.readline(4096), type=KeysHead)
    except (OSError, msgspec.DecodeError) as error:
        msg = f"{path.name} is no file of keys"
        raise BackupError(msg) from error
    if head.form != _FORM:
        msg = f"{path.name} is no file of keys of this program ({head.form})"
        raise BackupError(msg)
    return head


def read_keys(path: Path, *, site_key: X25519PrivateKey) -> Iterator[KeysLine]:
    """Open a file of keys; raises ``BackupError`` for another site's, a changed or a cut one."""
    lines = msgspec.json.Decoder(KeysLine)
    with path.open("rb") as stream:
        head = stream.readline(4096)
        number, is_last = 0, False
        while size := stream.read(5):
            is_last = size[0] == 1
            sealed = stream.read(int.from_bytes(size[1:], "big"))
            try:
                clear = _SUITE.decrypt(sealed, site_key, _binding(head, number=number, is_last=is_last))
            except (InvalidTag, ValueError) as error:
                msg = f"{path.name} does not open with this site's key: it is another site's, or was changed"
                raise BackupError(msg) from error
            yield from (lines.decode(line) for line in clear.splitlines() if line)
            number += 1
    if not is_last:
        msg = f"{path.name} is cut off"
        raise BackupError(msg)


def require_encrypted(path: Path) -> None:
    """Refuse a database file that anybody could read."""
    with path.open("rb") as stream:
        if stream.read(len(PLAIN_HEAD)) == PLAIN_HEAD:
            msg = f"{path.name} is not encrypted: destroy it and make a backup with this program"
            raise BackupError(msg)


class _partial:  # noqa: N801  # reads as a phrase: with _partial(path)
    """A file that takes its place when the block ends well, made durable before; else nothing is left."""

    def __init__(self, path: Path) -> None:
        self._final = path
        self.path = path.with_name(f"{path.name}.{secrets.token_hex(4)}.partial")

    def __enter__(self) -> Self:
        os.close(os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        return self

    def __exit__(self, kind: object, _error: object, _trace: object) -> None:
        if kind is not None:
            self.path.unlink(missing_ok=True)
            return
        _sync(self.path)
        self.path.rename(self._final)
        _sync(self.path.parent)  # last: until then a power cut takes the name away again


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)


def _copy(connection: sqlcipher.Connection, path: Path, *, key: str) -> int:
    """Copy shape and rows into an encrypted file, in one transaction that the caller ends; return the records."""
    run = connection.execute
    run(f"ATTACH DATABASE ? AS copy KEY \"x'{key}'\"", (str(path),))
    run("PRAGMA copy.journal_mode = OFF")
    run("PRAGMA copy.synchronous = OFF")
    run("BEGIN")
    made = run(_SHAPE).fetchall()
    for _type, name, sql in made:
        run(_MADE.sub(lambda found: f'CREATE {found[1]} copy."{found[2]}"', sql, count=1))
        if _type == "table" and name not in LEFT_OUT:
            run(f'INSERT INTO copy."{name}" SELECT {_columns(connection, name)} FROM main."{name}"')  # noqa: S608  # own names
    records: int = run("SELECT count(*) FROM copy.journal").fetchone()[0]
    require_encrypted(path)
    return records


def _columns(connection: sqlcipher.Connection, table: str) -> str:
    blanked = BLANKED.get(table, {})
    names = [row[1] for row in connection.execute(f'PRAGMA main.table_info("{table}")')]
    return ", ".join(blanked.get(name, f'"{name}"') for name in names)


def _keyed_rows(connection: sqlcipher.Connection) -> Iterator[bytes]:
    for table in _KEYED_TABLES:
        names = [row[1] for row in connection.execute(f'PRAGMA main.table_info("{table}")')]
        for values in connection.execute(f'SELECT * FROM main."{table}"'):  # noqa: S608  # own names
            row = {name: _plain(value) for name, value in zip(names, values, strict=True)}
            yield msgspec.json.encode({"table": table, "row": row})


def _plain(value: str | float | bytes | None) -> str | float | None:
    return value.decode() if isinstance(value, bytes) else value


def _write_keys(path: Path, lines: Iterator[bytes], *, head: KeysHead, site_key: X25519PublicKey) -> int:
    """Write the sealed file; return how many episode keys it holds."""
    first = msgspec.json.encode(head) + b"\n"
    count = 0
    with _partial(path) as partial, partial.path.open("wb") as stream:
        stream.write(first)
        for number, (block, is_last) in enumerate(_blocks(lines)):
            count += sum(line.startswith(b'{"table":"episode_key"') for line in block)
            binding = _binding(first, number=number, is_last=is_last)
            sealed = _SUITE.encrypt(b"\n".join(block), site_key, binding)
            stream.write(bytes([is_last]) + len(sealed).to_bytes(4, "big") + sealed)
        stream.flush()
    return count


def _blocks(lines: Iterator[bytes]) -> Iterator[tuple[list[bytes], bool]]:
    """Cut the lines into blocks; the last one, which may be empty, is marked, so that a cut is noticed."""
    block: list[bytes] = []
    for line in lines:
        if len(block) == _LINES_AT_ONCE:
            yield block, False
            block = []
        block.append(line)
    yield block, True


def _binding(head: bytes, *, number: int, is_last: bool) -> bytes:
    return b"kiemdich/edge-keys/v1\x00" + head + number.to_bytes(8, "big") + bytes([is_last])


def _end_of(path: Path) -> datetime:
    try:
        return read_head(path).ends_at
    except BackupError:
        return datetime.min.replace(tzinfo=UTC)
