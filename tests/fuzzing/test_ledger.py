"""A campaign adds up over interruptions, and counts no execution of a source that a driver no longer has."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import devices
from tests.fuzzing import sources
from tests.fuzzing.ledger import Ledger, read_corpus
from tests.fuzzing.turns import Turn, play

ROOT = Path(devices.__file__).parents[1]


def turn(name="manual", *, executions, source=None, broken_laws=0):
    counts = {"executions": executions, "broken_laws": broken_laws}
    return Turn(name, source or sources.fingerprint(name), counts, cpu_s=1.5, blocks=20, kept=7, broken=())


def test_processes_beside_each_other_add_to_one_ledger_up_to_the_count_asked_for(tmp_path):
    words = [sys.executable, "-m", "tests.fuzzing", "--ledger", tmp_path, "--processes", "2", "--executions", "600"]
    words += ["--driver", "manual", "--driver", "ble_thermometer"]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=100)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    result = json.loads(done.stdout.splitlines()[-1])
    assert (result["executions"], result["broken_laws"]) == (600, 0)
    again = Ledger(tmp_path, names=["manual", "ble_thermometer"], is_read_only=True)
    assert again.total == 600
    assert min(map(again.executions_of, again.names)) == result["least_of_a_driver"] >= 150
    assert all(again.of(name)["blocks_reached"] > 5 for name in again.names), "coverage is seen in processes beside too"
    assert len(read_corpus(tmp_path, "ble_thermometer")) == again.of("ble_thermometer")["inputs_kept"]


def test_what_a_run_kept_is_used_by_the_next_and_not_counted_twice(tmp_path):
    first = play("manual", seed=1, executions=300, cpu_s=60, folder=str(tmp_path))
    kept = read_corpus(tmp_path, "manual")
    shutil.copytree(tmp_path / "corpus", tmp_path / "elsewhere" / "corpus")
    second = play("manual", seed=2, executions=100, cpu_s=60, folder=str(tmp_path / "elsewhere"))
    assert (first.counts["executions"], second.counts["executions"]) == (300, 100)
    assert len(kept) == first.kept > 3, "more than the specimens"
    assert second.kept >= first.kept


def test_an_interrupted_campaign_goes_on_from_its_ledger(tmp_path):
    with Ledger(tmp_path, names=["manual", "cptv"]) as first:
        first.add(turn(executions=1000))
    with Ledger(tmp_path, names=["manual", "cptv"]) as second:
        second.add(turn(executions=234, broken_laws=1))
    result = second.result()
    assert (result["executions"], result["broken_laws"], result["least_of_a_driver"]) == (1234, 1, 0)
    assert second.of("manual")["cpu_s"] == 3.0


def test_executions_of_an_older_source_are_told_and_not_counted(tmp_path):
    with Ledger(tmp_path, names=["manual"]) as one:
        one.add(turn(executions=5000, source="another"))
        one.add(turn(executions=10))
    result = one.result()
    assert result["executions"] == 10
    assert one.is_current(turn(executions=1))
    assert not one.is_current(turn(executions=1, source="another"))
    assert result["drivers"]["manual"]["of_older_source_not_counted"] == 5000


def test_two_campaigns_never_count_in_one_ledger_at_once(tmp_path):
    with Ledger(tmp_path, names=["manual"]) as first:
        with pytest.raises(SystemExit, match="another campaign"):
            Ledger(tmp_path, names=["manual"])
        first.add(turn(executions=10))
        assert Ledger(tmp_path, names=["manual"], is_read_only=True).total == 10, "looking is allowed"


@pytest.fixture
def copied(tmp_path, monkeypatch):
    """A copy of the decoders' source that a test may change."""
    shutil.copytree(
        ROOT / "devices" / "drivers", tmp_path / "devices" / "drivers", ignore=shutil.ignore_patterns("__pycache__")
    )
    for path in (ROOT / "devices").glob("*.py"):
        shutil.copy(path, tmp_path / "devices")
    monkeypatch.setattr(sources, "ROOT", tmp_path)
    return tmp_path / "devices"


def test_a_changed_line_in_a_module_that_a_driver_stands_on_makes_another_source_of_it(copied):
    before = {name: sources.fingerprint(name) for name in ("gy_mcu90640", "senxor", "manual")}
    path = copied / "framing.py"
    path.write_text(path.read_text() + "\nMORE = 1\n")
    after = {name: sources.fingerprint(name) for name in before}
    assert [name for name in before if before[name] != after[name]] == ["gy_mcu90640", "senxor"]


def test_a_comment_changes_no_source(copied):
    before = sources.fingerprint("gy_mcu90640")
    path = copied / "drivers" / "gy_mcu90640" / "parser.py"
    path.write_text('"""Other words."""\n# and a remark\n' + path.read_text().partition('"""')[2].partition('"""')[2])
    assert sources.fingerprint("gy_mcu90640") == before
    assert sources.fingerprint("gy_mcu90640", is_loaded=True) == before
