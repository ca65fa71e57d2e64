"""Writing down what gates say beside crossings: rows, counters, hours; part of the transaction that takes the batch.

A declaration lives under a key of its own, as do a place on a group's list and a vehicle. Whoever's crossing was
erased has no row here, and the key of what comes late is destroyed at once, whether it came with the record or was
kept before.
"""

from collections.abc import Iterable, Mapping, Sequence

import msgspec
from sqlalchemy import Connection, Engine, and_, bindparam, delete, insert, or_, select, update

from central.gate_records import (
    GATE_RECORDS,
    GATE_TYPES,
    GateCountKey,
    GateRow,
    HourKey,
    counts_of,
    hour_of,
    row_of,
)
from central.reception import ReceivedRecord, read_record
from central.store.bulk import Row, add_to_counts, insert_rows
from central.store.engine import writing
from central.store.erasure import erased_among, member_of, ridden_by_nobody_else
from central.store.gate_tables import coverage_hour, gate_count, gate_record
from central.store.streams import in_chunks, streaming
from central.store.tables import episode_key, ledger, record_replay
from sync.agreement.gate_records.coverage import LaneCoverage
from sync.agreement.gate_records.declaration import DeclarationReceived
from sync.agreement.gate_records.groups import ConveyanceOccupantSeen, GroupMemberSeen
from sync.agreement.records import RecordBody, RecordRecovered
from sync.agreement.vocabulary import RecordDisposition

_ENCODER = msgspec.json.Encoder()
_LANES = msgspec.json.Decoder(tuple[LaneCoverage, ...])


def decode_lanes(lanes: bytes) -> tuple[LaneCoverage, ...]:
    """Read the ``lanes`` column."""
    return _LANES.decode(lanes)


def project_gate_records(
    connection: Connection, placed: Sequence[tuple[int, ReceivedRecord]], *, cut_off_hour: int
) -> None:
    """Write down records that can be projected, each with its place in the ledger."""
    if not placed:
        return
    drawn = draw(placed, cut_off_hour=cut_off_hour)
    erased = _erased_crossings(connection, (row for row, _ in drawn))
    insert_rows(connection, table=gate_record, rows=[row for row, _ in drawn if row.crossing_id not in erased])
    add_to_counts(connection, table=gate_count, rows=count_rows(counts_of(drawn)))
    _put_hours(connection, hour_rows(drawn))
    _forget_own(connection, ((row.crossing_id, body) for row, body in drawn if row.crossing_id in erased))


def draw(placed: Iterable[tuple[int, ReceivedRecord]], *, cut_off_hour: int) -> list[tuple[GateRow, RecordBody]]:
    """Return what each record becomes, with what it says."""
    found = []
    for position, received in placed:
        subject = received.subject
        if subject.body is not None:
            found.append((row_of(subject, position=position, cut_off_hour=cut_off_hour), subject.body))
    return found


def count_rows(counts: Mapping[GateCountKey, int]) -> list[Row]:
    """Return counters as the rows of ``gate_count``."""
    return [
        (key.report_day, key.edge_id, key.figure.value, key.detail, count) for key, count in counts.items() if count
    ]


def hour_rows(drawn: Iterable[tuple[GateRow, RecordBody]]) -> dict[HourKey, Row]:
    """Return the rows of ``coverage_hour`` that records make: of each hour the newest revision."""
    newest: dict[HourKey, Row] = {}
    for row, body in drawn:
        key = hour_of(row, body)
        if key is None:
            continue
        known = newest.get(key)
        revision = body.revision  # type: ignore[union-attr]
        if known is None or (revision, row.position) > (known[2], known[3]):
            lanes = _ENCODER.encode(body.lanes)  # type: ignore[union-attr]
            newest[key] = (*key, revision, row.position, lanes)
    return newest


def forget_known_again(connection: Connection, records: Sequence[ReceivedRecord]) -> None:
    """Destroy again the keys that came a second time for people who were erased since."""
    bodies = (received.subject.body for received in records)
    spoken = [(body.given_for, body) for body in bodies if isinstance(body, _WITH_OWN_EPISODE)]
    erased = erased_among(connection, episode_ids=(crossing_id for crossing_id, _ in spoken))
    _forget_own(connection, [(crossing_id, body) for crossing_id, body in spoken if crossing_id in erased])


_WITH_OWN_EPISODE = (DeclarationReceived, GroupMemberSeen, ConveyanceOccupantSeen)
"""Records about a crossing that name an episode of its own, which is erased with the crossing."""


def _forget_own(connection: Connection, spoken: Iterable[tuple[str | None, RecordBody]]) -> None:
    """Destroy the keys of what belongs to erased crossings, as an erasure does with what is known by then."""
    named: list[str | None] = []
    ridden, crossing_ids = [], []
    for crossing_id, body in spoken:
        if isinstance(body, DeclarationReceived):
            named.append(body.declaration_id)
        elif isinstance(body, ConveyanceOccupantSeen) and crossing_id is not None:
            ridden.append(body.conveyance_id)
            crossing_ids.append(crossing_id)
        else:
            named.append(member_of(body))
    named += ridden_by_nobody_else(connection, ridden, crossing_ids=crossing_ids)
    _drop_keys(connection, [name for name in named if name])


def _drop_keys(connection: Connection, episode_ids: Sequence[str]) -> None:
    if episode_ids:
        connection.execute(delete(episode_key).where(episode_key.c.episode_id.in_(episode_ids)))


def _erased_crossings(connection: Connection, rows: Iterable[GateRow]) -> frozenset[str | None]:
    named = {row.crossing_id for row in rows if row.crossing_id is not None}
    return frozenset(erased_among(connection, episode_ids=named))


def _put_hours(connection: Connection, newest: Mapping[HourKey, Row]) -> None:
    """Write the hours that are newer than what stands there; the ledger's lock keeps others out meanwhile."""
    if not newest:
        return
    table = coverage_hour
    keys = or_(*(and_(table.c.edge_id == key.edge_id, table.c.starts_at == key.starts_at) for key in newest))
    known = {
        HourKey(row.edge_id, row.starts_at): (row.revision, row.position)
        for row in connection.execute(select(*list(table.columns)[:4]).where(keys))
    }
    fresh = [row for key, row in newest.items() if key not in known]
    newer = [row for key, row in newest.items() if key in known and (row[2], row[3]) > known[key]]
    if fresh:
        connection.execute(insert(table), [dict(zip(table.columns.keys(), row, strict=True)) for row in fresh])
    if newer:
        connection.execute(
            _REPLACE, [dict(zip(("of_edge", "of_hour", "now", "place", "said"), row, strict=True)) for row in newer]
        )


_REPLACE = (
    update(coverage_hour)
    .where(coverage_hour.c.edge_id == bindparam("of_edge"), coverage_hour.c.starts_at == bindparam("of_hour"))
    .values(revision=bindparam("now"), position=bindparam("place"), lanes=bindparam("said"))
)


def rebuild_gate_tables(engine: Engine, *, cut_off_hour: int) -> int:
    """Empty the three tables and draw them again from the ledger, in one transaction; return how many records."""
    may_be = (*GATE_TYPES, RecordRecovered.type_name)
    replayed = select(record_replay.c.position)
    is_projected = ledger.c.disposition == RecordDisposition.PROJECTED.value
    query = (
        select(ledger.c.position, ledger.c.bytes)
        .where(ledger.c.type.in_(may_be), or_(is_projected, ledger.c.position.in_(replayed)))
        .order_by(ledger.c.position)
    )
    drawn = 0
    with writing(engine) as connection:
        for table in (gate_record, gate_count, coverage_hour):
            connection.execute(delete(table))
        with streaming(connection, query) as rows:
            for chunk in in_chunks(rows):
                read = ((position, read_record(bytes(record))) for position, record in chunk)
                placed = [(position, one) for position, one in read if isinstance(one.subject.body, GATE_RECORDS)]
                project_gate_records(connection, placed, cut_off_hour=cut_off_hour)
                drawn += len(placed)
    return drawn
