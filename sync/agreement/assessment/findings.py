"""What a check finds: a reason and how grave it is, and the case that all checks look at."""

from datetime import datetime
from enum import IntEnum
from typing import NamedTuple

from sync.agreement.facts import Facts, Measurement, Reason
from sync.agreement.policy import Consequence, MandatoryStep, Rule, RulesInForce
from sync.agreement.policy.lane_rules import FeverThreshold, ScenarioProfile, Threshold
from sync.agreement.policy.method_rules import ThresholdMethodRule
from sync.agreement.vocabulary import ReasonCode, Severity

NO_RULE = "no-rule-in-force"
"""Rule id of a reason that no rule in force gives: the safe answer where the documents are silent."""


class Rank(IntEnum):
    """How grave a finding is: the gravest one decides the outcome."""

    CLEAR = 0
    WAIT = 1
    REFUSE = 2
    TRIAGE_RECHECK = 3
    TRIAGE_REFER = 4
    ALARM = 5
    FEVER = 6


_SEVERITIES = {Rank.CLEAR: Severity.NOTE, Rank.WAIT: Severity.WAIT}
CONSEQUENCES = {
    Consequence.NOTE: Rank.CLEAR,
    Consequence.WAIT: Rank.WAIT,
    Consequence.REFUSE: Rank.REFUSE,
    Consequence.RECHECK: Rank.TRIAGE_RECHECK,
    Consequence.REFER: Rank.TRIAGE_REFER,
}

Values = dict[str, str | float | int]


class Finding(NamedTuple):
    """One reason and how grave it is."""

    rank: Rank
    reason: Reason
    threshold_c: float | None = None
    redirect_to: str | None = None


class Held(NamedTuple):
    """A usable measurement held against its threshold; ``limit_c`` is None if there is none."""

    measurement: Measurement
    rule: Threshold | ThresholdMethodRule | FeverThreshold | None
    limit_c: float | None
    is_clinical: bool

    @property
    def is_raised(self) -> bool:
        """Whether it reaches the threshold it is held against, as measured or as printed.

        People read one decimal: 36.37 is shown as 36.4 and so is judged as 36.4, never "36.4, below 36.4".
        """
        measured_c = self.measurement.temperature_c
        return self.limit_c is not None and max(measured_c, round(measured_c, 1)) >= self.limit_c


class Case(NamedTuple):
    """What every check looks at."""

    facts: Facts
    rules: RulesInForce
    at: datetime
    profile: ScenarioProfile | None
    held: tuple[Held, ...]
    excused: frozenset[MandatoryStep]

    def age_fault(self, measurement: Measurement) -> str | None:
        """Why the time of a measurement forbids to rest a passage on it; None if it does not."""
        validity = self.rules.validity
        if validity is None:
            return None
        age_s = (self.at - measurement.observed_at).total_seconds()
        if -validity.max_ahead_s <= age_s <= validity.max_age_s:
            return None
        return "stale" if age_s > 0 else "device_clock_invalid"

    def answers_alarm(self, held: Held) -> bool:
        """Whether it is a clinical reading, held against a threshold, of the person as they are now."""
        return held.is_clinical and held.limit_c is not None and self.age_fault(held.measurement) is None


def found(code: ReasonCode, *, rank: Rank, rule: Rule | None = None, values: Values | None = None) -> Finding:
    """Build a finding; its severity follows from its rank, its citation from the rule that gives it."""
    reason = Reason(
        code=code,
        severity=_SEVERITIES.get(rank, Severity.STOP),
        rule_id=NO_RULE if rule is None else rule.rule_id,
        citation=None if rule is None else rule.citation,
        values=values or {},
    )
    return Finding(rank, reason)
