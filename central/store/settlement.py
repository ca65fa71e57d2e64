"""Settling express cases whose record will never arrive: a decision of a reviewer, kept in the centre's journal.

It is taken only where the centre knows that nothing can come any more: the unit was revoked, or its next
incarnation stated that the record's place was lost. The provisional records stay; the case leaves the
list, is counted in the report of its day as reported by express alone, and is confirmed after all if the
record should come nevertheless.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Engine, func, select, update

from central.reception import ReceptionError, read_record
from central.store.centre_journal import append
from central.store.engine import writing
from central.store.provisional import provisional_cases
from central.store.tables import crossing, edge, ledger, provisional_case
from sync.agreement.deployment import report_day
from sync.agreement.records import IncarnationOpened
from sync.agreement.trust_records import ExpressSettled
from sync.agreement.vocabulary import SettlementReason


class NothingToSettleError(LookupError):
    """No record of this crossing waits by express: it arrived, was settled, or never was. Nothing was changed."""


class StillExpectedError(ValueError):
    """Nothing says that the record is lost: revoke the unit first, or wait for it. Nothing was changed."""


class ExpressOnly(msgspec.Struct, frozen=True, kw_only=True):
    """A crossing that is known by the express lane alone, for good."""

    crossing_id: str
    point_of_entry_id: str
    report_day: date
    reason: SettlementReason
    settled_at: datetime


def settle(
    engine: Engine, crossing_id: str, *, reason: SettlementReason, by: str, now: datetime, cut_off_hour: int
) -> ExpressSettled:
    """Settle every waiting record of a crossing; raise ``NothingToSettleError`` or ``StillExpectedError``."""
    with writing(engine) as connection:
        rows = connection.execute(
            select(provisional_case)
            .where(provisional_case.c.crossing_id == crossing_id)
            .where(provisional_case.c.confirmed_at.is_(None), provisional_case.c.settled_at.is_(None))
            .order_by(provisional_case.c.incarnation, provisional_case.c.sequence)
            .with_for_update()
        ).all()
        if not rows:
            raise NothingToSettleError(crossing_id)
        if not all(_is_lost(connection, row, reason=reason) for row in rows):
            raise StillExpectedError(crossing_id)
        settled = ExpressSettled(
            about=crossing_id,
            edge_id=rows[0].edge_id,
            record_ids=tuple(str(row.record_id) for row in rows),
            report_day=_day_of(connection, rows, cut_off_hour=cut_off_hour),
            reason=reason,
        )
        connection.execute(
            update(provisional_case)
            .where(provisional_case.c.record_id.in_([row.record_id for row in rows]))
            .values(settled_at=now, settled_reason=reason.value, settled_day=settled.report_day)
        )
        append(connection, settled, officer_ref=by, now=now)
    return settled


def reasons_to_settle(engine: Engine, crossing_id: str) -> list[SettlementReason]:
    """Return for which reasons the waiting records of a crossing could be settled now."""
    with engine.connect() as connection:
        rows = connection.execute(
            select(provisional_case)
            .where(provisional_case.c.crossing_id == crossing_id)
            .where(provisional_case.c.confirmed_at.is_(None), provisional_case.c.settled_at.is_(None))
        ).all()
        return [
            reason
            for reason in SettlementReason
            if rows and all(_is_lost(connection, row, reason=reason) for row in rows)
        ]


def express_only(connection: Connection, *, since: date, until: date) -> list[ExpressOnly]:
    """Return the crossings of some report days that are known by express alone, in the order of their settling."""
    query = (
        select(
            provisional_case.c.crossing_id,
            edge.c.point_of_entry_id,
            provisional_case.c.settled_day,
            provisional_case.c.settled_reason,
            func.min(provisional_case.c.settled_at).label("settled_at"),
        )
        .join(edge, edge.c.edge_id == provisional_case.c.edge_id)
        .outerjoin(crossing, crossing.c.crossing_id == provisional_case.c.crossing_id)
        .where(provisional_case.c.settled_day.between(since, until))
        .where(provisional_case.c.confirmed_at.is_(None), crossing.c.crossing_id.is_(None))
        .group_by(
            provisional_case.c.crossing_id,
            edge.c.point_of_entry_id,
            provisional_case.c.settled_day,
            provisional_case.c.settled_reason,
        )
        .order_by("settled_at", provisional_case.c.crossing_id)
    )
    return [
        ExpressOnly(
            crossing_id=row.crossing_id,
            point_of_entry_id=row.point_of_entry_id,
            report_day=row.settled_day,
            reason=SettlementReason(row.settled_reason),
            settled_at=row.settled_at,
        )
        for row in connection.execute(query)
    ]


def _is_lost(connection: Connection, row: Any, *, reason: SettlementReason) -> bool:  # noqa: ANN401 - a driver's row
    if reason is SettlementReason.UNIT_GONE:
        query = select(edge.c.revoked_at).where(edge.c.edge_id == row.edge_id)
        return connection.execute(query).scalar_one_or_none() is not None
    opened = select(ledger.c.bytes).where(
        ledger.c.edge_id == row.edge_id,
        ledger.c.incarnation > row.incarnation,
        ledger.c.type == IncarnationOpened.type_name,
    )
    return any(_tells_lost(bytes(record), row) for record in connection.execute(opened).scalars())


def _tells_lost(record: bytes, row: Any) -> bool:  # noqa: ANN401 - a driver's row
    """Whether the unit itself said that its old chain ended before this record: it has it no more."""
    try:
        body = read_record(record).body
    except ReceptionError:
        return False
    if not isinstance(body, IncarnationOpened) or body.previous_incarnation != row.incarnation:
        return False
    return bool(row.sequence > body.previous_sequence)


def _day_of(connection: Connection, rows: Sequence[Any], *, cut_off_hour: int) -> date:
    """The report day of the crossing; of records that cannot be shown as one, the day on which they came."""
    (first, *_) = rows
    cases = provisional_cases(connection, cut_off_hour=cut_off_hour, crossing_id=first.crossing_id)
    if cases:
        return cases[0].crossing.report_day
    return report_day(first.received_at, cut_off_hour=cut_off_hour)
