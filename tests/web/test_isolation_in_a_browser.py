"""The isolation board over fixed scenes: a key is a place's own number, and the search looks through all of a card."""

import pytest
from playwright.sync_api import expect

from tests.web import scenes
from tests.web.serving import served
from tests.web.stage import edge_app
from tests.web.test_screens_in_a_browser import open_page, violations


@pytest.fixture(scope="module")
def edge():
    with served(edge_app()) as url:
        yield url


def at_board(page, edge, room=None):
    if room is not None:
        page.route("**/api/isolation", lambda route: route.fulfill(json=room))
    open_page(page, edge, "/isolation", username="canbo")
    page.wait_for_selector("#places > li[data-crossing]")
    return page


def keys_shown(page):
    """Return place -> keys that its card shows."""
    cards = page.locator("#places > li[data-crossing]")
    return {
        card.locator("h3").inner_text().split()[0]: [
            one for one in card.locator("kbd").all_inner_texts() if one.strip()
        ]
        for card in cards.all()
    }


def found(page, typed):
    page.fill("#search", typed)
    return set(page.locator("main li[data-crossing]").evaluate_all("nodes => nodes.map(one => one.dataset.crossing)"))


def test_a_key_is_the_number_of_its_place_and_stays_when_somebody_else_leaves_or_is_searched_for(page, edge):
    room = scenes.isolation()
    at_board(page, edge, room)
    assert keys_shown(page) == {"C1": ["1", "⇧1"], "C2": ["2", "⇧2"], "C3": ["3", "⇧3"]}

    page.fill("#search", "Chen Guoqiang")
    assert keys_shown(page) == {"C3": ["3", "⇧3"]}
    page.locator("#search").press("Escape")
    room["places"][0]["person"] = None
    expect(page.locator("#places > li[data-crossing]")).to_have_count(2, timeout=8000)
    assert keys_shown(page) == {"C2": ["2", "⇧2"], "C3": ["3", "⇧3"]}

    page.keyboard.press("3")
    expect(page.locator("#dialog-title")).to_contain_text("CHEN GUOQIANG")


def test_a_place_beyond_the_ninth_and_a_person_without_a_place_have_no_digit_but_are_reached_by_tab(page, edge):
    room = scenes.isolation()
    room["places"] = [{**place, "place_id": f"C{10 + at}"} for at, place in enumerate(room["places"])]
    at_board(page, edge, room)

    assert all(keys == [] for keys in keys_shown(page).values())
    shown = [one.strip() for one in page.locator("#waiting kbd, #transit kbd").all_inner_texts()]
    assert set(shown) <= {"F2", "F4", ""}
    page.locator("#transit button").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#dialog-title")).to_contain_text("NÌNH VĂN DẾNH")


def test_the_key_of_the_papers_is_shown_by_the_card_that_has_the_focus_alone(page, edge):
    at_board(page, edge)
    shown = page.locator("kbd:visible", has_text="P")
    expect(shown).to_have_count(0)

    page.locator("[data-papers=c4]").focus()
    expect(shown).to_have_count(1)
    assert violations(page) == []


@pytest.mark.parametrize(
    ("typed", "crossings"),
    [
        ("Hoàng", {"c7"}),
        ("hoang nhuong", {"c7"}),
        ("C3", {"c4"}),
        ("trung quoc", {"c4"}),
        ("cư dân", {"c7", "c3", "c4", "c8", "c9", "c5"}),
        ("38,6", {"c7", "c3", "c4", "c8", "c9", "c5"}),
        ("ttyt mong cai", {"c5"}),
        ("nobody is so called", set()),
    ],
)
def test_the_search_looks_through_all_that_a_card_says_with_marks_or_without(page, edge, typed, crossings):
    at_board(page, edge)

    assert found(page, typed) == crossings
