"""One outcome from all findings."""

from datetime import datetime

from sync.agreement.assessment.exceptions import misfit
from sync.agreement.assessment.findings import Case, Finding, Held, Rank
from sync.agreement.assessment.grounds import other_findings
from sync.agreement.assessment.overriding import with_override
from sync.agreement.assessment.temperature import temperature_findings
from sync.agreement.facts import Assessment, Facts, Measurement
from sync.agreement.local_time import require_aware
from sync.agreement.policy import ClockStart, MandatoryStep, PolicyInForce, RulesInForce
from sync.agreement.vocabulary import DeviceKind, Outcome, ReadingKind, ReasonCode

_OUTCOMES = {
    Rank.CLEAR: Outcome.CLEARED,
    Rank.WAIT: Outcome.WAIT,
    Rank.REFUSE: Outcome.REFUSED,
    Rank.TRIAGE_RECHECK: Outcome.RECHECK,
    Rank.TRIAGE_REFER: Outcome.REFERRED,
    Rank.ALARM: Outcome.RECHECK,
    Rank.FEVER: Outcome.REFERRED,
}
_CLOCK_STARTS = {Outcome.RECHECK: ClockStart.RAISED_READING, Outcome.REFERRED: ClockStart.REFERRAL}


def assess(facts: Facts, policy: PolicyInForce, *, at: datetime) -> Assessment:
    """Decide one crossing at the aware instant ``at``.

    Never raises on any combination of facts; where the documents are silent the answer is WAIT.

    Raises:
        ValueError: ``at`` has no time zone.
    """
    case = _open_case(facts, policy.rules_at(at), require_aware(at))
    everything = with_override(case, (*temperature_findings(case), *other_findings(case)))
    findings = sorted(everything, key=_gravest_first)
    gravest = findings[0]
    outcome = _OUTCOMES[gravest.rank]
    start = _CLOCK_STARTS.get(outcome)
    return Assessment(
        outcome=outcome,
        reasons=tuple(finding.reason for finding in findings),
        policies=policy.references,
        threshold_c=next((finding.threshold_c for finding in findings if finding.threshold_c is not None), None),
        redirect_to=_redirection(findings) if outcome is Outcome.REFUSED else None,
        clocks=() if start is None else case.rules.clocks_starting_with(start),
    )


def is_raised(measurement: Measurement, rules: RulesInForce) -> bool:
    """Whether a reading that is nobody's yet reaches its limit, as for a person whom no scenario lowers it for."""
    return measurement.is_usable and _hold(measurement, rules, 0.0).is_raised


def _gravest_first(finding: Finding) -> tuple[int, bool]:
    """Among what decides nothing, an override is read first: the officer must see why the person passes."""
    return -finding.rank, finding.reason.code is not ReasonCode.OVERRIDDEN


def _open_case(facts: Facts, rules: RulesInForce, at: datetime) -> Case:
    profile = rules.scenario_profile_for(facts)
    lowered_by_c = 0.0 if profile is None else profile.threshold_lowered_by_c
    usable = (measurement for measurement in facts.measurements if measurement.is_usable)
    held = tuple(_hold(measurement, rules, lowered_by_c) for measurement in usable)
    return Case(facts, rules, at, profile, held, _excused_steps(facts, rules))


def _hold(measurement: Measurement, rules: RulesInForce, lowered_by_c: float) -> Held:
    if measurement.device_kind is DeviceKind.CLINICAL_THERMOMETER and measurement.kind is ReadingKind.CLINICAL:
        fever = rules.fever_threshold_at(measurement.site)
        return Held(measurement, fever, None if fever is None else fever.fever_at_or_above_c, is_clinical=True)
    found = rules.screening_limit(measurement)
    if found is None:
        return Held(measurement, None, None, is_clinical=False)
    rule, limit_c = found
    return Held(measurement, rule, round(limit_c - lowered_by_c, 2), is_clinical=False)


def _excused_steps(facts: Facts, rules: RulesInForce) -> frozenset[MandatoryStep]:
    if facts.exception_code is None:
        return frozenset()
    rule = rules.exception_rule(facts.exception_code)
    return frozenset() if rule is None or misfit(rule, facts) is not None else frozenset(rule.covers)


def _redirection(findings: list[Finding]) -> str | None:
    return next((finding.redirect_to for finding in findings if finding.redirect_to is not None), None)
