"""The journal: the edge's records in order, chained by hash. Only ``append`` ever writes to it.

A chain belongs to one incarnation of this edge, and exactly one chain grows (``is_current``). The
sequence comes from its head row inside the transaction, never from a counter or a clock, so that a
rolled-back transaction leaves no gap. ``entry`` numbers all records of all chains in the order in
which they were written here: what is read locally never asks to which chain a record belongs.
"""

import secrets
import time
from collections.abc import Callable, Collection
from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import Connection, bindparam, select, text, update

from checkpoint.store.connection import StoreError
from checkpoint.store.express import is_urgent, note_urgent
from checkpoint.store.identity import clock_quality
from checkpoint.store.instants import to_text
from checkpoint.store.statements import compiled, insert_into
from checkpoint.store.tables import journal, journal_head
from checkpoint.store.writer import Growth, Transaction
from sync.agreement.identifiers import uuid7
from sync.agreement.records import RecordBody, TravellerIdentity
from sync.agreement.vocabulary import ClockQuality
from sync.exchange.chain import GENESIS_HASH, record_hash
from sync.exchange.envelope import RecordStamp, Sealing, encode_record
from sync.exchange.sealing import associated_bytes, seal

RandomBytes = Callable[[int], bytes]

# With the plus sign SQLite reads the few heads themselves, which are on one page, and not an index before them.
_CURRENT = text("+is_current = 1")
_READ_HEAD = compiled(
    select(journal_head.c.edge_id, journal_head.c.incarnation, journal_head.c.sequence, journal_head.c.hash).where(
        _CURRENT
    )
)
_WRITE_HEAD = compiled(
    update(journal_head)
    .where(journal_head.c.incarnation == bindparam("of_incarnation"))
    .values(sequence=bindparam("new_sequence"), hash=bindparam("new_hash"))
)
_CLOSE = compiled(update(journal_head).where(_CURRENT).values(is_current=bindparam("none_current")))
_APPEND = insert_into(journal, omitting=("entry",))
_START = insert_into(journal_head)
_HASH_AT = compiled(
    select(journal.c.hash).where(
        journal.c.incarnation == bindparam("of_incarnation"), journal.c.sequence == bindparam("of_sequence")
    )
)
_SEQUENCE_AT = compiled(select(journal.c.sequence).where(journal.c.entry == bindparam("entry")))


class IdentityMismatchError(StoreError):
    """The database belongs to another edge than the settings and the identity files; a person must look."""


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """When, where and by whom a record is made. Times are aware; ``monotonic_ns`` belongs to ``boot_id``."""

    observed_at: datetime
    recorded_at: datetime
    boot_id: str
    monotonic_ns: int
    clock_quality: ClockQuality
    lane_id: str | None = None
    officer_ref: str | None = None


def origin_of(clock: Callable[[], datetime], *, boot: str) -> Origin:
    """Say when and where a record is made that no officer makes: one about the journal itself."""
    at = clock()
    return Origin(
        observed_at=at,
        recorded_at=at,
        boot_id=boot,
        monotonic_ns=time.monotonic_ns(),
        clock_quality=clock_quality(),
    )


class SealedFor(msgspec.Struct, frozen=True, kw_only=True):
    """Who the record is about, and the key of the episode it is sealed with."""

    identity: TravellerIdentity
    episode_id: str
    episode_key: bytes


class Saved(msgspec.Struct, frozen=True, kw_only=True):
    """Where a record stands in the journal; shown to the officer only after the commit.

    ``sequence`` is its number in its chain, ``entry`` in the whole local journal (0 in what an older program kept).
    """

    sequence: int
    record_id: str
    recorded_at: datetime
    entry: int = 0


def start_journal(transaction: Transaction, *, edge_id: str, incarnation: int) -> bool:
    """Write the first head and return True, or check that the journal there is this edge's own."""
    head = transaction.execute(_READ_HEAD).fetchone()
    if head is None:
        open_chain(transaction, edge_id=edge_id, incarnation=incarnation)
        return True
    if head[0] != edge_id:
        msg = f"the database is that of {head[0]}, the settings say {edge_id}; give each edge a folder of its own"
        raise IdentityMismatchError(msg)
    return False


def open_chain(transaction: Transaction, *, edge_id: str, incarnation: int) -> None:
    """Close the chain that grew until now, if there is one, and begin an empty one that grows from here on."""
    transaction.execute(_CLOSE, {"none_current": 0})
    never = dict.fromkeys(("grant_bytes", "abandoned_after", "recovered_to", "abandoned_at"))
    row = {"incarnation": incarnation, "edge_id": edge_id, "sequence": 0, "hash": GENESIS_HASH, "is_current": 1}
    transaction.execute(_START, {**row, **never})


def current_head(transaction: Transaction) -> Growth | None:
    """Return where the growing chain stands, or ``None`` before there is one."""
    row = transaction.execute(_READ_HEAD).fetchone()
    return None if row is None else Growth(incarnation=row[1], sequence=row[2], hash=row[3])


def hash_in_chain(transaction: Transaction, *, incarnation: int, sequence: int) -> bytes | None:
    """Return the hash of one record of a chain, or ``None`` if it is not here."""
    row = transaction.execute(_HASH_AT, {"of_incarnation": incarnation, "of_sequence": sequence}).fetchone()
    return None if row is None else bytes(row[0])


def append(
    transaction: Transaction,
    body: RecordBody,
    *,
    origin: Origin,
    sealed_for: SealedFor | None = None,
    random_bytes: RandomBytes = secrets.token_bytes,
) -> Saved:
    """Write one record after the head, and move the head. Part of the caller's transaction."""
    edge_id, incarnation, sequence, previous_hash = transaction.execute(_READ_HEAD).fetchone()
    record_id = uuid7(origin.recorded_at, random_bytes)
    stamp = RecordStamp(
        record_id=record_id,
        edge_id=edge_id,
        incarnation=incarnation,
        sequence=sequence + 1,
        previous_hash=previous_hash,
        **msgspec.structs.asdict(origin),
    )
    ciphertext, sealing = _seal(sealed_for, record_id=record_id, edge_id=edge_id, random_bytes=random_bytes)
    record = encode_record(body, stamp=stamp, sealed=ciphertext, sealing=sealing)
    new_hash = record_hash(record)
    row = {
        "incarnation": incarnation,
        "sequence": sequence + 1,
        "record_id": str(record_id),
        "type": body.type_name,
        "hash": new_hash,
        "bytes": record,
        "recorded_at": to_text(origin.recorded_at),
    }
    entry = transaction.execute(_APPEND, row).lastrowid
    new_head = {"of_incarnation": incarnation, "new_sequence": sequence + 1, "new_hash": new_hash}
    transaction.execute(_WRITE_HEAD, new_head)
    if is_urgent(body):
        note_urgent(transaction, entry=entry, record_id=str(record_id))
    transaction.grow(Growth(incarnation=incarnation, sequence=sequence + 1, hash=new_hash))
    return Saved(sequence=sequence + 1, record_id=str(record_id), recorded_at=origin.recorded_at, entry=entry)


def sequence_at(transaction: Transaction, entry: int) -> int:
    """Return the number that a record has in its own chain."""
    sequence: int = transaction.execute(_SEQUENCE_AT, {"entry": entry}).fetchone()[0]
    return sequence


def sequences_at(connection: Connection, entries: Collection[int]) -> dict[int, int]:
    """Return the numbers that several records have in their chains, by entry."""
    columns = (journal.c.entry, journal.c.sequence)
    return {row.entry: row.sequence for row in connection.execute(select(*columns).where(journal.c.entry.in_(entries)))}


def _seal(
    sealed_for: SealedFor | None, *, record_id: UUID, edge_id: str, random_bytes: RandomBytes
) -> tuple[bytes | None, Sealing | None]:
    if sealed_for is None:
        return None, None
    sealed = seal(
        sealed_for.identity,
        episode_key=sealed_for.episode_key,
        associated=associated_bytes(str(record_id), edge_id=edge_id),
        random_bytes=random_bytes,
    )
    return sealed.ciphertext, Sealing(episode_id=sealed_for.episode_id, nonce=sealed.nonce)
