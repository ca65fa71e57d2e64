"""Writing a crossing down: record, journal entry, read model, clocks and place, all in one commit."""

import msgspec

from checkpoint.actions.accompanying import note_company
from checkpoint.actions.assessing import lane_facts
from checkpoint.actions.gate import Turn
from checkpoint.actions.knowing import remember_traveller
from checkpoint.actions.overridden import with_words, write_override
from checkpoint.actions.picturing import keep_picture
from checkpoint.actions.remarks import with_remark
from checkpoint.actions.sheet import LaneDot, LaneSheet
from checkpoint.actions.watching import note_screened
from checkpoint.clocks import start_clocks
from checkpoint.isolation import admit
from checkpoint.isolation.case import CasePath
from checkpoint.isolation.path import PathEvent
from checkpoint.presentation import Presentation
from checkpoint.store.crossings import CrossingRow, add_crossing, correct_crossing, find_crossing, settle_crossing
from checkpoint.store.isolation import StoredCase, add_act, find_case, put_case
from checkpoint.store.journal import Saved, SealedFor, sequence_at
from checkpoint.store.lanes import find_episode_key, hold_place, read_room, start_running_clocks, stop_running_clocks
from checkpoint.store.readings import bind_reading
from checkpoint.store.tally import Counted
from sync.agreement.facts import Assessment
from sync.agreement.records import SEALED_WORDS, CodedException, CrossingCorrected, CrossingScreened, TravellerIsolated
from sync.agreement.vocabulary import Direction, Disposition, TravellerCategory
from sync.exchange.sealing import unwrap_episode_key

AMENDED_AT_LANE = "amended_at_lane"
_CORRECTABLE = ("direction", "category", "purpose")


class Referral(msgspec.Struct, frozen=True, kw_only=True):
    """What a referral led to: a place with its record, or the reason why the person stays referred."""

    place_id: str | None = None
    room_reason: str | None = None
    saved: Saved | None = None


def save_screened(
    turn: Turn, lane_id: str, *, sheet: LaneSheet, assessment: Assessment, disposition: Disposition
) -> Saved:
    """Write the record that opens a crossing, its row, its clocks, and what its reading was used for."""
    state, person = sheet.state, sheet.state.person
    facts = lane_facts(turn.gate, state, at=turn.at)
    screened = CrossingScreened(
        crossing_id=person.crossing_id,
        lane_id=lane_id,
        presented_at=person.presented_at,
        facts=msgspec.structs.replace(facts, visited_areas=()),
        assessment=assessment,
        disposition=disposition,
        person_key=person.person_key,
        exception=_without_words(state.exception),
        clocks=start_clocks(assessment.clocks, at=turn.at, running=sheet.clocks),
        areas_visited=len(facts.visited_areas),
    )
    observed_at = state.bound.observed_at if state.bound else person.presented_at
    words = with_words(state.exception.reason if state.exception else "", sheet.overridden)
    sealed_for = _sealed_for(turn, person, words=words)
    saved = turn.append(screened, lane_id=lane_id, observed_at=observed_at, sealed_for=sealed_for)
    kept = msgspec.structs.replace(screened, exception=state.exception)
    add_crossing(turn.transaction, kept, identity=person.identity, saved=saved, officer_ref=turn.officer_ref or "")
    remember_traveller(turn, person)
    start_running_clocks(turn.transaction, person.crossing_id, clocks=screened.clocks)
    bound = [
        measurement
        for measurement in facts.measurements
        if bind_reading(turn.transaction, measurement.reading_id, crossing_id=person.crossing_id)
    ]
    note_screened(turn, bound, assessment=assessment)
    keep_picture(turn, lane_id, assessment=assessment, measurements=facts.measurements, sealed_for=sealed_for)
    note_company(turn, lane_id, sheet=sheet, crossing_id=person.crossing_id)
    turn.transaction.after_commit(lambda: _count(turn, lane_id, screened))
    write_override(turn, lane_id, facts=facts, crossing_id=person.crossing_id, assessment=assessment, sheet=sheet)
    return saved


def save_amendments(turn: Turn, lane_id: str, *, sheet: LaneSheet, person: Presentation) -> None:
    """Write as a correction what an officer changes of a crossing that is in the journal already."""
    before = sheet.state.person
    row = find_crossing(turn.transaction, person.crossing_id)
    changed = {name: value for name in _CORRECTABLE if (value := getattr(person, name)) != getattr(before, name)}
    if row is None or (not changed and person.identity == before.identity):
        return
    corrected = CrossingCorrected(
        crossing_id=person.crossing_id, corrects_record_id=row.record_id, reason=AMENDED_AT_LANE, **changed
    )
    sealed_for = _sealed_for(turn, person) if person.identity != before.identity else None
    saved = turn.append(corrected, lane_id=lane_id, observed_at=turn.at, sealed_for=sealed_for)
    apply_correction(turn, row, corrected=corrected, saved=saved)


def saved_before(turn: Turn, row: CrossingRow) -> Saved:
    """Say again what was saved of a crossing last, for a request whose answer was lost."""
    sequence = sequence_at(turn.transaction, row.last_entry)
    return Saved(sequence=sequence, record_id=row.record_id, recorded_at=row.recorded_at, entry=row.last_entry)


def apply_correction(turn: Turn, row: CrossingRow, *, corrected: CrossingCorrected, saved: Saved) -> None:
    """Bring the read model and the day's tally to what a correction says."""
    correct_crossing(turn.transaction, row, corrected=corrected, saved=saved)
    was = counted_as(row)
    now = was._replace(category=corrected.category or was.category, direction=corrected.direction or was.direction)
    turn.transaction.after_commit(lambda: turn.gate.tally.replace(was, now=now))


def counted_as(row: CrossingRow, *, disposition: Disposition | None = None) -> Counted:
    """Return what a crossing counts as in the day's tally, as it is or as it becomes."""
    return Counted(
        TravellerCategory(row.category), Direction(row.direction), row.presented_at, disposition or row.disposition
    )


def isolate(turn: Turn, crossing_id: str, *, lane_id: str | None) -> Referral:
    """Give a referred person a place, or keep the reason why there is none. From here on the person has a case.

    A place is not a decision: what runs is the hold, until the head of the gate body has signed.
    """
    case = find_case(turn.transaction, crossing_id) or StoredCase(path=CasePath(opened_at=turn.at))
    put_case(turn.transaction, crossing_id, case=case, at=turn.at)
    admission = admit(
        read_room(turn.transaction, room_id=turn.gate.settings.isolation.room_id), crossing_id, at=turn.at
    )
    if admission.place_id is None:
        return Referral(room_reason=str(admission.reason))
    isolated = TravellerIsolated(crossing_id=crossing_id, place_id=admission.place_id, clocks=())
    saved = turn.append(isolated, lane_id=lane_id, observed_at=turn.at)
    hold_place(turn.transaction, admission.place_id, crossing_id=crossing_id, at=turn.at)
    settle_crossing(
        turn.transaction,
        crossing_id,
        disposition=Disposition.ISOLATED,
        place_id=admission.place_id,
        saved=saved,
    )
    add_act(
        turn.transaction,
        saved.record_id,
        crossing_id=crossing_id,
        event=PathEvent.ADMITTED,
        officer_ref=turn.officer_ref or "",
        saved=saved,
    )
    return Referral(place_id=admission.place_id, saved=saved)


def restart_clocks(turn: Turn, crossing_id: str, *, assessment: Assessment) -> None:
    """Stop what ran for a crossing and start what the new assessment asks for."""
    stop_running_clocks(turn.transaction, crossing_id, at=turn.at)
    clocks = start_clocks(assessment.clocks, at=turn.at)
    start_running_clocks(turn.transaction, crossing_id, clocks=clocks)


def _without_words(exception: CodedException | None) -> CodedException | None:
    """Leave the code in the open part; the officer's own words are sealed."""
    return None if exception is None else msgspec.structs.replace(exception, reason=SEALED_WORDS)


def _sealed_for(turn: Turn, person: Presentation, *, words: str = "") -> SealedFor | None:
    key = turn.gate.episode_keys.get(person.crossing_id)
    if key is None:
        kept = find_episode_key(turn.transaction, person.crossing_id)
        if kept is None:
            return None
        key = unwrap_episode_key(kept, recipient="site", private_key=turn.gate.identity.site_key)
    identity = msgspec.structs.replace(with_remark(person.identity, words), visited_areas=person.visited_areas)
    return SealedFor(identity=identity, episode_id=person.crossing_id, episode_key=key)


def _count(turn: Turn, lane_id: str, screened: CrossingScreened) -> None:
    turn.gate.forget_key(screened.crossing_id)
    facts = screened.facts
    turn.gate.tally.add(Counted(facts.category, facts.direction, screened.presented_at, screened.disposition))
    for measurement in screened.facts.measurements:
        dot = LaneDot(
            observed_at=measurement.observed_at,
            temperature_c=measurement.temperature_c,
            outcome=screened.assessment.outcome.value,
        )
        turn.gate.dots[lane_id].append(dot)
