"""What the traveller was exposed to: places with a case, asked one by one (R075), and declared contacts."""

from collections.abc import Iterator

from sync.agreement.assessment.findings import CONSEQUENCES, Case, Finding, Rank, Values, found
from sync.agreement.policy import Consequence, ExposurePlace, MandatoryStep
from sync.agreement.vocabulary import ReasonCode


def exposure_findings(case: Case) -> Iterator[Finding]:
    """Everything that the answers, or their absence, say."""
    answers = {answer.place: answer.was_there for answer in case.facts.place_answers}
    for rule in case.rules.places_asked_of(case.facts, at=case.at):
        yield _of_place(case, rule, was_there=answers.get(rule.place))
    yield from _contacts(case)


def _of_place(case: Case, rule: ExposurePlace, *, was_there: bool | None) -> Finding:
    values: Values = {
        "place": rule.names.vi,
        "from_at": rule.was_from.isoformat(),
        "to_at": rule.was_to.isoformat(),
    }
    if was_there is None:
        rank = Rank.CLEAR if MandatoryStep.SYMPTOM_CHECK in case.excused else Rank.WAIT
        return found(ReasonCode.PLACE_NOT_ASKED, rank=rank, rule=rule, values=values)
    if not was_there:
        return found(ReasonCode.NOT_AT_PLACE, rank=Rank.CLEAR, rule=rule, values=values)
    return found(ReasonCode.WAS_AT_PLACE, rank=_rank(case, rule.consequence), rule=rule, values=values)


def _contacts(case: Case) -> Iterator[Finding]:
    declared = set(case.facts.exposures)
    for rule in case.rules.contact_rules:
        met = declared.intersection(rule.exposures)
        if met and rule.applies_to.covers(case.facts):
            values: Values = {"exposures": ",".join(sorted(met))}
            yield found(ReasonCode.CONTACT_DECLARED, rank=_rank(case, rule.consequence), rule=rule, values=values)


def _rank(case: Case, consequence: Consequence) -> Rank:
    """The rank of a consequence; a recheck that a clinical thermometer has answered asks for nothing more."""
    rank = CONSEQUENCES[consequence]
    if rank is Rank.TRIAGE_RECHECK and any(map(case.answers_alarm, case.held)):
        return Rank.CLEAR
    return rank
