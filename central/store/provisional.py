"""Provisional cases: records that came by the express lane, before their turn in the journal.

A provisional record is shown at the CDC desk and counted nowhere. It is confirmed in the very
transaction that takes the same bytes into the ledger. Other bytes under the same name or the same
number are a conflict: the ledger's word stands, and an alarm says so.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Connection, Engine, func, or_, select, tuple_, update

from central.ledger import CrossingState, ProjectionError, apply_record
from central.reception import ReceivedRecord, ReceptionError, read_record
from central.store.alarms import Alarm, AlarmKind, raise_alarm
from central.store.bulk import Row, insert_missing_rows
from central.store.engine import reading, writing
from central.store.erasure import erased_among
from central.store.kept_keys import key_rows
from central.store.projection import decode_state
from central.store.tables import alarm, crossing, edge, episode_key, ledger, provisional_case
from sync.agreement.records import RecordRecovered
from sync.exchange.sealing import EpisodeKey

OPEN_LIMIT = 2000
"""How many unconfirmed records one edge may have here: more is no express lane any more."""
UNCONFIRMED_AFTER = timedelta(hours=1)
_STILL_WAITING = (provisional_case.c.confirmed_at.is_(None), provisional_case.c.settled_at.is_(None))
"""Neither in the ledger nor said to be lost. What was settled and comes nevertheless is confirmed all the same."""


class ExpressFullError(Exception):
    """This edge has too many unconfirmed records here: its push must catch up first; retry later."""


class ProvisionalCase(msgspec.Struct, frozen=True, kw_only=True):
    """A crossing as the ledger and the express lane together say. ``records`` are those not in the ledger yet.

    ``settled_at`` is set where a reviewer stated that they will never come.
    """

    crossing: CrossingState
    received_at: datetime
    records: tuple[ReceivedRecord, ...]
    settled_at: datetime | None = None


class WaitingRecord(msgspec.Struct, frozen=True):
    """A record that came by the express lane and is not in the ledger yet."""

    record_id: UUID
    incarnation: int
    sequence: int
    hash: bytes


class Provisional:
    """The table ``provisional_case``; each call is one transaction."""

    def __init__(self, engine: Engine, *, cut_off_hour: int) -> None:
        """Over an opened, migrated database."""
        self._engine = engine
        self._cut_off_hour = cut_off_hour

    def take(
        self, edge_id: str, *, records: Sequence[ReceivedRecord], keys: Iterable[EpisodeKey], now: datetime
    ) -> tuple[str, ...]:
        """Keep what is not in the ledger yet; return the records that the centre has, here or there.

        Raises ``ExpressFullError``.
        """
        with writing(self._engine) as connection:
            _check_room(connection, edge_id=edge_id, coming=len(records))
            held = _held_hashes(connection, records=records)
            fresh = [record for record in records if record.envelope.record_id not in held]
            insert_missing_rows(connection, table=provisional_case, rows=[_row(each, now=now) for each in fresh])
            for record in records:
                known = held.get(record.envelope.record_id, record.hash)
                if known != record.hash:
                    _raise_conflict(connection, record=record, expected=known, now=now)
            _keep_keys(connection, edge_id=edge_id, keys=keys)
        return tuple(
            str(record.envelope.record_id)
            for record in records
            if held.get(record.envelope.record_id, record.hash) == record.hash
        )

    def cases(self) -> list[ProvisionalCase]:
        """Return the crossings that have unconfirmed records, each folded over what the ledger knows of it."""
        with reading(self._engine) as connection:
            return provisional_cases(connection, cut_off_hour=self._cut_off_hour)

    def unreadable(self) -> int:
        """Return how many unconfirmed records could not be shown as a case."""
        with reading(self._engine) as connection:
            query = select(func.count()).select_from(provisional_case)
            waiting = connection.execute(query.where(*_STILL_WAITING)).scalar_one()
            shown = provisional_cases(connection, cut_off_hour=self._cut_off_hour)
        return int(waiting) - sum(len(case.records) for case in shown)

    def raise_overdue(self, *, now: datetime) -> int:
        """Raise an alarm for each edge whose records the ledger has not caught up with in time; return how many.

        One alarm tells of all that are late; while it stands, and after somebody cleared it, only records
        that came late after it are news.
        """
        late = (
            select(provisional_case)
            .where(*_STILL_WAITING, provisional_case.c.received_at < now - UNCONFIRMED_AFTER)
            .order_by(provisional_case.c.received_at, provisional_case.c.incarnation, provisional_case.c.sequence)
        )
        with writing(self._engine) as connection:
            by_edge: dict[str, list[Any]] = defaultdict(list)
            for row in connection.execute(late):
                by_edge[row.edge_id].append(row)
            return sum(_raise_overdue(connection, rows, now=now) for rows in by_edge.values())


def _raise_overdue(connection: Connection, rows: Sequence[Any], *, now: datetime) -> bool:
    """Tell of one edge's late records, the oldest first, unless an alarm has told of them."""
    of_edge = select(func.max(alarm.c.raised_at), func.count().filter(alarm.c.cleared_at.is_(None))).where(
        alarm.c.kind == AlarmKind.EXPRESS_UNCONFIRMED.value, alarm.c.edge_id == rows[0].edge_id
    )
    told_at, standing = connection.execute(of_edge).one()
    news = [row for row in rows if told_at is None or row.received_at >= told_at - UNCONFIRMED_AFTER]
    if standing or not news:
        return False
    return raise_alarm(
        connection,
        Alarm(
            kind=AlarmKind.EXPRESS_UNCONFIRMED,
            edge_id=news[0].edge_id,
            incarnation=news[0].incarnation,
            sequence=news[0].sequence,
            found_hash=news[0].hash,
            raised_at=now,
            detail={"received_at": news[0].received_at.isoformat(), "records": len(rows)},
        ),
        is_once_enough=True,
    )


def confirm_provisional(
    connection: Connection, records: Sequence[ReceivedRecord], *, waiting: Sequence[WaitingRecord], now: datetime
) -> int:
    """Confirm what the ledger takes in this transaction; return how many provisional records that were.

    ``records`` are the fresh records of one edge, ``waiting`` what is unconfirmed of it. A recovered record
    confirms its original.
    """
    if not waiting:
        return 0
    by_id = {one.record_id: one for one in waiting}
    by_place = {(one.incarnation, one.sequence): one for one in waiting}
    done: dict[UUID, str | None] = {}
    conflicts: list[tuple[ReceivedRecord, bytes]] = []
    for record in map(_original_of, records):
        envelope = record.envelope
        found = by_id.get(envelope.record_id) or by_place.get((envelope.incarnation, envelope.sequence))
        if found is None:
            continue
        is_same = (found.record_id, found.hash) == (envelope.record_id, record.hash)
        done[found.record_id] = None if is_same else record.hash.hex()
        if not is_same:
            conflicts.append((record, found.hash))
    for record_id, conflict in done.items():
        connection.execute(
            update(provisional_case)
            .where(provisional_case.c.record_id == record_id)
            .values(confirmed_at=now, conflict=conflict)
        )
    # Alarms come last: they hold the centre's row (see the order of locks in ``central.store``).
    for record, expected in conflicts:
        _raise_conflict(connection, record=record, expected=expected, now=now)
    return len(done)


def provisional_cases(
    connection: Connection, *, cut_off_hour: int, crossing_id: str | None = None
) -> list[ProvisionalCase]:
    """Fold the unconfirmed records, of all crossings or of one, over the crossings that the ledger knows.

    What was settled is in no list any more, but can be looked at by its name.
    """
    query = (
        select(provisional_case, edge.c.point_of_entry_id)
        .join(edge, edge.c.edge_id == provisional_case.c.edge_id)
        .where(provisional_case.c.confirmed_at.is_(None), provisional_case.c.crossing_id.is_not(None))
        .order_by(provisional_case.c.incarnation, provisional_case.c.sequence)
    )
    if crossing_id is None:
        query = query.where(provisional_case.c.settled_at.is_(None))
    else:
        query = query.where(provisional_case.c.crossing_id == crossing_id)
    by_crossing: dict[str, list[Row]] = defaultdict(list)
    for row in connection.execute(query):
        told = (read_record(row.bytes), row.point_of_entry_id, row.received_at, row.settled_at)
        by_crossing[row.crossing_id].append(told)
    known = _known_states(connection, crossing_ids=list(by_crossing))
    folded = (_fold(rows, known=known.get(key), cut_off_hour=cut_off_hour) for key, rows in by_crossing.items())
    return [case for case in folded if case is not None]


def _fold(rows: Sequence[Row], *, known: CrossingState | None, cut_off_hour: int) -> ProvisionalCase | None:
    state, shown = known, []
    for record, point_of_entry_id, *_ in rows:
        if record.body is None:
            continue
        try:
            state = apply_record(
                state,
                body=record.body,
                envelope=record.envelope,
                point_of_entry_id=point_of_entry_id,
                cut_off_hour=cut_off_hour,
            )
        except ProjectionError:
            continue  # counted by ``unreadable``: the ledger will judge it when it comes
        shown.append(record)
    if state is None or not shown:
        return None
    settled = [row[3] for row in rows]
    return ProvisionalCase(
        crossing=state,
        received_at=min(row[2] for row in rows),
        records=tuple(shown),
        settled_at=None if None in settled else max(settled),
    )


def _known_states(connection: Connection, *, crossing_ids: Sequence[str]) -> dict[str, CrossingState]:
    query = select(crossing.c.crossing_id, crossing.c.state).where(crossing.c.crossing_id.in_(crossing_ids))
    return {key: decode_state(state) for key, state in connection.execute(query)}


def waiting_of(connection: Connection, *, edge_id: str) -> tuple[WaitingRecord, ...]:
    """Return the unconfirmed records of an edge, those that were settled too."""
    columns = [provisional_case.c[name] for name in WaitingRecord.__struct_fields__]
    query = select(*columns).where(provisional_case.c.edge_id == edge_id, provisional_case.c.confirmed_at.is_(None))
    return tuple(WaitingRecord(*row) for row in connection.execute(query))


WAITING = (
    f"SELECT {', '.join(WaitingRecord.__struct_fields__)} FROM provisional_case"  # noqa: S608 - this program's names
    " WHERE edge_id = %(edge_id)s AND confirmed_at IS NULL"
).encode()
"""What ``waiting_of`` asks PostgreSQL, for those who ask it together with other questions."""


def _check_room(connection: Connection, *, edge_id: str, coming: int) -> None:
    query = select(func.count()).select_from(provisional_case)
    query = query.where(provisional_case.c.edge_id == edge_id, *_STILL_WAITING)
    if int(connection.execute(query).scalar_one()) + coming > OPEN_LIMIT:
        raise ExpressFullError(edge_id)


def _held_hashes(connection: Connection, *, records: Sequence[ReceivedRecord]) -> dict[UUID, bytes]:
    """Return the hash of each of these records that the ledger or this table holds, by its name or its place."""
    places = [(one.envelope.edge_id, one.envelope.incarnation, one.envelope.sequence) for one in records]
    names = {place: one.envelope.record_id for place, one in zip(places, records, strict=True)}
    held: dict[UUID, bytes] = {}
    for table in (provisional_case, ledger):
        columns = (table.c.edge_id, table.c.incarnation, table.c.sequence)
        query = select(table.c.record_id, table.c.hash, *columns).where(
            or_(table.c.record_id.in_([one.envelope.record_id for one in records]), tuple_(*columns).in_(places))
        )
        for record_id, own_hash, *place in connection.execute(query):
            held[names.get(tuple(place), record_id)] = bytes(own_hash)
    return held


def _keep_keys(connection: Connection, *, edge_id: str, keys: Iterable[EpisodeKey]) -> None:
    rows = key_rows(keys, edge_id=edge_id)
    erased = erased_among(connection, episode_ids=[row[1] for row in rows])
    insert_missing_rows(connection, table=episode_key, rows=[row for row in rows if row[1] not in erased])


def _row(record: ReceivedRecord, *, now: datetime) -> Row:
    envelope = record.envelope
    crossing_id = record.body.crossing_id if record.body is not None else None
    return (
        envelope.record_id,
        envelope.edge_id,
        envelope.incarnation,
        envelope.sequence,
        crossing_id,
        record.hash,
        record.record,
        now,
        *[None] * 5,
    )


def _original_of(record: ReceivedRecord) -> ReceivedRecord:
    if not isinstance(record.body, RecordRecovered):
        return record
    try:
        return read_record(record.body.original)
    except ReceptionError:
        return record  # the ledger judges it; it confirms nothing


def _raise_conflict(connection: Connection, *, record: ReceivedRecord, expected: bytes, now: datetime) -> None:
    envelope = record.envelope
    raise_alarm(
        connection,
        Alarm(
            kind=AlarmKind.EXPRESS_CONFLICT,
            edge_id=envelope.edge_id,
            incarnation=envelope.incarnation,
            sequence=envelope.sequence,
            expected_hash=expected,
            found_hash=record.hash,
            raised_at=now,
        ),
    )
