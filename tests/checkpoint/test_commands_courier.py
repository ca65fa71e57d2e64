"""Real programs without any link between them: a stick carries the journal up, and receipts and orders down."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.central.running import RunningCentre
from tests.checkpoint.app.running import Officer, RunningEdge
from tests.checkpoint.centres import order_text
from tests.demands import demand

pytestmark = [pytest.mark.services, pytest.mark.slow, pytest.mark.timeout(300)]
PEOPLE = 12


@pytest.fixture
def centre(tmp_path: Path) -> RunningCentre:
    folder = tmp_path / "centre"
    folder.mkdir()
    return RunningCentre(folder, database_url=f"sqlite:///{folder / 'central.db'}")


@pytest.fixture
def edge(tmp_path: Path, centre: RunningCentre) -> Iterator[RunningEdge]:
    """An edge that the centre knows, with the address of a centre that it never reaches."""
    folder = tmp_path / "edge"
    folder.mkdir()
    one = RunningEdge(folder)
    text = one.settings.read_text(encoding="utf-8")
    known = "\n".join(
        [
            "[edge]",
            'centre_url = "http://127.0.0.1:9"',
            f'centre_public_key = "{centre.identity["public_key"]}"',
            f'province_sealing_key = "{centre.identity["province_sealing_key"]}"',
        ]
    )
    one.settings.write_text(text.replace("[edge]", known, 1), encoding="utf-8")
    own = json.loads(one.command("identity").stdout)
    words = ["--edge-id", "mong-cai-1", "--point-of-entry-id", "mong-cai", "--public-key", own["public_key"]]
    assert centre.command("enrol", *words).returncode == 0
    one.add_officer()
    one.process.start()
    yield one
    one.process.stop()


def health(officer: Officer) -> dict:
    return officer.client.get("/api/health").json()


def carry(edge: RunningEdge, centre: RunningCentre, stick: Path) -> str:
    """Export, import at the centre, and bring the answer back; return what the export said."""
    package, answer = stick / "up.kdc", stick / "down.json"
    exported = edge.command("courier-export", "--to", str(package))
    assert exported.returncode == 0, exported.stderr
    imported = centre.command("courier-import", str(package), "--return-to", str(answer))
    assert imported.returncode == 0, imported.stderr
    received = edge.command("courier-receive", str(answer))
    assert received.returncode == 0, received.stderr
    assert json.loads(received.stdout)["refusals"] == []
    return exported.stdout


@demand("R002")
def test_a_gate_without_a_link_delivers_by_courier_and_gets_receipts_and_orders_back(edge, centre, tmp_path):
    stick = tmp_path / "stick"
    stick.mkdir()
    officer = edge.sign_in()
    for number in range(PEOPLE):
        officer.clear(f"QN {100_100 + number}")
    order = tmp_path / "order.toml"
    order.write_text(order_text(), encoding="utf-8")
    assert centre.command("issue-policy", "--file", str(order)).returncode == 0
    assert health(officer)["pending"] == PEOPLE

    said = carry(edge, centre, stick)
    assert f"{PEOPLE} records in 1 batches" in said
    assert f"incarnation 1: records 1 to {PEOPLE}" in said
    now = health(officer)
    assert now["pending"] == 0
    assert now["policy"]["freshness"] == "fresh"
    assert {"policy_id": "order-x", "version": 1} in now["policies"]
    view = officer.screen("QN 100999")
    assert "traffic_stopped" in {one["code"] for one in view["verdict"]["reasons"]}
    assert json.loads(centre.command("verify").stdout.splitlines()[-1])["ledger_records"] == PEOPLE
    assert "kiemdich_policy_age_seconds" in officer.client.get("/metrics").text

    assert f"{0} records in 0 batches" in carry(edge, centre, stick)
    officer.client.close()


def test_an_answer_of_another_errand_or_cut_off_is_refused_and_changes_nothing(edge, centre, tmp_path):
    officer = edge.sign_in()
    officer.clear("QN 100100")
    package, answer = tmp_path / "up.kdc", tmp_path / "down.json"
    assert edge.command("courier-export", "--to", str(package)).returncode == 0
    assert centre.command("courier-import", str(package), "--return-to", str(answer)).returncode == 0
    content = answer.read_bytes()

    answer.write_bytes(content[: len(content) // 2])
    assert "no courier's return" in edge.command("courier-receive", str(answer)).stderr
    answer.write_bytes(content.replace(b'"ledger_position":1', b'"ledger_position":2'))
    assert "not the centre's" in edge.command("courier-receive", str(answer)).stderr
    assert edge.command("courier-export", "--to", str(package)).returncode == 0
    answer.write_bytes(content)
    assert "another errand" in edge.command("courier-receive", str(answer)).stderr
    assert health(officer)["pending"] == 1
    officer.client.close()


def test_a_package_that_cannot_be_written_leaves_no_file_and_the_last_errand_stands(edge, centre, tmp_path):
    officer = edge.sign_in()
    officer.clear("QN 100100")
    package, answer = tmp_path / "up.kdc", tmp_path / "down.json"
    assert edge.command("courier-export", "--to", str(package)).returncode == 0
    refused = edge.command("courier-export", "--to", str(tmp_path / "no-stick" / "up.kdc"))
    assert refused.returncode == 1
    assert "no-stick" in refused.stderr
    assert not list(tmp_path.glob("*.partial"))
    assert centre.command("courier-import", str(package), "--return-to", str(answer)).returncode == 0
    edge.process.stop()
    assert edge.command("courier-receive", str(answer)).returncode == 0, "an edge that is not running takes it too"
    status = json.loads(edge.command("sync-status").stdout)
    assert status["chains"][0]["delivered"] == 1
    officer.client.close()


@demand("R002")
def test_a_restored_gate_without_any_link_is_given_a_new_incarnation_by_courier(edge, centre, tmp_path):
    stick, copies = tmp_path / "stick", tmp_path / "copies"
    stick.mkdir()
    officer = edge.sign_in()
    officer.clear("QN 100100")
    assert edge.command("backup", "--to", str(copies)).returncode == 0
    for number in range(3):
        officer.clear(f"QN {100_200 + number}")
    carry(edge, centre, stick)
    edge.process.stop()
    assert edge.command("restore", "--from", str(copies), "--replace").returncode == 0
    edge.process.start()
    again = edge.sign_in()
    again.clear("QN 100300")

    said = carry(edge, centre, stick)
    assert "0 records in 0 batches" in said, "what could fork the chain waits for its new number"
    assert "asks the centre for a new incarnation" in said
    now = json.loads(edge.command("sync-status").stdout)
    assert (now["delivery"]["incarnation"], now["finding"]) == (2, None)
    assert now["delivery"]["recovered"] == 2, "what no receipt of this database covers is carried over"
    said = carry(edge, centre, stick)
    assert "incarnation 2: records 1 to 3" in said
    assert "asks the centre" not in said
    assert health(again)["pending"] == 0
    verified = json.loads(centre.command("verify").stdout.splitlines()[-1])
    assert verified["crossings"] == 5, "one before the backup, three after it, one after the restore: none twice"
    for one in (officer, again):
        one.client.close()


def test_a_backup_is_made_beside_the_serving_edge_and_put_back_when_it_stands(edge, tmp_path):
    officer = edge.sign_in()
    officer.clear("QN 100100")
    copies = tmp_path / "copies"
    made = edge.command("backup", "--to", str(copies))
    assert made.returncode == 0, made.stderr
    assert json.loads(made.stdout)["records"] == 1
    assert "another edge runs" in edge.command("restore", "--from", str(copies), "--replace").stderr
    edge.process.stop()
    assert "exists" in edge.command("restore", "--from", str(copies)).stderr
    done = edge.command("restore", "--from", str(copies), "--replace")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["named"] == 1
    status = json.loads(edge.command("sync-status").stdout)
    assert status["finding"]["reason"] == "restored_database"
    edge.process.start()
    again = edge.sign_in()
    assert health(again)["head_sequence"] == 1
    for one in (officer, again):
        one.client.close()
