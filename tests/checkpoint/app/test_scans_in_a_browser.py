"""A document reader types into whatever page has the keyboard: a scan is searched for, and does no act of law."""

import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from checkpoint.actions.deciding import measure_person
from checkpoint.actions.rechecking import recheck_person
from checkpoint.app import create_app
from checkpoint.workers import Workers
from tests.checkpoint.actions.test_register import registered
from tests.checkpoint.edges import LANE, Edge
from tests.web.serving import served
from tests.web.stage import CHEAP, PASSWORD, labels
from tests.web.test_screens_in_a_browser import open_page, violations
from web.sign_in import User

FIRST, SECOND = "Hoàng Ngọc Thủy", "Chìu A Múi"
PASSES = {FIRST: "100031", SECOND: "100034"}
PASSPORT = ("P<CHNCHEN<<GUOQIANG".ljust(44, "<"), "K434272814CHN5205138M3409192<<<<<<<<<<<<<<04")
GAP_S = 0.008
MENTIONS_NOBODY = "GTHVN02-TQ 999111"


@pytest.fixture(scope="module")
def at(tmp_path_factory) -> Iterator[tuple[Edge, str]]:
    edge = Edge(tmp_path_factory.mktemp("scans"))
    hashed = CHEAP.hash_password(PASSWORD, username="canbo")
    user = User(username="canbo", name="Phạm Thị Thu Hà", role="officer", password_hash=hashed)
    edge.gate.store.accounts.put_officer(user)
    for name, number in PASSES.items():
        registered(edge, number=number, name=name)
        isolate(edge, f"GTHVN02-TQ {number}")
    isolate(edge, "\n".join(PASSPORT))
    app = create_app(edge.gate, workers=Workers(edge.gate), labels=labels(), passwords=CHEAP)
    with served(app) as url:
        yield edge, url
    edge.close()


def isolate(edge: Edge, text: str) -> None:
    edge.present(text)
    edge.do(measure_person, temperature_c=38.7, device_kind="infrared_thermometer", site="forehead")
    edge.do(recheck_person, crossing_id=edge.draft_id, temperature_c=38.9, site="ear")
    edge.clock.forward(minutes=1)


def scan(page, *lines: str) -> None:
    """Let a reader type: each key says when it was pressed, so that a busy machine does not make it a slow one."""
    keyboard = page.context.new_cdp_session(page)
    at_s = time.time()
    for line in lines:
        for key in (*line, "Enter"):
            at_s += GAP_S
            text = "\r" if key == "Enter" else key
            code = {"code": f"Digit{key}"} if key.isdigit() else {}
            told = {"key": key, "text": text, "timestamp": at_s, **code}
            keyboard.send("Input.dispatchKeyEvent", {"type": "keyDown", **told})
            keyboard.send("Input.dispatchKeyEvent", {"type": "keyUp", "key": key, "timestamp": at_s, **code})
    keyboard.detach()


@pytest.fixture
def posts(page) -> list[str]:
    sent: list[str] = []
    page.on("request", lambda one: sent.append(one.url.split("/api/")[-1]) if one.method == "POST" else None)
    return sent


@pytest.fixture
def room(page, at, posts):
    open_page(page, at[1], "/isolation", username="canbo")
    page.wait_for_selector("#places > li[data-crossing]")
    posts.clear()
    return page


@pytest.mark.parametrize("focus", [None, "#search", "[data-hold$='/next']", "#sound"])
def test_a_document_scanned_on_the_board_searches_for_its_person_and_does_nothing_else(room, posts, focus):
    if focus:
        room.locator(focus).first.focus()
    if focus == "#search":
        room.keyboard.type("C1")
        room.wait_for_timeout(150)
    scan(room, f"GTHVN02-TQ {PASSES[SECOND]}")

    expect(room.locator("#search")).to_have_value(SECOND)
    expect(room.locator("main li[data-crossing]")).to_have_count(1)
    expect(room.locator("main li[data-crossing]")).to_contain_text(SECOND)
    room.wait_for_timeout(300)
    assert posts == ["isolation/find"]
    assert room.locator("dialog").count() == 0
    assert room.locator("#sound").get_attribute("aria-pressed") == "true"


def test_both_lines_of_a_passport_are_one_scan(room, posts):
    scan(room, *PASSPORT)

    expect(room.locator("#search")).to_have_value("CHEN GUOQIANG")
    room.wait_for_timeout(300)
    assert posts == ["isolation/find"]


def test_a_scan_of_somebody_who_is_not_on_the_board_says_so_and_shows_no_number(room):
    scan(room, MENTIONS_NOBODY)

    expect(room.locator("#told")).to_have_text("Không tìm thấy ai.")
    assert room.locator("#search").input_value() == ""
    assert room.locator("main li[data-crossing]").count() == len(PASSES) + 1


def test_what_was_scanned_on_the_board_is_noted_as_a_key_and_never_in_clear(at, room):
    edge, _ = at
    scan(room, f"GTHVN02-TQ {PASSES[FIRST]}")
    expect(room.locator("#search")).to_have_value(FIRST)

    noted = [subject for (subject,) in edge.rows("SELECT subject FROM access_log WHERE action = 'crossings_searched'")]
    assert noted
    assert not any(PASSES[FIRST] in subject for subject in noted)


def test_a_check_begins_after_it_was_confirmed_and_ends_with_a_finding_that_somebody_chose(room, posts):
    room.keyboard.press("1")
    expect(room.locator("#dialog-title")).to_have_text(f"Bắt đầu kiểm tra thực tế: {FIRST}")
    assert violations(room) == []
    assert posts == []
    scan(room, f"GTHVN02-TQ {PASSES[SECOND]}")
    room.wait_for_timeout(200)
    assert posts == []
    expect(room.locator("dialog .error-line")).to_contain_text("Máy đọc vừa quét một giấy tờ")
    room.keyboard.press("Enter")
    expect(room.locator("#told")).to_contain_text("Bắt đầu kiểm tra thực tế")
    assert [one.split("/")[-1] for one in posts] == ["check-start"]

    posts.clear()
    expect(room.locator("dialog")).to_have_count(0)
    room.keyboard.press("1")
    expect(room.locator("#dialog-title")).to_have_text(f"Ghi kết quả kiểm tra: {FIRST}")
    assert room.locator("dialog input:checked").count() == 0
    scan(room, f"GTHVN02-TQ {PASSES[SECOND]}")
    room.wait_for_timeout(200)
    assert room.locator("dialog input:checked").count() == 0
    room.keyboard.press("Enter")
    expect(room.locator("dialog .field-fault")).to_have_text("Chưa chọn.")
    assert violations(room) == []
    assert posts == []


def test_a_document_scanned_over_the_other_steps_opens_none(room, posts):
    room.locator("[data-hold$='/more']").first.click()
    room.wait_for_selector(".step-list button")
    scan(room, "GTHVN02-TQ 123456")
    room.wait_for_timeout(300)

    assert room.locator("dialog").count() == 1
    assert room.locator(".step-list").count() == 1
    assert posts == []


@pytest.mark.parametrize("focus", ["#card button", "#query"])
def test_a_document_scanned_on_an_open_card_of_the_register_opens_its_holder(page, at, posts, focus):
    open_page(page, at[1], "/register", username="canbo")
    page.fill("#query", "hoang ngoc thuy")
    page.keyboard.press("Enter")
    page.locator("#people button").first.click()
    expect(page.locator("#card h2")).to_have_text(FIRST)
    page.locator(focus).first.focus()
    posts.clear()
    scan(page, f"GTHVN02-TQ {PASSES[SECOND]}")

    expect(page.locator("#card h2")).to_have_text(SECOND)
    page.wait_for_timeout(300)
    assert posts == ["register/search"]
    assert page.locator("#query").input_value() == "hoang ngoc thuy"


def test_a_digit_alone_still_acts_on_a_card_of_the_register(page, at):
    open_page(page, at[1], "/register", username="canbo")
    page.wait_for_selector("#finder")
    scan(page, f"GTHVN02-TQ {PASSES[SECOND]}")
    expect(page.locator("#card h2")).to_have_text(SECOND)
    page.keyboard.press("1")
    expect(page.locator("#card")).to_be_hidden()


@pytest.fixture
def discarding(page, at):
    """The lane's dialog that asks why a presentation is taken back."""
    edge, url = at
    edge.present("QN 300001")
    open_page(page, url, f"/lanes/{LANE}", username="canbo")
    page.wait_for_selector("#verdict[data-phase=awaiting_reading]")
    page.keyboard.press("F10")
    page.wait_for_selector("dialog textarea")
    return page


def test_a_document_scanned_into_a_reason_is_taken_out_again_and_enter_sends_the_reason(discarding, posts):
    field = discarding.locator("#field-reason")
    discarding.keyboard.type("Quét nhầm")
    discarding.wait_for_timeout(150)
    scan(discarding, *PASSPORT)
    expect(discarding.locator("dialog .error-line")).to_contain_text("Máy đọc vừa quét một giấy tờ")
    assert field.input_value() == "Quét nhầm"
    assert not any(one.endswith("discard") for one in posts)

    discarding.keyboard.press("Shift+Enter")
    discarding.keyboard.type("giấy")
    assert field.input_value() == "Quét nhầm\ngiấy"
    with discarding.expect_request("**/discard") as sent:
        discarding.keyboard.press("Enter")
    assert sent.value.post_data_json["reason"] == "Quét nhầm\ngiấy"
    discarding.wait_for_selector("#verdict[data-phase=empty]")
