"""What is in force at an instant: one law pack, the procedure, and the orders, each rule in its dates.

Everything is compiled when ``PolicyInForce`` is built: between two dates at which any rule begins or
ends, the rules in force are the same, so each such span is compiled once and found by bisection.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar

from sync.agreement.device_words import DeviceCondition
from sync.agreement.facts import ClockLimit, Facts, Measurement, Override, PolicyReference
from sync.agreement.local_time import require_aware
from sync.agreement.policy.decision_rules import ContactRule, ExposurePlace, OverrideRule
from sync.agreement.policy.device_rules import BY_DEFAULT, GRAVITY, DeviceConditionRule, DeviceConsequence
from sync.agreement.policy.documents import PolicyDocument, PolicyError, PolicyKind, PolicyOutdatedError
from sync.agreement.policy.kinds import AnyRule
from sync.agreement.policy.lane_rules import (
    DEFAULT_ASKED_WITHIN_S,
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
    Threshold,
    TrafficOrder,
    Triage,
)
from sync.agreement.policy.legal_rules import ClockRule
from sync.agreement.policy.method_rules import ThresholdMethodRule
from sync.agreement.policy.rule import ClockStart, Consequence, DocumentFault, Rule
from sync.agreement.policy.standpoint import Standpoint
from sync.agreement.threshold_words import ThresholdMethod
from sync.agreement.vocabulary import (
    ClockKind,
    DeviceKind,
    ExceptionCode,
    MeasuringSite,
    ReadingKind,
    ReasonCode,
    ResponseScenario,
)

_R = TypeVar("_R")
_Owned = tuple[PolicyDocument, AnyRule]
_ThresholdKey = tuple[DeviceKind, MeasuringSite, ReadingKind]


_NOWHERE: Final = Standpoint()


class RulesInForce:
    """The rules of one span of time, ready to be asked. Never changed after it is built.

    Where two rules speak of the same thing and neither replaces the other, the stricter one holds:
    a later order eases only what it names in ``replaces``.
    """

    def __init__(self, rules: Iterable[AnyRule], *, standpoint: Standpoint = _NOWHERE) -> None:
        """Sort the rules by kind and by what they are looked up by."""
        self.rules: tuple[AnyRule, ...] = tuple(rules)
        self.gates = standpoint.gates
        self.measurement_duties = self.of_type(MeasurementDuty)
        self.traffic_orders = self.of_type(TrafficOrder)
        self.quotas = tuple(order for order in self.traffic_orders if order.has_quota)
        self.risk_areas = self.of_type(RiskArea)
        self.exposure_places = self.of_type(ExposurePlace)
        self.contact_rules = self.of_type(ContactRule)
        self._overrides = self.of_type(OverrideRule)
        self.triage = self.of_type(Triage)
        self.declaration_duties = tuple(duty for duty in self.of_type(DeclarationDuty) if duty.is_mandatory)
        self._declared = self.of_type(ScenarioDeclared)
        self._profiles = _strictest(self.of_type(ScenarioProfile), by="scenario", rank=_strictness_of_profile)
        self._thresholds = _grouped(self.of_type(Threshold))
        self.learns = {
            (rule.device_kind, rule.site, rule.reading_kind): rule
            for rule in sorted(self.of_type(ThresholdMethodRule), key=_strictness_of_method)
        }
        self._fever = _strictest(
            self.of_type(FeverThreshold), by="site", rank=lambda rule: (-rule.fever_at_or_above_c,)
        )
        self._documents = _strictest(
            self.of_type(DocumentRule), by="fault", rank=lambda rule: (_gravity(rule.consequence),)
        )
        self._exceptions = _strictest(
            self.of_type(ExceptionRule), by="code", rank=lambda rule: (_gravity(rule.consequence), -len(rule.covers))
        )
        self._instruments = _strictest(
            self.of_type(DeviceConditionRule), by="condition", rank=lambda rule: (GRAVITY.index(rule.consequence),)
        )
        self._clocks = _strictest(self.of_type(ClockRule), by="clock", rank=lambda rule: (-rule.limit_s,))
        self.validity: ReadingValidity | None = min(
            self.of_type(ReadingValidity), key=lambda rule: rule.max_age_s, default=None
        )

        terms = [rule.asked_within_s for rule in self.of_type(RepeatedPresentation)]
        self.asked_within = timedelta(seconds=max(terms, default=DEFAULT_ASKED_WITHIN_S))

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
        return min(fitting, key=lambda rule: rule.limit_c(measurement.uncertainty_c), default=None)

    def method_for(self, measurement: Measurement) -> ThresholdMethodRule | None:
        """How the limit for this reading is found, by the strictest rule; None: as the threshold says."""
        return self.learns.get((measurement.device_kind, measurement.site, measurement.kind))

    def learnt_limit_c(self, measurement: Measurement) -> float | None:
        """The limit that the device has learnt, within the policy's bounds; None where the threshold's own decides."""
        rule = self.method_for(measurement)
        if rule is None or measurement.limit_c is None or measurement.threshold_method is not rule.method:
            return None
        return None if rule.method is ThresholdMethod.FIXED else rule.bounded_c(measurement.limit_c)

    def screening_limit(self, measurement: Measurement) -> tuple[Threshold | ThresholdMethodRule, float] | None:
        """The rule and the limit that a screening reading is held against; None where no threshold speaks of it.

        The limit is the learnt one or the threshold's own, less the guard band that the threshold orders.
        """
        stated = self.threshold_for(measurement)
        if stated is None:
            return None
        learnt_c, method = self.learnt_limit_c(measurement), self.method_for(measurement)
        if learnt_c is None or method is None:
            return stated, stated.limit_c(measurement.uncertainty_c)
        return method, learnt_c - stated.guard_c(measurement.uncertainty_c)

    def device_consequence(self, condition: DeviceCondition) -> DeviceConsequence:
        """What a reading is worth while its device is in ``condition``; the safe default where no rule speaks of it."""
        rule = self._instruments.get(condition)
        return BY_DEFAULT.get(condition, DeviceConsequence.NOTE) if rule is None else rule.consequence

    def fever_threshold_at(self, site: MeasuringSite) -> FeverThreshold | None:
        """The clinical threshold at one site, if the procedure knows the site."""
        return self._fever.get(site)

    def document_rule(self, fault: DocumentFault) -> DocumentRule | None:
        """What a fault of the travel document leads to."""
        return self._documents.get(fault)

    def exception_rule(self, code: ExceptionCode) -> ExceptionRule | None:
        """What a coded exception leads to."""
        return self._exceptions.get(code)

    def places_asked_of(self, facts: Facts, *, at: datetime) -> tuple[ExposurePlace, ...]:
        """The places about which this traveller is asked at ``at``."""
        return tuple(rule for rule in self.exposure_places if rule.is_asked_at(at) and rule.applies_to.covers(facts))

    def override_rule(self, reason: ReasonCode, *, override: Override) -> Rule | None:
        """The rule by which an override sets a reason aside, or None: then the reason stands."""
        if reason not in override.covers:
            return None
        fitting = (rule for rule in self._overrides if rule.allows(reason, code=override.code, role=override.role))
        return next(fitting, None)

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

    def __init__(self, documents: Iterable[PolicyDocument], *, standpoint: Standpoint = _NOWHERE) -> None:
        """Check that the documents fit together, and compile each span of time.

        ``standpoint`` names the edge that decides by it: orders hold there with that edge's share of their quotas.

        Raises:
            PolicyError: not exactly one law pack, a rule id twice, or a replacement that is not allowed.
        """
        self.standpoint = standpoint
        self.documents: tuple[PolicyDocument, ...] = tuple(documents)
        self.references: tuple[PolicyReference, ...] = tuple(doc.reference for doc in self.documents)
        _check_together(self.documents)
        rules = [_held_at(standpoint, rule) for document in self.documents for rule in document.rules]
        changes = {rule.effective_from for rule in rules}
        changes |= {rule.effective_to for rule in rules if rule.effective_to is not None}
        self._changes = sorted(changes)
        starts = [datetime.min.replace(tzinfo=UTC), *self._changes]
        self._spans = [RulesInForce(_in_force(rules, start), standpoint=standpoint) for start in starts]

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
            PolicyError: one is a law or a procedure, or has the id of one in force: no order displaces those;
                or it is not newer than what is in force (``PolicyOutdatedError``).
        """
        in_force = {document.id: document for document in self.documents}
        for document in orders:
            for one in (document, in_force.get(document.id, document)):
                if one.kind is not PolicyKind.ORDERS:
                    msg = f"{one.id}: a {one.kind.value} is no order and is not changed by one"
                    raise PolicyError(msg)
        return self.with_issued(*orders)

    def with_issued(self, *issued: PolicyDocument) -> "PolicyInForce":
        """The same with documents that the centre issued: of each id the newest version alone is in force.

        A new id brings an order; law pack and procedure are renewed under their own ids only.

        Raises:
            PolicyError: a document does not fit those in force.
            PolicyOutdatedError: its version is not higher than the one in force: replayed, or overtaken.
        """
        documents = {document.id: document for document in self.documents}
        for document in issued:
            _check_issue(document, before=documents.get(document.id))
            documents[document.id] = document
        return PolicyInForce(documents.values(), standpoint=self.standpoint)

    def seen_from(self, standpoint: Standpoint) -> "PolicyInForce":
        """The same as one edge decides by it, and as a replay of its records must."""
        return PolicyInForce(self.documents, standpoint=standpoint)


def _as_limit(rule: ClockRule) -> ClockLimit:
    return ClockLimit(kind=rule.clock, limit_s=rule.limit_s, citation=rule.citation)


def _held_at(standpoint: Standpoint, rule: AnyRule) -> AnyRule:
    """Hold an order with the edge's own share; the shares of another gate are that gate's alone."""
    if not standpoint.edge_id or not isinstance(rule, TrafficOrder):
        return rule
    is_of_another_gate = bool(standpoint.gate_id) and standpoint.gate_id not in rule.applies_to.point_of_entry_ids
    return rule if rule.shares and is_of_another_gate else rule.held_at(standpoint.edge_id)


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


def _strictness_of_method(rule: ThresholdMethodRule) -> tuple[bool, float]:
    """Order from mild to strict: what nothing moves is the strictest, then the lower ceiling."""
    return (rule.method is ThresholdMethod.FIXED, -rule.highest_c)


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


def _check_issue(document: PolicyDocument, *, before: PolicyDocument | None) -> None:
    kind = PolicyKind.ORDERS if before is None else before.kind
    if document.kind is not kind:
        msg = f"{document.id}: {document.kind.value} cannot be issued in the place of {kind.value}"
        raise PolicyError(msg)
    if before is not None and document.version <= before.version:
        msg = f"{document.id}: version {document.version} is not newer than version {before.version} in force"
        raise PolicyOutdatedError(msg)


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
