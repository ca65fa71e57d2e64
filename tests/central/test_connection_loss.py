"""A centre that loses its database in the middle of a push: 503, nothing doubled, and on it goes."""

import threading
import time

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from sqlalchemy import event

from central.actions.reception import Reception
from central.store import CentralStore
from central.store.engine import StoreUnavailableError
from migrations import upgrade
from sync.agreement.records import TravellerIdentity
from tests.central.conftest import CUT_OFF_HOUR, enrolled
from tests.central.pushes import ask, counted_anew, counters, push
from tests.services.postgres import PostgresServer
from tests.sync.exchange.journals import EdgeJournal, screened

pytestmark = [pytest.mark.services, pytest.mark.postgres]
RECORDS = 200
PERSON = TravellerIdentity(full_name="NGUYỄN THỊ THỬ", document_number="T0000001")
STATEMENTS = (
    "INSERT INTO edge_head",
    "SELECT position, hash FROM ledger_head",
    "SELECT crossing_id, state",
    "SELECT 1 FROM centre",
    "INSERT INTO episode_key",
    'COPY "ledger"',
    'COPY "crossing"',
    'INSERT INTO "day_count"',
    "UPDATE ledger_head",
    "UPDATE edge_head",
)


@pytest.fixture
def server(own_postgres: PostgresServer) -> PostgresServer:
    return own_postgres


@pytest.fixture
def store(server):
    opened = CentralStore.open(server.create_database(), cut_off_hour=CUT_OFF_HOUR)
    upgrade("central", opened.engine)
    yield opened
    opened.close()


@pytest.fixture
def full_journal(store, clock) -> EdgeJournal:
    journal = enrolled(EdgeJournal("mong-cai-1"), gate="mong-cai", store=store, clock=clock)
    journal.province_key = X25519PrivateKey.generate().public_key()
    for number in range(RECORDS):
        journal.write(screened(f"c-{number}", temperature_c=36.5), who=PERSON)
    return journal


def assert_everything_is_there_once(store, journal) -> None:
    verified = store.verify()
    assert (verified.ledger_records, verified.crossings) == (RECORDS, RECORDS)
    assert counters(store) == counted_anew(store)
    assert store.edges.ledger_position() == RECORDS
    del journal


def end_other_connections(server: PostgresServer) -> None:
    with psycopg.connect(server.address, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")


def crash(server: PostgresServer) -> None:
    """What an ``immediate`` stop does: no checkpoint, every connection cut, recovery at the next start."""
    server.kill()
    server.start()


@pytest.fixture
def once_before(monkeypatch):
    """Do something just before the first statement that begins so, whoever hands it to the driver."""

    def arm(*, words: str, deed) -> list[str]:
        done: list[str] = []

        def watched(name):
            original = getattr(psycopg.Cursor, name)

            def send(cursor, query, *arguments, **keywords):
                statement = query.decode() if isinstance(query, bytes) else str(query)
                if statement.lstrip().startswith(words) and not done:
                    done.append(statement)
                    deed()
                return original(cursor, query, *arguments, **keywords)

            return send

        for name in ("execute", "copy"):
            monkeypatch.setattr(psycopg.Cursor, name, watched(name))
        return done

    return arm


@pytest.mark.parametrize("words", STATEMENTS)
def test_a_connection_ended_before_any_statement_of_a_push_costs_nothing(
    reception, store, server, full_journal, words, once_before
):
    done = once_before(words=words, deed=lambda: end_other_connections(server))
    with pytest.raises(StoreUnavailableError):
        push(reception, full_journal, first=1)
    assert done, "the statement was never sent: the push has changed, and this test with it"
    push(reception, full_journal, first=1)
    assert_everything_is_there_once(store, full_journal)


@pytest.mark.parametrize("words", [STATEMENTS[0], STATEMENTS[4], STATEMENTS[5], STATEMENTS[-1]])
def test_a_server_that_crashes_in_the_middle_of_a_push_takes_it_whole_afterwards(
    reception, store, server, full_journal, words, once_before
):
    push(reception, full_journal, first=1, last=50)
    done = once_before(words=words, deed=lambda: crash(server))
    with pytest.raises(StoreUnavailableError):
        push(reception, full_journal, first=51)
    assert done
    assert ask(reception, full_journal).sequence == 50
    push(reception, full_journal)
    assert_everything_is_there_once(store, full_journal)


def test_a_connection_that_died_while_nobody_used_it_is_not_noticed_by_anybody(reception, store, server, full_journal):
    push(reception, full_journal, first=1, last=50)
    end_other_connections(server)
    push(reception, full_journal)
    crash(server)
    assert ask(reception, full_journal).sequence == RECORDS
    assert_everything_is_there_once(store, full_journal)


def test_the_commits_answer_may_get_lost_and_the_batch_still_counts_once(reception, store, server, full_journal):
    """The ambiguous case: the server has committed, and the word of it never arrives."""
    committed: list[bool] = []

    @event.listens_for(store.engine, "commit")
    def lose_the_answer(connection):
        if not committed and connection.get_execution_options().get("kiemdich_writes"):
            raw = connection.connection.driver_connection
            position = raw.execute("SELECT position FROM ledger_head").fetchone()[0]
            if position:
                committed.append(True)
                raw.commit()
                raw.execute("SELECT 1")  # something is open again, so that the commit has to be sent
                end_other_connections(server)

    with pytest.raises(StoreUnavailableError):
        push(reception, full_journal, first=1)
    again = push(reception, full_journal, first=1)
    assert {answer.disposition for answer in again.dispositions} == {"exists"}
    assert_everything_is_there_once(store, full_journal)


def test_connections_that_end_at_any_moment_lose_and_double_nothing(reception, store, server, full_journal):
    stop = threading.Event()

    def harass() -> None:
        while not stop.wait(0.02):
            end_other_connections(server)

    other = threading.Thread(target=harass)
    other.start()
    refusals = 0
    deadline = time.monotonic() + 60
    try:
        for first in range(1, RECORDS, 10):
            while time.monotonic() < deadline:
                try:
                    push(reception, full_journal, first=first, last=first + 9)
                    break
                except StoreUnavailableError:
                    refusals += 1
    finally:
        stop.set()
        other.join()
    assert refusals
    assert_everything_is_there_once(store, full_journal)


@pytest.fixture
def reception(store, centre_key, clock) -> Reception:
    return Reception(store, signing_key=centre_key, clock=clock)
