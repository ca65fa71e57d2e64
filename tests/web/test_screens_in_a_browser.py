"""The screens in a real Chromium over fixed scenes: readable by everybody, still, and led by the keyboard alone."""

import json

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.web import scenes
from tests.web.scenes import LANES
from tests.web.serving import Visitor, served
from tests.web.stage import centre_app, edge_app

RULES = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
}
SIZES = {
    "desk": (1366, 768),
    "full": (1920, 1080),
    "tablet": (800, 1280),
    "tablet-wide": (1280, 800),
    "zoomed": (683, 384),
}
ZONE = ("P<CHNCHEN<<GUOQIANG".ljust(44, "<"), "K434272814CHN5205138M3409192<<<<<<<<<<<<<<04")


@pytest.fixture(scope="module")
def edge():
    with served(edge_app()) as url:
        yield url


@pytest.fixture(scope="module")
def centre():
    with served(centre_app()) as url:
        yield url


def open_page(page, url, path, *, username, language="vi", theme="light"):
    """Sign in beside the browser and open a page in it, ready and still."""
    token = Visitor(url).sign_in(username).cookies["kd"]
    chosen = {"kd": token, "kd-language": language, "kd-theme": theme}
    page.context.add_cookies([{"name": name, "value": content, "url": url} for name, content in chosen.items()])
    page.goto(url + path)
    page.evaluate("document.fonts.ready.then(() => true)")
    return page


def open_lane(page, edge, scene, **look):
    open_page(page, edge, f"/lanes/{scene}", username="canbo", **look)
    page.wait_for_selector(f"#verdict[data-phase={LANES[scene]['phase']}]")
    return page


def violations(page):
    found = Axe().run(page, options=RULES).response["violations"]
    return [(one["id"], [node["html"][:120] for node in one["nodes"]]) for one in found]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(
    "scene",
    ["empty", "awaiting", "choose", "cleared", "wait", "recheck", "refused", "offline", "passing", "room-full"],
)
def test_each_state_of_the_lane_is_accessible_by_day_and_by_night(page, edge, scene, theme):
    open_lane(page, edge, scene, theme=theme)

    assert violations(page) == []


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_lane_is_accessible_in_the_other_languages(page, edge, language):
    open_lane(page, edge, "recheck", language=language)

    assert violations(page) == []
    assert page.locator("html").get_attribute("lang") == {"en": "en", "zh": "zh-Hans"}[language]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(
    ("path", "username"), [("/lanes", "canbo"), ("/isolation", "canbo"), ("/devices", "quantri"), ("/watch", "truong")]
)
def test_the_other_pages_of_the_edge_are_accessible(page, edge, path, username, theme):
    open_page(page, edge, path, username=username, theme=theme)
    page.wait_for_timeout(400)

    assert violations(page) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(
    ("path", "username"), [("/desk/c7", "cdc"), ("/command", "chihuy"), ("/reports", "cdc"), ("/units", "quantri")]
)
def test_the_pages_of_the_centre_are_accessible(page, centre, path, username, theme):
    open_page(page, centre, path, username=username, theme=theme)
    page.wait_for_timeout(600)

    assert violations(page) == []


def test_sign_in_is_accessible_and_says_what_went_wrong(page, edge):
    page.goto(edge + "/sign-in")
    page.keyboard.type("canbo")
    page.keyboard.press("Tab")
    page.keyboard.type("sai mật khẩu")
    page.keyboard.press("Enter")
    page.wait_for_selector("#refusal:not(:empty)")

    assert page.locator("#password").evaluate("node => node === document.activeElement")
    assert violations(page) == []


@pytest.mark.parametrize("size", list(SIZES))
@pytest.mark.parametrize("scene", ["recheck", "empty"])
def test_the_lane_fits_every_screen_without_sideways_scrolling(page, edge, scene, size):
    width, height = SIZES[size]
    page.set_viewport_size({"width": width, "height": height})
    open_lane(page, edge, scene)

    assert page.evaluate("document.documentElement.scrollWidth") <= width
    if size in {"desk", "full", "tablet-wide"}:
        assert page.evaluate("document.documentElement.scrollHeight") <= height, "all three columns at one glance"
        assert page.locator("#verdict").bounding_box()["y"] + page.locator("#verdict").bounding_box()["height"] < height
    if scene == "recheck":
        word = page.locator("#word").evaluate("node => parseFloat(getComputedStyle(node).fontSize)")
        assert word >= (70 if size == "full" else 54)


def test_nothing_moves_while_the_lane_fills_and_empties(page, edge):
    page.add_init_script(
        "window.shifts = 0; new PerformanceObserver(list => "
        "list.getEntries().forEach(one => (window.shifts += one.value)))"
        ".observe({type: 'layout-shift', buffered: true});"
    )
    open_lane(page, edge, "cleared")
    page.wait_for_timeout(500)
    columns = "[...document.querySelectorAll('.lane-columns > section')].map(one => one.getBoundingClientRect().x)"
    before = page.evaluate(columns)
    page.keyboard.press("Enter")
    page.wait_for_selector("#verdict[data-phase=empty]")

    assert page.evaluate(columns) == before
    assert page.evaluate("window.shifts") < 0.02


def test_a_typed_number_goes_in_from_anywhere(page, edge):
    open_lane(page, edge, "empty")
    page.evaluate("document.activeElement.blur()")

    with page.expect_request("**/present") as sent:
        page.keyboard.type("TQ 0417385")
        page.keyboard.press("Enter")

    assert json.loads(sent.value.post_data) == {"text": "TQ 0417385"}
    assert sent.value.headers["x-csrf-token"]


def test_a_reader_that_types_two_lines_gives_one_document(page, edge):
    open_lane(page, edge, "empty")

    with page.expect_request("**/present") as sent:
        for line in ZONE:
            page.keyboard.type(line)
            page.keyboard.press("Enter")

    assert json.loads(sent.value.post_data) == {"text": "\n".join(ZONE)}


def test_enter_lets_pass_and_only_then_says_saved(page, edge):
    open_lane(page, edge, "cleared")
    with page.expect_response("**/close") as answer:
        page.keyboard.press("Enter")
    page.wait_for_selector("#verdict[data-phase=empty]")

    assert answer.value.status == 200
    assert "số 48213" in page.locator("#saved").inner_text()


@pytest.mark.parametrize("scene", ["empty", "awaiting"])
def test_enter_means_nothing_where_nothing_can_be_decided(page, edge, scene):
    open_lane(page, edge, scene)
    asked = []
    page.on("request", lambda request: asked.append(request.url) if request.method == "POST" else None)

    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    page.wait_for_timeout(300)

    assert asked == []


def test_escape_never_loses_a_raised_reading(page, edge):
    open_lane(page, edge, "recheck")
    for key in ("Escape", "Enter", "Escape", "Escape"):
        page.keyboard.press(key)
    page.wait_for_timeout(200)

    assert page.locator("dialog").count() == 0
    assert page.locator("#verdict").get_attribute("data-tone") == "stop"
    assert page.locator("#word").inner_text() == "ĐO LẠI"


def test_the_recheck_dialog_holds_the_focus_and_takes_a_vietnamese_number(page, edge):
    open_lane(page, edge, "recheck")
    page.keyboard.press("Enter")
    page.wait_for_selector("dialog[open]")
    assert violations(page) == []
    for _ in range(12):
        page.keyboard.press("Tab")
        outside = "!document.activeElement.closest('dialog') && document.activeElement !== document.body"
        assert not page.evaluate(outside)

    page.locator("#field-temperature").fill("38,6")
    with page.expect_request("**/recheck") as sent:
        page.locator("#field-temperature").press("Enter")

    assert json.loads(sent.value.post_data) == {"crossing_id": "d1", "temperature_c": 38.6, "site": "ear"}
    page.wait_for_selector("dialog", state="detached")
    assert "chỗ C1" in page.locator("#instruction").inner_text()


def test_two_candidates_are_chosen_by_number_key(page, edge):
    open_lane(page, edge, "choose")

    with page.expect_request("**/choose") as sent:
        page.keyboard.press("2")

    assert json.loads(sent.value.post_data) == {"reading_id": "b"}


@pytest.mark.parametrize(
    ("scene", "key", "heading"),
    [
        ("awaiting", "F2", "Đo tay"),
        ("awaiting", "F4", "Không đo được"),
        ("awaiting", "F6", "Bổ sung thông tin"),
        ("empty", "F1", "Tìm lượt"),
        ("empty", "F3", "Sửa lượt trước"),
    ],
)
def test_each_key_opens_its_accessible_dialog_and_escape_closes_it(page, edge, scene, key, heading):
    open_lane(page, edge, scene)
    page.keyboard.press(key)
    page.wait_for_selector("dialog[open]")

    assert page.locator("#dialog-title").inner_text() == heading
    assert violations(page) == []
    page.keyboard.press("Escape")
    page.wait_for_selector("dialog", state="detached")


def test_losing_the_uplink_changes_one_lamp_and_nothing_else(page, edge):
    open_lane(page, edge, "offline")

    assert page.locator("#uplink").get_attribute("data-lamp") == "wait"
    assert page.locator("#uplink").inner_text() == "Mất mạng từ 12:04 · chờ gửi 1.284"
    assert page.locator("#scanner").get_attribute("data-lamp") == "go"
    assert page.locator("#verdict").get_attribute("data-tone") == "none"


def test_pass_wait_and_stop_sound_different_and_f8_mutes(page, edge):
    page.add_init_script("""
        window.tones = [];
        const start = OscillatorNode.prototype.start;
        OscillatorNode.prototype.start = function (at) {
            window.tones.push([this.type, this.frequency.value]);
            start.call(this, at);
        };
        Object.defineProperty(AudioContext.prototype, 'state', { get: () => 'running' });
    """)
    tunes = {}
    for scene in ("cleared", "wait", "recheck"):
        open_lane(page, edge, scene)
        tunes[scene] = page.evaluate("JSON.stringify(window.tones)")
    assert len(set(tunes.values())) == 3
    assert all(tune != "[]" for tune in tunes.values())

    page.keyboard.press("F8")
    page.reload()
    page.wait_for_selector("#verdict[data-tone=stop]")
    assert page.evaluate("window.tones") == []
    assert page.locator("#sound").get_attribute("aria-pressed") == "false"


def test_f9_turns_the_language_and_the_theme_button_the_light(page, edge):
    open_lane(page, edge, "empty")
    page.keyboard.press("F9")
    page.wait_for_selector("html[data-language=en]")
    assert page.locator("#word").inner_text() in {"READY", "—"}

    page.click("#theme")
    page.wait_for_selector("html[data-theme=auto]")


def test_f12_signs_out_and_the_way_back_is_closed(page, edge):
    open_lane(page, edge, "empty")
    page.keyboard.press("F12")
    page.wait_for_url("**/sign-in")

    page.go_back()
    page.wait_for_url("**/sign-in**")
    assert page.locator("#username").is_visible()


def test_a_name_with_markup_is_only_a_name(page, edge):
    evil = "<img src=x onerror=window.hacked=1>"
    original = LANES["cleared"]
    LANES["cleared"] = {**original, "person": {**original["person"], "full_name": evil, "address": evil}}
    try:
        open_lane(page, edge, "cleared")
        assert page.locator("#name").inner_text() == evil
        assert page.evaluate("window.hacked") is None
    finally:
        LANES["cleared"] = original


def test_the_lane_paints_soon_and_asks_nobody_else(page, edge):
    hosts = set()
    page.on("request", lambda request: hosts.add(request.url.split("/")[2]))
    open_lane(page, edge, "empty")
    paints = page.evaluate("performance.getEntriesByType('paint').map(one => one.startTime)")

    assert hosts == {edge.split("/")[2]}
    assert paints
    assert max(paints) < 1500, "300 ms on a quiet machine; this one may be busy with other tests"


def test_the_desk_reveals_an_identity_only_when_asked_with_a_reason(page, centre):
    open_page(page, centre, "/desk", username="cdc")
    page.wait_for_selector("#reveal")
    assert "HOÀNG THỊ NHƯỜNG" not in page.content()

    page.click("#reveal")
    page.select_option("#field-reason", "contact_tracing")
    page.fill("#field-remark", "Gọi xác minh lịch trình")
    with page.expect_request("**/identity") as sent:
        page.keyboard.press("Enter")
    page.wait_for_selector(".identity")

    assert json.loads(sent.value.post_data) == {"reason": "contact_tracing", "remark": "Gọi xác minh lịch trình"}
    assert page.locator(".case-name").inner_text() == "HOÀNG THỊ NHƯỜNG"


def test_the_queue_colours_clocks_amber_at_half_and_red_in_the_last_quarter(page, centre):
    open_page(page, centre, "/desk", username="cdc")
    page.wait_for_selector("#queue a")

    assert page.locator("#queue .clock").evaluate_all("nodes => nodes.map(one => one.dataset.urgency)") == [
        "red",
        "amber",
        "calm",
    ]


def test_the_command_page_names_silent_gates_and_never_counts_them_as_nought(page, centre):
    open_page(page, centre, "/command", username="chihuy")
    page.wait_for_selector("#gates tr")

    tile = page.locator("#tile-silent").inner_text()
    assert "Hoành Mô" in tile
    assert "Bắc Phong Sinh" in tile
    row = page.locator("#gates tr", has_text="Bắc Phong Sinh").inner_text()
    assert "KHÔNG CÓ SỐ LIỆU" in row
    assert "99,9\u00a0%" in page.locator("#tile-measured").inner_text(), "never rounded up to 100 %"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_figures_that_do_not_add_up_are_a_red_line_that_names_the_gate(page, centre, theme):
    page.route("**/api/command/figures", lambda route: route.fulfill(json=scenes.broken_figures()))
    open_page(page, centre, "/command", username="chihuy", theme=theme)
    page.wait_for_selector("#broken li")

    lines = page.locator("#broken li").all_inner_texts()
    assert lines[0] == "Số liệu không khớp tại Móng Cái: lượt 16.115, cộng lại được 16.114"
    assert "toàn tỉnh" in lines[1]
    assert page.locator("#identities").inner_text() == ""
    assert "/" not in page.locator("#tile-isolated .figure").inner_text(), "nobody knows of how many places"
    assert violations(page) == []


def test_the_head_of_command_shows_the_scenario_with_its_clause(page, centre):
    open_page(page, centre, "/command", username="chihuy")
    page.wait_for_selector("#gates tr")

    assert page.locator("header #scenario").inner_text().startswith("Tình huống 2")
    assert page.locator("#scenario-clause").inner_text() == "CT 05/CT-UBND · khoản II.2"


def test_the_administrator_sees_silent_and_revoked_edges_and_a_fork(page, centre):
    open_page(page, centre, "/units", username="quantri")
    page.wait_for_selector("#units tr")

    rows = page.locator("#units tr").all_inner_texts()
    assert "Đang gửi" in rows[0]
    assert "Im lặng" in rows[1]
    assert "chưa lần nào" in rows[1]
    assert "Chờ xác nhận" in rows[2]
    assert "Đã thu hồi" in rows[3]
    assert "mất 3" in rows[0]
    alarms = page.locator("#alarms li").all_inner_texts()
    assert "Sổ rẽ nhánh" in alarms[0]
    assert "thu hồi" in alarms[0]
    assert "mất 3 bản ghi: số 4.019 đến 4.021 của đời 1" in alarms[1]


def test_the_reference_body_is_framed_in_the_picture(page, edge):
    open_lane(page, edge, "recheck")
    page.wait_for_selector("#reference:not([hidden])")

    assert page.locator("#reference").inner_text() == "Chuẩn"
    frame, picture = page.locator("#reference").bounding_box(), page.locator("#picture").bounding_box()
    assert frame["x"] > picture["x"] + picture["width"] * 0.75
    assert frame["y"] < picture["y"] + picture["height"] * 0.25
    assert "Đã đo" in page.locator("#quality").inner_text()
    assert "Máy 30,0 °C" in page.locator("#quality").inner_text(), "its own temperature, never called the room's"
    assert "Phòng" not in page.locator("#quality").inner_text()


def test_who_steps_away_stays_pictured_as_measured_until_the_lane_is_empty(page, edge):
    open_lane(page, edge, "stepped-away")
    page.wait_for_selector("#face:not([hidden])")
    assert page.locator("#kept").is_hidden()

    page.wait_for_selector("#kept:not([hidden])", timeout=8000)
    assert page.locator("#kept").inner_text() == "Ảnh lúc đo"
    assert "38,1" in page.locator("#face-label").inner_text()
    page.wait_for_timeout(1000)
    assert page.locator("#face").is_visible(), "frames without a face do not wipe it"

    page.keyboard.press("Enter")
    page.locator("#field-temperature").fill("38,6")
    page.locator("#field-temperature").press("Enter")
    page.wait_for_selector("#verdict[data-phase=empty]")
    page.wait_for_selector("#face[hidden]", state="attached")
    assert page.locator("#kept").is_hidden()


def test_a_picture_from_before_the_reading_is_never_shown_as_the_measurement(page, edge):
    late = {**LANES["stepped-away"]["reading"], "observed_at": "2099-01-01T00:00:00Z"}
    original = LANES["stepped-away"]
    LANES["stepped-away"] = {**original, "reading": late}
    try:
        open_lane(page, edge, "stepped-away")
        page.wait_for_selector("#face:not([hidden])")
        page.wait_for_selector("#face[hidden]", state="attached", timeout=8000)
        page.wait_for_timeout(1000)
        assert page.locator("#kept").is_hidden()
    finally:
        LANES["stepped-away"] = original


def test_automatic_passage_counts_down_on_the_verdict(page, edge):
    open_lane(page, edge, "passing")

    assert page.locator("#passage").is_visible()
    assert page.locator("#passage").inner_text().startswith("Tự cho qua sau 0:1")
    open_lane(page, edge, "cleared")
    assert page.locator("#passage").is_hidden()


def test_a_referral_without_a_place_says_why_and_what_to_do(page, edge):
    open_lane(page, edge, "room-full")

    assert page.locator("#instruction").inner_text() == "Người vừa rồi chưa có chỗ cách ly."
    words = page.locator("#reasons").inner_text()
    assert "Phòng cách ly đã đủ chỗ" in words
    assert "khu cách ly tạm thời" in words


@pytest.mark.parametrize(("language", "name"), [("vi", "Móng Cái"), ("en", "Mong Cai"), ("zh", "芒街")])
def test_the_gate_to_go_to_is_named_in_the_language_of_the_page(page, edge, language, name):
    open_lane(page, edge, "refused_to_another_gate", language=language)

    line = page.locator("#reasons .strong").inner_text()
    assert name in line
    assert "mong-cai" not in line


def test_who_waits_for_a_place_is_admitted_with_a_key(page, edge):
    open_page(page, edge, "/isolation", username="canbo")
    page.wait_for_selector("#waiting li")
    first, second = page.locator("#waiting > li").all_inner_texts()
    assert "LÝ A SẦN" in first
    assert "F2" in first
    assert "TRẦN VĂN BÁCH" in second
    assert "Nhập nhiệt kế" in second

    with page.expect_request("**/api/isolation/c8/admit") as sent:
        page.keyboard.press("F2")

    assert sent.value.headers["x-csrf-token"]
    page.wait_for_selector("#told:not(:empty)")
    assert page.locator("#told").inner_text() == "LÝ A SẦN: vào chỗ C4."


@pytest.mark.parametrize(("language", "country"), [("vi", "Trung Quốc"), ("en", "China"), ("zh", "中国")])
def test_a_card_names_the_country_in_the_language_of_the_page(page, edge, language, country):
    open_page(page, edge, "/isolation", username="canbo", language=language)
    card = page.locator("li[data-crossing=c4]")
    card.wait_for()

    assert country in card.inner_text()
    assert "CHN" not in card.inner_text()


def test_every_country_that_a_document_may_name_has_a_name_and_a_strange_code_stays(page, edge):
    open_lane(page, edge, "empty")
    named = page.evaluate(
        """async () => {
            const lane = document.querySelector("script[type=module][src*='lane.js']").src;
            const { country } = await import(lane.replace("checkpoint/lane.js", "web/js/countries.js"));
            return ["D", "LAO", "KHM", "BGD", "ROU", "ZWE", "XXA"].map(country);
        }"""
    )

    assert named == ["Đức", "Lào", "Campuchia", "Bangladesh", "Romania", "Zimbabwe", "XXA"]


@pytest.mark.parametrize(("language", "lane"), [("vi", "Làn 2"), ("en", "Lane 2"), ("zh", "2 号通道")])
def test_a_case_says_its_lane_as_people_call_it(page, centre, language, lane):
    open_page(page, centre, "/desk/c7", username="cdc", language=language)
    page.wait_for_selector(".case-head")

    assert lane in page.locator(".case-head").inner_text()


def test_who_was_led_aside_is_rechecked_from_the_isolation_room(page, edge):
    open_page(page, edge, "/isolation", username="canbo")
    page.wait_for_selector("#waiting li")
    page.get_by_role("button", name="Nhập nhiệt kế").click()
    page.keyboard.type("38,6")

    with page.expect_request("**/api/lanes/lane-2/recheck") as sent:
        page.keyboard.press("Enter")

    assert sent.value.post_data_json == {"crossing_id": "c9", "temperature_c": 38.6, "site": "ear"}


@pytest.mark.parametrize(("scene", "offer"), [("recheck", 1), ("cleared", 0)])
def test_only_a_person_with_an_alarm_may_be_led_aside(page, edge, scene, offer):
    open_lane(page, edge, scene)

    assert page.get_by_role("button", name="Mời sang phòng khám lần hai").count() == offer


def test_the_verdict_stays_in_sight_on_a_zoomed_screen(page, edge):
    page.set_viewport_size({"width": 683, "height": 900})
    open_lane(page, edge, "recheck")

    assert page.evaluate("window.scrollY") == 0
    assert page.locator("#scan").evaluate("node => node === document.activeElement")
    assert page.locator("#word").bounding_box()["y"] < 600
