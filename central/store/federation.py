"""What a province sends to the national centre: a journal of its own, carried by the same uplink as an edge's.

It holds aggregates and de-identified cases only, never a record of an edge. ``source`` names what a
record was made from (a report's revision, a review), so that everything is sent once however often the
look is repeated. ``FederationJournal`` is ``sync.exchange.ends.OutgoingJournal`` over these tables.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TypeVar
from uuid import UUID

import msgspec
from sqlalchemy import Connection, Engine, insert, select, update

from central.store.bulk import insert_missing_rows
from central.store.centre_journal import stamp_of
from central.store.engine import reading, writing
from central.store.tables import federation_chain, federation_journal, federation_notice
from sync.agreement.records import RecordBody, RecordRecovered
from sync.exchange.chain import GENESIS_HASH, ChainHead, record_hash
from sync.exchange.ends import Abandonment, ChainAtCentre, Finding, OutgoingChain, OutgoingRecord
from sync.exchange.envelope import encode_record
from sync.exchange.messages import IncarnationGrant, Receipt, RenewalReason, SignedHead, check_witness

_T = TypeVar("_T")
_FIRST = 1
_HEAD_NOTICE = "ledger_head"


class FederationJournal:
    """One province's outgoing chains; each call is one transaction."""

    def __init__(self, engine: Engine, *, edge_id: str, clock: Callable[[], datetime]) -> None:
        """``edge_id`` is what the national centre calls this province."""
        self._engine = engine
        self._edge_id = edge_id
        self._clock = clock

    def add(self, bodies: Mapping[str, RecordBody]) -> int:
        """Append what was not sent yet, by its source; return how many records are new."""
        with writing(self._engine) as connection:
            incarnation, head = _lock(connection)
            known = _known_sources(connection, sources=bodies)
            fresh = [(source, body) for source, body in bodies.items() if source not in known]
            for source, body in fresh:
                head = self._append(connection, body, after=head, incarnation=incarnation, source=source)
        return len(fresh)

    def chains(self) -> Sequence[OutgoingChain]:
        """Return the chains by ascending incarnation; an abandoned one ends where it is known to be held."""
        with reading(self._engine) as connection:
            rows = connection.execute(select(federation_chain).order_by(federation_chain.c.incarnation)).all()
            found = [
                OutgoingChain(
                    incarnation=row.incarnation,
                    head=_head_at(connection, row.incarnation, sequence=row.known_sequence)
                    if row.known_sequence is not None
                    else ChainHead(sequence=row.sequence, hash=row.hash),
                    receipt=_decoded(row.receipt, Receipt),
                    grant=_decoded(row.issued_grant, IncarnationGrant),
                    is_current=row.is_current,
                    is_abandoned=row.known_sequence is not None,
                )
                for row in rows
            ]
        return [chain for chain in found if chain.is_current or chain.head.sequence] or [_EMPTY]

    def pending_after(self, sequence: int, *, incarnation: int, limit: int) -> Sequence[OutgoingRecord]:
        """Return up to ``limit`` entries of a chain after ``sequence``."""
        query = (
            select(federation_journal.c.sequence, federation_journal.c.bytes, federation_journal.c.hash)
            .where(federation_journal.c.incarnation == incarnation, federation_journal.c.sequence > sequence)
            .order_by(federation_journal.c.sequence)
            .limit(limit)
        )
        with reading(self._engine) as connection:
            return [
                OutgoingRecord(sequence=row.sequence, record=row.bytes, hash=row.hash)
                for row in connection.execute(query)
            ]

    def hash_at(self, sequence: int, *, incarnation: int) -> bytes | None:
        """Return the hash of an entry, or ``None``."""
        with reading(self._engine) as connection:
            head = _head_at(connection, incarnation, sequence=sequence)
        return head.hash if head.sequence == sequence and sequence else None

    def note_receipt(self, receipt: Receipt) -> None:
        """Keep the last receipt of its chain."""
        with writing(self._engine) as connection:
            _lock(connection)
            connection.execute(
                update(federation_chain)
                .where(federation_chain.c.incarnation == receipt.incarnation)
                .values(receipt=msgspec.json.encode(receipt))
            )

    def note_ledger_head(self, head: SignedHead) -> None:
        """Keep a signed head of the national ledger; raise ``WitnessError`` if it contradicts the last one."""
        check_witness(head, held=self.last_ledger_head())
        self._note(_HEAD_NOTICE, detail=msgspec.json.encode(head).decode())

    def last_ledger_head(self) -> SignedHead | None:
        """Return the newest signed head kept."""
        query = (
            select(federation_notice.c.detail)
            .where(federation_notice.c.kind == _HEAD_NOTICE)
            .order_by(federation_notice.c.noticed_at.desc())
            .limit(1)
        )
        with reading(self._engine) as connection:
            kept = connection.execute(query).scalar_one_or_none()
        return None if kept is None else msgspec.json.decode(kept, type=SignedHead)

    def adopt(
        self,
        grant: IncarnationGrant,
        *,
        abandon: Sequence[Abandonment],
        reason: RenewalReason,
        centre_sequence: int,
        earlier: Sequence[ChainAtCentre] = (),
    ) -> None:
        """Begin the granted chain and re-enter into it what cannot be delivered under its own name."""
        del reason, centre_sequence, earlier
        with writing(self._engine) as connection:
            _lock(connection)
            connection.execute(update(federation_chain).values(is_current=False))
            row = {"sequence": 0, "hash": GENESIS_HASH, "is_current": True, "issued_grant": msgspec.json.encode(grant)}
            connection.execute(insert(federation_chain).values(incarnation=grant.incarnation, **row))
            head = ChainHead()
            for left in abandon:
                head = self._re_enter(connection, left, after=head, incarnation=grant.incarnation)

    def unstated(self) -> Sequence[OutgoingChain]:
        """Return no chain: a province states no loss, its national head tells what is missing."""
        return ()

    def finding(self) -> Finding | None:
        """A province's chain lies in its database with everything else: the national head tells a restore."""
        return None

    def urgent(self, *, limit: int) -> Sequence[OutgoingRecord]:
        """Return nothing: a province has nothing that may not wait for its turn."""
        del limit
        return ()

    def note_express(self, record_ids: Sequence[str]) -> None:
        """Nothing was expressed."""

    def notice(self, kind: str, *, detail: dict[str, str | int]) -> None:
        """Keep something that a person should see, once."""
        self._note(kind, detail=msgspec.json.encode(detail, order="sorted").decode())

    def _note(self, kind: str, *, detail: str) -> None:
        with writing(self._engine) as connection:
            insert_missing_rows(connection, table=federation_notice, rows=[(kind, detail, self._clock())])

    def _re_enter(self, connection: Connection, left: Abandonment, *, after: ChainHead, incarnation: int) -> ChainHead:
        query = (
            select(federation_journal.c.sequence, federation_journal.c.bytes)
            .where(federation_journal.c.incarnation == left.incarnation)
            .where(federation_journal.c.sequence > left.last_known_sequence)
            .order_by(federation_journal.c.sequence)
        )
        for sequence, record in connection.execute(query).all():
            body = RecordRecovered(
                original_incarnation=left.incarnation, original_sequence=sequence, original=bytes(record)
            )
            after = self._append(connection, body, after=after, incarnation=incarnation, source=None)
        connection.execute(
            update(federation_chain)
            .where(federation_chain.c.incarnation == left.incarnation)
            .values(known_sequence=left.last_known_sequence)
        )
        return after

    def _append(
        self, connection: Connection, body: RecordBody, *, after: ChainHead, incarnation: int, source: str | None
    ) -> ChainHead:
        now = self._clock()
        stamp = stamp_of(self._edge_id, incarnation=incarnation, after=after, now=now)
        record = encode_record(body, stamp=stamp)
        head = ChainHead(sequence=stamp.sequence, hash=record_hash(record))
        connection.execute(
            insert(federation_journal).values(
                incarnation=incarnation,
                sequence=head.sequence,
                record_id=UUID(str(stamp.record_id)),
                source=source,
                hash=head.hash,
                bytes=record,
            )
        )
        moved = update(federation_chain).where(federation_chain.c.incarnation == incarnation)
        connection.execute(moved.values(sequence=head.sequence, hash=head.hash))
        return head


_EMPTY = OutgoingChain(incarnation=_FIRST, head=ChainHead())


def _lock(connection: Connection) -> tuple[int, ChainHead]:
    """Hold the current chain's row until the commit; it is made with the first record."""
    insert_missing_rows(connection, table=federation_chain, rows=[(_FIRST, 0, GENESIS_HASH, True, None, None, None)])
    query = select(federation_chain).where(federation_chain.c.is_current).with_for_update()
    row = connection.execute(query).one_or_none()
    if row is None:
        msg = "no chain of the federation is current"
        raise LookupError(msg)
    return int(row.incarnation), ChainHead(sequence=row.sequence, hash=row.hash)


def _known_sources(connection: Connection, *, sources: Mapping[str, RecordBody]) -> set[str]:
    query = select(federation_journal.c.source).where(federation_journal.c.source.in_(list(sources)))
    return {str(source) for source in connection.execute(query).scalars()}


def _head_at(connection: Connection, incarnation: int, *, sequence: int) -> ChainHead:
    query = select(federation_journal.c.hash).where(
        federation_journal.c.incarnation == incarnation, federation_journal.c.sequence == sequence
    )
    found = connection.execute(query).scalar_one_or_none()
    return ChainHead() if found is None else ChainHead(sequence=sequence, hash=bytes(found))


def _decoded(content: bytes | None, kind: type[_T]) -> _T | None:
    return None if content is None else msgspec.json.decode(content, type=kind)
