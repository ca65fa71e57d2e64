"""A field of real processes under fire: PostgreSQL, a centre, and edges with an officer at each.

Every acknowledgement that the outside saw is kept in the test's own memory (the edges' pipes). After
healing, the edges' journals and the centre's ledger are held against it and against each other.
"""

import contextlib
import json
import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import psycopg

from tests.faults.centre_program import serve
from tests.faults.edge_program import only_send, screen_people
from tests.faults.edges import Acknowledged, enrol, journal_rows, open_edge, write_settings
from tests.faults.forked_centre import ForkedCentre
from tests.faults.ledger import Ledger
from tests.faults.programs import Program
from tests.services.postgres import PostgresServer, temporary_server
from tests.services.processes import is_listening

HEAL_WITHIN_S = 90.0
RESUME_WITHIN_S = 10.0
KILL_WITHIN_S = 0.7
"""The longest life between two kills: longer than a start takes, so that deaths fall into starts and into work."""
GATES = ("mong-cai", "hoanh-mo", "bac-phong-sinh")


class EdgeUnderFire(NamedTuple):
    """One edge: where its settings are, and the program that screens people on it."""

    edge_id: str
    settings: Path
    screening: Program

    @property
    def acknowledged(self) -> list[Acknowledged]:
        """What its officer was told, over all its lives."""
        return [Acknowledged(*told) for told in list(self.screening.told)]


class Outcome(NamedTuple):
    """What was held against what was promised."""

    acknowledged: int
    lost: int
    doubled: int
    violations: list[str]


class Field:
    """``kill_*`` and ``stop_postgres`` at any moment; ``settle`` heals everything and compares."""

    def __init__(self, folder: Path, server: PostgresServer, *, edges: int, pause_s: float) -> None:
        self.server = server
        url = server.create_database()
        self.ledger = Ledger(url)
        self.centre = ForkedCentre(folder, database_url=url)
        self.service = Program(serve, str(self.centre.settings), log=folder / "centre.log")
        self.edges: list[EdgeUnderFire] = []
        for number in range(edges):
            gate = GATES[number % len(GATES)]
            edge_id = f"{gate}-{number + 1}"
            settings = write_settings(folder, edge_id, centre=self.centre, gate=gate)
            enrol(self.centre, settings)
            program = Program(screen_people, str(settings), pause_s, log=folder / f"{edge_id}.log")
            self.edges.append(EdgeUnderFire(edge_id, settings, program))
        self.violations: list[str] = []

    def start(self) -> None:
        """Everything runs, and people pass."""
        self.service.start()
        for edge in self.edges:
            edge.screening.start()
        self.wait("the first records at the centre", lambda: self.length > 0)

    @property
    def length(self) -> int:
        """How many records the ledger has; 0 while the database is away."""
        with contextlib.suppress(psycopg.OperationalError):
            return int(self.ledger.rows("SELECT position FROM ledger_head")[0][0])
        return 0

    def kill_and_restart(self, program: Program, *, name: str) -> None:
        """kill -9 of a program that is alive, and its next life. One that had died by itself is a violation."""
        if not program.is_running:
            self.violations.append(f"{name} had ended by itself: {program.last_words()}")
        program.kill()
        program.start()

    def stop_postgres(self) -> None:
        """``pg_ctl stop -m immediate``: SIGQUIT to the postmaster; then recovery."""
        os.kill(self.server.pid, signal.SIGQUIT)
        assert self.server.child is not None
        self.server.child.wait(20)
        self.server.start()

    def cut_connections(self) -> None:
        """End every session of the centre from the database's side."""
        self.ledger.rows(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid()"
        )

    def must_grow(self, *, since: int, within_s: float, what: str) -> None:
        """The centre must take further records within this time."""
        with contextlib.suppress(TimeoutError):
            self.wait(what, lambda: self.length > since, timeout_s=within_s)
            return
        self.violations.append(f"{what}: nothing arrived within {within_s:.0f} s")

    def settle(self) -> Outcome:
        """No more faults and no more people: everything must arrive; then compare."""
        for edge in self.edges:
            edge.screening.kill()
        if not is_listening(self.centre.port):
            self.kill_and_restart(self.service, name="centre")
        outcomes = [self._settle_edge(edge) for edge in self.edges]
        self.violations += self.ledger.differences()
        done = self.centre.command("verify")
        if done.returncode != 0 or not json.loads(done.stdout.splitlines()[-1])["ok"]:
            self.violations.append(f"verify: {done.stdout}{done.stderr}")
        acknowledged, lost, doubled = (sum(column) for column in zip(*outcomes, strict=True))
        return Outcome(acknowledged, lost, doubled, self.violations)

    def _settle_edge(self, edge: EdgeUnderFire) -> tuple[int, int, int]:
        """Drain one edge; how many were acknowledged, are lost, are there more than once."""
        gate = open_edge(edge.settings)
        try:
            journal = [(inc, seq, str(record_id), bytes(digest)) for inc, seq, record_id, digest in journal_rows(gate)]
        finally:
            gate.store.close()
        sending = Program(only_send, str(edge.settings), log=edge.settings.with_suffix(".sending.log"))
        sending.start()
        try:
            self.wait(f"{edge.edge_id}: arrival of all", lambda: self.ledger.head_of(edge.edge_id) >= len(journal))
        except TimeoutError as error:
            self.violations.append(f"{error}: {sending.last_words()}")
        finally:
            sending.kill()
        there = self.ledger.of_edge(edge.edge_id)
        if there != journal:
            self.violations.append(f"{edge.edge_id}: the ledger is not the journal")
        said = edge.acknowledged
        kept = {(sequence, record_id) for _, sequence, record_id, _ in there} & {
            (sequence, record_id) for _, sequence, record_id, _ in journal
        }
        lost = [told for told in said if tuple(told) not in kept]
        doubled = len(there) - len({row[2] for row in there}) + len(said) - len(set(said))
        return len(said), len(lost), doubled

    def wait(self, what: str, holds: Callable[[], bool], *, timeout_s: float = HEAL_WITHIN_S) -> None:
        """Wait until something is so; ``TimeoutError`` if it never is."""
        deadline = time.monotonic() + timeout_s
        while not holds():
            if time.monotonic() > deadline:
                raise TimeoutError(what)
            time.sleep(0.03)

    def end(self) -> None:
        """Nothing is left behind."""
        for edge in self.edges:
            edge.screening.kill()
        self.service.kill()
        self.centre.end()


@contextlib.contextmanager
def field(folder: Path, *, edges: int, pause_s: float = 0.0) -> Iterator[Field]:
    """A field with a PostgreSQL of its own; all of it ends with the block."""
    with temporary_server() as server:
        made = Field(folder, server, edges=edges, pause_s=pause_s)
        try:
            made.start()
            yield made
        finally:
            made.end()


def kill_cycles(under_fire: Field, *, cycles: int, chance: random.Random) -> None:
    """SIGKILL at random moments: two of three cycles an edge dies, in the third the centre."""
    for number in range(cycles):
        time.sleep(chance.uniform(0.0, KILL_WITHIN_S))
        if number % 3 == 2:
            under_fire.kill_and_restart(under_fire.service, name="centre")
            if chance.random() < 0.5:  # the other half dies in its start
                under_fire.wait("start of the centre", lambda: is_listening(under_fire.centre.port))
        else:
            edge = chance.choice(under_fire.edges)
            under_fire.kill_and_restart(edge.screening, name=edge.edge_id)


def postgres_stops(under_fire: Field, *, stops: int, chance: random.Random) -> None:
    """Stop the database in the middle of pushes. The centre lives on; now and then the edges go on by themselves."""
    for number in range(stops):
        before = under_fire.length
        under_fire.must_grow(since=before, within_s=RESUME_WITHIN_S, what=f"push before stop {number}")
        if number % 3 == 2:
            under_fire.cut_connections()
        time.sleep(chance.uniform(0.0, 0.1))
        under_fire.stop_postgres()
        if number % 10 == 0:
            under_fire.must_grow(
                since=under_fire.length, within_s=RESUME_WITHIN_S, what=f"resuming after stop {number}"
            )
        else:
            for edge in under_fire.edges:  # a new life does not wait out its last pause: sixty stops in a minute
                under_fire.kill_and_restart(edge.screening, name=edge.edge_id)
