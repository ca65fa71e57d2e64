"""The quick way along the chains on PostgreSQL: a thousand entries glued together by the server, compared whole.

Recomputes what the walk of ``chain_check`` recomputes, for a tenth of its cost, and can only say that all
of it is right. Where anything is not, the walk goes row by row and names the row and the field.
"""

import hashlib
import struct
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import groupby

import msgspec
import psycopg
from psycopg import sql
from sqlalchemy import Connection

from central.store.bulk import Row
from sync.agreement.vocabulary import RecordDisposition
from sync.exchange.chain import GENESIS_HASH, ChainHead

ENTRIES_AT_ONCE = 1000
_TAG = b"kiemdich/ledger/v1\x00"
"""Written here again, because what is checked should not say how it is checked."""
_HASH_BYTES = 32
_LINK_BYTES = 8 + 2 * _HASH_BYTES
_WORDS = [word.value for word in RecordDisposition]
_ZERO_US = (datetime(2000, 1, 1, tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)) // datetime.resolution
"""PostgreSQL counts its microseconds from the year 2000, the ledger's hash from 1970."""


class LedgerPoint(msgspec.Struct, frozen=True, kw_only=True):
    """The ledger as it was at one position: its hash, and how many records had got which disposition."""

    position: int
    hash: bytes
    dispositions: dict[str, int]


class Followed(msgspec.Struct, frozen=True, kw_only=True):
    """Chains that hold: the ledger's end, the wanted points, every chain's head and the position of its newest."""

    end: LedgerPoint
    points: dict[int, LedgerPoint]
    heads: dict[tuple[str, int], ChainHead]
    newest: dict[tuple[str, int], int]


def follow_blocks(connection: Connection, *, wanted: frozenset[int]) -> Followed | None:
    """Follow the ledger and every chain in it; ``None`` if anything at all is not as it should be."""
    raw: psycopg.Connection[Row] = connection.connection.driver_connection  # type: ignore[assignment]
    run = _Run(wanted=wanted)
    with raw.cursor(binary=True) as cursor:
        for size in _sizes(sorted(position for position in wanted if position > 0)):
            row = cursor.execute(_BLOCK, (run.here.position, size)).fetchone()
            if row is None or row[0] is None:
                break
            block = _Block(*row[:7], dict(zip(_WORDS, row[7:], strict=True)))  # type: ignore[call-arg]
            if not run.take(block):
                return None
            if block.length < size:
                break
    return Followed(end=run.here, points=run.points, heads=run.heads, newest=run.newest)


_NAMED = b'"previous_hash":"'
_COUNTS = sql.SQL(", ").join(
    sql.SQL("count(*) FILTER (WHERE disposition = {})").format(sql.Literal(word)) for word in _WORDS
)
_BLOCK = sql.SQL(
    "SELECT string_agg(int8send(position), ''::bytea),"
    " string_agg(timestamptz_send(received_at) || hash || ledger_hash, ''::bytea),"
    " array_agg(edge_id), array_agg(incarnation), string_agg(int8send(sequence), ''::bytea),"
    " string_agg(hash, ''::bytea), string_agg(named, ''::bytea), {counts}"
    " FROM (SELECT *, substring(bytes, position({named} IN bytes) + {length}, 64) AS named FROM ledger"
    " WHERE position > %s ORDER BY position LIMIT %s) AS entry"
).format(counts=_COUNTS, named=sql.Literal(_NAMED), length=sql.Literal(len(_NAMED)))
"""Cuts the hash of the record before out of the bytes: inside a text no key can look like this one."""


class _Block(msgspec.Struct, frozen=True):
    """Consecutive entries: one string of bytes a column, in the order of the ledger."""

    positions: bytes
    links: bytes
    edge_ids: list[str]
    incarnations: list[int]
    sequences: bytes
    hashes: bytes
    named: bytes
    counts: dict[str, int]

    @property
    def length(self) -> int:
        return len(self.edge_ids)

    @property
    def is_whole(self) -> bool:
        """Whether every column has its fixed length in every entry, and the dispositions are known words."""
        counted = sum(self.counts.values())
        lengths = (len(self.links), len(self.hashes), len(self.named), len(self.sequences), counted)
        sizes = (_LINK_BYTES, _HASH_BYTES, 2 * _HASH_BYTES, 8, 1)
        return lengths == tuple(size * self.length for size in sizes)


class _Run:
    """How far the look has come."""

    def __init__(self, *, wanted: frozenset[int]) -> None:
        self.here = LedgerPoint(position=0, hash=GENESIS_HASH, dispositions={})
        self.points = {0: self.here}
        self.heads: dict[tuple[str, int], ChainHead] = {}
        self.newest: dict[tuple[str, int], int] = {}
        self._wanted = wanted

    def take(self, block: _Block) -> bool:
        """Go on by a block; say whether it is right."""
        if not block.is_whole or block.positions != _numbers(self.here.position, block.length):
            return False
        reached = _chained(self.here.hash, block=block)
        if reached is None or not self._follow_chains(block):
            return False
        counts = Counter(self.here.dispositions)
        counts.update({word: count for word, count in block.counts.items() if count})
        self.here = LedgerPoint(position=self.here.position + block.length, hash=reached, dispositions=dict(counts))
        if self.here.position in self._wanted:
            self.points[self.here.position] = self.here
        return True

    def _follow_chains(self, block: _Block) -> bool:
        """Follow each edge's records, which stand together as they came in a batch."""
        first = 0
        for chain, entries in groupby(zip(block.edge_ids, block.incarnations, strict=True)):
            until = first + sum(1 for _ in entries)
            head = self.heads.get(chain, ChainHead())
            hashes = block.hashes[first * _HASH_BYTES : until * _HASH_BYTES]
            named = block.named[first * 2 * _HASH_BYTES : until * 2 * _HASH_BYTES]
            if block.sequences[first * 8 : until * 8] != _numbers(head.sequence, until - first):
                return False
            if named != (head.hash + hashes[:-_HASH_BYTES]).hex().encode():
                return False
            self.heads[chain] = ChainHead(sequence=head.sequence + until - first, hash=hashes[-_HASH_BYTES:])
            self.newest[chain] = self.here.position + until
            first = until
        return True


def _sizes(stops: list[int]) -> Iterator[int]:
    """Give the sizes of blocks that end exactly at each of these positions, then go on for ever."""
    at = 0
    for stop in stops:
        while at < stop:
            size = min(ENTRIES_AT_ONCE, stop - at)
            at += size
            yield size
    while True:
        yield ENTRIES_AT_ONCE


def _numbers(after: int, count: int) -> bytes:
    """Write the numbers that come after one, as the database does."""
    return struct.pack(f">{count}q", *range(after + 1, after + count + 1))


def _chained(reached: bytes, *, block: _Block) -> bytes | None:
    """Return the ledger's hash after a block, if each entry's is right."""
    links, positions, sha256 = block.links, block.positions, hashlib.sha256
    moments: dict[bytes, bytes] = {}
    for number in range(block.length):
        at = number * _LINK_BYTES
        moment = links[at : at + 8]
        received = moments.get(moment)
        if received is None:
            received = moments[moment] = _since_1970(moment)
        place = positions[number * 8 : number * 8 + 8]
        reached = sha256(_TAG + reached + place + received + links[at + 8 : at + 40]).digest()
        if reached != links[at + 40 : at + _LINK_BYTES]:
            return None
    return reached


def _since_1970(moment: bytes) -> bytes:
    return (int.from_bytes(moment, "big", signed=True) + _ZERO_US).to_bytes(8, "big", signed=True)
