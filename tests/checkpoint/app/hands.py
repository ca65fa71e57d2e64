"""A handheld in a real Chromium and the officer who holds it, at an edge of its own: what two files of tests share."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import BrowserContext, Page

from checkpoint.settings import load_settings
from tests.checkpoint.app.running import PASSWORD, RunningEdge
from tests.checkpoint.app.wifi import Wifi
from tests.checkpoint.edges import opened
from tests.services.chromium import chromium_program
from tests.web.stage import CHEAP
from web.sign_in import User

PIN = "804173"
PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningEdge]:
    one = RunningEdge(tmp_path_factory.mktemp("edge"))
    put_officer(one)
    one.process.start()
    yield one
    one.process.stop()


def put_officer(edge: RunningEdge) -> None:
    """Make the edge's database with one account in it, whose password is cheap to check."""
    gate = opened(load_settings(edge.settings), clock=lambda: datetime.now(UTC))
    hashed = CHEAP.hash_password(PASSWORD, username="canbo")
    gate.store.accounts.put_officer(User(username="canbo", name="Phạm Thu Hà", role="officer", password_hash=hashed))
    gate.store.close()


@pytest.fixture(scope="module")
def wifi(edge: RunningEdge) -> Iterator[Wifi]:
    one = Wifi(edge_port=edge.port)
    yield one
    one.close()


@pytest.fixture(scope="module")
def station(edge: RunningEdge) -> Iterator[httpx.Client]:
    client = edge.sign_in().client
    yield client
    client.close()


@pytest.fixture
def phone(chromium, wifi, tmp_path) -> Iterator[BrowserContext]:
    """A device with a browser profile of its own on its disk."""
    wifi.on()
    context = open_phone(chromium, tmp_path)
    yield context
    context.close()


def open_phone(chromium, folder, *, camera: Path | None = None) -> BrowserContext:
    """Open a device; ``camera`` is a file that its camera shows for ever."""
    fake = ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]
    eye = [] if camera is None else [*fake, f"--use-file-for-fake-video-capture={camera}"]
    return chromium.browser_type.launch_persistent_context(
        folder / "profile",
        executable_path=chromium_program(),
        headless=True,
        args=["--no-sandbox", "--disable-dev-shm-usage", *eye],
        viewport=PHONE,
        has_touch=True,
        locale="vi-VN",
        timezone_id="Asia/Ho_Chi_Minh",
    )


class Hand:
    """An officer with a handheld."""

    def __init__(self, page: Page, wifi: Wifi) -> None:
        self.page, self.wifi = page, wifi
        page.set_default_timeout(10_000)

    def open(self) -> "Hand":
        self.page.goto(f"{self.wifi.url}/handheld/")
        self.page.wait_for_selector("body[data-ready]")
        return self

    def sign_in(self) -> "Hand":
        self.page.fill("#username", "canbo")
        self.page.fill("#password", PASSWORD)
        self.page.keyboard.press("Enter")
        return self

    def enrol(self, station: httpx.Client) -> "Hand":
        self.page.goto(f"{self.wifi.url}/sign-in?next=/handheld/")
        self.sign_in()
        self.page.wait_for_selector("body[data-part=enrol][data-ready]")
        code = station.post("/api/handhelds/codes", json={"label": "Máy 3"}).json()["code"]
        self.page.fill("#code", code)
        self.page.click("#enrol-form [type=submit]")
        self.page.wait_for_selector("body[data-part=take-up]")
        return self

    def take_up(self) -> "Hand":
        self.page.wait_for_function("() => document.querySelector('#lane').options.length > 0")
        self.page.fill("#new-pin", PIN)
        self.page.fill("#again-pin", PIN)
        self.page.click("#take-up-form [type=submit]")
        self.page.wait_for_selector("body[data-part=work]")
        self.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        self.page.wait_for_function("() => navigator.serviceWorker.controller !== null")
        return self

    def unlock(self) -> None:
        self.page.wait_for_selector("body[data-part=locked]")
        self.page.fill("#pin", PIN)
        self.page.click("#unlock-form [type=submit]")
        self.page.wait_for_selector("body[data-part=work]")

    def screen(self, number: str, temperature: str, *, waiting: int | None = None) -> None:
        self.page.fill("#document", number)
        self.page.fill("#temperature", temperature)
        self.page.check("#declared")
        self.page.click("#keep")
        if waiting is not None:
            self.waits(waiting)

    def waits(self, count: int) -> None:
        self.page.wait_for_function(
            "count => document.querySelector('#queue-line').textContent.includes(`chờ ${count}`)", arg=count, polling=50
        )

    def is_saved(self) -> None:
        self.page.wait_for_function(
            "() => document.querySelector('#queue-line').textContent.startsWith('Đã lưu')", timeout=25_000, polling=50
        )

    def wake(self) -> None:
        """The device notices that it has a network again."""
        self.page.evaluate("window.dispatchEvent(new Event('online'))")

    def words(self, selector: str) -> str:
        return self.page.locator(selector).inner_text()

    def kept(self) -> list[dict]:
        return self.page.evaluate(
            """async () => {
              const database = await new Promise((done) => {
                const asked = indexedDB.open('kiemdich-handheld');
                asked.onsuccess = () => done(asked.result);
              });
              const read = (name) => new Promise((done) => {
                const asked = database.transaction(name).objectStore(name).getAll();
                asked.onsuccess = () => done(asked.result);
              });
              const all = {};
              for (const name of database.objectStoreNames) all[name] = (await read(name)).length;
              return all;
            }"""
        )


@pytest.fixture
def hand(phone, wifi, station) -> Hand:
    return Hand(phone.new_page(), wifi).enrol(station).take_up()


def crossings(station: httpx.Client, numbers: set[str]) -> list[dict]:
    """Every crossing of these people, as often as it was written."""
    rows = station.get("/api/crossings", params={"limit": 200}).json()["crossings"]
    return [row for row in rows if any(row["document_number_masked"].endswith(number[-4:]) for number in numbers)]
