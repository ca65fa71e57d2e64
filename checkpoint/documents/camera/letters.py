"""A linear classifier of the 37 letters of OCR-B on histograms of gradients: one matrix product for a zone.

A cell is one letter at its fixed pitch: ``CELL_WIDTH_PX`` across, taller than the letter, dark ink on light paper,
values 0 to 255. Its description is what the strokes do (eight directions of the gradient, in squares of four
pixels) and where the ink is. The weights come from ``training``; nothing but numpy and OpenCV is needed.
"""

from functools import lru_cache
from pathlib import Path
from string import ascii_uppercase, digits
from typing import Final

import numpy as np
import numpy.typing as npt

from devices.opencv import cv2

LETTERS: Final = digits + ascii_uppercase + "<"
CELL_WIDTH_PX: Final = 20
CELL_HEIGHT_PX: Final = 28
WEIGHTS: Final = Path(__file__).with_name("ocrb_weights.npz")
_SQUARE_PX: Final = 4
_DIRECTIONS: Final = 8
_FAINT: Final = 1e-3

Numbers = npt.NDArray[np.float32]


def described(cells: npt.NDArray[np.uint8]) -> Numbers:
    """Describe cells (count, 28, 20) as rows of features, the last one being 1.

    Each cell is stretched to its own darkest and lightest grey first, so that neither the light nor the
    printer's ink counts.
    """
    count = len(cells)
    grey = cells.astype(np.float32)
    low = np.percentile(grey, 2, axis=(1, 2), keepdims=True)
    high = np.percentile(grey, 98, axis=(1, 2), keepdims=True)
    ink = np.clip((high - grey) / np.maximum(high - low, 24.0), 0.0, 1.0).astype(np.float32)
    across = np.zeros_like(ink)
    down = np.zeros_like(ink)
    across[:, :, 1:-1] = ink[:, :, 2:] - ink[:, :, :-2]
    down[:, 1:-1, :] = ink[:, 2:, :] - ink[:, :-2, :]
    strength = np.hypot(across, down)
    turn = (np.arctan2(down, across) / (2 * np.pi) * _DIRECTIONS) % _DIRECTIONS
    rows, columns = CELL_HEIGHT_PX // _SQUARE_PX, CELL_WIDTH_PX // _SQUARE_PX
    histogram = np.empty((count, rows, columns, _DIRECTIONS), np.float32)
    for direction in range(_DIRECTIONS):
        apart = np.abs((turn - direction + _DIRECTIONS / 2) % _DIRECTIONS - _DIRECTIONS / 2)
        share = strength * np.maximum(0.0, 1.0 - apart)
        squares = share.reshape(count, rows, _SQUARE_PX, columns, _SQUARE_PX)
        histogram[..., direction] = squares.sum(axis=(2, 4))
    strokes = histogram.reshape(count, -1)
    strokes /= np.linalg.norm(strokes, axis=1, keepdims=True) + _FAINT
    places = ink.reshape(count, CELL_HEIGHT_PX // 2, 2, CELL_WIDTH_PX // 2, 2).mean(axis=(2, 4)).reshape(count, -1)
    places /= np.linalg.norm(places, axis=1, keepdims=True) + _FAINT
    return np.hstack([strokes, places, np.ones((count, 1), np.float32)]).astype(np.float32)


@lru_cache(maxsize=1)
def trained_weights() -> Numbers:
    """Return the committed weights, features by letters."""
    with np.load(WEIGHTS) as kept:
        found: Numbers = kept["weights"].astype(np.float32)
    return found


def classify(cells: npt.NDArray[np.uint8], *, weights: Numbers | None = None) -> tuple[str, Numbers]:
    """Return the letter of each cell, and by how much it won over the next one (1 is clear, 0 a guess)."""
    scores = described(cells) @ (trained_weights() if weights is None else weights)
    best = np.partition(scores, -2, axis=1)
    margins: Numbers = np.clip(best[:, -1] - best[:, -2], 0.0, 1.0)
    return "".join(LETTERS[at] for at in scores.argmax(axis=1)), margins


def resized(cell: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Return a picture of one letter in the size of a cell."""
    return np.asarray(cv2.resize(cell, (CELL_WIDTH_PX, CELL_HEIGHT_PX), interpolation=cv2.INTER_AREA), np.uint8)
