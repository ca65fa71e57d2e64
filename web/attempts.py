"""How long someone who keeps guessing must wait: a growing delay, never a lock.

A permanent lock would let anybody stop a gate by guessing an officer's name, so the delay is kept for
the pair of user name and address, and more patiently for the address alone (many names, one password).
A mistake is forgiven for each quarter of an hour that passes without another, so that a prank of the morning slows
nobody down at noon. Whoever guesses on has the free mistakes, those that wait less than the longest wait, and then
never more than one guess for each longest wait: 4 an hour of one name. The address alone waits a minute at most,
because everybody at it waits along. A good PIN or password from there ends that wait, so whoever has one of their own
is held by the wait of each name alone.

Pure: the clock is an argument of each call.
"""

from collections import OrderedDict
from datetime import datetime, timedelta
from typing import NamedTuple

FIRST_WAIT_S = 5.0
LONGEST_WAIT_S = 900.0
LONGEST_WAIT_OF_ALL_S = 60.0
_FORGIVEN_EACH = timedelta(minutes=15)
_KEPT_KEYS = 10_000


class _Failures(NamedTuple):
    """How often, when last, and until when nothing may be tried."""

    times: int
    last_at: datetime
    until: datetime


class AttemptDelays:
    """Failures by key. After ``free_failures`` each further one doubles the wait, up to ``longest_wait_s``.

    >>> from datetime import UTC, datetime
    >>> delays, noon = AttemptDelays(free_failures=2), datetime(2026, 11, 22, 12, tzinfo=UTC)
    >>> [delays.note_failure("canbo", at=noon) for _ in range(4)]
    [0.0, 5.0, 10.0, 20.0]
    >>> delays.wait_s("canbo", at=noon)
    20.0
    """

    def __init__(self, *, free_failures: int, longest_wait_s: float = LONGEST_WAIT_S) -> None:
        """``free_failures``: how many mistakes cost nothing."""
        self._free_failures, self._longest_wait_s = free_failures, longest_wait_s
        self._failures: OrderedDict[str, _Failures] = OrderedDict()

    def wait_s(self, key: str, *, at: datetime) -> float:
        """Seconds that remain before ``key`` may try again; 0 when it may."""
        known = self._failures.get(key)
        return 0.0 if known is None else max(0.0, (known.until - at).total_seconds())

    def note_failure(self, key: str, *, at: datetime) -> float:
        """Count one failure and return the wait in seconds that it costs."""
        known = self._failures.pop(key, None)
        forgiven = 0 if known is None else max(0, (at - known.last_at) // _FORGIVEN_EACH)
        count = 1 if known is None else max(0, known.times - forgiven) + 1
        over = count - self._free_failures
        wait_s = 0.0 if over < 0 else min(self._longest_wait_s, FIRST_WAIT_S * 2.0 ** min(over, 10))
        self._failures[key] = _Failures(times=count, last_at=at, until=at + timedelta(seconds=wait_s))
        while len(self._failures) > _KEPT_KEYS:
            self._failures.popitem(last=False)
        return wait_s

    def forget(self, key: str) -> None:
        """A right password wipes the slate."""
        self._failures.pop(key, None)
