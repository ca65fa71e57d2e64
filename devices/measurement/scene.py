"""One thermal picture, understood: who stands there, and what they and the reference body show."""

from enum import StrEnum

import msgspec
import numpy as np
import numpy.typing as npt

from devices.imaging.faces import Head, find_heads
from devices.imaging.frames import fault_of_frame
from devices.imaging.reference_body import ReferenceTracker
from devices.measurement.correction import CorrectedValue, ReferenceSetting, corrected, without_reference
from devices.reading import FaceBox, ThermalFrame


class SceneKind(StrEnum):
    """What a picture shows, as far as one person's measurement is concerned."""

    EMPTY = "empty"
    ONE_FACE = "one_face"
    SEVERAL_FACES = "several_faces"
    NO_REFERENCE = "no_reference"
    TOO_FAR = "too_far"
    BROKEN = "broken"


SMALLEST_FACE_SHARE = 0.16
"""Of the shorter side of the picture: 19 of 120 pixels, 4 of 24. A smaller face is too far away to be measured."""


class Scene(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """What one picture shows. ``value`` is of the largest face, the first box; raw while there is no reference."""

    kind: SceneKind
    value: CorrectedValue | None = None
    boxes: tuple[FaceBox, ...] = ()
    reference_box: FaceBox | None = None
    surroundings_c: float | None = None


class SceneReader:
    """Reads pictures of one camera in their order; it remembers only where the reference body stands."""

    def __init__(self, *, reference: ReferenceSetting | None = None) -> None:
        self._setting = reference
        self._reference = ReferenceTracker(expected_c=reference.set_c) if reference else None

    def read(self, frame: ThermalFrame) -> Scene:
        """Understand one picture; a broken one is ``BROKEN`` and changes nothing."""
        if fault_of_frame(frame.celsius) is not None:
            return Scene(kind=SceneKind.BROKEN)
        body = self._reference.follow(frame.celsius) if self._reference else None
        heads = find_heads(frame.celsius, ignored=body.pixels if body else None)
        surroundings_c = float(np.percentile(frame.celsius, 20))
        reference_box = body.box if body else None
        if not heads:
            return Scene(kind=SceneKind.EMPTY, reference_box=reference_box, surroundings_c=surroundings_c)
        value = self._value(heads[0], reference_c=body.measured_c if body else None)
        return Scene(
            kind=_kind(heads, value, shorter_side_px=min(frame.celsius.shape)),
            value=value or without_reference(heads[0].hottest_c),
            boxes=tuple(head.box for head in heads),
            reference_box=reference_box,
            surroundings_c=surroundings_c,
        )

    def _value(self, head: Head, *, reference_c: float | None) -> CorrectedValue | None:
        if self._setting is None:
            return without_reference(head.hottest_c)
        if reference_c is None:
            return None
        return corrected(head.hottest_c, reference_c=reference_c, setting=self._setting)


def _kind(heads: tuple[Head, ...], value: CorrectedValue | None, *, shorter_side_px: int) -> SceneKind:
    if heads[0].box.width_px < SMALLEST_FACE_SHARE * shorter_side_px:
        return SceneKind.TOO_FAR
    if len(heads) > 1:
        return SceneKind.SEVERAL_FACES
    return SceneKind.ONE_FACE if value is not None else SceneKind.NO_REFERENCE


def is_same_picture(one: npt.NDArray[np.float32] | None, other: npt.NDArray[np.float32]) -> bool:
    """Whether two pictures agree in every pixel: a live sensor's noise never lets that happen."""
    return one is not None and one.shape == other.shape and bool(np.array_equal(one, other))
