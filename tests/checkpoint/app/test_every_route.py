"""Each route of a real edge with each role: without a session, of another role, at a locked station, from elsewhere.

``ACTIONS`` says which action each route asks for. A route that is not in it fails: who adds one says who may use it.
"""

import re

import pytest

from checkpoint.app import create_app
from checkpoint.workers import Workers
from sync.agreement.vocabulary import Role
from tests.checkpoint.edges import LANE, Edge
from tests.web.serving import Visitor, served
from tests.web.stage import CHEAP, PASSWORD, labels
from tests.web.test_door import routes_of
from web.roles import ROLES_BY_ACTION, WHILE_LOCKED
from web.sign_in import User, hash_token

OPEN = (
    r"GET (/metrics|/api/health|/display|/declare|/sign-in|/api/display/(state|events))",
    r"GET /handheld/.*",
    r"POST (/declare|/sign-in|/preferences|/api/display/pair|/handheld/v1/(flush|read-picture)|/feed/v1/immigration)",
)
"""What needs no session; what a screen or a program asks for is closed by its own token or signature."""
ANYBODY = (r"GET (/|/api/session)", r"POST /sign-out")
"""What everybody who is signed in may do, at a locked station too."""
ACTIONS = {
    r"GET /lanes(/\{lane_id\})?": "lane.glance",
    r"GET /api/lanes/\{lane_id\}/(state|events)": "lane.glance",
    r"POST /api/lanes/\{lane_id\}/switch": "lane.glance",
    r"POST /api/station/lock": "station.lock",
    r"GET /api/lanes": "lane.see",
    r"GET (/crossings|/api/crossings)": "lane.see",
    r"POST /api/crossings/(find|day|day\.csv)": "lane.see",
    r"POST /api/lanes/\{lane_id\}/display-code": "display.pair",
    r"POST /api/displays/.*|GET /api/displays": "display.pair",
    r"(GET|POST) /lanes/\{lane_id\}/declaration": "lane.act",
    r"POST /api/lanes/\{lane_id\}/(?!switch|display-code).*": "lane.act",
    r"POST /api/crossings/\{crossing_id\}/(correct|withdraw)": "lane.act",
    r"POST /api/documents/read-picture": "lane.act",
    r"POST /api/handhelds/permit": "lane.act",
    r"GET (/register|/api/register/.*)": "register.see",
    r"POST /api/register/(search|list|export)": "register.see",
    r"POST /api/register/holders/\{holder_id\}/reveal": "register.see",
    r"POST /api/register/(holders(?!.*/reveal).*|links|unlinks)": "register.act",
    r"GET (/isolation/veiled|/api/isolation/veiled)": "isolation.glance",
    r"GET (/isolation|/api/isolation(?!/veiled).*)": "isolation.see",
    r"POST /api/isolation/find": "isolation.see",
    r"POST /api/isolation/(?!find).*": "isolation.act",
    r"GET (/coverage|/api/coverage.*)": "coverage.see",
    r"POST /api/coverage/(reconcile|import)": "coverage.act",
    r"GET (/post|/api/post.*)": "post.see",
    r"POST /api/post/(search|export)": "post.see",
    r"POST /api/post/(checks|interceptions|parties/.*)": "post.act",
    r"GET (/shift|/api/shift.*)": "shift.see",
    r"POST /api/shift/end-for": "shift.end_for",
    r"POST /api/shift/(?!end-for).*": "shift.act",
    r"GET /groups": "groups.see",
    r"POST /api/(groups/(list|card|export|companions)|conveyances/list)": "groups.see",
    r"POST /api/(groups/(read|open|close)|conveyances(/\{conveyance_id\}/take-back)?)": "groups.act",
    r"GET (/handhelds|/api/handhelds(/export.csv)?)": "handheld.see",
    r"POST /api/handhelds/(codes|enrol|\{handheld_id\}/revoke|acts/.*)": "handheld.act",
    r"GET (/board|/api/board.*)": "board.see",
    r"GET (/devices|/api/devices.*)": "devices.see",
    r"GET (/watch|/api/watch.*)": "watch.see",
    r"POST /api/watch/(reverse|restart)": "watch.act",
}
FILLED = {"lane_id": LANE, "form": "pdf", "first": "1", "topic": "isolation_order", "size": "192", "language": "vi"}
NOBODY = "018f0000-0000-7000-8000-000000000000"


def path_of(template):
    return re.sub(r"\{(\w+)(?::\w+)?\}", lambda found: FILLED.get(found[1], NOBODY), template)


def is_among(patterns, key):
    return any(re.fullmatch(pattern, key) for pattern in patterns)


@pytest.fixture(scope="module")
def edge(tmp_path_factory):
    one = Edge(tmp_path_factory.mktemp("edge"))
    hashed = CHEAP.hash_password(PASSWORD, username="canbo")
    for role in Role:
        name = role.value
        one.gate.store.accounts.put_officer(User(username=name, name=name, role=name, password_hash=hashed))
    yield one
    one.close()


@pytest.fixture(scope="module")
def app(edge):
    return create_app(edge.gate, workers=Workers(edge.gate), labels=labels(), passwords=CHEAP)


@pytest.fixture(scope="module")
def url(app):
    with served(app) as address:
        yield address


@pytest.fixture(scope="module")
def keys(app):
    return [f"{method} {one.path}" for one in routes_of(app.routes) for method in sorted(one.methods - {"HEAD"})]


@pytest.fixture(scope="module")
def closed(keys):
    """The routes that some role may use, with the action each asks for."""
    named = {key: [action for pattern, action in ACTIONS.items() if re.fullmatch(pattern, key)] for key in keys}
    return {key: actions[0] for key, actions in named.items() if actions and not is_among([*OPEN, *ANYBODY], key)}


def ask(client, key, **options):
    method, _, template = key.partition(" ")
    if method == "POST":
        options.setdefault("json", {})
    with client.stream(method, path_of(template), **options) as answer:
        return answer.status_code


@pytest.fixture
def visitor(url):
    """Sign in with a role; the session ends with the test."""
    opened = []

    def sign_in(role):
        one = Visitor(url).sign_in(role)
        one.headers["X-CSRF-Token"] = one.csrf
        opened.append(one)
        return one

    yield sign_in
    for one in opened:
        one.close()


def test_each_route_is_open_or_says_which_action_it_is(keys, closed):
    unsaid = [key for key in keys if key not in closed and not is_among([*OPEN, *ANYBODY], key)]
    twice = [key for key in keys if sum(bool(re.fullmatch(one, key)) for one in ACTIONS) > 1]
    assert unsaid == []
    assert twice == []
    assert len(closed) > 100


def test_each_closed_route_is_closed_to_whoever_is_not_signed_in(url, closed):
    with Visitor(url) as nobody:
        answers = {key: ask(nobody, key) for key in closed}
    assert {key for key, code in answers.items() if code not in {401, 303}} == set()


@pytest.mark.parametrize("role", [role.value for role in Role])
def test_each_closed_route_is_closed_to_every_role_without_its_action(visitor, closed, role):
    client = visitor(role)
    foreign = [key for key, action in closed.items() if role not in ROLES_BY_ACTION[action]]
    assert {key: code for key in foreign if (code := ask(client, key)) != 403} == {}


@pytest.mark.parametrize("role", ["officer", "gate_head", "cdc", "administrator"])
def test_at_a_locked_station_only_a_glance_is_left(edge, visitor, closed, role):
    client = visitor(role)
    edge.gate.store.stations.lock_session(hash_token(client.cookies["kd"]), locked_at=edge.clock.now)
    own = [key for key, action in closed.items() if role in ROLES_BY_ACTION[action] and action not in WHILE_LOCKED]
    assert {key: code for key in own if (code := ask(client, key)) != 423} == {}


def test_no_change_is_taken_from_another_page_or_without_the_token(visitor, keys):
    client = visitor("officer")
    changes = [key for key in keys if key.startswith("POST ") and not is_among(OPEN, key)]
    assert {key for key in changes if ask(client, key, headers={"Origin": "https://evil.example"}) != 403} == set()
    del client.headers["X-CSRF-Token"]
    assert {key for key in changes if ask(client, key) != 403} == set()
    assert len(changes) > 60
