"""A real served edge takes declarations: without a session, once, within bounds, nothing in addresses or logs."""

import re
from html import unescape

import httpx
import pytest

from tests.checkpoint.app.running import RunningEdge
from tests.checkpoint.edges import LANE
from tests.demands import demand
from tests.sync.agreement.declarations import form

CODE = re.compile(r'data-code="([^"]+)"')

MOST_TRIES = 500
"""The allowance grows back with time: on a slow machine more than it holds go through."""


@pytest.fixture
def phone(served: RunningEdge):
    """Somebody's phone: another address each time, so that no test waits for another's."""
    phone.number = getattr(phone, "number", 0) + 1
    with httpx.Client(base_url=served.url, headers={"X-Forwarded-For": f"10.9.0.{phone.number}"}, timeout=20) as client:
        yield client


def today_form(**changes):
    from datetime import UTC, datetime

    from sync.agreement.local_time import local_date

    return form(today=local_date(datetime.now(UTC)).isoformat(), language="vi", **changes)


def code_in(answer: httpx.Response) -> str:
    found = CODE.search(answer.text)
    assert found, answer.text[:3000]
    return unescape(found[1])


@demand("R025", "R076")
def test_a_phone_without_a_session_declares_and_gets_its_code_which_the_lane_takes(served, phone, officer):
    assert phone.get("/declare").status_code == 200
    assert phone.get("/declare", params={"language": "zh"}).text.count("健康申报") >= 2
    answer = phone.post("/declare", data=today_form())
    assert answer.status_code == 200, answer.text[:3000]
    view = officer.lane("present", text=code_in(answer)).json()
    assert view["declaration"]["state"] == "waiting"
    assert view["person"] is None


def test_the_same_form_sent_again_is_the_same_act_and_another_content_is_not(served, phone):
    sent = today_form()
    first, again = (code_in(phone.post("/declare", data=sent)) for _ in range(2))
    assert first == again
    changed = phone.post("/declare", data=sent | {"seat": "1B"})
    assert changed.status_code == 409
    fresh = re.search(r'name="declaration_id" id="declaration_id" value="([^"]+)"', changed.text)[1]
    assert fresh != sent["declaration_id"]
    assert code_in(phone.post("/declare", data=sent | {"seat": "1B", "declaration_id": fresh})) != first


def test_each_wrong_field_is_named_in_the_language_of_the_page_and_the_rest_is_kept(served, phone):
    answer = phone.post("/declare", data=today_form() | {"language": "en", "full_name": "", "birth_year": "85"})
    assert answer.status_code == 422
    assert '<html lang="en">' in answer.text
    assert "Please answer this" in answer.text
    assert "Write the year with four digits" in answer.text
    assert "Hạ Long, Quảng Ninh" in answer.text
    assert answer.text.count('class="fault"') == 2


def test_a_foreign_page_cannot_declare_for_its_visitor(served, phone):
    foreign = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    assert phone.post("/declare", data=today_form(), headers=foreign).status_code == 403


def test_one_address_is_slowed_before_it_is_a_flood_and_told_when_to_come_again(served):
    with httpx.Client(base_url=served.url, headers={"X-Forwarded-For": "10.8.0.1"}, timeout=20) as machine:
        answers = [machine.post("/declare", data={"language": "vi"})]
        while answers[-1].status_code == 422 and len(answers) < MOST_TRIES:
            answers.append(machine.post("/declare", data={"language": "vi"}))
    assert answers[0].status_code == 422
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["Retry-After"]) >= 1


def test_nothing_but_a_small_form_is_read(served, phone):
    assert (
        phone.post(
            "/declare", content=b"x=" + b"y" * 20_000, headers={"Content-Type": "application/x-www-form-urlencoded"}
        ).status_code
        == 400
    )
    assert phone.post("/declare", json={"full_name": "x"}).status_code == 400
    assert phone.post("/declare", data={"full_name": "\x00\ud800"[:1], "language": "vi"}).status_code == 422


def test_neither_address_nor_log_nor_database_column_names_anybody(served, phone):
    name = "Hoàng Kín Đáo"
    answer = phone.post("/declare", data=today_form(full_name=name))
    assert answer.url.path == "/declare"
    assert not answer.url.query
    assert "no-store" in answer.headers["Cache-Control"]
    assert name not in (served.folder / "edge.log").read_text(encoding="utf-8")


def test_an_officer_declares_for_someone_without_a_phone_and_the_lane_has_it(served, officer):
    number = "QN 900777"
    officer.lane("present", text=number)
    page = officer.client.get(f"/lanes/{LANE}/declaration")
    assert page.status_code == 200
    assert 'value="QN 900777"' in page.text
    token = officer.client.headers["X-CSRF-Token"]
    sent = today_form(document_number="QN 900777", csrf_token=token)
    assert (
        officer.client.post(
            f"/lanes/{LANE}/declaration", data=sent | {"csrf_token": "x"}, headers={"X-CSRF-Token": "x"}
        ).status_code
        == 403
    )
    done = officer.client.post(f"/lanes/{LANE}/declaration", data=sent)
    assert done.status_code == 303, done.text[:2000]
    view = officer.client.get(f"/api/lanes/{LANE}/state").json()
    assert view["declaration"]["state"] == "taken"
    assert view["declaration"]["channel"] == "officer"
    assert view["person"]["has_declaration"] is True
    officer.lane("discard", draft_id=view["draft_id"], reason="thử xong")


def test_only_an_officer_opens_the_officers_form(served, phone):
    assert phone.get(f"/lanes/{LANE}/declaration", headers={"Accept": "text/html"}).status_code == 303
    administrator = served.sign_in("quantri").client
    assert administrator.get(f"/lanes/{LANE}/declaration").status_code == 403
    assert administrator.get("/lanes/nowhere/declaration").status_code == 403
    administrator.close()
