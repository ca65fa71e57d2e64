"""How many requests one address may make: a bucket for each, filled slowly. Pure: the clock is an argument.

The first ones come at once, because a coach full of people shares one address; a machine that goes on is slowed.
"""

from collections import OrderedDict
from datetime import datetime

_KEPT_ADDRESSES = 20_000


class AddressRates:
    """Buckets by address; the longest unused is forgotten first.

    >>> from datetime import UTC, datetime
    >>> rates, noon = AddressRates(burst=2, per_s=0.5), datetime(2026, 11, 22, 12, tzinfo=UTC)
    >>> [rates.wait_s("a", at=noon) for _ in range(3)]
    [0.0, 0.0, 2.0]
    """

    def __init__(self, *, burst: int, per_s: float) -> None:
        """``burst`` requests at once, then ``per_s`` each second."""
        self._burst = float(burst)
        self._per_s = per_s
        self._buckets: OrderedDict[str, tuple[float, datetime]] = OrderedDict()

    def wait_s(self, address: str, *, at: datetime) -> float:
        """Count one request and return 0, or return the seconds until one is allowed, uncounted."""
        left, since = self._buckets.pop(address, (self._burst, at))
        left = min(self._burst, left + max(0.0, (at - since).total_seconds()) * self._per_s)
        wait_s = 0.0 if left >= 1 else (1 - left) / self._per_s
        self._buckets[address] = (left if wait_s else left - 1, at)
        while len(self._buckets) > _KEPT_ADDRESSES:
            self._buckets.popitem(last=False)
        return wait_s
