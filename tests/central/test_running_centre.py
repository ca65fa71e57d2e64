"""A real centre process, a real uplink over HTTP: killed in mid-push, nothing is lost or counted twice."""

import json
import threading

import httpx
import pytest
from sqlalchemy import create_engine, text

from central.store.engine import open_engine
from sync.agreement.records import TravellerIdentity
from sync.agreement.vocabulary import Disposition
from tests.central.running import RunningCentre, drain
from tests.demands import demand
from tests.sync.exchange.journals import MORNING, EdgeJournal, isolated, rechecked, screened

PERSON = TravellerIdentity(full_name="NGUYỄN THỊ THỬ", document_number="T0000001")
pytestmark = pytest.mark.timeout(180)


@pytest.fixture
def centre(database_url, tmp_path):
    running = RunningCentre(tmp_path, database_url=database_url)
    yield running
    running.end()


def filled(journal: EdgeJournal, *, crossings: int) -> EdgeJournal:
    for number in range(crossings):
        journal.write(screened(f"c{number}", temperature_c=36.5), who=PERSON)
    return journal


def test_an_uplink_drains_its_journal_into_a_ledger_that_verifies(centre):
    journal = EdgeJournal("mong-cai-1")
    centre.enrol(journal, gate="mong-cai")
    filled(journal, crossings=700)
    centre.process.start()
    drain(centre.uplink(journal), journal)

    verified = centre.verified()
    assert (verified["ledger_records"], verified["crossings"], verified["quarantined"]) == (700, 700, 0)
    assert [receipt.sequence for receipt in journal.receipts] == [500, 700]


@demand("R002")
@pytest.mark.slow
def test_kill_9_of_the_centre_in_mid_push_loses_and_doubles_nothing(centre):
    journal = EdgeJournal("mong-cai-1")
    centre.enrol(journal, gate="mong-cai")
    filled(journal, crossings=3000)
    centre.process.start()
    uplink = centre.uplink(journal)
    done = threading.Event()
    pushing = threading.Thread(target=drain, args=(uplink, journal), kwargs={"stop": done})
    pushing.start()
    try:
        for delay_s in (0.15, 0.35, 0.6):
            threading.Event().wait(delay_s)
            centre.process.kill()
            centre.process.start()
        pushing.join(120)
    finally:
        done.set()
        pushing.join()

    assert journal.receipts[-1].sequence == 3000
    verified = centre.verified()
    assert (verified["ledger_records"], verified["crossings"]) == (3000, 3000)


def test_one_changed_bit_is_found_and_named(centre):
    journal = EdgeJournal("mong-cai-1")
    centre.enrol(journal, gate="mong-cai")
    filled(journal, crossings=3)
    centre.process.start()
    drain(centre.uplink(journal), journal)
    centre.process.stop()
    tampered = journal.entries[1].record.replace(b'"temperature_c":36.5', b'"temperature_c":37.5')
    overwrite(centre, position=2, record=tampered)

    done = centre.command("verify")
    assert done.returncode == 1
    difference = json.loads(done.stdout)["first_difference"]
    assert (difference["table"], difference["key"]) == ("ledger", "2, hash")


def overwrite(centre, *, position: int, record: bytes) -> None:
    """As somebody with the database's own password could: past the trigger."""
    url = next(
        line.split('"')[1] for line in centre.settings.read_text().splitlines() if line.startswith("database_url")
    )
    engine = open_engine(url) if url.startswith("sqlite") else create_engine(url)
    with engine.begin() as connection:
        if url.startswith("sqlite"):
            connection.execute(text("DROP TRIGGER ledger_refuses_update"))
        else:
            connection.execute(text("ALTER TABLE ledger DISABLE TRIGGER ALL"))
        connection.execute(
            text("UPDATE ledger SET bytes = :record WHERE position = :position"),
            {"record": record, "position": position},
        )
    engine.dispose()


@pytest.fixture
def desk(centre):
    """A CDC officer at the desk of a centre that has one isolated traveller."""
    journal = EdgeJournal("mong-cai-1")
    centre.enrol(journal, gate="mong-cai")
    journal.write(screened("c1", disposition=Disposition.PENDING), who=PERSON)
    journal.write(rechecked("c1", disposition=Disposition.PENDING))
    journal.write(isolated("c1"))
    words = ("--username", "cdc", "--role", "cdc", "--name", "Cán bộ CDC")
    added = centre.command("add-user", *words, standard_input="thử-mật-khẩu-9\n")
    assert added.returncode == 0, added.stderr
    centre.process.start()
    drain(centre.uplink(journal), journal)
    with httpx.Client(base_url=centre.url) as browser:
        signed_in = browser.post("/sign-in", json={"username": "cdc", "password": "thử-mật-khẩu-9"})
        assert signed_in.status_code == 204
        browser.headers["X-CSRF-Token"] = browser.get("/api/session").json()["csrf_token"]
        yield browser


def test_cdc_sees_a_referred_traveller_classes_the_case_and_opens_the_person_with_a_reason(centre, desk):
    (case,) = desk.get("/api/desk").json()["cases"]
    assert (case["crossing_id"], case["disposition"], case["place_id"]) == ("c1", "isolated", "C1")
    assert case["temperature_c"] == 38.4
    assert case["gate"]["vi"].startswith("Cửa khẩu quốc tế Móng Cái")

    opened = desk.get("/api/desk/c1").json()
    assert opened["person"] is None
    assert PERSON.full_name not in json.dumps(opened, ensure_ascii=False)
    types = [line["type"] for line in opened["timeline"]]
    assert types == ["crossing_screened", "temperature_rechecked", "traveller_isolated"]

    assert desk.post("/api/desk/c1/identity", json={"reason": " "}).status_code == 400
    person = desk.post("/api/desk/c1/identity", json={"reason": "điều tra dịch tễ"}).json()
    assert person["full_name"] == PERSON.full_name

    reviewed = desk.post("/api/desk/c1/review", json={"case_class": "confirmed", "note": "dương tính"})
    assert reviewed.json()["sequence"] == 2, "after the record that the edge was enrolled"
    assert desk.get("/api/desk").json()["cases"][0]["case_class"] == "confirmed"
    assert desk.post("/api/desk/none/review", json={"case_class": "confirmed"}).status_code == 404
    assert centre.verified()["centre_records"] == 2


def test_days_and_revisions_that_cannot_be_are_refused_and_never_an_error_of_ours(desk):
    for number in ("0", "-1", "9" * 30, "x"):
        assert desk.get(f"/reports/2026-11-22.json?revision={number}").status_code == 422
    for day, expected in (("0001-01-01", 404), ("9999-12-31", 404), ("2999-12-31", 409), ("2026-13-41", 422)):
        assert desk.post(f"/api/reports/{day}/freeze").status_code == expected, day


def test_strangers_see_nothing_and_command_sees_no_rows(centre):
    centre.command("add-user", "--username", "chihuy", "--role", "command", "--name", "C", standard_input="mk-9-dài\n")
    centre.process.start()
    with httpx.Client(base_url=centre.url) as browser:
        assert browser.get("/api/desk").status_code == 401
        assert browser.get("/api/command/figures").status_code == 401
        assert browser.post("/sign-in", json={"username": "chihuy", "password": "mk-9-dài"}).status_code == 204
        assert browser.get("/api/desk").status_code == 403
        figures = browser.get("/api/command/figures").json()
        assert figures["totals"]["crossings"] == 0
        assert {gate["figures"] for gate in figures["gates"]} == {None}
        assert browser.get("/api/health").json()["status_word"] == "up"


def test_a_morning_is_reported_frozen_and_printed(centre, tmp_path):
    journal = EdgeJournal("mong-cai-1")
    centre.enrol(journal, gate="mong-cai")
    filled(journal, crossings=5)
    centre.process.start()
    drain(centre.uplink(journal), journal)
    day = MORNING.date().isoformat()

    first = centre.command("report", "--day", day, "--now").stdout
    assert json.loads(first)["totals"]["crossings"] == 5
    assert centre.command("report", "--day", day, "--revision", "1").stdout == first
    journal.write(screened("late"))
    drain(centre.uplink(journal), journal)
    second = json.loads(centre.command("report", "--day", day, "--now").stdout)
    assert (second["revision"], second["totals"]["crossings"], second["identities_hold"]) == (2, 6, True)
    assert centre.command("report", "--day", day, "--format", "pdf", "--out", str(tmp_path / "r.pdf")).returncode == 0
    nowhere = centre.command("report", "--day", day, "--out", str(tmp_path / "no-folder/r.json"))
    assert (nowhere.returncode, len(nowhere.stderr.strip().splitlines())) == (2, 1)
    assert "cannot write" in nowhere.stderr
    no_day = centre.command("report", "--day", "0001-01-01", "--now")
    assert (no_day.returncode, no_day.stderr) == (2, "--day: no report speaks of the year 1\n")
    assert (tmp_path / "r.pdf").read_bytes().startswith(b"%PDF")
    assert centre.verified()["report_revisions"] == 2
