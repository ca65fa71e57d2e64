"""Declarations at an edge: the sealed copies, and for which crossing each was used."""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from sqlalchemy import bindparam, delete, literal_column, select
from sqlalchemy.dialects.sqlite import insert

from checkpoint.store.instants import from_text, to_text
from checkpoint.store.statements import compiled
from checkpoint.store.tables import crossing, declaration, declaration_use, episode_key
from checkpoint.store.writer import Transaction
from sync.agreement.vocabulary import Disposition
from sync.exchange.declaring import KeptDeclaration

_PUT = compiled(
    insert(declaration)
    .values(dict.fromkeys(("declaration_id", "declared_at", "keep_until", "channel", "fingerprint", "sealed")))
    .on_conflict_do_nothing(index_elements=["declaration_id"])
)
_FIND = compiled(
    select(declaration.c.declared_at, declaration.c.fingerprint, declaration.c.channel).where(
        declaration.c.declaration_id == bindparam("wanted")
    )
)
_USE = compiled(
    insert(declaration_use)
    .values(dict.fromkeys(("declaration_id", "crossing_id", "used_at", "keep_until")))
    .on_conflict_do_nothing(index_elements=["declaration_id", "crossing_id"])
)
_USES = compiled(
    select(declaration_use.c.crossing_id, crossing.c.disposition)
    .outerjoin(crossing, crossing.c.crossing_id == declaration_use.c.crossing_id)
    .where(declaration_use.c.declaration_id == bindparam("wanted"))
)
_FREE = compiled(
    delete(declaration_use).where(
        declaration_use.c.declaration_id == bindparam("wanted"), declaration_use.c.crossing_id == bindparam("crossing")
    )
)
_PAST = compiled(delete(declaration).where(declaration.c.keep_until < bindparam("now")))
_PAST_KEYS = compiled(
    delete(episode_key).where(
        episode_key.c.crossing_id.in_(
            select(declaration_use.c.declaration_id).where(declaration_use.c.keep_until < bindparam("now"))
        )
    )
)
_USED_FOR = select(declaration_use.c.declaration_id).where(declaration_use.c.crossing_id == bindparam("wanted"))
_DROP_KEYS = compiled(delete(episode_key).where(episode_key.c.crossing_id.in_(_USED_FOR)))
_DROP_COPIES = compiled(delete(declaration).where(declaration.c.declaration_id.in_(_USED_FOR)))
_PAST_USES = compiled(delete(declaration_use).where(declaration_use.c.keep_until < bindparam("now")))
_ENTERED_SINCE = compiled(
    select(crossing.c.crossing_id, crossing.c.presented_at, crossing.c.direction)
    .where(
        crossing.c.person_key == bindparam("person_key"),
        crossing.c.presented_at >= bindparam("since"),
        crossing.c.disposition != literal_column(f"'{Disposition.WITHDRAWN.value}'"),
    )
    .order_by(crossing.c.presented_at.desc())
)


class KnownDeclaration(msgspec.Struct, frozen=True, kw_only=True):
    """What stands in the table for an identifier."""

    declared_at: datetime
    fingerprint: bytes
    channel: str


class Use(msgspec.Struct, frozen=True, kw_only=True):
    """A crossing for which a declaration was taken; no disposition: nothing was saved of that person yet."""

    crossing_id: str
    disposition: Disposition | None


class PastCrossing(msgspec.Struct, frozen=True, kw_only=True):
    """An earlier crossing of the same person at this edge."""

    crossing_id: str
    presented_at: datetime
    direction: str


def put_declaration(transaction: Transaction, kept: KeptDeclaration) -> KnownDeclaration:
    """Keep a declaration unless its identifier is known, and return what stands there now."""
    row = {
        "declaration_id": kept.declaration_id,
        "declared_at": to_text(kept.declared_at),
        "keep_until": to_text(kept.keep_until),
        "channel": kept.channel.value,
        "fingerprint": kept.fingerprint,
        "sealed": kept.sealed,
    }
    transaction.execute(_PUT, row)
    declared_at, fingerprint, channel = transaction.execute(_FIND, {"wanted": kept.declaration_id}).fetchone()
    return KnownDeclaration(declared_at=from_text(declared_at), fingerprint=bytes(fingerprint), channel=channel)


def use_declaration(
    transaction: Transaction, declaration_id: str, *, crossing_id: str, at: datetime, keep_until: datetime
) -> None:
    """Note for which crossing a declaration was taken."""
    row = {"declaration_id": declaration_id, "crossing_id": crossing_id}
    transaction.execute(_USE, {**row, "used_at": to_text(at), "keep_until": to_text(keep_until)})


def free_declaration(transaction: Transaction, declaration_id: str, *, crossing_id: str) -> None:
    """Take a use back: the officer set the declaration aside before anything was saved with it."""
    transaction.execute(_FREE, {"wanted": declaration_id, "crossing": crossing_id})


def uses_of(transaction: Transaction, declaration_id: str) -> Sequence[Use]:
    """Return the crossings for which a declaration was taken at this edge."""
    rows = transaction.execute(_USES, {"wanted": declaration_id}).fetchall()
    return [Use(crossing_id=row[0], disposition=None if row[1] is None else Disposition(row[1])) for row in rows]


def crossings_of_person(transaction: Transaction, person_key: str, *, since: datetime) -> Sequence[PastCrossing]:
    """Return the crossings of one person here since an instant, newest first, without withdrawn ones."""
    rows = transaction.execute(_ENTERED_SINCE, {"person_key": person_key, "since": to_text(since)}).fetchall()
    return [PastCrossing(crossing_id=row[0], presented_at=from_text(row[1]), direction=row[2]) for row in rows]


def purge_declared(transaction: Transaction, crossing_id: str) -> None:
    """Forget what was declared for a crossing that is erased: the copies, and the keys of their records."""
    for statement in (_DROP_KEYS, _DROP_COPIES):
        transaction.execute(statement, {"wanted": crossing_id})


def delete_past_declarations(transaction: Transaction, *, now: datetime) -> int:
    """Delete what the law's term is over for: copies, uses, and the keys of their records; return how many copies."""
    deleted: int = transaction.execute(_PAST, {"now": to_text(now)}).rowcount
    transaction.execute(_PAST_KEYS, {"now": to_text(now)})
    transaction.execute(_PAST_USES, {"now": to_text(now)})
    return deleted
