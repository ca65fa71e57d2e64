"""The reference body: a small heated surface of known temperature that the camera always sees.

Found as a small, hot, compact region near the temperature that the sensor is expected to show for
it. An uncooled sensor may be several kelvin off (that is what the body is for), so the search range
is wide, and steadiness of place decides: ``ReferenceTracker`` holds on to the place it has found.
"""

from collections.abc import Sequence

import msgspec
import numpy as np

from devices.imaging.frames import Celsius, Mask, percentile
from devices.opencv import cv2
from devices.reading import FaceBox

LARGEST_SHARE = 0.02
SMALLEST_PX = 9
SMALLEST_FILL = 0.6
"""A disc fills 0.79 of its box; an edge, a collar or a lock of hair fills less."""
LONGEST_TO_SHORTEST = 1.6
ISOLATED_BY_C = 2.0
"""A body is warmer than nearly all that touches it by at least this (recorded clips: 3.0 to 5.9 K); an eye in its
face is not (about 1 K), and so is never taken for the body, however still somebody stands."""
LARGEST_JUMP_PX = 3.0
FOUND_AFTER_FRAMES = 5
FORGOTTEN_AFTER_FRAMES = 20
SEARCH_PX = 14


class ReferenceBody(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Where the reference body is and what the sensor shows for it: the median of its core, in °C."""

    box: FaceBox
    pixels: Mask
    measured_c: float

    @property
    def centre(self) -> tuple[float, float]:
        """Row and column of the middle of its box."""
        return self.box.top_px + self.box.height_px / 2, self.box.left_px + self.box.width_px / 2


def find_reference_bodies(
    celsius: Celsius, *, expected_c: float, within_c: float, largest_px: int | None = None
) -> tuple[ReferenceBody, ...]:
    """Find small hot compact regions whose core reads ``expected_c`` give or take ``within_c``, hottest first.

    ``largest_px`` is the largest area in pixels, by default a fiftieth of the picture.
    """
    largest = largest_px or int(LARGEST_SHARE * celsius.size)
    found: list[ReferenceBody] = []
    top_c = min(float(celsius.max()), expected_c + within_c)
    for level_c in np.arange(top_c - 0.5, expected_c - within_c, -1.0):
        for body in _compact_regions(celsius, level_c=float(level_c), largest=largest, known=found):
            is_new = not any((body.pixels & other.pixels).any() for other in found)
            if is_new and abs(body.measured_c - expected_c) <= within_c and _is_isolated(celsius, body):
                found.append(body)
    return tuple(sorted(found, key=lambda body: -body.measured_c))


def _is_isolated(celsius: Celsius, body: ReferenceBody) -> bool:
    box, reach = body.box, 5
    rows = slice(max(0, box.top_px - reach), box.top_px + box.height_px + reach)
    columns = slice(max(0, box.left_px - reach), box.left_px + box.width_px + reach)
    pixels = body.pixels[rows, columns].astype(np.uint8)
    ring = cv2.dilate(pixels, np.ones((5, 5), np.uint8)).astype(bool) & (pixels == 0)
    around = celsius[rows, columns][ring]
    return around.size > 0 and body.measured_c - percentile(around, 75) >= ISOLATED_BY_C


def _compact_regions(
    celsius: Celsius, *, level_c: float, largest: int, known: Sequence[ReferenceBody]
) -> list[ReferenceBody]:
    """Find what is warmer than a level and compact, without what a known body grew to."""
    count, labels, figures, _ = cv2.connectedComponentsWithStats((celsius > level_c).astype(np.uint8), connectivity=4)
    grown = {int(label) for body in known for label in np.unique(labels[body.pixels])}
    return [
        _body(celsius, labels == label, figures[label])
        for label in range(1, count)
        if label not in grown and _is_compact(figures[label], largest=largest)
    ]


def _is_compact(figures: np.ndarray, *, largest: int) -> bool:
    _, _, width, height, area = (int(figure) for figure in figures)
    sides = max(width, height) / min(width, height)
    return SMALLEST_PX <= area <= largest and sides <= LONGEST_TO_SHORTEST and area >= SMALLEST_FILL * width * height


def _body(celsius: Celsius, region: Mask, figures: np.ndarray) -> ReferenceBody:
    left, top, width, height, _ = (int(figure) for figure in figures)
    core = cv2.erode(region.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool)
    inner = core if core.any() else region
    return ReferenceBody(
        box=FaceBox(left_px=left, top_px=top, width_px=width, height_px=height),
        pixels=cv2.dilate(region.astype(np.uint8), np.ones((5, 5), np.uint8)).astype(bool),
        measured_c=percentile(celsius[inner], 50),
    )


class ReferenceTracker:
    """Follows the reference body of one camera through its pictures.

    It is taken as found once it has stood at one place for five pictures, so that a face at the
    edge or a hot cup carried past is not mistaken for it. From then on it is looked for there; a
    body that has jumped, or is hidden for long, is no reference until it has stood still again.
    """

    def __init__(self, *, expected_c: float, within_c: float = 8.0) -> None:
        self._expected_c = expected_c
        self._within_c = within_c
        self._places: list[tuple[tuple[float, float], int]] = []
        self._home: tuple[float, float] | None = None
        self._missed = 0

    def follow(self, celsius: Celsius) -> ReferenceBody | None:
        """Find the body in the next picture; None while it is not found, hidden, or has just moved."""
        if self._home is not None:
            at_home = self._at_home(celsius, home=self._home)
            self._missed = 0 if at_home else self._missed + 1
            if at_home or self._missed < FORGOTTEN_AFTER_FRAMES:
                return at_home
            self._home, self._places, self._missed = None, [], 0
        return self._search(celsius)

    def _search(self, celsius: Celsius) -> ReferenceBody | None:
        """Look everywhere, and settle on the body that has stood at one place for long enough."""
        bodies = find_reference_bodies(celsius, expected_c=self._expected_c, within_c=self._within_c)
        seen = [(body, 1 + self._times_seen(body)) for body in bodies]
        self._places = [(body.centre, times) for body, times in seen]
        steady = [(times, body) for body, times in seen if times >= FOUND_AFTER_FRAMES]
        if not steady:
            return None
        found = max(steady, key=lambda entry: entry[0])[1]
        self._home = found.centre
        return found

    def _at_home(self, celsius: Celsius, *, home: tuple[float, float]) -> ReferenceBody | None:
        top, left = (max(0, round(place) - SEARCH_PX) for place in home)
        window = celsius[top : top + 2 * SEARCH_PX, left : left + 2 * SEARCH_PX]
        largest_px = int(LARGEST_SHARE * celsius.size)
        bodies = find_reference_bodies(
            window, expected_c=self._expected_c, within_c=self._within_c, largest_px=largest_px
        )
        moved = [_moved(body, top=top, left=left, shape=celsius.shape) for body in bodies]
        near = [body for body in moved if _is_near(body.centre, home)]
        return near[0] if near else None

    def _times_seen(self, body: ReferenceBody) -> int:
        return max((times for place, times in self._places if _is_near(place, body.centre)), default=0)


def _moved(body: ReferenceBody, *, top: int, left: int, shape: tuple[int, ...]) -> ReferenceBody:
    """Say in coordinates of the whole picture what was found in a window of it."""
    pixels = np.zeros(shape, dtype=np.bool_)
    pixels[top : top + body.pixels.shape[0], left : left + body.pixels.shape[1]] = body.pixels
    box = msgspec.structs.replace(body.box, top_px=body.box.top_px + top, left_px=body.box.left_px + left)
    return msgspec.structs.replace(body, box=box, pixels=pixels)


def _is_near(place: tuple[float, float], other: tuple[float, float]) -> bool:
    return abs(place[0] - other[0]) <= LARGEST_JUMP_PX and abs(place[1] - other[1]) <= LARGEST_JUMP_PX
