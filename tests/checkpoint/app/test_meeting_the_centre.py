"""A real edge in its own process meets a real centre while it runs: enrolled, confirmed, resumed, without a restart."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from checkpoint.store.connection import DATABASE_NAME, KEY_NAME
from tests.central.running import RunningCentre
from tests.checkpoint.app.running import RunningEdge
from tests.checkpoint.sites import CentreBooks
from tests.demands import demand

WITHIN_S = 30.0


@pytest.fixture
def centre(tmp_path: Path) -> Iterator[RunningCentre]:
    running = RunningCentre(tmp_path, database_url=f"sqlite:///{tmp_path / 'central.db'}")
    running.process.start()
    yield running
    running.end()


@pytest.fixture
def edge(tmp_path: Path) -> Iterator[RunningEdge]:
    folder = tmp_path / "gate"
    folder.mkdir()
    one = RunningEdge(folder)
    one.process.start()
    yield one
    one.process.kill()


def until(is_so: Callable[[], bool], what: str) -> None:
    deadline_s = time.monotonic() + WITHIN_S
    while not is_so():
        assert time.monotonic() < deadline_s, what
        time.sleep(0.2)


def health(edge: RunningEdge) -> dict:
    return httpx.get(f"{edge.url}/api/health", timeout=10).json()


def status(edge: RunningEdge) -> dict:
    done = edge.command("sync-status")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def new_code(centre: RunningCentre, *, gate: str = "mong-cai") -> str:
    done = centre.command("enrolment-code", "--edge-id", "mong-cai-1", "--point-of-entry-id", gate)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["code"]


@demand("R002")
def test_a_running_edge_is_enrolled_by_a_code_confirmed_by_its_fingerprint_and_sends_without_a_restart(
    edge, centre, tmp_path
):
    edge.add_officer()  # while the edge runs
    officer = edge.sign_in()
    officer.clear("QN 700001")
    assert health(edge)["uplink"]["state"] == "not_configured"

    done = edge.command("enrol", "--centre-url", centre.url, given=new_code(centre) + "\n")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["edge_id"], told["is_confirmed"]) == ("mong-cai-1", False)
    assert told["fingerprint"] == status(edge)["fingerprint"]

    until(lambda: health(edge)["uplink"]["state"] == "halted", "the centre does not believe it yet")
    assert health(edge)["uplink"]["reason"] == "not_confirmed"
    officer.clear("QN 700002")
    assert health(edge)["pending"] == 2

    confirmed = centre.command("confirm-edge", "--edge-id", "mong-cai-1", "--fingerprint", told["fingerprint"])
    assert confirmed.returncode == 0, confirmed.stderr
    assert edge.command("resume").returncode == 0
    until(lambda: health(edge)["pending"] == 0, "everything is delivered")
    assert len(CentreBooks(tmp_path / "central.db").records()) == 2
    shown = health(edge)["uplink"]
    assert (shown["confirmed"], shown["recovered"], shown["incarnation"], shown["finding"]) == (2, 0, 1, "")
    officer.client.close()


def confirmed(edge: RunningEdge, centre: RunningCentre) -> None:
    """Enrol at a centre, and be confirmed there."""
    done = edge.command("enrol", "--centre-url", centre.url, "--code", new_code(centre))
    assert done.returncode == 0, done.stderr
    shown = json.loads(done.stdout)["fingerprint"]
    assert centre.command("confirm-edge", "--edge-id", "mong-cai-1", "--fingerprint", shown).returncode == 0
    edge.command("resume")


@pytest.mark.slow
@pytest.mark.timeout(300)
@demand("R002")
def test_a_centre_built_anew_under_another_key_gets_the_whole_journal_once_its_fingerprint_is_compared(
    edge, centre, tmp_path
):
    edge.add_officer()
    officer = edge.sign_in()
    confirmed(edge, centre)
    officer.clear("QN 700001")
    until(lambda: health(edge)["pending"] == 0, "the first centre has it")
    until(lambda: health(edge)["policy"]["freshness"] == "fresh", "and was heard")
    centre.end()

    (tmp_path / "anew").mkdir()
    anew = RunningCentre(tmp_path / "anew", database_url=f"sqlite:///{tmp_path / 'anew' / 'central.db'}")
    anew.process.start()
    try:
        confirmed(edge, anew)
        shown = json.loads(anew.command("identity").stdout)["fingerprint"]
        assert status(edge)["centre_url"] == centre.url, "a person has to compare first"
        wrong = edge.command("confirm-centre", "--fingerprint", "0000-0000-0000-0000")
        assert (wrong.returncode, "do not go on" in wrong.stderr) == (1, True)
        officer.clear("QN 700002")
        assert edge.command("confirm-centre", "--fingerprint", shown).returncode == 0
        until(lambda: len(CentreBooks(tmp_path / "anew" / "central.db").records()) >= 2, "all of the journal")
        until(lambda: health(edge)["pending"] == 0, "nothing waits")
        assert status(edge)["centre_fingerprint"] == shown
        assert "centre_met" in {notice["kind"] for notice in status(edge)["notices"]}
        assert health(edge)["policy"]["freshness"] == "fresh"
    finally:
        anew.end()
        officer.client.close()


def test_a_wrong_code_is_refused_and_a_right_one_is_good_for_one_machine(edge, centre, tmp_path):
    code = new_code(centre)
    wrong = "0" * 32
    refused = edge.command("enrol", "--centre-url", centre.url, "--code", wrong)
    assert refused.returncode == 1
    assert "ask for a new one" in refused.stderr
    assert edge.command("enrol", "--centre-url", centre.url, "--code", code).returncode == 0
    (tmp_path / "other").mkdir()
    other = RunningEdge(tmp_path / "other").command("enrol", "--centre-url", centre.url, "--code", code)
    assert (other.returncode, code in other.stderr) == (1, False)


def test_a_code_for_another_gate_and_a_centre_that_is_not_there_are_told_in_words(edge, centre):
    other = edge.command("enrol", "--centre-url", centre.url, "--code", new_code(centre, gate="hoanh-mo"))
    assert other.returncode == 1
    assert "hoanh-mo" in other.stderr
    nobody = edge.command("enrol", "--centre-url", "http://127.0.0.1:9", "--code", "0" * 32)
    assert nobody.returncode == 1
    assert "not reached" in nobody.stderr
    assert status(edge)["centre_url"] is None


def test_the_database_key_is_in_no_command_line_no_environment_and_no_log(tmp_path):
    edge = RunningEdge(tmp_path, has_own_interpreter=True)
    edge.process.start()
    edge.add_officer()
    officer = edge.sign_in()
    officer.clear("QN 700003")
    pid = edge.process.pid
    key = (edge.folder / "data" / KEY_NAME).read_bytes()
    places = [Path(f"/proc/{pid}/cmdline").read_bytes(), Path(f"/proc/{pid}/environ").read_bytes()]
    places.append((edge.folder / "edge.log").read_bytes())
    edge.process.kill()
    assert b"serve" in places[0], "it is this program's own command line that was looked at"
    for content in places:
        assert key not in content
        assert key.hex().encode() not in content.lower()
    officer.client.close()


def test_everything_in_the_data_folder_is_its_owners_alone(edge):
    edge.add_officer()
    data = edge.folder / "data"
    assert data.stat().st_mode & 0o777 == 0o700
    modes = {path.name: path.stat().st_mode & 0o077 for path in data.rglob("*") if path.is_file()}
    assert {DATABASE_NAME, KEY_NAME, "high_water", "starts", "incarnation"} <= modes.keys()
    assert [name for name, mode in modes.items() if mode and name != "edge.claim"] == []


@pytest.mark.parametrize("name", [DATABASE_NAME, KEY_NAME, "identity/edge_ed25519.key"])
def test_an_edge_whose_secrets_others_could_read_does_not_start_and_says_what_to_do(edge, name):
    edge.process.stop()
    path = edge.folder / "data" / name
    path.chmod(0o644)
    done = edge.command("add-officer", "--username", "x", "--name", "X", given="mot-hai-ba-bon\n")
    assert done.returncode == 2
    assert f"{path.name} may be read by others; set its mode to 0600" in done.stderr
    path.chmod(0o600)
    (edge.folder / "data").chmod(0o755)
    assert edge.command("sync-status").returncode == 0
    assert (edge.folder / "data").stat().st_mode & 0o777 == 0o700


def test_an_officer_replaced_while_the_edge_runs_is_signed_out_and_the_new_password_counts(edge):
    edge.add_officer()
    officer = edge.sign_in()
    assert officer.client.get("/api/session").status_code == 200
    done = edge.command("add-officer", "--username", "canbo", "--name", "Cán bộ mới", given="nam-sau-bay-tam\n")
    assert done.returncode == 0, done.stderr
    until(lambda: officer.client.get("/api/session").status_code != 200, "signed out")
    signed_in = officer.client.post("/sign-in", json={"username": "canbo", "password": "nam-sau-bay-tam"})
    assert signed_in.status_code in {200, 204}
    officer.client.close()


def test_resume_without_a_running_edge_says_so(edge):
    edge.process.stop()
    done = edge.command("resume")
    assert done.returncode == 1
    assert "no edge runs" in done.stderr
