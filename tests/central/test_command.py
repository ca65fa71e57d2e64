"""What command sees: today per gate, as of when, and which gates are silent. Never a row."""

from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal

from central.actions.opening import open_centre
from central.actions.reception import Reception
from central.app import build_app
from central.settings import load_settings
from sync.agreement.vocabulary import Direction, Disposition
from tests.central.pushes import ask, push
from tests.central.running import write_settings
from tests.demands import demand
from tests.sync.exchange.journals import MORNING, isolated, rechecked, screened
from web.passwords import Passwords
from web.sign_in import User


class HandClock:
    def __init__(self) -> None:
        self.now = MORNING

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock():
    return HandClock()


@pytest.fixture
def centre(database_url: str, tmp_path: Path, clock):
    opened = open_centre(load_settings(write_settings(tmp_path, database_url=database_url, port=0)), clock=clock)
    yield opened
    opened.store.close()


@pytest.fixture
def store(centre):
    return centre.store


@pytest.fixture
def reception(centre, clock):
    return Reception(centre.store, signing_key=centre.keys.signing, clock=clock)


@pytest.fixture
def command(centre):
    hashed = Passwords().hash_password("mật-khẩu-dài-9", username="chihuy")
    centre.store.accounts.put_user(User(username="chihuy", name="Chỉ huy", role="command", password_hash=hashed))
    with start_blocking_portal() as portal:
        browser = Browser(centre, portal=portal)
        answer = browser.post("/sign-in", json={"username": "chihuy", "password": "mật-khẩu-dài-9"})
        assert answer.status_code == 204, answer.text
        yield browser
        portal.call(browser.client.aclose)


class Browser:
    """The whole service without a socket, spoken to from a test that does not await."""

    def __init__(self, centre, *, portal: BlockingPortal) -> None:
        transport = httpx.ASGITransport(app=build_app(centre))
        self.client = httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1")
        self._portal = portal

    def get(self, path):
        return self._portal.call(self.client.get, path)

    def post(self, path, **content):
        return self._portal.call(lambda: self.client.post(path, **content))


def gate_of(command, name):
    figures = command.get("/api/command/figures").json()
    return next(gate for gate in figures["gates"] if gate["point_of_entry_id"] == name)


@demand("R001")
def test_command_sees_today_per_gate_and_which_gate_has_fallen_silent(
    command, reception, journal, other_journal, clock
):
    journal.write(screened("c1", temperature_c=36.4))
    journal.write(screened("c2", disposition=Disposition.PENDING))
    journal.write(rechecked("c2", disposition=Disposition.PENDING))
    journal.write(isolated("c2"))
    journal.write(screened("c3", direction=Direction.EXIT, temperature_c=36.2))
    push(reception, journal)
    heard_at = clock.now

    mong_cai = gate_of(command, "mong-cai")
    assert (mong_cai["entry"], mong_cai["exit"]) == (2, 1)
    wanted = ("crossings", "measured", "confirmed", "isolated", "referred")
    assert [mong_cai["figures"][name] for name in wanted] == [3, 3, 1, 1, 0]
    assert not mong_cai["is_silent"]
    assert gate_of(command, "hoanh-mo")["figures"] is None
    assert gate_of(command, "hoanh-mo")["is_silent"]

    clock.now += timedelta(minutes=14)
    ask(reception, other_journal)
    assert not gate_of(command, "mong-cai")["is_silent"]
    clock.now += timedelta(minutes=2)
    silent = gate_of(command, "mong-cai")
    assert silent["is_silent"]
    assert (
        datetime.fromisoformat(silent["last_received_at"]) == heard_at == datetime.fromisoformat(silent["silent_since"])
    )
    assert silent["figures"]["crossings"] == 3
    assert gate_of(command, "hoanh-mo")["figures"]["crossings"] == 0


def test_command_reaches_no_person_and_no_row(command, reception, journal):
    journal.write(screened("c1", disposition=Disposition.PENDING))
    push(reception, journal)
    token = command.get("/api/session").json()["csrf_token"]
    assert command.get("/api/desk").status_code == 403
    assert command.get("/api/desk/c1").status_code == 403
    for action, body in (("review", {"case_class": "confirmed"}), ("identity", {"reason": "tò mò"})):
        answer = command.post(f"/api/desk/c1/{action}", json=body, headers={"X-CSRF-Token": token})
        assert answer.status_code == 403
    assert "c1" not in command.get("/api/command/figures").text
    assert command.post("/api/reports/2026-11-21/freeze", headers={"X-CSRF-Token": token}).status_code == 403
