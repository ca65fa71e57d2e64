"""Which person keys an officer holds for one person: links between two keys, each reversible.

Nothing is merged: a link is a line between two keys, and taking it back leaves both as they were.
"""

from collections.abc import Iterable
from typing import Final

from msgspec import Struct

MOST_KEYS: Final = 16
"""A person has a few documents; more linked keys than this are a mistake to look at, not to follow."""


class PersonLink(Struct, frozen=True, kw_only=True):
    """One link in force."""

    link_id: str
    left_key: str
    right_key: str


def cluster_of(person_key: str, links: Iterable[PersonLink]) -> frozenset[str]:
    """Return every key that hangs together with one by links, the key itself included.

    >>> ab = PersonLink(link_id="1", left_key="a", right_key="b")
    >>> bc = PersonLink(link_id="2", left_key="c", right_key="b")
    >>> sorted(cluster_of("a", [ab, bc])), sorted(cluster_of("a", [bc]))
    (['a', 'b', 'c'], ['a'])
    """
    neighbours: dict[str, set[str]] = {}
    for link in links:
        neighbours.setdefault(link.left_key, set()).add(link.right_key)
        neighbours.setdefault(link.right_key, set()).add(link.left_key)
    known, waiting = {person_key}, [person_key]
    while waiting and len(known) < MOST_KEYS:
        for other in sorted(neighbours.get(waiting.pop(), set()) - known):
            known.add(other)
            waiting.append(other)
    return frozenset(known)
