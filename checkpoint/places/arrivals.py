"""The arrival board: each flight, vessel, train or coach that was announced with a list, and how far it is screened."""

from collections.abc import Iterable
from enum import StrEnum

import msgspec


class ArrivalState(StrEnum):
    """Where an arrival stands: nobody of it came yet, people come, its last group was closed."""

    EXPECTED = "expected"
    SCREENING = "screening"
    FINISHED = "finished"


class ListedGroup(msgspec.Struct, frozen=True, kw_only=True):
    """What the board needs of one group of a conveyance: heads announced, on the list, seen of them, and beyond it."""

    announced: int
    listed: int
    seen: int
    unexpected: int
    is_closed: bool


class ArrivalCount(msgspec.Struct, frozen=True, kw_only=True):
    """Head counts of one conveyance: ``expected == seen + missing``; ``screened == seen + unexpected``."""

    expected: int
    seen: int
    missing: int
    unexpected: int
    screened: int
    state: ArrivalState


def arrival_count(groups: Iterable[ListedGroup]) -> ArrivalCount:
    """Add up the groups of one conveyance; a list longer than what was announced is what is expected.

    >>> group = ListedGroup(announced=3, listed=2, seen=1, unexpected=1, is_closed=False)
    >>> count = arrival_count([group])
    >>> count.expected, count.missing, count.screened, count.state.value
    (3, 2, 2, 'screening')
    """
    some = tuple(groups)
    expected = sum(max(one.announced, one.listed, one.seen) for one in some)
    seen, unexpected = sum(one.seen for one in some), sum(one.unexpected for one in some)
    state = ArrivalState.SCREENING if seen + unexpected else ArrivalState.EXPECTED
    if some and all(one.is_closed for one in some):
        state = ArrivalState.FINISHED
    return ArrivalCount(
        expected=expected,
        seen=seen,
        missing=expected - seen,
        unexpected=unexpected,
        screened=seen + unexpected,
        state=state,
    )
