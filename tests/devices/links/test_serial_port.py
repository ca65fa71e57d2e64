"""Serial ports through real pyserial on real pseudo-terminals."""

import socket
import threading

import pytest

from devices.errors import DeviceConfigurationError, LinkLostError
from devices.link import Delivery
from devices.links.serial_port import SerialPortLink
from devices.reading import Outgoing
from devices.registry import DeviceConfig, load_driver, load_link
from tests.devices.gy_bytes import GOLDEN
from tests.devices.lines import config, open_descriptors, plugged_line

MANIFEST = load_driver("gy_mcu90640").manifest


@pytest.fixture
def line(tmp_path):
    plugged = plugged_line(tmp_path / "port")
    yield plugged
    if plugged.is_plugged_in:
        plugged.unplug()


def link_to(path, *, query=""):
    return SerialPortLink(config("gy_mcu90640", f"{path}{query}"), manifest=MANIFEST)


def received(link, *, byte_count):
    content = b""
    while len(content) < byte_count:
        delivery = link.receive(timeout_s=2.0)
        assert isinstance(delivery, Delivery), "the line fell silent"
        content += delivery.payload
    return content


def test_bytes_arrive_unchanged_whatever_they_are(line, tmp_path):
    link = link_to(tmp_path / "port")
    link.open()
    every_byte = bytes(range(256)) * 4
    line.write(every_byte, timeout_s=1.0)
    assert received(link, byte_count=len(every_byte)) == every_byte
    link.close()


def test_silence_is_none_and_no_error(line, tmp_path):
    link = link_to(tmp_path / "port")
    link.open()
    assert link.receive(timeout_s=0.05) is None
    link.close()


def test_commands_reach_the_device_unchanged(line, tmp_path):
    link = link_to(tmp_path / "port")
    link.open()
    link.send(Outgoing(topic="", payload=b"\xa5\x55\x01\xfb\r\n\x03\x11\x13"))
    assert line.read(timeout_s=1.0) == b"\xa5\x55\x01\xfb\r\n\x03\x11\x13"
    link.close()


def test_two_programs_never_share_a_port(line, tmp_path):
    first, second = link_to(tmp_path / "port"), link_to(tmp_path / "port")
    first.open()
    with pytest.raises(LinkLostError, match="does not open"):
        second.open()
    first.close()
    second.open()
    second.close()


def test_a_pulled_plug_is_a_lost_link_at_once(line, tmp_path):
    link = link_to(tmp_path / "port")
    link.open()
    pulling = threading.Timer(0.2, line.unplug)
    pulling.start()
    with pytest.raises(LinkLostError, match="went away"):
        link.receive(timeout_s=5.0)
    pulling.join()
    with pytest.raises(LinkLostError):
        link.send(Outgoing(topic="", payload=b"x"))
    link.close()


def test_a_missing_port_may_be_plugged_in_later(tmp_path):
    link = link_to(tmp_path / "port")
    with pytest.raises(LinkLostError, match="does not open"):
        link.open()
    line = plugged_line(tmp_path / "port")
    link.open()
    line.write(GOLDEN, timeout_s=1.0)
    assert received(link, byte_count=len(GOLDEN)) == GOLDEN
    link.close()
    line.unplug()


def test_opening_and_closing_leaks_no_descriptor(line, tmp_path):
    before = open_descriptors()
    for _ in range(20):
        link = link_to(tmp_path / "port")
        link.open()
        link.close()
        link.close()
    assert open_descriptors() <= before, "others of this process may close theirs meanwhile; none may be new"


def test_a_closed_link_says_so():
    link = link_to("/nowhere")
    with pytest.raises(LinkLostError, match="not open"):
        link.receive(timeout_s=0.1)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("serial:///dev/ttyUSB0?baud=300", "does not speak at '300' baud"),
        ("serial:///dev/ttyUSB0?baud=fast", "does not speak at 'fast' baud"),
        ("serial:///dev/ttyUSB0?bawd=9600", "a serial url is"),
        ("serial://dev/ttyUSB0", "a serial url is"),
    ],
)
def test_a_url_that_cannot_be_meant_is_a_configuration_error(url, reason):
    device = DeviceConfig(device_id="device-1", driver="gy_mcu90640", url=url)
    with pytest.raises(DeviceConfigurationError, match=reason):
        load_link(url)(device, manifest=MANIFEST)


def test_a_serial_server_on_the_network_is_a_port_too():
    with socket.create_server(("127.0.0.1", 0)) as server:
        device = DeviceConfig(
            device_id="device-1", driver="gy_mcu90640", url=f"socket://127.0.0.1:{server.getsockname()[1]}"
        )
        link = load_link(device.url)(device, manifest=MANIFEST)
        link.open()
        peer, _ = server.accept()
        peer.sendall(GOLDEN)
        assert received(link, byte_count=len(GOLDEN)) == GOLDEN
        peer.close()
        with pytest.raises(LinkLostError):
            link.receive(timeout_s=2.0)
        link.close()


def test_a_port_is_named_by_its_module_and_found_again_under_another_number(tmp_path):
    """As udev does it: the name in by-id stays, the terminal behind it is another one after replugging."""
    by_id = tmp_path / "serial/by-id/usb-Example_Thermal_0001-if00"
    first = plugged_line(by_id)
    link = link_to(by_id)
    link.open()
    first.write(GOLDEN, timeout_s=1.0)
    assert received(link, byte_count=len(GOLDEN)) == GOLDEN
    before = by_id.readlink()
    first.unplug()
    with pytest.raises(LinkLostError):
        link.receive(timeout_s=2.0)
    link.close()
    with pytest.raises(LinkLostError, match="does not open"):
        link.open()
    in_between = plugged_line(tmp_path / "somebody-else")
    second = plugged_line(by_id)
    assert by_id.readlink() != before
    link.open()
    second.write(GOLDEN, timeout_s=1.0)
    assert received(link, byte_count=len(GOLDEN)) == GOLDEN
    link.close()
    for line in (second, in_between):
        line.unplug()


@pytest.mark.parametrize("baud", MANIFEST.baud_rates)
def test_the_port_is_set_to_the_speed_that_the_url_names(line, tmp_path, baud):
    link = link_to(tmp_path / "port", query=f"?baud={baud}")
    link.open()
    assert line.host_baud == baud
    link.close()


def test_what_arrives_in_a_hundredth_of_a_second_is_one_delivery(line, tmp_path):
    link = link_to(tmp_path / "port")
    link.open()
    for at in range(0, len(GOLDEN), 62):
        line.write(GOLDEN[at : at + 62], timeout_s=1.0)
    assert link.receive(timeout_s=1.0) == Delivery(payload=GOLDEN)
    link.close()
