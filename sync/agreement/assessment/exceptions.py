"""Coded exceptions: who may be let pass without a measurement, and when such a reason does not hold (R008)."""

from sync.agreement.assessment.findings import CONSEQUENCES, Case, Finding, Rank, Values, found
from sync.agreement.facts import Facts
from sync.agreement.policy.lane_rules import ExceptionRule
from sync.agreement.vocabulary import ReasonCode


def misfit(rule: ExceptionRule, facts: Facts) -> ReasonCode | None:
    """Why the exception does not hold for this person now; None if it holds."""
    if rule.max_age_years is not None and not _is_at_most(rule.max_age_years, age_years=facts.age_years):
        return ReasonCode.EXCEPTION_NOT_FITTING
    return ReasonCode.FALLBACK_FIRST if rule.fallbacks and not facts.is_fallback_tried else None


def _is_at_most(max_age_years: int, *, age_years: int | None) -> bool:
    """Whether the person is known to be so young: an age nobody knows is no reason to let anybody pass unmeasured."""
    return age_years is not None and 0 <= age_years <= max_age_years


def by_exception(case: Case) -> Finding:
    """What the coded exception leads to: never more than its rule says, and a wait where it does not hold."""
    code = case.facts.exception_code
    rule = None if code is None else case.rules.exception_rule(code)
    values: Values = {"exception_code": str(code)}
    if rule is None:
        return found(ReasonCode.MEASURED_BY_EXCEPTION, rank=Rank.WAIT, values=values)
    unfit = misfit(rule, case.facts)
    if unfit is None:
        rank = CONSEQUENCES[rule.consequence]
        return found(ReasonCode.MEASURED_BY_EXCEPTION, rank=rank, rule=rule, values=values)
    if rule.max_age_years is not None:
        values["max_age_years"] = rule.max_age_years
    if rule.fallbacks:
        values["device_kind"] = ",".join(kind.value for kind in rule.fallbacks)
    return found(unfit, rank=Rank.WAIT, rule=rule, values=values)
