"""Which mandatory steps somebody went through, and which are missing (R014: experts, 100 %). Pure.

One definition for the gate's shift report and the centre's list: a step is done because records say so. A step that
a coded exception or an override excused was not done: it is listed, with the code.
"""

from collections.abc import Iterable

import msgspec

from sync.agreement.facts import Facts
from sync.agreement.policy import MandatoryStep
from sync.agreement.policy.lane_rules import MeasurementDuty
from sync.agreement.records import CrossingScreened, RecordBody, TemperatureRechecked
from sync.agreement.vocabulary import TravellerCategory


class StepsTaken(msgspec.Struct, frozen=True, kw_only=True):
    """What was due and what was done, each in the order of ``MandatoryStep``."""

    required: tuple[MandatoryStep, ...]
    done: tuple[MandatoryStep, ...]

    @property
    def missing(self) -> tuple[MandatoryStep, ...]:
        """What was due and not done.

        >>> due = (MandatoryStep.TEMPERATURE, MandatoryStep.DECLARATION)
        >>> StepsTaken(required=due, done=(MandatoryStep.TEMPERATURE,)).missing
        (<MandatoryStep.DECLARATION: 'declaration'>,)
        """
        return tuple(step for step in self.required if step not in self.done)


def steps_taken(
    records: Iterable[RecordBody], *, category: TravellerCategory, duties: Iterable[MeasurementDuty]
) -> StepsTaken | None:
    """Hold the records of one crossing against the duties in force then; ``None`` if none of them opened it.

    ``category`` is what the person counts as now: a correction after the fact makes the steps due as well.
    """
    screened: CrossingScreened | None = None
    done: set[MandatoryStep] = set()
    for body in records:
        if isinstance(body, CrossingScreened):
            screened = screened or body
            done |= _done_at_lane(body.facts)
        elif isinstance(body, TemperatureRechecked):
            done |= _done_at_recheck(body)
    if screened is None:
        return None
    facts = msgspec.structs.replace(screened.facts, category=category)
    due = {step for duty in duties if duty.applies_to.covers(facts) for step in duty.steps}
    return StepsTaken(
        required=tuple(step for step in MandatoryStep if step in due),
        done=tuple(step for step in MandatoryStep if step in done),
    )


def _done_at_lane(facts: Facts) -> set[MandatoryStep]:
    is_measured = any(one.is_usable for one in facts.measurements)
    return _done(
        is_measured=is_measured,
        is_declared=facts.has_declaration,
        is_asked=bool(facts.symptoms) or facts.is_symptom_checked,
        has_employer=facts.has_employer,
    )


def _done_at_recheck(body: TemperatureRechecked) -> set[MandatoryStep]:
    return _done(
        is_measured=body.measurement.is_usable,
        is_declared=bool(body.has_declaration),
        is_asked=bool(body.symptoms) or bool(body.is_symptom_checked),
        has_employer=bool(body.has_employer),
    )


def _done(*, is_measured: bool, is_declared: bool, is_asked: bool, has_employer: bool) -> set[MandatoryStep]:
    """The symptom questions are part of the declaration form 01."""
    said = {
        MandatoryStep.TEMPERATURE: is_measured,
        MandatoryStep.SYMPTOM_CHECK: is_asked or is_declared,
        MandatoryStep.DECLARATION: is_declared,
        MandatoryStep.EMPLOYER: has_employer,
    }
    return {step for step, is_done in said.items() if is_done}
