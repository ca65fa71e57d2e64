"""Every list of the edge is searched and taken as a file; no cell of a file is read as a formula."""

import csv
import io
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from checkpoint.actions.correcting import withdraw_crossing
from checkpoint.actions.csv_files import safe_cell
from checkpoint.actions.deciding import close_crossing, measure_person
from checkpoint.app import create_app
from checkpoint.workers import Workers
from tests.checkpoint.edges import Edge
from tests.checkpoint.people import NORMAL_C
from tests.web.serving import Visitor, served
from tests.web.stage import CHEAP, PASSWORD, labels
from tests.web.test_screens_in_a_browser import open_page
from web.sign_in import User

EVIL = '=HYPERLINK("http://evil.example","Lý A Sần")'


@pytest.fixture(scope="module")
def at(tmp_path_factory) -> Iterator[tuple[Edge, str]]:
    edge = Edge(tmp_path_factory.mktemp("lists"))
    hashed = CHEAP.hash_password(PASSWORD, username="canbo")
    officer = User(username="canbo", name="Phạm Thu Hà", role="officer", password_hash=hashed)
    edge.gate.store.accounts.put_officer(officer)
    for number, name in (("K1234501", EVIL), ("K1234502", "TRẦN VĂN BÁCH"), ("K1234503", "HOÀNG THỊ NHƯỜNG")):
        document = {"kind": "passport", "document_number": number, "full_name": name, "nationality": "VNM"}
        edge.present(None, document=document)
        edge.do(measure_person, temperature_c=NORMAL_C, device_kind="infrared_thermometer", site="forehead")
        edge.do(close_crossing, draft_id=edge.draft_id)
    app = create_app(edge.gate, workers=Workers(edge.gate), labels=labels(), passwords=CHEAP)
    with served(app) as url:
        yield edge, url
    edge.close()


def post(visitor, path, body):
    return visitor.post(path, json=body, headers={"X-CSRF-Token": visitor.csrf})


def table(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))


def test_the_days_list_is_searched_by_name_or_whole_number_and_each_search_is_logged(at):
    edge, url = at
    officer = Visitor(url).sign_in("canbo")
    whole = post(officer, "/api/crossings/day", {}).json()
    assert len(whole["crossings"]) == 3
    assert whole["next"] is None
    for query, found in (("nhường", 1), ("K1234502", 1), ("nobody", 0)):
        assert len(post(officer, "/api/crossings/day", {"query": query}).json()["crossings"]) == found, query
    assert "1234502" not in str(whole)
    assert len(edge.rows("SELECT 1 FROM access_log WHERE action = 'crossings_searched'")) >= 3
    assert post(officer, "/api/crossings/day", {"figure": "alarms"}).json()["crossings"] == []
    assert post(officer, "/api/crossings/day", {"figure": "secrets"}).status_code == 422


@pytest.mark.parametrize("path", ["/api/crossings/day", "/api/crossings/find"])
@pytest.mark.parametrize(
    ("name", "queries"),
    [
        ("Nguyễn Thị Ằẳẵặắ Ềểễệế Ồổỗộố Ờởỡợớ Ừửữựứ Ỳỷỹỵý Đđ", ("nguyen thi dd", "ừửữựứ", "Nguyễn")),
        ("王小明", ("王", "小明", "王小明")),
        ("Sukarno", ("sukarno", "KARN")),
        ("WOLFESCHLEGELSTEINHAUSENBERGERDORFFVONX", ("wolfeschlegelsteinhausenbergerdorffvonx",)),
    ],
)
def test_a_name_is_found_with_marks_or_without_and_in_its_own_script(at, path, name, queries):
    edge, url = at
    number = f"W{abs(hash((path, name))) % 10_000_000:07}"
    edge.present(None, document={"kind": "passport", "document_number": number, "full_name": name})
    edge.do(measure_person, temperature_c=NORMAL_C, device_kind="infrared_thermometer", site="forehead")
    crossing_id = edge.draft_id
    edge.do(close_crossing, draft_id=crossing_id)
    officer = Visitor(url).sign_in("canbo")
    for query in queries:
        found = [one["crossing_id"] for one in post(officer, path, {"query": query}).json()["crossings"]]
        assert crossing_id in found, query
    edge.about(withdraw_crossing, crossing_id, reason="lượt của phép thử")


def test_a_file_of_the_days_list_holds_no_formula_and_no_whole_number(at):
    edge, url = at
    officer = Visitor(url).sign_in("canbo")
    answer = post(officer, "/api/crossings/day.csv", {})
    rows = table(answer.content)
    assert len(rows) == 4
    assert any(cell.startswith("'=HYPERLINK") for row in rows for cell in row)
    assert not any(cell.startswith(("=", "+", "@")) for row in rows for cell in row)
    assert "K1234501" not in answer.text
    assert edge.rows("SELECT subject FROM access_log WHERE action = 'crossings_exported'") == [("crossings",)]


def test_the_shift_is_taken_as_a_file_and_that_is_logged(at):
    edge, url = at
    officer = Visitor(url).sign_in("canbo")
    answer = officer.get("/api/shift/export.csv")
    assert table(answer.content)[0] == ["what", "day", "shift", "lane_id", "who_or_number", "at"]
    assert edge.rows("SELECT count(*) FROM access_log WHERE action = 'shift_exported'") == [(1,)]


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\t", "\r", " =", "  @"])
def test_no_text_begins_as_a_formula_would(begin):
    assert safe_cell(f"{begin}1").startswith("'")


def test_the_page_of_the_day_finds_pages_and_saves(page, at):
    open_page(page, at[1], "/crossings", username="canbo")
    expect(page.locator("#crossings tr")).to_have_count(3)
    page.keyboard.type("bách")
    page.keyboard.press("Enter")
    expect(page.locator("#crossings tr")).to_have_count(1)
    assert "TRẦN VĂN BÁCH" in page.locator("#crossings").inner_text()
    assert "bách" not in page.url
    with page.expect_download() as saved:
        page.keyboard.press("F8")
    assert saved.value.suggested_filename == "crossings.csv"


@pytest.mark.parametrize(
    ("path", "rows"), [("/shift", "#gaps li"), ("/isolation", "#search"), ("/coverage", "#search")]
)
def test_the_other_lists_have_a_search_field_that_a_slash_opens(page, at, path, rows):
    open_page(page, at[1], path, username="canbo")
    page.wait_for_selector(rows, state="attached")
    page.wait_for_timeout(300)
    page.keyboard.press("/")
    assert page.locator("#search").evaluate("node => node === document.activeElement")
    if path == "/shift":
        before = page.locator(f"{rows}:visible").count()
        page.keyboard.type("lan 2")
        assert 0 < page.locator(f"{rows}:visible").count() < before
