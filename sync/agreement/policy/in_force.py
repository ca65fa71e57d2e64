"""What is in force at an instant: one law pack, the procedure, and the orders, each rule in its dates.

Everything is compiled when ``PolicyInForce`` is built: between two dates at which any rule begins or
ends, the rules in force are the same, so each such span is compiled once and found by bisection.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any, TypeVar

from sync.agreement.facts import ClockLimit, Facts, Measurement, PolicyReference
from sync.agreement.local_time import require_aware
from sync.agreement.policy.documents import PolicyDocument, PolicyError, PolicyKind
from sync.agreement.policy.kinds import AnyRule
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
from sync.agreement.policy.legal_rules import ClockRule
from sync.agreement.policy.rule import ClockStart, Consequence, DocumentFault
from sync.agreement.vocabulary import (
    ClockKind,
    DeviceKind,
    ExceptionCode,
    MeasuringSite,
    ReadingKind,
    ResponseScenario,
)

_R = TypeVar("_R")
_Owned = tuple[PolicyDocument, AnyRule]
_ThresholdKey = tuple[DeviceKind, MeasuringSite, ReadingKind]


class RulesInForce:
    """The rules of one span of time, ready to be asked. Never changed after it is built.

    Where two rules speak of the same thing and neither replaces the other, the stricter one holds:
    a later order eases only what it names in ``replaces``.
    """

    def __init__(self, rules: Iterable[AnyRule]) -> None:
        """Sort the rules by kind and by what they are looked up by."""
        self.rules: tuple[AnyRule, ...] = tuple(rules)
        self.measurement_duties = self.of_type(MeasurementDuty)
        self.traffic_orders = self.of_type(TrafficOrder)
        self.risk_areas = self.of_type(RiskArea)
        self.triage = self.of_type(Triage)
        self.declaration_duties = tuple(duty for duty in self.of_type(DeclarationDuty) if duty.is_mandatory)
        self._declared = self.of_type(ScenarioDeclared)
        self._profiles = _strictest(self.of_type(ScenarioProfile), by="scenario", rank=_strictness_of_profile)
        self._thresholds = _grouped(self.of_type(Threshold))
        self._fever = _strictest(
            self.of_type(FeverThreshold), by="site", rank=lambda rule: (-rule.fever_at_or_above_c,)
        )
        self._documents = _strictest(
            self.of_type(DocumentRule), by="fault", rank=lambda rule: (_gravity(rule.consequence),)
        )
        self._exceptions = _strictest(
            self.of_type(ExceptionRule), by="code", rank=lambda rule: (_gravity(rule.consequence), -len(rule.covers))
        )
        self._clocks = _strictest(self.of_type(ClockRule), by="clock", rank=lambda rule: (-rule.limit_s,))
        self.validity: ReadingValidity | None = min(
            self.of_type(ReadingValidity), key=lambda rule: rule.max_age_s, default=None
        )

    def of_type(self, rule_type: type[_R]) -> tuple[_R, ...]:
        """All rules of one kind, in the order of the documents."""
        return tuple(rule for rule in self.rules if isinstance(rule, rule_type))

    def threshold_for(self, measurement: Measurement) -> Threshold | None:
        """The strictest threshold for this device kind, site, reading kind and room temperature.

        Without a known room temperature the rules that ask for none decide, if there is one.
        """
        key = (measurement.device_kind, measurement.site, measurement.kind)
        found = self._thresholds.get(key, ())
        if measurement.ambient_c is None:
            found = tuple(rule for rule in found if not rule.is_for_some_ambient) or found
        fitting = [rule for rule in found if rule.is_for_ambient(measurement.ambient_c)]
        return min(fitting, key=lambda rule: rule.recheck_at_or_above_c, default=None)

    def fever_threshold_at(self, site: MeasuringSite) -> FeverThreshold | None:
        """The clinical threshold at one site, if the procedure knows the site."""
        return self._fever.get(site)

    def document_rule(self, fault: DocumentFault) -> DocumentRule | None:
        """What a fault of the travel document leads to."""
        return self._documents.get(fault)

    def exception_rule(self, code: ExceptionCode) -> ExceptionRule | None:
        """What a coded exception leads to."""
        return self._exceptions.get(code)

    def scenario_for(self, facts: Facts) -> ResponseScenario:
        """The gravest scenario declared for this place; situation 1 if none is."""
        declared = [rule.scenario for rule in self._declared if rule.applies_to.covers(facts)]
        return max(declared, default=ResponseScenario.SCENARIO_1)

    def scenario_profile_for(self, facts: Facts) -> ScenarioProfile | None:
        """What the scenario declared for this place changes, if it changes anything."""
        if not self._declared:
            return None
        return self._profiles.get(self.scenario_for(facts))

    def clock(self, kind: ClockKind) -> ClockRule | None:
        """The rule of one legal clock."""
        return self._clocks.get(kind)

    def clocks_starting_with(self, start: ClockStart, *, is_foreigner: bool = True) -> tuple[ClockLimit, ...]:
        """The clocks that an event starts, shortest first; consular notice only for foreigners."""
        started = (
            rule
            for rule in self._clocks.values()
            if rule.starts_with is start and (is_foreigner or not rule.only_for_foreigners)
        )
        return tuple(_as_limit(rule) for rule in sorted(started, key=lambda rule: rule.limit_s))


class PolicyInForce:
    """One law pack, at most one procedure, and orders: everything that ``assess`` decides by."""

    def __init__(self, documents: Iterable[PolicyDocument]) -> None:
        """Check that the documents fit together, and compile each span of time.

        Raises:
            PolicyError: not exactly one law pack, a rule id twice, or a replacement that is not allowed.
        """
        self.documents: tuple[PolicyDocument, ...] = tuple(documents)
        self.references: tuple[PolicyReference, ...] = tuple(doc.reference for doc in self.documents)
        _check_together(self.documents)
        rules = [rule for document in self.documents for rule in document.rules]
        changes = {rule.effective_from for rule in rules}
        changes |= {rule.effective_to for rule in rules if rule.effective_to is not None}
        self._changes = sorted(changes)
        starts = [datetime.min.replace(tzinfo=UTC), *self._changes]
        self._spans = [RulesInForce(_in_force(rules, start)) for start in starts]

    @property
    def law(self) -> PolicyDocument:
        """The law pack."""
        return next(doc for doc in self.documents if doc.kind is PolicyKind.LAW)

    @property
    def orders(self) -> tuple[PolicyDocument, ...]:
        """The orders documents, in the order of the deployment."""
        return tuple(doc for doc in self.documents if doc.kind is PolicyKind.ORDERS)

    def rules_at(self, at: datetime) -> RulesInForce:
        """The rules in force at the aware instant ``at``.

        Raises:
            ValueError: ``at`` has no zone.
        """
        return self._spans[bisect_right(self._changes, require_aware(at))]

    def clock_limit(self, kind: ClockKind, *, at: datetime) -> ClockLimit | None:
        """The limit of one legal clock at ``at`` with its clause, or None if the pack has no such clock."""
        rule = self.rules_at(at).clock(kind)
        return None if rule is None else _as_limit(rule)

    def with_orders(self, *orders: PolicyDocument) -> "PolicyInForce":
        """The same with later orders; an order of the same id replaces its earlier version.

        Raises:
            PolicyError: one is a law or a procedure, or has the id of one in force: no order displaces those.
        """
        newer = {order.id for order in orders}
        for document in (*orders, *(document for document in self.documents if document.id in newer)):
            if document.kind is not PolicyKind.ORDERS:
                msg = f"{document.id}: a {document.kind.value} is no order and is not changed by one"
                raise PolicyError(msg)
        return PolicyInForce((*(doc for doc in self.documents if doc.id not in newer), *orders))


def _as_limit(rule: ClockRule) -> ClockLimit:
    return ClockLimit(kind=rule.clock, limit_s=rule.limit_s, citation=rule.citation)


def _in_force(rules: list[AnyRule], at: datetime) -> list[AnyRule]:
    current = [rule for rule in rules if rule.is_in_force(at)]
    replaced = {rule_id for rule in current for rule_id in rule.replaces}
    return [rule for rule in current if rule.rule_id not in replaced]


def _strictest(rules: Iterable[_R], *, by: str, rank: Callable[[_R], tuple[float, ...]]) -> dict[Any, _R]:
    """Give for each thing that the rules speak of the strictest one; of equals, the first document's."""
    held: dict[Any, _R] = {}
    for rule in rules:
        topic = getattr(rule, by)
        if topic not in held or rank(rule) > rank(held[topic]):
            held[topic] = rule
    return held


def _gravity(consequence: Consequence) -> int:
    return list(Consequence).index(consequence)


def _strictness_of_profile(rule: ScenarioProfile) -> tuple[float, ...]:
    asked = rule.declaration_for_all + rule.repeat_measurement_for_all
    return (asked, rule.threshold_lowered_by_c, rule.reports_per_day)


def _grouped(thresholds: tuple[Threshold, ...]) -> dict[_ThresholdKey, tuple[Threshold, ...]]:
    groups: dict[_ThresholdKey, list[Threshold]] = defaultdict(list)
    for rule in thresholds:
        groups[rule.device_kind, rule.site, rule.reading_kind].append(rule)
    return {key: tuple(group) for key, group in groups.items()}


def _check_together(documents: tuple[PolicyDocument, ...]) -> None:
    laws = [document.id for document in documents if document.kind is PolicyKind.LAW]
    if len(laws) != 1:
        msg = f"exactly one law pack must be in force, not {laws}"
        raise PolicyError(msg)
    owners: dict[str, _Owned] = {}
    for document in documents:
        for rule in document.rules:
            if rule.rule_id in owners:
                msg = f"{document.id}: rule {rule.rule_id!r} stands also in {owners[rule.rule_id][0].id}"
                raise PolicyError(msg)
            owners[rule.rule_id] = (document, rule)
    profiled = {rule.scenario for _, rule in owners.values() if isinstance(rule, ScenarioProfile)}
    for document, rule in owners.values():
        _check_scenario(document, rule, profiled=profiled)
        for replaced_id in rule.replaces:
            where = f"{document.id}: rule {rule.rule_id!r}: replaces {replaced_id!r}"
            _check_replacement((document, rule), owners.get(replaced_id), where=where)


def _check_scenario(document: PolicyDocument, rule: AnyRule, *, profiled: set[ResponseScenario]) -> None:
    """A situation that changes nothing at the lane must not look declared; situation 1 is the usual state."""
    if isinstance(rule, ScenarioDeclared) and rule.scenario not in {*profiled, ResponseScenario.SCENARIO_1}:
        msg = f"{document.id}: rule {rule.rule_id!r}: no document in force says what {rule.scenario.value} changes"
        raise PolicyError(msg)


def _check_replacement(newer: _Owned, older: _Owned | None, *, where: str) -> None:
    if older is None:
        msg = f"{where}, which no document in force has"
        raise PolicyError(msg)
    if type(older[1]) is not type(newer[1]):
        msg = f"{where}, which is a rule of another kind"
        raise PolicyError(msg)
    if older[0].kind is PolicyKind.LAW and newer[0].kind is not PolicyKind.LAW:
        msg = f"{where}, a rule of law, which an order cannot replace"
        raise PolicyError(msg)
