"""The records of groups and conveyances: what stood at the gate, who came in it, and that nobody is missing.

Each movement of a conveyance is an episode of its own (``conveyance_id``, a UUID): plates, the number of a flight
and the name of a vessel stand sealed under it, in ``TravellerIdentity.vehicle_plate``. A group is an episode too
(``group_id``): guide and operator are sealed under it. A member who was not seen is named in a record of its own,
sealed under that member's episode (``member_id``). Who was seen is named by the crossing alone (``given_for``), so
that erasing the crossing erases the name. Open parts hold codes, counts and times; ``conveyance_key`` is a keyed
hash (HMAC-SHA-256) of the number, the same for each movement of one vehicle, as ``person_key`` is of a person.
"""

from datetime import datetime
from typing import Annotated, ClassVar, Final

import msgspec

from sync.agreement.group_words import (
    CargoKind,
    ConveyanceKind,
    GroupKind,
    MemberMatch,
    MissingReason,
    OccupantRole,
)
from sync.agreement.vocabulary import Direction, PurposeOfCrossing

Heads = Annotated[int, msgspec.Meta(ge=0, le=10_000)]
MemberNumber = Annotated[int, msgspec.Meta(ge=1, le=10_000)]
PlaceCode = Annotated[str, msgspec.Meta(max_length=16, pattern=r"^[A-Z0-9-]*\Z")]
"""A port, station or airport by its public code (UN/LOCODE, IATA), or an area code; empty where none was said."""
SeatCode = Annotated[str, msgspec.Meta(max_length=8, pattern=r"^[A-Z0-9-]*\Z")]
"""A seat, cabin or carriage as it is written on a ticket: ``14C``, ``205``, ``3``."""

SAID_LATER: Final = "said_later"
"""The finding of a record that tells more of a movement that was written down before, and makes no other one."""
TAKEN_BACK: Final = "taken_back"
"""The finding, beside ``said_later``, of a record that takes a movement back: it was entered by mistake."""


class ConveyancePresented(msgspec.Struct, frozen=True, kw_only=True):
    """A conveyance stood at the gate or at a post, once in one direction. Opens the episode ``conveyance_id``.

    ``plates`` counts its numbers (a truck, its trailer, and the plate it bears in the other country);
    ``part_keys`` are their keyed hashes, the one it is paired by first. ``occupants`` is how many were said to be
    in it, ``None`` if nobody said. ``pairs_with`` names its last movement in the other direction, which this one
    ends. ``findings`` are slugs of what looked unusual about the numbers.

    What is said later of the same movement is written with the same ``conveyance_id``, whole, under the same episode,
    with ``said_later`` among the findings: it opens no episode and counts as no movement. With ``taken_back`` too, the
    movement itself is none: what it counted is taken off again.
    """

    type_name: ClassVar[str] = "conveyance_presented"
    type_version: ClassVar[int] = 1
    crossing_id: ClassVar[None] = None

    conveyance_id: str
    conveyance_key: str
    kind: ConveyanceKind
    direction: Direction
    purpose: PurposeOfCrossing
    presented_at: datetime
    plates: Heads = 1
    part_keys: tuple[str, ...] = ()
    occupants: Heads | None = None
    cargo: CargoKind | None = None
    seals: Heads = 0
    port_code: PlaceCode = ""
    route: tuple[PlaceCode, ...] = ()
    movement_today: Heads = 1
    pairs_with: str | None = None
    findings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a naive time."""
        if self.presented_at.tzinfo is None:
            msg = "presented_at must be an aware time"
            raise ValueError(msg)

    @property
    def is_said_later(self) -> bool:
        """Whether this tells more of a movement that was written down before."""
        return SAID_LATER in self.findings

    @property
    def is_taken_back(self) -> bool:
        """Whether this takes back a movement that was written down before."""
        return TAKEN_BACK in self.findings


class ConveyanceOccupantSeen(msgspec.Struct, frozen=True, kw_only=True):
    """The person of one crossing (``given_for``) came in a conveyance, in this role and seat."""

    type_name: ClassVar[str] = "conveyance_occupant_seen"
    type_version: ClassVar[int] = 1
    crossing_id: ClassVar[None] = None

    conveyance_id: str
    given_for: str
    role: OccupantRole
    seat: SeatCode = ""
    carriage: SeatCode = ""


class GroupOpened(msgspec.Struct, frozen=True, kw_only=True):
    """A group was announced with its list. ``announced`` heads, of whom ``listed`` stand on the list by name.

    ``conveyance_id`` is the flight, coach, train or vessel it comes in, if that was presented.
    """

    type_name: ClassVar[str] = "group_opened"
    type_version: ClassVar[int] = 1
    crossing_id: ClassVar[None] = None

    group_id: str
    kind: GroupKind
    direction: Direction
    announced: Heads
    listed: Heads
    conveyance_id: str | None = None

    def __post_init__(self) -> None:
        """Refuse a list that names more people than were announced."""
        if self.listed > self.announced:
            msg = "a group has at least as many heads as names"
            raise ValueError(msg)


class GroupMemberSeen(msgspec.Struct, frozen=True, kw_only=True):
    """The person of one crossing (``given_for``) is this member of a group, or came with it unexpected.

    ``number`` is the member's number in the group, ``None`` where the group has no place left for this person;
    ``is_late``: the group had been closed with this member missing.
    """

    type_name: ClassVar[str] = "group_member_seen"
    type_version: ClassVar[int] = 1
    crossing_id: ClassVar[None] = None

    group_id: str
    given_for: str
    match: MemberMatch
    number: MemberNumber | None = None
    member_id: str | None = None
    seat: SeatCode = ""
    carriage: SeatCode = ""
    is_late: bool = False


class GroupMemberMissing(msgspec.Struct, frozen=True, kw_only=True):
    """A group was closed without this member: who it is stands sealed under ``member_id``."""

    type_name: ClassVar[str] = "group_member_missing"
    type_version: ClassVar[int] = 1
    crossing_id: ClassVar[None] = None

    group_id: str
    member_id: str
    number: MemberNumber
    reason: MissingReason


class GroupClosed(msgspec.Struct, frozen=True, kw_only=True):
    """The head count of a group was ended: ``seen`` and ``missing`` together are who was announced."""

    type_name: ClassVar[str] = "group_closed"
    type_version: ClassVar[int] = 1
    crossing_id: ClassVar[None] = None

    group_id: str
    announced: Heads
    seen: Heads
    missing: tuple[MemberNumber, ...] = ()
    unexpected: Heads = 0
    reason: MissingReason | None = None

    def __post_init__(self) -> None:
        """Refuse a head count that does not add up, and missing people without a reason."""
        if self.seen + len(self.missing) != self.announced:
            msg = "seen and missing must be everybody who was announced"
            raise ValueError(msg)
        if bool(self.missing) != (self.reason is not None):
            msg = "a reason stands exactly where somebody is missing"
            raise ValueError(msg)


GroupRecord = (
    ConveyancePresented | ConveyanceOccupantSeen | GroupOpened | GroupMemberSeen | GroupMemberMissing | GroupClosed
)
"""Records of groups and conveyances."""
