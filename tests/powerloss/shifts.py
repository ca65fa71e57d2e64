"""Scripted shifts of a real edge: everything that writes to its database, in an order drawn from a seed."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache, partial
from pathlib import Path
from random import Random
from typing import NamedTuple
from unittest.mock import patch

from alembic import command
from alembic.script import ScriptDirectory

from checkpoint.actions.correcting import withdraw_crossing
from checkpoint.actions.deciding import close_crossing, discard_draft
from checkpoint.actions.rechecking import recheck_person
from checkpoint.lane import Phase
from checkpoint.store import connection as opening
from checkpoint.store import writer as writing
from checkpoint.store.backup import back_up
from checkpoint.store.connection import DATABASE_NAME, database_key, open_connection
from checkpoint.store.edge_store import migration_engine
from checkpoint.store.erasure import purge_episode, remember_erased
from checkpoint.store.holders import Holder, import_holders
from checkpoint.store.identity import open_identity
from checkpoint.store.restoring import restore
from checkpoint.store.writer import Transaction
from migrations import configuration
from sync.exchange.messages import Receipt
from tests.checkpoint.edges import Edge
from tests.checkpoint.people import NORMAL_C, RAISED_C
from tests.powerloss.contents import Contents, contents_of
from tests.powerloss.crashes import Files
from tests.powerloss.disk import Fault
from tests.powerloss.recording import (
    Recording,
    Witness,
    database_files,
    drawing_alike,
    files_beside,
    put_files,
    watched_edge,
)

EDGE_ID = "mong-cai-1"
SCHEMAS = Path(__file__).parent / "schemas"
_MEMORY = Path("/dev/shm")


class Image(NamedTuple):
    """An edge's data folder: the database's files, and keys and identity beside them."""

    files: Files
    beside: Files
    said: tuple[Contents, ...]  # before, and after each migration that opening it will carry out


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder in memory where there is one: a power cut is played, so no real disk has to spin."""
    folder = Path(tempfile.mkdtemp(prefix="powerloss-", dir=_MEMORY if _MEMORY.is_dir() else None))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


class Shift:
    """One officer's work at one edge; every step is one or more commits."""

    def __init__(self, folder: Path, *, chance: Random, hours: int = 4, witness: Witness | None = None) -> None:
        """Open the edge in ``folder``, so many hours after the morning began."""
        self.witness = witness
        self.chance = chance
        self.edge = Edge(folder)
        self.edge.clock.forward(hours=hours)
        self.number = 200_000 + chance.randrange(700_000)

    def screen(self) -> None:
        """One person passes."""
        self._arrive(NORMAL_C)
        self.edge.do(close_crossing, draft_id=self.edge.draft_id)

    def find_fever(self) -> None:
        """One person has a fever and is isolated, if there is a place; sometimes leaves again."""
        crossing_id = self._arrive(RAISED_C)
        self.edge.clock.forward(minutes=3)
        self.edge.do(recheck_person, crossing_id=crossing_id, temperature_c=38.7, site="axillary")
        if self.chance.random() < 0.7:
            self.edge.hand_over(crossing_id)

    def discard(self) -> None:
        """One person turns back before the reading."""
        self._present()
        self.edge.do(discard_draft, draft_id=self.edge.draft_id, reason="Khách quay lại")

    def withdraw(self) -> None:
        """A crossing was written by mistake."""
        crossing_id = self._arrive(NORMAL_C)
        self.edge.do(close_crossing, draft_id=crossing_id)
        self.edge.about(withdraw_crossing, crossing_id, reason="Nhập nhầm người")

    def empty_lane(self) -> None:
        """Whoever stood in the lane when the disk failed is dealt with, as far as the edge still knows of them."""
        state = self.edge.sheet.state
        if state.phase is Phase.AWAITING_RECHECK:
            self.edge.do(recheck_person, crossing_id=state.person.crossing_id, temperature_c=36.5, site="axillary")
        elif state.phase is not Phase.EMPTY:
            self.edge.do(discard_draft, draft_id=state.person.crossing_id, reason="Máy hỏng giữa chừng")

    def take_receipt(self) -> None:
        """The centre confirms what it holds."""
        newest = self.edge.envelopes()[-1:]
        for envelope in newest:
            at = self.edge.clock()
            stand = {"sequence": envelope.sequence, "hash": "ab" * 32, "ledger_position": envelope.sequence}
            receipt = Receipt(epoch="e", edge_id=EDGE_ID, incarnation=envelope.incarnation, **stand, received_at=at,
                              nonce="00" * 16, signature="ab" * 64)  # fmt: skip
            self.edge.gate.store.outgoing.note_receipt(receipt)

    def register_holders(self) -> None:
        """The register of pass holders is brought up to date."""
        count = self.chance.randrange(1, 60)
        holders = [Holder(pass_number=f"QN{self.number + n}", full_name=f"Người Mẫu {n}") for n in range(count)]
        self.edge.gate.store.writer.submit(lambda transaction: import_holders(transaction, holders)).result(10)

    def restart(self) -> None:
        """The edge is stopped in good order and started again."""
        self.edge.restart()

    def back_up(self) -> None:
        """A backup is made beside the working edge."""
        self.edge.clock.forward(seconds=5)
        identity = self.edge.gate.identity
        back_up(self.edge.settings.data_path, self.edge.settings.data_path.parent / "backups",
                edge_id=EDGE_ID, site_key=identity.site_key.public_key(), at=self.edge.clock())  # fmt: skip

    def restore(self) -> None:
        """The edge stands still and its newest backup is put in the database's place."""
        self.edge.close()
        folder, own = self.edge.settings.data_path, self.edge.gate.identity
        restore(folder, folder.parent / "backups", edge_id=EDGE_ID, site_key=own.site_key,
                person_index_key=own.person_index_key, at=self.edge.clock(), replaces=True)  # fmt: skip
        self.witness.see(folder)
        self.edge.restart_closed()

    def erase(self) -> None:
        """The centre has somebody forgotten; at the next start the whole database is built anew."""
        self.edge.clock.forward(seconds=5)
        ((crossing_id,),) = self.edge.rows("SELECT crossing_id FROM crossing ORDER BY entry LIMIT 1")
        at = self.edge.clock()

        def forget(transaction: Transaction) -> None:
            remember_erased(transaction, [crossing_id], erasure_id="order-1", erased_at=at)
            purge_episode(transaction, crossing_id)

        self.edge.gate.store.writer.submit(forget).result(10)
        self.edge.close()
        self.edge.restart_closed()

    def vacuum(self) -> None:
        """The edge stands still and somebody compacts its database."""
        self.edge.close()
        folder = self.edge.settings.data_path
        connection = open_connection(folder / DATABASE_NAME, key=database_key(folder))
        connection.execute("VACUUM")
        connection.close()
        self.edge.restart()

    def _present(self) -> str:
        self.number += 1
        self.edge.clock.forward(seconds=30)
        self.edge.present(f"QN {self.number}")
        return self.edge.draft_id

    def _arrive(self, temperature_c: float) -> str:
        crossing_id = self._present()
        self.edge.scan_face(temperature_c)
        return crossing_id


_WORK: dict[Callable[[Shift], None], int] = {
    Shift.screen: 6,
    Shift.find_fever: 3,
    Shift.discard: 1,
    Shift.withdraw: 1,
    Shift.take_receipt: 2,
    Shift.register_holders: 1,
    Shift.restart: 1,
}


def work(shift: Shift, *, steps: int) -> None:
    """Do so many steps, drawn from the seed; a lane that is taken is emptied first."""
    for _ in range(steps):
        (step,) = shift.chance.choices(tuple(_WORK), weights=tuple(_WORK.values()))
        step(shift)


def _steps_up(folder: Path) -> Iterator[tuple[str, Contents]]:
    """Migrate a database revision by revision and tell what it says after each."""
    yield "", said(folder)
    config = configuration("edge")
    revisions = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]
    for revision in reversed(revisions):
        engine = migration_engine(folder)
        with engine.connect() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, revision)
            connection.commit()
        engine.dispose()
        yield revision, said(folder)


def said(folder: Path) -> Contents:
    """Open a database and read all that it says."""
    connection = open_connection(folder / DATABASE_NAME, key=database_key(folder))
    try:
        return contents_of(connection.execute)
    finally:
        connection.close()


@cache
def empty_image() -> Image:
    """No edge has been here."""
    return _image({}, {})


@cache
def old_image(revision: str) -> Image:
    """Make the data folder of an edge that was last started with an old program."""
    with scratch() as folder:
        open_identity(folder, edge_id=EDGE_ID)
        connection = open_connection(folder / DATABASE_NAME, key=database_key(folder))
        connection.executescript((SCHEMAS / f"{revision}.sql").read_text(encoding="utf-8"))
        connection.close()
        return _image(database_files(folder), files_beside(folder))


@cache
def old_revisions() -> tuple[str, ...]:
    """The schemas of which a morning was kept."""
    return tuple(sorted(path.stem for path in SCHEMAS.glob("*.sql")))


@cache
def morning_image() -> Image:
    """Make the data folder of an edge at today's schema, stopped in good order after some crossings."""
    with scratch() as folder:
        shift = Shift(folder, chance=Random(1), hours=0)
        for _ in range(3):
            shift.screen()
        shift.find_fever()
        shift.edge.close()
        data = folder / "data"
        return _image(database_files(data), files_beside(data))


@cache
def interrupted_image() -> Image:
    """Make the data folder of an edge whose power went while it worked: its last commits are in the log only."""
    with scratch() as folder:
        shift = Shift(folder, chance=Random(2), hours=0)
        work(shift, steps=3)
        # A moment without work: the newest record is noted outside the database when no lane waits.
        shift.edge.gate.store.writer.submit(lambda _transaction: None).result(10)
        data = folder / "data"
        files, beside = database_files(data), files_beside(data)
        shift.edge.close()
        return _image(files, beside)


def _image(files: Files, beside: Files) -> Image:
    """Keep files with what they say now and will say while they are migrated."""
    alike = patch.object(opening, "open_connection", drawing_alike(opening.open_connection))
    with scratch() as folder, alike:
        put_files(folder, beside)
        put_files(folder, files)
        states = dict.fromkeys(state for _revision, state in _steps_up(folder))
        return Image(files, beside, tuple(states))


def compact(shift: Shift) -> None:
    """Work, compact, work on."""
    shift.find_fever()
    shift.vacuum()
    shift.screen()


def go_back(shift: Shift) -> None:
    """Back up, work, put the backup back, work on."""
    shift.back_up()
    shift.screen()
    shift.restore()
    shift.screen()


class Plan(NamedTuple):
    """What one recorded shift starts from and does."""

    name: str
    image: Image
    work: Callable[[Shift], None]


_SPECIAL: tuple[Callable[[], Plan], ...] = (
    lambda: Plan("first start", empty_image(), partial(work, steps=2)),
    lambda: Plan(f"upgrade from {old_revisions()[0]}", old_image(old_revisions()[0]), Shift.restart),
    lambda: Plan("vacuum", morning_image(), compact),
    lambda: Plan("after a power cut", interrupted_image(), partial(work, steps=2)),
    lambda: Plan("backup and restore", morning_image(), go_back),
    lambda: Plan("erasure", morning_image(), Shift.erase),
)
_ROUND = 2 * len(_SPECIAL)


def plan_of(seed: int) -> Plan:
    """Choose the shift of a seed: every kind comes round, and as many plain mornings."""
    turn = seed % _ROUND
    if turn < len(_SPECIAL):
        return _SPECIAL[turn]()
    return Plan("shift", morning_image(), partial(work, steps=Random(seed).randrange(2, 6)))


def record(plan: Plan, *, seed: int, synchronous: str = "FULL", fault: Fault | None = None) -> Recording:
    """Let a real edge work a shift on a recorded disk."""
    chance = Random(seed)
    with scratch() as folder, ExitStack() as stack:
        data = folder / "data"
        put_files(data, plan.image.beside)
        put_files(data, plan.image.files)
        stack.enter_context(patch.object(writing, "CHECKPOINT_AFTER_COMMITS", chance.randrange(3, 12)))
        stack.enter_context(patch.object(writing, "CHECKPOINT_ANYHOW_AFTER_COMMITS", chance.choice((2, 1000))))
        witness = stack.enter_context(watched_edge(data, synchronous=synchronous, fault=fault))
        witness.commits.extend(plan.image.said)
        perform(plan, folder=folder, chance=chance, witness=witness)
        beside = witness.files_beside(data, before=plan.image.beside)
    return Recording(
        plan.name,
        plan.work is go_back,
        plan.image.files,
        beside,
        witness.notes,
        witness.disk.operations,
        witness.commits,
        witness.acknowledged,
    )


def perform(plan: Plan, *, folder: Path, chance: Random, witness: Witness) -> None:
    """Open, work, close."""
    shift = Shift(folder, chance=chance, witness=witness)
    try:
        plan.work(shift)
    finally:
        shift.edge.close()
