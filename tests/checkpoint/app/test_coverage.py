"""Coverage over real HTTP at a real edge whose scanner is simulated: what was seen, logged and stamped."""

import csv
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from checkpoint.actions import reconciling
from checkpoint.actions.correcting import withdraw_crossing
from checkpoint.actions.erasing import erase_episodes
from checkpoint.actions.feed_token import new_token
from checkpoint.actions.receiving import accept_device_event
from checkpoint.actions.reconciling import forget_past_lists, hours_due
from checkpoint.actions.releasing import discharge_person
from checkpoint.app import create_app
from checkpoint.store.coverage import CROSSINGS, ENTRIES, SIGHTINGS
from checkpoint.workers import Workers
from sync.agreement.gate_records.coverage import CoverageReconciled
from sync.agreement.local_time import VIETNAM_TIME
from sync.agreement.records import EpisodesErased
from tests.checkpoint.app.running import RunningEdge
from tests.checkpoint.edges import LANE, OTHER_PASS, PASS, Edge
from tests.checkpoint.people import MORNING, reading
from tests.demands import demand
from tests.web.serving import served
from tests.web.stage import CHEAP, PASSWORD, labels
from tests.web.test_screens_in_a_browser import open_page, violations
from web.sign_in import User

DAY = MORNING.astimezone(VIETNAM_TIME).date().isoformat()
HOUR = "2026-11-22T08:00:00+07:00"
HEADING = "document_number,crossed_at,direction,counter,full_name"


def stamps(*lines: str) -> str:
    return "\n".join([HEADING, *lines])


def reconcile_due(gate) -> int:
    """Reconcile all that waits; how many hours changed."""
    return sum(reconciling.reconcile(gate, starts_at) for starts_at in sorted(hours_due(gate)))


@pytest.fixture
def edge(tmp_path: Path) -> Iterator[Edge]:
    one = Edge(tmp_path)
    hashed = CHEAP.hash_password(PASSWORD, username="canbo")
    for username, role in (("canbo", "officer"), ("quantri", "administrator")):
        user = User(username=username, name="Phạm Thu Hà", role=role, password_hash=hashed)
        one.gate.store.accounts.put_officer(user)
    yield one
    one.close()


@pytest.fixture
def url(edge: Edge) -> Iterator[str]:
    with served(create_app(edge.gate, workers=Workers(edge.gate), labels=labels(), passwords=CHEAP)) as address:
        yield address


@pytest.fixture
def officer(url: str) -> Iterator[httpx.Client]:
    with signed_in(url, "canbo") as client:
        yield client


@contextmanager
def signed_in(url: str, username: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=url, timeout=20) as client:
        sign_in(client, username)
        yield client


def sign_in(client: httpx.Client, username: str) -> None:
    client.headers.pop("X-CSRF-Token", None)
    client.cookies.clear()
    assert client.post("/sign-in", json={"username": username, "password": PASSWORD}).status_code == 204
    client.headers["X-CSRF-Token"] = client.get("/api/session").json()["csrf_token"]


def clear(officer: httpx.Client, edge: Edge, number: str, *, has_scanner: bool = True) -> str:
    """Clear one person, measured by the scanner or by hand; return the crossing."""
    lane = f"/api/lanes/{LANE}"
    shown = officer.post(f"{lane}/present", json={"text": number, "has_declaration": True})
    assert shown.status_code == 200, shown.text
    if has_scanner:
        edge.scan_face(36.4)
    else:
        by_hand = {"temperature_c": 36.5, "device_kind": "infrared_thermometer", "site": "forehead"}
        assert officer.post(f"{lane}/measure", json=by_hand).status_code == 200
    draft_id = edge.draft_id
    assert officer.post(f"{lane}/close", json={"draft_id": draft_id}).status_code == 200
    edge.clock.forward(minutes=2)
    return draft_id


def somebody_slips_by(edge: Edge) -> None:
    at = edge.clock.forward(seconds=30)
    accept_device_event(edge.gate, reading(f"slip-{at.isoformat()}", at=at, temperature_c=36.9))
    edge.clock.forward(seconds=30)


def a_morning(officer: httpx.Client, edge: Edge) -> list[str]:
    """Two people cleared, one seen by the scanner and presented by nobody; then the hour is over."""
    ids = [clear(officer, edge, PASS), clear(officer, edge, OTHER_PASS, has_scanner=False)]
    somebody_slips_by(edge)
    edge.clock.now = MORNING + timedelta(hours=2)
    sign_in(officer, "canbo")  # nobody stays signed in through two idle hours
    return ids


def shown_lane(client: httpx.Client, lane_id: str = LANE) -> dict:
    day = client.get("/api/coverage", params={"day": DAY}).json()
    return next(line["counts"] for line in day["lines"] if line["counts"]["lane_id"] == lane_id)


def reconcile(client: httpx.Client) -> int:
    answer = client.post("/api/coverage/reconcile", json={"day": DAY})
    assert answer.status_code == 200, answer.text
    return answer.json()["hours"]


def written(edge: Edge) -> list[CoverageReconciled]:
    return [body for body in edge.bodies() if isinstance(body, CoverageReconciled)]


def rows(client: httpx.Client, figure: str, lane_id: str = LANE) -> list[dict]:
    asked = {"starts_at": HOUR, "lane_id": lane_id, "figure": figure}
    return client.get("/api/coverage/rows", params=asked).json()["rows"]


@demand("R008")
@demand("R102")
def test_an_hour_is_proven_and_who_slipped_by_is_listed(officer, edge):
    a_morning(officer, edge)
    waiting = officer.get("/api/coverage").json()
    assert (waiting["lines"], len(waiting["waiting"])) == ([], 1)

    assert reconcile(officer) == 1
    assert shown_lane(officer) == {
        "lane_id": LANE,
        "seen": 2,
        "logged": 2,
        "measured": 2,
        "excepted": 0,
        "turned_back": 0,
        "seen_not_logged": 1,
        "not_measured": 0,
        "listed": None,
        "listed_not_logged": None,
        "logged_not_listed": None,
    }
    (slipped,) = rows(officer, "seen_not_logged")
    assert (slipped["reason"], slipped["temperature_c"], slipped["is_gap"]) == ("nobody_there", 36.9, True)
    assert [row["document_number_masked"] for row in rows(officer, "logged")] == ["••••0123", "••••0124"]
    assert "100123" not in officer.get("/api/coverage").text


@demand("R102")
def test_the_immigration_list_is_held_against_the_log_and_a_list_read_twice_changes_nothing(officer, edge):
    a_morning(officer, edge)
    reconcile(officer)
    text = stamps(
        "QN 100123,2026-11-22T08:34:00,entry,q1,Nguyễn Văn Một", "QN 999999,2026-11-22T08:40:00,entry,q1,Trần Thị Hai"
    )
    given = {"csv": text, "covers_from": "2026-11-22T08:00:00", "covers_to": "2026-11-22T09:00:00"}
    first = officer.post("/api/coverage/import", json=given)
    assert first.json() == {"entries": 2, "hours": 1, "withdrawn": 0}
    assert officer.post("/api/coverage/import", json=given).json() == {"entries": 0, "hours": 0, "withdrawn": 0}

    assert reconcile(officer) == 1
    assert reconcile(officer) == 0
    lane, nowhere = shown_lane(officer), shown_lane(officer, "")
    assert (lane["listed"], lane["listed_not_logged"], lane["logged_not_listed"]) == (1, 0, 1)
    assert (nowhere["listed"], nowhere["listed_not_logged"]) == (1, 1)
    assert [row["document_number_masked"] for row in rows(officer, "logged_not_listed")] == ["••••0124"]
    assert [row["counter"] for row in rows(officer, "listed_not_logged", "")] == ["q1"]

    older, newer = written(edge)
    assert (older.revision, newer.revision) == (1, 2)
    records = [e for e in edge.envelopes() if e.type == "coverage_reconciled"]
    assert newer.replaces_record_id == str(records[0].record_id)
    edge.check_chain()


@demand("R102")
def test_a_corrected_list_takes_the_wrong_lines_of_its_hours_back_and_no_others(officer, edge):
    a_morning(officer, edge)
    span = {"covers_from": "2026-11-22T08:00:00", "covers_to": "2026-11-22T09:00:00"}
    wrong = stamps("QN 100123,2026-11-22T08:34:00,entry,q1,A", "QN 999999,2026-11-22T08:40:00,entry,q1,B")
    later = stamps("QN 888888,2026-11-22T09:40:00,entry,q1,C")
    officer.post("/api/coverage/import", json={"csv": wrong, **span})
    officer.post("/api/coverage/import", json={"csv": later})
    reconcile(officer)
    assert shown_lane(officer, "")["listed_not_logged"] == 1

    right = {"csv": stamps("QN 100123,2026-11-22T08:34:00,entry,q1,A"), **span}
    beside = officer.post("/api/coverage/import", json=right).json()
    assert beside == {"entries": 0, "hours": 0, "withdrawn": 0}, "another counter's list takes nothing back"
    taken = officer.post("/api/coverage/import", json={**right, "replaces": True}).json()
    assert taken == {"entries": 0, "hours": 0, "withdrawn": 1}
    assert reconcile(officer) == 1
    assert shown_lane(officer)["listed"] == 1
    assert rows(officer, "listed_not_logged", "") == []
    assert edge.rows("SELECT count(*) FROM immigration_entry") == [(2,)], "what lies outside its hours stays"


def test_an_hour_of_which_a_list_holds_a_part_says_who_was_stamped_and_never_who_was_not(officer, edge):
    a_morning(officer, edge)
    text = stamps("QN 100123,2026-11-22T08:34:00,entry,q1,A", "QN 999999,2026-11-22T08:40:00,entry,q1,B")
    for span in ({}, {"covers_from": "2026-11-22T08:00:00", "covers_to": "2026-11-22T08:59:00"}):
        assert officer.post("/api/coverage/import", json={"csv": text, **span}).json()["hours"] == 0
    reconcile(officer)
    lane = shown_lane(officer)
    assert (lane["listed"], lane["listed_not_logged"], lane["logged_not_listed"]) == (1, 0, None)
    lines = officer.get("/api/coverage", params={"day": DAY}).json()["lines"]
    (line,) = [one for one in lines if one["counts"] == lane]
    assert line["gaps"] == 1, "only who slipped by"


def test_a_list_is_deleted_when_its_term_is_over_and_what_was_reconciled_stays(officer, edge):
    a_morning(officer, edge)
    text = stamps("QN 100123,2026-11-22T08:34:00,entry,q1,A")
    span = {"covers_from": "2026-11-22T08:00:00", "covers_to": "2026-11-22T09:00:00"}
    officer.post("/api/coverage/import", json={"csv": text, **span})
    reconcile(officer)
    before = shown_lane(officer)
    edge.clock.now = MORNING + timedelta(days=59)
    assert forget_past_lists(edge.gate) == 0
    edge.clock.now = MORNING + timedelta(days=61)
    workers = Workers(edge.gate)
    workers._look_at_declarations()
    assert edge.rows("SELECT count(*) FROM immigration_entry") == [(0,)]
    assert edge.rows("SELECT count(*) FROM immigration_hour") == [(0,)]
    sign_in(officer, "canbo")
    assert reconcile(officer) == 0
    assert reconcile_due(edge.gate) == 0
    assert shown_lane(officer) == before
    assert len(written(edge)) == 1


def test_no_name_and_no_number_of_the_list_is_kept(officer, edge):
    a_morning(officer, edge)
    officer.post("/api/coverage/import", json={"csv": stamps("QN 999999,2026-11-22T08:40:00,entry,q1,Trần Thị Hai")})
    kept = edge.rows("SELECT * FROM immigration_entry")
    assert len(kept) == 1
    assert "999999" not in repr(kept)
    assert "Trần" not in repr(kept)


def test_each_wrong_line_is_named_and_nothing_of_the_list_is_kept(officer, edge):
    text = stamps("QN 100123,2026-11-22T08:34:00,entry,q1,A", "QN 1,today,entry,q1,B", "QN 2,2026-11-22T08:00,in,q1,C")
    refused = officer.post("/api/coverage/import", json={"csv": text})
    assert refused.status_code == 422
    mistakes = refused.json()["values"]["mistakes"]
    assert "line 3: the column crossed_at" in mistakes
    assert "line 4: the column direction" in mistakes
    assert "QN" not in mistakes
    assert edge.rows("SELECT count(*) FROM immigration_entry") == [(0,)]


def test_the_counters_program_needs_its_token_and_may_do_nothing_else(officer, url, edge):
    entries = [{"document_number": "QN 100123", "crossed_at": "2026-11-22T08:34:00+07:00", "direction": "entry"}]
    with httpx.Client(base_url=url) as program:
        assert program.post("/feed/v1/immigration", json={"entries": entries}).status_code == 401
        token = new_token(edge.settings.data_path)
        wrong = {"Authorization": "Bearer wrong"}
        assert program.post("/feed/v1/immigration", json={"entries": entries}, headers=wrong).status_code == 401
        program.headers["Authorization"] = f"Bearer {token}"
        taken = program.post("/feed/v1/immigration", json={"entries": entries})
        assert (taken.status_code, taken.json()) == (200, {"entries": 1, "hours": 0, "withdrawn": 0})
        assert program.get("/api/coverage").status_code == 401
        assert program.post("/api/coverage/reconcile", json={"day": DAY}).status_code == 401
    with signed_in(url, "quantri") as administrator:
        assert administrator.get("/api/coverage").status_code == 403


def test_a_list_that_comes_in_has_its_hours_reconciled_by_themselves(officer, edge):
    a_morning(officer, edge)
    assert reconcile_due(edge.gate) == 1  # the hour that is over
    assert reconcile_due(edge.gate) == 0
    officer.post("/api/coverage/import", json={"csv": stamps("QN 100123,2026-11-22T08:34:00,entry,q1,A")})
    assert reconcile_due(edge.gate) == 1
    assert reconcile_due(edge.gate) == 0
    assert shown_lane(officer)["listed"] == 1


def test_an_hour_that_still_runs_is_named_and_not_counted(officer, edge):
    clear(officer, edge, PASS)
    assert reconcile(officer) == 0
    shown = officer.get("/api/coverage").json()
    assert (shown["lines"], len(shown["waiting"])) == ([], 1)


def test_who_is_erased_is_no_longer_in_the_list_and_leaves_no_gap(officer, edge):
    crossing_id, _ = a_morning(officer, edge)
    officer.post("/api/coverage/import", json={"csv": stamps("QN 100123,2026-11-22T08:34:00,entry,q1,A")})
    before = edge.rows("SELECT document_key, entry_key FROM immigration_entry")
    order = EpisodesErased(
        erasure_id="erasure-1",
        episode_ids=(crossing_id,),
        legal_basis="Luật 91/2025/QH15",
        requested_by="cdc",
        erased_at=edge.clock.now,
    )
    edge.gate.perform(lambda turn: erase_episodes(turn, order)).result(10)
    ((document, name),) = edge.rows("SELECT document_key, entry_key FROM immigration_entry")
    assert document == ""
    assert name != before[0][1]
    reconcile(officer)
    assert (shown_lane(officer)["listed"], shown_lane(officer)["listed_not_logged"]) == (1, 0)


def test_the_export_leaves_unknown_figures_empty(officer, edge):
    a_morning(officer, edge)
    reconcile(officer)
    answer = officer.get("/api/coverage/export.csv", params={"day": DAY})
    table = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    lane = next(row for row in table if row["lane_id"] == LANE)
    assert (lane["seen"], lane["seen_not_logged"], lane["listed"]) == ("2", "1", "")
    assert edge.rows("SELECT count(*) FROM access_log WHERE action = 'coverage_exported'") == [(1,)]


@pytest.mark.parametrize("statement", [SIGHTINGS, CROSSINGS, ENTRIES], ids=["readings", "crossings", "entries"])
def test_an_hour_is_read_by_its_time_however_long_the_history(edge, statement):
    bounds = {"begins_at": "2026-11-22T00", "ends_at": "2026-11-22T01"}
    with edge.gate.store.readers.connect() as connection:
        sql = str(statement.compile(dialect=connection.dialect))
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", tuple(bounds.values())).fetchall()
    assert all("SEARCH" in step[3] and "INDEX" in step[3] for step in plan), plan


def test_a_reading_is_bound_by_its_name_without_reading_all_of_them(edge):
    plan = edge.rows("EXPLAIN QUERY PLAN UPDATE device_reading SET bound_to = 'c' WHERE reading_id = 'r'")
    assert any("ix_device_reading_reading_id" in step[3] for step in plan)


def test_the_command_reads_a_list_once_and_names_wrong_lines(tmp_path):
    edge = RunningEdge(tmp_path)
    path = tmp_path / "list.csv"
    path.write_text(stamps("QN 100123,2026-11-22T08:34:00,entry,q1,A"), encoding="utf-8")
    first, again = (edge.command("import-immigration", "--csv", str(path)) for _ in range(2))
    assert (first.returncode, first.stdout.strip()) == (0, '{"entries":1}'), first.stderr
    assert again.stdout.strip() == '{"entries":0}'
    path.write_text(stamps("QN 100123,soon,entry,q1,A"), encoding="utf-8")
    wrong = edge.command("import-immigration", "--csv", str(path))
    assert wrong.returncode == 1
    assert "line 2: the column crossed_at" in wrong.stderr


def test_the_page_shows_gaps_and_opens_the_rows_of_a_figure(page, url, edge, officer):
    a_morning(officer, edge)
    officer.post("/api/coverage/import", json={"csv": stamps("QN 100123,2026-11-22T08:34:00,entry,q1,A")})
    page.set_default_timeout(8000)
    open_page(page, url, "/coverage", username="canbo")
    page.wait_for_selector("#waiting:not(:empty)")
    page.keyboard.press("F2")
    page.wait_for_selector("button[data-figure=seen_not_logged][data-tone=stop]")
    page.locator("button[data-figure=seen_not_logged][data-tone=stop]").first.press("Enter")
    page.wait_for_selector("#rows tr")
    if shots := os.environ.get("KIEMDICH_SHOTS"):
        page.set_viewport_size({"width": 1366, "height": 768})
        page.screenshot(path=f"{shots}/coverage.png")
    assert "Chưa ai xuất trình giấy tờ" in page.locator("#rows").inner_text()
    assert "chưa có danh sách" in page.locator("#hours").inner_text()
    assert violations(page) == []
    page.keyboard.press("Escape")
    assert page.locator("#rows-part").is_hidden()
    page.keyboard.press("F3")
    assert page.input_value("#field-first") == page.input_value("#field-last") == "22/11/2026"
    listed = stamps("QN 100123,2026-11-22T08:34:00,entry,q1,A").encode()
    page.set_input_files("#field-list", {"name": "xnc.csv", "mimeType": "text/csv", "buffer": listed})
    with page.expect_request("**/api/coverage/import") as sent:
        page.locator("dialog button[type=submit]").click()
    assert sent.value.post_data_json["covers_from"] == "2026-11-22T00:00:00+07:00", "so that who was not stamped shows"
    assert sent.value.post_data_json["covers_to"] > sent.value.post_data_json["covers_from"][:10]
    page.wait_for_selector("#told:not(:empty)")


@demand("R047")
def test_whoever_is_stamped_and_was_not_let_pass_here_is_a_gap_that_says_who_it_was(officer, edge):
    lane = f"/api/lanes/{LANE}"
    officer.post(f"{lane}/present", json={"text": PASS, "has_declaration": True})
    words = {"draft_id": edge.draft_id, "code": "refused_measurement", "reason": "không chịu đo"}
    crossing_id = edge.draft_id
    assert officer.post(f"{lane}/exception", json=words).status_code == 200
    assert officer.post(f"{lane}/close", json={"draft_id": crossing_id}).status_code == 200
    edge.about(discharge_person, crossing_id, disposition="refused", destination="về nhà", reason="không chịu đo")
    edge.clock.now = MORNING + timedelta(hours=2)
    sign_in(officer, "canbo")
    officer.post("/api/coverage/import", json={"csv": stamps("QN 100123,2026-11-22T08:40:00,entry,q1,A")})
    reconcile_due(edge.gate)
    assert shown_lane(officer)["listed_not_logged"] == 1
    asked = {"starts_at": HOUR, "lane_id": LANE, "figure": "listed_not_logged"}
    (row,) = officer.get("/api/coverage/rows", params=asked).json()["rows"]
    assert (row["disposition"], row["document_number_masked"], row["is_gap"]) == ("refused", "••••0123", True)


@demand("R008")
def test_an_hour_that_the_edge_slept_through_is_reconciled_when_it_wakes(edge):
    somebody_slips_by(edge)
    edge.clock.now = MORNING + timedelta(days=3)
    assert reconcile_due(edge.gate) == 0, "usually two days are looked at"
    Workers(edge.gate)._look_at_coverage()
    (told,) = [body for body in edge.bodies() if isinstance(body, CoverageReconciled)]
    assert told.starts_at == MORNING.replace(minute=0)
    assert sum(one.seen_not_logged for one in told.lanes) == 1


def test_a_month_that_the_edge_slept_through_is_taken_up_hour_by_hour_the_newest_first(edge):
    for _ in range(3):
        somebody_slips_by(edge)
        edge.clock.forward(hours=1)
    edge.clock.forward(days=3)
    workers, told = Workers(edge.gate), []
    for _ in range(4):
        workers._look_at_coverage()
        told.append([body.starts_at for body in edge.bodies() if isinstance(body, CoverageReconciled)])
    assert [len(hours) for hours in told] == [1, 2, 3, 3]
    assert told[-1] == sorted(told[-1], reverse=True)


def test_an_hour_is_reconciled_anew_when_a_crossing_of_it_changes(officer, edge):
    crossing_id, _ = a_morning(officer, edge)
    reconcile_due(edge.gate)
    before = shown_lane(officer)
    edge.about(withdraw_crossing, crossing_id, reason="nhầm người")
    assert reconcile_due(edge.gate) == 1
    assert reconcile_due(edge.gate) == 0
    after = shown_lane(officer)
    assert (after["logged"], after["seen_not_logged"]) == (before["logged"] - 1, before["seen_not_logged"] + 1)
    assert edge.rows("SELECT COUNT(*) FROM coverage_due WHERE starts_at < '2026-11-22T02'") == [(0,)]


def test_a_mother_and_her_children_on_one_pass_are_as_many_stamps(officer, edge):
    a_morning(officer, edge)
    family = "QN 100123,2026-11-22T08:34:00,entry,q1,A"
    sent = {"csv": stamps(family, family, family)}
    assert officer.post("/api/coverage/import", json=sent).json()["entries"] == 3
    assert officer.post("/api/coverage/import", json=sent).json()["entries"] == 0
    elsewhere = {"csv": stamps("QN 100123,2026-11-22T08:34:00,entry,,A")}
    assert officer.post("/api/coverage/import", json=elsewhere).json()["entries"] == 0, "the counter is left out"


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('QN 100123,2026-11-22T08:34:00,entry,q1,"A', "quotation mark"),
        ('QN 100123,2026-11-22T08:34:00,entry,"q1\nQN 1,",A', "quotation mark"),
        ('"' + "x" * 140_000 + '",2026-11-22T08:34:00,entry,q1,A', "quotation mark"),
        ("QN 100123,2026-11-22,entry,q1,A", "line 2: the column crossed_at"),
        ("QN 100123,0001-01-01T00:00:00+09:00,entry,q1,A", "line 2: the column crossed_at"),
        ("QN 100123,9999-12-31T23:59:59-09:00,entry,q1,A", "line 2: the column crossed_at"),
    ],
)
def test_a_list_that_would_swallow_or_misplace_a_line_is_refused_whole(officer, edge, line, told):
    after = "QN 100124,2026-11-22T08:35:00,entry,q1,B"
    refused = officer.post("/api/coverage/import", json={"csv": stamps(line, after)})
    assert refused.status_code == 422
    assert told in refused.json()["values"]["mistakes"]
    assert edge.rows("SELECT count(*) FROM immigration_entry") == [(0,)]


def test_empty_lines_of_a_list_are_no_mistake(officer):
    line = "QN 100123,2026-11-22T08:34:00,entry,q1,A"
    assert officer.post("/api/coverage/import", json={"csv": stamps("", line, "", "")}).json()["entries"] == 1


@pytest.mark.parametrize("until", ["9999-12-31T00:00", "0001-01-01T00:00", "2026-11-22"])
def test_a_span_out_of_reason_is_refused(officer, until):
    sent = {"csv": stamps(), "covers_from": "2026-11-22T08:00", "covers_to": until}
    assert officer.post("/api/coverage/import", json=sent).status_code == 422
