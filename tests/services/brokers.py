"""Real MQTT brokers for tests: nats-server (the default) and Mosquitto (supported equally).

Both listen on a free loopback port, keep their store under a folder of the test, and can be killed
and started again on the same port and the same store::

    def test_something(nats_broker):          # function scope: yours alone, kill it as you like
        client.connect(nats_broker.host, nats_broker.port)
        nats_broker.kill()                     # kill -9
        nats_broker.start()                    # same port, same store

    def test_both(mqtt_broker): ...            # runs twice: nats-server and Mosquitto

``nats_broker``, ``mosquitto_broker`` and ``mqtt_broker`` are function scoped: a start takes about
0.2 s, and a test that kills its broker must not disturb another. The marks ``services`` and
``broker`` are set by themselves.
"""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.services.processes import ServerProcess, absent, free_port

NATS_CONFIGURATION = """\
server_name: "kiemdich-test"
listen: "127.0.0.1:{client_port}"
jetstream {{
  store_dir: "{store}"
  sync_interval: always
  max_mem: 64MB
  max_file: 1GB
}}
mqtt {{
  listen: "127.0.0.1:{port}"
  ack_wait: "3s"
  max_ack_pending: 1000
}}
"""
"""sync_interval always: acknowledged only after fsync. ack_wait 3 s instead of 30: redelivery is tested."""

MOSQUITTO_CONFIGURATION = """\
listener {port} 127.0.0.1
allow_anonymous true
persistence true
persistence_location {store}/
autosave_interval 1
autosave_on_changes true
max_queued_messages 100000
max_inflight_messages 0
user root
"""
"""autosave on every change: by default a killed Mosquitto loses what it had acknowledged."""


class Broker(ServerProcess):
    """An MQTT broker. ``name`` is nats or mosquitto; connect paho to ``host`` and ``port``."""

    host = "127.0.0.1"

    def __init__(self, name: str, *, command: list[str], port: int, store: Path) -> None:
        super().__init__(command, port=port, log=store.parent / f"{name}.log")
        self.name = name
        self.store = store


def nats_program() -> Path:
    """The nats-server of the wheel, beside this Python."""
    return Path(sys.executable).parent / "nats-server"


def make_nats_broker(folder: Path) -> Broker:
    """Describe a nats-server with MQTT whose configuration and store lie under ``folder``; not started yet."""
    store = folder / "nats"
    store.mkdir()
    port = free_port()
    configuration = folder / "nats.conf"
    configuration.write_text(
        NATS_CONFIGURATION.format(client_port=free_port(), port=port, store=store), encoding="utf-8"
    )
    return Broker("nats", command=[str(nats_program()), "-c", str(configuration)], port=port, store=store)


def make_mosquitto_broker(folder: Path) -> Broker:
    """Describe a Mosquitto that survives kill -9; skips (or fails, under ./check) where it is not installed."""
    program = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")
    if program is None:
        absent("Mosquitto is not installed (apt-get install mosquitto)")
    store = folder / "mosquitto"
    store.mkdir()
    port = free_port()
    configuration = folder / "mosquitto.conf"
    configuration.write_text(MOSQUITTO_CONFIGURATION.format(port=port, store=store), encoding="utf-8")
    return Broker("mosquitto", command=[str(program), "-c", str(configuration)], port=port, store=store)


def _running(broker: Broker) -> Iterator[Broker]:
    broker.start()
    try:
        yield broker
    finally:
        broker.kill()


@pytest.fixture
def nats_broker(tmp_path: Path) -> Iterator[Broker]:
    """A running nats-server that speaks MQTT 3.1.1."""
    yield from _running(make_nats_broker(tmp_path))


@pytest.fixture
def mosquitto_broker(tmp_path: Path) -> Iterator[Broker]:
    """A running Mosquitto."""
    yield from _running(make_mosquitto_broker(tmp_path))


@pytest.fixture(params=["nats", "mosquitto"])
def mqtt_broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Broker]:
    """Each of the two brokers in turn: what must hold with both."""
    make = {"nats": make_nats_broker, "mosquitto": make_mosquitto_broker}[request.param]
    yield from _running(make(tmp_path))
