"""Schema changes of the two databases: numbered sentences, each proven equal to the store's tables.

``upgrade("edge" | "central", engine_or_url)`` brings a database to the newest schema and does
nothing when it is there already. Each step is one transaction, so that a database killed in the
middle is either old or new. A database that is newer than this program is refused.
"""

from pathlib import Path
from typing import Literal

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine

Side = Literal["edge", "central"]


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
        command.upgrade(config, "head")
        connection.commit()
    if isinstance(engine_or_url, str):
        engine.dispose()


def _refuse_newer(connection: Connection, scripts: ScriptDirectory) -> None:
    known = {script.revision for script in scripts.walk_revisions()}
    for revision in MigrationContext.configure(connection).get_current_heads():
        if revision not in known:
            msg = f"the database has schema {revision}, which this program does not know; use the newer program"
            raise DatabaseTooNewError(msg)
    connection.rollback()
