"""Terminal, broker and supervisor together, with the broker killed and the store failing in between."""

import pytest

from devices.health import DeviceState
from devices.reading import Reading
from devices.registry import DeviceConfig
from devices.simulator.face_terminal import FaceTerminal
from tests.devices.lines import Sink, scanner_for, wait_until


@pytest.fixture
def terminal(mqtt_broker):
    simulated = FaceTerminal("terminal-1", url_of(mqtt_broker), {"resend_s": 0.5, "heartbeat_s": 1.0})
    simulated.start()
    yield simulated
    simulated.stop()


def url_of(broker):
    return f"mqtt://{broker.host}:{broker.port}"


def scanner_on(broker, sink):
    return scanner_for(DeviceConfig(device_id="terminal-1", driver="facesluice", url=url_of(broker)), sink)


def show(terminal, temperature_c):
    terminal.perform("show", {"skin_c": temperature_c})


def stored(sink):
    """As the store keeps them: one for each delivery key."""
    return {reading.delivery_key: reading.temperature_c for reading in sink.of(Reading)}


def answered(terminal):
    return terminal.perform("ask", {"what": "acknowledged"})["waiting"] == 0


def test_each_person_is_stored_once_and_then_the_terminal_is_answered(mqtt_broker, terminal):
    sink = Sink()
    scanner = scanner_on(mqtt_broker, sink)
    wait_until(lambda: scanner.health().state is DeviceState.UP)
    for temperature_c in (36.1, 36.2, 37.9):
        show(terminal, temperature_c)
    wait_until(lambda: answered(terminal), timeout_s=20.0)
    assert scanner.stop(timeout_s=10.0)
    assert sorted(stored(sink).values()) == [36.1, 36.2, 37.9]


def test_a_store_that_fails_leaves_the_terminal_unanswered_until_it_works_again(mqtt_broker, terminal):
    sink = Sink()
    scanner = scanner_on(mqtt_broker, sink)
    wait_until(lambda: scanner.health().state is DeviceState.UP)
    wait_until(lambda: sink.calls > 0, timeout_s=20.0)
    sink.failures_left = 3
    show(terminal, 36.4)
    wait_until(lambda: scanner.health().sink_failures >= 3, timeout_s=30.0)
    assert 36.4 not in stored(sink).values()
    wait_until(lambda: answered(terminal), timeout_s=30.0)
    assert scanner.stop(timeout_s=10.0)
    assert list(stored(sink).values()) == [36.4]


def test_a_broker_that_is_killed_loses_and_doubles_nobody(mqtt_broker, terminal):
    sink = Sink()
    scanner = scanner_on(mqtt_broker, sink)
    wait_until(lambda: scanner.health().state is DeviceState.UP)
    shown = []
    for step in range(12):
        shown.append(round(36.0 + step / 10, 1))
        show(terminal, shown[-1])
        if step in {4, 8}:
            mqtt_broker.kill()
            wait_until(lambda: scanner.health().state is DeviceState.DOWN, timeout_s=30.0)
            mqtt_broker.start()
    wait_until(lambda: answered(terminal), timeout_s=60.0)
    assert scanner.stop(timeout_s=10.0)
    assert sorted(stored(sink).values()) == shown
    assert len(stored(sink)) == len(shown)


def test_what_was_stored_but_not_answered_comes_again_under_the_same_key(mqtt_broker, terminal):
    """The edge dies between its commit and its answer: a second scanner hears of the same record."""
    sink = Sink()
    scanner = scanner_on(mqtt_broker, sink)
    wait_until(lambda: scanner.health().state is DeviceState.UP)
    scanner._link.send = lambda outgoing: (_ for _ in ()).throw(OSError("the edge died here"))
    show(terminal, 36.8)
    wait_until(lambda: len(sink.of(Reading)) >= 1, timeout_s=20.0)
    assert not answered(terminal)
    scanner.stop(timeout_s=10.0)
    second = scanner_on(mqtt_broker, sink)
    wait_until(lambda: answered(terminal), timeout_s=30.0)
    second.stop(timeout_s=10.0)
    assert len(sink.of(Reading)) >= 2
    assert list(stored(sink).values()) == [36.8]
