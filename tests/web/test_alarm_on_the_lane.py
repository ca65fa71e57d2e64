"""What an officer sees of an alarm: red until the person was led away, and its clock on every screen."""

import re

import pytest

from tests.demands import demand
from tests.web.test_screens_in_a_browser import SIZES, edge, open_lane, violations

__all__ = ["edge"]


@demand("R019")
def test_a_fever_stays_red_until_the_person_was_led_away(page, edge):
    open_lane(page, edge, "recheck")
    page.keyboard.press("Enter")
    page.locator("#field-temperature").fill("38,9")
    page.locator("#field-temperature").press("Enter")
    page.wait_for_selector("#verdict[data-phase=empty][data-tone=stop]")
    assert page.locator("#word").inner_text() == "CÁCH LY"
    assert "chỗ C1" in page.locator("#instruction").inner_text()
    assert "HOÀNG THỊ NHƯỜNG" in page.locator("#reasons").inner_text()
    assert violations(page) == []
    page.keyboard.press("Enter")
    page.wait_for_selector("#verdict[data-tone=none]")
    assert page.locator("#word").inner_text() == "SẴN SÀNG"


def test_a_page_that_is_opened_anew_shows_the_fever_until_it_was_confirmed(page, edge):
    for tone in ("stop", "none"):
        open_lane(page, edge, "referred_saved")
        page.wait_for_selector(f"#verdict[data-tone={tone}]")
        assert "chỗ C1" in page.locator("#instruction").inner_text()
        page.keyboard.press("Enter")
        page.wait_for_selector("#verdict[data-tone=none]")


def test_the_next_document_goes_in_while_the_fever_is_shown(page, edge):
    open_lane(page, edge, "referred_saved")
    with page.expect_request("**/present"):
        page.keyboard.type("TQ 0417385")
        page.keyboard.press("Enter")
    page.wait_for_selector("#verdict[data-phase=awaiting_reading]")
    assert page.locator("#word").inner_text() != "CÁCH LY"


@pytest.mark.parametrize("language", ["vi", "en", "zh"])
@pytest.mark.parametrize("size", ["desk", "full", "tablet-wide"])
def test_the_clock_of_an_alarm_is_seen_whole_on_every_screen(page, edge, size, language):
    width, height = SIZES[size]
    page.set_viewport_size({"width": width, "height": height})
    open_lane(page, edge, "referred", language=language)
    assert re.fullmatch(r"\d+:\d\d(:\d\d)?", page.locator("#deadline .clock").inner_text())
    block = page.locator("#verdict").bounding_box()
    bottom = block["y"] + block["height"]
    assert bottom < height
    for part in (page.locator("#deadline"), page.locator("#actions button").last):
        box = part.bounding_box()
        assert box["y"] + box["height"] <= bottom


@pytest.mark.parametrize("key", ["F4", "F10", "Insert"])
def test_a_key_that_an_alarm_does_not_allow_says_why(page, edge, key):
    open_lane(page, edge, "recheck")
    page.keyboard.press(key)
    page.wait_for_selector("#error:not(:empty)")
    assert "phải đo lại" in page.locator("#error").inner_text()
    assert page.locator("dialog").count() == 0
    assert page.url.endswith("/lanes/recheck")
