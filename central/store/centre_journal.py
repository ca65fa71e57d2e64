"""The centre's own journal: what the centre decided, as chained records under the edge name ``centre``.

The same envelope, hash and chain as an edge's journal; one writer at a time (a lock on the centre's
row). ``case_review`` is its projection and can be rebuilt from it. A centre that was restored from a
backup goes on in a new incarnation, so that no number ever names two records; edges read the
incarnations one after the other (``central.actions.downlink``).
"""

import os
import secrets
import time
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import Connection, Engine, bindparam, insert, select

from central.store.engine import reading, writing
from central.store.tables import case_review, centre, centre_journal
from sync.agreement.identifiers import uuid7
from sync.agreement.records import CaseReviewed, RecordBody
from sync.agreement.vocabulary import CaseClass, ClockQuality
from sync.exchange.chain import ChainHead, record_hash
from sync.exchange.envelope import Envelope, RecordStamp, Sealing, decode_record, encode_record

CENTRE_EDGE_ID = "centre"
_BOOT_ID = f"centre-{os.getpid()}-{secrets.token_hex(4)}"


class Review(msgspec.Struct, frozen=True, kw_only=True):
    """One review of one crossing, as projected from the centre's journal."""

    incarnation: int
    sequence: int
    crossing_id: str
    case_class: CaseClass
    note: str
    reviewer_ref: str
    reviewed_at: datetime


class JournalEntry(msgspec.Struct, frozen=True, kw_only=True):
    """Where a record of the centre stands in its own journal."""

    incarnation: int
    sequence: int
    record_id: UUID
    hash: bytes


Seal = Callable[[UUID], tuple[bytes, Sealing]]
"""Seals words for the record of that name."""


def append(
    connection: Connection, body: RecordBody, *, officer_ref: str, now: datetime, seal: Seal | None = None
) -> JournalEntry:
    """Write one record after the head; part of the caller's transaction, which holds the centre's row from here."""
    incarnation, head = lock_head(connection)
    stamp = stamp_of(CENTRE_EDGE_ID, incarnation=incarnation, after=head, now=now, officer_ref=officer_ref)
    sealed, sealing = (None, None) if seal is None else seal(stamp.record_id)
    record = encode_record(body, stamp=stamp, sealed=sealed, sealing=sealing)
    entry = JournalEntry(
        incarnation=incarnation, sequence=stamp.sequence, record_id=stamp.record_id, hash=record_hash(record)
    )
    connection.execute(
        insert(centre_journal).values(
            incarnation=incarnation,
            sequence=entry.sequence,
            record_id=entry.record_id,
            type=body.type_name,
            hash=entry.hash,
            bytes=record,
            recorded_at=now,
        )
    )
    return entry


def stamp_of(
    edge_id: str, *, incarnation: int, after: ChainHead, now: datetime, officer_ref: str | None = None
) -> RecordStamp:
    """Say when and where a record of a centre is made: it observes nothing, so both times are now."""
    return RecordStamp(
        record_id=uuid7(now),
        edge_id=edge_id,
        incarnation=incarnation,
        sequence=after.sequence + 1,
        previous_hash=after.hash,
        observed_at=now,
        recorded_at=now,
        boot_id=_BOOT_ID,
        monotonic_ns=time.monotonic_ns(),
        clock_quality=ClockQuality.UNKNOWN,
        officer_ref=officer_ref,
    )


def append_review(engine: Engine, *, body: CaseReviewed, now: datetime, seal: Seal | None = None) -> Review:
    """Write a review into the journal and its projection, in one commit; its words are what ``seal`` seals."""
    with writing(engine) as connection:
        entry = append(connection, body, officer_ref=body.reviewer_ref, now=now, seal=seal)
        written = review_of(body, incarnation=entry.incarnation, sequence=entry.sequence, reviewed_at=now)
        connection.execute(insert(case_review).values(**msgspec.to_builtins(written, builtin_types=(datetime,))))
    return written


def review_of(body: CaseReviewed, *, incarnation: int, sequence: int, reviewed_at: datetime) -> Review:
    """Project one record of the centre's journal."""
    return Review(
        incarnation=incarnation,
        sequence=sequence,
        crossing_id=body.crossing_id,
        case_class=body.case_class,
        note=body.note,
        reviewer_ref=body.reviewer_ref,
        reviewed_at=reviewed_at,
    )


def reviews_of(connection: Connection, *, crossing_id: str) -> list[Review]:
    """Return a crossing's reviews, oldest first."""
    query = (
        select(case_review)
        .where(case_review.c.crossing_id == crossing_id)
        .order_by(case_review.c.incarnation, case_review.c.sequence)
    )
    rows = connection.execute(query).mappings()
    # The driver's column names are a kind of str of their own, which msgspec does not take for keys.
    return [msgspec.convert({str(name): row[name] for name in row}, Review) for row in rows]


def sealed_reviews_of(connection: Connection, *, crossing_id: str) -> list[Envelope]:
    """Return the records of a crossing's reviews, oldest first, with their sealed words."""
    query = (
        select(centre_journal.c.bytes)
        .join(
            case_review,
            (case_review.c.incarnation == centre_journal.c.incarnation)
            & (case_review.c.sequence == centre_journal.c.sequence),
        )
        .where(case_review.c.crossing_id == crossing_id)
        .order_by(centre_journal.c.incarnation, centre_journal.c.sequence)
    )
    return [decode_record(bytes(record)) for record in connection.execute(query).scalars()]


_INCARNATION = select(centre.c.centre_incarnation)
_LOCKED_INCARNATION = _INCARNATION.with_for_update()
_WRITTEN_INCARNATIONS = select(centre_journal.c.incarnation).distinct()
_HEAD = (
    select(centre_journal.c.sequence, centre_journal.c.hash)
    .where(centre_journal.c.incarnation == bindparam("of_incarnation"))
    .order_by(centre_journal.c.sequence.desc())
    .limit(1)
)
_HASH_AT = select(centre_journal.c.hash).where(
    centre_journal.c.incarnation == bindparam("of_incarnation"), centre_journal.c.sequence == bindparam("of_sequence")
)
_RECORDS_AFTER = (
    select(centre_journal.c.bytes, centre_journal.c.hash)
    .where(centre_journal.c.incarnation == bindparam("of_incarnation"), centre_journal.c.sequence > bindparam("after"))
    .order_by(centre_journal.c.sequence)
    .limit(bindparam("most"))
)


def journal_head(engine: Engine) -> ChainHead:
    """Return how far the centre's own journal has come, in its present incarnation."""
    with reading(engine) as connection:
        return head_of(connection, incarnation=centre_incarnation(connection))


def centre_incarnation(connection: Connection) -> int:
    """Return the incarnation that the centre writes under; 1 before its epoch was made."""
    return connection.execute(_INCARNATION).scalar_one_or_none() or 1


def lock_head(connection: Connection) -> tuple[int, ChainHead]:
    """Hold the centre's row until the commit; return the present incarnation and its head."""
    incarnation = int(connection.execute(_LOCKED_INCARNATION).scalar_one())
    return incarnation, head_of(connection, incarnation=incarnation)


def head_of(connection: Connection, *, incarnation: int) -> ChainHead:
    """Return how far one incarnation of the journal has come."""
    row = connection.execute(_HEAD, {"of_incarnation": incarnation}).one_or_none()
    return ChainHead() if row is None else ChainHead(sequence=row.sequence, hash=row.hash)


def incarnations(connection: Connection) -> list[int]:
    """Return the incarnations that hold any record, and the present one, ascending."""
    written = set(connection.execute(_WRITTEN_INCARNATIONS).scalars())
    return sorted(written | {centre_incarnation(connection)})


def hash_at(connection: Connection, sequence: int, *, incarnation: int) -> bytes | None:
    """Return the hash of one record, or ``None``."""
    found = connection.execute(_HASH_AT, {"of_incarnation": incarnation, "of_sequence": sequence}).scalar_one_or_none()
    return None if found is None else bytes(found)


def records_after(
    connection: Connection, sequence: int, *, incarnation: int, limit: int, limit_bytes: int
) -> list[tuple[bytes, bytes]]:
    """Return the next records of one incarnation as (bytes, hash), within both limits, but at least one."""
    place = {"of_incarnation": incarnation, "after": sequence, "most": limit}
    found: list[tuple[bytes, bytes]] = []
    size = 0
    for record, own_hash in connection.execute(_RECORDS_AFTER, place):
        size += len(record)
        if found and size > limit_bytes:
            break
        found.append((bytes(record), bytes(own_hash)))
    return found


def sequence_of(connection: Connection, record_id: UUID) -> tuple[int, int] | None:
    """Return (incarnation, sequence) of a record of the centre, or ``None``."""
    query = select(centre_journal.c.incarnation, centre_journal.c.sequence)
    row = connection.execute(query.where(centre_journal.c.record_id == record_id)).one_or_none()
    return None if row is None else (row.incarnation, row.sequence)
