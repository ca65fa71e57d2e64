"""When a point thermometer sees a person: a stream of numbers becomes one reading for each who stands there.

The module says fourteen times a second how warm the thing before it is, wall or forehead. Somebody
stands there while it shows skin; the reading is the median of the first five numbers that agree
within half a degree, so that neither the approach nor one spoilt frame is measured. Then nothing
until the place was empty again.
"""

from collections import deque
from statistics import median
from typing import Final

FRAMES_NEEDED: Final = 5
LARGEST_SPREAD_C: Final = 0.5
EMPTY_AFTER_FRAMES: Final = 3
HOTTEST_SKIN_C: Final = 43.0
"""Nobody's skin is warmer; a cup or a lamp is (measurement's limit for raw skin)."""


class PointPresence:
    """Follows one stream of object temperatures in °C."""

    def __init__(self, *, present_from_c: float) -> None:
        """Begin with an empty place. Skin is what shows at least ``present_from_c``."""
        self._present_from_c = present_from_c
        self._shown_c: deque[float] = deque(maxlen=FRAMES_NEEDED)
        self._empty_frames = EMPTY_AFTER_FRAMES
        self._is_measured = False

    def follow(self, object_c: float) -> float | None:
        """Take the next number; give the measured temperature once for each presence.

        >>> presence = PointPresence(present_from_c=30.0)
        >>> [presence.follow(shown_c) for shown_c in (24.0, 31.0, 34.9, 35.0, 35.1, 35.0, 35.2, 35.2)]
        [None, None, None, None, None, None, 35.0, None]
        """
        if not self._present_from_c <= object_c <= HOTTEST_SKIN_C:
            self._empty_frames += 1
            if self._empty_frames >= EMPTY_AFTER_FRAMES:
                self._shown_c.clear()
                self._is_measured = False
            return None
        self._empty_frames = 0
        self._shown_c.append(object_c)
        is_steady = len(self._shown_c) == FRAMES_NEEDED and max(self._shown_c) - min(self._shown_c) <= LARGEST_SPREAD_C
        if self._is_measured or not is_steady:
            return None
        self._is_measured = True
        return median(self._shown_c)
