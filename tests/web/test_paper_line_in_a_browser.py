"""A line of paper entered in a real Chromium: as it stands on the sheet, with what the lane would have asked."""

from collections.abc import Iterator
from uuid import uuid4

import msgspec
import pytest
from playwright.sync_api import expect

from checkpoint.actions.paper_lines import PrintSheetsCommand, print_sheets
from checkpoint.shifts.sheets import mark_of
from tests.checkpoint.edges import Edge
from tests.checkpoint.orders import put_in_force
from tests.demands import demand
from tests.web.test_deciding_in_a_browser import MARKET, serving
from tests.web.test_screens_in_a_browser import open_page, violations


@pytest.fixture
def gate(tmp_path) -> Iterator[tuple[Edge, str]]:
    edge = Edge(tmp_path)
    edge.clock.forward(hours=-3)
    command = msgspec.convert({"block_id": str(uuid4()), "sheets": 1}, PrintSheetsCommand)
    edge.gate.perform(lambda turn: print_sheets(turn, command), officer_ref="canbo").result(10)
    edge.clock.forward(hours=3)
    put_in_force(edge, MARKET)
    yield from serving(edge)


def at_line(page, url: str, number: int, *, edge: Edge):
    open_page(page, url, "/shift", username="canbo")
    page.wait_for_selector("#blocks li")
    page.keyboard.press("F4")
    dialog = page.locator("dialog")
    mark = mark_of(number, edge_id=edge.gate.identity.edge_id)
    dialog.get_by_label("Số trên phiếu").fill(f"{number} {mark.lower()}")
    dialog.get_by_label("Ngày ghi").fill("22112026")
    dialog.get_by_label("Giờ ghi").fill("0745")
    return dialog


@demand("R008")
def test_a_line_of_a_fever_whose_person_was_handed_over_is_saved_whole_and_the_room_stays_empty(page, gate):
    edge, url = gate
    dialog = at_line(page, url, 1, edge=edge)
    dialog.get_by_label("Giấy tờ (số hoặc quét)").fill("T12345678")
    dialog.get_by_label("Loại giấy tờ").select_option("border_permit")
    dialog.get_by_label("Họ tên").fill("张伟明")
    dialog.get_by_label("Nước cấp").fill("trung quoc")
    dialog.get_by_text("ho", exact=True).click()
    dialog.get_by_text("Không", exact=True).first.click()
    dialog.get_by_label("Thân nhiệt (°C)").fill("39,1")
    dialog.locator("[name=device_kind]").select_option("clinical_thermometer")
    dialog.locator("[name=site]").select_option("axillary")
    assert violations(page) == []
    page.keyboard.press("Enter")
    expect(dialog.get_by_role("alert")).to_contain_text("người ấy giờ ở đâu")
    dialog.get_by_label("người ấy giờ ở đâu").select_option("handed_over")
    dialog.get_by_label("Bàn giao cho ai").fill("Trung tâm Y tế Móng Cái")
    page.keyboard.press("Enter")
    expect(dialog).to_have_count(0)

    assert edge.rows("SELECT full_name, nationality, document_kind, disposition, is_open FROM crossing") == [
        ("张伟明", "CHN", "border_permit", "referred", 1)
    ]
    (screened,) = [one for one in edge.bodies() if one.type_name == "crossing_screened"]
    assert [one.was_there for one in screened.facts.place_answers] == [False]
    assert screened.facts.symptoms == ("cough",)


def test_a_number_without_its_letters_is_asked_for_before_anything_is_sent(page, gate):
    edge, url = gate
    dialog = at_line(page, url, 1, edge=edge)
    dialog.get_by_label("Số trên phiếu").fill("1")
    dialog.get_by_label("Giấy tờ (số hoặc quét)").fill("QN 100123")
    dialog.get_by_label("Thân nhiệt (°C)").fill("36,5")
    page.keyboard.press("Enter")
    expect(dialog.get_by_role("alert")).to_contain_text("hai chữ")
    assert edge.rows("SELECT count(*) FROM crossing") == [(0,)]
