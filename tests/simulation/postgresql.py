"""The centre of a simulation on a real PostgreSQL: a template migrated once, copied for each seed.

The server keeps nothing through a power cut (``fsync`` is off): what dies here is the centre's own
program, between two statements or at a commit, never the database under it.
"""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from uuid import UUID

import psycopg
from sqlalchemy import Engine, event, make_url

from central.store.engine import open_engine as open_centre_engine
from migrations import upgrade
from tests.services.postgres import temporary_server
from tests.simulation.databases import KillSwitch

ADDRESS = "KIEMDICH_SIMULATION_POSTGRES"
"""The environment variable that tells every worker where the server is; absent: SQLite in memory."""
_CARELESS = ("fsync", "synchronous_commit", "full_page_writes", "autovacuum")
_LEAVE_TIMEOUT_S = 5.0


@contextmanager
def server_for_simulation() -> Iterator[None]:
    """Run a server for this program and its workers, named in their environment."""
    with temporary_server() as server:
        with psycopg.connect(server.address, autocommit=True) as administrator:
            for setting in _CARELESS:
                administrator.execute(f"ALTER SYSTEM SET {setting} = off")
            administrator.execute("SELECT pg_reload_conf()")
        os.environ[ADDRESS] = server.address
        try:
            yield
        finally:
            del os.environ[ADDRESS]


class Anchor:
    """Looks past the product: speaks as the anchor of a database in memory does."""

    def __init__(self, address: str) -> None:
        self._connection = psycopg.connect(address, autocommit=True)

    def execute(self, sql: str, parameters: Sequence[object] = ()) -> "Rows":
        found = self._connection.execute(sql.replace("?", "%s"), parameters or None)
        return Rows([tuple(_plain(value) for value in row) for row in found.fetchall()])

    def close(self) -> None:
        self._connection.close()


class Rows(list[tuple]):
    """Rows that were fetched already."""

    def fetchone(self) -> tuple | None:
        return self[0] if self else None

    def fetchall(self) -> list[tuple]:
        return self


def _plain(value: object) -> object:
    return str(value) if isinstance(value, UUID) else value


class PostgresDatabase:
    """One database on the server; its content is replaced by copying another database of the server."""

    def __init__(self, address: str) -> None:
        self._administrator = psycopg.connect(address, autocommit=True)
        self.name = f"simulation_{os.getpid()}"
        self.address = make_url(address).set(database=self.name).render_as_string(hide_password=False)
        self.leave: Callable[[], None] = lambda: None
        self._copies: list[str] = []
        self.anchor: Anchor | None = None
        self._made = 0

    @property
    def url(self) -> str:
        """The address for SQLAlchemy."""
        return self.address.replace("postgresql://", "postgresql+psycopg://", 1)

    def fill(self, source: str) -> None:
        """Become a copy of the database ``source``."""
        self._everybody_leaves()
        self._tell(f'DROP DATABASE IF EXISTS "{self.name}" WITH (FORCE)')
        self._tell(f'CREATE DATABASE "{self.name}" TEMPLATE "{source}"')
        self.anchor = Anchor(self.address)

    def copied(self) -> str:
        """Name a copy that nothing changes any more: a backup, until the next seed."""
        self._made += 1
        copy = f"{self.name}_copy_{self._made}"
        self._everybody_leaves()
        self._tell(f'CREATE DATABASE "{copy}" TEMPLATE "{self.name}"')
        self._copies.append(copy)
        self.anchor = Anchor(self.address)
        return copy

    def forget_copies(self) -> None:
        """Drop every backup of the seed that ended."""
        while self._copies:
            self._tell(f'DROP DATABASE "{self._copies.pop()}" WITH (FORCE)')

    def make_template(self) -> str:
        """Migrate a centre's database once."""
        self._tell(f'CREATE DATABASE "{self.name}"')
        engine = open_centre_engine(self.url)
        upgrade("central", engine)
        engine.dispose()
        template = f"{self.name}_template"
        self._everybody_leaves()
        self._tell(f'ALTER DATABASE "{self.name}" RENAME TO "{template}"')
        return template

    def _everybody_leaves(self) -> None:
        """Close what is open, and wait for the server to notice: it copies no database that somebody uses."""
        self.leave()
        if self.anchor is not None:
            self.anchor.close()
            self.anchor = None
        until = time.monotonic() + _LEAVE_TIMEOUT_S
        while self._is_used() and time.monotonic() < until:
            time.sleep(0.001)

    def _is_used(self) -> bool:
        found = self._administrator.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = %s", (self.name,)
        ).fetchone()
        return found is not None and found[0] > 0

    def _tell(self, words: str) -> None:
        self._administrator.execute(words)


class KillablePostgresConnection(psycopg.Connection):
    """A connection of the centre: each commit is a place to die, before and after it."""

    switch: KillSwitch

    def commit(self) -> None:
        self.switch.point("before commit")
        super().commit()
        self.switch.point("after commit")


def postgresql_engine(database: PostgresDatabase, *, switch: KillSwitch) -> Engine:
    """The real engine of the centre; each statement is a place to die."""
    engine = open_centre_engine(database.url)
    database.leave = engine.dispose

    @event.listens_for(engine, "do_connect")
    def _connect(dialect, record, arguments, keywords):
        connection = KillablePostgresConnection.connect(*arguments, **keywords)
        connection.switch = KillSwitch("nobody")
        return connection

    @event.listens_for(engine, "checkout")
    def _checked_out(connection, record, proxy):
        connection.switch = switch

    @event.listens_for(engine, "before_cursor_execute")
    def _statement(connection, cursor, statement, parameters, context, executemany):
        switch.point(f"before {statement[:6]}")

    return engine
