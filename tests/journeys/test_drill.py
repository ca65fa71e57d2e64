"""A drill played by the real program beside a real shift, and nothing of the real gate is touched.

Named after directive 000, line 36: "Sớm tổ chức diễn tập phòng, chống dịch bệnh tại Cửa khẩu".
"""

import hashlib
import json
import os
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from checkpoint.__main__ import app
from checkpoint.drill import noted, scenario_names
from checkpoint.settings import load_settings
from checkpoint.store.connection import DATABASE_NAME, StoreError
from checkpoint.store.edge_store import EdgeStore
from checkpoint.store.exercise import read_whole_journal
from checkpoint.store.identity import open_identity
from checkpoint.store.journal import IdentityMismatchError
from tests.checkpoint.app.running import RunningEdge
from tests.checkpoint.edges import ROOT
from tests.demands import demand

pytestmark = pytest.mark.timeout(600)
QUICK = ("--speed", "60", "--autoplay")
PATIENCE_S = 240


class Played:
    """What one drill left: its last line, its folder, its journal."""

    def __init__(self, done: subprocess.CompletedProcess[str]) -> None:
        assert done.returncode == 0, done.stderr[-2000:]
        self.printed = done.stdout
        self.figures = json.loads(done.stdout.splitlines()[-1])
        self.folder = Path(self.figures["timeline"]).parent
        self.settings = load_settings(self.folder / "edge.toml")

    def journal(self) -> list[bytes]:
        store = EdgeStore.beside(self.settings.data_path)
        try:
            with store.readers.connect() as connection:
                return read_whole_journal(connection)
        finally:
            store.close()


def drill(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            [sys.executable, "-m", "checkpoint", "drill", *words],
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE_S,
            cwd=cwd,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
    except subprocess.TimeoutExpired as late:
        pytest.fail(f"the drill does not end: {(late.stderr or b'')[-3000:].decode(errors='replace')}")


def contents(folder: Path) -> dict[str, str]:
    """The hash of every file of a folder."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def journal_bytes(data: Path) -> list[bytes]:
    store = EdgeStore.beside(data)
    try:
        with store.readers.connect() as connection:
            return read_whole_journal(connection)
    finally:
        store.close()


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory):
    """A real gate in the middle of a shift: somebody was cleared there already."""
    edge = RunningEdge(tmp_path_factory.mktemp("gate"))
    edge.add_officer()
    edge.process.start()
    officer = edge.sign_in()
    officer.clear("QN 100123")
    officer.client.close()
    yield edge
    edge.process.stop()


@pytest.fixture(scope="module")
def played(real):
    """A drill on the stations of that gate, while its shift goes on."""
    before = journal_bytes(real.folder / "data")
    report = shift_report(real)
    done = Played(drill("two-fevers-full-room", "--settings", str(real.settings), *QUICK, cwd=real.folder))
    return done, before, report


def shift_report(real: RunningEdge) -> list[dict]:
    """The figures of the present shift and of those before it, as the gate prints them."""
    with closing(real.sign_in().client) as client:
        shifts = client.get("/api/shift").raise_for_status().json()["shifts"]
        asked = [f"/api/shift/report.json?day={one['day']}&shift={one['code']}" for one in shifts]
        told = [client.get(path).raise_for_status().json() for path in asked]
    return [{name: report[name] for name in ("total", "lanes", "officers")} for report in told]


@demand("R033")
def test_two_fevers_at_once_are_played_by_simulated_scanners_and_scored_from_the_journal(played):
    done, _, _ = played
    assert done.figures | {"timeline": ""} == {
        "scenario": "two-fevers-full-room",
        "is_exercise": True,
        "is_whole": True,
        "points": 16.0,
        "possible": 16.0,
        "done": 7,
        "late": 0,
        "missed": 0,
        "kept": 0,
        "broken": 0,
        "not_played": 0,
        "timeline": "",
    }
    assert "Đạt 16 trên 16 điểm." in done.printed
    kinds = {noted(record).type for record in done.journal()}
    assert kinds >= {"exercise_opened", "exercise_inject_played", "handover_arrived", "exercise_closed"}


@demand("R033")
def test_a_drill_beside_a_running_shift_changes_no_byte_of_its_journal_and_no_figure(real, played):
    _, before, report = played
    assert len(before) == 1
    assert journal_bytes(real.folder / "data") == before
    assert shift_report(real) == report
    officer = real.sign_in()
    assert officer.clear("QN 100124")["saved"]["sequence"] == 2
    officer.client.close()


def test_a_drill_touches_no_file_of_a_gate_that_stands_still(tmp_path):
    edge = RunningEdge(tmp_path)
    edge.add_officer()
    before = contents(tmp_path / "data")
    done = Played(drill("scanner-fallback", "--settings", str(edge.settings), *QUICK, cwd=tmp_path))
    assert contents(tmp_path / "data") == before
    assert done.folder.parent == tmp_path / "drill"
    assert (done.figures["points"], done.figures["kept"]) == (6.0, 1)


def test_every_record_of_a_drill_is_marked_and_its_folder_opens_for_no_real_edge(real, played):
    done, _, _ = played
    assert done.settings.edge.edge_id == "exercise-mong-cai-1"
    assert all(b'"edge_id":"exercise-mong-cai-1"' in record for record in done.journal())
    own = open_identity(done.settings.data_path, edge_id="mong-cai-1")
    with pytest.raises((IdentityMismatchError, StoreError), match="exercise-mong-cai-1"):
        EdgeStore.open(done.settings.data_path, identity=own, places=())
    assert (done.settings.data_path / DATABASE_NAME).exists()


def test_a_drill_is_not_enrolled_and_gives_a_courier_nothing(played, tmp_path):
    done, _, _ = played
    settings = ["--settings", str(done.folder / "edge.toml")]
    for words, told in (
        (["enrol", "--centre-url", "http://127.0.0.1:9", "--code", "x"], "drill"),
        (["courier-export", "--to", str(tmp_path / "package")], "no centre"),
    ):
        ended = CliRunner().invoke(app, [*words, *settings])
        assert ended.exit_code == 1
        assert told in ended.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_drill_that_is_stopped_halfway_is_closed_as_broken_off(tmp_path):
    words = [sys.executable, "-m", "checkpoint", "drill", "uplink-cut", "--built-in", "--folder", str(tmp_path)]
    with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        for line in running.stderr:
            if "inject_played" in line:
                break
        running.send_signal(signal.SIGTERM)
        printed, _ = running.communicate(timeout=60)
    assert running.returncode == 0
    figures = json.loads(printed.splitlines()[-1])
    assert (figures["is_whole"], figures["possible"]) == (False, 0.0)
    assert figures["not_played"] == 5


@demand("R109")
def test_the_scenarios_are_listed_and_an_unknown_one_names_those_that_exist(tmp_path):
    listed = CliRunner().invoke(app, ["drill", "--list"])
    assert tuple(line.split()[0] for line in listed.stdout.splitlines()) == scenario_names()
    assert "Một người sốt giữa giờ cao điểm" in listed.stdout
    unknown = CliRunner().invoke(app, ["drill", "no-such-drill", "--built-in", "--folder", str(tmp_path)])
    assert unknown.exit_code == 1
    assert "uplink-cut" in unknown.stderr
    assert list(tmp_path.iterdir()) == []
