"""What the administrator sees: every edge, how far it has come, who is silent, and every alarm. Never a traveller."""

import csv
import io
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from central.actions.opening import open_centre
from central.actions.reception import Reception
from central.settings import load_settings
from sync.agreement.records import IncarnationOpened
from sync.agreement.vocabulary import IncarnationReason
from tests.central.edges import renew
from tests.central.pushes import ask, push, refusal_of
from tests.central.running import write_settings
from tests.central.visitors import HandClock, signed_in
from tests.sync.exchange.journals import EdgeJournal, screened


@pytest.fixture
def clock():
    return HandClock()


@pytest.fixture
def centre(database_url: str, tmp_path: Path, clock):
    opened = open_centre(load_settings(write_settings(tmp_path, database_url=database_url, port=0)), clock=clock)
    yield opened
    opened.store.close()


@pytest.fixture
def store(centre):
    return centre.store


@pytest.fixture
def reception(centre, clock):
    return Reception(centre.store, signing_key=centre.keys.signing, clock=clock)


@pytest.fixture
def administrator(centre):
    with signed_in(centre, username="quantri", role="administrator") as browser:
        yield browser


def units_of(administrator):
    answer = administrator.get("/api/units")
    assert answer.status_code == 200, answer.text
    return answer.json()


def edge_of(administrator, edge_id):
    return next(edge for edge in units_of(administrator)["edges"] if edge["edge_id"] == edge_id)


def test_the_administrator_sees_how_far_each_edge_has_come_and_who_is_silent(
    administrator, reception, journal, other_journal, clock
):
    journal.write(screened("c1"))
    journal.write(screened("c2"))
    push(reception, journal)

    heard, never = edge_of(administrator, "mong-cai-1"), edge_of(administrator, "hoanh-mo-1")
    assert (heard["sequence"], heard["incarnation"], heard["is_silent"]) == (2, 1, False)
    assert heard["point_of_entry_id"] == "mong-cai"
    assert heard["name"]["vi"].startswith("Cửa khẩu")
    assert datetime.fromisoformat(heard["last_contact_at"]) == clock.now
    assert datetime.fromisoformat(heard["enrolled_at"]) <= clock.now
    assert (never["sequence"], never["last_contact_at"], never["is_silent"]) == (0, None, True)

    clock.now += timedelta(minutes=16)
    ask(reception, other_journal)
    assert edge_of(administrator, "mong-cai-1")["is_silent"]
    assert not edge_of(administrator, "hoanh-mo-1")["is_silent"]


def test_a_revoked_edge_is_shown_as_revoked_and_never_as_silent(administrator, store, journal, clock):
    store.edges.revoke(journal.edge_id, now=clock())

    revoked = edge_of(administrator, "mong-cai-1")

    assert datetime.fromisoformat(revoked["revoked_at"]) == clock.now
    assert not revoked["is_silent"]


def test_a_fork_is_an_alarm_that_names_edge_number_and_both_hashes(administrator, reception, journal):
    journal.write(screened("c1"))
    push(reception, journal)
    assert units_of(administrator)["alarms"] == []
    twin = EdgeJournal("mong-cai-1")
    twin.key, twin.province_key = journal.key, journal.province_key
    twin.write(screened("c9"))

    assert refusal_of(push, reception, twin, first=1, last=1).http_code == 409

    (alarm,) = units_of(administrator)["alarms"]
    assert (alarm["kind"], alarm["edge_id"], alarm["incarnation"], alarm["sequence"]) == ("fork", "mong-cai-1", 1, 1)
    assert alarm["expected_hash"] == journal.entries[0].hash.hex()
    assert alarm["found_hash"] == twin.entries[0].hash.hex()


def test_only_the_administrator_sees_the_units(administrator, centre, reception, journal):
    journal.write(screened("c1"))
    push(reception, journal)
    assert "c1" not in administrator.get("/api/units").text
    assert administrator.get("/api/command/figures").status_code == 403
    for username, role in (("cdc", "cdc"), ("chihuy", "command")):
        with signed_in(centre, username=username, role=role) as somebody:
            assert somebody.get("/api/units").status_code == 403


def test_each_unit_says_what_is_lost_and_what_to_do(administrator, reception, journal, other_journal, clock):
    journal.write(screened("c1"))
    push(reception, journal)
    assert edge_of(administrator, "mong-cai-1")["to_do"] == []
    renew(reception, journal, own_sequence=1, high_water=4)
    after = EdgeJournal("mong-cai-1", key=journal.key, incarnation=2)
    after.write(
        IncarnationOpened(
            reason=IncarnationReason.RESTORED_DATABASE,
            previous_incarnation=1,
            previous_sequence=1,
            high_water=4,
            lost_records=3,
        )
    )
    push(reception, after)

    told = edge_of(administrator, "mong-cai-1")
    assert (told["incarnation"], told["lost_records"], told["alarms"]) == (2, 3, 1)
    assert told["to_do"] == ["see_alarms", "compare_with_paper"]
    assert edge_of(administrator, "hoanh-mo-1")["to_do"] == ["call_the_gate"]


def test_the_list_of_units_is_a_file_too_and_can_be_searched(administrator, centre, reception, journal, other_journal):
    def rows(query: str) -> list[dict[str, str]]:
        answer = administrator.get(f"/api/units.csv{query}")
        assert answer.headers["content-type"] == "text/csv; charset=utf-8"
        return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))

    ask(reception, journal)
    assert [row["edge_id"] for row in rows("")] == ["hoanh-mo-1", "mong-cai-1"]
    assert [(row["edge_id"], row["lost_records"], row["to_do"]) for row in rows("?q=MONG-CAI")] == [
        ("mong-cai-1", "0", "")
    ]
    assert rows("?q=nowhere") == []
    for path in ("/api/units.csv", "/api/units/mong-cai-1/held.csv"):
        with signed_in(centre, username="cdc", role="cdc") as cdc:
            assert cdc.get(path).status_code == 403


def test_a_figure_of_held_records_opens_its_rows_without_any_content(administrator, reception, journal, clock):
    journal.write(screened("c1"))
    journal.write(screened("c1"))  # a crossing cannot be opened twice
    push(reception, journal)
    answer = administrator.get("/api/units/mong-cai-1/held.csv").content.decode("utf-8-sig")
    (row,) = csv.DictReader(io.StringIO(answer))
    assert (row["position"], row["sequence"], row["reason"]) == ("2", "2", "crossing_exists")
    assert set(row) == {"position", "incarnation", "sequence", "type", "reason", "received_at"}


def test_a_figure_of_a_report_opens_its_crossings_for_the_cdc_alone(centre, reception, journal):
    journal.write(screened("c1"))
    push(reception, journal)
    day = centre.store.desk.state("c1").report_day
    with signed_in(centre, username="cdc", role="cdc") as cdc:
        listed = cdc.get(f"/api/reports/{day}/crossings.csv")
        assert cdc.get(f"/api/reports/{day}/nothing.csv").status_code in {404, 422}
        (row,) = csv.DictReader(io.StringIO(listed.content.decode("utf-8-sig")))
        assert cdc.get(f"/api/reports/{day}/referred.csv").content.count(b"\n") == 1
        assert cdc.get("/api/reports.csv").status_code == 200
    assert (row["crossing_id"], row["point_of_entry_id"]) == ("c1", "mong-cai")
    with signed_in(centre, username="chihuy", role="command") as command:
        assert command.get(f"/api/reports/{day}/crossings.csv").status_code == 403
