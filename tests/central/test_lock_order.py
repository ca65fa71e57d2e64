"""Whoever locks more than one row locks them in one order (see ``central.store``): nobody waits in a circle."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from sqlalchemy import event

from central.actions.express import ExpressLane
from central.actions.opening import open_centre
from central.actions.reception import Reception
from central.actions.witnessing import Witnessing
from central.reception import receive_batch
from central.settings import load_settings
from sync.agreement.records import TravellerIdentity
from sync.agreement.vocabulary import Disposition, SettlementReason
from tests.central.conftest import SteppingClock, enrolled
from tests.central.edges import ask_as, bear_witness, express, renew
from tests.central.pushes import body_of_batch, counted_anew, counters, push, words_of
from tests.central.running import write_settings
from tests.sync.exchange.journals import MORNING, EdgeJournal, screened

pytestmark = [pytest.mark.services, pytest.mark.postgres]
PERSON = TravellerIdentity(full_name="NGUYỄN THỊ THỬ", document_number="T0000001")


@pytest.fixture
def centre(central_postgres_url: str, tmp_path):
    settings = load_settings(write_settings(tmp_path, database_url=central_postgres_url, port=0))
    opened = open_centre(settings, clock=SteppingClock(MORNING))
    yield opened
    opened.store.close()


@pytest.fixture
def reception(centre):
    return Reception(centre.store, signing_key=centre.keys.signing, clock=centre.clock)


@pytest.fixture
def province_key():
    return X25519PrivateKey.generate().public_key()


@pytest.fixture
def journal(centre):
    journal = enrolled(EdgeJournal("mong-cai-1"), gate="mong-cai", store=centre.store, clock=centre.clock)
    journal.write(screened("c1"))
    return journal


class Meeting:
    """Lets one thread stop after a statement until another has come to its own."""

    def __init__(self, engine, *, holds: str, comes: str) -> None:
        self.held, self.came = threading.Event(), threading.Event()
        self._holds, self._comes = holds, comes
        event.listen(engine, "after_cursor_execute", self._after)
        event.listen(engine, "before_cursor_execute", self._before)

    def _after(self, connection, cursor, statement, *_: Any) -> None:
        del connection, cursor
        if threading.current_thread().name == "first" and self._holds in statement and not self.held.is_set():
            self.held.set()
            self.came.wait(10)
            threading.Event().wait(0.5)  # the other is in the database's queue by now

    def _before(self, connection, cursor, statement, *_: Any) -> None:
        del connection, cursor
        if threading.current_thread().name == "second" and self._comes in statement:
            self.came.set()


def at_once(first: Callable[[], object], second: Callable[[], object], *, meeting: Meeting) -> list[BaseException]:
    """Run both, the second once the first holds its row; return what either raised."""
    raised: list[BaseException] = []

    def run(work: Callable[[], object]) -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - whatever it is, the test tells it
            raised.append(error)

    threads = [
        threading.Thread(target=run, args=(work,), name=name) for work, name in ((first, "first"), (second, "second"))
    ]
    threads[0].start()
    assert meeting.held.wait(10)
    threads[1].start()
    for thread in threads:
        thread.join(40)
    return raised


def test_a_head_question_that_raises_an_alarm_and_a_new_incarnation_do_not_wait_in_a_circle(centre, reception, journal):
    push(reception, journal)
    meeting = Meeting(centre.store.engine, holds="UPDATE edge SET last_instance", comes="FROM edge ")
    forked = lambda: ask_as(reception, journal, own_sequence=1, own_hash="66" * 32, start_number=7, instance="7" * 32)  # noqa: E731
    assert at_once(forked, lambda: renew(reception, journal), meeting=meeting) == []
    assert [alarm.kind for alarm in centre.store.edges.alarms()] == ["fork", "edge_restored"]


def test_a_testimony_of_a_forgotten_grant_and_a_head_question_do_not_wait_in_a_circle(centre, reception, journal):
    push(reception, journal)
    witnessing = Witnessing(centre.store, signing_key=centre.keys.signing, clock=centre.clock)
    granted = renew(reception, journal)
    with centre.store.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE edge SET incarnation = 1")
    meeting = Meeting(centre.store.engine, holds="UPDATE edge SET last_instance", comes="UPDATE edge")
    forked = lambda: ask_as(reception, journal, own_sequence=1, own_hash="66" * 32, start_number=7, instance="7" * 32)  # noqa: E731
    shows = lambda: bear_witness(reception, witnessing, journal, grant=granted)  # noqa: E731
    assert at_once(forked, shows, meeting=meeting) == []
    assert centre.store.edges.find(journal.edge_id).incarnation == granted.incarnation


def test_a_reviewer_who_settles_a_case_while_its_record_arrives_after_all_waits_in_no_circle(
    centre, reception, journal, province_key
):
    journal.province_key = province_key
    journal.write(screened("fever", disposition=Disposition.PENDING), who=PERSON)
    express(reception, ExpressLane(centre.store, signing_key=centre.keys.signing, clock=centre.clock), journal, 2)
    centre.store.edges.revoke(journal.edge_id, now=centre.clock())
    headers = words_of(journal, first=1, last=2, epoch="")
    batch = receive_batch(headers, body=body_of_batch(journal, first=1, last=2))
    under_way = lambda: centre.store.append(batch, point_of_entry_id="mong-cai", received_at=centre.clock())  # noqa: E731
    settles = lambda: centre.store.desk.settle(  # noqa: E731
        "fever", reason=SettlementReason.UNIT_GONE, by="cdc", now=centre.clock()
    )
    meeting = Meeting(centre.store.engine, holds="FOR UPDATE", comes="UPDATE provisional_case")
    assert at_once(settles, under_way, meeting=meeting) == []
    assert [case.crossing.crossing_id for case in centre.store.provisional.cases()] == []
    assert counters(centre.store) == counted_anew(centre.store)


def test_keys_that_come_by_push_and_by_express_at_once_are_kept_in_one_order(centre, reception, journal, province_key):
    """The express lane names the newest first, a push the oldest: whoever waits for a key waits in one order."""
    journal.province_key = province_key
    for number in range(2, 22):
        journal.write(screened(f"c{number}", disposition=Disposition.PENDING), who=PERSON)
    lane = ExpressLane(centre.store, signing_key=centre.keys.signing, clock=centre.clock)
    with centre.store.engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE kept (n serial, episode_id text)")
        connection.exec_driver_sql(
            "CREATE FUNCTION note_kept() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN INSERT INTO kept (episode_id) VALUES (NEW.episode_id); RETURN NEW; END $$"
        )
        connection.exec_driver_sql(
            "CREATE TRIGGER note_kept BEFORE INSERT ON episode_key FOR EACH ROW EXECUTE FUNCTION note_kept()"
        )
    express(reception, lane, journal, *range(21, 1, -1))
    push(reception, journal)
    with centre.store.engine.connect() as connection:
        told = connection.exec_driver_sql("SELECT episode_id FROM kept ORDER BY n").scalars().all()
    by_express, by_push = told[: len(told) // 2], told[len(told) // 2 :]
    assert by_express == by_push == sorted(by_push)


def test_many_at_once_are_all_answered(centre, reception):
    journals = [
        enrolled(EdgeJournal(f"mong-cai-{number}"), gate="mong-cai", store=centre.store, clock=centre.clock)
        for number in range(1, 4)
    ]
    for journal in journals:
        journal.write(screened(f"c-{journal.edge_id}"))
        push(reception, journal)
    raised: list[BaseException] = []

    def run(work: Callable[[int], object]) -> None:
        try:
            for turn in range(15):
                work(turn)
        except BaseException as error:  # noqa: BLE001 - whatever it is, the test tells it
            raised.append(error)

    works: list[Callable[[int], object]] = []
    for journal in journals:
        works += [
            lambda turn, journal=journal: ask_as(reception, journal, start_number=turn + 1, instance=f"{turn:032x}"),
            lambda turn, journal=journal: ask_as(reception, journal, start_number=0, instance=f"{turn:032d}"),
            lambda turn, journal=journal: renew(reception, journal) if turn < 6 else None,
        ]
    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert raised == []
