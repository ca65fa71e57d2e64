"""Signed heads: what the ledger and the centre's own journal were at a moment, for others to keep.

Before a head is signed, every row since the last one is read again and its hashes are made anew: a
program that signs what it has not verified signs a forgery. A head is never changed or deleted; the
edges that hold one, and the printed reports, are the witnesses of this ledger.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from sqlalchemy import Connection, Engine, Row, Select, bindparam, func, select

from central.store.bulk import insert_missing_rows
from central.store.centre_journal import hash_at, head_of
from central.store.engine import reading, writing
from central.store.epochs import Epoch, epoch_of, number_in
from central.store.ingest import ledger_hash
from central.store.tables import centre, centre_journal, ledger, ledger_head, signed_head
from sync.exchange.chain import GENESIS_HASH, ChainHead, record_hash
from sync.exchange.messages import SignedHead

_ROWS_AT_ONCE = 2000
ROWS_PER_LOOK = 250_000
"""How far one look goes on: a great backlog is signed in several heads, each a minute after the other."""


class RewrittenError(Exception):
    """A row since the last signed head is not what it was: nothing may be signed until a person has looked."""

    def __init__(self, *, table: str, position: int, expected: bytes, found: bytes) -> None:
        """Name the row and both hashes."""
        self.table = table
        self.position = position
        self.expected = expected
        self.found = found
        super().__init__(f"{table} {position}: expected {expected.hex()}, found {found.hex()}")


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """What was read again and found whole; ``is_news`` tells whether it goes beyond the last signed head."""

    epoch: Epoch
    position: int
    hash: bytes
    centre_head: ChainHead
    is_news: bool


class Contradiction(msgspec.Struct, frozen=True, kw_only=True):
    """A signed head that the ledger or the journal contradicts; hashes are hex, empty where there is nothing."""

    table: str
    position: int
    expected: str
    found: str


class Witness(msgspec.Struct, frozen=True, kw_only=True):
    """The result of holding signed heads against the ledger.

    ``of_lost_lives`` counts heads of an epoch that ended with a restore, from beyond what the backup held.
    """

    compared: int
    of_lost_lives: int
    contradiction: Contradiction | None = None


class Witnesses:
    """The table ``signed_head``; each call is one transaction."""

    def __init__(self, engine: Engine) -> None:
        """Over an opened, migrated database."""
        self._engine = engine

    def check(self, *, limit: int = ROWS_PER_LOOK) -> Checked:
        """Read the rows since the last signed head again; raise ``RewrittenError``."""
        with reading(self._engine) as connection:
            epoch = epoch_of(connection.execute(select(centre)).one())
            start = _last_of_any(connection)
            position, reached = _follow_ledger(connection, start=start, limit=limit)
            centre_head = _follow_journal(connection, epoch=epoch)
            newest = newest_of(connection, epoch=epoch.name)
            signed = None if newest is None else (newest.position, newest.centre_sequence)
        return Checked(
            epoch=epoch,
            position=position,
            hash=reached,
            centre_head=centre_head,
            is_news=signed != (position, centre_head.sequence),
        )

    def add(self, head: SignedHead) -> None:
        """Keep a head; one for the same epoch and places is kept once."""
        row = (
            head.epoch,
            head.position,
            head.centre_sequence,
            bytes.fromhex(head.hash),
            bytes.fromhex(head.centre_hash),
            head.issued_at,
            head.signature,
        )
        with writing(self._engine) as connection:
            insert_missing_rows(connection, table=signed_head, rows=[row])

    def newest(self, epoch: str) -> SignedHead | None:
        """Return the newest head of an epoch."""
        with reading(self._engine) as connection:
            return newest_of(connection, epoch=epoch)

    def every(self) -> Iterator[SignedHead]:
        """Give every head that was ever signed here, oldest first."""
        query = select(signed_head).order_by(signed_head.c.issued_at).execution_options(yield_per=_ROWS_AT_ONCE)
        with reading(self._engine) as connection, connection.execute(query) as rows:
            for row in rows:
                yield _head_of(row)

    def stored_contradiction(self) -> Contradiction | None:
        """Return the first head in the table that the ledger or the centre's journal contradicts."""
        with reading(self._engine) as connection:
            row = connection.execute(_NOT_IN_LEDGER).one_or_none()
            epochs = connection.execute(select(signed_head.c.epoch).distinct()).scalars().all()
            for epoch in epochs if row is None else ():
                query = _not_in_journal(epoch)
                row = row or connection.execute(query).one_or_none()
            return None if row is None else contradiction_of(connection, _head_of(row))

    def compare(self, heads: Iterable[SignedHead]) -> Witness:
        """Hold heads whose signatures are known to be ours against what is stored now."""
        compared = lost = 0
        with reading(self._engine) as connection:
            epoch = epoch_of(connection.execute(select(centre)).one())
            for head in heads:
                if is_of_lost_life(head, epoch=epoch):
                    lost += 1
                    continue
                compared += 1
                found = contradiction_of(connection, head)
                if found is not None:
                    return Witness(compared=compared, of_lost_lives=lost, contradiction=found)
        return Witness(compared=compared, of_lost_lives=lost)


_NEWEST = (
    select(signed_head)
    .where(signed_head.c.epoch == bindparam("of_epoch"))
    .order_by(signed_head.c.position.desc(), signed_head.c.centre_sequence.desc())
    .limit(1)
)
_NOT_IN_LEDGER = (
    select(signed_head)
    .outerjoin(ledger, (ledger.c.position == signed_head.c.position) & (ledger.c.ledger_hash == signed_head.c.hash))
    .where(signed_head.c.position > 0, ledger.c.position.is_(None))
    .order_by(signed_head.c.position)
    .limit(1)
)


def _not_in_journal(epoch: str) -> Select[Any]:
    """Find the first head of an epoch that names a record which the centre's own journal does not hold."""
    is_kept = (
        (centre_journal.c.incarnation == number_in(epoch))
        & (centre_journal.c.sequence == signed_head.c.centre_sequence)
        & (centre_journal.c.hash == signed_head.c.centre_hash)
    )
    return (
        select(signed_head)
        .outerjoin(centre_journal, is_kept)
        .where(signed_head.c.epoch == epoch, signed_head.c.centre_sequence > 0, centre_journal.c.sequence.is_(None))
        .order_by(signed_head.c.centre_sequence)
        .limit(1)
    )


def is_of_lost_life(head: SignedHead, *, epoch: Epoch) -> bool:
    """Whether a head speaks of records that a restored backup did not hold: known to be lost, and re-sent."""
    return head.epoch != epoch.name and number_in(head.epoch) < epoch.number and head.position > epoch.position


def contradiction_of(connection: Connection, head: SignedHead) -> Contradiction | None:
    """Return what in the ledger or the centre's journal cannot be if this head is true."""
    expected: bytes | None = GENESIS_HASH
    if head.position:
        query = select(ledger.c.ledger_hash).where(ledger.c.position == head.position)
        expected = connection.execute(query).scalar_one_or_none()
    if expected is None or bytes(expected).hex() != head.hash:
        return Contradiction(
            table="ledger", position=head.position, expected=head.hash, found=bytes(expected or b"").hex()
        )
    own: bytes | None = GENESIS_HASH
    if head.centre_sequence:
        own = hash_at(connection, head.centre_sequence, incarnation=number_in(head.epoch))
    if own is None or own.hex() != head.centre_hash:
        return Contradiction(
            table="centre_journal",
            position=head.centre_sequence,
            expected=head.centre_hash,
            found=(own or b"").hex(),
        )
    return None


def newest_of(connection: Connection, *, epoch: str) -> SignedHead | None:
    """Return the newest head of an epoch, inside the caller's transaction."""
    row = connection.execute(_NEWEST, {"of_epoch": epoch}).one_or_none()
    return None if row is None else _head_of(row)


def _head_of(row: Row[Any]) -> SignedHead:
    return SignedHead(
        epoch=row.epoch,
        position=row.position,
        hash=bytes(row.hash).hex(),
        centre_sequence=row.centre_sequence,
        centre_hash=bytes(row.centre_hash).hex(),
        issued_at=row.issued_at,
        signature=row.signature,
    )


def _last_of_any(connection: Connection) -> ChainHead:
    """Return how far the ledger was signed, in whichever epoch: up to there it was verified then."""
    reached = connection.execute(select(func.max(signed_head.c.position))).scalar_one() or 0
    if not reached:
        return ChainHead()
    query = select(signed_head.c.hash).where(signed_head.c.position == reached).limit(1)
    return ChainHead(sequence=reached, hash=bytes(connection.execute(query).scalar_one()))


def _follow_ledger(connection: Connection, *, start: ChainHead, limit: int) -> tuple[int, bytes]:
    """Follow the ledger's chain on from ``start`` over at most ``limit`` rows."""
    _check_start(connection, start=start)
    query = (
        select(ledger.c.position, ledger.c.hash, ledger.c.bytes, ledger.c.received_at, ledger.c.ledger_hash)
        .where(ledger.c.position > start.sequence, ledger.c.position <= start.sequence + limit)
        .order_by(ledger.c.position)
        .execution_options(yield_per=_ROWS_AT_ONCE)
    )
    position, reached = start.sequence, start.hash
    with connection.execute(query) as rows:
        for row in rows:
            position += 1
            own = record_hash(row.bytes)
            reached = ledger_hash(reached, position=position, record_hash=own, received_at=row.received_at)
            if (row.position, bytes(row.hash), bytes(row.ledger_hash)) != (position, own, reached):
                raise RewrittenError(table="ledger", position=position, expected=reached, found=bytes(row.ledger_hash))
    head = connection.execute(select(ledger_head.c.position, ledger_head.c.hash)).one()
    is_cut_short = position == start.sequence + limit and position < head.position
    if not is_cut_short and (head.position, bytes(head.hash)) != (position, reached):
        raise RewrittenError(table="ledger_head", position=position, expected=reached, found=bytes(head.hash))
    return position, reached


def _check_start(connection: Connection, *, start: ChainHead) -> None:
    """Look that the row which was signed last is still the row which was signed."""
    if not start.sequence:
        return
    query = select(ledger.c.ledger_hash).where(ledger.c.position == start.sequence)
    found = bytes(connection.execute(query).scalar_one_or_none() or b"")
    if found != start.hash:
        raise RewrittenError(table="ledger", position=start.sequence, expected=start.hash, found=found)


def _check_journal_start(connection: Connection, newest: SignedHead, *, epoch: Epoch) -> None:
    """Look that the centre's own record that was signed last is still there, and is still that record."""
    stored = hash_at(connection, newest.centre_sequence, incarnation=epoch.number)
    found = GENESIS_HASH if not newest.centre_sequence else bytes(stored or b"")
    if found.hex() != newest.centre_hash:
        raise RewrittenError(
            table="centre_journal",
            position=newest.centre_sequence,
            expected=bytes.fromhex(newest.centre_hash),
            found=found,
        )


def _follow_journal(connection: Connection, *, epoch: Epoch) -> ChainHead:
    """Check the hashes of the centre's own records since the last head of this epoch."""
    newest = newest_of(connection, epoch=epoch.name)
    signed = 0 if newest is None else newest.centre_sequence
    if newest is not None:
        _check_journal_start(connection, newest, epoch=epoch)
    query = (
        select(centre_journal.c.sequence, centre_journal.c.hash, centre_journal.c.bytes)
        .where(centre_journal.c.incarnation == epoch.number, centre_journal.c.sequence > signed)
        .order_by(centre_journal.c.sequence)
    )
    for row in connection.execute(query):
        own = record_hash(row.bytes)
        if own != bytes(row.hash):
            raise RewrittenError(table="centre_journal", position=row.sequence, expected=own, found=bytes(row.hash))
    return head_of(connection, incarnation=epoch.number)
