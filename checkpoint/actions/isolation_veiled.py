"""The isolation room at a locked station: every legal clock by its place, and nobody by name.

A board that nobody touches must neither show people to whoever walks by nor fall silent.
"""

from datetime import datetime

import msgspec

from checkpoint.actions.gate import Gate
from checkpoint.actions.isolation_board import BoardClock, IsolatedPerson, isolation_view


class VeiledPerson(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody in the gate's care: the place, if there is one, the state and what is due; nothing of who it is.

    ``crossing_id`` lets an alarm that was heard on the open board stay heard.
    """

    crossing_id: str
    place_id: str
    state: str
    disposition: str
    clocks: tuple[BoardClock, ...]


class VeiledRoom(msgspec.Struct, frozen=True, kw_only=True):
    """The room and all who are in the gate's care. ``is_locked``: whether the station asks for somebody to open it."""

    now: datetime
    is_locked: bool
    places: int
    people: tuple[VeiledPerson, ...]


def veiled_room(gate: Gate, *, is_locked: bool) -> VeiledRoom:
    """Draw the room without its people's names; those in a place first, then who waits, is on the road, or is owed."""
    room = isolation_view(gate)
    placed = [_veiled(one.person, place_id=one.place_id) for one in room.places if one.person is not None]
    others = [_veiled(one) for one in (*room.waiting, *room.in_transit, *room.owed)]
    return VeiledRoom(now=room.now, is_locked=is_locked, places=len(room.places), people=(*placed, *others))


def _veiled(person: IsolatedPerson, *, place_id: str = "") -> VeiledPerson:
    return VeiledPerson(
        crossing_id=person.crossing_id,
        place_id=place_id,
        state=person.state,
        disposition=person.disposition,
        clocks=person.clocks,
    )
