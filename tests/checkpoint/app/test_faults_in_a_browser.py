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


def in_page(page, words: str):
    """Run words that may ask for a part of the browser's own program as ``part(name)``."""
    return page.evaluate(
        f"""async () => {{
            const address = document.querySelector("script[type=module][src*='shift.js']").src;
            const part = (name) => import(address.replace("checkpoint/shift.js", `web/js/${{name}}.js`));
            {words}
        }}"""
    )


def press_where_it_stands(page, selector):
    """Press and let go at one point, as a hand does: whatever moves in between is not hit."""
    box = page.locator(selector).bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 4)
    page.mouse.down()
    page.wait_for_timeout(60)
    page.mouse.up()


def test_one_click_saves_although_the_field_with_the_day_was_just_left(page, at):
    open_page(page, at[1], "/shift", username="canbo")
    in_page(
        page,
        """
        const { ask, momentField } = await part("dialogs");
        window.presses = 0;
        const saved = async ({ day }) => { window.saved = day; };
        const fields = [momentField({ name: "day", label: "-", kind: "day" })];
        const dialog = ask({ title: "-", fields, submitKey: "lane.save", submit: saved });
        dialog.querySelector("[type=submit]").addEventListener("click", () => (window.presses += 1));
        """,
    )
    page.keyboard.type("31022026")
    press_where_it_stands(page, "dialog [type=submit]")
    assert page.evaluate("window.presses") == 1
    expect(page.locator("dialog .field-fault")).to_have_text(re.compile("Ngày không đúng"))
    expect(page.locator("#field-day")).to_be_focused()
    page.keyboard.press("Control+A")
    page.keyboard.type("28022026")
    press_where_it_stands(page, "dialog [type=submit]")
    page.wait_for_function("() => window.saved === '2026-02-28'")


def test_the_theme_turns_by_a_key_and_the_language_by_its_own(page, at):
    open_page(page, at[1], "/shift", username="canbo", theme="light")
    assert page.locator("#theme").get_attribute("aria-keyshortcuts") == "Shift+F9"
    page.keyboard.press("Shift+F9")
    page.wait_for_selector("html[data-theme=auto]")
    assert page.locator("html").get_attribute("data-language") == "vi"
    page.wait_for_selector("#language")
    page.keyboard.press("F9")
    page.wait_for_selector("html[data-language=en][data-theme=auto]")
