"""What the administrator sees: every edge, how far it has come, who is silent, and every alarm. Never a traveller."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from central.actions.opening import open_centre
from central.actions.reception import Reception
from central.settings import load_settings
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
