"""People with a browser at a centre that runs in the test's own process."""

from contextlib import contextmanager
from datetime import datetime

import httpx
from anyio.from_thread import BlockingPortal, start_blocking_portal

from central.app import build_app
from tests.sync.exchange.journals import MORNING
from web.passwords import Passwords
from web.sign_in import User

PASSWORD = "mật-khẩu-dài-9"


class HandClock:
    def __init__(self) -> None:
        self.now = MORNING

    def __call__(self) -> datetime:
        return self.now


class Browser:
    """The whole service without a socket, spoken to from a test that does not await."""

    def __init__(self, centre, *, portal: BlockingPortal) -> None:
        transport = httpx.ASGITransport(app=build_app(centre))
        self.client = httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1")
        self._portal = portal

    def get(self, path):
        return self._portal.call(self.client.get, path)

    def get_with(self, path, headers):
        return self._portal.call(lambda: self.client.get(path, headers=headers))

    def post(self, path, **content):
        return self._portal.call(lambda: self.client.post(path, **content))

    def send(self, path, body):
        """Post as a page does: JSON, with the session's token."""
        token = self.get("/api/session").json()["csrf_token"]
        return self.post(path, json=body, headers={"X-CSRF-Token": token})


@contextmanager
def signed_in(centre, *, username, role):
    """Give a browser in which somebody of this role is signed in."""
    hashed = Passwords().hash_password(PASSWORD, username=username)
    centre.store.accounts.put_user(User(username=username, name=username, role=role, password_hash=hashed))
    with start_blocking_portal() as portal:
        browser = Browser(centre, portal=portal)
        answer = browser.post("/sign-in", json={"username": username, "password": PASSWORD})
        assert answer.status_code == 204, answer.text
        yield browser
        portal.call(browser.client.aclose)
