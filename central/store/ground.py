"""What must be known before records are projected: both ends, locked, and what the records are about."""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from sqlalchemy import Connection, select

from central.ledger import CrossingState
from central.reception import ReceivedBatch, ReceivedRecord
from central.store.binary_copy import array_of
from central.store.bulk import ask_together
from central.store.edges import contact_question, head_to_extend, note_contact, standing_of
from central.store.originals import read_originals
from central.store.projection import Originals, decode_state, read_states
from central.store.provisional import WAITING, WaitingRecord, waiting_of
from central.store.tables import crossing, ledger_head, recovered_record
from sync.exchange.chain import ChainHead

_LOCK_LEDGER = select(ledger_head.c.position, ledger_head.c.hash).with_for_update()
_LOCK = b"SELECT position, hash FROM ledger_head FOR UPDATE"
_STATES = b"SELECT crossing_id, state FROM crossing WHERE crossing_id = ANY(%(wanted)s)"
_RECOVERED = b"SELECT record_id FROM recovered_record WHERE edge_id = %(edge_id)s AND record_id = ANY(%(wanted)s)"


class Ground(msgspec.Struct, frozen=True, kw_only=True):
    """The chain's ``head``; ``position`` and ``hash`` of the ledger's last entry; what there is of these records.

    ``before`` holds their crossings as they were, ``waiting`` what came of this edge by the express lane.
    """

    head: ChainHead
    position: int
    hash: bytes
    before: dict[str, CrossingState]
    originals: Originals
    waiting: tuple[WaitingRecord, ...]


def survey(connection: Connection, *, batch: ReceivedBatch, now: datetime) -> Ground:
    """Lock the chain's head, then the ledger's end, and read what a batch builds on.

    From here on nobody else writes: a crossing read now is as it will be when it is written. Raises
    ``FrozenError`` where nothing may be added to the chain any more.
    """
    edge_id, records = batch.edge_id, batch.records
    if connection.dialect.name == "postgresql" and not any(received.original for received in records):
        return _survey_in_one_trip(connection, batch=batch, now=now)
    head = note_contact(connection, edge_id=edge_id, incarnation=batch.incarnation, now=now)
    position, last_hash = connection.execute(_LOCK_LEDGER).one()
    return Ground(
        head=head,
        position=position,
        hash=last_hash,
        before=read_states(connection, records=records),
        originals=read_originals(connection, records=records),
        waiting=waiting_of(connection, edge_id=edge_id),
    )


def _survey_in_one_trip(connection: Connection, *, batch: ReceivedBatch, now: datetime) -> Ground:
    """Each statement looks at what is committed when it begins, hence the questions see what the locks guard."""
    edge_id = batch.edge_id
    (standing,), (end,), states, recovered, waiting = ask_together(
        connection,
        contact_question(edge_id, incarnation=batch.incarnation, now=now),
        (_LOCK, {}),
        (_STATES, {"wanted": _crossings_of(batch.records)}),
        (_RECOVERED, {"edge_id": edge_id, "wanted": _names_of(batch.records)}),
        (WAITING, {"edge_id": edge_id}),
    )
    return Ground(
        head=head_to_extend(standing_of(standing)),
        position=end[0],
        hash=end[1],
        before={name: decode_state(state) for name, state in states},
        originals=Originals(recovered={(edge_id, row[0]) for row in recovered}),
        waiting=tuple(WaitingRecord(*row) for row in waiting),
    )


def _crossings_of(records: Sequence[ReceivedRecord]) -> bytes:
    crossings = {received.crossing_id for received in records}
    return array_of(crossing.c.crossing_id, values=[name for name in crossings if name is not None])


def _names_of(records: Sequence[ReceivedRecord]) -> bytes:
    return array_of(recovered_record.c.record_id, values=[received.envelope.record_id for received in records])
