"""What an officer's eyes wait for: the page's first paint, and the verdict after the scanner has measured.

Ours: the real edge program, a face terminal that speaks its own protocol to a real broker, and the lane's page in
a real Chromium. A person is presented, the terminal sends its reading, and the page itself notes when the verdict
stands in it. The floor, in turns with ours in the same run and in the same browser: a bare page with a line of
text, a bare server that passes on what is posted to it as a server-sent event, and the same note of the page. Value
and floor are 95th percentiles in milliseconds from the sending of the reading to the frame that shows the verdict;
the context has the first contentful paint of the page on the officer's own way: a browser that never saw the product
opens the list of lanes, where sign-in leads, and the officer presses the lane's link. Beside it stand the paint of the
same page opened cold, as an address typed into an empty window (the browser then starts a process for it, for our
pages may not share one with a foreign page that opened them), and the same two of the bare page.
"""

import asyncio
import json
import random
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import uvicorn
from playwright.sync_api import Browser, Page, sync_playwright
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response, StreamingResponse
from starlette.routing import Route

from devices.simulator.face_terminal import FaceTerminal, Shown
from tests.benchmarks import BenchmarkResult
from tests.benchmarks.lane_commit import PASSWORD, EdgeClient, Program, percentile, tell
from tests.checkpoint.edges import LANE, ROOT, write_settings
from tests.services.brokers import make_nats_broker
from tests.services.chromium import chromium_program
from tests.services.processes import free_port, wait_until

PAGES, VERDICTS, WARM_UP = 25, 100, 10
_TERMINAL = "face-1"
_NOTE = """() => {
  window.kdShown = new Promise((shown, failed) => {
    setTimeout(() => failed(new Error('no verdict within ten seconds')), 10000);
    const seen = () => requestAnimationFrame(() => shown(performance.timeOrigin + performance.now()));
    const place = document.getElementById('verdict');
    const look = () => {
      if (place.dataset.phase !== 'verdict') return;
      watch.disconnect();
      seen();
    };
    const watch = new MutationObserver(look);
    watch.observe(place, { attributes: true });
    look();
  });
}"""
_PAINTED = """() => new Promise((told) => {
  const look = () => {
    const paint = performance.getEntriesByName('first-contentful-paint')[0];
    if (paint) told(paint.startTime); else setTimeout(look, 5);
  };
  look();
})"""


def run() -> BenchmarkResult:
    """Start broker, terminal, both servers and the browser; let ours and the floor take turns."""
    with tempfile.TemporaryDirectory(prefix="kiemdich-page-") as name, _an_edge(Path(name)) as (port, terminal):
        bare_port = free_port()
        with Program(["-m", "tests.benchmarks.lane_page", str(bare_port)], port=bare_port), _chromium() as browser:
            ours, bare = _Lane(browser, port=port, terminal=terminal), _Bare(browser, port=bare_port)
            return _result(_paints(browser, ours=ours, bare=bare), shown_ms=_take_turns(ours, bare))


def _paints(browser: Browser, *, ours: "_Lane", bare: "_Bare") -> dict[str, list[float]]:
    paint_ms: dict[str, list[float]] = {"ours": [], "bare": [], "ours cold": [], "bare cold": []}
    for _ in range(PAGES):
        for name, place, cookies in (("ours", ours, ours.cookies), ("bare", bare, [])):
            by_link_ms = _first_paint_ms(browser, place.address, cookies=cookies, begins_at=place.list_address)
            paint_ms[name].append(by_link_ms)
            paint_ms[f"{name} cold"].append(_first_paint_ms(browser, place.address, cookies=cookies))
    return paint_ms


def _take_turns(ours: "_Lane", bare: "_Bare") -> dict[str, list[float]]:
    shown_ms: dict[str, list[float]] = {"ours": [], "bare": []}
    for number in range(WARM_UP + VERDICTS):
        if number == WARM_UP:
            shown_ms = {"ours": [], "bare": []}
        shown_ms["ours"].append(ours.once())
        shown_ms["bare"].append(bare.once())
    return shown_ms


def _result(paint_ms: dict[str, list[float]], *, shown_ms: dict[str, list[float]]) -> BenchmarkResult:
    for what, times in (("first paint", paint_ms), ("verdict", shown_ms)):
        for name, times_ms in times.items():
            tell(f"{what} {name}: p50 {percentile(times_ms, 50):.1f} ms, p95 {percentile(times_ms, 95):.1f} ms")
    return BenchmarkResult(
        name="lane_page",
        value=round(percentile(shown_ms["ours"], 95), 1),
        unit="ms p95 from the reading to its verdict on the screen, less is better",
        floor="a bare page that shows what a bare server passes on as a server-sent event",
        floor_value=round(percentile(shown_ms["bare"], 95), 1),
        aim="verdict within 100 ms of the reading, first paint under 300 ms",
        context={
            "first_paint_p95_ms": round(percentile(paint_ms["ours"], 95), 1),
            "bare_first_paint_p95_ms": round(percentile(paint_ms["bare"], 95), 1),
            "cold_first_paint_p95_ms": round(percentile(paint_ms["ours cold"], 95), 1),
            "bare_cold_first_paint_p95_ms": round(percentile(paint_ms["bare cold"], 95), 1),
            "verdict_p50_ms": round(percentile(shown_ms["ours"], 50), 1),
        },
    )


@contextmanager
def _an_edge(folder: Path) -> Iterator[tuple[int, FaceTerminal]]:
    """A real edge whose lane has a face terminal on a real broker."""
    broker = make_nats_broker(folder)
    broker.start()
    port, url = free_port(), f"mqtt://{broker.host}:{broker.port}"
    settings = write_settings(folder, port=port)
    settings.write_text(settings.read_text(encoding="utf-8").replace("mqtt://127.0.0.1:9", url), encoding="utf-8")
    words = [sys.executable, "-m", "checkpoint", "add-officer", "--settings", str(settings)]
    words += ["--username", "canbo", "--name", "Cán bộ"]
    subprocess.run(words, input=PASSWORD + "\n", text=True, check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
    terminal = FaceTerminal(_TERMINAL, url, {"resend_s": 2.0, "heartbeat_s": 1.0})
    try:
        with Program(["-m", "checkpoint", "serve", "--settings", str(settings)], port=port):
            terminal.start()
            yield port, terminal
    finally:
        terminal.stop()
        broker.kill()


@contextmanager
def _chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium_program(), headless=True, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield browser
        browser.close()


def _first_paint_ms(browser: Browser, address: str, *, cookies: list, begins_at: str = "") -> float:
    """Open a page in a context of its own, whose cache is empty: cold, or by the link on the page that leads to it."""
    context = browser.new_context(locale="vi-VN", viewport={"width": 1920, "height": 1080})
    context.add_cookies(cookies)
    page = context.new_page()
    if begins_at:
        page.goto(begins_at)
        page.locator(f"a[href='{urlsplit(address).path}']").click()
        page.wait_for_url(address)
    else:
        page.goto(address)
    painted_ms: float = page.evaluate(_PAINTED)
    context.close()
    return painted_ms


def _shown_after_ms(page: Page, send: Callable[[], None]) -> float:
    page.evaluate(_NOTE)
    sent_ms = time.time() * 1000
    send()
    shown_ms: float = page.evaluate("() => window.kdShown")
    return shown_ms - sent_ms


class _Lane:
    """The lane's page, its officer, and the terminal before which people stand."""

    def __init__(self, browser: Browser, *, port: int, terminal: FaceTerminal) -> None:
        self._terminal = terminal
        self._officer = EdgeClient(port)
        home = f"http://127.0.0.1:{port}"
        self.address, self.list_address = f"{home}/lanes/{LANE}", f"{home}/lanes"
        name, _, token = self._officer.cookie.partition("=")
        self.cookies = [{"name": name, "value": token, "url": home}]
        context = browser.new_context(locale="vi-VN", viewport={"width": 1920, "height": 1080})
        context.add_cookies(self.cookies)
        self._page = context.new_page()
        self._page.goto(self.address)
        self._wait_for("empty")
        wait_until(terminal._client.is_connected, timeout_s=20, what="connection of the terminal")
        self._number, self._bodies = 0, random.Random(4)

    def once(self) -> float:
        """Present a person, let the terminal measure, and let them pass by the key that the officer presses."""
        self._number += 1
        self._wait_for_the_next_second()
        shown = {"text": f"QN {700_000 + self._number}", "has_declaration": True}
        self._officer.post(f"/api/lanes/{LANE}/present", shown)
        self._wait_for("awaiting_reading")
        took_ms = _shown_after_ms(self._page, lambda: self._terminal.show(Shown(skin_c=self._skin_c())))
        self._page.keyboard.press("Enter")
        self._wait_for("empty")
        return took_ms

    def _wait_for(self, phase: str) -> None:
        self._page.wait_for_selector(f"#verdict[data-phase={phase}]")

    def _skin_c(self) -> float:
        """Nobody is as warm as the one before: equal values would make the terminal suspicious."""
        return round(self._bodies.gauss(36.3, 0.25), 1)

    def _wait_for_the_next_second(self) -> None:
        """The terminal's clock has whole seconds: a reading of the second in which the last one left may be theirs."""
        self._page.wait_for_timeout(1000 - time.time() * 1000 % 1000 + 5)


class _Bare:
    """A page with one line, and somebody who posts to its server."""

    def __init__(self, browser: Browser, *, port: int) -> None:
        self.address = f"http://127.0.0.1:{port}/"
        self.list_address = f"{self.address}list"
        self._page = browser.new_page()
        self._page.goto(self.address)
        self._page.wait_for_selector("#verdict[data-phase=empty]")

    def once(self) -> float:
        took_ms = _shown_after_ms(self._page, lambda: self._say("verdict"))
        self._say("empty")
        self._page.wait_for_selector("#verdict[data-phase=empty]")
        return took_ms

    def _say(self, phase: str) -> None:
        content = json.dumps({"phase": phase}).encode()
        with urllib.request.urlopen(urllib.request.Request(self.address, content, method="POST"), timeout=10):
            pass


# --- the floor: a program of its own

_PAGE = """<!doctype html><title>-</title><p id="verdict">waiting</p><script>
const place = document.getElementById('verdict');
new EventSource('/events').onmessage = (event) => {
  const { phase } = JSON.parse(event.data);
  place.dataset.phase = place.textContent = phase;
};
</script>"""


def bare_app() -> Starlette:
    """Pass on what is posted, and nothing else."""
    listeners: list[asyncio.Queue[bytes]] = []

    async def page(_request: Request) -> Response:
        return HTMLResponse(_PAGE)

    async def links(_request: Request) -> Response:
        return HTMLResponse("<!doctype html><title>-</title><a href='/'>lane</a>")

    async def take(request: Request) -> Response:
        body = await request.body()
        for listener in listeners:
            listener.put_nowait(body)
        return Response(status_code=204)

    async def events(_request: Request) -> Response:
        mine: asyncio.Queue[bytes] = asyncio.Queue()
        listeners.append(mine)

        async def lines():
            yield b'data: {"phase": "empty"}\n\n'
            while True:
                yield b"data: " + await mine.get() + b"\n\n"

        return StreamingResponse(lines(), media_type="text/event-stream")

    routes = [Route("/", page), Route("/list", links), Route("/", take, methods=["POST"]), Route("/events", events)]
    return Starlette(routes=routes)


if __name__ == "__main__":
    uvicorn.run(bare_app(), port=int(sys.argv[1]), log_config=None, access_log=False)
