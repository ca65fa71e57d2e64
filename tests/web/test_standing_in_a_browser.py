"""A real edge in a real Chromium: how old its policy is, how full its disk is, what the CDC decided, who was erased."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import msgspec
import pytest

from checkpoint.actions.deciding import measure_person
from checkpoint.actions.paper_lines import print_sheets, void_line
from checkpoint.actions.rechecking import recheck_person
from checkpoint.actions.view import UplinkView
from checkpoint.app import create_app
from checkpoint.shifts.sheets import mark_of
from checkpoint.workers import Workers
from sync.agreement.vocabulary import CaseClass
from tests.checkpoint.actions.test_mirroring import with_centre
from tests.checkpoint.centres import HandCentre, order_text
from tests.checkpoint.edges import LANE, Edge
from tests.checkpoint.store.test_disk import MIB, HandDisk
from tests.web.serving import served
from tests.web.stage import CHEAP, PASSWORD, labels
from tests.web.test_screens_in_a_browser import open_page, violations
from web.sign_in import User


class Stage:
    """One edge, its centre by hand, and its address."""

    def __init__(self, edge: Edge, url: str) -> None:
        self.edge, self.url = edge, url
        self.centre = HandCentre()

    def tell(self) -> None:
        self.centre.tell(self.edge.gate, at=self.edge.clock.now)

    def heard(self, *, hours_ago: int) -> None:
        """Let the centre's last answer be long ago; moving the clock would end the officer's session."""
        gate = self.edge.gate
        head = msgspec.structs.replace(gate.mirror.head, answered_at=self.edge.clock.now - timedelta(hours=hours_ago))
        gate.mirror = msgspec.structs.replace(gate.mirror, head=head)

    def use_disk(self, *, free_bytes: int) -> None:
        self.edge.gate.disk._usage = HandDisk(free_bytes=free_bytes)


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    edge = Edge(tmp_path)
    with_centre(edge)
    hashed = CHEAP.hash_password(PASSWORD, username="canbo")
    edge.gate.store.accounts.put_officer(
        User(username="canbo", name="Cán bộ trực", role="officer", password_hash=hashed)
    )
    app = create_app(edge.gate, workers=Workers(edge.gate), labels=labels(), passwords=CHEAP)
    with served(app) as url:
        yield Stage(edge, url)
    edge.close()


def lamp(page, name: str) -> tuple[str, str]:
    return page.locator(f"#{name}").get_attribute("data-lamp"), page.locator(f"#{name}").inner_text()


def at_lane(page, stage: Stage, **look):
    open_page(page, stage.url, f"/lanes/{LANE}", username="canbo", **look)
    page.wait_for_selector("#verdict[data-phase]")
    return page


@pytest.mark.parametrize(
    ("reason", "said", "to_do"),
    [
        ("revoked_edge", "does not accept this machine", "enrol this machine again"),
        ("forged_receipt", "not the centre that this machine knows", "the centre's fingerprint"),
        ("frozen_incarnation", "Two machines use this machine's identity", "must be revoked"),
    ],
)
def test_what_the_centre_told_of_this_machine_stands_at_the_lane_and_what_to_do_on_the_page_of_devices(
    page, stage, monkeypatch, reason, said, to_do
):
    told = UplinkView(state="halted", reason=reason, pending=3, finding="fork")
    monkeypatch.setattr(Workers, "uplink_view", lambda _workers: told)
    at_lane(page, stage, language="en")
    tone, words = lamp(page, "uplink")
    assert tone == "stop"
    assert said in words
    assert "3" in words
    hashed = CHEAP.hash_password(PASSWORD, username="quantri")
    stage.edge.gate.store.accounts.put_officer(
        User(username="quantri", name="Quản trị", role="administrator", password_hash=hashed)
    )
    open_page(page, stage.url, "/devices", username="quantri", language="en")
    page.wait_for_function("() => document.querySelector('#uplink-reason').innerText.length > 40")
    shown = page.locator("#uplink-reason").inner_text()
    assert said in shown
    assert to_do in shown
    assert "Two different records carry one number" in shown


def test_the_lane_says_how_old_its_policy_is_and_when_that_is_too_old(page, stage):
    at_lane(page, stage)
    assert lamp(page, "policy") == ("wait", "Chưa nhận chính sách của tỉnh")
    stage.tell()
    page.wait_for_selector("#policy[data-lamp=go]")
    assert lamp(page, "policy") == ("go", "Chính sách: 0 phút trước")
    stage.heard(hours_ago=25)
    page.wait_for_selector("#policy[data-lamp=wait]")
    assert lamp(page, "policy") == ("wait", "Chính sách: 25 giờ trước")
    stage.heard(hours_ago=75)
    page.wait_for_selector("#policy[data-lamp=stop]")
    assert lamp(page, "policy") == ("stop", "Chính sách: 3 ngày trước")
    assert violations(page) == []


def test_a_policy_that_could_not_be_put_in_force_is_said_at_the_lane(page, stage):
    stage.centre.issue("no policy at all", at=stage.edge.clock.now)
    stage.centre.issue(order_text("order-z"), policy_id="order-z", at=stage.edge.clock.now)
    stage.tell()
    at_lane(page, stage, language="en")
    assert lamp(page, "policy") == ("stop", "Policy: 0 min ago · 1 not in force")


def print_sheets_with_two_numbers_used(edge):
    def act(command, **fields):
        body = msgspec.convert(fields, command.__annotations__["command"])
        edge.gate.perform(lambda turn: command(turn, body), officer_ref="canbo").result(10)

    act(print_sheets, block_id=str(uuid4()), sheets=1)
    for number in (1, 2):
        act(void_line, number=number, mark=mark_of(number, edge_id=edge.gate.identity.edge_id), reason="spoilt")


def test_a_disk_that_fills_up_warns_and_a_full_one_names_the_paper_sheet(page, stage):
    stage.use_disk(free_bytes=500 * MIB)
    at_lane(page, stage)
    assert page.locator("#disk").is_hidden()
    stage.use_disk(free_bytes=150 * MIB)
    page.wait_for_selector("#disk[data-lamp=wait]")
    assert lamp(page, "disk") == ("wait", "Ổ đĩa còn 15 %")
    stage.use_disk(free_bytes=30 * MIB)
    page.wait_for_selector("#disk[data-lamp=stop]")
    assert lamp(page, "disk") == ("stop", "Ổ đĩa sắp đầy: còn 3 %")
    assert page.locator("#paper").is_hidden()

    stage.use_disk(free_bytes=0)
    stage.edge.gate.disk.refuse()
    page.wait_for_selector("#paper:not([hidden])")
    assert lamp(page, "disk") == ("stop", "Ổ đĩa đầy · không lưu được")
    assert "Không còn phiếu giấy in số sẵn" in page.locator("#paper").inner_text()
    print_sheets_with_two_numbers_used(stage.edge)
    stage.edge.gate.wake(LANE)
    page.wait_for_function(
        "() => document.querySelector('#paper').textContent.includes('từ phiếu số 3;')", timeout=15_000
    )
    assert violations(page) == []


def test_the_head_stays_in_the_window_with_every_lamp_lit(page, stage):
    stage.tell()
    stage.heard(hours_ago=25)
    stage.use_disk(free_bytes=90 * MIB)
    at_lane(page, stage)
    page.wait_for_selector("#disk[data-lamp=wait]")
    for width, height in ((1366, 768), (1920, 1080), (800, 1280)):
        page.set_viewport_size({"width": width, "height": height})
        for name in ("policy", "disk", "uplink"):
            box = page.locator(f"#{name}").bounding_box()
            assert box is not None
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= width
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_isolation_room_shows_what_the_cdc_decided_and_hides_who_was_erased(page, stage):
    edge = stage.edge
    crossings = []
    for number in ("QN 100123", "QN 100124"):
        edge.present(number)
        edge.do(measure_person, temperature_c=38.4, device_kind="infrared_thermometer", site="forehead")
        crossings.append(edge.draft_id)
        edge.do(recheck_person, crossing_id=edge.draft_id, temperature_c=38.8, site="axillary")
    stage.centre.review(crossings[0], case_class=CaseClass.PROBABLE, note="chờ xét nghiệm", at=edge.clock.now)
    stage.centre.erase(crossings[1], at=edge.clock.now)
    stage.tell()
    open_page(page, stage.url, "/isolation", username="canbo")
    page.wait_for_selector("#places .decision")
    cards = page.locator("#places > li")
    assert "CDC kết luận: Ca có thể" in cards.nth(0).inner_text()
    assert "chờ xét nghiệm" in cards.nth(0).inner_text()
    assert "Đã xóa thông tin cá nhân" in cards.nth(1).inner_text()
    assert violations(page) == []
