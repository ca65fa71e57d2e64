"""Crops that nobody may keep yet: in memory only, few, and for moments.

Whether a reading is raised is known only when it is bound to a person. Until then its crop is held here. A
normal passage lets go of it when it is written down; nothing here is ever written anywhere.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from checkpoint.images.crop import FaceCrop

MOST_OF_A_LANE: Final = 3
HELD_FOR: Final = timedelta(minutes=5)
"""As long as an officer may take to say which of two readings is this person's."""


class Glimpses:
    """The newest crops of each lane by the reading they belong to. For the writer's thread only."""

    def __init__(self) -> None:
        """Hold nothing."""
        self._held: dict[str, dict[str, FaceCrop]] = {}

    def __len__(self) -> int:
        """Count what is held."""
        return sum(len(held) for held in self._held.values())

    def hold(self, lane_id: str, reading_id: str, *, crop: FaceCrop) -> None:
        """Hold the crop of a reading; the oldest of the lane gives way."""
        held = self._held.setdefault(lane_id, {})
        held[reading_id] = crop
        while len(held) > MOST_OF_A_LANE:
            del held[next(iter(held))]

    def find(self, lane_id: str, reading_ids: Iterable[str]) -> FaceCrop | None:
        """Return the crop of the first of these readings that has one."""
        held = self._held.get(lane_id, {})
        return next((held[one] for one in reading_ids if one in held), None)

    def let_go(self, lane_id: str) -> None:
        """Forget what a lane held: its person is written down, or gone."""
        self._held.pop(lane_id, None)

    def let_go_of_old(self, *, at: datetime) -> None:
        """Forget what was seen too long ago to be anybody's reading still."""
        for lane_id, held in list(self._held.items()):
            fresh = {key: crop for key, crop in held.items() if at - crop.observed_at < HELD_FOR}
            if fresh:
                self._held[lane_id] = fresh
            else:
                del self._held[lane_id]
