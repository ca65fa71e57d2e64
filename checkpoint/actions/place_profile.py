"""What a place asks for, as the policy in force says it: its profile, and what of a document to tell the officer."""

from datetime import datetime

from checkpoint.actions.gate import Gate
from sync.agreement.deployment import PointOfEntry
from sync.agreement.policy.place_rules import SiteProfile, profile_of
from sync.agreement.vocabulary import DocumentKind

NOT_EXPECTED = "document_unexpected"


def profile_at(gate: Gate, *, at: datetime, place: PointOfEntry | None = None) -> SiteProfile | None:
    """Return what a place asks for, this edge's own unless another one is given."""
    profiles = gate.policy.rules_at(at).of_type(SiteProfile)
    if place is not None:
        return profile_of(profiles, point_of_entry_id=place.id, kind=place.kind)
    return profile_of(profiles, point_of_entry_id=gate.place.point_of_entry_id, kind=gate.place.kind)


def document_warnings(gate: Gate, kind: DocumentKind, *, at: datetime) -> tuple[str, ...]:
    """Tell of a document that this place does not expect; it is refused to nobody."""
    profile = profile_at(gate, at=at)
    return () if profile is None or kind in profile.documents else (NOT_EXPECTED,)
