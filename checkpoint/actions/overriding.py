"""Setting a verdict aside: only with a coded reason, by somebody whom the policy allows it, and never a measurement.

What is set aside is written down in the commit of the crossing (``overridden``). The measurement goes on: who has
not been measured is not let pass by this, and a raised reading still rings.
"""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec

from checkpoint.actions.assessing import assess_lane, concluded, without_stale_reading
from checkpoint.actions.deciding import ReasonText, require_draft
from checkpoint.actions.gate import Gate, Turn
from checkpoint.actions.refusals import ActionRefusedError
from checkpoint.actions.settling import settle
from checkpoint.actions.sheet import HeldOverride, LaneSheet
from checkpoint.lane import Phase, record_override
from sync.agreement.decision_words import OverrideReason
from sync.agreement.facts import Assessment, Override
from sync.agreement.policy import RulesInForce
from sync.agreement.policy.decision_rules import OVERRIDABLE, OverrideRule
from sync.agreement.vocabulary import ReasonCode, Role, Severity


class OverrideRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the dialog sends. ``approver`` and ``password`` are those of somebody who may do more, if the rule asks."""

    draft_id: UUID
    code: OverrideReason
    reason: ReasonText
    approver: Annotated[str, msgspec.Meta(max_length=64)] = ""
    password: Annotated[str, msgspec.Meta(max_length=256)] = ""


class OverrideCommand(msgspec.Struct, frozen=True, kw_only=True):
    """A request whose approver has been checked: who decides, in which role."""

    draft_id: UUID
    code: OverrideReason
    reason: ReasonText
    role: Role
    approved_by: str = ""


class OverrideChoice(msgspec.Struct, frozen=True, kw_only=True):
    """One reason that may be set aside now, for what, and by whom: what the dialog offers."""

    reason_code: ReasonCode
    codes: tuple[OverrideReason, ...]
    roles: tuple[Role, ...]


def override_verdict(turn: Turn, lane_id: str, command: OverrideCommand) -> LaneSheet:
    """Set aside what stands against this person's passage, as far as the rules in force let this role do so."""
    sheet = without_stale_reading(turn, turn.sheet(lane_id))
    require_draft(sheet, command.draft_id)
    rules = turn.gate.policy.rules_at(turn.at)
    plain = msgspec.structs.replace(sheet.state, override=None)
    blocking = _blocking(assess_lane(turn.gate, plain, at=turn.at))
    wanted = Override(code=command.code, role=command.role, covers=blocking)
    covered = tuple(code for code in blocking if rules.override_rule(code, override=wanted) is not None)
    if not covered:
        reason = blocking[0].value if blocking else ""
        refusal = "override_not_allowed"
        raise ActionRefusedError(refusal, values={"reason": reason, "role": command.role.value})
    state = record_override(sheet.state, Override(code=command.code, role=command.role, covers=covered))
    held = HeldOverride(words=command.reason, approved_by=command.approved_by)
    changed = msgspec.structs.replace(sheet, overridden=held)
    return settle(turn, lane_id, sheet=concluded(turn.gate, changed, state=state, at=turn.at))


def override_choices(assessment: Assessment | None, *, rules: RulesInForce) -> tuple[OverrideChoice, ...]:
    """Return what of a verdict may be set aside; empty where nothing may be."""
    if assessment is None:
        return ()
    codes = dict.fromkeys(code for code in _blocking(assessment) if code in OVERRIDABLE)
    return tuple(
        OverrideChoice(reason_code=code, codes=rule.codes, roles=rule.roles)
        for code in codes
        for rule in rules.of_type(OverrideRule)
        if code in rule.reason_codes
    )


def choices_at(gate: Gate, sheet: LaneSheet, *, at: datetime) -> tuple[OverrideChoice, ...]:
    """Return what may be set aside for the person in a lane; nothing while an alarm is open."""
    if sheet.state.phase not in {Phase.VERDICT, Phase.AWAITING_READING}:
        return ()
    return override_choices(sheet.assessment, rules=gate.policy.rules_at(at))


def _blocking(assessment: Assessment) -> tuple[ReasonCode, ...]:
    return tuple(dict.fromkeys(each.code for each in assessment.reasons if each.severity is not Severity.NOTE))
