"""Opening the edge's database: SQLCipher with a key file, WAL, every commit on the disk.

The key (32 random bytes) lies in ``data_dir/database.key`` with mode 0600 and nowhere else; it is
never part of a URL or a message. SQLite before 3.51.3 can lose commits in WAL mode and is refused.
"""

import fcntl
import os
import secrets
from pathlib import Path
from typing import IO

import sqlcipher3.dbapi2 as sqlcipher
from sqlalchemy import Connection as EngineConnection
from sqlalchemy import Engine, QueuePool, create_engine, event

DATABASE_NAME = "edge.db"
KEY_NAME = "database.key"
CLAIM_NAME = "edge.claim"
SQLITE_FLOOR = (3, 51, 3)
_KEY_BYTES = 32
_PAGE_CACHE_KIB = 24 * 1024


class StoreError(Exception):
    """The edge's database cannot be opened or written; the message says by whose fault."""


class SqliteTooOldError(StoreError):
    """This SQLite can lose acknowledged commits (WAL-reset bug); install a newer one."""


class DatabaseKeyError(StoreError):
    """The key file is missing, readable by others or of another database; a person must repair it."""


class FolderTakenError(StoreError):
    """Another edge runs on this data folder; nothing was opened."""


def require_sound_sqlite(version: tuple[int, ...] = tuple(sqlcipher.sqlite_version_info)) -> None:
    """Refuse an SQLite with the WAL-reset bug: sqlite.org/wal.html, fixed in 3.51.3."""
    if version < SQLITE_FLOOR:
        msg = f"SQLite {'.'.join(map(str, version))} can lose commits in WAL mode; 3.51.3 or newer is needed"
        raise SqliteTooOldError(msg)


def hold_folder(folder: Path) -> IO[bytes]:
    """Claim a data folder for one running edge, until the returned file is closed or the program ends.

    Two programs would each show lanes that the other changes. The system gives the claim back after a kill.
    """
    claim = (folder / CLAIM_NAME).open("ab")
    try:
        fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        claim.close()
        msg = f"another edge runs on {folder}; stop that one, or give this one a folder of its own"
        raise FolderTakenError(msg) from error
    return claim


def database_key(folder: Path) -> str:
    """Return the database key as hex; make it only where there is no database yet."""
    path = folder / KEY_NAME
    if not path.exists():
        if (folder / DATABASE_NAME).exists():
            msg = f"{path} is missing, so {DATABASE_NAME} cannot be read; restore the key file from its backup"
            raise DatabaseKeyError(msg)
        write_private_file(path, secrets.token_bytes(_KEY_BYTES))
    return read_private_file(path, size_bytes=_KEY_BYTES).hex()


def write_private_file(path: Path, content: bytes) -> None:
    """Write a secret with mode 0600, whole or not at all, and make it durable."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    partial = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    partial.rename(path)
    folder = os.open(path.parent, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)


def read_private_file(path: Path, *, size_bytes: int) -> bytes:
    """Read a secret; refuse one that others may read or that has the wrong size."""
    if path.stat().st_mode & 0o077:
        msg = f"{path} may be read by others; set its mode to 0600"
        raise DatabaseKeyError(msg)
    content = path.read_bytes()
    if len(content) != size_bytes:
        msg = f"{path} holds {len(content)} bytes instead of {size_bytes}; restore it from its backup"
        raise DatabaseKeyError(msg)
    return content


def open_connection(path: Path, *, key: str) -> sqlcipher.Connection:
    """Open one connection in autocommit mode; transactions are begun in so many words."""
    require_sound_sqlite()
    try:
        connection = sqlcipher.connect(
            str(path), isolation_level=None, check_same_thread=False, cached_statements=256, timeout=5.0
        )
        _prepare(connection, key=key)
    except sqlcipher.OperationalError as error:
        msg = f"{path} cannot be written ({error}); give this user the right to write to its folder, and free space"
        raise StoreError(msg) from error
    except sqlcipher.DatabaseError as error:
        msg = f"{path} does not open with its key file ({error}); restore database and key from one backup"
        raise DatabaseKeyError(msg) from error
    return connection


def _prepare(connection: sqlcipher.Connection, *, key: str) -> None:
    connection.execute(f"PRAGMA key = \"x'{key}'\"")
    try:
        for pragma in (
            "PRAGMA journal_mode = WAL",
            "PRAGMA synchronous = FULL",
            "PRAGMA foreign_keys = ON",
            "PRAGMA busy_timeout = 5000",
            "PRAGMA trusted_schema = OFF",
            "PRAGMA secure_delete = ON",
            "PRAGMA temp_store = MEMORY",
            f"PRAGMA cache_size = -{_PAGE_CACHE_KIB}",
        ):
            connection.execute(pragma)
    except sqlcipher.DatabaseError:
        connection.close()
        raise


def open_engine(path: Path, *, key: str, begin: str = "BEGIN", readers: int = 3) -> Engine:
    """Make a pool of connections. Readers begin deferred; migrations with ``BEGIN IMMEDIATE``."""
    engine = create_engine(
        "sqlite://",  # the creator opens the encrypted file; no path and no key stand in the URL
        module=sqlcipher,
        creator=lambda: open_connection(path, key=key),
        poolclass=QueuePool,
        pool_size=readers,
        max_overflow=0,
        hide_parameters=True,  # logs hold no personal data, not even those of a failed statement
    )

    @event.listens_for(engine, "begin")
    def _begin(connection: EngineConnection) -> None:
        connection.exec_driver_sql(begin)

    return engine
