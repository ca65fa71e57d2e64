"""Cases, acts and contacts of the isolation room, written in the commit of the record they follow from."""

from collections.abc import Iterable
from datetime import datetime

import msgspec
from sqlalchemy import Connection, bindparam, select, text
from sqlalchemy.dialects.sqlite import insert

from checkpoint.isolation.case import Act, CasePath, CaseWords, CloseContact
from checkpoint.isolation.path import ENDS, PathEvent
from checkpoint.store.instants import from_text, to_text
from checkpoint.store.journal import Saved
from checkpoint.store.statements import compiled, insert_into
from checkpoint.store.tables import isolation_act, isolation_case, isolation_contact
from checkpoint.store.writer import Transaction
from sync.agreement.isolation_words import ContactRelation
from sync.agreement.records import TravellerIdentity

_ENCODER = msgspec.json.Encoder()
_PATHS = msgspec.json.Decoder(CasePath)
_WORDS = msgspec.json.Decoder(CaseWords)
_IDENTITIES = msgspec.json.Decoder(TravellerIdentity)

_COLUMNS = tuple(column.name for column in isolation_case.columns)
_PUT_CASE = compiled(
    insert(isolation_case)
    .values(dict.fromkeys(_COLUMNS))
    .on_conflict_do_update(
        index_elements=["crossing_id"],
        set_={name: getattr(insert(isolation_case).excluded, name) for name in ("state", "is_open", "path", "words")},
    )
)
_FIND_CASE = compiled(
    select(isolation_case.c.path, isolation_case.c.words).where(isolation_case.c.crossing_id == bindparam("wanted"))
)
_ADD_ACT = insert_into(isolation_act)
_FIND_ACT = compiled(select(isolation_act).where(isolation_act.c.act_id == bindparam("wanted")))
_ADD_CONTACT = insert_into(isolation_contact)


class StoredCase(msgspec.Struct, frozen=True, kw_only=True):
    """A case as it stands: where the person is, and the words that name people."""

    path: CasePath
    words: CaseWords = CaseWords()


class StoredAct(msgspec.Struct, frozen=True, kw_only=True):
    """An act that was done already, found by the identifier its client made."""

    crossing_id: str
    event: PathEvent
    saved: Saved


def put_case(transaction: Transaction, crossing_id: str, *, case: StoredCase, at: datetime) -> None:
    """Keep a case as it now stands."""
    row = {
        "crossing_id": crossing_id,
        "state": case.path.state.value,
        "is_open": int(case.path.state not in ENDS),
        "opened_at": to_text(case.path.opened_at or at),
        "path": _ENCODER.encode(case.path),
        "words": _ENCODER.encode(case.words),
    }
    transaction.execute(_PUT_CASE, row)


def find_case(transaction: Transaction, crossing_id: str) -> StoredCase | None:
    """Read one case inside a transaction."""
    row = transaction.execute(_FIND_CASE, {"wanted": crossing_id}).fetchone()
    return None if row is None else _as_case(row[0], words=row[1])


def add_act(
    transaction: Transaction, act_id: str, *, crossing_id: str, event: PathEvent, officer_ref: str, saved: Saved
) -> None:
    """Note an act under its client's identifier."""
    row = {
        "act_id": act_id,
        "crossing_id": crossing_id,
        "event": event.value,
        "at": to_text(saved.recorded_at),
        "officer_ref": officer_ref,
        "entry": saved.entry,
        "record_id": saved.record_id,
    }
    transaction.execute(_ADD_ACT, row)


def find_act(transaction: Transaction, act_id: str) -> StoredAct | None:
    """Return the act of this identifier, if it was done already."""
    row = transaction.execute(_FIND_ACT, {"wanted": act_id}).fetchone()
    if row is None:
        return None
    found = dict(zip((column.name for column in isolation_act.columns), row, strict=True))
    saved = Saved(sequence=0, record_id=found["record_id"], recorded_at=from_text(found["at"]), entry=found["entry"])
    return StoredAct(crossing_id=found["crossing_id"], event=PathEvent(found["event"]), saved=saved)


def add_contact(transaction: Transaction, contact: CloseContact, *, crossing_id: str) -> None:
    """Keep one close contact of a person."""
    identity = TravellerIdentity(
        full_name=contact.full_name,
        document_number=contact.document_number,
        telephone=contact.telephone,
        address=contact.address,
    )
    row = {
        "contact_id": contact.contact_id,
        "crossing_id": crossing_id,
        "relation": contact.relation.value,
        "listed_at": to_text(contact.listed_at),
        "identity": _ENCODER.encode(identity),
    }
    transaction.execute(_ADD_CONTACT, row)


def open_cases(connection: Connection) -> dict[str, StoredCase]:
    """Return the cases for which the gate still answers, by crossing."""
    # Spelled out, not bound: only then does SQLite see that the small index answers it.
    rows = connection.execute(select(isolation_case).where(text("is_open = 1")))
    return {row.crossing_id: _as_case(row.path, words=row.words) for row in rows}


def read_case(connection: Connection, crossing_id: str) -> StoredCase | None:
    """Read one case, open or closed."""
    row = connection.execute(select(isolation_case).where(isolation_case.c.crossing_id == crossing_id)).first()
    return None if row is None else _as_case(row.path, words=row.words)


def acts_of(connection: Connection, crossing_id: str) -> tuple[Act, ...]:
    """Return the acts of a case, in the order in which they were written."""
    rows = connection.execute(
        select(isolation_act).where(isolation_act.c.crossing_id == crossing_id).order_by(isolation_act.c.entry)
    )
    return tuple(
        Act(event=PathEvent(row.event), at=from_text(row.at), officer_ref=row.officer_ref, record_id=row.record_id)
        for row in rows
    )


def contacts_of(connection: Connection, crossing_id: str) -> tuple[CloseContact, ...]:
    """Return the close contacts of a person; of one that was erased only that there was one."""
    rows = connection.execute(
        select(isolation_contact).where(isolation_contact.c.crossing_id == crossing_id).order_by(text("listed_at"))
    )
    return tuple(_as_contact(row.contact_id, row=(row.relation, row.listed_at, row.identity)) for row in rows)


def _as_contact(contact_id: str, *, row: tuple[str, str, bytes]) -> CloseContact:
    relation, listed_at, content = row
    identity = _IDENTITIES.decode(content) if content else TravellerIdentity(full_name="", document_number="")
    return CloseContact(
        contact_id=contact_id,
        relation=ContactRelation(relation),
        listed_at=from_text(listed_at),
        full_name=identity.full_name,
        document_number=identity.document_number,
        telephone=identity.telephone,
        address=identity.address,
    )


def _as_case(path: bytes, *, words: bytes) -> StoredCase:
    return StoredCase(path=_PATHS.decode(path), words=_WORDS.decode(words) if words else CaseWords())


def crossings_of(connection: Connection, crossing_ids: Iterable[str]) -> frozenset[str]:
    """Return which of these crossings have a case."""
    wanted = list(crossing_ids)
    rows = connection.execute(select(isolation_case.c.crossing_id).where(isolation_case.c.crossing_id.in_(wanted)))
    return frozenset(row.crossing_id for row in rows)
