"""Train the letters of OCR-B: ``python -m checkpoint.documents.camera.training`` writes the weights anew.

From one committed sheet (``ocrb_glyphs.png``, two cuts of the font) each letter is printed a few hundred times:
thicker and thinner, moved, turned, slanted, blurred, noisy, between random neighbours. One ridge regression
towards +1 for the letter and 0 for the others gives the weights: no iteration, nothing random but the seed. The
command also prints how many letters of a cut it never saw are read wrongly. See ``PROVENANCE.md``.
"""

import sys
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from checkpoint.documents.camera.letters import (
    CELL_HEIGHT_PX as CELL_PX,
)
from checkpoint.documents.camera.letters import (
    CELL_WIDTH_PX,
    LETTERS,
    WEIGHTS,
    Numbers,
    classify,
    described,
)
from devices.opencv import cv2

SHEET: Final = Path(__file__).with_name("ocrb_glyphs.png")
CUTS: Final = ("OCRB.otf", "OCRBS.otf")
PITCH_PX: Final = 60
CELL_HEIGHT_PX: Final = 84
SEED: Final = 9303
PRINTS_OF_EACH: Final = 220
_RIDGE: Final = 0.3
_CENTRE: Final = (PITCH_PX * 1.5, CELL_HEIGHT_PX / 2)

Grey = npt.NDArray[np.uint8]


def glyphs() -> Grey:
    """Return the letters of both cuts: (cut, letter, 84, 60), centred on the height of the capitals."""
    sheet = cv2.imread(str(SHEET), cv2.IMREAD_GRAYSCALE)
    if sheet is None:
        raise FileNotFoundError(SHEET.name)
    cells = sheet.reshape(len(CUTS), CELL_HEIGHT_PX, len(LETTERS), PITCH_PX).transpose(0, 2, 1, 3)
    inked = np.nonzero((cells[0, LETTERS.index("H")] < 128).any(axis=1))[0]
    return np.roll(cells, CELL_HEIGHT_PX // 2 - int(inked[0] + inked[-1] + 1) // 2, axis=2).astype(np.uint8)


def _printed(rng: np.random.Generator, cells: Grey, *, letter: int) -> Grey:
    """Print one letter between two neighbours, and look at it through a bad camera."""
    left, right = (int(at) for at in rng.integers(0, len(LETTERS), 2))
    word = np.hstack([cells[left], cells[letter], cells[right]])
    stroke = int(rng.integers(-2, 4))
    if stroke:
        kernel = np.ones((abs(stroke) + 1, abs(stroke) + 1), np.uint8)
        word = np.asarray((cv2.erode if stroke > 0 else cv2.dilate)(word, kernel), np.uint8)
    scale = CELL_WIDTH_PX / PITCH_PX * rng.uniform(0.93, 1.07)
    turn = np.asarray(cv2.getRotationMatrix2D(_CENTRE, rng.uniform(-3, 3), scale))
    turn[0, 1] += rng.uniform(-0.05, 0.05) * scale
    turn[0, 2] += CELL_WIDTH_PX / 2 - _CENTRE[0] + rng.uniform(-1.6, 1.6)
    turn[1, 2] += CELL_PX / 2 - _CENTRE[1] + rng.uniform(-1.6, 1.6)
    word = np.asarray(cv2.GaussianBlur(word, (0, 0), 1.2), np.uint8)
    size = (CELL_WIDTH_PX, CELL_PX)
    cell = cv2.warpAffine(word, turn, size, flags=cv2.INTER_AREA, borderValue=255)
    cell = np.asarray(cv2.GaussianBlur(cell.astype(np.float32), (0, 0), rng.uniform(0.05, 2.6)), np.float32)
    dark, light = rng.uniform(10, 90), rng.uniform(150, 250)
    grey = dark + cell / 255 * (light - dark) + rng.normal(0, rng.uniform(0, 14), (CELL_PX, CELL_WIDTH_PX))
    return np.clip(grey, 0, 255).astype(np.uint8)


def prints(cuts: Grey, *, seed: int, of_each: int) -> tuple[Grey, npt.NDArray[np.intp]]:
    """Print every letter of every given cut ``of_each`` times: the cells, and which letter each is."""
    rng = np.random.default_rng(seed)
    wanted = np.tile(np.arange(len(LETTERS)), of_each * len(cuts))
    cells = [_printed(rng, cuts[at % len(cuts)], letter=int(letter)) for at, letter in enumerate(wanted)]
    return np.stack(cells), wanted


def weights_from(cells: Grey, letters: npt.NDArray[np.intp]) -> Numbers:
    """Solve the ridge regression; rounded to half precision, as it is kept."""
    features = described(cells).astype(np.float64)
    targets = np.eye(len(LETTERS))[letters]
    gram = features.T @ features + _RIDGE * np.eye(features.shape[1])
    return np.asarray(np.linalg.solve(gram, features.T @ targets), np.float16).astype(np.float32)


def wrong_of_unseen_cut() -> float:
    """Train on the cut with round ends only; return the share of letters with sharp ends read wrongly."""
    cuts = glyphs()
    weights = weights_from(*prints(cuts[:1], seed=SEED, of_each=PRINTS_OF_EACH))
    cells, letters = prints(cuts[1:], seed=SEED + 1, of_each=40)
    read, _ = classify(cells, weights=weights)
    return float(np.mean([LETTERS[letter] != mark for letter, mark in zip(letters, read, strict=True)]))


def trained() -> Numbers:
    """Return the weights as they are committed."""
    return weights_from(*prints(glyphs(), seed=SEED, of_each=PRINTS_OF_EACH))


def main() -> None:
    """Write the weights."""
    np.savez_compressed(WEIGHTS, weights=trained().astype(np.float16))
    sys.stdout.write(f"letters of a cut never seen, read wrongly: {wrong_of_unseen_cut():.2%}\n")


if __name__ == "__main__":
    main()
