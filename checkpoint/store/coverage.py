"""What the proof of coverage reads and keeps: an hour of readings, crossings and entries, never the whole history.

Every read of a span goes through an index on its time, so that an hour costs the same in the tenth year.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import Connection, bindparam, delete, exists, literal_column, select, update
from sqlalchemy.dialects.sqlite import insert

from checkpoint.coverage import ERASED, ImmigrationEntry, Sighting
from checkpoint.store.instants import from_text, to_text
from checkpoint.store.statements import compiled
from checkpoint.store.tables import (
    coverage_due,
    coverage_hour,
    crossing,
    device_reading,
    immigration_entry,
    immigration_hour,
)
from checkpoint.store.writer import Transaction
from sync.agreement.gate_records.coverage import LaneCoverage
from sync.agreement.vocabulary import Direction, Disposition


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """From an aware instant until before another."""

    begins_at: datetime
    ends_at: datetime

    @property
    def bounds(self) -> dict[str, str]:
        """The two ends as the database sorts them."""
        return {"begins_at": to_text(self.begins_at), "ends_at": to_text(self.ends_at)}


class CrossingInHour(msgspec.Struct, frozen=True, kw_only=True):
    """What coverage needs of a crossing. Holds a document's number: never to be logged."""

    crossing_id: str
    lane_id: str
    presented_at: datetime
    direction: Direction
    document_number: str
    document_kind: str
    category: str
    temperature_c: float | None
    recheck_c: float | None
    exception_code: str | None
    disposition: Disposition


class ListedHour(msgspec.Struct, frozen=True, kw_only=True):
    """One hour and direction that an immigration list covers."""

    starts_at: datetime
    direction: Direction


class ReconciledHour(msgspec.Struct, frozen=True, kw_only=True):
    """The newest result of one hour, as its record says it."""

    starts_at: datetime
    revision: int
    record_id: str
    reconciled_at: datetime
    lanes: tuple[LaneCoverage, ...]


class _Observed(msgspec.Struct, frozen=True):
    """What a passage needs of a kept reading."""

    observed_at: datetime


_OBSERVED = msgspec.json.Decoder(_Observed)
_CROSSING_FIELDS = CrossingInHour.__struct_fields__
_LANES = msgspec.json.Decoder(tuple[LaneCoverage, ...])
_ADD_ENTRY = compiled(
    insert(immigration_entry)
    .values(dict.fromkeys(("entry_key", "document_key", "crossed_at", "direction", "lane_id", "counter")))
    .on_conflict_do_nothing()
)
_ADD_HOUR = compiled(
    insert(immigration_hour).values(dict.fromkeys(("starts_at", "direction", "imported_at"))).on_conflict_do_nothing()
)
_ADD_DUE = compiled(insert(coverage_due).values(starts_at=bindparam("starts_at")).on_conflict_do_nothing())
# The hour of a crossing and its neighbours: a stamp or a reading lies up to half an hour from its person.
_DUE_AGAIN = """
    INSERT INTO coverage_due (starts_at)
    SELECT strftime('%Y-%m-%dT%H:00:00.000000Z', presented_at, beside.hours)
    FROM crossing CROSS JOIN (SELECT '-1 hours' AS hours UNION ALL SELECT '+0 hours' UNION ALL SELECT '+1 hours') beside
    WHERE crossing_id = :wanted
    ON CONFLICT DO NOTHING
"""
_WITHDRAW_ENTRIES = """
    DELETE FROM immigration_entry
    WHERE crossed_at >= :begins_at AND crossed_at < :ends_at AND direction = :direction
      AND entry_key NOT IN (SELECT value FROM json_each(:kept))
"""
_DROP_DUE = compiled(delete(coverage_due).where(coverage_due.c.starts_at == bindparam("wanted")))
_DELETE_ENTRIES = compiled(delete(immigration_entry).where(immigration_entry.c.crossed_at < bindparam("before")))
_DELETE_HOURS = compiled(delete(immigration_hour).where(immigration_hour.c.starts_at < bindparam("before")))
_FORGET = compiled(
    update(immigration_entry)
    .where(
        immigration_entry.c.crossed_at >= bindparam("begins_at"),
        immigration_entry.c.crossed_at < bindparam("ends_at"),
        immigration_entry.c.document_key == bindparam("wanted"),
    )
    .values(document_key=literal_column(f"'{ERASED}'"), entry_key=literal_column("hex(randomblob(32))"))
)
_PUT_RESULT = compiled(
    insert(coverage_hour)
    .values(dict.fromkeys(("starts_at", "revision", "record_id", "reconciled_at", "lanes")))
    .on_conflict_do_update(
        index_elements=["starts_at"],
        set_={
            name: getattr(insert(coverage_hour).excluded, name)
            for name in ("revision", "record_id", "reconciled_at", "lanes")
        },
    )
)
_RESULT = compiled(select(coverage_hour).where(coverage_hour.c.starts_at == bindparam("wanted")))
SIGHTINGS = select(
    device_reading.c.reading_id,
    device_reading.c.device_id,
    device_reading.c.received_at,
    device_reading.c.bytes,
    device_reading.c.bound_to,
    device_reading.c.not_bound_because,
).where(device_reading.c.received_at >= bindparam("begins_at"), device_reading.c.received_at < bindparam("ends_at"))
CROSSINGS = select(*(crossing.c[name] for name in CrossingInHour.__struct_fields__)).where(
    crossing.c.presented_at >= bindparam("begins_at"), crossing.c.presented_at < bindparam("ends_at")
)
ENTRIES = select(immigration_entry).where(
    immigration_entry.c.crossed_at >= bindparam("begins_at"), immigration_entry.c.crossed_at < bindparam("ends_at")
)


def put_entries(transaction: Transaction, entries: Iterable[ImmigrationEntry]) -> int:
    """Add the lines that are not here yet; return how many: the same list again adds nothing."""
    added = 0
    for one in entries:
        row = {
            "entry_key": one.entry_key,
            "document_key": one.document_key,
            "crossed_at": to_text(one.at),
            "direction": one.direction.value,
            "lane_id": one.lane_id,
            "counter": one.counter,
        }
        added += transaction.execute(_ADD_ENTRY, row).rowcount == 1
    return added


def withdraw_entries(transaction: Transaction, hour: ListedHour, *, but: Sequence[str]) -> int:
    """Delete the lines of an hour and direction that a corrected list does not hold; return how many."""
    row = {
        "begins_at": to_text(hour.starts_at),
        "ends_at": to_text(hour.starts_at + timedelta(hours=1)),
        "direction": hour.direction.value,
        "kept": msgspec.json.encode(list(but)).decode(),
    }
    return int(transaction.execute(_WITHDRAW_ENTRIES, row).rowcount)


def put_listed_hours(transaction: Transaction, hours: Iterable[ListedHour], *, at: datetime) -> frozenset[datetime]:
    """Note which hours and directions a list covers; return the hours that no list covered so before."""
    new = set()
    for one in hours:
        row = {"starts_at": to_text(one.starts_at), "direction": one.direction.value, "imported_at": to_text(at)}
        if transaction.execute(_ADD_HOUR, row).rowcount == 1:
            new.add(one.starts_at)
    return frozenset(new)


def put_due(transaction: Transaction, hours: Iterable[datetime]) -> None:
    """Let these hours wait to be reconciled anew."""
    for starts_at in hours:
        transaction.execute(_ADD_DUE, {"starts_at": to_text(starts_at)})


def wait_again(transaction: Transaction, crossing_id: str) -> None:
    """Let the hours around a crossing wait to be reconciled anew: what is known of it changed, or came late."""
    transaction.execute(_DUE_AGAIN, {"wanted": crossing_id})


def drop_due(transaction: Transaction, *hours: datetime) -> None:
    """Let hours wait no longer."""
    for starts_at in hours:
        transaction.execute(_DROP_DUE, {"wanted": to_text(starts_at)})


def forget_entries(transaction: Transaction, document_key: str, *, span: Span) -> None:
    """Take an erased person's hash out of the list: the lines stay as somebody's, and no key leads to them."""
    transaction.execute(_FORGET, {"wanted": document_key, **span.bounds})


def delete_entries_before(transaction: Transaction, before: datetime) -> int:
    """Delete the lines of lists from before an instant and which hours those covered; return how many lines."""
    transaction.execute(_DELETE_HOURS, {"before": to_text(before)})
    deleted: int = transaction.execute(_DELETE_ENTRIES, {"before": to_text(before)}).rowcount
    return deleted


def put_result(transaction: Transaction, result: ReconciledHour) -> None:
    """Keep the newest result of an hour."""
    row = {
        "starts_at": to_text(result.starts_at),
        "revision": result.revision,
        "record_id": result.record_id,
        "reconciled_at": to_text(result.reconciled_at),
        "lanes": msgspec.json.encode(result.lanes),
    }
    transaction.execute(_PUT_RESULT, row)


def find_result(transaction: Transaction, starts_at: datetime) -> ReconciledHour | None:
    """Return the newest result of an hour, if it was ever reconciled."""
    row = transaction.execute(_RESULT, {"wanted": to_text(starts_at)}).fetchone()
    return None if row is None else _as_result(row)


def results_in(connection: Connection, span: Span) -> list[ReconciledHour]:
    """Return the newest results of the hours of a span, in order."""
    statement = select(coverage_hour).where(
        coverage_hour.c.starts_at >= to_text(span.begins_at), coverage_hour.c.starts_at < to_text(span.ends_at)
    )
    return [_as_result(tuple(row)) for row in connection.execute(statement.order_by(coverage_hour.c.starts_at))]


def due_hours(connection: Connection, *, before: datetime) -> list[datetime]:
    """Return the hours that wait and began before an instant, in order."""
    statement = select(coverage_due.c.starts_at).where(coverage_due.c.starts_at < to_text(before))
    return [from_text(row[0]) for row in connection.execute(statement.order_by(coverage_due.c.starts_at))]


def sightings_in(connection: Connection, span: Span, *, lane_of_device: Mapping[str, str]) -> tuple[Sighting, ...]:
    """Return the readings that arrived in a span, with the lane their device stands at (empty: at none)."""
    return tuple(
        Sighting(
            reading_id=row.reading_id,
            lane_id=lane_of_device.get(row.device_id, ""),
            device_id=row.device_id,
            at=from_text(row.received_at),
            observed_at=_OBSERVED.decode(row.bytes).observed_at if row.bytes else None,
            bound_to=row.bound_to,
            reason=row.not_bound_because or "",
        )
        for row in connection.execute(SIGHTINGS, span.bounds)
    )


def crossings_in(connection: Connection, span: Span) -> tuple[CrossingInHour, ...]:
    """Return the crossings whose person was presented in a span."""
    rows = (dict(zip(_CROSSING_FIELDS, row, strict=True)) for row in connection.execute(CROSSINGS, span.bounds))
    return tuple(
        msgspec.convert({**row, "presented_at": from_text(row["presented_at"])}, CrossingInHour) for row in rows
    )


def entries_in(connection: Connection, span: Span) -> tuple[ImmigrationEntry, ...]:
    """Return the lines of the immigration list in a span."""
    return tuple(
        ImmigrationEntry(
            entry_key=row.entry_key,
            document_key=row.document_key,
            at=from_text(row.crossed_at),
            direction=Direction(row.direction),
            lane_id=row.lane_id,
            counter=row.counter,
        )
        for row in connection.execute(ENTRIES, span.bounds)
    )


def listed_in(connection: Connection, span: Span) -> frozenset[tuple[datetime, Direction]]:
    """Return the hours and directions of a span that a list covers."""
    statement = select(immigration_hour.c.starts_at, immigration_hour.c.direction).where(
        immigration_hour.c.starts_at >= to_text(span.begins_at), immigration_hour.c.starts_at < to_text(span.ends_at)
    )
    return frozenset((from_text(row[0]), Direction(row[1])) for row in connection.execute(statement))


def has_traces(connection: Connection, span: Span) -> bool:
    """Tell whether anything at all happened in a span."""
    anything = (exists(SIGHTINGS), exists(CROSSINGS), exists(ENTRIES))
    return any(connection.execute(select(one), span.bounds).scalar_one() for one in anything)


def reading_bytes(connection: Connection, reading_ids: Sequence[str]) -> dict[str, bytes]:
    """Return readings as they were kept, by identifier; one of an erased person is empty."""
    statement = select(device_reading.c.reading_id, device_reading.c.bytes)
    rows = connection.execute(statement.where(device_reading.c.reading_id.in_(reading_ids)))
    return {row.reading_id: row.bytes for row in rows}


def _as_result(row: Sequence[object]) -> ReconciledHour:
    starts_at, revision, record_id, reconciled_at, lanes = row
    return ReconciledHour(
        starts_at=from_text(str(starts_at)),
        revision=int(str(revision)),
        record_id=str(record_id),
        reconciled_at=from_text(str(reconciled_at)),
        lanes=_LANES.decode(lanes),  # type: ignore[arg-type]  # the column holds bytes
    )
