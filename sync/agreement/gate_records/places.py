"""Records of the places beside the land gate: a vehicle at a control post, people found at a trail or an opening.

A party is those who came together; its ``party_id`` (uuid7) is an episode of its own, under which plate, route,
spot and every free word are sealed. Each person of it is a crossing with its own episode; ``given_for`` names it.
"""

from datetime import datetime
from typing import Annotated, ClassVar

import msgspec

from sync.agreement.place_words import DifferenceReason, FinderUnit, FirstLook, PartyKind
from sync.agreement.vocabulary import Direction

PartySize = Annotated[int, msgspec.Meta(ge=1, le=5_000)]
PeopleCount = Annotated[int, msgspec.Meta(ge=0, le=5_000)]


class PostCheckOpened(msgspec.Struct, frozen=True, kw_only=True):
    """A vehicle stands at a control post: how many people it carries, driver and crew with them.

    Plate, route (from, to, over), seal number and driver are sealed under ``party_id``. ``conveyance_id`` is the
    episode of the ``conveyance_presented`` that was written with it, or empty.
    """

    type_name: ClassVar[str] = "post_check_opened"
    type_version: ClassVar[int] = 1
    crossing_id: ClassVar[None] = None

    party_id: str
    place_id: str
    direction: Direction
    declared: PartySize
    rule_id: str
    conveyance_id: str = ""
    has_seal: bool = False


class InterceptionReported(msgspec.Struct, frozen=True, kw_only=True):
    """People were found who crossed outside a gate, at ``place_id`` (R007). The exact spot is sealed."""

    type_name: ClassVar[str] = "interception_reported"
    type_version: ClassVar[int] = 1
    crossing_id: ClassVar[None] = None

    party_id: str
    place_id: str
    found_at: datetime
    finder: FinderUnit
    direction: Direction
    persons: PartySize
    first_look: FirstLook
    rule_id: str


class PartyMemberScreened(msgspec.Struct, frozen=True, kw_only=True):
    """One person of a party went through the lane. ``has_proof_of_passage``: a gate's slip was good for the document.

    Written with the record that opens the crossing, in the same commit; a withdrawn crossing counts no more.
    """

    type_name: ClassVar[str] = "party_member_screened"
    type_version: ClassVar[int] = 1
    crossing_id: ClassVar[None] = None

    party_id: str
    kind: PartyKind
    given_for: str
    has_proof_of_passage: bool


class PartyRecounted(msgspec.Struct, frozen=True, kw_only=True):
    """An officer counted again: the declared number was wrong."""

    type_name: ClassVar[str] = "party_recounted"
    type_version: ClassVar[int] = 1
    crossing_id: ClassVar[None] = None

    party_id: str
    kind: PartyKind
    declared_before: PartySize
    declared: PartySize


class _PartyClosed(msgspec.Struct, frozen=True, kw_only=True):
    """What every end of a party says: ``declared + beyond_declared == screened + not_screened``."""

    type_name: ClassVar[str]
    type_version: ClassVar[int] = 1
    crossing_id: ClassVar[None] = None

    party_id: str
    declared: PartySize
    screened: PeopleCount
    not_screened: PeopleCount
    beyond_declared: PeopleCount
    reasons: tuple[DifferenceReason, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a head count that does not add up, and people left out without a reason."""
        if self.declared + self.beyond_declared != self.screened + self.not_screened:
            msg = "declared + beyond_declared must equal screened + not_screened"
            raise ValueError(msg)
        if self.not_screened and not self.reasons:
            msg = "people who were not screened need a reason"
            raise ValueError(msg)


class PostCheckClosed(_PartyClosed, frozen=True, kw_only=True):
    """A vehicle went on from a control post; ``with_proof`` of those screened had a gate's good slip."""

    type_name: ClassVar[str] = "post_check_closed"

    with_proof: PeopleCount = 0


class InterceptionClosed(_PartyClosed, frozen=True, kw_only=True):
    """Everybody who was found has been screened or is accounted for."""

    type_name: ClassVar[str] = "interception_closed"


PlaceRecord = (
    PostCheckOpened | InterceptionReported | PartyMemberScreened | PartyRecounted | PostCheckClosed | InterceptionClosed
)
"""Records of the other places."""
