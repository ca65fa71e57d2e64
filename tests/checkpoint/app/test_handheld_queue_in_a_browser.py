"""A handheld in a real Chromium: enrolled by a picture, and what it keeps, for how long, whatever else goes on."""

import cv2
import numpy as np
import pytest
import zxingcpp
from playwright.sync_api import expect

from tests.checkpoint.app.hands import Hand, crossings, edge, hand, open_phone, phone, station, wifi
from tests.checkpoint.app.test_camera_in_a_browser import photograph
from tests.checkpoint.documents.zones import CITIZEN_CARD
from tests.web.test_screens_in_a_browser import violations

__all__ = ["edge", "hand", "phone", "station", "wifi"]

CHANGE_ACTS = """
async (work) => {
  const database = await new Promise((done) => {
    const asked = indexedDB.open('kiemdich-handheld');
    asked.onsuccess = () => done(asked.result);
  });
  const store = database.transaction('acts', 'readwrite').objectStore('acts');
  await new Promise((done) => {
    store.getAll().onsuccess = (event) => {
      for (const one of event.target.result) store.put({ ...one, ...work }, one.act_id);
      store.transaction.oncomplete = done;
    };
  });
}
"""
THIRTEEN_H_MS = 13 * 3_600_000


def grow_old(hand: Hand) -> None:
    """What waits to be mended has done so for thirteen hours."""
    hand.page.evaluate(CHANGE_ACTS, {"refused_ms": hand.page.evaluate("Date.now()") - THIRTEEN_H_MS})


def ask_thoroughly(hand: Hand) -> None:
    hand.page.reload()
    hand.page.wait_for_selector("body[data-ready]")


def test_what_waits_to_be_mended_leaves_the_device_in_time_and_never_before_the_edge_has_it(hand, wifi, station):
    hand.screen("P<VNM<<<9091", "36,6")
    hand.page.wait_for_selector("#mend-list li")
    assert "máy xóa vào" in hand.words("#mend-list"), "its age and its end are told"
    grow_old(hand)
    wifi.off()
    ask_thoroughly(hand)
    assert hand.kept()["acts"] == 1, "nobody has said that the edge still has it"
    wifi.on()
    ask_thoroughly(hand)
    hand.page.wait_for_function("() => document.querySelector('#receipts').textContent.includes('trên máy đã xóa')")
    assert hand.kept()["acts"] == 0
    (waiting,) = [
        one for one in station.get("/api/handhelds").json()["waiting"] if one["document_hint"].endswith("9091")
    ]
    mended = station.post(f"/api/handhelds/acts/{waiting['act_id']}/mend", json={"text": "QN 909101"})
    assert mended.json()["disposition"] == "accepted"


def test_what_is_put_right_in_one_window_while_another_sends_it_is_not_written_over(hand, phone, wifi, station):
    hand.screen("P<VNM<<<9092", "36,6")
    hand.page.wait_for_selector("#mend-list li")
    folder = hand.page.locator("script[src*='handheld/app.js']").get_attribute("src").removesuffix("/app.js")
    left = hand.page.evaluate(
        """async (folder) => {
          const vault = await import(`${folder}/vault.js`);
          const device = await vault.read('device', 'this'), [sent] = await vault.keptActs();
          const act = await vault.unsealed(device, sent);
          const { kind, outcome, kept_ms } = sent;
          await vault.keepAct(device, { ...act, scans: ['QN 909201'] }, { kind, outcome, hint: '', kept_ms });
          await vault.noteRefused(sent, { code: 'document_unreadable', is_at_edge: true });
          await vault.finish(sent, { act_id: sent.act_id, disposition: 'accepted', sequence: 1 }, 50);
          const [now] = await vault.keptActs();
          return (await vault.unsealed(device, now)).scans;
        }""",
        folder,
    )
    assert left == ["QN 909201"], "the answer was about another content"
    ask_thoroughly(hand)
    hand.is_saved()
    assert len(crossings(station, {"QN 909201"})) == 1


def test_the_picture_of_a_code_opens_the_page_and_the_code_is_there_after_the_sign_in(new_page, phone, wifi, station):
    screen = new_page()
    screen.context.add_cookies([{"name": "kd", "value": station.cookies["kd"], "url": wifi.url}])
    screen.goto(f"{wifi.url}/handhelds")
    screen.fill("#code-label", "Máy 7")
    screen.keyboard.press("Enter")
    picture = screen.locator("#code-picture svg").screenshot()
    (code,) = zxingcpp.read_barcodes(cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_GRAYSCALE))
    assert code.text.startswith(f"{wifi.url}/handheld/#")

    hand = Hand(phone.new_page(), wifi)
    hand.page.goto(code.text)
    hand.page.wait_for_selector("body[data-part=enrol][data-ready]")
    assert "#" not in hand.page.url, "the code stays in no history"
    hand.page.click("#enrol-form [type=submit]")
    hand.page.wait_for_url("**/sign-in?**")
    hand.sign_in()
    hand.page.wait_for_selector("body[data-part=enrol][data-ready]")
    shown = screen.locator("#code-told").inner_text()
    assert hand.page.input_value("#code") in shown
    hand.page.click("#enrol-form [type=submit]")
    hand.page.wait_for_selector("body[data-part=take-up]")


def test_symptoms_noted_on_the_handheld_stop_a_person_without_fever_here_and_at_the_edge(hand, station):
    hand.page.click("#questions summary")
    assert violations(hand.page) == []
    hand.page.check("#questions [name=symptoms][value=cough]")
    hand.page.select_option("#questions [name=category]", "tourist")
    hand.page.fill("#document", "QN 909301")
    hand.page.fill("#temperature", "36,5")
    assert hand.words("#verdict-word") == "DỪNG"
    assert "Có triệu chứng" in hand.words("#verdict-why")
    hand.page.check("#declared")
    hand.page.click("#keep")
    hand.is_saved()
    (row,) = crossings(station, {"QN 909301"})
    assert (row["disposition"], row["category"]) == ("pending", "tourist")
    assert "khác lúc báo tạm" not in hand.words("#receipts").lower()
    assert not hand.page.is_checked("#questions [name=symptoms][value=cough]"), "the next one is asked anew"
    hand.page.fill("#stopped-list input", "36,7")
    hand.page.click("#stopped-list [type=submit]")
    hand.page.wait_for_selector("#stopped", state="hidden")


@pytest.fixture
def seeing_hand(chromium, wifi, station, tmp_path):
    """A handheld whose camera sees a card of a citizen."""
    clip = tmp_path / "camera.mjpeg"
    clip.write_bytes(photograph(CITIZEN_CARD) * 3)
    wifi.on()
    context = open_phone(chromium, tmp_path, camera=clip)
    yield Hand(context.new_page(), wifi).enrol(station).take_up()
    context.close()


def test_the_edge_reads_a_document_for_the_phones_camera_and_the_officer_confirms(seeing_hand, wifi, station):
    page = seeing_hand.page
    page.click("#photograph")
    expect(page.locator(".camera-dialog .primary")).to_be_enabled(timeout=20_000)
    wifi.off()
    page.keyboard.press("Enter")
    page.wait_for_selector(".camera-dialog .error-line:not(:empty)")
    assert "Mất mạng" in seeing_hand.words(".camera-dialog .error-line")
    assert violations(page) == []
    page.get_by_role("button", name="Gõ số giấy tờ").click()
    assert page.evaluate("document.activeElement.id") == "document"

    wifi.on()
    page.click("#photograph")
    expect(page.locator(".camera-dialog .primary")).to_be_enabled(timeout=20_000)
    page.keyboard.press("Enter")
    page.wait_for_selector(".camera-card")
    page.locator(".camera-card button").first.click()
    assert seeing_hand.words("#scans").startswith("IDVNM")
    page.fill("#temperature", "36,6")
    page.check("#declared")
    page.click("#keep")
    seeing_hand.is_saved()
    (row,) = crossings(station, {"022190000019"})
    assert row["full_name"].startswith("NGUYEN")


def test_a_sign_out_on_the_phone_leaves_what_it_kept_and_the_page_that_sends_it(hand, phone, wifi, station):
    wifi.off()
    hand.page.route("**/handheld/v1/flush", lambda route: route.abort())  # before the phone has anything to send
    hand.screen("QN 909401", "36,6", waiting=1)
    wifi.is_on, wifi.loses = True, 0
    token = "fetch('/api/session').then((answer) => answer.json()).then((one) => one.csrf_token)"
    with hand.page.expect_response("**/sign-out") as signed_out:
        hand.page.evaluate(
            f"{token}.then((token) => fetch('/sign-out', {{ method: 'POST', headers: {{ 'X-CSRF-Token': token }} }}))"
            ".then((answer) => answer.status)"
        )
    assert (signed_out.value.status, signed_out.value.header_value("clear-site-data")) == (204, '"cache"')
    wifi.off()
    hand.page.reload()
    hand.page.wait_for_selector("body[data-ready]")
    assert hand.kept()["acts"] == hand.kept()["device"] == 1
    hand.page.unroute("**/handheld/v1/flush")
    wifi.on()
    hand.wake()
    hand.is_saved()
    assert len(crossings(station, {"QN 909401"})) == 1, "it was sent without a session"


def test_a_handheld_that_is_handed_back_opens_to_nobody_and_still_sends_what_it_kept(hand, wifi, station):
    wifi.off()
    hand.screen("QN 909501", "36,6", waiting=1)
    hand.page.click("#hand-back")
    hand.page.wait_for_selector("body[data-part=take-up]")
    assert "9501" not in hand.words("main")
    assert hand.kept()["acts"] == 1
    wifi.on()
    hand.wake()
    hand.is_saved()
    assert len(crossings(station, {"QN 909501"})) == 1


def test_a_clock_that_is_set_back_lengthens_no_permit_and_no_wait(hand, wifi):
    hand.page.wait_for_selector("#link[data-lamp=go]")  # or an answer under way sets the phone's clock right again
    wifi.off()
    hand.page.evaluate("Date.now = ((now) => () => now() + 13 * 3600e3)(Date.now.bind(Date))")
    hand.page.click("#lock")
    hand.page.wait_for_selector("body[data-part=over]")
    hand.page.reload()
    hand.page.wait_for_selector("body[data-ready]")
    assert hand.page.get_attribute("body", "data-part") == "over", "the clock is right again; the permit has ended"
