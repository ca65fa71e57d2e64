"""Serial ports on the network: raw sockets and RFC 2217, each against a real server before a real line."""

import socket
import threading

import pytest

import devices.scanner
from devices.errors import LinkLostError
from devices.health import DeviceState
from devices.reading import CommandReply, Outgoing, Reading
from devices.registry import DeviceConfig, load_driver, load_link
from devices.simulator.serial_sensors import point_thermometer, senxor_array
from tests.devices.gy_bytes import GOLDEN
from tests.devices.lines import Sink, plugged_line, scanner_for, wait_until
from tests.devices.links.rfc2217_server import Rfc2217Server

pytestmark = [
    pytest.mark.filterwarnings("ignore:set(Daemon|Name)\\(\\) is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning"),
]
"""pyserial 3.5 names its thread in the old way, and leaves a socket that the other side shut to the collector."""
EVERY_BYTE = bytes(range(256)) * 8


@pytest.fixture
def served(tmp_path):
    """A line, and the server that offers it on the network."""
    line = plugged_line(tmp_path / "port")
    server = Rfc2217Server(tmp_path / "port")
    yield line, server
    server.close()
    line.unplug()


def link_to(url, *, driver="gy_mcu90640"):
    device = DeviceConfig(device_id="device-1", driver=driver, url=url)
    link = load_link(url)(device, manifest=load_driver(driver).manifest)
    link.open()
    return link


def received(link, *, byte_count):
    content = b""
    while len(content) < byte_count:
        delivery = link.receive(timeout_s=2.0)
        assert delivery is not None, "the line fell silent"
        content += delivery.payload
    return content


def listen_for_a_while(link):
    for _ in range(10):
        link.receive(timeout_s=0.5)


def test_a_server_of_rfc_2217_carries_every_byte_both_ways_and_sets_the_speed(served):
    line, server = served
    link = link_to(f"rfc2217://127.0.0.1:{server.number}?baud=460800")
    assert line.host_baud == 460800
    line.write(EVERY_BYTE, timeout_s=1.0)
    assert received(link, byte_count=len(EVERY_BYTE)) == EVERY_BYTE
    link.send(Outgoing(topic="", payload=EVERY_BYTE))
    heard = b""
    while len(heard) < len(EVERY_BYTE):
        heard += line.read(timeout_s=2.0)
    assert heard == EVERY_BYTE
    server.drop_client()
    with pytest.raises(LinkLostError, match="went away"):
        listen_for_a_while(link)
    link.close()


def test_a_serial_server_that_was_restarted_is_found_again(tmp_path, monkeypatch):
    monkeypatch.setattr(devices.scanner, "_RETRY_S", (0.05,))
    sensor = point_thermometer(link=tmp_path / "point", rate_hz=60)
    sensor.start()
    server = Rfc2217Server(tmp_path / "point")
    device = DeviceConfig(device_id="d", driver="gy_mcu9061x", url=f"rfc2217://127.0.0.1:{server.number}?baud=9600")
    sink = Sink()
    scanner = scanner_for(device, sink)
    wait_until(lambda: scanner.health().state is DeviceState.UP)
    sensor.perform("show", {"skin_c": 35.0, "duration_s": 0.5})
    wait_until(lambda: len(sink.of(Reading)) == 1)
    server.drop_client()
    sensor.perform("show", {"skin_c": 36.0, "duration_s": 2.0})
    wait_until(lambda: len(sink.of(Reading)) == 2)
    assert scanner.stop(timeout_s=10.0)
    server.close()
    sensor.stop()
    assert sink.of(Reading)[-1].temperature_c == pytest.approx(36.0, abs=0.1)


def test_an_array_on_tcp_is_started_and_read_like_one_on_a_cable(tmp_path):
    """The bytes of a simulated array through a plain TCP server, as its maker's network module sends them."""
    sensor = senxor_array(link=tmp_path / "array", rate_hz=20)
    sensor.start()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        stopping = threading.Event()
        bridge = threading.Thread(target=_bridge, args=(listener, tmp_path / "array", stopping))
        bridge.start()
        sink = Sink()
        url = f"socket://127.0.0.1:{listener.getsockname()[1]}"
        scanner = scanner_for(DeviceConfig(device_id="array", driver="senxor", url=url), sink)
        wait_until(lambda: scanner.health().frames >= 5)
        assert scanner.stop(timeout_s=5.0)
        stopping.set()
        bridge.join()
    sensor.stop()
    assert {reply.name for reply in sink.of(CommandReply)} >= {"register_written"}
    assert scanner.health().faults == {}


def test_a_socket_gives_what_is_there_in_one_delivery():
    with socket.create_server(("127.0.0.1", 0)) as server:
        link = link_to(f"socket://127.0.0.1:{server.getsockname()[1]}")
        peer, _ = server.accept()
        peer.sendall(GOLDEN * 3)
        assert received(link, byte_count=len(GOLDEN) * 3) == GOLDEN * 3
        link.send(Outgoing(topic="", payload=b"\xa5\x55\x01\xfb"))
        assert peer.recv(16) == b"\xa5\x55\x01\xfb"
        assert link.receive(timeout_s=0.05) is None
        peer.close()
        link.close()


def _bridge(listener, port_path, stopping):
    import select

    import serial

    client, _ = listener.accept()
    with client, serial.Serial(str(port_path), timeout=0) as port:
        while not stopping.is_set():
            for ready in select.select([client, port], [], [], 0.05)[0]:
                if ready is port:
                    client.sendall(port.read(65536))
                elif not (content := client.recv(4096)):
                    return
                else:
                    port.write(content)
