"""Crossings of experts and foreigners on projects with the records that say which steps they went through (R014).

Read from the ledger when somebody asks: only on days on which an expert was counted, and only their records.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date

import msgspec
from sqlalchemy import Connection, Engine, LargeBinary, bindparam, or_, select, text

from central.ledger import CrossingState
from central.reception import read_record
from central.rollup import Figure
from central.store.engine import reading
from central.store.projection import decode_state
from central.store.streams import in_chunks
from central.store.tables import crossing, day_count, ledger, record_replay
from sync.agreement.records import RecordBody
from sync.agreement.vocabulary import Disposition, RecordDisposition, TravellerCategory

_NEEDLE = bindparam("needle", f'"category":"{TravellerCategory.EXPERT.value}"'.encode(), type_=LargeBinary())
_NAMES_EXPERT = {
    True: text("instr(crossing.state, :needle) > 0").bindparams(_NEEDLE),
    False: text("position(:needle IN crossing.state) > 0").bindparams(_NEEDLE),
}
"""Which states are read at all, by whether the database is SQLite: a state is JSON without spaces."""
_AT_ONCE = 500


class ExpertRecords(msgspec.Struct, frozen=True, kw_only=True):
    """One crossing and what its records say, in the order in which they came."""

    crossing: CrossingState
    bodies: tuple[RecordBody, ...]


class Experts:
    """Reads only; each call sees one moment."""

    def __init__(self, engine: Engine) -> None:
        """Over an opened, migrated database."""
        self._engine = engine

    def between(self, first: date, last: date) -> list[ExpertRecords]:
        """Return the crossings of experts of some report days, in their order; withdrawn ones are none."""
        with reading(self._engine) as connection:
            states = [state for day in _days(connection, first=first, last=last) for state in _on(connection, day=day)]
            return [one for chunk in in_chunks(states, size=_AT_ONCE) for one in _with_records(connection, chunk)]


def _days(connection: Connection, *, first: date, last: date) -> list[date]:
    query = (
        select(day_count.c.report_day)
        .where(
            day_count.c.report_day.between(first, last),
            day_count.c.category == TravellerCategory.EXPERT.value,
            day_count.c.figure == Figure.CROSSINGS.value,
            day_count.c["count"] > 0,
        )
        .distinct()
        .order_by(day_count.c.report_day)
    )
    return list(connection.execute(query).scalars())


def _on(connection: Connection, *, day: date) -> Iterator[CrossingState]:
    query = (
        select(crossing.c.state)
        .where(crossing.c.report_day == day, _NAMES_EXPERT[connection.dialect.name == "sqlite"])
        .order_by(crossing.c.observed_at, crossing.c.crossing_id)
    )
    for state in map(decode_state, connection.execute(query).scalars()):
        if state.category is TravellerCategory.EXPERT and state.disposition is not Disposition.WITHDRAWN:
            yield state


def _with_records(connection: Connection, states: Sequence[CrossingState]) -> Iterator[ExpertRecords]:
    names = [state.crossing_id for state in states]
    replayed = select(record_replay.c.position).where(record_replay.c.crossing_id.in_(names))
    positions = connection.execute(replayed).scalars().all()
    took_effect = (ledger.c.disposition == RecordDisposition.PROJECTED.value) & ledger.c.crossing_id.in_(names)
    query = select(ledger.c.bytes).where(or_(took_effect, ledger.c.position.in_(positions)))
    found: dict[str | None, list[RecordBody]] = defaultdict(list)
    for record in connection.execute(query.order_by(ledger.c.position)).scalars():
        received = read_record(bytes(record))
        if received.subject.body is not None:
            found[received.crossing_id].append(received.subject.body)
    for state in states:
        yield ExpertRecords(crossing=state, bodies=tuple(found[state.crossing_id]))
