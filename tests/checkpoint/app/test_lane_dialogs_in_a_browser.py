"""Two dialogs of the lane before a real edge: taking back a presentation, and who comes along."""

from playwright.sync_api import expect

from tests.checkpoint.actions.test_child_on_a_pass import CHILD, PARENT, SIBLING, family  # noqa: F401  # a fixture
from tests.checkpoint.app.test_lane_screen_in_a_browser import at, edge, lane, scan  # noqa: F401  # fixtures
from tests.demands import demand
from tests.web.test_screens_in_a_browser import violations


def test_f10_takes_a_presentation_back_with_a_reason_and_the_lane_is_empty_again(lane, edge):  # noqa: F811
    scan(lane, "QN 100123")
    lane.wait_for_selector("#verdict[data-phase=awaiting_reading]")
    lane.keyboard.press("F10")
    dialog = lane.locator("dialog[open]")
    expect(dialog).to_be_visible()
    assert violations(lane) == []
    lane.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    assert edge.sheet.state.presentation is not None, "Escape takes nothing back"

    lane.keyboard.press("F10")
    lane.keyboard.type("Quét nhầm giấy")
    lane.keyboard.press("Tab")
    dialog.locator("button[type=submit]").click()
    lane.wait_for_selector("#verdict[data-phase=empty]")
    assert edge.sheet.state.presentation is None
    assert edge.rows("SELECT count(*) FROM crossing WHERE person_key <> ''") == [(0,)]


@demand("R024")
def test_the_arrow_names_who_is_on_the_pass_and_the_child_that_is_chosen_comes_next(lane, edge, family):  # noqa: F811
    scan(lane, family[PARENT])
    lane.wait_for_selector("#verdict[data-phase=awaiting_reading]")
    expect(lane.locator("#chips")).to_contain_text("Người đi cùng")
    lane.keyboard.press("ArrowLeft")
    dialog = lane.locator("dialog[open]")
    expect(dialog.locator(".together li")).to_have_count(2)
    expect(dialog.locator(".together")).to_contain_text("cùng giấy")
    expect(dialog.locator(".together li").first).to_contain_text("chưa qua")
    assert violations(lane) == []
    dialog.get_by_label(SIBLING).check()
    lane.keyboard.press("Enter")
    expect(lane.locator("#next-person")).to_be_visible()
    assert edge.sheet.next_person is not None
    assert CHILD not in lane.locator("#next-person").inner_text()


def test_the_lane_shows_what_a_dialog_did_only_when_its_keys_work_again(lane, edge):  # noqa: F811
    scan(lane, "QN 100123")
    lane.wait_for_selector("#verdict[data-phase=awaiting_reading]")
    late = []
    lane.route("**/discard", lambda route: late.append((route, route.fetch())))
    lane.keyboard.press("F10")
    lane.keyboard.type("Quét nhầm giấy")
    lane.locator("dialog[open] button[type=submit]").click()
    while not late:
        lane.wait_for_timeout(50)
    lane.wait_for_timeout(1500)  # the stream tells the change long before the answer arrives
    assert edge.sheet.state.presentation is None
    assert lane.get_attribute("#verdict", "data-phase") == "awaiting_reading"

    ((route, answer),) = late
    route.fulfill(response=answer)
    lane.wait_for_selector("#verdict[data-phase=empty]")
    lane.keyboard.press("F7")
    lane.wait_for_url("**/isolation")
