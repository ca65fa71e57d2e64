"""A document that no reader reads, in a real Chromium and by keys alone: entered, put right, compared and chosen."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from sync.agreement.vocabulary import DocumentKind
from tests.checkpoint.edges import Edge
from tests.checkpoint.people import NORMAL_C
from tests.web.test_deciding_in_a_browser import at_lane, serving
from tests.web.test_screens_in_a_browser import violations

MISREAD = ("P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L898902C36UTO74O8122F2704151ZE184226B<<<<<18")


@pytest.fixture
def gate(tmp_path) -> Iterator[tuple[Edge, str]]:
    yield from serving(Edge(tmp_path))


def typed_permit(page, *, number: str = "T12345678") -> None:
    page.keyboard.press("+")
    dialog = page.locator("dialog")
    dialog.get_by_label("Loại giấy tờ").select_option(label="Giấy phép xuất nhập cảnh vùng biên giới")
    expect(dialog.get_by_label("Nước cấp")).to_have_value("CHN")
    dialog.get_by_label("Số giấy tờ").fill(number)
    dialog.get_by_label("Họ tên").fill("张伟明")
    dialog.get_by_label("Ngày sinh").fill("02041990")
    assert violations(page) == []
    page.keyboard.press("Enter")
    expect(dialog).to_have_count(0)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_chinese_permit_is_entered_with_the_name_as_printed(page, gate, theme):
    edge, url = gate
    at_lane(page, url, theme=theme)
    typed_permit(page)

    expect(page.locator("#name")).to_have_text("张伟明")
    expect(page.locator("#about")).to_contain_text("36 tuổi · Trung Quốc")
    assert edge.sheet.state.person.document_kind is DocumentKind.BORDER_PERMIT


def test_a_number_taken_for_our_pass_is_put_right_and_the_reading_stays(page, gate):
    edge, url = gate
    at_lane(page, url)
    page.keyboard.type("T12345678\n")
    expect(page.locator("#rows")).to_contain_text("Giấy thông hành")
    edge.scan_face(NORMAL_C)
    expect(page.locator("#verdict")).to_have_attribute("data-phase", "verdict")
    typed_permit(page)

    expect(page.locator("#about")).to_contain_text("Trung Quốc")
    assert edge.sheet.state.bound.temperature_c == NORMAL_C
    assert edge.sheet.state.person.nationality == "CHN"


def test_what_may_be_misread_is_compared_and_chosen_with_one_key(page, gate):
    edge, url = gate
    at_lane(page, url)
    for line in MISREAD:
        page.keyboard.type(f"{line}\n")
    expect(page.locator("#rows")).to_contain_text("Vùng máy đọc")
    expect(page.locator("#rows")).to_contain_text("Ngày sinh: ")
    expect(page.locator("#chips button")).to_have_text(re.compile("Số có thể bị đọc nhầm"))
    page.keyboard.press("+")
    offer = page.locator("dialog button:focus")
    expect(offer).to_have_text("dòng 2, vị trí 16: O → 0")
    page.keyboard.press("Enter")

    expect(page.locator("dialog")).to_have_count(0)
    expect(page.locator("#rows")).not_to_contain_text("Ngày sinh: ")
    assert edge.sheet.state.person.are_check_digits_valid


def test_a_zone_that_was_read_well_is_not_typed_over(page, gate):
    edge, url = gate
    at_lane(page, url)
    for line in (MISREAD[0], MISREAD[1].replace("74O8", "7408")):
        page.keyboard.type(f"{line}\n")
    expect(page.locator("#name")).to_have_text("ERIKSSON ANNA MARIA")
    page.keyboard.press("+")
    expect(page.locator("#error")).to_contain_text("mọi số kiểm tra khớp")
    assert page.locator("dialog").count() == 0
    assert edge.sheet.state.person.are_check_digits_valid


def test_a_country_that_is_none_is_said_at_once_and_nothing_is_lost(page, gate):
    edge, url = gate
    at_lane(page, url)
    page.keyboard.press("+")
    dialog = page.locator("dialog")
    dialog.get_by_label("Số giấy tờ").fill("E1234567")
    dialog.get_by_label("Họ tên").fill("LI MIN")
    dialog.get_by_label("Nước cấp").fill("Trung Hoa Xa")
    page.keyboard.press("Enter")
    expect(dialog.get_by_role("alert")).to_contain_text("Không có nước này")
    dialog.get_by_label("Nước cấp").fill("trung quoc")
    page.keyboard.press("Enter")
    expect(page.locator("#name")).to_have_text("LI MIN")
    assert edge.sheet.state.person.identity.issuing_state == "CHN"
