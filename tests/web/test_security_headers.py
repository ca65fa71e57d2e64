"""Every answer refuses what a page of ours never needs."""

import re

import pytest

from tests.web.serving import Visitor, served
from tests.web.stage import centre_app, edge_app
from web.assets import OWN_FOLDER
from web.security_headers import CONTENT_SECURITY_POLICY


@pytest.fixture(scope="module")
def officer():
    with served(edge_app()) as url:
        yield Visitor(url).sign_in("canbo")


@pytest.mark.parametrize("path", ["/sign-in", "/lanes/empty", "/api/session", "/api/nowhere", "/static/nowhere", "/"])
def test_each_answer_carries_the_whole_set(officer, path):
    headers = officer.get(path).headers

    assert headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"
    assert "geolocation=()" in headers["permissions-policy"]
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["cache-control"] == "no-store"
    assert "access-control-allow-origin" not in headers


def test_the_policy_starts_from_nothing_and_allows_no_inline_code():
    directives = dict(part.split(" ", 1) for part in CONTENT_SECURITY_POLICY.split("; "))

    assert directives["default-src"] == "'none'"
    assert directives["script-src"] == directives["style-src"] == "'self'"
    assert directives["frame-ancestors"] == directives["base-uri"] == "'none'"
    assert "unsafe" not in CONTENT_SECURITY_POLICY
    assert "http" not in CONTENT_SECURITY_POLICY


def test_files_of_one_version_are_kept_for_ever_and_pages_never(officer):
    page = officer.get("/lanes/empty").text
    sheet = re.search(r'href="(/static/[0-9a-f]{12}/web/css/look.css)"', page).group(1)

    answer = officer.get(sheet)

    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-type"].startswith("text/css")


@pytest.mark.parametrize(
    "path", ["/../pages.py", "/%2e%2e/pages.py", "/..%2fpages.py", "/css/../../pages.py", "//etc/passwd"]
)
def test_no_path_leads_out_of_the_static_folder(officer, path):
    page = officer.get("/lanes/empty").text
    root = re.search(r'href="(/static/[0-9a-f]{12}/web)/css/look.css"', page).group(1)

    assert officer.get(root + path).status_code in {401, 404}


@pytest.mark.parametrize(
    ("make", "user", "path"), [(edge_app, "canbo", "/lanes/recheck"), (centre_app, "cdc", "/desk")]
)
def test_pages_name_no_foreign_host_and_hold_no_inline_code(make, user, path):
    with served(make()) as url:
        page = Visitor(url).sign_in(user).get(path).text

    assert not re.search(r"(?:src|href|action)=\"(?:https?:)?//", page)
    assert not re.search(r"\son[a-z]+=\"|\sstyle=\"|<style", page)
    scripts = re.findall(r"<script([^>]*)>", page)
    assert all('src="/static/' in script or 'type="application/json"' in script for script in scripts)


def test_our_own_files_name_no_foreign_host():
    own = [
        path for path in OWN_FOLDER.rglob("*") if path.suffix in {".js", ".css", ".svg"} and "vendor" not in path.parts
    ]

    hosts = {host for path in own for host in re.findall(r"https?://([\w.-]+)", path.read_text("utf-8"))}

    assert len(own) > 8
    assert hosts <= {"www.w3.org"}, "only the namespace of SVG"
