"""What the centre owes the gate, in a real Chromium: experts, contacts, and the rows behind each figure."""

from datetime import timedelta

import msgspec
import pytest

from sync.agreement.deployment import report_day
from sync.agreement.gate_records.papers import SlipChecked
from sync.agreement.paper_words import SlipFault
from sync.agreement.records import SEALED_WORDS, CrossingWithdrawn, TravellerIdentity
from sync.agreement.vocabulary import Disposition, Symptom, TravellerCategory
from tests.central.gate_samples import declared
from tests.central.pushes import push
from tests.central.test_ordering import issue
from tests.central.test_ordering import text as order_text
from tests.central.test_units_in_a_browser import shoot, stage  # noqa: F401  # a fixture
from tests.sync.exchange.journals import screened
from tests.web.test_screens_in_a_browser import open_page, violations

EXPERT = TravellerIdentity(
    full_name="CHUYÊN GIA THỬ", document_number="T0000021", employer="Công ty Dệt Thử", project="Nhà máy sợi 2"
)


def cross(stage, crossing_id, *, minutes, who=EXPERT, has_declaration=True, **fields):  # noqa: F811
    at = stage.centre.clock() - timedelta(minutes=minutes)
    body = screened(crossing_id, at=at, **({"temperature_c": 36.5} | fields))
    facts = msgspec.structs.replace(body.facts, has_declaration=has_declaration, has_employer=True)
    stage.journal.write(msgspec.structs.replace(body, facts=facts), at=at, who=who)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_cdc_sees_each_expert_without_all_steps_and_opens_the_project_with_a_reason(page, stage, theme):  # noqa: F811
    stage.journal.province_key = stage.centre.keys.sealing.public_key()
    for number, is_declared in enumerate((True, True, False)):
        cross(stage, f"e{number}", minutes=number, has_declaration=is_declared, category=TravellerCategory.EXPERT)
    push(stage.reception, stage.journal)

    open_page(page, stage.url, "/experts", username="cdc", theme=theme)
    page.locator("#coverage .chip", has_text="66,6").wait_for()
    page.get_by_role("button", name="Xem từng lượt").click()
    page.locator("#passages tr").nth(2).wait_for()
    assert page.locator("#passages tr").count() == 3
    page.check("#only-gaps")
    assert page.locator("#passages tr").count() == 1
    assert "hỏi triệu chứng, tờ khai y tế" in page.locator("#passages").inner_text()
    assert "Dệt" not in page.content()
    page.click("#open")
    page.select_option("#field-reason", "audit")
    page.click("dialog button[type=submit]")
    page.locator("#passages", has_text="Nhà máy sợi 2").wait_for()
    assert "0 trên 1" in page.locator("#projects").inner_text()
    assert violations(page) == []
    shoot(page, f"experts-{theme}")


def test_contacts_are_followed_up_day_by_day_and_named_only_with_a_reason(page, stage):  # noqa: F811
    stage.journal.province_key = stage.centre.keys.sealing.public_key()
    who = TravellerIdentity(
        full_name="LÝ THỊ THỬ", document_number="T0000011", telephone="0900000011", address="Thôn Thử"
    )
    cross(stage, "case", minutes=1, disposition=Disposition.PENDING, who=who)
    cross(stage, "beside", minutes=3, who=who)
    push(stage.reception, stage.journal)

    open_page(page, stage.url, "/desk/case", username="cdc")
    page.locator("#contacts a", has_text="Danh sách và theo dõi").click()
    page.get_by_role("button", name="Theo dõi").click()
    page.fill("#field-first_day", (stage.centre.report_day() - timedelta(days=1)).isoformat())
    page.click("dialog button[type=submit]")
    page.locator(".days li").nth(13).wait_for()
    assert page.locator(".days li").count() == 14
    page.locator("#contacts", has_text="quá hạn 1 ngày").wait_for()
    page.locator(".days button[data-tone=wait]").click()
    page.click("dialog button[type=submit]")
    page.locator(".days button[data-tone=go]").wait_for()
    assert "LÝ THỊ THỬ" not in page.content()
    page.click("#open")
    page.click("dialog button[type=submit]")
    page.locator("#contacts", has_text="0900000011").wait_for()
    assert violations(page) == []
    shoot(page, "contacts")

    open_page(page, stage.url, "/desk", username="cdc")
    page.locator("#follow-ups a", has_text="quá hạn 1 ngày").wait_for()
    assert violations(page) == []
    shoot(page, "desk-follow-ups")


def test_a_figure_of_the_report_opens_its_crossings_for_the_cdc_and_none_for_command(page, stage):  # noqa: F811
    for number in range(3):
        cross(stage, f"c{number}", minutes=number)
    push(stage.reception, stage.journal)
    day = stage.centre.report_day()

    open_page(page, stage.url, f"/reports/{day}/figures", username="cdc")
    page.locator("table[data-by=category] a").first.click()
    page.locator("#lines tr").nth(2).wait_for()
    assert "3 lượt" in page.locator("#rows-title").inner_text()
    page.fill("#search", "c1")
    page.locator("#rows-title", has_text="1 lượt").wait_for()
    assert "1 đến 1 trong 1" in page.locator("#page").inner_text()
    assert violations(page) == []
    shoot(page, "figures")

    open_page(page, stage.url, f"/reports/{day}/figures", username="chihuy")
    page.locator("table[data-by=gate] td").first.wait_for()
    assert page.locator("#tables a").count() == 0


def test_each_figure_of_what_gates_wrote_opens_its_records(page, stage):  # noqa: F811
    at = stage.centre.clock() - timedelta(minutes=2)
    stage.journal.write(declared("c1", symptoms=(Symptom.COUGH,), at=at), at=at)
    stage.journal.write(SlipChecked(given_for="c1", fault=SlipFault.EXPIRED, is_proof_of_passage=False), at=at)
    push(stage.reception, stage.journal)
    day = report_day(at, cut_off_hour=stage.centre.deployment.cut_off_hour).isoformat()

    open_page(page, stage.url, f"/reports/{day}/figures", username="cdc")
    line = page.locator("table[data-by=beside] tr", has_text="Giấy xác nhận đã kiểm tra")
    line.get_by_role("link").click()
    page.locator("#rows-title", has_text="1 mục ghi, tính 1").wait_for()
    assert "Phiếu đã hết giá trị" in page.locator("#lines").inner_text()
    page.locator("table[data-by=beside] tr", has_text="Triệu chứng được khai").get_by_role("link").click()
    page.locator("#lines", has_text="Ho").wait_for()
    assert page.locator("#lines a", has_text="Xem lượt qua").get_attribute("href") == "/desk/c1"
    assert "/beside/declared_symptom.csv" in page.locator("#csv").get_attribute("href")
    assert violations(page) == []
    shoot(page, "figures-beside")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_each_figure_of_the_command_page_opens_what_it_counts(page, stage, theme):  # noqa: F811
    for number in range(3):
        cross(stage, f"c{number}", minutes=number)
    at = stage.centre.clock()
    stage.journal.write(CrossingWithdrawn(crossing_id="c0", withdraws_record_id="r", reason=SEALED_WORDS), at=at)
    push(stage.reception, stage.journal)

    open_page(page, stage.url, "/command", username="cdc", theme=theme)
    page.locator("#tile-crossings .figure a", has_text="2").wait_for()
    assert "chưa kể 1 lượt đã hủy" in page.locator("#tile-crossings .line").inner_text()
    assert page.locator("#gates a").first.inner_text() == "2"
    assert violations(page) == []
    page.locator("#gates a").first.click()
    page.locator("#rows-title", has_text="2 lượt").wait_for()
    assert "Nhập cảnh, không kể lượt đã hủy" in page.locator("#rows-title").inner_text()
    assert page.locator("#lines tr").count() == 2
    assert violations(page) == []
    page.go_back()
    page.locator("#tile-crossings .line a").last.click()
    page.locator("#rows-title", has_text="1 lượt").wait_for()

    open_page(page, stage.url, "/command", username="chihuy", theme=theme)
    page.locator("#tile-measured .figure a").click()
    page.locator("td[aria-current=true]", has_text="2").wait_for()
    assert "figures#figure=measured" in page.url
    assert page.evaluate("document.activeElement.getAttribute('aria-current')") == "true"
    assert page.locator("#tables a").count() == 0
    assert violations(page) == []


def under_order(stage, crossing_id, *, minutes, rule_id):  # noqa: F811
    """A crossing whose verdict rests on an order."""
    at = stage.centre.clock() - timedelta(minutes=minutes)
    body = screened(crossing_id, at=at, temperature_c=36.5)
    reasons = tuple(msgspec.structs.replace(one, rule_id=rule_id) for one in body.assessment.reasons)
    assessed = msgspec.structs.replace(body.assessment, reasons=reasons)
    stage.journal.write(msgspec.structs.replace(body, assessment=assessed), at=at)


def test_how_often_an_order_was_applied_opens_those_crossings(page, stage):  # noqa: F811
    issue(stage.centre, order_text())
    cross(stage, "c0", minutes=5)
    for number in (1, 2):
        under_order(stage, f"c{number}", minutes=number, rule_id="qn-2026-07-residents")
    push(stage.reception, stage.journal)

    open_page(page, stage.url, "/command", username="cdc")
    page.locator("#orders a", has_text="2").wait_for()
    assert "áp dụng 2 lượt" in page.locator("#orders").inner_text()
    page.locator("#orders a", has_text="2").click()
    page.locator("#rows-title", has_text="2 lượt").wait_for()
    assert "qn-2026-07-residents" in page.locator("#rows-title").inner_text()
    assert page.locator("#lines tr").count() == 2
    path = page.locator("#csv").get_attribute("href")
    assert len(page.request.get(stage.url + path).body().splitlines()) == 3

    open_page(page, stage.url, "/command", username="chihuy")
    page.locator("#orders", has_text="áp dụng 2 lượt").wait_for()
    assert page.locator("#orders a").count() == 0, "command sees figures and no row"


def test_the_gates_are_searched_in_place_and_taken_as_a_file_by_key(page, stage):  # noqa: F811
    open_page(page, stage.url, "/command", username="chihuy")
    page.locator("#gates tr").nth(1).wait_for()
    page.keyboard.press("/")
    page.keyboard.type("hoanh mo")
    assert page.locator("#gates tr:visible").count() == 1
    page.keyboard.press("Control+A")
    page.keyboard.type("xyz")
    page.locator("#no-gate:visible").wait_for()
    page.keyboard.press("Escape")
    assert page.locator("#gates tr:visible").count() > 1
    with page.expect_download() as taken:
        page.keyboard.press("F8")
    assert taken.value.suggested_filename.startswith("cua-khau-")
    page.keyboard.press("F2")
    page.locator("dialog[open]").wait_for()
    assert violations(page) == []
