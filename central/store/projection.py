"""Applying a batch to the crossings and counters, set by set: one read, one insert, one update."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import Connection, bindparam, select, text, update

from central.gate_records import GATE_RECORDS, refusal_of
from central.ledger import CrossingState, ProjectionError, apply_record
from central.reception import ReceivedRecord
from central.rollup import difference
from central.store.binary_copy import array_of
from central.store.bulk import Row, RowWriter, add_to_counts
from central.store.provinces import is_storable
from central.store.tables import crossing, day_count
from sync.agreement.contact_records import ContactFollowedUp, FollowUpOpened
from sync.agreement.records import (
    CaseNotified,
    EpisodesErased,
    ErasureCarriedOut,
    FiguresReported,
    IncarnationGranted,
    IncarnationOpened,
    PolicyIssued,
    RecordBody,
)
from sync.agreement.trust_records import EdgeConfirmed, EdgeEnrolled, EdgeRevoked, EpochRenewed, ExpressSettled
from sync.agreement.vocabulary import RecordDisposition

_ENCODER = msgspec.json.Encoder()
_STATES = msgspec.json.Decoder(CrossingState)
_OF_THE_JOURNAL = (IncarnationOpened, ErasureCarriedOut)
_OF_A_PROVINCE = (FiguresReported, CaseNotified)
_OF_THE_CENTRE = (
    PolicyIssued,
    EpisodesErased,
    IncarnationGranted,
    EdgeEnrolled,
    EdgeConfirmed,
    EdgeRevoked,
    EpochRenewed,
    ExpressSettled,
    FollowUpOpened,
    ContactFollowedUp,
)
PROVINCE = "province"
"""The kind of an edge that is a province's centre: it sends figures and cases, no crossings."""


HELD_REASONS = frozenset(
    {
        "another_point_of_entry",
        "body_refused",
        "crossing_exists",
        "crossing_id_refused",
        "crossing_of_another_edge",
        "crossing_unknown",
        "crossing_withdrawn",
        "impossible_disposition",
        "impossible_time",
        "newer_type",
        "not_for_an_edge",
        "original_refused",
    }
)
"""Every reason for which any version of this program has held a record; none is ever taken away."""


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one record; ``reason`` is a slug where it was not projected."""

    disposition: RecordDisposition
    reason: str = ""


_PROJECTED = Judgement(disposition=RecordDisposition.PROJECTED)
_EXISTS = Judgement(disposition=RecordDisposition.EXISTS)
_UNPROJECTED = Judgement(disposition=RecordDisposition.UNPROJECTED, reason="newer_type")
_NOT_FOR_AN_EDGE = Judgement(disposition=RecordDisposition.QUARANTINED, reason="not_for_an_edge")
_BODY_REFUSED = Judgement(disposition=RecordDisposition.QUARANTINED, reason="body_refused")


class Sender(msgspec.Struct, frozen=True, kw_only=True):
    """Who sent a record: where it stands, and whether it is a gate's edge or a province."""

    point_of_entry_id: str
    kind: str = "edge"


class Originals(msgspec.Struct, kw_only=True):
    """Which records the ledger holds that may come a second time inside a ``record_recovered``.

    ``watched`` are the originals in question; ``plain`` and ``recovered`` those of them that came in
    their own chain, and inside another record. Keys are (edge, record identifier).
    """

    watched: set[tuple[str, UUID]] = msgspec.field(default_factory=set)
    plain: set[tuple[str, UUID]] = msgspec.field(default_factory=set)
    recovered: set[tuple[str, UUID]] = msgspec.field(default_factory=set)

    def meet(self, received: ReceivedRecord) -> bool:
        """Note a record in the order of the ledger; tell whether what it says is there already."""
        if received.original is None and not self.watched and not self.recovered:
            return False
        envelope = received.subject.envelope
        key = (envelope.edge_id, envelope.record_id)
        if received.original is None:
            if key in self.watched:
                self.plain.add(key)
            return key in self.recovered
        is_known = key in self.plain or key in self.recovered
        self.recovered.add(key)
        return is_known


class Projection:
    """Crossings in the making: what they were before a run of records, and what they have become.

    Holds no connection: the ledger's replay in ``verify`` uses it too.
    """

    def __init__(
        self,
        *,
        cut_off_hour: int,
        before: dict[str, CrossingState] | None = None,
        originals: Originals | None = None,
    ) -> None:
        """``before`` holds the crossings as stored; crossings that are not in it do not exist yet."""
        self._cut_off_hour = cut_off_hour
        self._before = before if before is not None else {}
        self._originals = originals
        self.states: dict[str, CrossingState] = dict(self._before)
        self._touched: dict[str, None] = {}
        self.reported: list[tuple[str, RecordBody]] = []
        """What provinces said in these records, with the province's name."""
        self.of_gates: list[ReceivedRecord] = []
        """What gates said in these records beside crossings."""

    def take(self, received: ReceivedRecord, *, sender: Sender) -> Judgement:
        """Apply one record, or say why it cannot be."""
        if received.refusal is not None:
            return Judgement(disposition=RecordDisposition.QUARANTINED, reason=received.refusal)
        if self._originals is not None and self._originals.meet(received):
            return _EXISTS
        return self.apply(received, sender=sender)

    def apply(self, received: ReceivedRecord, *, sender: Sender) -> Judgement:
        """Apply what a record says, without asking whether the ledger has it already."""
        subject = received.subject
        body = subject.body
        if subject.refusal is not None:
            return Judgement(disposition=RecordDisposition.QUARANTINED, reason=subject.refusal)
        if body is None:
            return _UNPROJECTED
        if body.crossing_id is None:
            return self._apply_without_crossing(subject, body=body, sender=sender)
        if sender.kind == PROVINCE:
            return _NOT_FOR_AN_EDGE  # a person's crossing stays in its province, whoever sends it on
        try:
            state = apply_record(
                self.states.get(body.crossing_id),
                body=body,
                envelope=subject.envelope,
                point_of_entry_id=sender.point_of_entry_id,
                cut_off_hour=self._cut_off_hour,
            )
        except ProjectionError as error:
            return Judgement(disposition=RecordDisposition.QUARANTINED, reason=error.reason)
        self.states[body.crossing_id] = state
        self._touched[body.crossing_id] = None
        return _PROJECTED

    def _apply_without_crossing(self, subject: ReceivedRecord, *, body: RecordBody, sender: Sender) -> Judgement:
        """Records about journals count at once; a province's figures only from a province; orders from nobody."""
        if isinstance(body, _OF_THE_JOURNAL):
            return _PROJECTED
        if isinstance(body, GATE_RECORDS):
            return _NOT_FOR_AN_EDGE if sender.kind == PROVINCE else self._take_from_gate(subject)
        if isinstance(body, _OF_A_PROVINCE) and sender.kind == PROVINCE:
            if not is_storable(body):
                return _BODY_REFUSED
            self.reported.append((subject.envelope.edge_id, body))
            return _PROJECTED
        return _NOT_FOR_AN_EDGE if isinstance(body, (*_OF_A_PROVINCE, *_OF_THE_CENTRE)) else _UNPROJECTED

    def _take_from_gate(self, subject: ReceivedRecord) -> Judgement:
        """Each of these stands for itself: it is taken or not, whatever else there is."""
        refusal = refusal_of(subject)
        if refusal is not None:
            return Judgement(disposition=RecordDisposition.QUARANTINED, reason=refusal)
        self.of_gates.append(subject)
        return _PROJECTED

    def new_states(self) -> list[CrossingState]:
        """Return the crossings that did not exist before."""
        return [self.states[key] for key in self._touched if key not in self._before]

    def changed_states(self) -> list[CrossingState]:
        """Return the crossings that existed and are different now."""
        return [self.states[key] for key in self._touched if key in self._before]

    def changes(self) -> Iterable[tuple[CrossingState | None, CrossingState]]:
        """Return each touched crossing as it was and as it is."""
        return ((self._before.get(key), self.states[key]) for key in self._touched)


def encode_state(state: CrossingState) -> bytes:
    """Write a crossing as the ``state`` column holds it."""
    return _ENCODER.encode(state)


def decode_state(state: bytes) -> CrossingState:
    """Read the ``state`` column."""
    return _STATES.decode(state)


def read_states(connection: Connection, *, records: Sequence[ReceivedRecord]) -> dict[str, CrossingState]:
    """Read the stored crossings that these records are about."""
    named = {received.crossing_id for received in records}
    wanted = sorted(crossing_id for crossing_id in named if crossing_id is not None)
    if not wanted:
        return {}
    if connection.dialect.name == "postgresql":
        keys = array_of(crossing.c.crossing_id, values=wanted)
        rows = connection.execute(_STATES_BY_ARRAY, {"wanted": keys})
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


class ProjectedChanges(msgspec.Struct, frozen=True):
    """What a projection writes beside new crossings, ready to go out: changed crossings, counters."""

    crossings: list[dict[str, str | bytes | datetime | None]]
    counts: list[Row]


def new_crossings(connection: Connection, *, projection: Projection) -> RowWriter:
    """Make the rows of the crossings that did not exist before, ready to go out."""
    writer = RowWriter(connection, table=crossing)
    writer.add(map(crossing_row, projection.new_states()))
    return writer


def changes_of(projection: Projection) -> ProjectedChanges:
    """Make what is written once the new crossings are there."""
    totals = difference(projection.changes())
    return ProjectedChanges(
        [_change_of(state) for state in projection.changed_states()],
        [(*key[:2], key.direction.value, key.category.value, key.figure.value, n) for key, n in totals.items()],
    )


def write_changes(connection: Connection, changes: ProjectedChanges) -> None:
    """Write the crossings that are different now, and the counters."""
    if changes.crossings:
        connection.execute(_UPDATE, changes.crossings)
    add_to_counts(connection, table=day_count, rows=changes.counts)


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
