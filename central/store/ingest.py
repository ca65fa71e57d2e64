"""Taking a batch into the ledger: one transaction for ledger, crossings, counters and heads.

Order: lock the chain's head, tell known from new by hash, project, lock the ledger's head, write,
commit. Only then is there an answer. A record that cannot be projected is appended all the same. The
position in the ledger is dense, drawn from one locked row; every entry continues the ledger's own
hash chain, so that the order of arrival is as tamper-evident as each edge's journal.
"""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec
from sqlalchemy import Connection, Engine, select, update
from sqlalchemy.exc import IntegrityError

from central.ledger import PLAUSIBLE_YEARS
from central.reception import ReceivedBatch, ReceivedRecord
from central.store.bulk import Row, insert_missing_rows, insert_rows
from central.store.edges import note_contact
from central.store.engine import writing
from central.store.projection import Judgement, Projection, read_states, write_projection
from central.store.tables import edge_head, episode_key, ledger, ledger_head, record_quarantine
from sync.agreement.vocabulary import RecordDisposition
from sync.exchange.chain import ChainHead
from sync.exchange.messages import RecordAnswer

_LEDGER_TAG = b"kiemdich/ledger/v1\x00"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class GapError(Exception):
    """Records are missing before this batch; ``head`` says where to go on. Nothing was written."""

    def __init__(self, head: ChainHead) -> None:
        """Keep the head that the edge must resume from."""
        self.head = head
        super().__init__(f"the chain stands at {head.sequence}")


class ForkError(Exception):
    """The edge sends another history than the one it sent before; nothing was overwritten."""

    def __init__(self, *, sequence: int, expected: bytes, found: bytes, head: ChainHead) -> None:
        """Keep both hashes for the alarm."""
        self.sequence = sequence
        self.expected = expected
        self.found = found
        self.head = head
        super().__init__(f"two different records claim sequence {sequence}")


class RecordTakenError(Exception):
    """A record identifier of this batch is already in the ledger under another position."""


class Appended(msgspec.Struct, frozen=True, kw_only=True):
    """The result of a push: the chain's head, the ledger's position, and each record's answer."""

    head: ChainHead
    ledger_position: int
    answers: tuple[RecordAnswer, ...]


def ledger_hash(previous: bytes, *, position: int, record_hash: bytes, received_at: datetime) -> bytes:
    """Return the hash that chains one ledger entry to the one before: what arrived, when, in what order."""
    received_us = (received_at - _EPOCH) // _MICROSECOND
    numbers = position.to_bytes(8, "big") + received_us.to_bytes(8, "big", signed=True)
    return hashlib.sha256(_LEDGER_TAG + previous + numbers + record_hash).digest()


_MICROSECOND = datetime.resolution


class Ingest(msgspec.Struct, frozen=True, kw_only=True):
    """One batch and what the store needs to know to take it."""

    batch: ReceivedBatch
    point_of_entry_id: str
    cut_off_hour: int
    received_at: datetime


def append_batch(engine: Engine, *, ingest: Ingest) -> Appended:
    """Take a batch whole; raise ``GapError``, ``ForkError`` or ``RecordTakenError`` and write nothing."""
    try:
        with writing(engine) as connection:
            return _append(connection, ingest=ingest)
    except IntegrityError:
        # Two edges opened the same crossing at the same moment: a second look finds it stored.
        return _append_again(engine, ingest=ingest)


def _append_again(engine: Engine, *, ingest: Ingest) -> Appended:
    try:
        with writing(engine) as connection:
            return _append(connection, ingest=ingest)
    except IntegrityError as error:
        raise RecordTakenError from error


def _append(connection: Connection, *, ingest: Ingest) -> Appended:
    batch = ingest.batch
    head = note_contact(connection, edge_id=batch.edge_id, incarnation=batch.incarnation, now=ingest.received_at)
    known = [received for received in batch.records if received.envelope.sequence <= head.sequence]
    fresh = batch.records[len(known) :]
    answers = _check_known(connection, known=known, head=head)
    position = 0
    if fresh:
        _check_continues(fresh[0], head=head)
        added, position = _add(connection, fresh=fresh, ingest=ingest)
        answers += added
        head = ChainHead(sequence=batch.last.envelope.sequence, hash=batch.last.hash)
        _move_head(connection, head=head, ingest=ingest)
    else:
        position = answers[-1].ledger_position
    _keep_keys(connection, batch=batch)
    return Appended(head=head, ledger_position=position, answers=tuple(answers))


def _check_known(connection: Connection, *, known: Sequence[ReceivedRecord], head: ChainHead) -> list[RecordAnswer]:
    """Compare what was sent before with what is stored: the same is fine, another hash is a fork."""
    if not known:
        return []
    first = known[0].envelope
    stored = connection.execute(
        select(ledger.c.sequence, ledger.c.hash, ledger.c.position)
        .where(ledger.c.edge_id == first.edge_id, ledger.c.incarnation == first.incarnation)
        .where(ledger.c.sequence.between(first.sequence, known[-1].envelope.sequence))
        .order_by(ledger.c.sequence)
    ).all()
    answers = []
    for received, row in zip(known, stored, strict=True):
        if received.hash != row.hash:
            raise ForkError(sequence=row.sequence, expected=row.hash, found=received.hash, head=head)
        answers.append(
            RecordAnswer(sequence=row.sequence, disposition=RecordDisposition.EXISTS, ledger_position=row.position)
        )
    return answers


def _check_continues(first: ReceivedRecord, *, head: ChainHead) -> None:
    if first.envelope.sequence != head.sequence + 1:
        raise GapError(head)
    found = bytes.fromhex(first.envelope.previous_hash)
    if found != head.hash:
        raise ForkError(sequence=head.sequence, expected=head.hash, found=found, head=head)


def _add(connection: Connection, *, fresh: Sequence[ReceivedRecord], ingest: Ingest) -> tuple[list[RecordAnswer], int]:
    """Project and append; return the answers and the ledger's new position."""
    before = read_states(connection, records=fresh)
    projection = Projection(cut_off_hour=ingest.cut_off_hour, before=before)
    judgements = [projection.take(received, point_of_entry_id=ingest.point_of_entry_id) for received in fresh]
    position, previous = connection.execute(_LOCK_LEDGER).one()
    rows: list[Row] = []
    for received, judgement in zip(fresh, judgements, strict=True):
        position += 1
        previous = ledger_hash(previous, position=position, record_hash=received.hash, received_at=ingest.received_at)
        rows.append(_ledger_row(received, judgement=judgement, place=(position, previous), ingest=ingest))
    insert_rows(connection, table=ledger, rows=rows)
    _quarantine(connection, rows=rows, judgements=judgements)
    write_projection(connection, projection=projection)
    connection.execute(update(ledger_head).values(position=position, hash=previous))
    answers = [
        RecordAnswer(sequence=row[3], disposition=judgement.disposition, ledger_position=row[0])
        for row, judgement in zip(rows, judgements, strict=True)
    ]
    return answers, position


_LOCK_LEDGER = select(ledger_head.c.position, ledger_head.c.hash).with_for_update()


def _ledger_row(received: ReceivedRecord, *, judgement: Judgement, place: tuple[int, bytes], ingest: Ingest) -> Row:
    envelope = received.envelope
    position, chained = place
    return (
        position,
        envelope.edge_id,
        envelope.incarnation,
        envelope.sequence,
        envelope.record_id,
        envelope.type,
        received.body.crossing_id if received.body is not None else None,
        received.hash,
        received.record,
        ingest.received_at,
        judgement.disposition.value,
        chained,
    )


def _quarantine(connection: Connection, *, rows: Sequence[Row], judgements: Sequence[Judgement]) -> None:
    held = [
        (row[0], judgement.disposition.value, judgement.reason)
        for row, judgement in zip(rows, judgements, strict=True)
        if judgement.reason
    ]
    insert_rows(connection, table=record_quarantine, rows=held)


def _move_head(connection: Connection, *, head: ChainHead, ingest: Ingest) -> None:
    batch = ingest.batch
    observed_at = batch.last.envelope.observed_at
    connection.execute(
        update(edge_head)
        .where(edge_head.c.edge_id == batch.edge_id, edge_head.c.incarnation == batch.incarnation)
        .values(
            sequence=head.sequence,
            hash=head.hash,
            last_receipt_at=ingest.received_at,
            last_observed_at=observed_at if observed_at.year in PLAUSIBLE_YEARS else None,
        )
    )


def _keep_keys(connection: Connection, *, batch: ReceivedBatch) -> None:
    rows = [
        (batch.edge_id, key.episode_id, recipient, wrapped)
        for key in batch.episode_keys
        for recipient, wrapped in key.wrapped.items()
    ]
    insert_missing_rows(connection, table=episode_key, rows=rows)
