"""Writing a crossing down: record, journal entry, read model, clocks and place, all in one commit."""

import msgspec

from checkpoint.actions.assessing import VIETNAM, lane_facts
from checkpoint.actions.gate import Turn
from checkpoint.actions.sheet import LaneDot, LaneSheet
from checkpoint.clocks import start_clocks
from checkpoint.isolation import admit
from checkpoint.lane import Presentation
from checkpoint.store.crossings import CrossingRow, add_crossing, correct_crossing, find_crossing, settle_crossing
from checkpoint.store.journal import Saved, SealedFor
from checkpoint.store.lanes import find_episode_key, hold_place, read_room, start_running_clocks, stop_running_clocks
from checkpoint.store.readings import bind_reading
from sync.agreement.facts import Assessment
from sync.agreement.local_time import local_date
from sync.agreement.policy import ClockStart
from sync.agreement.records import CrossingCorrected, CrossingScreened, TravellerIsolated
from sync.agreement.vocabulary import Disposition, TravellerCategory
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
        facts=facts,
        assessment=assessment,
        disposition=disposition,
        person_key=person.person_key,
        exception=state.exception,
        clocks=start_clocks(assessment.clocks, at=turn.at, running=sheet.clocks),
    )
    observed_at = state.bound.observed_at if state.bound else person.presented_at
    saved = turn.append(screened, lane_id=lane_id, observed_at=observed_at, sealed_for=_sealed_for(turn, person))
    add_crossing(turn.transaction, screened, identity=person.identity, saved=saved, officer_ref=turn.officer_ref or "")
    start_running_clocks(turn.transaction, person.crossing_id, clocks=screened.clocks)
    for measurement in facts.measurements:
        bind_reading(turn.transaction, measurement.reading_id, crossing_id=person.crossing_id)
    turn.transaction.after_commit(lambda: _count(turn, lane_id, screened))
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


def apply_correction(turn: Turn, row: CrossingRow, *, corrected: CrossingCorrected, saved: Saved) -> None:
    """Bring the read model and the day's tally to what a correction says."""
    correct_crossing(turn.transaction, row, corrected=corrected, saved=saved)
    was, now = TravellerCategory(row.category), corrected.category
    if now is None or now is was or local_date(row.presented_at) != local_date(turn.at):
        return
    tally = turn.gate.tally
    turn.transaction.after_commit(lambda: tally.add(was, at=turn.at, change=-1))
    turn.transaction.after_commit(lambda: tally.add(now, at=turn.at))


def isolate(turn: Turn, crossing_id: str, *, lane_id: str | None, nationality: str | None) -> Referral:
    """Give a referred person a place and start its clocks, or keep the reason why there is none."""
    admission = admit(
        read_room(turn.transaction, room_id=turn.gate.settings.isolation.room_id), crossing_id, at=turn.at
    )
    if admission.place_id is None:
        return Referral(room_reason=str(admission.reason))
    limits = turn.gate.policy.rules_at(turn.at).clocks_starting_with(
        ClockStart.DECISION, is_foreigner=nationality != VIETNAM
    )
    # The person is held from here on, so the limits run from here and not from a later signature.
    clocks = start_clocks(limits, at=turn.at)
    isolated = TravellerIsolated(crossing_id=crossing_id, place_id=admission.place_id, clocks=clocks)
    saved = turn.append(isolated, lane_id=lane_id, observed_at=turn.at)
    hold_place(turn.transaction, admission.place_id, crossing_id=crossing_id, at=turn.at)
    start_running_clocks(turn.transaction, crossing_id, clocks=clocks)
    settle_crossing(
        turn.transaction,
        crossing_id,
        disposition=Disposition.ISOLATED,
        place_id=admission.place_id,
        saved=saved,
    )
    return Referral(place_id=admission.place_id, saved=saved)


def restart_clocks(turn: Turn, crossing_id: str, *, assessment: Assessment) -> None:
    """Stop what ran for a crossing and start what the new assessment asks for."""
    stop_running_clocks(turn.transaction, crossing_id, at=turn.at)
    clocks = start_clocks(assessment.clocks, at=turn.at)
    start_running_clocks(turn.transaction, crossing_id, clocks=clocks)


def _sealed_for(turn: Turn, person: Presentation) -> SealedFor | None:
    key = turn.gate.episode_keys.get(person.crossing_id)
    if key is None:
        kept = find_episode_key(turn.transaction, person.crossing_id)
        if kept is None:
            return None
        key = unwrap_episode_key(kept, recipient="site", private_key=turn.gate.identity.site_key)
    return SealedFor(identity=person.identity, episode_id=person.crossing_id, episode_key=key)


def _count(turn: Turn, lane_id: str, screened: CrossingScreened) -> None:
    turn.gate.forget_key(screened.crossing_id)
    turn.gate.tally.add(screened.facts.category, at=turn.at)
    for measurement in screened.facts.measurements:
        dot = LaneDot(
            observed_at=measurement.observed_at,
            temperature_c=measurement.temperature_c,
            outcome=screened.assessment.outcome.value,
        )
        turn.gate.dots[lane_id].append(dot)
