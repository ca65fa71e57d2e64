"""How long someone who keeps guessing must wait: a growing delay, never a lock.

A permanent lock would let anybody stop a gate by guessing an officer's name, so the delay is kept for
the pair of user name and address, and more patiently for the address alone (many names, one password).
Pure: the clock is an argument of each call.
"""

from collections import OrderedDict
from datetime import datetime, timedelta

FIRST_WAIT_S = 5.0
LONGEST_WAIT_S = 900.0
_KEPT_KEYS = 10_000


class AttemptDelays:
    """Failures by key. After ``free_failures`` each further one doubles the wait, up to 15 minutes.

    >>> from datetime import UTC, datetime
    >>> delays, noon = AttemptDelays(free_failures=2), datetime(2026, 11, 22, 12, tzinfo=UTC)
    >>> [delays.note_failure("canbo", at=noon) for _ in range(4)]
    [0.0, 5.0, 10.0, 20.0]
    >>> delays.wait_s("canbo", at=noon)
    20.0
    """

    def __init__(self, *, free_failures: int) -> None:
        """``free_failures``: how many mistakes cost nothing."""
        self._free_failures = free_failures
        self._failures: OrderedDict[str, tuple[int, datetime]] = OrderedDict()

    def wait_s(self, key: str, *, at: datetime) -> float:
        """Seconds that remain before ``key`` may try again; 0 when it may."""
        _, until = self._failures.get(key, (0, at))
        return max(0.0, (until - at).total_seconds())

    def note_failure(self, key: str, *, at: datetime) -> float:
        """Count one failure and return the wait in seconds that it costs."""
        count = self._failures.pop(key, (0, at))[0] + 1
        over = count - self._free_failures
        wait_s = 0.0 if over < 0 else min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0 ** min(over, 10))
        self._failures[key] = (count, at + timedelta(seconds=wait_s))
        while len(self._failures) > _KEPT_KEYS:
            self._failures.popitem(last=False)
        return wait_s

    def forget(self, key: str) -> None:
        """A right password wipes the slate."""
        self._failures.pop(key, None)
