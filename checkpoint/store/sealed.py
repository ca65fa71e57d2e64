"""The sealed parts of one crossing as the journal holds them."""

from typing import get_args

from sqlalchemy import bindparam, select, text

from checkpoint.store.crossings import CrossingRow
from checkpoint.store.statements import compiled
from checkpoint.store.tables import journal
from checkpoint.store.writer import Transaction
from sync.agreement.gate_records.isolation import IsolationRecord
from sync.exchange.envelope import Envelope, decode_record

_SEALED_TYPES = (
    "crossing_screened",
    "temperature_rechecked",
    "crossing_corrected",
    "traveller_discharged",
    "crossing_withdrawn",
    *(body.type_name for body in get_args(IsolationRecord)),
)
_MAY_BE_SEALED = text("type IN ('" + "', '".join(_SEALED_TYPES) + "')")
_BETWEEN = compiled(
    select(journal.c.bytes)
    .where(journal.c.entry.between(bindparam("first"), bindparam("last")), _MAY_BE_SEALED)
    .order_by(journal.c.entry.desc())
)


def newest_sealed(transaction: Transaction, row: CrossingRow) -> Envelope | None:
    """Return the newest record of a crossing that says who it is about, still sealed."""
    for (record,) in transaction.execute(_BETWEEN, {"first": row.entry, "last": row.last_entry}):
        envelope = decode_record(record)
        if envelope.sealing is not None and envelope.sealing.episode_id == row.crossing_id:
            return envelope
    return None
