"""That the person of a lane was presented at another one within minutes, as the sheet holds it. Pure."""

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
