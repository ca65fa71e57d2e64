"""The journal as the uplink sees it: its chains, what of them the centre holds, and new incarnations.

Reads see committed entries only, over a reader's connection; whatever is kept goes through the one writer.
"""

import secrets
import threading
from collections.abc import Callable, Sequence
from datetime import datetime

import msgspec
from sqlalchemy import Connection, Engine, Row, bindparam, select
from sqlalchemy.dialects.sqlite import insert

from checkpoint.store.accounts import COMMIT_TIMEOUT_S
from checkpoint.store.express import forget_delivered, forget_taken
from checkpoint.store.incarnations import Adoption, begin_incarnation
from checkpoint.store.instants import from_optional_text, to_text
from checkpoint.store.journal import Origin, RandomBytes
from checkpoint.store.recovery import Notice, StartFinding, note_notice, read_finding, read_notices, recover_some
from checkpoint.store.statements import compiled
from checkpoint.store.tables import episode_key, express_pending, journal, journal_head, uplink_cursor
from checkpoint.store.unstated import local_chains, not_delivered
from checkpoint.store.witness import HeldHeads
from checkpoint.store.writer import Growth, Transaction, Writer
from sync.agreement.records import RecordRecovered
from sync.exchange.chain import ChainHead
from sync.exchange.ends import Abandonment, ChainAtCentre, Finding, OutgoingChain, OutgoingRecord
from sync.exchange.messages import IncarnationGrant, Receipt, RenewalReason, SignedHead
from sync.exchange.sealing import EpisodeKey

_CURSOR_COLUMNS = ("sequence", "bytes", "received_at")
_NOTE = compiled(
    insert(uplink_cursor)
    .values(dict.fromkeys(("incarnation", *_CURSOR_COLUMNS)))
    .on_conflict_do_update(
        index_elements=["incarnation"],
        set_={name: getattr(insert(uplink_cursor).excluded, name) for name in _CURSOR_COLUMNS},
    )
)
_RECORD = select(journal.c.sequence, journal.c.type, journal.c.bytes, journal.c.hash)
_CHAINS = compiled(
    select(journal_head, uplink_cursor.c.bytes.label("receipt_bytes"), uplink_cursor.c.received_at)
    .outerjoin(uplink_cursor, uplink_cursor.c.incarnation == journal_head.c.incarnation)
    .order_by(journal_head.c.incarnation)
)
_PENDING = (
    compiled(
        _RECORD.where(
            journal.c.incarnation == bindparam("of_incarnation"), journal.c.sequence > bindparam("after")
        ).order_by(journal.c.sequence)
    )
    + " LIMIT :most"
)
_URGENT = (
    compiled(
        _RECORD.join(express_pending, express_pending.c.entry == journal.c.entry).order_by(
            express_pending.c.entry.desc()
        )
    )
    + " LIMIT :most"
)
_HASH_AT = compiled(
    select(journal.c.hash).where(
        journal.c.incarnation == bindparam("of_incarnation"), journal.c.sequence == bindparam("of_sequence")
    )
)
_KEYS = select(episode_key.c.bytes).where(episode_key.c.crossing_id.in_(bindparam("wanted", expanding=True)))


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """How the records of this edge stand, each counted once: what the lane's screen tells.

    ``confirmed``: the centre's receipt covers them; ``recovered``: written in a chain that could not be
    delivered, and carried over into a newer one, where they count again; ``pending``: everything else.
    """

    incarnation: int
    head_sequence: int
    confirmed: int
    pending: int
    recovered: int
    last_receipt_at: datetime | None = None


class _Chain(msgspec.Struct, kw_only=True):
    """What is remembered of a chain; changed under the lock only."""

    sequence: int
    delivered: int
    abandoned_after: int | None = None
    recovered_to: int = 0

    @property
    def confirmed(self) -> int:
        return min(self.delivered, self.sequence) if self.abandoned_after is None else self.abandoned_after

    @property
    def recovered(self) -> int:
        return 0 if self.abandoned_after is None else self.recovered_to - self.abandoned_after


class StoredJournal:
    """``sync.exchange.ends.OutgoingJournal`` over the edge's database."""

    def __init__(
        self,
        writer: Writer,
        *,
        readers: Engine,
        origin: Callable[[], Origin],
        adoption: Adoption | None = None,
        random_bytes: RandomBytes = secrets.token_bytes,
    ) -> None:
        """Read through ``readers``; what is kept goes through the one writer.

        Without ``adoption`` no incarnation begins and no recovery goes on: a look from beside a running edge.
        """
        self._writer = writer
        self._readers = readers
        self._origin = origin
        self._adoption = adoption
        self._random_bytes = random_bytes
        self._heads = HeldHeads(writer, readers=readers)
        self._lock = threading.Lock()
        self._known: dict[int, _Chain] = {}
        self._current = 0
        self._last_receipt_at: datetime | None = None
        self._has_unfinished = False
        self._finding: StartFinding | None = None
        self._load()
        writer.on_growth(self._grow)

    def delivery(self) -> Delivery:
        """Say how the records stand, from memory: asked each time a screen is drawn."""
        with self._lock:
            chains = list(self._known.values())
            confirmed = sum(chain.confirmed for chain in chains)
            recovered = sum(chain.recovered for chain in chains)
            written = sum(chain.sequence for chain in chains)
            return Delivery(
                incarnation=self._current,
                head_sequence=self._known[self._current].sequence if self._current else 0,
                confirmed=confirmed,
                pending=written - confirmed - recovered,
                recovered=recovered,
                last_receipt_at=self._last_receipt_at,
            )

    def head(self) -> ChainHead:
        """Return the head of the chain that grows."""
        return self.chains()[-1].head

    def chains(self) -> Sequence[OutgoingChain]:
        """Return the chains by ascending incarnation; the last one is current.

        First finishes what a kill left undone of carrying an abandoned chain over.
        """
        if self._has_unfinished and self._adoption is not None:
            self._recover()
        with self._readers.connect() as connection:
            rows = connection.exec_driver_sql(_CHAINS).all()
            chains = [_as_chain(connection, row) for row in rows]
        return [chain for chain in chains if chain.is_current or chain.head.sequence]

    def pending_after(self, sequence: int, *, limit: int, incarnation: int | None = None) -> Sequence[OutgoingRecord]:
        """Return up to ``limit`` entries of a chain after ``sequence``, in order, without gaps."""
        wanted = self._current if incarnation is None else incarnation
        return self._records(_PENDING, {"of_incarnation": wanted, "after": sequence, "most": limit})

    def urgent(self, *, limit: int) -> Sequence[OutgoingRecord]:
        """Return up to ``limit`` records that the desk has not been told, newest first."""
        return self._records(_URGENT, {"most": limit})

    def hash_at(self, sequence: int, *, incarnation: int | None = None) -> bytes | None:
        """Return the hash of a chain's entry at ``sequence``, or ``None`` if there is none."""
        wanted = self._current if incarnation is None else incarnation
        with self._readers.connect() as connection:
            return _hash_at(connection, sequence, incarnation=wanted)

    def note_receipt(self, receipt: Receipt) -> None:
        """Keep the centre's last receipt of a chain durably; one of a new epoch may be lower."""
        row = {
            "incarnation": receipt.incarnation,
            "sequence": receipt.sequence,
            "bytes": msgspec.json.encode(receipt),
            "received_at": to_text(receipt.received_at),
        }

        def note(transaction: Transaction) -> None:
            transaction.execute(_NOTE, row)
            forget_delivered(transaction, incarnation=receipt.incarnation, sequence=receipt.sequence)

        self._writer.submit(note).result(COMMIT_TIMEOUT_S)
        with self._lock:
            self._last_receipt_at = receipt.received_at
            self._known[receipt.incarnation].delivered = receipt.sequence

    def note_express(self, record_ids: Sequence[str]) -> None:
        """Remember that the desk has these: ``urgent`` does not give them again."""
        if record_ids:
            self._writer.submit(lambda transaction: forget_taken(transaction, record_ids)).result(COMMIT_TIMEOUT_S)

    def note_ledger_head(self, head: SignedHead) -> None:
        """Keep a signed head of the centre's ledger; raises ``WitnessError`` if it denies an older one."""
        self._heads.note(head)

    def last_ledger_head(self) -> SignedHead | None:
        """Return the newest head kept."""
        return self._heads.last()

    def ledger_heads(self, *, limit: int) -> list[SignedHead]:
        """Return the newest heads kept, newest first."""
        return self._heads.newest(limit=limit)

    def finding(self) -> Finding | None:
        """Why a new incarnation is needed although nobody asked; ``None`` once it was adopted."""
        found = self._finding
        return None if found is None else Finding(reason=found.reason, high_water=found.high_water)

    def notice(self, kind: str, *, detail: dict[str, str | int]) -> None:
        """Keep something that a person should see; the same notice again changes nothing."""
        at = self._origin().recorded_at
        self._writer.submit(lambda t: note_notice(t, kind, detail=detail, at=at)).result(COMMIT_TIMEOUT_S)

    def notices(self, *, limit: int = 100) -> list[Notice]:
        """Return the newest notices about identity and centre, newest first."""
        with self._readers.connect() as connection:
            return read_notices(connection, limit=limit)

    def adopt(
        self,
        grant: IncarnationGrant,
        *,
        abandon: Sequence[Abandonment] = (),
        reason: RenewalReason,
        centre_sequence: int = 0,
        earlier: Sequence[ChainAtCentre] = (),
    ) -> None:
        """Begin the granted chain in one transaction, then carry over what is abandoned.

        The grant is kept in the identity files before, the incarnation after the commit; the next start
        heals whichever of them a kill left undone.
        """
        if self._adoption is not None:
            self._adoption.keep_grant(grant)

        def begin(transaction: Transaction) -> None:
            begin_incarnation(
                transaction,
                grant,
                abandon=abandon,
                reason=reason,
                centre_sequence=centre_sequence,
                earlier=earlier,
                unstated=None if self._adoption is None else self._adoption.unstated,
                origin=self._origin(),
                random_bytes=self._random_bytes,
            )

        self._writer.submit(begin).result(COMMIT_TIMEOUT_S)
        if self._adoption is not None:
            self._adoption.keep_incarnation(grant.incarnation)
        self._load()
        self._recover()

    def unstated(self) -> Sequence[OutgoingChain]:
        """Return the chains of whose loss no opening that is here tells; mostly there is none."""
        openings = () if self._adoption is None else self._adoption.unstated.read()
        if not openings:
            return ()
        chains = self._writer.submit(local_chains).result(COMMIT_TIMEOUT_S)
        left = not_delivered(openings, chains=chains, current=self._current)
        wanted = sorted({number for one in left for number in (one.previous, one.incarnation)})
        return [self._bare(number, sequence=chains.heads.get(number, 0)) for number in wanted]

    def _bare(self, incarnation: int, *, sequence: int) -> OutgoingChain:
        found = self.hash_at(sequence, incarnation=incarnation)
        head = ChainHead() if found is None else ChainHead(sequence=sequence, hash=found)
        return OutgoingChain(incarnation=incarnation, head=head, is_current=incarnation == self._current)

    def _recover(self) -> None:
        """Carry over abandoned chains, a few records a commit, so that no lane waits for it."""

        def some(transaction: Transaction) -> bool:
            return recover_some(transaction, origin=self._origin(), random_bytes=self._random_bytes)

        while self._writer.submit(some).result(COMMIT_TIMEOUT_S):
            pass
        self._load()

    def _load(self) -> None:
        """Read how the chains stand."""
        with self._readers.connect() as connection:
            rows = connection.exec_driver_sql(_CHAINS).all()
            found = read_finding(connection)
        received = [at for row in rows if (at := from_optional_text(row.received_at)) is not None]
        with self._lock:
            self._known = {row.incarnation: _as_known(row) for row in rows}
            self._current = next((row.incarnation for row in rows if row.is_current), 0)
            self._last_receipt_at = max(received, default=None)
            self._has_unfinished = any(row.abandoned_after is not None and row.abandoned_at is None for row in rows)
            self._finding = found

    def _grow(self, growth: Growth) -> None:
        """Follow each commit; on the writer's thread."""
        with self._lock:
            known = self._known.get(growth.incarnation)
            if known is None:
                self._known[growth.incarnation] = _Chain(sequence=growth.sequence, delivered=0)
                self._current = growth.incarnation
            else:
                known.sequence = growth.sequence

    def _records(self, statement: str, parameters: dict[str, int]) -> list[OutgoingRecord]:
        with self._readers.connect() as connection:
            rows = connection.exec_driver_sql(statement, parameters).all()
            episodes = [_episode_of(row) for row in rows]
            wanted = sorted({episode for episode in episodes if episode is not None})
            kept = connection.execute(_KEYS, {"wanted": wanted}) if wanted else ()
            keys = [msgspec.json.decode(row.bytes, type=EpisodeKey) for row in kept]
        by_episode = {key.episode_id: key for key in keys}
        return [
            OutgoingRecord(
                sequence=row.sequence,
                record=row.bytes,
                hash=row.hash,
                episode_key=None if episode is None else by_episode.get(episode),
            )
            for row, episode in zip(rows, episodes, strict=True)
        ]


class _Sealed(msgspec.Struct, frozen=True):
    episode_id: str


class _Sealing(msgspec.Struct, frozen=True):
    sealing: _Sealed | None = None


class _Original(msgspec.Struct, frozen=True):
    original: bytes


class _Carrying(msgspec.Struct, frozen=True):
    open: _Original


_SEALINGS = msgspec.json.Decoder(_Sealing)
_CARRYINGS = msgspec.json.Decoder(_Carrying)


def _episode_of(row: "Row[tuple[int, str, bytes, bytes]]") -> str | None:
    """Say whose key a record needs on its way; a record that was carried over needs that of its original."""
    record = row.bytes
    if row.type == RecordRecovered.type_name:
        record = _CARRYINGS.decode(record).open.original
    sealing = _SEALINGS.decode(record).sealing
    return None if sealing is None else sealing.episode_id


def _hash_at(connection: Connection, sequence: int, *, incarnation: int) -> bytes | None:
    place = {"of_incarnation": incarnation, "of_sequence": sequence}
    found: bytes | None = connection.exec_driver_sql(_HASH_AT, place).scalar_one_or_none()
    return found


def _as_known(row: "Row[tuple[object, ...]]") -> _Chain:
    receipt = _receipt_of(row)
    return _Chain(
        sequence=row.sequence,
        delivered=0 if receipt is None else receipt.sequence,
        abandoned_after=row.abandoned_after,
        recovered_to=row.recovered_to or 0,
    )


def _as_chain(connection: Connection, row: "Row[tuple[object, ...]]") -> OutgoingChain:
    head = ChainHead(sequence=row.sequence, hash=row.hash)
    if row.abandoned_after is not None and row.abandoned_after < row.sequence:
        known = _hash_at(connection, row.abandoned_after, incarnation=row.incarnation)
        head = ChainHead() if known is None else ChainHead(sequence=row.abandoned_after, hash=known)
    return OutgoingChain(
        incarnation=row.incarnation,
        head=head,
        receipt=_receipt_of(row),
        grant=None if row.grant_bytes is None else msgspec.json.decode(row.grant_bytes, type=IncarnationGrant),
        is_current=bool(row.is_current),
        is_abandoned=row.abandoned_after is not None,
    )


def _receipt_of(row: "Row[tuple[object, ...]]") -> Receipt | None:
    return None if row.receipt_bytes is None else msgspec.json.decode(row.receipt_bytes, type=Receipt)
