"""The first of the two looks at the ledger: every position, every link, every head, without decoding a record.

Reads the columns beside the bytes in the order of arrival: positions without gaps, the ledger's own hash
chain, each edge's chain (the hash that a record names is cut out of its bytes by the database). That the
columns say what the bytes say is the other look's part (``crossing_check``).
"""

from collections import Counter
from collections.abc import Collection
from datetime import datetime

import msgspec
from sqlalchemy import Connection, LargeBinary, Select, cast, func, literal, select
from sqlalchemy.sql.elements import ColumnElement

from central.ledger import PLAUSIBLE_YEARS
from central.store.bulk import Row
from central.store.chain_blocks import Followed, LedgerPoint, follow_blocks
from central.store.differences import DifferenceError, require_equal, require_same_rows
from central.store.ingest import ledger_hash
from central.store.streams import streaming
from central.store.tables import edge_head, ledger, ledger_head
from sync.exchange.chain import GENESIS_HASH, ChainBrokenError, ChainHead, extend
from sync.exchange.envelope import EnvelopeError, decode_record

_NAMED = b'"previous_hash":"'
_HASH_DIGITS = 64


class Chains(msgspec.Struct, frozen=True, kw_only=True):
    """The ledger's end, and the points in between that somebody asked for."""

    end: LedgerPoint
    points: dict[int, LedgerPoint]
    chains: int


def check_chains(connection: Connection, *, wanted: Collection[int]) -> Chains:
    """Follow the ledger and every chain in it; compare the heads. Raises ``DifferenceError``."""
    followed = None
    if connection.dialect.name == "postgresql":
        followed = follow_blocks(connection, wanted=frozenset(wanted))
    if followed is None:
        followed = _walk(connection, wanted=frozenset(wanted))
    end = followed.end
    head = connection.execute(select(ledger_head)).one()
    require_equal("ledger_head", key="position", expected=end.position, found=head.position)
    require_equal("ledger_head", key="hash", expected=end.hash, found=bytes(head.hash))
    _check_edge_heads(connection, followed=followed)
    return Chains(end=end, points=followed.points, chains=len(followed.heads))


def _walk(connection: Connection, *, wanted: frozenset[int]) -> Followed:
    """Go from entry to entry, and stop at the first that is wrong. Raises ``DifferenceError``."""
    walk = _Walk(wanted=wanted)
    with streaming(connection, _links(connection)) as rows:
        for row in rows:
            walk.take(row)
    return Followed(end=walk.here(), points=walk.points, heads=walk.heads, newest=walk.newest)


class _Walk:
    def __init__(self, *, wanted: frozenset[int]) -> None:
        self.position = 0
        self.hash = GENESIS_HASH
        self.heads: dict[tuple[str, int], ChainHead] = {}
        self.newest: dict[tuple[str, int], int] = {}
        self.dispositions: Counter[str] = Counter()
        self._wanted = wanted
        self.points = {0: self.here()}

    def here(self) -> LedgerPoint:
        return LedgerPoint(position=self.position, hash=self.hash, dispositions=dict(self.dispositions))

    def take(self, row: Row) -> None:
        """Check one entry and go on to the next."""
        position, edge_id, incarnation, sequence, own_hash, received_at, disposition, chained, named = row
        self.position += 1
        require_equal("ledger", key=self.position, expected=self.position, found=position)
        self._follow((edge_id, incarnation), sequence=sequence, named=named, own_hash=own_hash)
        self.hash = ledger_hash(self.hash, position=position, record_hash=own_hash, received_at=received_at)
        if self.hash != chained:
            require_equal("ledger", key=(position, "ledger_hash"), expected=self.hash, found=chained)
        self.newest[edge_id, incarnation] = position
        self.dispositions[disposition] += 1
        if position in self._wanted:
            self.points[position] = self.here()

    def _follow(self, chain: tuple[str, int], *, sequence: int, named: bytes, own_hash: bytes) -> None:
        try:
            previous = bytes(named).decode("ascii", errors="replace")
            head = self.heads.get(chain, ChainHead())
            self.heads[chain] = extend(head, sequence=sequence, previous_hash=previous, own_hash=own_hash)
        except ChainBrokenError as broken:
            found = broken.difference
            key = (self.position, *chain, found.sequence, found.field)
            raise DifferenceError(table="ledger", key=key, expected=found.expected, found=found.found) from broken


def _links(connection: Connection) -> Select[tuple[object, ...]]:
    names = ("position", "edge_id", "incarnation", "sequence", "hash", "received_at", "disposition", "ledger_hash")
    columns = [ledger.c[name] for name in names]
    return select(*columns, _named_hash(connection)).order_by(ledger.c.position)


def _named_hash(connection: Connection) -> ColumnElement[bytes]:
    """Cut the hash of the record before out of the bytes.

    No text inside a record can look like this key: within a text every quotation mark has a backslash.
    """
    named = literal(_NAMED, LargeBinary)
    if connection.dialect.name == "postgresql":
        begins = func.position(named.op("IN")(ledger.c.bytes)) + len(_NAMED)
        return func.substring(ledger.c.bytes, begins, _HASH_DIGITS)
    return cast(func.substr(ledger.c.bytes, func.instr(ledger.c.bytes, named) + len(_NAMED), _HASH_DIGITS), LargeBinary)


def _check_edge_heads(connection: Connection, *, followed: Followed) -> None:
    """Compare every head, and the times beside it that the ledger knows."""
    expected = {}
    for chain, head in followed.heads.items():
        times = _times_of(connection, followed.newest[chain])
        expected[chain] = (*chain, head.sequence, head.hash, *times)
    names = ("edge_id", "incarnation", "sequence", "hash", "last_receipt_at", "last_observed_at")
    columns = [edge_head.c[name] for name in names]
    rows = connection.execute(select(*columns).where(edge_head.c.sequence != 0))
    require_same_rows("edge_head", expected=expected, found={tuple(row[:2]): tuple(row) for row in rows})
    for row in connection.execute(select(edge_head).where(edge_head.c.sequence == 0)):
        key = (row.edge_id, row.incarnation)
        require_equal("edge_head", key=key, expected=GENESIS_HASH, found=bytes(row.hash))


def _times_of(connection: Connection, position: int) -> tuple[datetime, datetime | None]:
    """Return when a record was received, and when it says that it was observed."""
    query = select(ledger.c.bytes, ledger.c.received_at).where(ledger.c.position == position)
    record, received_at = connection.execute(query).one()
    try:
        observed_at = decode_record(bytes(record)).observed_at
    except EnvelopeError as error:
        raise DifferenceError(
            table="ledger", key=(position, "bytes"), expected="a record of version 1", found="something else"
        ) from error
    return received_at, observed_at if observed_at.year in PLAUSIBLE_YEARS else None
