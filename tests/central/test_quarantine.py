"""What could not be projected is kept, replayed once it can be, and history stays as it was."""

from pathlib import Path

import msgspec
import pytest
from sqlalchemy import select, text, update

import central.reception
from central.actions.freezing import freeze
from central.actions.opening import Centre, open_centre
from central.actions.reception import Reception
from central.rollup import Figure
from central.settings import load_settings
from central.store.engine import reading, writing
from central.store.quarantine import replay_quarantine
from central.store.tables import edge, ledger, record_quarantine
from central.store.verification import DifferenceError
from sync.agreement.vocabulary import Disposition
from tests.central.conftest import CUT_OFF_HOUR, SteppingClock, enrolled
from tests.central.pushes import counted_anew, counters, push
from tests.central.running import write_settings
from tests.sync.exchange.journals import MORNING, EdgeJournal, rechecked, screened


@pytest.fixture
def centre(database_url: str, tmp_path: Path, clock: SteppingClock):
    opened = open_centre(load_settings(write_settings(tmp_path, database_url=database_url, port=0)), clock=clock)
    yield opened
    opened.store.close()


@pytest.fixture
def store(centre: Centre):
    return centre.store


def run(store, clock, **words):
    return replay_quarantine(store.engine, cut_off_hour=CUT_OFF_HOUR, now=clock(), **words)


def dispositions(store) -> list[str]:
    with reading(store.engine) as connection:
        return list(connection.execute(select(ledger.c.disposition).order_by(ledger.c.position)).scalars())


@pytest.fixture
def held_journal(reception, store, clock) -> EdgeJournal:
    """An edge that an operator enrolled at the wrong gate: everything it says is held."""
    journal = enrolled(EdgeJournal("hoanh-mo-1"), gate="mong-cai", store=store, clock=clock)
    for number in range(7):
        journal.write(screened(f"c-{number}", disposition=Disposition.PENDING, gate="hoanh-mo"))
    journal.write(rechecked("c-3", disposition=Disposition.CLEARED))
    push(reception, journal)
    return journal


def put_right(store) -> None:
    with writing(store.engine) as connection:
        connection.execute(update(edge).values(point_of_entry_id="hoanh-mo"))


def test_what_was_held_is_projected_after_the_fault_is_put_right(store, clock, held_journal):
    assert store.verify().quarantined == 8
    assert run(store, clock).projected == 0, "nothing is different yet"
    put_right(store)
    assert store.verify().awaiting_replay == 7, "and verification says so"

    done = run(store, clock, at_once=3)
    assert (done.projected, done.still_held) == (8, 0)
    assert dispositions(store) == ["quarantined"] * 8, "the ledger's word is about the arrival and stays"
    assert counters(store) == counted_anew(store)
    totals = store.figures.of_day(next(iter(counters(store))).report_day).totals
    assert (totals[Figure.CROSSINGS], totals[Figure.PENDING], totals[Figure.CLEARED]) == (7, 6, 1)
    verified = store.verify()
    assert (verified.quarantined, verified.replayed, verified.crossings) == (0, 8, 7)
    assert len(held_journal.entries) == verified.ledger_records


def test_a_second_run_changes_nothing(store, clock, held_journal):
    put_right(store)
    run(store, clock)
    before = (counters(store), store.verify())
    assert (run(store, clock).projected, counters(store), store.verify()) == (0, *before)
    del held_journal


def test_the_edge_goes_on_after_a_replay_as_if_nothing_had_been_held(reception, store, clock, held_journal):
    put_right(store)
    run(store, clock)
    held_journal.write(rechecked("c-0", disposition=Disposition.REFERRED))
    answer = push(reception, held_journal)
    assert [each.disposition for each in answer.dispositions] == ["projected"]
    assert store.verify().crossings == 7


def test_what_cannot_be_projected_stays_and_stops_nothing(reception, store, clock, held_journal):
    held_journal.write(rechecked("never-seen", disposition=Disposition.CLEARED))
    held_journal.write(screened("c-9", gate="hoanh-mo"))
    push(reception, held_journal)
    put_right(store)
    done = run(store, clock, at_once=2)
    assert (done.projected, done.still_held) == (9, 1)
    assert store.verify().quarantined == 1


@pytest.mark.parametrize("forged_c", [1e308, -1e308, 4000.0])
def test_a_signed_reading_that_no_instrument_can_report_is_held_and_the_chain_goes_on(
    reception, store, journal, forged_c
):
    forged = screened("c-hacked", temperature_c=36.4)
    msgspec.structs.force_setattr(forged.facts.measurements[0], "temperature_c", forged_c)
    journal.write(forged)
    journal.write(screened("c-honest"))
    answer = push(reception, journal)
    assert [each.disposition for each in answer.dispositions] == ["quarantined", "projected"]
    verified = store.verify()
    assert (verified.quarantined, verified.crossings, verified.ledger_records) == (1, 1, 2)
    with reading(store.engine) as connection:
        held = connection.execute(select(record_quarantine.c.reason)).scalars().all()
    assert held == ["body_refused"]
    assert counters(store) == counted_anew(store)


def test_a_type_that_was_too_new_is_projected_once_the_program_knows_it(reception, store, clock, journal, monkeypatch):
    monkeypatch.setattr(central.reception, "body_of", lambda _: None)
    journal.write(screened("c-1", disposition=Disposition.PENDING))
    push(reception, journal)
    assert (store.verify().unprojected, counters(store)) == (1, {})
    monkeypatch.undo()
    assert store.verify().awaiting_replay == 1

    assert run(store, clock).projected == 1
    journal.write(rechecked("c-1", disposition=Disposition.CLEARED))
    push(reception, journal)
    verified = store.verify()
    assert (verified.unprojected, verified.crossings, verified.replayed) == (0, 1, 1)
    assert counters(store) == counted_anew(store)


def test_reports_frozen_before_and_after_a_replay_at_one_position_both_stay_true(centre, clock):
    store = centre.store
    reception = Reception(store, signing_key=centre.keys.signing, clock=clock)
    journal = enrolled(EdgeJournal("hoanh-mo-1"), gate="mong-cai", store=store, clock=clock)
    for number in range(3):
        journal.write(screened(f"c-{number}", gate="hoanh-mo"))
    push(reception, journal)
    day = centre.report_day(MORNING)
    freeze(centre, day, by="before", is_early=True)
    put_right(store)
    replay_quarantine(store.engine, cut_off_hour=centre.deployment.cut_off_hour, now=clock())
    freeze(centre, day, by="after", is_early=True)
    journal.write(screened("c-9", gate="hoanh-mo"))
    push(reception, journal)
    assert store.verify().report_revisions == 2


FORGERIES = {
    "a replay taken away": "DELETE FROM record_replay WHERE number = 8",
    "another place": "UPDATE record_replay SET at_position = at_position + 1 WHERE number = 2",
    "another reason": "UPDATE record_replay SET reason = 'newer_type' WHERE number = 1",
    "another record": "UPDATE record_replay SET position = 99 WHERE number = 8",
    "held again": "INSERT INTO record_quarantine VALUES (2, 'quarantined', 'another_point_of_entry')",
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_forged_replay_is_found(store, clock, held_journal, forgery):
    put_right(store)
    run(store, clock)
    with store.engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("ALTER TABLE record_replay DISABLE TRIGGER ALL"))
        else:
            for change in ("update", "delete"):
                connection.execute(text(f"DROP TRIGGER record_replay_refuses_{change}"))
        connection.execute(text(FORGERIES[forgery]))
    with pytest.raises(DifferenceError) as found:
        store.verify()
    assert found.value.table in {"record_replay", "record_quarantine", "ledger"}
    del held_journal
