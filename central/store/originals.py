"""Which records the ledger has already that an edge carries over from an abandoned chain.

A record may come in its own chain and again inside a ``record_recovered``, in either order; it counts
once. Nearly every batch has nothing of the kind, and then this is one look at a small table.
"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Column, Connection, Table, select, text

from central.reception import ReceivedRecord
from central.store.binary_copy import array_of
from central.store.projection import Originals
from central.store.tables import ledger, recovered_record


def read_originals(connection: Connection, *, records: Sequence[ReceivedRecord]) -> Originals:
    """Read what the ledger has of these records of one edge, and of those that they carry."""
    edge_id = records[0].envelope.edge_id
    own = [received.envelope.record_id for received in records]
    carried = [received.subject.envelope.record_id for received in records if received.original is not None]
    recovered = _found(connection, table=recovered_record, edge_id=edge_id, wanted=own + carried)
    plain = _found(connection, table=ledger, edge_id=edge_id, wanted=carried) if carried else set()
    watched = {(edge_id, record_id) for record_id in carried}
    return Originals(watched=watched, plain=plain, recovered=recovered)


def _found(connection: Connection, *, table: Table, edge_id: str, wanted: Sequence[UUID]) -> set[tuple[str, UUID]]:
    column: Column[UUID] = table.c.record_id
    if connection.dialect.name == "postgresql":
        # The table is one of two of this program's own; the values travel as parameters.
        query = text(f"SELECT record_id FROM {table.name} WHERE edge_id = :edge_id AND record_id = ANY(:wanted)")  # noqa: S608
        rows = connection.execute(query, {"edge_id": edge_id, "wanted": array_of(column, values=wanted)})
    else:
        rows = connection.execute(select(column).where(table.c.edge_id == edge_id, column.in_(wanted)))
    return {(edge_id, record_id) for record_id in rows.scalars()}
