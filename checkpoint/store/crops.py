"""Sealed pictures behind raised readings: kept once a crossing, purged with it, dropped when their time is over."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, select
from sqlalchemy.dialects.sqlite import insert

from checkpoint.store.crop_tables import face_crop
from checkpoint.store.instants import from_text, to_text
from checkpoint.store.statements import compiled
from checkpoint.store.writer import Transaction

_COLUMNS = tuple(column.name for column in face_crop.columns)
_KEEP = compiled(insert(face_crop).values(dict.fromkeys(_COLUMNS)).on_conflict_do_nothing())
_FIND = compiled(
    select(face_crop.c.sealed, face_crop.c.expires_at).where(face_crop.c.crossing_id == bindparam("wanted"))
)
_PURGE = compiled(delete(face_crop).where(face_crop.c.crossing_id == bindparam("wanted")))
_DROP_PAST = compiled(delete(face_crop).where(face_crop.c.expires_at <= bindparam("now")))


def keep_crop(transaction: Transaction, crossing_id: str, *, sealed: bytes, expires_at: datetime) -> None:
    """Keep the first picture of a crossing; another one changes nothing."""
    row = {"crossing_id": crossing_id, "expires_at": to_text(expires_at), "sealed": sealed}
    transaction.execute(_KEEP, row)


def find_crop(transaction: Transaction, crossing_id: str) -> tuple[bytes, datetime] | None:
    """Return the sealed picture of a crossing and when it will be deleted, if there is one."""
    row = transaction.execute(_FIND, {"wanted": crossing_id}).fetchone()
    return None if row is None else (row[0], from_text(row[1]))


def crops_kept(connection: Connection, crossing_ids: Iterable[str]) -> frozenset[str]:
    """Return which of these crossings have a picture."""
    wanted = list(crossing_ids)
    return frozenset(
        connection.execute(select(face_crop.c.crossing_id).where(face_crop.c.crossing_id.in_(wanted))).scalars()
    )


def purge_crop(transaction: Transaction, crossing_id: str) -> None:
    """Delete the picture of an erased person; secure deletion overwrites what the row held."""
    transaction.execute(_PURGE, {"wanted": crossing_id})


def drop_past_crops(transaction: Transaction, *, now: datetime) -> int:
    """Delete every picture whose time is over; return how many there were."""
    dropped: int = transaction.execute(_DROP_PAST, {"now": to_text(now)}).rowcount
    return dropped
