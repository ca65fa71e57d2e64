"""Read the machine readable zone in a picture: exactly what the camera sees, letter by letter, nothing mended.

What a misread letter should have been is for ``mrz_repair`` to propose and for the officer to confirm.
"""

from typing import Final

import numpy as np
from msgspec import Struct

from checkpoint.documents.camera.letters import classify
from checkpoint.documents.camera.zone_finder import FoundLine, Grey, cells_of, find_lines, shrunk, zones_in

_LENGTHS: Final = {2: (36, 44), 3: (30,)}
_DOUBTFUL: Final = 0.12
_CLEAR_ENOUGH: Final = 0.6
_TURNS: Final = (0, 2, 3, 1)
"""Quarters against the clock: upright, on its head, and on either side."""


class SeenZone(Struct, frozen=True, kw_only=True):
    """The lines as seen. ``clearness`` is 0 to 1, the mean over the letters; ``doubtful`` are places from 1."""

    lines: tuple[str, ...]
    clearness: float
    doubtful: tuple[tuple[int, int], ...] = ()

    @property
    def text(self) -> str:
        """The lines as a reader would send them."""
        return "\n".join(self.lines)


def read_zone(grey: Grey) -> SeenZone | None:
    """Return the clearest zone in the picture, whichever way up it lies; None if there is none.

    The first side on which a zone is read clearly ends the search, the upright one comes first.
    """
    picture = shrunk(grey)
    best: SeenZone | None = None
    for turn in _TURNS:
        seen = _upright(np.ascontiguousarray(np.rot90(picture, turn)))
        if seen is not None and (best is None or seen.clearness > best.clearness):
            best = seen
        if best is not None and best.clearness > _CLEAR_ENOUGH and best.lines[0][0].isalpha():
            return best
    return best


def _upright(grey: Grey) -> SeenZone | None:
    candidates = [seen for group in zones_in(find_lines(grey)) for seen in _readings(grey, group=group)]
    return max(candidates, key=lambda seen: seen.clearness, default=None)


def _readings(grey: Grey, *, group: tuple[FoundLine, ...]) -> list[SeenZone]:
    """Read two or three lines under each other in each length that the letters allow."""
    found = []
    for count, lengths in _LENGTHS.items():
        lines = group[-count:]
        if len(lines) < count:
            continue
        counted = int(np.median([line.letters for line in lines]))
        length = min(lengths, key=lambda length: abs(length - counted))
        if abs(length - counted) <= 2 and not (count == 2 and length != counted and len(group) == 3):
            found.append(_read_lines(grey, lines=lines, length=length))
    return found


def _read_lines(grey: Grey, *, lines: tuple[FoundLine, ...], length: int) -> SeenZone:
    texts, margins = [], []
    for line in lines:
        text, clear = max(
            (classify(cells_of(grey, line=line, letters=length, skipped=skipped)) for skipped in _starts(line, length)),
            key=lambda reading: float(reading[1].mean()),
        )
        texts.append(text)
        margins.append(clear)
    doubtful = tuple(
        (number, int(at) + 1)
        for number, clear in enumerate(margins, start=1)
        for at in np.nonzero(clear < _DOUBTFUL)[0]
    )
    return SeenZone(lines=tuple(texts), clearness=float(np.mean(margins)), doubtful=doubtful)


def _starts(line: FoundLine, length: int) -> range:
    """Where the first letter may be, if a letter at an end was lost or a speck was taken for one."""
    missing = length - line.letters
    return range(-missing, 1) if missing >= 0 else range(-missing + 1)
