"""The report's look at one day: everything it may draw from, read in one transaction."""

from collections.abc import Iterable
from datetime import date, datetime

import msgspec
from sqlalchemy import Connection, Engine, func, select

from central.dimensions import counts_by_dimension
from central.ledger import CrossingState
from central.report.snapshot import (
    BesideCount,
    CoverageLine,
    DayCount,
    DimensionCount,
    EdgeHead,
    ExpressOnlyRow,
    GateSnapshot,
    LedgerHead,
    OrderLine,
    ReferredRow,
    ReportSnapshot,
    UnmeasuredRow,
)
from central.rollup import Figure, figures_of
from central.store.engine import reading
from central.store.figures import EdgeStanding, held_of_edges, standings
from central.store.gate_reading import counts_on, coverage_between, coverage_by_gate
from central.store.projection import decode_state
from central.store.settlement import express_only
from central.store.tables import centre, crossing, day_count, ledger, ledger_head, record_quarantine
from central.store.witness import newest_of
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
            gates=_gates(frame, edges=edges, cut_off_at=cut_off_at),
            counts=_counts(connection, day=frame.report_day),
            referred=tuple(_referred_row(state) for state in states if Figure.SUSPECTED in figures_of(state)),
            unmeasured=tuple(_unmeasured_row(state) for state in states if Figure.NOT_MEASURED in figures_of(state)),
            orders=frame.orders,
            edge_heads=_edge_heads(connection, edges=edges),
            late_records=_late_records(connection, day=frame.report_day, cut_off_at=cut_off_at),
            corrected_crossings=sum(state.is_corrected for state in states),
            quarantined_records=held.get(RecordDisposition.QUARANTINED, 0),
            unprojected_records=held.get(RecordDisposition.UNPROJECTED, 0),
            ledger_records=head.position,
            ledger_hash=head.hash.hex(),
            signed_head=_signed_head(connection),
            express_only=_express_only(connection, day=frame.report_day),
            dimensions=_dimensions(states),
            beside=tuple(
                BesideCount(**msgspec.structs.asdict(row)) for row in counts_on(connection, day=frame.report_day)
            ),
            coverage=_coverage(connection, since=starts_at, until=cut_off_at),
        )


def _dimensions(states: Iterable[CrossingState]) -> tuple[DimensionCount, ...]:
    counts = sorted(counts_by_dimension(states).items())
    return tuple(DimensionCount(**key._asdict(), count=count) for key, count in counts)


def _coverage(connection: Connection, *, since: datetime, until: datetime) -> tuple[CoverageLine, ...]:
    covered = coverage_by_gate(coverage_between(connection, since=since, until=until))
    return tuple(
        CoverageLine(
            point_of_entry_id=gate,
            hours=one.hours,
            hours_listed=one.hours_listed,
            as_of=one.as_of,
            listed_not_logged=one.figures.get("listed_not_logged"),
            **{name: one.figures[name] for name in ("seen", "logged", "seen_not_logged", "not_measured")},
        )
        for gate, one in sorted(covered.items())
    )


def _edge_heads(connection: Connection, *, edges: list[EdgeStanding]) -> tuple[EdgeHead, ...]:
    held = held_of_edges(connection)
    return tuple(
        EdgeHead(
            edge_id=edge.edge_id,
            incarnation=edge.incarnation,
            sequence=edge.sequence,
            hash=edge.hash.hex(),
            point_of_entry_id=edge.point_of_entry_id,
            last_contact_at=edge.last_contact_at,
            pending_records=edge.pending_records,
            lost_records=edge.lost_records,
            recovered_records=edge.recovered_records,
            quarantined_records=held.get(edge.edge_id, {}).get(RecordDisposition.QUARANTINED, 0),
            unprojected_records=held.get(edge.edge_id, {}).get(RecordDisposition.UNPROJECTED, 0),
        )
        for edge in edges
    )


def _express_only(connection: Connection, *, day: date) -> tuple[ExpressOnlyRow, ...]:
    return tuple(
        ExpressOnlyRow(crossing_id=case.crossing_id, point_of_entry_id=case.point_of_entry_id, reason=case.reason)
        for case in express_only(connection, since=day, until=day)
    )


def _signed_head(connection: Connection) -> LedgerHead | None:
    epoch = connection.execute(select(centre.c.epoch)).scalar_one_or_none()
    head = None if epoch is None else newest_of(connection, epoch=epoch)
    if head is None:
        return None
    return LedgerHead(position=head.position, hash=head.hash, issued_at=head.issued_at, signature=head.signature)


def _gates(frame: ReportFrame, *, edges: list[EdgeStanding], cut_off_at: datetime) -> tuple[GateSnapshot, ...]:
    return tuple(
        _gate(
            gate,
            edges=[edge for edge in edges if edge.point_of_entry_id == gate.point_of_entry_id],
            until=min(cut_off_at, frame.taken_at),
        )
        for gate in frame.gates
    )


def _gate(gate: FrameGate, *, edges: list[EdgeStanding], until: datetime) -> GateSnapshot:
    return GateSnapshot(
        point_of_entry_id=gate.point_of_entry_id,
        name=gate.name,
        kind=gate.kind,
        edge_ids=tuple(edge.edge_id for edge in edges),
        enrolled_at=min((edge.enrolled_at for edge in edges), default=None),
        last_contact_at=max((edge.last_contact_at for edge in edges if edge.last_contact_at), default=None),
        suspended_by=gate.suspended_by,
        pending_records=sum(edge.pending_for(until) for edge in edges if edge.revoked_at is None),
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
