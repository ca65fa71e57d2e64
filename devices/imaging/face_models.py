"""Faces by trained detectors, in pictures of temperatures.

Detectors learned from photographs see a thermal picture if its greys are chosen well (measured on recorded clips, see
devices/README.md): for BlazeFace from 12 K below the warmest skin up to it, so that faces are bright and detailed and
the room is black; for the second detector from the 1st to the 99.5th percentile, brought to 192 pixels.

What they find is believed only if it is as warm as skin and stands out from its surroundings: a photograph, a poster
or a pattern of the wall is not.
"""

from typing import Final

import msgspec
import numpy as np

from devices.imaging.blazeface import (
    LEAST_SCORE,
    SAME_FACE,
    SIDE_PX,
    BlazeFace,
    FaceModelError,
    Grey,
    ModelFace,
    checked_model,
    is_one_within,
    model_file,
    overlap_of_edges,
)
from devices.imaging.frames import Celsius, Mask, percentile, sparse
from devices.imaging.second_detector import SecondDetector
from devices.opencv import cv2

WINDOW_C: Final = 12.0
WARMEST_PX: Final = 20
PERCENTILES: Final = (1.0, 99.5)
SECOND_SIDE_PX: Final = 192
SECOND_EVERY: Final = 3
"""Of the pictures in which the first detector found nobody, the second is shown one in so many: it costs more."""
COLD_EVERY: Final = 3
"""Of the pictures in a row without a warm head the first detector is shown the first, and one in so many."""


class FaceModels:
    """The detectors of one camera, shown its pictures in their order."""

    def __init__(self, *, first: BlazeFace, second: SecondDetector | None) -> None:
        """``second`` is None where it is not installed."""
        self._first = first
        self._second = second
        self._missed = 0
        self._cold = 0

    def find(self, celsius: Celsius, *, ignored: Mask | None = None, is_warm: bool = True) -> tuple[ModelFace, ...]:
        """Find faces, in pixels of this picture; ``ignored`` are the pixels of the reference body.

        ``is_warm``: there is something as warm as a head, for which the second detector may be asked; where there is
        nothing the first looks at one picture in so many only: nearly always at an empty lane.
        """
        self._cold = 0 if is_warm else self._cold + 1
        if self._cold > 1 and self._cold % COLD_EVERY != 1:
            return ()
        found = self.find_by_first(celsius, ignored=ignored)
        self._missed = 0 if any(face.score >= LEAST_SCORE for face in found) else self._missed + 1
        if is_warm and self._missed % SECOND_EVERY == 1:
            found = united(found, self.find_by_second(celsius))
        return found

    def find_by_first(self, celsius: Celsius, *, ignored: Mask | None = None) -> tuple[ModelFace, ...]:
        """Show the picture to BlazeFace alone."""
        shown, scale = _of_longer_side(celsius, side_px=SIDE_PX)
        dark = shown
        if ignored is not None:
            hidden = cv2.resize(ignored.astype(np.uint8), shown.shape[::-1], interpolation=cv2.INTER_AREA)
            dark = np.where(hidden > 0, shown.min(), shown)
        top_c = float(np.partition(dark, -WARMEST_PX, axis=None)[-WARMEST_PX:].mean())
        return _enlarged(self._first.find(_grey(dark, coldest_c=top_c - WINDOW_C, hottest_c=top_c)), scale=scale)

    def find_by_second(self, celsius: Celsius) -> tuple[ModelFace, ...]:
        """Show the picture to the second detector alone; nothing where it is not installed."""
        if self._second is None:
            return ()
        shown, scale = _of_longer_side(celsius, side_px=SECOND_SIDE_PX)
        coldest_c, hottest_c = (percentile(sparse(celsius), percent) for percent in PERCENTILES)
        grey = _grey(shown, coldest_c=coldest_c, hottest_c=max(hottest_c, coldest_c + 1.0))
        return _enlarged(self._second.find(grey), scale=scale)


def load_face_models() -> tuple[FaceModels | None, str]:
    """Load what is installed, and say in words what is missing ("" if nothing): faces then are found less well.

    Each call builds detectors of its own, for one camera and one thread.
    """
    try:
        first = BlazeFace(checked_model(model_file()))
    except FaceModelError as error:
        return None, f"faces are found by segmentation alone: {error}"
    try:
        second = SecondDetector()
    except FaceModelError as error:
        return FaceModels(first=first, second=None), f"faces are found by one detector: {error}"
    return FaceModels(first=first, second=second), ""


def united(faces: tuple[ModelFace, ...], others: tuple[ModelFace, ...]) -> tuple[ModelFace, ...]:
    """Put two detectors' faces together; where two mean one face, that of the first, which names the eyes.

    It is as sure as the surer of them: what both see is believed.
    """
    same = [[other for other in others if overlap_of_edges(face.edges, other.edges) >= SAME_FACE] for face in faces]
    known = [
        msgspec.structs.replace(face, score=max(face.score, *(other.score for other in alike), 0.0))
        for face, alike in zip(faces, same, strict=True)
    ]
    new = [other for other in others if not any(is_one_within(face.edges, other.edges) for face in faces)]
    return *known, *new


def _of_longer_side(celsius: Celsius, *, side_px: int) -> tuple[Celsius, float]:
    """Bring a picture to this length of its longer side; gives also how many of its pixels are one of the new."""
    rows, columns = celsius.shape
    scale = max(rows, columns) / side_px
    size = (max(1, round(columns / scale)), max(1, round(rows / scale)))
    how = cv2.INTER_AREA if scale >= 2 else cv2.INTER_LINEAR if scale >= 1 else cv2.INTER_CUBIC
    resized: Celsius = cv2.resize(celsius, size, interpolation=how).astype(np.float32, copy=False)
    return resized, scale


def _grey(celsius: Celsius, *, coldest_c: float, hottest_c: float) -> Grey:
    grey: Grey = np.clip((celsius - coldest_c) * (255 / (hottest_c - coldest_c)), 0, 255).astype(np.uint8)
    return grey


def _enlarged(faces: tuple[ModelFace, ...], *, scale: float) -> tuple[ModelFace, ...]:
    """Say in pixels of the whole picture what was found in a reduced one."""
    return tuple(
        msgspec.structs.replace(
            face,
            edges=tuple(edge * scale for edge in face.edges),
            eyes=face.eyes and tuple((column * scale, row * scale) for column, row in face.eyes),
            nose=face.nose and (face.nose[0] * scale, face.nose[1] * scale),
        )
        for face in faces
    )
