"""An edge of a drill in this process: its gate by a clock of hand, its whole application over a real socket."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from checkpoint.app import create_app
from checkpoint.settings import load_settings
from checkpoint.workers import Workers
from tests.checkpoint.edges import Edge, opened, write_settings
from tests.checkpoint.people import HandClock
from tests.web.serving import served
from tests.web.stage import CHEAP, PASSWORD, labels
from web.sign_in import User

ROLES = {"canbo": "officer", "truong": "gate_head", "cdc": "cdc", "quantri": "administrator"}


class DrillEdge(Edge):
    """The same officer and scanner as at a real edge, under the settings of a drill."""

    def __init__(self, folder: Path, *, scenario: str = "two-fevers-full-room") -> None:
        path = write_settings(folder, has_device=False)
        text = path.read_text(encoding="utf-8").replace('"mong-cai-1"', '"exercise-mong-cai-1"')
        text = text.replace("is_demo = true", f'is_demo = true\nis_exercise = true\nexercise = "{scenario}"')
        path.write_text(text, encoding="utf-8")
        self.settings = load_settings(path)
        self.clock = HandClock()
        self.gate = opened(self.settings, clock=self.clock)


@contextmanager
def application(edge: Edge) -> Iterator[str]:
    """Serve an edge with one account of each role; gives its address."""
    for username, role in ROLES.items():
        hashed = CHEAP.hash_password(PASSWORD, username=username)
        edge.gate.store.accounts.put_officer(
            User(username=username, name="Phạm Thu Hà", role=role, password_hash=hashed)
        )
    with served(create_app(edge.gate, workers=Workers(edge.gate), labels=labels(), passwords=CHEAP)) as url:
        yield url


@contextmanager
def visitor(url: str, username: str = "canbo", *, language: str = "vi") -> Iterator[httpx.Client]:
    """Sign somebody in."""
    limits = httpx.Limits(max_keepalive_connections=0)
    with httpx.Client(base_url=url, timeout=20, cookies={"kd-language": language}, limits=limits) as client:
        assert client.post("/sign-in", json={"username": username, "password": PASSWORD}).status_code == 204
        client.headers["X-CSRF-Token"] = client.get("/api/session").raise_for_status().json()["csrf_token"]
        yield client
