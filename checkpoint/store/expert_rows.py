"""The records of experts' crossings, for the shift report: read from the journal when it is asked for (R014)."""

from collections.abc import Iterator
from datetime import datetime

import msgspec
from sqlalchemy import Connection, select

from checkpoint.store.instants import from_text, to_text
from checkpoint.store.tables import crossing, journal
from sync.agreement.records import CrossingScreened, RecordBody, TemperatureRechecked
from sync.agreement.vocabulary import Disposition, TravellerCategory
from sync.exchange.envelope import body_of, decode_record

_TELLING = (CrossingScreened.type_name, TemperatureRechecked.type_name)
_OWE_NOTHING = (Disposition.REFUSED.value, Disposition.WITHDRAWN.value)


class ExpertRow(msgspec.Struct, frozen=True, kw_only=True):
    """One expert who passed, or may yet, and what was written of the steps."""

    lane_id: str
    presented_at: datetime
    exception_code: str | None
    bodies: tuple[RecordBody, ...]


def experts_between(connection: Connection, *, starts_at: datetime, ends_at: datetime) -> list[ExpertRow]:
    """Return the experts who were presented in ``[starts_at, ends_at)``, in their order."""
    during = (crossing.c.presented_at >= to_text(starts_at), crossing.c.presented_at < to_text(ends_at))
    query = (
        select(crossing)
        .where(*during, crossing.c.category == TravellerCategory.EXPERT.value)
        .where(crossing.c.disposition.not_in(_OWE_NOTHING))
        .order_by(crossing.c.presented_at, crossing.c.entry)
    )
    return [
        ExpertRow(
            lane_id=row["lane_id"],
            presented_at=from_text(row["presented_at"]),
            exception_code=row["exception_code"],
            bodies=tuple(
                _bodies(connection, crossing_id=row["crossing_id"], first=row["entry"], last=row["last_entry"])
            ),
        )
        for row in connection.execute(query).mappings().all()
    ]


def _bodies(connection: Connection, *, crossing_id: str, first: int, last: int) -> Iterator[RecordBody]:
    query = (
        select(journal.c.bytes)
        .where(journal.c.entry.between(first, last), journal.c.type.in_(_TELLING))
        .order_by(journal.c.entry)
    )
    for record in connection.execute(query).scalars():
        body = body_of(decode_record(bytes(record)))
        if body is not None and body.crossing_id == crossing_id:
            yield body
