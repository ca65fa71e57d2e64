"""The same person at two lanes within minutes: the officer is asked, and nobody is blocked.

A pass that is handed back over the barrier, or a person scanned at the wrong lane, looks alike: a crossing that was
opened at another lane a moment ago. The verdict waits, amber, until an officer says that this is the person; what was
asked stays in the record as a note.
"""

from uuid import UUID

import msgspec

from checkpoint.actions.assessing import concluded
from checkpoint.actions.deciding import require_draft
from checkpoint.actions.gate import Turn
from checkpoint.actions.settling import settle
from checkpoint.actions.sheet import LaneSheet
from checkpoint.store.lanes import log_access


class TwinCommand(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The officer looked: this is the person of the document."""

    draft_id: UUID


def confirm_person(turn: Turn, lane_id: str, command: TwinCommand) -> LaneSheet:
    """Take the officer's answer; it is logged, and the verdict is what it would have been."""
    sheet = turn.sheet(lane_id)
    require_draft(sheet, command.draft_id)
    if sheet.twin is None or sheet.twin.is_answered:
        return sheet
    log_access(
        turn.transaction,
        at=turn.at,
        officer_ref=turn.officer_ref or "",
        action="seen_at_other_lane",
        subject=str(command.draft_id),
        reason=f"{sheet.twin.lane_id} {sheet.twin.ago_s}",
    )
    answered = msgspec.structs.replace(sheet, twin=msgspec.structs.replace(sheet.twin, is_answered=True))
    return settle(turn, lane_id, sheet=concluded(turn.gate, answered, state=sheet.state, at=turn.at))
