"""Today in figures: counters per gate, how far each edge has come, and how the hours went."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Date, Engine, LargeBinary, RowMapping, Select, bindparam, case, func, select, text

from central.rollup import Figure
from central.store.engine import reading
from central.store.tables import crossing, day_count, edge, edge_head, ledger, ledger_head, record_quarantine
from sync.agreement.local_time import VIETNAM_TIME
from sync.agreement.vocabulary import Direction, Disposition, RecordDisposition

HOURS_PER_DAY = 24


class EdgeStanding(msgspec.Struct, frozen=True, kw_only=True):
    """How far one edge's newest chain has come; an edge that never called has no times, incarnation or sequence.

    ``pending_records`` (said to be there, not delivered), ``lost_records`` and ``recovered_records`` are
    summed over all its chains. ``observed_until`` is when the newest delivered record was made.
    """

    edge_id: str
    point_of_entry_id: str
    incarnation: int
    sequence: int
    hash: bytes
    last_contact_at: datetime | None
    last_receipt_at: datetime | None
    enrolled_at: datetime
    revoked_at: datetime | None
    revoked_reason: str | None = None
    confirmed_at: datetime | None = None
    public_key: bytes = b""
    kind: str = "edge"
    frozen_at: datetime | None = None
    opened_reason: str | None = None
    pending_records: int = 0
    lost_records: int = 0
    recovered_records: int = 0
    observed_until: datetime | None = None

    def pending_for(self, until: datetime) -> int:
        """How many records may still come about a day that ended then: none if later ones have come already."""
        is_covered = self.observed_until is not None and self.observed_until >= until
        return 0 if is_covered else self.pending_records


class GateFigures(msgspec.Struct, frozen=True, kw_only=True):
    """One gate's counters of a day; ``by_direction``: its crossings that stand, without withdrawn ones."""

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

    def pending_records(self, point_of_entry_id: str, *, until: datetime) -> int:
        """How many records the edges of a gate have said they still hold, that may be about the day."""
        edges = (edge for edge in self.edges if edge.point_of_entry_id == point_of_entry_id)
        return sum(edge.pending_for(until) for edge in edges if edge.revoked_at is None)


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

    def held_of_edges(self) -> dict[str, dict[RecordDisposition, int]]:
        """Return how many records of each edge are held back, by why."""
        with reading(self._engine) as connection:
            return held_of_edges(connection)

    def by_hour(self, day: date) -> list[int]:
        """Return the crossings of a report day by the local hour of the day, 0 to 23."""
        query = select(crossing.c.observed_at).where(
            crossing.c.report_day == day, crossing.c.disposition != Disposition.WITHDRAWN.value
        )
        with reading(self._engine) as connection:
            hours = Counter(at.astimezone(VIETNAM_TIME).hour for at in connection.execute(query).scalars())
        return [hours[hour] for hour in range(HOURS_PER_DAY)]

    def applied_rules(self, day: date, *, rule_ids: Sequence[str]) -> dict[str, int]:
        """Return how many crossings of a report day name each rule among the grounds of their verdict."""
        counted = "instr(state, :needle)" if self._engine.dialect.name == "sqlite" else "position(:needle IN state)"
        # The condition is one of two texts of this program; the rule travels as a parameter.
        query = text(f"SELECT count(*) FROM crossing WHERE report_day = :day AND {counted} > 0")  # noqa: S608
        query = query.bindparams(bindparam("day", type_=Date()), bindparam("needle", type_=LargeBinary()))
        with reading(self._engine) as connection:
            return {
                rule_id: int(connection.execute(query, {"day": day, "needle": rule_needle(rule_id)}).scalar_one())
                for rule_id in rule_ids
            }

    def days(self, *, limit: int) -> list[date]:
        """Return the newest report days that have any crossing."""
        query = select(day_count.c.report_day).distinct().order_by(day_count.c.report_day.desc()).limit(limit)
        with reading(self._engine) as connection:
            return list(connection.execute(query).scalars())


def rule_needle(rule_id: str) -> bytes:
    """Return how a rule is named in the state of a crossing, which is JSON without spaces."""
    return b'"rule_id":' + msgspec.json.encode(rule_id)


def held_of_edges(connection: Connection) -> dict[str, dict[RecordDisposition, int]]:
    """Return how many records of each edge stand in quarantine, and how many are of a newer version."""
    query = (
        select(ledger.c.edge_id, record_quarantine.c.disposition, func.count())
        .join(ledger, ledger.c.position == record_quarantine.c.position)
        .group_by(ledger.c.edge_id, record_quarantine.c.disposition)
    )
    held: dict[str, dict[RecordDisposition, int]] = defaultdict(dict)
    for edge_id, disposition, count in connection.execute(query):
        held[edge_id][RecordDisposition(disposition)] = int(count)
    return held


def standings(connection: Connection) -> list[EdgeStanding]:
    """Return every enrolled edge with its newest chain, in the order of their names."""
    newest = _sums_of_chains().subquery()
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
            edge.c.revoked_reason,
            edge.c.confirmed_at,
            edge.c.public_key,
            edge.c.kind,
            edge_head.c.frozen_at,
            edge_head.c.opened_reason,
            newest.c.observed_until,
            *(func.coalesce(newest.c[name], 0).label(name) for name in _SUMMED),
        )
        .select_from(edge)
        .outerjoin(newest, newest.c.edge_id == edge.c.edge_id)
        .outerjoin(
            edge_head, (edge_head.c.edge_id == edge.c.edge_id) & (edge_head.c.incarnation == newest.c.incarnation)
        )
        .order_by(edge.c.edge_id)
    )
    return [_standing_of(row) for row in connection.execute(query).mappings()]


def _sums_of_chains() -> Select[Any]:
    """Say of each edge which chain is its newest, and what all its chains together owe."""
    missing = edge_head.c.own_sequence - edge_head.c.sequence
    is_waiting = edge_head.c.frozen_at.is_(None) & (missing > 0)
    return select(
        edge_head.c.edge_id,
        func.max(edge_head.c.incarnation).label("incarnation"),
        func.sum(case((is_waiting, missing), else_=0)).label("pending_records"),
        func.sum(edge_head.c.lost_records).label("lost_records"),
        func.sum(edge_head.c.recovered_records).label("recovered_records"),
        func.max(edge_head.c.last_observed_at).label("observed_until"),
    ).group_by(edge_head.c.edge_id)


_SUMMED = ("pending_records", "lost_records", "recovered_records")


def _standing_of(row: RowMapping) -> EdgeStanding:
    """Sums of whole numbers come back as decimals from one of the databases."""
    return EdgeStanding(**dict(row) | {name: int(row[name]) for name in _SUMMED})


_STANDING_BY = {Figure.CROSSINGS: 1, Figure.WITHDRAWN: -1}


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
        if figure in _STANDING_BY:
            directions[gate][Direction(direction)] += _STANDING_BY[Figure(figure)] * int(total)
    return {gate: GateFigures(figures=dict(sums[gate]), by_direction=dict(directions[gate])) for gate in sums}
