"""Who stands there: what trained detectors recognise and what segmentation finds warm, put together.

* A detector that is sure is believed wherever skin-warm pixels are; one that half recognises a face is believed where a
  face was a moment ago: whoever turns, or wears a mask or a cap, is seen surely in some pictures only.
* A head and a face at one place are one person. Its place is the head's where both agree, so that it stays steady from
  picture to picture, and the face's where the head has swallowed a neck or lost the cheeks under glasses.
* The second detector names no eyes and takes heads from behind for faces too: what it alone finds is somebody, but
  nobody to measure unless the first saw eyes there a moment ago.
* A head that nobody recognises, and did not a moment ago, is told as such: a back, an arm, a covered face. Beside a
  recognised face it is left out.
* Arrays too small for eyes, and installations without the detectors, have segmentation alone.
"""

from typing import Final

import msgspec
import numpy as np

from devices.imaging.blazeface import LEAST_SCORE, Edges, ModelFace, overlap_of_edges
from devices.imaging.face_models import FaceModels, load_face_models
from devices.imaging.faces import SKIN_C, SMALLEST_CONTRAST_C, Head, find_heads, is_body_of
from devices.imaging.frames import Celsius, Mask, mean_of_hottest, surroundings_of
from devices.reading import FaceBox

DETECTED_FROM_PX: Final = 80
"""Longer side of a picture from which faces have eyes; smaller arrays are left to segmentation."""
AT_ONE_PLACE: Final = 0.3
BACKED_FROM: Final = 0.25
"""Overlap with a face of the last pictures from which a half-recognised one is believed to be the same."""
WARM_FROM: Final = 0.3
"""Of the contrast between a face's hottest spot and the surroundings: what is warmer is skin, or clothes at least."""
REMEMBERED_PICTURES: Final = 4
"""For so many pictures a head where a face was recognised is still that face. Fewer than a reading is made of: in one
of its pictures at least the face was recognised."""
FEWEST_WARM_SHARE: Final = 0.4
"""Of a face's box that must stand out from the surroundings: a face fills most of its box."""


class FaceFinder:
    """Finds the faces of one camera's pictures in their order."""

    def __init__(self, models: FaceModels | None = None) -> None:
        """``models`` None is segmentation alone, which recognises nothing and remembers nothing."""
        self._models = models
        self._recalled: list[tuple[Edges, int]] = []

    def find(self, celsius: Celsius, *, ignored: Mask | None = None) -> tuple[Head, ...]:
        """Find everybody, hottest first; ``ignored`` are the pixels of the reference body."""
        heads = find_heads(celsius, ignored=ignored)
        if self._models is None or max(celsius.shape) < DETECTED_FROM_PX:
            return heads
        faces = self._models.find(celsius, ignored=ignored, is_warm=bool(heads))
        seen = self._believed(faces, heads, celsius=celsius, ignored=ignored)
        recalled = [head for head in heads if self._is_recalled(head) and not any(_is_of(head, face) for face in seen)]
        self._remember(seen, recalled)
        recognised = [*seen, *(msgspec.structs.replace(head, is_recognised=True) for head in recalled)]
        found = recognised or [msgspec.structs.replace(head, is_recognised=False) for head in heads]
        return tuple(sorted(found, key=lambda head: -head.hottest_c))

    def _believed(
        self, faces: tuple[ModelFace, ...], heads: tuple[Head, ...], *, celsius: Celsius, ignored: Mask | None
    ) -> list[Head]:
        """Keep the faces that are sure or were there before, as warm as skin, and nobody's shirt."""
        likely = (face for face in faces if face.score >= LEAST_SCORE or self._was_there(face.edges, BACKED_FROM))
        joined = [_joined(face, heads, celsius=celsius, ignored=ignored) for face in likely]
        warm = [self._with_pose(head) for head in joined if head is not None]
        return [head for head in warm if not any(is_body_of(head, above=above) for above in (*heads, *warm))]

    def _with_pose(self, head: Head) -> Head:
        """Say of a face without eyes whether eyes were seen there a moment ago: else it may be a head from behind."""
        return head if head.eyes else msgspec.structs.replace(head, is_recognised=self._is_recalled(head))

    def _is_recalled(self, head: Head) -> bool:
        return self._was_there(edges_of(head.box), AT_ONE_PLACE)

    def _was_there(self, edges: Edges, overlap: float) -> bool:
        return any(overlap_of_edges(edges, place) >= overlap for place, _ in self._recalled)

    def _remember(self, seen: list[Head], recalled: list[Head]) -> None:
        """Keep where eyes are now, and for a while where they were; a head that is one of those moves it on."""
        now = [(edges_of(head.box), 0) for head in seen if head.eyes]
        for edges, age in self._recalled:
            if age + 1 < REMEMBERED_PICTURES and not _nearest(edges, [place for place, _ in now]):
                now.append((_nearest(edges, [edges_of(head.box) for head in recalled]) or edges, age + 1))
        self._recalled = now


def load_face_finder(*, longer_side_px: int) -> tuple[FaceFinder, str]:
    """Give the finder for one camera, and in words what limits it ("" if nothing: all is there, or not needed).

    ``longer_side_px`` is that of its pictures; a small array needs no detectors.
    """
    if longer_side_px < DETECTED_FROM_PX:
        return FaceFinder(), ""
    models, limit = load_face_models()
    return FaceFinder(models), limit


def _nearest(edges: Edges, places: list[Edges]) -> Edges | None:
    """Of these places the one that overlaps most, if it is the same place at all."""
    best = max(places, key=lambda place: overlap_of_edges(edges, place), default=None)
    return best if best is not None and overlap_of_edges(edges, best) >= AT_ONE_PLACE else None


def edges_of(box: FaceBox) -> Edges:
    """Give the edges of a box: left, top, right, bottom."""
    return box.left_px, box.top_px, box.left_px + box.width_px, box.top_px + box.height_px


def _is_of(head: Head, face: Head) -> bool:
    """Whether a warm head is this face's: they overlap, or the middle of the face lies in the head's box."""
    left, top, right, bottom = edges_of(head.box)
    column, row = face.box.left_px + face.box.width_px / 2, face.box.top_px + face.box.height_px / 2
    is_within = left <= column < right and top <= row < bottom
    return is_within or overlap_of_edges((left, top, right, bottom), edges_of(face.box)) >= BACKED_FROM


def _joined(face: ModelFace, heads: tuple[Head, ...], *, celsius: Celsius, ignored: Mask | None) -> Head | None:
    """Make one person of a face and of the warm head at its place, if there is one; None if it is no living face."""
    warm = _warm_within(celsius, face, ignored=ignored)
    if warm is None:
        return None
    best = max(heads, key=lambda head: overlap_of_edges(edges_of(head.box), face.edges), default=None)
    is_one = best is not None and overlap_of_edges(edges_of(best.box), face.edges) >= BACKED_FROM
    return Head(
        box=_within_picture(face.edges, shape=celsius.shape),
        pixels=warm,
        hottest_c=mean_of_hottest(celsius, warm),
        eyes=face.eyes,
        nose=face.nose,
        head_box=best.box if best is not None and is_one else None,
        is_recognised=True,
    )


def _warm_within(celsius: Celsius, face: ModelFace, *, ignored: Mask | None) -> Mask | None:
    """Mark the warm pixels of the picture within a face's box; None if it is no living face by its warmth."""
    box = _within_picture(face.edges, shape=celsius.shape)
    place = (slice(box.top_px, box.top_px + box.height_px), slice(box.left_px, box.left_px + box.width_px))
    within = celsius[place]
    usable = within < SKIN_C[1]
    if ignored is not None:
        usable &= ~ignored[place]
    if not usable.any():
        return None
    surroundings_c, hottest_c = surroundings_of(celsius), mean_of_hottest(within, usable)
    contrast_c = hottest_c - surroundings_c
    warm = usable & (within > surroundings_c + WARM_FROM * contrast_c)
    is_skin = hottest_c >= SKIN_C[0] and contrast_c >= SMALLEST_CONTRAST_C
    if not is_skin or int(warm.sum()) < FEWEST_WARM_SHARE * within.size:
        return None
    pixels: Mask = np.zeros(celsius.shape, dtype=np.bool_)
    pixels[place] = warm
    return pixels


def _within_picture(edges: Edges, *, shape: tuple[int, ...]) -> FaceBox:
    left, top = max(0, round(edges[0])), max(0, round(edges[1]))
    right, bottom = min(shape[1], round(edges[2])), min(shape[0], round(edges[3]))
    return FaceBox(left_px=left, top_px=top, width_px=max(0, right - left), height_px=max(0, bottom - top))
