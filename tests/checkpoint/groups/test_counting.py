"""A head count adds up, whoever comes; and who sat near whom is told by row."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkpoint.groups import Nearness, count_heads, near


@given(st.integers(1, 200), st.data())
def test_seen_and_missing_are_always_everybody_who_was_announced(announced, chance):
    seen = chance.draw(st.sets(st.integers(1, announced)))
    unexpected = chance.draw(st.integers(0, 5))

    count = count_heads(announced, listed=announced, seen=seen, unexpected=unexpected)

    assert count.seen + len(count.missing) == announced
    assert set(count.missing).isdisjoint(seen)
    assert count.is_complete == (seen == set(range(1, announced + 1)))
    assert count.unexpected == unexpected


def test_a_number_outside_the_group_is_refused():
    with pytest.raises(ValueError, match="between 1 and 3"):
        count_heads(3, listed=3, seen={4})


@given(st.integers(1, 60), st.integers(1, 60), st.sampled_from("ABCDEF"), st.sampled_from("ABCDEF"))
def test_nearness_is_the_same_from_both_sides_and_ends_two_rows_away(row, other_row, letter, other_letter):
    mine, theirs = f"{row}{letter}", f"{other_row}{other_letter}"
    wanted = {0: Nearness.SAME_ROW, 1: Nearness.NEXT_ROW}.get(abs(row - other_row), Nearness.ELSEWHERE)

    assert near(mine, other=theirs) is near(theirs, other=mine) is wanted
    assert near(mine, other=theirs, carriage="1", other_carriage="2") is Nearness.ELSEWHERE
