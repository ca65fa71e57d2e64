"""The path's table: nobody vanishes, everybody is in exactly one state, every end has its recorded act."""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from checkpoint.isolation.case import CasePath, next_step
from checkpoint.isolation.path import (
    ENDS,
    MOVES,
    NEXT_STEP,
    RECORD_OF,
    PathError,
    PathEvent,
    PathState,
    move,
    steps_from,
)
from sync.agreement.records import RECORD_TYPES


def reachable(start, *, moves=MOVES):
    seen, waiting = {start}, [start]
    while waiting:
        here = waiting.pop()
        for (state, _), to in moves.items():
            if state is here and to not in seen:
                seen.add(to)
                waiting.append(to)
    return seen


def test_every_state_can_be_reached_from_the_alarm_and_every_open_state_reaches_an_end():
    assert reachable(PathState.ALARMED) == set(PathState)
    for state in set(PathState) - ENDS:
        assert reachable(state) & ENDS, state


def test_nothing_moves_a_person_who_has_reached_an_end():
    assert all(to is state for (state, _), to in MOVES.items() if state in ENDS)
    assert {event for (state, event) in MOVES if state in ENDS} == {PathEvent.NOTIFIED}


def test_each_act_has_a_record_type_that_both_sides_know():
    known = {name for name, _ in RECORD_TYPES}
    assert set(RECORD_OF) == set(PathEvent)
    assert set(RECORD_OF.values()) <= known


def test_each_open_state_says_what_comes_next_and_that_is_allowed():
    waiting = set(PathState) - ENDS - {PathState.ALARMED}
    assert set(NEXT_STEP) == waiting
    assert all((state, event) in MOVES for state, event in NEXT_STEP.items())
    assert all(NEXT_STEP[state] in steps_from(state) for state in waiting)


def test_a_lapsed_hold_leads_on_to_freedom_first_and_a_case_without_suspicion_too():
    assert next_step(CasePath(state=PathState.LAPSED), running=frozenset()) is PathEvent.RELEASED
    declined = CasePath(state=PathState.CHECKED, is_declined=True)
    assert next_step(declined, running=frozenset()) is PathEvent.RELEASED


@pytest.mark.parametrize("state", sorted(ENDS))
def test_who_is_at_an_end_is_not_proposed_again(state):
    with pytest.raises(PathError) as refused:
        move(state, PathEvent.PROPOSED)
    assert (refused.value.state, refused.value.event) == (state, PathEvent.PROPOSED)


class RoomOfPeople(RuleBasedStateMachine):
    """Any number of people, any act in any order: the table alone decides."""

    def __init__(self):
        super().__init__()
        self.people: dict[int, PathState] = {}
        self.acts: dict[int, list[tuple[PathEvent, PathState]]] = {}

    @rule()
    def somebody_has_a_fever(self):
        number = len(self.people)
        self.people[number] = PathState.ALARMED
        self.acts[number] = []

    @precondition(lambda self: self.people)
    @rule(draw=st.data(), event=st.sampled_from(PathEvent))
    def something_happens(self, draw, event):
        number = draw.draw(st.sampled_from(sorted(self.people)))
        before = self.people[number]
        try:
            after = move(before, event)
        except PathError:
            assert (before, event) not in MOVES
            return
        self.people[number] = after
        self.acts[number].append((event, after))

    @precondition(lambda self: self.people)
    @rule(draw=st.data())
    def the_next_step_is_taken(self, draw):
        number = draw.draw(st.sampled_from(sorted(self.people)))
        event = next_step(CasePath(state=self.people[number]), running=frozenset())
        if event is not None:
            self.people[number] = move(self.people[number], event)
            self.acts[number].append((event, self.people[number]))

    @invariant()
    def nobody_vanishes_and_each_is_in_exactly_one_state(self):
        assert set(self.people) == set(self.acts)
        assert all(isinstance(state, PathState) for state in self.people.values())

    @invariant()
    def every_place_on_the_path_is_proven_by_the_acts_before_it(self):
        for number, state in self.people.items():
            here = PathState.ALARMED
            for event, to in self.acts[number]:
                here = move(here, event)
                assert here is to
                assert RECORD_OF[event]
            assert here is state
            assert state not in ENDS or self.acts[number], "an end without an act"


TestRoomOfPeople = RoomOfPeople.TestCase
TestRoomOfPeople.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
