"""The one writer of an edge: one thread, one connection, one transaction at a time.

A job is a callable that gets a ``Transaction`` and returns something. Its future is resolved only
after the commit has reached the disk (WAL, synchronous=FULL), so whoever waits for it may say
"saved". A job that raises leaves no trace. Checkpoints run on this thread too, when nobody waits.
``InlineWriter`` does the same in the caller's own thread, for programs of one thread: simulations, tools.
"""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol, TypeVar

import msgspec
import sqlcipher3.dbapi2 as sqlcipher
import structlog

from checkpoint.store.connection import Damage, DamagedDatabaseError, StoreError, is_damage, words_of_damage

_log = structlog.get_logger(__name__)
_T = TypeVar("_T")

CHECKPOINT_AFTER_COMMITS = 100
# A backstop for a lane that is never idle: about 32 MB of write-ahead log, and never a file of more than 64 MB left.
CHECKPOINT_ANYHOW_AFTER_COMMITS = 1000
LOG_LIMIT_BYTES = 64 * 1024 * 1024
LONG_LOG_BYTES = LOG_LIMIT_BYTES // 2
"""A log of this length is folded after the next commit, however few commits made it."""
_READERS_WAIT_MS = 250
_BUSY_TIMEOUT_MS = 5000
_INPUT_OUTPUT_ERROR = 10  # SQLITE_IOERR
# SQLITE_READONLY, SQLITE_IOERR, SQLITE_FULL, SQLITE_CANTOPEN: the disk says no, not the statement.
_DISK_FULL = 13  # SQLITE_FULL
_DISK_REFUSALS = frozenset({8, _INPUT_OUTPUT_ERROR, _DISK_FULL, 14})


class WriterStoppedError(StoreError):
    """The edge is shutting down or its disk failed; nothing was written. Try again after the restart."""


class DiskRefusedError(StoreError):
    """The disk is full, read-only or failing: nothing was written. Free space, then try again."""


class CommitInDoubtError(DiskRefusedError):
    """The disk failed under the commit: after the restart it is there or not. Look before you write it again."""


class Growth(msgspec.Struct, frozen=True, kw_only=True):
    """How far a chain reaches after a commit: its incarnation, its last sequence and that record's hash."""

    incarnation: int
    sequence: int
    hash: bytes


class Scrubbed(msgspec.Struct, frozen=True, kw_only=True):
    """What a scrub reached: a file without the remains of erased rows, and a log without old frames."""

    is_rebuilt: bool = False
    is_log_empty: bool = False


class Reserve(Protocol):
    """Who holds room back for a full disk."""

    def give_way(self) -> bool:
        """Give the room up; ``False`` if there is none left."""

    def refuse(self) -> None:
        """Learn that a commit was refused: there is no room of any kind."""


class NoReserve:
    """Holds nothing back."""

    def give_way(self) -> bool:
        """There is nothing to give."""
        return False

    def refuse(self) -> None:
        """Whoever asked is told by the error."""


class Runner(Protocol):
    """Where jobs run: an executor with one thread, or the caller itself."""

    def submit(self, job: Callable[..., _T], /, *words: Any) -> "Future[_T]":  # noqa: ANN401  # an executor's own words
        """Run ``job(*words)``, one after the other."""

    def shutdown(self, *, wait: bool) -> None:
        """Take no more jobs."""


class CallersThread:
    """Runs each job at once, where it was submitted."""

    def submit(self, job: Callable[..., _T], /, *words: Any) -> "Future[_T]":  # noqa: ANN401  # an executor's own words
        """Run the job; what it raises is in the future, as with any other executor."""
        future: Future[_T] = Future()
        try:
            future.set_result(job(*words))
        except Exception as error:  # noqa: BLE001  # not swallowed: the future raises it
            future.set_exception(error)
        return future

    def shutdown(self, *, wait: bool) -> None:
        """Nothing is ever left to wait for."""


class Transaction:
    """One open transaction as a job sees it."""

    def __init__(self, connection: sqlcipher.Connection) -> None:
        """Wrap the writer's connection for one job."""
        self._connection = connection
        self._after_commit: list[Callable[[], None]] = []
        self.growth: Growth | None = None

    def execute(self, sql: str, parameters: dict[str, Any] | tuple[Any, ...] = ()) -> sqlcipher.Cursor:
        """Run one statement; the driver keeps it prepared."""
        return self._connection.execute(sql, parameters)

    def after_commit(self, action: Callable[[], None]) -> None:
        """Run ``action`` on the writer's thread once the commit is on the disk, before the future resolves."""
        self._after_commit.append(action)

    def grow(self, growth: Growth) -> None:
        """Say how far the journal reaches once this is committed."""
        self.growth = growth

    def run_after_commit(self) -> None:
        """Run what was asked for; called by the writer only."""
        for action in self._after_commit:
            action()


class Writer:
    """Owns the connection. ``submit`` may be called from any thread but the writer's own."""

    def __init__(self, connection: sqlcipher.Connection, *, runner: Runner | None = None) -> None:
        """Take over a freshly opened connection; jobs run in a thread of their own unless ``runner`` says where."""
        self._connection = connection
        self._thread = runner or ThreadPoolExecutor(max_workers=1, thread_name_prefix="writer")
        self._growth_listeners: list[Callable[[Growth], None]] = []
        self._late_listeners: list[Callable[[Growth], None]] = []
        self._untold: Growth | None = None
        self._waiting = 0
        self._waiting_lock = threading.Lock()
        self._is_open = True
        self._commits_since_checkpoint = 0
        connection.execute("PRAGMA wal_autocheckpoint = 0")  # SQLite would say nothing of one that failed
        connection.execute(f"PRAGMA journal_size_limit = {LONG_LOG_BYTES}")
        database: str = connection.execute("PRAGMA database_list").fetchone()[2]
        self._database = Path(database)
        self._log = Path(f"{database}-wal") if database else None  # a database in memory has none
        self.reserve: Reserve = NoReserve()
        self.damage = Damage()

    @property
    def is_open(self) -> bool:
        """Whether jobs are taken: not after ``stop``, and not after an error of the disk."""
        return self._is_open

    def on_growth(self, listener: Callable[[Growth], None]) -> None:
        """Call ``listener`` after each commit that wrote records; it must be quick and must not raise."""
        self._growth_listeners.append(listener)

    def after_growth(self, listener: Callable[[Growth], None]) -> None:
        """Call ``listener`` with the newest growth as soon as nobody waits for the writer: it may take its time."""
        self._late_listeners.append(listener)

    def submit(self, job: Callable[[Transaction], _T]) -> "Future[_T]":
        """Queue a job; its future resolves after the durable commit, or with the job's error."""
        if not self._is_open:
            msg = "the edge takes no more records: it is shutting down, or its disk failed"
            raise WriterStoppedError(msg)
        with self._waiting_lock:
            self._waiting += 1
        return self._thread.submit(self._carry_out, job)

    def scrub(self, *, largest_rebuild_bytes: int) -> "Future[Scrubbed]":
        """Rebuild a small database without the remains of what was erased, and empty the write-ahead log.

        May be asked for from the writer's own thread, which must not wait for the answer.
        """
        return self._thread.submit(self._scrub, largest_rebuild_bytes)

    def stop(self) -> None:
        """Finish the jobs in the queue, fold the log into the database, close."""
        if self._is_open:
            self._is_open = False
            self._thread.submit(self._checkpoint)
            self._thread.submit(self._tell_growth)
        self._thread.shutdown(wait=True)
        self._connection.close()

    def _carry_out(self, job: Callable[[Transaction], _T]) -> _T:
        try:
            return self._commit_job(job)
        finally:
            with self._waiting_lock:
                self._waiting -= 1
                is_idle = self._waiting == 0
            if is_idle and self._is_open and self._untold is not None:
                self._thread.submit(self._tell_growth)
            due = CHECKPOINT_AFTER_COMMITS if is_idle else CHECKPOINT_ANYHOW_AFTER_COMMITS
            if self._is_open and (self._commits_since_checkpoint >= due or self._is_log_long()):
                self._thread.submit(self._checkpoint)
                self._commits_since_checkpoint = 0

    def _tell_growth(self) -> None:
        growth, self._untold = self._untold, None
        if growth is not None:
            for listener in self._late_listeners:
                listener(growth)

    def _commit_job(self, job: Callable[[Transaction], _T]) -> _T:
        try:
            transaction, result = self._attempt(job)
        except sqlcipher.DatabaseError as error:
            if is_damage(error):
                words = words_of_damage(self._database, error=error)
                self.damage.note(words)
                raise DamagedDatabaseError(words) from error
            if not isinstance(error, sqlcipher.OperationalError) or _primary_code(error) not in _DISK_REFUSALS:
                raise
            self._stop_if_failed(error)
            if not self._is_open:
                msg = f"the disk failed ({error}); look after the restart whether this was written"
                raise CommitInDoubtError(msg) from error
            if _primary_code(error) == _DISK_FULL:
                self.reserve.refuse()
            msg = f"the disk took nothing ({error})"
            raise DiskRefusedError(msg) from error
        if transaction.growth is not None:
            self._untold = transaction.growth
            for listener in self._growth_listeners:
                listener(transaction.growth)
        transaction.run_after_commit()
        return result

    def _attempt(self, job: Callable[[Transaction], _T]) -> tuple[Transaction, _T]:
        """Run and commit the job; on a full disk once more, if whoever keeps a reserve gave it up."""
        try:
            return self._run(job)
        except sqlcipher.OperationalError as error:
            if _primary_code(error) != _DISK_FULL or not self._is_open or not self._make_room():
                raise
        return self._run(job)

    def _make_room(self) -> bool:
        """Take the reserve and fold the log; ``False`` if neither can give room."""
        has_reserve = self.reserve.give_way()
        return self._fold_log() or has_reserve

    def _fold_log(self) -> bool:
        """Fold the whole write-ahead log into the database and give its room back, if that is possible now."""
        try:
            self._connection.execute(f"PRAGMA busy_timeout = {_READERS_WAIT_MS}")
            is_blocked: int = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        except sqlcipher.OperationalError as error:
            self._stop_if_failed(error)
            return False
        finally:
            self._connection.execute(f"PRAGMA busy_timeout = {_BUSY_TIMEOUT_MS}")
        return is_blocked == 0

    def _run(self, job: Callable[[Transaction], _T]) -> tuple[Transaction, _T]:
        with self._transaction() as transaction:
            result = job(transaction)
        return transaction, result

    @contextmanager
    def _transaction(self) -> Iterator[Transaction]:
        if not self._is_open:
            msg = "the disk failed before this record could be written"
            raise WriterStoppedError(msg)
        self._connection.execute("BEGIN IMMEDIATE")
        is_committed = False
        try:
            yield Transaction(self._connection)
            self._commit()
            is_committed = True
        finally:
            if not is_committed and self._connection.in_transaction:
                self._connection.execute("ROLLBACK")

    def _commit(self) -> None:
        self._connection.execute("COMMIT")
        self._commits_since_checkpoint += 1

    def _stop_if_failed(self, error: sqlcipher.Error) -> None:
        """After a failed fsync nobody knows what the disk holds: stop and let a new process open it anew.

        The driver does not say which call failed, so every failed one counts as that.
        """
        if _primary_code(error) == _INPUT_OUTPUT_ERROR:
            self._is_open = False
            _log.critical("disk_failed", what_to_do="restart the edge; check the disk")

    def _is_log_long(self) -> bool:
        try:
            return self._log is not None and self._log.stat().st_size > LONG_LOG_BYTES
        except FileNotFoundError:
            return False

    def _checkpoint(self) -> None:
        """Fold the write-ahead log into the database as far as no reader stands in the way.

        One that fails loses nothing: the log is kept. But a disk that cannot sync may lie from then on.
        """
        try:
            self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        except sqlcipher.OperationalError as error:
            _log.warning("checkpoint_failed", code=_primary_code(error), what_to_do="it is tried again by itself")
            self._stop_if_failed(error)

    def _scrub(self, largest_rebuild_bytes: int) -> Scrubbed:
        run = self._connection.execute
        try:
            size_bytes = int(run("PRAGMA page_count").fetchone()[0]) * int(run("PRAGMA page_size").fetchone()[0])
            is_rebuilt = size_bytes <= largest_rebuild_bytes
            if is_rebuilt:
                run("VACUUM")
            run(f"PRAGMA busy_timeout = {_READERS_WAIT_MS}")
            is_log_empty = run("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0
        except sqlcipher.OperationalError as error:
            _log.warning("scrub_failed", code=_primary_code(error), what_to_do="it is tried again by itself")
            self._stop_if_failed(error)
            return Scrubbed()
        finally:
            run(f"PRAGMA busy_timeout = {_BUSY_TIMEOUT_MS}")
        return Scrubbed(is_rebuilt=is_rebuilt, is_log_empty=is_log_empty)


class InlineWriter(Writer):
    """The one writer of a program that has one thread: a job is committed when ``submit`` returns."""

    def __init__(self, connection: sqlcipher.Connection) -> None:
        """Take over a connection, ``:memory:`` too."""
        super().__init__(connection, runner=CallersThread())


def _primary_code(error: sqlcipher.Error) -> int:
    """Return SQLite's own code of an error without its extension; 0 if the driver raised it by itself."""
    code: int = getattr(error, "sqlite_errorcode", 0)
    return code & 0xFF
