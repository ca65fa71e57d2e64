"""The travellers' screen in a real Chromium before a real edge: paired by a code, one sentence in three languages."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from checkpoint.actions.deciding import close_crossing, measure_person
from checkpoint.actions.rechecking import set_aside_person
from checkpoint.app import create_app
from checkpoint.workers import Workers
from tests.checkpoint.actions.test_mirroring import with_centre
from tests.checkpoint.centres import HandCentre
from tests.checkpoint.edges import LANE, Edge
from tests.demands import demand
from tests.web.serving import Visitor, served
from tests.web.stage import CHEAP, PASSWORD, labels
from tests.web.test_screens_in_a_browser import violations
from web.sign_in import User, hash_token

SIZES = {"small": (320, 480), "wide": (800, 480), "full": (1920, 1080), "upright": (1080, 1920)}
OTHER_WORDS = """
id = "order-display"
version = 1
kind = "orders"
cite_as = "CV 77/SYT-NVY"
issued_by = "Sở Y tế"
[title]
vi = "Lời hướng dẫn tại làn"
en = "Words at the lane"
zh = "通道提示语"
[[rule]]
kind = "display_text"
rule_id = "display-come-forward-2"
effective_from = 2020-01-01T00:00:00+07:00
message = "come_forward"
vi = "Mời quý khách đeo khẩu trang và bước lên"
en = "Please wear a mask and come forward"
zh = "请佩戴口罩并上前"
citation = { document = "CV 77/SYT-NVY", clause = "mục 2" }
"""


class Gate:
    """A real edge with its application, an officer's session, and the address."""

    def __init__(self, edge: Edge, app, url: str) -> None:
        self.edge, self.app, self.url = edge, app, url
        self.officer = Visitor(url).sign_in("canbo")

    def attend(self) -> None:
        """An officer's screen follows the lane."""
        token_hash = hash_token(self.officer.cookies["kd"])
        self.edge.gate.attendance.see(LANE, token_hash=token_hash, at=self.edge.clock.now)

    def code(self) -> str:
        answer = self.officer.post(f"/api/lanes/{LANE}/display-code", headers={"X-CSRF-Token": self.officer.csrf})
        return answer.json()["code"]


@pytest.fixture(scope="module")
def gate(tmp_path_factory) -> Iterator[Gate]:
    edge = Edge(tmp_path_factory.mktemp("display"))
    with_centre(edge)
    hashed = CHEAP.hash_password(PASSWORD, username="canbo")
    edge.gate.store.accounts.put_officer(
        User(username="canbo", name="Phạm Thu Hà", role="officer", password_hash=hashed)
    )
    app = create_app(edge.gate, workers=Workers(edge.gate), labels=labels(), passwords=CHEAP)
    with served(app) as url:
        yield Gate(edge, app, url)
    edge.close()


@pytest.fixture
def screen(page, gate):
    """A paired screen."""
    page.goto(f"{gate.url}/display?lane={LANE}")
    page.wait_for_selector("#pairing:not([hidden])")
    page.keyboard.type(gate.code())
    page.keyboard.press("Enter")
    page.wait_for_selector("body[data-state=shown]")
    return page


def said(screen) -> list[str]:
    return screen.locator(".sentence:not([hidden]) p").all_inner_texts()


def wait_for(screen, message: str) -> None:
    expect(screen.locator(f"#say-{message}")).to_be_visible(timeout=4000)


@demand("R022")
def test_the_screen_leads_a_traveller_through_the_lane_in_three_languages_and_names_nobody(screen, gate):
    edge = gate.edge
    gate.attend()
    wait_for(screen, "come_forward")
    assert said(screen) == [
        "Mời quý khách bước lên và đưa giấy tờ",
        "Please come forward with your document",
        "请上前并出示证件",
    ]
    edge.present("QN 100123")
    wait_for(screen, "look_at_camera")
    edge.clock.forward(seconds=7)
    wait_for(screen, "uncover_face")
    edge.present("QN 100123")
    edge.do(measure_person, temperature_c=36.4, device_kind="infrared_thermometer", site="forehead")
    wait_for(screen, "wait")
    edge.do(close_crossing, draft_id=edge.draft_id)
    wait_for(screen, "go_on")
    assert screen.locator("#display").get_attribute("data-tone") == "go"
    edge.clock.forward(seconds=6)
    gate.attend()
    wait_for(screen, "come_forward")

    edge.present("QN 100124")
    edge.do(measure_person, temperature_c=38.9, device_kind="infrared_thermometer", site="forehead")
    wait_for(screen, "step_aside")
    text = screen.content()
    assert "38" not in text.replace("#", "")[text.index("<body") :].split("<form")[0]
    assert "NHƯỜNG" not in text
    assert screen.locator("#display").get_attribute("data-tone") == "none", "bystanders see no red"
    edge.do(set_aside_person, draft_id=edge.draft_id)
    edge.clock.forward(seconds=6)


@demand("R022")
def test_an_order_of_the_province_changes_the_words_of_the_screen(screen, gate):
    edge, centre = gate.edge, HandCentre()
    centre.issue(OTHER_WORDS, policy_id="order-display", at=edge.clock.now)
    centre.tell(edge.gate, at=edge.clock.now)
    gate.attend()

    expect(screen.locator("#say-come_forward p").first).to_have_text(
        "Mời quý khách đeo khẩu trang và bước lên", timeout=4000
    )
    assert said(screen)[2] == "请佩戴口罩并上前"


def test_a_screen_of_a_lane_where_no_officer_is_asks_to_wait(screen, gate):
    gate.attend()
    wait_for(screen, "come_forward")
    gate.edge.clock.forward(minutes=2)

    wait_for(screen, "wait")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", list(SIZES))
def test_each_message_fits_every_screen_by_day_and_by_night(screen, gate, size, theme):
    width, height = SIZES[size]
    screen.set_viewport_size({"width": width, "height": height})
    screen.emulate_media(color_scheme=theme)
    gate.attend()
    wait_for(screen, "come_forward")

    assert violations(screen) == []
    names = screen.locator(".sentence").evaluate_all("nodes => nodes.map(node => node.id)")
    for name in names:
        screen.evaluate(
            "name => { for (const one of document.querySelectorAll('.sentence')) one.hidden = one.id !== name; }", name
        )
        box = screen.locator(f"#{name}").bounding_box()
        picture = screen.locator("#pictogram svg").bounding_box()
        assert box["x"] >= 0, name
        assert box["x"] + box["width"] <= width + 1, name
        assert box["y"] + box["height"] <= height + 1, name
        assert picture["height"] >= height * 0.2, name


def test_a_code_is_good_once_and_guessing_costs_a_growing_delay(gate):
    stranger = Visitor(gate.url)
    code = gate.code()
    assert stranger.get("/api/display/state").status_code == 403
    paired = stranger.post("/api/display/pair", json={"code": f"{code[:4]} {code[4:]}"})
    assert paired.status_code == 200
    assert "HttpOnly" in paired.headers["set-cookie"]
    assert stranger.get("/api/display/state").json()["lane_id"] == LANE
    assert set(stranger.get("/api/display/state").json()) == {"lane_id", "message", "texts", "texts_from"}
    for path in (f"/api/lanes/{LANE}/state", "/api/crossings", f"/lanes/{LANE}", "/api/displays", "/board"):
        assert stranger.get(path).status_code == 401, "a screen is no officer"

    other = Visitor(gate.url)
    assert other.post("/api/display/pair", json={"code": code}).json()["code"] == "display_code_wrong"
    answers = [other.post("/api/display/pair", json={"code": "00000000"}).status_code for _ in range(8)]
    assert answers[-1] == 429
    gate.edge.clock.forward(hours=1)


def test_a_screen_that_is_forgotten_shows_nothing_any_more_and_both_acts_are_logged(gate):
    officer = gate.officer = Visitor(gate.url).sign_in("canbo")
    screen = Visitor(gate.url)
    assert screen.post("/api/display/pair", json={"code": gate.code()}).status_code == 200
    newest = officer.get("/api/displays").json()["screens"][0]
    assert newest["paired_by"] == "canbo"
    forget = officer.post(f"/api/displays/{newest['display_id']}/forget", headers={"X-CSRF-Token": officer.csrf})
    assert forget.status_code == 204
    assert screen.get("/api/display/state").status_code == 403
    acts = gate.edge.rows(
        "SELECT action FROM access_log WHERE action LIKE 'display%' ORDER BY entry_number DESC LIMIT 2"
    )
    assert acts == [("display_forgotten",), ("display_paired",)]
    token = screen.cookies["kd-display"]
    assert gate.edge.rows(f"SELECT count(*) FROM display_screen WHERE token_hash = '{token}'") == [(0,)]
