"""Each route of the centre with each role: open, signed, or closed to whoever does not hold its action.

``ACTIONS`` says which action each route asks for. A route that is not in it fails: who adds one says who may use it.
"""

import re
from pathlib import Path

import pytest

from central.actions.opening import open_centre
from central.app import build_app
from central.settings import load_settings
from sync.agreement.vocabulary import Role
from tests.central.running import write_settings
from tests.central.visitors import HandClock, signed_in
from tests.web.test_door import routes_of
from web.roles import ROLES_BY_ACTION

OPEN = (
    r"GET (/metrics|/api/health|/declare|/sign-in|/sync/v1/(head|down))",
    r"POST (/declare|/sign-in|/preferences|/sync/v1/.*)",
)
"""What needs no session; what an edge says is closed by its own signature."""
ANYBODY = (r"GET (/|/api/session)", r"POST /sign-out")
ACTIONS = {
    r"GET (/desk.*|/api/desk.*)": "desk.see",
    r"POST /api/desk/\{crossing_id\}/(review|settle)": "desk.review",
    r"POST /api/desk/\{crossing_id\}/contacts/\{contact\}/.*": "desk.review",
    r"GET /api/follow-ups": "desk.see",
    r"POST /api/desk/\{crossing_id\}/(identity|contacts/opened|contacts/opened\.csv)": "desk.reveal",
    r"GET (/experts|/api/experts|/api/experts\.csv)": "experts.see",
    r"GET /api/experts/\{day\}/passages(\.csv)?": "desk.see",
    r"POST /api/experts/.*": "desk.reveal",
    r"GET (/command|/api/command/.*|/api/orders)": "command.see",
    r"POST /api/orders.*": "orders.issue",
    r"GET (/reports.*|/api/reports|/api/reports\.csv|/api/reports/.*/(changes|figures|beside/figures))": "reports.see",
    r"GET /api/reports/\{day\}/(beside/)?(rows|\{figure\}\.csv)": "desk.see",
    r"POST /api/reports/.*": "reports.freeze",
    r"GET (/units|/api/units.*)": "units.see",
    r"POST /api/units/.*": "units.act",
}
FILLED = {"day": "2026-11-21", "figure": "crossings", "revision": "1", "alarm_id": "1"}
NOBODY = "018f0000-0000-7000-8000-000000000000"


@pytest.fixture
def centre(database_url: str, tmp_path: Path):
    opened = open_centre(load_settings(write_settings(tmp_path, database_url=database_url, port=0)), clock=HandClock())
    yield opened
    opened.store.close()


def is_among(patterns, key):
    return any(re.fullmatch(pattern, key) for pattern in patterns)


def keys_of(centre):
    app = build_app(centre)
    return [f"{method} {one.path}" for one in routes_of(app.routes) for method in sorted(one.methods - {"HEAD"})]


def ask(browser, key, token):
    method, _, template = key.partition(" ")
    path = re.sub(r"\{(\w+)(?::\w+)?\}", lambda found: FILLED.get(found[1], NOBODY), template)
    if method == "GET":
        return browser.get(path)
    return browser.post(path, json={}, headers={"X-CSRF-Token": token, "Sec-Fetch-Site": "same-origin"})


def test_each_route_of_the_centre_says_whose_it_is_and_is_closed_to_every_other_role(centre):
    keys = [key for key in keys_of(centre) if not is_among([*OPEN, *ANYBODY], key)]
    named = {key: [action for pattern, action in ACTIONS.items() if re.fullmatch(pattern, key)] for key in keys}
    assert {key: actions for key, actions in named.items() if len(actions) != 1} == {}
    assert len(named) > 25

    passed = {}
    for role in (one.value for one in Role):
        with signed_in(centre, username=role, role=role) as browser:
            token = browser.get("/api/session").json()["csrf_token"]
            foreign = [key for key, (action,) in named.items() if role not in ROLES_BY_ACTION[action]]
            answers = {key: ask(browser, key, token) for key in foreign}
            passed |= {(role, key): answer.status_code for key, answer in answers.items() if answer.status_code != 403}
            assert {answer.json()["code"] for answer in answers.values() if answer.status_code == 403} == {
                "not_your_role"
            }
    assert passed == {}
