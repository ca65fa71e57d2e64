"""The thermal picture over a real WebSocket, from the scanner's sink to whoever is signed in and looks."""

import json
import threading
from collections.abc import Iterator

import httpx
import numpy as np
import pytest
import uvicorn
from argon2 import PasswordHasher
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from checkpoint.app import create_app, streams
from checkpoint.workers import Workers
from devices.reading import ThermalFrame
from sync.agreement.labels_catalogue import load_catalogues
from tests.checkpoint.edges import LANE
from tests.checkpoint.people import MORNING
from tests.services.processes import free_port, is_listening, wait_until
from web.passwords import Passwords
from web.sign_in import User

CHEAP = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
PASSWORD = "mot-hai-ba-bon"


@pytest.fixture
def served(edge) -> Iterator[tuple[Workers, int]]:
    hashed = CHEAP.hash_password(PASSWORD, username="canbo")
    edge.gate.store.accounts.put_officer(User(username="canbo", name="A", role="officer", password_hash=hashed))
    labels = {language: catalogue.sections for language, catalogue in load_catalogues().items()}
    workers = Workers(edge.gate)
    app = create_app(edge.gate, workers=workers, labels=labels, passwords=CHEAP)
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_config=None, timeout_graceful_shutdown=2))
    thread = threading.Thread(target=server.run)
    thread.start()
    wait_until(lambda: is_listening(port), timeout_s=20, what="the edge listening")
    yield workers, port
    app.state.edge.stop_streams()
    server.should_exit = True
    thread.join(20)


def cookie(port: int) -> dict[str, str]:
    answer = httpx.post(f"http://127.0.0.1:{port}/sign-in", json={"username": "canbo", "password": PASSWORD})
    return {"Cookie": answer.headers["set-cookie"].partition(";")[0]}


def frame(celsius: float) -> ThermalFrame:
    pixels = np.full((24, 32), celsius, dtype=np.float32)
    return ThermalFrame(device_id="face-1", observed_at=MORNING, celsius=pixels)


def test_who_is_signed_in_sees_the_latest_picture_of_the_lane(served):
    workers, port = served
    with connect(f"ws://127.0.0.1:{port}/api/lanes/{LANE}/thermal", additional_headers=cookie(port)) as socket:
        seen: list[bytes] = []
        reader = threading.Thread(target=lambda: seen.append(socket.recv(timeout=10)))
        reader.start()
        while reader.is_alive():
            workers.take_event(frame(36.0))
            reader.join(0.05)
    head, _, pixels = seen[0].partition(b"\n")
    assert (json.loads(head)["width"], json.loads(head)["height"]) == (32, 24)
    assert set(np.frombuffer(pixels, dtype="<u2").tolist()) == {30915}


def test_a_slow_viewer_misses_pictures_and_holds_up_nobody(served):
    workers, port = served
    with connect(f"ws://127.0.0.1:{port}/api/lanes/{LANE}/thermal", additional_headers=cookie(port)):
        for number in range(500):
            workers.take_event(frame(20 + number / 100))
    assert httpx.get(f"http://127.0.0.1:{port}/api/health").status_code == 200


def test_who_is_not_signed_in_sees_no_picture(served):
    _, port = served
    with (
        pytest.raises(InvalidStatus, match="403"),
        connect(f"ws://127.0.0.1:{port}/api/lanes/{LANE}/thermal"),
    ):
        pass


def test_the_picture_ends_when_its_officer_signs_out(served, monkeypatch):
    monkeypatch.setattr(streams, "TELL_AT_LEAST_EVERY_S", 0.2)
    _, port = served
    who = cookie(port)
    address = f"127.0.0.1:{port}"
    with connect(f"ws://{address}/api/lanes/{LANE}/thermal", additional_headers=who) as socket:
        token = httpx.get(f"http://{address}/api/session", headers=who).json()["csrf_token"]
        assert httpx.post(f"http://{address}/sign-out", headers={**who, "X-CSRF-Token": token}).status_code < 400
        with pytest.raises(ConnectionClosed):
            socket.recv(timeout=5)
