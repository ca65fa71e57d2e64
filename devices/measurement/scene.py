"""One thermal picture, understood: who stands there, and what they and the reference body show."""

import math
from enum import StrEnum

import msgspec
import numpy as np
import numpy.typing as npt

from devices.imaging.face_finder import FaceFinder
from devices.imaging.faces import Head
from devices.imaging.frames import Celsius, Mask, fault_of_frame, mean_of_hottest, noise_between, surroundings_of
from devices.imaging.quality_gate import FEWEST_EYE_PX, FaceView, GateLimits, is_cut, judge, look_at
from devices.imaging.reference_body import ReferenceTracker
from devices.imaging.sites import eye_band
from devices.measurement.correction import (
    CorrectedValue,
    ReferenceSetting,
    corrected,
    hottest_bias_c,
    without_reference,
)
from devices.measurement.reference_watch import ReferenceView, ReferenceWatch
from devices.measurement.tracking import way_px
from devices.reading import ADVISORY_REASONS, FaceBox, QualityReason, ThermalFrame


class SceneKind(StrEnum):
    """What a picture shows, as far as one person's measurement is concerned."""

    EMPTY = "empty"
    ONE_FACE = "one_face"
    SEVERAL_FACES = "several_faces"
    NO_REFERENCE = "no_reference"
    TOO_FAR = "too_far"
    UNSETTLED = "unsettled"
    POOR = "poor"
    BROKEN = "broken"


USUAL_REFERENCE_C = 36.0
"""Near the skin's: what a body is taken to be set to where it only has to be told from a face."""
SMALLEST_FACE_SHARE = 0.16
"""Of the shorter side of the picture: 19 of 120 pixels, 4 of 24. A smaller face is too far away to be measured."""


PASSING = frozenset({QualityReason.SHUTTER_EVENT, QualityReason.REFERENCE_SETTLING, QualityReason.MOVING})
"""What is over by itself within a second or two: nobody is told, the measurement waits."""


RIVALS_WITHIN_NOISES = 2.5
"""Pixels nearer to the hottest four than this could be among them by noise alone."""
OF_THE_REFERENCE = frozenset(
    {
        QualityReason.REFERENCE_LOST,
        QualityReason.REFERENCE_OCCLUDED,
        QualityReason.REFERENCE_MOVED,
        QualityReason.REFERENCE_CHANGED,
        QualityReason.REFERENCE_TOO_OLD,
        QualityReason.SATURATED,
    }
)


class SceneFace(msgspec.Struct, frozen=True, kw_only=True):
    """One face of a picture and what it shows; ``value`` is raw while there is no reference.

    ``eyes`` is of the band from eye to eye; None where the face has too few pixels for one. ``warmth_c`` is how much
    warmer than the surroundings its hottest pixels are, in kelvin, as the sensor shows both. ``is_whole``: near enough,
    within the picture, not much wider than tall, as lamps, arms and halves of faces are, and recognised as a face where
    there are detectors for it.
    """

    kind: SceneKind
    box: FaceBox
    value: CorrectedValue
    warmth_c: float
    is_whole: bool
    eyes: CorrectedValue | None = None
    quality: tuple[QualityReason, ...] = ()
    is_recognised: bool | None = None


class Scene(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """What one picture shows: its faces, hottest first, and the reference body. ``kind`` is the first face's."""

    kind: SceneKind
    faces: tuple[SceneFace, ...] = ()
    reference_box: FaceBox | None = None
    surroundings_c: float | None = None


class SceneReader:
    """Reads pictures of one camera in their order; it remembers where the reference body and the face were."""

    def __init__(
        self,
        *,
        reference: ReferenceSetting | None = None,
        gate: GateLimits | None = None,
        field_of_view_deg: float | None = None,
        is_for_one: bool = True,
        masks_reference: bool = False,
        finder: FaceFinder | None = None,
    ) -> None:
        """``field_of_view_deg`` is the lens's, from left to right; without it no distance is judged.

        ``is_for_one``: in a lane for one person a second face spoils the picture; else each face is judged alone.

        ``masks_reference``: what looks like a reference body is no face, though nobody said how warm it is.
        ``finder`` finds the faces, of this camera only; by default by segmentation alone.
        """
        self._finder = finder or FaceFinder()
        self._setting = reference
        self._gate = gate
        self._field_of_view_deg = field_of_view_deg
        self._is_for_one = is_for_one
        self._before: tuple[FaceView, ...] = ()
        self._picture: Celsius | None = None
        expected_c = reference.set_c if reference else USUAL_REFERENCE_C
        self._reference = ReferenceTracker(expected_c=expected_c) if reference or masks_reference else None
        self._watch = ReferenceWatch()

    def read(self, frame: ThermalFrame) -> Scene:
        """Understand one picture; a broken one is ``BROKEN`` and changes nothing."""
        if fault_of_frame(frame.celsius) is not None:
            return Scene(kind=SceneKind.BROKEN)
        noise_c = self._noise_c(frame.celsius)
        body = self._reference.follow(frame.celsius) if self._reference else None
        heads = self._finder.find(frame.celsius, ignored=body.pixels if body else None)
        view = self._watch.judge(frame.celsius, body=body, at=frame.observed_at) if self._setting else None
        surroundings_c = surroundings_of(frame.celsius)
        reference_box = body.box if body else None
        if not heads:
            self._before = ()
            return Scene(kind=SceneKind.EMPTY, reference_box=reference_box, surroundings_c=surroundings_c)
        shown = (view.measured_c if view and view.is_valid else None, surroundings_c)
        faces = tuple(
            self._face(frame, head, shown=shown, noise_c=noise_c, view=view, face_count=len(heads)) for head in heads
        )
        self._before = tuple(_view_of(head) for head in heads)
        return Scene(kind=faces[0].kind, faces=faces, reference_box=reference_box, surroundings_c=surroundings_c)

    def _face(
        self,
        frame: ThermalFrame,
        head: Head,
        *,
        shown: tuple[float | None, float],
        noise_c: float,
        view: ReferenceView | None,
        face_count: int,
    ) -> SceneFace:
        celsius = frame.celsius
        face_count = face_count if self._is_for_one else 1
        value = self._value(celsius, head.pixels, shown=shown, noise_c=noise_c)
        quality = view.reasons if view else ()
        if value is None and not quality:
            quality = (QualityReason.REFERENCE_CHANGED,)
        skin_c = value.corrected_c if value and self._setting else None
        quality += self._gated(frame, head, skin_c=skin_c, face_count=face_count)
        kind = _kind(head, quality, face_count=face_count, shorter_side_px=min(celsius.shape))
        return SceneFace(
            kind=kind,
            box=head.box,
            value=value or without_reference(head.hottest_c),
            warmth_c=head.hottest_c - shown[1],
            is_whole=kind is not SceneKind.TOO_FAR and _is_whole(head, columns=celsius.shape[1]),
            eyes=self._eyes(celsius, head, shown=shown, noise_c=noise_c),
            quality=quality,
            is_recognised=head.is_recognised,
        )

    def _gated(
        self, frame: ThermalFrame, head: Head, *, skin_c: float | None, face_count: int
    ) -> tuple[QualityReason, ...]:
        if self._gate is None:
            return ()
        before = min(self._before, key=lambda face: way_px(face.box, head.box), default=None)
        focal_px = _focal_px(self._field_of_view_deg, columns=frame.celsius.shape[1])
        look = look_at(frame.celsius, _view_of(head), face_count=face_count, before=before, focal_px=focal_px)
        look = msgspec.structs.replace(
            look, skin_c=skin_c, is_recognised=head.is_recognised, room_c=frame.ambient_c, on_for_s=frame.on_for_s
        )
        return judge(look, limits=self._gate)

    def _noise_c(self, celsius: Celsius) -> float:
        before, self._picture = self._picture, celsius
        return 0.0 if before is None or before.shape != celsius.shape else noise_between(before, celsius)

    def _eyes(
        self, celsius: Celsius, head: Head, *, shown: tuple[float | None, float], noise_c: float
    ) -> CorrectedValue | None:
        if head.box.width_px < FEWEST_EYE_PX:
            return None
        band = eye_band(_view_of(head), shape=celsius.shape) & head.pixels
        return self._value(celsius, band, shown=shown, noise_c=noise_c) if band.any() else None

    def _value(
        self, celsius: Celsius, pixels: Mask, *, shown: tuple[float | None, float], noise_c: float
    ) -> CorrectedValue | None:
        """Correct the hottest pixels; ``shown`` is what the sensor shows for the body and for what is around."""
        reference_c, surroundings_c = shown
        hottest_c = mean_of_hottest(celsius, pixels)
        rivals = int((celsius[pixels] >= hottest_c - RIVALS_WITHIN_NOISES * noise_c).sum())
        bias_c = hottest_bias_c(rivals, noise_c=noise_c)
        if self._setting is None:
            return without_reference(hottest_c, noise_bias_c=bias_c)
        if reference_c is None:
            return None
        return corrected(
            hottest_c,
            reference_c=reference_c,
            surroundings_c=surroundings_c,
            setting=self._setting,
            noise_bias_c=bias_c,
        )


def _focal_px(field_of_view_deg: float | None, *, columns: int) -> float | None:
    """Give a lens's focal length in pixels of a picture of so many columns."""
    return None if field_of_view_deg is None else columns / 2 / math.tan(math.radians(field_of_view_deg / 2))


def _view_of(head: Head) -> FaceView:
    return FaceView(box=head.box, head_box=head.head_box, eyes=head.eyes, nose=head.nose)


def _is_whole(head: Head, *, columns: int) -> bool:
    box = head.box
    if head.is_recognised is False:
        return False
    return box.height_px >= GateLimits().flattest_face * box.width_px and not is_cut(box, columns=columns)


def _kind(head: Head, quality: tuple[QualityReason, ...], *, face_count: int, shorter_side_px: int) -> SceneKind:
    if head.box.width_px < SMALLEST_FACE_SHARE * shorter_side_px:
        return SceneKind.TOO_FAR
    if face_count > 1:
        return SceneKind.SEVERAL_FACES
    mandatory = frozenset(quality) - ADVISORY_REASONS
    if not mandatory:
        return SceneKind.ONE_FACE
    if mandatory & OF_THE_REFERENCE:
        return SceneKind.NO_REFERENCE
    return SceneKind.UNSETTLED if mandatory <= PASSING else SceneKind.POOR


def is_same_picture(one: npt.NDArray[np.float32] | None, other: npt.NDArray[np.float32]) -> bool:
    """Whether two pictures agree in every pixel: a live sensor's noise never lets that happen."""
    return one is not None and one.shape == other.shape and bool(np.array_equal(one, other))


def warmth_of_place(celsius: Celsius, box: FaceBox, *, surroundings_c: float) -> float | None:
    """How much warmer than the surroundings the hottest pixels of a place are, in kelvin; None outside the picture."""
    top, left = max(0, box.top_px), max(0, box.left_px)
    place = celsius[top : max(0, box.top_px + box.height_px), left : max(0, box.left_px + box.width_px)]
    return mean_of_hottest(place, np.ones(place.shape, dtype=np.bool_)) - surroundings_c if place.size else None
