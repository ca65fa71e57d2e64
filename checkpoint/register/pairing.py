"""Out and home again: which crossings of one person belong together, and who has not come home.

A resident of this side leaves by an exit and comes home by an entry; one of the other side the other way
round. Only passages count: a person who was refused or whose crossing was withdrawn did not pass.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from msgspec import Struct

from sync.agreement.vocabulary import Direction, Disposition

DID_NOT_PASS: Final = frozenset({Disposition.REFUSED, Disposition.WITHDRAWN, Disposition.PENDING})


class Passage(Struct, frozen=True, kw_only=True):
    """One time somebody passed the gate; ``is_foreign``: at home on the other side."""

    person_key: str
    crossing_id: str
    passed_at: datetime
    direction: Direction
    is_foreign: bool


class Outing(Struct, frozen=True, kw_only=True):
    """A leaving and the coming home that belongs to it; either may be missing."""

    left: Passage | None
    came_back: Passage | None

    @property
    def is_open(self) -> bool:
        """Whether the person is still away."""
        return self.came_back is None


def outings(passages: Sequence[Passage]) -> tuple[Outing, ...]:
    """Pair the passages of one person, given in the order of time.

    A second leaving without a coming home between them leaves the first one open; a coming home without
    a leaving stands alone. Both are for the officer to see: somebody passed where nobody logged it.
    """
    paired: list[Outing] = []
    left: Passage | None = None
    for passage in passages:
        if passage.direction is Direction.TRANSIT:
            continue
        if _leaves_home(passage):
            if left is not None:
                paired.append(Outing(left=left, came_back=None))
            left = passage
        else:
            paired.append(Outing(left=left, came_back=passage))
            left = None
    if left is not None:
        paired.append(Outing(left=left, came_back=None))
    return tuple(paired)


def not_returned(passages: Iterable[Passage]) -> tuple[Passage, ...]:
    """Return the last leaving of everybody who has not come home, the longest away first."""
    last: dict[str, Passage] = {}
    for passage in passages:
        if passage.direction is not Direction.TRANSIT:
            last[passage.person_key] = passage
    away = [passage for passage in last.values() if _leaves_home(passage)]
    return tuple(sorted(away, key=lambda passage: passage.passed_at))


def _leaves_home(passage: Passage) -> bool:
    return (passage.direction is Direction.ENTRY) == passage.is_foreign
