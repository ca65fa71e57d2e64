"""Legal clocks by time travel: what is left depends on two instants only, and a restart changes nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkpoint.clocks import ClockUrgency, read_clock, read_clocks, start_clocks
from sync.agreement.facts import Citation, ClockLimit
from sync.agreement.vocabulary import ClockKind
from tests.checkpoint.people import MORNING, after

TWO_HOURS = ClockLimit(
    kind=ClockKind.TEMPORARY_HOLD, limit_s=7200, citation=Citation(document="ND 165/2026", clause="19.2b")
)


@pytest.mark.parametrize(
    ("passed_s", "urgency", "is_overdue"),
    [
        (0, ClockUrgency.CALM, False),
        (3599, ClockUrgency.CALM, False),
        (3600, ClockUrgency.AMBER, False),
        (5399, ClockUrgency.AMBER, False),
        (5400, ClockUrgency.RED, False),
        (7200, ClockUrgency.RED, False),
        (7201, ClockUrgency.RED, True),
    ],
)
def test_a_clock_is_amber_at_half_and_red_in_its_last_quarter(passed_s, urgency, is_overdue):
    (clock,) = start_clocks([TWO_HOURS], at=MORNING)
    face = read_clock(clock, at=after(passed_s))
    assert (face.urgency, face.is_overdue, face.left_s) == (urgency, is_overdue, 7200 - passed_s)
    assert (face.limit_s, face.clause) == (7200, "ND 165/2026 19.2b")


@given(st.lists(st.integers(60, 200_000), min_size=1, max_size=6), st.integers(-10_000, 300_000))
def test_the_clock_that_is_due_first_stands_in_front(limits_s, passed_s):
    limits = [ClockLimit(kind=ClockKind.RECHECK, limit_s=limit_s, citation=TWO_HOURS.citation) for limit_s in limits_s]
    faces = read_clocks(start_clocks(limits, at=MORNING), at=after(passed_s))
    assert [face.due_at for face in faces] == sorted(face.due_at for face in faces)
    assert all(face.left_s == face.limit_s - passed_s for face in faces)
