"""The journal as the uplink sees it: committed entries only, over a reader's connection."""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from sqlalchemy import Engine, select
from sqlalchemy.dialects.sqlite import insert

from checkpoint.store.accounts import COMMIT_TIMEOUT_S
from checkpoint.store.instants import from_optional_text, to_text
from checkpoint.store.statements import compiled
from checkpoint.store.tables import episode_key, journal, journal_head, uplink_cursor
from checkpoint.store.writer import Writer
from sync.exchange.chain import ChainHead
from sync.exchange.messages import Receipt
from sync.exchange.sealing import EpisodeKey
from sync.exchange.uplink import OutgoingRecord

_CURSOR_COLUMNS = ("sequence", "bytes", "received_at")
_NOTE = compiled(
    insert(uplink_cursor)
    .values(dict.fromkeys(("only", *_CURSOR_COLUMNS)))
    .on_conflict_do_update(
        index_elements=["only"],
        set_={name: getattr(insert(uplink_cursor).excluded, name) for name in _CURSOR_COLUMNS},
    )
)


class _Sealed(msgspec.Struct, frozen=True):
    episode_id: str


class _Envelope(msgspec.Struct, frozen=True):
    sealing: _Sealed | None = None


_SEALINGS = msgspec.json.Decoder(_Envelope)


class StoredJournal:
    """``sync.exchange.uplink.OutgoingJournal`` over the edge's database."""

    def __init__(self, writer: Writer, *, readers: Engine) -> None:
        """Read through ``readers``; the receipt goes through the one writer."""
        self._writer = writer
        self._readers = readers
        self.last_receipt_at: datetime | None = None
        self.delivered_sequence = 0
        self._load_cursor()

    def head(self) -> ChainHead:
        """Return the journal's own head."""
        with self._readers.connect() as connection:
            row = connection.execute(select(journal_head.c.sequence, journal_head.c.hash)).one()
        return ChainHead(sequence=row.sequence, hash=row.hash)

    def pending_after(self, sequence: int, *, limit: int) -> Sequence[OutgoingRecord]:
        """Return up to ``limit`` entries after ``sequence``, in order, without gaps."""
        statement = (
            select(journal.c.sequence, journal.c.bytes, journal.c.hash)
            .where(journal.c.sequence > sequence)
            .order_by(journal.c.sequence)
            .limit(limit)
        )
        with self._readers.connect() as connection:
            rows = connection.execute(statement).all()
            sealed_in = {row.sequence: _SEALINGS.decode(row.bytes).sealing for row in rows}
            wanted = [sealing.episode_id for sealing in sealed_in.values() if sealing is not None]
            kept = connection.execute(select(episode_key.c.bytes).where(episode_key.c.crossing_id.in_(wanted)))
            keys = [msgspec.json.decode(row.bytes, type=EpisodeKey) for row in kept]
        by_episode = {key.episode_id: key for key in keys}
        return [
            OutgoingRecord(
                sequence=row.sequence,
                record=row.bytes,
                hash=row.hash,
                episode_key=by_episode.get(sealing.episode_id) if (sealing := sealed_in[row.sequence]) else None,
            )
            for row in rows
        ]

    def hash_at(self, sequence: int) -> bytes | None:
        """Return the hash of the entry at ``sequence``, or ``None`` if there is none."""
        with self._readers.connect() as connection:
            found: bytes | None = connection.execute(
                select(journal.c.hash).where(journal.c.sequence == sequence)
            ).scalar_one_or_none()
        return found

    def note_receipt(self, receipt: Receipt) -> None:
        """Keep the centre's receipt durably."""
        row = {
            "only": 1,
            "sequence": receipt.sequence,
            "bytes": msgspec.json.encode(receipt),
            "received_at": to_text(receipt.received_at),
        }
        self._writer.submit(lambda transaction: transaction.execute(_NOTE, row).rowcount).result(COMMIT_TIMEOUT_S)
        self.delivered_sequence = receipt.sequence
        self.last_receipt_at = receipt.received_at

    def _load_cursor(self) -> None:
        """Find what the centre's last receipt said, if there is one."""
        with self._readers.connect() as connection:
            row = connection.execute(select(uplink_cursor.c.sequence, uplink_cursor.c.received_at)).first()
        if row is not None:
            self.delivered_sequence = row.sequence
            self.last_receipt_at = from_optional_text(row.received_at)
