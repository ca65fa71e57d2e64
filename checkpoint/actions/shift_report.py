"""The shift report: what the edge's own tables say of one shift, as JSON and as a page. It needs no uplink."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta

import msgspec

from checkpoint.actions.shifting import Leftover
from checkpoint.places import head_count
from checkpoint.settings import Settings
from checkpoint.shifts.figures import CountedCrossing, LaneFigures, figures_by_lane, lane_figures, total_of
from checkpoint.shifts.hours import ShiftHours
from checkpoint.shifts.roster import gaps
from checkpoint.shifts.sheets import missing_numbers
from checkpoint.store.expert_rows import experts_between
from checkpoint.store.parties import parties_between
from checkpoint.store.shifts import (
    Handover,
    Reader,
    counted_crossings,
    handovers_of,
    numbers_in,
    read_blocks,
    roster_between,
    shifts_of,
)
from sync.agreement.deployment import Deployment, report_day
from sync.agreement.mandatory_steps import steps_taken
from sync.agreement.place_words import PartyKind
from sync.agreement.policy import MandatoryStep, PolicyInForce
from sync.agreement.vocabulary import TravellerCategory


class ReportedLane(msgspec.Struct, frozen=True, kw_only=True):
    """One lane's figures; ``seconds_per_traveller`` is the mean, ``None`` where nothing was timed."""

    lane_id: str
    label: str
    figures: LaneFigures
    seconds_per_traveller: float | None


class ReportedOfficer(msgspec.Struct, frozen=True, kw_only=True):
    """Who was in the shift, where and how long; ``has_handed_over`` to somebody who confirmed it.

    ``ended_by``: who ended the shift in the officer's stead; empty for whoever ended it themselves.
    """

    username: str
    lane_id: str
    opened_at: datetime
    closed_at: datetime | None
    has_handed_over: bool
    ended_by: str = ""


class ReportedParties(msgspec.Struct, frozen=True, kw_only=True):
    """Parties of one kind that were opened in the shift: how many, and of how many people how many were screened."""

    parties: int = 0
    declared: int = 0
    screened: int = 0
    not_screened: int = 0
    beyond_declared: int = 0
    with_proof: int = 0


class ExpertGap(msgspec.Struct, frozen=True, kw_only=True):
    """An expert who lacks a step, without the person; ``exception_code`` where an officer gave a reason."""

    lane_id: str
    presented_at: datetime
    missing: tuple[MandatoryStep, ...]
    exception_code: str | None


class ReportedExperts(msgspec.Struct, frozen=True, kw_only=True):
    """Of ``due`` passages of experts ``complete`` went through every mandatory step; the others are listed (R014)."""

    due: int = 0
    complete: int = 0
    gaps: tuple[ExpertGap, ...] = ()


class ReportedDay(msgspec.Struct, frozen=True, kw_only=True):
    """What of a shift belongs to one report day: days end at the province's cut-off, shifts where they are planned."""

    report_day: date
    figures: LaneFigures


class ShiftReport(msgspec.Struct, frozen=True, kw_only=True):
    """A shift in figures. The same tables give the same report, whenever it is asked for.

    ``lanes`` and ``total`` are who came by the gate, ``report_days`` the same by the day whose report counts them, so
    that the shifts add up to it; ``intercepted`` are crossings of people found outside (R007).
    """

    edge_id: str
    point_of_entry_id: str
    gate_names: Mapping[str, str]
    shift_day: date
    shift_code: str
    starts_at: datetime
    ends_at: datetime
    made_at: datetime
    is_over: bool
    lanes: tuple[ReportedLane, ...]
    total: ReportedLane
    intercepted: ReportedLane
    interceptions: ReportedParties
    post_checks: ReportedParties
    officers: tuple[ReportedOfficer, ...]
    device_faults: tuple[str, ...]
    lanes_without_plan: tuple[str, ...]
    missing_paper_numbers: tuple[int, ...]
    experts: ReportedExperts = ReportedExperts()
    report_days: tuple[ReportedDay, ...] = ()


def shift_report(
    connection: Reader,
    *,
    settings: Settings,
    deployment: Deployment,
    policy_at: Callable[[datetime], PolicyInForce],
    hours: ShiftHours,
    at: datetime,
) -> ShiftReport:
    """Count one shift as the tables are now; a crossing belongs to the shift in which the person was presented.

    ``policy_at`` tells what the gate knew of its orders at a moment: an expert owes what was ordered by then.
    """
    rows = counted_crossings(connection, starts_at=hours.starts_at, ends_at=hours.ends_at)
    came_by = [row for row in rows if not row.is_intercepted]
    figures = figures_by_lane(came_by, lanes=settings.lanes)
    handovers = handovers_of(connection, hours)
    edge = settings.edge
    return ShiftReport(
        edge_id=edge.edge_id,
        point_of_entry_id=edge.point_of_entry_id,
        gate_names=_gate_names(deployment, edge.point_of_entry_id),
        shift_day=hours.shift_day,
        shift_code=hours.code,
        starts_at=hours.starts_at,
        ends_at=hours.ends_at,
        made_at=at,
        is_over=at >= hours.ends_at,
        lanes=_lanes(figures, labels=settings.lane_labels),
        total=_lane("", "", figures=total_of(figures.values())),
        intercepted=_lane("", "", figures=lane_figures(row for row in rows if row.is_intercepted)),
        interceptions=_parties(connection, hours, kind=PartyKind.INTERCEPTION),
        post_checks=_parties(connection, hours, kind=PartyKind.POST_CHECK),
        officers=_officers(connection, hours, handovers=handovers),
        device_faults=_device_faults(one.summary for one in handovers),
        lanes_without_plan=_lanes_without_plan(connection, hours, lanes=settings.lanes),
        missing_paper_numbers=missing_paper(connection),
        experts=_experts(connection, hours, policy_at=policy_at),
        report_days=_by_report_day(came_by, hours=hours, cut_off_hour=deployment.cut_off_hour),
    )


def _by_report_day(rows: Sequence[CountedCrossing], *, hours: ShiftHours, cut_off_hour: int) -> tuple[ReportedDay, ...]:
    first = report_day(hours.starts_at, cut_off_hour=cut_off_hour)
    last = report_day(hours.ends_at - timedelta(microseconds=1), cut_off_hour=cut_off_hour)
    days = [first + timedelta(days=after) for after in range((last - first).days + 1)]
    of_day: dict[date, list[CountedCrossing]] = {day: [] for day in days}
    for row in rows:
        of_day[report_day(row.presented_at, cut_off_hour=cut_off_hour)].append(row)
    return tuple(ReportedDay(report_day=day, figures=lane_figures(of_day[day])) for day in days)


def _device_faults(summaries: Iterable[bytes]) -> tuple[str, ...]:
    left = [msgspec.json.decode(summary, type=Leftover) for summary in summaries]
    return tuple(sorted({fault for one in left for fault in one.device_faults}))


def _lanes_without_plan(connection: Reader, hours: ShiftHours, *, lanes: Iterable[str]) -> tuple[str, ...]:
    roster = roster_between(connection, first=hours.shift_day, last=hours.shift_day)
    return tuple(gap.lane_id for gap in gaps(roster, lanes=lanes, shifts=[hours]))


def _experts(
    connection: Reader, hours: ShiftHours, *, policy_at: Callable[[datetime], PolicyInForce]
) -> ReportedExperts:
    due, gaps = 0, []
    for row in experts_between(connection, starts_at=hours.starts_at, ends_at=hours.ends_at):
        duties = policy_at(row.presented_at).rules_at(row.presented_at).measurement_duties
        steps = steps_taken(row.bodies, category=TravellerCategory.EXPERT, duties=duties)
        if steps is None or not steps.required:
            continue
        due += 1
        if steps.missing:
            gaps.append(
                ExpertGap(
                    lane_id=row.lane_id,
                    presented_at=row.presented_at,
                    missing=steps.missing,
                    exception_code=row.exception_code,
                )
            )
    return ReportedExperts(due=due, complete=due - len(gaps), gaps=tuple(gaps))


def _officers(connection: Reader, hours: ShiftHours, *, handovers: Iterable[Handover]) -> tuple[ReportedOfficer, ...]:
    given = {one.shift_id: one for one in handovers}
    taken = {shift_id for shift_id, one in given.items() if one.taken_at is not None}
    ended = {shift_id: msgspec.json.decode(one.summary, type=Leftover).ended_by for shift_id, one in given.items()}
    return tuple(
        ReportedOfficer(
            username=one.username,
            lane_id=one.lane_id,
            opened_at=one.opened_at,
            closed_at=one.closed_at,
            has_handed_over=one.shift_id in taken,
            ended_by=ended.get(one.shift_id, ""),
        )
        for one in shifts_of(connection, hours)
    )


def missing_paper(connection: Reader) -> tuple[int, ...]:
    """Return every number that was passed over on paper and that nobody accounted for."""
    return tuple(
        number
        for block in read_blocks(connection)
        for number in missing_numbers(block, used=numbers_in(connection, block))
    )


def _parties(connection: Reader, hours: ShiftHours, *, kind: PartyKind) -> ReportedParties:
    found = parties_between(connection, starts_at=hours.starts_at, ends_at=hours.ends_at)
    counts = [head_count(one.party.declared, members=one.members) for one in found if one.party.kind is kind]
    names = [name for name in ReportedParties.__struct_fields__ if name != "parties"]
    return ReportedParties(parties=len(counts), **{name: sum(getattr(one, name) for one in counts) for name in names})


def _lanes(figures: Mapping[str, LaneFigures], *, labels: Mapping[str, str]) -> tuple[ReportedLane, ...]:
    return tuple(_lane(lane_id, labels.get(lane_id, lane_id), figures=one) for lane_id, one in figures.items())


def _lane(lane_id: str, label: str, *, figures: LaneFigures) -> ReportedLane:
    pace = figures.seconds_per_crossing
    return ReportedLane(
        lane_id=lane_id,
        label=label,
        figures=figures,
        seconds_per_traveller=None if pace is None else round(pace, 1),
    )


def _gate_names(deployment: Deployment, point_of_entry_id: str) -> Mapping[str, str]:
    names = [point.names for point in deployment.points_of_entry if point.id == point_of_entry_id]
    return {language: names[0].in_language(language) for language in ("vi", "en", "zh")} if names else {}
