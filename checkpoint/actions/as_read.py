"""How the zone of a document was read: a verdict for each field, what its issuer does differently, what may be meant.

Nothing here was applied. A proposal becomes the document only when an officer has compared it with the printed page.
"""

import msgspec

from checkpoint.documents import Deviation, FieldState, FieldVerdict, ReadDocument, RepairProposal, Replacement

_PROVEN = frozenset({FieldState.VERIFIED, FieldState.COVERED})
_AGAINST = frozenset({FieldState.INVALID, FieldState.DEVIANT, FieldState.ODD})


class DocumentAsRead(msgspec.Struct, frozen=True, kw_only=True):
    """One zone as it was read. The lines of ``proposals`` hold a person: never to be logged, nor shown whole."""

    verdicts: tuple[FieldVerdict, ...]
    deviations: tuple[Deviation, ...] = ()
    proposals: tuple[RepairProposal, ...] = ()


class DocumentAsReadView(msgspec.Struct, frozen=True, kw_only=True):
    """What the lane shows: how many fields a digit proves, those to compare, and the places that may be misread.

    ``proposals`` are named by their place in this list; each is its replacements, without the lines.
    """

    verified: int
    to_compare: tuple[FieldVerdict, ...]
    deviations: tuple[Deviation, ...]
    proposals: tuple[tuple[Replacement, ...], ...]


def as_read(read: ReadDocument) -> DocumentAsRead | None:
    """Return how a zone was read; ``None`` for a document that has none."""
    if not read.verdicts:
        return None
    return DocumentAsRead(verdicts=read.verdicts, deviations=read.deviations, proposals=read.proposals)


def as_read_view(zone: DocumentAsRead | None) -> DocumentAsReadView | None:
    """Draw a zone for the officer: what a digit or the standard speaks against is named, field by field."""
    if zone is None:
        return None
    return DocumentAsReadView(
        verified=sum(one.state in _PROVEN for one in zone.verdicts),
        to_compare=tuple(one for one in zone.verdicts if one.state in _AGAINST),
        deviations=zone.deviations,
        proposals=tuple(one.replacements for one in zone.proposals),
    )
