"""An alert stream that may break in every way: what it said is stored once, what it kept back is fetched."""

import threading
from datetime import UTC, datetime

import pytest

from devices.drivers.hikvision import Hikvision
from devices.errors import DeviceConfigurationError, LinkLostError
from devices.health import DeviceState
from devices.links import http_pull
from devices.links.http_pull import HttpPullLink
from devices.reading import Arrival, Fault, FaultCode, Outgoing, Reading
from devices.registry import DeviceConfig
from devices.scanner import Scanner
from devices.simulator.hikvision_camera import HikvisionCamera, Shown
from tests.services.processes import free_port, wait_until

PASSWORD = "camera-password"
PATH = "/ISAPI/Event/notification/alertStream"


class Store:
    """A sink that keeps the first reading of each delivery key."""

    def __init__(self):
        self.readings, self.faults, self.failures_to_come = {}, [], 0
        self.changes = threading.Lock()

    def __call__(self, event):
        if isinstance(event, Fault):
            self.faults.append(event.code)
        if not isinstance(event, Reading):
            return
        if self.failures_to_come:
            self.failures_to_come -= 1
            msg = "disk full"
            raise OSError(msg)
        with self.changes:
            self.readings.setdefault(event.delivery_key, event)

    def temperatures(self, *, arrival=None):
        with self.changes:
            return sorted(r.temperature_c for r in self.readings.values() if arrival in {None, r.arrival})


@pytest.fixture
def password_file(tmp_path):
    file = tmp_path / "camera.password"
    file.write_text(PASSWORD, encoding="utf-8")
    file.chmod(0o600)
    return file


@pytest.fixture
def camera():
    made = HikvisionCamera("camera", f"http://edge:{PASSWORD}@127.0.0.1:0", {"heartbeat_s": 0.1, "first_serial": 500})
    made.start()
    yield made
    made.stop()


def config_for(port, password_file, *, more="&watchdog_s=1", path=PATH, **options):
    url = f"http-pull://edge@127.0.0.1:{port}{path}?password_file={password_file}{more}"
    return DeviceConfig(device_id="lane-1", driver="hikvision", url=url, options=options)


@pytest.fixture
def scanner_of(password_file):
    made = []

    def start(camera, store):
        scanner = Scanner(config_for(camera.port, password_file), sink=store, clock=lambda: datetime.now(UTC))
        scanner.start()
        made.append(scanner)
        wait_until(lambda: camera.listener_count > 0, timeout_s=5, what="a reader of the stream")
        return scanner

    yield start
    for scanner in made:
        assert scanner.stop(timeout_s=10)


def test_what_the_stream_says_is_stored_once_and_is_live(camera, scanner_of):
    store = Store()
    store.failures_to_come = 1
    scanner = scanner_of(camera, store)
    for skin_c in (36.6, 0, 38.4):
        camera.show(Shown(skin_c=skin_c))
    wait_until(lambda: len(store.readings) == 2, timeout_s=5, what="two readings")
    assert store.temperatures(arrival=Arrival.LIVE) == [36.6, 38.4]
    assert all(reading.is_usable for reading in store.readings.values())
    assert store.faults.count(FaultCode.NOT_MEASURED) >= 1
    assert scanner.health().state is DeviceState.UP


def test_what_the_stream_kept_back_is_found_by_its_number_and_drives_no_lane(camera, scanner_of):
    store = Store()
    scanner_of(camera, store)
    camera.show(Shown(skin_c=36.6))
    wait_until(lambda: store.readings, timeout_s=5, what="the first")
    missed = [round(36.0 + number / 100, 2) for number in range(65)]
    for skin_c in missed:
        camera.show(Shown(skin_c=skin_c, is_missed=True))
    camera.show(Shown(skin_c=38.4))
    wait_until(lambda: len(store.readings) == 67, timeout_s=8, what="three pages of what was missed")
    assert store.temperatures(arrival=Arrival.BACKFILLED) == missed
    assert store.temperatures(arrival=Arrival.LIVE) == [36.6, 38.4]
    by_number = [asked for asked in camera.searches if "beginSerialNo" in asked]
    assert [asked["searchResultPosition"] for asked in by_number] == [0, 30, 60]
    assert store.faults.count(FaultCode.MISSING_MESSAGES) == 1


def test_what_happened_while_nobody_listened_is_fetched_when_the_connection_is_back(camera, scanner_of):
    store = Store()
    scanner_of(camera, store)
    camera.show(Shown(skin_c=36.6))
    wait_until(lambda: store.readings, timeout_s=5, what="the first")
    camera.perform("fault", {"kind": "hang_up"})
    wait_until(lambda: camera.listener_count == 0, timeout_s=5, what="the end of the stream")
    camera.show(Shown(skin_c=37.9))
    wait_until(lambda: 37.9 in store.temperatures(), timeout_s=8, what="what was missed")
    assert store.temperatures(arrival=Arrival.BACKFILLED) == [37.9]
    assert len(store.readings) == 2, "what had come live is not stored again"


def test_a_stream_that_falls_silent_without_hanging_up_is_opened_anew(camera, scanner_of):
    store = Store()
    scanner = scanner_of(camera, store)
    wait_until(lambda: scanner.health().state is DeviceState.UP, timeout_s=5, what="the stream")
    camera.perform("fault", {"kind": "silence"})
    wait_until(lambda: scanner.health().state is DeviceState.DOWN, timeout_s=5, what="notice of the silence")
    wait_until(lambda: scanner.health().state is DeviceState.UP, timeout_s=5, what="another connection")
    camera.show(Shown(skin_c=36.9))
    wait_until(lambda: 36.9 in store.temperatures(), timeout_s=5, what="a reading over it")


def test_nonsense_on_the_stream_costs_nothing_that_follows(camera, scanner_of):
    store = Store()
    scanner_of(camera, store)
    camera.perform("fault", {"kind": "garbage", "byte_count": 500})
    camera.show(Shown(skin_c=36.9))
    wait_until(lambda: store.temperatures() == [36.9], timeout_s=5, what="the reading behind it")
    assert FaultCode.GARBAGE in store.faults


def test_a_refused_password_is_a_mistake_in_the_settings_and_is_tried_once(camera, password_file):
    password_file.write_text("wrong", encoding="utf-8")
    scanner = Scanner(config_for(camera.port, password_file), sink=Store(), clock=lambda: datetime.now(UTC))
    scanner.start()
    wait_until(lambda: scanner.health().state is DeviceState.MISCONFIGURED, timeout_s=5, what="the refusal")
    assert "wrong" not in scanner.health().detail
    assert scanner.stop(timeout_s=5)


def test_nobody_there_and_no_such_stream_are_lost_links(camera, password_file):
    for config in (config_for(free_port(), password_file), config_for(camera.port, password_file, path="/nothing")):
        link = HttpPullLink(config, manifest=Hikvision.manifest)
        with pytest.raises(LinkLostError):
            link.open()
        with pytest.raises(LinkLostError):
            link.send(Outgoing(topic="GET /", payload=b""))
        link.close()
        with pytest.raises(LinkLostError):
            link.receive(timeout_s=0.01)


def test_a_question_is_asked_again_a_few_times_and_then_given_up(camera, password_file, monkeypatch, capfd):
    monkeypatch.setattr(http_pull, "ASK_AGAIN_S", (0.01, 0.01))
    link = HttpPullLink(config_for(camera.port, password_file), manifest=Hikvision.manifest)
    link.open()
    tried = []
    monkeypatch.setattr(link._questions, "_is_answered", tried.append)
    link.send(Outgoing(topic="POST /nowhere", payload=b"{}"))
    wait_until(lambda: len(tried) == 3, timeout_s=3, what="three attempts")
    link.close()
    assert len(tried) == 3


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("http-pull:///x", "url must be"),
        ("http-pull://edge:Top5ecret@127.0.0.1/x", "url must be"),
        ("http-pull://edge@127.0.0.1/x?password_file=/nowhere", "cannot be read"),
        ("http-pull://edge@127.0.0.1/x?watchdog=3", "watchdog"),
        ("https-pull://edge@127.0.0.1/x?ca_file=/nowhere", "ca_file"),
    ],
)
def test_a_mistake_in_the_url_is_told_without_its_password(url, told):
    with pytest.raises(DeviceConfigurationError, match=told) as error:
        HttpPullLink(DeviceConfig(device_id="lane-1", driver="hikvision", url=url), manifest=Hikvision.manifest)
    assert "Top5ecret" not in str(error.value)
