"""The centre's own journal followed, and what is drawn from it held against it: reviews, erasures, settled cases.

What came by the express lane is hashed again too, and what is said to be in the ledger by now must have
come there at that very moment. That something waits still cannot be held against anything.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy import Connection, and_, or_, select

from central.reception import ReceptionError, read_record
from central.store.bulk import Row
from central.store.centre_journal import CENTRE_EDGE_ID, review_of
from central.store.differences import DifferenceError, plain, require_equal, require_same_rows
from central.store.streams import in_chunks, rows_by_keys, streaming
from central.store.tables import (
    case_review,
    centre_journal,
    erased_episode,
    erasure,
    ledger,
    provisional_case,
)
from sync.agreement.records import CaseReviewed, EpisodesErased, RecordBody, RecordRecovered
from sync.agreement.trust_records import ExpressSettled
from sync.exchange.chain import ChainBrokenError, ChainHead, extend, record_hash
from sync.exchange.envelope import Envelope


class Settlement(NamedTuple):
    """What the centre's journal says of an express record that will never arrive; nothing while it says nothing."""

    settled_at: datetime | None = None
    settled_reason: str | None = None
    settled_day: date | None = None


_WAITING = Settlement()


class _Drawn(msgspec.Struct, kw_only=True):
    """What the journal's records make: the rows of the tables drawn from it, by key."""

    reviews: dict[object, Row] = msgspec.field(default_factory=dict)
    erasures: dict[object, Row] = msgspec.field(default_factory=dict)
    episodes: dict[object, Row] = msgspec.field(default_factory=dict)
    settled: dict[UUID, Settlement] = msgspec.field(default_factory=dict)

    def take(self, body: RecordBody | None, *, envelope: Envelope) -> None:
        """Draw what one record says."""
        if isinstance(body, CaseReviewed):
            place = {"incarnation": envelope.incarnation, "sequence": envelope.sequence}
            review = plain(msgspec.structs.astuple(review_of(body, reviewed_at=envelope.recorded_at, **place)))
            self.reviews[review[:2]] = review
        elif isinstance(body, EpisodesErased):
            self.erasures[body.erasure_id] = (body.erasure_id, envelope.sequence, body.erased_at)
            for episode_id in body.episode_ids:
                self.episodes.setdefault(episode_id, (episode_id, body.erasure_id))
        elif isinstance(body, ExpressSettled):
            settlement = Settlement(envelope.recorded_at, body.reason.value, body.report_day)
            self.settled |= {UUID(record_id): settlement for record_id in body.record_ids}


def check_centre_journal(connection: Connection) -> int:
    """Follow the centre's own chains and compare what is drawn from them. Raises ``DifferenceError``.

    Returns how many records the journal has.
    """
    drawn = _Drawn()
    heads: dict[int, ChainHead] = {}
    in_order = select(centre_journal).order_by(*centre_journal.primary_key.columns)
    with streaming(connection, in_order) as rows:
        for row in rows:
            _follow(row, heads=heads, drawn=drawn)
    stored = {plain(row[:2]): plain(row) for row in connection.execute(select(case_review))}
    require_same_rows("case_review", expected=drawn.reviews, found=stored)
    columns = (erasure.c.erasure_id, erasure.c.centre_sequence, erasure.c.erased_at)
    _compare(connection, erasure.name, columns=columns, expected=drawn.erasures)
    _compare(connection, erased_episode.name, columns=tuple(erased_episode.columns), expected=drawn.episodes)
    _check_express(connection, settled=drawn.settled)
    return sum(head.sequence for head in heads.values())


def _compare(connection: Connection, name: str, *, columns: tuple[Any, ...], expected: Mapping[object, Row]) -> None:
    """Compare a table whose key is its first column."""
    found = {str(row[0]): plain(row) for row in connection.execute(select(*columns))}
    require_same_rows(name, expected=expected, found=found)


def _follow(row: Row, *, heads: dict[int, ChainHead], drawn: _Drawn) -> None:
    """Check one record of the centre's own, and draw what it says."""
    incarnation, sequence, record_id, kind, own_hash, record, recorded_at = row
    key = (incarnation, sequence)
    require_equal("centre_journal", key=(*key, "hash"), expected=record_hash(record), found=own_hash)
    try:
        received = read_record(bytes(record))
        envelope = received.envelope
        heads[incarnation] = extend(
            heads.get(incarnation, ChainHead()),
            sequence=envelope.sequence,
            previous_hash=envelope.previous_hash,
            own_hash=own_hash,
        )
    except (ReceptionError, ChainBrokenError) as error:
        raise DifferenceError(table="centre_journal", key=key, expected="the next record", found=error) from error
    said = (CENTRE_EDGE_ID, *(getattr(envelope, name) for name in _SAID_BY_THE_CENTRE))
    beside = (envelope.edge_id, incarnation, sequence, record_id, kind, recorded_at)
    for name, expected, found in zip(("edge_id", *_SAID_BY_THE_CENTRE), said, beside, strict=True):
        require_equal("centre_journal", key=(*key, name), expected=expected, found=found)
    drawn.take(received.body, envelope=envelope)


_SAID_BY_THE_CENTRE = ("incarnation", "sequence", "record_id", "type", "recorded_at")


def _check_express(connection: Connection, *, settled: dict[UUID, Settlement]) -> None:
    """Compare every record that came by the express lane with its bytes, the ledger and the journal."""
    missing = dict(settled)
    query = select(provisional_case).order_by(provisional_case.c.record_id)
    with streaming(connection, query) as rows:
        for chunk in in_chunks(rows):
            for row in chunk:
                _check_provisional(row, settlement=missing.pop(row[0], _WAITING))
            _check_confirmed(connection, chunk)
    for record_id, settlement in sorted(missing.items()):
        raise DifferenceError(table=provisional_case.name, key=record_id, expected=tuple(settlement), found=None)


def _check_provisional(row: Row, *, settlement: Settlement) -> None:
    """Hold the columns of one express record against its bytes, and what was settled of it."""
    table, record_id = provisional_case.name, row[0]
    own_hash, record = row[5:7]
    require_equal(table, key=(record_id, "hash"), expected=record_hash(record), found=own_hash)
    try:
        received = read_record(bytes(record))
    except ReceptionError as error:
        raise DifferenceError(table=table, key=record_id, expected="a record of version 1", found=error) from error
    crossing_id = None if received.body is None else received.body.crossing_id
    envelope = received.envelope
    said = (envelope.record_id, envelope.edge_id, envelope.incarnation, envelope.sequence)
    for name, expected, found in zip(_SAID_BY_AN_EDGE, said, row[:4], strict=True):
        require_equal(table, key=(record_id, name), expected=expected, found=found)
    if row[4] is not None:  # of a type that was too new when it came, the row names no crossing
        require_equal(table, key=(record_id, "crossing_id"), expected=crossing_id, found=row[4])
    for name, expected, found in zip(Settlement._fields, settlement, row[10:13], strict=True):
        require_equal(table, key=(record_id, name), expected=expected, found=found)


_SAID_BY_AN_EDGE = ("record_id", "edge_id", "incarnation", "sequence")


def _check_confirmed(connection: Connection, chunk: list[Row]) -> None:
    """Hold what rows say of their confirmation against what the ledger got at that moment under that name or place."""
    confirmed = [row for row in chunk if row[8] is not None]
    same = rows_by_keys(connection, ledger.c.record_id, values=[row[0] for row in confirmed])
    plainly = {(row[4], row[7], row[9], None) for row in same}
    for row in confirmed:
        if (row[0], row[5], *row[8:10]) not in plainly:
            _find_confirmation(connection, row)
    for row in chunk:
        if row[8] is None:
            require_equal(provisional_case.name, key=(row[0], "conflict"), expected=None, found=row[9])


def _find_confirmation(connection: Connection, row: Row) -> None:
    """Find the record that confirmed or contradicted one: another of its place, or one that carries it over."""
    record_id, edge_id, incarnation, sequence, _, own_hash, _, _, confirmed_at, conflict = row[:10]
    place = and_(ledger.c.incarnation == incarnation, ledger.c.sequence == sequence)
    may_be = or_(ledger.c.record_id == record_id, place, ledger.c.type == RecordRecovered.type_name)
    query = select(ledger.c.bytes).where(ledger.c.edge_id == edge_id, ledger.c.received_at == confirmed_at, may_be)
    found = []
    for record in connection.execute(query).scalars():
        subject = read_record(bytes(record)).subject
        envelope = subject.envelope
        if envelope.record_id == record_id or (envelope.incarnation, envelope.sequence) == (incarnation, sequence):
            is_same = (envelope.record_id, subject.hash) == (record_id, own_hash)
            found.append(None if is_same else subject.hash.hex())
    if not found:
        key = (record_id, "confirmed_at")
        raise DifferenceError(table=provisional_case.name, key=key, expected="when it came", found=confirmed_at)
    if conflict not in found:
        require_equal(provisional_case.name, key=(record_id, "conflict"), expected=found[0], found=conflict)
