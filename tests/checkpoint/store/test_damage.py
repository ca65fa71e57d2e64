"""A damaged database is named with the way out, by every command and at the lane; nothing is deleted."""

import contextlib
import random
import subprocess
import sys
from pathlib import Path

import pytest
import sqlcipher3.dbapi2 as sqlcipher
from sqlalchemy import text
from typer.testing import CliRunner

from checkpoint.__main__ import app
from checkpoint.actions.deciding import close_crossing
from checkpoint.store.connection import DATABASE_NAME, DamagedDatabaseError, DamagedPageError, is_damage
from tests.checkpoint.app.running import Officer, RunningEdge
from tests.checkpoint.edges import ROOT, Edge
from tests.demands import demand

PAGE_BYTES = 4096
BODIES = random.Random(11)
"""No terminal shows the same value for everybody: such a one would be taken for suspicious."""


@pytest.fixture
def damaged(tmp_path: Path) -> Path:
    """A folder whose edge screened some people, made a backup and stopped; then every page but the first rotted."""
    edge = Edge(tmp_path)
    for number in range(5):
        edge.present(f"QN {200_000 + number}")
        edge.scan_face(36.5)
        edge.do(close_crossing, draft_id=edge.draft_id)
    edge.close()
    made = CliRunner().invoke(app, ["backup", "--to", str(tmp_path / "copies"), "--settings", settings(tmp_path)])
    assert made.exit_code == 0, made.stderr
    path = tmp_path / "data" / DATABASE_NAME
    content = bytearray(path.read_bytes())
    for page in range(1, len(content) // PAGE_BYTES):
        content[page * PAGE_BYTES + 99] ^= 8
    path.write_bytes(content)
    return tmp_path


def settings(folder: Path) -> str:
    return str(folder / "edge.toml")


@pytest.mark.parametrize(
    "words",
    [
        ["serve"],
        ["sync-status"],
        ["witness"],
        ["backup", "--to", "more-copies"],
        ["courier-export", "--to", "stick.kdc"],
        ["add-officer", "--username", "canbo", "--name", "Cán bộ"],
    ],
)
def test_every_command_names_the_damaged_file_and_the_way_out_and_ends_with_2(damaged, words):
    before = (damaged / "data" / DATABASE_NAME).read_bytes()
    done = subprocess.run(
        [sys.executable, "-m", "checkpoint", *words, "--settings", settings(damaged)],
        input="mot-hai-ba-bon\n", capture_output=True, text=True, check=False, cwd=damaged, timeout=60,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    told = [line for line in done.stderr.splitlines() if "ERROR CORE" not in line and not line.startswith("{")]
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert len(told) == 1
    assert f"{DATABASE_NAME} is damaged" in told[0]
    assert "checkpoint restore --from FOLDER --replace" in told[0]
    assert "Delete nothing" in told[0]
    assert (damaged / "data" / DATABASE_NAME).read_bytes() == before


@demand("R002")
def test_the_backup_takes_the_damaged_files_place_and_the_edge_goes_on(damaged):
    words = ["restore", "--from", str(damaged / "copies"), "--replace", "--settings", settings(damaged)]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.stderr
    assert '"kept_aside":"' in done.stdout
    edge = Edge(damaged)
    assert len([body for body in edge.bodies() if body.type_name == "crossing_screened"]) == 5
    edge.close()


def test_without_a_backup_the_file_is_moved_and_the_edge_asks_for_a_new_incarnation(damaged):
    aside = damaged / "aside"
    aside.mkdir()
    for path in (damaged / "data").glob(f"{DATABASE_NAME}*"):
        path.rename(aside / path.name)
    edge = Edge(damaged)
    assert edge.gate.store.outgoing.finding().reason.value == "reimaged"
    edge.present("QN 300001")
    edge.close()


def test_a_page_that_rots_under_a_running_edge_is_named_too(tmp_path):
    edge = Edge(tmp_path)

    def rotten(_transaction):
        error = sqlcipher.DatabaseError("database disk image is malformed")
        error.sqlite_errorcode = 11
        raise error

    with pytest.raises(DamagedDatabaseError, match="is damaged"):
        edge.gate.store.writer.submit(rotten).result(10)
    edge.present("QN 300002")
    edge.close()


def test_a_statements_own_fault_is_no_damage():
    assert not is_damage(sqlcipher.OperationalError("no such table"))
    assert not is_damage(sqlcipher.IntegrityError("UNIQUE"))


def rot(path: Path) -> None:
    """Change a byte of every page but the first two: the schema is read, the rest is not what was written."""
    content = bytearray(path.read_bytes())
    for page in range(2, len(content) // PAGE_BYTES):
        content[page * PAGE_BYTES + 99] ^= 8
    path.write_bytes(content)


def test_a_damaged_page_met_by_a_reader_is_named_with_the_way_out_and_marks_the_store(tmp_path):
    edge = Edge(tmp_path)
    for number in range(40):
        edge.present(f"QN {400_000 + number}")
        edge.scan_face(round(BODIES.gauss(36.3, 0.25), 2))
        edge.do(close_crossing, draft_id=edge.draft_id)
    edge.restart()
    store = edge.gate.store
    assert store.damage.words == ""
    rot(tmp_path / "data" / DATABASE_NAME)
    with (
        pytest.raises(DamagedPageError, match="checkpoint restore --from FOLDER --replace"),
        store.readers.connect() as connection,
    ):
        connection.execute(text("SELECT * FROM journal")).all()
    assert DATABASE_NAME in store.damage.words
    edge.close()


@pytest.mark.slow
@pytest.mark.services
def test_whoever_asks_the_running_edge_hears_what_is_damaged_and_its_health_says_so(tmp_path):
    edge = RunningEdge(tmp_path)
    edge.add_officer()
    edge.process.start()
    with contextlib.closing(edge.sign_in().client) as client:
        for number in range(6):
            Officer(client).clear(f"QN {500_000 + number}")
    edge.process.stop()  # folds the log away, so that the next one reads the file itself
    edge.process.start()
    officer = edge.sign_in()
    assert officer.client.get("/api/health").json()["status_word"] == "ok"
    rot(tmp_path / "data" / DATABASE_NAME)
    answers = [officer.client.get(f"/api/crossings?q=QN{500_000 + number}&limit=50") for number in range(6)]
    answers += [officer.client.get("/api/register/away"), officer.client.get("/api/isolation")]
    told = [answer.json()["code"] for answer in answers if answer.status_code == 503]
    assert told, [answer.status_code for answer in answers]
    assert set(told) == {"database_unreadable"}
    assert 500 not in {answer.status_code for answer in answers}
    assert officer.client.get("/api/health").json()["status_word"] == "database_damaged"
    officer.client.close()
    edge.process.stop()
    assert "Traceback" not in edge.process.log.read_text(encoding="utf-8")
