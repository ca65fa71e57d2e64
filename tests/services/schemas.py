"""Schemas for tests: the sentences of the migrations said again, without Alembic thinking them up anew.

Most tests of a store begin with an empty database, and its migration costs more than the test. The first empty database
of each kind (side, dialect, driver) that a process migrates is migrated in earnest, while every sentence that reaches
the driver is written down; the next empty one of that kind is told the same sentences in one transaction. A database
that holds anything is migrated in earnest always, and so is everything in another process.

A test that is about the migrations themselves asks for ``migrations_in_earnest``.
"""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import NamedTuple

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, event

import migrations

_TABLES = {
    "sqlite": "SELECT count(*) FROM sqlite_master",
    "postgresql": "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace",
}
_UNSAID = ("PRAGMA", "BEGIN", "COMMIT")
"""Questions about a table that is about to change, and the bounds of each step's transaction."""


class Kind(NamedTuple):
    """Databases that are told the same sentences."""

    side: str
    dialect: str
    driver: str


class Sentence(NamedTuple):
    """One statement as the driver got it."""

    words: str
    parameters: object
    is_many: bool


_SCHEMAS: dict[Kind, list[Sentence]] = {}


def upgrade(config: Config, revision: str) -> None:
    """Stand where ``migrations`` names ``alembic.command``."""
    connection: Connection = config.attributes["connection"]
    dialect = connection.dialect
    side = (config.get_main_option("script_location") or "").rpartition("/")[2]
    kind = Kind(side, dialect.name, f"{dialect.driver} {dialect.loaded_dbapi.__name__}")
    if not _is_empty(connection):
        command.upgrade(config, revision)
    elif kind in _SCHEMAS:
        _tell(connection, _SCHEMAS[kind])
    else:
        _SCHEMAS[kind] = _heard(connection, config=config, revision=revision)


def _is_empty(connection: Connection) -> bool:
    count = connection.exec_driver_sql(_TABLES[connection.dialect.name]).scalar_one()
    connection.rollback()
    return not count


def _heard(connection: Connection, *, config: Config, revision: str) -> list[Sentence]:
    """Migrate in earnest and write down what reaches the driver."""
    sentences: list[Sentence] = []

    def hear(_connection, _cursor, words, parameters, _context, is_many):
        if not words.lstrip().startswith(_UNSAID):
            sentences.append(Sentence(words, parameters, is_many))

    event.listen(connection, "before_cursor_execute", hear)
    try:
        command.upgrade(config, revision)
    finally:
        event.remove(connection, "before_cursor_execute", hear)
    return sentences


def _tell(connection: Connection, sentences: list[Sentence]) -> None:
    with connection.begin():
        cursor = connection.connection.cursor()
        for words, parameters, is_many in sentences:
            (cursor.executemany if is_many else cursor.execute)(words, parameters)
        cursor.close()


@pytest.fixture(scope="session", autouse=True)
def schemas_are_remembered() -> Iterator[None]:
    """Let every test of this process have its schemas quickly."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(migrations, "command", SimpleNamespace(upgrade=upgrade))
        yield


@pytest.fixture
def migrations_in_earnest(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let Alembic itself migrate: this test is about that."""
    monkeypatch.setattr(migrations, "command", command)
