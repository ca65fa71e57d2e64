"""What command sees: today per gate, as of when, and which gates are silent. Never a row."""

import csv
import io
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import update

from central.actions.opening import open_centre
from central.actions.ordering import PolicyShelf
from central.actions.reception import Reception
from central.settings import load_settings
from central.store.tables import day_count
from sync.agreement.records import SEALED_WORDS, CrossingWithdrawn
from sync.agreement.vocabulary import Direction, Disposition
from tests.central.pushes import ask, push
from tests.central.running import write_settings
from tests.central.visitors import HandClock, signed_in
from tests.demands import demand
from tests.sync.agreement.crossings import order_document
from tests.sync.exchange.journals import isolated, rechecked, screened


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
def command(centre):
    with signed_in(centre, username="chihuy", role="command") as browser:
        yield browser


def gate_of(command, name):
    figures = command.get("/api/command/figures").json()
    return next(gate for gate in figures["gates"] if gate["point_of_entry_id"] == name)


@demand("R001")
def test_command_sees_today_per_gate_and_which_gate_has_fallen_silent(
    command, reception, journal, other_journal, clock
):
    journal.write(screened("c1", temperature_c=36.4))
    journal.write(screened("c2", disposition=Disposition.PENDING))
    journal.write(rechecked("c2", disposition=Disposition.PENDING))
    journal.write(isolated("c2"))
    journal.write(screened("c3", direction=Direction.EXIT, temperature_c=36.2))
    push(reception, journal)
    heard_at = clock.now

    mong_cai = gate_of(command, "mong-cai")
    assert (mong_cai["entry"], mong_cai["exit"]) == (2, 1)
    wanted = ("crossings", "measured", "confirmed", "isolated", "referred")
    assert [mong_cai["figures"][name] for name in wanted] == [3, 3, 1, 1, 0]
    assert not mong_cai["is_silent"]
    assert gate_of(command, "hoanh-mo")["figures"] is None
    assert gate_of(command, "hoanh-mo")["is_silent"]

    clock.now += timedelta(minutes=14)
    ask(reception, other_journal)
    assert not gate_of(command, "mong-cai")["is_silent"]
    clock.now += timedelta(minutes=2)
    silent = gate_of(command, "mong-cai")
    assert silent["is_silent"]
    assert (
        datetime.fromisoformat(silent["last_received_at"]) == heard_at == datetime.fromisoformat(silent["silent_since"])
    )
    assert silent["figures"]["crossings"] == 3
    assert gate_of(command, "hoanh-mo")["figures"]["crossings"] == 0


def test_a_withdrawn_crossing_is_named_apart_and_is_no_crossing_as_at_the_gate(command, reception, journal):
    journal.write(screened("c1", temperature_c=36.4))
    journal.write(screened("c2", direction=Direction.EXIT, temperature_c=36.2))
    journal.write(CrossingWithdrawn(crossing_id="c2", withdraws_record_id="r", reason=SEALED_WORDS))
    push(reception, journal)

    figures = command.get("/api/command/figures").json()
    assert (figures["standing"], figures["totals"]["withdrawn"]) == (1, 1)
    assert figures["directions"] == {"entry": 1, "exit": 0, "transit": 0}
    mong_cai = gate_of(command, "mong-cai")
    assert (mong_cai["entry"], mong_cai["exit"]) == (1, 0)
    assert figures["identities_hold"] is True


def test_the_gates_of_the_running_day_are_taken_as_a_file_and_an_unheard_gate_has_no_noughts(
    command, reception, journal
):
    journal.write(screened("c1", temperature_c=36.4))
    push(reception, journal)

    sheet = command.get("/api/command/gates.csv")
    lines = {line["point_of_entry_id"]: line for line in csv.DictReader(io.StringIO(sheet.content.decode("utf-8-sig")))}
    assert (lines["mong-cai"]["name"], lines["mong-cai"]["crossings"], lines["mong-cai"]["entry"]) == (
        gate_of(command, "mong-cai")["name"]["vi"],
        "1",
        "1",
    )
    assert (lines["hoanh-mo"]["crossings"], lines["hoanh-mo"]["entry"]) == ("", "")
    assert "c1" not in sheet.text


def test_command_reaches_no_person_and_no_row(command, reception, journal):
    journal.write(screened("c1", disposition=Disposition.PENDING))
    push(reception, journal)
    token = command.get("/api/session").json()["csrf_token"]
    assert command.get("/api/desk").status_code == 403
    assert command.get("/api/desk/c1").status_code == 403
    for action, body in (("review", {"case_class": "confirmed"}), ("identity", {"reason": "tò mò"})):
        answer = command.post(f"/api/desk/c1/{action}", json=body, headers={"X-CSRF-Token": token})
        assert answer.status_code == 403
    assert "c1" not in command.get("/api/command/figures").text
    assert command.post("/api/reports/2026-11-21/freeze", headers={"X-CSRF-Token": token}).status_code == 403


def test_command_sees_that_the_figures_shown_add_up(command, reception, journal):
    journal.write(screened("c1", temperature_c=36.4))
    push(reception, journal)

    figures = command.get("/api/command/figures").json()

    assert figures["identities_hold"] is True
    assert figures["broken_identities"] == []


def test_a_gate_whose_counters_do_not_add_up_is_named_with_both_sides(command, reception, journal, store):
    journal.write(screened("c1", temperature_c=36.4))
    push(reception, journal)
    with store.engine.begin() as connection:
        spoilt = update(day_count).where(day_count.c.figure == "cleared").values({"count": 5})
        connection.execute(spoilt)

    figures = command.get("/api/command/figures").json()

    assert figures["identities_hold"] is False
    at_gate, in_sum = figures["broken_identities"]
    assert at_gate["gate"]["vi"] == gate_of(command, "mong-cai")["name"]["vi"]
    assert (at_gate["figure"], at_gate["left"], at_gate["right"]) == ("crossings", 1, 5)
    assert in_sum["gate"] is None


def test_no_scenario_is_shown_where_no_order_declares_one(command):
    assert command.get("/api/command/figures").json()["scenario"] is None


def test_the_gravest_declared_scenario_is_shown_with_its_clause_and_its_gates(centre):
    rules = [
        {"kind": "scenario_declared", "scenario": "scenario_3", "applies_to": {"point_of_entry_ids": ["nowhere"]}},
        {"kind": "scenario_declared", "scenario": "scenario_2", "applies_to": {"localities": ["mong-cai"]}},
    ]
    policy = centre.policy.with_orders(order_document(*rules))
    declared = msgspec.structs.replace(centre, shelf=PolicyShelf(policy, issued=centre.issued, clock=centre.clock))
    with signed_in(declared, username="chihuy", role="command") as command:
        scenario = command.get("/api/command/figures").json()["scenario"]

    assert scenario["scenario"] == "scenario_2"
    assert scenario["clause"]
    assert "Móng Cái" in str(scenario["gates"])
    assert "Hoành Mô" not in str(scenario["gates"])
