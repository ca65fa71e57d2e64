"""kill -9 of edges, centre, database and brokers: a few of each here; ``python -m tests.faults`` does hundreds."""

import multiprocessing
import random

import pytest

from tests.demands import demand
from tests.faults.broker_field import broker_kills, brokers
from tests.faults.field import field, kill_cycles, postgres_stops
from tests.faults.programs import Program, warm_up

pytestmark = [pytest.mark.slow, pytest.mark.services, pytest.mark.timeout(240)]


@pytest.fixture(scope="module", autouse=True)
def fork_server():
    warm_up()


def have_a_child(*, tell) -> None:
    child = multiprocessing.get_context("spawn").Process(target=int)
    child.start()
    child.join()
    tell((child.exitcode,))


def test_a_program_may_start_programs_of_its_own_as_verify_does_over_a_long_ledger(tmp_path):
    program = Program(have_a_child, log=tmp_path / "program.log")
    program.start()
    program.wait()
    assert program.told == [(0,)], program.last_words()


@demand("R002", "R008")
def test_what_was_acknowledged_survives_kills_of_edges_centre_and_database(tmp_path):
    chance = random.Random(41)
    with field(tmp_path, edges=2) as under_fire:
        kill_cycles(under_fire, cycles=12, chance=chance)
        postgres_stops(under_fire, stops=3, chance=chance)
        outcome = under_fire.settle()
    assert (outcome.lost, outcome.doubled, outcome.violations) == (0, 0, [])
    assert outcome.acknowledged > 100, "people passed meanwhile"


@demand("R002")
def test_no_reading_is_lost_or_doubled_when_brokers_die_between_publish_and_answer(tmp_path):
    with brokers(tmp_path) as both:
        outcome = broker_kills(both, kills=8, chance=random.Random(42))
    assert (outcome.lost, outcome.doubled, outcome.violations) == (0, 0, [])
    assert outcome.acknowledged == 24
