"""The one writer of an edge: one thread, one connection, one transaction at a time.

A job is a callable that gets a ``Transaction`` and returns something. Its future is resolved only
after the commit has reached the disk (WAL, synchronous=FULL), so whoever waits for it may say
"saved". A job that raises leaves no trace. Checkpoints run on this thread too, when nobody waits.
"""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

import sqlcipher3.dbapi2 as sqlcipher
import structlog

from checkpoint.store.connection import StoreError

_log = structlog.get_logger(__name__)
_T = TypeVar("_T")

CHECKPOINT_AFTER_COMMITS = 100
# A backstop for a lane that is never idle: about 32 MB of write-ahead log.
_AUTOCHECKPOINT_PAGES = 8000
_INPUT_OUTPUT_ERROR = 10  # SQLITE_IOERR
# SQLITE_READONLY, SQLITE_IOERR, SQLITE_FULL, SQLITE_CANTOPEN: the disk says no, not the statement.
_DISK_REFUSALS = frozenset({8, _INPUT_OUTPUT_ERROR, 13, 14})


class WriterStoppedError(StoreError):
    """The edge is shutting down or its disk failed; nothing was written. Try again after the restart."""


class DiskRefusedError(StoreError):
    """The disk is full, read-only or failing: nothing was written. Free space, then try again."""


class Transaction:
    """One open transaction as a job sees it."""

    def __init__(self, connection: sqlcipher.Connection) -> None:
        """Wrap the writer's connection for one job."""
        self._connection = connection
        self._after_commit: list[Callable[[], None]] = []

    def execute(self, sql: str, parameters: dict[str, Any] | tuple[Any, ...] = ()) -> sqlcipher.Cursor:
        """Run one statement; the driver keeps it prepared."""
        return self._connection.execute(sql, parameters)

    def after_commit(self, action: Callable[[], None]) -> None:
        """Run ``action`` on the writer's thread once the commit is on the disk, before the future resolves."""
        self._after_commit.append(action)

    def run_after_commit(self) -> None:
        """Run what was asked for; called by the writer only."""
        for action in self._after_commit:
            action()


class Writer:
    """Owns the connection. ``submit`` may be called from any thread but the writer's own."""

    def __init__(self, connection: sqlcipher.Connection) -> None:
        """Take over a freshly opened connection."""
        self._connection = connection
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="writer")
        self._waiting = 0
        self._waiting_lock = threading.Lock()
        self._is_open = True
        self._commits_since_checkpoint = 0
        connection.execute(f"PRAGMA wal_autocheckpoint = {_AUTOCHECKPOINT_PAGES}")

    @property
    def is_open(self) -> bool:
        """Whether jobs are taken: not after ``stop``, and not after an error of the disk."""
        return self._is_open

    def submit(self, job: Callable[[Transaction], _T]) -> "Future[_T]":
        """Queue a job; its future resolves after the durable commit, or with the job's error."""
        if not self._is_open:
            msg = "the edge takes no more records: it is shutting down, or its disk failed"
            raise WriterStoppedError(msg)
        with self._waiting_lock:
            self._waiting += 1
        return self._thread.submit(self._carry_out, job)

    def stop(self) -> None:
        """Finish the jobs in the queue, fold the log into the database, close."""
        if self._is_open:
            self._is_open = False
            self._thread.submit(self._checkpoint)
        self._thread.shutdown(wait=True)
        self._connection.close()

    def _carry_out(self, job: Callable[[Transaction], _T]) -> _T:
        try:
            return self._commit_job(job)
        finally:
            with self._waiting_lock:
                self._waiting -= 1
                is_idle = self._waiting == 0
            if is_idle and self._is_open and self._commits_since_checkpoint >= CHECKPOINT_AFTER_COMMITS:
                self._thread.submit(self._checkpoint)
                self._commits_since_checkpoint = 0

    def _commit_job(self, job: Callable[[Transaction], _T]) -> _T:
        try:
            with self._transaction() as transaction:
                result = job(transaction)
        except sqlcipher.OperationalError as error:
            if _primary_code(error) not in _DISK_REFUSALS:
                raise
            msg = f"the disk took nothing ({error})"
            raise DiskRefusedError(msg) from error
        transaction.run_after_commit()
        return result

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
        try:
            self._connection.execute("COMMIT")
        except sqlcipher.OperationalError as error:
            # After a failed fsync nobody knows what the disk holds: stop and let a new process open it anew.
            if _primary_code(error) == _INPUT_OUTPUT_ERROR:
                self._is_open = False
                _log.critical("disk_failed", what_to_do="restart the edge; check the disk")
            raise
        self._commits_since_checkpoint += 1

    def _checkpoint(self) -> None:
        """Fold the write-ahead log into the database as far as no reader stands in the way."""
        self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()


def _primary_code(error: sqlcipher.Error) -> int:
    """Return SQLite's own code of an error without its extension; 0 if the driver raised it by itself."""
    code: int = getattr(error, "sqlite_errorcode", 0)
    return code & 0xFF
