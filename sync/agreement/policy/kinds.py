"""All kinds of rules in one union, told apart by ``kind`` in a policy document."""

from typing import Any

import msgspec

from sync.agreement.policy.lane_rules import (
    DeclarationDuty,
    DocumentRule,
    ExceptionRule,
    FeverThreshold,
    MeasurementDuty,
    ReadingValidity,
    RiskArea,
    ScenarioDeclared,
    ScenarioProfile,
    Threshold,
    TrafficOrder,
    Triage,
)
from sync.agreement.policy.legal_rules import (
    ClockRule,
    ControlledPoints,
    DeclarationTerms,
    DutyTerm,
    EntryModes,
    FormRule,
    IsolationRole,
    QuarantineForms,
    ReportDuty,
    TrafficPower,
)

AnyRule = (
    MeasurementDuty
    | Threshold
    | FeverThreshold
    | ReadingValidity
    | TrafficOrder
    | TrafficPower
    | RiskArea
    | Triage
    | ScenarioProfile
    | ScenarioDeclared
    | DeclarationDuty
    | DeclarationTerms
    | DocumentRule
    | ExceptionRule
    | ClockRule
    | DutyTerm
    | FormRule
    | IsolationRole
    | QuarantineForms
    | EntryModes
    | ControlledPoints
    | ReportDuty
)


def build_rule(fields: dict[str, Any]) -> AnyRule:
    """Build one rule from a parsed table.

    Raises:
        msgspec.ValidationError: a field is unknown, missing or wrong; the message names it.
    """
    rule: AnyRule = msgspec.convert(fields, type=AnyRule)
    return rule
