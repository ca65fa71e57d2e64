"""Children on a parent's pass at the lane: called by name, and each measured like anybody else.

The pass names them; nobody passes on somebody else's measurement. A child that is called waits as the next person,
with its own label as the scan, its own crossing and its own reading.
"""

from uuid import UUID

import msgspec

from checkpoint.actions.deciding import require_draft
from checkpoint.actions.gate import Turn
from checkpoint.actions.next_person import scan_person
from checkpoint.actions.presenting import PresentCommand
from checkpoint.actions.refusals import ActionRefusedError
from checkpoint.actions.sheet import LaneSheet
from checkpoint.store.holders import find_child


class ChildCommand(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which child on the pass of the person in the lane comes next."""

    draft_id: UUID
    child_id: UUID


def call_child(turn: Turn, lane_id: str, command: ChildCommand) -> LaneSheet:
    """Let a child on this person's pass wait as the next person, as if its own label had been scanned."""
    sheet = turn.sheet(lane_id)
    require_draft(sheet, command.draft_id)
    holder_id = sheet.standing.holder_id if sheet.standing is not None else None
    child = find_child(turn.transaction, str(command.child_id))
    if child is None or child.holder_id != holder_id:
        code = "child_not_on_pass"
        raise ActionRefusedError(code, http_code=404)
    return scan_person(turn, lane_id, PresentCommand(text=child.label_code))
