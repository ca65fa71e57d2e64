"""Migration 0008: a state without the place is, byte for byte, what today's rules make of the ledger."""

import importlib

from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import create_engine, insert, select, update

from central.ledger import apply_record
from central.store.projection import crossing_row, encode_state
from central.store.tables import crossing, metadata
from sync.exchange.envelope import decode_record
from tests.sync.exchange.journals import EdgeJournal, screened

MIGRATION = importlib.import_module("migrations.central.versions.0008_a_crossing_says_no_more_where_its_person_went")
PLACE = "nhà chị Nông Thị Lành ở Hải Hoà"


def test_the_place_leaves_every_state_and_nothing_else_changes(monkeypatch):
    monkeypatch.setattr(MIGRATION, "_AT_ONCE", 2)
    engine = create_engine("sqlite://")
    metadata.create_all(engine, tables=[crossing])
    states = {}
    for number in range(7):
        body = screened(f"c-{number}", temperature_c=36.4)
        envelope = decode_record(EdgeJournal().write(body))
        states[f"c-{number}"] = apply_record(
            None, body=body, envelope=envelope, point_of_entry_id="mong-cai", cut_off_hour=17
        )
    names = crossing.columns.keys()
    with engine.begin() as connection:
        connection.execute(
            insert(crossing), [dict(zip(names, crossing_row(state), strict=True)) for state in states.values()]
        )
        for name in ("c-0", "c-2", "c-3", "c-6"):
            said = encode_state(states[name])[:-1] + f',"destination":"{PLACE}"}}'.encode()
            connection.execute(update(crossing).where(crossing.c.crossing_id == name).values(state=said))
        with Operations.context(MigrationContext.configure(connection)):
            MIGRATION.upgrade()
        found = {row.crossing_id: bytes(row.state) for row in connection.execute(select(crossing))}
    assert found == {name: encode_state(state) for name, state in states.items()}
    assert not any(PLACE.encode() in state for state in found.values())
