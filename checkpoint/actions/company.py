"""With whom somebody in a lane came: a place in a group, a conveyance. Part of a lane's sheet, without names."""

from enum import StrEnum

from msgspec import Struct

from checkpoint.store.groups import CountedGroup
from sync.agreement.group_words import ConveyanceKind, GroupKind, MemberMatch, OccupantRole


class GroupStanding(StrEnum):
    """What a group's list says of who stands in the lane; words under ``[groups_page]``, ``standing_`` before them.

    ``proposed``: a name on the list is alike, and an officer says whether it is this person.
    """

    MEMBER = "member"
    PROPOSED = "proposed"
    STRANGER = "stranger"
    SEEN_BEFORE = "seen_before"


class GroupMark(Struct, frozen=True, kw_only=True):
    """Where somebody stands in the group at this lane. ``proposals`` are places whose name is alike."""

    group_id: str
    standing: GroupStanding
    number: int | None = None
    proposals: tuple[int, ...] = ()
    match: MemberMatch | None = None

    @property
    def counts(self) -> bool:
        """Whether this person is counted with the group once the crossing is saved."""
        return self.match is not None


class HeldRide(Struct, frozen=True, kw_only=True):
    """The conveyance in which somebody came, as the lane shows it."""

    conveyance_id: str
    kind: ConveyanceKind
    plates: str
    role: OccupantRole
    seat: str = ""
    carriage: str = ""
    movement_today: int = 1
    has_come_back: bool = False


class LaneGroup(Struct, frozen=True, kw_only=True):
    """The group that stands at a lane, as counts. ``unnamed`` places are announced and stand on no list."""

    group_id: str
    kind: GroupKind
    announced: int
    seen: int
    unexpected: int
    unnamed: int
    is_closed: bool

    @classmethod
    def of(cls, counted: CountedGroup) -> "LaneGroup":
        """Show a group as it was counted."""
        return cls(
            group_id=counted.group_id,
            kind=counted.kind,
            announced=counted.announced,
            seen=counted.seen,
            unexpected=counted.unexpected,
            unnamed=counted.announced - counted.listed,
            is_closed=counted.is_closed,
        )


class CompanyView(Struct, frozen=True, kw_only=True):
    """What a lane shows: the group that stands there, the person's place in it, and their conveyance."""

    group: LaneGroup | None
    mark: GroupMark | None
    ride: HeldRide | None
