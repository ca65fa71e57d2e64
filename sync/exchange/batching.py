"""Packing what the journal holds into bodies of one push, when asked or one batch ahead.

``JournalBatches`` packs when asked. ``BatchesAhead`` packs the batch that follows while the one before it
is in flight: on the wire there is still one at a time, and what was packed ahead is thrown away unless
that one was plainly accepted.
"""

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol

import msgspec

from sync.exchange.chain import ChainHead
from sync.exchange.ends import OutgoingJournal, OutgoingRecord
from sync.exchange.messages import BODY_LIMIT_BYTES, pack_batch


class OutgoingBatch(msgspec.Struct, frozen=True, kw_only=True):
    """Records ``first`` to ``last`` of one chain, packed. ``head_hash`` is the hash of the last, 32 raw bytes."""

    first: int
    last: int
    head_hash: bytes
    body: bytes


class BatchSource(Protocol):
    """Gives the batch that follows a place in a chain."""

    def batch_after(self, after: ChainHead, *, incarnation: int, limit: int) -> OutgoingBatch | None:
        """Return up to ``limit`` records after ``after``, or ``None`` if the journal no longer holds the next one."""

    def discard(self) -> None:
        """Forget what was packed ahead: the batch given last was not accepted."""


class JournalBatches:
    """Packs straight from the journal, in the caller's thread."""

    def __init__(self, journal: OutgoingJournal) -> None:
        """Read ``journal`` at each call."""
        self._journal = journal

    def batch_after(self, after: ChainHead, *, incarnation: int, limit: int) -> OutgoingBatch | None:
        """Take as many records as fit into one body; a single record always fits."""
        records = self._journal.pending_after(after.sequence, incarnation=incarnation, limit=limit)
        if not records or records[0].sequence != after.sequence + 1:
            return None
        return pack_records(records)

    def discard(self) -> None:
        """Nothing is packed ahead."""


class _Place(msgspec.Struct, frozen=True, kw_only=True):
    """What a batch was asked for by."""

    after: ChainHead
    incarnation: int
    limit: int


class BatchesAhead:
    """Packs the next batch on a thread of its own, as long as there is a backlog. For one caller's thread."""

    def __init__(self, source: BatchSource) -> None:
        """``source`` is asked in the caller's thread and in the one that packs ahead, one at a time."""
        self._source = source
        self._packer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="packing")
        self._ahead: tuple[_Place, Future[OutgoingBatch | None]] | None = None

    def batch_after(self, after: ChainHead, *, incarnation: int, limit: int) -> OutgoingBatch | None:
        """Return the batch packed ahead if it is the one asked for, else pack now; then begin with the next."""
        place = _Place(after=after, incarnation=incarnation, limit=limit)
        batch = self._packed(place) or self._source.batch_after(after, incarnation=incarnation, limit=limit)
        if batch is not None and batch.last - batch.first + 1 == limit:  # else the journal's end, or a smaller body
            following = ChainHead(sequence=batch.last, hash=batch.head_hash)
            self._ahead = (
                _Place(after=following, incarnation=incarnation, limit=limit),
                self._packer.submit(self._source.batch_after, following, incarnation=incarnation, limit=limit),
            )
        return batch

    def discard(self) -> None:
        """Forget what was packed ahead, once its packing has ended: the source serves one thread at a time."""
        ahead, self._ahead = self._ahead, None
        if ahead is not None:
            ahead[1].exception()

    def close(self) -> None:
        """End the thread that packs ahead, after what it packs now; nothing is asked for from here on."""
        self.discard()
        self._packer.shutdown(wait=True)

    def _packed(self, place: _Place) -> OutgoingBatch | None:
        """Take what was packed ahead for this very place; a fault of packing shows when it is packed anew."""
        ahead, self._ahead = self._ahead, None
        if ahead is None or ahead[1].exception() is not None or ahead[0] != place:
            return None
        return ahead[1].result()


def pack_records(records: Sequence[OutgoingRecord], *, limit_bytes: int = BODY_LIMIT_BYTES) -> OutgoingBatch:
    """Pack records with the keys of their episodes; halve the number until the body fits."""
    while True:
        keys = {entry.episode_key.episode_id: entry.episode_key for entry in records if entry.episode_key}
        body = pack_batch((entry.record for entry in records), episode_keys=keys.values())
        if len(body) <= limit_bytes or len(records) == 1:
            return OutgoingBatch(
                first=records[0].sequence, last=records[-1].sequence, head_hash=records[-1].hash, body=body
            )
        records = records[: len(records) // 2]
