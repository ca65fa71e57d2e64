"""Opening the centre's database: PostgreSQL through psycopg 3, or SQLite for a demonstration.

Transactions are explicit on both. On SQLite a writer begins with BEGIN IMMEDIATE (one writer at a
time, no deadlock by upgrade), WAL and synchronous=FULL; the library is the one of the sqlcipher3
wheel, because the system's may be inside the WAL-reset corruption range (3.7.0 to 3.51.2).
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import sqlcipher3.dbapi2 as sqlcipher
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool

SQLITE_FLOOR = (3, 51, 3)
_BUSY_TIMEOUT_MS = 10_000


class SqliteTooOldError(RuntimeError):
    """This SQLite can lose acknowledged commits (WAL-reset bug); install a newer one."""


def open_engine(url: str) -> Engine:
    """Open the database of ``url``; nothing is connected yet.

    What a statement was given never stands in an error: logs hold no personal data.
    """
    if url.startswith("postgresql+psycopg://"):
        return create_engine(url, pool_size=10, max_overflow=10, pool_pre_ping=True, hide_parameters=True)
    if tuple(sqlcipher.sqlite_version_info) < SQLITE_FLOOR:
        msg = f"SQLite {sqlcipher.sqlite_version} can lose commits in WAL mode; 3.51.3 or newer is needed"
        raise SqliteTooOldError(msg)
    engine = create_engine(
        url, module=sqlcipher, poolclass=QueuePool, pool_size=10, max_overflow=10, hide_parameters=True
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """One transaction that writes: committed at the end of the block, rolled back on any error."""
    with engine.connect().execution_options(kiemdich_writes=True) as connection, connection.begin():
        yield connection


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """One transaction that reads, all of it at one moment (REPEATABLE READ; a WAL snapshot on SQLite)."""
    connection = engine.connect()
    if engine.dialect.name == "postgresql":
        connection = connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    with connection, connection.begin():
        yield connection


def _prepare_sqlite(connection: sqlite3.Connection, entry: ConnectionPoolEntry) -> None:
    del entry
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
        f"busy_timeout = {_BUSY_TIMEOUT_MS}",
        "trusted_schema = OFF",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("kiemdich_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
