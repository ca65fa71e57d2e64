"""Opening the edge's database: SQLCipher with a key file, WAL, every commit on the disk.

The key (32 random bytes) comes from systemd's credential ``kiemdich-database-key`` where the service has
one, else from ``data_dir/database.key`` with mode 0600; it is nowhere else: never part of a URL, of a
message, of the environment or of the command line. SQLite before 3.51.3 can lose commits in WAL mode and is refused.
"""

import fcntl
import os
import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import IO

import sqlcipher3.dbapi2 as sqlcipher
from sqlalchemy import Connection as EngineConnection
from sqlalchemy import Engine, ExceptionContext, QueuePool, create_engine, event
from sqlalchemy.exc import DBAPIError

DATABASE_NAME = "edge.db"
KEY_NAME = "database.key"
CREDENTIAL_NAME = "kiemdich-database-key"
"""Of ``LoadCredential=`` or ``LoadCredentialEncrypted=`` (systemd.exec): 32 bytes, or 64 hex digits."""
CLAIM_NAME = "edge.claim"
SQLITE_FLOOR = (3, 51, 3)
_KEY_BYTES = 32
_OTHERS_OR_WRITABLE = 0o027
_HEX_KEY = re.compile(r"[0-9a-f]{64}")
_NOT_OURS = 26  # SQLITE_NOTADB: another key, or a first page that is none
_DAMAGED = frozenset({11, _NOT_OURS})  # SQLITE_CORRUPT
_PAGE_CACHE_KIB = 24 * 1024


class StoreError(Exception):
    """The edge's database cannot be opened or written; the message says by whose fault."""


class SqliteTooOldError(StoreError):
    """This SQLite can lose acknowledged commits (WAL-reset bug); install a newer one."""


class DatabaseKeyError(StoreError):
    """The key file is missing, readable by others or of another database; a person must repair it."""


class DamagedDatabaseError(StoreError):
    """A page of the database is not what was written; nothing is deleted, a person restores. Do not retry."""


class DamagedPageError(DamagedDatabaseError):
    """A reader met the damage: nothing of what was asked can be shown, and nothing was changed. Do not retry."""


class Damage:
    """Whether anybody met a damaged page since the start, and the words that say where and what to do."""

    def __init__(self) -> None:
        """Nothing was met."""
        self.words = ""

    def note(self, words: str) -> None:
        """Keep the first finding: whoever looks at the edge's health sees it until a person has restored."""
        self.words = self.words or words


class FolderTakenError(StoreError):
    """Another edge runs on this data folder; nothing was opened."""


def require_sound_sqlite(version: tuple[int, ...] = tuple(sqlcipher.sqlite_version_info)) -> None:
    """Refuse an SQLite with the WAL-reset bug: sqlite.org/wal.html, fixed in 3.51.3."""
    if version < SQLITE_FLOOR:
        msg = f"SQLite {'.'.join(map(str, version))} can lose commits in WAL mode; 3.51.3 or newer is needed"
        raise SqliteTooOldError(msg)


@contextmanager
def naming_damage(path: Path) -> Iterator[None]:
    """Name the file and the way out where SQLite has only a bare word for a page that is not what was written."""
    try:
        yield
    except (DBAPIError, sqlcipher.DatabaseError) as error:
        if not is_damage(error):
            raise
        raise DamagedDatabaseError(words_of_damage(path, error=error)) from error


def is_damage(error: DBAPIError | sqlcipher.DatabaseError) -> bool:
    """Tell whether an error of the driver says that the file is damaged; a statement's own fault is none."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    code: int = getattr(cause, "sqlite_errorcode", None) or 0
    return code & 0xFF in _DAMAGED


def words_of_damage(path: Path, *, error: Exception) -> str:
    """Say which file is damaged and what to do: nothing is deleted on the way."""
    reason = error.orig if isinstance(error, DBAPIError) else error
    return (
        f"{path} is damaged ({reason}). Delete nothing. With a backup: python -m checkpoint restore --from FOLDER"
        " --replace (the damaged file is kept aside). Without one: move edge.db, edge.db-wal and edge.db-shm into"
        " another folder, leave identity/ and database.key where they are, and start: the edge goes on under a new"
        " incarnation, and the centre keeps what it has receipted"
    )


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


def database_key(folder: Path, *, environment: Mapping[str, str] = os.environ) -> str:
    """Return the database key as hex; make it only where there is no database yet."""
    handed = environment.get("CREDENTIALS_DIRECTORY", "")
    if handed and (Path(handed) / CREDENTIAL_NAME).exists():
        return _credential(Path(handed) / CREDENTIAL_NAME)
    path = folder / KEY_NAME
    if not path.exists():
        if (folder / DATABASE_NAME).exists():
            msg = f"{path} is missing, so {DATABASE_NAME} cannot be read; restore the key file from its backup"
            raise DatabaseKeyError(msg)
        write_private_file(path, secrets.token_bytes(_KEY_BYTES))
    return read_private_file(path, size_bytes=_KEY_BYTES).hex()


def _credential(path: Path) -> str:
    """Read the key that systemd hands over: raw, or written in hex.

    Where systemd opens it to the service by an access list, the group's bits show that list's mask and no group.
    """
    if path.stat().st_mode & _OTHERS_OR_WRITABLE:
        msg = f"the credential {path.name} may be read by others, or written; hand it over by LoadCredential"
        raise DatabaseKeyError(msg)
    content = path.read_bytes()
    text = content.decode("ascii", errors="replace").strip().lower()
    key = text if len(content) != _KEY_BYTES and _HEX_KEY.fullmatch(text) else content.hex()
    if len(key) != 2 * _KEY_BYTES:
        msg = f"the credential {path.name} must hold {_KEY_BYTES} bytes or {2 * _KEY_BYTES} hex digits"
        raise DatabaseKeyError(msg)
    return key


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
    require_private(path)
    content = path.read_bytes()
    if len(content) != size_bytes:
        msg = f"{path} holds {len(content)} bytes instead of {size_bytes}; restore it from its backup"
        raise DatabaseKeyError(msg)
    return content


def require_private(path: Path) -> None:
    """Refuse a secret that others than its owner may read."""
    if path.stat().st_mode & 0o077:
        msg = f"{path} may be read by others; set its mode to {'0700' if path.is_dir() else '0600'}"
        raise DatabaseKeyError(msg)


def keep_private(folder: Path) -> None:
    """Close a data folder to everybody but its owner; refuse a database that others could read until now.

    What others may have copied cannot be taken back, so a person must hear of it before the edge starts.
    """
    if folder.exists() and folder.stat().st_mode & 0o077:
        folder.chmod(0o700)
    for ending in ("", "-wal", "-shm"):
        path = folder / f"{DATABASE_NAME}{ending}"
        if path.exists():
            require_private(path)


def open_connection(path: Path, *, key: str) -> sqlcipher.Connection:
    """Open one connection in autocommit mode; transactions are begun in so many words."""
    require_sound_sqlite()
    try:
        _make_file(path)
        connection = sqlcipher.connect(
            str(path), isolation_level=None, check_same_thread=False, cached_statements=256, timeout=5.0
        )
        _prepare(connection, key=key)
    except (sqlcipher.OperationalError, OSError) as error:
        msg = f"{path} cannot be written ({error}); give this user the right to write to its folder, and free space"
        raise StoreError(msg) from error
    except sqlcipher.DatabaseError as error:
        if getattr(error, "sqlite_errorcode", None) != _NOT_OURS and is_damage(error):
            raise DamagedDatabaseError(words_of_damage(path, error=error)) from error
        msg = f"{path} does not open with its key file ({error}); restore database and key from one backup"
        raise DatabaseKeyError(msg) from error
    return connection


def _make_file(path: Path) -> None:
    """Make the file for its owner only, before SQLite makes it for everybody; its log gets the same mode."""
    if str(path) != ":memory:" and not path.exists():
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))


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


def open_engine(
    path: Path, *, key: str, begin: str = "BEGIN", readers: int = 3, damage: Damage | None = None
) -> Engine:
    """Make a pool of connections. Readers begin deferred; migrations with ``BEGIN IMMEDIATE``.

    With ``damage`` a damaged page is noted there and raised as ``DamagedPageError``, which names the way out.
    """
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

    if damage is not None:
        event.listen(engine, "handle_error", partial(_name_damage, path=path, damage=damage))
    return engine


def _name_damage(context: ExceptionContext, *, path: Path, damage: Damage) -> None:
    """Raise what SQLite only has a bare word for; every other error stays as it is."""
    error = context.original_exception
    if isinstance(error, sqlcipher.DatabaseError) and is_damage(error):
        words = words_of_damage(path, error=error)
        damage.note(words)
        raise DamagedPageError(words) from error
