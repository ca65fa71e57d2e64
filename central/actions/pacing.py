"""How often somebody may ask: token buckets, one for each asker and kind of request, on the centre's clock.

And how long somebody waits who was wrong: longer with each time, each asker for itself (``GrowingWaits``).
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from datetime import datetime, timedelta

import msgspec

ASKERS_REMEMBERED = 4096


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """At most ``burst`` requests at once, and ``per_s`` a second in the long run."""

    burst: int
    per_s: float


class TooOftenError(Exception):
    """The asker must wait ``retry_after_s``."""

    def __init__(self, retry_after_s: float) -> None:
        """Keep the pause."""
        self.retry_after_s = retry_after_s
        super().__init__(f"wait {retry_after_s:.0f} s")


class Pacing:
    """The buckets of one pace. Those that nobody used for longest are forgotten first; they are full by then."""

    def __init__(self, pace: Pace, *, clock: Callable[[], datetime]) -> None:
        """``clock`` gives aware times; one that jumps back only gives nothing for a while."""
        self._pace = pace
        self._clock = clock
        self._levels: OrderedDict[Hashable, tuple[float, datetime]] = OrderedDict()
        self._one_at_a_time = threading.Lock()

    def take(self, asker: Hashable) -> None:
        """Take one token, or raise ``TooOftenError``."""
        with self._one_at_a_time:
            self._take(asker, now=self._clock())

    def _take(self, asker: Hashable, *, now: datetime) -> None:
        level, seen_at = self._levels.pop(asker, (float(self._pace.burst), now))
        level = min(self._pace.burst, level + max(0.0, (now - seen_at).total_seconds()) * self._pace.per_s)
        is_allowed = level >= 1.0
        self._levels[asker] = (level - 1.0 if is_allowed else level, now)
        while len(self._levels) > ASKERS_REMEMBERED:
            self._levels.popitem(last=False)
        if not is_allowed:
            raise TooOftenError(retry_after_s=(1.0 - level) / self._pace.per_s)


class GrowingWait(msgspec.Struct, frozen=True, kw_only=True):
    """After ``free`` faults the next wait is ``first_s``, then twice as long each time, up to ``longest_s``."""

    free: int
    first_s: float
    longest_s: float

    def after(self, faults: int) -> float:
        """Return how long to wait after so many faults, in seconds.

        >>> wait = GrowingWait(free=2, first_s=1.0, longest_s=5.0)
        >>> [wait.after(faults) for faults in range(6)]
        [0.0, 0.0, 1.0, 2.0, 4.0, 5.0]
        """
        if faults < self.free:
            return 0.0
        return float(min(self.longest_s, self.first_s * 2 ** min(faults - self.free, 30)))


class GrowingWaits:
    """The faults of each asker. Whoever was quiet for the longest wait begins anew; nobody waits for another."""

    def __init__(self, wait: GrowingWait, *, clock: Callable[[], datetime]) -> None:
        """Nobody was wrong yet."""
        self._wait = wait
        self._clock = clock
        self._faults: OrderedDict[Hashable, tuple[int, datetime]] = OrderedDict()
        self._one_at_a_time = threading.Lock()

    def check(self, asker: Hashable) -> None:
        """Raise ``TooOftenError`` while the asker still has to wait."""
        now = self._clock()
        with self._one_at_a_time:
            faults, at = self._faults.get(asker, (0, now))
            if at > now:  # the clock was set back: the wait begins anew, and ends
                self._faults[asker], at = (faults, now), now
            left = self._wait.after(faults) - (now - at).total_seconds()
        if left > 0:
            raise TooOftenError(retry_after_s=left)

    def note_fault(self, asker: Hashable) -> int:
        """Count a fault; return how many the asker has now."""
        now = self._clock()
        with self._one_at_a_time:
            faults, at = self._faults.pop(asker, (0, now))
            is_over = now - at > timedelta(seconds=self._wait.longest_s)
            self._faults[asker] = (1 if is_over else faults + 1, now)
            while len(self._faults) > ASKERS_REMEMBERED:
                self._faults.popitem(last=False)
            return self._faults[asker][0]
