"""Rolling mean plus delta, as its makers document it: fed by readings alone, blind to what became of them."""

import statistics
from datetime import datetime

import msgspec

from devices.measurement.thresholds.methods import RollingMethod
from devices.measurement.thresholds.state import (
    Change,
    ChangeReason,
    Mark,
    Outcome,
    ThresholdState,
    Verdict,
)


def step(state: ThresholdState, outcome: Outcome, *, method: RollingMethod) -> tuple[ThresholdState, Change | None]:
    """Let a reading enter the mean, once; the answer to an alarm changes nothing."""
    is_news = not outcome.was_raised or outcome.verdict is Verdict.AWAITED
    if not is_news or not method.coldest_c <= outcome.value_c <= method.warmest_c:
        figures = msgspec.structs.replace(state.figures, ignored=state.figures.ignored + 1)
        return msgspec.structs.replace(state, figures=figures), None
    is_forgotten = _is_forgotten(state, at=outcome.told_at, method=method)
    kept = () if is_forgotten else state.window
    whole = (*kept, outcome.value_c)
    window = whole[-method.window :]
    gone = state.window if is_forgotten else whole[: len(whole) - len(window)]
    mark = Mark(figures=state.mark.figures, entered=state.mark.entered + 1, evicted=state.mark.evicted + gone)
    moved = msgspec.structs.replace(state, window=window, mark=mark)
    reason = ChangeReason.REFERENCE_FORGOTTEN if is_forgotten else ChangeReason.REFERENCE_MOVED
    return _with_limit(moved, outcome, limit_c=mean_plus_delta_c(window, method=method), reason=reason)


def mean_plus_delta_c(window: tuple[float, ...], *, method: RollingMethod) -> float | None:
    """Give the mean of a window plus the delta, or None before there is a mean.

    >>> mean_plus_delta_c((35.0, 36.0), method=RollingMethod())
    36.5
    """
    values = sorted(window)[1:-1] if method.drops_extremes else window
    return statistics.fmean(values) + method.delta_c if values else None


def _is_forgotten(state: ThresholdState, *, at: datetime, method: RollingMethod) -> bool:
    before = state.figures.last_at
    if before is None or method.forget_after_s is None:
        return False
    return (at - before).total_seconds() > method.forget_after_s


def _with_limit(
    state: ThresholdState, outcome: Outcome, *, limit_c: float | None, reason: ChangeReason
) -> tuple[ThresholdState, Change | None]:
    before = state.figures
    is_changed = limit_c != before.limit_c
    after = msgspec.structs.replace(
        before,
        limit_c=limit_c,
        changes=before.changes + is_changed,
        settled=before.settled + 1,
        last_at=outcome.told_at,
    )
    moved = msgspec.structs.replace(state, figures=after)
    if not is_changed:
        return moved, None
    change = Change(
        key=state.key,
        number=after.changes,
        at=outcome.told_at,
        reason=reason,
        before_c=before.limit_c,
        after_c=limit_c,
        wanted_c=limit_c,
        level_before=0.0,
        level_after=0.0,
        window_count=len(state.window),
        false_alarm_share=0.0,
        settled=after.settled,
        undo=state.mark,
    )
    return msgspec.structs.replace(moved, mark=Mark(figures=after)), change
