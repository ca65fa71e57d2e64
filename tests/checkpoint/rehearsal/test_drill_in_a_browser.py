"""The trainer's page of a drill and a marked lane in a real Chromium: live, searchable, readable."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from checkpoint.actions.exercising import close_exercise, note_inject, open_exercise, scenario_of
from tests.checkpoint.rehearsal.marked import DrillEdge, application, visitor
from tests.demands import demand
from tests.web.test_screens_in_a_browser import violations


@pytest.fixture(scope="module")
def drill(tmp_path_factory) -> Iterator[tuple[DrillEdge, str]]:
    edge = DrillEdge(tmp_path_factory.mktemp("drill"))
    scenario = scenario_of(edge.gate)
    edge.gate.perform(lambda turn: open_exercise(turn, scenario, speed=1)).result(10)
    edge.gate.perform(lambda turn: note_inject(turn, scenario.inject[0].id, lane_id="lane-1")).result(10)
    with application(edge) as url:
        yield edge, url
    edge.close()


def as_visitor(page, url, username):
    with visitor(url, username) as client:
        cookies = [{"name": name, "value": value, "url": url} for name, value in client.cookies.items()]
    page.context.add_cookies(cookies)
    return page


@demand("R033")
def test_the_trainer_sees_each_act_waiting_missed_and_over_and_finds_one_without_marks(page, drill):
    edge, url = drill
    as_visitor(page, url, "cdc").goto(f"{url}/drill")
    rows = page.locator("#rows tr")
    expect(rows).to_have_count(7)
    expect(page.locator("#standing")).to_have_text("Đang diễn tập")
    expect(rows.first).to_have_attribute("data-state", "waiting")
    expect(rows.first).to_contain_text("Làn 1")
    page.keyboard.press("/")
    page.keyboard.type("cach ly")
    expect(page.locator("#rows tr", has_text="Đưa vào phòng cách ly")).to_have_count(1)
    page.locator("#find").fill("")
    edge.clock.forward(seconds=40)
    expect(rows.first).to_have_attribute("data-state", "missed", timeout=6000)
    page.keyboard.press("F4")
    expect(page.locator("#rows tr[data-state=missed]")).to_have_count(0)
    page.keyboard.press("F4")
    assert violations(page) == []
    edge.gate.perform(lambda turn: close_exercise(turn, is_whole=False)).result(10)
    expect(page.locator("#standing")).to_have_text("Dừng giữa chừng", timeout=6000)
    expect(page.locator("#said li").first).to_contain_text("Hai người sốt cùng lúc")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("path", ["/lanes/lane-1", "/isolation", "/sign-in"])
def test_a_marked_screen_keeps_its_place_and_is_still_usable(page, drill, path, theme):
    _, url = drill
    page.context.add_cookies([{"name": "kd-theme", "value": theme, "url": url}])
    if path != "/sign-in":
        as_visitor(page, url, "canbo")
    page.goto(f"{url}{path}")
    mark = page.locator(".exercise-mark")
    expect(mark).to_be_visible()
    expect(mark).to_contain_text("DIỄN TẬP")
    look = mark.evaluate("(node) => getComputedStyle(node).backgroundColor")
    assert look == "rgb(91, 42, 134)", "a colour that nothing else has"
    border = page.locator(".exercise-pattern").evaluate("(node) => getComputedStyle(node).borderImageSource")
    assert border.startswith("repeating-linear-gradient")
    assert page.evaluate("document.elementFromPoint(innerWidth / 2, innerHeight / 2).className") != "exercise-pattern"
    assert violations(page) == []
