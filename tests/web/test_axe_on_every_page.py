"""Every page of both services, found by itself in the routers, is accessible in each theme and language.

A page that a room adds is in this test without anybody thinking of it; which role may open it is tried.
"""

from collections.abc import Iterator

import pytest
from starlette.routing import Route

import central.web
import checkpoint.web
from checkpoint.actions.deciding import close_crossing, measure_person
from checkpoint.actions.rechecking import set_aside_person
from checkpoint.app import create_app
from checkpoint.workers import Workers
from tests.checkpoint.edges import LANE, Edge
from tests.checkpoint.people import NORMAL_C
from tests.web import scenes
from tests.web.serving import Visitor, served
from tests.web.stage import CHEAP, PASSWORD, centre_app, labels
from tests.web.test_door import routes_of
from tests.web.test_screens_in_a_browser import open_page, violations
from web.sign_in import User

LOOKS = (("vi", "light"), ("en", "dark"), ("zh", "dark"))
ROLES = {"canbo": "officer", "truong": "gate_head", "cdc": "cdc", "chihuy": "command", "quantri": "administrator"}
EXAMPLES = {"{lane_id}": LANE, "{crossing_id}": "c7", "{day}": "2026-11-21"}


def pages_of(router) -> list[str]:
    """Every page of a router; a part of an address stands for an example. A file (a worker, a manifest) is no page."""
    found = []
    for route in routes_of(router.routes):
        if isinstance(route, Route) and "GET" in (route.methods or ()):
            path = route.path
            for part, example in EXAMPLES.items():
                path = path.replace(part, example)
            if "{" not in path and not path.startswith("/api/") and "." not in path.rpartition("/")[2]:
                found.append(path)
    return sorted(set(found))


EDGE_PAGES = pages_of(checkpoint.web.router(checkpoint.web.pages(labels()), lane_ids=[LANE, "lane-2"]))
CENTRE_PAGES = pages_of(central.web.router(central.web.pages(labels())))


@pytest.fixture(scope="module")
def edge_url(tmp_path_factory) -> Iterator[str]:
    edge = Edge(tmp_path_factory.mktemp("axe"))
    for username, role in ROLES.items():
        hashed = CHEAP.hash_password(PASSWORD, username=username)
        user = User(username=username, name=username, role=role, password_hash=hashed)
        edge.gate.store.accounts.put_officer(user)
    edge.present("QN 400001")
    edge.do(measure_person, temperature_c=NORMAL_C, device_kind="infrared_thermometer", site="forehead")
    edge.do(close_crossing, draft_id=edge.draft_id)
    edge.present("QN 400002")
    edge.do(measure_person, temperature_c=38.7, device_kind="infrared_thermometer", site="forehead")
    edge.do(set_aside_person, draft_id=edge.draft_id)
    edge.present("QN 400003")
    app = create_app(edge.gate, workers=Workers(edge.gate), labels=labels(), passwords=CHEAP)
    with served(app) as url:
        yield url
    edge.close()


@pytest.fixture(scope="module")
def centre_url() -> Iterator[str]:
    with served(centre_app()) as url:
        yield url


def who_may_open(url: str, path: str, *, usernames) -> str:
    """Return the first account that the page opens for."""
    for username in usernames:
        if Visitor(url).sign_in(username).get(path).status_code == 200:
            return username
    pytest.fail(f"nobody may open {path}")


def test_the_pages_are_found():
    assert {"/board", "/crossings", "/display", f"/lanes/{LANE}", "/isolation", "/shift"} <= set(EDGE_PAGES)
    assert {"/desk", "/command", "/reports", "/reports/2026-11-21/figures", "/units"} <= set(CENTRE_PAGES)


@pytest.mark.parametrize("path", EDGE_PAGES)
def test_each_page_of_the_edge_is_accessible_in_each_theme_and_language(page, edge_url, path):
    if path == "/isolation/veiled":  # at a station that is not locked it leads back to the open board
        page.route("**/api/isolation/veiled", lambda route: route.fulfill(json=scenes.veiled()))
    _look(page, edge_url, path, usernames=ROLES)


@pytest.mark.parametrize("path", CENTRE_PAGES)
def test_each_page_of_the_centre_is_accessible_in_each_theme_and_language(page, centre_url, path):
    _look(page, centre_url, path, usernames=["cdc", "chihuy", "quantri"])


def _look(page, url, path, *, usernames):
    username = who_may_open(url, path, usernames=usernames)
    for language, theme in LOOKS:
        # A handheld asks for its page by an address of its own for each language: what it keeps knows no cookie.
        address = f"{path}{language}" if path == "/handheld/" else path
        open_page(page, url, address, username=username, language=language, theme=theme)
        page.wait_for_timeout(250)
        assert violations(page) == [], (language, theme)
        assert page.locator("html").get_attribute("lang") == {"vi": "vi", "en": "en", "zh": "zh-Hans"}[language]
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (path, language)
