"""Cutting one face out of a thermal picture: all that may ever be kept of an image.

A crop is temperatures, not a photograph: hundredths of a kelvin, uint16, little-endian, rows from above. It
spans the box of the face and a margin around it, and is thinned where a camera has more pixels than a reviewer
needs. Pictures that terminals take by visible light never come here: their drivers do not hand them on.
"""

from datetime import datetime
from typing import Final

import msgspec
import numpy as np

from devices.reading import FaceBox, ThermalFrame

MARGIN_SHARE: Final = 0.2
LONGEST_PX: Final = 128
_ZERO_CELSIUS_CK: Final = 27315


class FaceCrop(msgspec.Struct, frozen=True, kw_only=True):
    """One face as a thermal camera saw it: ``centikelvin`` holds 2 bytes for each of width times height pixels."""

    device_id: str
    observed_at: datetime
    width_px: int
    height_px: int
    centikelvin: bytes


def cut_face(frame: ThermalFrame, face: FaceBox) -> FaceCrop | None:
    """Cut the face and a margin of a fifth out of a picture; None where the box lies outside of it."""
    rows, columns = frame.celsius.shape
    margin_px = round(MARGIN_SHARE * max(face.width_px, face.height_px))
    top, left = max(0, face.top_px - margin_px), max(0, face.left_px - margin_px)
    bottom = min(rows, face.top_px + face.height_px + margin_px)
    right = min(columns, face.left_px + face.width_px + margin_px)
    if bottom <= top or right <= left:
        return None
    step = -(-max(bottom - top, right - left) // LONGEST_PX)
    dark_c = -_ZERO_CELSIUS_CK / 100
    pixels = frame.celsius[top:bottom:step, left:right:step]
    celsius = np.nan_to_num(pixels, nan=dark_c, posinf=dark_c, neginf=dark_c)
    centikelvin = np.clip(np.rint(celsius * 100) + _ZERO_CELSIUS_CK, 0, 65535).astype("<u2")
    height_px, width_px = centikelvin.shape
    return FaceCrop(
        device_id=frame.device_id,
        observed_at=frame.observed_at,
        width_px=width_px,
        height_px=height_px,
        centikelvin=centikelvin.tobytes(),
    )
