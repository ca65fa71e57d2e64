"""The pass register in a real Chromium at a real edge: what its lists say, and for whom they can be read."""

from collections.abc import Iterator

import pytest

from checkpoint.app import create_app
from checkpoint.workers import Workers
from tests.checkpoint.actions.test_register import passed, registered
from tests.checkpoint.edges import Edge
from tests.web.serving import served
from tests.web.stage import CHEAP, PASSWORD, labels
from tests.web.test_screens_in_a_browser import open_page, violations
from web.sign_in import User


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    edge = Edge(tmp_path_factory.mktemp("edge"))
    hashed = CHEAP.hash_password(PASSWORD, username="canbo")
    edge.gate.store.accounts.put_officer(
        User(username="canbo", name="Phạm Thu Hà", role="officer", password_hash=hashed)
    )
    registered(edge, expires_on="2026-12-01")
    passed(edge, direction="exit")
    with served(create_app(edge.gate, workers=Workers(edge.gate), labels=labels(), passwords=CHEAP)) as address:
        yield address
    edge.close()


def test_who_has_not_come_back_is_said_to_be_known_to_this_edge_only(page, url):
    open_page(page, url, "/register", username="canbo")
    page.wait_for_selector("#people tr")
    assert page.locator("#this-edge-only").is_hidden()
    page.keyboard.press("F6")
    page.wait_for_selector("#this-edge-only:not([hidden])")
    assert "Chỉ tính các lượt ghi tại máy cửa khẩu này" in page.locator("#this-edge-only").inner_text()
    assert "Chìu A Múi" in page.locator("#people").inner_text()


@pytest.mark.parametrize(("language", "theme"), [("vi", "light"), ("en", "dark"), ("zh", "light")])
def test_the_register_is_accessible(page, url, language, theme):
    open_page(page, url, "/register", username="canbo", language=language, theme=theme)
    page.keyboard.press("F6")
    page.wait_for_selector("#this-edge-only:not([hidden])")
    assert violations(page) == []
