"""On PostgreSQL the ledger has a part for every month: made ahead, each guarded, none ever missing a record."""

from datetime import UTC, date, datetime, timedelta

import psycopg
import pytest
from alembic import command
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import DBAPIError, ProgrammingError

from central.store import CentralStore
from central.store.roles import RoleError, grant_role
from migrations import STEP_LIMITS, configuration, upgrade
from tests.central.conftest import CUT_OFF_HOUR, SteppingClock, enrolled
from tests.central.pushes import push
from tests.sync.exchange.journals import EdgeJournal, screened

pytestmark = [pytest.mark.services, pytest.mark.postgres]
RANGES = text(
    "SELECT CAST(inhrelid AS regclass)::text, pg_get_expr(relpartbound, inhrelid) FROM pg_inherits"
    " JOIN pg_class ON pg_class.oid = inhrelid WHERE inhparent = CAST('ledger' AS regclass) ORDER BY 1".replace(
        ":", r"\:"
    )
)


@pytest.fixture
def database_url(postgres_url) -> str:
    return postgres_url


def months(store) -> dict[str, str]:
    with store.engine.connect() as connection:
        return dict(connection.execute(RANGES).all())


def places(store) -> list[tuple[str, int]]:
    with store.engine.connect() as connection:
        query = "SELECT CAST(CAST(tableoid AS regclass) AS text), position FROM ledger ORDER BY position"
        return [tuple(row) for row in connection.exec_driver_sql(query)]


def test_a_record_lies_in_the_month_in_which_it_arrived(reception, store, journal, clock):
    journal.write(screened("c-1"))
    push(reception, journal)
    clock.now = datetime(2026, 12, 31, 23, 59, 30, tzinfo=UTC)
    journal.write(screened("c-2"))
    push(reception, journal)
    clock.now = datetime(2027, 1, 1, tzinfo=UTC)
    journal.write(screened("c-3"))
    push(reception, journal)
    assert places(store) == [("ledger_2026_11", 1), ("ledger_2026_12", 2), ("ledger_2027_01", 3)]
    assert {"ledger_2027_02", "ledger_2027_03"} <= set(months(store)), "two months are made ahead"
    assert store.verify().ledger_records == 3


def test_a_month_that_nobody_made_costs_no_record_and_is_made_from_the_rest(store):
    long_ago = datetime(2019, 5, 6, tzinfo=UTC)
    with store.engine.begin() as connection:
        connection.execute(INSERT, {"position": 1, "at": long_ago})
        connection.execute(INSERT, {"position": 2, "at": long_ago + timedelta(days=3)})
    assert places(store) == [("ledger_rest", 1), ("ledger_rest", 2)]
    make(store, date(2026, 11, 22))
    assert places(store) == [("ledger_2019_05", 1), ("ledger_2019_05", 2)]
    with store.engine.begin() as connection:
        connection.execute(INSERT, {"position": 3, "at": datetime(2031, 1, 1, tzinfo=UTC)})
    assert places(store)[-1] == ("ledger_rest", 3), "there is a rest again"


def test_rows_in_the_rest_that_lie_around_an_existing_month_stay_there_and_stop_nothing(store):
    make(store, date(2019, 6, 1))
    with store.engine.begin() as connection:
        connection.execute(INSERT, {"position": 1, "at": datetime(2019, 5, 6, tzinfo=UTC)})
        connection.execute(INSERT, {"position": 2, "at": datetime(2019, 9, 6, tzinfo=UTC)})
    make(store, date(2026, 11, 22))
    assert places(store) == [("ledger_rest", 1), ("ledger_rest", 2)]


INSERT = text(
    "INSERT INTO ledger VALUES (:position, 'e', 1, :position, gen_random_uuid(), 't', NULL, '', '', :at, 'x', '')"
)


def make(store, day: date) -> int:
    with store.engine.begin() as connection:
        return connection.execute(text("SELECT make_ledger_partitions(:day, 3)"), {"day": day}).scalar_one()


def test_a_ledger_of_the_first_schema_is_adopted_whole(postgres_url):
    engine = create_engine(postgres_url)
    with engine.connect() as connection:
        config = configuration("central")
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.commit()
        for position in range(1, 6):
            at = datetime(2025, position, 3, tzinfo=UTC)
            connection.execute(INSERT, {"position": position, "at": at})
        before = connection.exec_driver_sql("SELECT * FROM ledger ORDER BY position").all()
        connection.commit()
    upgrade("central", engine)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT * FROM ledger ORDER BY position").all() == before
        bounds = dict(connection.execute(RANGES).all())
    assert bounds["ledger_before"] == "FOR VALUES FROM (MINVALUE) TO ('2025-06-01 00:00:00+00')"
    assert bounds["ledger_rest"] == "DEFAULT"
    engine.dispose()


def test_a_step_that_cannot_get_its_lock_gives_up_and_changes_nothing(postgres_url, monkeypatch):
    monkeypatch.setitem(STEP_LIMITS, "lock_timeout", "200ms")
    engine = create_engine(postgres_url)
    with engine.connect() as connection:
        config = configuration("central")
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.commit()
    with engine.connect() as reader:
        reader.exec_driver_sql("LOCK TABLE ledger IN ACCESS SHARE MODE")
        with pytest.raises(DBAPIError, match="lock timeout"):
            upgrade("central", engine)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar_one() == "0001"
        assert connection.exec_driver_sql("SHOW lock_timeout").scalar_one() == "0"
    upgrade("central", engine)
    engine.dispose()


@pytest.mark.parametrize("change", ["UPDATE {} SET disposition = 'x'", "DELETE FROM {}", "TRUNCATE {}"])
def test_not_even_the_superuser_changes_the_ledger_or_one_of_its_months(reception, store, journal, change):
    journal.write(screened("c-1"))
    push(reception, journal)
    for table in ("ledger", *months(store), "record_replay"):
        with store.engine.connect() as connection, pytest.raises(DBAPIError, match="append-only"):
            connection.exec_driver_sql(change.format(table))


@pytest.fixture
def service_url(store, postgres_url, postgres_server) -> str:
    """The address of the same database for a role that was granted what the service needs."""
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = 'kiemdich_service'").fetchone()
        if known is None:
            connection.execute("CREATE ROLE kiemdich_service LOGIN")
    assert grant_role(store.engine, "kiemdich_service") > 10
    return make_url(postgres_url).set(username="kiemdich_service").render_as_string(hide_password=False)


def test_the_services_role_can_do_all_that_the_service_does(service_url, store, centre_key):
    from central.actions.reception import Reception

    clock = SteppingClock(datetime(2027, 3, 30, tzinfo=UTC))
    service = CentralStore.open(service_url, cut_off_hour=CUT_OFF_HOUR)
    try:
        upgrade("central", service.engine)
        journal = enrolled(EdgeJournal("mong-cai-1"), gate="mong-cai", store=service, clock=clock)
        journal.write(screened("c-1"))
        push(Reception(service, signing_key=centre_key, clock=clock), journal)
        assert places(service) == [("ledger_2027_03", 1)], "and makes its months, by the owner's function"
        assert service.verify().ledger_records == 1
    finally:
        service.close()


def test_the_services_role_has_no_right_to_change_what_is_append_only(service_url, store):
    service = create_engine(service_url)
    for table in ("ledger", "ledger_rest", "centre_journal", "report_revision", "access_log", "record_replay"):
        for change in (
            "UPDATE {} SET hash = ''",
            "DELETE FROM {}",
            "TRUNCATE {}",
            "DROP TABLE {}",
            "ALTER TABLE {} DISABLE TRIGGER ALL",
        ):
            with (
                service.connect() as connection,
                pytest.raises(ProgrammingError, match=r"permission denied|must be owner|does not exist"),
            ):
                connection.exec_driver_sql(change.format(table))
    service.dispose()


def test_a_role_that_does_not_exist_is_named(store):
    with pytest.raises(RoleError, match="CREATE ROLE nobody_here"):
        grant_role(store.engine, "nobody_here")


def test_the_service_sets_limits_to_its_statements(store):
    with store.engine.connect() as connection:
        shown = {
            name: connection.exec_driver_sql(f"SHOW {name}").scalar_one()
            for name in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
        }
    assert shown == {"statement_timeout": "30s", "lock_timeout": "20s", "idle_in_transaction_session_timeout": "1min"}
