"""What is drawn from reports and from the centre's journal: a row too many, too few or changed is named by its key."""

from datetime import timedelta

import pytest
from sqlalchemy import delete, insert

from central.actions.opening import open_centre
from central.settings import load_settings
from central.store.report_tables import report_summary
from central.store.tables import case_review, erased_episode, erasure, provisional_case
from tests.central.conftest import SteppingClock
from tests.central.running import write_settings
from tests.central.test_bit_flips import fill, first_difference, rows_of, unbound, unguard, write
from tests.demands import demand
from tests.sync.exchange.journals import MORNING

CHANGES = {
    report_summary: ("changes", {"report_day": (MORNING + timedelta(days=1)).date()}),
    erasure: ("erased_at", {"erasure_id": "e-2"}),
    erased_episode: ("erasure_id", {"episode_id": "m-4"}),
    case_review: ("note", {"sequence": 900}),
}
"""Of each table a field to change, and what makes a row of its own of a copy."""


@pytest.fixture
def centre(database_url, tmp_path):
    clock = SteppingClock(MORNING + timedelta(minutes=30))
    opened = open_centre(load_settings(write_settings(tmp_path, database_url=database_url, port=0)), clock=clock)
    fill(opened, clock=clock)
    unguard(opened.store.engine)
    yield opened
    opened.store.close()


def names(store, table, *, key: object) -> bool:
    """Whether verification finds a difference, and names this row of this table."""
    difference = first_difference(store)
    return difference is not None and difference.table == table.name and str(key) in difference.key


def execute(engine, statement) -> None:
    with unbound(engine) as connection:
        connection.execute(statement)
        connection.commit()


@demand("R003")
@pytest.mark.parametrize("table", CHANGES, ids=lambda table: table.name)
def test_a_row_too_many_or_too_few_or_changed_is_named(centre, table):
    store, engine = centre.store, centre.store.engine
    field, other_key = CHANGES[table]
    row = rows_of(engine, table)[-1]
    key = {each.name: row[each.name] for each in table.primary_key.columns}
    of_row = [table.c[name] == value for name, value in key.items()]
    changed = {int: lambda value: value + 1, str: lambda value: value + "x"}.get(
        type(row[field]), lambda value: value + timedelta(microseconds=1)
    )(row[field])

    execute(engine, insert(table).values(row | other_key))
    assert names(store, table, key=next(iter(other_key.values())))
    execute(engine, delete(table).where(*(table.c[name] == value for name, value in (key | other_key).items())))

    write(engine, table, key=key, values={field: changed})
    assert names(store, table, key=next(iter(key.values())))
    write(engine, table, key=key, values={field: row[field]})

    execute(engine, delete(table).where(*of_row))
    assert names(store, table, key=next(iter(key.values())))
    execute(engine, insert(table).values(row))
    assert first_difference(store) is None


@demand("R003")
def test_what_the_express_lane_says_was_settled_or_confirmed_stands_in_journal_and_ledger(centre):
    store, engine = centre.store, centre.store.engine
    rows = rows_of(engine, provisional_case)
    settled = next(row for row in rows if row["settled_at"] is not None)
    waiting = next(row for row in rows if row["settled_at"] is None and row["confirmed_at"] is None)
    contradicted = next(row for row in rows if row["conflict"] is not None)
    words = {name: settled[name] for name in ("settled_at", "settled_reason", "settled_day")}
    changes = (
        (settled, dict.fromkeys(words)),
        (settled, {"settled_reason": "range_lost"}),
        (waiting, words),
        (waiting, {"confirmed_at": contradicted["confirmed_at"]}),
        (contradicted, {"conflict": None}),
        (contradicted, {"confirmed_at": contradicted["confirmed_at"] + timedelta(seconds=1)}),
    )
    for row, values in changes:
        write(engine, provisional_case, key={"record_id": row["record_id"]}, values=values)
        assert names(store, provisional_case, key=row["record_id"])
        write(
            engine, provisional_case, key={"record_id": row["record_id"]}, values={name: row[name] for name in values}
        )
    execute(engine, delete(provisional_case).where(provisional_case.c.record_id == settled["record_id"]))
    assert names(store, provisional_case, key=settled["record_id"])
