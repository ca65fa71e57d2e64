"""The gate's isolation room: places, who holds one, and what may happen next. Pure.

Each place is free or taken by one crossing. A referred person is admitted to the first free place;
when the room is full the person stays referred, and the reason says so. A place is given back only
by a discharge. A crossing never holds two places, and a place never holds two crossings.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

import msgspec

from sync.agreement.vocabulary import Disposition


class RoomReason(StrEnum):
    """Why a move in the isolation room is not possible."""

    ROOM_FULL = "room_full"
    NO_ROOM = "no_room"
    ALREADY_ISOLATED = "already_isolated"
    NOT_ISOLATED = "not_isolated"
    DISPOSITION_NOT_ALLOWED = "disposition_not_allowed"


class IsolationError(ValueError):
    """The officer asked for a move that the room does not allow; ``code`` says why. Do not retry."""

    def __init__(self, code: RoomReason) -> None:
        """Keep the reason as a code; the words stand in the labels."""
        super().__init__(code.value)
        self.code = code


class Stay(msgspec.Struct, frozen=True, kw_only=True):
    """One crossing in one place since an aware instant."""

    crossing_id: str
    admitted_at: datetime


class Room(msgspec.Struct, frozen=True, kw_only=True):
    """The room as it stands: every place in its order, with the stay in it or ``None``."""

    room_id: str
    places: Mapping[str, Stay | None]

    @property
    def free_places(self) -> tuple[str, ...]:
        """Places nobody holds, in the room's order."""
        return tuple(place for place, stay in self.places.items() if stay is None)

    def place_of(self, crossing_id: str) -> str | None:
        """Where a crossing is kept, or ``None``."""
        return next((p for p, stay in self.places.items() if stay and stay.crossing_id == crossing_id), None)


# From where a person stands to where the person may go, per move. The whole truth about the room.
ADMISSIBLE_FROM = frozenset({Disposition.PENDING, Disposition.REFERRED})
DISCHARGE_TO = frozenset({Disposition.CLEARED, Disposition.REFUSED})


class Admission(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to a referral: a place, or the reason why the person stays referred."""

    room: Room
    place_id: str | None = None
    reason: RoomReason | None = None


def admit(room: Room, crossing_id: str, *, at: datetime) -> Admission:
    """Give a referred crossing the first free place, or say why there is none."""
    if room.place_of(crossing_id) is not None:
        raise IsolationError(RoomReason.ALREADY_ISOLATED)
    if not room.places:
        return Admission(room=room, reason=RoomReason.NO_ROOM)
    if not room.free_places:
        return Admission(room=room, reason=RoomReason.ROOM_FULL)
    place_id = room.free_places[0]
    taken = {**room.places, place_id: Stay(crossing_id=crossing_id, admitted_at=at)}
    return Admission(room=Room(room_id=room.room_id, places=taken), place_id=place_id)


def discharge(room: Room, crossing_id: str, *, disposition: Disposition) -> Room:
    """Give the place of a crossing back; the person leaves cleared or refused; to a facility, see ``handing_over``."""
    place_id = room.place_of(crossing_id)
    if place_id is None:
        raise IsolationError(RoomReason.NOT_ISOLATED)
    require_way_out(disposition)
    return Room(room_id=room.room_id, places={**room.places, place_id: None})


def require_way_out(disposition: Disposition) -> None:
    """Refuse a disposition with which nobody leaves a gate's care."""
    if disposition not in DISCHARGE_TO:
        raise IsolationError(RoomReason.DISPOSITION_NOT_ALLOWED)
