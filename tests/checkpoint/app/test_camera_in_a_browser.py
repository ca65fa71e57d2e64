"""The lane's camera: a picture over HTTP, and the dialog in a real Chromium with a camera that plays a file."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.checkpoint.documents import printing
from tests.checkpoint.documents.zones import CITIZEN_CARD, PASSPORT
from tests.checkpoint.edges import LANE
from tests.services.chromium import chromium_program
from tests.web.test_screens_in_a_browser import violations

SHOTS = os.environ.get("KIEMDICH_SHOTS")
MISREAD = (PASSPORT[0], PASSPORT[1].replace("7408122", "74O8122"))
URL = "/api/documents/read-picture"


def photograph(lines, *, pitch_px=24):
    return printing.as_jpeg(printing.shaded(printing.page(lines, pitch_px=pitch_px)), quality=90)


def files_holding(folder, *needles):
    """Every file of the edge that holds one of these bytes."""
    return [
        path.name for path in Path(folder).rglob("*") if path.is_file() and any(n in path.read_bytes() for n in needles)
    ]


def test_a_picture_is_read_for_the_officer_and_forgotten(served, officer):
    picture = photograph(CITIZEN_CARD)
    answer = officer.client.post(URL, content=picture, headers={"Content-Type": "image/jpeg"})
    assert answer.status_code == 200, answer.text
    (found,) = answer.json()["found"]
    assert found["seen"]["text"].split("\n") == list(CITIZEN_CARD)
    assert found["document"]["fields"]["personal_number"] == "022190000019"
    verdicts = {one["field"]: one["state"] for one in found["document"]["verdicts"]}
    assert verdicts["document_number"] == verdicts["composite"] == "verified"
    assert officer.client.get(f"/api/lanes/{LANE}/state").json()["phase"] == "empty"
    assert files_holding(served.folder, picture[2000:2064], b"022190000019", b"NGUYEN<<THI") == []


@pytest.mark.parametrize(
    ("picture", "http_code", "code"),
    [
        (b"no picture", 415, "picture_unreadable"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + (40_000).to_bytes(4) * 2 + bytes(20), 413, "picture_too_large"),
        (b"\xff\xd8" + bytes(12 * 1024 * 1024), 413, "picture_too_large"),
    ],
)
def test_a_picture_that_is_none_or_too_large_is_refused_with_a_reason(officer, picture, http_code, code):
    answer = officer.client.post(URL, content=picture)
    assert (answer.status_code, answer.json()["code"]) == (http_code, code)


def test_nobody_reads_a_picture_without_signing_in_or_without_the_token(served, officer):
    picture = photograph(PASSPORT)
    without_token = officer.client.post(URL, content=picture, headers={"X-CSRF-Token": ""})
    assert without_token.status_code == 403
    officer.client.cookies.clear()
    assert officer.client.post(URL, content=picture).status_code in {401, 403}


def test_only_the_page_of_a_lane_may_ask_for_the_camera(officer):
    lane = officer.client.get(f"/lanes/{LANE}").headers["Permissions-Policy"]
    assert "camera=(self)" in lane
    assert "microphone=()" in lane
    assert "camera=()" in officer.client.get("/register").headers["Permissions-Policy"]


def sign_in(page, served, officer):
    page.context.add_cookies([{"name": "kd", "value": officer.client.cookies["kd"], "url": served.url}])
    page.goto(f"{served.url}/lanes/{LANE}")
    expect(page.locator("#place")).not_to_have_text("—")


@pytest.fixture
def at_camera(chromium, served, officer, tmp_path):
    """A function that opens the lane in a browser whose camera shows this picture for ever."""
    browsers = []

    def open_lane(picture):
        clip = tmp_path / "camera.mjpeg"
        clip.write_bytes(picture * 3)
        flags = ["--no-sandbox"] if os.geteuid() == 0 else []
        fake = ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]
        browser = chromium.browser_type.launch(
            executable_path=chromium_program(), args=[*flags, *fake, f"--use-file-for-fake-video-capture={clip}"]
        )
        browsers.append(browser)
        page = browser.new_context(locale="vi-VN", viewport={"width": 1440, "height": 900}).new_page()
        sign_in(page, served, officer)
        return page

    yield open_lane
    for browser in browsers:
        browser.close()


def shoot(page, name):
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/camera-{name}.png")


def test_the_officer_reads_a_passport_with_the_camera_and_takes_over_the_proposal(at_camera, officer):
    page = at_camera(photograph(MISREAD))
    page.keyboard.press("PageDown")
    expect(page.locator(".camera-dialog .primary")).to_be_enabled(timeout=20_000)
    assert violations(page) == []
    shoot(page, "live")
    page.keyboard.press("Enter")
    page.wait_for_selector(".camera-card")
    shoot(page, "found")
    assert violations(page) == []
    assert "74O8122" in page.locator(".camera-zone").inner_text()
    proposal = page.locator(".camera-card button").nth(1)
    assert "O → 0" in proposal.inner_text()
    proposal.click()
    expect(page.locator("#name")).to_contain_text("ERIKSSON")
    shoot(page, "taken")
    assert page.locator("dialog").count() == 0
    state = officer.client.get(f"/api/lanes/{LANE}/state").json()
    assert state["phase"] != "empty"
    officer.lane("discard", draft_id=state["draft_id"], reason="thu")


def test_a_picture_from_a_phone_is_read_where_there_is_no_camera(page, served, officer, tmp_path):
    picture = tmp_path / "phone.jpg"
    picture.write_bytes(photograph(CITIZEN_CARD))
    sign_in(page, served, officer)
    page.click("[data-key=PageDown]")
    expect(page.locator(".camera-dialog .error-line")).not_to_have_text("")
    page.set_input_files("#camera-file", picture)
    page.wait_for_selector(".camera-card")
    shoot(page, "phone")
    page.keyboard.press("Enter")
    expect(page.locator("#name")).to_contain_text("NGUYEN")
    state = officer.client.get(f"/api/lanes/{LANE}/state").json()
    officer.lane("discard", draft_id=state["draft_id"], reason="thu")
