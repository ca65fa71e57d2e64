"""Serve an app of the stage over a real socket, for clients and browsers."""

import threading
from contextlib import contextmanager

import httpx
import uvicorn

from tests.services.processes import wait_until
from tests.web.stage import PASSWORD


@contextmanager
def served(app):
    """Run ``app`` on a free port of this machine; gives its base URL."""
    server = uvicorn.Server(
        uvicorn.Config(app, host="127.0.0.1", port=0, log_level="critical", timeout_graceful_shutdown=1)
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    wait_until(lambda: server.started, timeout_s=10, what="the stage to listen")
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(timeout=5)


class Visitor(httpx.Client):
    """A client that is no browser: it keeps cookies and follows nothing."""

    def __init__(self, base_url, **options):
        limits = httpx.Limits(max_keepalive_connections=0)
        super().__init__(base_url=base_url, follow_redirects=False, trust_env=False, limits=limits, **options)

    def sign_in(self, username):
        answer = self.post("/sign-in", json={"username": username, "password": PASSWORD})
        assert answer.status_code == 204
        return self

    @property
    def csrf(self):
        return self.get("/api/session").json()["csrf_token"]
