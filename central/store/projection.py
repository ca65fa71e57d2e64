"""Applying a batch to the crossings and counters, set by set: one read, one insert, one update."""

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec
from sqlalchemy import Connection, bindparam, select, text, update

from central.ledger import CrossingState, ProjectionError, apply_record
from central.reception import ReceivedRecord
from central.rollup import CountDelta, count_deltas, sum_deltas
from central.store.bulk import Row, add_to_counts, insert_rows
from central.store.tables import crossing, day_count
from sync.agreement.vocabulary import RecordDisposition

_ENCODER = msgspec.json.Encoder()
_STATES = msgspec.json.Decoder(CrossingState)


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one record; ``reason`` is a slug where it was not projected."""

    disposition: RecordDisposition
    reason: str = ""


_PROJECTED = Judgement(disposition=RecordDisposition.PROJECTED)
_UNPROJECTED = Judgement(disposition=RecordDisposition.UNPROJECTED, reason="newer_type")


class Projection:
    """Crossings in the making: what they were before a run of records, and what they have become.

    Holds no connection: the ledger's replay in ``verify`` uses it too.
    """

    def __init__(self, *, cut_off_hour: int, before: dict[str, CrossingState] | None = None) -> None:
        """``before`` holds the crossings as stored; crossings that are not in it do not exist yet."""
        self._cut_off_hour = cut_off_hour
        self._before = before if before is not None else {}
        self.states: dict[str, CrossingState] = dict(self._before)
        self._touched: dict[str, None] = {}

    def take(self, received: ReceivedRecord, *, point_of_entry_id: str) -> Judgement:
        """Apply one record, or say why it cannot be."""
        body = received.body
        if received.refusal is not None:
            return Judgement(disposition=RecordDisposition.QUARANTINED, reason=received.refusal)
        if body is None:
            return _UNPROJECTED
        try:
            state = apply_record(
                self.states.get(body.crossing_id),
                body=body,
                envelope=received.envelope,
                point_of_entry_id=point_of_entry_id,
                cut_off_hour=self._cut_off_hour,
            )
        except ProjectionError as error:
            return Judgement(disposition=RecordDisposition.QUARANTINED, reason=error.reason)
        self.states[body.crossing_id] = state
        self._touched[body.crossing_id] = None
        return _PROJECTED

    def new_states(self) -> list[CrossingState]:
        """Return the crossings that did not exist before."""
        return [self.states[key] for key in self._touched if key not in self._before]

    def changed_states(self) -> list[CrossingState]:
        """Return the crossings that existed and are different now."""
        return [self.states[key] for key in self._touched if key in self._before]

    def deltas(self) -> Iterable[CountDelta]:
        """Return what all this does to the counters."""
        for key in self._touched:
            yield from count_deltas(self._before.get(key), self.states[key])


def encode_state(state: CrossingState) -> bytes:
    """Write a crossing as the ``state`` column holds it."""
    return _ENCODER.encode(state)


def decode_state(state: bytes) -> CrossingState:
    """Read the ``state`` column."""
    return _STATES.decode(state)


def read_states(connection: Connection, *, records: Sequence[ReceivedRecord]) -> dict[str, CrossingState]:
    """Read the stored crossings that these records are about."""
    wanted = sorted({received.body.crossing_id for received in records if received.body is not None})
    if not wanted:
        return {}
    if connection.dialect.name == "postgresql":
        rows = connection.execute(_STATES_BY_ARRAY, {"wanted": wanted})
    else:
        query = select(crossing.c.crossing_id, crossing.c.state).where(crossing.c.crossing_id.in_(wanted))
        rows = connection.execute(query)
    return {key: decode_state(state) for key, state in rows}


_STATES_BY_ARRAY = text("SELECT crossing_id, state FROM crossing WHERE crossing_id = ANY(:wanted)")

_UPDATE = (
    update(crossing)
    .where(crossing.c.crossing_id == bindparam("key"))
    .values(disposition=bindparam("disposition_now"), due_at=bindparam("due_now"), state=bindparam("state_now"))
)


def write_projection(connection: Connection, *, projection: Projection) -> None:
    """Write new and changed crossings and the counters."""
    insert_rows(connection, table=crossing, rows=[crossing_row(state) for state in projection.new_states()])
    if changed := projection.changed_states():
        connection.execute(_UPDATE, [_change_of(state) for state in changed])
    totals = sum_deltas(projection.deltas())
    rows = [(*key[:2], key.direction.value, key.category.value, key.figure.value, n) for key, n in totals.items()]
    add_to_counts(connection, table=day_count, rows=rows)


def crossing_row(state: CrossingState) -> Row:
    """Return the row of table ``crossing``, in the order of its columns."""
    return (
        state.crossing_id,
        state.edge_id,
        state.point_of_entry_id,
        state.report_day,
        state.observed_at,
        state.disposition.value,
        state.due_at,
        encode_state(state),
    )


def _change_of(state: CrossingState) -> dict[str, str | bytes | datetime | None]:
    return {
        "key": state.crossing_id,
        "disposition_now": state.disposition.value,
        "due_now": state.due_at,
        "state_now": encode_state(state),
    }
