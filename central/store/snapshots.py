"""The report's look at one day: everything it may draw from, read in one transaction."""

from datetime import date, datetime

import msgspec
from sqlalchemy import Connection, Engine, func, select

from central.ledger import CrossingState
from central.report.snapshot import (
    DayCount,
    EdgeHead,
    GateSnapshot,
    OrderLine,
    ReferredRow,
    ReportSnapshot,
    UnmeasuredRow,
)
from central.rollup import Figure, figures_of
from central.store.engine import reading
from central.store.figures import EdgeStanding, standings
from central.store.projection import decode_state
from central.store.tables import crossing, day_count, ledger, ledger_head, record_quarantine
from sync.agreement.deployment import report_period
from sync.agreement.vocabulary import (
    Direction,
    PointOfEntryKind,
    ReadingKind,
    RecordDisposition,
    TravellerCategory,
)


class FrameGate(msgspec.Struct, frozen=True, kw_only=True):
    """A point of entry as the deployment names it on the report day."""

    point_of_entry_id: str
    name: str
    kind: PointOfEntryKind
    suspended_by: str | None = None


class ReportFrame(msgspec.Struct, frozen=True, kw_only=True):
    """What the store cannot know: which day, which gates there are, which orders are in force."""

    report_day: date
    cut_off_hour: int
    taken_at: datetime
    gates: tuple[FrameGate, ...]
    orders: tuple[OrderLine, ...] = ()
    silent_after_s: int = 900


def take_snapshot(engine: Engine, *, frame: ReportFrame) -> ReportSnapshot:
    """Read the day, all of it at one moment."""
    starts_at, cut_off_at = report_period(frame.report_day, cut_off_hour=frame.cut_off_hour)
    with reading(engine) as connection:
        head = connection.execute(select(ledger_head.c.position, ledger_head.c.hash)).one()
        edges = standings(connection)
        states = _states(connection, day=frame.report_day)
        held = _held(connection)
        return ReportSnapshot(
            report_day=frame.report_day,
            starts_at=starts_at,
            cut_off_at=cut_off_at,
            taken_at=frame.taken_at,
            silent_after_s=frame.silent_after_s,
            gates=_gates(frame, edges=edges),
            counts=_counts(connection, day=frame.report_day),
            referred=tuple(_referred_row(state) for state in states if Figure.SUSPECTED in figures_of(state)),
            unmeasured=tuple(_unmeasured_row(state) for state in states if Figure.NOT_MEASURED in figures_of(state)),
            orders=frame.orders,
            edge_heads=tuple(
                EdgeHead(
                    edge_id=edge.edge_id, incarnation=edge.incarnation, sequence=edge.sequence, hash=edge.hash.hex()
                )
                for edge in edges
            ),
            late_records=_late_records(connection, day=frame.report_day, cut_off_at=cut_off_at),
            corrected_crossings=sum(state.is_corrected for state in states),
            quarantined_records=held.get(RecordDisposition.QUARANTINED, 0),
            unprojected_records=held.get(RecordDisposition.UNPROJECTED, 0),
            ledger_records=head.position,
            ledger_hash=head.hash.hex(),
        )


def _gates(frame: ReportFrame, *, edges: list[EdgeStanding]) -> tuple[GateSnapshot, ...]:
    return tuple(
        _gate(gate, edges=[edge for edge in edges if edge.point_of_entry_id == gate.point_of_entry_id])
        for gate in frame.gates
    )


def _gate(gate: FrameGate, *, edges: list[EdgeStanding]) -> GateSnapshot:
    return GateSnapshot(
        point_of_entry_id=gate.point_of_entry_id,
        name=gate.name,
        kind=gate.kind,
        edge_ids=tuple(edge.edge_id for edge in edges),
        enrolled_at=min((edge.enrolled_at for edge in edges), default=None),
        last_contact_at=max((edge.last_contact_at for edge in edges if edge.last_contact_at), default=None),
        suspended_by=gate.suspended_by,
    )


def _counts(connection: Connection, *, day: date) -> tuple[DayCount, ...]:
    names = ("point_of_entry_id", "direction", "category", "figure", "count")
    columns = [day_count.c[name] for name in names]
    query = select(*columns).where(day_count.c.report_day == day, day_count.c["count"] != 0).order_by(*columns)
    return tuple(
        DayCount(
            point_of_entry_id=gate,
            direction=Direction(direction),
            category=TravellerCategory(category),
            figure=figure,
            count=count,
        )
        for gate, direction, category, figure, count in connection.execute(query)
    )


def _states(connection: Connection, *, day: date) -> list[CrossingState]:
    query = select(crossing.c.state).where(crossing.c.report_day == day)
    states = (decode_state(state) for state in connection.execute(query).scalars())
    return sorted(states, key=lambda state: (state.observed_at, state.crossing_id))


def _referred_row(state: CrossingState) -> ReferredRow:
    clinical = [each.temperature_c for each in state.measurements if each.kind is ReadingKind.CLINICAL]
    scanned = [each.temperature_c for each in state.measurements if each.kind is not ReadingKind.CLINICAL]
    return ReferredRow(
        crossing_id=state.crossing_id,
        point_of_entry_id=state.point_of_entry_id,
        lane_id=state.lane_id,
        direction=state.direction,
        category=state.category,
        observed_at=state.observed_at,
        scanner_c=max(scanned, default=None),
        clinical_c=clinical[-1] if clinical else None,
        disposition=state.disposition,
    )


def _unmeasured_row(state: CrossingState) -> UnmeasuredRow:
    return UnmeasuredRow(
        crossing_id=state.crossing_id,
        point_of_entry_id=state.point_of_entry_id,
        lane_id=state.lane_id,
        observed_at=state.observed_at,
        disposition=state.disposition,
        exception_code=state.exception_code,
    )


def _late_records(connection: Connection, *, day: date, cut_off_at: datetime) -> int:
    """Count the records about crossings of this day that arrived after its cut-off."""
    query = (
        select(func.count())
        .select_from(ledger)
        .join(crossing, crossing.c.crossing_id == ledger.c.crossing_id)
        .where(crossing.c.report_day == day, ledger.c.received_at >= cut_off_at)
        .where(ledger.c.disposition == RecordDisposition.PROJECTED.value)
    )
    return int(connection.execute(query).scalar_one())


def _held(connection: Connection) -> dict[RecordDisposition, int]:
    query = select(record_quarantine.c.disposition, func.count()).group_by(record_quarantine.c.disposition)
    return {RecordDisposition(disposition): int(count) for disposition, count in connection.execute(query)}
