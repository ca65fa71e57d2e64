"""That the person of a lane was presented at another one within minutes, or is in the gate's care. Pure."""

import msgspec

from sync.agreement.assessment.findings import NO_RULE
from sync.agreement.facts import Assessment, Reason
from sync.agreement.vocabulary import Outcome, ReasonCode, Severity


class HeldTwin(msgspec.Struct, frozen=True, kw_only=True):
    """Where, and how many seconds before; ``is_answered``: an officer said that this is the person."""

    lane_id: str
    label: str
    ago_s: int
    is_answered: bool = False


class HeldCare(msgspec.Struct, frozen=True, kw_only=True):
    """An earlier crossing of this person that the gate has not done with: an alarm, a place, a hand-over."""

    place_id: str = ""


def stopping_for_care(assessment: Assessment, *, held: HeldCare | None) -> Assessment:
    """Let nobody pass who should be in the isolation room, nor anybody else with that person's document.

    Alarms and refusals stay as they are. No answer lifts it: the care ends by its own acts.
    """
    if held is None:
        return assessment
    is_stopped = assessment.outcome in {Outcome.CLEARED, Outcome.WAIT}
    reason = Reason(
        code=ReasonCode.STILL_IN_CARE,
        severity=Severity.WAIT if is_stopped else Severity.NOTE,
        rule_id=NO_RULE,
        values={"place_id": held.place_id or "-"},
    )
    outcome = Outcome.WAIT if is_stopped else assessment.outcome
    return msgspec.structs.replace(assessment, outcome=outcome, reasons=(reason, *assessment.reasons))


def asking_about_twin(assessment: Assessment, *, held: HeldTwin | None) -> Assessment:
    """Make a clearance wait until somebody looked; alarms and refusals stay as they are, and the reason is kept."""
    if held is None:
        return assessment
    is_asked = not held.is_answered and assessment.outcome in {Outcome.CLEARED, Outcome.WAIT}
    reason = Reason(
        code=ReasonCode.PRESENTED_ELSEWHERE,
        severity=Severity.WAIT if is_asked else Severity.NOTE,
        rule_id=NO_RULE,
        values={"other_lane": held.label, "ago_s": held.ago_s},
    )
    if is_asked:
        return msgspec.structs.replace(assessment, outcome=Outcome.WAIT, reasons=(reason, *assessment.reasons))
    return msgspec.structs.replace(assessment, reasons=(*assessment.reasons, reason))
