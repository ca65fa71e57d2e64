"""From an officer's key press to the durable verdict, in an edge that has seen a million crossings.

Ours: the real program (``python -m checkpoint serve``: sign-in, CSRF, assessment, sealing, journal,
read model), one client, the request that closes a crossing as cleared; its answer comes after the
commit. The floor, in the same run and in turns with ours: a bare loop of HTTP POST, validation by
msgspec and one realistic encrypted commit with synchronous=FULL (three tables, outbox and head,
about 1 kB) into an empty database, behind the same server and the same client. Value and floor are
the 95th percentile in milliseconds; medians and 99th percentiles go to standard error.
"""

import http.client
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import sqlcipher3.dbapi2 as sqlcipher
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from checkpoint.actions.deciding import CloseCommand, MeasureCommand, close_crossing, measure_person
from checkpoint.actions.presenting import PresentCommand, present_person
from checkpoint.settings import load_settings
from checkpoint.store.connection import DATABASE_NAME, database_key, open_connection
from checkpoint.store.instants import to_text
from sync.agreement.identifiers import uuid7
from sync.exchange.chain import record_hash
from tests.benchmarks import BenchmarkResult
from tests.checkpoint.edges import LANE, ROOT, opened, write_settings
from tests.services.processes import free_port, is_listening

EARLIER_CROSSINGS = int(os.environ.get("KIEMDICH_BENCH_CROSSINGS", "1000000"))
ROUNDS = 6
REQUESTS_A_ROUND = 200
WARM_UP = 50
PASSWORD = "mot-hai-ba-bon"
_CHUNK = 20_000
_START_TIMEOUT_S = 60.0


def run() -> BenchmarkResult:
    """Fill, start both programs, let them take turns, compare."""
    with tempfile.TemporaryDirectory(prefix="kiemdich-lane-") as name:
        folder = Path(name)
        port = free_port()
        fill(folder, port=port)
        with _Program(["-m", "checkpoint", "serve", "--settings", str(folder / "edge.toml")], port=port) as edge:
            floor_port = free_port()
            floor_words = ["-m", "tests.benchmarks.lane_commit", str(folder), str(floor_port)]
            with _Program(floor_words, port=floor_port):
                return _compare(_EdgeClient(port), _FloorClient(floor_port), edge=edge)


def fill(folder: Path, *, port: int) -> None:
    """Build a real edge whose database holds a million earlier crossings of a year, chained as they must be."""
    settings = load_settings(write_settings(folder, port=port, has_device=False))
    gate = opened(settings, clock=lambda: datetime.now(UTC))
    _one_crossing(gate)
    gate.store.close()
    connection = open_connection(settings.data_path / DATABASE_NAME, key=database_key(settings.data_path))
    begun_s = time.perf_counter()
    _multiply(connection)
    connection.close()
    words = [sys.executable, "-m", "checkpoint", "add-officer", "--settings", str(folder / "edge.toml")]
    words += ["--username", "canbo", "--name", "Cán bộ"]
    subprocess.run(words, input=PASSWORD + "\n", text=True, check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
    size_mb = (settings.data_path / DATABASE_NAME).stat().st_size / 1e6
    _tell(f"filled {EARLIER_CROSSINGS} crossings, {size_mb:.0f} MB, in {time.perf_counter() - begun_s:.0f} s")


def _one_crossing(gate) -> None:
    """Screen one person in earnest: the pattern that the earlier ones are copies of."""
    shown = PresentCommand(text="QN 100000", has_declaration=True)
    gate.perform(lambda turn: present_person(turn, LANE, shown), officer_ref="canbo").result(30)
    by_hand = {"temperature_c": 36.5, "device_kind": "infrared_thermometer", "site": "forehead"}
    measured = msgspec.convert(by_hand, MeasureCommand)
    gate.perform(lambda turn: measure_person(turn, LANE, measured), officer_ref="canbo").result(30)
    closing = msgspec.convert({"draft_id": gate.sheets[LANE].state.person.crossing_id}, CloseCommand)
    gate.perform(lambda turn: close_crossing(turn, LANE, closing), officer_ref="canbo").result(30)


def _multiply(connection: sqlcipher.Connection) -> None:
    """Copy the first crossing with other ids, people and times; the schema is the real one at the end."""
    record, previous = connection.execute("SELECT bytes, hash FROM journal").fetchone()
    columns = [row[1] for row in connection.execute("PRAGMA table_info(crossing)")]
    row = dict(zip(columns, connection.execute("SELECT * FROM crossing").fetchone(), strict=True))
    indexes = connection.execute(
        "SELECT name, sql FROM sqlite_master WHERE type='index' AND sql IS NOT NULL"
    ).fetchall()
    for index_name, _ in indexes:
        connection.execute(f"DROP INDEX {index_name}")
    for pragma in ("journal_mode = OFF", "synchronous = OFF", "locking_mode = EXCLUSIVE", "cache_size = -400000"):
        connection.execute(f"PRAGMA {pragma}")
    insert = f"INSERT INTO crossing VALUES ({','.join(':' + column for column in columns)})"
    pattern = _Pattern(record, row)
    for first in range(2, EARLIER_CROSSINGS + 1, _CHUNK):
        last = min(first + _CHUNK, EARLIER_CROSSINGS + 1)
        records, rows = [], []
        for sequence in range(first, last):
            content, previous, copied = pattern.copy(sequence, previous=previous)
            records.append(
                (sequence, copied["record_id"], "crossing_screened", previous, content, copied["recorded_at"])
            )
            rows.append(copied)
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany("INSERT INTO journal VALUES (?,?,?,?,?,?)", records)
        connection.executemany(insert, rows)
        connection.execute("UPDATE journal_head SET sequence = ?, hash = ?", (last - 1, previous))
        connection.execute("COMMIT")
    for _, sql in indexes:
        connection.execute(sql)


class _Pattern:
    """One record and its row, written again and again with another place, time and person."""

    def __init__(self, record: bytes, row: dict) -> None:
        self._row = row
        self._crossing_id, self._record_id = row["crossing_id"].encode(), row["record_id"].encode()
        self._record = record
        self._begin = datetime.now(UTC) - timedelta(days=365)
        self._step = timedelta(days=364) / EARLIER_CROSSINGS

    def copy(self, sequence: int, *, previous: bytes) -> tuple[bytes, bytes, dict]:
        at = self._begin + sequence * self._step
        crossing_id, record_id, instant = str(uuid7(at)), str(uuid7(at)), to_text(at)
        content = (
            self._record.replace(self._crossing_id, crossing_id.encode())
            .replace(self._record_id, record_id.encode())
            .replace(b'"sequence":1,', b'"sequence":%d,' % sequence, 1)
            .replace(bytes(64).replace(b"\0", b"0"), previous.hex().encode(), 1)
        )
        person = record_hash(b"%d" % (sequence % 200_000)).hex()
        times = {"presented_at": instant, "recorded_at": instant, "observed_at": instant}
        copied = {
            **self._row,
            **times,
            "sequence": sequence,
            "last_sequence": sequence,
            "crossing_id": crossing_id,
            "record_id": record_id,
            "person_key": person,
        }
        return content, record_hash(content), copied


class _Program:
    """A Python program on loopback for the length of a block."""

    def __init__(self, words: list[str], *, port: int) -> None:
        self._words, self._port = words, port

    def __enter__(self) -> subprocess.Popen[bytes]:
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        self._child = subprocess.Popen([sys.executable, *self._words], cwd=ROOT, env=environment)
        deadline_s = time.monotonic() + _START_TIMEOUT_S
        waiting = threading.Event()
        while not is_listening(self._port):
            if self._child.poll() is not None or time.monotonic() > deadline_s:
                msg = f"{self._words} did not come up"
                raise RuntimeError(msg)
            waiting.wait(0.05)
        return self._child

    def __exit__(self, *_ended: object) -> None:
        self._child.terminate()
        with suppress(subprocess.TimeoutExpired):
            self._child.wait(20)
        self._child.kill()


class _Client:
    """One keep-alive connection of the standard library: as thin as a client can be."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port)
        self._headers = {"Content-Type": "application/json"}

    def post(self, path: str, body: dict) -> tuple[float, bytes]:
        content = msgspec.json.encode(body)
        begun_s = time.perf_counter()
        self._connection.request("POST", path, content, self._headers)
        answer = self._connection.getresponse()
        answered = answer.read()
        took_s = time.perf_counter() - begun_s
        if answer.status >= 300:
            msg = f"{path}: {answer.status} {answered[:300]!r}"
            raise RuntimeError(msg)
        return took_s, answered


class _EdgeClient(_Client):
    def __init__(self, port: int) -> None:
        super().__init__(port)
        self._number = 500_000
        self._connection.request(
            "POST", "/sign-in", json.dumps({"username": "canbo", "password": PASSWORD}), self._headers
        )
        answer = self._connection.getresponse()
        answer.read()
        self._headers["Cookie"] = answer.getheader("Set-Cookie").partition(";")[0]
        self._connection.request("GET", "/api/session", headers=self._headers)
        self._headers["X-CSRF-Token"] = json.loads(self._connection.getresponse().read())["csrf_token"]

    def once(self) -> float:
        """Present and measure one person untimed; time the request that closes the crossing."""
        self._number += 1
        path = f"/api/lanes/{LANE}"
        self.post(f"{path}/present", {"text": f"QN {self._number}", "has_declaration": True})
        by_hand = {"temperature_c": 36.5, "device_kind": "infrared_thermometer", "site": "forehead"}
        view = json.loads(self.post(f"{path}/measure", by_hand)[1])
        took_s, answered = self.post(f"{path}/close", {"draft_id": view["draft_id"]})
        if json.loads(answered)["saved"] is None:
            msg = "closed without a record"
            raise RuntimeError(msg)
        return took_s


class _FloorClient(_Client):
    def once(self) -> float:
        body = {"lane_id": LANE, "temperature_c": 36.5, "site": "forehead", "person_key": "k" * 64, "note": "x" * 500}
        return self.post("/", body)[0]


def _compare(ours: _EdgeClient, floor: _FloorClient, *, edge: subprocess.Popen[bytes]) -> BenchmarkResult:
    for client in (ours, floor):
        for _ in range(WARM_UP):
            client.once()
    took: dict[str, list[float]] = {"edge": [], "floor": []}
    for _ in range(ROUNDS):
        for name, client in (("floor", floor), ("edge", ours)):
            took[name] += [client.once() * 1000 for _ in range(REQUESTS_A_ROUND)]
    for name, times_ms in took.items():
        p50, p95, p99 = (_percentile(times_ms, share) for share in (50, 95, 99))
        _tell(f"{name}: p50 {p50:.2f} ms, p95 {p95:.2f} ms, p99 {p99:.2f} ms, mean {statistics.mean(times_ms):.2f} ms")
    _tell(f"edge process: {_resident_mb(edge.pid):.0f} MB resident")
    return BenchmarkResult(
        name="lane_commit",
        value=round(_percentile(took["edge"], 95), 3),
        unit="ms p95, less is better",
        floor="HTTP POST, msgspec, one encrypted FULL commit of 3 tables, outbox and head",
        floor_value=round(_percentile(took["floor"], 95), 3),
        aim="ratio at most 3",
    )


def _percentile(times_ms: list[float], share: int) -> float:
    return statistics.quantiles(times_ms, n=100)[share - 1]


def _resident_mb(pid: int) -> float:
    words = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(words.partition("VmRSS:")[2].split()[0]) / 1024


def _tell(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


# --- the floor: a program of its own


class _Screening(msgspec.Struct, frozen=True):
    lane_id: str
    temperature_c: float
    site: str
    person_key: str
    note: str


_FLOOR_SCHEMA = """
CREATE TABLE head (only INTEGER PRIMARY KEY, sequence INTEGER, hash BLOB) STRICT;
CREATE TABLE event (sequence INTEGER PRIMARY KEY, hash BLOB, bytes BLOB) STRICT;
CREATE TABLE screening (sequence INTEGER PRIMARY KEY, lane_id TEXT, temperature_c REAL, person_key TEXT) STRICT;
CREATE TABLE lane (lane_id TEXT PRIMARY KEY, sequence INTEGER) STRICT;
CREATE TABLE outbox (sequence INTEGER PRIMARY KEY, bytes BLOB) STRICT;
INSERT INTO head VALUES (1, 0, zeroblob(32));
"""


def floor_app(connection: sqlcipher.Connection) -> Starlette:
    """The least that takes a POST, checks it, and commits it durably and encrypted before it answers."""
    connection.executescript(_FLOOR_SCHEMA)
    decoder = msgspec.json.Decoder(_Screening)

    async def take(request: Request) -> Response:
        body = await request.body()
        given = decoder.decode(body)
        connection.execute("BEGIN IMMEDIATE")
        sequence, previous = connection.execute("SELECT sequence, hash FROM head").fetchone()
        sequence, now = sequence + 1, record_hash(previous + body)
        connection.execute("INSERT INTO event VALUES (?,?,?)", (sequence, now, body))
        connection.execute(
            "INSERT INTO screening VALUES (?,?,?,?)", (sequence, given.lane_id, given.temperature_c, given.person_key)
        )
        connection.execute("INSERT INTO lane VALUES (?,?) ON CONFLICT DO UPDATE SET sequence=excluded.sequence",
                           (given.lane_id, sequence))  # fmt: skip
        connection.execute("INSERT INTO outbox VALUES (?,?)", (sequence, body))
        connection.execute("UPDATE head SET sequence = ?, hash = ?", (sequence, now))
        connection.execute("COMMIT")
        return Response(msgspec.json.encode({"sequence": sequence}), media_type="application/json")

    return Starlette(routes=[Route("/", take, methods=["POST"])])


def _serve_floor(folder: Path, *, port: int) -> None:
    connection = open_connection(folder / "floor.db", key=os.urandom(32).hex())
    uvicorn.run(floor_app(connection), port=port, log_config=None, access_log=False, timeout_keep_alive=75)


if __name__ == "__main__":
    _serve_floor(Path(sys.argv[1]), port=int(sys.argv[2]))
