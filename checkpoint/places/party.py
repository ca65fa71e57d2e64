"""A party: the people of one vehicle at a post, or those found at one spot. States, events, one table of moves."""

from datetime import datetime
from enum import StrEnum

import msgspec

from sync.agreement.place_words import DifferenceReason, FinderUnit, FirstLook, PartyKind
from sync.agreement.vocabulary import Direction


class PartyState(StrEnum):
    """Where a party stands."""

    OPEN = "open"
    SCREENING = "screening"
    CLOSED = "closed"


class PartyEvent(StrEnum):
    """What can happen to a party."""

    MEMBER_SCREENED = "member_screened"
    RECOUNTED = "recounted"
    TAKEN_TO_LANE = "taken_to_lane"
    CLOSED = "closed"


MOVES: dict[tuple[PartyState, PartyEvent], PartyState] = {
    (PartyState.OPEN, PartyEvent.MEMBER_SCREENED): PartyState.SCREENING,
    (PartyState.OPEN, PartyEvent.RECOUNTED): PartyState.OPEN,
    (PartyState.OPEN, PartyEvent.TAKEN_TO_LANE): PartyState.OPEN,
    (PartyState.OPEN, PartyEvent.CLOSED): PartyState.CLOSED,
    (PartyState.SCREENING, PartyEvent.MEMBER_SCREENED): PartyState.SCREENING,
    (PartyState.SCREENING, PartyEvent.RECOUNTED): PartyState.SCREENING,
    (PartyState.SCREENING, PartyEvent.TAKEN_TO_LANE): PartyState.SCREENING,
    (PartyState.SCREENING, PartyEvent.CLOSED): PartyState.CLOSED,
}
"""(state, event) -> the state it leads to. A pair that is not here is refused: a closed party stays closed."""


class PlaceFault(StrEnum):
    """Why a party refuses what it was asked."""

    CLOSED = "party_closed"
    REASON_MISSING = "party_reason_missing"


class PlaceError(ValueError):
    """The party is not in a state for this; look at it anew, do not retry."""

    def __init__(self, code: PlaceFault) -> None:
        """Keep the reason as a code; the words stand in the labels."""
        super().__init__(code.value)
        self.code = code


class PartyWords(msgspec.Struct, frozen=True, kw_only=True):
    """What an officer wrote of a party; it may name anybody, so it is sealed and erased with the party."""

    route_from: str = ""
    route_to: str = ""
    route_over: str = ""
    seal_number: str = ""
    driver: str = ""
    spot: str = ""
    finder_name: str = ""
    notes: str = ""


class Party(msgspec.Struct, frozen=True, kw_only=True):
    """One party as it stands. ``declared``: how many were said, or found; holds a plate: never to be logged."""

    party_id: str
    kind: PartyKind
    place_id: str
    lane_id: str
    direction: Direction
    opened_at: datetime
    opened_by: str
    declared: int
    state: PartyState = PartyState.OPEN
    found_at: datetime | None = None
    finder: FinderUnit | None = None
    first_look: FirstLook | None = None
    conveyance_id: str = ""
    conveyance_kind: str = ""
    plate: str = ""
    words: PartyWords = PartyWords()
    closed_at: datetime | None = None
    reasons: tuple[DifferenceReason, ...] = ()
    record_id: str = ""


def moved(party: Party, event: PartyEvent) -> Party:
    """Return the party after an event.

    Raises:
        PlaceError: the table has no such move.
    """
    state = MOVES.get((party.state, event))
    if state is None:
        raise PlaceError(PlaceFault.CLOSED)
    return party if state is party.state else msgspec.structs.replace(party, state=state)
