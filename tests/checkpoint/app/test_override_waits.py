"""Who guesses a password for an override, or a PIN at a station, waits longer each time and is told for how long."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from checkpoint.app import create_app
from checkpoint.workers import Workers
from tests.checkpoint.edges import LANE, Edge
from tests.checkpoint.orders import put_in_force
from tests.checkpoint.people import NORMAL_C
from tests.web.serving import Visitor, served
from tests.web.stage import CHEAP, PASSWORD, labels
from tests.web.test_deciding_in_a_browser import STOPPED, at_lane, put_officers


@pytest.fixture(scope="module")
def gate(tmp_path_factory) -> Iterator[tuple[Edge, str]]:
    edge = Edge(tmp_path_factory.mktemp("gate"))
    put_officers(edge)
    put_in_force(edge, STOPPED)
    edge.present("QN 300003")
    edge.scan_face(NORMAL_C)
    with served(create_app(edge.gate, workers=Workers(edge.gate), labels=labels(), passwords=CHEAP)) as url:
        yield edge, url
    edge.close()


def guess(client: Visitor, path: str, **body):
    return client.post(f"/api/lanes/{LANE}/{path}", json=body)


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        (
            "override",
            {"code": "medical_emergency", "reason": "cấp cứu", "approver": "truong", "password": "sai"},
            "wrong_credentials",
        ),
        ("switch", {"badge": "KD-CB-004217", "pin": "000000"}, "wrong_pin"),
    ],
)
def test_guessing_costs_a_growing_wait_that_is_said_in_retry_after(gate, path, body, code):
    edge, url = gate
    client = Visitor(url).sign_in("canbo")
    client.headers["X-CSRF-Token"] = client.csrf
    if path == "override":
        body |= {"draft_id": edge.draft_id}
    waits = []
    for number in range(7):
        answer = guess(client, path, **body)
        assert answer.json()["code"] == code
        assert ("Retry-After" in answer.headers) is (number >= 4)
        wait_s = int(answer.headers.get("Retry-After", 0))
        if wait_s:
            waits.append(wait_s)
            early = guess(client, path, **body)
            assert (early.status_code, early.json()["code"]) == (429, "wait")
            assert int(early.headers["Retry-After"]) == early.json()["values"]["wait_s"] == wait_s
            edge.clock.forward(seconds=wait_s)
    assert waits == [5, 10, 20]
    edge.clock.forward(minutes=15)


def test_the_page_counts_the_wait_down_and_keeps_the_button_shut(page: Page, gate):
    _, url = gate
    at_lane(page, url, language="en")
    page.wait_for_selector("#verdict[data-tone=stop]")
    page.keyboard.press("ArrowUp")
    page.wait_for_selector("dialog[open]")
    page.locator("input[value=medical_emergency]").check()
    page.locator("textarea[name=reason]").fill("woman in labour")
    page.locator("input[name=approver]").fill("truong")
    submit = page.locator("dialog [type=submit]")
    for _ in range(20):
        page.locator("input[name=password]").fill("wrong")
        with page.expect_response("**/override"):
            submit.click()
        page.wait_for_function("() => document.querySelector('dialog .error-line').textContent !== ''")
        if submit.is_disabled():
            break
    assert submit.is_disabled()
    page.wait_for_function("() => /Wait \\d+ seconds/.test(document.querySelector('dialog .error-line').textContent)")
    first = page.locator("dialog .error-line").inner_text()
    page.wait_for_function("was => document.querySelector('dialog .error-line').textContent !== was", arg=first)
    assert PASSWORD not in page.content()
