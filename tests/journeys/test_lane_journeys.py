"""At the lane of a real edge process with a real face terminal, in a real browser, by keys alone.

Directive 000, II.1: the temperature of everybody who crosses is taken, tourists, experts and the residents who cross
daily with a border pass; who has fever is isolated at once at the gate.
"""

import time
from collections.abc import Iterator
from contextlib import closing

import pytest
from playwright.sync_api import Page, expect

from devices.simulator.face_terminal import FaceTerminal, Shown
from tests.checkpoint.app.running import RunningEdge
from tests.checkpoint.edges import LANE, write_settings
from tests.demands import demand
from tests.services.brokers import make_nats_broker
from tests.services.processes import wait_until

pytestmark = [pytest.mark.journey, pytest.mark.timeout(300)]

TERMINAL = "face-1"
REGISTER = (
    "pass_number,full_name,date_of_birth,commune,expires_on\nQN 100123,Chìu A Múi,1984-03-02,Xã Hải Sơn,2027-06-01\n"
)
PATIENTLY_MS = 20_000


class Gate:
    """One edge, the terminal at its lane, and a page at it."""

    def __init__(self, edge: RunningEdge, *, terminal: FaceTerminal) -> None:
        self.edge, self._terminal = edge, terminal

    def at(self, page: Page, path: str = f"/lanes/{LANE}") -> Page:
        with closing(self.edge.sign_in().client) as officer:
            token = officer.cookies["kd"]
        page.context.add_cookies([{"name": "kd", "value": token, "url": self.edge.url}])
        page.goto(f"{self.edge.url}{path}")
        return page

    def crossings(self) -> int:
        """How many crossings the edge shows."""
        with closing(self.edge.sign_in().client) as officer:
            return len(officer.get("/api/crossings").json()["crossings"])

    def stand(self, *, skin_c: float) -> None:
        """Somebody stands before the terminal, and it measures.

        Its clock has whole seconds: a reading of the second in which the last one left may be theirs, and is nobody's.
        """
        wait_until(self._terminal._client.is_connected, timeout_s=20, what="connection of the terminal")
        time.sleep(1.005 - time.time() % 1)
        self._terminal.show(Shown(skin_c=skin_c))


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gate]:
    folder = tmp_path_factory.mktemp("gate")
    broker = make_nats_broker(folder)
    broker.start()
    url = f"mqtt://{broker.host}:{broker.port}"
    edge = RunningEdge(folder)
    written = write_settings(folder, port=edge.port)
    written.write_text(written.read_text(encoding="utf-8").replace("mqtt://127.0.0.1:9", url), encoding="utf-8")
    edge.add_officer()
    (folder / "register.csv").write_text(REGISTER, encoding="utf-8")
    assert edge.command("import-holders", "--csv", str(folder / "register.csv")).returncode == 0
    terminal = FaceTerminal(TERMINAL, url, {"resend_s": 1.0, "heartbeat_s": 1.0})
    terminal.start()
    edge.process.start()
    yield Gate(edge, terminal=terminal)
    terminal.stop()
    edge.process.stop()
    broker.kill()


def scanned(lane: Page, text: str) -> None:
    """What a barcode reader types: the number and Enter."""
    lane.keyboard.type(text)
    lane.keyboard.press("Enter")


def phase(lane: Page, wanted: str) -> None:
    expect(lane.locator("#verdict")).to_have_attribute("data-phase", wanted, timeout=PATIENTLY_MS)


@demand("R009")
def test_directive_000_ii_1_a_resident_who_crosses_daily_is_known_measured_and_cleared_with_one_scan_and_one_key(
    gate: Gate, new_page
) -> None:
    lane = gate.at(new_page())
    for crossing in (1, 2):
        phase(lane, "empty")
        scanned(lane, "QN 100123")
        expect(lane.locator("#name")).to_have_text("Chìu A Múi", timeout=PATIENTLY_MS)
        gate.stand(skin_c=36.4)
        expect(lane.locator("#word")).to_have_text("QUA", timeout=PATIENTLY_MS)
        lane.keyboard.press("Enter")
        phase(lane, "empty")
        expect(lane.locator("#saved")).to_contain_text("Đã lưu")
        assert gate.crossings() == crossing


def do_next(room: Page, *ticked: str, **filled: str) -> None:
    """Take the next step of the only person: by the key of the place, or by its button where there is no place."""
    told = room.locator("#told").inner_text()
    if room.locator("#places > li[data-crossing]").count():
        room.keyboard.press("1")
    else:
        room.locator("[data-hold$='/next']").press("Enter")
    expect(room.locator("dialog[open]")).to_be_visible()
    for choice in ticked:
        room.check(f"dialog[open] input[value={choice}]")
    for name, content in filled.items():
        room.fill(f"dialog[open] [name={name}]", content)
    room.locator("dialog[open] button[type=submit]").press("Enter")
    expect(room.locator("dialog[open] .error-line:not(:empty)")).to_have_count(0)
    expect(room.locator("dialog[open]")).to_have_count(0)
    expect(room.locator("#told")).not_to_have_text(told, timeout=PATIENTLY_MS)


@demand("R019", "R021", "R023")
def test_directive_000_ii_7_a_fever_is_measured_again_isolated_at_the_gate_and_handed_over_to_its_escort(
    gate: Gate, new_page
) -> None:
    lane, room = gate.at(new_page()), gate.at(new_page(), "/isolation")
    phase(lane, "empty")
    scanned(lane, "QN 200777")
    phase(lane, "awaiting_reading")
    gate.stand(skin_c=38.6)
    expect(lane.locator("#word")).to_have_text("ĐO LẠI", timeout=PATIENTLY_MS)
    lane.keyboard.press("Enter")
    lane.keyboard.type("38,9")
    lane.keyboard.press("Enter")
    phase(lane, "empty")
    expect(room.locator("#places > li[data-crossing]")).to_have_count(1, timeout=PATIENTLY_MS)
    do_next(room)  # the examination begins
    do_next(room, "group_a_suspected", "fever", "cough", "isolation_or_referral", words="Sốt, ho; từ vùng dịch")
    do_next(room, proposer="BS. Lê Thị Mơ", list_number="07/DS")
    do_next(room, order_number="12/QĐ-CK", signer="Trần Văn Gác")
    do_next(room, words="Đã báo người bị cách ly")
    do_next(room, destination="TTYT Móng Cái", escort_names="Vũ Văn Hộ", vehicle_plate="14A-000.01")
    expect(room.locator("#transit")).to_contain_text("TTYT Móng Cái", timeout=PATIENTLY_MS)
    do_next(room, confirmed_by="BS. Đỗ Nhận")
    expect(room.locator("#transit > li[data-crossing]")).to_have_count(0, timeout=PATIENTLY_MS)
    expect(room.locator("#places > li[data-crossing]")).to_have_count(0)


def test_directive_000_ii_15_a_station_killed_in_the_middle_of_a_traveller_goes_on_with_that_traveller(
    gate: Gate, new_page
) -> None:
    lane = gate.at(new_page())
    phase(lane, "empty")
    scanned(lane, "QN 300888")
    phase(lane, "awaiting_reading")
    gate.stand(skin_c=36.5)
    expect(lane.locator("#word")).to_have_text("QUA", timeout=PATIENTLY_MS)
    before = gate.crossings()
    lane.close()  # the workstation is gone
    gate.edge.process.kill()  # and so is the edge
    gate.edge.process.start()

    again = gate.at(new_page())
    expect(again.locator("#word")).to_have_text("QUA", timeout=PATIENTLY_MS)
    expect(again.locator("#person")).to_contain_text("0888")
    again.keyboard.press("Enter")
    phase(again, "empty")
    assert gate.crossings() == before + 1
