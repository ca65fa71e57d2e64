"""What an officer does with the person in the lane: amend, choose, measure by hand, except, close, discard."""

from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

import msgspec

from checkpoint.actions.assessing import assess_sheet, concluded, without_stale_reading
from checkpoint.actions.gate import Gate, Turn
from checkpoint.actions.knowing import with_pass_today
from checkpoint.actions.next_person_view import asks_in_s
from checkpoint.actions.party_members import as_found
from checkpoint.actions.presenting import AgeYears, CrossingDetails, amended
from checkpoint.actions.refusals import ActionRefusedError
from checkpoint.actions.saving import save_amendments
from checkpoint.actions.settling import close_lane, emptied_by, settle
from checkpoint.actions.sheet import LaneSheet
from checkpoint.lane import (
    NotBound,
    Phase,
    amend,
    choose,
    discard,
    measure_by_hand,
    record_exception,
)
from checkpoint.presentation import Presentation
from checkpoint.store.crossings import find_crossing
from checkpoint.store.lanes import drop_episode_key, log_access
from checkpoint.store.readings import leave_reading
from sync.agreement.facts import Measurement
from sync.agreement.identifiers import uuid7
from sync.agreement.records import CodedException
from sync.agreement.vocabulary import (
    DeviceKind,
    Disposition,
    ExceptionCode,
    MeasuringSite,
    Outcome,
    ReadingKind,
)

# Three marks that are no spaces: a reason must say something.
ReasonText = Annotated[str, msgspec.Meta(pattern=r"\S\s*\S\s*\S", max_length=500)]
Temperature = Annotated[float, msgspec.Meta(ge=0, le=60)]

_KIND_BY_DEVICE = {
    DeviceKind.CLINICAL_THERMOMETER: ReadingKind.CLINICAL,
    DeviceKind.INFRARED_THERMOMETER: ReadingKind.DEVICE_COMPENSATED,
}


class DetailsCommand(CrossingDetails, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the officer changes; ``draft_id`` says of whom, so that it cannot hit the next person."""

    draft_id: UUID | None = None


class ChooseCommand(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which of the candidates is this person's."""

    reading_id: str


class MeasureCommand(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the officer read off a hand thermometer."""

    temperature_c: Temperature
    device_kind: DeviceKind
    site: MeasuringSite


class CloseCommand(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The draft that the officer saw on the screen."""

    draft_id: UUID


class ExceptionCommand(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why this person is not measured (R008); ``is_fallback_tried``: no other thermometer could be used either.

    ``age_years``: see ``CrossingDetails``; what holds for small children needs to know that it is one.
    """

    draft_id: UUID
    code: ExceptionCode
    reason: ReasonText
    is_fallback_tried: bool = False
    age_years: AgeYears | None = None


class DiscardCommand(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why a presentation is taken back."""

    draft_id: UUID
    reason: ReasonText


def change_details(turn: Turn, lane_id: str, command: DetailsCommand) -> LaneSheet:
    """Change what is noted of the crossing before it is closed, and assess anew.

    An alarm is in the journal already: what is changed of it is written as a correction.
    """
    sheet = turn.sheet(lane_id)
    if command.draft_id is not None:
        require_draft(sheet, command.draft_id)
    before, person = sheet.state.person, as_found(turn, lane_id, amended(sheet.state.person, command))
    state = amend(sheet.state, person)
    if state.override is not None and _of_orders(person) != _of_orders(before):
        state = msgspec.structs.replace(state, override=None)  # it was of another verdict
        sheet = msgspec.structs.replace(sheet, overridden=None)
    if sheet.state.phase is Phase.AWAITING_RECHECK:
        save_amendments(turn, lane_id, sheet=sheet, person=person)
    return settle(turn, lane_id, sheet=concluded(turn.gate, sheet, state=state, at=turn.at))


def _of_orders(person: Presentation) -> tuple[str, ...]:
    """What orders look at and an officer may change."""
    return person.category.value, person.purpose.value, person.direction.value


def choose_reading(turn: Turn, lane_id: str, command: ChooseCommand) -> LaneSheet:
    """Bind the candidate that the officer names."""
    sheet = turn.sheet(lane_id)
    state = choose(sheet.state, command.reading_id)
    for candidate in sheet.state.candidates:
        if candidate.reading_id != command.reading_id:
            leave_reading(turn.transaction, candidate.reading_id, because=NotBound.NOT_CHOSEN.value)
    return settle(turn, lane_id, sheet=concluded(turn.gate, sheet, state=state, at=turn.at))


def measure_person(turn: Turn, lane_id: str, command: MeasureCommand) -> LaneSheet:
    """Bind a value that the officer measured on this person with a hand thermometer."""
    sheet = without_stale_reading(turn, turn.sheet(lane_id))
    kind = _KIND_BY_DEVICE.get(command.device_kind)
    if kind is None:
        code = "not_a_hand_thermometer"
        raise ActionRefusedError(code, http_code=422, values={"device_kind": command.device_kind.value})
    state = measure_by_hand(
        sheet.state,
        hand_measurement(turn, lane_id, temperature_c=command.temperature_c, site=command.site, kind=kind),
    )
    return settle(turn, lane_id, sheet=concluded(turn.gate, sheet, state=state, at=turn.at))


def except_person(turn: Turn, lane_id: str, command: ExceptionCommand) -> LaneSheet:
    """Note a coded exception with officer and reason; the policy says what it leads to."""
    sheet = without_stale_reading(turn, turn.sheet(lane_id))
    require_draft(sheet, command.draft_id)
    exception = CodedException(code=command.code, reason=command.reason, officer_ref=turn.officer_ref or "")
    state = record_exception(sheet.state, exception, is_fallback_tried=command.is_fallback_tried)
    if command.age_years is not None:
        person = amended(state.person, DetailsCommand(age_years=command.age_years))
        state = msgspec.structs.replace(state, presentation=person)
    return settle(turn, lane_id, sheet=concluded(turn.gate, sheet, state=state, at=turn.at))


def close_crossing(turn: Turn, lane_id: str, command: CloseCommand) -> LaneSheet:
    """Save the verdict as it is now: cleared, refused or referred; the lane is empty again.

    A reading that has become too old since, or an order that began, is found here: then the refusal
    says so and nothing is written. Closing a draft again, because the answer was lost, changes nothing.
    """
    sheet = turn.sheet(lane_id)
    if _is_closed_already(turn, sheet, command.draft_id):
        return sheet
    require_draft(sheet, command.draft_id)
    sheet = with_pass_today(turn, sheet)
    assessment = assess_sheet(turn.gate, sheet, at=turn.at)
    emptied = emptied_by(sheet.state, assessment=assessment)
    return close_lane(turn, lane_id, sheet=sheet, emptied=emptied, assessment=assessment)


def pass_automatically(turn: Turn, lane_id: str) -> bool:
    """Close a cleared crossing without a key press, where the lane's settings allow it; tell whether it was due.

    Only a bound reading passes by itself: an exception, a wait and a refusal want an officer. Where nobody is at the
    workstation, or it is locked, nobody passes.
    """
    sheet = with_pass_today(turn, turn.sheet(lane_id))
    if not is_passage_due(turn.gate, lane_id, at=turn.at):
        return False
    assessment = assess_sheet(turn.gate, sheet, at=turn.at)
    if assessment.outcome is not Outcome.CLEARED:
        return False
    emptied = emptied_by(sheet.state, assessment=assessment)
    close_lane(turn, lane_id, sheet=sheet, emptied=emptied, assessment=assessment)
    return True


def is_passage_due(gate: Gate, lane_id: str, *, at: datetime) -> bool:
    """Tell whether a cleared person has been shown to an officer as cleared for long enough (0 s: never)."""
    left_s = passage_left_s(gate, lane_id, at=at)
    return left_s is not None and left_s <= 0


def passage_left_s(gate: Gate, lane_id: str, *, at: datetime) -> float | None:
    """Return in how many seconds the person passes by themselves, 0 s or less once due; ``None`` if never.

    The seconds are those that an officer could see it: they begin anew when one comes, or unlocks the screen.
    """
    attended_since = gate.attended_since(lane_id, at=at)
    sheet, after_s = gate.sheets[lane_id], gate.settings.lanes[lane_id].automatic_passage_s
    bound, assessment = sheet.state.bound, sheet.assessment
    if attended_since is None or after_s <= 0 or bound is None or assessment is None:
        return None
    if sheet.state.phase is not Phase.VERDICT or assessment.outcome is not Outcome.CLEARED:
        return None
    shown_since = max(bound.observed_at, sheet.state.person.presented_at, attended_since)
    return (shown_since + timedelta(seconds=after_s) - at).total_seconds()


def discard_draft(turn: Turn, lane_id: str, command: DiscardCommand) -> LaneSheet:
    """Take back a presentation made in error; only while no usable reading is bound. It is logged.

    Once the lane asks whether the person is still there, the answer may be that nobody is: the reading then stays
    among those of nobody, for the reconciliation to find, and who stands under an order is closed as refused instead.
    """
    sheet = without_stale_reading(turn, turn.sheet(lane_id))
    require_draft(sheet, command.draft_id)
    state = discard(sheet.state, is_gone=_has_left(turn, lane_id, sheet))
    draft_id = str(command.draft_id)
    _leave_unclaimed(turn, sheet)
    drop_episode_key(turn.transaction, draft_id)
    turn.transaction.after_commit(lambda: turn.gate.forget_key(draft_id))
    log_access(
        turn.transaction,
        at=turn.at,
        officer_ref=turn.officer_ref or "",
        action="draft_discarded",
        subject=draft_id,
        reason=command.reason,
    )
    return turn.stage(lane_id, LaneSheet(state=state))


def _has_left(turn: Turn, lane_id: str, sheet: LaneSheet) -> bool:
    left_s = asks_in_s(sheet, after_s=turn.gate.settings.lanes[lane_id].ask_after_s, at=turn.at)
    outcome = sheet.assessment.outcome if sheet.assessment is not None else Outcome.WAIT
    return left_s is not None and left_s <= 0 and outcome in {Outcome.CLEARED, Outcome.WAIT}


def _leave_unclaimed(turn: Turn, sheet: LaneSheet) -> None:
    """Keep what was measured on somebody who left: what a thermometer in the hand read stands nowhere else."""
    bound = sheet.state.bound
    if bound is None:
        return
    leave_reading(turn.transaction, bound.reading_id, because=NotBound.UNCLAIMED.value)
    log_access(
        turn.transaction,
        at=turn.at,
        officer_ref=turn.officer_ref or "",
        action="reading_unclaimed",
        subject=bound.reading_id,
        reason=f"{bound.device_id} {bound.temperature_c} {bound.observed_at.isoformat()}",
    )


def require_draft(sheet: LaneSheet, draft_id: UUID) -> None:
    """Refuse a command about another person than the one who stands here now."""
    presentation = sheet.state.presentation
    if presentation is None or presentation.crossing_id != str(draft_id):
        code = "draft_is_gone"
        raise ActionRefusedError(code)


def _is_closed_already(turn: Turn, sheet: LaneSheet, draft_id: UUID) -> bool:
    presentation = sheet.state.presentation
    if presentation is not None and presentation.crossing_id == str(draft_id):
        return False
    row = find_crossing(turn.transaction, str(draft_id))
    return row is not None and row.disposition is not Disposition.PENDING


def hand_measurement(
    turn: Turn, lane_id: str, *, temperature_c: float, site: MeasuringSite, kind: ReadingKind
) -> Measurement:
    """Make the measurement of a hand thermometer, timed by the edge."""
    is_clinical = kind is ReadingKind.CLINICAL
    return Measurement(
        reading_id=str(uuid7(turn.at, turn.gate.random_bytes)),
        device_id=turn.gate.settings.hand_thermometer_of(lane_id, is_clinical=is_clinical),
        device_kind=DeviceKind.CLINICAL_THERMOMETER if is_clinical else DeviceKind.INFRARED_THERMOMETER,
        kind=kind,
        site=site,
        temperature_c=temperature_c,
        observed_at=turn.at,
    )
