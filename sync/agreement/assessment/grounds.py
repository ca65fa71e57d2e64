"""The other grounds: symptoms, risk areas, documents, full control, declarations."""

from collections.abc import Iterator

from sync.agreement.assessment.exposures import exposure_findings
from sync.agreement.assessment.findings import CONSEQUENCES, Case, Finding, Rank, Values, found
from sync.agreement.assessment.traffic import traffic_findings
from sync.agreement.local_time import local_date
from sync.agreement.policy import DocumentFault, MandatoryStep, Rule
from sync.agreement.vocabulary import ReasonCode


def other_findings(case: Case) -> Iterator[Finding]:
    """Everything that the journey, the documents and the orders say."""
    yield from _triage(case)
    yield from exposure_findings(case)
    yield from traffic_findings(case)
    yield from _documents(case)
    yield from _mandatory_steps(case)
    yield from _declaration(case)


def _triage(case: Case) -> Iterator[Finding]:
    symptoms = set(case.facts.symptoms)
    if not symptoms:
        return
    comes_from_risk_area = any(True for _ in _risk_areas(case))
    fitting = [
        rule
        for rule in case.rules.triage
        if (not rule.any_symptom_of or symptoms.intersection(rule.any_symptom_of))
        and (comes_from_risk_area or not rule.from_risk_area)
        and rule.applies_to.covers(case.facts)
    ]
    gravest = max(fitting, key=lambda rule: CONSEQUENCES[rule.consequence], default=None)
    rank = Rank.WAIT if gravest is None else CONSEQUENCES[gravest.consequence]
    if rank is Rank.TRIAGE_RECHECK and any(map(case.answers_alarm, case.held)):
        rank = Rank.CLEAR
    values: Values = {"symptoms": ",".join(sorted(symptoms))}
    yield found(ReasonCode.SYMPTOMS_DECLARED, rank=rank, rule=gravest, values=values)


def _risk_areas(case: Case) -> Iterator[tuple[Rule, str, bool]]:
    """Each risk area rule that the journey meets, its own word for the area, and whether it asks for a declaration."""
    areas = case.facts.visited_areas
    if not areas:
        return
    for rule in case.rules.risk_areas:
        met = next((word for area in areas if (word := rule.word_for(area)) is not None), None)
        if met is not None and rule.applies_to.covers(case.facts):
            yield rule, met, rule.declaration_required


_DOCUMENT_REASONS = {
    DocumentFault.EXPIRED: ReasonCode.DOCUMENT_EXPIRED,
    DocumentFault.CANCELLED: ReasonCode.DOCUMENT_CANCELLED,
    DocumentFault.CHECK_DIGIT: ReasonCode.DOCUMENT_CHECK_DIGIT,
}


def _documents(case: Case) -> Iterator[Finding]:
    facts = case.facts
    expires_on = facts.document_expires_on
    faults = {
        DocumentFault.EXPIRED: expires_on is not None and expires_on < local_date(case.at),
        DocumentFault.CANCELLED: facts.is_document_cancelled,
        DocumentFault.CHECK_DIGIT: facts.are_check_digits_valid is False,
    }
    for fault, is_found in faults.items():
        if is_found:
            rule = case.rules.document_rule(fault)
            rank = Rank.WAIT if rule is None else CONSEQUENCES[rule.consequence]
            values: Values = {"document_kind": str(facts.document_kind)}
            if fault is DocumentFault.EXPIRED and expires_on is not None:
                values["expired_on"] = expires_on.isoformat()
            yield found(_DOCUMENT_REASONS[fault], rank=rank, rule=rule, values=values)


def _mandatory_steps(case: Case) -> Iterator[Finding]:
    """Full control of experts (R014): the symptom questions are part of the declaration form 01.

    The temperature is a step of its own: ``temperature_findings`` says whether it was taken.
    """
    done = {MandatoryStep.TEMPERATURE, *case.excused}
    if case.facts.has_declaration:
        done |= {MandatoryStep.DECLARATION, MandatoryStep.SYMPTOM_CHECK}
    if case.facts.symptoms or case.facts.is_symptom_checked:
        done.add(MandatoryStep.SYMPTOM_CHECK)
    if case.facts.has_employer:
        done.add(MandatoryStep.EMPLOYER)
    for duty in case.rules.measurement_duties:
        if len(duty.steps) > 1 and duty.applies_to.covers(case.facts):
            missing = [str(step) for step in duty.steps if step not in done]
            rank = Rank.WAIT if missing else Rank.CLEAR
            yield found(
                ReasonCode.EXPERT_FULL_CONTROL, rank=rank, rule=duty, values={"missing_steps": ",".join(missing)}
            )


def _declaration(case: Case) -> Iterator[Finding]:
    is_given = case.facts.has_declaration or MandatoryStep.DECLARATION in case.excused
    for rule, area, asks_declaration in _risk_areas(case):
        yield found(ReasonCode.FROM_RISK_AREA, rank=Rank.CLEAR, rule=rule, values={"area": area})
        if asks_declaration and not is_given:
            yield found(ReasonCode.DECLARATION_MISSING, rank=Rank.WAIT, rule=rule)
    if is_given:
        return
    for duty in case.rules.declaration_duties:
        if duty.applies_to.covers(case.facts):
            yield found(ReasonCode.DECLARATION_MISSING, rank=Rank.WAIT, rule=duty)
    if case.profile is not None and case.profile.declaration_for_all:
        yield found(ReasonCode.DECLARATION_MISSING, rank=Rank.WAIT, rule=case.profile)
