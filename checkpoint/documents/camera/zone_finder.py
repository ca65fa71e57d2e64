"""Find the lines of a machine readable zone in a grey picture, and cut them into cells of one pitch.

The letters of a zone stand alone, are of one height and at one distance (ISO 1073-2, Doc 9303 part 3, 4.3), so:
dark specks of a letter's shape are chained from left to right; a long chain is a line; the places of its specks
give the pitch and the first column by a straight fit that a lost letter does not disturb; the picture is then
sampled along the line (which may slope), every letter in a cell of its own.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from checkpoint.documents.camera.letters import CELL_HEIGHT_PX, CELL_WIDTH_PX
from checkpoint.documents.mrz_layouts import LINE_LENGTHS
from devices.opencv import cv2

Grey = npt.NDArray[np.uint8]
Places = npt.NDArray[np.float64]

LONGEST_SIDE_PX: Final = 1600
_SHORTEST_LETTER_PX: Final = 8
_TALLEST_LETTER_PX: Final = 90
_FEWEST_LETTERS: Final = 18
_MOST_SPECKS: Final = 4000
_MISSED: Final = 3.2
_PITCH_BY_HEIGHT: Final = 0.96
_SLACK_LETTERS: Final = 2


class FoundLine(Struct, frozen=True, kw_only=True):
    """One line of text. Letter ``c`` stands at ``x = first_px + pitch_px * c + squeeze_px * c**2``.

    The line is ``y = slope * x + offset_px``; the squeeze is what is left of a look from the side.
    """

    pitch_px: float
    squeeze_px: float
    first_px: float
    letters: int
    slope: float
    offset_px: float

    def place_of(self, columns: Places) -> Places:
        """Return where the letters stand, the first one being 0."""
        return self.first_px + self.pitch_px * columns + self.squeeze_px * columns**2

    def height_at(self, places_px: Places) -> Places:
        """Return where the middle of the line is at these columns of the picture."""
        return self.slope * places_px + self.offset_px


def shrunk(grey: Grey) -> Grey:
    """Return the picture with no side longer than is useful."""
    scale = LONGEST_SIDE_PX / max(grey.shape)
    if scale >= 1:
        return grey
    return np.asarray(cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)


def find_lines(grey: Grey) -> list[FoundLine]:
    """Return the lines that have as many letters as a line of a zone, from the top."""
    specks = _specks(grey)
    found = []
    for chain in _chains(specks):
        line = _fitted(specks[chain])
        if line is not None:
            found.append(line)
    return sorted(found, key=lambda line: line.slope * line.first_px + line.offset_px)


def cells_of(grey: Grey, *, line: FoundLine, letters: int, skipped: int = 0) -> Grey:
    """Sample the letters of a line as upright cells (count, 28, 20)."""
    columns = skipped - 0.5 + (np.arange(letters * CELL_WIDTH_PX) + 0.5) / CELL_WIDTH_PX
    places = line.place_of(columns)
    length = float(np.hypot(1.0, line.slope))
    step = (line.pitch_px + 2 * line.squeeze_px * columns) * length / CELL_WIDTH_PX
    up = (np.arange(CELL_HEIGHT_PX) - CELL_HEIGHT_PX / 2 + 0.5)[:, None] * step[None, :]
    across = places[None, :] - up * line.slope / length
    down = line.height_at(places)[None, :] + up / length
    mean = float(step.mean())
    softened = cv2.GaussianBlur(grey, (0, 0), 0.35 * mean) if mean > 1 else grey
    strip = cv2.remap(
        softened, across.astype(np.float32), down.astype(np.float32), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(strip.reshape(CELL_HEIGHT_PX, letters, CELL_WIDTH_PX).transpose(1, 0, 2), np.uint8)


def _specks(grey: Grey) -> Places:
    """Return x, y, width, height of what is dark and has the shape of a letter, in their order from the left."""
    block = max(15, (max(grey.shape) // 40) | 1)
    softened = cv2.GaussianBlur(grey, (3, 3), 0)
    dark = cv2.adaptiveThreshold(softened, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, block, 12)
    _, _, stats, centres = cv2.connectedComponentsWithStats(dark, connectivity=8)
    width, height = stats[1:, cv2.CC_STAT_WIDTH], stats[1:, cv2.CC_STAT_HEIGHT]
    is_letter = (height >= _SHORTEST_LETTER_PX) & (height <= _TALLEST_LETTER_PX)
    is_letter &= (width <= 1.5 * height) & (width >= 0.1 * height)
    middle = stats[1:, cv2.CC_STAT_LEFT] + (width - 1) / 2
    level = stats[1:, cv2.CC_STAT_TOP] + (height - 1) / 2
    found = np.stack([middle, level, width, height], axis=1)[is_letter].astype(np.float64)
    if len(found) > _MOST_SPECKS:
        found = found[np.argsort(-found[:, 3])[:_MOST_SPECKS]]
    order = np.argsort(found[:, 0], kind="stable")
    del centres
    return np.asarray(found[order])


def _chains(specks: Places) -> list[list[int]]:
    """Chain each speck to the nearest one on its right that is as high and as tall; return the long chains."""
    places, levels, heights = specks[:, 0], specks[:, 1], specks[:, 3]
    following = np.full(len(specks), -1)
    distance_to = np.full(len(specks), np.inf)
    for at in range(len(specks)):
        end = int(np.searchsorted(places, places[at] + _MISSED * heights[at], side="right"))
        ahead = slice(at + 1, end)
        apart = places[ahead] - places[at]
        is_next = (np.abs(levels[ahead] - levels[at]) < 0.22 * heights[at] + 0.2 * apart) & (apart > 0.4 * heights[at])
        is_next &= (heights[ahead] > 0.7 * heights[at]) & (heights[ahead] < 1.4 * heights[at])
        cost = np.where(is_next, apart + 2 * np.abs(levels[ahead] - levels[at]), np.inf)
        if not len(cost) or not np.isfinite(cost.min()):
            continue
        chosen = int(cost.argmin())
        if cost[chosen] < distance_to[at + 1 + chosen]:
            following[np.nonzero(following == at + 1 + chosen)[0]] = -1
            following[at], distance_to[at + 1 + chosen] = at + 1 + chosen, cost[chosen]
    starts = np.setdiff1d(np.arange(len(specks)), following)
    chains = []
    for start in starts:
        chain, at = [], int(start)
        while at >= 0:
            chain.append(at)
            at = int(following[at])
        if len(chain) >= _FEWEST_LETTERS:
            chains.append(chain)
    return chains


def _fitted(specks: Places) -> FoundLine | None:
    """Fit one straight line, and a pitch that may change a little along it, to the specks of a chain."""
    places, levels, _, heights = specks.T
    tall = float(np.median(heights))
    slope, offset = np.polyfit(places, levels, 1)
    lies_on_it = np.abs(levels - slope * places - offset) < 0.25 * tall
    if lies_on_it.sum() < _FEWEST_LETTERS:
        return None
    slope, offset = np.polyfit(places[lies_on_it], levels[lies_on_it], 1)
    along = places[lies_on_it]
    steps = np.round(np.diff(along) / _rough_pitch(along, height=tall))
    columns = np.concatenate([[0.0], np.cumsum(steps)])
    fits = np.ones(len(along), bool)
    for within in (0.6, 0.35):
        squeeze, pitch, first = np.polyfit(columns[fits], along[fits], 2)
        fits = np.abs(np.polyval((squeeze, pitch, first), columns) - along) < within * pitch
        if fits.sum() < _FEWEST_LETTERS:
            return None
    squeeze, pitch, first = np.polyfit(columns[fits], along[fits], 2)
    letters = int(columns[fits].max()) + 1
    if min(abs(letters - length) for length in LINE_LENGTHS) > _SLACK_LETTERS or abs(squeeze) > 0.005 * pitch:
        return None
    return FoundLine(
        pitch_px=float(pitch),
        squeeze_px=float(squeeze),
        first_px=float(first),
        letters=letters,
        slope=float(slope),
        offset_px=float(offset),
    )


def _rough_pitch(along: Places, *, height: float) -> float:
    """Take the commonest distance of neighbours that is near what the height of the letters suggests."""
    steps = np.diff(along)
    near = steps[np.abs(steps - _PITCH_BY_HEIGHT * height) < 0.35 * height]
    return float(np.median(near)) if len(near) else _PITCH_BY_HEIGHT * height


def zones_in(lines: Sequence[FoundLine]) -> list[tuple[FoundLine, ...]]:
    """Group lines that lie under each other at one pitch: two or three, the lowest groups first."""
    groups: list[list[FoundLine]] = []
    for line in lines:
        home = next((group for group in groups if _is_under(line, above=group[-1])), None)
        if home is None:
            groups.append([line])
        else:
            home.append(line)
    return [tuple(group[-3:]) for group in reversed(groups) if len(group) >= 2]


def _is_under(line: FoundLine, *, above: FoundLine) -> bool:
    middle = line.place_of(np.array([line.letters / 2]))
    apart = float((line.height_at(middle) - above.height_at(middle))[0])
    return (
        1.2 * line.pitch_px < apart < 4.5 * line.pitch_px
        and abs(line.pitch_px - above.pitch_px) < 0.12 * line.pitch_px
        and abs(line.first_px - above.first_px) < 3.5 * line.pitch_px
    )
