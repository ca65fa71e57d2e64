"""The floors of ``lane_commit``: bare loops that take a POST, check it, commit it durably, and do nothing else.

``bare_app`` writes what closing a crossing writes (journal, head, crossing, draft) into a byte copy of the edge's
own database, with its indexes and its millions of rows: one realistic commit. ``empty_app`` writes about 1 kB into
five small tables of an empty database. Both are encrypted and have synchronous=FULL, as the edge has.
"""

import os
import shutil
import sys
from pathlib import Path

import msgspec
import sqlcipher3.dbapi2 as sqlcipher
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from checkpoint.store.connection import DATABASE_NAME, database_key, open_connection
from sync.exchange.chain import record_hash

COPY_NAME = "bare.db"


class _Screening(msgspec.Struct, frozen=True):
    lane_id: str
    temperature_c: float
    site: str
    person_key: str
    note: str


def body_of(person_key: str) -> dict[str, str | float]:
    """Return what a client posts: about as much as an officer's page says of one person."""
    return {"lane_id": "lane-1", "temperature_c": 36.5, "site": "forehead", "person_key": person_key, "note": "x" * 500}


def make_copy(data: Path) -> Path:
    """Copy the database of an edge that stands still to a file beside it; once, where one is there already."""
    copy = data / COPY_NAME
    if not copy.exists():
        shutil.copyfile(data / DATABASE_NAME, copy)
    return copy


class _Rows:
    """The newest crossing of the copy, written again for each request under another number and person."""

    def __init__(self, connection: sqlcipher.Connection) -> None:
        self._run = connection.execute
        columns = [row[1] for row in self._run("PRAGMA table_info(crossing)")]
        newest = self._run("SELECT * FROM crossing ORDER BY entry DESC LIMIT 1").fetchone()
        self._row = dict(zip(columns, newest, strict=True))
        found = self._run("SELECT entry, bytes FROM journal ORDER BY entry DESC LIMIT 1").fetchone()
        self._entry, self._record = found
        self._draft = self._run("SELECT bytes FROM lane_draft LIMIT 1").fetchone()[0]
        self._insert = f"INSERT INTO crossing VALUES ({','.join(':' + column for column in columns)})"

    def write(self, given: _Screening) -> int:
        """One transaction with the rows of a screening."""
        run = self._run
        run("BEGIN IMMEDIATE")
        sequence = run("SELECT sequence FROM journal_head ORDER BY incarnation DESC LIMIT 1").fetchone()[0] + 1
        self._entry += 1
        record_id, own_hash = f"b{self._entry:035x}", record_hash(self._record)
        run(
            "INSERT INTO journal VALUES (?,?,?,?,?,?,?,?)",
            (
                self._entry,
                1,
                sequence,
                record_id,
                "crossing_screened",
                own_hash,
                self._record,
                self._row["recorded_at"],
            ),
        )
        run("UPDATE journal_head SET sequence = ?, hash = ?", (sequence, own_hash))
        own = {"entry": self._entry, "last_entry": self._entry, "record_id": record_id, "crossing_id": f"c{record_id}"}
        run(self._insert, self._row | own | {"person_key": given.person_key, "temperature_c": given.temperature_c})
        run("UPDATE lane_draft SET bytes = ? WHERE lane_id = ?", (self._draft, given.lane_id))
        run("COMMIT")
        return int(sequence)


def bare_app(copy: Path, *, key: str) -> Starlette:
    """Write the rows of a screening where millions stand already."""
    rows = _Rows(open_connection(copy, key=key))
    decoder = msgspec.json.Decoder(_Screening)

    async def take(request: Request) -> Response:
        sequence = rows.write(decoder.decode(await request.body()))
        return Response(msgspec.json.encode({"sequence": sequence}), media_type="application/json")

    return Starlette(routes=[Route("/", take, methods=["POST"])])


_EMPTY_SCHEMA = """
CREATE TABLE head (only INTEGER PRIMARY KEY, sequence INTEGER, hash BLOB) STRICT;
CREATE TABLE event (sequence INTEGER PRIMARY KEY, hash BLOB, bytes BLOB) STRICT;
CREATE TABLE screening (sequence INTEGER PRIMARY KEY, lane_id TEXT, temperature_c REAL, person_key TEXT) STRICT;
CREATE TABLE lane (lane_id TEXT PRIMARY KEY, sequence INTEGER) STRICT;
CREATE TABLE outbox (sequence INTEGER PRIMARY KEY, bytes BLOB) STRICT;
INSERT INTO head VALUES (1, 0, zeroblob(32));
"""


def empty_app(connection: sqlcipher.Connection) -> Starlette:
    """Write three small tables, an outbox and a head, all empty at the beginning."""
    connection.executescript(_EMPTY_SCHEMA)
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


def _serve(kind: str, folder: Path, *, port: int) -> None:
    if kind == "empty":
        app = empty_app(open_connection(folder / "empty.db", key=os.urandom(32).hex()))
    else:
        app = bare_app(folder / COPY_NAME, key=database_key(folder))
    uvicorn.run(app, port=port, log_config=None, access_log=False, timeout_keep_alive=75)


if __name__ == "__main__":
    _serve(sys.argv[1], Path(sys.argv[2]), port=int(sys.argv[3]))
