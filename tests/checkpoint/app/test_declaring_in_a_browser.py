"""A phone of 360 by 640, a kiosk and a lane, all in a real Chromium before a real edge."""

import os
import re
from datetime import UTC, datetime

import cv2
import httpx
import pytest

from sync.agreement.local_time import local_date
from tests.checkpoint.app.test_declaring import today_form
from tests.checkpoint.edges import LANE
from tests.demands import demand
from tests.sync.agreement.declarations import form
from tests.web.test_screens_in_a_browser import violations

SHOTS = os.environ.get("KIEMDICH_SHOTS")
PHONE = {"width": 360, "height": 640}
WORDS = {
    "vi": ("Tờ khai y tế", "Đã nhận tờ khai", "chỗ cần sửa"),
    "en": ("Health declaration", "Declaration received", "Things to correct"),
    "zh": ("健康申报", "申报已收到", "处需要更正"),
}
LARGEST_PAGE_BYTES = 60_000
SMALLEST_TARGET_PX = 44


def shoot(page, name):
    if SHOTS:
        page.evaluate("document.fonts.ready.then(() => true)")
        page.screenshot(path=f"{SHOTS}/declare-{name}.png", full_page=True)


def fill(page, **changes):
    """Answer everything as a traveller would: texts, choices, days, yes and no."""
    today = local_date(datetime.now(UTC)).isoformat()
    for name, text in form(today=today, **changes).items():
        if name == "declaration_id":
            continue
        if name.startswith(("symptom_", "exposure_")):
            page.check(f"input[name={name}][value={text}]")
        elif name == "confirmed":
            page.check("#confirmed")
        elif page.locator(f"select#{name}").count():
            page.select_option(f"#{name}", text)
        else:
            page.fill(f"#{name}", text)


def code_on(page):
    return page.locator(".qr").first.get_attribute("data-code")


def seen_on_screen(page, path):
    """What a reader's camera makes of the very picture on the screen."""
    page.locator("#done .qr").screenshot(path=path)
    image = cv2.resize(cv2.imread(str(path)), None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
    return cv2.QRCodeDetector().detectAndDecode(image)[0]


@demand("R025", "R076")
@pytest.mark.parametrize("language", ["vi", "en", "zh"])
def test_a_traveller_declares_on_a_small_phone(page, served, language, tmp_path):
    title, received, to_correct = WORDS[language]
    page.set_viewport_size(PHONE)
    page.goto(f"{served.url}/declare")
    assert violations(page) == []
    shoot(page, "start")
    page.locator(f"a[href*='language={language}']").click()
    assert page.locator("h1").inner_text() == title
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    small = page.evaluate(
        "[...document.querySelectorAll('input:not([type=hidden]), select, button, summary, .tap')]"
        ".filter(one => one.offsetParent && !['radio', 'checkbox'].includes(one.type))"
        f".filter(one => one.getBoundingClientRect().height < {SMALLEST_TARGET_PX})"
        ".map(one => one.outerHTML.slice(0, 80))"
    )
    assert small == []
    shoot(page, f"form-{language}")

    page.click("button.send")
    page.locator("#summary", has_text=to_correct).wait_for()
    assert violations(page) == []
    shoot(page, f"errors-{language}")
    page.locator("#summary a").first.click()
    assert page.evaluate("document.activeElement.id") == "full_name"

    fill(page)
    page.click("button.send")
    page.locator("h1", has_text=received).wait_for()
    assert violations(page) == []
    shoot(page, f"done-{language}")
    assert seen_on_screen(page, tmp_path / "code.png") == code_on(page)
    assert page.url == f"{served.url}/declare"

    page.goto(f"{served.url}/declare")
    page.locator("#kept .qr").wait_for()
    assert page.evaluate("localStorage.getItem('kd-declaration-draft')") is None


@pytest.mark.parametrize("language", WORDS)
def test_the_whole_page_weighs_less_than_a_picture(served, language):
    with httpx.Client(base_url=served.url, timeout=20) as phone:
        text = phone.get("/declare", params={"language": language}).text
        parts = re.findall(r'(?:src|href)="(/static/[^"]+)"', text)
        assert len(parts) == 3
        assert len(text.encode()) + sum(len(phone.get(part).content) for part in parts) < LARGEST_PAGE_BYTES


def test_without_a_script_it_is_plain_forms(page, served):
    context = page.context.browser.new_context(java_script_enabled=False, viewport=PHONE)
    page = context.new_page()
    page.goto(f"{served.url}/declare?language=vi")
    fill(page, seat="1A")
    page.click("button.send")
    assert page.locator("h1").inner_text().endswith("Đã nhận tờ khai")
    assert code_on(page).startswith("KD1:")
    context.close()


def test_a_draft_outlives_a_lost_network_and_a_closed_page(page, served):
    page.set_viewport_size(PHONE)
    page.goto(f"{served.url}/declare?language=vi")
    fill(page)
    identifier = page.input_value("#declaration_id")
    page.context.set_offline(True)
    page.click("button.send")
    page.locator("#offline", has_text="Chưa có mạng").wait_for()
    shoot(page, "offline")
    page.context.set_offline(False)
    page.goto("about:blank")
    page.goto(f"{served.url}/declare?language=vi")
    assert page.input_value("#full_name") == form()["full_name"]
    assert page.input_value("#declaration_id") == identifier
    assert page.is_checked("input[name=symptom_fever][value=no]")
    page.click("button.send")
    page.locator("h1", has_text="Đã nhận tờ khai").wait_for()


def test_a_kiosk_forgets_whoever_leaves_it(page, served):
    page.clock.install()
    page.set_viewport_size({"width": 1080, "height": 1920})
    page.goto(f"{served.url}/declare?kiosk=1")
    shoot(page, "kiosk-start")
    page.locator("a.big").first.click()
    page.fill("#full_name", "Người Trước")
    page.wait_for_timeout(50)
    assert page.evaluate("localStorage.length") == 0
    page.clock.fast_forward(59_000)
    assert page.input_value("#full_name") == "Người Trước"
    page.clock.fast_forward(61_000)
    page.locator("a.big").first.wait_for()
    page.locator("a.big").first.click()
    assert page.input_value("#full_name") == ""
    assert violations(page) == []
    fill(page)
    page.click("button.send")
    page.locator("h1", has_text="Đã nhận tờ khai").wait_for()
    shoot(page, "kiosk-done")
    assert page.evaluate("localStorage.length") == 0
    page.clock.fast_forward(61_000)
    page.locator("a.big").first.wait_for()


@demand("R076", "R077")
def test_the_lane_reads_the_code_as_a_reader_types_it_and_asks_about_what_does_not_agree(page, served, officer):
    number = "QN 801234"
    sent = today_form(document_number=number, seat="7C")
    answer = officer.client.post("/declare", data=sent, headers={"X-Forwarded-For": "10.7.0.1"})
    code = answer.text.split('data-code="')[1].split('"')[0]
    page.context.add_cookies([{"name": "kd", "value": officer.client.cookies["kd"], "url": served.url}])
    page.set_viewport_size({"width": 1920, "height": 1080})
    page.goto(f"{served.url}/lanes/{LANE}")
    page.locator("#verdict[data-phase=empty]").wait_for()
    page.locator("#scan").focus()
    page.keyboard.type(code)
    page.keyboard.press("Enter")
    page.locator("#declaration", has_text="quét giấy tờ của người này").wait_for()
    shoot(page, "lane-waiting")
    page.keyboard.type(number)
    page.keyboard.press("Enter")
    page.locator("#declaration[data-state=taken]").wait_for()
    officer.lane("measure", temperature_c=38.6, device_kind="infrared_thermometer", site="forehead")
    page.locator("#declaration", has_text="Không khớp, hỏi lại").wait_for()
    assert "Khai không sốt, đo thấy cao" in page.locator("#declaration").inner_text()
    assert violations(page) == []
    shoot(page, "lane-doubt")
    page.keyboard.press("Insert")
    page.locator("dialog h2", has_text="Đã hỏi lại người khai thế nào?").wait_for()
    assert violations(page) == []
    shoot(page, "lane-asking")
    page.fill("#field-words", "sốt từ sáng nay")
    page.locator("dialog button[type=submit]").click()
    page.locator("#declaration", has_text="✓ Đã hỏi lại").wait_for()


@demand("R076")
def test_an_officer_fills_it_in_with_the_key_for_someone_without_a_phone(page, served, officer):
    view = officer.client.get(f"/api/lanes/{LANE}/state").json()
    if view["draft_id"]:
        officer.lane("set-aside", draft_id=view["draft_id"])
    officer.lane("present", text="QN 801999")
    page.context.add_cookies([{"name": "kd", "value": officer.client.cookies["kd"], "url": served.url}])
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto(f"{served.url}/lanes/{LANE}")
    page.locator("#declaration button", has_text="Khai hộ").wait_for()
    page.keyboard.press("Insert")
    page.locator(".by", has_text="Cán bộ khai hộ").wait_for()
    assert page.input_value("#document_number") == "QN 801999"
    assert violations(page) == []
    shoot(page, "officer")
    fill(page, document_number="QN 801999")
    page.click("button.send")
    page.locator("#declaration[data-state=taken]").wait_for()
    shoot(page, "lane-taken")
