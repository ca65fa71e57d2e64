"""Schema changes of the two databases: numbered sentences, each proven equal to the store's tables.

``upgrade("edge" | "central", engine_or_url)`` brings a database to the newest schema and does
nothing when it is there already. Each step is one transaction, so that a database killed in the
middle is either old or new. A database that is newer than this program is refused.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine

Side = Literal["edge", "central"]
STEP_LIMITS = {"lock_timeout": "10s", "statement_timeout": "30min"}


class DatabaseTooNewError(RuntimeError):
    """The database was written by a newer program: install that one; do not retry with this one."""


def configuration(side: Side) -> Config:
    """Return Alembic's configuration for one side; no ini file, no logging set-up."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / side).replace("%", "%%"))
    return config


def upgrade(side: Side, engine_or_url: Engine | str) -> None:
    """Bring the database to the newest schema; raises ``DatabaseTooNewError``."""
    engine = create_engine(engine_or_url) if isinstance(engine_or_url, str) else engine_or_url
    config = configuration(side)
    with engine.connect() as connection:
        _refuse_newer(connection, ScriptDirectory.from_config(config))
        config.attributes["connection"] = connection
        with _within_limits(connection):
            command.upgrade(config, "head")
        connection.commit()
    if isinstance(engine_or_url, str):
        engine.dispose()


@contextmanager
def _within_limits(connection: Connection) -> Iterator[None]:
    """Let PostgreSQL end a step that waits too long for a lock, or works too long; nothing is changed then.

    A step that waits for a lock keeps everybody else waiting behind it: better to fail and be started again.
    """
    if connection.dialect.name != "postgresql":
        yield
        return
    before = {name: connection.exec_driver_sql(f"SHOW {name}").scalar_one() for name in STEP_LIMITS}
    _set(connection, STEP_LIMITS)
    try:
        yield
        connection.commit()
    finally:
        connection.rollback()
        _set(connection, before)


def _set(connection: Connection, limits: Mapping[str, str]) -> None:
    for name, limit in limits.items():
        connection.exec_driver_sql(f"SET {name} = '{limit}'")
    connection.commit()


def _refuse_newer(connection: Connection, scripts: ScriptDirectory) -> None:
    known = {script.revision for script in scripts.walk_revisions()}
    for revision in MigrationContext.configure(connection).get_current_heads():
        if revision not in known:
            msg = f"the database has schema {revision}, which this program does not know; use the newer program"
            raise DatabaseTooNewError(msg)
    connection.rollback()
