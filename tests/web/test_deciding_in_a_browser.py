"""The decision in a real Chromium, by keys alone: refused with the gate to go to, asked, set aside by who may."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from checkpoint.actions.presenting import PresentCommand, present_person
from checkpoint.app import create_app
from checkpoint.settings import load_settings
from checkpoint.workers import Workers
from devices.reading import QualityReason, UnusableReason
from tests.checkpoint.edges import LANE, Edge, opened, write_settings
from tests.checkpoint.orders import put_in_force
from tests.checkpoint.people import MORNING, NORMAL_C, HandClock
from tests.demands import demand
from tests.web.serving import served
from tests.web.stage import CHEAP, PASSWORD, labels
from tests.web.test_screens_in_a_browser import open_page, violations
from web.sign_in import User

GLASSES_AT_A_SMALL_ARRAY = (QualityReason.INDICATIVE_ARRAY, QualityReason.GLASSES)
STOPPED = {
    "kind": "traffic_order",
    "state": "stopped",
    "redirect_to": "hoanh-mo",
    "applies_to": {"categories": ["border_resident"]},
}
MARKET = {
    "kind": "exposure_place",
    "place": "cho-dong-hung",
    "names": {"vi": "Chợ Đông Hưng", "en": "Dongxing market", "zh": "东兴市场"},
    "was_from": MORNING - timedelta(days=3, hours=4),
    "was_to": MORNING - timedelta(days=3),
}


class TrailEdge(Edge):
    """The same edge at a trail that directive 000 has suspended."""

    def __init__(self, folder: Path) -> None:
        path = write_settings(folder)
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace('"mong-cai"', '"duong-mon-hai-ha"', 1), encoding="utf-8")
        self.settings = load_settings(path)
        self.clock = HandClock()
        self.gate = opened(self.settings, clock=self.clock)


def put_officers(edge: Edge) -> None:
    for username, name, role in (("canbo", "Cán bộ trực", "officer"), ("truong", "Trưởng cửa khẩu", "gate_head")):
        hashed = CHEAP.hash_password(PASSWORD, username=username)
        edge.gate.store.accounts.put_officer(User(username=username, name=name, role=role, password_hash=hashed))


def serving(edge: Edge) -> Iterator[tuple[Edge, str]]:
    put_officers(edge)
    app = create_app(edge.gate, workers=Workers(edge.gate), labels=labels(), passwords=CHEAP)
    with served(app) as url:
        yield edge, url
    edge.close()


@pytest.fixture(scope="module")
def gate(tmp_path_factory) -> Iterator[tuple[Edge, str]]:
    yield from serving(Edge(tmp_path_factory.mktemp("gate")))


@pytest.fixture
def trail(tmp_path) -> Iterator[tuple[Edge, str]]:
    yield from serving(TrailEdge(tmp_path))


def at_lane(page, url: str, **look):
    open_page(page, url, f"/lanes/{LANE}", username="canbo", **look)
    page.wait_for_selector("#verdict[data-phase]")
    return page


@demand("R016", "R017")
def test_muc_ii_1_a_suspended_trail_refuses_with_the_clause_and_the_gate_to_go_to(page, trail):
    edge, url = trail
    at_lane(page, url)
    page.keyboard.type("QN 300001")
    page.keyboard.press("Enter")
    page.wait_for_selector("#verdict[data-tone=stop]")
    reasons = page.locator("#reasons").inner_text()
    assert "tạm dừng" in reasons
    assert "mục II.1, gạch đầu dòng 6" in reasons
    assert "Móng Cái" in reasons
    page.keyboard.press("Enter")
    page.wait_for_selector("#verdict[data-phase=empty]")
    assert edge.rows("SELECT disposition, redirect_to FROM crossing") == [("refused", "mong-cai")]


def test_a_picture_that_failed_its_gate_says_what_to_change_and_is_forgotten_with_a_good_one(page, gate):
    edge, url = gate
    at_lane(page, url)
    edge.present("QN 300009")
    edge.scan_face(NORMAL_C, unusable_because=(UnusableReason.QUALITY_GATE,), quality=GLASSES_AT_A_SMALL_ARRAY)
    page.wait_for_selector("#troubles")
    told = page.locator("#troubles").inner_text()
    assert "cần tháo kính" in told
    assert "bấm F2, đo tay bằng nhiệt kế" in told
    assert "ảnh đo" not in told, "the gate itself helps nobody"
    assert "độ phân giải" not in told, "what only advises stops nobody"
    assert violations(page) == []
    edge.scan_face(NORMAL_C)
    page.wait_for_selector("#verdict[data-tone=go]")
    assert page.locator("#troubles").count() == 0
    page.keyboard.press("Enter")
    page.wait_for_selector("#verdict[data-phase=empty]")


@demand("R008")
def test_whoever_lets_a_small_child_go_unmeasured_is_asked_how_old_it_is(page, gate):
    edge, url = gate
    at_lane(page, url)
    edge.present("QN 300010")
    page.wait_for_selector("#verdict[data-phase=awaiting_reading]")
    page.keyboard.press("F4")
    page.wait_for_selector("dialog[open]")
    age = page.get_by_label("Tuổi", exact=True)
    page.get_by_text("Trẻ nhỏ không đo được").click()
    assert age.is_visible()
    page.get_by_text("Lý do sức khỏe").click()
    assert not age.is_visible()
    page.get_by_text("Trẻ nhỏ không đo được").click()
    age.fill("1")
    assert violations(page) == []
    page.get_by_label("Ghi rõ lý do").fill("ngủ trên tay mẹ")
    page.get_by_role("button", name="Lưu").click()
    page.wait_for_selector("#verdict[data-tone=go]")
    assert "1 tuổi" in page.locator("#person").inner_text()
    page.keyboard.press("Enter")
    page.wait_for_selector("#verdict[data-phase=empty]")
    assert edge.rows("SELECT age_years FROM crossing WHERE exception_code = 'infant'") == [(1,)]


@demand("R075")
def test_who_was_where_is_asked_by_two_keys_and_a_no_goes_on(page, gate):
    edge, url = gate
    before = edge.gate.policy
    put_in_force(edge, MARKET)
    at_lane(page, url)
    edge.present("QN 300002")
    edge.scan_face(NORMAL_C)
    page.wait_for_selector("#verdict[data-tone=wait]")
    assert "Chợ Đông Hưng" in page.locator("#reasons").inner_text()
    page.keyboard.press("Enter")
    page.wait_for_selector("dialog[open]")
    assert violations(page) == []
    page.keyboard.press("0")
    page.keyboard.press("Enter")
    page.wait_for_selector("#verdict[data-tone=go]")
    page.keyboard.press("Enter")
    page.wait_for_selector("#verdict[data-phase=empty]")
    edge.gate.policy = before


@demand("R012")
def test_only_the_head_of_the_gate_sets_a_stop_aside_for_an_emergency_and_it_is_written_down(page, gate):
    edge, url = gate
    before = edge.gate.policy
    put_in_force(edge, STOPPED)
    at_lane(page, url, language="en")
    edge.present("QN 300003")
    edge.scan_face(NORMAL_C)
    page.wait_for_selector("#verdict[data-tone=stop]")
    page.keyboard.press("ArrowUp")
    page.wait_for_selector("dialog[open]")
    assert violations(page) == []
    page.locator("input[value=medical_emergency]").check()
    page.locator("textarea[name=reason]").fill("woman in labour")
    page.locator("dialog button[type=submit]").click()
    page.wait_for_selector("dialog .error-line:not(:empty)")
    assert "may not let pass" in page.locator("dialog .error-line").inner_text()
    page.locator("input[name=approver]").fill("truong")
    page.locator("input[name=password]").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_selector("#verdict[data-tone=go]")
    assert "medical emergency, decided by head" in page.locator("#reasons").inner_text()
    page.keyboard.press("Enter")
    page.wait_for_selector("#verdict[data-phase=empty]")
    overridden = edge.bodies()[-1]
    assert (overridden.type_name, overridden.role, overridden.approved_by) == (
        "verdict_overridden",
        "gate_head",
        "truong",
    )
    edge.gate.policy = before


@demand("R008")
def test_who_comes_with_an_expired_passport_is_measured_and_goes_back_by_keys_with_the_clause_in_sight(page, gate):
    edge, url = gate
    at_lane(page, url)
    expired = {"kind": "passport", "document_number": "E7654399", "nationality": "CHN", "expires_on": "2026-11-01"}
    edge.present(None, document=expired)
    edge.scan_face(NORMAL_C)
    page.wait_for_selector("#verdict[data-phase=verdict][data-tone=wait]")
    page.keyboard.press("F10")
    page.wait_for_selector("dialog[open]")
    assert "Thông tư 31/2023/TT-BCA" in page.locator("dialog .grounds").inner_text()
    assert violations(page) == []
    page.keyboard.type("Giao biên phòng")
    page.locator("dialog button[type=submit]").click()
    page.wait_for_selector("#verdict[data-phase=empty]")
    assert "Không cho qua" in page.locator("#saved").inner_text()
    assert edge.bodies()[-1].disposition.value == "refused"


@demand("R009")
def test_a_pass_that_was_at_the_other_lane_is_asked_about_and_goes_on_with_one_key(page, gate):
    edge, url = gate
    at_lane(page, url)
    there = msgspec.convert({"text": "QN 300009", "has_declaration": True}, PresentCommand)
    edge.gate.perform(lambda turn: present_person(turn, "lane-2", there), officer_ref="canbo").result(10)
    edge.clock.forward(seconds=12)
    edge.present("QN 300009")
    edge.scan_face(NORMAL_C)
    page.wait_for_selector("#verdict[data-phase=verdict][data-tone=wait]")
    assert "Giấy này vừa trình ở Làn 2 cách đây 12 giây" in page.locator("#reasons").inner_text()
    page.keyboard.press("Enter")
    page.wait_for_selector("#verdict[data-tone=go]")
    page.keyboard.press("Enter")
    page.wait_for_selector("#verdict[data-phase=empty]")
    assert edge.bodies()[-1].disposition.value == "cleared"
