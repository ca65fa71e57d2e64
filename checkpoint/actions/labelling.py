"""The label for a pass, 50 x 30 mm: a code that names nobody, for the eye and for the scanner."""

from datetime import datetime
from typing import Final

import numpy as np

from checkpoint.papers.raster import Dots
from checkpoint.papers.typesetting import code_svg, typeset_dots, typeset_pdf
from checkpoint.register.label_code import in_groups
from devices.opencv import cv2

_TEMPLATE: Final = "label"
_ISSUER: Final = "KIỂM DỊCH Y TẾ"
_MARK: Final = "DIỄN TẬP"
_FOR_SCREENS_DOTS_PER_MM: Final = 12.0


def label_pdf(code: str, *, at: datetime, is_exercise: bool = False) -> bytes:
    """Return the label as a PDF of one page, for any printer."""
    return typeset_pdf(_TEMPLATE, values=_values(code, is_exercise=is_exercise), at=at)


def label_dots(code: str, *, dots_per_mm: float, is_exercise: bool = False) -> Dots:
    """Return the label as a label printer's dots."""
    return typeset_dots(_TEMPLATE, values=_values(code, is_exercise=is_exercise), dots_per_mm=dots_per_mm)


def label_png(code: str, *, is_exercise: bool = False) -> bytes:
    """Return the label as a picture of 600 x 360 dots."""
    dots = label_dots(code, dots_per_mm=_FOR_SCREENS_DOTS_PER_MM, is_exercise=is_exercise)
    drawn, picture = cv2.imencode(".png", np.where(dots.dark(), 0, 255).astype(np.uint8))
    if not drawn:
        msg = "the label could not be written as a picture"
        raise TypeError(msg)
    return bytes(picture)


def _values(code: str, *, is_exercise: bool) -> dict[str, object]:
    groups = in_groups(code).split(" ")
    return {
        "code": code_svg(code),
        "exercise": _MARK if is_exercise else "",
        "issuer": _MARK if is_exercise else _ISSUER,
        "number": " ".join(groups[:1]),
        "rows": [" ".join(groups[1:3]), " ".join(groups[3:])],
    }
