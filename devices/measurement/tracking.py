"""Whose face is this? Faces of successive pictures, joined into tracks: one for each person who stands there.

A face continues a track if it lies where the track would now be and is as warm. Places are compared by overlap and by
the way between the middles, in face sizes, after moving each track on at its own speed. Warmth is counted above the
surroundings, because an uncooled sensor shifts a whole picture at once, face and wall alike.

* A face not found for up to a second, while its place stays warm, is the same face: turned, covered, not recognised.
* A place that was seen cold in three pictures was left: whoever stands there next is somebody else.
* A face that is more than half out of the picture at its side has left: what is seen there next is somebody else's.
* Where two tracks could exchange their faces unnoticed, nobody knows any more who is who: both end and two new ones
  begin, which name those they may continue. No picture of one person is ever counted for another.

Counting and time come from the pictures alone; no I/O, no clock.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import combinations, count
from math import hypot, log
from typing import Final

import msgspec

from devices.reading import FaceBox

WARM_SHARE: Final = 0.6
"""A place that still shows this share of the lost face's warmth above the surroundings is not empty."""
EMPTY_AFTER: Final = 3
"""Pictures in which a place must be seen cold before somebody is said to have left it."""
FRESH_S: Final = 0.5
"""Between two pictures nearer than this nobody takes another's exact place."""
SAME_PLACE: Final = 0.3
"""Overlap (intersection over union) from which two boxes of neighbouring pictures are one face, however warm."""
FURTHEST_SIZES: Final = 1.0
LARGEST_RATIO: Final = 4.0
"""Between the areas of one face in neighbouring pictures: half a face under glasses, and the whole one."""
LEAVING_SHARE: Final = 0.5
"""Of its greatest width: a face cut by the picture's side that shows less than this is going."""
ALIKE_C: Final = 0.8
"""So much may a face's warmth differ from its track's where the overlap alone does not tell."""
UNSURE_BELOW: Final = 0.25
"""If exchanging two faces costs less than this more, the two tracks cannot be told apart."""
WARMTH_FOLLOWS: Final = 0.3
SPEED_FOLLOWS: Final = 0.5


class FaceSeen(msgspec.Struct, frozen=True, kw_only=True):
    """One face of one picture: where, and how much warmer than the surroundings its hottest pixels are (K).

    ``is_cut``: its box touches the left or right side of the picture.
    """

    box: FaceBox
    warmth_c: float
    is_cut: bool = False


class Track(msgspec.Struct, frozen=True, kw_only=True):
    """One person, as far as pictures tell. ``number`` is never used again; speeds are in pixels a second.

    ``may_continue`` are the tracks of which this one is the continuation, if it is anybody's: identities were lost.
    """

    number: int
    box: FaceBox
    warmth_c: float
    first_at: datetime
    last_at: datetime
    widest_px: int
    frames: int = 1
    across_px_s: float = 0.0
    down_px_s: float = 0.0
    unseen_s: float = 0.0
    cold_run: int = 0
    may_continue: tuple[int, ...] = ()


class Followed(msgspec.Struct, frozen=True, kw_only=True):
    """What one picture changed: the track of each face in the order of the faces, and the tracks that ended."""

    tracks: tuple[Track, ...] = ()
    ended: tuple[Track, ...] = ()


WarmthAt = Callable[[FaceBox], float | None]
"""How warm a place now is above the surroundings, in kelvin; None where the picture does not reach."""


class FaceTracker:
    """Joins the faces of one camera's pictures, in their order. ``bridged_s`` is the longest loss that is bridged."""

    def __init__(self, *, bridged_s: float = 1.0) -> None:
        self._bridged_s = bridged_s
        self._numbers = count(1)
        self._tracks: dict[int, Track] = {}
        self._last_at: datetime | None = None

    @property
    def tracks(self) -> tuple[Track, ...]:
        """All that have not ended, seen in the last picture or not, oldest first."""
        return tuple(self._tracks.values())

    def follow(self, faces: Sequence[FaceSeen], *, at: datetime, warmth_at: WarmthAt) -> Followed:
        """Take the faces of the next picture; what ended did so for lack of any face in it, or of certainty."""
        passed_s = 0.0 if self._last_at is None else (at - self._last_at).total_seconds()
        self._last_at = at
        costs = self._costs(faces, at=at)
        joined = _joined(costs)
        unsure = _unsure(joined, costs)
        departed = {track.number for track in self._tracks.values() if any(_has_left(track, face) for face in faces)}
        given = [self._continued(face, joined.get(place), unsure=unsure, at=at) for place, face in enumerate(faces)]
        ended = [self._tracks.pop(number) for number in sorted(unsure | departed - set(joined.values()))]
        self._tracks |= {track.number: track for track in given}
        ended += self._left({track.number for track in given}, passed_s=passed_s, warmth_at=warmth_at)
        return Followed(tracks=tuple(given), ended=tuple(ended))

    def end(self) -> tuple[Track, ...]:
        """End all tracks: after a break nobody knows who stands there."""
        ended = self.tracks
        self._tracks.clear()
        return ended

    def _costs(self, faces: Sequence[FaceSeen], *, at: datetime) -> dict[tuple[int, int], float]:
        """Cost of each possible continuation, by place of the face and number of the track."""
        costs = {}
        for place, face in enumerate(faces):
            for number, track in self._tracks.items():
                cost = _cost(track, face, at=at)
                if cost is not None:
                    costs[place, number] = cost
        return costs

    def _continued(self, face: FaceSeen, number: int | None, *, unsure: frozenset[int], at: datetime) -> Track:
        if number is None or number in unsure:
            return Track(
                number=next(self._numbers),
                box=face.box,
                warmth_c=face.warmth_c,
                widest_px=face.box.width_px,
                first_at=at,
                last_at=at,
                may_continue=tuple(sorted(unsure)) if number is not None else (),
            )
        return _moved_on(self._tracks[number], face, at=at)

    def _left(self, found: set[int], *, passed_s: float, warmth_at: WarmthAt) -> list[Track]:
        """Look at the places of those not found, and end whoever left or was lost for too long."""
        for number in set(self._tracks) - found:
            track = self._tracks[number]
            warmth_c = warmth_at(track.box)
            is_cold = warmth_c is not None and warmth_c < WARM_SHARE * track.warmth_c
            self._tracks[number] = msgspec.structs.replace(
                track,
                unseen_s=track.unseen_s + min(passed_s, self._bridged_s),
                cold_run=track.cold_run + 1 if is_cold else 0,
            )
        ended = [
            track
            for track in self._tracks.values()
            if track.unseen_s > self._bridged_s or track.cold_run >= EMPTY_AFTER
        ]
        for track in ended:
            del self._tracks[track.number]
        return ended


def _cost(track: Track, face: FaceSeen, *, at: datetime) -> float | None:
    """Say how ill a face continues a track, in face sizes and shares of the allowed warmth; None if not at all."""
    since_s = _since_s(track, at)
    expected = _expected(track, since_s=since_s)
    overlap = max(overlap_of(expected, face.box), overlap_of(track.box, face.box))
    way = min(way_px(expected, face.box), way_px(track.box, face.box)) / max(track.box.width_px, track.box.height_px)
    ratio = abs(log(_area_px(face.box) / _area_px(track.box)))
    differs_c = abs(face.warmth_c - track.warmth_c)
    if _has_left(track, face) or way > FURTHEST_SIZES or ratio > log(LARGEST_RATIO):
        return None
    is_same = differs_c <= ALIKE_C or (overlap >= SAME_PLACE and since_s <= FRESH_S)
    return way + (1.0 - overlap) + 0.3 * ratio + differs_c / ALIKE_C if is_same else None


def _has_left(track: Track, face: FaceSeen) -> bool:
    """Whether this is what is left of somebody who goes out at the picture's side."""
    is_there = way_px(track.box, face.box) <= max(track.box.width_px, track.box.height_px)
    return is_there and face.is_cut and face.box.width_px < LEAVING_SHARE * track.widest_px


def _joined(costs: dict[tuple[int, int], float]) -> dict[int, int]:
    """Give each face the cheapest track that is still free; then exchange wherever that is cheaper for a pair."""
    joined: dict[int, int] = {}
    for place, number in sorted(costs, key=lambda pair: (costs[pair], pair)):
        if place not in joined and number not in joined.values():
            joined[place] = number
    for one, other in combinations(sorted(joined), 2):
        if _exchange_costs(one, other, joined=joined, costs=costs) < 0.0:
            joined[one], joined[other] = joined[other], joined[one]
    return joined


def _exchange_costs(one: int, other: int, *, joined: dict[int, int], costs: dict[tuple[int, int], float]) -> float:
    """What it would cost more if two faces had each other's track; infinite if they cannot."""
    now = costs[one, joined[one]] + costs[other, joined[other]]
    exchanged = costs.get((one, joined[other])), costs.get((other, joined[one]))
    return float("inf") if None in exchanged else sum(cost for cost in exchanged if cost is not None) - now


def _unsure(joined: dict[int, int], costs: dict[tuple[int, int], float]) -> frozenset[int]:
    """Name the tracks that could be each other's: a pair that could exchange, or two that fit one face alike."""
    unsure: set[int] = set()
    for one, other in combinations(sorted(joined), 2):
        if _exchange_costs(one, other, joined=joined, costs=costs) < UNSURE_BELOW:
            unsure |= {joined[one], joined[other]}
    free = {number for _, number in costs} - set(joined.values())
    for place, number in joined.items():
        rivals = {rival for rival in free if costs.get((place, rival), 9e9) - costs[place, number] < UNSURE_BELOW}
        unsure |= rivals | {number} if rivals else set()
    return frozenset(unsure)


def _moved_on(track: Track, face: FaceSeen, *, at: datetime) -> Track:
    since_s = max(_since_s(track, at), 1e-3)
    (column, row), (column_before, row_before) = _middle(face.box), _middle(track.box)
    across, down = (column - column_before) / since_s, (row - row_before) / since_s
    return msgspec.structs.replace(
        track,
        box=face.box,
        warmth_c=track.warmth_c + WARMTH_FOLLOWS * (face.warmth_c - track.warmth_c),
        last_at=at,
        widest_px=max(track.widest_px, face.box.width_px),
        frames=track.frames + 1,
        across_px_s=track.across_px_s + SPEED_FOLLOWS * (across - track.across_px_s),
        down_px_s=track.down_px_s + SPEED_FOLLOWS * (down - track.down_px_s),
        unseen_s=0.0,
        cold_run=0,
    )


def _expected(track: Track, *, since_s: float) -> FaceBox:
    """Where the face would be had it gone on as it went, at most twice its own size away: nobody walks on so."""
    furthest = 2 * max(track.box.width_px, track.box.height_px)
    across, down = track.across_px_s * since_s, track.down_px_s * since_s
    shorter = min(1.0, furthest / max(hypot(across, down), 1e-9))
    return msgspec.structs.replace(
        track.box,
        left_px=track.box.left_px + round(across * shorter),
        top_px=track.box.top_px + round(down * shorter),
    )


def overlap_of(one: FaceBox, other: FaceBox) -> float:
    """Intersection over union of two boxes, 0 to 1.

    >>> box = FaceBox(left_px=0, top_px=0, width_px=10, height_px=10)
    >>> overlap_of(box, box), round(overlap_of(box, FaceBox(left_px=5, top_px=0, width_px=10, height_px=10)), 3)
    (1.0, 0.333)
    """
    across = min(one.left_px + one.width_px, other.left_px + other.width_px) - max(one.left_px, other.left_px)
    down = min(one.top_px + one.height_px, other.top_px + other.height_px) - max(one.top_px, other.top_px)
    shared = max(0, across) * max(0, down)
    return shared / (_area_px(one) + _area_px(other) - shared)


def way_px(one: FaceBox, other: FaceBox) -> float:
    """Between the middles of two boxes, in pixels."""
    (column, row), (other_column, other_row) = _middle(one), _middle(other)
    return hypot(column - other_column, row - other_row)


def _middle(box: FaceBox) -> tuple[float, float]:
    return box.left_px + box.width_px / 2, box.top_px + box.height_px / 2


def _area_px(box: FaceBox) -> int:
    return max(1, box.width_px * box.height_px)


def _since_s(track: Track, at: datetime) -> float:
    return (at - track.last_at).total_seconds()
