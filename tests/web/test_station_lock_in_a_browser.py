"""A workstation that nobody touches, or whose lock the network loses: nothing of a person stays in sight anywhere."""

import pytest
from playwright.sync_api import expect

from checkpoint.actions.rechecking import recheck_person
from tests.checkpoint.app.test_station_in_a_browser import OFFICERS, at_lane, edge, url
from tests.checkpoint.edges import LANE, Edge
from tests.checkpoint.people import RAISED_C
from tests.web.stage import CHEAP, PASSWORD
from tests.web.test_screens_in_a_browser import open_page
from web.sign_in import User

__all__ = ["edge", "url"]
PAGES = ("/register", "/crossings", "/shift", "/groups", "/coverage", "/handhelds", "/post", "/lanes")


def is_locked(edge: Edge) -> bool:
    return edge.rows("SELECT count(*) FROM station_session WHERE locked_at IS NOT NULL") != [(0,)]


def idle(page) -> None:
    page.clock.fast_forward("05:02")


@pytest.mark.parametrize("path", PAGES)
def test_an_idle_page_of_the_station_leaves_nothing_and_locks(page, url, edge, path):
    page.clock.install()
    open_page(page, url, path, username="canbo")
    page.wait_for_selector("main")
    idle(page)
    page.wait_for_url(f"**/lanes/{LANE}")
    expect(page.locator("#locked")).to_be_visible()
    assert is_locked(edge)
    assert page.request.get(f"{url}/api/crossings?limit=1").status == 423


def with_a_fever_in_the_room(edge: Edge) -> None:
    edge.present("QN 100779")
    edge.scan_face(RAISED_C)
    edge.do(recheck_person, crossing_id=edge.draft_id, temperature_c=38.9, site="axillary")


def test_the_isolation_board_goes_on_to_its_clocks_without_a_name_and_comes_back_with_the_pin(page, url, edge):
    with_a_fever_in_the_room(edge)
    page.clock.install()
    open_page(page, url, "/isolation", username="canbo")
    page.wait_for_selector("#places > li[data-crossing]")
    idle(page)
    page.wait_for_url("**/isolation/veiled")
    page.wait_for_selector("#people .clock")
    assert is_locked(edge)
    told = page.locator("main").inner_text()
    assert "C1" in told
    assert "0779" not in page.content()
    assert page.request.get(f"{url}/api/isolation").status == 423
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/lanes/{LANE}")
    open_with_pin(page)
    page.wait_for_url("**/isolation")
    page.wait_for_selector("#places > li[data-crossing]")


def test_the_clocks_of_the_room_outlive_a_lock_in_another_window_and_hours_that_nobody_touched_it(page, url, edge):
    with_a_fever_in_the_room(edge)
    page.clock.install()
    open_page(page, url, "/isolation", username="canbo")
    page.wait_for_selector("main")
    other = page.context.new_page()
    at_lane_again(other, url)
    other.keyboard.press("F11")
    page.wait_for_url("**/isolation/veiled")
    assert is_locked(edge)
    page.wait_for_selector("#people .clock")
    for _ in range(3):
        edge.clock.forward(hours=1)
        page.clock.fast_forward("30:00")
        page.wait_for_timeout(200)
    expect(page.locator("#alarm")).to_contain_text("C1")
    assert page.url.endswith("/isolation/veiled")

    open_with_pin(other)
    other.wait_for_selector("#verdict[data-phase]")
    page.clock.fast_forward("00:06")
    page.wait_for_url("**/isolation")
    other.close()


def open_with_pin(page) -> None:
    _, badge, pin = OFFICERS["canbo"]
    expect(page.locator("#locked")).to_be_visible()
    page.fill("#badge", badge)
    page.fill("#pin", pin)
    page.keyboard.press("Enter")


@pytest.mark.parametrize("path", ["/register", "/isolation"])
def test_a_head_of_the_gate_who_walks_away_leaves_nothing_open_and_signs_in_again(page, url, edge, path):
    hashed = CHEAP.hash_password(PASSWORD, username="truong")
    edge.gate.store.accounts.put_officer(User(username="truong", name="Tô", role="gate_head", password_hash=hashed))
    page.clock.install()
    open_page(page, url, path, username="truong")
    page.wait_for_selector("main")
    page.clock.fast_forward("06:00")
    page.wait_for_timeout(300)
    assert page.url.endswith(path), "a password takes longer to type than a PIN"
    page.clock.fast_forward("05:00")
    page.wait_for_url("**/isolation/veiled" if path == "/isolation" else "**/sign-in**")
    assert page.request.get(f"{url}/api/isolation").status == 423
    if path == "/isolation":
        page.wait_for_selector("#people")
        page.click("#open")
        page.wait_for_url("**/sign-in**")
    page.fill("#username", "truong")
    page.fill("#password", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{path}")
    page.wait_for_selector("main")


@pytest.mark.parametrize("has_seen_the_lane", [False, True])
def test_an_idle_page_whose_network_is_lost_locks_when_it_is_heard(page, url, edge, has_seen_the_lane):
    page.clock.install()
    if has_seen_the_lane:
        at_lane(page, url)
        page.goto(f"{url}/register")
    else:
        open_page(page, url, "/register", username="canbo")
    page.wait_for_selector("main")
    page.route("**/*", lambda route: route.abort())
    idle(page)
    expect(page.locator("main").first).to_be_hidden()
    expect(page.get_by_text("Đang chờ mạng")).to_be_visible()
    page.unroute("**/*")
    page.clock.fast_forward("00:05")
    page.wait_for_url(f"**/lanes/{LANE}")
    assert is_locked(edge)


def test_keys_do_nothing_on_a_page_that_is_out_of_sight(page, url, edge):
    page.clock.install()
    open_page(page, url, "/shift", username="canbo")
    page.wait_for_selector("#reports li a")
    page.route("**/api/station/lock", lambda route: None)
    idle(page)
    expect(page.locator("main").first).to_be_hidden()
    page.keyboard.press("F2")
    page.wait_for_timeout(300)
    assert page.locator("dialog[open]").count() == 0
    assert not is_locked(edge)


def test_work_in_one_window_keeps_the_others_open_and_a_lock_closes_them_all(page, url, edge):
    page.clock.install()
    open_page(page, url, "/register", username="canbo")
    other = page.context.new_page()
    at_lane_again(other, url)
    page.clock.fast_forward("04:30")
    other.keyboard.press("Shift")
    other.wait_for_function("() => Number(localStorage.getItem('kd-touched')) > 0")
    assert not is_locked(edge)
    other.keyboard.press("F11")
    expect(other.locator("#locked")).to_be_visible()
    page.wait_for_url(f"**/lanes/{LANE}")
    expect(page.locator("#locked")).to_be_visible()
    other.close()


def at_lane_again(page, url: str) -> None:
    page.goto(f"{url}/lanes/{LANE}")
    page.wait_for_selector("#verdict[data-phase]")


def test_a_lock_that_the_network_loses_hides_at_once_and_holds_as_soon_as_it_is_heard(page, url, edge):
    at_lane(page, url)
    edge.present("QN 100777")
    page.wait_for_selector("#verdict[data-phase=awaiting_reading]")
    page.route("**/lock", lambda route: route.abort())
    page.keyboard.press("F11")
    expect(page.locator("#locked")).to_be_visible()
    assert "0777" not in page.content()
    assert not is_locked(edge)
    page.reload()
    expect(page.locator("#locked")).to_be_visible()
    assert "0777" not in page.content(), "loaded anew by somebody before the edge has heard"
    page.unroute("**/lock")
    page.wait_for_selector("#unlock:not([hidden])")
    assert is_locked(edge)


def test_an_officer_comes_back_to_the_page_that_was_locked(page, url):
    page.clock.install()
    open_page(page, url, "/register", username="canbo")
    page.wait_for_selector("main")
    idle(page)
    page.wait_for_url(f"**/lanes/{LANE}")
    expect(page.locator("#locked")).to_be_visible()
    open_with_pin(page)
    page.wait_for_url("**/register")


def test_the_officers_declaration_page_has_the_keyboard_goes_back_and_locks(page, url, edge):
    page.clock.install()
    edge.present("QN 100778")
    at_lane(page, url)
    page.goto(f"{url}/lanes/{LANE}/declaration")
    page.wait_for_function("() => document.activeElement.matches('input, select')")
    page.keyboard.press("Escape")
    page.wait_for_url(f"**/lanes/{LANE}")
    page.goto(f"{url}/lanes/{LANE}/declaration")
    page.wait_for_function("() => document.activeElement.matches('input, select')")
    page.locator("form input[type=text]").first.fill("Nguyễn")
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.getAttribute('href')") == f"/lanes/{LANE}"
    assert page.url.endswith("/declaration"), "what was typed is still there"
    idle(page)
    page.wait_for_url(f"**/lanes/{LANE}")
    expect(page.locator("#locked")).to_be_visible()
    page.wait_for_selector("#unlock:not([hidden])")
    assert is_locked(edge)
