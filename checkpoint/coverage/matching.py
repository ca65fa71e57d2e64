"""Which of two rows of events belong together: one to one, within a window, as many as possible."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Protocol, TypeVar


class Timed(Protocol):
    """Something that happened at an aware instant and has a name of its own."""

    @property
    def at(self) -> datetime:
        """When."""

    @property
    def name(self) -> str:
        """Parts two events of one instant, so that the order they came in does not matter."""


_Left = TypeVar("_Left", bound=Timed)
_Right = TypeVar("_Right", bound=Timed)


def pairs_within(left: Iterable[_Left], right: Iterable[_Right], *, window: timedelta) -> list[tuple[_Left, _Right]]:
    """Pair events of two kinds that lie at most ``window`` apart; each is used once at most.

    Walking both in the order of time and leaving the earlier one that found nobody gives the largest number of
    pairs there can be: on a line with one width for all, no other choice frees a partner for more than one.
    """
    ones = sorted(left, key=lambda event: (event.at, event.name))
    others = sorted(right, key=lambda event: (event.at, event.name))
    pairs: list[tuple[_Left, _Right]] = []
    i = j = 0
    while i < len(ones) and j < len(others):
        apart = others[j].at - ones[i].at
        if abs(apart) <= window:
            pairs.append((ones[i], others[j]))
            i, j = i + 1, j + 1
        elif apart > window:
            i += 1
        else:
            j += 1
    return pairs
