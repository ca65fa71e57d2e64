"""The keys' own backup: short-lived, so that an erased person is not brought back by an old copy.

A dump of the database leaves the table of episode keys out (docs/RELIABILITY.md); this file holds only them. What it
holds is wrapped for the province and the sites, so the file opens nothing without their private keys. It
says when it ends, and after that it is refused and removed.
"""

import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import zstandard
from sqlalchemy import Engine, select

from central.store.bulk import insert_missing_rows
from central.store.engine import reading, writing
from central.store.erasure import erased_among
from central.store.tables import episode_key

KEPT_FOR = timedelta(days=7)
_NAME = re.compile(r"^episode-keys-(\d{8}T\d{6})Z\.kdk\Z")
_STAMP = "%Y%m%dT%H%M%S"
_ROWS_AT_ONCE = 5000


class KeyBackupError(ValueError):
    """This file cannot be used; the message says why. Nothing was changed."""


class _Head(msgspec.Struct, frozen=True, kw_only=True):
    form: str = "kiemdich/episode-keys/v1"
    made_at: datetime
    ends_at: datetime


class _Row(msgspec.Struct, frozen=True, kw_only=True):
    edge_id: str
    episode_id: str
    recipient: str
    wrapped: bytes


def backup_keys(engine: Engine, folder: Path, *, now: datetime) -> tuple[Path, int]:
    """Write every wrapped key into a new file of ``folder``, whole or not at all; remove those that ended."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / f"episode-keys-{now.astimezone(UTC).strftime(_STAMP)}Z.kdk"
    partial = path.with_suffix(".partial")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as stream, zstandard.ZstdCompressor().stream_writer(stream, closefd=False) as out:
        out.write(msgspec.json.encode(_Head(made_at=now, ends_at=now + KEPT_FOR)) + b"\n")
        count = 0
        for row in _stored(engine):
            out.write(msgspec.json.encode(row) + b"\n")
            count += 1
        out.flush(zstandard.FLUSH_FRAME)
        stream.flush()
        os.fsync(stream.fileno())
    partial.rename(path)
    remove_ended(folder, now=now)
    return path, count


def restore_keys(engine: Engine, path: Path, *, now: datetime) -> int:
    """Put back the keys that are missing, but none of an erased episode; return how many lines were read.

    Of a folder the newest file is taken. Raises ``KeyBackupError`` for a file that ended or is none of ours.
    """
    rows = _read(_newest(path) if path.is_dir() else path, now=now)
    with writing(engine) as connection:
        erased = erased_among(connection, episode_ids=[row.episode_id for row in rows])
        kept = [msgspec.structs.astuple(row) for row in rows if row.episode_id not in erased]
        insert_missing_rows(connection, table=episode_key, rows=kept)
    return len(kept)


def _newest(folder: Path) -> Path:
    newest = max((path for path in folder.iterdir() if _NAME.match(path.name)), default=None)
    if newest is None:
        msg = f"{folder} holds no backup of episode keys"
        raise KeyBackupError(msg)
    return newest


def remove_ended(folder: Path, *, now: datetime) -> list[Path]:
    """Remove the key backups of a folder that have come to their end."""
    ended = []
    for path in sorted(folder.iterdir()):
        named = _NAME.match(path.name)
        if named and now - datetime.strptime(named[1], _STAMP).replace(tzinfo=UTC) >= KEPT_FOR:
            path.unlink()
            ended.append(path)
    return ended


def _stored(engine: Engine) -> Iterator[_Row]:
    columns = [episode_key.c[name] for name in _Row.__struct_fields__]
    with reading(engine) as connection:
        for row in connection.execute(select(*columns).execution_options(yield_per=_ROWS_AT_ONCE)):
            yield _Row(edge_id=row.edge_id, episode_id=row.episode_id, recipient=row.recipient, wrapped=row.wrapped)


def _read(path: Path, *, now: datetime) -> list[_Row]:
    try:
        with path.open("rb") as stream:
            lines = zstandard.ZstdDecompressor().stream_reader(stream, read_across_frames=True).read().splitlines()
        head = msgspec.json.decode(lines[0], type=_Head)
        rows = [msgspec.json.decode(line, type=_Row) for line in lines[1:]]
    except (OSError, zstandard.ZstdError, msgspec.DecodeError, IndexError) as error:
        msg = f"{path}: no backup of episode keys ({type(error).__name__})"
        raise KeyBackupError(msg) from error
    if now >= head.ends_at:
        msg = f"{path}: ended at {head.ends_at.isoformat()}; use a newer backup of the keys"
        raise KeyBackupError(msg)
    return rows
