"""A real Chromium for tests, driven by Playwright's synchronous interface.

The system's browser is used (``KIEMDICH_CHROMIUM``, else chromium, chromium-browser or google-chrome on
the PATH); Playwright's own downloads are not relied on::

    def test_something(page):                   # a fresh context: vi-VN, Asia/Ho_Chi_Minh, 1440x900
        page.goto(url)

    def test_two_people(new_page):              # several signed-in people at once
        officer, reviewer = new_page(), new_page()

A page that asks any host but loopback fails its test: the screens make no third-party request. On
failure the trace is kept under .cache/traces (``playwright show-trace FILE``). The marks ``services``
and ``browser`` are set by themselves.
"""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.services.processes import absent

TRACES = Path(__file__).resolve().parents[2] / ".cache/traces"
NAMES = ("chromium", "chromium-browser", "google-chrome")


def chromium_program() -> str:
    """Find the browser; skips (or fails, under ./check) where there is none."""
    program = os.environ.get("KIEMDICH_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        absent("no Chromium (apt-get install chromium, or set KIEMDICH_CHROMIUM)")
    return str(program)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One headless browser for the test process."""
    program = chromium_program()
    # Chromium's sandbox refuses to work for root; only our own pages are opened here.
    flags = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program, headless=True, args=[*flags, "--disable-dev-shm-usage"]
        )
        yield browser
        browser.close()


@pytest.fixture
def new_page(chromium: Browser, request: pytest.FixtureRequest) -> Iterator[Callable[[], Page]]:
    """A function that opens a page in a fresh context: no cookie is shared between two calls."""
    contexts, strangers = [], []

    def note_stranger(url: str) -> None:
        if not re.match(r"(https?|wss?)://(127\.0\.0\.1|localhost)[:/]|data:|blob:|about:", url):
            strangers.append(url)

    def open_page() -> Page:
        context = chromium.new_context(
            locale="vi-VN",
            timezone_id="Asia/Ho_Chi_Minh",
            viewport={"width": 1440, "height": 900},
            accept_downloads=True,
        )
        context.tracing.start(screenshots=True, snapshots=True)
        context.on("request", lambda asked: note_stranger(asked.url))
        contexts.append(context)
        return context.new_page()

    yield open_page
    has_failed = getattr(request.node, "has_failed", False)
    for number, context in enumerate(contexts):
        trace = TRACES / f"{re.sub(r'[^A-Za-z0-9]+', '-', request.node.nodeid)}-{number}.zip"
        context.tracing.stop(path=trace if has_failed else None)
        context.close()
    assert not strangers, f"the page asked other hosts: {strangers}"


@pytest.fixture
def page(new_page: Callable[[], Page]) -> Page:
    """One page in a fresh context."""
    return new_page()
