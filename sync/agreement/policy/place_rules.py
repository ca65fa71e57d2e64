"""What a kind of place asks of each person and vehicle: data, so that another place needs no code (R005)."""

from sync.agreement.group_words import ConveyanceKind
from sync.agreement.place_words import PlaceStep
from sync.agreement.policy.rule import Rule
from sync.agreement.vocabulary import Direction, DocumentKind, PointOfEntryKind


class SiteProfile(Rule, frozen=True, kw_only=True, tag="site_profile"):
    """The profile of some kinds of places, or of single places by id, which goes before their kind.

    ``documents`` are those expected there, the usual one first; another one is told to the officer and refused
    to nobody. ``conveyances`` is empty where everybody comes on foot. ``steps`` are what the place asks for beside
    the lane's own steps.
    """

    point_of_entry_kinds: tuple[PointOfEntryKind, ...] = ()
    point_of_entry_ids: tuple[str, ...] = ()
    directions: tuple[Direction, ...]
    documents: tuple[DocumentKind, ...]
    conveyances: tuple[ConveyanceKind, ...] = ()
    steps: tuple[PlaceStep, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a profile of no place, and one that lets nobody come."""
        super().__post_init__()
        if not self.point_of_entry_kinds and not self.point_of_entry_ids:
            msg = "point_of_entry_kinds or point_of_entry_ids must name a place"
            raise ValueError(msg)
        if not self.directions or not self.documents:
            msg = "directions and documents must each name at least one"
            raise ValueError(msg)

    def is_for(self, *, point_of_entry_id: str, kind: PointOfEntryKind) -> bool:
        """Whether this profile speaks of that place."""
        return point_of_entry_id in self.point_of_entry_ids or (
            not self.point_of_entry_ids and kind in self.point_of_entry_kinds
        )

    def asks(self, step: PlaceStep) -> bool:
        """Whether the place asks for a step."""
        return step in self.steps


def profile_of(
    profiles: tuple[SiteProfile, ...], *, point_of_entry_id: str, kind: PointOfEntryKind
) -> SiteProfile | None:
    """Return the profile of one place: the one that names it, or the one of its kind; the newest of several."""
    fitting = [one for one in profiles if one.is_for(point_of_entry_id=point_of_entry_id, kind=kind)]
    return max(fitting, key=lambda one: (bool(one.point_of_entry_ids), one.effective_from), default=None)
