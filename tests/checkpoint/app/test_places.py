"""Posts and trails over HTTP and in a real browser: a vehicle verified without a link, people found and isolated."""

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from uuid import uuid4

import httpx
import pytest

from checkpoint.app import create_app
from checkpoint.workers import Workers
from sync.agreement.gate_records.places import PostCheckClosed
from sync.agreement.records import CrossingScreened, TemperatureRechecked
from tests.checkpoint.actions.test_places import PLATE, POST, TRAIL, bodies, edge_at, slip_of_the_gate
from tests.checkpoint.edges import LANE, OTHER_PASS, PASS, Edge
from tests.checkpoint.people import NORMAL_C, RAISED_C
from tests.demands import demand
from tests.web.serving import served
from tests.web.stage import CHEAP, PASSWORD, labels
from tests.web.test_screens_in_a_browser import open_page, violations
from web.sign_in import User

SLIP_WITHIN_S = 15


@contextmanager
def opened_edge(folder, place_id: str) -> Iterator[tuple[Edge, str]]:
    """An edge at a place, with its officers, served over a real socket."""
    one = edge_at(folder, place_id)
    hashed = CHEAP.hash_password(PASSWORD, username="canbo")
    for username, role in (("canbo", "officer"), ("truongcua", "gate_head"), ("quantri", "administrator")):
        user = User(username=username, name="Phạm Thu Hà", role=role, password_hash=hashed)
        one.gate.store.accounts.put_officer(user)
    with served(create_app(one.gate, workers=Workers(one.gate), labels=labels(), passwords=CHEAP)) as url:
        yield one, url
    one.close()


@pytest.fixture(scope="module")
def places(tmp_path_factory) -> Iterator[dict[str, tuple[Edge, str]]]:
    """A post and a trail for the whole file: each test brings its own people."""
    folder = tmp_path_factory.mktemp("places")
    with ExitStack() as stack:
        yield {place: stack.enter_context(opened_edge(folder / place, place)) for place in (POST, TRAIL)}


@contextmanager
def signed_in(url: str, username: str = "canbo") -> Iterator[httpx.Client]:
    with httpx.Client(base_url=url, timeout=20) as client:
        assert client.post("/sign-in", json={"username": username, "password": PASSWORD}).status_code == 204
        client.headers["X-CSRF-Token"] = client.get("/api/session").json()["csrf_token"]
        yield client


def check(**fields) -> dict:
    return {
        "party_id": str(uuid4()), "lane_id": "lane-2", "direction": "entry", "vehicle": "car", "plate": "15A-000.11",
        "declared": 2, "route_from": "Móng Cái", "route_to": "Hải Phòng", **fields,
    }  # fmt: skip


@demand("R082")
def test_a_vehicle_is_opened_counted_and_let_go_over_http_and_the_export_names_no_plate(places):
    _, url = places[POST]
    with signed_in(url) as officer:
        profile = officer.get("/api/post").json()["profile"]
        assert profile["rule_id"] == "site-control-post"
        assert "mục 4" in profile["clause"]
        party = officer.post("/api/post/checks", json=check()).json()["party_id"]
        about = f"/api/post/parties/{party}"
        assert officer.get(about).json()["party"]["count"]["not_screened"] == 2
        assert officer.post(f"{about}/recount", json={"declared": 3}).status_code == 200
        refused = officer.post(f"{about}/close", json={})
        assert (refused.status_code, refused.json()["code"]) == (409, "party_reason_missing")
        assert officer.post(f"{about}/close", json={"reasons": ["turned_back"]}).json()["state"] == "closed"
        again = officer.post(f"{about}/recount", json={"declared": 4})
        assert (again.status_code, again.json()["code"]) == (409, "party_closed")
        found = officer.post("/api/post/search", json={"text": "15a000"}).json()["parties"]
        assert [one["party_id"] for one in found] == [party]
        export = officer.post("/api/post/export", json={})
        assert party not in export.text
        assert "15A" not in export.text
        assert "post_check,chot-km15" in export.text


def test_who_may_not_act_at_a_post_is_refused_and_a_wrong_field_is_named(places):
    _, url = places[POST]
    with signed_in(url, "quantri") as administrator:
        assert administrator.get("/api/post").status_code == 403
    with signed_in(url, "truongcua") as head:
        assert head.get("/api/post").status_code == 200
        assert head.post("/api/post/checks", json=check()).status_code == 403
    with signed_in(url) as officer:
        wrong = officer.post("/api/post/checks", json=check(declared=0))
        assert (wrong.status_code, wrong.json()["values"]) == (422, {"field": "declared"})
        assert officer.get(f"/api/post/parties/{uuid4()}").status_code == 404


def shot(page, name: str) -> None:
    if shots := os.environ.get("KIEMDICH_SHOTS"):
        page.set_viewport_size({"width": 1366, "height": 768})
        page.screenshot(path=f"{shots}/{name}.png")


def at_lane(page, url: str):
    page.set_default_timeout(8000)
    open_page(page, url, f"/lanes/{LANE}", username="canbo")
    page.wait_for_selector("#verdict[data-phase=empty]")
    return page


def fill_in(page, **fields: str) -> None:
    """Fill the fields of the open dialog and press Enter."""
    for name, text in fields.items():
        page.locator(f"#field-{name}").fill(text)
    page.keyboard.press("Enter")


def open_newest(page, url: str) -> str:
    """Open the page of posts and the newest party in it; return what its people's table says."""
    open_page(page, url, "/post", username="canbo")
    page.locator("button[data-party]").first.click()
    page.wait_for_selector("#people tr")
    return page.locator("#people").inner_text()


def scan(page, text: str) -> None:
    page.locator("#scan").fill(text)
    page.keyboard.press("Enter")


def passes(page, post) -> None:
    post.scan_face(NORMAL_C)
    page.wait_for_selector("#verdict[data-phase=verdict]")
    page.keyboard.press("Enter")
    page.wait_for_selector("#verdict[data-phase=empty]")


def sees_who_comes_along(page, *, scanning: str) -> None:
    """The next of the same party is told who was here before; then the scan is taken back."""
    scan(page, scanning)
    page.wait_for_selector("#verdict[data-phase=awaiting_reading]")
    page.keyboard.press("ArrowLeft")
    before = page.wait_for_selector("dialog[open] .together li[data-state=cleared]")
    assert "cùng nhóm tại chốt" in before.inner_text()
    page.keyboard.press("Escape")
    page.keyboard.press("F10")
    page.locator("dialog[open] textarea").fill("Quét nhầm giấy")
    page.locator("dialog[open] button[type=submit]").click()
    page.wait_for_selector("#verdict[data-phase=empty]")


@demand("R082")
def test_directive_002_section_4_a_post_verifies_a_vehicle_s_slips_without_any_link(page, places, edge):
    post, url = places[POST]
    code = slip_of_the_gate(edge, post).code  # from here on there is no link
    at_lane(page, url)
    page.keyboard.press("Home")
    fill_in(page, plate=PLATE, declared="2", route_from="Móng Cái", route_to="Hà Nội")
    page.wait_for_selector("#party:not([hidden])")
    started_s = time.monotonic()
    scan(page, PASS)
    page.wait_for_selector("#verdict[data-phase=awaiting_reading]")
    scan(page, code)
    page.wait_for_selector("#slip[data-state=good]")
    assert time.monotonic() - started_s < SLIP_WITHIN_S
    assert [
        part for part in ("Móng Cái", "36,4", "chốt vẫn đo lại") if part not in page.locator("#slip").inner_text()
    ] == []
    shot(page, "post-lane")
    passes(page, post)
    assert "1/2" in page.locator("#party").inner_text()
    assert violations(page) == []
    sees_who_comes_along(page, scanning=OTHER_PASS)

    page.keyboard.press("Home")
    page.locator("input[name=reasons][value=left_before]").check()
    page.keyboard.press("Enter")
    page.wait_for_selector("#party", state="hidden")
    written = bodies(post, PostCheckClosed)[-1]
    assert (written.declared, written.screened, written.not_screened, written.with_proof) == (2, 1, 1, 1)
    assert PLATE.encode() not in b"".join(post.journal())

    assert "mong-cai" in open_newest(page, url)
    assert violations(page) == []
    shot(page, "post")


@demand("R007")
@demand("R039")
def test_directive_000_ii_3_people_found_on_a_trail_are_screened_and_the_sick_one_is_isolated(page, places):
    trail, url = places[TRAIL]
    page.set_default_timeout(8000)
    open_page(page, url, "/post", username="canbo")
    page.wait_for_selector("#new-interception:not([hidden])")
    page.keyboard.press("F3")
    found_at = (trail.clock.now + timedelta(hours=7, minutes=-20)).strftime("%Y-%m-%dT%H:%M")
    fill_in(page, found_at=found_at, persons="1", spot="mốc 1347")
    page.wait_for_selector("button[data-party]")
    assert violations(page) == []
    at_lane(page, url)
    scan(page, OTHER_PASS)
    page.wait_for_selector("#verdict[data-phase=awaiting_reading]")
    assert "Vượt biên trái phép" in page.locator("#chips").inner_text()
    trail.scan_face(RAISED_C)
    page.wait_for_selector("#verdict[data-phase=awaiting_recheck]")
    page.keyboard.press("Enter")
    page.locator("dialog input[name=temperature]").fill("38,9")
    page.keyboard.press("Enter")
    page.wait_for_selector("#verdict[data-phase=empty]")
    assert bodies(trail, CrossingScreened)[-1].facts.category == "illegal_crossing"
    assert bodies(trail, TemperatureRechecked)[-1].disposition == "referred"
    assert "C1" in open_newest(page, url)
    shot(page, "interception")
    page.keyboard.press("F4")
    page.locator("dialog button[type=submit]").click()
    page.wait_for_selector("#close", state="hidden")
