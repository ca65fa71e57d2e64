"""A handheld in a real Chromium at a real edge: installed, cut off, restarted, revoked; nothing lost, nothing twice."""

import json
import re
from pathlib import Path

from tests.checkpoint.app.hands import PHONE, Hand, crossings, edge, hand, open_phone, phone, station, wifi
from tests.demands import demand
from tests.web.test_screens_in_a_browser import violations

__all__ = ["edge", "hand", "phone", "station", "wifi"]


def screen_thirty(hand: Hand) -> list[str]:
    """Thirty people, the eighth with a fever; each is kept before the next one comes."""
    numbers = [f"QN 20{number:04}" for number in range(30)]
    for number, text in enumerate(numbers):
        hand.screen(text, "38,4" if number == 7 else "36,5", waiting=number + 1)
    assert "38,4" in hand.words("#stopped-list"), "the one with a fever stays on the screen"
    assert "Đã giữ trên máy, chờ 30" in hand.words("#queue-line")
    assert hand.words("#receipts") == "", "nothing is called saved"
    return numbers


def recheck(hand: Hand, temperature: str) -> None:
    hand.page.fill("#stopped-list input", temperature)
    hand.page.click("#stopped-list [type=submit]")
    hand.page.wait_for_selector("#stopped", state="hidden")
    hand.is_saved()


def awaited(station) -> set[str]:
    return {one["crossing_id"] for one in station.get("/api/isolation").json()["waiting"]}


@demand("R034")
@demand("R091")
def test_handheld_offline(hand, phone, wifi, station):
    """Thirty people without a network, then one that loses answers, in two windows: each crossing exactly once."""
    other = Hand(phone.new_page(), wifi).open()
    hand.page.bring_to_front()
    wifi.off()
    hand.page.reload()
    hand.page.wait_for_selector("body[data-ready]")
    hand.unlock()
    numbers = screen_thirty(hand)
    assert hand.kept()["acts"] == 30
    assert crossings(station, set(numbers)) == []
    other.waits(30)

    wifi.loses = 2
    wifi.on()
    for one in (hand, other):
        one.wake()
    hand.is_saved()

    assert wifi.lost == 2, "the edge had committed, and the device did not hear of it"
    assert wifi.most_at_once == 1, "one flusher, however many windows"
    assert hand.kept()["acts"] == 0
    rows = crossings(station, set(numbers))
    assert len(rows) == len({row["crossing_id"] for row in rows}) == 30
    fever = next(row["crossing_id"] for row in rows if row["disposition"] == "pending")
    assert fever in awaited(station)
    recheck(hand, "36,7")
    assert fever not in awaited(station)


def test_a_handheld_is_restarted_while_the_edge_is_dead(chromium, phone, hand, edge, wifi, station, tmp_path):
    hand.wifi.off()
    hand.screen("QN 303101", "36,6", waiting=1)
    hand.screen("QN 303102", "36,7", waiting=2)
    phone.close()
    edge.process.kill()
    again = open_phone(chromium, tmp_path)
    try:
        wifi.on()
        hand = Hand(again.new_page(), wifi).open()
        hand.page.wait_for_selector("body[data-part=locked]")
        assert "Đã giữ trên máy, chờ 2" in hand.words("#queue-line")
        hand.page.fill("#pin", "000000")
        hand.page.click("#unlock-form [type=submit]")
        hand.page.wait_for_selector("#unlock-form .error-line:not(:empty)")
        assert "Sai mã mở máy" in hand.words("#unlock-form .error-line")
        hand.unlock()
        hand.screen("QN 303103", "36,8", waiting=3)
        edge.process.start()
        hand.wake()
        hand.is_saved()
        rows = crossings(station, {"QN 303101", "QN 303102", "QN 303103"})
        assert len(rows) == len({row["crossing_id"] for row in rows}) == 3
    finally:
        again.close()


def test_a_revoked_handheld_hands_over_what_it_kept_and_forgets_everything(hand, wifi, station):
    wifi.off()
    hand.screen("QN 404101", "38,6", waiting=1)
    device = next(one for one in station.get("/api/handhelds").json()["handhelds"] if one["revoked_at"] is None)
    for one in station.get("/api/handhelds").json()["handhelds"]:
        if one["revoked_at"] is None:
            assert station.post(f"/api/handhelds/{one['handheld_id']}/revoke", json={"reason": "lost"}).is_success
    assert device
    wifi.on()
    hand.wake()
    hand.page.wait_for_selector("body[data-part=enrol]")

    assert "thu hồi" in hand.words("#warning")
    assert set(hand.kept().values()) == {0}
    (waiting,) = [
        one for one in station.get("/api/handhelds").json()["waiting"] if one["document_hint"].endswith("4101")
    ]
    assert (waiting["answer"]["code"], waiting["temperature_c"]) == ("handheld_revoked", 38.6)
    confirmed = station.post(f"/api/handhelds/acts/{waiting['act_id']}/mend", json={}).json()
    assert confirmed["crossing_disposition"] == "pending"


def test_what_the_edge_refuses_stays_to_be_mended(hand, station):
    hand.screen("P<VNM<<<", "36,6")
    hand.page.wait_for_selector("#mend-list li")
    assert "Không đọc được giấy tờ" in hand.words("#mend-list")
    hand.page.click("#mend-list button")
    hand.page.fill("dialog #field-text", "QN 505101")
    hand.page.click("dialog [type=submit]")
    hand.page.wait_for_selector("#mend-part", state="hidden")
    hand.is_saved()
    assert len(crossings(station, {"QN 505101"})) == 1


def test_the_page_can_be_installed_and_is_accessible_by_day_and_by_night(hand, phone, wifi):
    cdp = phone.new_cdp_session(hand.page)
    assert cdp.send("Page.getInstallabilityErrors")["installabilityErrors"] == []
    manifest = json.loads(cdp.send("Page.getAppManifest")["data"])
    assert (manifest["scope"], manifest["display"], manifest["short_name"]) == ("/handheld/", "standalone", "Kiểm Dịch")
    hand.page.evaluate("navigator.storage.estimate = async () => ({ quota: 10, usage: 9 })")
    wifi.off()
    hand.screen("QN 606101", "38,6", waiting=1)
    hand.page.fill("#temperature", "38,6")
    hand.page.wait_for_selector("#warning:not([hidden])")
    assert "Bộ nhớ máy sắp hết" in hand.words("#warning")
    assert hand.words("#verdict-word") == "DỪNG"
    for theme in ("light", "dark"):
        hand.page.evaluate("theme => (document.documentElement.dataset.theme = theme)", theme)
        assert violations(hand.page) == []
        assert hand.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    hand.page.click("#lock")
    hand.page.wait_for_selector("body[data-part=locked]")
    assert violations(hand.page) == []
    assert "QN 606101" not in hand.page.content()
    for language in ("en", "zh", "vi"):
        hand.page.goto(f"{wifi.url}/handheld/{language}")
        hand.page.wait_for_selector("body[data-ready]")
        assert violations(hand.page) == []


THERMOMETER = """
window.give = null;
const measurement = {
  addEventListener: (name, listener) => {
    window.give = (hex) => listener({ target: { value: new DataView(Uint8Array.from(hex, (byte) => byte).buffer) } });
  },
  startNotifications: async () => {},
};
const service = { getCharacteristic: async (name) => (name === "temperature_measurement" ? measurement : null) };
const server = { getPrimaryService: async (name) => (name === "health_thermometer" ? service : null) };
const device = { name: "UT-201", gatt: { connect: async () => server }, addEventListener: () => {} };
Object.defineProperty(navigator, "bluetooth", { value: { requestDevice: async () => device } });
"""


def test_a_bluetooth_thermometer_gives_the_reading_and_the_place(hand, phone, station):
    phone.add_init_script(THERMOMETER)
    hand.page.reload()
    hand.unlock()
    hand.page.click("#bluetooth")
    hand.page.wait_for_function("() => document.querySelector('#bluetooth-told').textContent.includes('UT-201')")
    hand.page.evaluate("window.give([0x04, 0x83, 0x01, 0x00, 0xff, 0x03])")  # 38.7 °C at the ear

    assert hand.page.input_value("#temperature") == "38,7"
    assert hand.page.input_value("#thermometer") == "clinical_thermometer ear"
    assert hand.words("#verdict-word") == "DỪNG"
    hand.page.fill("#document", "QN 707101")
    hand.page.check("#declared")
    hand.page.click("#keep")
    hand.is_saved()
    (row,) = crossings(station, {"QN 707101"})
    assert row["disposition"] in {"isolated", "referred"}, "a clinical reading needs no second one"


def test_the_station_gives_codes_and_mends_what_waits(new_page, hand, wifi, station):
    hand.screen("P<VNM<<<7", "36,6")
    hand.page.wait_for_selector("#mend-list li")
    page = new_page()
    page.context.add_cookies([{"name": "kd", "value": station.cookies["kd"], "url": wifi.url}])
    page.goto(f"{wifi.url}/handhelds")
    page.wait_for_selector("#waiting li[data-act]")
    page.evaluate("document.fonts.ready.then(() => true)")
    assert violations(page) == []
    assert "P<VNM" not in page.content()
    page.fill("#code-label", "Máy 9")
    page.keyboard.press("Enter")
    page.wait_for_selector("#code-told:not(:empty)")
    page.click("#waiting li[data-act] .primary")
    page.fill("dialog #field-text", "QN 808101")
    page.click("dialog [type=submit]")
    page.wait_for_selector("#waiting li.empty")
    assert len(crossings(station, {"QN 808101"})) == 1


def test_a_lock_closes_what_shows_a_document_and_could_still_be_sent(hand):
    hand.screen("P<VNM<<<7654321", "36,5")
    hand.page.wait_for_selector("#mend-list button")
    hand.page.click("#mend-list button")
    hand.page.wait_for_selector("dialog[open]")
    hand.page.evaluate("document.getElementById('lock').click()")
    hand.page.wait_for_selector("body[data-part=locked]")
    assert hand.page.locator("dialog[open]").count() == 0


RULES = Path(__file__).with_name("handheld_rules.js").read_text(encoding="utf-8")


def test_the_rules_of_the_device_hold_in_the_browser(page, wifi):
    wifi.on()
    page.goto(f"{wifi.url}/handheld/")
    address = page.locator("script[src*='handheld/app.js']").get_attribute("src")
    told = page.evaluate(RULES, address.removesuffix("/app.js"))

    assert told["sorted"]
    assert told["unique"] == 5000
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", told["first"])
    assert told["golden"] == {"temperature_c": 36.5, "measured_at": "2020-03-15T10:30:00", "site": None}
    assert told["fahrenheit"]["temperature_c"] == 36.33
    assert told["oral"] == "oral"
    assert told["specials"] == [None] * 5
    assert (told["negative"], told["short"], told["cut"]) == (-0.1, None, None)
    assert told["verdicts"] == ["cleared", "cleared", "recheck", "recheck", "wait", "wait"]
    assert told["fever"] == "referred"
    assert told["unknownSite"] == ["recheck", "wait"]
    assert told["excepted"] == ["cleared", "wait"]
    assert told["answered"] == ["cleared", "recheck", "referred", "refused", "cleared", "referred"]
    assert (told["clinically"], told["raisedToo"]) == ("cleared", "recheck")
    assert told["unasked"] == ["wait", "cleared"]
    assert told["fallback"] == ["wait", "cleared"]
    assert told["ofAge"] == ["wait", "cleared", "cleared", "wait"]
    assert told["ages"] == [None, 0, 12, None, None]
    assert told["typed"] == [36.5, 38.1, None, None, None, None]
    assert told["guessable"] == [True, True, True, False]
    assert told["waits"] == [0, 0, 0, 0, 5000, 10000, 20000, 40000]


def test_a_locked_device_holds_nothing_of_a_half_typed_person_and_gives_it_back(hand, wifi):
    page, number = hand.page, "QN 909777"
    wifi.off()
    page.fill("#document", number)
    page.fill("#temperature", "36,4")
    page.locator("#questions summary").click()
    page.fill("[name=vehicle_plate]", "14C-777.77")
    other = page.context.new_page()
    other.goto(f"{wifi.url}/handheld/")
    other.wait_for_selector("body[data-part=locked]")
    page.click("#lock")
    page.wait_for_selector("body[data-part=locked]")
    page.wait_for_function("() => document.querySelector('#temperature').value === ''")
    left = page.evaluate("[...document.querySelectorAll('input, textarea')].map((one) => one.value).join(' ')")
    assert "909777" not in page.content() + left
    assert "14C-777.77" not in left
    hand.unlock()
    page.wait_for_function("() => document.querySelector('#temperature').value === '36,4'")
    assert "909777" in hand.words("#scans")
    assert page.input_value("[name=vehicle_plate]") == "14C-777.77"
    page.evaluate("new BroadcastChannel('kd-handheld').postMessage('locked')")
    page.wait_for_selector("body[data-part=locked]")
    other.close()
