"""A stream that was opened before: it gives nobody's data from the moment on at which its session is locked or over."""

import json
import queue
import threading
from collections.abc import Callable
from datetime import timedelta

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.checkpoint.app.test_thermal_picture import CHEAP, PASSWORD, cookie, frame, served
from tests.checkpoint.edges import LANE
from web.sign_in import User

__all__ = ["served"]


class Officer:
    """Somebody signed in at a served edge, and what ends that."""

    def __init__(self, edge, port: int) -> None:
        self.edge, self.url, self.who = edge, f"http://127.0.0.1:{port}", cookie(port)
        token = httpx.get(f"{self.url}/api/session", headers=self.who).json()["csrf_token"]
        self.headers = {**self.who, "X-CSRF-Token": token}

    def lock(self) -> None:
        assert httpx.post(f"{self.url}/api/station/lock", headers=self.headers).status_code == 204

    def sign_out(self) -> None:
        assert httpx.post(f"{self.url}/sign-out", headers=self.headers).status_code == 204

    def put(self, **fields) -> None:
        hashed = CHEAP.hash_password(PASSWORD, username="canbo")
        one = {"username": "canbo", "name": "A", "role": "officer", "password_hash": hashed} | fields
        self.edge.gate.store.accounts.put_officer(User(**one))

    def disable(self) -> None:
        self.put(is_disabled=True)

    def other_role(self) -> None:
        self.put(role="administrator")

    def shift_ends(self) -> None:
        self.edge.clock.now += timedelta(hours=12, minutes=1)


ENDS: dict[str, Callable[[Officer], None]] = {
    one.__name__: one
    for one in (Officer.lock, Officer.sign_out, Officer.disable, Officer.other_role, Officer.shift_ends)
}


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_no_picture_is_sent_once_the_session_is_locked_or_over(edge, served, end):
    workers, port = served
    officer = Officer(edge, port)
    with connect(f"ws://127.0.0.1:{port}/api/lanes/{LANE}/thermal", additional_headers=officer.who) as socket:
        pixels = b""
        while not pixels:
            workers.take_event(frame(36.0))
            pixels = _received(socket)
        while _received(socket):
            pass
        end(officer)
        workers.take_event(frame(38.0))
        with pytest.raises(ConnectionClosed):
            socket.recv(timeout=5)


def _received(socket) -> bytes:
    try:
        return socket.recv(timeout=0.1)
    except TimeoutError:
        return b""


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_no_person_is_told_of_once_the_session_is_locked_or_over(edge, served, end):
    _, port = served
    officer = Officer(edge, port)
    told: queue.Queue[dict | None] = queue.Queue()
    reader = threading.Thread(target=_follow, args=(officer, told), daemon=True)
    reader.start()
    edge.present("QN 100123")
    while "0123" not in json.dumps(told.get(timeout=10)):
        pass
    end(officer)
    while not told.empty():
        told.get_nowait()
    edge.present("QN 100123")
    after = []
    while (one := _next(told)) is not None:
        after.append(json.dumps(one))
    assert all("0123" not in one for one in after)
    if end is not Officer.lock:
        reader.join(3)
        assert not reader.is_alive(), "the stream is over, not only silent"


def _next(told: "queue.Queue[dict | None]") -> dict | None:
    try:
        return told.get(timeout=1.5)
    except queue.Empty:
        return None


def _follow(officer: Officer, told: "queue.Queue[dict | None]") -> None:
    with httpx.stream("GET", f"{officer.url}/api/lanes/{LANE}/events", headers=officer.who, timeout=20) as stream:
        for line in stream.iter_lines():
            if line.startswith("data: "):
                told.put(json.loads(line.removeprefix("data: ")))
