"""Reading what gates wrote beside crossings: counters and coverage per gate, and the rows behind them."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta

import msgspec
from sqlalchemy import Connection, Engine, and_, func, select

from central.gate_figures import GateFigure, figures_in
from central.store.device_standing import DeviceStanding, device_standings
from central.store.engine import reading
from central.store.gate_projection import decode_lanes
from central.store.gate_tables import coverage_hour, gate_count, gate_record
from central.store.tables import crossing, edge, ledger
from sync.agreement.gate_records.declaration import DeclarationReceived
from sync.agreement.vocabulary import Disposition
from sync.exchange.envelope import body_of, decode_record

HOUR = timedelta(hours=1)
_ROWS_AT_ONCE = 500
_RECEIVED = DeclarationReceived.type_name
COVERED = ("seen", "logged", "measured", "excepted", "turned_back", "seen_not_logged", "not_measured")
LISTED = ("listed", "listed_not_logged", "logged_not_listed")


class CoverageRow(msgspec.Struct, frozen=True, kw_only=True):
    """One lane in one reconciled hour. ``None``: no immigration list covers the hour, which is never 0."""

    point_of_entry_id: str
    edge_id: str
    starts_at: datetime
    revision: int
    lane_id: str
    seen: int
    logged: int
    measured: int
    excepted: int
    turned_back: int
    seen_not_logged: int
    not_measured: int
    listed: int | None = None
    listed_not_logged: int | None = None
    logged_not_listed: int | None = None


class GateCoverage(msgspec.Struct, frozen=True, kw_only=True):
    """One gate's reconciled hours of a day in sum, and the end of the newest (``as_of``).

    The figures of the immigration list are sums over the ``hours_listed`` alone.
    """

    point_of_entry_id: str
    hours: int
    hours_listed: int
    as_of: datetime
    figures: dict[str, int]


class GateCountRow(msgspec.Struct, frozen=True, kw_only=True):
    """One counter of a gate: all of its edges in sum."""

    point_of_entry_id: str
    figure: GateFigure
    detail: str
    count: int


class CountedRow(msgspec.Struct, frozen=True, kw_only=True):
    """One record that a gate's figure counts, and as how many; nobody is named. ``reference`` as in ``GateRow``."""

    position: int
    point_of_entry_id: str
    edge_id: str
    observed_at: datetime
    detail: str
    count: int
    crossing_id: str | None
    reference: str | None

    def is_sought(self, sought: str) -> bool:
        """Whether it says what somebody looks for, in any of its columns."""
        return sought.casefold() in " ".join(map(str, msgspec.structs.astuple(self))).casefold()


class GateReading:
    """Reads only; each call sees one moment."""

    def __init__(self, engine: Engine) -> None:
        """Over an opened, migrated database."""
        self._engine = engine

    def counts(self, day: date) -> tuple[GateCountRow, ...]:
        """Return the counters of a report day, gate by gate."""
        with reading(self._engine) as connection:
            return counts_on(connection, day=day)

    def counted(self, day: date, *, figure: GateFigure, point_of_entry_id: str = "") -> list[CountedRow]:
        """Return the records of a report day that a figure counts, at one gate or (empty) at all, in their order.

        Each record is decoded and counted as when it came. Of an erased person there is no row: the rows may then
        count to less than the figure.
        """
        with reading(self._engine) as connection:
            if figure is GateFigure.DECLARATIONS_REPEATED:
                return repeated_declarations(connection, day=day, point_of_entry_id=point_of_entry_id)
            return list(_counted(connection, day=day, figure=figure, point_of_entry_id=point_of_entry_id))

    def devices(self, day: date) -> tuple[DeviceStanding, ...]:
        """Return how each device stands by what its gate told until a report day."""
        return device_standings(self._engine, day=day)

    def coverage_rows(
        self, *, since: datetime, until: datetime, point_of_entry_id: str | None = None
    ) -> list[CoverageRow]:
        """Return the reconciled hours that begin in a span, lane by lane, in their order."""
        with reading(self._engine) as connection:
            return coverage_between(connection, since=since, until=until, point_of_entry_id=point_of_entry_id)


def counts_on(connection: Connection, *, day: date) -> tuple[GateCountRow, ...]:
    """Sum the counters of a day over the edges of each gate; what ended as nought is left out."""
    names = (edge.c.point_of_entry_id, gate_count.c.figure, gate_count.c.detail)
    query = (
        select(*names, func.sum(gate_count.c["count"]).label("total"))
        .join(edge, edge.c.edge_id == gate_count.c.edge_id)
        .where(gate_count.c.report_day == day)
        .group_by(*names)
        .order_by(*names)
    )
    return tuple(
        GateCountRow(point_of_entry_id=gate, figure=GateFigure(figure), detail=detail, count=int(total))
        for gate, figure, detail, total in connection.execute(query)
        if total
    )


def _counted(connection: Connection, *, day: date, figure: GateFigure, point_of_entry_id: str) -> Iterator[CountedRow]:
    query = (
        select(gate_record, edge.c.point_of_entry_id, ledger.c.bytes)
        .join(ledger, ledger.c.position == gate_record.c.position)
        .join(edge, edge.c.edge_id == gate_record.c.edge_id)
        .where(gate_record.c.report_day == day)
        .order_by(gate_record.c.observed_at, gate_record.c.position)
    )
    if point_of_entry_id:
        query = query.where(edge.c.point_of_entry_id == point_of_entry_id)
    with connection.execute(query.execution_options(yield_per=_ROWS_AT_ONCE)) as rows:
        for row in rows:
            body = body_of(decode_record(bytes(row.bytes)))
            for counted, detail, count in figures_in(body) if body is not None else ():
                if counted is figure and count:
                    yield CountedRow(
                        position=row.position,
                        point_of_entry_id=row.point_of_entry_id,
                        edge_id=row.edge_id,
                        observed_at=row.observed_at,
                        detail=detail,
                        count=count,
                        crossing_id=row.crossing_id,
                        reference=row.reference,
                    )


def repeated_declarations(connection: Connection, *, day: date, point_of_entry_id: str = "") -> list[CountedRow]:
    """Return the crossings of a day whose declaration another crossing used too, at any edge and on any day.

    A declaration is valid for one crossing (Decree 165/2026, article 24). Each edge refuses the second use that it
    knows of; of two edges without a link only the centre sees both. A withdrawn crossing has used nothing.
    """
    mine, other = gate_record.alias(), gate_record.alias()
    here, there = crossing.alias(), crossing.alias()
    query = (
        select(mine, edge.c.point_of_entry_id)
        .join(edge, edge.c.edge_id == mine.c.edge_id)
        .join(other, and_(other.c.reference == mine.c.reference, other.c.crossing_id != mine.c.crossing_id))
        .join(here, here.c.crossing_id == mine.c.crossing_id)
        .join(there, there.c.crossing_id == other.c.crossing_id)
        .where(mine.c.report_day == day, mine.c.type == _RECEIVED, other.c.type == _RECEIVED)
        .where(*(one.c.disposition != Disposition.WITHDRAWN.value for one in (here, there)))
        .order_by(mine.c.observed_at, mine.c.position)
    )
    if point_of_entry_id:
        query = query.where(edge.c.point_of_entry_id == point_of_entry_id)
    found = {row.position: row for row in connection.execute(query)}
    return [
        CountedRow(
            position=row.position,
            point_of_entry_id=row.point_of_entry_id,
            edge_id=row.edge_id,
            observed_at=row.observed_at,
            detail="",
            count=1,
            crossing_id=row.crossing_id,
            reference=row.reference,
        )
        for row in found.values()
    ]


def coverage_between(
    connection: Connection, *, since: datetime, until: datetime, point_of_entry_id: str | None = None
) -> list[CoverageRow]:
    """Read the hours that begin in a span."""
    query = (
        select(edge.c.point_of_entry_id, coverage_hour)
        .join(edge, edge.c.edge_id == coverage_hour.c.edge_id)
        .where(coverage_hour.c.starts_at >= since, coverage_hour.c.starts_at < until)
        .order_by(edge.c.point_of_entry_id, coverage_hour.c.starts_at, coverage_hour.c.edge_id)
    )
    if point_of_entry_id is not None:
        query = query.where(edge.c.point_of_entry_id == point_of_entry_id)
    return [
        CoverageRow(
            point_of_entry_id=row.point_of_entry_id,
            edge_id=row.edge_id,
            starts_at=row.starts_at,
            revision=row.revision,
            **msgspec.structs.asdict(lane),
        )
        for row in connection.execute(query)
        for lane in decode_lanes(row.lanes)
    ]


def coverage_by_gate(rows: Iterable[CoverageRow]) -> dict[str, GateCoverage]:
    """Sum the lanes and hours of each gate; nothing of a gate that reconciled no hour."""
    of_gates: dict[str, list[CoverageRow]] = defaultdict(list)
    for row in rows:
        of_gates[row.point_of_entry_id].append(row)
    return {gate: _covered(gate, rows=rows) for gate, rows in of_gates.items()}


def _covered(point_of_entry_id: str, *, rows: list[CoverageRow]) -> GateCoverage:
    sums: Counter[str] = Counter(dict.fromkeys(COVERED, 0))
    for row in rows:
        sums.update({name: getattr(row, name) for name in COVERED})
        sums.update({name: value for name in LISTED if (value := getattr(row, name)) is not None})
    return GateCoverage(
        point_of_entry_id=point_of_entry_id,
        hours=len({row.starts_at for row in rows}),
        hours_listed=len({row.starts_at for row in rows if row.listed is not None}),
        as_of=max(row.starts_at for row in rows) + HOUR,
        figures=dict(sums),
    )


def records_about(connection: Connection, crossing_id: str) -> list[tuple[int, datetime, bytes]]:
    """Return the declarations, slips and paper lines of a crossing as the ledger has them: place, arrival, bytes."""
    query = (
        select(ledger.c.position, ledger.c.received_at, ledger.c.bytes)
        .join(gate_record, gate_record.c.position == ledger.c.position)
        .where(gate_record.c.crossing_id == crossing_id)
        .order_by(ledger.c.position)
    )
    return [(row.position, row.received_at, bytes(row.bytes)) for row in connection.execute(query)]
