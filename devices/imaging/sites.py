"""Where on a face is measured: the band from eye to eye, which holds both inner corners of the eyes.

At 160 x 120 an inner canthus is two pixels, and no detector places it that well; the warmest of the band from eye to
eye is found however the face sits in its box (the CEmax site of Zhou 2020 and the FDA's table). Where the eyes are
not known, the band follows from the box: 20 to 48 per cent of its height.
"""

from typing import Final

import numpy as np

from devices.imaging.frames import Mask
from devices.imaging.quality_gate import FaceView

BAND_DOWN: Final = (0.20, 0.48)
BAND_ACROSS: Final = (0.15, 0.85)
HALF_BAND: Final = 0.25
"""Half its height, of the distance between the eyes."""


def eye_band(face: FaceView, *, shape: tuple[int, int]) -> Mask:
    """Mark the band from eye to eye in a picture of this shape (rows, columns); False everywhere if outside of it.

    >>> from devices.reading import FaceBox
    >>> face = FaceView(box=FaceBox(left_px=0, top_px=0, width_px=20, height_px=25))
    >>> band = eye_band(face, shape=(40, 30))
    >>> int(band.any(axis=1).argmax()), int(band.sum())
    (5, 98)
    """
    top, bottom, left, right = _edges(face)
    band = np.zeros(shape, dtype=np.bool_)
    band[max(0, round(top)) : max(0, round(bottom)), max(0, round(left)) : max(0, round(right))] = True
    return band


def _edges(face: FaceView) -> tuple[float, float, float, float]:
    if face.eyes is not None:
        (left, left_row), (right, right_row) = face.eyes
        half = HALF_BAND * float(np.hypot(right - left, right_row - left_row))
        rows = sorted((left_row, right_row))
        return rows[0] - half, rows[1] + half, min(left, right) - half, max(left, right) + half
    box = face.box
    top, bottom = (box.top_px + box.height_px * share for share in BAND_DOWN)
    left, right = (box.left_px + box.width_px * share for share in BAND_ACROSS)
    return top, bottom, left, right
