"""Making erased people unreadable on the disk too, not only in SQLite's eyes.

``secure_delete`` overwrites a deleted row and a freed page, but when a page is split SQLite leaves the
moved rows' old bytes in the gap between its cells (measured: 2 of 300 erased names were still in the
pages). So after an erasure the file is rebuilt: a small one at once, by the writer; a large one at the
next start, into a new file that takes the old one's place before anybody reads. Until then it is due.
"""

import os
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

import structlog
from sqlalchemy import Connection, bindparam, func, select, update

from checkpoint.store.connection import DATABASE_NAME, database_key, open_connection
from checkpoint.store.instants import to_text
from checkpoint.store.statements import compiled
from checkpoint.store.tables import erased_episode
from checkpoint.store.writer import Transaction

REBUILT_AT_ONCE_BYTES = 64 * 1024 * 1024
"""About one second of the writer's time; the lanes wait for it once per erasure."""
_REBUILDING = f"{DATABASE_NAME}.rebuilding"
_log = structlog.get_logger("checkpoint")

_MARK_ALL = compiled(
    update(erased_episode).where(erased_episode.c.scrubbed_at.is_(None)).values(scrubbed_at=bindparam("new_at"))
)
_MARK = compiled(
    update(erased_episode)
    .where(erased_episode.c.scrubbed_at.is_(None), erased_episode.c.episode_id == bindparam("wanted"))
    .values(scrubbed_at=bindparam("new_at"))
)
_WHICH = select(erased_episode.c.episode_id).where(erased_episode.c.scrubbed_at.is_(None))
_DUE = select(func.count()).select_from(erased_episode).where(erased_episode.c.scrubbed_at.is_(None))


def scrub_wanted(connection: Connection) -> list[str]:
    """Return the erased episodes of which bytes may still lie in the file's gaps."""
    return list(connection.execute(_WHICH).scalars())


def mark_scrubbed(transaction: Transaction, episode_ids: Iterable[str], *, at: datetime) -> int:
    """Note that nothing of these is left in the file; return how many others still are due."""
    for episode_id in episode_ids:
        transaction.execute(_MARK, {"wanted": episode_id, "new_at": to_text(at)})
    due: int = transaction.execute(compiled(_DUE)).fetchone()[0]
    return due


def scrub_due(connection: Connection) -> int:
    """Count the erased episodes of which bytes may still lie in the file's gaps."""
    count: int = connection.execute(_DUE).scalar_one()
    return count


def rebuild_if_due(data_path: Path, *, at: datetime) -> bool:
    """Rebuild the database before the edge opens it, if an erasure is due; whole or not at all."""
    path, partial = data_path / DATABASE_NAME, data_path / _REBUILDING
    partial.unlink(missing_ok=True)
    key = database_key(data_path)
    connection = open_connection(path, key=key)
    try:
        if connection.execute(compiled(_DUE)).fetchone()[0] == 0:
            return False
        connection.execute("VACUUM INTO ?", (str(partial),))
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    finally:
        connection.close()
    rebuilt = open_connection(partial, key=key)
    rebuilt.execute(_MARK_ALL, {"new_at": to_text(at)})
    rebuilt.close()
    _take_place(partial, path)
    _log.info("database_rebuilt", why="an erasure was due")
    return True


def _take_place(partial: Path, path: Path) -> None:
    """Put the rebuilt file in the old one's place; what the old one's log held is folded into both.

    The old log must be gone for good before that, or a power cut would lay it over the new file.
    """
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    for each in (partial, path.parent):
        _sync(each)
    partial.rename(path)
    _sync(path.parent)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)
