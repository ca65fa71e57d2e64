"""The journal: the edge's records in order, chained by hash. Only ``append`` ever writes to it.

The sequence comes from the head row inside the transaction, never from a counter or a clock, so
that a rolled-back transaction leaves no gap.
"""

from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import bindparam, select, update

from checkpoint.store.connection import StoreError
from checkpoint.store.instants import to_text
from checkpoint.store.statements import compiled, insert_into
from checkpoint.store.tables import journal, journal_head
from checkpoint.store.writer import Transaction
from sync.agreement.identifiers import uuid7
from sync.agreement.records import RecordBody, TravellerIdentity
from sync.agreement.vocabulary import ClockQuality
from sync.exchange.chain import GENESIS_HASH, record_hash
from sync.exchange.envelope import RecordStamp, Sealing, encode_record
from sync.exchange.sealing import associated_bytes, seal

_READ_HEAD = compiled(
    select(journal_head.c.edge_id, journal_head.c.incarnation, journal_head.c.sequence, journal_head.c.hash)
)
_WRITE_HEAD = compiled(update(journal_head).values(sequence=bindparam("new_sequence"), hash=bindparam("new_hash")))
_APPEND = insert_into(journal)
_START = insert_into(journal_head)


class IdentityMismatchError(StoreError):
    """The database belongs to another edge or incarnation than the identity files; a person must look."""


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """When, where and by whom a record is made. Times are aware; ``monotonic_ns`` belongs to ``boot_id``."""

    observed_at: datetime
    recorded_at: datetime
    boot_id: str
    monotonic_ns: int
    clock_quality: ClockQuality
    lane_id: str | None = None
    officer_ref: str | None = None


class SealedFor(msgspec.Struct, frozen=True, kw_only=True):
    """Who the record is about, and the key of the episode it is sealed with."""

    identity: TravellerIdentity
    episode_id: str
    episode_key: bytes


class Saved(msgspec.Struct, frozen=True, kw_only=True):
    """Where a record stands in the journal; shown to the officer only after the commit."""

    sequence: int
    record_id: str
    recorded_at: datetime


def start_journal(transaction: Transaction, *, edge_id: str, incarnation: int) -> None:
    """Write the first head, or check that the head there is belongs to this edge and incarnation."""
    head = transaction.execute(_READ_HEAD).fetchone()
    if head is None:
        row = {"only": 1, "edge_id": edge_id, "incarnation": incarnation, "sequence": 0, "hash": GENESIS_HASH}
        transaction.execute(_START, row)
    elif (head[0], head[1]) != (edge_id, incarnation):
        msg = f"the database is that of {head[0]} incarnation {head[1]}, the identity files say {edge_id} {incarnation}"
        raise IdentityMismatchError(msg)


def append(transaction: Transaction, body: RecordBody, *, origin: Origin, sealed_for: SealedFor | None = None) -> Saved:
    """Write one record after the head, and move the head. Part of the caller's transaction."""
    edge_id, incarnation, sequence, previous_hash = transaction.execute(_READ_HEAD).fetchone()
    record_id = uuid7(origin.recorded_at)
    stamp = RecordStamp(
        record_id=record_id,
        edge_id=edge_id,
        incarnation=incarnation,
        sequence=sequence + 1,
        previous_hash=previous_hash,
        observed_at=origin.observed_at,
        recorded_at=origin.recorded_at,
        boot_id=origin.boot_id,
        monotonic_ns=origin.monotonic_ns,
        clock_quality=origin.clock_quality,
        lane_id=origin.lane_id,
        officer_ref=origin.officer_ref,
    )
    ciphertext, sealing = _seal(sealed_for, record_id=record_id, edge_id=edge_id)
    record = encode_record(body, stamp=stamp, sealed=ciphertext, sealing=sealing)
    new_hash = record_hash(record)
    transaction.execute(
        _APPEND,
        {
            "sequence": sequence + 1,
            "record_id": str(record_id),
            "type": body.type_name,
            "hash": new_hash,
            "bytes": record,
            "recorded_at": to_text(origin.recorded_at),
        },
    )
    transaction.execute(_WRITE_HEAD, {"new_sequence": sequence + 1, "new_hash": new_hash})
    return Saved(sequence=sequence + 1, record_id=str(record_id), recorded_at=origin.recorded_at)


def _seal(sealed_for: SealedFor | None, *, record_id: UUID, edge_id: str) -> tuple[bytes | None, Sealing | None]:
    if sealed_for is None:
        return None, None
    sealed = seal(
        sealed_for.identity,
        episode_key=sealed_for.episode_key,
        associated=associated_bytes(str(record_id), edge_id=edge_id),
    )
    return sealed.ciphertext, Sealing(episode_id=sealed_for.episode_id, nonce=sealed.nonce)
