"""One morning at Móng Cái and at the provincial CDC, in a real browser over the real processes.

Directive 000, II.1: everybody is measured; a raised reading is measured again with a thermometer; a
person with fever goes to isolation; the CDC reviews; the day's report goes out.
"""

import csv
import json
import random
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from pypdf import PdfReader

from deploy.demo import people, services
from deploy.demo.layout import Site
from deploy.demo.processes import Supervisor
from deploy.demo.simulators import SimulatorControl
from deploy.demo.site import local_today, open_site
from sync.agreement.deployment import report_day
from tests.demands import demand
from tests.services.processes import free_port

CUT_OFF_HOUR = 17

pytestmark = [pytest.mark.journey, pytest.mark.timeout(600)]

SCANNER, READER = "mong-cai-lane-1-gy", "mong-cai-lane-1-mrz"


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """Two gates, the centre, the broker and the simulated scanners, all as processes of their own."""
    with tempfile.TemporaryDirectory(prefix="kdb-") as folder:
        made = open_site(Path(folder) / "s", law="law-vn-2026", first_port=free_port(), is_fresh=True, frame_rate_hz=8)
        supervisor = Supervisor(announce=print)
        try:
            services.bring_up(supervisor, made)
            yield made
        finally:
            supervisor.stop()


@pytest.fixture(scope="module")
def scanners(site: Site) -> Iterator[SimulatorControl]:
    """What the simulated devices of Móng Cái see."""
    control = SimulatorControl(site.control_socket("mong-cai"))
    yield control
    control.close()


def sign_in(page: Page, address: str, *, site: Site, role: str) -> None:
    """Type name and password as a person does; the page asked for opens afterwards."""
    account = site.account(role)
    page.goto(address)
    page.keyboard.type(account.username)
    page.keyboard.press("Tab")
    page.keyboard.type(account.password)
    page.keyboard.press("Enter")
    expect(page.locator("#sign-out")).to_be_visible(timeout=15_000)


def first_pass(site: Site) -> dict[str, str]:
    """A border resident's pass from the register."""
    with (site.state / "register.csv").open(encoding="utf-8") as register:
        return next(csv.DictReader(register))


def clear_by_keyboard(lane: Page, *, number: str, scanners: SimulatorControl) -> None:
    """Number, look, Enter: nothing but keys."""
    lane.keyboard.type(number)
    lane.keyboard.press("Enter")
    expect(lane.locator("#verdict")).to_have_attribute("data-phase", "awaiting_reading")
    scanners.show(SCANNER, skin_c=34.7, duration_s=1.2)
    expect(lane.locator("#word")).to_have_text("QUA", timeout=15_000)
    lane.keyboard.press("Enter")
    expect(lane.locator("#verdict")).to_have_attribute("data-phase", "empty")


def refer_by_keyboard(lane: Page, *, zone: tuple[str, ...], scanners: SimulatorControl) -> None:
    """The passport lies on the reader; the scanner raises; the thermometer confirms."""
    scanners.scan(READER, zone)
    expect(lane.locator("#verdict")).to_have_attribute("data-phase", "awaiting_reading", timeout=15_000)
    scanners.show(SCANNER, skin_c=38.3, duration_s=1.2)
    expect(lane.locator("#word")).to_have_text("ĐO LẠI", timeout=15_000)
    expect(lane.locator("#reasons")).to_contain_text("bằng hoặc cao hơn ngưỡng")
    lane.keyboard.press("Escape")
    expect(lane.locator("#verdict")).to_have_attribute("data-tone", "stop")
    lane.keyboard.press("Enter")
    lane.keyboard.type("38,9")
    lane.keyboard.press("Enter")
    expect(lane.locator("#verdict")).to_have_attribute("data-phase", "empty")


@demand("R008", "R053")
def test_one_passes_another_is_isolated_reviewed_and_reported(site: Site, scanners, new_page) -> None:
    """The whole way from a scan at the lane to a line in the printed report."""
    lane, desk = new_page(), new_page()
    holder, today = first_pass(site), local_today()
    visitor = people.foreign(random.Random(5), today=today)
    zone = people.passport(visitor, random.Random(5), today=today)

    sign_in(lane, f"{site.url('mong-cai')}/lanes/lane-1", site=site, role="officer")
    expect(lane.locator("#word")).to_have_text("SẴN SÀNG")
    clear_by_keyboard(lane, number=holder["pass_number"], scanners=scanners)
    expect(lane.locator("#saved")).to_contain_text("số 1")
    refer_by_keyboard(lane, zone=zone, scanners=scanners)
    expect(lane.locator("#instruction")).to_contain_text("phòng cách ly, chỗ C1")

    lane.keyboard.press("F7")
    expect(lane.locator("#places")).to_contain_text(visitor.full_name)

    review_at_the_desk(desk, site=site, full_name=visitor.full_name)
    # After the cut-off hour what happens now belongs to the next report day.
    day = report_day(datetime.now(UTC), cut_off_hour=CUT_OFF_HOUR)
    printed = download_report(desk, site=site, day=str(day))
    pages = " ".join(page.extract_text() for page in PdfReader(printed).pages)
    assert "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM" in pages
    assert visitor.full_name not in pages, "the report names nobody"


def review_at_the_desk(desk: Page, *, site: Site, full_name: str) -> None:
    """The case arrives by itself; who it is, only on request; the review is a new record."""
    sign_in(desk, f"{site.url('centre')}/desk", site=site, role="cdc")
    expect(desk.locator("#queue a")).to_have_count(1, timeout=30_000)
    expect(desk.locator("#detail")).to_contain_text("38,9")
    assert full_name not in desk.content()
    desk.click("#reveal")
    desk.select_option("dialog[open] select[name=reason]", "case_investigation")
    desk.fill("dialog[open] input[name=remark]", "Gọi xác minh lịch trình đi lại")
    desk.keyboard.press("Enter")
    expect(desk.locator(".case-name")).to_have_text(full_name)
    desk.click("#review")
    desk.get_by_label("Ghi chú").fill("Sốt 38,9; đã lấy mẫu, chờ kết quả")
    desk.locator("dialog button[type=submit]").click()
    expect(desk.locator("#detail")).to_contain_text("Ca nghi ngờ — lời người xem xét: niêm phong", timeout=10_000)


def download_report(desk: Page, *, site: Site, day: str) -> Path:
    """Freeze the day as the clerk does at its end, and fetch both files from the page."""
    words = ["report", "--settings", str(site.centre_settings), "--day", day, "--now", "--format", "json"]
    frozen = subprocess.run([sys.executable, "-m", "central", *words], capture_output=True, text=True, check=True)
    totals = json.loads(frozen.stdout)["totals"]
    assert (totals["crossings"], totals["cleared"], totals["isolated"]) == (2, 1, 1)
    desk.goto(f"{site.url('centre')}/reports")
    row = desk.locator("#reports tr").filter(has_text=re.compile("/".join(reversed(day.split("-")))))
    expect(row).to_contain_text("Đã chốt")
    with desk.expect_download() as fetched:
        row.get_by_role("link", name="PDF").click()
    assert fetched.value.suggested_filename == f"bao-cao-{day}.pdf"
    return Path(fetched.value.path())


def test_command_sees_figures_per_gate_and_no_person(site: Site, new_page) -> None:
    """The command page adds up, names the gates without figures, and opens no row of anybody."""
    page = new_page()
    sign_in(page, f"{site.url('centre')}/command", site=site, role="command")

    expect(page.locator("#gates")).to_contain_text("Móng Cái")
    expect(page.locator("#gates")).to_contain_text("KHÔNG CÓ SỐ LIỆU")
    expect(page.locator("#tile-silent .figure")).not_to_have_text("0")
    answer = page.goto(f"{site.url('centre')}/desk")
    assert answer.status == 403
    expect(page.locator("h1")).to_contain_text("không được")
