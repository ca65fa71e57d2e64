"""Simulated radiometric devices: written apart from the drivers, and read by them on real lines and connections."""

import json
import socket

import numpy as np
import pytest

from devices.driver import Wire
from devices.drivers.lepton.tcam import STREAM_ON
from devices.errors import DeviceConfigurationError
from devices.health import DeviceState
from devices.reading import Fault, FaultCode, Reading, ThermalFrame
from devices.registry import DeviceConfig, load_driver
from devices.simulator.raw_array import RawArrayBridge, raw_array
from devices.simulator.simulation import DeviceEntry, Simulation, SimulationConfig
from devices.simulator.tcam_device import SimulatedTcam
from tests.devices.lines import Sink, config, scanner_for, wait_until
from tests.devices.specimens import decode


def test_the_bridge_and_the_driver_agree_on_pictures():
    bridge, scene = RawArrayBridge(rate_hz=1.0), np.linspace(15.0, 40.0, 24 * 32).reshape(24, 32)
    pictures = decode("mlx9064x", [bridge.frame(scene, own_c=30.0) for _ in range(25)])
    assert len(pictures) == 25
    assert all(np.abs(picture.celsius - scene).max() < 0.02 for picture in pictures)
    assert (pictures[0].ambient_c, pictures[0].device_c) == (None, pytest.approx(30.0, abs=0.02))


def test_who_listens_later_hears_the_memory_within_two_seconds():
    bridge, scene = RawArrayBridge(rate_hz=2.0), np.full((24, 32), 30.0)
    units = [bridge.frame(scene, own_c=30.0) for _ in range(12)]
    late = decode("mlx9064x", units[5:])
    assert [type(event) for event in late[:6]] == [Fault] * 6
    assert len([event for event in late if isinstance(event, ThermalFrame)]) == 4


def test_a_person_before_a_raw_array_on_a_line_gives_one_reading(tmp_path):
    sensor = raw_array(link=tmp_path / "raw", rate_hz=16.0, seed=3)
    sensor.start()
    sink = Sink()
    scanner = scanner_for(config("mlx9064x", tmp_path / "raw"), sink)
    try:
        wait_until(lambda: scanner.health().frames > 2)
        sensor.perform("show", {"skin_c": 36.4, "duration_s": 0.8})
        wait_until(lambda: sink.of(Reading))
    finally:
        scanner.stop(timeout_s=5.0)
        sensor.stop()
    (reading,) = sink.of(Reading)
    assert reading.raw_c == pytest.approx(36.4, abs=0.4)


@pytest.fixture
def tcam():
    camera = SimulatedTcam(address="127.0.0.1:0", rate_hz=20.0, seed=2)
    camera.start()
    yield camera
    camera.stop()


def test_a_tcam_on_the_network_streams_to_who_asks_and_tells_its_shutter(tcam):
    sink = Sink()
    device = DeviceConfig(device_id="camera-1", driver="lepton_tcam", url=f"socket://127.0.0.1:{tcam.port}")
    scanner = scanner_for(device, sink)
    try:
        wait_until(lambda: scanner.health().frames > 2)
        tcam.perform("fault", {"kind": "drop"})
        before = scanner.health().frames
        wait_until(lambda: scanner.health().frames > before + 2)
        tcam.perform("fault", {"kind": "shutter"})
        wait_until(lambda: scanner.health().faults.get(FaultCode.SHUTTER_EVENT, 0) > 1)
        tcam.perform("fault", {"kind": "agc"})
        wait_until(lambda: scanner.health().faults.get(FaultCode.NOT_RADIOMETRIC, 0) > 1)
        assert scanner.health().state is DeviceState.UP
    finally:
        scanner.stop(timeout_s=5.0)


def test_a_tcam_answers_one_question_and_knows_what_it_cannot_do(tcam):
    with socket.create_connection(("127.0.0.1", tcam.port), timeout=5.0) as client:
        client.sendall(b'\x02{"cmd":"dance"}\x03\x02nonsense\x03\x02{"cmd":"get_image"}\x03')
        heard = b""
        while heard.count(b"\x03") < 3:
            heard += client.recv(65536)
    first, second, third = (json.loads(part.strip(b"\x02")) for part in heard.split(b"\x03")[:3])
    assert first["cam_info"]["info_value"] == second["cam_info"]["info_value"] == 0
    assert {"metadata", "radiometric", "telemetry"} == set(third)


def test_what_a_tcam_is_told_when_the_link_opens_is_what_it_understands(tcam):
    with socket.create_connection(("127.0.0.1", tcam.port), timeout=5.0) as client:
        client.sendall(STREAM_ON)
        assert b"stream_on success" in client.recv(65536)


def test_both_can_be_named_in_a_configuration(tmp_path):
    entries = [
        DeviceEntry(device_id="lane-1-raw", model="mlx9064x", link=str(tmp_path / "raw")),
        DeviceEntry(device_id="lane-1-lepton", model="lepton_tcam", link="127.0.0.1:0"),
    ]
    simulation = Simulation(SimulationConfig(control=str(tmp_path / "control"), device=entries))
    simulation.start()
    simulation.stop()
    assert load_driver("lepton_tcam").manifest.wire is Wire.TCP
    with pytest.raises(DeviceConfigurationError, match="host:port"):
        SimulatedTcam(address="nowhere")
