"""A change of officers in the middle of a traveller, in a real Chromium at a real edge."""

import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import argon2
import msgspec
import pytest

from checkpoint.actions.deciding import pass_automatically
from checkpoint.actions.receiving import accept_device_event
from checkpoint.app import create_app
from checkpoint.shifts.sheets import mark_of
from checkpoint.store.stations import put_badge
from checkpoint.workers import Workers
from devices.reading import ScannedText
from tests.checkpoint.edges import LANE, PASS, Edge
from tests.demands import demand
from tests.services.processes import wait_until
from tests.web.serving import served
from tests.web.stage import CHEAP, PASSWORD, labels
from tests.web.test_screens_in_a_browser import open_page, violations
from web.pins import Pins
from web.sign_in import User
from web.stations import Badge

CHEAP_PINS = Pins(argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
OFFICERS = {"canbo": ("Phạm Thu Hà", "004217", "804173"), "truc2": ("Lê Văn Trực", "004218", "371904")}


@pytest.fixture
def edge(tmp_path: Path) -> Iterator[Edge]:
    one = Edge(tmp_path)
    for username, (name, badge, pin) in OFFICERS.items():
        hashed = CHEAP.hash_password(PASSWORD, username=username)
        one.gate.store.accounts.put_officer(User(username=username, name=name, role="officer", password_hash=hashed))
        given = Badge(username=username, badge=badge, pin_hash=CHEAP_PINS.hash_pin(pin, badge=badge))
        one.gate.store.writer.submit(lambda transaction, given=given: put_badge(transaction, given)).result(10)
    yield one
    one.close()


@pytest.fixture
def url(edge: Edge) -> Iterator[str]:
    app = create_app(edge.gate, workers=Workers(edge.gate), labels=labels(), passwords=CHEAP, pins=Pins())
    with served(app) as address:
        yield address


def scan(text, *, at):
    """What the reader that is wired to the lane sends."""
    return ScannedText(device_id="face-1", observed_at=at, lines=(text,), delivery_key=at.isoformat())


def at_lane(page, url, **look):
    open_page(page, url, f"/lanes/{LANE}", username="canbo", **look)
    page.wait_for_selector("#verdict[data-phase]")


def locked(page):
    page.wait_for_selector("#locked:not([hidden]) #unlock:not([hidden])")


@demand("R080")
def test_shift_change_in_the_middle_of_a_traveller(page, url, edge):
    at_lane(page, url)
    edge.present(PASS)
    page.wait_for_selector("#verdict[data-phase=awaiting_reading]")
    number = "••••0123"
    assert number in page.content()
    draft_id = edge.draft_id

    page.keyboard.press("F11")
    locked(page)
    assert page.locator(".lane-columns").is_hidden()
    assert number not in page.content()
    assert "Đang có người đứng ở làn." in page.locator("#locked-who").inner_text()
    edge.scan_face(36.4)  # the scanner goes on
    assert edge.draft_id == draft_id

    began_s = time.monotonic()
    page.keyboard.type("KD-CB-004218\n371904\n")
    page.wait_for_selector("#verdict[data-phase=verdict]")
    took_s = time.monotonic() - began_s

    assert "Lê Văn Trực" in page.locator(".head").inner_text()
    assert number in page.content(), "the person who stood there is shown again"
    assert took_s < 3
    page.keyboard.press("Enter")
    page.wait_for_selector("#verdict[data-phase=empty]")
    assert edge.rows("SELECT officer_ref FROM crossing") == [("truc2",)]
    assert ("officer_switched", "truc2", "canbo") in edge.rows("SELECT action, officer_ref, subject FROM access_log")


def test_a_locked_screen_gets_nothing_of_the_person_from_any_address(page, url, edge):
    at_lane(page, url)
    edge.present(PASS)
    page.wait_for_selector("#verdict[data-phase=awaiting_reading]")
    page.keyboard.press("F11")
    locked(page)
    state = page.evaluate(f"fetch('/api/lanes/{LANE}/state').then(answer => answer.json())")
    assert (state["is_locked"], state["has_draft"], state["person"], state["draft_id"]) == (True, True, None, None)
    for path in ("/api/crossings", "/api/isolation", "/api/shift"):
        assert page.evaluate(f"fetch('{path}').then(answer => answer.status)") == 423
    assert violations(page) == []


def test_a_wrong_pin_says_so_and_a_badge_scan_at_the_lane_leads_to_the_pin(page, url, edge):
    at_lane(page, url)
    page.keyboard.type("KD-CB-004217\n")
    locked(page)
    assert page.locator("#pin").evaluate("node => node === document.activeElement")
    assert page.locator("#badge").input_value() == "KD-CB-004217"
    page.keyboard.type("000000\n")
    page.wait_for_selector("#locked-error:not(:empty)")
    assert "Sai thẻ hoặc mã PIN" in page.locator("#locked-error").inner_text()
    page.keyboard.type("804173\n")
    page.wait_for_selector("#verdict[data-phase=empty]")
    assert page.locator("#locked").is_hidden()


def test_five_idle_minutes_lock_the_screen_by_themselves(page, url, edge):
    page.clock.install()
    at_lane(page, url)
    page.clock.fast_forward(4 * 60 * 1000)
    assert page.locator("#locked").is_hidden()
    page.clock.fast_forward(61 * 1000)
    locked(page)


def test_a_restart_of_the_edge_unlocks_nothing(page, url, edge):
    at_lane(page, url)
    page.keyboard.press("F11")
    locked(page)
    (standing,) = edge.rows("SELECT is_by_pin, locked_at IS NOT NULL FROM station_session")
    assert standing == (0, 1)
    edge.restart()
    (token_hash,) = (row[0] for row in edge.rows("SELECT token_hash FROM station_session"))
    assert edge.gate.store.stations.find_standing(token_hash).is_locked


def at_shift(page, url, **look):
    open_page(page, url, "/shift", **{"username": "canbo", **look})
    page.wait_for_selector("#reports li a")
    return page


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("language", ["vi", "en", "zh"])
def test_the_page_of_the_shift_is_accessible(page, url, edge, theme, language):
    page.set_viewport_size({"width": 1366, "height": 768})
    at_shift(page, url, theme=theme, language=language)
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 1366


def test_a_shift_is_begun_ended_and_taken_over_by_keys_alone(page, url, edge):
    at_shift(page, url)
    page.keyboard.press("F2")
    page.keyboard.type("38,7")
    page.keyboard.press("Enter")
    page.wait_for_selector("#end:not([hidden])")
    assert "38,7" in page.locator("#raised").inner_text(), "a raised own temperature is said"
    page.keyboard.press("F2")
    page.keyboard.type("36,8")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.type("Máy in hết giấy")
    page.locator("dialog button[type=submit]").click()
    page.wait_for_selector("#begin:not([hidden])")
    assert "chờ người ca sau nhận" in page.locator("#handovers").inner_text()

    at_shift(page, url, username="truc2")
    assert "Máy in hết giấy" in page.locator("#handovers").inner_text()
    page.keyboard.press("F3")
    page.wait_for_selector("#told:not(:empty)")
    assert edge.rows("SELECT given_by, taken_by FROM shift_handover") == [("canbo", "truc2")]


def test_sheets_are_printed_and_a_line_of_them_entered(page, url, edge):
    at_shift(page, url)
    page.keyboard.press("F6")
    page.keyboard.press("Enter")
    page.wait_for_selector("#blocks a")
    for paper in (page.locator("#blocks a"), page.locator("#reports a").first):
        assert page.request.get(url + paper.get_attribute("href")).body().startswith(b"%PDF-")

    page.keyboard.press("F4")
    edge.clock.forward(minutes=10)
    at = edge.clock.now + timedelta(hours=7) - timedelta(minutes=5)
    page.fill("#field-number", f"2-{mark_of(2, edge_id=edge.gate.identity.edge_id)}")
    assert page.input_value("#field-day") == f"{at:%d/%m/%Y}"
    page.fill("#field-day", "")
    page.locator("#field-day").press_sequentially(f"{at:%d%m%Y}")
    assert page.input_value("#field-day") == f"{at:%d/%m/%Y}"
    page.fill("#field-hour", "25:10")
    page.fill("#field-text", "QN 100125")
    page.keyboard.press("Enter")
    assert page.locator("#field-hour-fault").inner_text() == "Giờ không đúng: ghi giờ:phút, ví dụ 08:30."
    assert page.locator("#field-hour").get_attribute("aria-invalid") == "true"
    assert violations(page) == []
    page.fill("#field-hour", f"{at:%Hh%M}")
    page.locator("#field-text").press("Enter")
    page.wait_for_selector("dialog .error-line:not(:empty)")
    assert "Thiếu thân nhiệt" in page.locator("dialog .error-line").inner_text()
    page.fill("#field-temperature", "36,6")
    page.keyboard.press("Enter")
    page.wait_for_selector("#told:not(:empty)")
    assert edge.rows("SELECT number FROM paper_line") == [(2,)]
    page.wait_for_function("() => document.querySelector('#missing').textContent.includes('1')")


@demand("R080")
def test_a_cleared_person_passes_by_itself_before_an_officer_and_waits_before_a_locked_screen(page, url, edge):
    lanes = tuple(msgspec.structs.replace(lane, automatic_passage_s=0.5) for lane in edge.settings.lane)
    edge.gate.settings = msgspec.structs.replace(edge.settings, lane=lanes)

    def passing():
        return edge.gate.perform(lambda turn: pass_automatically(turn, LANE)).result(10)

    edge.present(PASS)
    edge.scan_face(36.4)
    edge.clock.forward(seconds=1)
    assert not passing(), "nobody is at the lane"
    at_lane(page, url)
    page.wait_for_selector("#verdict[data-phase=verdict]")
    page.keyboard.press("F11")
    locked(page)
    edge.clock.forward(seconds=1)
    assert not passing(), "the screen is locked"
    page.keyboard.type("KD-CB-004218\n371904\n")
    page.wait_for_selector("#verdict[data-phase=verdict]")
    wait_until(
        lambda: edge.gate.attended_since(LANE, at=edge.clock.now) is not None,
        timeout_s=5,
        what="an officer at the lane",
    )
    edge.clock.forward(seconds=1)
    assert passing()
    page.wait_for_selector("#verdict[data-phase=empty]")


@demand("R080")
def test_a_badge_in_the_lanes_own_reader_changes_the_officer_and_is_no_document(page, url, edge):
    at_lane(page, url)
    edge.present(PASS)
    page.wait_for_selector("#verdict[data-phase=awaiting_reading]")
    draft_id = edge.draft_id

    accept_device_event(edge.gate, scan("KD-CB-004218", at=edge.clock.now))

    locked(page)
    page.wait_for_function("() => document.querySelector('#badge').value === '004218'")
    assert page.locator("#pin").evaluate("node => node === document.activeElement")
    page.keyboard.type("371904\n")
    page.wait_for_selector("#verdict[data-phase=awaiting_reading]")
    assert "Lê Văn Trực" in page.locator(".head").inner_text()
    assert (edge.draft_id, edge.sheet.notice) == (draft_id, None)
    assert ("station_locked", "badge_scanned") in edge.rows("SELECT action, reason FROM access_log")
    assert edge.gate.attendance.badge_at(LANE, at=edge.clock.now) == ""


def test_a_badge_in_a_reader_where_nobody_is_signed_in_presents_nobody_and_locks_nothing(edge):
    accept_device_event(edge.gate, scan("kdcb004217", at=edge.clock.now))
    assert edge.sheet.state.presentation is None
    assert edge.rows("SELECT count(*) FROM station_session") == [(0,)]
    assert edge.rows("SELECT count(*) FROM access_log") == [(0,)]
