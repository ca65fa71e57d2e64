"""An override: what somebody with the right to do so sets aside, and what nobody can.

Only what makes a person wait or go back can be set aside. A raised reading, a fever and whatever sends a
person to the second check stand above it, and the policy can name no reason that speaks of a measurement.
"""

from collections.abc import Iterable, Iterator

from sync.agreement.assessment.findings import Case, Finding, Rank, Values, found
from sync.agreement.vocabulary import ReasonCode, Severity

_CAN_BE_SET_ASIDE = frozenset({Rank.WAIT, Rank.REFUSE})


def with_override(case: Case, findings: Iterable[Finding]) -> Iterator[Finding]:
    """Set aside what the override covers and the policy allows; each reason stays, with the rule that allows it."""
    override = case.facts.override
    for finding in findings:
        rule = None
        if override is not None and finding.rank in _CAN_BE_SET_ASIDE:
            rule = case.rules.override_rule(finding.reason.code, override=override)
        if override is None or rule is None:
            yield finding
            continue
        values: Values = {
            "overridden": str(finding.reason.code),
            "override_code": str(override.code),
            "role": str(override.role),
        }
        yield found(ReasonCode.OVERRIDDEN, rank=Rank.CLEAR, rule=rule, values=values)
        yield as_note(finding)


def as_note(finding: Finding) -> Finding:
    """Keep a finding as one that decides nothing."""
    reason = finding.reason
    noted = type(reason)(
        code=reason.code,
        severity=Severity.NOTE,
        rule_id=reason.rule_id,
        citation=reason.citation,
        values=reason.values,
    )
    return Finding(Rank.CLEAR, noted)
