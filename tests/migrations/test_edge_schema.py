"""The edge's migrations and its tables are the same schema, and a newer database is refused."""

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, inspect
from sqlalchemy.schema import CreateTable

from checkpoint.store.edge_store import migration_engine
from checkpoint.store.tables import metadata
from migrations import DatabaseTooNewError, upgrade


@pytest.fixture
def engine(tmp_path: Path):
    engine = migration_engine(tmp_path)
    upgrade("edge", engine)
    yield engine
    engine.dispose()


def test_migrating_gives_exactly_the_tables_of_the_store(engine):
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
        made = dict(connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE type = 'table'").fetchall())
    for table in metadata.sorted_tables:
        wanted = str(CreateTable(table).compile(dialect=engine.dialect))
        assert made[table.name].split() == wanted.split(), table.name
        assert made[table.name].rstrip().endswith("STRICT")


def test_migrating_twice_changes_nothing(engine):
    before = set(inspect(engine).get_table_names())
    upgrade("edge", engine)
    assert set(inspect(engine).get_table_names()) == before


def test_a_database_of_a_newer_program_is_refused(engine):
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(DatabaseTooNewError, match="9999"):
        upgrade("edge", engine)


def test_an_url_is_taken_as_well_as_an_engine(tmp_path: Path):
    url = f"sqlite:///{tmp_path / 'plain.db'}"
    upgrade("edge", url)
    plain = create_engine(url)
    assert "journal" in inspect(plain).get_table_names()
    plain.dispose()
