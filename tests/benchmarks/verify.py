"""Seconds that ``verify`` takes to recompute a million ledger rows on PostgreSQL.

Ours: every position, hash and chain, every crossing made anew and compared, counters, heads, quarantine, every
figure of the reports frozen on the way, shared by two processes. Floor: one process that reads the rows in
binary form in their order, hashes the bytes and decodes the JSON, and compares nothing but the hash. Memory
is shown for a tenth of the rows and for all of them: each verification runs in a program of its own, so that
its largest size is its own.

``KIEMDICH_VERIFY_ROWS`` makes the ledger smaller. ``KIEMDICH_VERIFY_KEEP`` names a folder where the
ledgers are built once and found again: building a million rows through the centre's own ingest takes
minutes, and needs no quiet machine. ``build`` as an argument of this module only builds them.
"""

import contextlib
import hashlib
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import psycopg
from sqlalchemy import select

from central.reception import ReceivedBatch, read_record
from central.report.daily_report import build_report, decode_report, encode_report
from central.store import CentralStore
from central.store.engine import reading
from central.store.reports import Revision
from central.store.snapshots import FrameGate, ReportFrame
from central.store.tables import crossing
from migrations import upgrade
from sync.agreement.vocabulary import Disposition, PointOfEntryKind
from tests.benchmarks import BenchmarkResult
from tests.services.postgres import IN_SERVICE, PostgresServer, create_database, find_programs, make_server
from tests.sync.exchange.journals import MORNING, EdgeJournal, rechecked, screened

ROWS = int(os.environ.get("KIEMDICH_VERIFY_ROWS", "1000000"))
KEEP = os.environ.get("KIEMDICH_VERIFY_KEEP")
BATCH = 4000
GATES = 4
CUT_OFF_HOUR = 17
FREEZE_EVERY = 80_000
FLOOR = "one process: read the rows in order in binary form, SHA-256 of the bytes, JSON decoded, hash compared"


def run() -> BenchmarkResult:
    """Fill two ledgers, then measure the floor and ours on them."""
    with server() as running:
        small, _ = ledger_of(running, rows=ROWS // 10)
        address, built_s = ledger_of(running, rows=ROWS)
        few = in_a_program_of_its_own("verified", small)
        floor = in_a_program_of_its_own("bare", address)
        ours = in_a_program_of_its_own("verified", address)
    if ours["rows"] != ROWS:
        message = f"the ledger holds {ours['rows']} records"
        raise RuntimeError(message)
    sys.stderr.write(f"{ROWS} rows: ours {ours['s']:.1f} s, bare {floor['s']:.1f} s\n")
    return BenchmarkResult(
        name="verify",
        value=round(ours["s"], 1),
        unit="s",
        floor=FLOOR,
        floor_value=round(floor["s"], 1),
        aim="1 million rows in under 30 s, memory flat",
        context={
            "rows": ROWS,
            "report_revisions": ours["reports"],
            "rows_per_s": round(ROWS / ours["s"], 1),
            "built_s": round(built_s, 1),
            **{f"{name}_mb_at_all_rows": round(ours[f"{name}_mb"], 1) for name in ("own", "largest_worker")},
            **{f"{name}_mb_at_a_tenth": round(few[f"{name}_mb"], 1) for name in ("own", "largest_worker")},
            "own_cpu_us_per_row": round(ours["cpu_s"] / ROWS * 1e6, 1),
        },
    )


@contextlib.contextmanager
def server() -> Iterator[PostgresServer]:
    """A started server, in the folder that is kept or in one that goes away."""
    with contextlib.ExitStack() as stack:
        if KEEP is None:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="kiemdich-pg-", dir="/tmp")))
        else:
            folder = Path(KEEP).resolve()
            folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o755)
        running = server_in(folder)
        running.start()
        stack.callback(running.signal, signal.SIGINT)
        yield running


def server_in(folder: Path) -> PostgresServer:
    """The server of this folder, whose cluster is made if it is not there."""
    cluster = folder / "cluster"
    programs = find_programs()
    if programs is None or not cluster.exists():
        return make_server(folder, options=IN_SERVICE)
    user = cluster.owner() if os.geteuid() == 0 else None
    return PostgresServer(programs, folder=folder, user=user, options=IN_SERVICE)


def ledger_of(running: PostgresServer, *, rows: int) -> tuple[str, float]:
    """Find or fill a ledger of so many rows; give its address, and how long filling it took."""
    noted = running.log.parent / f"ledger-with-reports-{rows}.json"
    if noted.exists():
        known = json.loads(noted.read_text())
        address = f"{running.address.rpartition('/')[0]}/{known['database']}"
        bring_up_to_date(address)
        return address, known["built_s"]
    began = time.perf_counter()
    url = create_database(running.address)
    store = CentralStore.open(url, cut_off_hour=CUT_OFF_HOUR)
    try:
        upgrade("central", store.engine)
        fill(store, rows=rows)
    finally:
        store.close()
    address = url.replace("+psycopg", "")
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")
    built_s = time.perf_counter() - began
    noted.write_text(json.dumps({"database": address.rpartition("/")[2], "built_s": built_s}))
    sys.stderr.write(f"filled a ledger of {rows} rows in {built_s:.0f} s\n")
    return address, built_s


def bring_up_to_date(address: str) -> None:
    """Give a kept ledger the tables that have come since."""
    store = CentralStore.open(address.replace("postgresql:", "postgresql+psycopg:"), cut_off_hour=CUT_OFF_HOUR)
    try:
        upgrade("central", store.engine)
    finally:
        store.close()


def in_a_program_of_its_own(what: str, address: str) -> dict[str, float]:
    words = [sys.executable, "-m", "tests.benchmarks.verify", what, address]
    done = subprocess.run(words, check=True, stdout=subprocess.PIPE, cwd=Path(__file__).parent.parent.parent)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def verified(address: str) -> dict[str, float]:
    """Verify, and say how long it took and how large the programs became."""
    store = CentralStore.open(address.replace("postgresql:", "postgresql+psycopg:"), cut_off_hour=CUT_OFF_HOUR)
    began, cpu = time.perf_counter(), cpu_s()
    try:
        found = store.verify()
    finally:
        store.close()
    took_s, spent_s = time.perf_counter() - began, cpu_s() - cpu
    own, workers = (resource.getrusage(who).ru_maxrss / 1024 for who in WHO)
    return {
        "rows": found.ledger_records, "reports": found.report_revisions,
        "s": took_s, "cpu_s": spent_s, "own_mb": own, "largest_worker_mb": workers,
    }  # fmt: skip


WHO = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)


def cpu_s() -> float:
    uses = [resource.getrusage(who) for who in WHO]
    return sum(use.ru_utime + use.ru_stime for use in uses)


def bare(address: str) -> dict[str, float]:
    """Read, hash, decode: what nobody who checks a ledger can leave out."""
    began = time.perf_counter()
    with psycopg.connect(address) as connection, connection.cursor(name="bare", binary=True) as cursor:
        cursor.itersize = 1000
        cursor.execute("SELECT hash, bytes FROM ledger ORDER BY position")
        for own_hash, record in cursor:
            if hashlib.sha256(b"kiemdich/record/v1\x00" + record).digest() != own_hash:
                raise ValueError
            msgspec.json.decode(record)
    return {"s": time.perf_counter() - began}


def fill(store: CentralStore, *, rows: int) -> None:
    """Write the ledger by the centre's own ingest: one record in ten is a second one about its crossing."""
    began = datetime.now(UTC)
    for gate in range(GATES):
        key = bytes([gate]) * 32
        store.edges.enrol(f"gate-{gate}", point_of_entry_id=f"gate-{gate}", public_key=key, now=began)
    for number, batch in enumerate(batches(rows)):
        received_at = began + timedelta(seconds=number)
        store.append(batch, point_of_entry_id=batch.edge_id, received_at=received_at)
        if number % 25 == 0:
            sys.stderr.write(f"filled {number * BATCH}\n")
        if (number + 1) * BATCH % FREEZE_EVERY == 0:
            freeze_newest(store, at=received_at)
    freeze_newest(store, at=began + timedelta(days=1))


def freeze_newest(store: CentralStore, *, at: datetime) -> None:
    """Freeze the two newest report days: the older one is whole by then, the other gets a second revision."""
    query = select(crossing.c.report_day).distinct().order_by(crossing.c.report_day.desc()).limit(2)
    with reading(store.engine) as connection:
        days = connection.execute(query).scalars().all()
    names = [f"gate-{gate}" for gate in range(GATES)]
    gates = tuple(FrameGate(point_of_entry_id=each, name=each, kind=PointOfEntryKind.INTERNATIONAL) for each in names)
    for day in days:
        newest = store.reports.newest(day)
        kept = store.reports.content(day, revision=newest) if newest else None
        frame = ReportFrame(report_day=day, cut_off_hour=CUT_OFF_HOUR, taken_at=at, gates=gates)
        previous = None if kept is None else decode_report(kept)
        report = build_report(store.snapshot(frame), revision=newest + 1, previous=previous)
        revision = Revision(
            report_day=day,
            revision=report.revision,
            sha256="",
            ledger_position=report.ledger_records,
            frozen_at=at,
            frozen_by="cut_off",
        )
        store.reports.add(encode_report(report), revision=revision)


def batches(rows: int) -> Iterator[ReceivedBatch]:
    journals = [EdgeJournal(f"gate-{gate}") for gate in range(GATES)]
    written = 0
    while written < rows:
        journal = journals[written // BATCH % GATES]
        count = min(BATCH, rows - written)
        first = len(journal.entries)
        for number in range(count):
            write(journal, number=written + number)
        records = tuple(read_record(entry.record) for entry in journal.entries[first:])
        journal.entries[first:-1] = [None] * (count - 1)  # only the newest is still needed
        yield ReceivedBatch(edge_id=journal.edge_id, incarnation=1, records=records)
        written += count


def write(journal: EdgeJournal, *, number: int) -> None:
    at = MORNING + timedelta(seconds=number % 80_000, days=number // 80_000)
    if number % 10 == 9:
        journal.write(rechecked(f"018f-{number - 1:012d}", disposition=Disposition.CLEARED), at=at)
        return
    disposition = Disposition.PENDING if number % 10 == 8 else Disposition.CLEARED
    gate = journal.edge_id
    journal.write(screened(f"018f-{number:012d}", disposition=disposition, gate=gate, temperature_c=36.5, at=at), at=at)


def main(arguments: list[str]) -> None:
    """Do one part: ``build``, ``verified ADDRESS`` or ``bare ADDRESS``."""
    if arguments == ["build"]:
        with server() as running:
            for rows in (ROWS // 10, ROWS):
                ledger_of(running, rows=rows)
        return
    part, address = arguments
    found: dict[str, Any] = {"verified": verified, "bare": bare}[part](address)
    sys.stdout.buffer.write(msgspec.json.encode(found) + b"\n")


if __name__ == "__main__":
    main(sys.argv[1:])
