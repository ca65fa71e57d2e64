"""Health declarations taken per second: the posted form of a phone until its code is on the page, durably kept.

Ours: the real edge (``python -m checkpoint serve``), whole url-encoded forms of different people over keep-alive
connections, each checked, sealed, committed with synchronous=FULL, signed and drawn as a QR code in the answer. The
floor, in turns with ours behind the same clients: a bare loop of HTTP POST, parsing, the same validation
(``read_answers``) and one encrypted FULL commit, which draws and signs nothing. At the end some forms are sent again,
and the table is counted: each declaration stands there once.
"""

import http.client
import os
import queue
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from urllib.parse import urlencode

import sqlcipher3.dbapi2 as sqlcipher
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from checkpoint.settings import load_settings
from checkpoint.store.connection import DATABASE_NAME, database_key, open_connection
from sync.agreement.declaration import Declaration, read_answers
from sync.agreement.local_time import local_date
from tests.benchmarks import BenchmarkResult
from tests.benchmarks.lane_commit import Program, percentile, resident_mb, tell
from tests.checkpoint.edges import opened, write_settings
from tests.services.processes import free_port
from tests.sync.agreement.declarations import form
from web.forms import FORM_TYPE, parse_form

CLIENTS = 4
ROUNDS = 4
FORMS_A_ROUND = int(os.environ.get("KIEMDICH_BENCH_DECLARATIONS", "250"))
SENT_AGAIN = 100
_SCHEMA = "CREATE TABLE declaration (declaration_id TEXT PRIMARY KEY, bytes BLOB NOT NULL) STRICT"


def run() -> BenchmarkResult:
    """Start both programs, let them take turns, send some forms again, count."""
    with tempfile.TemporaryDirectory(prefix="kiemdich-declare-") as name:
        folder = Path(name)
        port, floor_port = free_port(), free_port()
        settings = load_settings(write_settings(folder, port=port, has_device=False))
        opened(settings, clock=_now).store.close()
        edge_words = ["-m", "checkpoint", "serve", "--settings", str(folder / "edge.toml")]
        with (
            Program(edge_words, port=port) as edge,
            Program(["-m", "tests.benchmarks.declare", str(folder), str(floor_port)], port=floor_port),
        ):
            measured = _Measured(edge, port=port, floor_port=floor_port)
        connection = open_connection(settings.data_path / DATABASE_NAME, key=database_key(settings.data_path))
        kept = connection.execute("SELECT count(*) FROM declaration").fetchone()[0]
        connection.close()
    if kept != measured.sent:
        msg = f"{kept} declarations are kept, {measured.sent} were made"
        raise RuntimeError(msg)
    return measured.result(kept=kept)


class _Measured:
    """Both programs in turns; the edge's CPU time is that of its own process."""

    def __init__(self, edge: subprocess.Popen[bytes], *, port: int, floor_port: int) -> None:
        forms = [_encoded() for _ in range(FORMS_A_ROUND)]
        _post_all(port, path="/declare", forms=forms, expected=b"data-code=")
        _post_all(floor_port, path="/", forms=forms, expected=b"ok")
        self.sent, self.times_ms = len(forms), []
        spent_s, floor_s, cpu_s = 0.0, 0.0, 0.0
        for _ in range(ROUNDS):
            forms = [_encoded() for _ in range(FORMS_A_ROUND)]
            took_s, _ = _post_all(floor_port, path="/", forms=forms, expected=b"ok")
            floor_s += took_s
            before_s = _cpu_s(edge.pid)
            took_s, times = _post_all(port, path="/declare", forms=forms, expected=b"data-code=")
            cpu_s += _cpu_s(edge.pid) - before_s
            spent_s += took_s
            self.sent += len(forms)
            self.times_ms += times
        _post_all(port, path="/declare", forms=forms[:SENT_AGAIN], expected=b"data-code=")
        count = ROUNDS * FORMS_A_ROUND
        self.per_s, self.floor_per_s, self.cpu_ms = count / spent_s, count / floor_s, 1000 * cpu_s / count
        self.resident_mb = resident_mb(edge.pid)

    def result(self, *, kept: int) -> BenchmarkResult:
        """Say it all in one line; what is beside the number goes to standard error."""
        p50, p95 = (percentile(self.times_ms, share) for share in (50, 95))
        tell(f"{kept} kept once each; p50 {p50:.0f} ms, p95 {p95:.0f} ms at {CLIENTS} phones at a time")
        return BenchmarkResult(
            name="declare",
            value=round(self.per_s, 1),
            unit="declarations/s, more is better",
            floor="HTTP POST, parse, the same validation, one encrypted FULL commit; no code drawn",
            floor_value=round(self.floor_per_s, 1),
            aim="at least 50",
            context={
                "cpu_ms_each": round(self.cpu_ms, 2),
                "p95_ms": round(p95, 1),
                "resident_mb": round(self.resident_mb),
                "kept_once": kept,
                "sent_again": SENT_AGAIN,
            },
        )


def _encoded() -> bytes:
    """One phone's form, with an identifier of its own."""
    return urlencode(form(today=local_date(_now()).isoformat(), language="vi")).encode()


def _post_all(port: int, *, path: str, forms: list[bytes], expected: bytes) -> tuple[float, list[float]]:
    """Send every form once from a few phones at a time; return seconds in all and milliseconds each."""
    waiting: queue.SimpleQueue[tuple[int, bytes]] = queue.SimpleQueue()
    for number, body in enumerate(forms):
        waiting.put((number, body))
    times_ms: list[float] = []
    failures: list[str] = []
    begun_s = time.perf_counter()
    phones = [
        threading.Thread(target=_phone, args=(port, path, waiting, times_ms, failures, expected))
        for _ in range(CLIENTS)
    ]
    for phone in phones:
        phone.start()
    for phone in phones:
        phone.join()
    if failures:
        raise RuntimeError(failures[0])
    return time.perf_counter() - begun_s, times_ms


def _phone(port, path, waiting, times_ms, failures, expected) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    while True:
        try:
            number, body = waiting.get_nowait()
        except queue.Empty:
            return
        # Each from an address of its own, as the proxy before the service tells it.
        address = f"10.{os.getpid() % 250}.{number // 250}.{number % 250}"
        headers = {"Content-Type": FORM_TYPE, "X-Forwarded-For": address}
        begun_s = time.perf_counter()
        connection.request("POST", path, body, headers)
        answer = connection.getresponse()
        content = answer.read()
        times_ms.append((time.perf_counter() - begun_s) * 1000)
        if answer.status != 200 or expected not in content:
            failures.append(f"{path}: {answer.status} {content[:300]!r}")
            return


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _now():
    from datetime import UTC, datetime

    return datetime.now(UTC)


def floor_app(connection: sqlcipher.Connection) -> Starlette:
    """The least that takes a form, checks it as ours does, and commits it durably and encrypted before it answers."""
    connection.execute(_SCHEMA)

    async def take(request: Request) -> Response:
        body = await request.body()
        found = read_answers(parse_form(body), today=local_date(_now()), valid_for_days=7, language="vi")
        if not isinstance(found, Declaration):
            return Response(b"wrong", status_code=422)
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT OR IGNORE INTO declaration VALUES (?, ?)", (str(found.declaration_id), body))
        connection.execute("COMMIT")
        return Response(b"ok")

    return Starlette(routes=[Route("/", take, methods=["POST"])])


def _serve_floor(folder: Path, *, port: int) -> None:
    connection = open_connection(folder / "floor.db", key=os.urandom(32).hex())
    uvicorn.run(floor_app(connection), port=port, log_config=None, access_log=False, timeout_keep_alive=75)


if __name__ == "__main__":
    _serve_floor(Path(sys.argv[1]), port=int(sys.argv[2]))
