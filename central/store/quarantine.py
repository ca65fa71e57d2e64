"""Projecting later what could not be projected when it arrived: after a fix, or once the program is new enough.

The ledger never changes, so its disposition stays what it was at arrival. A replay that takes effect is
written down: which held record, and how far the ledger was at that moment. ``verify`` repeats it at the
same place, so that a report frozen before stays true. The rows are chained by hash like the ledger's.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Engine, delete, func, select

from central.gate_records import GATE_TYPES
from central.reception import ReceivedRecord, read_record
from central.store.bulk import Row, insert_rows
from central.store.engine import reading, writing
from central.store.gate_projection import project_gate_records
from central.store.projection import Projection, Sender, changes_of, new_crossings, read_states, write_changes
from central.store.provinces import project_provinces
from central.store.tables import edge, ledger, ledger_head, record_quarantine, record_replay
from sync.agreement.vocabulary import RecordDisposition
from sync.exchange.chain import GENESIS_HASH

RECORDS_AT_ONCE = 500
"""A transaction replays so many, because pushes wait while it runs."""
_TAG = b"kiemdich/replay/v1\x00"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Replay(msgspec.Struct, frozen=True, kw_only=True):
    """One held record that was projected later. ``at_position`` is how far the ledger was at that moment."""

    number: int
    position: int
    at_position: int
    disposition: str
    reason: str
    crossing_id: str | None
    replayed_at: datetime

    def hash_after(self, previous: bytes) -> bytes:
        """Return the hash that chains this replay to the one before."""
        words = msgspec.json.encode(
            [self.number, self.position, self.at_position, self.disposition, self.reason, self.crossing_id]
        )
        replayed_us = (self.replayed_at - _EPOCH) // datetime.resolution
        return hashlib.sha256(_TAG + previous + replayed_us.to_bytes(8, "big", signed=True) + words).digest()


class Replayed(msgspec.Struct, frozen=True, kw_only=True):
    """What a run did: records that were projected, and those that are still held."""

    projected: int
    still_held: int


def replay_quarantine(engine: Engine, *, cut_off_hour: int, now: datetime, at_once: int = RECORDS_AT_ONCE) -> Replayed:
    """Project every held record that can be projected now, in the order of the ledger; again changes nothing.

    Goes through all of them until a whole round projects none: a record may wait for one that comes later.
    """
    projected = 0
    while done := _replay_round(engine, cut_off_hour=cut_off_hour, now=now, at_once=at_once):
        projected += done
    with writing(engine) as connection:
        held = connection.execute(select(func.count()).select_from(record_quarantine)).scalar_one()
    return Replayed(projected=projected, still_held=int(held))


def is_now_readable(engine: Engine) -> bool:
    """Whether a record is held whose type was too new when it came, and is one that this program projects."""
    held = (
        select(ledger.c.position)
        .join(record_quarantine, record_quarantine.c.position == ledger.c.position)
        .where(record_quarantine.c.disposition == RecordDisposition.UNPROJECTED.value, ledger.c.type.in_(GATE_TYPES))
        .limit(1)
    )
    with reading(engine) as connection:
        return connection.execute(held).first() is not None


def _replay_round(engine: Engine, *, cut_off_hour: int, now: datetime, at_once: int) -> int:
    """Go once through all that is held, page by page; return how many were projected."""
    projected = 0
    after: int | None = 0
    while after is not None:
        with writing(engine) as connection:
            done, after = _replay_page(connection, after=after, cut_off_hour=cut_off_hour, now=now, limit=at_once)
        projected += done
    return projected


def _replay_page(
    connection: Connection, *, after: int, cut_off_hour: int, now: datetime, limit: int
) -> tuple[int, int | None]:
    """Replay one page in one transaction; return how many were projected, and where the next page begins."""
    at_position = connection.execute(select(ledger_head.c.position).with_for_update()).scalar_one()
    held = _held_after(connection, after, limit=limit)
    if not held:
        return 0, None
    records = {row.position: read_record(bytes(row.bytes)) for row in held}
    senders = senders_of(connection)
    projection = Projection(cut_off_hour=cut_off_hour, before=read_states(connection, records=list(records.values())))
    projected = [row for row in held if _is_projected(projection, records[row.position], senders=senders)]
    if projected:
        said = {id(subject) for subject in projection.of_gates}
        placed = [(row.position, records[row.position]) for row in projected]
        of_gates = [(position, received) for position, received in placed if id(received.subject) in said]
        project_gate_records(connection, of_gates, cut_off_hour=cut_off_hour)
        with new_crossings(connection, projection=projection).sending():
            changes = changes_of(projection)
        write_changes(connection, changes)
        project_provinces(connection, projection.reported)
        _write_down(connection, projected=projected, records=records, at_position=at_position, now=now)
    return len(projected), held[-1].position


def _held_after(connection: Connection, after: int, *, limit: int) -> Sequence[Any]:
    query = (
        select(record_quarantine, ledger.c.bytes)
        .join(ledger, ledger.c.position == record_quarantine.c.position)
        .where(record_quarantine.c.position > after)
        .order_by(record_quarantine.c.position)
        .limit(limit)
    )
    return connection.execute(query).all()


def senders_of(connection: Connection) -> dict[str, Sender]:
    """Return every enrolled edge as a sender."""
    return {
        row.edge_id: Sender(point_of_entry_id=row.point_of_entry_id, kind=row.kind)
        for row in connection.execute(select(edge.c.edge_id, edge.c.point_of_entry_id, edge.c.kind))
    }


def _is_projected(projection: Projection, received: ReceivedRecord, *, senders: Mapping[str, Sender]) -> bool:
    if received.refusal is not None:
        return False
    judgement = projection.apply(received, sender=senders[received.envelope.edge_id])
    return judgement.disposition is RecordDisposition.PROJECTED


def _write_down(
    connection: Connection,
    *,
    projected: Sequence[Any],
    records: Mapping[int, ReceivedRecord],
    at_position: int,
    now: datetime,
) -> None:
    newest = select(record_replay.c.number, record_replay.c.hash).order_by(record_replay.c.number.desc()).limit(1)
    last = connection.execute(newest).one_or_none()
    number, previous = (last.number, bytes(last.hash)) if last is not None else (0, GENESIS_HASH)
    rows: list[Row] = []
    for row in projected:
        number += 1
        replay = Replay(
            number=number,
            position=row.position,
            at_position=at_position,
            disposition=row.disposition,
            reason=row.reason,
            crossing_id=records[row.position].crossing_id,
            replayed_at=now,
        )
        previous = replay.hash_after(previous)
        rows.append((*msgspec.structs.astuple(replay), previous))
    insert_rows(connection, table=record_replay, rows=rows)
    positions = [row.position for row in projected]
    connection.execute(delete(record_quarantine).where(record_quarantine.c.position.in_(positions)))
