"""What is played for each picture of docs/screens, and where the browser looks then."""

import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import httpx
from playwright.sync_api import Page, expect

from deploy.demo import people
from deploy.demo.shift import holders
from deploy.demo.site import ROOT, local_today
from sync.agreement.local_time import local_date
from tests.pictures.studio import BADGE, PHONE, PIN, SIGN, TABLET, WIDE, Studio
from tests.services.processes import free_port
from tests.sync.agreement.declarations import form

LANE, SCANNER, READER = "/lanes/lane-1", "mong-cai-lane-1-gy", "mong-cai-lane-1-mrz"
LOOKS_S = 4.0
HAS_GONE_MS = 4500
DONE_IN_DRILL = 4
DRILL_SPEED = "4"
NORMAL_C, RAISED_C = 34.7, 38.3
PHASE = "data-phase"


def at_lane(studio: Studio, *, size: tuple[int, int] = WIDE, theme: str = "light", language: str = "vi") -> Page:
    """The officer's page at lane 1, with nobody in it."""
    page = studio.signed_in(LANE, role="officer", size=size, theme=theme, language=language)
    page.wait_for_selector("#verdict[data-phase]")
    return page


def type_number(lane: Page, number: str) -> None:
    """What a barcode reader does: type, Enter."""
    lane.keyboard.type(number)
    lane.keyboard.press("Enter")
    expect(lane.locator("#verdict")).not_to_have_attribute(PHASE, "empty")


def pass_number(index: int) -> str:
    """A border pass of the invented register."""
    return holders(count=index + 1, today=local_today())[index].pass_number


def visitor(studio: Studio, lane: Page, *, seed: int) -> None:
    """A visitor's passport on the reader."""
    rng, today = random.Random(seed), local_today()
    studio.scanners.scan(READER, people.passport(people.foreign(rng, today=today), rng, today=today))
    expect(lane.locator("#verdict")).to_have_attribute(PHASE, "awaiting_reading")


def lane_by_day(studio: Studio) -> None:
    """The usual traveller, somebody who must wait, a fever, somebody set aside, the locked station."""
    lane = at_lane(studio)
    studio.shoot(lane, "lane-ready")
    type_number(lane, pass_number(3))
    expect(lane.locator("#verdict")).to_have_attribute(PHASE, "awaiting_reading")
    studio.shoot(lane, "lane-wait")
    studio.scanners.show(SCANNER, skin_c=NORMAL_C, duration_s=LOOKS_S)
    expect(lane.locator("#word")).to_have_text("QUA")
    studio.shoot(lane, "lane-pass")
    lane.wait_for_timeout(HAS_GONE_MS)
    lane.keyboard.press("Enter")
    expect(lane.locator("#verdict")).to_have_attribute(PHASE, "empty")
    a_fever(studio, lane)
    another_officer(studio, lane)


def a_fever(studio: Studio, lane: Page) -> None:
    """A visitor with nothing declared yet, a raised reading, the thermometer, a place in the room."""
    visitor(studio, lane, seed=5)
    studio.scanners.show(SCANNER, skin_c=RAISED_C, duration_s=LOOKS_S)
    expect(lane.locator("#word")).to_have_text("ĐO LẠI")
    studio.shoot(lane, "lane-stop")
    lane.keyboard.press("Enter")
    lane.wait_for_selector("dialog[open]")
    lane.keyboard.type("38,9")
    studio.shoot(lane, "lane-recheck")
    lane.wait_for_timeout(HAS_GONE_MS)
    lane.keyboard.press("Enter")
    expect(lane.locator("#verdict")).to_have_attribute(PHASE, "empty")
    studio.shoot(lane, "lane-referred")


def another_officer(studio: Studio, lane: Page) -> None:
    """A scanner that fails, a locked station with somebody in the lane, and back again."""
    type_number(lane, pass_number(4))
    lane.keyboard.press("F4")
    lane.wait_for_selector("dialog[open]")
    studio.shoot(lane, "lane-exception")
    lane.keyboard.press("Escape")
    lane.keyboard.press("+")
    lane.wait_for_selector("dialog[open]")
    studio.shoot(lane, "lane-document")
    lane.keyboard.press("Escape")
    lane.keyboard.press("F11")
    lane.wait_for_selector("#locked:not([hidden]) #unlock:not([hidden])")
    lane.fill("#badge", f"KD-CB-{BADGE}")
    studio.shoot(lane, "lane-locked")
    lane.fill("#pin", PIN)
    lane.keyboard.press("Enter")
    lane.wait_for_selector("#verdict[data-phase=awaiting_reading]")
    discard(lane)


def discard(lane: Page) -> None:
    """Nobody is in the lane afterwards."""
    lane.keyboard.press("F10")
    lane.wait_for_selector("dialog[open]")
    lane.keyboard.type("Khách quay lại")
    lane.keyboard.press("Enter")
    expect(lane.locator("#verdict")).to_have_attribute(PHASE, "empty")


def lane_on_a_tablet(studio: Studio) -> None:
    """The same page on ten inches."""
    lane = at_lane(studio, size=TABLET)
    type_number(lane, pass_number(9))
    studio.scanners.show(SCANNER, skin_c=RAISED_C, duration_s=LOOKS_S)
    expect(lane.locator("#word")).to_have_text("ĐO LẠI")
    studio.shoot(lane, "lane-tablet")
    lane.wait_for_timeout(HAS_GONE_MS)
    lane.keyboard.press("F2")
    expect(lane.locator("#verdict")).to_have_attribute(PHASE, "empty")


def board(studio: Studio) -> None:
    """The head of the gate."""
    page = studio.signed_in("/board", role="gate_head")
    page.wait_for_selector("main")
    studio.shoot(page, "board", settles_ms=2500)


def isolation(studio: Studio) -> None:
    """The room with the people of the shift."""
    page = studio.signed_in("/isolation", role="officer")
    page.wait_for_selector("#places > li")
    studio.shoot(page, "isolation")
    page.evaluate("localStorage.setItem('kd-locking', 'yes')")  # as when another window of the station locks
    page.reload()
    page.wait_for_url("**/isolation/veiled")
    page.wait_for_selector("#people .clock")
    studio.shoot(page, "isolation-veiled")


def register(studio: Studio) -> None:
    """A misspelt name, and who comes near."""
    page = studio.signed_in("/register", role="officer")
    page.wait_for_selector("input[type=search], #query")
    page.locator("#query, input[type=search]").first.fill("nguyen thi ha")
    page.keyboard.press("Enter")
    page.wait_for_selector("#people tr")
    studio.shoot(page, "register")


def groups(studio: Studio) -> None:
    """A tour group of twelve whose list was read, some of them through already."""
    names = ["Nguyễn Thị Hường", "Trần Văn Sửu", "Lê Thu Ơn", "Phạm Đức Quyết", "Vũ Ngọc Mẩy", "Đặng Minh Phượng"]
    rows = ["STT;Họ và tên;Số hộ chiếu;Ngày sinh;Số ghế"]
    rows += [f"{n};{name};C{4_000_000 + n};{n + 3:02}/09/1988;{n}A" for n, name in enumerate(names, start=1)]
    page = studio.signed_in("/groups", role="officer")
    with tempfile.TemporaryDirectory() as folder:
        listed = Path(folder) / "doan.csv"
        listed.write_text("\n".join(rows), encoding="utf-8-sig")
        page.keyboard.press("F2")
        page.fill("#field-operator", "Lữ hành Sao Biển")
        page.fill("#field-guide", "Vũ Thị Hà")
        page.select_option("#field-lane_id", "lane-1")
        page.set_input_files("#field-file", listed)
        page.locator("dialog button[type=submit]").click()
        expect(page.locator("#heads")).to_have_text(f"0 / {len(names)}")
    with studio.client("officer") as client:
        for n, name in enumerate(names[:3], start=1):
            document = {
                "kind": "passport",
                "document_number": f"C{4_000_000 + n}",
                "full_name": name,
                "nationality": "VNM",
            }
            shown = client.post("/api/lanes/lane-1/present", json={"document": document, "has_declaration": True})
            by_hand = {"temperature_c": 36.4, "device_kind": "infrared_thermometer", "site": "forehead"}
            client.post("/api/lanes/lane-1/measure", json=by_hand).raise_for_status()
            draft = {"draft_id": shown.raise_for_status().json()["draft_id"]}
            client.post("/api/lanes/lane-1/close", json=draft).raise_for_status()
    page.reload()
    page.locator(".open-line").first.click()
    expect(page.locator("#heads")).to_have_text(f"3 / {len(names)}")
    studio.shoot(page, "groups")


def shift_page(studio: Studio) -> None:
    """The officer's shift."""
    page = studio.signed_in("/shift", role="officer")
    page.wait_for_selector("#begin:not([hidden]), #end:not([hidden])")
    studio.shoot(page, "shift", settles_ms=1500)


def coverage(studio: Studio) -> None:
    """Passages seen, crossings logged, lane by lane and hour by hour."""
    page = studio.signed_in("/coverage", role="gate_head")
    page.wait_for_selector("main")
    page.keyboard.press("F2")
    studio.shoot(page, "coverage", settles_ms=2500)


def crossings(studio: Studio) -> None:
    """The last crossings."""
    page = studio.signed_in("/crossings", role="officer")
    page.wait_for_selector("tbody tr")
    studio.shoot(page, "crossings")


def paired_sign(studio: Studio) -> Page:
    """The travellers' screen of lane 1, paired by its code."""
    sign = studio.page(SIGN)
    with studio.client("officer") as client:
        code = client.post("/api/lanes/lane-1/display-code").raise_for_status().json()["code"]
    sign.goto(f"{studio.site.url('mong-cai')}/display?lane=lane-1")
    sign.wait_for_selector("#pairing:not([hidden])")
    studio.shoot(sign, "display-pairing")
    sign.keyboard.type(code)
    sign.keyboard.press("Enter")
    sign.wait_for_selector("body[data-state=shown]")
    return sign


def display(studio: Studio) -> None:
    """The code that pairs a screen, and what the traveller sees then."""
    lane, sign = at_lane(studio), paired_sign(studio)
    type_number(lane, pass_number(12))
    sign.wait_for_selector("#say-look_at_camera:not([hidden])")
    studio.shoot(sign, "display")
    discard(lane)


def declaration(studio: Studio) -> None:
    """A traveller's own phone: the form, and the code that the lane reads."""
    phone = studio.page(PHONE)
    phone.goto(f"{studio.site.url('mong-cai')}/declare?language=vi")
    studio.shoot(phone, "declaration")
    today = local_date(datetime.now(UTC)).isoformat()
    for name, text in form(today=today).items():
        if name.startswith(("symptom_", "exposure_")):
            phone.check(f"input[name={name}][value={text}]")
        elif name == "confirmed":
            phone.check("#confirmed")
        elif phone.locator(f"select#{name}").count():
            phone.select_option(f"#{name}", text)
        elif name != "declaration_id":
            phone.fill(f"#{name}", text)
    phone.click("button.send")
    phone.locator("h1", has_text="Đã nhận tờ khai").wait_for()
    studio.shoot(phone, "declaration-done")


def handheld(studio: Studio) -> None:
    """The officer's phone, with a reading typed."""
    url, account = studio.site.url("mong-cai"), studio.site.account("officer")
    phone = studio.page(PHONE)
    phone.goto(f"{url}/sign-in?next=/handheld/")
    phone.fill("#username", account.username)
    phone.fill("#password", account.password)
    phone.keyboard.press("Enter")
    phone.wait_for_selector("body[data-part=enrol][data-ready]")
    with studio.client("officer") as client:
        code = client.post("/api/handhelds/codes", json={"label": "Máy 3"}).raise_for_status().json()["code"]
    phone.fill("#code", code)
    phone.click("#enrol-form [type=submit]")
    phone.wait_for_selector("body[data-part=take-up]")
    phone.locator("#lane option").first.wait_for(state="attached")
    phone.fill("#new-pin", PIN)
    phone.fill("#again-pin", PIN)
    phone.click("#take-up-form [type=submit]")
    phone.wait_for_selector("body[data-part=work]")
    phone.fill("#document", pass_number(20))
    phone.fill("#temperature", "36,5")
    phone.check("#declared")
    studio.shoot(phone, "handheld")


def post(studio: Studio) -> None:
    """Posts, trails and openings."""
    page = studio.signed_in("/post", role="officer")
    page.wait_for_selector("main")
    studio.shoot(page, "post", settles_ms=1500)


def drill(studio: Studio) -> None:
    """A drill that played officers do; the trainer's timeline."""
    with tempfile.TemporaryDirectory(prefix="kdd-") as folder:
        words = ["drill", "fever-at-peak-hour", "--built-in", "--folder", folder, "--speed", DRILL_SPEED, "--autoplay"]
        command = [sys.executable, "-m", "checkpoint", *words, "--port", str(free_port())]
        with subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        ) as running:
            try:
                _look_at_drill(studio, running)
            finally:
                running.terminate()
                running.communicate(timeout=60)


def _look_at_drill(studio: Studio, running: subprocess.Popen) -> None:
    url, password = "", ""
    for line in running.stderr:
        if line.strip().endswith("/drill"):
            url = line.strip()
        if line.strip().startswith("tap-huan"):
            password = line.split()[1]
            break
    await_address(url)
    page = studio.page(WIDE)
    page.goto(url)
    page.fill("#username", "tap-huan")
    page.fill("#password", password)
    page.keyboard.press("Enter")
    # The drill ends by itself, and its pages with it: look while somebody still serves them.
    page.wait_for_function(
        "() => !document.querySelector('#error').textContent"
        f" && (document.querySelector('#rows')?.innerText.match(/Đúng hạn/g) ?? []).length >= {DONE_IN_DRILL}",
        polling=100,
        timeout=60_000,
    )
    studio.shoot(page, "drill", settles_ms=0)


def await_address(url: str) -> None:
    """Return when somebody answers there."""
    for _ in range(100):
        try:
            httpx.get(url, timeout=5)
        except httpx.TransportError:
            time.sleep(0.2)
        else:
            return


def desk(studio: Studio) -> None:
    """The CDC's queue and its first case."""
    page = studio.signed_in("/desk", role="cdc", at="centre")
    page.locator("#queue a").first.click()
    page.wait_for_selector("#review")
    studio.shoot(page, "desk", settles_ms=1500)


def command(studio: Studio) -> None:
    """Today's figures, and the form of an order."""
    page = studio.signed_in("/command", role="command", at="centre")
    expect(page.locator("#gates")).to_contain_text("Móng Cái")
    studio.shoot(page, "command", settles_ms=1500)
    page.click("#issue-order")
    page.wait_for_selector("dialog[open]")
    studio.shoot(page, "orders")


def units(studio: Studio) -> None:
    """The gates' machines as the centre knows them."""
    page = studio.signed_in("/units", role="administrator", at="centre")
    page.wait_for_selector("tbody tr")
    studio.shoot(page, "units", settles_ms=1500)


def reports(studio: Studio) -> None:
    """The daily reports."""
    page = studio.signed_in("/reports", role="cdc", at="centre")
    page.wait_for_selector("#reports tr")
    studio.shoot(page, "reports", settles_ms=1500)


SCENES: tuple[tuple[Callable[[Studio], None], tuple[str, ...]], ...] = (
    (
        lane_by_day,
        (
            "lane-ready",
            "lane-wait",
            "lane-pass",
            "lane-stop",
            "lane-recheck",
            "lane-referred",
            "lane-exception",
            "lane-document",
            "lane-locked",
        ),
    ),
    (lane_on_a_tablet, ("lane-tablet",)),
    (board, ("board",)),
    (isolation, ("isolation", "isolation-veiled")),
    (register, ("register",)),
    (groups, ("groups",)),
    (shift_page, ("shift",)),
    (coverage, ("coverage",)),
    (crossings, ("crossings",)),
    (display, ("display-pairing", "display")),
    (declaration, ("declaration", "declaration-done")),
    (handheld, ("handheld",)),
    (post, ("post",)),
    (drill, ("drill",)),
    (desk, ("desk",)),
    (command, ("command", "orders")),
    (units, ("units",)),
    (reports, ("reports",)),
)
