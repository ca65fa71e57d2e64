"""Whoever was wrong waits, each for itself; a clock that jumps makes nobody wait for ever."""

from datetime import timedelta

import pytest

from central.actions.pacing import GrowingWait, GrowingWaits, TooOftenError
from tests.sync.exchange.journals import MORNING

WAIT = GrowingWait(free=2, first_s=30.0, longest_s=900.0)


class SetClock:
    def __init__(self) -> None:
        self.now = MORNING

    def __call__(self):
        return self.now


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def waits(clock) -> GrowingWaits:
    waits = GrowingWaits(WAIT, clock=clock)
    for _ in range(3):
        waits.note_fault("gate")
    return waits


def test_the_wait_ends(waits, clock):
    assert waiting_s(waits) == 60.0
    clock.now += timedelta(seconds=61)
    assert waiting_s(waits) == 0.0


@pytest.mark.parametrize("jump", [timedelta(days=-365), timedelta(seconds=-90), timedelta(days=365)])
def test_a_clock_that_jumps_makes_nobody_wait_longer_than_the_longest_wait(waits, clock, jump):
    clock.now += jump
    longest_s = 0.0
    while (wait_s := waiting_s(waits)) > 0.0 and longest_s <= WAIT.longest_s:
        longest_s += wait_s
        clock.now += timedelta(seconds=wait_s)
    assert longest_s <= WAIT.longest_s


def waiting_s(waits: GrowingWaits, asker: str = "gate") -> float:
    try:
        waits.check(asker)
    except TooOftenError as error:
        return error.retry_after_s
    return 0.0


def test_nobody_waits_for_another(waits):
    assert waiting_s(waits) > 0.0
    assert waiting_s(waits, "other gate") == 0.0
