"""Clients that send a byte now and then are cut off, while everybody else is served."""

import asyncio
import socket
import time

import httpx
import pytest
import uvicorn

from central.routes import slow_clients
from central.routes.slow_clients import PatientProtocol
from tests.services.processes import free_port


@pytest.fixture
def patience(monkeypatch):
    monkeypatch.setattr(slow_clients, "HEADERS_TIMEOUT_S", 0.6)
    monkeypatch.setattr(slow_clients, "BODY_TIMEOUT_S", 0.8)
    monkeypatch.setattr(slow_clients, "HEADERS_LIMIT_BYTES", 4096)


async def answer_all(scope, receive, send):
    body, more = b"", True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        body += message.get("body", b"")
        more = message.get("more_body", False)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


@pytest.fixture
def port(patience):
    import threading

    chosen = free_port()
    config = uvicorn.Config(
        answer_all, port=chosen, http=PatientProtocol, log_level="critical", lifespan="off", timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve()), daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield chosen
    server.should_exit = True
    thread.join()


def seconds_until_cut_off(port: int, first: bytes, drip: bytes) -> float:
    with socket.create_connection(("127.0.0.1", port), timeout=5) as client:
        began = time.monotonic()
        client.sendall(first)
        client.settimeout(0.1)
        while time.monotonic() - began < 5:
            try:
                client.sendall(drip)
                if client.recv(1024) == b"":
                    return time.monotonic() - began
            except TimeoutError:
                continue
            except OSError:
                return time.monotonic() - began
    return 5.0


def test_headers_that_never_end_are_cut_off_while_others_are_served(port):
    assert seconds_until_cut_off(port, b"GET / HTTP/1.1\r\nHost: x\r\n", b"X-Drip: 1\r\n") < 2.0
    assert httpx.get(f"http://127.0.0.1:{port}/", trust_env=False).text == "ok"


def test_a_connection_that_says_nothing_is_cut_off(port):
    assert seconds_until_cut_off(port, b"", b"") < 2.0


def test_a_body_that_drips_is_cut_off(port):
    head = b"POST /sync/v1/push HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n"
    assert seconds_until_cut_off(port, head, b"x") < 2.5


def test_headers_without_end_are_cut_off_by_size(port):
    flood = b"X-Flood: " + b"a" * 8192 + b"\r\n"
    assert seconds_until_cut_off(port, b"GET / HTTP/1.1\r\nHost: x\r\n" + flood, flood) < 0.5


def test_a_kept_connection_serves_one_request_after_the_other(port):
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
        for _ in range(3):
            assert client.post("/", content=b"x" * 10_000).text == "ok"
            time.sleep(0.4)
