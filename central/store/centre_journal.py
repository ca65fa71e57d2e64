"""The centre's own journal: reviews as chained records under the edge name ``centre``.

The same envelope, hash and chain as an edge's journal; one writer at a time (a lock on the centre's
row). ``case_review`` is its projection and can be rebuilt from it.
"""

import os
import secrets
import time
from datetime import datetime

import msgspec
from sqlalchemy import Connection, Engine, insert, select

from central.store.engine import reading, writing
from central.store.tables import case_review, centre, centre_journal
from sync.agreement.identifiers import uuid7
from sync.agreement.records import CaseReviewed
from sync.agreement.vocabulary import CaseClass, ClockQuality
from sync.exchange.chain import ChainHead, record_hash
from sync.exchange.envelope import RecordStamp, encode_record

CENTRE_EDGE_ID = "centre"
CENTRE_INCARNATION = 1
_BOOT_ID = f"centre-{os.getpid()}-{secrets.token_hex(4)}"


class Review(msgspec.Struct, frozen=True, kw_only=True):
    """One review of one crossing, as projected from the centre's journal."""

    sequence: int
    crossing_id: str
    case_class: CaseClass
    note: str
    reviewer_ref: str
    reviewed_at: datetime


def append_review(engine: Engine, *, body: CaseReviewed, now: datetime) -> Review:
    """Write a review into the journal and its projection, in one commit."""
    with writing(engine) as connection:
        head = _lock_head(connection)
        record_id = uuid7(now)
        stamp = RecordStamp(
            record_id=record_id,
            edge_id=CENTRE_EDGE_ID,
            incarnation=CENTRE_INCARNATION,
            sequence=head.sequence + 1,
            previous_hash=head.hash,
            observed_at=now,
            recorded_at=now,
            boot_id=_BOOT_ID,
            monotonic_ns=time.monotonic_ns(),
            clock_quality=ClockQuality.UNKNOWN,
            officer_ref=body.reviewer_ref,
        )
        record = encode_record(body, stamp=stamp)
        connection.execute(
            insert(centre_journal).values(
                sequence=stamp.sequence,
                record_id=record_id,
                type=body.type_name,
                hash=record_hash(record),
                bytes=record,
                recorded_at=now,
            )
        )
        written = review_of(body, sequence=stamp.sequence, reviewed_at=now)
        connection.execute(insert(case_review).values(**msgspec.to_builtins(written, builtin_types=(datetime,))))
    return written


def review_of(body: CaseReviewed, *, sequence: int, reviewed_at: datetime) -> Review:
    """Project one record of the centre's journal."""
    return Review(
        sequence=sequence,
        crossing_id=body.crossing_id,
        case_class=body.case_class,
        note=body.note,
        reviewer_ref=body.reviewer_ref,
        reviewed_at=reviewed_at,
    )


def reviews_of(connection: Connection, *, crossing_id: str) -> list[Review]:
    """Return a crossing's reviews, oldest first."""
    query = select(case_review).where(case_review.c.crossing_id == crossing_id).order_by(case_review.c.sequence)
    rows = connection.execute(query).mappings()
    # The driver's column names are a kind of str of their own, which msgspec does not take for keys.
    return [msgspec.convert({str(name): row[name] for name in row}, Review) for row in rows]


def journal_head(engine: Engine) -> ChainHead:
    """Return how far the centre's own journal has come."""
    with reading(engine) as connection:
        return _head(connection)


def _lock_head(connection: Connection) -> ChainHead:
    connection.execute(select(centre.c.only).with_for_update()).one()
    return _head(connection)


def _head(connection: Connection) -> ChainHead:
    newest = select(centre_journal.c.sequence, centre_journal.c.hash).order_by(centre_journal.c.sequence.desc())
    row = connection.execute(newest.limit(1)).one_or_none()
    return ChainHead() if row is None else ChainHead(sequence=row.sequence, hash=row.hash)
