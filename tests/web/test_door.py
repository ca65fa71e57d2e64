"""The door of both services: closed without a session, closed to other roles, closed to foreign pages."""

import pytest
from starlette.routing import Route
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from sync.agreement.vocabulary import Role
from tests.web.serving import Visitor, served
from tests.web.stage import PASSWORD, ROLES, MemoryStore, centre_app, edge_app
from web.access import OpenPaths
from web.roles import ROLES_BY_ACTION
from web.sign_in import hash_token
from web.sign_in_routes import is_local_path

OPEN = OpenPaths()
EDGE_PATHS = (
    "/lanes",
    "/lanes/empty",
    "/groups",
    "/isolation",
    "/devices",
    "/watch",
    "/board",
    "/crossings",
    "/api/lanes",
    "/api/lanes/empty/state",
    "/api/isolation",
)
CENTRE_PATHS = (
    "/desk",
    "/desk/c7",
    "/command",
    "/reports",
    "/units",
    "/api/desk",
    "/api/command/figures",
    "/api/reports",
)
ALLOWED = {
    "/lanes": {"canbo", "truong"},
    "/lanes/empty": {"canbo", "truong"},
    "/api/lanes": {"canbo", "truong"},
    "/api/lanes/empty/state": {"canbo", "truong"},
    "/groups": {"canbo", "truong", "cdc"},
    "/isolation": {"canbo", "truong", "cdc"},
    "/api/isolation": {"canbo", "truong", "cdc"},
    "/devices": {"canbo", "truong", "quantri"},
    "/watch": {"canbo", "truong"},
    "/board": {"truong"},
    "/crossings": {"canbo", "truong"},
    "/desk": {"cdc"},
    "/desk/c7": {"cdc"},
    "/api/desk": {"cdc"},
    "/command": {"cdc", "chihuy"},
    "/api/command/figures": {"cdc", "chihuy"},
    "/reports": {"cdc", "chihuy"},
    "/api/reports": {"cdc", "chihuy"},
    "/units": {"quantri"},
}


@pytest.fixture(scope="module")
def apps():
    return {"edge": edge_app(), "centre": centre_app()}


@pytest.fixture(scope="module")
def edge(apps):
    with served(apps["edge"]) as url:
        yield url


@pytest.fixture(scope="module")
def centre(apps):
    with served(apps["centre"]) as url:
        yield url


@pytest.fixture
def fresh_edge():
    """An edge of its own, with the store to look into."""
    store = MemoryStore()
    with served(edge_app(store)) as url:
        yield url, store


def origin_of(url):
    return {"Origin": url, "Sec-Fetch-Site": "same-origin"}


def routes_of(routes):
    """All HTTP routes, those of included routers too."""
    for route in routes:
        if hasattr(route, "original_router"):
            yield from routes_of(route.original_router.routes)
        elif isinstance(route, Route):
            yield route


def test_each_route_of_both_services_is_closed_without_a_session(apps, edge, centre):
    closed = 0
    for name, url in (("edge", edge), ("centre", centre)):
        client = Visitor(url)
        for route in routes_of(apps[name].routes):
            if OPEN.is_open(route.path):
                continue
            path = route.path.replace("{lane_id}", "empty").replace("{crossing_id}", "c7").replace("{action}", "close")
            for method in route.methods - {"HEAD"}:
                answer = client.request(method, path)
                assert answer.status_code == 401, (method, path)
                assert answer.json()["code"] == "not_signed_in"
                closed += 1
    assert closed > 20


@pytest.mark.parametrize("path", [*EDGE_PATHS, *CENTRE_PATHS])
@pytest.mark.parametrize("username", list(ROLES))
def test_each_page_opens_for_its_roles_and_for_no_other(path, username, edge, centre):
    client = Visitor(edge if path in EDGE_PATHS else centre).sign_in(username)

    answer = client.get(path)

    assert answer.status_code == (200 if username in ALLOWED[path] else 403)
    if username not in ALLOWED[path]:
        assert answer.json()["code"] == "not_your_role"


def test_the_role_table_knows_exactly_the_roles_of_the_vocabulary():
    named = frozenset().union(*ROLES_BY_ACTION.values())

    assert named == {role.value for role in Role}
    assert not any(
        "administrator" in roles
        for action, roles in ROLES_BY_ACTION.items()
        if action not in {"devices.see", "units.see", "units.act", "drill.see", "drill.lead"}
    )
    assert ROLES_BY_ACTION["desk.see"].isdisjoint({"command", "administrator"})


def test_a_page_leads_to_sign_in_and_back_again(edge):
    client = Visitor(edge)
    answer = client.get("/lanes/empty", headers={"Accept": "text/html"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=/lanes/empty")

    form = {"username": "canbo", "password": PASSWORD, "next": "/lanes/empty"}
    answer = client.post("/sign-in", data=form, headers={"Origin": edge})

    assert (answer.status_code, answer.headers["location"]) == (303, "/lanes/empty")
    assert client.get("/lanes/empty").status_code == 200


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/\nX: 1", ""]
)
def test_sign_in_never_leads_to_a_foreign_site(edge, target):
    assert not is_local_path(target)
    answer = Visitor(edge).post("/sign-in", data={"username": "canbo", "password": PASSWORD, "next": target})

    assert answer.headers["location"] == "/"


def test_the_cookie_is_http_only_strict_and_bound_to_the_host_over_https(edge):
    given = {"username": "canbo", "password": PASSWORD}
    behind_tls = {"X-Forwarded-Proto": "https", "Host": "gate.example"}
    plain = Visitor(edge).post("/sign-in", json=given).headers["set-cookie"]
    secure = Visitor(edge).post("/sign-in", json=given, headers=behind_tls)

    assert plain.startswith("kd=")
    assert secure.headers["set-cookie"].startswith("__Host-kd=")
    assert secure.headers["set-cookie"].endswith("; Secure")
    for cookie in (plain, secure.headers["set-cookie"]):
        assert "; HttpOnly; SameSite=Strict" in cookie
        assert "; Path=/" in cookie
        assert "Domain" not in cookie
    assert secure.headers["strict-transport-security"].startswith("max-age=")


def test_a_password_never_travels_over_plain_http_to_another_machine(edge):
    given = {"username": "canbo", "password": PASSWORD}

    answer = Visitor(edge).post("/sign-in", json=given, headers={"Host": "gate.example"})

    assert (answer.status_code, answer.json()["code"]) == (403, "insecure_transport")


def test_a_session_that_was_planted_before_sign_in_is_not_taken_over(fresh_edge):
    url, store = fresh_edge
    client = Visitor(url)
    client.cookies.set("kd", "planted-by-somebody-else")

    client.sign_in("canbo")

    assert len(store.sessions) == 1
    assert hash_token("planted-by-somebody-else") not in store.sessions


def test_signing_in_again_ends_the_session_before(fresh_edge):
    url, store = fresh_edge
    client = Visitor(url).sign_in("canbo")
    before = set(store.sessions)

    client.sign_in("cdc")

    assert len(store.sessions) == 1
    assert before.isdisjoint(store.sessions)


def test_the_session_cannot_be_used_after_sign_out(edge):
    client = Visitor(edge).sign_in("canbo")
    token = client.cookies["kd"]
    answer = client.post("/sign-out", headers={"X-CSRF-Token": client.csrf})
    assert answer.headers["Clear-Site-Data"] == '"cache"', "and neither what a handheld keeps nor another's cookies"
    assert answer.status_code == 204
    assert "Max-Age=0" in answer.headers["set-cookie"]

    client.cookies.set("kd", token)

    assert client.get("/api/session").status_code == 401


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, "csrf"),
        ({"X-CSRF-Token": "0" * 64}, "csrf"),
        ({"Origin": "https://evil.example"}, "foreign_page"),
        ({"Origin": "null"}, "foreign_page"),
        ({"Origin": "http://127.0.0.1.evil.example"}, "foreign_page"),
        ({"Sec-Fetch-Site": "cross-site"}, "foreign_page"),
        ({"Sec-Fetch-Site": "same-site"}, "foreign_page"),
        ({"Sec-Fetch-Site": "none"}, "foreign_page"),
    ],
)
@pytest.mark.parametrize("path", ["/api/lanes/cleared/close", "/sign-out"])
def test_a_change_from_a_foreign_page_or_without_the_token_is_refused(edge, path, headers, code):
    client = Visitor(edge).sign_in("canbo")
    token = {"X-CSRF-Token": client.csrf} if code == "foreign_page" else {}

    answer = client.post(path, json={}, headers={**token, **headers})

    assert (answer.status_code, answer.json()["code"]) == (403, code)


def test_a_change_from_our_own_page_with_its_token_passes(edge):
    client = Visitor(edge).sign_in("canbo")
    headers = {"X-CSRF-Token": client.csrf, **origin_of(edge)}

    assert client.post("/api/lanes/cleared/close", json={}, headers=headers).status_code == 200


def test_a_plain_form_carries_its_token_in_a_field_and_is_still_read_by_the_route(edge):
    client = Visitor(edge).sign_in("canbo")

    assert client.post("/sign-out", data={"csrf_token": "wrong"}).status_code == 403
    answer = client.post("/sign-out", data={"csrf_token": client.csrf})

    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")


def test_one_sessions_token_is_worth_nothing_in_another(edge):
    mine, theirs = Visitor(edge).sign_in("canbo"), Visitor(edge).sign_in("canbo")

    answer = mine.post("/api/lanes/cleared/close", json={}, headers={"X-CSRF-Token": theirs.csrf})

    assert answer.status_code == 403


@pytest.mark.parametrize(
    "body", [b"username=a&username=b&password=c", b"%ff=1", b"x" * 20_000, b"&" * 99, b"no-equals-sign"]
)
def test_a_twisted_form_is_refused_and_never_an_error_of_ours(edge, body):
    headers = {"Content-Type": "application/x-www-form-urlencoded"}

    answer = Visitor(edge).post("/sign-in", content=body, headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (400, "bad_form")


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{", b'{"username": 1, "password": "x"}', b'{"username":"a","password":"b","role":"cdc"}']
)
def test_twisted_json_is_refused_and_no_field_of_ours_can_be_set_from_outside(edge, body):
    answer = Visitor(edge).post("/sign-in", content=body, headers={"Content-Type": "application/json"})

    assert (answer.status_code, answer.json()["code"]) == (400, "bad_form")


def test_a_wrong_password_says_the_same_for_known_and_unknown_names(edge):
    client = Visitor(edge)

    answers = [client.post("/sign-in", json={"username": name, "password": "sai"}) for name in ("canbo", "khong-ai")]

    assert [answer.status_code for answer in answers] == [401, 401]
    assert answers[0].content == answers[1].content


def test_too_many_guesses_answer_429_and_when_to_come_back(fresh_edge):
    client = Visitor(fresh_edge[0])
    answers = [client.post("/sign-in", data={"username": "canbo", "password": "sai"}) for _ in range(7)]

    assert [answer.status_code for answer in answers] == [401] * 5 + [429] * 2
    assert int(answers[-1].headers["retry-after"]) <= 5
    assert "Nhập sai nhiều lần" in answers[-1].text


def test_a_websocket_needs_a_session_and_our_own_page(edge):
    url = edge.replace("http", "ws", 1) + "/api/lanes/cleared/thermal"
    cookie = {"Cookie": f"kd={Visitor(edge).sign_in('canbo').cookies['kd']}"}
    for headers, origin in (({}, edge), (cookie, "http://evil.example"), ({"Cookie": "kd=invented"}, edge)):
        with pytest.raises(InvalidStatus) as refusal, connect(url, additional_headers=headers, origin=origin):
            pass
        assert refusal.value.response.status_code == 403

    with connect(url, additional_headers=cookie, origin=edge) as socket:
        assert b'"width": 32' in socket.recv(timeout=5)


def test_a_websocket_is_closed_to_another_role(edge):
    cookie = {"Cookie": f"kd={Visitor(edge).sign_in('quantri').cookies['kd']}"}
    url = edge.replace("http", "ws", 1) + "/api/lanes/cleared/thermal"

    with pytest.raises(InvalidStatus) as refusal, connect(url, additional_headers=cookie, origin=edge):
        pass

    assert refusal.value.response.status_code == 403
