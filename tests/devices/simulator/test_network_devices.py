"""Every networked model of the simulation is made from its line of the settings and does as it is directed."""

import json

import pytest

from devices.errors import DeviceConfigurationError
from devices.simulator.simulation import DeviceEntry, Simulation, SimulationConfig
from tests.services.processes import free_port

MODELS = {
    "hikvision": "http://edge:secret@127.0.0.1:{port}",
    "hikvision_push": "http://terminal:secret@127.0.0.1:{port}",
    "uniview_lapi": "http://127.0.0.1:{port}",
    "zkteco_push": "http://127.0.0.1:{port}",
    "mqtt_json": "mqtt://127.0.0.1:{port}",
    "ble_thermometer": "{folder}/values.hex",
    "manual": "{folder}/sheet",
}


@pytest.mark.parametrize("model", sorted(MODELS))
def test_a_device_comes_up_shows_a_person_and_goes(model, tmp_path):
    link = MODELS[model].format(port=free_port(), folder=tmp_path)
    entry = DeviceEntry(device_id="lane-1", model=model, link=link)
    simulation = Simulation(SimulationConfig(control="unused", device=[entry]))
    simulation.start()
    try:
        assert say(simulation, show={"skin_c": 36.6}) == {"ok": True}
        assert say(simulation, ask="idle")["ok"]
        assert not say(simulation, scan={"lines": ["P<UTO"]})["ok"]
        assert not say(simulation, show={"skin_c": "hot"})["ok"]
    finally:
        simulation.stop()


def say(simulation, **wish):
    return json.loads(simulation.answer(json.dumps({"device_id": "lane-1"} | wish).encode()))


@pytest.mark.parametrize("model", ["hikvision", "hikvision_push", "mqtt_json"])
def test_a_link_or_an_option_that_cannot_be_meant_is_told(model):
    for fields in ({"link": "gopher://x"}, {"link": MODELS[model].format(port=9), "options": {"colour": "red"}}):
        entry = DeviceEntry(device_id="lane-1", model=model, **fields)
        with pytest.raises(DeviceConfigurationError):
            Simulation(SimulationConfig(control="unused", device=[entry]))
