"""Before a write-ahead log that an earlier run left behind is trusted, it is written once more and synced.

After a failed fsync the system may go on showing bytes that the disk does not hold, and forget that they
were never written (PostgreSQL's "fsyncgate", 2018; Rebello et al., "Can Applications Recover from fsync
Failures?", USENIX ATC 2020). An edge stops then, and a new start finds the commit in doubt in its log and
shows it: so from that moment it must be on the disk, or a power cut would take back what an officer saw
as saved, and tear the log under what was written after it.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from checkpoint.store.connection import StoreError

_PIECE_BYTES = 1024 * 1024
# SQLite's "dead man's switch" (os_unix.c, UNIX_SHM_DMS): every open connection holds this byte of the index shared.
_SWITCH_BYTE = 128


def settle_log(database: Path) -> bool:
    """Make the log beside a database durable as it is read now; tell whether this was needed.

    To be called before this program opens the database. Where another one has it open, that one did this at
    its own start. Raises ``StoreError`` where the disk still takes nothing; then nothing was opened.
    """
    log = database.with_name(f"{database.name}-wal")
    if not log.exists() or log.stat().st_size == 0:
        return False
    try:
        with _alone(database) as is_alone:
            if is_alone:
                _write_again(log)
            return is_alone
    except OSError as error:
        msg = f"{log} cannot be made durable ({error}): the disk is failing; nothing was changed, start again later"
        raise StoreError(msg) from error


@contextmanager
def _alone(database: Path) -> Iterator[bool]:
    """Keep every other program from opening the database, if none has it open."""
    index = os.open(database.with_name(f"{database.name}-shm"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.lockf(index, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, _SWITCH_BYTE)
        is_alone = True
    except BlockingIOError:
        is_alone = False
    try:
        yield is_alone
    finally:
        os.close(index)


def _write_again(log: Path) -> None:
    """Give the system every byte anew: an fsync writes only what was given since the last one."""
    with log.open("r+b") as stream:
        while piece := stream.read(_PIECE_BYTES):
            stream.seek(-len(piece), os.SEEK_CUR)
            stream.write(piece)
        stream.flush()
        os.fsync(stream.fileno())
