"""Seconds from a referral at the gate to the CDC desk, while the same edge drains a large backlog.

Ours: a served centre on PostgreSQL, an edge that pushes 120,000 records as fast as it can, and beside it
the edge's express lane on a connection of its own. A referral is written behind the whole backlog, so by
the push alone it would come last. The desk is read as its page reads it, every 2 s; the 95th percentile
counts from the moment of writing to the first answer that shows the case. Floor: the same referrals at
the same centre with no backlog at all. In the end the ledger must have confirmed every one of them.
"""

import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx

from sync.agreement.vocabulary import Disposition
from sync.exchange.ends import OutgoingRecord, UplinkIdentity
from sync.exchange.express import ExpressLane
from sync.exchange.transport import HttpTransport
from tests.benchmarks import BenchmarkResult
from tests.central.running import RunningCentre, drain
from tests.services.postgres import create_database, temporary_server
from tests.sync.exchange.journals import EdgeJournal, rechecked, screened

BACKLOG, REFERRALS, EVERY_S, DESK_READS_EVERY_S = 120_000, 60, 0.25, 2.0
PASSWORD = "một buổi sáng yên tĩnh"


class Gate(EdgeJournal):
    """A journal whose last referrals are urgent until the desk has them."""

    def __init__(self, edge_id: str) -> None:
        super().__init__(edge_id)
        self.waiting: list[OutgoingRecord] = []
        self.written_at: dict[str, float] = {}

    def refer(self, crossing_id: str) -> None:
        self.write(screened(crossing_id, disposition=Disposition.PENDING))
        self.write(rechecked(crossing_id, disposition=Disposition.REFERRED))
        self.waiting += self.entries[-2:]
        self.written_at[crossing_id] = time.perf_counter()

    def urgent(self, *, limit: int) -> Sequence[OutgoingRecord]:
        return self.waiting[:limit]

    def note_express(self, record_ids: Sequence[str]) -> None:
        super().note_express(record_ids)
        self.waiting = self.waiting[len(record_ids) :]


class DeskPage(threading.Thread):
    """Reads the desk as the page does, and remembers when each case was first in an answer."""

    def __init__(self, centre: RunningCentre) -> None:
        super().__init__(daemon=True)
        self.client = httpx.Client(base_url=centre.url, trust_env=False)
        self.client.post("/sign-in", json={"username": "cdc", "password": PASSWORD}).raise_for_status()
        self.seen_at: dict[str, float] = {}
        self.ended = threading.Event()

    def run(self) -> None:
        while not self.ended.wait(DESK_READS_EVERY_S):
            answer = self.client.get("/api/desk", timeout=30.0)
            now = time.perf_counter()
            for case in answer.json()["cases"]:
                self.seen_at.setdefault(case["crossing_id"], now)


def run() -> BenchmarkResult:
    """Measure without and with the backlog."""
    with tempfile.TemporaryDirectory(prefix="kd-bench-") as folder, temporary_server() as server:
        centre = RunningCentre(Path(folder), database_url=create_database(server.address))
        idle, busy = (gate_of(centre, f"mong-cai-{number}") for number in (1, 2))
        for number in range(BACKLOG):
            busy.write(screened(f"b{number}", temperature_c=36.5))
        words = ("--username", "cdc", "--role", "cdc", "--name", "CDC")
        centre.command("add-user", *words, standard_input=PASSWORD + "\n").check_returncode()
        try:
            centre.process.start()
            floor = delays_s(centre, idle, name="idle")
            with draining(centre, busy):
                ours = delays_s(centre, busy, name="busy")
            confirm(centre, idle, busy)
        finally:
            centre.end()
    return BenchmarkResult(
        name="express",
        value=round(percentile_95(ours), 3),
        unit="s, 95th percentile from the gate to the desk",
        floor="the same referrals at the same centre without a backlog; the desk is read every 2 s in both",
        floor_value=round(percentile_95(floor), 3),
        aim="under 5",
        context={"median_s": round(statistics.median(ours), 3), "most_s": round(max(ours), 3), "backlog": BACKLOG},
    )


def gate_of(centre: RunningCentre, edge_id: str) -> Gate:
    gate = Gate(edge_id)
    centre.enrol(gate, gate="mong-cai")
    return gate


def delays_s(centre: RunningCentre, gate: Gate, *, name: str) -> list[float]:
    """Write referrals one after the other and wait until the desk has shown every one."""
    desk = DeskPage(centre)
    desk.start()
    transport = HttpTransport(centre.url)
    lane = ExpressLane(identity_of(centre, gate), journal=gate, transport=transport)
    for number in range(REFERRALS):
        gate.refer(f"{name}-{number}")
        lane.step()
        time.sleep(EVERY_S)
    until = time.monotonic() + 60
    while gate.written_at.keys() - desk.seen_at.keys() and time.monotonic() < until:
        lane.step()
        time.sleep(EVERY_S)
    desk.ended.set()
    desk.join()
    transport.close()
    missing = gate.written_at.keys() - desk.seen_at.keys()
    if missing:
        message = f"{len(missing)} referrals never reached the desk; the lane says {lane.state.reason!r}"
        raise RuntimeError(message)
    return [desk.seen_at[crossing_id] - at for crossing_id, at in gate.written_at.items()]


def identity_of(centre: RunningCentre, gate: Gate) -> UplinkIdentity:
    return UplinkIdentity(
        edge_id=gate.edge_id,
        incarnation=gate.incarnation,
        signing_key=gate.key,
        centre_public_key=bytes.fromhex(centre.identity["public_key"]),
    )


@contextmanager
def draining(centre: RunningCentre, gate: Gate) -> Iterator[None]:
    """Push the backlog in a thread of its own, as the edge does; it must last as long as the referrals come."""
    ended = threading.Event()
    thread = threading.Thread(target=drain, args=(centre.uplink(gate), gate), kwargs={"stop": ended}, daemon=True)
    began = time.perf_counter()
    thread.start()
    try:
        yield
        done = gate.receipts[-1].sequence if gate.receipts else 0
        rate = done / (time.perf_counter() - began)
        sys.stderr.write(f"drained {done:,} of {BACKLOG:,} meanwhile, {rate:,.0f} records/s\n")
    finally:
        ended.set()
        thread.join()
    if done >= BACKLOG:
        sys.stderr.write("the backlog was drained before the last referral was at the desk\n")


def confirm(centre: RunningCentre, *gates: Gate) -> None:
    """Let the ledger catch up: then nothing is provisional any more, and everything counts once."""
    for gate in gates:
        drain(centre.uplink(gate), gate)
    verified = centre.verified()
    if verified["crossings"] != BACKLOG + 2 * REFERRALS:
        message = f"the ledger holds {verified['crossings']} crossings"
        raise RuntimeError(message)


def percentile_95(delays_s: list[float]) -> float:
    return statistics.quantiles(delays_s, n=20, method="inclusive")[-1]
