"""Turning back somebody who was measured, because of the document: expired, lost, cancelled, or not theirs.

The health lane lets nobody pass on such a document and refuses nobody by itself: it hands the person over to the border
guard. What an officer records here is that they went back: the crossing is refused, as under an order, over the reasons
and clauses of the assessment, with the officer's words sealed beside it. An alarm stands above it: whoever must be
rechecked or isolated is not sent anywhere.
"""

from typing import Final
from uuid import UUID

import msgspec

from checkpoint.actions.assessing import assess_sheet, without_stale_reading
from checkpoint.actions.deciding import ReasonText, require_draft
from checkpoint.actions.gate import Turn
from checkpoint.actions.refusals import ActionRefusedError
from checkpoint.actions.settling import close_lane
from checkpoint.actions.sheet import HeldOverride, LaneSheet
from checkpoint.lane import LaneError, LaneFault, close
from sync.agreement.facts import Assessment
from sync.agreement.vocabulary import Disposition, Outcome, ReasonCode, Severity

GROUNDS: Final = frozenset(
    {
        ReasonCode.DOCUMENT_EXPIRED,
        ReasonCode.DOCUMENT_CANCELLED,
        ReasonCode.PRESENTED_ELSEWHERE,
        ReasonCode.STILL_IN_CARE,
    }
)
"""Of a document that was at another lane a moment ago, only while nobody has said that this is the person."""


class SendBackCommand(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why this person goes back, in words beside the clause."""

    draft_id: UUID
    reason: ReasonText


def send_back(turn: Turn, lane_id: str, command: SendBackCommand) -> LaneSheet:
    """Close a measured person's crossing as refused, because of the document; the lane is empty again."""
    sheet = without_stale_reading(turn, turn.sheet(lane_id))
    require_draft(sheet, command.draft_id)
    assessment = assess_sheet(turn.gate, sheet, at=turn.at)
    _require_ground(assessment)
    if sheet.state.bound is None:
        raise LaneError(LaneFault.NO_READING)
    emptied = close(sheet.state, Outcome.REFUSED)
    said = msgspec.structs.replace(sheet, overridden=HeldOverride(words=command.reason))
    return close_lane(
        turn, lane_id, sheet=said, emptied=emptied, assessment=assessment, disposition=Disposition.REFUSED
    )


def _require_ground(assessment: Assessment) -> None:
    """Refuse where no document speaks against the person, or an alarm speaks louder."""
    if assessment.outcome not in {Outcome.WAIT, Outcome.REFUSED}:
        code = "alarm_comes_first" if assessment.outcome is not Outcome.CLEARED else "no_document_ground"
        raise ActionRefusedError(code)
    if not any(reason.code in GROUNDS and reason.severity is not Severity.NOTE for reason in assessment.reasons):
        code = "no_document_ground"
        raise ActionRefusedError(code)
