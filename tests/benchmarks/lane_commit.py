"""From an officer's key press to the durable verdict, in an edge that has seen ten million crossings.

Ours: the real program (``python -m checkpoint serve``: sign-in, CSRF, assessment, sealing, journal,
read model), one client, the request that closes a crossing as cleared; its answer comes after the
commit. The floor, in the same run and in turns with ours: a bare loop of HTTP POST, validation by
msgspec and one realistic encrypted commit with synchronous=FULL: the rows of such a crossing into a
copy of the same database, behind the same server and the same client. Value and floor are the 95th
percentile in milliseconds; medians and 99th percentiles go to standard error, and the context has the
same loop with about 1 kB into an empty database, which no gate has.

Of the earlier crossings the newest hundred thousand have whole records, chained as they must be; the others
have all their rows and indexes, and in the journal a record of 200 bytes, so that they fit on a disk. A million
holders of passes are registered, and every second person measured shows the pass of one of them.
``KIEMDICH_BENCH_CROSSINGS`` and ``KIEMDICH_BENCH_HOLDERS`` ask for fewer; ``KIEMDICH_BENCH_EDGE`` names a folder
where the filled edge is kept for the next time.
"""

import http.client
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import sqlcipher3.dbapi2 as sqlcipher

from checkpoint.actions.deciding import CloseCommand, MeasureCommand, close_crossing, measure_person
from checkpoint.actions.presenting import PresentCommand, present_person
from checkpoint.settings import load_settings
from checkpoint.store.connection import DATABASE_NAME, database_key, open_connection
from checkpoint.store.instants import to_text
from sync.agreement.identifiers import uuid7
from sync.exchange.chain import record_hash
from tests.benchmarks import BenchmarkResult, _bare_lane
from tests.benchmarks.find_holder import HOLDERS, fill_holders
from tests.checkpoint.edges import LANE, ROOT, opened, write_settings
from tests.services.processes import free_port, is_listening

EARLIER_CROSSINGS = int(os.environ.get("KIEMDICH_BENCH_CROSSINGS", "10000000"))
WHOLE_RECORDS = 100_000
KEPT_IN = os.environ.get("KIEMDICH_BENCH_EDGE")
ROUNDS = 6
REQUESTS_A_ROUND = 200
WARM_UP = 50
PASSWORD = "mot-hai-ba-bon"
_CHUNK = 20_000
_START_TIMEOUT_S = 60.0


def run() -> BenchmarkResult:
    """Fill, start both programs, let them take turns, compare."""
    with (
        a_filled_edge() as (settings_path, port),
        tempfile.TemporaryDirectory(prefix="kiemdich-floor-") as empty_folder,
    ):
        data = load_settings(settings_path).data_path
        _bare_lane.make_copy(data)
        with (
            Program(["-m", "checkpoint", "serve", "--settings", str(settings_path)], port=port) as edge,
            _floor("bare", data) as bare,
            _floor("empty", Path(empty_folder)) as empty,
        ):
            return _compare({"edge": EdgeClient(port), "bare": bare, "empty": empty}, edge=edge)


@contextmanager
def _floor(kind: str, folder: Path) -> Iterator["_FloorClient"]:
    port = free_port()
    with Program(["-m", "tests.benchmarks._bare_lane", kind, str(folder), str(port)], port=port):
        yield _FloorClient(port)


@contextmanager
def a_filled_edge() -> Iterator[tuple[Path, int]]:
    """Give the settings and the port of an edge with all that it has seen."""
    with tempfile.TemporaryDirectory(prefix="kiemdich-lane-") as name:
        folder, port = Path(KEPT_IN or name), free_port()
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / "edge.toml").exists():
            early = max(0, EARLIER_CROSSINGS - WHOLE_RECORDS)
            fill(folder, port=port, crossings=min(EARLIER_CROSSINGS, WHOLE_RECORDS), early=early)
            fill_holders(load_settings(folder / "edge.toml").data_path)
        listen_on(port, settings_path=folder / "edge.toml")
        yield folder / "edge.toml", port


def listen_on(port: int, *, settings_path: Path) -> None:
    """Give an edge that stands still another port."""
    settings = settings_path.read_text(encoding="utf-8")
    settings_path.write_text(re.sub(r"(?m)^port = \d+$", f"port = {port}", settings), encoding="utf-8")


def fill(folder: Path, *, port: int, crossings: int, early: int = 0) -> None:
    """Build a real edge whose database holds earlier crossings of a year, chained as they must be.

    ``early`` more stand before these, with all their rows and a short stand-in for a record.
    """
    settings = load_settings(write_settings(folder, port=port, has_device=False))
    gate = opened(settings, clock=lambda: datetime.now(UTC))
    _one_crossing(gate)
    gate.store.close()
    connection = open_connection(settings.data_path / DATABASE_NAME, key=database_key(settings.data_path))
    begun_s = time.perf_counter()
    with _without_indexes(connection):
        _multiply(connection, crossings=crossings, early=early)
    connection.close()
    words = [sys.executable, "-m", "checkpoint", "add-officer", "--settings", str(folder / "edge.toml")]
    words += ["--username", "canbo", "--name", "Cán bộ"]
    subprocess.run(words, input=PASSWORD + "\n", text=True, check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
    size_mb = (settings.data_path / DATABASE_NAME).stat().st_size / 1e6
    tell(f"filled {early + crossings} crossings, {size_mb:.0f} MB, in {time.perf_counter() - begun_s:.0f} s")


def _one_crossing(gate) -> None:
    """Screen one person in earnest: the pattern that the earlier ones are copies of."""
    shown = PresentCommand(text="QN 100000", has_declaration=True)
    gate.perform(lambda turn: present_person(turn, LANE, shown), officer_ref="canbo").result(30)
    by_hand = {"temperature_c": 36.5, "device_kind": "infrared_thermometer", "site": "forehead"}
    measured = msgspec.convert(by_hand, MeasureCommand)
    gate.perform(lambda turn: measure_person(turn, LANE, measured), officer_ref="canbo").result(30)
    closing = msgspec.convert({"draft_id": gate.sheets[LANE].state.person.crossing_id}, CloseCommand)
    gate.perform(lambda turn: close_crossing(turn, LANE, closing), officer_ref="canbo").result(30)


@contextmanager
def _without_indexes(connection: sqlcipher.Connection) -> Iterator[None]:
    """Fill without a log and without indexes, which are made at the end; the schema is the real one then."""
    for pragma in ("journal_mode = OFF", "synchronous = OFF", "locking_mode = EXCLUSIVE", "cache_size = -400000"):
        connection.execute(f"PRAGMA {pragma}")
    indexes = connection.execute(
        "SELECT name, sql FROM sqlite_master"
        " WHERE type = 'index' AND tbl_name IN ('crossing', 'journal') AND sql IS NOT NULL"
    ).fetchall()
    for index_name, _ in indexes:
        connection.execute(f"DROP INDEX {index_name}")
    yield
    for _, sql in indexes:
        connection.execute(sql)


def _multiply(connection: sqlcipher.Connection, *, crossings: int, early: int) -> None:
    """Copy the first crossing with other ids, people and times."""
    record, previous = connection.execute("SELECT bytes, hash FROM journal").fetchone()
    columns = [row[1] for row in connection.execute("PRAGMA table_info(crossing)")]
    row = dict(zip(columns, connection.execute("SELECT * FROM crossing").fetchone(), strict=True))
    if early:
        previous = _add_early(connection, columns=columns, count=early)
    insert = f"INSERT INTO crossing VALUES ({','.join(':' + column for column in columns)})"
    pattern = _Pattern(record, row, crossings=early + crossings)
    end = early + crossings + 1
    for first in range(early + 2, end, _CHUNK):
        last = min(first + _CHUNK, end)
        records, rows = [], []
        for sequence in range(first, last):
            content, previous, copied = pattern.copy(sequence, previous=previous)
            place = (sequence, 1, sequence, copied["record_id"], "crossing_screened", previous)
            records.append((*place, content, copied["recorded_at"]))
            rows.append(copied)
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany("INSERT INTO journal VALUES (?,?,?,?,?,?,?,?)", records)
        connection.executemany(insert, rows)
        connection.execute("UPDATE journal_head SET sequence = ?, hash = ?", (last - 1, previous))
        connection.execute("COMMIT")


def _add_early(connection: sqlcipher.Connection, *, columns: list[str], count: int) -> bytes:
    """Let the database itself copy the first crossing; return the hash of the last copy."""
    own = {"entry": "n", "last_entry": "n", "crossing_id": _EARLY_ID.format("a"), "record_id": _EARLY_ID.format("b")}
    own["person_key"] = "printf('%064x', (n * 7919) % 200000)"
    own |= dict.fromkeys(("presented_at", "recorded_at", "observed_at"), _EARLY_AT)
    values = ", ".join(own.get(column, f"one.{column}") for column in columns)
    connection.execute("CREATE TEMP TABLE one AS SELECT * FROM crossing")
    for first in range(2, count + 2, _EARLY_CHUNK):
        last = min(first + _EARLY_CHUNK, count + 2) - 1
        numbers = (
            f"(WITH RECURSIVE c(n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM c WHERE n < {last}) SELECT n FROM c)"
        )
        connection.execute(f"INSERT INTO crossing SELECT {values} FROM {numbers}, one")
        connection.execute(
            f"INSERT INTO journal SELECT n, 1, n, {_EARLY_ID.format('b')}, 'crossing_screened', randomblob(32),"
            f" randomblob(200), {_EARLY_AT} FROM {numbers}"
        )
    connection.execute("UPDATE journal_head SET sequence = ?", (count + 1,))
    found: bytes = connection.execute("SELECT hash FROM journal ORDER BY entry DESC LIMIT 1").fetchone()[0]
    return found


_EARLY_CHUNK = 500_000
_EARLY_AT = "strftime('%Y-%m-%dT%H:%M:%S.000000Z', 1700000000 + n, 'unixepoch')"
_EARLY_ID = "printf('018b%04x-%04x-7000-8000-{}%011x', (n >> 16) & 65535, n & 65535, n)"


class _Pattern:
    """One record and its row, written again and again with another place, time and person."""

    def __init__(self, record: bytes, row: dict, *, crossings: int) -> None:
        self._row = row
        self._crossing_id, self._record_id = row["crossing_id"].encode(), row["record_id"].encode()
        self._record = record
        self._begin = datetime.now(UTC) - timedelta(days=365)
        self._step = timedelta(days=364) / crossings

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
            "entry": sequence,
            "last_entry": sequence,
            "crossing_id": crossing_id,
            "record_id": record_id,
            "person_key": person,
        }
        return content, record_hash(content), copied


class Program:
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


class EdgeClient(_Client):
    """An officer who is signed in."""

    def __init__(self, port: int) -> None:
        super().__init__(port)
        self._number = 500_000
        self._connection.request(
            "POST", "/sign-in", json.dumps({"username": "canbo", "password": PASSWORD}), self._headers
        )
        answer = self._connection.getresponse()
        answer.read()
        self.cookie = answer.getheader("Set-Cookie").partition(";")[0]
        self._headers["Cookie"] = self.cookie
        self._connection.request("GET", "/api/session", headers=self._headers)
        self._headers["X-CSRF-Token"] = json.loads(self._connection.getresponse().read())["csrf_token"]

    def get(self, path: str) -> dict:
        self._connection.request("GET", path, headers=self._headers)
        return json.loads(self._connection.getresponse().read())

    def follow(self, path: str) -> Iterator[dict]:
        """Yield what a stream of the edge sends (server-sent events), as the lane's page listens to it."""
        connection = http.client.HTTPConnection("127.0.0.1", self._connection.port, timeout=30)
        connection.request("GET", path, headers=self._headers)
        with connection.getresponse() as stream:
            for line in stream:
                if line.startswith(b"data: "):
                    yield json.loads(line.removeprefix(b"data: "))

    def once(self) -> float:
        """Present and measure one person untimed; time the request that closes the crossing."""
        self._number += 1
        path = f"/api/lanes/{LANE}"
        number = self._number if self._number % 2 else 1_000_000 + self._number % HOLDERS
        self.post(f"{path}/present", {"text": f"QN {number}", "has_declaration": True})
        by_hand = {"temperature_c": 36.5, "device_kind": "infrared_thermometer", "site": "forehead"}
        view = json.loads(self.post(f"{path}/measure", by_hand)[1])
        took_s, answered = self.post(f"{path}/close", {"draft_id": view["draft_id"]})
        if json.loads(answered)["saved"] is None:
            msg = "closed without a record"
            raise RuntimeError(msg)
        return took_s


class _FloorClient(_Client):
    def once(self) -> float:
        return self.post("/", _bare_lane.body_of(os.urandom(32).hex()))[0]


def _compare(clients: dict[str, "EdgeClient | _FloorClient"], *, edge: subprocess.Popen[bytes]) -> BenchmarkResult:
    for client in clients.values():
        for _ in range(WARM_UP):
            client.once()
    took: dict[str, list[float]] = {name: [] for name in clients}
    for _ in range(ROUNDS):
        for name, client in clients.items():
            took[name] += [client.once() * 1000 for _ in range(REQUESTS_A_ROUND)]
    for name, times_ms in took.items():
        p50, p95, p99 = (percentile(times_ms, share) for share in (50, 95, 99))
        tell(f"{name}: p50 {p50:.2f} ms, p95 {p95:.2f} ms, p99 {p99:.2f} ms, mean {statistics.mean(times_ms):.2f} ms")
    p95_ms = {name: round(percentile(times_ms, 95), 3) for name, times_ms in took.items()}
    return BenchmarkResult(
        name="lane_commit",
        value=p95_ms["edge"],
        unit="ms p95, less is better",
        floor="HTTP POST, msgspec, one encrypted FULL commit of the same rows into a copy of the same database",
        floor_value=p95_ms["bare"],
        aim="ratio at most 2",
        context={
            "p50_ms": round(percentile(took["edge"], 50), 3),
            "empty_database_p95_ms": p95_ms["empty"],
            "ratio_to_empty_database": round(p95_ms["edge"] / p95_ms["empty"], 2),
            "edge_mb": round(resident_mb(edge.pid)),
        },
    )


def percentile(times_ms: list[float], share: int) -> float:
    return statistics.quantiles(times_ms, n=100)[share - 1]


def resident_mb(pid: int) -> float:
    words = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(words.partition("VmRSS:")[2].split()[0]) / 1024


def tell(words: str) -> None:
    print(words, file=sys.stderr, flush=True)
