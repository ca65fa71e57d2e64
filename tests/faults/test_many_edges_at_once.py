"""Many edges at once, each by several connections with the same batches: no deadlock, nothing twice."""

import secrets
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import httpx
import pytest

from central.store import CentralStore
from migrations import upgrade
from sync.exchange.ends import RefusedError, TransportError
from sync.exchange.transport import HttpTransport
from tests.central.conftest import CUT_OFF_HOUR, enrolled
from tests.central.pushes import body_of_batch, words_of
from tests.faults.forked_centre import ForkedCentre
from tests.faults.ledger import Ledger
from tests.sync.exchange.journals import EdgeJournal, screened

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]
EDGES, CONNECTIONS_EACH, BATCHES, BATCH = 24, 3, 6, 10
GIVE_UP_S = 60.0


@pytest.fixture
def centre(central_postgres_url, tmp_path):
    running = ForkedCentre(tmp_path, database_url=central_postgres_url)
    yield running
    running.end()


@pytest.fixture
def journals(centre, central_postgres_url):
    """Each edge has crossings of its own, and two that every edge claims, in an order of its own."""
    store = CentralStore.open(central_postgres_url, cut_off_hour=CUT_OFF_HOUR)
    upgrade("central", store.engine)
    made = []
    for number in range(EDGES):
        journal = EdgeJournal(f"mong-cai-{number + 1}")
        enrolled(journal, gate="mong-cai", store=store, clock=lambda: datetime.now(UTC))
        names = [f"c{number}-{count}" for count in range(BATCHES * BATCH - 2)]
        contested = ["everybodys-1", "everybodys-2"][:: 1 if number % 2 else -1]
        for name in [*names[:5], *contested, *names[5:]]:
            journal.write(screened(name, temperature_c=36.5))
        made.append(journal)
    store.close()
    return made


def push_all(url: str, journal: EdgeJournal, begin: threading.Barrier) -> list[float]:
    """Push every batch of a journal, whoever pushed it before; how long each answer took."""
    transport, took = HttpTransport(url, client=httpx.Client(timeout=30, trust_env=False)), []
    begin.wait()
    until = time.monotonic() + GIVE_UP_S
    for first in range(1, BATCHES * BATCH + 1, BATCH):
        while time.monotonic() < until:
            began = time.monotonic()
            try:
                epoch = transport.ask_head(journal.question(nonce=secrets.token_hex(8)), key=journal.key).epoch
                headers = words_of(journal, first=first, last=first + BATCH - 1, epoch=epoch)
                body = body_of_batch(journal, first=first, last=first + BATCH - 1)
                transport.push(headers, body=body, key=journal.key)
            except (RefusedError, TransportError) as error:
                code = error.refusal.code if isinstance(error, RefusedError) else error.reason
                assert code in {"busy", "gap"}, code
                time.sleep(0.05)
            else:
                took.append(time.monotonic() - began)
                break
    transport.close()
    return took


def test_many_edges_that_push_the_same_batches_at_once_neither_deadlock_nor_double(
    centre, journals, central_postgres_url
):
    centre.process.start()
    pushers = [journal for journal in journals for _ in range(CONNECTIONS_EACH)]
    begin = threading.Barrier(len(pushers))
    with ThreadPoolExecutor(len(pushers)) as pool:
        took = [each for one in pool.map(lambda journal: push_all(centre.url, journal, begin), pushers) for each in one]
    ledger = Ledger(central_postgres_url)
    assert len(took) == len(pushers) * BATCHES, "each of them was answered for each batch"
    for journal in journals:
        expected = [(entry.sequence, entry.hash) for entry in journal.entries]
        assert [(sequence, digest) for _, sequence, _, digest in ledger.of_edge(journal.edge_id)] == expected
    assert ledger.differences() == []
    deadlocks = ledger.rows("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
    assert deadlocks == [(0,)]
    verified = centre.verified()
    assert verified["ledger_records"] == EDGES * BATCHES * BATCH
    assert verified["crossings"] == EDGES * (BATCHES * BATCH - 2) + 2, "two crossings are one edge's, for the others"
    assert verified["quarantined"] == (EDGES - 1) * 2
