"""Records per second from an edge's journal to the centre's PostgreSQL, over real HTTP.

Ours: the uplink (batches of 500, zstd, Ed25519) to a served centre: signature, bounded inflation,
canonical decoding, chain, ledger, ledger chain, crossings, counters, heads, episode keys, commit,
signed receipt. Floor: a bare script for both ends that does the same steps without our code, on the
same server in the same run, in turn with ours; the medians of the rounds are compared.

``--with-pouchdb`` adds a peer to each round (``_pouchdb.py``): as many documents of about 0.9 kB replicated
from PouchDB to express-pouchdb in batches of 1000, which signs nothing, chains nothing and does not wait
for the disk. Ours sends one batch at a time; the edge packs the next meanwhile, and PostgreSQL takes rows in
while the centre makes the next ones. The server's log files were made beforehand, as after some days of service:
in a new cluster every sixteenth megabyte would wait until sixteen are filled with zeros, for ours and for the floor.
"""

import asyncio
import contextlib
import hashlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import httpx
import msgspec
import psycopg
import uvicorn
import zstandard
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from sync.agreement.records import TravellerIdentity
from tests.benchmarks import BenchmarkResult, _pouchdb
from tests.central.running import RunningCentre, drain
from tests.services.postgres import IN_SERVICE, PostgresServer, create_database, temporary_server
from tests.services.processes import die_with_parent, free_port, is_listening
from tests.sync.exchange.journals import EdgeJournal, screened

RECORDS, BATCH, ROUNDS = 10_000, 500, 5
POUCHDB_BATCH = 1000
LOG_FILES = 64
"""As many of 16 MB as ``IN_SERVICE`` lets PostgreSQL keep."""
POUCHDB_PER_S = 4_029
"""PouchDB to express-pouchdb, batches of 1000: measured for the project on another day, so context only."""
PERSON = TravellerIdentity(full_name="NGUYỄN THỊ THỬ", document_number="T0000001", address="phường Trần Phú")
FLOOR = "bare script: same batches, HTTP, Ed25519, zstd, hashes, JSON decode, COPY of ledger and rows, counters, commit"


class Round(msgspec.Struct, frozen=True, kw_only=True):
    """One drain: records per second, and the CPU time that a record cost each of the three processes (us)."""

    rate_per_s: float
    client_us: float
    centre_us: float
    postgresql_us: float

    @property
    def cpu_us(self) -> float:
        return self.client_us + self.centre_us + self.postgresql_us

    def __str__(self) -> str:
        parts = f"{self.client_us:.0f} + {self.centre_us:.0f} + {self.postgresql_us:.0f}"
        return f"{self.rate_per_s:,.0f}/s at {parts} = {self.cpu_us:.0f} us CPU a record"


def run(*, with_pouchdb: bool = False) -> BenchmarkResult:
    """Measure ours, the floor and the peer in turn; the figures are records per second."""
    peer: list[float] = []
    if with_pouchdb:
        _pouchdb.install()
    with tempfile.TemporaryDirectory(prefix="kd-bench-") as folder, temporary_server(options=IN_SERVICE) as server:
        make_log_files(server)
        centre = RunningCentre(Path(folder), database_url=create_database(server.address))
        ours: list[Round] = []
        floor: list[Round] = []
        journals = [filled(centre, number) for number in range(ROUNDS + 1)]
        try:
            centre.process.start()
            for number, journal in enumerate(journals):
                one, bare = push_ours(server, centre, journal), push_bare(server, journal)
                sys.stderr.write(f"round {number}: ours {one}; bare {bare}\n")
                if number:  # the first round warms both up
                    ours.append(one)
                    floor.append(bare)
                if number and with_pouchdb:
                    place = Path(folder) / f"pouchdb-{number}"
                    peer.append(_pouchdb.rate_per_s(place, records=RECORDS, batch=POUCHDB_BATCH))
                    sys.stderr.write(f"round {number}: PouchDB {peer[-1]:,.0f}/s\n")
            verified = centre.verified()
        finally:
            centre.end()
    if verified["crossings"] != RECORDS * (ROUNDS + 1):
        message = f"the ledger holds {verified['crossings']} crossings"
        raise RuntimeError(message)
    return result_of(ours, floor=floor, peer=peer)


def result_of(ours: list[Round], *, floor: list[Round], peer: list[float]) -> BenchmarkResult:
    def middle(rounds: list[Round], name: str) -> float:
        return round(statistics.median(getattr(each, name) for each in rounds), 1)

    value = middle(ours, "rate_per_s")
    names = ("client_us", "centre_us", "postgresql_us", "cpu_us")
    return BenchmarkResult(
        name="push",
        value=value,
        unit="records/s",
        floor=FLOOR,
        floor_value=middle(floor, "rate_per_s"),
        aim="at least 10000, and 0.5 of the floor",
        context={
            "best_round_per_s": round(max(each.rate_per_s for each in ours), 1),
            **against_pouchdb(value, peer=peer),
            **{f"{name}_per_record": middle(ours, name) for name in names},
            **{f"floor_{name}_per_record": middle(floor, name) for name in names},
        },
    )


def against_pouchdb(value: float, *, peer: list[float]) -> dict[str, float]:
    """Compare with the peer of this run, or with what it once did."""
    if not peer:
        return {"ratio_to_pouchdb_4029_per_s": round(value / POUCHDB_PER_S, 2)}
    measured_per_s = statistics.median(peer)
    return {"pouchdb_per_s": round(measured_per_s, 1), "ratio_to_pouchdb": round(value / measured_per_s, 2)}


def make_log_files(server: PostgresServer) -> None:
    """Bring a new cluster to where one is after some days: the files of its log are there to be used again."""
    with psycopg.connect(server.address, autocommit=True) as connection:
        for _ in range(LOG_FILES - 2):
            connection.execute("SELECT pg_logical_emit_message(false, 'push', 'one file more')")
            connection.execute("SELECT pg_switch_wal()")
        connection.execute("CHECKPOINT")


def filled(centre: RunningCentre, number: int) -> EdgeJournal:
    journal = EdgeJournal(f"mong-cai-{number + 1}")
    centre.enrol(journal, gate="mong-cai")
    for count in range(RECORDS):
        journal.write(screened(f"{number}-{count}", temperature_c=36.5), who=PERSON)
    return journal


def cpu_s(pid: int) -> float:
    """CPU seconds of a process so far, user and system, with its children that have ended or still run."""
    total = 0.0
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(entry.name) == pid:
            total += sum(map(int, fields[11:15]))
        elif int(fields[1]) == pid:
            total += int(fields[11]) + int(fields[12])
    return total / os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def measured(server: PostgresServer, centre_pid: int) -> Iterator[list[Round]]:
    """Time a drain of all records and what it costs each process."""
    pids = {"client_us": os.getpid(), "centre_us": centre_pid, "postgresql_us": server.child.pid}
    before = {name: cpu_s(pid) for name, pid in pids.items()}
    before["client_us"] = time.process_time()
    found: list[Round] = []
    began = time.perf_counter()
    yield found
    took_s = time.perf_counter() - began
    after = {name: cpu_s(pid) for name, pid in pids.items()} | {"client_us": time.process_time()}
    cost = {name: (after[name] - before[name]) / RECORDS * 1e6 for name in pids}
    found.append(Round(rate_per_s=RECORDS / took_s, **cost))


def push_ours(server: PostgresServer, centre: RunningCentre, journal: EdgeJournal) -> Round:
    uplink = centre.uplink(journal)
    with measured(server, centre.process.child.pid) as found:
        drain(uplink, journal)
    return found[0]


def push_bare(server: PostgresServer, journal: EdgeJournal) -> Round:
    """Send the same records to the bare server; its process and database are new each time."""
    port = free_port()
    address = create_database(server.address).replace("+psycopg", "")
    words = [sys.executable, "-m", "tests.benchmarks.push", str(port), address, journal.public_key.hex()]
    child = subprocess.Popen(  # the child calls one system call before exec, and no lock
        words,
        cwd=Path(__file__).parent.parent.parent,
        preexec_fn=die_with_parent,  # noqa: PLW1509
    )
    try:
        while not is_listening(port):
            time.sleep(0.02)
        with httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
            with measured(server, child.pid) as found:
                for first in range(0, RECORDS, BATCH):
                    send_bare(client, journal, first=first)
            return found[0]
    finally:
        child.kill()
        child.wait()


def send_bare(client: httpx.Client, journal: EdgeJournal, *, first: int) -> None:
    entries = journal.entries[first : first + BATCH]
    lines = [entry.record for entry in entries]
    lines += [msgspec.json.encode(entry.episode_key) for entry in entries]
    body = zstandard.ZstdCompressor(level=3).compress(b"\n".join(lines))
    signature = journal.key.sign(hashlib.sha256(body).digest()).hex()
    client.post("/", content=body, headers={"signature": signature}).raise_for_status()


class BareServer:
    """The same steps with nothing around them: one raw ASGI function, one connection."""

    def __init__(self, address: str, public_key: bytes) -> None:
        self.key = Ed25519PublicKey.from_public_bytes(public_key)
        self.signing_key = Ed25519PrivateKey.generate()
        self.head, self.ledger_hash, self.position = bytes(32), bytes(32), 0
        self.database = psycopg.connect(address)
        self.database.execute(
            "CREATE TABLE ledger (position bigint PRIMARY KEY, edge_id text, incarnation bigint, sequence bigint,"
            " record_id uuid UNIQUE, type text, crossing_id text, hash bytea, bytes bytea, received_at timestamptz,"
            " disposition text, ledger_hash bytea, UNIQUE (edge_id, incarnation, sequence))"
        )
        self.database.execute("CREATE INDEX ON ledger (crossing_id)")
        self.database.execute(
            "CREATE TABLE crossing (crossing_id text PRIMARY KEY, edge_id text, gate text, day date,"
            " observed_at timestamptz, disposition text, due_at timestamptz, state bytea)"
        )
        self.database.execute("CREATE INDEX ON crossing (day, gate)")
        self.database.execute(
            "CREATE TABLE day_count (day date, gate text, figure text, n bigint, PRIMARY KEY (day, gate, figure))"
        )
        self.database.execute(
            "CREATE TABLE episode_key (edge_id text, episode_id text, wrapped bytea, PRIMARY KEY (edge_id, episode_id))"
        )
        self.database.execute("CREATE TABLE head (edge_id text PRIMARY KEY, sequence bigint, hash bytea)")
        self.database.execute("INSERT INTO head VALUES ('edge', 0, '')")
        self.database.commit()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        pieces, more = [], True
        while more:
            message = await receive()
            pieces.append(message.get("body", b""))
            more = message.get("more_body", False)
        headers = dict(scope["headers"])
        receipt = await asyncio.to_thread(self.take, b"".join(pieces), headers[b"signature"].decode())
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": receipt})

    def take(self, body: bytes, signature: str) -> bytes:
        self.key.verify(bytes.fromhex(signature), hashlib.sha256(body).digest())
        lines = zstandard.ZstdDecompressor().decompress(body, max_output_size=16 << 20).split(b"\n")
        records = [line for line in lines if line.startswith(b'{"v"')]
        keys = [json.loads(line) for line in lines[len(records) :]]
        now, rows, crossings = datetime.now(UTC), [], []
        for line in records:
            record = msgspec.json.decode(line)
            if record["previous_hash"] != self.head.hex():
                raise ValueError
            self.head = hashlib.sha256(b"kiemdich/record/v1\x00" + line).digest()
            self.position += 1
            self.ledger_hash = hashlib.sha256(self.ledger_hash + self.head).digest()
            crossing = record["open"]
            rows.append(
                (
                    self.position, record["edge_id"], 1, record["sequence"], record["record_id"], record["type"],
                    crossing["crossing_id"], self.head, line, now, "projected", self.ledger_hash,
                )
            )  # fmt: skip
            state = msgspec.json.encode(crossing["facts"])
            crossings.append(
                (
                    crossing["crossing_id"], record["edge_id"], "mong-cai", date(2026, 11, 22),
                    datetime.fromisoformat(record["observed_at"]), crossing["disposition"], None, state,
                )
            )  # fmt: skip
        self.write(rows, crossings, keys)
        return self.signing_key.sign(self.head)

    def write(self, rows: list[Any], crossings: list[Any], keys: list[Any]) -> None:
        with self.database.cursor() as cursor:
            cursor.execute("SELECT * FROM head FOR UPDATE")
            for table, batch in (("ledger", rows), ("crossing", crossings)):
                with cursor.copy(f"COPY {table} FROM STDIN") as copy:
                    for row in batch:
                        copy.write_row(row)
            figures = ["crossings", "measured", "cleared"]
            cursor.execute(
                "INSERT INTO day_count SELECT '2026-11-22', 'mong-cai', unnest(%s::text[]), %s"
                " ON CONFLICT (day, gate, figure) DO UPDATE SET n = day_count.n + excluded.n",
                (figures, len(rows)),
            )
            cursor.execute(
                "INSERT INTO episode_key SELECT 'edge', * FROM unnest(%s::text[], %s::bytea[]) ON CONFLICT DO NOTHING",
                ([key["episode_id"] for key in keys], [key["wrapped"]["province"].encode() for key in keys]),
            )
            cursor.execute("UPDATE head SET sequence = %s, hash = %s", (self.position, self.head))
        self.database.commit()


if __name__ == "__main__":
    app = BareServer(sys.argv[2], bytes.fromhex(sys.argv[3]))
    uvicorn.run(app, port=int(sys.argv[1]), log_level="warning", access_log=False, lifespan="off")
