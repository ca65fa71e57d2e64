"""Databases in memory: the real schema made once, copied for each seed; and the switch that kills.

A store outlives its process: ``Killed`` is raised at a statement or a commit, whatever was open rolls
back as it would after the kill, and the next process opens the same bytes.
"""

import itertools

import sqlcipher3.dbapi2 as sqlcipher
from sqlalchemy import Engine, QueuePool, create_engine, event

from central.store.engine import _begin_sqlite
from central.store.engine import open_engine as open_centre_engine
from migrations import upgrade

_NUMBERS = itertools.count(1)


class Killed(BaseException):
    """The process ended here, between two instructions: nothing after this line of it ever ran."""

    def __init__(self, victim: str, *, at: str) -> None:
        self.victim = victim
        self.at = at
        super().__init__(f"{victim} at {at}")


class KillSwitch:
    """Counts the places where a process could die, and ends it at the chosen one."""

    def __init__(self, victim: str) -> None:
        self.victim = victim
        self._left: int | None = None

    @property
    def is_armed(self) -> bool:
        return self._left is not None

    def arm(self, after_points: int) -> None:
        self._left = after_points

    def disarm(self) -> None:
        self._left = None

    def point(self, at: str) -> None:
        """Pass one place where the process may die."""
        if self._left is None:
            return
        self._left -= 1
        if self._left <= 0:
            self._left = None
            raise Killed(self.victim, at=at)


class KillableConnection(sqlcipher.Connection):
    """A writer's own connection: its every statement and commit is a place to die."""

    switch: KillSwitch

    def execute(self, sql, parameters=()):
        if not self.switch.is_armed:
            return super().execute(sql, parameters)
        verb = sql[:6]
        self.switch.point(f"before {verb}")
        done = super().execute(sql, parameters)
        if verb == "COMMIT":
            self.switch.point("after COMMIT")
        return done

    def commit(self):
        self.switch.point("before commit")
        super().commit()
        self.switch.point("after commit")


class PooledConnection(sqlcipher.Connection):
    """A connection of an engine: each statement of its cursors, and each commit, is a place to die."""

    switch: KillSwitch

    def cursor(self):
        if not self.switch.is_armed:
            return super().cursor()
        cursor = super().cursor(KillableCursor)
        cursor.switch = self.switch
        return cursor

    def commit(self):
        self.switch.point("before commit")
        super().commit()
        self.switch.point("after commit")


class KillableCursor(sqlcipher.Cursor):
    """A cursor made while a kill is on its way: only such a one has to count its statements."""

    switch: KillSwitch

    def execute(self, sql, parameters=()):
        self.switch.point(f"before {sql[:6]}")
        return super().execute(sql, parameters)

    def executemany(self, sql, parameters):
        self.switch.point(f"before {sql[:6]}")
        return super().executemany(sql, parameters)


class MemoryDatabase:
    """One database in memory that several connections share, held open by its anchor."""

    def __init__(self, name: str, *, template: sqlcipher.Connection | None = None) -> None:
        self.path = f"/kiemdich-{name}-{next(_NUMBERS)}"
        self.anchor = self.connect()
        if template is not None:
            self.fill(template)

    @property
    def uri(self) -> str:
        return f"file:{self.path}?vfs=memdb"

    def connect(self, kind: type[sqlcipher.Connection] = sqlcipher.Connection) -> sqlcipher.Connection:
        return sqlcipher.connect(self.uri, uri=True, isolation_level=None, check_same_thread=False, factory=kind)

    def connect_killable(
        self, switch: KillSwitch, *, kind: type[KillableConnection | PooledConnection] = KillableConnection
    ) -> KillableConnection | PooledConnection:
        connection = self.connect(kind)
        connection.switch = switch
        return connection

    def fill(self, source: sqlcipher.Connection) -> None:
        """Become a copy of ``source``."""
        source.backup(self.anchor)

    def copied(self) -> sqlcipher.Connection:
        """Return a copy that nothing changes any more: a backup."""
        copy = sqlcipher.connect(":memory:", isolation_level=None, check_same_thread=False)
        self.anchor.backup(copy)
        return copy


def edge_template() -> sqlcipher.Connection:
    """Migrate an edge's database once."""
    database = MemoryDatabase("edge-template")
    engine = edge_engine(database, begin="BEGIN IMMEDIATE")
    upgrade("edge", engine)
    engine.dispose()
    return database.copied()


def centre_template() -> sqlcipher.Connection:
    """Migrate a centre's database once."""
    database = MemoryDatabase("centre-template")
    engine = centre_engine(database)
    upgrade("central", engine)
    engine.dispose()
    return database.copied()


def edge_engine(database: MemoryDatabase, *, begin: str = "BEGIN") -> Engine:
    """The readers of an edge: as ``checkpoint.store.connection.open_engine`` makes them, without a key.

    The dialect itself begins a transaction: an engine that nobody listens to costs less at every statement.
    """
    engine = create_engine(
        "sqlite://", module=sqlcipher, creator=database.connect, poolclass=QueuePool, pool_size=3, max_overflow=0
    )
    engine.dialect.do_begin = lambda connection: connection.dbapi_connection.execute(begin)
    return engine


def centre_engine(database: MemoryDatabase, *, switch: KillSwitch | None = None) -> Engine:
    """The real engine of the centre over a database in memory; each statement is a place to die.

    One thread has no second writer to keep out: every transaction begins plainly, and by the dialect.
    """
    engine = open_centre_engine(f"sqlite:///{database.uri}&uri=true")
    event.remove(engine, "begin", _begin_sqlite)
    engine._has_events = False
    engine.dialect.do_begin = lambda connection: connection.dbapi_connection.cursor().execute("BEGIN")

    @event.listens_for(engine, "do_connect")
    def _connect(dialect, record, arguments, keywords):
        return database.connect_killable(KillSwitch("nobody"), kind=PooledConnection)

    @event.listens_for(engine, "connect")
    def _connected(connection, record):
        """Count from here on: what the engine sets on a new connection is no place to die."""
        connection.switch = switch or connection.switch

    return engine
