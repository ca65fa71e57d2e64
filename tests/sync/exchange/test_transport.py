"""Real sockets that behave badly: every request ends in its time, and nothing but the centre is believed."""

import gzip
import socket
import ssl
import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from sync.exchange.ends import RefusedError, TransportError
from sync.exchange.transport import ANSWER_LIMIT_BYTES, HttpTransport
from tests.sync.exchange.journals import EdgeJournal

NOW = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
DEADLINE_S = 1.0
JOURNAL = EdgeJournal("mong-cai-1")
QUESTION = JOURNAL.question(nonce="n")
REFUSAL = b'{"code":"busy"}'


def response(body, *, code=200, headers=(), kind="application/json"):
    lines = [f"HTTP/1.1 {code} X", f"Content-Type: {kind}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


class BadServer:
    """Hands each connection to ``behave`` in a thread of its own; remembers what was asked."""

    def __init__(self, behave, *, context=None):
        self.asked, self._behave, self._context = [], behave, context
        self._stopping = threading.Event()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def _accept(self):
        while not self._stopping.is_set():
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self._threads.append(threading.Thread(target=self._serve, args=(connection,), daemon=True))
            self._threads[-1].start()

    def _serve(self, connection):
        with connection:
            try:
                if self._context is None:
                    self._answer(connection)
                else:
                    with self._context.wrap_socket(connection, server_side=True) as secured:
                        self._answer(secured)
            except OSError:
                return

    def _answer(self, connection):
        asked = b""
        while b"\r\n\r\n" not in asked:
            piece = connection.recv(4096)
            if not piece:
                return
            asked += piece
        self.asked.append(asked)
        self._behave(connection, self._stopping)

    def close(self):
        self._stopping.set()
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        for thread in self._threads:
            thread.join(2.0)


@contextmanager
def serving(behave, *, context=None):
    server = BadServer(behave, context=context)
    try:
        yield server
    finally:
        server.close()


def ask(url, **more):
    transport = HttpTransport(url, deadline_s=DEADLINE_S, clock=lambda: NOW, **more)
    try:
        return transport.ask_head(QUESTION, key=JOURNAL.key)
    finally:
        transport.close()


def fault_of(behave, **more):
    with serving(behave) as server, pytest.raises(TransportError) as failed:
        ask(f"http://127.0.0.1:{server.port}", **more)
    return failed.value


def sends(content):
    return lambda connection, stopping: connection.sendall(content)


def trickles(content, *, every_s=0.05):
    def behave(connection, stopping):
        for place in range(len(content)):
            connection.sendall(content[place : place + 1])
            if stopping.wait(every_s):
                return

    return behave


def silent(connection, stopping):
    stopping.wait(10.0)


LONG = response(b'{"a":"' + b"x" * 400 + b'"}')


@pytest.mark.parametrize(
    "behave", [silent, trickles(LONG), trickles(LONG[:60] + b"x" * 400)], ids=["silent", "body", "head"]
)
def test_a_peer_that_answers_a_byte_now_and_then_cannot_hold_a_request_past_its_deadline(behave):
    began_s = time.monotonic()
    assert fault_of(behave).reason == "timeout"
    assert time.monotonic() - began_s < DEADLINE_S + 1.0


def test_a_peer_that_reads_nothing_cannot_hold_a_push_past_its_deadline():
    began_s = time.monotonic()
    with serving(silent) as server:
        transport = HttpTransport(f"http://127.0.0.1:{server.port}", deadline_s=DEADLINE_S)
        with pytest.raises(TransportError) as failed:
            transport._send("POST", path="/push", headers={}, content=b"x" * 30_000_000)
        transport.close()
    assert failed.value.reason == "timeout"
    assert time.monotonic() - began_s < DEADLINE_S + 1.0


PORTAL = response(b"<html>Wi-Fi</html>", kind="text/html")
REDIRECT = response(b"{}", code=302, headers=["Location: http://127.0.0.1:1/login"])
ENDLESS = response(b'"' + b"x" * (ANSWER_LIMIT_BYTES + 9) + b'"')
PACKED = response(gzip.compress(b"x" * 50_000_000), headers=["Content-Encoding: gzip"])
DEEP = response(b"[" * 100_000)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (PORTAL, "not_the_centre"),
        (REDIRECT, "not_the_centre"),
        (ENDLESS, "not_the_centre"),
        (PACKED, "not_the_centre"),
        (DEEP, "not_the_centre"),
        (response(b'{"code":"busy"}', code=204), "not_the_centre"),
        (response(b'{"code":"busy"}', code=307), "not_the_centre"),
        (response(b'{"code":"no such code"}', code=400), "not_the_centre"),
        (response(b"", code=502, kind="text/html"), "unavailable"),
        (response(b'{"epoch":')[:-4], "link_cut"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "link_cut"),
        (b"", "link_cut"),
    ],
    ids=[
        "portal",
        "redirect",
        "endless",
        "packed",
        "deep",
        "204",
        "307",
        "a word of nobody",
        "gateway",
        "cut",
        "ssh",
        "closed",
    ],
)
def test_what_is_not_the_centre_is_a_transport_fault_with_a_name(content, reason):
    assert fault_of(sends(content)).reason == reason


def test_nobody_at_the_address_and_no_such_name_are_no_link():
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    for url in (f"http://127.0.0.1:{port}", "http://no-such-host.invalid", "http://[broken"):
        with pytest.raises(TransportError) as failed:
            ask(url)
        assert failed.value.reason == "no_link"


def refused(headers):
    answer = response(REFUSAL, code=503, headers=headers)
    with serving(sends(answer)) as server, pytest.raises(RefusedError) as failed:
        ask(f"http://127.0.0.1:{server.port}")
    return failed.value


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        (["Retry-After: 7"], 7.0),
        (["Retry-After: Sun, 22 Nov 2026 01:00:30 GMT"], 30.0),
        (["Retry-After: Sun, 22 Nov 2026 00:00:00 GMT"], 0.0),
        (["Date: Sun, 22 Nov 2016 01:00:00 GMT", "Retry-After: Sun, 22 Nov 2016 01:00:45 GMT"], 45.0),
        (["Retry-After: soon"], None),
        (["Retry-After: -5"], None),
        (["Retry-After: 1e9"], None),
        ([], None),
    ],
)
def test_a_refusal_says_when_to_come_back_in_seconds_or_by_a_date(headers, seconds):
    error = refused(headers)
    assert (error.refusal.code, error.retry_after_s) == ("busy", seconds)


@given(st.text(max_size=60))
def test_no_retry_after_breaks_the_reading(text):
    headers = [(b"content-type", b"application/json"), (b"retry-after", text.encode("utf-8", "replace"))]
    answer = httpx.Response(503, content=REFUSAL, headers=headers)
    with httpx.Client(transport=httpx.MockTransport(lambda _: answer)) as client, pytest.raises(RefusedError) as failed:
        ask("http://centre.invalid", client=client)
    assert failed.value.retry_after_s is None or failed.value.retry_after_s >= 0.0


def test_a_proxy_of_the_environment_is_not_used_and_one_of_the_settings_is(monkeypatch):
    with serving(sends(response(REFUSAL, code=503))) as proxy:
        url = f"http://127.0.0.1:{proxy.port}"
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, url)
        with pytest.raises(TransportError) as failed:
            ask("http://centre.invalid")
        assert (failed.value.reason, proxy.asked) == ("no_link", [])
        with pytest.raises(RefusedError):
            ask("http://centre.invalid", proxy_url=url.replace("//", "//gate:secret@"))
        assert proxy.asked[0].startswith(b"GET http://centre.invalid/sync/v1/head?")
        assert b"Proxy-Authorization: Basic" in proxy.asked[0]


def test_a_proxy_that_will_not_let_through_is_named():
    with serving(sends(response(b"", code=407, kind="text/html"))) as proxy, pytest.raises(TransportError) as failed:
        ask("https://centre.invalid", proxy_url=f"http://127.0.0.1:{proxy.port}")
    assert failed.value.reason == "proxy_refused"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "centre.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + built.public_bytes(serialization.Encoding.PEM))
    return path


def test_a_certificate_that_nobody_vouches_for_or_of_another_name_is_refused(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with serving(sends(response(REFUSAL, code=503)), context=context) as server:
        for host, more in (("localhost", {}), ("127.0.0.1", {"ca_file": str(certificate)})):
            with pytest.raises(TransportError) as failed:
                ask(f"https://{host}:{server.port}", **more)
            assert failed.value.reason == "no_link"
        assert server.asked == []
        with pytest.raises(RefusedError):
            ask(f"https://localhost:{server.port}", ca_file=str(certificate))
        assert b"Accept-Encoding: identity" in server.asked[0]
