"""The gate head's board: how the gate flows, who waits, what stands open; and the rows behind each of its figures.

Figures of "today" count people presented since midnight in Viet Nam; seconds per traveller those of the last hour.
A lane of which nothing is known says so and is never counted as 0.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, time, timedelta
from typing import Final

import msgspec

from checkpoint.actions.coverage_view import coverage_day
from checkpoint.actions.device_list import device_views
from checkpoint.actions.gate import Gate
from checkpoint.actions.mirroring import PolicyAge, policy_age
from checkpoint.actions.view import UplinkView
from checkpoint.coverage import Figure, Passage, Windows, passages_of
from checkpoint.lane import Phase
from checkpoint.store.board import (
    AlarmTime,
    DayCounts,
    Handled,
    alarm_times,
    day_counts,
    handled_since,
    redirected_to,
)
from checkpoint.store.coverage import Span, sightings_in
from checkpoint.store.crossings import CrossingRow, open_crossings
from checkpoint.store.disk import DiskView
from checkpoint.store.lanes import read_room_now
from checkpoint.store.shifts import OfficerShift, open_shifts
from checkpoint.throughput import Load, QueueEstimate, Spread, loads, queue_estimate, seconds_between, spread
from devices.condition import ConditionReason
from devices.health import DeviceHealth
from sync.agreement.local_time import VIETNAM_TIME, local_date

LAST_HOUR: Final = timedelta(hours=1)
QUEUE_WINDOW: Final = timedelta(minutes=10)
_WAITING_REASONS: Final = frozenset({"nobody_there", "outside_window", "somebody_else", "not_chosen"})
"""A reading with another reason is no person who waits: it was repeated, late, or of no use."""


class DeviceOnBoard(msgspec.Struct, frozen=True, kw_only=True):
    """One device: the state of its link, its condition and why, and when it last said anything."""

    device_id: str
    state: str
    last_event_at: datetime | None
    condition: str = "up"
    reasons: tuple[ConditionReason, ...] = ()


class LaneOnBoard(msgspec.Struct, frozen=True, kw_only=True):
    """One lane. ``attended_since``: ``None`` where no officer's screen is open; ``occupied_s``: where nobody stands."""

    lane_id: str
    label: str
    direction: str
    phase: str
    attended_since: datetime | None
    occupied_s: float | None
    has_next: bool
    pace: Spread
    queue: QueueEstimate
    devices: tuple[DeviceOnBoard, ...]
    today: DayCounts


class OfficerOnBoard(msgspec.Struct, frozen=True, kw_only=True):
    """Who is in a shift now."""

    name: str
    lane_id: str
    opened_at: datetime


class AlarmOnBoard(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody for whom something must still happen: since when, where, and how it stands. Nobody is named."""

    crossing_id: str
    lane_id: str
    disposition: str
    place_id: str | None
    since: datetime


class CoverageOnBoard(msgspec.Struct, frozen=True, kw_only=True):
    """What was reconciled today; every figure is ``None`` while no hour was."""

    hours: int
    waiting_hours: int
    seen: int | None
    logged: int | None
    gaps: int | None
    reconciled_at: datetime | None


class Isolation(msgspec.Struct, frozen=True, kw_only=True):
    """How long an alarm of today took until the person had a place; ``open`` ones have none yet and are no 0."""

    spread: Spread
    open: int
    places: int
    occupied: int


class Board(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the page shows, as of ``now``."""

    now: datetime
    since: datetime
    gate_names: Mapping[str, str]
    lanes: tuple[LaneOnBoard, ...]
    pace: Spread
    today: DayCounts
    redirected: Mapping[str, int]
    gate_of: Mapping[str, Mapping[str, str]]
    loads: tuple[Load, ...]
    isolation: Isolation
    alarms: tuple[AlarmOnBoard, ...]
    coverage: CoverageOnBoard
    officers: tuple[OfficerOnBoard, ...]
    uplink: UplinkView
    policy: PolicyAge
    disk: DiskView


class _Read(msgspec.Struct, frozen=True, kw_only=True):
    """What one look into the database brought."""

    handled: list[Handled]
    counts: Mapping[str, DayCounts]
    redirected: Mapping[str, int]
    alarms: list[AlarmTime]
    open_rows: list[CrossingRow]
    passages: tuple[Passage, ...]
    shifts: tuple[OfficerShift, ...]
    places: int
    occupied: int


def begins_at(at: datetime) -> datetime:
    """Return the midnight in Viet Nam before an instant."""
    return datetime.combine(local_date(at), time(), tzinfo=VIETNAM_TIME)


def board(gate: Gate, *, devices: Mapping[str, DeviceHealth], uplink: UplinkView) -> Board:
    """Draw the board as the gate stands now."""
    now = gate.clock()
    seen = _look(gate, at=now)
    lanes = _lanes(gate, seen, devices=devices, at=now)
    return Board(
        now=now,
        since=begins_at(now),
        gate_names=gate.place.names,
        lanes=lanes,
        pace=spread(one.handled_s for one in seen.handled),
        today=_total(seen.counts.values()),
        redirected=seen.redirected,
        gate_of={gate_id: gate.place.gate_names.get(gate_id, {}) for gate_id in seen.redirected},
        loads=_loads(seen, lanes=lanes),
        isolation=Isolation(
            spread=spread(
                seconds_between(one.raised_at, one.isolated_at) for one in seen.alarms if one.isolated_at is not None
            ),
            open=sum(row.place_id is None for row in seen.open_rows),
            places=seen.places,
            occupied=seen.occupied,
        ),
        alarms=tuple(_alarm(row) for row in seen.open_rows),
        coverage=_coverage(gate),
        officers=tuple(_officer(gate, one) for one in seen.shifts),
        uplink=uplink,
        policy=policy_age(gate, at=now),
        disk=gate.disk.view(),
    )


def waiting_passages(gate: Gate, *, at: datetime) -> tuple[Passage, ...]:
    """Return the people whom a scanner saw in the last minutes and whom no crossing explains."""
    with gate.store.readers.connect() as connection:
        span = Span(begins_at=at - QUEUE_WINDOW, ends_at=at + timedelta(seconds=1))
        lane_of = {device: lane.lane_id for lane in gate.settings.lane for device in lane.devices}
        sightings = sightings_in(connection, span, lane_of_device=lane_of)
    passages = passages_of(sightings, same_person=timedelta(seconds=Windows().same_person_s))
    drafts = {sheet.state.bound.reading_id for sheet in gate.sheets.values() if sheet.state.bound is not None}
    return tuple(one for one in passages if _waits(one, drafts=drafts))


def _waits(passage: Passage, *, drafts: set[str]) -> bool:
    is_here = not drafts.isdisjoint(passage.reading_ids)
    return passage.crossing_id is None and passage.reason in _WAITING_REASONS and not is_here


def _look(gate: Gate, *, at: datetime) -> _Read:
    today = begins_at(at)
    with gate.store.readers.connect() as connection:
        room = read_room_now(connection, room_id=gate.settings.isolation.room_id)
        return _Read(
            handled=handled_since(connection, since=at - LAST_HOUR),
            counts=day_counts(connection, since=today),
            redirected=redirected_to(connection, since=today),
            alarms=alarm_times(connection, since=today),
            open_rows=open_crossings(connection),
            passages=waiting_passages(gate, at=at),
            shifts=open_shifts(connection),
            places=len(room.places),
            occupied=sum(stay is not None for stay in room.places.values()),
        )


def _lanes(gate: Gate, seen: _Read, *, devices: Mapping[str, DeviceHealth], at: datetime) -> tuple[LaneOnBoard, ...]:
    found = []
    judged = device_views(gate, devices, at=at)
    for lane in gate.settings.lane:
        sheet = gate.sheets[lane.lane_id]
        presented = sheet.state.presentation
        health = [judged[one] for one in lane.devices if one in judged]
        pace = spread(one.handled_s for one in seen.handled if one.lane_id == lane.lane_id)
        found.append(
            LaneOnBoard(
                lane_id=lane.lane_id,
                label=lane.label,
                direction=lane.direction.value,
                phase=sheet.state.phase.value,
                attended_since=gate.attended_since(lane.lane_id, at=at),
                occupied_s=None if presented is None else seconds_between(presented.presented_at, at),
                has_next=sheet.next_person is not None,
                pace=pace,
                queue=queue_estimate(
                    (one for one in seen.passages if one.lane_id == lane.lane_id),
                    device_states=[one.state.value for one in health],
                    has_next=sheet.next_person is not None,
                    p50_s=pace.p50_s,
                    window_s=QUEUE_WINDOW.total_seconds(),
                ),
                devices=tuple(
                    DeviceOnBoard(
                        device_id=one.device_id,
                        state=one.state.value,
                        last_event_at=one.last_event_at,
                        condition=one.condition,
                        reasons=one.reasons,
                    )
                    for one in health
                ),
                today=seen.counts.get(lane.lane_id, DayCounts()),
            )
        )
    return tuple(found)


def _loads(seen: _Read, *, lanes: Iterable[LaneOnBoard]) -> tuple[Load, ...]:
    counted: dict[str, int] = {}
    handled: dict[str, list[float]] = {}
    for one in seen.handled:
        counted[one.direction] = counted.get(one.direction, 0) + 1
        handled.setdefault(one.direction, []).append(one.handled_s)
    open_lanes: dict[str, int] = {}
    for lane in lanes:
        is_open = lane.attended_since is not None or lane.phase != Phase.EMPTY.value
        open_lanes[lane.direction] = open_lanes.get(lane.direction, 0) + int(is_open)
    paces = {direction: spread(some).p50_s for direction, some in handled.items()}
    return loads(counted, open_lanes=open_lanes, paces=paces)


def _total(parts: Iterable[DayCounts]) -> DayCounts:
    some = tuple(parts)
    return DayCounts(**{name: sum(getattr(part, name) for part in some) for name in DayCounts.__struct_fields__})


def _alarm(row: CrossingRow) -> AlarmOnBoard:
    return AlarmOnBoard(
        crossing_id=row.crossing_id,
        lane_id=row.lane_id,
        disposition=row.disposition.value,
        place_id=row.place_id,
        since=row.observed_at or row.presented_at,
    )


def _coverage(gate: Gate) -> CoverageOnBoard:
    day = coverage_day(gate, None)
    hours = {line.starts_at for line in day.lines}
    if not hours:
        return CoverageOnBoard(
            hours=0, waiting_hours=len(day.waiting), seen=None, logged=None, gaps=None, reconciled_at=None
        )
    return CoverageOnBoard(
        hours=len(hours),
        waiting_hours=len(day.waiting),
        seen=sum(getattr(line.counts, Figure.SEEN.value) or 0 for line in day.lines),
        logged=sum(getattr(line.counts, Figure.LOGGED.value) or 0 for line in day.lines),
        gaps=sum(line.gaps for line in day.lines),
        reconciled_at=max(line.reconciled_at for line in day.lines),
    )


def _officer(gate: Gate, one: OfficerShift) -> OfficerOnBoard:
    user = gate.store.accounts.find_user(one.username)
    return OfficerOnBoard(
        name=one.username if user is None else user.name, lane_id=one.lane_id, opened_at=one.opened_at
    )
