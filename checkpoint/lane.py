"""A lane: where a reading meets a person. Pure: states, events and one table of allowed moves.

The rules of pairing, each held by a property test:

* a usable reading observed within ``window_s`` of the presentation binds to the person presented;
* a reading that arrived shortly before (not older than ``stale_after_s``) while nobody was in the
  lane may bind too;
* two usable readings of one window are shown, and the officer chooses; the lane never guesses;
* a retained, repeated, stale, zero or implausible reading never binds, and neither does one that
  was taken while somebody else stood in the lane;
* a crossing is closed as cleared only over a bound reading or a coded exception (R008);
* once a raised reading is written down, nothing but a clinical recheck ends the alarm; the person may
  be led aside for it, so that the queue goes on.

``assess`` is not called here: the caller tells the lane the outcome with ``conclude``.
"""

from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from checkpoint.presentation import Pairing, Presentation
from sync.agreement.facts import Measurement, Override
from sync.agreement.records import CodedException
from sync.agreement.vocabulary import ExceptionCode, Outcome

# Outside this range no skin, canthus or core temperature of a living person lies.
PLAUSIBLE_FROM_C = 25.0
PLAUSIBLE_TO_C = 45.0
# A device clock may run ahead of the edge by so much before its reading counts as misdated.
AHEAD_ALLOWED_S = 1.0


class Phase(StrEnum):
    """Where a lane stands; the screens show exactly these."""

    EMPTY = "empty"
    AWAITING_READING = "awaiting_reading"
    CHOOSE_READING = "choose_reading"
    VERDICT = "verdict"
    AWAITING_RECHECK = "awaiting_recheck"


class LaneEvent(StrEnum):
    """What can happen in a lane."""

    PRESENTED = "presented"
    READING_ARRIVED = "reading_arrived"
    CHOSEN = "chosen"
    MEASURED_BY_HAND = "measured_by_hand"
    AMENDED = "amended"
    EXCEPTED = "excepted"
    OVERRIDDEN = "overridden"
    EXPIRED = "expired"
    CONCLUDED = "concluded"
    CLOSED = "closed"
    RECHECKED = "rechecked"
    SET_ASIDE = "set_aside"
    DISCARDED = "discarded"


_E, _A, _C, _V, _R = Phase.EMPTY, Phase.AWAITING_READING, Phase.CHOOSE_READING, Phase.VERDICT, Phase.AWAITING_RECHECK

# (phase, event) -> phases it may lead to. A pair that is not here is refused.
MOVES: dict[tuple[Phase, LaneEvent], frozenset[Phase]] = {
    (_E, LaneEvent.PRESENTED): frozenset({_A, _C, _V}),
    (_E, LaneEvent.READING_ARRIVED): frozenset({_E}),
    (_A, LaneEvent.PRESENTED): frozenset({_A, _C, _V}),
    (_A, LaneEvent.READING_ARRIVED): frozenset({_A, _V}),
    (_A, LaneEvent.MEASURED_BY_HAND): frozenset({_V}),
    (_A, LaneEvent.AMENDED): frozenset({_A}),
    (_A, LaneEvent.EXCEPTED): frozenset({_V}),
    (_A, LaneEvent.OVERRIDDEN): frozenset({_A}),
    (_A, LaneEvent.CONCLUDED): frozenset({_A, _V}),
    (_A, LaneEvent.DISCARDED): frozenset({_E}),
    (_C, LaneEvent.READING_ARRIVED): frozenset({_C}),
    (_C, LaneEvent.CHOSEN): frozenset({_V}),
    (_C, LaneEvent.MEASURED_BY_HAND): frozenset({_V}),
    (_C, LaneEvent.AMENDED): frozenset({_C}),
    (_C, LaneEvent.CONCLUDED): frozenset({_C}),
    (_C, LaneEvent.DISCARDED): frozenset({_E}),
    (_V, LaneEvent.READING_ARRIVED): frozenset({_V, _C}),
    (_V, LaneEvent.MEASURED_BY_HAND): frozenset({_V}),
    (_V, LaneEvent.AMENDED): frozenset({_V}),
    (_V, LaneEvent.EXCEPTED): frozenset({_V}),
    (_V, LaneEvent.OVERRIDDEN): frozenset({_V}),
    (_V, LaneEvent.EXPIRED): frozenset({_A}),
    (_V, LaneEvent.CONCLUDED): frozenset({_A, _V, _R}),
    (_V, LaneEvent.CLOSED): frozenset({_E}),
    (_V, LaneEvent.DISCARDED): frozenset({_E}),
    (_R, LaneEvent.READING_ARRIVED): frozenset({_R}),
    (_R, LaneEvent.AMENDED): frozenset({_R}),
    (_R, LaneEvent.RECHECKED): frozenset({_E}),
    (_R, LaneEvent.SET_ASIDE): frozenset({_E}),
}


class LaneFault(StrEnum):
    """Why a lane refuses what it was asked."""

    MOVE_NOT_ALLOWED = "lane_move_not_allowed"
    LANE_BUSY = "lane_busy"
    READING_BOUND = "reading_bound"
    NO_SUCH_READING = "no_such_reading"
    NOT_CLEARED = "verdict_not_cleared"
    NO_READING = "no_reading_bound"
    READING_NOT_USABLE = "reading_not_usable"


class LaneError(ValueError):
    """The lane is not in a state for this; ``code`` says why. Look at the lane, do not retry."""

    def __init__(self, code: LaneFault) -> None:
        """Keep the reason as a code; the words stand in the labels."""
        super().__init__(code.value)
        self.code = code


class NotBound(StrEnum):
    """Why a reading that arrived was not bound; it is kept in the store with its reason."""

    UNUSABLE = "unusable"
    STALE = "stale"
    MISDATED = "misdated"
    IMPLAUSIBLE = "implausible"
    REPEATED = "repeated"
    NOBODY_THERE = "nobody_there"
    SOMEBODY_ELSE = "somebody_else"
    OUTSIDE_WINDOW = "outside_window"
    ALREADY_WRITTEN = "already_written"
    NOT_CHOSEN = "not_chosen"
    UNCLAIMED = "unclaimed"


class SeenReading(msgspec.Struct, frozen=True, kw_only=True):
    """Remembered until it would be stale anyway, so that a second delivery cannot bind."""

    reading_id: str
    observed_at: datetime


class LaneState(msgspec.Struct, frozen=True, kw_only=True):
    """One lane at one moment. ``recent`` are usable readings taken while nobody stood here.

    ``occupied_until`` is when the person before left: what was measured earlier is theirs, however late it arrives.
    ``is_fallback_tried``: with the exception, that no other thermometer could be used either.
    """

    phase: Phase = Phase.EMPTY
    presentation: Presentation | None = None
    bound: Measurement | None = None
    candidates: tuple[Measurement, ...] = ()
    exception: CodedException | None = None
    is_fallback_tried: bool = False
    override: Override | None = None
    recent: tuple[Measurement, ...] = ()
    seen: tuple[SeenReading, ...] = ()
    occupied_until: datetime | None = None

    @property
    def person(self) -> Presentation:
        """The person presented; raises ``LaneError`` when the lane is empty."""
        if self.presentation is None:
            raise LaneError(LaneFault.MOVE_NOT_ALLOWED)
        return self.presentation

    @property
    def measurements(self) -> tuple[Measurement, ...]:
        """What a decision may rest on now: the bound reading, or nothing."""
        return (self.bound,) if self.bound is not None else ()


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one arrived reading; ``not_bound`` is ``None`` if it is bound or a candidate."""

    state: LaneState
    not_bound: NotBound | None = None


def present(state: LaneState, presentation: Presentation, *, at: datetime, pairing: Pairing) -> LaneState:
    """Put a person before the lane. The same document again renews the window; another one is refused."""
    if state.phase is Phase.AWAITING_READING:
        if state.person.bearer != presentation.bearer:
            raise LaneError(LaneFault.LANE_BUSY)
        presentation = msgspec.structs.replace(presentation, crossing_id=state.person.crossing_id)
    elif state.phase is not Phase.EMPTY:
        raise LaneError(LaneFault.LANE_BUSY)
    fresh = tuple(one for one in state.recent if at - one.observed_at <= pairing.stale_after)
    cleared = LaneState(
        presentation=presentation, seen=state.seen, override=state.override, occupied_until=state.occupied_until
    )
    return _move(state, LaneEvent.PRESENTED, to=_with_candidates(cleared, fresh))


def take_reading(state: LaneState, measurement: Measurement, *, at: datetime, pairing: Pairing) -> Taken:
    """Take a reading that arrived at ``at``: bind it, offer it, keep it for a moment, or say why not."""
    reason = _unfit(state, measurement, at=at, pairing=pairing)
    remembered = _remember(state, measurement, at=at, pairing=pairing)
    if reason is not None:
        return Taken(state=remembered, not_bound=reason)
    if state.phase is Phase.AWAITING_RECHECK:
        return Taken(state=remembered, not_bound=NotBound.ALREADY_WRITTEN)
    presentation = state.presentation
    if presentation is None:
        kept = _keep_recent(remembered, measurement, at=at, pairing=pairing)
        return Taken(state=kept, not_bound=NotBound.NOBODY_THERE)
    if abs(measurement.observed_at - presentation.presented_at) > pairing.window:
        kept = remembered
        if state.phase is Phase.AWAITING_READING:
            kept = _keep_recent(remembered, measurement, at=at, pairing=pairing)
        return Taken(state=kept, not_bound=NotBound.OUTSIDE_WINDOW)
    known = state.candidates or state.measurements
    bound = _with_candidates(msgspec.structs.replace(remembered, recent=()), (*known, measurement))
    return Taken(state=_move(state, LaneEvent.READING_ARRIVED, to=bound))


def choose(state: LaneState, reading_id: str) -> LaneState:
    """Bind the candidate that the officer says is this person's."""
    if state.bound is not None and state.bound.reading_id == reading_id:
        return state
    require(state, LaneEvent.CHOSEN)
    chosen = tuple(one for one in state.candidates if one.reading_id == reading_id)
    if not chosen:
        raise LaneError(LaneFault.NO_SUCH_READING)
    return _move(state, LaneEvent.CHOSEN, to=_with_candidates(state, chosen))


def measure_by_hand(state: LaneState, measurement: Measurement) -> LaneState:
    """Bind what the officer measured on this very person with a hand thermometer; no pairing is needed."""
    require(state, LaneEvent.MEASURED_BY_HAND)
    if state.bound is not None:
        if _is_said_again(state.bound, measurement):
            return state
        raise LaneError(LaneFault.READING_BOUND)
    if not measurement.is_usable or not _is_plausible(measurement):
        raise LaneError(LaneFault.READING_NOT_USABLE)
    return _move(state, LaneEvent.MEASURED_BY_HAND, to=_with_candidates(state, (measurement,)))


def amend(state: LaneState, presentation: Presentation) -> LaneState:
    """Change what is noted of the person before closing."""
    return _move(state, LaneEvent.AMENDED, to=msgspec.structs.replace(state, presentation=presentation))


def record_exception(state: LaneState, exception: CodedException, *, is_fallback_tried: bool = False) -> LaneState:
    """Note why this person is not measured; refused when a usable reading is bound."""
    require(state, LaneEvent.EXCEPTED)
    if state.bound is not None:
        raise LaneError(LaneFault.READING_BOUND)
    excepted = msgspec.structs.replace(
        state, exception=exception, is_fallback_tried=is_fallback_tried, phase=Phase.VERDICT
    )
    return _move(state, LaneEvent.EXCEPTED, to=excepted)


def record_override(state: LaneState, override: Override) -> LaneState:
    """Note who sets what aside; never while an alarm is open."""
    return _move(state, LaneEvent.OVERRIDDEN, to=msgspec.structs.replace(state, override=override))


def conclude(state: LaneState, outcome: Outcome) -> LaneState:
    """Move to the phase that the assessment's outcome asks for."""
    require(state, LaneEvent.CONCLUDED)
    phase = state.phase
    if phase is not Phase.CHOOSE_READING:
        phase = _phase_after(state, outcome)
    return _move(state, LaneEvent.CONCLUDED, to=msgspec.structs.replace(state, phase=phase))


def close(state: LaneState, outcome: Outcome) -> LaneState:
    """Let the person go as cleared or refused; the lane is empty again (R008 is enforced here).

    Who refuses to be measured is led to the second check instead.
    """
    require(state, LaneEvent.CLOSED)
    if outcome not in {Outcome.CLEARED, Outcome.REFUSED} and not _leads_aside(state, outcome):
        raise LaneError(LaneFault.NOT_CLEARED)
    if outcome is Outcome.CLEARED and state.bound is None and state.exception is None:
        raise LaneError(LaneFault.NO_READING)
    return _move(state, LaneEvent.CLOSED, to=LaneState(seen=state.seen))


def finish_recheck(state: LaneState) -> LaneState:
    """End the alarm after the clinical reading, one way or the other; the lane is empty again."""
    return _move(state, LaneEvent.RECHECKED, to=LaneState(seen=state.seen))


def set_aside(state: LaneState) -> LaneState:
    """Lead a person with a written alarm out of the lane; the alarm goes on, the lane is empty again."""
    return _move(state, LaneEvent.SET_ASIDE, to=LaneState(seen=state.seen))


def discard(state: LaneState, *, is_gone: bool = False) -> LaneState:
    """Take back a presentation made in error; impossible once a usable reading is bound or offered.

    ``is_gone``: the lane asked whether this person is still there, and nobody is; a bound reading is then nobody's.
    """
    require(state, LaneEvent.DISCARDED)
    if state.candidates or (state.bound is not None and not is_gone):
        raise LaneError(LaneFault.READING_BOUND)
    return _move(state, LaneEvent.DISCARDED, to=LaneState(seen=state.seen))


def expire(state: LaneState) -> LaneState:
    """Take off a reading that is too old to decide on: the person is measured again, or has left."""
    return _move(state, LaneEvent.EXPIRED, to=_with_candidates(state, ()))


def vacated(state: LaneState, *, at: datetime) -> LaneState:
    """Note that the person who stood here left at ``at``: no reading taken before can be anybody else's."""
    return msgspec.structs.replace(state, occupied_until=at)


def require(state: LaneState, event: LaneEvent) -> None:
    """Raise ``LaneError`` when the table has no such move."""
    if (state.phase, event) not in MOVES:
        raise LaneError(LaneFault.MOVE_NOT_ALLOWED)


def _move(state: LaneState, event: LaneEvent, *, to: LaneState) -> LaneState:
    if to.phase not in MOVES.get((state.phase, event), frozenset()):
        raise LaneError(LaneFault.MOVE_NOT_ALLOWED)
    return to


def _leads_aside(state: LaneState, outcome: Outcome) -> bool:
    """Tell whether there is nothing to recheck: this person lets nobody measure them."""
    refuses = state.exception is not None and state.exception.code is ExceptionCode.REFUSED_MEASUREMENT
    return refuses and state.bound is None and outcome is Outcome.REFERRED


def _phase_after(state: LaneState, outcome: Outcome) -> Phase:
    if outcome is Outcome.REFUSED or _leads_aside(state, outcome):
        return Phase.VERDICT
    if state.bound is None and state.exception is None:
        return Phase.AWAITING_READING
    return Phase.AWAITING_RECHECK if outcome in {Outcome.RECHECK, Outcome.REFERRED} else Phase.VERDICT


def _with_candidates(state: LaneState, candidates: tuple[Measurement, ...]) -> LaneState:
    """One candidate is bound, several wait for the officer, none leaves the lane waiting."""
    if len(candidates) > 1:
        return msgspec.structs.replace(
            state, phase=Phase.CHOOSE_READING, candidates=candidates, bound=None, exception=None
        )
    if candidates:
        return msgspec.structs.replace(state, phase=Phase.VERDICT, candidates=(), bound=candidates[0], exception=None)
    return msgspec.structs.replace(state, phase=Phase.AWAITING_READING, candidates=(), bound=None)


def _unfit(state: LaneState, measurement: Measurement, *, at: datetime, pairing: Pairing) -> NotBound | None:
    if not measurement.is_usable:
        return NotBound.UNUSABLE
    if not _is_plausible(measurement):
        return NotBound.IMPLAUSIBLE
    if at - measurement.observed_at > pairing.stale_after:
        return NotBound.STALE
    if measurement.observed_at - at > timedelta(seconds=AHEAD_ALLOWED_S):
        return NotBound.MISDATED
    if any(one.reading_id == measurement.reading_id for one in state.seen):
        return NotBound.REPEATED
    is_of_another = state.occupied_until is not None and measurement.observed_at < state.occupied_until
    return NotBound.SOMEBODY_ELSE if is_of_another else None


def _is_said_again(bound: Measurement, measurement: Measurement) -> bool:
    """Tell whether the officer's request came twice because its answer was lost."""
    return (bound.device_id, bound.temperature_c, bound.site) == (
        measurement.device_id,
        measurement.temperature_c,
        measurement.site,
    )


def _is_plausible(measurement: Measurement) -> bool:
    return PLAUSIBLE_FROM_C <= measurement.temperature_c <= PLAUSIBLE_TO_C


def _remember(state: LaneState, measurement: Measurement, *, at: datetime, pairing: Pairing) -> LaneState:
    known = tuple(
        one
        for one in state.seen
        if at - one.observed_at <= pairing.stale_after and one.reading_id != measurement.reading_id
    )
    arrived = SeenReading(reading_id=measurement.reading_id, observed_at=measurement.observed_at)
    return msgspec.structs.replace(state, seen=(*known, arrived))


def _keep_recent(state: LaneState, measurement: Measurement, *, at: datetime, pairing: Pairing) -> LaneState:
    fresh = tuple(one for one in state.recent if at - one.observed_at <= pairing.stale_after)
    return msgspec.structs.replace(state, recent=(*fresh, measurement))
