"""What the tests feed a limit with."""

from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, settings

from devices.measurement.thresholds.limits import is_raised, step
from devices.measurement.thresholds.methods import UNBOUNDED_C, AdaptiveMethod, Prior
from devices.measurement.thresholds.state import Outcome, ThresholdKey, Verdict
from devices.reading import MeasuringSite, ReadingKind

as_a_law = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""A busy machine says nothing about a law."""

AT = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
KEY = ThresholdKey(device_id="cam-1", lane_id="lane-1", kind=ReadingKind.RAW_SKIN, sites=(MeasuringSite.INNER_CANTHUS,))
PRIOR = Prior(mean_c=35.7, deviation_c=0.5, ambient_slope=0.09, weight=40)


def open_method(*, target=0.05, gamma=0.02, window=60):
    """Without rails and without a bound on a step: the theory as it was proven."""
    return AdaptiveMethod(
        prior=PRIOR,
        target=target,
        gamma=gamma,
        window=window,
        rails_c=UNBOUNDED_C,
        largest_step_c=5000.0,
        dead_band_c=0.0,
    )


def outcome(number, value_c, *, raised, verdict, minutes=None, ambient_c=22.0):
    return Outcome(
        key=KEY,
        reading_id=f"r{number}",
        told_at=AT + timedelta(minutes=number if minutes is None else minutes),
        value_c=value_c,
        was_raised=raised,
        verdict=verdict,
        ambient_c=ambient_c,
    )


def seen(state, number, value_c, *, is_elevated=False, answer=None, ambient_c=22.0):
    """Let one person come: gives the state, the changes, and whether they were raised."""
    raised = is_raised(state, key=KEY, value_c=value_c, ambient_c=ambient_c)
    answer = answer or (Verdict.ELEVATED if is_elevated else Verdict.NORMAL)
    changes = []
    for verdict in (Verdict.AWAITED, answer) if raised else (Verdict.PASSED,):
        state, change = step(state, outcome(number, value_c, raised=raised, verdict=verdict, ambient_c=ambient_c))
        changes += [change] if change else []
    return state, changes, raised
