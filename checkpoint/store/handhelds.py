"""Handhelds and their acts in the database: who may send in, and what became of each act."""

from datetime import datetime

import msgspec
from sqlalchemy import Connection, Engine, bindparam, func, select, text, update
from sqlalchemy.dialects.sqlite import insert

from checkpoint.store.handheld_tables import handheld, handheld_act
from checkpoint.store.instants import from_optional_text, from_text, to_text
from checkpoint.store.statements import compiled, insert_into
from checkpoint.store.writer import Transaction

Reader = Connection
"""A reader's connection, for those who must not know SQL."""


class Handheld(msgspec.Struct, frozen=True, kw_only=True):
    """One device that was enrolled here. ``public_key``: a point of P-256, 65 bytes."""

    handheld_id: str
    label: str
    public_key: bytes
    enrolled_at: datetime
    enrolled_by: str
    seen_at: datetime | None = None
    revoked_at: datetime | None = None


class KeptAct(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one act; ``content`` only while it waits to be mended, and then it holds a person."""

    act_id: str
    handheld_id: str
    officer_ref: str
    fingerprint: bytes
    disposition: str
    answer: bytes
    content: bytes | None
    received_at: datetime


_ADD = insert_into(handheld)
_FIND = compiled(select(handheld).where(handheld.c.handheld_id == bindparam("wanted")))
_SEEN = compiled(update(handheld).where(handheld.c.handheld_id == bindparam("wanted")).values(seen_at=bindparam("at")))
_REVOKE = compiled(
    update(handheld)
    .where(handheld.c.handheld_id == bindparam("wanted"), text("revoked_at IS NULL"))
    .values(revoked_at=bindparam("at"))
)
_ACT_COLUMNS = tuple(column.name for column in handheld_act.columns)
_PUT_ACT = compiled(
    insert(handheld_act)
    .values(dict.fromkeys(_ACT_COLUMNS))
    .on_conflict_do_update(
        index_elements=["act_id"],
        set_={name: getattr(insert(handheld_act).excluded, name) for name in _ACT_COLUMNS[1:]},
    )
)
_FIND_ACT = compiled(select(handheld_act).where(handheld_act.c.act_id == bindparam("wanted")))
_COUNT_WAITING = compiled(select(func.count()).select_from(handheld_act).where(text("content IS NOT NULL")))
_WAITING = compiled(select(handheld_act).where(text("content IS NOT NULL")).order_by(handheld_act.c.act_id))


def add_handheld(transaction: Transaction, device: Handheld) -> None:
    """Keep a device that was enrolled."""
    transaction.execute(
        _ADD,
        {
            "handheld_id": device.handheld_id,
            "label": device.label,
            "public_key": device.public_key,
            "enrolled_at": to_text(device.enrolled_at),
            "enrolled_by": device.enrolled_by,
            "seen_at": None,
            "revoked_at": None,
        },
    )


def find_handheld(transaction: Transaction, handheld_id: str) -> Handheld | None:
    """Return one device, as this transaction sees it: a revocation counts from its commit on."""
    row = transaction.execute(_FIND, {"wanted": handheld_id}).fetchone()
    return None if row is None else _as_handheld(tuple(row))


def note_seen(transaction: Transaction, handheld_id: str, *, at: datetime) -> None:
    """Note when a device last sent."""
    transaction.execute(_SEEN, {"wanted": handheld_id, "at": to_text(at)})


def revoke(transaction: Transaction, handheld_id: str, *, at: datetime) -> None:
    """Believe a device no more; one that was revoked before stays as it was."""
    transaction.execute(_REVOKE, {"wanted": handheld_id, "at": to_text(at)})


def put_act(transaction: Transaction, act: KeptAct) -> None:
    """Keep what became of an act, in the place of what became of it before."""
    row = {name: getattr(act, name) for name in _ACT_COLUMNS}
    transaction.execute(_PUT_ACT, row | {"received_at": to_text(act.received_at)})


def find_act(transaction: Transaction, act_id: str) -> KeptAct | None:
    """Return what became of an act."""
    row = transaction.execute(_FIND_ACT, {"wanted": act_id}).fetchone()
    return None if row is None else _as_act(tuple(row))


def count_waiting(transaction: Transaction) -> int:
    """How many acts wait to be mended."""
    count: int = transaction.execute(_COUNT_WAITING).fetchone()[0]
    return count


def waiting_acts(transaction: Transaction) -> list[KeptAct]:
    """Everything that waits to be mended, as this transaction sees it."""
    return [_as_act(tuple(row)) for row in transaction.execute(_WAITING).fetchall()]


def read_handhelds(connection: Connection) -> list[Handheld]:
    """All devices, the newest first."""
    rows = connection.execute(select(handheld).order_by(handheld.c.enrolled_at.desc()).limit(200))
    return [_as_handheld(tuple(row)) for row in rows]


def read_waiting(connection: Connection) -> list[KeptAct]:
    """What waits to be mended, the oldest first."""
    waiting = select(handheld_act).where(text("content IS NOT NULL")).order_by(handheld_act.c.received_at).limit(200)
    return [_as_act(tuple(row)) for row in connection.execute(waiting)]


def look_up_handheld(readers: Engine, handheld_id: str) -> Handheld | None:
    """Return one device as it was last committed, to know by which key a request is signed."""
    with readers.connect() as connection:
        row = connection.execute(select(handheld).where(handheld.c.handheld_id == handheld_id)).first()
    return None if row is None else _as_handheld(tuple(row))


def _as_handheld(row: tuple[str, str, bytes, str, str, str | None, str | None]) -> Handheld:
    handheld_id, label, public_key, enrolled_at, enrolled_by, seen_at, revoked_at = row
    return Handheld(
        handheld_id=handheld_id,
        label=label,
        public_key=public_key,
        enrolled_at=from_text(enrolled_at),
        enrolled_by=enrolled_by,
        seen_at=from_optional_text(seen_at),
        revoked_at=from_optional_text(revoked_at),
    )


def _as_act(row: tuple[str, str, str, bytes, str, bytes, bytes | None, str]) -> KeptAct:
    act_id, handheld_id, officer_ref, fingerprint, disposition, answer, content, received_at = row
    return KeptAct(
        act_id=act_id,
        handheld_id=handheld_id,
        officer_ref=officer_ref,
        fingerprint=fingerprint,
        disposition=disposition,
        answer=answer,
        content=content,
        received_at=from_text(received_at),
    )
