"""The lane's screen before a real edge: who comes next, a verdict nobody acts on, and a head that never wraps."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from checkpoint.actions.sheet import LaneSheet
from checkpoint.app import create_app
from checkpoint.workers import Workers
from tests.checkpoint.edges import LANE, Edge
from tests.web.serving import served
from tests.web.stage import CHEAP, PASSWORD, labels
from tests.web.test_screens_in_a_browser import open_page, violations
from web.sign_in import User

SCREENS = [
    ("desk", 1366, 768, "vi", "light"),
    ("full", 1920, 1080, "zh", "dark"),
    ("tablet-wide", 1280, 800, "en", "light"),
    ("tablet", 800, 1280, "vi", "dark"),
    ("zoomed", 683, 384, "vi", "light"),
]


@pytest.fixture(scope="module")
def at(tmp_path_factory) -> Iterator[tuple[Edge, str]]:
    edge = Edge(tmp_path_factory.mktemp("lane"))
    hashed = CHEAP.hash_password(PASSWORD, username="canbo")
    user = User(username="canbo", name="Phạm Thị Thu Hà", role="officer", password_hash=hashed)
    edge.gate.store.accounts.put_officer(user)
    app = create_app(edge.gate, workers=Workers(edge.gate), labels=labels(), passwords=CHEAP)
    with served(app) as url:
        yield edge, url
    edge.close()


@pytest.fixture
def edge(at) -> Edge:
    made, _ = at
    made.clock.forward(minutes=1)
    made.gate.perform(lambda turn: turn.stage(LANE, LaneSheet(), keeps_next=False)).result(10)
    return made


@pytest.fixture
def lane(page, at, edge):
    open_page(page, at[1], f"/lanes/{LANE}", username="canbo")
    page.wait_for_selector("#verdict[data-phase=empty]")
    return page


def scan(page, text: str) -> None:
    page.keyboard.type(text)
    page.keyboard.press("Enter")


def test_a_document_scanned_at_a_busy_lane_waits_as_the_next_person_and_follows_by_itself(lane, edge):
    scan(lane, "QN 100123")
    lane.wait_for_selector("#verdict[data-phase=awaiting_reading]")
    edge.scan_face(36.4)
    scan(lane, "QN 100124")
    expect(lane.locator("#next-person")).to_contain_text("••••0124")
    assert lane.locator("#next-person").inner_text().startswith("Người tiếp theo")
    assert "0123" in lane.locator("#rows").inner_text(), "the one who stands here is still the one who stands here"
    assert violations(lane) == []

    edge.present("QN 100123", has_declaration=True)
    lane.get_by_role("button", name="Cho qua").click()
    expect(lane.locator("#rows")).to_contain_text("0124")
    assert lane.locator("#next-person").is_hidden()
    assert "Đã lưu" in lane.locator("#saved").inner_text()
    assert edge.sheet.state.bound is None


def test_the_next_person_is_taken_off_with_a_key_and_a_third_document_is_refused_in_words(lane, edge):
    scan(lane, "QN 100123")
    lane.wait_for_selector("#verdict[data-phase=awaiting_reading]")
    scan(lane, "QN 100124")
    expect(lane.locator("#next-person")).to_be_visible()
    scan(lane, "QN 100125")
    expect(lane.locator("#error")).to_contain_text("Đã có một người tiếp theo")
    lane.keyboard.press("Delete")
    expect(lane.locator("#next-person")).to_be_hidden()
    assert edge.sheet.next_person is None


def test_a_verdict_that_nobody_acts_on_asks_whether_the_person_is_still_there(lane, edge):
    scan(lane, "QN 100123")
    lane.wait_for_selector("#verdict[data-phase=awaiting_reading]")
    edge.present("QN 100123", has_declaration=True)
    edge.scan_face(36.4)
    lane.wait_for_selector("#verdict[data-tone=go]")
    edge.clock.forward(seconds=61)
    edge.gate.wake(LANE)
    lane.reload()
    lane.wait_for_selector("#verdict[data-tone=wait]")
    assert lane.locator("#word").inner_text() == "CÒN ĐÓ?"
    assert violations(lane) == []
    lane.keyboard.press("Enter")
    lane.wait_for_selector("#verdict[data-tone=go]")
    assert lane.locator("#word").inner_text() == "QUA"
    assert edge.sheet.closed is None, "the answer clears nobody"


@pytest.mark.parametrize(("_name", "width", "height", "language", "theme"), SCREENS)
def test_the_head_holds_a_long_gate_name_on_one_line_and_the_page_fits(
    page, at, edge, _name, width, height, language, theme
):
    page.set_viewport_size({"width": width, "height": height})
    open_page(page, at[1], f"/lanes/{LANE}", username="canbo", language=language, theme=theme)
    page.wait_for_selector("#verdict[data-phase=empty]")
    edge.present("QN 100123")
    page.wait_for_selector("#verdict[data-phase=awaiting_reading]")

    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert {"vi": "Làn 1", "en": "Lane 1", "zh": "1 号通道"}[language] in page.locator("#lane-name").inner_text()
    if width >= 1100:
        assert page.locator("header.head").bounding_box()["height"] <= 62
        for name in ("gate-name", "lane-name", "scanner", "uplink", "language", "sign-out"):
            box = page.locator(f"#{name}").bounding_box()
            assert box["width"] > 20, name
            assert box["x"] + box["width"] <= width, name
        assert page.evaluate("document.documentElement.scrollHeight") <= height
    assert violations(page) == []
