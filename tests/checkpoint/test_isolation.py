"""The isolation room never loses a person and never puts two into one place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkpoint.isolation import IsolationError, Room, RoomReason, admit, discharge
from sync.agreement.vocabulary import Disposition
from tests.checkpoint.people import MORNING
from tests.demands import demand


def room(*places: str) -> Room:
    return Room(room_id="room", places=dict.fromkeys(places))


@demand("R019")
def test_the_first_free_place_is_given_and_a_full_room_says_so():
    first = admit(room("C1"), "one", at=MORNING)
    assert first.place_id == "C1"
    second = admit(first.room, "two", at=MORNING)
    assert (second.place_id, second.reason) == (None, RoomReason.ROOM_FULL)
    assert admit(room(), "one", at=MORNING).reason is RoomReason.NO_ROOM


def test_nobody_gets_two_places_and_nobody_leaves_twice():
    taken = admit(room("C1", "C2"), "one", at=MORNING).room
    with pytest.raises(IsolationError, match="already_isolated"):
        admit(taken, "one", at=MORNING)
    freed = discharge(taken, "one", disposition=Disposition.CLEARED)
    with pytest.raises(IsolationError, match="not_isolated"):
        discharge(freed, "one", disposition=Disposition.CLEARED)


@pytest.mark.parametrize(
    "disposition", [Disposition.PENDING, Disposition.ISOLATED, Disposition.WITHDRAWN, Disposition.REFERRED]
)
def test_nobody_leaves_to_nowhere(disposition):
    taken = admit(room("C1"), "one", at=MORNING).room
    with pytest.raises(IsolationError, match="disposition_not_allowed"):
        discharge(taken, "one", disposition=disposition)


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5)), max_size=40))
def test_those_in_the_room_are_those_admitted_and_not_discharged(steps):
    now, inside = room("C1", "C2", "C3"), set()
    for is_admission, number in steps:
        crossing_id = f"crossing-{number}"
        if is_admission and crossing_id not in inside:
            answer = admit(now, crossing_id, at=MORNING)
            assert (answer.place_id is None) == (len(inside) == 3)
            now = answer.room
            inside |= {crossing_id} if answer.place_id else set()
        elif not is_admission and crossing_id in inside:
            now = discharge(now, crossing_id, disposition=Disposition.CLEARED)
            inside.remove(crossing_id)
        assert {stay.crossing_id for stay in now.places.values() if stay} == inside
