"""Has this lane drifted? Cumulative sums on the reference body and on the readings of people not raised.

Page's two-sided CUSUM on standardised deviations: it sums what exceeds half the shift that is looked for,
and speaks when the sum passes a height. Settings were computed with Siegmund's approximation and are held to
their promise by seeded simulation in the tests:

* people: spread 0.49 K (healthy inner canthus), shift looked for 0.3 K = 0.61 deviations, allowance 0.3,
  height 9: simulated, with the baseline learnt from 200 readings, about 690 readings between false alarms and
  a shift of 0.3 K found after 28 on average (9 of 10 within 50).
* reference body: how far the sensor is off, which the body takes out of every reading. Sensors wander, slowly and
  without harm, with a deviation of 0.23 to 0.38 K, and a sum over slow wandering grows where one over noise would
  not: up to 1 K from the baseline adds nothing. Spread 0.3 K, shift looked for 2 K, allowance 3.4, height 6: such
  a shift is found within three readings, and four times 24,000 readings that wandered by 0.3 K gave 0 to 9 alarms.

A baseline is learnt from the first readings and then stays: one that follows the readings would follow the
drift. Its own error costs run length, which is why the height for people leaves a reserve.
"""

import statistics
from datetime import datetime
from enum import StrEnum

import msgspec


class DriftSubject(StrEnum):
    """What is watched."""

    REFERENCE_BODY = "reference_body"
    NORMAL_READINGS = "normal_readings"


class DriftSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How one quantity is watched. ``spread_c`` in kelvin; allowance and height in spreads; counts of readings.

    ``cap`` limits what a single reading may add, in spreads: one wild value is no drift.
    """

    subject: DriftSubject
    spread_c: float
    allowance: float
    height: float
    learn_over: int
    baseline_c: float | None = None
    cap: float = 3.0
    chart_points: int = 500

    def __post_init__(self) -> None:
        """Refuse a chart that would never, or always, speak."""
        if min(self.spread_c, self.allowance, self.height) <= 0.0 or self.cap <= self.allowance:
            msg = "spread, allowance and height are above 0, and the cap above the allowance"
            raise ValueError(msg)
        if self.learn_over < 1 or self.chart_points < 1:
            msg = "a baseline needs a reading, and a chart a point"
            raise ValueError(msg)


PEOPLE = DriftSettings(subject=DriftSubject.NORMAL_READINGS, spread_c=0.49, allowance=0.3, height=9.0, learn_over=200)
REFERENCE = DriftSettings(
    subject=DriftSubject.REFERENCE_BODY, spread_c=0.3, allowance=3.4, height=6.0, learn_over=30, cap=6.0
)


class ChartPoint(msgspec.Struct, frozen=True, kw_only=True):
    """One reading on the chart: its value and both sums, in spreads."""

    at: datetime
    value_c: float
    upward: float
    downward: float
    is_drifting: bool


class DriftState(msgspec.Struct, frozen=True, kw_only=True):
    """One chart as a value. ``learnt`` is emptied once there is a baseline; ``chart`` keeps the latest points."""

    settings: DriftSettings
    baseline_c: float | None
    learnt: tuple[float, ...] = ()
    upward: float = 0.0
    downward: float = 0.0
    rising_for: int = 0
    falling_for: int = 0
    count: int = 0
    chart: tuple[ChartPoint, ...] = ()


class DriftAlarm(msgspec.Struct, frozen=True, kw_only=True):
    """A lane has drifted: by about how much, since how many readings. Sums begin anew after it."""

    subject: DriftSubject
    at: datetime
    estimated_shift_c: float
    over_readings: int
    baseline_c: float

    @property
    def sentence(self) -> str:
        """Say it in one English sentence, for logs."""
        return (
            f"{self.subject.replace('_', ' ')} moved by about {self.estimated_shift_c:+.2f} K "
            f"from {self.baseline_c:.2f} °C over the last {self.over_readings} readings"
        )


def begin(settings: DriftSettings) -> DriftState:
    """Make an empty chart."""
    return DriftState(settings=settings, baseline_c=settings.baseline_c)


def step(state: DriftState, value_c: float, *, at: datetime) -> tuple[DriftState, DriftAlarm | None]:
    """Take the next value: how far off the sensor shows the reference body, or a normal reading at 22 °C of room."""
    if state.baseline_c is None:
        return _learning(state, value_c, at=at), None
    settings = state.settings
    away = (value_c - state.baseline_c) / settings.spread_c
    away = min(max(away, -settings.cap), settings.cap)
    upward = max(0.0, state.upward + away - settings.allowance)
    downward = max(0.0, state.downward - away - settings.allowance)
    rising_for = state.rising_for + 1 if upward else 0
    falling_for = state.falling_for + 1 if downward else 0
    alarm = _alarm(state, at=at, upward=upward, downward=downward, readings=(rising_for, falling_for))
    point = ChartPoint(at=at, value_c=value_c, upward=upward, downward=downward, is_drifting=alarm is not None)
    after = msgspec.structs.replace(
        state,
        upward=0.0 if alarm else upward,
        downward=0.0 if alarm else downward,
        rising_for=0 if alarm else rising_for,
        falling_for=0 if alarm else falling_for,
        count=state.count + 1,
        chart=(*state.chart, point)[-settings.chart_points :],
    )
    return after, alarm


def _learning(state: DriftState, value_c: float, *, at: datetime) -> DriftState:
    learnt = (*state.learnt, value_c)
    is_enough = len(learnt) >= state.settings.learn_over
    point = ChartPoint(at=at, value_c=value_c, upward=0.0, downward=0.0, is_drifting=False)
    return msgspec.structs.replace(
        state,
        baseline_c=statistics.median(learnt) if is_enough else None,
        learnt=() if is_enough else learnt,
        count=state.count + 1,
        chart=(*state.chart, point)[-state.settings.chart_points :],
    )


def _alarm(
    state: DriftState, *, at: datetime, upward: float, downward: float, readings: tuple[int, int]
) -> DriftAlarm | None:
    settings, rising_for, falling_for = state.settings, *readings
    if max(upward, downward) <= settings.height or state.baseline_c is None:
        return None
    is_up = upward >= downward
    over = rising_for if is_up else falling_for
    shift = (upward if is_up else downward) / over + settings.allowance
    return DriftAlarm(
        subject=settings.subject,
        at=at,
        estimated_shift_c=(shift if is_up else -shift) * settings.spread_c,
        over_readings=over,
        baseline_c=state.baseline_c,
    )
