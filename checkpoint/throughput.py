"""The gate head's arithmetic: how long a traveller takes, how many wait, how many lanes the load needs. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from math import ceil
from typing import Final

import msgspec

from checkpoint.coverage import Passage

BUSY_SHARE: Final = 0.85
"""Above this share of its time a lane's queue grows without end at the least unevenness; planned load stays below."""


class Spread(msgspec.Struct, frozen=True, kw_only=True):
    """The middle and the slow end of some durations; both ``None`` where there were none: never 0."""

    count: int = 0
    p50_s: float | None = None
    p95_s: float | None = None


class QueueEstimate(msgspec.Struct, frozen=True, kw_only=True):
    """How many wait at a lane, and from what that is concluded; ``waiting`` is ``None`` where nothing says so.

    ``basis``: ``passages`` (people whom the scanner saw in the last ``window_s`` and whom no crossing explains, and
    the next person whose document was read), or why there is no estimate: ``no_scanner``, ``scanner_silent``.
    """

    waiting: int | None
    basis: str
    window_s: float
    wait_s: float | None = None


class Load(msgspec.Struct, frozen=True, kw_only=True):
    """One direction in the last hour: what came, what the open lanes can take, how many lanes that load needs."""

    direction: str
    per_hour: int
    capacity_per_hour: int | None
    lanes_open: int
    lanes_needed: int | None
    p50_s: float | None


def spread(durations_s: Iterable[float]) -> Spread:
    """Return the nearest-rank 50th and 95th percentile.

    >>> spread([4.0, 1.0, 3.0, 2.0])
    Spread(count=4, p50_s=2.0, p95_s=4.0)
    >>> spread([]).p50_s is None
    True
    """
    ordered = sorted(durations_s)
    if not ordered:
        return Spread()
    return Spread(count=len(ordered), p50_s=_ranked(ordered, 0.5), p95_s=_ranked(ordered, 0.95))


def queue_estimate(
    passages: Iterable[Passage], *, device_states: Sequence[str], has_next: bool, p50_s: float | None, window_s: float
) -> QueueEstimate:
    """Estimate who waits at one lane from what its scanners saw; without a working scanner nothing is said."""
    if not device_states:
        return QueueEstimate(waiting=None, basis="no_scanner", window_s=window_s)
    if all(state != "up" for state in device_states):
        return QueueEstimate(waiting=None, basis="scanner_silent", window_s=window_s)
    waiting = sum(passage.crossing_id is None for passage in passages) + int(has_next)
    wait_s = None if p50_s is None else waiting * p50_s
    return QueueEstimate(waiting=waiting, basis="passages", window_s=window_s, wait_s=wait_s)


def lanes_needed(per_hour: float, *, p50_s: float | None) -> int | None:
    """Return how many lanes take so many travellers an hour without a queue that grows.

    >>> lanes_needed(900, p50_s=11.0), lanes_needed(900, p50_s=None)
    (4, None)
    """
    if p50_s is None or p50_s <= 0:
        return None
    return max(1, ceil(per_hour * p50_s / 3600 / BUSY_SHARE))


def loads(
    counted: Mapping[str, int], *, open_lanes: Mapping[str, int], paces: Mapping[str, float | None]
) -> tuple[Load, ...]:
    """Set load and capacity side by side, by direction."""
    found = []
    for direction in sorted({*counted, *open_lanes}):
        pace, lanes = paces.get(direction), open_lanes.get(direction, 0)
        per_hour = counted.get(direction, 0)
        found.append(
            Load(
                direction=direction,
                per_hour=per_hour,
                capacity_per_hour=None if not pace else int(lanes * BUSY_SHARE * 3600 / pace),
                lanes_open=lanes,
                lanes_needed=lanes_needed(per_hour, p50_s=pace),
                p50_s=pace,
            )
        )
    return tuple(found)


def seconds_between(earlier: datetime, later: datetime) -> float:
    """Return how long something took; a clock that was set back makes it 0, not less."""
    return max(0.0, (later - earlier).total_seconds())


def _ranked(ordered: Sequence[float], share: float) -> float:
    return ordered[max(0, ceil(share * len(ordered)) - 1)]
