"""The simulation itself: it replays, it notices, and thousands of seeds find nothing."""

import json
import os
import secrets
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.simulation.chance import seeded_entropy
from tests.simulation.model import CentreModel, Entry, LedgerEntry, Model, ModelDifferenceError, record_hash
from tests.simulation.running import laboratory, run_seed

ROOT = Path(__file__).resolve().parent.parent.parent
SIMULATION = (sys.executable, "-m", "tests.simulation")


def simulate(*words: str, timeout_s: float = 600.0, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*SIMULATION, *words],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )


def test_a_seed_replays_byte_for_byte_in_one_process():
    first = [run_seed(seed, laboratory=laboratory(), most_steps=60) for seed in range(1, 6)]
    again = [run_seed(seed, laboratory=laboratory(), most_steps=60) for seed in range(5, 0, -1)]
    assert first == again[::-1]
    assert len({result.digest for result in first}) == 5


def test_what_else_lives_in_the_process_draws_nothing_from_the_seed():
    def drawn(*, beside):
        with seeded_entropy(1):
            first = secrets.token_bytes(16)
            if beside:
                other = threading.Thread(target=secrets.token_bytes)
                other.start()
                other.join()
            return first, secrets.token_bytes(16)

    assert drawn(beside=True) == drawn(beside=False)


@pytest.mark.slow
def test_a_seed_replays_byte_for_byte_in_another_process_that_hashes_otherwise():
    words = ("--seeds", "4", "--first-seed", "7", "--steps", "60")
    one, other = simulate(*words, PYTHONHASHSEED="1"), simulate(*words, PYTHONHASHSEED="2")
    assert one.returncode == 0, one.stderr
    assert json.loads(one.stdout)["digest"] == json.loads(other.stdout)["digest"]


@pytest.mark.slow
def test_some_dozen_seeds_violate_no_invariant():
    """The check runs five thousand as a step of their own; these say at once that something is amiss."""
    done = simulate("--seeds", "24", "--first-seed", "100001")

    assert done.returncode == 0, done.stderr
    line = json.loads(done.stdout)
    assert (line["seeds"], line["violations"]) == (24, 0)


@pytest.mark.slow
@pytest.mark.services
@pytest.mark.postgres
@pytest.mark.timeout(420)
def test_a_dozen_seeds_violate_no_invariant_with_the_centre_on_postgresql():
    """The same lives on the database of production; ``--postgresql --seeds 200`` does more of them."""
    done = simulate("--seeds", "12", "--postgresql", timeout_s=400)

    assert done.returncode == 0, done.stderr
    line = json.loads(done.stdout)
    assert (line["centre_on"], line["seeds"], line["violations"]) == ("postgresql", 12, 0)


def entry(sequence: int, *, previous: bytes = bytes(32), record_id: str = "r1", position: int = 1) -> LedgerEntry:
    words = {
        "record_id": record_id,
        "edge_id": "e",
        "incarnation": 1,
        "sequence": sequence,
        "type": "crossing_screened",
        "previous_hash": previous.hex(),
        "open": {"crossing_id": record_id, "facts": {"category": "tourist"}, "disposition": "cleared"},
    }
    record = json.dumps(words).encode()
    return LedgerEntry(position, "e", 1, sequence, record_id, record_hash(record), record, "projected")


def test_the_model_refuses_a_jump_a_foreign_predecessor_and_a_record_that_came_twice():
    model = CentreModel()
    first = entry(1)
    model.take(first, unknown_types=frozenset())
    for wrong in (
        entry(3, previous=first.hash, record_id="r3", position=2),
        entry(2, record_id="r2", position=2),
        entry(2, previous=first.hash, position=2),
        entry(2, previous=first.hash, record_id="r2", position=3),
    ):
        with pytest.raises(ModelDifferenceError):
            CentreModel.take(_copied(model), wrong, unknown_types=frozenset())
    assert model.totals() == {("tourist", "cleared"): 1}


def test_the_model_refuses_a_record_that_no_edge_wrote():
    with pytest.raises(ModelDifferenceError, match="no edge ever wrote"):
        Model().take_ledger_row(entry(1), unknown_types=frozenset())


def test_the_model_counts_as_destroyed_only_what_was_in_no_other_place():
    model = Model()
    model.open_journal("a")
    for sequence, record_id in ((1, "kept"), (2, "gone")):
        model.journals["a"].append(Entry(1, sequence, record_id, bytes([sequence]) * 32))
        model.acknowledge("a", record_id)
    model.restore_journal("a", model.journals["a"][:1])
    assert (model.destroyed, model.missing()) == ({"gone"}, set())
    model.journals["a"].clear()
    assert model.missing() == {"kept"}


def test_the_model_knows_what_an_edge_lost_unless_nobody_can():
    model = Model()
    model.authored = {"clear": {"r1", "r2", "r3"}, "cloned": {"c1"}, "twice": {"t1", "opening"}}
    model.centre.counted = {"r1", "r3"}
    model.blurred = {"cloned"}
    assert model.lost() == {"clear": 1, "twice": 2}


def _copied(model: CentreModel) -> CentreModel:
    whole = Model()
    whole.centre = model
    return whole.backed_up_centre()
