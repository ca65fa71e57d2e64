"""A drill and the real edge on one workstation: one browser is signed in to both, and neither ends the other."""

from http.cookiejar import CookieJar

import httpx
import pytest

from tests.checkpoint.rehearsal.marked import DrillEdge, application
from tests.web.stage import PASSWORD


@pytest.fixture
def both(edge, tmp_path):
    (tmp_path / "drill").mkdir()
    drill = DrillEdge(tmp_path / "drill")
    with application(edge) as real_url, application(drill) as drill_url:
        yield real_url, drill_url
    drill.close()


def test_signing_in_and_out_of_the_drill_leaves_the_real_edge_signed_in(both):
    real, drill = both
    with httpx.Client(cookies=CookieJar(), timeout=20) as browser:
        for url in both:
            answer = browser.post(f"{url}/sign-in", json={"username": "canbo", "password": PASSWORD})
            assert answer.status_code == 204

        assert set(browser.cookies) == {"kd", "kd-drill"}
        sessions = [browser.get(f"{url}/api/session").raise_for_status().json() for url in both]
        assert sessions[0]["csrf_token"] != sessions[1]["csrf_token"]

        left = browser.post(f"{drill}/sign-out", headers={"X-CSRF-Token": sessions[1]["csrf_token"]})
        assert left.status_code == 204
        assert browser.get(f"{drill}/api/session").status_code == 401
        assert browser.get(f"{real}/api/session").json()["csrf_token"] == sessions[0]["csrf_token"]


def test_the_session_of_the_one_is_nothing_at_the_other(both):
    real, drill = both
    with httpx.Client(timeout=20) as browser:
        browser.post(f"{real}/sign-in", json={"username": "canbo", "password": PASSWORD})
        token = browser.cookies["kd"]
        assert browser.get(f"{drill}/api/session").status_code == 401
    for name in ("kd", "kd-drill"):
        with httpx.Client(timeout=20, cookies={name: token}) as browser:
            assert browser.get(f"{drill}/api/session").status_code == 401
