"""Passes move as their table says; people go out and come home; links are reversible; labels name nobody."""

import string
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from checkpoint.register.label_code import in_groups, new_label_code, read_label_code
from checkpoint.register.links import PersonLink, cluster_of
from checkpoint.register.pairing import Passage, not_returned, outings
from checkpoint.register.passes import MOVES, REASONS, PassError, PassMove, moved, moves_from, standing
from sync.agreement.vocabulary import Direction, PassReason, PassState
from tests.checkpoint.people import MORNING

TODAY = date(2026, 11, 22)


def passage(direction: Direction, *, minute: int = 0, person: str = "a", is_foreign: bool = False) -> Passage:
    at: datetime = MORNING + timedelta(minutes=minute)
    return Passage(
        person_key=person,
        crossing_id=f"{person}-{minute}",
        passed_at=at,
        direction=direction,
        is_foreign=is_foreign,
    )


@given(state=some.sampled_from(PassState), move=some.sampled_from(PassMove), reason=some.sampled_from(PassReason))
def test_a_pass_moves_only_as_the_table_says_and_only_for_a_reason_that_fits(state, move, reason):
    if (state, move) in MOVES and reason in REASONS[move]:
        assert moved(state, move, reason=reason) is MOVES[state, move]
    else:
        with pytest.raises(PassError):
            moved(state, move, reason=reason)


def test_a_replaced_pass_is_at_its_end_and_every_other_state_has_a_way_on():
    assert moves_from(PassState.REPLACED) == ()
    assert all(moves_from(state) for state in PassState if state is not PassState.REPLACED)
    assert set(REASONS) == set(PassMove)


def test_a_pass_is_valid_on_its_last_day_and_expired_the_day_after_but_lost_stays_lost():
    assert standing(PassState.VALID, expires_on=TODAY, today=TODAY) is PassState.VALID
    assert standing(PassState.VALID, expires_on=TODAY, today=TODAY + timedelta(days=1)) is PassState.EXPIRED
    assert standing(PassState.LOST, expires_on=TODAY, today=TODAY + timedelta(days=1)) is PassState.LOST


def test_out_and_home_are_paired_and_what_nobody_logged_stays_visible():
    out, home = Direction.EXIT, Direction.ENTRY
    paired = outings([passage(out), passage(home, minute=1), passage(home, minute=2), passage(out, minute=3)])
    assert [(one.left is not None, one.came_back is not None) for one in paired] == [
        (True, True),
        (False, True),
        (True, False),
    ]
    twice = outings([passage(out), passage(out, minute=1), passage(home, minute=2)])
    assert [one.is_open for one in twice] == [True, False]


def test_somebody_of_the_other_side_leaves_home_by_coming_in():
    [one] = outings([passage(Direction.ENTRY, is_foreign=True)])
    assert one.is_open
    assert not_returned([passage(Direction.ENTRY, is_foreign=True), passage(Direction.ENTRY, person="b")]) == (
        passage(Direction.ENTRY, is_foreign=True),
    )


@given(
    some.lists(some.tuples(some.sampled_from("abc"), some.sampled_from([Direction.ENTRY, Direction.EXIT])), max_size=30)
)
def test_who_has_not_returned_is_whose_last_outing_is_open(steps):
    passages = [passage(direction, minute=minute, person=person) for minute, (person, direction) in enumerate(steps)]
    away = {one.person_key for one in not_returned(passages)}
    for person in "abc":
        own = outings([one for one in passages if one.person_key == person])
        assert (person in away) == bool(own and own[-1].is_open)
    paired = [one for person in "abc" for one in outings([p for p in passages if p.person_key == person])]
    assert sum((one.left is not None) + (one.came_back is not None) for one in paired) == len(passages)


keys = some.sampled_from("abcdef")


@given(person=keys, links=some.lists(some.tuples(keys, keys), max_size=8), new=some.tuples(keys, keys))
def test_to_link_and_to_unlink_is_to_have_done_nothing(person, links, new):
    before = [PersonLink(link_id=str(n), left_key=left, right_key=right) for n, (left, right) in enumerate(links)]
    linked = [*before, PersonLink(link_id="new", left_key=new[0], right_key=new[1])]
    unlinked = [link for link in linked if link.link_id != "new"]
    assert cluster_of(person, unlinked) == cluster_of(person, before)
    assert cluster_of(person, before) <= cluster_of(person, linked)
    assert cluster_of(person, []) == {person}


@given(person=keys, other=keys, links=some.lists(some.tuples(keys, keys), max_size=8))
def test_linked_people_see_each_other_alike(person, other, links):
    some_links = [PersonLink(link_id=str(n), left_key=left, right_key=right) for n, (left, right) in enumerate(links)]
    assert (other in cluster_of(person, some_links)) == (person in cluster_of(other, some_links))


@given(seed=some.binary(min_size=10, max_size=10))
def test_a_label_is_read_as_it_is_spoken_and_holds_nothing_but_its_random_bytes(seed):
    code = new_label_code(lambda _: seed)
    assert read_label_code(code) == read_label_code(in_groups(code).lower()) == code
    assert len(code) == 21


@given(
    seed=some.binary(min_size=10, max_size=10),
    at=some.integers(4, 19),
    letter=some.sampled_from(string.ascii_uppercase),
)
def test_one_misread_letter_of_a_label_is_noticed(seed, at, letter):
    code = new_label_code(lambda _: seed)
    changed = code[:at] + letter + code[at + 1 :]
    if changed != code and {code[at], letter} != {"0", "Z"}:
        assert read_label_code(changed) is None


@pytest.mark.parametrize("text", ["", "QN 100123", "KDP-", "KDP-000G40R40M30E209", "P<UTOERIKSSON"])
def test_what_is_no_label_is_left_to_the_documents(text):
    assert read_label_code(text) is None
