"""What an override leaves behind: the officer's words, sealed, and its record in the commit of the crossing."""

import msgspec

from checkpoint.actions.gate import Turn
from checkpoint.actions.sheet import HeldOverride, LaneSheet
from sync.agreement.assessment import assess
from sync.agreement.facts import Assessment, Facts
from sync.agreement.gate_records.decision import VerdictOverridden
from sync.agreement.vocabulary import Outcome, ReasonCode


def with_words(words: str, held: HeldOverride | None) -> str:
    """Add the words of an override to those that are to be sealed with the crossing."""
    return words if held is None else " · ".join(part for part in (words, held.words) if part)


def write_override(
    turn: Turn, lane_id: str, *, facts: Facts, crossing_id: str, assessment: Assessment, sheet: LaneSheet | None
) -> None:
    """Write who set the verdict aside, if the person passes because somebody did; counted by its records.

    An override that changed nothing in the end (the reading was raised, the order was lifted) leaves none.
    """
    used = [reason for reason in assessment.reasons if reason.code is ReasonCode.OVERRIDDEN]
    if facts.override is None or not used or assessment.outcome is not Outcome.CLEARED:
        return
    without = assess(msgspec.structs.replace(facts, override=None), turn.gate.policy, at=turn.at)
    held = None if sheet is None else sheet.overridden
    record = VerdictOverridden(
        given_for=crossing_id,
        outcome=without.outcome,
        reason_codes=tuple(ReasonCode(str(reason.values["overridden"])) for reason in used),
        rule_ids=tuple(dict.fromkeys(reason.rule_id for reason in used)),
        code=facts.override.code,
        role=facts.override.role,
        approved_by="" if held is None else held.approved_by,
    )
    turn.append(record, lane_id=lane_id, observed_at=turn.at)
