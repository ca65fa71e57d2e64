"""What the centre has issued: the policy documents of its own journal, in their order."""

from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Engine, Select, select

from central.store.centre_journal import JournalEntry, append, lock_head
from central.store.engine import reading, writing
from central.store.tables import centre_journal
from sync.agreement.records import PolicyIssued
from sync.exchange.envelope import body_of, decode_record

_ISSUED = PolicyIssued.type_name


class OvertakenError(Exception):
    """Somebody issued another document since the last look: look again, check again; nothing was written."""


class Issued(msgspec.Struct, frozen=True, kw_only=True):
    """One issued document: where it stands in the journal, when it was issued and by whom."""

    incarnation: int
    sequence: int
    issued_at: datetime
    body: PolicyIssued


class IssuedPolicies:
    """Reads and appends; each call is one transaction."""

    def __init__(self, engine: Engine) -> None:
        """Over an opened, migrated database."""
        self._engine = engine

    def add(self, body: PolicyIssued, *, now: datetime, after: tuple[int, int]) -> JournalEntry:
        """Append a document that was checked against everything up to a place; raises ``OvertakenError``.

        The check and the append are one decision: two that issue the same version at the same moment would
        otherwise both be told that theirs holds, and the gates would follow only the first.
        """
        with writing(self._engine) as connection:
            lock_head(connection)
            if connection.execute(_issued_after(after).limit(1)).first() is not None:
                raise OvertakenError
            return append(connection, body, officer_ref=body.issued_by, now=now)

    def after(self, place: tuple[int, int]) -> list[Issued]:
        """Return what was issued after a place (incarnation, sequence) of the journal, oldest first."""
        with reading(self._engine) as connection:
            return [_read(*row) for row in connection.execute(_issued_after(place))]


def _issued_after(place: tuple[int, int]) -> Select[Any]:
    incarnation, sequence = place
    is_later = (centre_journal.c.incarnation > incarnation) | (
        (centre_journal.c.incarnation == incarnation) & (centre_journal.c.sequence > sequence)
    )
    return (
        select(centre_journal.c.incarnation, centre_journal.c.sequence, centre_journal.c.bytes)
        .where(centre_journal.c.type == _ISSUED, is_later)
        .order_by(centre_journal.c.incarnation, centre_journal.c.sequence)
    )


def _read(incarnation: int, sequence: int, record: bytes) -> Issued:
    envelope = decode_record(record)
    body = body_of(envelope)
    if not isinstance(body, PolicyIssued):
        msg = f"record {sequence} of the centre's journal is no issued policy"
        raise TypeError(msg)
    return Issued(incarnation=incarnation, sequence=sequence, issued_at=envelope.recorded_at, body=body)
