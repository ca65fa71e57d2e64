"""The simulation as a demonstration uses it: a real process, its socket, its lines, its end."""

import json
import signal
import socket
import subprocess
import sys

import pytest

from devices.reading import Reading, ScannedText
from tests.devices.drivers.test_mrz_reader import TD1
from tests.devices.lines import Sink, config, scanner_for, wait_until

CONFIG = """
control = "{folder}/control.sock"
[[device]]
device_id = "array"
model = "gy_mcu90640"
link = "{folder}/array"
rate_hz = 40
seed = 3
[[device]]
device_id = "reader"
model = "mrz_reader"
link = "{folder}/reader"
"""


class Director:
    """Somebody who directs the simulation over its socket."""

    def __init__(self, path):
        self.connection = socket.socket(socket.AF_UNIX)
        self.connection.settimeout(5.0)
        self.connection.connect(str(path))
        self.lines = self.connection.makefile("rwb")

    def say(self, **command):
        self.lines.write(json.dumps(command).encode() + b"\n")
        self.lines.flush()
        return json.loads(self.lines.readline())

    def close(self):
        self.lines.close()
        self.connection.close()


def start(folder, root):
    file = folder / "gate.toml"
    file.write_text(CONFIG.format(folder=folder), encoding="utf-8")
    command = [sys.executable, "-m", "devices", "simulate", "--config", str(file)]
    process = subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE)
    assert json.loads(process.stdout.readline())["devices"] == ["array", "reader"]
    return process


def end(process):
    process.kill()
    process.wait()
    process.stdout.close()


@pytest.fixture
def simulation(tmp_path, root):
    process = start(tmp_path, root)
    yield process
    end(process)


@pytest.fixture
def director(simulation, tmp_path):
    directing = Director(tmp_path / "control.sock")
    yield directing
    directing.close()


def test_a_person_and_a_document_pass_through_real_ports(director, tmp_path):
    sink = Sink()
    scanners = [
        scanner_for(config("gy_mcu90640", tmp_path / "array"), sink),
        scanner_for(config("mrz_reader", tmp_path / "reader"), sink),
    ]
    wait_until(lambda: all(scanner.health().state == "up" for scanner in scanners))
    shown = {"skin_c": 37.2, "ambient_c": 24.0, "duration_s": 0.6, "glasses": False}
    assert director.say(device_id="array", show=shown) == {"ok": True}
    assert director.say(device_id="reader", scan={"lines": list(TD1)}) == {"ok": True}
    wait_until(lambda: sink.of(Reading) and sink.of(ScannedText))
    wait_until(lambda: director.say(device_id="array", ask="idle")["idle"])
    for scanner in scanners:
        scanner.stop(timeout_s=5.0)
    assert [reading.temperature_c for reading in sink.of(Reading)] == pytest.approx([37.2], abs=0.15)
    assert sink.of(ScannedText)[0].lines == TD1
    assert sink.of(ScannedText)[0].check_digits_valid


@pytest.mark.parametrize(
    ("command", "error"),
    [
        ({"device_id": "array"}, "exactly one of"),
        ({"device_id": "array", "ask": "idle", "show": {"skin_c": 36}}, "exactly one of"),
        ({"device_id": "nobody", "ask": "idle"}, "no device 'nobody'"),
        ({"device_id": "array", "show": {"skn_c": 36}}, "skn_c"),
        ({"device_id": "array", "show": {"skin_c": "hot"}}, "skin_c"),
        ({"device_id": "array", "fault": {"kind": "flood"}}, "no fault of the kind 'flood'"),
        ({"device_id": "reader", "show": {"skin_c": 36}}, "cannot show"),
        ({"what": 1}, "what"),
    ],
)
def test_a_wrong_command_is_answered_and_the_next_one_heard(director, command, error):
    answer = director.say(**command)
    assert answer["ok"] is False
    assert error in answer["error"]
    assert director.say(device_id="array", ask="idle") == {"ok": True, "idle": True}


def test_at_its_end_nothing_is_left_behind(simulation, director, tmp_path):
    director.say(device_id="array", show={"skin_c": 36.0})
    simulation.send_signal(signal.SIGTERM)
    assert simulation.wait(timeout=10) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["gate.toml"]


def test_a_process_that_was_killed_does_not_hinder_the_next(simulation, tmp_path, root):
    simulation.kill()
    simulation.wait()
    assert (tmp_path / "control.sock").exists()
    second = start(tmp_path, root)
    try:
        directing = Director(tmp_path / "control.sock")
        assert directing.say(device_id="array", ask="idle")["ok"]
        directing.close()
    finally:
        end(second)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("control = 5\ndevice = []", "control"),
        ("control = 'x'\n[[device]]\ndevice_id='a'\nmodel='b'\nlink='c'\nrate=1", "rate"),
        ("control = ", "gate.toml"),
        ("control = 'x'\n[[device]]\ndevice_id='a'\nmodel='crystal_ball'\nlink='c'", "no simulator for 'crystal_ball'"),
    ],
)
def test_a_wrong_configuration_is_one_clear_sentence(tmp_path, root, content, reason):
    file = tmp_path / "gate.toml"
    file.write_text(content, encoding="utf-8")
    command = [sys.executable, "-m", "devices", "simulate", "--config", str(file)]
    ended = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=30, check=False)
    assert ended.returncode == 2
    assert reason in ended.stderr
    assert len(ended.stderr.strip().splitlines()) == 1
