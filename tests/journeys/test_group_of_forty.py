"""A tour group of forty of whom one does not come: a real browser before a real edge process.

Directive 000, II.2: "làm tốt việc kiểm soát các đoàn du khách, người dân thông thương qua cửa khẩu". Everybody of a
group goes through the ordinary lane and is measured; the group is closed only when each head is accounted for.
"""

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.checkpoint.app.running import Officer, RunningEdge
from tests.checkpoint.edges import LANE
from tests.demands import demand
from tests.web.test_screens_in_a_browser import violations

HEADS, BY_HAND, MISSING = 40, 17, 23
GIVEN = ("Hường", "Ơn", "Sửu", "Mẩy", "Phượng", "Đức", "Thắm", "Quyết")


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[RunningEdge]:
    edge = RunningEdge(tmp_path)
    edge.add_officer()
    edge.process.start()
    yield edge
    edge.process.stop()


@pytest.fixture
def officer(gate: RunningEdge) -> Iterator[Officer]:
    one = gate.sign_in()
    yield one
    one.client.close()


def number_of(n: int) -> str:
    return f"C{4_000_000 + n}"


def written_list(folder: Path, *, spoilt: bool = False) -> Path:
    """The list as a tour company saves it from Excel: semicolons, a mark, a title above the heading."""
    rows = [["DANH SÁCH ĐOÀN KHÁCH"], ["STT", "Họ và tên", "Số hộ chiếu", "Ngày sinh", "Số ghế"]]
    for n in range(1, HEADS + 1):
        number = "4E+06" if spoilt and n == 5 else number_of(n)
        rows.append([str(n), f"Nguyễn Thị {GIVEN[n % 8]} {n}", number, f"{n % 28 + 1:02}/09/1988", f"{n}A"])
    text = io.StringIO()
    csv.writer(text, delimiter=";").writerows(rows)
    path = folder / ("spoilt.csv" if spoilt else "doan.csv")
    path.write_bytes(text.getvalue().encode("utf-8-sig"))
    return path


def cross(officer: Officer, n: int) -> None:
    """One member at the lane: document, temperature, verdict, like everybody else."""
    document = {"kind": "passport", "document_number": number_of(n), "full_name": "", "nationality": "VNM"}
    draft_id = officer.lane("present", document=document, has_declaration=True).json()["draft_id"]
    officer.lane("measure", temperature_c=36.4, device_kind="infrared_thermometer", site="forehead")
    assert officer.lane("close", draft_id=draft_id).json()["closed"]["disposition"] == "cleared"


def opened(browser: Page, gate: RunningEdge, officer: Officer, path: str) -> None:
    browser.context.add_cookies([{"name": "kd", "value": officer.client.cookies["kd"], "url": gate.url}])
    browser.goto(f"{gate.url}{path}")


def open_group(page: Page, tmp_path: Path) -> None:
    page.keyboard.press("F2")
    page.fill("#field-operator", "Lữ hành Sao Biển")
    page.fill("#field-guide", "Vũ Thị Hà")
    page.select_option("#field-lane_id", LANE)
    page.set_input_files("#field-file", written_list(tmp_path, spoilt=True))
    page.locator("dialog button[type=submit]").click()
    expect(page.locator("dialog .faults li")).to_have_count(1)
    expect(page.locator("dialog .faults")).to_contain_text("Dòng 7, số giấy tờ: Excel đã đổi số")
    expect(page.locator("dialog .error-line")).to_contain_text("chưa nhập ai cả")
    assert violations(page) == []
    page.set_input_files("#field-file", written_list(tmp_path))
    page.locator("dialog button[type=submit]").click()
    expect(page.locator("#heads")).to_have_text(f"0 / {HEADS}")


def pass_by_hand(lane: Page) -> None:
    """One member by keys alone: number, thermometer, Enter."""
    lane.keyboard.type(number_of(BY_HAND))
    lane.keyboard.press("Enter")
    expect(lane.locator("#company")).to_contain_text(f"Có trong danh sách, số {BY_HAND}")
    assert violations(lane) == []
    lane.keyboard.press("F2")
    lane.keyboard.type("36,5")
    lane.keyboard.press("Enter")
    expect(lane.locator("dialog")).to_have_count(0)
    expect(lane.locator("#word")).to_have_text("QUA")
    lane.keyboard.press("Enter")
    expect(lane.locator("#company")).to_contain_text(f"đã qua {HEADS - 1} / {HEADS}")
    expect(lane.locator("#verdict")).to_have_attribute("data-phase", "empty")


@demand("R036")
def test_directive_000_ii_2_a_tour_group_of_forty_is_controlled_and_the_one_missing_is_named(
    gate: RunningEdge, officer: Officer, new_page, tmp_path: Path
) -> None:
    groups, lane = new_page(), new_page()
    opened(groups, gate, officer, "/groups")
    assert violations(groups) == []
    open_group(groups, tmp_path)
    opened(lane, gate, officer, f"/lanes/{LANE}")
    expect(lane.locator("#company")).to_contain_text(f"đã qua 0 / {HEADS}")

    for n in range(1, HEADS + 1):
        if n not in {BY_HAND, MISSING}:
            cross(officer, n)
    expect(lane.locator("#company")).to_contain_text(f"đã qua {HEADS - 2} / {HEADS}")
    pass_by_hand(lane)

    lane.keyboard.type("E77777777")
    lane.keyboard.press("Enter")
    expect(lane.locator("#company")).to_contain_text("Không có trong danh sách đoàn")

    groups.reload()
    groups.locator(".open-line").click()
    expect(groups.locator("#heads")).to_have_text(f"{HEADS - 1} / {HEADS}")
    expect(groups.locator("#missing")).to_have_text(f"Chưa qua: số {MISSING}")
    expect(groups.locator("#about")).to_contain_text("Làn 1")
    groups.keyboard.press("F10")
    expect(groups.locator("dialog .faults")).to_have_text(f"{MISSING} · Nguyễn Thị {GIVEN[MISSING % 8]} {MISSING}")
    groups.locator("input[value=crosses_later]").check()
    groups.locator("dialog button[type=submit]").click()
    expect(groups.locator("#about")).to_contain_text("Sẽ qua sau")
    expect(groups.locator("#members tr").first).to_have_attribute("data-state", "missing")
    assert violations(groups) == []
    expect(lane.locator("#company")).not_to_contain_text(f"/ {HEADS}")
