"""The ways that verification may go, quick or slow, in one program or several: all say the same of a ledger."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from central.actions.opening import open_centre
from central.settings import load_settings
from central.store import crossing_check, verification
from central.store.chain_blocks import follow_blocks
from central.store.chain_check import _walk
from central.store.crossing_check import check_crossings
from central.store.crossing_story import ReportPoint, Scope
from central.store.engine import reading
from central.store.quarantine import senders_of
from central.store.tables import crossing, ledger, ledger_head
from central.store.verification import DifferenceError, verify
from tests.central.conftest import SteppingClock
from tests.central.running import write_settings
from tests.central.test_bit_flips import fill, rows_of, unguard, write
from tests.sync.exchange.journals import MORNING


@pytest.fixture
def centre(central_postgres_url, tmp_path):
    clock = SteppingClock(MORNING + timedelta(minutes=30))
    opened = open_centre(
        load_settings(write_settings(tmp_path, database_url=central_postgres_url, port=0)), clock=clock
    )
    fill(opened, clock=clock)
    unguard(opened.store.engine)
    yield opened
    opened.store.close()


def test_the_quick_look_at_the_chains_finds_what_the_walk_finds(centre):
    wanted = frozenset({0, 3, 9})
    with reading(centre.store.engine) as connection:
        quick = follow_blocks(connection, wanted=wanted)
        assert quick == _walk(connection, wanted=wanted)
    assert quick.points.keys() == wanted
    assert quick.end.position == sum(quick.end.dispositions.values()) == sum(h.sequence for h in quick.heads.values())


@pytest.mark.parametrize(
    "column", ["position", "edge_id", "incarnation", "sequence", "hash", "received_at", "disposition", "ledger_hash"]
)
def test_the_quick_look_never_calls_a_changed_ledger_right(centre, column):
    engine = centre.store.engine
    row = rows_of(engine, ledger)[6]
    changes = {
        "position": 900, "edge_id": "another", "incarnation": 7, "sequence": 900, "disposition": "prijected",
        "received_at": row["received_at"] + timedelta(microseconds=1),
    }  # fmt: skip
    value = changes[column] if column in changes else bytes([row[column][0] ^ 1]) + row[column][1:]
    write(engine, ledger, key={"position": row["position"]}, values={column: value})
    with reading(engine) as connection:
        assert follow_blocks(connection, wanted=frozenset()) is None


def test_the_short_way_through_plain_crossings_says_what_the_long_way_says(centre, monkeypatch):
    day = centre.report_day(MORNING)
    with reading(centre.store.engine) as connection:
        length = connection.execute(select(ledger_head.c.position)).scalar_one()
        drawn = [ReportPoint(report_day=day, revision=at, position=at, replays=0) for at in range(length + 1)]
        scope = Scope(cut_off_hour=centre.deployment.cut_off_hour, senders=senders_of(connection), reports={day: drawn})
        short = check_crossings(connection, scope=scope)
        read_long = crossing_check.read_record
        seen_long = []
        monkeypatch.setattr(crossing_check, "read_record", lambda record: seen_long.append(record) or read_long(record))
        check_crossings(connection, scope=scope)
        of_short = len(seen_long)
        monkeypatch.setattr(crossing_check, "_PLAIN_RECORDS", 0)
        assert check_crossings(connection, scope=scope) == short
    assert 0 < of_short < len(seen_long) - of_short == short.records
    assert len({tuple(sorted(shapes.items())) for shapes in short.report_seen.values()}) > 3


def test_several_programs_find_what_one_finds(centre, monkeypatch):
    store = centre.store
    alone = verify(store.engine, cut_off_hour=store.cut_off_hour, workers=1)
    monkeypatch.setattr(verification, "WORTH_SHARING", 1)
    assert verify(store.engine, cut_off_hour=store.cut_off_hour, workers=2) == alone
    with reading(store.engine) as connection:
        known = connection.execute(select(crossing.c.crossing_id, crossing.c.point_of_entry_id)).first()
    write(
        store.engine, crossing, key={"crossing_id": known.crossing_id}, values={"point_of_entry_id": "somewhere-else"}
    )
    found = []
    for workers in (1, 2):
        with pytest.raises(DifferenceError) as raised:
            verify(store.engine, cut_off_hour=store.cut_off_hour, workers=workers)
        found.append(str(raised.value))
    assert found[0] == found[1]
    assert found[0].startswith(f"crossing {known.crossing_id}")
