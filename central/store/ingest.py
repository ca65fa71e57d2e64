"""Taking a batch into the ledger: one transaction for ledger, crossings, counters and heads.

Order: lock the chain's head, tell known from new by hash, lock the ledger's head, project, write,
commit. Only then is there an answer. A record that cannot be projected is appended all the same. The
position in the ledger is dense, drawn from one locked row; every entry continues the ledger's own
hash chain, so that the order of arrival is as tamper-evident as each edge's journal.
"""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import islice

import msgspec
from sqlalchemy import Connection, Engine, bindparam, select, update
from sqlalchemy.exc import IntegrityError

from central.ledger import PLAUSIBLE_YEARS
from central.reception import ReceivedBatch, ReceivedRecord
from central.store.bulk import Row, RowWriter, insert_rows, together
from central.store.engine import writing
from central.store.gate_projection import forget_known_again, project_gate_records
from central.store.ground import Ground, survey
from central.store.handshakes import note_chain_news
from central.store.kept_keys import keep_keys
from central.store.months import make_months
from central.store.projection import Judgement, Projection, Sender, changes_of, new_crossings, write_changes
from central.store.provinces import project_provinces
from central.store.provisional import confirm_provisional
from central.store.tables import edge_head, ledger, ledger_head, record_quarantine, recovered_record
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
    sender: Sender
    cut_off_hour: int
    received_at: datetime


def append_batch(engine: Engine, *, ingest: Ingest) -> Appended:
    """Take a batch whole; raise ``GapError``, ``ForkError`` or ``RecordTakenError`` and write nothing."""
    make_months(engine, at=ingest.received_at)
    try:
        with writing(engine) as connection:
            return _append(connection, ingest=ingest)
    except IntegrityError as error:
        raise RecordTakenError from error


def _append(connection: Connection, *, ingest: Ingest) -> Appended:
    batch = ingest.batch
    ground = survey(connection, batch=batch, now=ingest.received_at)
    head = ground.head
    known = [received for received in batch.records if received.envelope.sequence <= head.sequence]
    fresh = batch.records[len(known) :]
    answers = _check_known(connection, known=known, head=head)
    position = 0
    if fresh:
        _check_continues(fresh[0], head=head)
        added, position = _add(connection, fresh=fresh, ground=ground, ingest=ingest)
        answers += added
        head = ChainHead(sequence=batch.last.envelope.sequence, hash=batch.last.hash)
        note_chain_news(connection, fresh)
    else:
        position = answers[-1].ledger_position
        keep_keys(connection, edge_id=batch.edge_id, keys=batch.episode_keys)
        forget_known_again(connection, known)
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


class _Entries:
    """The entries that records add to the ledger, made one after the other."""

    def __init__(self, ground: Ground, *, ingest: Ingest) -> None:
        """Go on after the ledger's last entry."""
        self.position, self.hash = ground.position, ground.hash
        self.projection = Projection(cut_off_hour=ingest.cut_off_hour, before=ground.before, originals=ground.originals)
        self.judgements: list[Judgement] = []
        self.of_gates: list[tuple[int, ReceivedRecord]] = []
        self._ingest = ingest

    def add(self, received: ReceivedRecord) -> Row:
        """Project one record, chain it, and return its row."""
        received_at = self._ingest.received_at
        judgement = self.projection.take(received, sender=self._ingest.sender)
        self.judgements.append(judgement)
        self.position += 1
        if len(self.projection.of_gates) > len(self.of_gates):
            self.of_gates.append((self.position, received))
        self.hash = ledger_hash(self.hash, position=self.position, record_hash=received.hash, received_at=received_at)
        place = (self.position, self.hash)
        return _ledger_row(received, judgement=judgement, place=place, received_at=received_at)


def _add(
    connection: Connection, *, fresh: Sequence[ReceivedRecord], ground: Ground, ingest: Ingest
) -> tuple[list[RecordAnswer], int]:
    """Project and append; return the answers and the ledger's new position.

    The server keeps the keys while the first half of the entries is made, inserts that half while the second is
    made, and the second while their crossings are made; while it inserts the crossings, all that is small is made.
    """
    batch, now = ingest.batch, ingest.received_at
    confirm_provisional(connection, fresh, waiting=ground.waiting, now=now)  # before the keys: see the order of locks
    entries, writer = _Entries(ground, ingest=ingest), RowWriter(connection, table=ledger)
    rows = map(entries.add, fresh)
    with together(connection):
        keep_keys(connection, edge_id=batch.edge_id, keys=batch.episode_keys)
        writer.add(islice(rows, len(fresh) // 2))
    with writer.sending():
        writer.add(rows)
        writer.send()
        crossings = new_crossings(connection, projection=entries.projection)
    with crossings.sending():
        changes = changes_of(entries.projection)
        answers = _answers(fresh, judgements=entries.judgements, after=ground.position)
    project_provinces(connection, entries.projection.reported)
    project_gate_records(connection, entries.of_gates, cut_off_hour=ingest.cut_off_hour)
    _hold(connection, fresh=fresh, judgements=entries.judgements, after=ground.position)
    with together(connection):
        write_changes(connection, changes)
        connection.execute(_MOVE_LEDGER, {"reached": entries.position, "chained": entries.hash})
        _move_head(connection, ingest=ingest)
    return answers, entries.position


def _answers(fresh: Sequence[ReceivedRecord], *, judgements: Sequence[Judgement], after: int) -> list[RecordAnswer]:
    return [
        RecordAnswer(sequence=received.envelope.sequence, disposition=judgement.disposition, ledger_position=position)
        for position, (received, judgement) in enumerate(zip(fresh, judgements, strict=True), start=after + 1)
    ]


_MOVE_LEDGER = update(ledger_head).values(position=bindparam("reached"), hash=bindparam("chained"))


def _ledger_row(
    received: ReceivedRecord, *, judgement: Judgement, place: tuple[int, bytes], received_at: datetime
) -> Row:
    envelope = received.envelope
    position, chained = place
    return (
        position,
        envelope.edge_id,
        envelope.incarnation,
        envelope.sequence,
        envelope.record_id,
        envelope.type,
        received.crossing_id,
        received.hash,
        received.record,
        received_at,
        judgement.disposition.value,
        chained,
    )


def _hold(
    connection: Connection, *, fresh: Sequence[ReceivedRecord], judgements: Sequence[Judgement], after: int
) -> None:
    """Write down which records were not projected and why, and which came inside another."""
    held, recovered = [], []
    for position, (received, judgement) in enumerate(zip(fresh, judgements, strict=True), start=after + 1):
        if judgement.reason:
            held.append((position, judgement.disposition.value, judgement.reason))
        if received.original is not None and judgement.disposition is not RecordDisposition.EXISTS:
            envelope = received.subject.envelope
            recovered.append((envelope.edge_id, envelope.record_id, position))
    insert_rows(connection, table=record_quarantine, rows=held)
    insert_rows(connection, table=recovered_record, rows=recovered)


_MOVE_HEAD = (
    update(edge_head)
    .where(edge_head.c.edge_id == bindparam("edge"), edge_head.c.incarnation == bindparam("chain"))
    .values(
        sequence=bindparam("reached"),
        hash=bindparam("chained"),
        last_receipt_at=bindparam("received"),
        last_observed_at=bindparam("observed"),
    )
)


def _move_head(connection: Connection, *, ingest: Ingest) -> None:
    last = ingest.batch.last
    observed_at = last.envelope.observed_at
    values = {
        "edge": ingest.batch.edge_id,
        "chain": ingest.batch.incarnation,
        "reached": last.envelope.sequence,
        "chained": last.hash,
        "received": ingest.received_at,
        "observed": observed_at if observed_at.year in PLAUSIBLE_YEARS else None,
    }
    connection.execute(_MOVE_HEAD, values)
