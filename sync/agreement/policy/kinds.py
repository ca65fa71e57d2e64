"""All kinds of rules in one union, told apart by ``kind`` in a policy document."""

from typing import Any

import msgspec

from sync.agreement.policy.decision_rules import ContactRule, ExposurePlace, OverrideRule
from sync.agreement.policy.device_rules import DeviceConditionRule
from sync.agreement.policy.display_rules import DisplayText
from sync.agreement.policy.lane_rules import (
    DeclarationDuty,
    DocumentRule,
    ExceptionRule,
    FeverThreshold,
    MeasurementDuty,
    ReadingValidity,
    RepeatedPresentation,
    RiskArea,
    ScenarioDeclared,
    ScenarioProfile,
    SlipValidity,
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
    ImmigrationListTerms,
    IsolationRole,
    QuarantineForms,
    ReportDuty,
    TrafficPower,
)
from sync.agreement.policy.method_rules import ThresholdMethodRule
from sync.agreement.policy.place_rules import SiteProfile

AnyRule = (
    MeasurementDuty
    | Threshold
    | ThresholdMethodRule
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
    | ImmigrationListTerms
    | DocumentRule
    | ExceptionRule
    | ExposurePlace
    | ContactRule
    | OverrideRule
    | DeviceConditionRule
    | SlipValidity
    | RepeatedPresentation
    | DisplayText
    | ClockRule
    | DutyTerm
    | FormRule
    | IsolationRole
    | QuarantineForms
    | EntryModes
    | ControlledPoints
    | ReportDuty
    | SiteProfile
)


def build_rule(fields: dict[str, Any]) -> AnyRule:
    """Build one rule from a parsed table.

    Raises:
        msgspec.ValidationError: a field is unknown, missing or wrong; the message names it.
    """
    rule: AnyRule = msgspec.convert(fields, type=AnyRule)
    return rule
