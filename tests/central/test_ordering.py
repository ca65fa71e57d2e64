"""An order is checked before it is written, counts at once, and never goes back to an older version."""

import threading
from contextlib import suppress
from datetime import time
from types import SimpleNamespace

import pytest

from central.actions.opening import open_centre
from central.actions.ordering import OrderRefusedError, PolicyShelf, check_order, issue_order, orders_in_force
from central.settings import load_settings
from central.store.centre_journal import journal_head
from tests.central.running import write_settings
from tests.central.visitors import HandClock, signed_in

STOP_RESIDENTS = """
id = "orders-qn-2026-07"
version = {version}
kind = "orders"
cite_as = "Công điện 07/CĐ-UBND"
issued_by = "Chủ tịch UBND tỉnh Quảng Ninh"

[title]
vi = "Tạm dừng cư dân biên giới qua Hoành Mô"
en = "Border residents stopped at Hoành Mô"
zh = "暂停边民经横模通行"

[[rule]]
kind = "traffic_order"
rule_id = "qn-2026-07-residents"
effective_from = 2026-11-22T00:00:00+07:00
state = "{state}"
redirect_to = "{redirect_to}"
applies_to = {{ point_of_entry_ids = ["{gate}"], categories = ["border_resident"] }}
citation = {{ clause = "mục 2", quote = "tạm dừng việc qua lại của cư dân biên giới" }}
"""


def text(*, version=1, state="stopped", redirect_to="mong-cai", gate="hoanh-mo") -> str:
    return STOP_RESIDENTS.format(version=version, state=state, redirect_to=redirect_to, gate=gate)


QUOTA_OF_TRAINS = (
    text(state="restricted")
    .replace('"restricted"', '"restricted"\nquota_per_day = 2', 1)
    .replace("categories =", 'modes_of_entry = ["rail"], categories =', 1)
)


@pytest.fixture
def centre(database_url, tmp_path):
    settings = load_settings(write_settings(tmp_path, database_url=database_url, port=0))
    opened = open_centre(settings, clock=HandClock())
    yield opened
    opened.store.close()


def issue(centre, document: str):
    return issue_order(
        document,
        shelf=centre.shelf,
        deployment=centre.deployment,
        issued=centre.issued,
        by="chihuy",
        now=centre.clock(),
    )


def refusal(centre, document: str) -> OrderRefusedError:
    with pytest.raises(OrderRefusedError) as refused:
        issue(centre, document)
    return refused.value


def test_an_issued_order_counts_at_once_and_in_every_process_that_opens_the_centre(centre):
    issue(centre, text())

    assert "qn-2026-07-residents" in {rule.rule_id for rule in centre.policy.rules_at(centre.clock()).traffic_orders}
    opened = open_centre(centre.settings)
    other = PolicyShelf(opened.policy, issued=centre.issued, clock=centre.clock)
    opened.store.close()
    assert {document.id for document in other.policy().orders} >= {"orders-qn-2026-07"}
    assert orders_in_force(centre.shelf)[0].issued_by == "chihuy"


def test_a_later_version_replaces_an_order_and_an_earlier_one_never_does(centre):
    issue(centre, text(version=2))

    assert refusal(centre, text(version=2)).code == "order_is_not_newer"
    assert refusal(centre, text(version=1)).code == "order_is_not_newer"
    issue(centre, text(version=3, state="open"))
    orders = centre.policy.rules_at(centre.clock()).traffic_orders
    assert [rule.state for rule in orders if rule.rule_id == "qn-2026-07-residents"] == ["open"]


def test_of_two_that_issue_one_version_at_the_same_moment_only_one_is_told_that_it_holds(centre):
    other = open_centre(centre.settings, clock=centre.clock)
    barrier = threading.Barrier(2)
    told: list[str] = []

    def race(racer, state: str) -> None:
        read = racer.issued.after

        def read_and_wait(place):
            found = read(place)
            with suppress(threading.BrokenBarrierError):
                barrier.wait(2)
            return found

        racer.shelf._issued = SimpleNamespace(after=read_and_wait)
        try:
            told.append(f"issued {issue(racer, text(state=state)).version}")
        except OrderRefusedError as error:
            told.append(error.code)

    racers = [threading.Thread(target=race, args=pair) for pair in ((centre, "stopped"), (other, "open"))]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    other.store.close()

    assert sorted(told) == ["issued 1", "order_is_not_newer"]
    assert journal_head(centre.store.engine).sequence == 1


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ("not [ toml", "order_does_not_fit"),
        (text(gate="nowhere"), "order_does_not_fit"),
        (text(redirect_to="nowhere"), "order_does_not_fit"),
        (text(state="ajar"), "order_does_not_fit"),
        (text().replace('kind = "orders"', 'kind = "law"', 1), "not_an_order"),
        (text() + "#" * 40_000, "order_too_long"),
        (QUOTA_OF_TRAINS, "order_does_not_fit"),
    ],
)
def test_a_document_that_does_not_fit_is_refused_and_nothing_is_written(centre, document, code):
    assert refusal(centre, document).code == code
    assert journal_head(centre.store.engine).sequence == 0


def test_a_check_writes_nothing(centre):
    assert check_order(text(), policy=centre.policy, deployment=centre.deployment).version == 1
    assert journal_head(centre.store.engine).sequence == 0


FORM = {
    "document_number": "07/CĐ-UBND",
    "issuing_body": "UBND tỉnh Quảng Ninh",
    "title": 'Tạm dừng "cư dân biên giới" qua Hoành Mô',
    "clause": "mục 2",
    "quote": "tạm dừng việc qua lại",
    "state": "stopped",
    "point_of_entry_ids": ["hoanh-mo"],
    "categories": ["border_resident"],
    "redirect_to": "mong-cai",
    "effective_from": "2026-11-22",
    "effective_to": "2026-12-01",
}


@pytest.fixture
def command(centre):
    with signed_in(centre, username="chihuy", role="command") as browser:
        token = browser.get("/api/session").json()["csrf_token"]
        yield lambda path, form: browser.post(path, json=form, headers={"X-CSRF-Token": token})


def test_command_reviews_an_order_and_then_issues_it_from_a_form(centre, command):
    reviewed = command("/api/orders/check", FORM)
    assert reviewed.status_code == 200, reviewed.text
    assert journal_head(centre.store.engine).sequence == 0

    issued = command("/api/orders", FORM)

    assert (issued.json()["policy_id"], issued.json()["version"]) == ("orders-07-cd-ubnd", 1)
    orders = {rule.rule_id: rule for rule in centre.policy.rules_at(centre.clock()).traffic_orders}
    assert orders["orders-07-cd-ubnd-1"].citation.quote == FORM["quote"]
    assert command("/api/orders", {**FORM, "state": "open"}).json()["version"] == 2


def test_the_form_writes_what_the_rules_then_hold(centre, command):
    """Hours and quota, a level of response from an hour on, and a place that the lanes ask about."""
    common = {**FORM, "categories": ["border_resident"]}
    night = {
        "state": "restricted",
        "opens_at": "20:00",
        "closes_at": "04:00",
        "quota_per_hour": 30,
        "purposes": ["medical"],
    }
    assert command("/api/orders", {**common, **night}).status_code == 200
    level = {"document_number": "09/KH", "subject": "scenario", "scenario": "scenario_3", "effective_hour": "16:00"}
    assert command("/api/orders", {**common, **level}).status_code == 200
    place = {"document_number": "11/TB", "subject": "place", "name_vi": "Chợ Đông Hưng", "name_zh": "东兴市场",
             "was_from": "2026-11-20T06:00", "was_to": "2026-11-20T11:30"}  # fmt: skip
    assert command("/api/orders", {**common, **place}).status_code == 200

    by_id = {rule.rule_id: rule for document in centre.policy.orders for rule in document.rules}
    order = by_id["orders-07-cd-ubnd-1"]
    assert (order.opens_at, order.closes_at, order.quota_per_hour, order.purposes) == (
        time(20),
        time(4),
        30,
        ("medical",),
    )
    assert by_id["orders-09-kh-1"].effective_from.isoformat() == "2026-11-22T09:00:00+00:00"
    asked = by_id["orders-11-tb-1"]
    assert (asked.place, asked.names.en, asked.names.zh) == ("cho-dong-hung", "Chợ Đông Hưng", "东兴市场")
    assert asked.was_to.isoformat() == "2026-11-20T04:30:00+00:00"


def test_an_order_that_is_sent_twice_is_issued_once(centre, command):
    first, second = command("/api/orders", FORM), command("/api/orders", FORM)

    assert (first.status_code, first.json()) == (second.status_code, second.json())
    assert journal_head(centre.store.engine).sequence == 1


@pytest.mark.parametrize(
    ("changes", "http_code", "code"),
    [
        ({"state": "restricted"}, 409, "order_does_not_fit"),
        ({"state": "restricted", "quota_per_day": 200}, 200, None),
        ({"state": "restricted", "opens_at": "07:00", "closes_at": "17:00"}, 200, None),
        ({"redirect_to": "nowhere"}, 409, "order_does_not_fit"),
        ({"effective_from": "2026-13-01"}, 400, "order_incomplete"),
        ({"title": ""}, 400, "order_incomplete"),
        ({"version": 9}, 400, "order_incomplete"),
        ({"quote": 'a"\nkind = "law'}, 200, None),
    ],
)
def test_a_form_is_an_order_or_is_refused_by_name(command, changes, http_code, code):
    answered = command("/api/orders/check", {**FORM, **changes})

    assert answered.status_code == http_code, answered.text
    assert answered.json().get("code") == code


def test_a_quota_is_divided_among_the_edges_that_the_centre_knows(centre, command):
    for number, edge_id in enumerate(("hoanh-mo-1", "hoanh-mo-2")):
        centre.store.edges.enrol(
            edge_id, point_of_entry_id="hoanh-mo", public_key=bytes([number]) * 32, now=centre.clock()
        )
    quota = {**FORM, "state": "restricted", "quota_per_day": 100, "redirect_to": None}
    halves = [{"edge_id": "hoanh-mo-1", "per_day": 60}, {"edge_id": "hoanh-mo-2", "per_day": 40}]

    refused = command("/api/orders/check", {**quota, "shares": halves[:1]})
    assert (refused.status_code, refused.json()["code"]) == (409, "edge_without_share")
    assert refused.json()["values"] == {"detail": "hoanh-mo-2"}
    issued = command("/api/orders", {**quota, "shares": halves})
    assert issued.status_code == 200, issued.text
    [order] = [one for one in centre.policy.rules_at(centre.clock()).traffic_orders if one.shares]
    assert [(one.edge_id, one.per_day) for one in order.shares] == [("hoanh-mo-1", 60), ("hoanh-mo-2", 40)]


def test_only_command_issues_orders(centre):
    with signed_in(centre, username="cdc", role="cdc") as cdc:
        token = cdc.get("/api/session").json()["csrf_token"]
        refused = cdc.post("/api/orders", json=FORM, headers={"X-CSRF-Token": token})
        assert cdc.get("/api/orders").status_code == 200

    assert refused.status_code == 403
    assert journal_head(centre.store.engine).sequence == 0
