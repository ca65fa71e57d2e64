"""The lane as screens see it: one value, complete each time, with the person's numbers masked."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

import msgspec

from checkpoint.actions.deciding import passage_left_s
from checkpoint.actions.gate import LAST_HOUR, Gate
from checkpoint.actions.sheet import LaneDot, LaneSheet
from checkpoint.clocks import ClockFace, read_clocks
from checkpoint.lane import Phase, Presentation
from checkpoint.store.crossings import PastTemperature
from devices.scanner import DeviceHealth
from sync.agreement.facts import Assessment, Measurement, Reason
from sync.agreement.vocabulary import Disposition, Outcome

SHOWN_DIGITS = 4


class PersonView(msgspec.Struct, frozen=True, kw_only=True):
    """Who stands in the lane, with the document's number masked."""

    full_name: str
    document_number_masked: str
    personal_number_masked: str | None
    document_kind: str
    nationality: str | None
    age_years: int | None
    date_of_birth: date | None
    sex: str
    document_expires_on: date | None
    category: str
    purpose: str
    direction: str
    mode_of_entry: str
    visited_areas: tuple[str, ...]
    symptoms: tuple[str, ...]
    has_declaration: bool
    address: str
    vehicle_plate: str
    presented_at: datetime
    crossings_today: int
    warnings: tuple[str, ...]


class CandidateView(msgspec.Struct, frozen=True, kw_only=True):
    """One of several readings among which the officer chooses."""

    reading_id: str
    temperature_c: float
    observed_at: datetime
    device_id: str


class ReadingView(msgspec.Struct, frozen=True, kw_only=True):
    """The reading that is bound to the person."""

    reading_id: str
    temperature_c: float
    uncertainty_c: float | None
    site: str
    kind: str
    raw_c: float | None
    device_id: str
    device_kind: str
    observed_at: datetime


class VerdictView(msgspec.Struct, frozen=True, kw_only=True):
    """What was concluded. ``word_key`` and ``next_action`` are keys of labels."""

    outcome: str
    word_key: str
    reasons: tuple[Reason, ...]
    threshold_c: float | None
    clocks: tuple[ClockFace, ...]
    redirect_to: str | None
    redirect_to_names: Mapping[str, str] | None
    next_action: str


class ClosedView(msgspec.Struct, frozen=True, kw_only=True):
    """How the crossing before this one ended."""

    crossing_id: str
    disposition: str
    place_id: str | None
    room_reason: str | None
    verdict: VerdictView


class SavedView(msgspec.Struct, frozen=True, kw_only=True):
    """What the lane's last commit wrote; ``outcome`` is the disposition after it."""

    sequence: int
    record_id: str
    recorded_at: datetime
    outcome: str
    place_id: str | None


class LaneName(msgspec.Struct, frozen=True, kw_only=True):
    """A lane's id and what the officers call it."""

    lane_id: str
    label: str


class UplinkView(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the centre is reached, and how many records wait for it."""

    state: str = "not_configured"
    pending: int = 0
    since: datetime | None = None
    last_receipt_at: datetime | None = None
    reason: str = ""


class LaneView(msgspec.Struct, frozen=True, kw_only=True):
    """One lane, whole. ``version`` grows with each change; ``now`` is the edge's clock.

    ``last_hour``, by far the longest part, is ``None`` in the answer to an officer's command: the
    stream brings it a moment later, and nobody waits for it.
    """

    version: int
    edge_id: str
    gate: str
    gate_names: Mapping[str, str]
    lane: LaneName
    direction: str
    officer: str
    now: datetime
    phase: Phase
    draft_id: str | None
    person: PersonView | None
    history: tuple[PastTemperature, ...]
    candidates: tuple[CandidateView, ...]
    reading: ReadingView | None
    verdict: VerdictView | None
    exception_code: str | None
    window_left_s: float | None
    automatic_passage_s: float
    passage_left_s: float | None
    saved: SavedView | None
    closed: ClosedView | None
    notice: str | None
    uplink: UplinkView
    devices: tuple[DeviceHealth, ...]
    last_hour: tuple[LaneDot, ...] | None


class Surroundings(msgspec.Struct, frozen=True, kw_only=True):
    """What the head of the screen shows and no lane knows: uplink, devices, and who is signed in."""

    uplink: UplinkView = UplinkView()
    devices: Mapping[str, DeviceHealth] = {}
    officer: str = ""
    has_last_hour: bool = True


def lane_view(gate: Gate, lane_id: str, *, around: Surroundings) -> LaneView:
    """Draw one lane as it stands now."""
    lane = gate.settings.lanes[lane_id]
    sheet = gate.sheets[lane_id]
    state = sheet.state
    now = gate.clock()
    return LaneView(
        version=gate.versions[lane_id],
        edge_id=gate.identity.edge_id,
        gate=gate.place.point_of_entry_id,
        gate_names=gate.place.names,
        lane=LaneName(lane_id=lane_id, label=lane.label),
        direction=lane.direction.value,
        officer=around.officer,
        now=now,
        phase=state.phase,
        draft_id=state.presentation.crossing_id if state.presentation else None,
        person=_person(state.presentation, sheet=sheet) if state.presentation else None,
        history=tuple(reversed(sheet.history)),
        candidates=tuple(_candidate(one) for one in state.candidates),
        reading=_reading(state.bound) if state.bound else None,
        verdict=_lane_verdict(gate, sheet, at=now),
        exception_code=state.exception.code.value if state.exception else None,
        window_left_s=_window_left_s(sheet, window=gate.pairing.window, at=now),
        automatic_passage_s=lane.automatic_passage_s,
        passage_left_s=passage_left_s(sheet, after_s=lane.automatic_passage_s, at=now),
        saved=_saved(sheet),
        closed=_closed(gate, sheet, at=now),
        notice=sheet.notice,
        uplink=around.uplink,
        devices=tuple(around.devices[one] for one in lane.devices if one in around.devices),
        last_hour=_recent(gate.dots[lane_id], since=now - LAST_HOUR) if around.has_last_hour else None,
    )


def masked(number: str) -> str:
    """Hide all but the last digits of a document's number.

    >>> masked("C1234567")
    '••••4567'
    >>> masked("12")
    '••••'
    """
    return "••••" + (number[-SHOWN_DIGITS:] if len(number) > SHOWN_DIGITS else "")


def _saved(sheet: LaneSheet) -> SavedView | None:
    if sheet.saved is None:
        return None
    closed = sheet.closed
    return SavedView(
        sequence=sheet.saved.sequence,
        record_id=sheet.saved.record_id,
        recorded_at=sheet.saved.recorded_at,
        outcome=(closed.disposition if closed else Disposition.PENDING).value,
        place_id=closed.place_id if closed else None,
    )


def _person(presentation: Presentation, *, sheet: LaneSheet) -> PersonView:
    identity = presentation.identity
    return PersonView(
        full_name=identity.full_name,
        document_number_masked=masked(identity.document_number),
        personal_number_masked=masked(identity.personal_number) if identity.personal_number else None,
        document_kind=presentation.document_kind.value,
        nationality=presentation.nationality,
        age_years=presentation.age_years,
        date_of_birth=identity.date_of_birth,
        sex=identity.sex.value,
        document_expires_on=presentation.document_expires_on,
        category=presentation.category.value,
        purpose=presentation.purpose.value,
        direction=presentation.direction.value,
        mode_of_entry=presentation.mode_of_entry.value,
        visited_areas=presentation.visited_areas,
        symptoms=tuple(symptom.value for symptom in presentation.symptoms),
        has_declaration=presentation.has_declaration,
        address=identity.address,
        vehicle_plate=identity.vehicle_plate,
        presented_at=presentation.presented_at,
        crossings_today=sheet.crossings_today,
        warnings=sheet.warnings,
    )


def _candidate(measurement: Measurement) -> CandidateView:
    return CandidateView(
        reading_id=measurement.reading_id,
        temperature_c=measurement.temperature_c,
        observed_at=measurement.observed_at,
        device_id=measurement.device_id,
    )


def _reading(measurement: Measurement) -> ReadingView:
    return ReadingView(
        reading_id=measurement.reading_id,
        temperature_c=measurement.temperature_c,
        uncertainty_c=measurement.uncertainty_c,
        site=measurement.site.value,
        kind=measurement.kind.value,
        raw_c=measurement.raw_c,
        device_id=measurement.device_id,
        device_kind=measurement.device_kind.value,
        observed_at=measurement.observed_at,
    )


def _lane_verdict(gate: Gate, sheet: LaneSheet, *, at: datetime) -> VerdictView | None:
    if sheet.assessment is None or sheet.state.phase is Phase.EMPTY:
        return None
    clocks = read_clocks(sheet.clocks, at=at)
    return _verdict(gate, sheet.assessment, clocks=clocks, next_action=_next_action(sheet))


def _verdict(gate: Gate, assessment: Assessment, *, clocks: tuple[ClockFace, ...], next_action: str) -> VerdictView:
    return VerdictView(
        outcome=assessment.outcome.value,
        word_key=f"verdict.{assessment.outcome.value}",
        reasons=assessment.reasons,
        threshold_c=assessment.threshold_c,
        clocks=clocks,
        redirect_to=assessment.redirect_to,
        redirect_to_names=gate.place.gate_names.get(assessment.redirect_to or ""),
        next_action=next_action,
    )


def _closed(gate: Gate, sheet: LaneSheet, *, at: datetime) -> ClosedView | None:
    closed = sheet.closed
    if closed is None:
        return None
    clocks = read_clocks(sheet.clocks, at=at)
    verdict = _verdict(gate, closed.assessment, clocks=clocks, next_action="next_person")
    return ClosedView(
        crossing_id=closed.crossing_id,
        disposition=closed.disposition.value,
        place_id=closed.place_id,
        room_reason=closed.room_reason,
        verdict=verdict,
    )


_ACTION_BY_OUTCOME = {
    Outcome.CLEARED: "close",
    Outcome.REFUSED: "close",
    Outcome.REFERRED: "close",
    Outcome.RECHECK: "recheck",
    Outcome.WAIT: "complete_details",
}


def _next_action(sheet: LaneSheet) -> str:
    by_phase = {
        Phase.EMPTY: "present",
        Phase.AWAITING_READING: "measure",
        Phase.CHOOSE_READING: "choose",
        Phase.AWAITING_RECHECK: "recheck",
    }
    outcome = sheet.assessment.outcome if sheet.assessment else Outcome.WAIT
    return by_phase.get(sheet.state.phase) or _ACTION_BY_OUTCOME[outcome]


def _window_left_s(sheet: LaneSheet, *, window: timedelta, at: datetime) -> float | None:
    if sheet.state.phase is not Phase.AWAITING_READING:
        return None
    return max(0.0, (sheet.state.person.presented_at + window - at).total_seconds())


def _recent(dots: Sequence[LaneDot], *, since: datetime) -> tuple[LaneDot, ...]:
    return tuple(dot for dot in tuple(dots) if dot.observed_at >= since)
