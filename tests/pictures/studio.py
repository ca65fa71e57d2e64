"""The played demonstration, and the browser that looks at it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from playwright.sync_api import Browser, Page

from deploy.demo import officer, shift
from deploy.demo.layout import Site
from deploy.demo.simulators import SimulatorControl
from deploy.demo.site import HOLDER_COUNT, local_today, run_command
from tests.pictures.indexed import with_few_colours

SCREENS = Path(__file__).resolve().parents[2] / "docs" / "screens"
SEED = 7
PEOPLE_OF = {shift.Fate.CLEARED: 5, shift.Fate.ISOLATED: 2}
BADGE, PIN = "CB2041", "804173"
WIDE, TABLET, PHONE, SIGN = (1920, 1080), (1280, 800), (390, 844), (800, 480)
SETTLES_MS = 700


@dataclass(kw_only=True)
class Studio:
    """One played demonstration and the browser that looks at it."""

    site: Site
    browser: Browser
    wanted: frozenset[str]
    announce: Callable[[str], None]
    written: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Open the way to what the scanners see."""
        self.scanners = SimulatorControl(self.site.control_socket("mong-cai"))

    def page(self, size: tuple[int, int]) -> Page:
        """A window of that size with nobody signed in."""
        context = self.browser.new_context(
            locale="vi-VN", timezone_id="Asia/Ho_Chi_Minh", viewport={"width": size[0], "height": size[1]}
        )
        page = context.new_page()
        page.set_default_timeout(20_000)
        return page

    def signed_in(
        self,
        path: str,
        *,
        role: str,
        at: str = "mong-cai",
        size: tuple[int, int] = WIDE,
        theme: str = "light",
        language: str = "vi",
    ) -> Page:
        """A page as somebody of that role sees it, by daylight if nothing else is said."""
        page = self.page(size)
        url = self.site.url(at)
        with self.client(role, at=at) as client:
            cookies = {**client.cookies, "kd-theme": theme, "kd-language": language}
        page.context.add_cookies([{"name": name, "value": text, "url": url} for name, text in cookies.items()])
        page.goto(url + path)
        return page

    def client(self, role: str, *, at: str = "mong-cai") -> closing[httpx.Client]:
        """A session over HTTP, as the pages have it."""
        return closing(officer.sign_in(self.site.url(at), self.site.account(role)))

    def shoot(self, page: Page, name: str, *, settles_ms: int = SETTLES_MS) -> None:
        """Take the picture if it is wanted, with few colours, so that it is small."""
        if self.wanted and name not in self.wanted:
            return
        page.evaluate("document.fonts.ready.then(() => true)")
        page.wait_for_timeout(settles_ms)
        path = SCREENS / f"{name}.png"
        path.write_bytes(with_few_colours(page.screenshot(scale="css")))
        self.written.append(name)
        self.announce(f"{name}: {path.stat().st_size // 1000} kB")


def played(site: Site) -> None:
    """Let a short scripted shift go by at all lanes, so that the screens have something to show."""
    today = local_today()
    register = shift.holders(count=HOLDER_COUNT, today=today)
    script = shift.write_script(seed=SEED, count=400, register=register, today=today)
    with ThreadPoolExecutor(len(shift.LANES)) as lanes:
        list(lanes.map(lambda lane: _work(site, lane, [one for one in script if one.lane == lane]), shift.LANES))
    words = ("--username", site.account("officer").username, "--badge", BADGE)
    run_command("checkpoint", "give-badge", *words, settings=site.edge_settings("mong-cai"), standard_input=f"{PIN}\n")


def _work(site: Site, lane: shift.Lane, script: list[shift.Traveller]) -> None:
    """Clear the lane's first people of each fate, at a pace that a busy machine can follow."""
    one = officer.Officer(
        lane=lane,
        account=site.account("officer"),
        base_url=site.url(lane.gate_id),
        control=SimulatorControl(site.control_socket(lane.gate_id)),
        is_fast=False,
    )
    by_fate = ((fate, [each for each in script if each.fate is fate]) for fate in shift.Fate)
    try:
        one.work([each for fate, some in by_fate for each in some[: PEOPLE_OF.get(fate, 1)]])
    finally:
        one.leave()
