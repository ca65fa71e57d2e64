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


class Shape(NamedTuple):
    """All that decides which counters one crossing counts in: most crossings of a day have one of a few shapes."""

    report_day: date
    point_of_entry_id: str
    direction: Direction
    category: TravellerCategory
    disposition: Disposition
    is_measured: bool
    is_suspected: bool
    is_confirmed: bool
    is_rechecked: bool
    has_exception: bool
    is_redirected: bool


def shape_of(state: CrossingState) -> Shape:
    """Return what of a crossing counts."""
    return Shape(
        state.report_day,
        state.point_of_entry_id,
        state.direction,
        state.category,
        state.disposition,
        state.is_measured,
        state.is_suspected,
        state.is_confirmed,
        state.is_rechecked,
        state.exception_code is not None,
        state.redirect_to is not None,
    )


def figures_of(state: CrossingState) -> frozenset[Figure]:
    """Return the figures that one crossing counts in, once each."""
    return figures_of_shape(shape_of(state))


def figures_of_shape(shape: Shape) -> frozenset[Figure]:
    """Return the figures that every crossing of a shape counts in."""
    if shape.disposition is Disposition.WITHDRAWN:
        return _WITHDRAWN_FIGURES
    conditions = (
        (Figure.MEASURED, shape.is_measured),
        (Figure.NOT_MEASURED, not shape.is_measured),
        (Figure.SUSPECTED, shape.is_suspected),
        (Figure.CONFIRMED, shape.is_confirmed),
        (Figure.CLEARED_AFTER_RECHECK, shape.is_rechecked and shape.disposition is Disposition.CLEARED),
        (Figure.WITH_EXCEPTION, shape.has_exception),
        (Figure.REDIRECTED, shape.is_redirected and shape.disposition is Disposition.REFUSED),
    )
    standing = {Figure.CROSSINGS, DISPOSITION_FIGURES[shape.disposition]}
    return frozenset(standing | {figure for figure, holds in conditions if holds})


_WITHDRAWN_FIGURES = frozenset({Figure.CROSSINGS, Figure.WITHDRAWN})


def fold(states: Iterable[CrossingState]) -> dict[CountKey, int]:
    """Count a set of crossings from nothing."""
    return spread(Counter(map(shape_of, states)))


def difference(changes: Iterable[tuple[CrossingState | None, CrossingState | None]]) -> dict[CountKey, int]:
    """Return what changes of crossings, each as (before, after), do to the counters.

    Counters that end as they began are left out. ``fold(all after) == fold(all before) + difference``.
    """
    shapes: Counter[Shape] = Counter()
    for before, after in changes:
        if after is not None:
            shapes[shape_of(after)] += 1
        if before is not None:
            shapes[shape_of(before)] -= 1
    return {key: change for key, change in spread(shapes).items() if change}


def spread(shapes: Mapping[Shape, int]) -> dict[CountKey, int]:
    """Turn how many crossings there are of each shape into counters."""
    total: Counter[CountKey] = Counter()
    for shape, count in shapes.items():
        for figure in figures_of_shape(shape):
            total[CountKey(*shape[:4], figure)] += count
    return dict(total)


def standing(figures: Mapping[Figure, int]) -> int:
    """Return how many crossings stand: a withdrawn one is kept and named, and is not a crossing any more.

    >>> standing({Figure.CROSSINGS: 162, Figure.WITHDRAWN: 2})
    160
    """
    return figures.get(Figure.CROSSINGS, 0) - figures.get(Figure.WITHDRAWN, 0)


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
