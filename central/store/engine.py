"""Opening the centre's database: PostgreSQL through psycopg 3, or SQLite for a demonstration.

Transactions are explicit on both. On SQLite a writer begins with BEGIN IMMEDIATE (one writer at a
time, no deadlock by upgrade), WAL and synchronous=FULL; the library is the one of the sqlcipher3
wheel, because the system's may be inside the WAL-reset corruption range (3.7.0 to 3.51.2).
"""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import sqlcipher3.dbapi2 as sqlcipher
from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DataError, InterfaceError, OperationalError
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool

SQLITE_FLOOR = (3, 51, 3)
_BUSY_TIMEOUT_MS = 10_000
# SQLITE_BUSY, LOCKED, READONLY, IOERR, FULL, CANTOPEN
_SQLITE_AWAY = frozenset({5, 6, 8, 10, 13, 14})


SERVICE_LIMITS = {
    "statement_timeout": "30s",
    "lock_timeout": "20s",
    "idle_in_transaction_session_timeout": "60s",
}
"""What a statement of the service may take before PostgreSQL ends it: the caller is told to come again."""
_LINK_ARGUMENTS = {"connect_timeout": 5, "keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3}


class SqliteTooOldError(RuntimeError):
    """This SQLite can lose acknowledged commits (WAL-reset bug); install a newer one."""


def open_engine(url: str) -> Engine:
    """Open the database of ``url``; nothing is connected yet.

    What a statement was given never stands in an error: logs hold no personal data.
    """
    if url.startswith("postgresql+psycopg://"):
        return create_engine(
            url,
            pool_size=10,
            max_overflow=10,
            pool_pre_ping=True,
            hide_parameters=True,
            connect_args=postgresql_arguments(url, limits=SERVICE_LIMITS),
        )
    if tuple(sqlcipher.sqlite_version_info) < SQLITE_FLOOR:
        msg = f"SQLite {sqlcipher.sqlite_version} can lose commits in WAL mode; 3.51.3 or newer is needed"
        raise SqliteTooOldError(msg)
    engine = create_engine(
        url, module=sqlcipher, poolclass=QueuePool, pool_size=10, max_overflow=10, hide_parameters=True
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def postgresql_arguments(url: str, *, limits: Mapping[str, str]) -> dict[str, int | str]:
    """Return libpq's arguments: notice a dead link in seconds, and keep to the limits, unless the address says more."""
    given = make_url(url).query.get("options", "")
    options = " ".join([f"-c {name}={limit}" for name, limit in limits.items()] + [str(given)])
    return {**_LINK_ARGUMENTS, "tcp_user_timeout": 20_000, "options": options.strip()}


class StoreUnavailableError(RuntimeError):
    """The database does not answer, or takes nothing: not the caller's fault; try again later."""


class UnstorableError(ValueError):
    """A NUL in a text or a number beyond 64 bits: the caller's fault; nothing was changed, do not retry."""


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """One transaction that writes: committed at the end of the block, rolled back on any error."""
    with (
        told_plainly(),
        engine.connect().execution_options(kiemdich_writes=True) as connection,
        connection.begin(),
    ):
        yield connection


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """One transaction that reads, all of it at one moment (REPEATABLE READ; a WAL snapshot on SQLite)."""
    with told_plainly(), engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        with connection.begin():
            yield connection


@contextmanager
def glancing(engine: Engine) -> Iterator[Connection]:
    """Read by one statement, which is one moment by itself: on PostgreSQL no transaction begins and ends."""
    if engine.dialect.name != "postgresql":
        with reading(engine) as connection:
            yield connection
        return
    with told_plainly(), engine.connect() as connection:
        yield connection.execution_options(isolation_level="AUTOCOMMIT")


@contextmanager
def told_plainly() -> Iterator[None]:
    """Say that the database is away, or holds no such value, whichever of the two it is and wherever it went."""
    try:
        yield
    except (OperationalError, InterfaceError) as error:
        if not _is_away(error):
            raise
        msg = f"the database does not answer ({type(error.orig).__name__})"
        raise StoreUnavailableError(msg) from error
    except DataError as error:
        msg = f"the database cannot hold one of these values ({type(error.orig).__name__})"
        raise UnstorableError(msg) from error


def _is_away(error: OperationalError | InterfaceError) -> bool:
    """PostgreSQL's class says it; SQLite's holds slips of ours too, so its code decides."""
    code = getattr(error.orig, "sqlite_errorcode", None)
    return code is None or code & 0xFF in _SQLITE_AWAY


def _prepare_sqlite(connection: sqlite3.Connection, entry: ConnectionPoolEntry) -> None:
    del entry
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
        "secure_delete = ON",
        f"busy_timeout = {_BUSY_TIMEOUT_MS}",
        "trusted_schema = OFF",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("kiemdich_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
