"""Hold a value against a limit, feed the limit with what became of it, and take a change back."""

from statistics import NormalDist

import msgspec

from devices.measurement.thresholds import adaptive, rolling
from devices.measurement.thresholds.methods import (
    REFERENCE_AMBIENT_C,
    AdaptiveMethod,
    FixedMethod,
    Method,
    Prior,
    RollingMethod,
)
from devices.measurement.thresholds.state import (
    Change,
    Figures,
    Mark,
    MixedQuantityError,
    Outcome,
    OutOfTurnError,
    ThresholdKey,
    ThresholdState,
)


def begin(key: ThresholdKey, *, method: Method) -> ThresholdState:
    """Make the first state of a limit: the policy's number, no mean yet, or the documented prior."""
    window: tuple[float, ...] = ()
    if isinstance(method, FixedMethod):
        figures = Figures(limit_c=method.limit_c)
    elif isinstance(method, RollingMethod):
        figures = Figures(limit_c=None)
    else:
        window = readings_of(method.prior)
        figures = Figures(limit_c=adaptive.wanted_c(window, level=method.target, method=method), level=method.target)
    return ThresholdState(key=key, method=method, figures=figures, window=window, mark=Mark(figures=figures))


def readings_of(prior: Prior) -> tuple[float, ...]:
    """Turn a prior into as many readings as it is worth: the middles of equal shares of a normal distribution.

    They are put in such an order that those which leave the window first are spread over the whole range.
    """
    normal = NormalDist(prior.mean_c, prior.deviation_c)
    ranks = sorted(range(prior.weight), key=lambda rank: (rank * 0.618034) % 1.0)
    return tuple(normal.inv_cdf((rank + 0.5) / prior.weight) for rank in ranks)


def ambient_shift_c(method: Method, *, ambient_c: float | None) -> float:
    """How much warmer than at the reference ambient skin is in this room; 0 where the room is not known.

    Without a thermometer of the room the limit is that of a normal room, 22 °C, and never higher: in a warmer room that
    means more second measurements, and nobody missed, until the window has learnt what people show here. In a room
    below 22 °C it stands too high by the slope for the kelvin below. A device's own temperature must never come here.
    """
    if ambient_c is None or not isinstance(method, AdaptiveMethod):
        return 0.0
    return method.prior.ambient_slope * (ambient_c - REFERENCE_AMBIENT_C)


def limit_at(state: ThresholdState, *, ambient_c: float | None) -> float | None:
    """Give the limit in force in this room, in °C; None raises nobody. It is to be recorded with each reading."""
    limit_c = state.figures.limit_c
    return None if limit_c is None else limit_c + ambient_shift_c(state.method, ambient_c=ambient_c)


def is_raised(state: ThresholdState, *, key: ThresholdKey, value_c: float, ambient_c: float | None) -> bool:
    """Whether a value of this very quantity reaches the limit in force."""
    if key != state.key:
        msg = f"a value of {key} held against a limit of {state.key}"
        raise MixedQuantityError(msg)
    limit_c = state.figures.limit_c
    return limit_c is not None and value_c - ambient_shift_c(state.method, ambient_c=ambient_c) >= limit_c


def step(state: ThresholdState, outcome: Outcome) -> tuple[ThresholdState, Change | None]:
    """Take what became of one reading; a change is given where the limit moved."""
    if outcome.key != state.key:
        msg = f"an outcome of {outcome.key} for a limit of {state.key}"
        raise MixedQuantityError(msg)
    if isinstance(state.method, AdaptiveMethod):
        shift_c = ambient_shift_c(state.method, ambient_c=outcome.ambient_c)
        return adaptive.step(state, outcome, method=state.method, adjusted_c=outcome.value_c - shift_c)
    if isinstance(state.method, RollingMethod):
        return rolling.step(state, outcome, method=state.method)
    return state, None


def reverse(state: ThresholdState, change: Change) -> ThresholdState:
    """Take back the latest change: the state stands as the change before it had left it, bit for bit.

    What came after the latest change without moving the limit is taken back with it.
    """
    if change.key != state.key or change.number != state.figures.changes:
        msg = f"change {change.number} is not the latest of this limit ({state.figures.changes})"
        raise OutOfTurnError(msg)
    undo = change.undo
    window = _window_before(_window_before(state.window, mark=state.mark), mark=undo)
    return msgspec.structs.replace(
        state,
        figures=undo.figures,
        awaiting=undo.awaiting,
        window=window,
        mark=Mark(figures=undo.figures, awaiting=undo.awaiting),
    )


def _window_before(window: tuple[float, ...], *, mark: Mark) -> tuple[float, ...]:
    whole = mark.evicted + window
    return whole[: len(whole) - mark.entered]
