"""The lane's table and its laws: a reading binds to the right person, or to nobody."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checkpoint import lane
from checkpoint.lane import LaneError, LaneFault, LaneState, NotBound, Phase
from sync.agreement.records import CodedException
from sync.agreement.vocabulary import ExceptionCode, Outcome
from tests.checkpoint.people import PAIRING, after, measurement, presentation
from tests.demands import demand

EXCEPTION = CodedException(code=ExceptionCode.INFANT, reason="Trẻ sơ sinh", officer_ref="canbo")


def presented(at_s: float = 0, *, state: LaneState | None = None) -> LaneState:
    return lane.present(state or LaneState(), presentation(at=after(at_s)), at=after(at_s), pairing=PAIRING)


def take(state: LaneState, reading_id: str, at_s: float, **more) -> lane.Taken:
    observed_s = more.pop("observed_s", at_s)
    return lane.take_reading(
        state, measurement(reading_id, at=after(observed_s), **more), at=after(at_s), pairing=PAIRING
    )


def test_a_reading_within_the_window_binds_to_the_person_presented():
    state = take(presented(), "one", 9.9).state
    assert state.phase is Phase.VERDICT
    assert state.bound is not None
    assert state.bound.reading_id == "one"


def test_a_reading_after_the_window_does_not_bind_until_the_document_is_shown_again():
    late = take(presented(), "one", 10.1)
    assert late.not_bound is NotBound.OUTSIDE_WINDOW
    assert late.state.phase is Phase.AWAITING_READING
    again = lane.present(late.state, presentation(at=after(11), crossing_id="x"), at=after(11), pairing=PAIRING)
    assert again.phase is Phase.VERDICT
    assert again.person.crossing_id == "crossing-1"


def test_a_fresh_reading_from_just_before_the_presentation_binds():
    empty = take(LaneState(), "one", 0)
    assert empty.not_bound is NotBound.NOBODY_THERE
    assert presented(2.9, state=empty.state).phase is Phase.VERDICT


def test_a_reading_that_lay_too_long_does_not_bind_to_who_comes_later():
    assert presented(3.1, state=take(LaneState(), "one", 0).state).phase is Phase.AWAITING_READING


def test_two_readings_of_one_window_are_shown_and_never_guessed():
    state = take(take(presented(), "one", 1).state, "two", 2).state
    assert state.phase is Phase.CHOOSE_READING
    assert [one.reading_id for one in state.candidates] == ["one", "two"]
    assert state.bound is None
    assert lane.choose(state, "two").bound.reading_id == "two"
    with pytest.raises(LaneError) as refused:
        lane.choose(state, "three")
    assert refused.value.code is LaneFault.NO_SUCH_READING


def test_a_reading_taken_while_somebody_else_stood_here_is_nobody_elses():
    first = lane.close(lane.conclude(take(presented(), "one", 1).state, Outcome.CLEARED), Outcome.CLEARED)
    again = take(first, "one", 2, observed_s=1)
    assert again.not_bound is NotBound.REPEATED
    assert presented(2, state=again.state).phase is Phase.AWAITING_READING


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"unusable_because": ("not_live",)}, NotBound.UNUSABLE),
        ({"unusable_because": ("repeated",)}, NotBound.UNUSABLE),
        ({"temperature_c": 0.0}, NotBound.IMPLAUSIBLE),
        ({"temperature_c": 61.0}, NotBound.IMPLAUSIBLE),
        ({"observed_s": -2.1}, NotBound.STALE),
        ({"observed_s": 2.5}, NotBound.MISDATED),
    ],
)
def test_retained_repeated_stale_zero_and_implausible_readings_never_bind(more, reason):
    taken = take(presented(), "one", 1, **more)
    assert taken.not_bound is reason
    assert taken.state.phase is Phase.AWAITING_READING


@demand("R008")
def test_a_crossing_cannot_be_closed_as_cleared_without_a_reading_or_a_coded_exception():
    waiting = presented()
    with pytest.raises(LaneError):
        lane.close(waiting, Outcome.CLEARED)
    claimed = LaneState(phase=Phase.VERDICT, presentation=presentation())
    with pytest.raises(LaneError) as refused:
        lane.close(claimed, Outcome.CLEARED)
    assert refused.value.code is LaneFault.NO_READING
    excepted = lane.conclude(lane.record_exception(waiting, EXCEPTION), Outcome.CLEARED)
    assert lane.close(excepted, Outcome.CLEARED).phase is Phase.EMPTY


def test_a_raised_reading_is_not_talked_away():
    raised = lane.conclude(take(presented(), "one", 1, temperature_c=38.4).state, Outcome.RECHECK)
    assert raised.phase is Phase.AWAITING_RECHECK
    for attempt in (
        lambda: lane.close(raised, Outcome.CLEARED),
        lambda: lane.discard(raised),
        lambda: lane.record_exception(raised, EXCEPTION),
        lambda: lane.measure_by_hand(raised, measurement("by-hand")),
    ):
        with pytest.raises(LaneError):
            attempt()
    assert take(raised, "cooler", 2).not_bound is NotBound.ALREADY_WRITTEN
    assert lane.finish_recheck(raised).phase is Phase.EMPTY


def test_a_person_with_a_usable_reading_cannot_be_discarded():
    with pytest.raises(LaneError) as refused:
        lane.discard(take(presented(), "one", 1).state)
    assert refused.value.code is LaneFault.READING_BOUND
    assert lane.discard(presented()).phase is Phase.EMPTY
    assert lane.discard(take(presented(), "one", 1).state, is_gone=True).phase is Phase.EMPTY


def test_another_document_is_refused_while_somebody_stands_here():
    with pytest.raises(LaneError) as refused:
        lane.present(presented(), presentation("K7654321", at=after(1)), at=after(1), pairing=PAIRING)
    assert refused.value.code is LaneFault.LANE_BUSY


@pytest.mark.parametrize("phase", list(Phase))
def test_every_phase_can_be_left(phase):
    leaves = {to for (start, _), targets in lane.MOVES.items() if start is phase for to in targets}
    assert leaves - {phase}


class _Walk:
    """A lane that is told whatever comes, and remembers what was bound to whom."""

    def __init__(self) -> None:
        self.state = LaneState()
        self.now_s = 0.0
        self.people = 0
        self.bindings: dict[str, set[str]] = {}
        self.usable: dict[str, bool] = {}

    def step(self, what: str, number: int, gap_s: float, age_s: float, temperature_c: float, usable: bool) -> list[str]:
        """Do one thing; return what must never be and is."""
        self.now_s += gap_s
        before, broken = self.state, []
        try:
            self._do(what, number, age_s, temperature_c, usable)
        except LaneError:
            if self.state is not before:
                broken.append("a refusal changed the lane")
        else:
            if what == "close" and before.bound is None and before.exception is None:
                broken.append("closed without a reading")
        return broken + self._broken()

    def _broken(self) -> list[str]:
        state, broken = self.state, []
        if state.bound is not None and state.presentation is not None:
            self.bindings.setdefault(state.bound.reading_id, set()).add(state.person.crossing_id)
            if not self.usable[state.bound.reading_id]:
                broken.append("an unusable reading is bound")
        if len(state.candidates) == 1:
            broken.append("one candidate to choose from")
        if (state.phase is Phase.CHOOSE_READING) != bool(state.candidates):
            broken.append("a choice without candidates, or candidates without a choice")
        return broken

    def _do(self, what: str, number: int, age_s: float, temperature_c: float, usable: bool) -> None:
        at, state = after(self.now_s), self.state
        if what == "present":
            self.people += 1
            who = presentation(f"C{number}", at=at, crossing_id=f"crossing-{self.people}")
            self.state = lane.present(state, who, at=at, pairing=PAIRING)
        elif what == "reading":
            self._read(f"reading-{number}", at, age_s, temperature_c, usable)
        else:
            deeds = {
                "choose": lambda: lane.choose(state, (*state.candidates, measurement("none"))[0].reading_id),
                "conclude": lambda: lane.conclude(state, (Outcome.CLEARED, Outcome.WAIT, Outcome.RECHECK)[number % 3]),
                "close": lambda: lane.close(state, Outcome.CLEARED),
                "except": lambda: lane.record_exception(state, EXCEPTION),
                "recheck": lambda: lane.finish_recheck(state),
                "discard": lambda: lane.discard(state),
            }
            self.state = deeds[what]()

    def _read(self, reading_id: str, at, age_s: float, temperature_c: float, usable: bool) -> None:
        because = () if usable else ("not_live",)
        observed = after(self.now_s - age_s)
        # One delivery has one name, time and value: a second one brings the same again.
        known = self.usable.setdefault(reading_id, usable and 25 <= temperature_c <= 45)
        one = measurement(reading_id, at=observed, temperature_c=temperature_c, unusable_because=because)
        taken = lane.take_reading(self.state, one, at=at, pairing=PAIRING)
        if taken.not_bound is None:
            self.usable[reading_id] = known or (usable and 25 <= temperature_c <= 45)
        self.state = taken.state


STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            ["present", "reading", "reading", "choose", "conclude", "close", "except", "recheck", "discard"]
        ),
        st.integers(0, 6),
        st.sampled_from([0.0, 0.4, 1.0, 2.9, 3.1, 9.9, 11.0]),
        st.sampled_from([0.0, 0.5, 2.9, 3.5, 60.0]),
        st.sampled_from([36.4, 36.8, 38.4, 0.0, 99.0]),
        st.booleans(),
    ),
    max_size=40,
)


@settings(max_examples=200, deadline=None)
@given(STEPS)
def test_whatever_happens_no_unusable_reading_binds_and_nobody_is_guessed(steps):
    walk = _Walk()
    for step in steps:
        assert walk.step(*step) == []


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 3), st.floats(0, 4)), max_size=30))
def test_a_reading_never_binds_to_two_people_however_often_it_is_delivered(steps):
    """The device delivers until it is acknowledged: the same reading, observed once, arrives again and again."""
    state, now_s, people, observed, owners = LaneState(), 0.0, 0, {}, {}
    for is_person, number, gap_s in steps:
        now_s += gap_s
        if is_person:
            people += 1
            if state.phase is Phase.VERDICT:
                state = lane.close(lane.conclude(state, Outcome.CLEARED), Outcome.CLEARED)
            who = presentation(f"C{people}", at=after(now_s), crossing_id=f"crossing-{people}")
            if state.phase is Phase.EMPTY:
                state = lane.present(state, who, at=after(now_s), pairing=PAIRING)
        else:
            observed_s = observed.setdefault(number, now_s)
            one = measurement(f"reading-{number}", at=after(observed_s))
            state = lane.take_reading(state, one, at=after(now_s), pairing=PAIRING).state
        if state.bound is not None:
            owners.setdefault(state.bound.reading_id, set()).add(state.person.crossing_id)
    assert all(len(owner) == 1 for owner in owners.values())
