"""Finding out at which speed a device talks: listen at one after the other until its driver understands.

Nothing here waits: the link goes on receiving as always, and the search says when to change the
speed. What was heard at the right one is handed on, so that finding it out costs no frame.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Final

from devices.baud_choice import choose_baud
from devices.driver import Driver

LISTEN_S: Final = 6.0
"""At each speed: the slowest array, 1544 bytes at 9600 baud, then has two whole frames wherever we came in."""
_JUDGE_EVERY_S: Final = 0.2
_MOST_BYTES: Final = 64 * 1024


class BaudSearch:
    """One search, from the first speed given round and round until one convinces."""

    def __init__(self, rates: Sequence[int], *, new_driver: Callable[[], Driver], now_s: float) -> None:
        """Begin with the first speed. ``now_s`` is a monotonic clock in seconds, here and below."""
        self._rates = tuple(rates)
        self._new_driver = new_driver
        self._index = 0
        self._heard = bytearray()
        self._until_s = now_s + LISTEN_S
        self._judge_at_s = now_s

    @property
    def baud(self) -> int:
        """The speed to listen at."""
        return self._rates[self._index]

    def hear(self, content: bytes, *, now_s: float) -> bytes | None:
        """Take what arrived at this speed; give everything heard at it once it is the right one."""
        self._heard += content
        if len(self._heard) > _MOST_BYTES:
            del self._heard[: len(self._heard) // 2]  # more than enough to judge by
        if not self._heard or now_s < self._judge_at_s:
            return None
        self._judge_at_s = now_s + _JUDGE_EVERY_S
        heard = bytes(self._heard)
        chosen = choose_baud({self.baud: heard}, new_driver=self._new_driver, at=datetime.now(UTC))
        return heard if chosen is not None else None

    def is_in_vain(self, *, now_s: float) -> bool:
        """Tell whether this speed had its time."""
        return now_s >= self._until_s

    def try_next(self, *, now_s: float) -> int:
        """Go to the next speed and give it."""
        self._index = (self._index + 1) % len(self._rates)
        self._heard.clear()
        self._until_s = now_s + LISTEN_S
        return self.baud
