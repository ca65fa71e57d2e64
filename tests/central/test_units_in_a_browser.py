"""A real centre in a real Chromium: edges are enrolled, confirmed and revoked, alarms cleared, express cases marked."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from central.actions.enrolling import Enrolling
from central.actions.express import ExpressLane
from central.actions.opening import open_centre
from central.actions.reception import Reception
from central.app import build_app
from central.settings import load_settings
from sync.agreement.vocabulary import Disposition
from tests.central.conftest import enrolled
from tests.central.edges import ask_as, express, renew
from tests.central.pushes import push
from tests.central.running import write_settings
from tests.central.test_enrolment import request_of
from tests.sync.exchange.journals import EdgeJournal, rechecked, screened
from tests.web.serving import served
from tests.web.stage import CHEAP, PASSWORD
from tests.web.test_screens_in_a_browser import open_page, violations
from web.sign_in import User

SHOTS = os.environ.get("KIEMDICH_SHOTS")


class Stage:
    """One centre with an edge that reports, and its address."""

    def __init__(self, centre, url: str) -> None:
        self.centre, self.url = centre, url
        key, clock = centre.keys.signing, centre.clock
        self.reception = Reception(centre.store, signing_key=key, clock=clock)
        self.lane = ExpressLane(centre.store, signing_key=key, clock=clock)
        self.journal = enrolled(EdgeJournal("mong-cai-1"), gate="mong-cai", store=centre.store, clock=clock)


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    settings = load_settings(write_settings(tmp_path, database_url=f"sqlite:///{tmp_path / 'c.db'}", port=0))
    centre = open_centre(settings)
    for username, role in (("quantri", "administrator"), ("cdc", "cdc"), ("chihuy", "command")):
        hashed = CHEAP.hash_password(PASSWORD, username=username)
        centre.store.accounts.put_user(User(username=username, name=username, role=role, password_hash=hashed))
    with served(build_app(centre)) as url:
        yield Stage(centre, url)


def shoot(page, name: str) -> None:
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_machine_is_added_confirmed_and_revoked_by_hand(page, stage, theme):
    open_page(page, stage.url, "/units", username="quantri", theme=theme)
    page.click("#new-code")
    page.fill("#field-edge_id", "mong-cai-3")
    page.select_option("#field-point_of_entry_id", "mong-cai")
    page.click("dialog button[type=submit]")
    code = page.locator("#code").inner_text()
    shoot(page, f"code-{theme}")
    answer = Enrolling(stage.centre).take(request_of(code, edge_id="mong-cai-3"))
    page.keyboard.press("Escape")

    row = page.locator("#units tr", has_text="mong-cai-3")
    row.get_by_role("button", name="Xác nhận").click()
    assert page.locator("dialog .fingerprint").inner_text() == answer.fingerprint
    page.fill("#field-fingerprint", "0000-0000-0000-0000")
    page.click("dialog button[type=submit]")
    page.locator("dialog .error-line", has_text="không khớp").wait_for()
    shoot(page, f"confirm-{theme}")
    page.fill("#field-fingerprint", answer.fingerprint)
    page.click("dialog button[type=submit]")
    page.locator("#saved", has_text="Đã nhận máy mong-cai-3").wait_for()
    assert stage.centre.store.edges.find("mong-cai-3").confirmed_at is not None

    row.get_by_role("button", name="Thu hồi").click()
    page.select_option("#field-reason", "lost")
    page.fill("#field-remark", "rơi xuống sông")
    page.click("dialog button[type=submit]")
    page.locator("#units tr", has_text="Máy bị mất: rơi xuống sông").wait_for()
    page.fill("#search", "mong-cai-3")
    assert page.locator("#units tr").count() == 1
    assert page.locator("#csv").get_attribute("href") == "/api/units.csv?q=mong-cai-3"
    assert stage.centre.store.edges.find("mong-cai-3").revoked_at is not None
    assert violations(page) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_an_alarm_says_what_to_do_and_is_cleared_with_name_and_reason(page, stage, theme):
    stage.journal.write(screened("c1"))
    push(stage.reception, stage.journal)
    ask_as(stage.reception, stage.journal, instance="1" * 32, start_number=4)
    ask_as(stage.reception, stage.journal, instance="2" * 32, start_number=4)
    renew(stage.reception, stage.journal, own_sequence=1, high_water=7)
    open_page(page, stage.url, "/units", username="quantri", theme=theme)
    page.locator("#alarms li").first.wait_for()
    shoot(page, f"alarms-{theme}")
    assert "mất 6 bản ghi: số 2 đến 7 của đời 1" in page.locator("#alarms").inner_text()

    page.locator("#alarms li", has_text="chung một danh tính").get_by_role("button").click()
    page.fill("#field-reason", "đã thu hồi máy thừa")
    page.click("dialog button[type=submit]")
    page.locator("#cleared").wait_for()
    page.click("#cleared summary")
    assert "quantri" in page.locator("#cleared-alarms").inner_text()
    shoot(page, f"cleared-{theme}")
    assert violations(page) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_command_sees_what_each_machine_owes(page, stage, theme):
    for number in range(5):
        stage.journal.write(screened(f"c{number}", temperature_c=36.5))
    ask_as(stage.reception, stage.journal)
    open_page(page, stage.url, "/command", username="chihuy", theme=theme)
    page.locator("#gates tr", has_text="CHỜ DỮ LIỆU: còn 5 bản ghi").wait_for()
    assert "mong-cai-1: đời 1, số 0 · chờ gửi 5" in page.locator("#gates").inner_text()
    shoot(page, f"owed-{theme}")
    assert violations(page) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_case_by_express_is_marked_until_the_ledger_has_it(page, stage, theme):
    stage.journal.write(screened("c1"))
    stage.journal.write(screened("fever-1", disposition=Disposition.PENDING))
    stage.journal.write(rechecked("fever-1", disposition=Disposition.REFERRED))
    open_page(page, stage.url, "/desk", username="cdc", theme=theme)
    express(stage.reception, stage.lane, stage.journal, 2, 3)
    page.locator("#queue li", has_text="báo nhanh").wait_for(timeout=5000)
    page.locator(".provisional").wait_for()
    shoot(page, f"express-{theme}")
    assert violations(page) == []

    push(stage.reception, stage.journal)
    page.locator(".provisional").wait_for(state="detached", timeout=5000)
    assert "báo nhanh" not in page.locator("#queue").inner_text()
