"""Posts, trails and openings: who came together, whether everybody was screened, what a place asks for. Pure rules."""

from checkpoint.places.head_count import HeadCount, Member, head_count, seen_before_at
from checkpoint.places.party import MOVES, Party, PartyEvent, PartyState, PartyWords, PlaceError, PlaceFault, moved

__all__ = [
    "MOVES",
    "HeadCount",
    "Member",
    "Party",
    "PartyEvent",
    "PartyState",
    "PartyWords",
    "PlaceError",
    "PlaceFault",
    "head_count",
    "moved",
    "seen_before_at",
]
