"""What the measurements say: confirmed fever, open alarm, a reading that lets pass, or none that may."""

from collections.abc import Iterator

from sync.agreement.assessment.exceptions import by_exception
from sync.agreement.assessment.findings import Case, Finding, Held, Rank, Values, found
from sync.agreement.policy import MandatoryStep, Rule
from sync.agreement.vocabulary import ReasonCode


def temperature_findings(case: Case) -> Iterator[Finding]:
    """Everything that the usable measurements, or their absence, say."""
    yield from _confirmed_fever(case)
    yield from _alarm(case)
    yield from _passing_reading(case)
    yield from _readings_without_threshold(case)


def _confirmed_fever(case: Case) -> Iterator[Finding]:
    for held in case.held:
        if held.is_clinical and held.is_raised:
            yield _measured(ReasonCode.FEVER_CONFIRMED, rank=Rank.FEVER, held=held)


def _alarm(case: Case) -> Iterator[Finding]:
    open_alarm: Held | None = None
    for held in case.held:
        if case.answers_alarm(held):
            open_alarm = None
        elif held.is_raised and not held.is_clinical:
            open_alarm = held
    if open_alarm is not None:
        yield _measured(ReasonCode.RAISED_READING, rank=Rank.ALARM, held=open_alarm)


def _passing_reading(case: Case) -> Iterator[Finding]:
    """The last reading that was held against a threshold lets pass, or something is missing."""
    compared = [held for held in case.held if held.limit_c is not None]
    if not compared:
        if not case.held or MandatoryStep.TEMPERATURE in case.excused:
            yield _without_reading(case)
        return
    last = compared[-1]
    if last.is_raised:
        return
    had_alarm = last.is_clinical and any(held.is_raised for held in compared if not held.is_clinical)
    yield _too_old(case, last) or _measured(
        ReasonCode.FEVER_NOT_CONFIRMED if had_alarm else ReasonCode.WITHIN_THRESHOLD, rank=Rank.CLEAR, held=last
    )
    yield from _repeat_measurement(case, compared)


def _too_old(case: Case, held: Held) -> Finding | None:
    fault = case.age_fault(held.measurement)
    if fault is None:
        return None
    if MandatoryStep.TEMPERATURE in case.excused:
        return by_exception(case)
    return found(
        ReasonCode.READING_NOT_USABLE, rank=Rank.WAIT, rule=case.rules.validity, values={"unusable_because": fault}
    )


def _without_reading(case: Case) -> Finding:
    if case.facts.exception_code is not None:
        return by_exception(case)
    duty = _measurement_duty(case)
    unusable = {reason for measurement in case.facts.measurements for reason in measurement.unusable_because}
    if unusable:
        values: Values = {"unusable_because": ",".join(sorted(unusable))}
        return found(ReasonCode.READING_NOT_USABLE, rank=Rank.WAIT, rule=duty, values=values)
    return found(ReasonCode.NO_READING, rank=Rank.WAIT, rule=duty)


def _repeat_measurement(case: Case, compared: list[Held]) -> Iterator[Finding]:
    profile = case.profile
    if profile is None or not profile.repeat_measurement_for_all:
        return
    is_done = len({held.measurement.reading_id for held in compared}) > 1
    if not is_done and MandatoryStep.TEMPERATURE in case.excused:
        yield by_exception(case)
        return
    values: Values = {"scenario": str(profile.scenario)}
    yield found(
        ReasonCode.REPEAT_MEASUREMENT_FOR_ALL, rank=Rank.CLEAR if is_done else Rank.WAIT, rule=profile, values=values
    )


def _readings_without_threshold(case: Case) -> Iterator[Finding]:
    """A reading that nothing can be held against is never silently normal, unless a later one is held.

    What a clinical thermometer said is answered by a clinical thermometer only, and by no exception
    but an emergency: a scan is the weaker word.
    """
    is_excused = MandatoryStep.TEMPERATURE in case.excused
    is_answered = is_excused
    is_clinical_answered = is_excused and MandatoryStep.SYMPTOM_CHECK in case.excused
    for held in reversed(case.held):
        if held.limit_c is not None:
            is_answered = True
            is_clinical_answered = is_clinical_answered or held.is_clinical
            continue
        measurement = held.measurement
        values: Values = {
            "device_kind": str(measurement.device_kind),
            "site": str(measurement.site),
            "reading_kind": str(measurement.kind),
            "temperature_c": measurement.temperature_c,
        }
        is_enough = is_clinical_answered if held.is_clinical else is_answered
        yield found(ReasonCode.NO_THRESHOLD, rank=Rank.CLEAR if is_enough else Rank.WAIT, values=values)


def _measured(code: ReasonCode, *, rank: Rank, held: Held) -> Finding:
    measurement = held.measurement
    values: Values = {
        "temperature_c": measurement.temperature_c,
        "threshold_c": 0.0 if held.limit_c is None else held.limit_c,
        "device_kind": str(measurement.device_kind),
        "site": str(measurement.site),
        "reading_id": measurement.reading_id,
    }
    return found(code, rank=rank, rule=held.rule, values=values)._replace(threshold_c=held.limit_c)


def _measurement_duty(case: Case) -> Rule | None:
    """The duty to cite: the one that names this category, else the latest of those for everybody."""
    covering = [duty for duty in case.rules.measurement_duties if duty.applies_to.covers(case.facts)]
    named = [duty for duty in covering if duty.applies_to.categories]
    return next(reversed(named or covering), None)
