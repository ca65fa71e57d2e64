"""Slips, labels and the papers of an isolation over HTTP at the real program, with a real printer on the network."""

import io
import os
import time
from uuid import uuid4

import pypdf
import pytest
from docx import Document
from playwright.sync_api import expect

from tests.checkpoint.app.running import RunningEdge
from tests.checkpoint.printers import NetworkPrinter, code_on
from tests.demands import demand
from tests.web.test_screens_in_a_browser import violations

WAIT_S = 20.0
SHOTS = os.environ.get("KIEMDICH_SHOTS")


@pytest.fixture(scope="module")
def printer():
    one = NetworkPrinter()
    yield one
    one.stop()


@pytest.fixture(scope="module")
def gate(tmp_path_factory, printer):
    edge = RunningEdge(tmp_path_factory.mktemp("edge"))
    with edge.settings.open("a", encoding="utf-8") as settings:
        settings.write(f'\n[printer]\nurl = "{printer.url}"\nlanguage = "zpl"\nwhen = "on_request"\n')
    edge.add_officer()
    edge.add_officer("quantri", "administrator")
    edge.process.start()
    yield edge
    edge.process.stop()


@pytest.fixture
def officer(gate):
    one = gate.sign_in()
    yield one
    one.client.close()


def text_of(pdf: bytes) -> str:
    return " ".join(" ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages).split())


def printed_state(officer, state: str) -> dict:
    until_s = time.monotonic() + WAIT_S
    while time.monotonic() < until_s:
        view = officer.client.get("/api/lanes/lane-1/state").json()["printing"]
        if view["state"] == state:
            return view
        time.sleep(0.05)
    return view


def test_a_slip_is_offered_printed_on_request_read_back_and_there_as_a_page_too(officer, printer):
    view = officer.clear("QN 500001")
    crossing_id = view["closed"]["crossing_id"]
    assert view["printing"] == {
        "crossing_id": crossing_id,
        "state": "offered",
        "fault": "",
        "printer": "zpl",
        "address": printer.url,
    }
    before = len(printer.jobs)
    asked = officer.lane("slip", crossing_id=crossing_id)
    assert asked.status_code == 200
    code = code_on(printer.pages(before + 1)[-1])
    assert printed_state(officer, "printed")["crossing_id"] == crossing_id

    page = officer.lane("slip.pdf", crossing_id=crossing_id)
    assert (page.status_code, page.headers["content-type"]) == (200, "application/pdf")
    assert "ĐÃ KIỂM DỊCH" in text_of(page.content)
    assert "500001" not in text_of(page.content)

    shown = officer.lane("present", text=code).json()
    assert (shown["slip"]["state"], shown["slip"]["gate"]) == ("waiting", "mong-cai")
    shown = officer.lane("present", text="QN 500001", has_declaration=True).json()
    assert (shown["slip"]["state"], shown["phase"]) == ("good", "awaiting_reading")
    reason = {"draft_id": shown["draft_id"], "reason": "Hết phiên thử"}
    assert officer.lane("discard", **reason).status_code == 200


def test_a_printer_without_power_is_named_at_the_lane_and_the_lane_goes_on(officer, printer):
    crossing_id = officer.clear("QN 500002")["closed"]["crossing_id"]
    printer.stop()
    try:
        assert officer.lane("slip", crossing_id=crossing_id).status_code == 200
        failed = printed_state(officer, "failed")
        assert (failed["crossing_id"], failed["fault"], failed["address"]) == (
            crossing_id,
            "printer_failed",
            printer.url,
        )
        assert officer.clear("QN 500003")["printing"]["state"] == "offered"
    finally:
        printer.start()


def test_a_slip_is_refused_to_who_may_not_clear_and_for_who_was_not_cleared(gate, officer):
    stranger = gate.sign_in("quantri")
    answer = stranger.lane("slip", crossing_id=str(uuid4()))
    assert (answer.status_code, answer.json()["code"]) == (403, "not_your_role")
    answer = officer.lane("slip.pdf", crossing_id=str(uuid4()))
    assert (answer.status_code, answer.json()["code"]) == (404, "no_such_crossing")
    stranger.client.close()


@demand("R009")
def test_a_pass_label_comes_from_the_gate_s_printer_with_the_code_that_finds_its_holder(officer, printer):
    holder_id = str(uuid4())
    entered = {"holder_id": holder_id, "full_name": "Voòng A Tài", "pass_number": "QN 999123"}
    assert officer.client.post("/api/register/holders", json=entered).status_code == 200
    before = len(printer.jobs)
    answer = officer.client.post(f"/api/register/holders/{holder_id}/label.print")
    assert answer.status_code == 204
    assert code_on(printer.pages(before + 1)[-1]).startswith("KDP-")
    printer.stop()
    try:
        answer = officer.client.post(f"/api/register/holders/{holder_id}/label.print")
    finally:
        printer.start()
    assert (answer.status_code, answer.json()["code"]) == (503, "printer_failed")


def isolated(officer, number: str = "QN 500010") -> str:
    crossing_id = officer.screen(number, 38.6)["draft_id"]
    officer.lane("recheck", crossing_id=crossing_id, temperature_c=38.9, site="axillary")

    def act(word: str, **body) -> None:
        answer = officer.client.post(f"/api/isolation/{crossing_id}/{word}", json={"act_id": str(uuid4()), **body})
        assert answer.status_code == 200, answer.text

    act("propose", ground="suspect", list_number="01/DS", proposer="Lê Thị Hòa")
    act("decide", is_approved=True, order_number="12/QĐ-CK", signer="Trần Văn Đức")
    return crossing_id


@demand("R019")
def test_each_paper_that_fits_the_step_comes_as_pdf_and_docx_and_who_took_it_is_noted(gate, officer):
    crossing_id = isolated(officer)
    papers = officer.client.get(f"/api/isolation/{crossing_id}/papers").json()["papers"]
    assert papers == ["isolation_list", "gate_isolation_order", "handover_record"]

    for topic in papers:
        address = f"/api/isolation/{crossing_id}/papers/{topic}"
        pdf, docx = officer.client.get(f"{address}.pdf"), officer.client.get(f"{address}.docx")
        assert (pdf.status_code, docx.status_code) == (200, 200)
        assert f'filename="{topic}-' in pdf.headers["content-disposition"]
        head = "ỦY BAN NHÂN DÂN TỈNH" if topic == "gate_isolation_order" else "SỞ Y TẾ"
        assert head in text_of(pdf.content)
        cells = Document(io.BytesIO(docx.content)).tables[0].rows[0].cells
        assert head in cells[0].text
    order = text_of(officer.client.get(f"/api/isolation/{crossing_id}/papers/gate_isolation_order.pdf").content)
    assert "12/QĐ-CK" in order
    assert "Luật Phòng bệnh 114/2025/QH15" in order
    assert "DIỄN TẬP" not in order


def test_the_confirmation_is_there_once_the_isolation_is_over_and_says_when(officer):
    crossing_id = isolated(officer, "QN 500012")
    address = f"/api/isolation/{crossing_id}/papers/isolation_completed.pdf"
    assert officer.client.get(address).status_code == 404
    words = {"disposition": "cleared", "destination": "Nơi cư trú", "reason": "Hết thời gian cách ly"}
    assert officer.client.post(f"/api/isolation/{crossing_id}/discharge", json=words).status_code == 200
    confirmed = text_of(officer.client.get(address).content)
    assert "Hoàn thành cách ly y tế" in confirmed
    assert "…" not in confirmed.partition("từ ")[2].partition(". ")[0]


def test_a_paper_of_another_step_or_form_and_another_role_are_refused(gate, officer):
    crossing_id = officer.screen("QN 500011", 38.6)["draft_id"]
    officer.lane("recheck", crossing_id=crossing_id, temperature_c=38.9, site="axillary")
    address = f"/api/isolation/{crossing_id}/papers"
    assert officer.client.get(address).json() == {"papers": []}
    for name in ("gate_isolation_order.pdf", "isolation_list.odt", "passport.pdf"):
        answer = officer.client.get(f"{address}/{name}")
        assert (answer.status_code, answer.json()["code"]) == (404, "no_such_paper")
    stranger = gate.sign_in("quantri")
    assert stranger.client.get(f"{address}/isolation_list.pdf").status_code == 403
    stranger.client.close()


def shoot(page, name: str) -> None:
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/papers-{name}.png")


@pytest.fixture
def screen(page, gate, officer):
    """The officer's screen, at a page of the edge."""

    def open_page(path: str):
        page.set_viewport_size({"width": 1920, "height": 1080})
        page.context.add_cookies([{"name": "kd", "value": officer.client.cookies["kd"], "url": gate.url}])
        page.goto(f"{gate.url}{path}")
        return page

    return open_page


def test_the_lane_s_screen_prints_a_slip_with_one_key_and_says_what_to_do_when_the_printer_is_off(
    screen, officer, printer
):
    officer.clear("QN 500020")
    page = screen("/lanes/lane-1")
    expect(page.locator("#printing")).to_contain_text("In phiếu đã kiểm dịch")
    assert violations(page) == []
    shoot(page, "offered")
    printer.stop()
    try:
        page.keyboard.press("End")
        expect(page.locator("#printing [role=alert]")).to_contain_text("Xem nguồn, giấy, nắp và cáp", timeout=20_000)
    finally:
        printer.start()
    assert violations(page) == []
    shoot(page, "failed")
    before = len(printer.jobs)
    page.keyboard.press("End")
    expect(page.locator("#printing")).to_contain_text("Đã in phiếu", timeout=20_000)
    code = code_on(printer.pages(before + 1)[-1])

    officer.lane("present", text=code)
    expect(page.locator("#slip")).to_contain_text("mời xuất trình giấy tờ đã dùng ở cửa khẩu")
    officer.lane("present", text="QN 500020", has_declaration=True)
    expect(page.locator("#slip")).to_contain_text("Phiếu đúng với giấy tờ này")
    assert violations(page) == []
    shoot(page, "good")
    officer.lane("present", text=code[:-9])
    expect(page.locator("#slip")).to_contain_text("Mã phiếu đọc thiếu hoặc sai")
    assert violations(page) == []
    shoot(page, "refused")
    state = officer.client.get("/api/lanes/lane-1/state").json()
    officer.lane("discard", draft_id=state["draft_id"], reason="Hết phiên thử")


def test_the_board_gives_the_papers_of_a_card_with_keys(screen, officer):
    crossing_id = isolated(officer, "QN 500030")
    page = screen("/isolation")
    page.locator(f'[data-papers="{crossing_id}"]').focus()
    page.keyboard.press("p")
    expect(page.locator(".paper-list li")).to_have_count(3)
    assert violations(page) == []
    shoot(page, "dialog")
    with page.expect_download() as taken:
        page.keyboard.press("2")
    assert taken.value.suggested_filename.startswith("gate_isolation_order-")
    with page.expect_download() as taken:
        page.keyboard.press("Shift+Digit1")
    assert taken.value.suggested_filename.endswith(".docx")

    page.keyboard.press("Escape")
    page.locator(f'[data-hold="{crossing_id}/more"]').click()
    page.locator(".step-list button", has_text="Cho đi tiếp").click()
    page.fill("#field-destination", "Nơi cư trú")
    page.fill("#field-reason", "Hết thời gian cách ly")
    page.locator("dialog button[type=submit]").click()
    expect(page.locator(".paper-list")).to_contain_text("Giấy xác nhận hoàn thành cách ly")
    shoot(page, "released")
