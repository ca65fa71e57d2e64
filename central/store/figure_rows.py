"""The rows behind a figure: which crossings a report's figure counts, which records of a unit are held back.

No person is in a row: a crossing goes by its number, a record by its place.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date, datetime

import msgspec
from sqlalchemy import Engine, select

from central.dimensions import COUNTED_BY, Dimension, value_of
from central.ledger import CrossingState
from central.rollup import Figure, figures_of
from central.store.engine import reading
from central.store.figures import rule_needle
from central.store.projection import decode_state
from central.store.tables import crossing, ledger, record_quarantine
from sync.agreement.vocabulary import Direction, Disposition

ROWS_AT_MOST = 5000
_ROWS_AT_ONCE = 500


class CrossingRow(msgspec.Struct, frozen=True, kw_only=True):
    """One crossing of a report day, without the person."""

    crossing_id: str
    point_of_entry_id: str
    observed_at: datetime
    direction: str
    category: str
    disposition: str
    lane_id: str


class RowChoice(msgspec.Struct, frozen=True, kw_only=True):
    """Which figure is opened: of one gate, category or value of a dimension (empty: of all); ``sought`` narrows it.

    ``only_standing`` leaves out withdrawn crossings, as the figures of the running day do. ``rule_id`` asks for those
    whose verdict names an order among its grounds.
    """

    figure: Figure
    point_of_entry_id: str = ""
    category: str = ""
    dimension: Dimension | None = None
    value: str = ""
    direction: Direction | None = None
    only_standing: bool = False
    rule_id: str = ""
    sought: str = ""

    def counts(self, state: CrossingState) -> bool:
        """Whether the figure counts a crossing."""
        return (
            self.figure in figures_of(state)
            and self.point_of_entry_id in {"", state.point_of_entry_id}
            and self.category in {"", state.category}
            and (self.dimension is None or value_of(state, self.dimension) == self.value)
            and self.direction in {None, state.direction}
            and not (self.only_standing and state.disposition is Disposition.WITHDRAWN)
        )

    def is_sought(self, row: CrossingRow) -> bool:
        """Whether a row says what somebody looks for, in any of its columns."""
        return self.sought.casefold() in " ".join(map(str, msgspec.structs.astuple(row))).casefold()


class FigureTables(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of a day as they are now. ``dimensions``: only those of ``COUNTED_BY``."""

    totals: dict[Figure, int]
    gates: dict[str, Counter[Figure]]
    categories: dict[str, Counter[Figure]]
    dimensions: dict[Dimension, dict[str, Counter[Figure]]]


class HeldRow(msgspec.Struct, frozen=True, kw_only=True):
    """One record of a unit that the ledger has and counts nowhere yet, and why."""

    position: int
    incarnation: int
    sequence: int
    type: str
    reason: str
    received_at: datetime


class FigureRows:
    """Reads only; each call sees one moment. Of held records at most ``ROWS_AT_MOST`` are given."""

    def __init__(self, engine: Engine) -> None:
        """Over an opened, migrated database."""
        self._engine = engine

    def tables(self, day: date) -> FigureTables:
        """Count the crossings of a report day as they are now: per gate, per category, and by each dimension."""
        gates: defaultdict[str, Counter[Figure]] = defaultdict(Counter)
        categories: defaultdict[str, Counter[Figure]] = defaultdict(Counter)
        cuts: defaultdict[Dimension, defaultdict[str, Counter[Figure]]] = defaultdict(lambda: defaultdict(Counter))
        totals: Counter[Figure] = Counter()
        for state in self._states(day, choice=RowChoice(figure=Figure.CROSSINGS)):
            figures = figures_of(state)
            for counter in (totals, gates[state.point_of_entry_id], categories[state.category]):
                counter.update(figures)
            for dimension in Dimension:
                cuts[dimension][value_of(state, dimension)].update(figures.intersection(COUNTED_BY))
        return FigureTables(totals=totals, gates=dict(gates), categories=dict(categories), dimensions=dict(cuts))

    def crossings(self, day: date, *, choice: RowChoice) -> list[CrossingRow]:
        """Return the crossings of a report day that a figure counts now, in their order."""
        return [row for state in self._states(day, choice=choice) if choice.is_sought(row := _row_of(state))]

    def _states(self, day: date, *, choice: RowChoice) -> Iterator[CrossingState]:
        query = select(crossing.c.state).where(crossing.c.report_day == day)
        if choice.point_of_entry_id:
            query = query.where(crossing.c.point_of_entry_id == choice.point_of_entry_id)
        query = query.order_by(crossing.c.observed_at, crossing.c.crossing_id)
        with (
            reading(self._engine) as connection,
            connection.execute(query.execution_options(yield_per=_ROWS_AT_ONCE)) as rows,
        ):
            needle = rule_needle(choice.rule_id) if choice.rule_id else b""
            for state in (decode_state(content) for content in rows.scalars() if needle in content):
                if choice.counts(state):
                    yield state

    def held(self, edge_id: str) -> list[HeldRow]:
        """Return the records of a unit that are held back, oldest first."""
        names = ("position", "incarnation", "sequence", "type", "received_at")
        query = (
            select(*(ledger.c[name] for name in names), record_quarantine.c.reason)
            .join(record_quarantine, record_quarantine.c.position == ledger.c.position)
            .where(ledger.c.edge_id == edge_id)
            .order_by(ledger.c.position)
            .limit(ROWS_AT_MOST)
        )
        with reading(self._engine) as connection:
            return [HeldRow(**row) for row in connection.execute(query).mappings()]


def _row_of(state: CrossingState) -> CrossingRow:
    return CrossingRow(
        crossing_id=state.crossing_id,
        point_of_entry_id=state.point_of_entry_id,
        observed_at=state.observed_at,
        direction=state.direction,
        category=state.category,
        disposition=state.disposition,
        lane_id=state.lane_id,
    )
