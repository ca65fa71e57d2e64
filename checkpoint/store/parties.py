"""Parties of posts and trails in the database: one row each, their people by crossing, and whose turn a lane has."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, bindparam, delete, func, literal_column, select, update
from sqlalchemy.dialects.sqlite import insert

from checkpoint.places import Member, Party, PartyState, PartyWords
from checkpoint.store.instants import from_optional_text, from_text, to_text
from checkpoint.store.place_tables import lane_party, party, party_member
from checkpoint.store.statements import compiled, insert_into
from checkpoint.store.tables import crossing
from checkpoint.store.writer import Transaction
from sync.agreement.place_words import DifferenceReason, PartyKind
from sync.agreement.vocabulary import Disposition

_FIELDS = tuple(str(column.name) for column in party.columns)
_OWN_FORM = frozenset({"plate_key", "words", "reasons", "opened_at", "found_at", "closed_at"})
_ADD = insert_into(party)
_FIND = compiled(select(party).where(party.c.party_id == bindparam("wanted")))
_PUT = compiled(
    update(party)
    .where(party.c.party_id == bindparam("wanted"))
    .values(
        state=bindparam("new_state"),
        declared=bindparam("new_declared"),
        lane_id=bindparam("new_lane_id"),
        closed_at=bindparam("new_closed_at"),
        reasons=bindparam("new_reasons"),
    )
)
_ADD_MEMBER = compiled(
    insert(party_member)
    .values(dict.fromkeys(("crossing_id", "party_id", "seen_at", "has_proof", "slip")))
    .on_conflict_do_nothing(index_elements=["crossing_id"])
)
_TAKE_LANE = compiled(
    insert(lane_party)
    .values(dict.fromkeys(("lane_id", "party_id")))
    .on_conflict_do_update(index_elements=["lane_id"], set_={"party_id": literal_column("excluded.party_id")})
)
_LEAVE_LANES = compiled(delete(lane_party).where(lane_party.c.party_id == bindparam("wanted")))
_LEAVE_LANE = compiled(delete(lane_party).where(lane_party.c.lane_id == bindparam("wanted")))
_COUNTED = select(
    party_member.c.crossing_id,
    crossing.c.disposition,
    party_member.c.has_proof,
    crossing.c.person_key,
    party_member.c.seen_at,
).select_from(party_member.join(crossing, crossing.c.crossing_id == party_member.c.crossing_id))
_MEMBERS = compiled(_COUNTED.where(party_member.c.party_id == bindparam("wanted")))
_PURGE = compiled(
    update(party)
    .where(party.c.party_id == bindparam("wanted"))
    .values(plate=literal_column("''"), plate_key=literal_column("''"), words=literal_column("x'7b7d'"))
)
_MOST_LISTED = 500


class PartyMember(msgspec.Struct, frozen=True, kw_only=True):
    """One person of a party. Holds a person: never to be logged. ``slip`` is JSON of the gate's slip, or empty."""

    crossing_id: str
    seen_at: datetime
    has_proof: bool
    slip: str
    full_name: str
    document_number: str
    document_kind: str
    category: str
    temperature_c: float | None
    recheck_c: float | None
    disposition: Disposition
    place_id: str | None
    person_key: str

    @property
    def counted(self) -> Member:
        """What the head count needs of this person."""
        return Member(**{name: getattr(self, name) for name in Member.__struct_fields__})


class CountedParty(msgspec.Struct, frozen=True, kw_only=True):
    """A party with what of its people is counted."""

    party: Party
    members: tuple[Member, ...]


def plate_key(plate: str) -> str:
    """Write a plate as it is searched by: capital letters and digits only.

    >>> plate_key("14B-123.45")
    '14B12345'
    """
    return "".join(mark for mark in plate.upper() if mark.isalnum())


def add_party(transaction: Transaction, one: Party) -> None:
    """Keep a party that was just opened."""
    transaction.execute(_ADD, _as_row(one))


def put_party(transaction: Transaction, one: Party) -> None:
    """Write how a party stands now."""
    transaction.execute(
        _PUT,
        {
            "wanted": one.party_id,
            "new_state": one.state.value,
            "new_declared": one.declared,
            "new_lane_id": one.lane_id,
            "new_closed_at": None if one.closed_at is None else to_text(one.closed_at),
            "new_reasons": ",".join(one.reasons),
        },
    )


def find_party(transaction: Transaction, party_id: str) -> Party | None:
    """Return one party."""
    row = transaction.execute(_FIND, {"wanted": party_id}).fetchone()
    return None if row is None else _as_party(tuple(row))


def add_member(
    transaction: Transaction, one: Party, *, crossing_id: str, at: datetime, has_proof: bool, slip: str
) -> None:
    """Keep that a person of a party was screened; the same crossing twice is once."""
    row = {"crossing_id": crossing_id, "party_id": one.party_id, "seen_at": to_text(at), "slip": slip}
    transaction.execute(_ADD_MEMBER, {**row, "has_proof": int(has_proof)})


def members_counted(transaction: Transaction, party_id: str) -> tuple[Member, ...]:
    """Return what is counted of a party's people."""
    rows = transaction.execute(_MEMBERS, {"wanted": party_id}).fetchall()
    return tuple(_as_member(row) for row in rows)


def take_lane(transaction: Transaction, lane_id: str, *, party_id: str) -> None:
    """Let the people of a party go through a lane from now on."""
    transaction.execute(_TAKE_LANE, {"lane_id": lane_id, "party_id": party_id})


def leave_lane(transaction: Transaction, lane_id: str) -> None:
    """Let single travellers go through a lane again."""
    transaction.execute(_LEAVE_LANE, {"wanted": lane_id})


def leave_lanes(transaction: Transaction, party_id: str) -> None:
    """Take a party from every lane."""
    transaction.execute(_LEAVE_LANES, {"wanted": party_id})


def purge_party(transaction: Transaction, episode_id: str) -> None:
    """Empty what an erased party said of people: plate, route, spot, words. Its counts and times stay."""
    transaction.execute(_PURGE, {"wanted": episode_id})


def parties_at_lanes(connection: Connection) -> dict[str, CountedParty]:
    """Return the party of each lane that has one."""
    query = select(lane_party.c.lane_id, *party.columns.values()).join(party, party.c.party_id == lane_party.c.party_id)
    rows = [tuple(row) for row in connection.execute(query)]
    found = {str(row[0]): _as_party(row[1:]) for row in rows}
    return {lane_id: CountedParty(party=one, members=_members_of(connection, one)) for lane_id, one in found.items()}


def find_parties(
    connection: Connection,
    *,
    text: str = "",
    kind: PartyKind | None = None,
    is_open: bool | None = None,
    limit: int = 50,
) -> list[CountedParty]:
    """Return the newest parties first; ``text`` is the beginning of a plate."""
    query = select(party).order_by(party.c.opened_at.desc()).limit(min(limit, _MOST_LISTED))
    if kind is not None:
        query = query.where(party.c.kind == kind.value)
    if is_open is not None:
        closed = party.c.state == PartyState.CLOSED.value
        query = query.where(~closed if is_open else closed)
    if key := plate_key(text):
        query = query.where(party.c.plate_key >= key, party.c.plate_key < key + "\U0010ffff")
    found = [_as_party(tuple(row)) for row in connection.execute(query)]
    return [CountedParty(party=one, members=_members_of(connection, one)) for one in found]


def parties_between(connection: Connection, *, starts_at: datetime, ends_at: datetime) -> list[CountedParty]:
    """Return the parties that were opened in ``[starts_at, ends_at)``, oldest first."""
    during = (party.c.opened_at >= to_text(starts_at), party.c.opened_at < to_text(ends_at))
    query = select(party).where(*during).order_by(party.c.opened_at)
    found = [_as_party(tuple(row)) for row in connection.execute(query)]
    return [CountedParty(party=one, members=_members_of(connection, one)) for one in found]


def read_party(connection: Connection, party_id: str) -> tuple[Party, list[PartyMember]] | None:
    """Return one party with its people, in the order in which they came."""
    row = connection.execute(select(party).where(party.c.party_id == party_id)).first()
    if row is None:
        return None
    columns = (
        party_member.c.crossing_id,
        party_member.c.seen_at,
        party_member.c.has_proof,
        party_member.c.slip,
        crossing.c.full_name,
        crossing.c.document_number,
        crossing.c.document_kind,
        crossing.c.category,
        crossing.c.temperature_c,
        crossing.c.recheck_c,
        crossing.c.disposition,
        crossing.c.place_id,
        crossing.c.person_key,
    )
    joined = party_member.join(crossing, crossing.c.crossing_id == party_member.c.crossing_id)
    query = select(*columns).select_from(joined).where(party_member.c.party_id == party_id)
    query = query.order_by(party_member.c.seen_at)
    return _as_party(tuple(row)), [_as_person(tuple(found)) for found in connection.execute(query)]


def count_open(connection: Connection) -> int:
    """Return how many parties are not closed."""
    query = select(func.count()).select_from(party).where(party.c.state != PartyState.CLOSED.value)
    return int(connection.execute(query).scalar_one())


def _members_of(connection: Connection, one: Party) -> tuple[Member, ...]:
    query = _COUNTED.where(party_member.c.party_id == one.party_id)
    return tuple(_as_member(tuple(row)) for row in connection.execute(query))


def _as_member(row: Iterable[Any]) -> Member:
    crossing_id, disposition, has_proof, person_key, seen_at = row
    return Member(
        crossing_id=str(crossing_id),
        disposition=Disposition(disposition),
        has_proof=bool(has_proof),
        person_key=str(person_key),
        seen_at=from_text(seen_at),
    )


def _as_person(row: tuple[Any, ...]) -> PartyMember:
    fields = dict(zip(PartyMember.__struct_fields__, row, strict=True))
    fields |= {"seen_at": from_text(fields["seen_at"]), "has_proof": bool(fields["has_proof"])}
    return msgspec.convert(fields, PartyMember)


def _as_row(one: Party) -> dict[str, Any]:
    plain = {name: getattr(one, name) for name in _FIELDS if name not in _OWN_FORM}
    return {
        **{name: getattr(value, "value", value) for name, value in plain.items()},
        "plate_key": plate_key(one.plate),
        "words": msgspec.json.encode(one.words),
        "reasons": ",".join(one.reasons),
        "opened_at": to_text(one.opened_at),
        "found_at": None if one.found_at is None else to_text(one.found_at),
        "closed_at": None if one.closed_at is None else to_text(one.closed_at),
    }


def _as_party(row: tuple[Any, ...]) -> Party:
    fields = dict(zip(_FIELDS, row, strict=True))
    del fields["plate_key"]
    return msgspec.convert(
        {
            **fields,
            "words": msgspec.json.decode(fields["words"], type=PartyWords),
            "reasons": tuple(DifferenceReason(one) for one in fields["reasons"].split(",") if one),
            "opened_at": from_text(fields["opened_at"]),
            "found_at": from_optional_text(fields["found_at"]),
            "closed_at": from_optional_text(fields["closed_at"]),
        },
        Party,
    )
