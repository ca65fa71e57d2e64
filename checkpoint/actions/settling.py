"""After each change of a lane: what may not wait is written at once, the rest when the officer closes."""

import msgspec

from checkpoint.actions.gate import Turn
from checkpoint.actions.party_members import note_member
from checkpoint.actions.refusals import ActionRefusedError
from checkpoint.actions.saving import Referral, isolate, save_screened
from checkpoint.actions.sheet import ClosedCrossing, LaneSheet
from checkpoint.lane import LaneError, LaneFault, LaneState, Phase, close, finish_recheck
from sync.agreement.facts import Assessment
from sync.agreement.vocabulary import Disposition, Outcome, ReasonCode

_DISPOSITIONS = {
    Outcome.CLEARED: Disposition.CLEARED,
    Outcome.REFUSED: Disposition.REFUSED,
    Outcome.REFERRED: Disposition.REFERRED,
}


def settle(turn: Turn, lane_id: str, *, sheet: LaneSheet) -> LaneSheet:
    """Write down at once what may not wait for an officer: a raised reading, a confirmed fever."""
    assessment = sheet.assessment
    is_alarm = sheet.state.phase is Phase.AWAITING_RECHECK and sheet.saved is None
    if assessment is not None and is_alarm and _is_fever_confirmed(assessment):
        # The first reading was a clinical one: there is nothing left to recheck.
        return close_lane(turn, lane_id, sheet=sheet, emptied=finish_recheck(sheet.state), assessment=assessment)
    if assessment is not None and is_alarm:
        saved = save_screened(turn, lane_id, sheet=sheet, assessment=assessment, disposition=Disposition.PENDING)
        note_member(turn, lane_id, sheet)
        return turn.stage(lane_id, msgspec.structs.replace(sheet, saved=saved))
    return turn.stage(lane_id, sheet)


def close_lane(
    turn: Turn,
    lane_id: str,
    *,
    sheet: LaneSheet,
    emptied: LaneState,
    assessment: Assessment,
    disposition: Disposition | None = None,
) -> LaneSheet:
    """Save a crossing as cleared, refused or referred; a referral takes a place where there is one.

    ``disposition``: what an officer decides where the assessment only waits.
    """
    crossing_id = sheet.state.person.crossing_id
    disposition = disposition or _DISPOSITIONS[assessment.outcome]
    saved = save_screened(turn, lane_id, sheet=sheet, assessment=assessment, disposition=disposition)
    note_member(turn, lane_id, sheet)
    referral = Referral()
    if disposition is Disposition.REFERRED:
        referral = isolate(turn, crossing_id, lane_id=lane_id)
    closed = ClosedCrossing(
        crossing_id=crossing_id,
        disposition=Disposition.ISOLATED if referral.place_id else disposition,
        assessment=assessment,
        saved=saved,
        place_id=referral.place_id,
        room_reason=referral.room_reason,
    )
    return turn.stage(lane_id, LaneSheet(state=emptied, saved=saved, closed=closed))


def emptied_by(state: LaneState, *, assessment: Assessment) -> LaneState:
    """Close the lane, or refuse with the reason why the verdict does not allow it."""
    try:
        return close(state, assessment.outcome)
    except LaneError as error:
        if error.code is not LaneFault.NOT_CLEARED:
            raise
        reason = assessment.reasons[0].code.value if assessment.reasons else ""
        values = {"outcome": assessment.outcome.value, "reason": reason}
        raise ActionRefusedError(error.code.value, values=values) from error


def _is_fever_confirmed(assessment: Assessment) -> bool:
    return any(reason.code is ReasonCode.FEVER_CONFIRMED for reason in assessment.reasons)
