"""A terminal that posts is answered only when its reading is stored, and nobody else is let in."""

import socket
import threading
import time
from datetime import UTC, datetime

import httpx
import pytest

from devices.drivers.zkteco_push import ZktecoPush
from devices.errors import DeviceConfigurationError, LinkLostError
from devices.health import DeviceState
from devices.http_message import read_request
from devices.links import http_listener
from devices.links.credentials import Asked, Credentials, Proof
from devices.links.http_push import HttpPushLink
from devices.reading import FaultCode, Outgoing, Reading
from devices.registry import DeviceConfig
from devices.scanner import Scanner
from devices.simulator.posting_dialects import HikvisionDialect, UniviewDialect, ZktecoDialect
from devices.simulator.posting_terminal import PostingTerminal, Shown
from tests.devices.certificates import make_certificates
from tests.services.processes import free_port, wait_until

SECRET = "a-long-enough-secret"


class Store:
    """A sink that keeps one reading for each delivery key, and can be told to fail or to wait."""

    def __init__(self):
        self.readings, self.faults, self.offered, self.failures_to_come = {}, [], [], 0
        self.may_store = threading.Event()
        self.may_store.set()

    def __call__(self, event):
        if not isinstance(event, Reading):
            self.faults.append(getattr(event, "code", None))
            return
        self.offered.append(event.delivery_key)
        self.may_store.wait(30)
        if self.failures_to_come:
            self.failures_to_come -= 1
            msg = "disk full"
            raise OSError(msg)
        self.readings.setdefault(event.delivery_key, event)

    def temperatures(self):
        return sorted(reading.temperature_c for reading in self.readings.values())


@pytest.fixture
def secret_file(tmp_path):
    file = tmp_path / "terminal.secret"
    file.write_text(SECRET + "\n", encoding="utf-8")
    file.chmod(0o600)
    return file


def config_for(port, secret_file, *, driver="zkteco_push", path="", more="", scheme="http-push"):
    url = f"{scheme}://127.0.0.1:{port}{path}?auth=digest&user=terminal&secret_file={secret_file}{more}"
    return DeviceConfig(device_id="lane-1", driver=driver, url=url)


@pytest.fixture
def opened(secret_file):
    links = []

    def make(more="", *, path="", auth="", scheme="http-push", is_answering=True):
        proof = auth or f"auth=digest&user=terminal&secret_file={secret_file}"
        url = f"{scheme}://127.0.0.1:0{path}?{proof}{more}"
        config = DeviceConfig(device_id="lane-1", driver="zkteco_push", url=url)
        link = HttpPushLink(config, manifest=ZktecoPush.manifest)
        link.open()
        links.append((link, stopping := threading.Event()))
        if is_answering:
            threading.Thread(target=answer_everything, args=(link, stopping), daemon=True).start()
        return link

    yield make
    for link, stopping in links:
        stopping.set()
        link.close()


def answer_everything(link, stopping):
    link.taken = []
    while not stopping.is_set():
        try:
            delivery = link.receive(timeout_s=0.05)
        except LinkLostError:
            return
        if delivery is not None:
            link.taken.append(read_request(delivery.payload))
            link.send(Outgoing(topic="", payload=b"OK"))
            link.acknowledge(delivery)


def post(link, target="/iclock/cdata", *, scheme="http", auth=("terminal", SECRET), **request):
    proof = httpx.DigestAuth(*auth) if auth else None
    return httpx.post(f"{scheme}://127.0.0.1:{link.port}{target}", auth=proof, timeout=5, **request)


@pytest.mark.parametrize(
    ("dialect", "driver"),
    [(ZktecoDialect, "zkteco_push"), (UniviewDialect, "uniview_lapi"), (HikvisionDialect, "hikvision_push")],
    ids=["zkteco", "uniview", "hikvision"],
)
def test_what_a_terminal_posts_is_stored_once_and_only_then_accepted(dialect, driver, secret_file):
    port, store = free_port(), Store()
    store.failures_to_come = 1
    scanner = Scanner(config_for(port, secret_file, driver=driver), sink=store, clock=lambda: datetime.now(UTC))
    link = f"http://terminal:{SECRET}@127.0.0.1:{port}"
    terminal = PostingTerminal("lane-1", link, {"resend_s": 0.2, "heartbeat_s": 0.3}, dialect=dialect)
    terminal.start()
    terminal.show(Shown(skin_c=36.6))
    time.sleep(0.3)  # nobody listens yet
    scanner.start()
    wait_until(lambda: terminal.waiting_count == 0, timeout_s=10, what="acceptance after a failed store")
    store.may_store.clear()
    terminal.show(Shown(skin_c=38.4))
    wait_until(lambda: len(store.offered) == 3, timeout_s=5, what="offer to the store")
    assert terminal.waiting_count == 1, "not stored, so not accepted"
    store.may_store.set()
    terminal.show(Shown(skin_c=0))
    wait_until(lambda: terminal.waiting_count == 0, timeout_s=10, what="acceptance of all")
    terminal.stop()
    assert scanner.stop(timeout_s=10)
    assert store.temperatures() == [36.6, 38.4]
    assert store.faults.count(FaultCode.NOT_MEASURED) == 1
    assert scanner.health().state is DeviceState.UP


def test_what_the_driver_is_fed_holds_the_message_and_no_credentials(opened):
    link = opened(path="/gate")
    answer = post(link, "/gate/iclock/cdata?SN=X1", content=b"row", headers={"Content-Type": "text/plain"})
    assert (answer.status_code, answer.content) == (200, b"OK")
    [taken] = link.taken
    assert (taken.method, taken.path, taken.query, taken.body) == ("POST", "/iclock/cdata", {"SN": "X1"}, b"row")
    assert "terminal" not in repr(taken)


def test_a_wrong_password_no_password_and_a_wrong_path_come_to_nothing(opened):
    link = opened(path="/gate")
    codes = [
        post(link, "/gate/x", auth=("terminal", "wrong")).status_code,
        post(link, "/gate/x", auth=("another", SECRET)).status_code,
        post(link, "/gate/x", auth=None).status_code,
        post(link, "/gatecrash").status_code,
        httpx.request("DELETE", f"http://127.0.0.1:{link.port}/gate/x").status_code,
    ]
    assert codes == [401, 401, 401, 404, 405]
    assert link.taken == []


def test_basic_token_and_address_let_in_whom_they_should_and_nobody_else(opened, secret_file):
    basic = opened(auth=f"auth=basic&user=terminal&secret_file={secret_file}")
    url = f"http://127.0.0.1:{basic.port}/x"
    assert [httpx.post(url, auth=("terminal", word)).status_code for word in (SECRET, "wrong")] == [200, 401]
    token = opened(auth=f"auth=token&secret_file={secret_file}", path="/gate")
    targets = (f"/gate/{SECRET}/iclock/ping", "/gate/wrong/iclock/ping", "/gate/iclock/ping", "/gate")
    assert [post(token, target, auth=None).status_code for target in targets] == [200, 404, 404, 404]
    assert token.taken[0].path == "/iclock/ping"
    near, far = (opened(auth=f"auth=address&from={address}") for address in ("127.0.0.1", "192.0.2.9"))
    assert post(near, auth=None).status_code == 200
    with pytest.raises(httpx.HTTPError):
        post(far, auth=None)


def test_a_request_for_another_device_is_not_there(opened):
    link = opened(more="&device=7")
    assert [post(link, f"/x?device={number}").status_code for number in (7, 8)] == [200, 404]


def proof_for(challenge):
    """What a client answers to a challenge, as httpx computes it."""
    asking = httpx.Request("POST", "http://h/x")
    flow = httpx.DigestAuth("terminal", SECRET).auth_flow(asking)
    next(flow)
    shown = flow.send(httpx.Response(401, headers={"WWW-Authenticate": challenge}, request=asking))
    return Asked(method="POST", target="/x", authorization=shown.headers["Authorization"])


def test_a_digest_taken_off_the_wire_proves_nothing_again():
    clock = [0.0]
    credentials = Credentials(proof=Proof.DIGEST, username="terminal", secret=SECRET, clock_s=lambda: clock[0])
    proof = proof_for(credentials.challenge())
    assert credentials.are_shown_by(proof)
    assert not credentials.are_shown_by(proof), "the same count again"
    assert not Credentials(proof=Proof.DIGEST, username="terminal", secret=SECRET).are_shown_by(proof), "not our nonce"
    late = [credentials.challenge() for _ in range(100)][-1]
    assert len(credentials._nonces) <= 64
    clock[0] = 301.0
    assert not credentials.are_shown_by(proof_for(late)), "too old"


def test_a_body_beyond_the_limit_and_a_compressed_one_are_refused(opened):
    link = opened(more="&largest_body_kb=1")
    assert post(link, content=b"x" * 1024).status_code == 200
    assert post(link, content=b"x" * 1025).status_code == 413
    assert post(link, content=b"x", headers={"Content-Encoding": "gzip"}).status_code == 415
    assert post(link, content=(b"x" * 100 for _ in range(20)), auth=None).status_code in {401, 413}


def test_more_requests_than_the_rate_are_sent_away_until_later(opened):
    link = opened(auth="auth=address&from=127.0.0.1", more="&rate_per_s=2")
    with httpx.Client() as line:
        codes = [line.post(f"http://127.0.0.1:{link.port}/x").status_code for _ in range(8)]
    assert codes[:4] == [200] * 4
    assert 429 in codes[4:]


def test_a_request_that_drips_is_ended_and_holds_nobody_else_up(opened, monkeypatch):
    monkeypatch.setattr(http_listener, "REQUEST_WITHIN_S", 0.5)
    monkeypatch.setattr(http_listener, "IDLE_S", 0.5)
    link = opened()
    with socket.create_connection(("127.0.0.1", link.port)) as slow:
        slow.sendall(b"POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n1")
        assert post(link).status_code == 200
        slow.settimeout(3)
        assert b"408" in slow.recv(1000)
    with socket.create_connection(("127.0.0.1", link.port)) as rude:
        rude.sendall(b"NONSENSE\r\n\r\n")
        assert b" 400 " in rude.recv(1000)
    with socket.create_connection(("127.0.0.1", link.port)) as endless:
        endless.sendall(b"GET /x HTTP/1.1\r\nHost: h\r\nA: " + b"a" * 40_000)
        assert endless.recv(1000)[:12] in {b"HTTP/1.1 431", b"HTTP/1.1 400"}


def test_two_lengths_smuggle_no_second_request(opened):
    link = opened(auth="auth=address&from=127.0.0.1")
    with socket.create_connection(("127.0.0.1", link.port)) as rude:
        rude.sendall(
            b"POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n"
            b"0\r\n\r\nGET /y HTTP/1.1\r\n\r\n"
        )
        rude.settimeout(3)
        rude.recv(4000)
    time.sleep(0.2)
    assert "/y" not in [taken.path for taken in link.taken]


def test_more_connections_than_there_are_places_are_closed_at_once(opened):
    link = opened()
    held = [socket.create_connection(("127.0.0.1", link.port)) for _ in range(http_listener.MOST_CONNECTIONS)]
    time.sleep(0.3)
    with socket.create_connection(("127.0.0.1", link.port)) as one_more:
        one_more.settimeout(3)
        assert one_more.recv(10) == b""
    for connection in held:
        connection.close()
    wait_until(lambda: is_answered(link), timeout_s=5, what="a free place")


def is_answered(link):
    try:
        return post(link).status_code == 200
    except httpx.HTTPError:
        return False


def test_nobody_is_answered_while_nothing_is_stored_and_all_are_told_to_come_again(opened):
    link = opened(more="&answer_within_s=0.3", is_answering=False)
    assert post(link).status_code == 503
    assert link.receive(timeout_s=0.1) is None, "who was sent away is not stored behind his back"
    waiting = []
    asking = threading.Thread(target=lambda: waiting.append(post(opened_link).status_code))
    opened_link = opened(is_answering=False)
    asking.start()
    assert opened_link.receive(timeout_s=5) is not None
    opened_link.close()
    asking.join(5)
    assert waiting == [503]
    with pytest.raises(LinkLostError):
        opened_link.receive(timeout_s=0.1)


def test_over_tls_a_device_may_have_to_show_a_certificate_of_its_own(opened, tmp_path_factory):
    made = make_certificates(tmp_path_factory.mktemp("tls"))
    files = f"&cert_file={made.server_cert}&key_file={made.server_key}"
    trusting = opened(more=files, scheme="https-push")
    assert post(trusting, scheme="https", verify=made.client_context(with_cert=False)).status_code == 200
    strict = opened(more=f"{files}&client_ca_file={made.ca_cert}", scheme="https-push")
    assert post(strict, scheme="https", verify=made.client_context(with_cert=True)).status_code == 200
    with pytest.raises(httpx.HTTPError):
        post(strict, scheme="https", verify=made.client_context(with_cert=False))
    with pytest.raises(httpx.HTTPError):
        post(trusting)


def test_a_port_that_is_taken_is_a_lost_link_and_may_be_free_later(opened, secret_file):
    first = opened()
    second = HttpPushLink(config_for(first.port, secret_file), manifest=ZktecoPush.manifest)
    with pytest.raises(LinkLostError, match="cannot be listened on"):
        second.open()


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("http-push://127.0.0.1:8088/x", "auth"),
        ("http-push://127.0.0.1/x?auth=address&from=192.0.2.1", "http"),
        ("http-push://u:p@127.0.0.1:8088/x?auth=address&from=192.0.2.1", "without"),
        ("http-push://127.0.0.1:8088/x?auth=address", "from="),
        ("http-push://127.0.0.1:8088/x?auth=digest&secret_file={secret}", "user"),
        ("http-push://127.0.0.1:8088/x?auth=digest&user=u&secret_file=/nowhere", "cannot be read"),
        ("http-push://127.0.0.1:8088/x?auth=digest&user=u&secret_file={open}", "others may read"),
        ("http-push://127.0.0.1:8088/x?auth=token&secret_file={short}", "at least"),
        ("http-push://127.0.0.1:8088/x?auth=digest&user=u&secret_file={empty}", "is empty"),
        ("http-push://127.0.0.1:8088/x?auth=address&from=1&cert_file=c", "https-push"),
        ("https-push://127.0.0.1:8088/x?auth=address&from=1&cert_file=/nowhere", "cannot be used"),
        ("http-push://127.0.0.1:8088/x?auth=magic", "magic"),
        ("http-push://127.0.0.1:8088/x?auth=address&from=1&speed=1", "speed"),
    ],
)
def test_a_mistake_in_the_settings_is_told_before_anything_listens(url, told, tmp_path, secret_file):
    files = {"secret": secret_file}
    for name, content, mode in (("open", SECRET, 0o644), ("short", "short", 0o600), ("empty", " ", 0o600)):
        files[name] = tmp_path / name
        files[name].write_text(content, encoding="utf-8")
        files[name].chmod(mode)
    config = DeviceConfig(device_id="lane-1", driver="zkteco_push", url=url.format(**files))
    with pytest.raises(DeviceConfigurationError, match=told):
        HttpPushLink(config, manifest=ZktecoPush.manifest)


def test_the_secret_is_in_no_log_line(opened, capsys, caplog):
    link = opened(path="/gate")
    post(link, "/gate/x")
    post(link, "/gate/x", auth=("terminal", "wrong"))
    written = capsys.readouterr()
    assert SECRET not in written.out + written.err + caplog.text
    assert "wrong" not in (written.out + written.err).replace("wrong_credentials", "")
