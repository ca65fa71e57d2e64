"""The centre's database: its schema, its snapshot, its reports, and what verify finds when one is touched."""

import threading
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import text

from central.actions.freezing import NotYetError, freeze, freeze_what_is_due, report_frame
from central.actions.opening import Centre, open_centre
from central.actions.reception import Reception
from central.settings import load_settings
from central.store.engine import writing
from central.store.tables import metadata
from central.store.verification import DifferenceError
from migrations import upgrade
from sync.agreement.vocabulary import Disposition
from tests.central.pushes import counted_anew, counters, push
from tests.central.running import write_settings
from tests.demands import demand
from tests.sync.exchange.journals import MORNING, EdgeJournal, isolated, rechecked, screened

DAY = date(2026, 11, 22)
CUT_OFF = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


class HandClock:
    def __init__(self) -> None:
        self.now = MORNING

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def centre(database_url: str, tmp_path: Path, clock: HandClock):
    opened = open_centre(load_settings(write_settings(tmp_path, database_url=database_url, port=0)), clock=clock)
    yield opened
    opened.store.close()


@pytest.fixture
def store(centre: Centre):
    return centre.store


@pytest.fixture
def reception(centre: Centre, clock: HandClock) -> Reception:
    return Reception(centre.store, signing_key=centre.keys.signing, clock=clock)


def fill(journal: EdgeJournal, *, gate: str) -> EdgeJournal:
    """Five crossings with each kind of end; the last is left pending."""
    name = journal.edge_id
    journal.write(screened(f"{name}-1", temperature_c=36.4, gate=gate))
    journal.write(screened(f"{name}-2", disposition=Disposition.PENDING, gate=gate))
    journal.write(screened(f"{name}-3", disposition=Disposition.REFUSED, gate=gate, redirect_to="mong-cai"))
    journal.write(rechecked(f"{name}-2", disposition=Disposition.PENDING))
    journal.write(isolated(f"{name}-2"))
    journal.write(screened(f"{name}-4", gate=gate))
    journal.write(screened(f"{name}-5", disposition=Disposition.PENDING, gate=gate))
    return journal


@pytest.mark.usefixtures("migrations_in_earnest")
def test_the_migrated_schema_is_the_one_the_store_speaks(store):
    upgrade("central", store.engine)
    with store.engine.connect() as connection:
        opts = {"compare_type": True, "include_object": is_no_partition}
        assert compare_metadata(MigrationContext.configure(connection, opts=opts), metadata) == []


def is_no_partition(part, name, kind, is_reflected, _) -> bool:
    """The months of the ledger, which hold its unique indexes on PostgreSQL, are looked at in test_partitions."""
    table = part if kind == "table" else getattr(part, "table", None)
    is_month = is_reflected and table is not None and table.name.startswith("ledger_") and table.name != "ledger_head"
    return not is_month and not (kind == "unique_constraint" and table.name == "ledger" and not is_reflected)


@pytest.mark.parametrize("order", [("a", "b", "a", "b"), ("b", "b", "a", "a")])
def test_batches_of_two_edges_in_any_order_give_the_same_counts(reception, journal, other_journal, store, order):
    fill(journal, gate="mong-cai")
    fill(other_journal, gate="hoanh-mo")
    for edge in order:
        sender = journal if edge == "a" else other_journal
        already = [each for each in store.figures.of_day(DAY).edges if each.edge_id == sender.edge_id]
        first = already[0].sequence + 1
        push(reception, sender, first=first, last=min(first + 3, 7))
    found = counters(store)
    assert found == counted_anew(store)
    sums = store.figures.of_day(DAY).totals
    assert {figure.value: count for figure, count in sums.items() if count} == {
        "crossings": 10, "measured": 6, "not_measured": 4, "suspected": 4, "confirmed": 2, "cleared": 4,
        "isolated": 2, "refused": 2, "pending": 2, "with_exception": 4, "redirected": 2,
    }  # fmt: skip


@demand("R053")
def test_a_day_is_frozen_once_at_its_cut_off_and_late_data_make_the_next_revision(centre, reception, journal, clock):
    push(reception, fill(journal, gate="mong-cai"))
    with pytest.raises(NotYetError):
        freeze(centre, DAY, by="cdc")
    assert freeze_what_is_due(centre) == []

    clock.now = CUT_OFF + timedelta(seconds=1)
    together = [threading.Thread(target=freeze_what_is_due, args=(centre,)) for _ in range(4)]
    for worker in together:
        worker.start()
    for worker in together:
        worker.join()
    assert freeze_what_is_due(centre) == []
    (revision,) = [listed.revision for listed in centre.store.reports.page()]
    assert (revision.report_day, revision.revision, revision.frozen_by) == (DAY, 1, "cut_off")
    first = centre.store.reports.content(DAY, revision=1)

    clock.now += timedelta(hours=1)
    assert freeze(centre, DAY, by="cdc") == 1
    journal.write(screened("late"))
    push(reception, journal)
    assert freeze(centre, DAY, by="cdc") == 2
    assert centre.store.reports.content(DAY, revision=1) == first
    assert centre.store.verify().report_revisions == 2


@demand("R053")
def test_days_that_closed_while_the_centre_was_down_are_frozen_when_it_is_back(centre, reception, journal, clock):
    push(reception, fill(journal, gate="mong-cai"))
    clock.now = CUT_OFF + timedelta(days=9, seconds=1)
    days = [DAY + timedelta(days=number) for number in range(10)]
    assert freeze_what_is_due(centre) == [(day, 1) for day in days]
    assert freeze_what_is_due(centre) == []
    assert centre.store.verify().report_revisions == len(days)


def test_late_data_are_stated_also_where_a_person_froze_the_next_day_first(centre, reception, journal, clock):
    push(reception, fill(journal, gate="mong-cai"))
    clock.now = CUT_OFF + timedelta(seconds=1)
    assert freeze_what_is_due(centre) == [(DAY, 1)]
    journal.write(screened("late"))
    push(reception, journal)
    assert freeze_what_is_due(centre, is_day_new=False) == []
    clock.now += timedelta(days=1)
    assert freeze(centre, DAY + timedelta(days=1), by="cdc") == 1
    assert freeze_what_is_due(centre) == [(DAY, 2)]


def test_the_snapshot_names_silent_gates_and_counts_late_and_quarantined_records(centre, reception, journal, clock):
    push(reception, fill(journal, gate="mong-cai"))
    clock.now = CUT_OFF + timedelta(minutes=5)
    journal.write(screened("late", gate="mong-cai"))
    journal.write(screened("elsewhere", gate="hoanh-mo"))
    push(reception, journal)
    snapshot = centre.store.snapshot(report_frame(centre, DAY))

    assert (snapshot.late_records, snapshot.quarantined_records, snapshot.ledger_records) == (1, 1, 9)
    contacts = {gate.point_of_entry_id: gate.last_contact_at for gate in snapshot.gates}
    assert contacts["mong-cai"] == clock.now
    assert contacts["hoanh-mo"] is None
    assert [row.crossing_id for row in snapshot.referred] == ["mong-cai-1-2", "mong-cai-1-5"]
    assert [head.sequence for head in snapshot.edge_heads] == [9]


TOUCHES = {
    "a counter": ("UPDATE day_count SET count = count + 1 WHERE figure = 'measured'", "day_count"),
    "a counter taken away": ("DELETE FROM day_count WHERE figure = 'isolated'", "day_count"),
    "a crossing": ("UPDATE crossing SET disposition = 'cleared' WHERE disposition = 'isolated'", "crossing"),
    "a crossing taken away": ("DELETE FROM crossing WHERE disposition = 'pending'", "crossing"),
    "the edge's head": ("UPDATE edge_head SET sequence = sequence - 1", "edge_head"),
    "the ledger's head": ("UPDATE ledger_head SET position = position + 1", "ledger_head"),
}


@demand("R003")
@pytest.mark.parametrize("touch", TOUCHES)
def test_whatever_is_touched_beside_the_ledger_is_found_and_named(store, reception, journal, touch):
    push(reception, fill(journal, gate="mong-cai"))
    assert store.verify().crossings == 5
    statement, table = TOUCHES[touch]
    with writing(store.engine) as connection:
        connection.execute(text(statement))
    with pytest.raises(DifferenceError) as found:
        store.verify()
    assert found.value.table == table
    assert found.value.expected != found.value.found
