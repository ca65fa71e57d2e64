"""From who stands in a lane to facts, and from facts to the assessment under the policy in force."""

from datetime import datetime

import msgspec

from checkpoint.actions.declared import waiting_for_another, with_reading
from checkpoint.actions.gate import Gate, Turn
from checkpoint.actions.sheet import LaneSheet
from checkpoint.actions.twin import asking_about_twin, stopping_for_care
from checkpoint.clocks import start_clocks
from checkpoint.lane import LaneState, NotBound, Phase, conclude, expire
from checkpoint.presentation import Presentation
from checkpoint.store.readings import leave_reading
from sync.agreement.assessment import assess
from sync.agreement.facts import Assessment, CrossingCount, Facts, Measurement
from sync.agreement.vocabulary import ExceptionCode, Outcome, ReasonCode, Sex

VIETNAM = "VNM"


def facts_of(
    gate: Gate,
    presentation: Presentation,
    *,
    measurements: tuple[Measurement, ...],
    exception_code: ExceptionCode | None,
    at: datetime,
    is_written: bool = False,
) -> Facts:
    """Gather all that ``assess`` may look at, without a name; ``is_written``: the journal holds it already."""
    identity = presentation.identity
    facts = Facts(
        point_of_entry_id=gate.place.point_of_entry_id,
        point_of_entry_kind=gate.place.kind,
        locality=gate.place.locality,
        direction=presentation.direction,
        mode_of_entry=presentation.mode_of_entry,
        category=presentation.category,
        purpose=presentation.purpose,
        document_kind=presentation.document_kind,
        measurements=measurements,
        nationality=presentation.nationality,
        age_years=presentation.age_years,
        sex=None if identity.sex is Sex.UNSPECIFIED else identity.sex,
        document_expires_on=presentation.document_expires_on,
        is_document_cancelled=presentation.is_document_cancelled,
        are_check_digits_valid=presentation.are_check_digits_valid,
        visited_areas=presentation.visited_areas,
        symptoms=presentation.symptoms,
        has_declaration=presentation.has_declaration,
        exception_code=exception_code,
        same_category_crossings_today=gate.tally.count(presentation.category, at=at),
        place_answers=presentation.place_answers,
        exposures=presentation.exposures,
        is_symptom_checked=presentation.is_symptom_checked,
        has_employer=bool(identity.employer and identity.project),
    )
    return _counted(gate, facts, presentation, at=at, is_written=is_written)


def _counted(gate: Gate, facts: Facts, presentation: Presentation, *, at: datetime, is_written: bool) -> Facts:
    """Add what quotas are held against, for the hour the person came in; a written crossing takes no second place."""
    quotas = [order for order in gate.policy.rules_at(at).quotas if order.applies_to.covers(facts)]
    counted = gate.tally.counted_for(quotas, at=presentation.presented_at)
    if is_written:
        counted = tuple(_without(presentation, one) for one in counted)
    return msgspec.structs.replace(facts, crossings_counted=counted) if counted else facts


def _without(presentation: Presentation, one: CrossingCount) -> CrossingCount:
    """Take a person's own crossing out of a count."""
    if (one.category, one.direction) != (presentation.category, presentation.direction):
        return one
    return msgspec.structs.replace(one, today=max(0, one.today - 1), this_hour=max(0, one.this_hour - 1))


def lane_facts(gate: Gate, state: LaneState, *, at: datetime, added: tuple[Measurement, ...] = ()) -> Facts:
    """Gather the facts of the person in a lane, with measurements not yet in its state."""
    facts = facts_of(
        gate,
        state.person,
        measurements=(*state.measurements, *added),
        exception_code=state.exception.code if state.exception else None,
        at=at,
        is_written=state.phase is Phase.AWAITING_RECHECK,
    )
    if state.exception is None and state.override is None:
        return facts
    is_fallback_tried = state.exception is not None and state.is_fallback_tried
    return msgspec.structs.replace(facts, is_fallback_tried=is_fallback_tried, override=state.override)


def assess_lane(gate: Gate, state: LaneState, *, at: datetime) -> Assessment:
    """Assess the person in a lane as things stand."""
    return assess(lane_facts(gate, state, at=at), gate.policy, at=at)


def assess_sheet(gate: Gate, sheet: LaneSheet, *, at: datetime) -> Assessment:
    """Assess the person in a lane, who waits while a declaration lies there that may not be used.

    Whoever was at another lane a moment ago waits until an officer has looked; whoever is in the gate's care does not
    pass beside it.
    """
    assessment = waiting_for_another(assess_lane(gate, sheet.state, at=at), held=sheet.declaration)
    return stopping_for_care(asking_about_twin(assessment, held=sheet.twin), held=sheet.care)


def without_stale_reading(turn: Turn, sheet: LaneSheet) -> LaneSheet:
    """Take off a bound reading on which the policy decides no more, so that the lane can go on.

    A raised reading never grows stale: it is in the journal, and only a recheck ends its alarm.
    """
    bound = sheet.state.bound
    if bound is None or sheet.state.phase is not Phase.VERDICT:
        return sheet
    fresh = assess_lane(turn.gate, sheet.state, at=turn.at)
    is_stale = any(reason.code is ReasonCode.READING_NOT_USABLE for reason in fresh.reasons)
    if fresh.outcome is not Outcome.WAIT or not is_stale:
        return sheet
    leave_reading(turn.transaction, bound.reading_id, because=NotBound.STALE.value)
    return msgspec.structs.replace(sheet, state=expire(sheet.state))


def concluded(gate: Gate, sheet: LaneSheet, *, state: LaneState, at: datetime) -> LaneSheet:
    """Assess after a change of the lane, and move to the phase that the outcome asks for.

    A deadline that runs for this person goes on from where it began, however often things are assessed anew.
    """
    fresh = assess_sheet(gate, msgspec.structs.replace(sheet, state=state), at=at)
    if state.phase is not Phase.AWAITING_RECHECK:
        state = conclude(state, fresh.outcome)
    clocks = start_clocks(fresh.clocks, at=at, running=sheet.clocks)
    held = with_reading(sheet.declaration, state=state, assessment=fresh)
    return msgspec.structs.replace(sheet, state=state, assessment=fresh, clocks=clocks, declaration=held)
