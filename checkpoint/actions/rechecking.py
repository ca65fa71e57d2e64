"""The clinical recheck that ends an alarm, at the lane or beside it."""

from typing import Annotated, Any, TypeVar
from uuid import UUID

import msgspec

from checkpoint.actions.assessing import lane_facts
from checkpoint.actions.deciding import (
    MeasureCommand,
    Temperature,
    hand_measurement,
    measure_person,
    require_draft,
)
from checkpoint.actions.gate import Turn
from checkpoint.actions.overridden import write_override
from checkpoint.actions.presenting import Answers, Symptoms
from checkpoint.actions.refusals import ActionRefusedError
from checkpoint.actions.remarks import newest_identity
from checkpoint.actions.saving import Referral, counted_as, isolate, restart_clocks
from checkpoint.actions.sheet import ClosedCrossing, LaneSheet
from checkpoint.actions.understanding import ShortText
from checkpoint.actions.watching import note_second
from checkpoint.clocks import start_clocks
from checkpoint.lane import Phase, finish_recheck, set_aside
from checkpoint.store.crossings import CrossingRow, find_crossing, first_record, note_recheck, settle_crossing
from checkpoint.store.journal import SealedFor
from checkpoint.store.lanes import log_access
from sync.agreement.assessment import assess
from sync.agreement.decision_words import Exposure
from sync.agreement.facts import Assessment, Facts, Measurement
from sync.agreement.records import CrossingScreened, TemperatureRechecked
from sync.agreement.upcasting import areas_in_the_open
from sync.agreement.vocabulary import DeviceKind, Disposition, MeasuringSite, Outcome, ReadingKind
from sync.exchange.envelope import body_of, decode_record

_TOLD = ("has_declaration", "is_symptom_checked", "symptoms", "exposures", "place_answers")
_CHANGEABLE = (*_TOLD, "has_employer")
_Fact = TypeVar("_Fact")
_DISPOSITIONS = {
    Outcome.CLEARED: Disposition.CLEARED,
    Outcome.REFERRED: Disposition.REFERRED,
    Outcome.REFUSED: Disposition.REFUSED,
}


class RecheckCommand(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the clinical thermometer said, and where it was held.

    What else was missing of somebody led aside is told with it: there is no lane any more to enter it at.
    """

    crossing_id: UUID
    temperature_c: Temperature
    site: MeasuringSite
    has_declaration: bool | None = None
    is_symptom_checked: bool | None = None
    symptoms: Symptoms | None = None
    exposures: Annotated[tuple[Exposure, ...], msgspec.Meta(max_length=8)] | None = None
    place_answers: Answers | None = None
    employer: ShortText = ""
    project: ShortText = ""

    @property
    def told(self) -> dict[str, Any]:
        """The facts that were told with the reading."""
        given = {name: getattr(self, name) for name in _TOLD if getattr(self, name) is not None}
        return given | ({"has_employer": True} if self.employer.strip() and self.project.strip() else {})


class SetAsideCommand(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whom the officer leads aside."""

    draft_id: UUID


def recheck_person(turn: Turn, lane_id: str, command: RecheckCommand) -> LaneSheet:
    """Close an alarm by a clinical reading: cleared, refused, or referred and isolated, in one commit."""
    crossing_id = str(command.crossing_id)
    sheet = turn.sheet(lane_id)
    row = find_crossing(turn.transaction, crossing_id)
    if row is None:
        return _measure_clinically(turn, lane_id, command)
    if row.disposition is not Disposition.PENDING:
        if row.recheck_c == command.temperature_c:
            return sheet  # the same request again, because its answer was lost
        code = "not_awaiting_recheck"
        raise ActionRefusedError(code)
    is_here = sheet.state.phase is Phase.AWAITING_RECHECK and sheet.state.person.crossing_id == crossing_id
    measurement = hand_measurement(
        turn, lane_id, temperature_c=command.temperature_c, site=command.site, kind=ReadingKind.CLINICAL
    )
    screened = _screened(turn, row)
    facts = _facts(turn, screened, sheet=sheet if is_here else None, measurement=measurement)
    facts = _with_told(facts, command)
    closed = _write_recheck(
        turn, lane_id, row=row, facts=facts, screened=screened, sheet=sheet if is_here else None, command=command
    )
    note_second(turn, screened.measurements, assessment=closed.assessment)
    if not is_here:
        return turn.stage(lane_id, msgspec.structs.replace(sheet, saved=closed.saved, closed=closed))
    state = finish_recheck(sheet.state)
    return turn.stage(lane_id, LaneSheet(state=state, saved=closed.saved, closed=closed))


def set_aside_person(turn: Turn, lane_id: str, command: SetAsideCommand) -> LaneSheet:
    """Lead a person with an alarm aside to be rechecked there, so that the lane can go on.

    The crossing stays pending, its clocks run on, and it stands among those who wait at the isolation
    room, where the clinical reading is entered. Asking again, because the answer was lost, changes nothing.
    """
    sheet, crossing_id = turn.sheet(lane_id), str(command.draft_id)
    is_here = sheet.state.presentation is not None and sheet.state.person.crossing_id == crossing_id
    if not is_here and find_crossing(turn.transaction, crossing_id) is not None:
        return sheet
    require_draft(sheet, command.draft_id)
    log_access(
        turn.transaction,
        at=turn.at,
        officer_ref=turn.officer_ref or "",
        action="person_set_aside",
        subject=crossing_id,
        reason="",
    )
    return turn.stage(lane_id, LaneSheet(state=set_aside(sheet.state), saved=sheet.saved))


def _measure_clinically(turn: Turn, lane_id: str, command: RecheckCommand) -> LaneSheet:
    """Take a clinical reading of a person whose crossing is not written down yet: it is the first one."""
    require_draft(turn.sheet(lane_id), command.crossing_id)
    measured = MeasureCommand(
        temperature_c=command.temperature_c, device_kind=DeviceKind.CLINICAL_THERMOMETER, site=command.site
    )
    return measure_person(turn, lane_id, measured)


def require_crossing(turn: Turn, crossing_id: str) -> CrossingRow:
    """Return a crossing of this edge, or refuse with 404."""
    row = find_crossing(turn.transaction, crossing_id)
    if row is None:
        code = "no_such_crossing"
        raise ActionRefusedError(code, http_code=404)
    return row


def _screened(turn: Turn, row: CrossingRow) -> Facts:
    """Read the facts of the record that opened the crossing, with what is sealed of them."""
    envelope = decode_record(first_record(turn.transaction, row))
    screened = body_of(envelope)
    if not isinstance(screened, CrossingScreened):
        msg = f"record {row.entry} opens crossing {row.crossing_id} but is no crossing_screened"
        raise TypeError(msg)
    areas = areas_in_the_open(envelope.open, type_name=envelope.type, type_version=envelope.type_version)
    sealed = newest_identity(turn, row) if not areas and screened.areas_visited else None
    visited_areas = areas if sealed is None else sealed.identity.visited_areas
    return msgspec.structs.replace(screened.facts, visited_areas=visited_areas)


def _facts(turn: Turn, screened: Facts, *, sheet: LaneSheet | None, measurement: Measurement) -> Facts:
    """Take the facts of the person in the lane, or those of the record that opened the crossing."""
    if sheet is not None:
        return lane_facts(turn.gate, sheet.state, at=turn.at, added=(measurement,))
    return msgspec.structs.replace(screened, measurements=(*screened.measurements, measurement))


def _with_told(facts: Facts, command: RecheckCommand) -> Facts:
    """Add what was told with the reading; an answer about one place leaves those about others."""
    told = command.told
    if command.place_answers:
        asked = {one.place for one in command.place_answers}
        told["place_answers"] = (
            *(one for one in facts.place_answers if one.place not in asked),
            *command.place_answers,
        )
    return msgspec.structs.replace(facts, **told)


def _sealed_words(
    turn: Turn, row: CrossingRow, areas: tuple[str, ...] | None, *, command: RecheckCommand
) -> SealedFor | None:
    """Seal areas and employer that the officer noted while the alarm was open; ``None`` where nothing changed."""
    told = {} if areas is None else {"visited_areas": areas}
    told |= {name: words for name in ("employer", "project") if (words := getattr(command, name).strip())}
    found = newest_identity(turn, row) if told else None
    if found is None:
        return None
    return msgspec.structs.replace(found, identity=msgspec.structs.replace(found.identity, **told))


def _write_recheck(  # what was, what is, and what was told
    turn: Turn,
    lane_id: str,
    *,
    row: CrossingRow,
    facts: Facts,
    screened: Facts,
    sheet: LaneSheet | None,
    command: RecheckCommand,
) -> ClosedCrossing:
    assessment = assess(facts, turn.gate.policy, at=turn.at)
    measurement, disposition = facts.measurements[-1], _require_end(assessment)
    areas = _changed(facts.visited_areas, before=screened.visited_areas)
    rechecked = TemperatureRechecked(
        crossing_id=row.crossing_id,
        measurement=measurement,
        assessment=assessment,
        disposition=disposition,
        clocks=start_clocks(assessment.clocks, at=turn.at),
        areas_visited=None if areas is None else len(areas),
        **{name: _changed(getattr(facts, name), before=getattr(screened, name)) for name in _CHANGEABLE},
    )
    sealed_for = _sealed_words(turn, row, areas, command=command)
    saved = turn.append(rechecked, lane_id=lane_id, observed_at=measurement.observed_at, sealed_for=sealed_for)
    note_recheck(turn.transaction, row.crossing_id, measurement=measurement, outcome=assessment.outcome.value)
    settle_crossing(turn.transaction, row.crossing_id, disposition=disposition, place_id=None, saved=saved)
    restart_clocks(turn, row.crossing_id, assessment=assessment)
    write_override(turn, lane_id, facts=facts, crossing_id=row.crossing_id, assessment=assessment, sheet=sheet)
    before, now = counted_as(row), counted_as(row, disposition=disposition)
    turn.transaction.after_commit(lambda: turn.gate.tally.replace(before, now=now))
    is_referred = disposition is Disposition.REFERRED
    referral = isolate(turn, row.crossing_id, lane_id=lane_id) if is_referred else Referral()
    return ClosedCrossing(
        crossing_id=row.crossing_id,
        disposition=Disposition.ISOLATED if referral.place_id else disposition,
        assessment=assessment,
        saved=saved,
        place_id=referral.place_id,
        room_reason=referral.room_reason,
    )


def _changed(now: _Fact, *, before: _Fact) -> _Fact | None:
    """Return what the officer changed while the alarm was open; ``None`` leaves what the screening said."""
    return None if now == before else now


def _require_end(assessment: Assessment) -> Disposition:
    """A clinical reading ends the alarm unless something else is missing; then that comes first."""
    disposition = _DISPOSITIONS.get(assessment.outcome)
    if disposition is None:
        code = "recheck_not_complete"
        reason = assessment.reasons[0].code.value if assessment.reasons else ""
        raise ActionRefusedError(code, values={"outcome": assessment.outcome.value, "reason": reason})
    return disposition
