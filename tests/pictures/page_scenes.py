"""The pages that stand still: one picture each, and the lane by night and in the other languages.

``PICTURE_OF_PAGE`` names the picture of every page that is served; a test asks the routers for the pages.
"""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.pictures.scenes import (
    HAS_GONE_MS,
    LANE,
    LOOKS_S,
    NORMAL_C,
    PHASE,
    RAISED_C,
    SCANNER,
    SCENES,
    at_lane,
    discard,
    paired_sign,
    pass_number,
    type_number,
)
from tests.pictures.studio import TABLET, WIDE, Studio

PICTURE_OF_PAGE = {
    "/board": "board",
    "/command": "command",
    "/coverage": "coverage",
    "/crossings": "crossings",
    "/declare": "declaration",
    "/desk": "desk",
    "/desk/{crossing_id}": "desk",
    "/desk/{crossing_id}/contacts": "contacts",
    "/devices": "devices",
    "/display": "display",
    "/drill": "drill",
    "/experts": "experts",
    "/groups": "groups",
    "/handheld/": "handheld",
    "/handhelds": "handhelds",
    "/isolation": "isolation",
    "/isolation/veiled": "isolation-veiled",
    "/lanes": "lanes",
    "/lanes/{lane_id}": "lane-ready",
    "/lanes/{lane_id}/declaration": "declaration-officer",
    "/post": "post",
    "/register": "register",
    "/reports": "reports",
    "/reports/{day}/figures": "figures",
    "/shift": "shift",
    "/sign-in": "sign-in",
    "/units": "units",
    "/watch": "watch",
}


def lanes(studio: Studio) -> None:
    """Which lane to work at."""
    page = studio.signed_in("/lanes", role="officer")
    page.locator("main li a").first.wait_for()
    studio.shoot(page, "lanes")


def devices(studio: Studio) -> None:
    """The gate's devices, their condition and their papers."""
    page = studio.signed_in("/devices", role="gate_head")
    page.locator("#devices th").first.wait_for()
    studio.shoot(page, "devices", settles_ms=1500)


def watch(studio: Studio) -> None:
    """Thresholds and drift."""
    page = studio.signed_in("/watch", role="gate_head")
    page.wait_for_selector("main")
    studio.shoot(page, "watch", settles_ms=2000)


def handhelds(studio: Studio) -> None:
    """The gate's handhelds, and the code that adds one."""
    page = studio.signed_in("/handhelds", role="gate_head")
    page.wait_for_selector("main form")
    studio.shoot(page, "handhelds", settles_ms=1500)


def experts(studio: Studio) -> None:
    """Experts by day and gate, and the passages of one of the lines."""
    page = studio.signed_in("/experts", role="cdc", at="centre")
    page.locator("#coverage tr").first.wait_for()
    if page.locator("#coverage button").count():
        page.locator("#coverage button").first.click()
        page.locator("#passages tr").first.wait_for()
    studio.shoot(page, "experts", settles_ms=1500)


def contacts(studio: Studio) -> None:
    """Who was beside a case."""
    page = studio.signed_in("/desk", role="cdc", at="centre")
    case = page.locator("#queue a").first.get_attribute("href")
    page.goto(f"{studio.site.url('centre')}{case}/contacts")
    page.locator("#contacts tr, #contacts li").first.wait_for()
    studio.shoot(page, "contacts", settles_ms=1500)


def figures(studio: Studio) -> None:
    """The figures of the running day, and the rows behind one."""
    page = studio.signed_in("/reports", role="cdc", at="centre")
    page.locator("#reports a[href$=figures]").first.click()
    page.locator("#tables a").first.click()
    page.locator("#lines tr").first.wait_for()
    studio.shoot(page, "figures", settles_ms=1500)


def kiosk(studio: Studio) -> None:
    """The kiosk at the gate: a language first."""
    page = studio.page(TABLET)
    page.goto(f"{studio.site.url('mong-cai')}/declare?kiosk=1")
    page.locator("a.big").first.wait_for()
    studio.shoot(page, "kiosk")


def officers_form(studio: Studio) -> None:
    """The declaration that an officer writes for somebody in the lane."""
    lane = at_lane(studio)
    type_number(lane, pass_number(24))
    form = studio.signed_in(f"{LANE}/declaration", role="officer")
    form.wait_for_selector("#form")
    studio.shoot(form, "declaration-officer")
    discard(lane)


def sign_in(studio: Studio) -> None:
    """The door."""
    page = studio.page(WIDE)
    page.goto(f"{studio.site.url('mong-cai')}/sign-in")
    page.wait_for_selector("#username")
    studio.shoot(page, "sign-in")


def lane_by_night(studio: Studio) -> None:
    """A raised reading by night, and what the traveller's screen says then."""
    lane, sign = at_lane(studio, theme="dark"), paired_sign(studio)
    measured(studio, lane, index=21, skin_c=RAISED_C, phase="awaiting_recheck")
    studio.shoot(lane, "lane-stop-dark")
    studio.shoot(sign, "display-alarm")
    set_aside(lane)


def lane_in_english(studio: Studio) -> None:
    """A normal reading."""
    lane = at_lane(studio, language="en")
    measured(studio, lane, index=22, skin_c=NORMAL_C, phase="verdict")
    studio.shoot(lane, "lane-pass-en")
    lane.wait_for_timeout(HAS_GONE_MS)
    lane.keyboard.press("Enter")
    expect(lane.locator("#verdict")).to_have_attribute(PHASE, "empty")


def lane_in_chinese(studio: Studio) -> None:
    """The thermometer's value after a raised reading."""
    lane = at_lane(studio, language="zh")
    measured(studio, lane, index=23, skin_c=RAISED_C, phase="awaiting_recheck")
    lane.keyboard.press("Enter")
    lane.wait_for_selector("dialog[open]")
    lane.keyboard.type("38.9")
    studio.shoot(lane, "lane-recheck-zh")
    lane.keyboard.press("Escape")
    set_aside(lane)


def measured(studio: Studio, lane: Page, *, index: int, skin_c: float, phase: str) -> None:
    """Somebody of the register before the scanner, until the lane has decided."""
    type_number(lane, pass_number(index))
    studio.scanners.show(SCANNER, skin_c=skin_c, duration_s=LOOKS_S)
    expect(lane.locator("#verdict")).to_have_attribute(PHASE, phase)


def set_aside(lane: Page) -> None:
    """Who waits for the recheck waits beside the lane; nobody is in it afterwards."""
    lane.wait_for_timeout(HAS_GONE_MS)
    lane.keyboard.press("F2")
    expect(lane.locator("#verdict")).to_have_attribute(PHASE, "empty")


EVERY_SCENE: tuple[tuple[Callable[[Studio], None], tuple[str, ...]], ...] = (
    *SCENES,
    (lane_by_night, ("lane-stop-dark", "display-alarm")),
    (lane_in_english, ("lane-pass-en",)),
    (lane_in_chinese, ("lane-recheck-zh",)),
    (lanes, ("lanes",)),
    (devices, ("devices",)),
    (watch, ("watch",)),
    (handhelds, ("handhelds",)),
    (experts, ("experts",)),
    (contacts, ("contacts",)),
    (figures, ("figures",)),
    (kiosk, ("kiosk",)),
    (officers_form, ("declaration-officer",)),
    (sign_in, ("sign-in",)),
)
