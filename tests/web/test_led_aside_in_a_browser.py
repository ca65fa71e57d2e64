"""The second check of an expert whose steps were missing, on the isolation board in a real browser."""

from checkpoint.actions.rechecking import set_aside_person
from tests.checkpoint.people import RAISED_C
from tests.demands import demand
from tests.web.test_deciding_in_a_browser import gate
from tests.web.test_screens_in_a_browser import open_page, violations

__all__ = ["gate"]


@demand("R014")
def test_what_was_missing_at_the_lane_is_told_with_the_clinical_reading(page, gate):
    edge, url = gate
    edge.present("QN 300050", category="expert", has_declaration=False)
    edge.scan_face(RAISED_C)
    edge.do(set_aside_person, draft_id=edge.draft_id)
    open_page(page, url, "/isolation", username="canbo")
    page.get_by_role("button", name="nhiệt kế").first.click()
    page.wait_for_selector("dialog[open]")
    page.locator("#field-temperature").fill("36,7")
    page.keyboard.press("Enter")
    page.wait_for_selector("dialog .error-line:not(:empty)")
    page.get_by_text("Điều còn thiếu lúc ở làn").click()
    page.locator("input[name=has_declaration]").check()
    page.locator("input[name=is_symptom_checked]").check()
    page.get_by_label("Cơ quan mời").fill("Công ty May Sao Biển")
    page.get_by_label("Dự án").fill("Khu Hải Yên")
    assert violations(page) == []
    page.get_by_role("button", name="Lưu").click()
    page.wait_for_selector("dialog", state="detached")
    assert edge.rows("SELECT disposition FROM crossing WHERE category = 'expert'") == [("cleared",)]
