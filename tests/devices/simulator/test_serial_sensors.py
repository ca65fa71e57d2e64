"""Simulated point thermometers and SenXor arrays: written apart from the drivers, and read by them on real lines."""

import numpy as np
import pytest

import devices.links.baud_search
from devices.drivers.gy_mcu9061x import Command, build_command
from devices.drivers.senxor import read_registers, write_register
from devices.errors import DeviceConfigurationError
from devices.health import DeviceState
from devices.reading import CommandReply, Reading, ThermalFrame
from devices.simulator.point_module import PointModule
from devices.simulator.senxor_module import SenxorModule
from devices.simulator.serial_sensors import point_thermometer, senxor_array
from devices.simulator.simulation import DeviceEntry, Simulation, SimulationConfig
from tests.devices.lines import Sink, config, scanner_for, wait_until
from tests.devices.point_bytes import CLONE_GOLDEN, GOLDEN
from tests.devices.specimens import decode


@pytest.fixture
def switched_on():
    started = []

    def start(sensor):
        sensor.start()
        started.append(sensor)
        return sensor

    yield start
    for sensor in started:
        sensor.stop()


def test_point_modules_write_the_golden_frames_of_their_pages():
    assert PointModule().frame(36.5, own_c=25.0) == GOLDEN
    assert PointModule(is_clone=True).frame(36.5, own_c=25.0) == CLONE_GOLDEN


def test_a_point_module_obeys_in_any_cut_and_a_clone_obeys_nothing():
    module, clone = PointModule(), PointModule(is_clone=True)
    stream = b"\xa5\x45\x00" + build_command(Command.QUERY) + build_command(Command.BAUD_115200)
    for byte in stream:
        module.receive(bytes((byte,)))
        clone.receive(bytes((byte,)))
    assert (module.streams, module.baud_after_power_cycle) == (False, 115200)
    assert clone.streams


def test_a_senxor_module_and_the_driver_agree_on_pictures_and_registers():
    module, scene = SenxorModule(), np.linspace(15.0, 40.0, 62 * 80).reshape(62, 80)
    assert not module.streams
    answers = module.receive(write_register(0xB1, value=0x02) + read_registers([0xCA]) + read_registers([0xB2, 0xB3]))
    assert module.streams
    events = decode("senxor", [answers + module.frame(scene)])
    assert [(e.name, e.value) for e in events[:3]] == [
        ("register_written", 1.0),
        ("register", 97.0),
        ("registers_b2_b3", 0x450C),
    ]
    np.testing.assert_allclose(events[3].celsius, scene, atol=0.0501)


@pytest.mark.parametrize("is_clone", [False, True])
def test_everybody_before_a_point_thermometer_gives_one_reading(switched_on, tmp_path, is_clone):
    sensor = switched_on(point_thermometer(link=tmp_path / "point", rate_hz=60, is_clone=is_clone))
    sink = Sink()
    scanner = scanner_for(config("gy_mcu9061x", tmp_path / "point"), sink)
    wait_until(lambda: scanner.health().state is DeviceState.UP)
    for skin_c in (34.2, 36.8, 35.5):
        sensor.perform("show", {"skin_c": skin_c, "duration_s": 0.3})
    wait_until(lambda: len(sink.of(Reading)) == 3)
    wait_until(lambda: sensor.perform("ask", {"what": "idle"})["idle"])
    assert scanner.stop(timeout_s=5.0)
    assert [reading.temperature_c for reading in sink.of(Reading)] == pytest.approx([34.2, 36.8, 35.5], abs=0.1)


def test_a_senxor_array_is_silent_until_it_was_opened_and_again_after_its_plug_was_pulled(switched_on, tmp_path):
    sensor = switched_on(senxor_array(link=tmp_path / "array", rate_hz=30))
    sink = Sink()
    scanner = scanner_for(config("senxor", tmp_path / "array", options={"emissivity": 0.98}), sink)
    wait_until(lambda: scanner.health().frames > 3)
    assert sink.of(CommandReply)[0].name == "register_written"
    sensor.perform("fault", {"kind": "unplug", "duration_s": 0.1})
    before = scanner.health().frames
    wait_until(lambda: scanner.health().frames > before + 3)
    sensor.perform("show", {"skin_c": 36.4, "duration_s": 0.6})
    wait_until(lambda: sink.of(Reading))
    assert scanner.stop(timeout_s=5.0)
    assert sink.of(Reading)[0].temperature_c == pytest.approx(36.4, abs=0.15)
    assert sink.of(ThermalFrame)[0].celsius.shape == (62, 80)


def test_a_module_at_another_speed_is_found_and_costs_no_reading(switched_on, tmp_path, monkeypatch):
    monkeypatch.setattr(devices.links.baud_search, "LISTEN_S", 0.4)
    sensor = switched_on(point_thermometer(link=tmp_path / "point", rate_hz=60, baud=115200))
    sink = Sink()
    scanner = scanner_for(config("gy_mcu9061x", f"{tmp_path / 'point'}?baud=auto"), sink)
    sensor.perform("show", {"skin_c": 36.1, "duration_s": 3.0})
    wait_until(lambda: sink.of(Reading))
    assert scanner.stop(timeout_s=5.0)
    assert sink.of(Reading)[0].temperature_c == pytest.approx(36.1, abs=0.1)
    assert sum(scanner.health().faults.values()) <= 1, "what was heard at wrong speeds is no fault of the device"


def test_a_simulation_knows_both_sensors_and_refuses_what_they_cannot_do(tmp_path):
    entries = [
        DeviceEntry(device_id="point", model="gy_mcu9061x", link=str(tmp_path / "a"), options={"is_clone": True}),
        DeviceEntry(device_id="array", model="senxor", link=str(tmp_path / "b")),
    ]
    simulation = Simulation(SimulationConfig(control=str(tmp_path / "control"), device=entries))
    simulation.start()
    assert simulation.answer(b'{"device_id":"point","ask":"idle"}') == b'{"ok":true,"idle":true}\n'
    assert b"a sensor cannot scan" in simulation.answer(b'{"device_id":"array","scan":{"lines":[]}}')
    simulation.stop()
    with pytest.raises(DeviceConfigurationError, match="no simulator for"):
        Simulation(SimulationConfig(control="c", device=[DeviceEntry(device_id="x", model="ouija", link="y")]))
