"""Warm heads by segmentation: a first honest form, without a trained detector.

A head is a connected region well above its surroundings, of plausible size and temperature. On
arrays of a few hundred pixels nothing better exists; on 160x120 it takes a bare neck for part of
the face and can be fooled by a hand or a hot cup. It serves for one person standing before the
scanner; who is not sure is told so (several faces, no face) instead of being measured.
"""

import cv2
import msgspec
import numpy as np

from devices.imaging.frames import Celsius, Mask, mean_of_hottest
from devices.reading import FaceBox

SMALLEST_CONTRAST_C = 3.0
"""Below this difference to the surroundings skin and wall cannot be told apart: no reading."""
SKIN_C = (27.0, 46.0)
"""What the hottest spot of a living face can show, cold winter skin and an uncorrected sensor included."""
SMALLEST_HEAD_PX = 12
SMALLEST_HEAD_SHARE = 0.01
SECOND_HEAD_SHARE = 0.3
"""A second region counts as a face if it has at least this share of the first one's pixels."""
SECOND_HEAD_WITHIN_C = 5.0
NECK_NEEDS_ROWS = 24


class Head(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """One warm head: its box, its pixels in the whole picture, and the mean of its four hottest, in °C."""

    box: FaceBox
    pixels: Mask
    hottest_c: float

    @property
    def pixel_count(self) -> int:
        """How many pixels it has; what a standard asks for is far more than an array offers."""
        return int(self.pixels.sum())


def find_heads(celsius: Celsius, *, ignored: Mask | None = None) -> tuple[Head, ...]:
    """Find warm heads, largest first; ``ignored`` pixels (a reference body) belong to none.

    Empty means that nobody stands there, or that the surroundings are as warm as skin.
    """
    usable = celsius < SKIN_C[1]
    if ignored is not None:
        usable &= ~ignored
    if int(usable.sum()) < usable.size // 2:
        return ()
    warm = _warm_pixels(celsius, usable)
    if warm is None:
        return ()
    smallest = max(SMALLEST_HEAD_PX, int(SMALLEST_HEAD_SHARE * celsius.size))
    heads = [_head(celsius, region) for region in _regions(warm, smallest=smallest)]
    living = sorted((head for head in heads if head.hottest_c >= SKIN_C[0]), key=lambda head: -head.pixel_count)
    return tuple(head for head in living if _may_be_a_face(head, beside=living[0]))


def _warm_pixels(celsius: Celsius, usable: Mask) -> Mask | None:
    """Pixels above the middle between the surroundings and the warmest spot; None if there is no contrast."""
    surroundings_c = float(np.percentile(celsius[usable], 20))
    warmest_c = mean_of_hottest(celsius, usable)
    contrast_c = warmest_c - surroundings_c
    if contrast_c < SMALLEST_CONTRAST_C:
        return None
    return usable & (celsius > surroundings_c + 0.55 * contrast_c)


def _regions(warm: Mask, *, smallest: int) -> list[Mask]:
    count, labels, figures, _ = cv2.connectedComponentsWithStats(warm.astype(np.uint8), connectivity=8)
    return [labels == label for label in range(1, count) if int(figures[label, cv2.CC_STAT_AREA]) >= smallest]


def _head(celsius: Celsius, region: Mask) -> Head:
    pixels = _above_the_neck(region)
    rows, columns = np.nonzero(pixels)
    box = FaceBox(
        left_px=int(columns.min()),
        top_px=int(rows.min()),
        width_px=int(np.ptp(columns)) + 1,
        height_px=int(np.ptp(rows)) + 1,
    )
    return Head(box=box, pixels=pixels, hottest_c=mean_of_hottest(celsius, pixels))


def _above_the_neck(region: Mask) -> Mask:
    """Cut a tall region where it is narrowest below its widest upper part, or at 1.5 times its width."""
    rows = np.nonzero(region.any(axis=1))[0]
    first, height = int(rows[0]), int(np.ptp(rows)) + 1
    if height < NECK_NEEDS_ROWS:
        return region
    widths = region[first : first + height].sum(axis=1)
    head_rows = max(height // 2, NECK_NEEDS_ROWS // 2)
    widest = int(widths[:head_rows].argmax())
    lowest = min(height, widest + int(1.2 * widths[widest]))
    below = widths[widest:lowest]
    neck = widest + int(below.argmin()) if below.size else height
    cut = neck if widths[neck - 1 if neck else 0] < 0.7 * widths[widest] else lowest
    head = region.copy()
    head[first + max(cut, NECK_NEEDS_ROWS // 2) :] = False
    return head


def _may_be_a_face(head: Head, *, beside: Head) -> bool:
    return (
        head.pixel_count >= SECOND_HEAD_SHARE * beside.pixel_count
        and abs(head.hottest_c - beside.hottest_c) <= SECOND_HEAD_WITHIN_C
    )
