"""A turn of a lane that nobody else sees, at an instant that has passed: for what was kept elsewhere meanwhile.

The lane's own commands run in it unchanged: presenting, measuring, excepting, closing, rechecking. They see the
clock of then, so that the policy, the pairing and the legal clocks are those of then; ``recorded_at`` is now. What
they stage stays in this turn, so that the person who stands in the real lane is not touched.
"""

from datetime import datetime

from checkpoint.actions.gate import Turn
from checkpoint.actions.sheet import LaneSheet


class KeptTurn(Turn):
    """One act's own lane, empty at first. ``crossing_id`` names the crossing that is presented in it."""

    def __init__(self, turn: Turn, *, at: datetime, officer_ref: str, crossing_id: str) -> None:
        """Share the transaction of ``turn`` and its present; see the gate as it was at ``at``."""
        super().__init__(turn.gate, turn.transaction, officer_ref=officer_ref)
        self.at = at
        self.recorded_at = turn.recorded_at
        self._crossing_id = crossing_id
        self._sheets: dict[str, LaneSheet] = {}

    def sheet(self, lane_id: str) -> LaneSheet:
        """Return this turn's own lane."""
        return self._sheets.get(lane_id, LaneSheet())

    def stage(self, lane_id: str, sheet: LaneSheet, *, keeps_next: bool = True) -> LaneSheet:  # noqa: ARG002
        """Keep what the lane becomes for the rest of this turn alone."""
        self._sheets[lane_id] = sheet
        return sheet

    def new_crossing_id(self) -> str:
        """Return the name that the device gave the crossing when it was done."""
        return self._crossing_id
