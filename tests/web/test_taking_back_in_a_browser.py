"""A vehicle that was entered by mistake is taken back from the list, with a reason, and stays in it."""

from uuid import uuid4

from playwright.sync_api import expect

from checkpoint.actions.conveying import ride_in
from tests.checkpoint.app.test_station_in_a_browser import edge, url
from tests.web.test_screens_in_a_browser import open_page, violations

__all__ = ["edge", "url"]


def test_a_mistyped_vehicle_is_taken_back_with_a_reason_and_stays_in_the_list(page, url, edge):
    edge.present("QN 100780")
    words = {"conveyance_id": str(uuid4()), "kind": "truck", "number": "14C-123.45"}
    edge.do(ride_in, draft_id=edge.draft_id, **words)
    open_page(page, url, "/groups", username="canbo")
    page.click("#turn")
    page.get_by_role("button", name="Nhập nhầm 14C-123.45").click()
    assert violations(page) == []
    page.keyboard.press("Enter")
    expect(page.locator("dialog")).to_be_visible()
    page.fill("[name=reason]", "gõ nhầm một chữ số")
    page.keyboard.press("Enter")
    expect(page.locator("#lines tr")).to_contain_text("Nhập nhầm, không tính")
    assert page.get_by_role("button", name="Nhập nhầm 14C-123.45").count() == 0
    assert edge.rows("SELECT count(*) FROM conveyance_part") == [(0,)]
