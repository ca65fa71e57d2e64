"""What a crossing counts as: the one definition of each figure, as pure arithmetic.

Counters are kept by difference: when a crossing changes, its old figures are taken off and its new
ones put on. ``fold`` counts from nothing; both must always agree, and ``verify`` says so. Each
crossing has exactly one disposition, so the identity holds per gate and in sum:
crossings = cleared + isolated + referred + refused + pending + withdrawn.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from central.ledger import CrossingState
from sync.agreement.vocabulary import Direction, Disposition, TravellerCategory


class Figure(StrEnum):
    """The figures of a report day. A withdrawn crossing counts only as a crossing and as withdrawn."""

    CROSSINGS = "crossings"
    MEASURED = "measured"
    NOT_MEASURED = "not_measured"
    SUSPECTED = "suspected"
    CONFIRMED = "confirmed"
    CLEARED_AFTER_RECHECK = "cleared_after_recheck"
    CLEARED = "cleared"
    ISOLATED = "isolated"
    REFERRED = "referred"
    REFUSED = "refused"
    PENDING = "pending"
    WITHDRAWN = "withdrawn"
    WITH_EXCEPTION = "with_exception"
    REDIRECTED = "redirected"


DISPOSITION_FIGURES = {disposition: Figure(disposition.value) for disposition in Disposition}


class CountKey(NamedTuple):
    """What one counter counts: a figure of a day, gate, direction and category."""

    report_day: date
    point_of_entry_id: str
    direction: Direction
    category: TravellerCategory
    figure: Figure


class CountDelta(NamedTuple):
    """By how much one counter changes."""

    key: CountKey
    change: int


def figures_of(state: CrossingState) -> frozenset[Figure]:
    """Return the figures that one crossing counts in, once each."""
    if state.disposition is Disposition.WITHDRAWN:
        return _WITHDRAWN_FIGURES
    is_redirected = state.redirect_to is not None and state.disposition is Disposition.REFUSED
    is_cleared_after_recheck = state.is_rechecked and state.disposition is Disposition.CLEARED
    conditions = (
        (Figure.MEASURED, state.is_measured),
        (Figure.NOT_MEASURED, not state.is_measured),
        (Figure.SUSPECTED, state.is_suspected),
        (Figure.CONFIRMED, state.is_confirmed),
        (Figure.CLEARED_AFTER_RECHECK, is_cleared_after_recheck),
        (Figure.WITH_EXCEPTION, state.exception_code is not None),
        (Figure.REDIRECTED, is_redirected),
    )
    standing = {Figure.CROSSINGS, DISPOSITION_FIGURES[state.disposition]}
    return frozenset(standing | {figure for figure, holds in conditions if holds})


_WITHDRAWN_FIGURES = frozenset({Figure.CROSSINGS, Figure.WITHDRAWN})


def count_deltas(before: CrossingState | None, after: CrossingState | None) -> tuple[CountDelta, ...]:
    """Return what a change of one crossing does to the counters; nothing changed gives nothing."""
    old = set(_keys(before))
    new = set(_keys(after))
    taken = (CountDelta(key, -1) for key in old - new)
    added = (CountDelta(key, +1) for key in new - old)
    return (*taken, *added)


def fold(states: Iterable[CrossingState]) -> dict[CountKey, int]:
    """Count a set of crossings from nothing."""
    return dict(Counter(key for state in states for key in _keys(state)))


def sum_deltas(deltas: Iterable[CountDelta]) -> dict[CountKey, int]:
    """Add up changes per counter; counters that end as they began are left out."""
    total: Counter[CountKey] = Counter()
    for delta in deltas:
        total[delta.key] += delta.change
    return {key: change for key, change in total.items() if change}


def identities_hold(figures: Mapping[Figure, int]) -> bool:
    """Tell whether the figures of one gate, or of all, add up.

    >>> identities_hold({Figure.CROSSINGS: 2, Figure.CLEARED: 1, Figure.WITHDRAWN: 1, Figure.MEASURED: 1})
    True
    >>> identities_hold({Figure.CROSSINGS: 2, Figure.CLEARED: 1})
    False
    """

    def count(figure: Figure) -> int:
        return figures.get(figure, 0)

    by_disposition = sum(count(figure) for figure in DISPOSITION_FIGURES.values())
    by_measurement = count(Figure.MEASURED) + count(Figure.NOT_MEASURED) + count(Figure.WITHDRAWN)
    return count(Figure.CROSSINGS) == by_disposition and (
        Figure.NOT_MEASURED not in figures or count(Figure.CROSSINGS) == by_measurement
    )


def _keys(state: CrossingState | None) -> Iterable[CountKey]:
    if state is None:
        return ()
    return (
        CountKey(state.report_day, state.point_of_entry_id, state.direction, state.category, figure)
        for figure in figures_of(state)
    )
