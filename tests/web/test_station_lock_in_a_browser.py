"""A workstation that nobody touches, or whose lock the network loses: nothing of a person stays in sight anywhere."""

import pytest
from playwright.sync_api import expect

from tests.checkpoint.app.test_station_in_a_browser import OFFICERS, at_lane, edge, url
from tests.checkpoint.edges import LANE, Edge
from tests.web.test_screens_in_a_browser import open_page

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


def test_the_board_whose_alarms_must_be_heard_stays_and_follows_a_lock_that_somebody_meant(page, url, edge):
    page.clock.install()
    open_page(page, url, "/isolation", username="canbo")
    page.wait_for_selector("main")
    idle(page)
    page.wait_for_timeout(300)
    assert page.url.endswith("/isolation")
    assert not is_locked(edge)
    other = page.context.new_page()
    at_lane_again(other, url)
    other.keyboard.press("F11")
    page.wait_for_url(f"**/lanes/{LANE}")
    assert is_locked(edge)
    other.close()


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
    _, badge, pin = OFFICERS["canbo"]
    page.fill("#badge", badge)
    page.fill("#pin", pin)
    page.keyboard.press("Enter")
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
