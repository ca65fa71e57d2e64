"""The centre's migrations and its tables are the same schema, and what stood in an older one is kept."""

from datetime import UTC, datetime

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import text

from central.store.declaration_tables import metadata
from central.store.engine import open_engine
from migrations import configuration, upgrade


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=[pytest.mark.services, pytest.mark.postgres])])
def engine(request, tmp_path):
    if request.param == "sqlite":
        opened = open_engine(f"sqlite:///{tmp_path / 'central.db'}")
    else:
        opened = open_engine(str(request.getfixturevalue("postgres_url")))
    yield opened
    opened.dispose()


def upgrade_to(engine, revision: str) -> None:
    config = configuration("central")
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        connection.commit()


def test_migrating_gives_the_tables_of_the_store(engine):
    upgrade("central", engine)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_object": _is_ours})
        assert compare_metadata(context, metadata) == []


def _is_ours(found, name, kind, reflected, compare_to):
    """Partitions of the ledger are made as the months go by, with the keys that must be theirs."""
    if kind == "table":
        return not (reflected and name.startswith("ledger_") and name != "ledger_head")
    return kind not in {"index", "unique_constraint"} or not found.table.name.startswith("ledger")


def test_reviews_edges_and_alarms_of_the_first_schema_are_kept(engine):
    upgrade_to(engine, "0001")
    now = datetime(2026, 11, 22, tzinfo=UTC)
    at = now if engine.dialect.name == "postgresql" else now.replace(tzinfo=None).isoformat(" ")
    record_id = "0" * 31 + "1"
    with engine.connect().execution_options(kiemdich_writes=True) as connection, connection.begin():
        for statement in (
            "INSERT INTO centre VALUES (1, 'abc', :at)",
            "INSERT INTO edge VALUES ('mong-cai-1', 'mong-cai', :hash, 1, :at, NULL)",
            "INSERT INTO centre_journal VALUES (1, :id, 'case_reviewed', :hash, :hash, :at)",
            "INSERT INTO case_review VALUES (1, 'c1', 'suspected', '', 'cdc', :at)",
            "INSERT INTO alarm VALUES (1, 'fork', 'mong-cai-1', 1, 4, :hash, :hash, :at)",
        ):
            values = {"at": at, "hash": b"h" * 32, "id": record_id}
            connection.execute(text(statement), {name: values[name] for name in values if f":{name}" in statement})

    upgrade("central", engine)

    with engine.connect() as connection:
        assert connection.execute(text("SELECT incarnation, sequence, crossing_id FROM case_review")).all() == [
            (1, 1, "c1")
        ]
        assert connection.execute(text("SELECT incarnation, sequence FROM centre_journal")).all() == [(1, 1)]
        assert connection.execute(text("SELECT kind, detail, cleared_at FROM alarm")).all() == [("fork", "{}", None)]
        assert connection.execute(text("SELECT confirmed_by, kind, down_sequence FROM edge")).all() == [
            ("operator", "edge", 0)
        ]
        epoch = connection.execute(text("SELECT epoch, centre_incarnation, epoch_position FROM centre")).one()
        assert tuple(epoch) == ("abc", 1, 0)
    with (
        pytest.raises(Exception, match="append-only"),
        engine.connect().execution_options(kiemdich_writes=True) as connection,
        connection.begin(),
    ):
        connection.execute(text("UPDATE centre_journal SET type = 'x'"))
