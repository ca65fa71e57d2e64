"""Charts of drift: of the reference body as a device sees it, and of people who were not raised, at 22 °C of room.

A chart is kept as a ring of points, one small row a reading; each row holds the sums as well, so that a restart
goes on where it stood.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

import msgspec

from devices.measurement.drift import (
    PEOPLE,
    REFERENCE,
    ChartPoint,
    DriftAlarm,
    DriftState,
    DriftSubject,
    begin,
    step,
)
from devices.measurement.thresholds.methods import REFERENCE_AMBIENT_C, NoPriorError, documented_prior
from devices.reading import MeasuringSite, ReadingKind
from sync.agreement.facts import Measurement

_SETTINGS = {DriftSubject.NORMAL_READINGS: PEOPLE, DriftSubject.REFERENCE_BODY: REFERENCE}


class DriftKey(NamedTuple):
    """Which chart: of one device, one quantity, one kind of number at one site."""

    device_id: str
    subject: DriftSubject
    kind: ReadingKind
    site: MeasuringSite


class DriftRow(msgspec.Struct, frozen=True, kw_only=True):
    """One point with the sums after it; ``number`` counts the points of this chart from 1."""

    number: int
    at: datetime
    value_c: float
    upward: float
    downward: float
    rising_for: int
    falling_for: int
    baseline_c: float | None
    shown_upward: float
    shown_downward: float
    alarm: DriftAlarm | None = None


class Drifts(msgspec.Struct, frozen=True, kw_only=True):
    """One chart as it stands. An alarm stands as long as its point is on the chart, or until watching begins anew."""

    state: DriftState
    alarm: DriftAlarm | None = None
    alarm_number: int = 0

    @property
    def standing_alarm(self) -> DriftAlarm | None:
        """The latest alarm that is still on the chart."""
        is_shown = self.alarm_number > self.state.count - self.state.settings.chart_points
        return self.alarm if is_shown else None


def begun_from(subject: DriftSubject, rows: Iterable[DriftRow] = ()) -> Drifts:
    """Make a chart from the rows that are kept of it, or an empty one."""
    drifts = Drifts(state=begin(_SETTINGS[subject]))
    kept = sorted(rows, key=lambda row: row.number)
    if not kept:
        return drifts
    last = kept[-1]
    alarmed = [row for row in kept if row.alarm is not None]
    state = msgspec.structs.replace(
        drifts.state,
        baseline_c=last.baseline_c,
        learnt=() if last.baseline_c is not None else tuple(row.value_c for row in kept),
        upward=last.upward,
        downward=last.downward,
        rising_for=last.rising_for,
        falling_for=last.falling_for,
        count=last.number,
        chart=tuple(_point_of(row) for row in kept),
    )
    if not alarmed:
        return Drifts(state=state)
    return Drifts(state=state, alarm=alarmed[-1].alarm, alarm_number=alarmed[-1].number)


def after_row(drifts: Drifts, value_c: float, *, at: datetime) -> Drifts:
    """Take the next value."""
    state, alarm = step(drifts.state, value_c, at=at)
    if alarm is None:
        return msgspec.structs.replace(drifts, state=state)
    return Drifts(state=state, alarm=alarm, alarm_number=state.count)


def row_of(drifts: Drifts) -> DriftRow:
    """Return the latest point as it is kept."""
    state, point = drifts.state, drifts.state.chart[-1]
    return DriftRow(
        number=state.count,
        at=point.at,
        value_c=point.value_c,
        upward=state.upward,
        downward=state.downward,
        rising_for=state.rising_for,
        falling_for=state.falling_for,
        baseline_c=state.baseline_c,
        shown_upward=point.upward,
        shown_downward=point.downward,
        alarm=drifts.alarm if drifts.alarm_number == state.count else None,
    )


def at_reference_room_c(measurement: Measurement) -> float:
    """Give the value that would have been measured at 22 °C of room, where it is documented how skin follows it.

    Where the room is not known it stays as measured: the chart then shows the room's own changes as well.
    """
    if measurement.ambient_c is None:
        return measurement.temperature_c
    try:
        prior = documented_prior(ReadingKind(measurement.kind.value), (MeasuringSite(measurement.site.value),))
    except NoPriorError:
        return measurement.temperature_c
    return measurement.temperature_c - prior.ambient_slope * (measurement.ambient_c - REFERENCE_AMBIENT_C)


def _point_of(row: DriftRow) -> ChartPoint:
    return ChartPoint(
        at=row.at,
        value_c=row.value_c,
        upward=row.shown_upward,
        downward=row.shown_downward,
        is_drifting=row.alarm is not None,
    )
