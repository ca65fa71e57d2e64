"""Is this picture of a face good enough to measure by? If not, why not: reason codes, never a guess.

After ISO/TR 13154 and the makers' guidance (whole list: the reference page on screening, sections 1 and 8). A look
gathers the figures that the picture and the lane offer; what is not known is None and is not judged. Any mandatory
reason makes the reading unusable, so that it can be neither normal nor elevated; two reasons only advise.

Glass lets no long-wave infrared through and is as cold as the room nearly: glasses are two patches of the size of
a lens, as far apart as eyes, each colder by kelvins than the skin above it and the skin below it. Such a pair is
searched for in the upper half of the box, for boxes found sit up to a quarter of a face too low. Hair has no skin
above it, a cap's brim neither, a nose and a moustache are no pair, and a beard is not in the upper half.
"""

import itertools
from typing import Final

import msgspec
import numpy as np

from devices.imaging.frames import Celsius, percentile
from devices.opencv import cv2
from devices.reading import FaceBox, QualityReason

Point = tuple[float, float]
"""Column and row, in pixels."""

LENS_ROWS: Final = (-0.05, 0.5)
"""Of a face's height: between these rows lenses are searched for."""
ACROSS_PX: Final = 24
"""A face is brought to this width, so that a patch of five by five pixels is 31 mm of 150: within one lens."""
LENS_ASIDE_PX: Final = 5
"""Of those pixels: half of the 62 mm between pupils."""
LENS_ASTRAY_PX: Final = 4
"""Of those pixels: how far from its box's middle a face's own middle may be."""
SKIN_WITHIN_PX: Final = 8
"""Of those pixels: bare skin begins no further above and below the middle of a lens (50 mm)."""
DISC_SHARE: Final = 0.12
CHEEKS_BELOW_EYES: Final = 0.75
"""Of the distance between the eyes."""
FACE_WIDTH_M: Final = 0.15
FEWEST_EYE_PX: Final = 16
"""Across a face below which its eyes are no discs but a pixel."""
FEWEST_EDGE_PX: Final = 24
"""Across a face below which the lens's own blur is as wide as a movement's."""
STANDARD_PX: Final = 320 * 240


class FaceView(msgspec.Struct, frozen=True, kw_only=True):
    """A face in a picture: its box, and eyes (left and right as seen) and nose where a detector names them.

    ``head_box`` is that of the warm head at its place, where it is another than the face's.
    """

    box: FaceBox
    head_box: FaceBox | None = None
    eyes: tuple[Point, Point] | None = None
    nose: Point | None = None


class GateLimits(msgspec.Struct, frozen=True, kw_only=True):
    """What a picture must keep to. Lengths in pixels or metres, temperatures in °C, shares of the face's width."""

    fewest_face_px: int = 16
    smallest_face_share: float = 0.16
    largest_face_share: float = 0.95
    flattest_face: float = 0.8
    glasses_below_c: float = -1.1
    glasses_below_at_eyes_c: float = -0.6
    turned_above: float = 0.35
    moved_above: float = 0.15
    softest_edge_share: float = 0.24
    warm_up_s: float = 1800.0
    room_c: tuple[float, float] = (18.0, 24.0)
    room_advised_c: tuple[float, float] = (20.0, 24.0)
    distance_m: tuple[float, float] = (0.5, 2.0)
    coldest_skin_c: float = 34.0
    hottest_skin_c: float = 43.0
    steady_within_c: float = 1.0


STANDARD: Final = GateLimits(fewest_face_px=180)
"""ISO/TR 13154: 180 pixels across the face (240 down). No array of 160 x 120 can keep to it."""


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of one picture of one face; None is not known, and not judged.

    ``height_share`` is the face's height over its width: half a face, above glasses or a mask, is wider than tall.
    ``is_cut``: it reaches over the left or right side of the picture: somebody coming or going, or a shoulder.
    ``glasses_c`` is how much warmer a pair of patches is than the skin above and below (negative: colder),
    ``at_eyes_c`` the eyes a detector names than the cheeks; ``turned`` how far the nose is from the middle
    between the eyes, in distances between them; ``moved`` how far the face went since the picture before, and
    ``edge`` how wide its outline is, both in face widths. ``skin_c`` is corrected by a reference body.
    ``is_recognised``: whether a trained detector takes it for a face; one that none does is turned away, or covered.
    """

    face_count: int
    face_width_px: int
    face_share: float
    picture_px: int
    height_share: float = 1.2
    is_cut: bool = False
    glasses_c: float | None = None
    at_eyes_c: float | None = None
    turned: float | None = None
    moved: float | None = None
    edge: float | None = None
    is_shutter: bool = False
    on_for_s: float | None = None
    room_c: float | None = None
    distance_m: float | None = None
    skin_c: float | None = None
    spread_c: float | None = None
    is_recognised: bool | None = None


def judge(look: Look, *, limits: GateLimits) -> tuple[QualityReason, ...]:
    """Name every gate that this look fails, mandatory and advisory.

    >>> look = Look(face_count=2, face_width_px=40, face_share=0.3, picture_px=160 * 120, glasses_c=-2.5)
    >>> [reason.value for reason in judge(look, limits=GateLimits())]
    ['several_faces', 'glasses', 'indicative_array']
    """
    failed = (
        (QualityReason.SEVERAL_FACES, look.face_count > 1),
        (QualityReason.TOO_FEW_PIXELS, look.face_width_px < limits.fewest_face_px),
        (
            QualityReason.TOO_FAR,
            look.face_share < limits.smallest_face_share or _above(look.distance_m, limits.distance_m[1]),
        ),
        (
            QualityReason.TOO_NEAR,
            look.face_share > limits.largest_face_share or _below(look.distance_m, limits.distance_m[0]),
        ),
        (QualityReason.FACE_TURNED, _above(look.turned, limits.turned_above) or look.is_recognised is False),
        (QualityReason.FACE_NOT_WHOLE, look.is_cut or look.height_share < limits.flattest_face),
        (
            QualityReason.GLASSES,
            _below(look.glasses_c, limits.glasses_below_c) or _below(look.at_eyes_c, limits.glasses_below_at_eyes_c),
        ),
        (QualityReason.MOVING, _above(look.moved, limits.moved_above) or _above(look.edge, limits.softest_edge_share)),
        (QualityReason.SHUTTER_EVENT, look.is_shutter),
        (QualityReason.NOT_STEADY, _above(look.spread_c, limits.steady_within_c)),
    )
    lane = _of_the_lane(look, limits=limits)
    return tuple(reason for reason, has_failed in itertools.chain(failed, lane) if has_failed)


def _of_the_lane(look: Look, *, limits: GateLimits) -> tuple[tuple[QualityReason, bool], ...]:
    coldest_c, hottest_c = limits.room_c
    is_out = _below(look.room_c, coldest_c) or _above(look.room_c, hottest_c)
    return (
        (QualityReason.WARMING_UP, _below(look.on_for_s, limits.warm_up_s)),
        (QualityReason.ROOM_OUT_OF_RANGE, is_out),
        (QualityReason.NOT_ACCLIMATISED, _below(look.skin_c, limits.coldest_skin_c)),
        (QualityReason.OUT_OF_RANGE, _above(look.skin_c, limits.hottest_skin_c)),
        (QualityReason.ROOM_BORDERLINE, not is_out and _below(look.room_c, limits.room_advised_c[0])),
        (QualityReason.INDICATIVE_ARRAY, look.picture_px < STANDARD_PX),
    )


def _above(value: float | None, limit: float) -> bool:
    return value is not None and not value <= limit


def _below(value: float | None, limit: float) -> bool:
    return value is not None and not value >= limit


def look_at(
    celsius: Celsius,
    face: FaceView,
    *,
    face_count: int = 1,
    before: FaceView | None = None,
    focal_px: float | None = None,
) -> Look:
    """Take from one picture all figures that it holds. ``focal_px`` is the lens's focal length in pixels, if known."""
    width_px = face.box.width_px
    has_eyes = width_px >= FEWEST_EYE_PX
    return Look(
        face_count=face_count,
        face_width_px=width_px,
        face_share=width_px / min(celsius.shape),
        picture_px=celsius.size,
        height_share=face.box.height_px / width_px,
        is_cut=is_cut(face.box, columns=celsius.shape[1]),
        glasses_c=pair_above_skin_c(celsius, face.box) if has_eyes else None,
        at_eyes_c=eyes_above_cheeks_c(celsius, face) if has_eyes else None,
        turned=turned(face),
        moved=_moved(face.box, before.box) if before else None,
        edge=edge_share(celsius, face.box) if width_px >= FEWEST_EDGE_PX else None,
        distance_m=focal_px * FACE_WIDTH_M / width_px if focal_px else None,
    )


def eyes_above_cheeks_c(celsius: Celsius, face: FaceView) -> float | None:
    """How much warmer the eyes that a detector names are than the cheeks, in kelvin; None without a name.

    Of both sides the warmer counts, for hair hangs over one eye and glasses lie over both.
    """
    eyes = face.eyes
    if eyes is None:
        return None
    (left, top), (right, bottom) = eyes
    down = CHEEKS_BELOW_EYES * float(np.hypot(right - left, bottom - top))
    cheeks = ((left, top + down), (right, bottom + down))
    radius_px = DISC_SHARE * face.box.width_px
    cheek_c = percentile(np.concatenate([_disc(celsius, point, radius_px).ravel() for point in cheeks]), 50)
    eye_c = max(percentile(_disc(celsius, point, radius_px), 50) for point in eyes)
    return eye_c - cheek_c


def pair_above_skin_c(celsius: Celsius, box: FaceBox) -> float:
    """How much warmer than the skin above and below is the coldest pair of patches of a lens's size, in kelvin.

    0 where no pair is colder than what surrounds it. Of a pair the shallower patch counts, of the skin the colder.
    """
    left, right = max(0, box.left_px), min(celsius.shape[1], box.left_px + box.width_px)
    top = max(0, box.top_px - box.width_px // 2)
    window = celsius[top : max(0, box.top_px + (box.height_px + box.width_px) // 2), left:right]
    scale = ACROSS_PX / box.width_px
    size = round(window.shape[1] * scale), round(window.shape[0] * scale)
    if min(*size, *window.shape) <= 2 * LENS_ASIDE_PX:
        return 0.0
    patches = cv2.medianBlur(cv2.resize(window.astype(np.float32), size, interpolation=cv2.INTER_AREA), 5)
    reach = np.ones((SKIN_WITHIN_PX + 1, 1), dtype=np.uint8)
    above, below = (cv2.dilate(patches, reach, anchor=(0, row)) for row in (SKIN_WITHIN_PX, 0))
    colder = np.minimum(above, below) - patches
    pairs = np.minimum(colder[:, : -2 * LENS_ASIDE_PX], colder[:, 2 * LENS_ASIDE_PX :])
    first, last = (max(0, round((box.top_px + share * box.height_px - top) * scale)) for share in LENS_ROWS)
    middle = round((box.left_px + box.width_px / 2 - left) * scale) - LENS_ASIDE_PX
    near = pairs[first : last + 1, max(0, middle - LENS_ASTRAY_PX) : max(0, middle + LENS_ASTRAY_PX + 1)]
    return -float(near.max(initial=0.0))


def _disc(celsius: Celsius, middle: Point, radius_px: float) -> Celsius:
    """The square of pixels around a point, always at least the nearest one of the picture."""
    column, row = middle
    rows, columns = celsius.shape
    top, left = min(max(0, round(row - radius_px)), rows - 1), min(max(0, round(column - radius_px)), columns - 1)
    return celsius[top : max(top, round(row + radius_px)) + 1, left : max(left, round(column + radius_px)) + 1]


def turned(face: FaceView) -> float | None:
    """How far the head is turned or tilted: the nose's way from the middle of the eyes, or their slope if greater."""
    if face.eyes is None or face.nose is None:
        return None
    (left, top), (right, bottom) = face.eyes
    apart = float(np.hypot(right - left, bottom - top))
    if apart == 0.0:
        return 1.0
    along = ((right - left) / apart, (bottom - top) / apart)
    aside = (face.nose[0] - (left + right) / 2) * along[0] + (face.nose[1] - (top + bottom) / 2) * along[1]
    return max(abs(aside), abs(bottom - top)) / apart


def is_cut(box: FaceBox, *, columns: int) -> bool:
    """Whether a face reaches the left or right side of a picture of so many columns."""
    return box.left_px <= 0 or box.left_px + box.width_px >= columns


def _moved(box: FaceBox, before: FaceBox) -> float:
    across = (box.left_px + box.width_px / 2) - (before.left_px + before.width_px / 2)
    down = (box.top_px + box.height_px / 2) - (before.top_px + before.height_px / 2)
    return float(np.hypot(across, down)) / max(1, before.width_px)


def edge_share(celsius: Celsius, box: FaceBox) -> float:
    """Width of the steepest outline around a face, in face widths: motion blur spreads it along the way."""
    margin = box.width_px // 3
    top, left = max(0, box.top_px), max(0, box.left_px - margin)
    window = celsius[top : box.top_px + box.height_px, left : box.left_px + box.width_px + margin]
    slopes = np.abs(cv2.Sobel(window, cv2.CV_32F, 1, 0, ksize=3)) / 8.0
    every = max(1, box.width_px // 40)
    spread_c = percentile(window[::every, ::every], 90) - percentile(window[::every, ::every], 10)
    return spread_c / max(1e-6, percentile(slopes[::every, ::every], 95)) / box.width_px
