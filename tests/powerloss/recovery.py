"""After the power cut: put the files back as the disk held them, open the edge as it is always opened, and judge."""

import json
import os
import shutil
import struct
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import msgspec
import sqlcipher3.dbapi2 as sqlcipher
from sqlalchemy.exc import SQLAlchemyError

from checkpoint.store.connection import DATABASE_NAME, StoreError, database_key, open_connection
from checkpoint.store.edge_store import EdgeStore, migration_engine
from checkpoint.store.identity import IDENTITY_FOLDER, open_identity
from checkpoint.store.journal import Origin, append
from checkpoint.store.writer import Transaction
from migrations import upgrade
from sync.agreement.records import CrossingWithdrawn
from sync.agreement.vocabulary import ClockQuality
from sync.exchange.chain import GENESIS_HASH
from tests.checkpoint.people import MORNING
from tests.powerloss.contents import Contents, contents_of, faults_of, rows_of
from tests.powerloss.crashes import Crash, Files
from tests.powerloss.recording import Recording, put_files
from tests.powerloss.shifts import EDGE_ID

_PAGE_BYTES, _FRAME_BYTES, _FRAME_HEAD = 4096, 4096 + 24, struct.Struct(">II")
_LAST = "SELECT bytes, hash FROM journal ORDER BY rowid DESC LIMIT 1"
_READS_EVERY, _APPENDS_EVERY, _STARTS_EVERY, _MIGRATES_EVERY = 16, 4, 512, 32
_NAMES = frozenset(f"{DATABASE_NAME}{ending}" for ending in ("", "-wal", "-journal", "-shm"))
_BODY = CrossingWithdrawn(crossing_id="after-the-cut", withdraws_record_id="none", reason="Sau khi mất điện")
_ORIGIN = Origin(
    observed_at=MORNING, recorded_at=MORNING, boot_id="boot", monotonic_ns=1, clock_quality=ClockQuality.UNKNOWN
)


# What opening and reading a damaged database may raise: the driver, the engine over it, and the records themselves.
BROKEN = (StoreError, sqlcipher.DatabaseError, SQLAlchemyError, msgspec.MsgspecError, ValueError, OSError)


class Verdict(NamedTuple):
    """What one crash state came to. ``lost``: acknowledged commits that are gone; ``faults``: all else."""

    lost: int
    faults: tuple[str, ...]


class Reading(NamedTuple):
    """What a database said when it was read wholly."""

    contents: Contents
    faults: tuple[str, ...]
    is_started: bool


class Judge:
    """Judges the crash states of one recording in one folder; remembers contents that it has read through."""

    def __init__(self, recording: Recording, *, folder: Path, chance: Random) -> None:
        """Lay out key and identity; the database's files follow with each state."""
        self._recording = recording
        self._folder = folder
        self._chance = chance
        self._path = folder / DATABASE_NAME
        put_files(folder, recording.beside)
        self._key = database_key(folder)
        self._identity = open_identity(folder, edge_id=EDGE_ID)
        self._newest = {contents: number for number, contents in enumerate(recording.commits)}
        self._schema = recording.commits[-1].schema
        self._moments = [moment.after_operations for moment in recording.acknowledged]
        self._readings: dict[int, Reading] = {}
        self._started: set[Contents] = set()
        self.read_wholly = 0
        self.states = 0

    def judge(self, crash: Crash) -> Verdict:
        """Rebuild one state, open it, check it, and write one more record."""
        self.states += 1
        self._lay_out(crash.files)
        try:
            return self._examine(crash)
        except BROKEN as error:
            return Verdict(self._promised(crash) + 1, (f"does not open: {type(error).__name__}: {error}",))

    def _lay_out(self, files: Files) -> None:
        for name in _NAMES & set(os.listdir(self._folder)):  # noqa: PTH208 - thousands a second
            os.unlink(f"{self._folder}/{name}")  # noqa: PTH108 - the same
        if self._chance.random() < 0.05:  # the index is never synced: it may hold anything
            files = {**files, f"{DATABASE_NAME}-shm": self._chance.randbytes(32768)}
        for name, content in files.items():
            descriptor = os.open(f"{self._folder}/{name}", os.O_WRONLY | os.O_CREAT, 0o600)
            os.write(descriptor, content)
            os.close(descriptor)

    def _promised(self, crash: Crash) -> int:
        """Return the number of the newest commit that was acknowledged before the cut; -1 if none was."""
        count = bisect_right(self._moments, crash.after_operations)
        return max((moment.commit for moment in self._recording.acknowledged[:count]), default=-1)

    def _examine(self, crash: Crash) -> Verdict:
        with _connection(self._path, key=self._key) as connection:
            reading, is_new = self._read(crash.files, connection)
            faults = list(reading.faults)
            if reading.is_started and not faults and (is_new or self.states % _APPENDS_EVERY == 0):
                faults += _append_one(connection)
        if not faults and self._starts_again(reading):
            faults += self._open_wholly(crash)
        number = self._newest.get(reading.contents)
        if number is None:
            return Verdict(0, (*faults, "the contents are those of no commit"))
        return Verdict(max(0, self._promised(crash) - number), tuple(faults))

    def _read(self, files: Files, connection: Any) -> tuple["Reading", bool]:
        """Read everything, or recognise pages that were read wholly before (a sample of those is read again)."""
        log_frames = connection.execute("PRAGMA wal_checkpoint(NOOP)").fetchone()[1]
        pages = pages_of(files, log_frames=log_frames)
        known = self._readings.get(pages)
        if known is None or self.states % _READS_EVERY == 0:
            self.read_wholly += 1
            self._readings[pages] = read = self._read_wholly(connection)
            return read, known is None
        return known, False

    def _read_wholly(self, connection: Any) -> "Reading":
        contents = contents_of(connection.execute)
        integrity = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
        faults = [] if integrity == "ok" else [f"integrity: {integrity}"]
        faults += faults_of(connection.execute)
        is_today = contents.schema == self._schema
        is_started = is_today and bool(connection.execute("SELECT 1 FROM journal_head").fetchone())
        return Reading(contents, tuple(faults), is_started)

    def _starts_again(self, reading: "Reading") -> bool:
        """Whether to start this state as the edge starts: always what was not seen before, of the rest some."""
        every = _STARTS_EVERY if reading.is_started else _MIGRATES_EVERY
        is_new = reading.contents not in self._started
        self._started.add(reading.contents)
        return is_new or self.states % every == 0

    def _lay_out_notes(self, crash: Crash) -> None:
        """Put the identity's files as they may be: what was synced is there, a hint is of any time before, or torn."""
        shutil.rmtree(self._folder / IDENTITY_FOLDER)  # an earlier start of this judge has written there
        put_files(self._folder, self._recording.beside)
        hints: dict[str, list[bytes]] = {}
        for note in self._recording.notes:
            if note.after_operations > crash.after_operations:
                break
            if note.is_durable:
                put_files(self._folder / IDENTITY_FOLDER, {note.name: note.content})
            else:
                hints.setdefault(note.name, []).append(note.content)
        for name, known in hints.items():
            content = self._chance.choice((known[-1], known[-1], self._chance.choice(known), b"", bytes(160)))
            put_files(self._folder / IDENTITY_FOLDER, {name: content})

    def _open_wholly(self, crash: Crash) -> list[str]:
        """Start as the edge starts: migrations, the writer, its first commits; then one record more."""
        self._lay_out_notes(crash)
        engine = migration_engine(self._folder)
        upgrade("edge", engine)
        engine.dispose()
        store = EdgeStore.open(self._folder, identity=self._identity)
        store.writer.submit(lambda transaction: append(transaction, _BODY, origin=_ORIGIN)).result(10)
        store.close()
        with _connection(self._path, key=self._key) as connection:
            faults = faults_of(connection.execute)
            if not self._recording.goes_back:
                noted = rows_of(connection.execute, "sync_notice")
                faults += [f"notes {row['kind']}: {row['detail']}" for row in noted]
            if contents_of(connection.execute).schema != self._schema:
                faults.append("the schema after the start is not today's")
        return faults


def pages_of(files: Files, *, log_frames: int) -> int:
    """Name the pages that SQLite sees: those of the log's first frames, over those of the database.

    SQLite says how many frames of the log it takes as committed; which pages those hold is in their heads
    (fileformat2, 4.1). Equal pages say equal things, so what was read from them need not be read again.
    """
    database, log = files.get(DATABASE_NAME, b""), files.get(f"{DATABASE_NAME}-wal", b"")
    journal = files.get(f"{DATABASE_NAME}-journal", b"")
    newest: dict[int, int] = {}
    page_count = len(database) // _PAGE_BYTES
    for start in range(32, 32 + log_frames * _FRAME_BYTES, _FRAME_BYTES):
        number, size_after_commit = _FRAME_HEAD.unpack_from(log, start)
        newest[number] = start + 24
        page_count = size_after_commit or page_count
    log_view, database_view = memoryview(log), memoryview(database)
    seen: list[object] = [journal, page_count]
    for number in range(1, page_count + 1):
        start = newest.get(number, -1)
        view, offset = (log_view, start) if start >= 0 else (database_view, (number - 1) * _PAGE_BYTES)
        seen.append(hash(view[offset : offset + _PAGE_BYTES]))
    return hash(tuple(seen))


def _append_one(connection: Any) -> list[str]:
    """Write one record more: it must follow the last one, and the head must name it."""
    last = connection.execute(_LAST).fetchall()
    connection.execute("BEGIN IMMEDIATE")
    append(Transaction(connection), _BODY, origin=_ORIGIN)
    connection.execute("COMMIT")
    ((added, added_hash),) = connection.execute(_LAST).fetchall()
    heads = connection.execute("SELECT hash FROM journal_head").fetchall()
    follows = json.loads(added)["previous_hash"] == (last[0][1] if last else GENESIS_HASH).hex()
    return [] if follows and (added_hash,) in heads else ["a record written after the cut does not follow the chain"]


@contextmanager
def _connection(path: Path, *, key: str) -> Iterator[Any]:
    connection = open_connection(path, key=key)
    try:
        yield connection
    finally:
        connection.close()
