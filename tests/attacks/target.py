"""The centre under attack: a real process on PostgreSQL, attacked over HTTP, watched through its database.

Nothing here asks the centre's own code what it thinks: refusals are read off the wire, alarms and
changes out of the tables.
"""

import json
import secrets
import subprocess
from contextlib import closing
from datetime import UTC, datetime
from itertools import count

import httpx
import msgspec
import psycopg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from central.store import CentralStore
from migrations import upgrade
from sync.exchange.messages import SIGNATURE_HEADER, PushHeaders
from tests.central.conftest import CUT_OFF_HOUR
from tests.central.pushes import body_of_batch, words_of
from tests.central.running import RunningCentre
from tests.sync.exchange.journals import EdgeJournal, screened

_ZSTD = {"Content-Type": "application/zstd"}
_NUMBERS = count(1)

WATCHED = {
    "ledger": "position, edge_id, incarnation, sequence, record_id, type, crossing_id, hash, bytes, received_at,"
    " disposition, ledger_hash",
    "ledger_head": "position, hash",
    "edge_head": "edge_id, incarnation, sequence, hash",  # but for contacts without a record
    "crossing": "*",
    "day_count": "*",
    "record_quarantine": "*",
    "case_review": "*",
    "centre_journal": "*",
    "report_revision": "*",
    "episode_key": "*",
}
CONDITIONS = {"edge_head": " WHERE sequence > 0"}


class Refused(msgspec.Struct, frozen=True):
    """What a refusal says."""

    http_code: int
    code: str


class Target:
    """One centre. ``edge`` makes and enrols a fresh edge with some people in its journal."""

    def __init__(self, centre: RunningCentre, database_url: str) -> None:
        self.centre = centre
        self.url = centre.url
        self.database_url = database_url
        self.address = database_url.replace("+psycopg", "")
        self.web = httpx.Client(base_url=centre.url + "/sync/v1", timeout=30, trust_env=False)
        self.store = CentralStore.open(database_url, cut_off_hour=CUT_OFF_HOUR)
        upgrade("central", self.store.engine)

    def close(self) -> None:
        """Let go of everything."""
        self.web.close()
        self.store.close()
        self.centre.end()

    # ------------------------------------------------------------ honest people

    def edge(self, *, people: int = 3, delivered: int = 2, gate: str = "mong-cai") -> EdgeJournal:
        """An enrolled edge with ``people`` in its journal, of whom the centre has the first ``delivered``."""
        journal = EdgeJournal(f"{gate}-{next(_NUMBERS)}")
        journal.province_key = self.centre.province_key
        self.store.edges.enrol(
            journal.edge_id, point_of_entry_id=gate, public_key=journal.public_key, now=datetime.now(UTC)
        )
        for _ in range(people):
            self.person(journal, gate=gate)
        if delivered:
            assert self.push(journal, first=1, last=delivered).status_code == 200
        return journal

    @staticmethod
    def person(journal: EdgeJournal, *, gate: str = "mong-cai", **details) -> bytes:
        """One more person at this edge."""
        name = f"{journal.edge_id}-{journal.incarnation}-{len(journal.entries) + 1}"
        return journal.write(screened(name, gate=gate, **{"temperature_c": 36.5, **details}))

    # ------------------------------------------------------------ requests

    def ask(self, journal: EdgeJournal, *, key: Ed25519PrivateKey | None = None, **changes) -> httpx.Response:
        """Ask for the head of a chain."""
        question = msgspec.structs.replace(journal.question(nonce=secrets.token_hex(8)), **changes)
        return self.web.get("/head", headers=question.as_http(key=key or journal.key))

    def epoch(self, journal: EdgeJournal) -> str:
        """The present epoch, as this edge is told."""
        answer = self.ask(journal)
        assert answer.status_code == 200, answer.text
        return answer.json()["epoch"]

    def words(self, journal: EdgeJournal, *, first: int, last: int, **changes) -> PushHeaders:
        """The right words of a push, but for ``changes``."""
        epoch = changes.pop("epoch", None) or self.epoch(journal)
        made = words_of(journal, first=first, last=last, epoch=epoch, nonce=secrets.token_hex(8))
        return msgspec.structs.replace(made, **changes)

    def push(
        self,
        journal: EdgeJournal,
        *,
        first: int,
        last: int,
        body: bytes | None = None,
        key: Ed25519PrivateKey | None = None,
        signature: str | None = None,
        **changes,
    ) -> httpx.Response:
        """Push records ``first`` to ``last``, with whatever is to be wrong about it."""
        words = self.words(journal, first=first, last=last, **changes)
        content = body_of_batch(journal, first=first, last=last) if body is None else body
        headers = words.as_http(content, key=key or journal.key) | _ZSTD
        if signature is not None:
            headers[SIGNATURE_HEADER] = signature
        return self.web.post("/push", headers=headers, content=content)

    # ------------------------------------------------------------ what came of it

    def rows(self, sql: str, *parameters: object) -> list[tuple]:
        """Look into the tables."""
        with closing(psycopg.connect(self.address)) as connection:
            return connection.execute(sql, parameters).fetchall()

    def as_superuser(self, *statements: str) -> None:
        """Change the tables as somebody with the database's own password could, past every trigger."""
        with closing(psycopg.connect(self.address)) as connection, connection.transaction():
            connection.execute("SET LOCAL session_replication_role = replica")
            for statement in statements:
                connection.execute(statement)

    def alarms(self, edge_id: str) -> list[tuple[str, int]]:
        """The alarms about this edge: kind and sequence."""
        return self.rows("SELECT kind, sequence FROM alarm WHERE edge_id = %s ORDER BY alarm_id", edge_id)

    def contents(self) -> dict[str, str]:
        """A fingerprint of each table that no attack may change."""
        return {
            table: self.rows(
                f"SELECT md5(coalesce(string_agg(line, '\n' ORDER BY line), '')) FROM"
                f" (SELECT row(t.*)::text AS line FROM (SELECT {columns} FROM {table}{CONDITIONS.get(table, '')}) t)"
                " lines"
            )[0][0]
            for table, columns in WATCHED.items()
        }

    def dispositions(self, journal: EdgeJournal) -> list[str]:
        """What became of each record of this edge, in order."""
        sql = "SELECT disposition FROM ledger WHERE edge_id = %s ORDER BY incarnation, sequence"
        return [row[0] for row in self.rows(sql, journal.edge_id)]

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """``python -m central`` with this centre's settings."""
        return self.centre.command(*words)

    def verify(self, *words: str) -> dict:
        """``python -m central verify``: its last line."""
        done = self.command("verify", *words)
        assert done.stdout, done.stderr
        return json.loads(done.stdout.splitlines()[-1]) | {"exit": done.returncode}


def refusal(answer: httpx.Response) -> Refused:
    """Read a refusal off the wire."""
    return Refused(answer.status_code, answer.json()["code"])
