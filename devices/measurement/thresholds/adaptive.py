"""The adaptive method: adaptive conformal inference on a reference window of people not known to be ill.

After Gibbs and Candès, "Adaptive Conformal Inference Under Distribution Shift", 2021. The level starts at
the target a and moves by gamma * (a - err) with each settled outcome, where err is 1 for a false alarm and 0
for none. A level of at most 0 asks for no alarm, one of at least 1 for nothing but alarms; so the level
cannot leave [-gamma, 1 + gamma], and over T outcomes of *any* sequence whatsoever

    | mean err - a | <= (max(a, 1 - a) + gamma) / (gamma * T)          (their proposition 4.1)

Rails, bounded steps and alarms still open when the next person comes can keep the lane from what the
level asks for. Then the level is held at the end of its range, how far it was held back is counted in
``clipped``, and the bound is wider by ``clipped / (gamma * T)``. The guarantee is thus never better in
the figures than on the lane.

What is fed back is only what a lane can know: someone who was not raised counts as no false alarm, an
alarm that the clinical thermometer confirms counts for nothing and enters no window, one that it refutes
is a false alarm. An alarm without an answer counts as the share of false ones among the answered.
"""

import math
from typing import NamedTuple

import msgspec

from devices.measurement.thresholds.methods import AdaptiveMethod
from devices.measurement.thresholds.state import (
    Awaited,
    Change,
    ChangeReason,
    Figures,
    Mark,
    Outcome,
    ThresholdState,
    Verdict,
)


class _Taken(NamedTuple):
    """What one outcome comes to: how much of a false alarm, and which readings enter the window."""

    charges: tuple[float, ...] = ()
    entering: tuple[float, ...] = ()
    reason: ChangeReason = ChangeReason.REFERENCE_MOVED


def wanted_c(window: tuple[float, ...], *, level: float, method: AdaptiveMethod) -> float:
    """Give the conformal quantile of the window at one minus the level, between the rails, in °C."""
    lowest_c, highest_c = method.rails_c
    if level >= 1.0:
        return lowest_c
    rank = math.ceil((1.0 - level) * (len(window) + 1))
    if level <= 0.0 or rank > len(window):
        return highest_c
    return min(max(sorted(window)[rank - 1], lowest_c), highest_c)


def step(
    state: ThresholdState, outcome: Outcome, *, method: AdaptiveMethod, adjusted_c: float
) -> tuple[ThresholdState, Change | None]:
    """Take one outcome, whose value at the reference ambient is ``adjusted_c``."""
    if _is_untimely(state, outcome):
        ignored = msgspec.structs.replace(state.figures, ignored=state.figures.ignored + 1)
        return msgspec.structs.replace(state, figures=ignored), None
    figures, awaiting, overdue = _without_overdue(state, outcome, method=method)
    figures = msgspec.structs.replace(figures, last_at=outcome.told_at)
    if outcome.verdict is Verdict.AWAITED:
        figures, awaiting, taken = _opened(figures, awaiting, outcome, method=method, adjusted_c=adjusted_c)
    elif outcome.was_raised:
        figures, awaiting, taken = _answered(figures, awaiting, outcome)
    else:
        figures, taken = _not_raised(figures, outcome, adjusted_c=adjusted_c)
    charged = _charged(figures, overdue + taken.charges, method=method)
    return _moved(state, figures=charged, awaiting=awaiting, taken=taken, method=method)


def _is_untimely(state: ThresholdState, outcome: Outcome) -> bool:
    """Whether it opens an alarm that is open, or answers one that is not (answered, or given up): told twice."""
    is_open = any(waiting.reading_id == outcome.reading_id for waiting in state.awaiting)
    return outcome.was_raised and is_open is (outcome.verdict is Verdict.AWAITED)


def _not_raised(figures: Figures, outcome: Outcome, *, adjusted_c: float) -> tuple[Figures, _Taken]:
    if outcome.verdict is Verdict.ELEVATED:
        return msgspec.structs.replace(figures, passed_elevated=figures.passed_elevated + 1), _Taken()
    return figures, _Taken(charges=(0.0,), entering=(adjusted_c,), reason=ChangeReason.FEWER_ALARMS_THAN_STATED)


def _answered(
    figures: Figures, awaiting: tuple[Awaited, ...], outcome: Outcome
) -> tuple[Figures, tuple[Awaited, ...], _Taken]:
    """Settle an open alarm."""
    found = next(waiting for waiting in awaiting if waiting.reading_id == outcome.reading_id)
    left = tuple(waiting for waiting in awaiting if waiting is not found)
    if outcome.verdict is Verdict.ELEVATED:
        return msgspec.structs.replace(figures, answered_elevated=figures.answered_elevated + 1), left, _Taken()
    if outcome.verdict is Verdict.NORMAL:
        answered = msgspec.structs.replace(figures, answered_normal=figures.answered_normal + 1)
        taken = _Taken(charges=(1.0,), entering=(found.adjusted_c,), reason=ChangeReason.FALSE_ALARM)
        return answered, left, taken
    share = share_of_false_alarms(figures)
    missing = msgspec.structs.replace(figures, unanswered=figures.unanswered + 1)
    return missing, left, _Taken(charges=(share,), reason=ChangeReason.UNANSWERED_ALARM)


def share_of_false_alarms(figures: Figures) -> float:
    """Expect how much of an unanswered alarm was false: the share among answered ones, after Laplace."""
    return (figures.answered_normal + 1) / (figures.answered_normal + figures.answered_elevated + 2)


def _opened(
    figures: Figures, awaiting: tuple[Awaited, ...], outcome: Outcome, *, method: AdaptiveMethod, adjusted_c: float
) -> tuple[Figures, tuple[Awaited, ...], _Taken]:
    """Open an alarm; where too many are open already, the oldest counts as never answered."""
    opened = Awaited(reading_id=outcome.reading_id, adjusted_c=adjusted_c, since=outcome.told_at)
    if len(awaiting) < method.most_awaited:
        return figures, (*awaiting, opened), _Taken(reason=ChangeReason.UNANSWERED_ALARM)
    missing = msgspec.structs.replace(figures, unanswered=figures.unanswered + 1)
    taken = _Taken(charges=(share_of_false_alarms(figures),), reason=ChangeReason.UNANSWERED_ALARM)
    return missing, (*awaiting[1:], opened), taken


def _without_overdue(
    state: ThresholdState, outcome: Outcome, *, method: AdaptiveMethod
) -> tuple[Figures, tuple[Awaited, ...], tuple[float, ...]]:
    """Close alarms whose second measurement has been waited for too long; the one just told is in time."""
    left = tuple(
        waiting
        for waiting in state.awaiting
        if (outcome.told_at - waiting.since).total_seconds() <= method.patience_s
        or waiting.reading_id == outcome.reading_id
    )
    gone = len(state.awaiting) - len(left)
    if not gone:
        return state.figures, state.awaiting, ()
    figures = msgspec.structs.replace(state.figures, unanswered=state.figures.unanswered + gone)
    return figures, left, (share_of_false_alarms(state.figures),) * gone


def _charged(figures: Figures, charges: tuple[float, ...], *, method: AdaptiveMethod) -> Figures:
    """Move the level by each settled outcome, within its range; what the range holds back is counted."""
    level, clipped = figures.level, figures.clipped
    for charge in charges:
        free = level + method.gamma * (method.target - charge)
        level = min(max(free, -method.gamma), 1.0 + method.gamma)
        clipped += abs(free - level)
    return msgspec.structs.replace(
        figures,
        level=level,
        clipped=clipped,
        settled=figures.settled + len(charges),
        charged=figures.charged + sum(charges),
    )


def _moved(
    state: ThresholdState, *, figures: Figures, awaiting: tuple[Awaited, ...], taken: _Taken, method: AdaptiveMethod
) -> tuple[ThresholdState, Change | None]:
    """Let readings enter the window, move the limit if it is worth it, and keep what reverses it."""
    whole = state.window + taken.entering
    surplus = max(0, len(whole) - method.window)
    mark = Mark(
        figures=state.mark.figures,
        awaiting=state.mark.awaiting,
        entered=state.mark.entered + len(taken.entering),
        evicted=state.mark.evicted + whole[:surplus],
    )
    moved = msgspec.structs.replace(state, figures=figures, awaiting=awaiting, window=whole[surplus:], mark=mark)
    return _with_limit(moved, method=method, reason=taken.reason)


def _with_limit(
    state: ThresholdState, *, method: AdaptiveMethod, reason: ChangeReason
) -> tuple[ThresholdState, Change | None]:
    figures, before_c, at = state.figures, state.figures.limit_c, state.figures.last_at
    wanted = wanted_c(state.window, level=figures.level, method=method)
    if before_c is None or at is None:
        msg = "an adaptive limit is a number from its beginning, and moves only at some time"
        raise ValueError(msg)
    away_c = min(max(wanted - before_c, -method.largest_step_c), method.largest_step_c)
    if abs(away_c) < max(method.dead_band_c, 1e-9):
        return state, None
    after_c = wanted if abs(wanted - before_c) <= method.largest_step_c else before_c + away_c
    after = msgspec.structs.replace(figures, limit_c=after_c, changes=figures.changes + 1)
    change = Change(
        key=state.key,
        number=after.changes,
        at=at,
        reason=ChangeReason.AT_A_RAIL if after_c in method.rails_c else reason,
        before_c=before_c,
        after_c=after_c,
        wanted_c=wanted,
        level_before=state.mark.figures.level,
        level_after=figures.level,
        window_count=len(state.window),
        false_alarm_share=figures.charged / figures.settled if figures.settled else 0.0,
        settled=figures.settled,
        undo=state.mark,
    )
    return msgspec.structs.replace(state, figures=after, mark=Mark(figures=after, awaiting=state.awaiting)), change
