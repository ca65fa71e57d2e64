"""Who crossed, counted by nationality, sex and hour: the same crossings as the figures, cut in other ways.

Pure. Each crossing is in exactly one value of each dimension, "" where it is not known, so that over every
dimension each figure adds up to the total. Nothing names anybody.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import NamedTuple

from central.ledger import CrossingState
from central.rollup import Figure, Shape, figures_of, figures_of_shape, shape_of
from sync.agreement.local_time import VIETNAM_TIME
from sync.agreement.vocabulary import Sex

UNKNOWN = ""
COUNTED_BY = (Figure.CROSSINGS, Figure.MEASURED, Figure.SUSPECTED, Figure.CONFIRMED)
"""The figures that are cut by dimension."""


class Dimension(StrEnum):
    """By what crossings are counted; ``hour`` is the local hour of the first record, 00 to 23."""

    NATIONALITY = "nationality"
    SEX = "sex"
    HOUR = "hour"


class DimensionKey(NamedTuple):
    """What one number counts."""

    point_of_entry_id: str
    dimension: Dimension
    value: str
    figure: Figure


def value_of(state: CrossingState, dimension: Dimension) -> str:
    """Return where a crossing stands in a dimension; an unspecified sex is not known."""
    if dimension is Dimension.NATIONALITY:
        return state.nationality or UNKNOWN
    return _sex(state) if dimension is Dimension.SEX else _hour(state)


def _sex(state: CrossingState) -> str:
    return UNKNOWN if state.sex is None or state.sex is Sex.UNSPECIFIED else state.sex.value


def _hour(state: CrossingState) -> str:
    return _HOURS[state.observed_at.astimezone(VIETNAM_TIME).hour]


_HOURS = tuple(f"{hour:02d}" for hour in range(24))


def counts_by_dimension(states: Iterable[CrossingState]) -> Counter[DimensionKey]:
    """Count crossings by every dimension."""
    total: Counter[DimensionKey] = Counter()
    for state in states:
        figures = [figure for figure in COUNTED_BY if figure in figures_of(state)]
        for dimension in Dimension:
            value = value_of(state, dimension)
            total.update(DimensionKey(state.point_of_entry_id, dimension, value, figure) for figure in figures)
    return total


class Seen(NamedTuple):
    """All that decides what one crossing counts as in a report: its shape, and where it stands in each dimension."""

    shape: Shape
    nationality: str
    sex: str
    hour: str


def seen_of(state: CrossingState) -> Seen:
    """Return what of a crossing a report counts."""
    return Seen(shape_of(state), state.nationality or UNKNOWN, _sex(state), _hour(state))


def cuts_of(seen: Mapping[Seen, int]) -> Counter[tuple[Dimension, str, Figure]]:
    """Turn how many crossings there are of each kind into the counts by dimension, all gates in sum."""
    total: Counter[tuple[Dimension, str, Figure]] = Counter()
    for one, count in seen.items():
        figures = [figure for figure in COUNTED_BY if figure in figures_of_shape(one.shape)]
        for dimension, value in zip(Dimension, one[1:], strict=True):
            for figure in figures:
                total[dimension, value, figure] += count
    return total
