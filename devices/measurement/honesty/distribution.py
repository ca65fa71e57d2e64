"""Tests on how a window of readings is spread, each a pure function of the readings.

All rest on one fact: temperatures of many people, each with a measuring error of its own, have no cliff and no
hole. A rule "write 36.x instead of 35.x" makes one.
"""

import math

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float64]

BIN_C = 0.1
SMOOTHING_C = 0.15
SMALLEST_SPREAD_C = 0.15
SMALLEST_SPREAD_OF_MANY_C = 0.22
MANY = 200
"""Healthy cores alone spread by 0.35 K, and no site and no instrument takes that away."""
DIGITS_NATS = 0.05
"""For each reading: drawn digits give about 0.2, and people, whatever the rounding does, less than 0.02."""


def robust_spread_c(values: Values) -> float:
    """Give the standard deviation that the middle half of the values suggests, in kelvin.

    >>> float(round(robust_spread_c(np.array([35.0, 36.0, 37.0, 38.0])), 3))
    1.112
    """
    low, high = np.percentile(values, (25, 75))
    return float(high - low) / 1.349


def fewest_missing(count: int) -> float:
    """How many readings must be missing from a stretch before it counts, in a window of so many.

    Nine among 300 (by chance e**-9 for one stretch); more among more, because smoothing makes the tails of a
    large window look fuller than they are.

    >>> fewest_missing(200), fewest_missing(1000)
    (9.0, 15.0)
    """
    return 9.0 + 6.0 * max(0, count - 300) / 700


def smallest_spread_c(count: int) -> float:
    """The least robust spread that so many people can have."""
    return SMALLEST_SPREAD_OF_MANY_C if count >= MANY else SMALLEST_SPREAD_C


def empty_stretches(values: Values) -> list[tuple[float, float, float]]:
    """Find stretches of the scale that are too empty: from, to, and how many readings the neighbours say belong there.

    Ends that are open are infinite.
    """
    margin = round(4 * SMOOTHING_C / BIN_C)
    first = math.floor(round(float(values.min()) / BIN_C, 6)) - margin
    places = np.floor(np.round(values / BIN_C, 6)).astype(np.int64) - first
    counts = np.bincount(places, minlength=int(places.max()) + 1 + margin).astype(np.float64)
    away = np.arange(-margin, margin + 1) * BIN_C
    kernel = np.exp(-(away**2) / (2 * SMOOTHING_C**2))
    expected = np.convolve(counts, kernel / kernel.sum(), mode="same")
    begins, ends = _runs(counts == 0)
    return [
        (
            -math.inf if begin == 0 else (first + int(begin)) * BIN_C,
            math.inf if end == len(counts) else (first + int(end)) * BIN_C,
            float(expected[begin:end].sum()),
        )
        for begin, end in zip(begins, ends, strict=True)
        if expected[begin:end].sum() >= fewest_missing(len(values))
    ]


def _runs(is_empty: npt.NDArray[np.bool_]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    edges = np.diff(np.concatenate([[False], is_empty, [False]]).astype(np.int8))
    return np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)


def even_degree(values: Values) -> tuple[float, int, float] | None:
    """Find a whole degree over which the readings lie evenly: its beginning, how many, and the evidence in nats.

    Evidence: log likelihood of "even within this degree, as people outside it" against "as people everywhere",
    people being normal with the middle and the robust spread of the window.
    """
    middle, spread_c = float(np.median(values)), max(robust_spread_c(values), BIN_C)
    degree_c = float(np.floor(middle))
    is_in = (values >= degree_c) & (values < degree_c + 1.0)
    count = int(is_in.sum())
    share = count / len(values)
    if share < 0.5:
        return None
    log_people = -0.5 * ((values[is_in] - middle) / spread_c) ** 2 - math.log(spread_c * math.sqrt(2 * math.pi))
    outside = 1.0 - (_below(degree_c + 1.0, middle, spread_c) - _below(degree_c, middle, spread_c))
    nats = count * math.log(share) - float(log_people.sum())
    if share < 1.0:
        nats += (len(values) - count) * math.log((1.0 - share) / max(outside, 1e-9))
    return (degree_c, count, nats) if nats >= DIGITS_NATS * len(values) else None


def _below(at_c: float, middle: float, spread_c: float) -> float:
    return 0.5 * (1.0 + math.erf((at_c - middle) / (spread_c * math.sqrt(2.0))))
