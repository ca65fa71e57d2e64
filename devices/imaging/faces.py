"""Warm heads by segmentation: a first honest form, without a trained detector.

A head is a connected region well above its surroundings, of plausible size and temperature. On
arrays of a few hundred pixels nothing better exists; on 160x120 it takes a bare neck for part of
the face and can be fooled by a hand or a hot cup. It serves for one person standing before the
scanner; who is not sure is told so (several faces, no face) instead of being measured.
"""

import msgspec
import numpy as np

from devices.imaging.frames import Celsius, Mask, mean_of_hottest, surroundings_of
from devices.opencv import cv2
from devices.reading import FaceBox

SMALLEST_CONTRAST_C = 3.0
"""Below this difference to the surroundings skin and wall cannot be told apart: no reading."""
SKIN_C = (27.0, 46.0)
"""What the hottest spot of a living face can show, cold winter skin and an uncorrected sensor included."""
SMALLEST_HEAD_PX = 12
SMALLEST_HEAD_SHARE = 0.01
SECOND_HEAD_SHARE = 0.3
"""A second region counts as a face if it has at least this share of the hottest one's pixels."""
SECOND_HEAD_WITHIN_C = 2.5
"""Clothes are cooler than the face above them by more than this; another face is not."""
BODY_COOLER_C = 1.0
"""What lies below and near a head and is cooler than it by more than this is its clothed body."""
STACKED_OVERLAP = 0.6
GLASSES_GAP = 0.35
"""Glasses are cold and may cut a face in two; the gap is this much of its width at most."""
HOUSING_PER_BODY = 15
"""The warm front that carries a reference body is up to so many times as large as the body itself."""
NECK_NEEDS_ROWS = 24
REDUCED_SIDE_PX = 120


class Head(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """One warm head: its box, its pixels in the whole picture, and the mean of its four hottest, in °C.

    ``eyes`` (left and right as seen) and ``nose`` are columns and rows, where a detector names them; ``box`` is the
    face's then, and ``head_box`` that of the warm head at its place, hair or neck or forehead included.
    ``is_recognised``: whether a trained detector took it for a face, now or a moment ago; None where none looked.
    """

    box: FaceBox
    pixels: Mask
    hottest_c: float
    eyes: tuple[tuple[float, float], tuple[float, float]] | None = None
    nose: tuple[float, float] | None = None
    head_box: FaceBox | None = None
    is_recognised: bool | None = None

    @property
    def pixel_count(self) -> int:
        """How many pixels it has; what a standard asks for is far more than an array offers."""
        return int(self.pixels.sum())


def find_heads(celsius: Celsius, *, ignored: Mask | None = None) -> tuple[Head, ...]:
    """Find warm heads, hottest first; ``ignored`` are the pixels of the reference body.

    Empty means that nobody stands there, or that the surroundings are as warm as skin. A large picture is searched in
    a reduced one of about 120 rows; what its heads show is taken from all pixels.
    """
    step = min(celsius.shape) // REDUCED_SIDE_PX
    if step < 2:
        return _heads_in(celsius, ignored=ignored)
    size = (celsius.shape[1] // step, celsius.shape[0] // step)
    reduced = cv2.resize(celsius, size, interpolation=cv2.INTER_AREA).astype(np.float32, copy=False)
    hidden = None
    if ignored is not None:
        hidden = cv2.resize(ignored.view(np.uint8), size, interpolation=cv2.INTER_NEAREST).astype(bool)
    heads = [_enlarged(head, celsius, step=step, ignored=ignored) for head in _heads_in(reduced, ignored=hidden)]
    return tuple(sorted(heads, key=lambda head: -head.hottest_c))


def _enlarged(head: Head, celsius: Celsius, *, step: int, ignored: Mask | None) -> Head:
    """Say of the whole picture what was found in one reduced by ``step``."""
    small = head.box
    box = FaceBox(
        left_px=small.left_px * step,
        top_px=small.top_px * step,
        width_px=small.width_px * step,
        height_px=small.height_px * step,
    )
    place = (slice(box.top_px, box.top_px + box.height_px), slice(box.left_px, box.left_px + box.width_px))
    within = head.pixels[small.top_px : small.top_px + small.height_px, small.left_px : small.left_px + small.width_px]
    warm = within.repeat(step, axis=0).repeat(step, axis=1) & (celsius[place] < SKIN_C[1])
    if ignored is not None:
        warm &= ~ignored[place]
    pixels = np.zeros(celsius.shape, dtype=np.bool_)
    pixels[place] = warm
    return Head(box=box, pixels=pixels, hottest_c=mean_of_hottest(celsius[place], warm))


def _heads_in(celsius: Celsius, *, ignored: Mask | None) -> tuple[Head, ...]:
    usable = celsius < SKIN_C[1]
    if ignored is not None:
        usable &= ~ignored
    if int(usable.sum()) < usable.size // 2:
        return ()
    warm = _warm_pixels(celsius, usable)
    if warm is None:
        return ()
    smallest = max(SMALLEST_HEAD_PX, int(SMALLEST_HEAD_SHARE * celsius.size))
    regions = [region for region in _regions(warm, smallest=smallest // 2) if not _is_housing(region, ignored)]
    whole = [region for region in _joined_over_glasses(regions) if int(region.sum()) >= smallest]
    heads = sorted((_head(celsius, region) for region in whole), key=lambda head: -head.hottest_c)
    if not heads or heads[0].hottest_c < SKIN_C[0]:
        return ()
    return heads[0], *(head for head in heads[1:] if _is_another_face(head, beside=heads[0]))


def _warm_pixels(celsius: Celsius, usable: Mask) -> Mask | None:
    """Pixels above the middle between the surroundings and the warmest spot; None if there is no contrast."""
    surroundings_c = surroundings_of(celsius[usable])
    warmest_c = mean_of_hottest(celsius, usable)
    contrast_c = warmest_c - surroundings_c
    if contrast_c < SMALLEST_CONTRAST_C:
        return None
    return usable & (celsius > surroundings_c + 0.55 * contrast_c)


def _regions(warm: Mask, *, smallest: int) -> list[Mask]:
    count, labels, figures, _ = cv2.connectedComponentsWithStats(warm.astype(np.uint8), connectivity=8)
    return [labels == label for label in range(1, count) if int(figures[label, cv2.CC_STAT_AREA]) >= smallest]


def _is_housing(region: Mask, body: Mask | None) -> bool:
    """Whether a region is the warm front around the reference body: it touches it and is not much larger."""
    if body is None:
        return False
    around = cv2.dilate(body.astype(np.uint8), np.ones((5, 5), np.uint8)).astype(bool)
    return bool((around & region).any()) and int(region.sum()) <= HOUSING_PER_BODY * int(body.sum())


def _joined_over_glasses(regions: list[Mask]) -> list[Mask]:
    """Join regions that stand closely one above the other: a forehead and the cheeks below the glasses."""
    joined: list[Mask] = []
    for region in sorted(regions, key=lambda region: _box(region).top_px):
        above = next((index for index, other in enumerate(joined) if _is_cut_by_glasses(other, region)), None)
        if above is None:
            joined.append(region)
        else:
            joined[above] |= region
    return joined


def _is_cut_by_glasses(upper: Mask, lower: Mask) -> bool:
    one, other = _box(upper), _box(lower)
    gap = other.top_px - (one.top_px + one.height_px)
    narrower = min(one.width_px, other.width_px)
    alike = narrower >= STACKED_OVERLAP * max(one.width_px, other.width_px)
    return alike and _shared_columns(one, other) >= STACKED_OVERLAP * narrower and gap <= GLASSES_GAP * narrower


def _shared_columns(one: FaceBox, other: FaceBox) -> int:
    right = min(one.left_px + one.width_px, other.left_px + other.width_px)
    return max(0, right - max(one.left_px, other.left_px))


def _widened(box: FaceBox) -> FaceBox:
    """The box and as much again on either side: where shoulders are."""
    return msgspec.structs.replace(box, left_px=box.left_px - box.width_px, width_px=3 * box.width_px)


def _box(region: Mask) -> FaceBox:
    left, top, width, height = cv2.boundingRect(region.astype(np.uint8))
    return FaceBox(left_px=left, top_px=top, width_px=width, height_px=height)


def _head(celsius: Celsius, region: Mask) -> Head:
    pixels = _above_the_neck(region)
    return Head(box=_box(pixels), pixels=pixels, hottest_c=mean_of_hottest(celsius, pixels))


def _above_the_neck(region: Mask) -> Mask:
    """Cut a tall region where it is narrowest below its widest upper part, or at 1.5 times its width."""
    rows = np.nonzero(region.any(axis=1))[0]
    first, height = int(rows[0]), int(np.ptp(rows)) + 1
    if height < NECK_NEEDS_ROWS:
        return region
    widths = region[first : first + height].sum(axis=1)
    widths[widths == 0] = widths.max()  # glasses, not a neck
    head_rows = max(height // 2, NECK_NEEDS_ROWS // 2)
    widest = int(widths[:head_rows].argmax())
    lowest = min(height, widest + int(1.2 * widths[widest]))
    below = widths[widest:lowest]
    neck = widest + int(below.argmin()) if below.size else height
    cut = neck if widths[neck - 1 if neck else 0] < 0.7 * widths[widest] else lowest
    head = region.copy()
    head[first + max(cut, NECK_NEEDS_ROWS // 2) :] = False
    return head


def _is_another_face(head: Head, *, beside: Head) -> bool:
    """Whether a region is a second face and not the body below the first one."""
    return (
        not is_body_of(head, above=beside)
        and head.hottest_c >= SKIN_C[0]
        and head.pixel_count >= SECOND_HEAD_SHARE * beside.pixel_count
        and beside.hottest_c - head.hottest_c <= SECOND_HEAD_WITHIN_C
    )


def is_body_of(head: Head, *, above: Head) -> bool:
    """Whether this is the clothed body of a warmer head above it."""
    is_below = head.box.top_px >= above.box.top_px + above.box.height_px // 2
    is_near = _shared_columns(_widened(above.box), head.box) > 0
    return is_below and is_near and above.hottest_c - head.hottest_c > BODY_COOLER_C
