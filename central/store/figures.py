"""Today in figures: counters per gate, how far each edge has come, and how the hours went."""

from collections import Counter, defaultdict
from datetime import date, datetime

import msgspec
from sqlalchemy import Connection, Engine, func, select

from central.rollup import Figure
from central.store.engine import reading
from central.store.tables import crossing, day_count, edge, edge_head, ledger_head
from sync.agreement.local_time import VIETNAM_TIME
from sync.agreement.vocabulary import Direction, Disposition

HOURS_PER_DAY = 24


class EdgeStanding(msgspec.Struct, frozen=True, kw_only=True):
    """How far one edge's newest chain has come; an edge that never called has no times, incarnation or sequence."""

    edge_id: str
    point_of_entry_id: str
    incarnation: int
    sequence: int
    hash: bytes
    last_contact_at: datetime | None
    last_receipt_at: datetime | None
    enrolled_at: datetime
    revoked_at: datetime | None


class GateFigures(msgspec.Struct, frozen=True, kw_only=True):
    """One gate's counters of a day, in sum and by direction."""

    figures: dict[Figure, int]
    by_direction: dict[Direction, int]


class DayFigures(msgspec.Struct, frozen=True, kw_only=True):
    """A day's counters and the ledger's position they were read at."""

    gates: dict[str, GateFigures]
    edges: tuple[EdgeStanding, ...]
    ledger_position: int

    @property
    def totals(self) -> dict[Figure, int]:
        """The sum over all gates, every figure named."""
        sums: Counter[Figure] = Counter(dict.fromkeys(Figure, 0))
        for gate in self.gates.values():
            sums.update(gate.figures)
        return dict(sums)

    def last_contact_at(self, point_of_entry_id: str) -> datetime | None:
        """The last time any edge of a gate called."""
        times = [
            edge.last_contact_at
            for edge in self.edges
            if edge.point_of_entry_id == point_of_entry_id and edge.last_contact_at is not None
        ]
        return max(times, default=None)


class Figures:
    """Reads only; each call sees one moment."""

    def __init__(self, engine: Engine) -> None:
        """Over an opened, migrated database."""
        self._engine = engine

    def of_day(self, day: date) -> DayFigures:
        """Return the counters of one report day with the edges' standing at the same moment."""
        with reading(self._engine) as connection:
            position = connection.execute(select(ledger_head.c.position)).scalar_one()
            return DayFigures(
                gates=_gates(connection, day=day), edges=tuple(standings(connection)), ledger_position=position
            )

    def standings(self) -> list[EdgeStanding]:
        """Return how far every enrolled edge has come."""
        with reading(self._engine) as connection:
            return standings(connection)

    def by_hour(self, day: date) -> list[int]:
        """Return the crossings of a report day by the local hour of the day, 0 to 23."""
        query = select(crossing.c.observed_at).where(
            crossing.c.report_day == day, crossing.c.disposition != Disposition.WITHDRAWN.value
        )
        with reading(self._engine) as connection:
            hours = Counter(at.astimezone(VIETNAM_TIME).hour for at in connection.execute(query).scalars())
        return [hours[hour] for hour in range(HOURS_PER_DAY)]

    def days(self, *, limit: int) -> list[date]:
        """Return the newest report days that have any crossing."""
        query = select(day_count.c.report_day).distinct().order_by(day_count.c.report_day.desc()).limit(limit)
        with reading(self._engine) as connection:
            return list(connection.execute(query).scalars())


def standings(connection: Connection) -> list[EdgeStanding]:
    """Return every enrolled edge with its newest chain, in the order of their names."""
    newest = (
        select(edge_head.c.edge_id, func.max(edge_head.c.incarnation).label("incarnation"))
        .group_by(edge_head.c.edge_id)
        .subquery()
    )
    query = (
        select(
            edge.c.edge_id,
            edge.c.point_of_entry_id,
            func.coalesce(edge_head.c.incarnation, 0).label("incarnation"),
            func.coalesce(edge_head.c.sequence, 0).label("sequence"),
            func.coalesce(edge_head.c.hash, bytes(32)).label("hash"),
            edge_head.c.last_contact_at,
            edge_head.c.last_receipt_at,
            edge.c.enrolled_at,
            edge.c.revoked_at,
        )
        .select_from(edge)
        .outerjoin(newest, newest.c.edge_id == edge.c.edge_id)
        .outerjoin(
            edge_head, (edge_head.c.edge_id == edge.c.edge_id) & (edge_head.c.incarnation == newest.c.incarnation)
        )
        .order_by(edge.c.edge_id)
    )
    return [EdgeStanding(**row) for row in connection.execute(query).mappings()]


def _gates(connection: Connection, *, day: date) -> dict[str, GateFigures]:
    query = (
        select(
            day_count.c.point_of_entry_id,
            day_count.c.direction,
            day_count.c.figure,
            func.sum(day_count.c["count"]).label("total"),
        )
        .where(day_count.c.report_day == day)
        .group_by(day_count.c.point_of_entry_id, day_count.c.direction, day_count.c.figure)
    )
    sums: dict[str, Counter[Figure]] = defaultdict(lambda: Counter(dict.fromkeys(Figure, 0)))
    directions: dict[str, Counter[Direction]] = defaultdict(lambda: Counter(dict.fromkeys(Direction, 0)))
    for gate, direction, figure, total in connection.execute(query):
        sums[gate][Figure(figure)] += int(total)
        if figure == Figure.CROSSINGS:
            directions[gate][Direction(direction)] += int(total)
    return {gate: GateFigures(figures=dict(sums[gate]), by_direction=dict(directions[gate])) for gate in sums}
