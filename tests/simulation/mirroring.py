"""The edge's mirror of the centre's journal for a simulation: the real rows and cursor, without a gate around it."""

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import Engine

from checkpoint.store.mirror import MirrorEntry, MirrorHead, keep_entry, load_head, write_head
from checkpoint.store.writer import Transaction, Writer
from sync.exchange.ends import CentreRecord, MirrorPosition
from sync.exchange.envelope import decode_record
from sync.exchange.messages import DownAnswer


class SimulatedMirror:
    """Implements ``sync.exchange.ends.MirrorJournal``: one transaction for records and cursor."""

    def __init__(self, writer: Writer, *, readers: Engine, clock: Callable[[], datetime]) -> None:
        self._writer = writer
        self._readers = readers
        self._clock = clock

    def position(self) -> MirrorPosition:
        with self._readers.connect() as connection:
            head = load_head(connection)
        return MirrorPosition(
            incarnation=head.centre_incarnation,
            sequence=head.sequence,
            hash=head.hash,
            epoch=head.epoch,
            issued_at=head.issued_at,
        )

    def take(self, answer: DownAnswer, records: Sequence[CentreRecord]) -> None:
        now = self._clock()

        def keep(transaction: Transaction) -> None:
            for record in records:
                keep_entry(transaction, _entry(record), received_at=now)
            head = MirrorHead(
                centre_incarnation=answer.centre_incarnation,
                sequence=answer.last,
                hash=bytes.fromhex(answer.head_hash),
                epoch=answer.epoch,
                issued_at=answer.issued_at,
                answered_at=now,
            )
            write_head(transaction, head)

        self._writer.submit(keep).result()


def _entry(record: CentreRecord) -> MirrorEntry:
    envelope = decode_record(record.record)
    return MirrorEntry(
        centre_incarnation=record.incarnation,
        sequence=record.sequence,
        record_id=str(envelope.record_id),
        type=envelope.type,
        hash=record.hash,
        bytes=record.record,
    )
