"""With whom the person of a crossing came: vehicle, group, party, pass, or one lane within minutes (R024).

Drawn from what gates wrote, without a name: who a contact is stands sealed under that crossing, and is revealed there,
logged. Whoever was erased is in none of these lists.
"""

from collections import defaultdict
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec
from sqlalchemy import Connection, LargeBinary, bindparam, select, text

from central.ledger import CrossingState
from central.store.gate_tables import gate_record
from central.store.projection import decode_state
from central.store.tables import crossing
from sync.agreement.gate_records.groups import ConveyanceOccupantSeen, GroupMemberSeen
from sync.agreement.gate_records.places import PartyMemberScreened
from sync.agreement.vocabulary import Disposition

CONTACT_WINDOW = timedelta(minutes=5)
"""How long before and after a person others at the same lane are listed."""
_DAY = timedelta(days=1)


class ContactWay(StrEnum):
    """What two people had in common."""

    VEHICLE = "vehicle"
    GROUP = "group"
    PARTY = "party"
    PASS = "pass"
    LANE = "lane"


_WAY_OF = {
    ConveyanceOccupantSeen.type_name: ContactWay.VEHICLE,
    GroupMemberSeen.type_name: ContactWay.GROUP,
    PartyMemberScreened.type_name: ContactWay.PARTY,
}


class Contact(msgspec.Struct, frozen=True, kw_only=True):
    """One other crossing; ``minutes_apart`` is below 0 for who came before."""

    crossing: CrossingState
    ways: tuple[ContactWay, ...]
    minutes_apart: int


def contacts_of(connection: Connection, state: CrossingState, *, has_pass: bool = False) -> list[Contact]:
    """Return the contacts of a crossing: who shares most first, then who was nearest in time.

    ``has_pass`` looks for who came on the same pass, too: that reads three days of the gate.
    """
    ways = _mates(connection, crossing_id=state.crossing_id)
    states = _states(connection, crossing_ids=list(ways))
    for other in _on_same_pass(connection, state=state) if has_pass else ():
        ways[other.crossing_id].add(ContactWay.PASS)
        states[other.crossing_id] = other
    for near in _at_lane(connection, state=state):
        ways[near.crossing_id].add(ContactWay.LANE)
        states[near.crossing_id] = near
    found = [
        Contact(
            crossing=other,
            ways=tuple(way for way in ContactWay if way in ways[key]),
            minutes_apart=_minutes_between(state.observed_at, other.observed_at),
        )
        for key, other in states.items()
    ]
    return sorted(found, key=lambda one: (-len(one.ways), abs(one.minutes_apart), one.crossing.crossing_id))


def _mates(connection: Connection, *, crossing_id: str) -> dict[str, set[ContactWay]]:
    """Return who is named with the same conveyance, group or party."""
    own = select(gate_record.c.type, gate_record.c.reference).where(
        gate_record.c.crossing_id == crossing_id, gate_record.c.type.in_(_WAY_OF)
    )
    shared = {(kind, reference) for kind, reference in connection.execute(own) if reference is not None}
    found: dict[str, set[ContactWay]] = defaultdict(set)
    if shared:
        columns = (gate_record.c.type, gate_record.c.reference, gate_record.c.crossing_id)
        others = select(*columns).where(
            gate_record.c.reference.in_({reference for _, reference in shared}),
            gate_record.c.type.in_(_WAY_OF),
            gate_record.c.crossing_id != crossing_id,
        )
        for kind, reference, other in connection.execute(others):
            if (kind, reference) in shared:
                found[other].add(_WAY_OF[kind])
    return found


def _states(connection: Connection, *, crossing_ids: list[str]) -> dict[str, CrossingState]:
    if not crossing_ids:
        return {}
    query = select(crossing.c.crossing_id, crossing.c.state).where(crossing.c.crossing_id.in_(crossing_ids))
    return {key: decode_state(state) for key, state in connection.execute(query)}


def _at_lane(connection: Connection, *, state: CrossingState) -> list[CrossingState]:
    """Return who stood at the same lane shortly before and after; the index leads by day and gate."""
    query = select(crossing.c.state).where(
        crossing.c.report_day.in_([state.report_day - _DAY, state.report_day, state.report_day + _DAY]),
        crossing.c.point_of_entry_id == state.point_of_entry_id,
        crossing.c.edge_id == state.edge_id,
        crossing.c.observed_at.between(state.observed_at - CONTACT_WINDOW, state.observed_at + CONTACT_WINDOW),
        crossing.c.crossing_id != state.crossing_id,
    )
    near = map(decode_state, connection.execute(query).scalars())
    return [one for one in near if one.lane_id == state.lane_id]


def _on_same_pass(connection: Connection, *, state: CrossingState) -> list[CrossingState]:
    """Return who crossed on the same pass the same way, a day before or after.

    One person goes there and back in turn: two crossings the same way with none the other way between them are of
    two people, a companion or somebody else on the pass.
    """
    if not state.person_key:
        return []
    needle = b'"person_key":' + msgspec.json.encode(state.person_key)
    named = _NAMES_KEY[connection.dialect.name == "sqlite"].bindparams(bindparam("key", needle, type_=LargeBinary()))
    query = select(crossing.c.state).where(
        crossing.c.report_day.in_([state.report_day - _DAY, state.report_day, state.report_day + _DAY]),
        crossing.c.point_of_entry_id == state.point_of_entry_id,
        named,
    )
    on_pass = [
        one
        for one in map(decode_state, connection.execute(query).scalars())
        if one.person_key == state.person_key and one.disposition is not Disposition.WITHDRAWN
    ]
    turns = [one.observed_at for one in on_pass if one.direction is not state.direction]
    return [
        one
        for one in on_pass
        if one.crossing_id != state.crossing_id
        and one.direction is state.direction
        and not _went_back(turns, first=one.observed_at, second=state.observed_at)
    ]


def _went_back(turns: list[datetime], *, first: datetime, second: datetime) -> bool:
    return any(min(first, second) < at < max(first, second) for at in turns)


_NAMES_KEY = {True: text("instr(crossing.state, :key) > 0"), False: text("position(:key IN crossing.state) > 0")}
"""Which states are read at all, by whether the database is SQLite: a state is JSON without spaces."""


def _minutes_between(first: datetime, second: datetime) -> int:
    return round((second - first) / timedelta(minutes=1))
