"""Under each named fault of the network: nothing lost, nothing doubled, no storm, and back within seconds.

A real edge (encrypted store, real uplink) sends to a real centre process on PostgreSQL by way of the
fault proxy. First the fault lasts a minute by a clock that skips the pauses; then the network heals,
and everything must be there when the pause that was begun is over.
"""

import asyncio
import random
import socket
import threading
import time
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from sync.exchange.phases import Phase
from sync.exchange.transport import HttpTransport
from tests.demands import demand
from tests.faults.edges import Officer, enrol, open_edge, write_settings
from tests.faults.fault_proxy import FaultProxy
from tests.faults.forked_centre import ForkedCentre
from tests.faults.ledger import Ledger, is_delivered
from tests.faults.network_faults import FAULTS, HOUR_S
from tests.faults.uplinks import uplink_of

pytestmark = [pytest.mark.timeout(120), pytest.mark.xdist_group("network-faults")]
PEOPLE = 3
MINUTE_S = 60.0
RESUME_WITHIN_S = 5.0
"""Decision 18, where the link was gone. A page of a portal or a broken gateway may cost the longest pause."""
LONGEST_PAUSE_S = 301.0
SHORT_S, LONG_S = 0.25, 10.0
"""How long the edge waits for an answer: shortened while the fault lasts, to keep the test short."""


class SkippingClock:
    """Real time, plus what was skipped."""

    def __init__(self) -> None:
        self.skipped_s = 0.0

    def __call__(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.skipped_s)


class Sender:
    """An edge's uplink by way of the proxy, with its requests counted as they leave."""

    def __init__(self, gate, url: str) -> None:
        self.clock = SkippingClock()
        self.began = self.clock()
        self.sent_at: list[datetime] = []
        hooks = {"request": [lambda _: self.sent_at.append(self.clock())]}
        self.client = httpx.Client(timeout=SHORT_S, follow_redirects=False, trust_env=False, event_hooks=hooks)
        http = HttpTransport(url, client=self.client)
        chance = random.Random(8)
        self.uplink = uplink_of(gate, transport=http, clock=self.clock, draw=chance.random)
        self.reason = ""
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self.uplink.run, args=(self.stop,))

    def step_for(self, duration_s: float) -> None:
        """Step as ``run`` does, but skip the pauses."""
        until = self.clock() + timedelta(seconds=duration_s)
        while self.clock() < until and len(self.sent_at) <= 5 * duration_s:
            self.clock.skipped_s += self.uplink.step()

    def end(self) -> None:
        self.stop.set()
        self.uplink.nudge()
        if self.thread.ident is not None:
            self.thread.join(LONG_S)
        self.client.close()

    def requests_within(self, *, first_s: float, last_s: float) -> int:
        """How many requests left between these seconds of the test."""
        since = self.began + timedelta(seconds=first_s)
        return sum(since <= at < self.began + timedelta(seconds=last_s) for at in self.sent_at)


@pytest.fixture(scope="module")
def database_url(postgres_server):
    from tests.services.postgres import create_database, drop_database

    url = create_database(postgres_server)
    yield url
    drop_database(postgres_server, url=url)


@pytest.fixture(scope="module")
def centre(database_url, tmp_path_factory):
    running = ForkedCentre(tmp_path_factory.mktemp("centre"), database_url=database_url)
    running.process.start()
    yield running
    running.end()


@pytest.fixture(scope="module")
def gate(centre, tmp_path_factory):
    settings = write_settings(tmp_path_factory.mktemp("edge"), "mong-cai-1", centre=centre)
    enrol(centre, settings)
    opened = open_edge(settings)
    yield opened
    opened.store.close()


@pytest.fixture(scope="module")
def officer(gate):
    return Officer(gate)


@pytest.fixture
def proxy(centre):
    running = FaultProxy(centre.port)
    running.start()
    yield running
    running.stop()


@pytest.fixture
def sender(gate, proxy):
    made = Sender(gate, proxy.url)
    yield made
    made.end()


def wait_for(holds, *, timeout_s: float) -> float:
    """Wait until something is so; returns how long it took."""
    began = time.monotonic()
    while not holds():
        assert time.monotonic() - began < timeout_s, f"not so within {timeout_s} s"
        time.sleep(0.02)
    return time.monotonic() - began


def resume(sender: Sender, holds) -> float:
    """Step until all is there; after how many seconds that was, pauses included."""
    began = sender.clock()
    while not holds():
        sender.clock.skipped_s += sender.uplink.step()
        assert sender.clock() - began < timedelta(seconds=2 * LONGEST_PAUSE_S), sender.uplink.state
    return (sender.clock() - began).total_seconds()


def check_arrived(gate, ledger: Ledger, officer_said) -> None:
    assert is_delivered(gate, ledger)
    stored = {(sequence, record_id) for _, sequence, record_id, _ in ledger.of_edge(gate.identity.edge_id)}
    assert {tuple(said) for said in officer_said} <= stored
    assert ledger.differences() == []


@demand("R002")
@pytest.mark.parametrize("name", FAULTS)
def test_everything_arrives_once_after_the_fault(name, centre, gate, officer, proxy, sender, database_url):
    ledger = Ledger(database_url)
    said = [officer.screen() for _ in range(PEOPLE)]
    proxy.suffer(FAULTS[name].fault)
    sender.step_for(MINUTE_S)
    assert sender.requests_within(first_s=0, last_s=10) <= 20, "no retry storm"
    assert sender.requests_within(first_s=MINUTE_S / 2, last_s=MINUTE_S) <= MINUTE_S / 2

    if FAULTS[name].is_passable:
        assert is_delivered(gate, ledger), "this fault only slows down"
    else:
        assert sender.uplink.state.failures > 0 or sender.uplink.state.phase is Phase.HALTED
        sender.reason = sender.uplink.state.reason
        sender.client.timeout = httpx.Timeout(LONG_S)
        proxy.heal()
        took_s = resume(sender, lambda: is_delivered(gate, ledger))
        is_link_gone = sender.reason == "no_link"
        assert took_s < (RESUME_WITHIN_S if is_link_gone else LONGEST_PAUSE_S + RESUME_WITHIN_S)
    check_arrived(gate, ledger, said)


def test_a_name_that_does_not_resolve_holds_nothing_up_once_it_does(gate, officer, proxy, database_url, monkeypatch):
    resolve = socket.getaddrinfo
    is_gone = threading.Event()
    is_gone.set()

    def resolver(host, *arguments, **keywords):
        if host != "centre.test":
            return resolve(host, *arguments, **keywords)
        if is_gone.is_set():
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        return resolve("127.0.0.1", *arguments, **keywords)

    monkeypatch.setattr(socket, "getaddrinfo", resolver)
    sender = Sender(gate, f"http://centre.test:{proxy.port}")
    said = [officer.screen() for _ in range(PEOPLE)]
    try:
        sender.step_for(MINUTE_S)
        assert sender.requests_within(first_s=0, last_s=MINUTE_S) <= MINUTE_S / 2
        assert proxy.connections == 0
        is_gone.clear()
        sender.client.timeout = httpx.Timeout(LONG_S)
        assert resume(sender, lambda: is_delivered(gate, Ledger(database_url))) < RESUME_WITHIN_S
    finally:
        sender.end()
    check_arrived(gate, Ledger(database_url), said)


def test_a_server_that_asks_for_an_hour_is_asked_again_within_minutes_but_not_sooner(gate, proxy, officer, sender):
    officer.screen()
    proxy.suffer(FAULTS["come_back_in_an_hour"].fault)
    sender.step_for(MINUTE_S)
    assert len(sender.sent_at) == 1, "Retry-After is obeyed"
    sender.step_for(HOUR_S)
    assert 6 <= len(sender.sent_at) <= 13, "but a wrong hour does not cost an hour of news"


def test_people_who_go_through_during_an_outage_make_no_storm(gate, proxy, officer, sender):
    """Each new record wakes the uplink; while it backs off it must not be woken by that."""
    proxy.suffer(FAULTS["gateway_502"].fault)
    officer.screen()
    sender.step_for(MINUTE_S)
    gate.on_record(sender.uplink.nudge)
    before = len(sender.sent_at)
    sender.thread.start()
    wait_for(lambda: len(sender.sent_at) > before, timeout_s=LONG_S)
    before = len(sender.sent_at)
    for _ in range(30):
        officer.screen()
    time.sleep(0.5)
    assert len(sender.sent_at) - before <= 2


def test_a_link_that_comes_back_is_used_within_five_seconds_of_real_time(gate, officer, proxy, sender, database_url):
    ledger = Ledger(database_url)
    proxy.suffer(FAULTS["refused"].fault)
    officer.screen()
    sender.step_for(10 * MINUTE_S)
    sender.thread.start()
    time.sleep(0.3)
    proxy.heal()
    sender.client.timeout = httpx.Timeout(LONG_S)
    assert wait_for(lambda: is_delivered(gate, ledger), timeout_s=RESUME_WITHIN_S) < RESUME_WITHIN_S


def test_an_answer_that_trickles_for_ever_is_given_up(gate, officer, proxy):
    async def trickle(exchange):
        while await exchange.request():
            await exchange.answer(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
            while True:
                await exchange.answer(b" ")
                await asyncio.sleep(0.05)

    officer.screen()
    proxy.suffer(trickle)
    http = HttpTransport(proxy.url, deadline_s=0.5)
    uplink = uplink_of(gate, transport=http, clock=SkippingClock(), draw=lambda: 0.0)
    began = time.monotonic()
    while uplink.state.phase is not Phase.BACKING_OFF:
        uplink.step()
    assert uplink.state.reason == "timeout"
    assert time.monotonic() - began < 5.0
    http.close()


def test_an_edge_is_heard_at_the_end_and_the_ledger_verifies(centre, gate, database_url):
    """Runs last in this module: what all the faults left behind is whole."""
    sender = Sender(gate, centre.url)
    sender.client.timeout = httpx.Timeout(LONG_S)
    sender.thread.start()
    try:
        wait_for(lambda: is_delivered(gate, Ledger(database_url)), timeout_s=20)
    finally:
        sender.end()
    verified = centre.verified()
    assert verified["ledger_records"] == gate.store.outgoing.head().sequence
    assert verified["quarantined"] == 0
    assert len(FAULTS) + 1 >= 25, "as many named faults as were promised"
