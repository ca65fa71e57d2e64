"""What is wrong with a field is said at the field, in the page's language, whatever the browser itself speaks."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from checkpoint.app import create_app
from checkpoint.lane import Phase
from checkpoint.workers import Workers
from tests.checkpoint.edges import LANE, Edge
from tests.web.serving import served
from tests.web.stage import CHEAP, PASSWORD, labels
from tests.web.test_screens_in_a_browser import open_page, violations
from web.sign_in import User


@pytest.fixture(scope="module")
def at(tmp_path_factory) -> Iterator[tuple[Edge, str]]:
    edge = Edge(tmp_path_factory.mktemp("faults"))
    hashed = CHEAP.hash_password(PASSWORD, username="canbo")
    user = User(username="canbo", name="Phạm Thị Thu Hà", role="officer", password_hash=hashed)
    edge.gate.store.accounts.put_officer(user)
    app = create_app(edge.gate, workers=Workers(edge.gate), labels=labels(), passwords=CHEAP)
    with served(app) as url:
        yield edge, url
    edge.close()


@pytest.mark.parametrize("language", ["vi", "en", "zh"])
def test_what_is_wrong_with_a_field_stands_at_it_in_the_language_of_the_page(page, at, language):
    edge, url = at
    words = labels()[language]
    empty, wrong = words["look"]["still_empty"], words["lane"]["wrong_temperature"]
    edge.present("QN 300002")
    open_page(page, url, f"/lanes/{LANE}", username="canbo", language=language)
    page.wait_for_selector("#verdict[data-phase=awaiting_reading]")
    page.keyboard.press("F2")
    field, fault = page.locator("#field-temperature"), page.locator("dialog .field-fault:not(:empty)")
    page.keyboard.press("Enter")
    expect(fault).to_have_text(empty)
    page.keyboard.type("52")
    page.locator("dialog button[type=submit]").click()
    expect(fault).to_have_text(wrong)
    expect(field).to_be_focused()
    assert field.get_attribute("aria-invalid") == "true"
    assert violations(page) == []
    assert edge.sheet.state.phase is Phase.AWAITING_READING

    page.fill("#field-temperature", "36,6")
    expect(fault).to_have_count(0)
    assert field.get_attribute("aria-invalid") == "false"


def test_the_first_of_several_wrong_fields_gets_the_focus(page, at):
    open_page(page, at[1], "/register", username="canbo")
    page.wait_for_selector("#finder")
    page.keyboard.press("F2")
    page.locator("#field-date_of_birth").fill("99/99/2020")
    page.locator("#field-date_of_birth").press("Enter")

    faults = page.locator("dialog .field-fault:not(:empty)")
    expect(faults).to_have_text(["Chưa điền ô này.", "Chưa điền ô này.", re.compile("Ngày không đúng")])
    expect(page.locator("#field-pass_number")).to_be_focused()


@pytest.mark.parametrize(
    ("typed", "rules", "words"),
    [
        ("51", {"type": "number", "min": 1, "max": 50}, "Ghi số từ 1 đến 50."),
        ("0", {"type": "number", "min": 1}, "Ít nhất là 1."),
        ("9", {"type": "number", "max": 5}, "Nhiều nhất là 5."),
        ("1.5", {"type": "number"}, "Chỉ ghi số nguyên."),
        ("a", {"minlength": 2}, "Ít nhất 2 ký tự."),
        ("b", {"pattern": "a"}, "Ghi chưa đúng mẫu."),
    ],
)
def test_a_number_out_of_its_range_and_a_name_too_short_say_what_is_right(page, at, typed, rules, words):
    open_page(page, at[1], "/shift", username="canbo")
    page.evaluate(
        """async (rules) => {
            const address = document.querySelector("script[type=module][src*='shift.js']").src;
            const { ask, inputField } = await import(address.replace("checkpoint/shift.js", "web/js/dialogs.js"));
            ask({ title: "-", fields: [inputField({ name: "tried", label: "-", ...rules })], submitKey: "lane.save" });
        }""",
        rules,
    )
    page.keyboard.type(typed)
    page.keyboard.press("Enter")

    expect(page.locator("dialog .field-fault")).to_have_text(words)
