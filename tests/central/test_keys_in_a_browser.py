"""The centre's pages led by the keyboard: each shows the key of its main action, of its search and of its file."""

import pytest

from sync.agreement.vocabulary import Disposition, TravellerCategory
from tests.central.pushes import push
from tests.central.test_rows_in_a_browser import cross
from tests.central.test_units_in_a_browser import stage  # noqa: F401  # a fixture
from tests.web.test_screens_in_a_browser import open_page, violations


def test_the_desk_is_searched_reviewed_and_taken_as_a_file_by_keys(page, stage):  # noqa: F811
    for name in ("aaaa01", "bbbb02"):
        cross(stage, name, minutes=2, disposition=Disposition.PENDING)
    push(stage.reception, stage.journal)
    open_page(page, stage.url, "/desk", username="cdc")
    page.locator("#queue li").nth(1).wait_for()
    page.keyboard.press("/")
    page.keyboard.type("bbbb02")
    assert page.locator("#queue li:visible").count() == 1
    assert violations(page) == []
    page.keyboard.press("Escape")
    with page.expect_download() as taken:
        page.keyboard.press("F8")
    assert taken.value.suggested_filename.startswith("ca-cho-xet-")
    page.locator("#review kbd", has_text="F2").wait_for()
    page.keyboard.press("F2")
    page.locator("dialog[open] [name=case_class]").first.wait_for()


@pytest.mark.parametrize(
    ("path", "username", "button"),
    [
        ("/reports", "cdc", "#reports button"),
        ("/units", "quantri", "#new-code"),
        ("/command", "chihuy", "#issue-order"),
    ],
)
def test_each_page_shows_the_key_of_its_main_action_and_of_its_search(page, stage, path, username, button):  # noqa: F811
    open_page(page, stage.url, path, username=username)
    page.locator(f"{button} kbd", has_text="F2").first.wait_for()
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "search"
    page.keyboard.press("F2")
    page.locator("dialog[open]").wait_for()
    assert violations(page) == []


def test_names_of_experts_are_opened_by_a_key(page, stage):  # noqa: F811
    cross(stage, "e1", minutes=1, category=TravellerCategory.EXPERT)
    push(stage.reception, stage.journal)
    open_page(page, stage.url, "/experts", username="cdc")
    page.get_by_role("button", name="Xem từng lượt").click()
    page.locator("#passages tr").first.wait_for()
    page.keyboard.press("F2")
    page.locator("dialog[open]").wait_for()
    assert page.locator("#open kbd").inner_text() == "F2"
    assert violations(page) == []
