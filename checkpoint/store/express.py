"""The fast lane to the CDC desk: referrals that the centre has not been told yet, however long the queue is.

A row is written in the commit of the record itself, so that no referral is ever forgotten, and it goes
when the centre has taken the record by either way. The record stays in the journal and travels there too.
"""

from collections.abc import Iterable

from sqlalchemy import bindparam, delete, exists

from checkpoint.store.statements import compiled, insert_into
from checkpoint.store.tables import express_pending, journal
from checkpoint.store.writer import Transaction
from sync.agreement.records import CrossingScreened, RecordBody, TemperatureRechecked, TravellerIsolated
from sync.agreement.vocabulary import Outcome

_NOTE = insert_into(express_pending)
_TAKEN = compiled(delete(express_pending).where(express_pending.c.record_id == bindparam("taken")))
_DELIVERED = compiled(
    delete(express_pending).where(
        exists().where(
            journal.c.entry == express_pending.c.entry,
            journal.c.incarnation == bindparam("of_incarnation"),
            journal.c.sequence <= bindparam("up_to"),
        )
    )
)
_RECOVERED = (
    "DELETE FROM express_pending WHERE EXISTS ("
    " SELECT 1 FROM journal JOIN journal_head USING (incarnation) WHERE journal.entry = express_pending.entry"
    " AND journal.incarnation < :of_incarnation AND journal_head.abandoned_at IS NOT NULL"
    " AND journal.sequence > journal_head.abandoned_after"
    ") AND NOT EXISTS ("
    " SELECT 1 FROM journal WHERE incarnation = :of_incarnation AND sequence > :up_to AND type = 'record_recovered')"
)
_ALARMS = frozenset({Outcome.RECHECK, Outcome.REFERRED})


def is_urgent(body: RecordBody) -> bool:
    """Tell whether the CDC desk must hear of a record at once: an alarm, how it ended, a person isolated.

    The end of an alarm is as urgent as its beginning: nobody drives to the gate for a fever that was none.
    """
    if isinstance(body, CrossingScreened):
        return body.assessment.outcome in _ALARMS
    return isinstance(body, TemperatureRechecked | TravellerIsolated)


def note_urgent(transaction: Transaction, *, entry: int, record_id: str) -> None:
    """Remember to tell the desk, as part of the commit that writes the record."""
    transaction.execute(_NOTE, {"entry": entry, "record_id": record_id})


def forget_taken(transaction: Transaction, record_ids: Iterable[str]) -> None:
    """Note that the centre's desk has these records."""
    for record_id in record_ids:
        transaction.execute(_TAKEN, {"taken": record_id})


def forget_delivered(transaction: Transaction, *, incarnation: int, sequence: int) -> None:
    """Note that the ledger has a chain up to a record: what was urgent of it has arrived.

    What was carried over from an abandoned chain has arrived under its own name with the last of the carried.
    """
    transaction.execute(_DELIVERED, {"of_incarnation": incarnation, "up_to": sequence})
    transaction.execute(_RECOVERED, {"of_incarnation": incarnation, "up_to": sequence})
