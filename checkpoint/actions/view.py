"""The lane as screens see it: one value, complete each time, with the person's numbers masked."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from checkpoint.actions.company import CompanyView
from checkpoint.actions.deciding import passage_left_s
from checkpoint.actions.declaration_view import DeclarationView, declaration_view
from checkpoint.actions.device_list import DeviceView, device_views
from checkpoint.actions.gate import LAST_HOUR, Gate
from checkpoint.actions.lane_parties import PartyLine, party_line
from checkpoint.actions.mirroring import PolicyAge, policy_age
from checkpoint.actions.next_person_view import NextPersonView, asks_in_s, next_person_view
from checkpoint.actions.overriding import OverrideChoice, choices_at
from checkpoint.actions.person_view import PersonView, masked, person_view
from checkpoint.actions.questioning import PlaceQuestion, place_questions
from checkpoint.actions.sheet import LaneDot, LaneSheet
from checkpoint.actions.slip_view import PrintView, SlipView, print_view, slip_view
from checkpoint.clocks import ClockFace, read_clocks
from checkpoint.lane import Phase
from checkpoint.shifts.sheets import next_number
from checkpoint.store.crossings import PastTemperature
from checkpoint.store.disk import DiskLevel, DiskView
from checkpoint.store.shifts import last_number_used, read_blocks
from devices.health import DeviceHealth
from sync.agreement.facts import Assessment, Measurement, Reason
from sync.agreement.vocabulary import Disposition, Outcome


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
    """Whether the centre is reached, and how the records of this edge stand.

    Each record counts once: ``confirmed`` by the centre's receipt, ``recovered`` (its chain could not be
    delivered, a copy in the new chain counts instead), or ``pending``. ``finding`` is why a new
    incarnation is wanted, an ``IncarnationReason`` or empty.
    """

    state: str = "not_configured"
    pending: int = 0
    confirmed: int = 0
    recovered: int = 0
    incarnation: int = 0
    finding: str = ""
    since: datetime | None = None
    last_receipt_at: datetime | None = None
    reason: str = ""


class StandingView(msgspec.Struct, frozen=True, kw_only=True):
    """Who stands in a lane and what was concluded: the part of ``LaneView`` that is about people."""

    phase: Phase
    draft_id: str | None
    person: PersonView | None
    history: tuple[PastTemperature, ...]
    candidates: tuple[CandidateView, ...]
    reading: ReadingView | None
    verdict: VerdictView | None
    exception_code: str | None
    questions: tuple[PlaceQuestion, ...]
    override_choices: tuple[OverrideChoice, ...]
    window_left_s: float | None
    automatic_passage_s: float
    passage_left_s: float | None
    saved: SavedView | None
    closed: ClosedView | None
    notice: str | None
    troubles: tuple[str, ...]
    next_person: NextPersonView | None
    asks_in_s: float | None
    declaration: DeclarationView | None
    slip: SlipView | None
    printing: PrintView | None
    party: PartyLine | None
    company: CompanyView


class LaneView(StandingView, frozen=True, kw_only=True):
    """One lane, whole. ``version`` grows with each change; ``now`` is the edge's clock.

    ``paper_from`` is the first number of the paper sheets to use while the disk takes nothing more; 0 without any.
    ``badge`` was scanned at the lane just now: its officer's PIN is asked for.
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
    uplink: UplinkView
    policy: PolicyAge
    disk: DiskView
    paper_from: int | None
    devices: tuple[DeviceView, ...]
    last_hour: tuple[LaneDot, ...] | None
    is_locked: bool = False
    has_draft: bool = False
    badge: str = ""


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
    now = gate.clock()
    disk = gate.disk.recent_view()
    standing = _standing(gate, lane_id, sheet=sheet, at=now)
    seen = device_views(gate, around.devices, at=now)
    return LaneView(
        **msgspec.structs.asdict(standing),
        version=gate.versions[lane_id],
        edge_id=gate.identity.edge_id,
        gate=gate.place.point_of_entry_id,
        gate_names=gate.place.names,
        lane=LaneName(lane_id=lane_id, label=lane.label),
        direction=lane.direction.value,
        officer=around.officer,
        now=now,
        uplink=around.uplink,
        policy=policy_age(gate, at=now),
        disk=disk,
        paper_from=paper_sheet(gate, disk=disk),
        badge=gate.attendance.badge_at(lane_id, at=now),
        devices=tuple(seen[one] for one in lane.devices if one in seen),
        last_hour=_recent(gate.dots[lane_id], since=now - LAST_HOUR) if around.has_last_hour else None,
    )


def _standing(gate: Gate, lane_id: str, *, sheet: LaneSheet, at: datetime) -> StandingView:
    lane, state = gate.settings.lanes[lane_id], sheet.state
    return StandingView(
        phase=state.phase,
        draft_id=state.presentation.crossing_id if state.presentation else None,
        person=person_view(state.presentation, sheet=sheet) if state.presentation else None,
        history=tuple(reversed(sheet.history)),
        candidates=tuple(_candidate(one) for one in state.candidates),
        reading=_reading(state.bound) if state.bound else None,
        verdict=_lane_verdict(gate, sheet, at=at),
        exception_code=state.exception.code.value if state.exception else None,
        questions=place_questions(gate, state, at=at),
        override_choices=choices_at(gate, sheet, at=at),
        window_left_s=_window_left_s(sheet, window=gate.pairing.window, at=at),
        automatic_passage_s=lane.automatic_passage_s,
        passage_left_s=passage_left_s(gate, lane_id, at=at),
        saved=_saved(sheet),
        closed=_closed(gate, sheet, at=at),
        notice=sheet.notice,
        troubles=sheet.troubles,
        next_person=next_person_view(sheet.next_person),
        asks_in_s=asks_in_s(sheet, after_s=lane.ask_after_s, at=at),
        declaration=declaration_view(sheet.declaration, mask=masked),
        slip=slip_view(gate, sheet.slip),
        printing=print_view(gate, lane_id, sheet=sheet),
        party=party_line(gate.parties.get(lane_id), person=state.presentation),
        company=CompanyView(group=gate.groups.get(lane_id), mark=sheet.group, ride=sheet.ride),
    )


def paper_sheet(gate: Gate, *, disk: DiskView) -> int | None:
    """Return from which printed number on to write, while the disk takes nothing; 0: no sheet with a number is left."""
    if disk.level is not DiskLevel.FULL:
        return None
    with gate.store.readers.connect() as connection:
        return next_number(read_blocks(connection), last_used=last_number_used(connection))


def _saved(sheet: LaneSheet) -> SavedView | None:
    saved, closed = sheet.saved, sheet.closed
    if saved is None and sheet.before is not None:
        saved, closed = sheet.before.saved, sheet.before
    if saved is None:
        return None
    return SavedView(
        sequence=saved.sequence,
        record_id=saved.record_id,
        recorded_at=saved.recorded_at,
        outcome=(closed.disposition if closed else Disposition.PENDING).value,
        place_id=closed.place_id if closed else None,
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
