"""The simulated array against the manual and against the driver, which were written apart."""

import numpy as np
import pytest

from devices.drivers.gy_mcu90640 import ARGUMENTS, Command, GyMcu90640, build_command
from devices.reading import CommandReply, ThermalFrame
from devices.simulator.gy_module import GyModule
from devices.simulator.thermal_scene import Person, ThermalScene
from tests.devices.gy_bytes import EMISSIVITY_095, GOLDEN
from tests.devices.specimens import AT


def test_it_writes_the_golden_frame_of_the_manual():
    assert GyModule().frame(np.full((24, 32), 36.94), own_c=37.25) == GOLDEN


def test_the_driver_sees_the_scene_as_it_was_and_not_mirrored():
    scene = np.arange(768, dtype=np.float64).reshape(24, 32) / 100 + 20
    (picture,) = GyMcu90640(device_id="x").feed(GyModule().frame(scene, own_c=31.0), received_at=AT)
    assert isinstance(picture, ThermalFrame)
    np.testing.assert_allclose(picture.celsius, scene, atol=0.0051)


def test_it_answers_for_its_emissivity_as_the_manual_says():
    assert GyModule().receive(build_command(Command.ASK_EMISSIVITY)) == EMISSIVITY_095


@pytest.mark.parametrize("emissivity", sorted(ARGUMENTS[Command.SET_EMISSIVITY]))
def test_an_emissivity_that_was_set_is_the_one_it_answers(emissivity):
    module = GyModule()
    module.receive(build_command(Command.SET_EMISSIVITY, setting=emissivity))
    (answer,) = GyMcu90640(device_id="x").feed(module.receive(build_command(Command.ASK_EMISSIVITY)), received_at=AT)
    assert isinstance(answer, CommandReply)
    assert answer.value == emissivity


def test_settings_that_were_not_saved_are_lost_with_the_power():
    module = GyModule()
    module.receive(build_command(Command.RATE, setting=8))
    module.power_cycle()
    assert module.settings.rate_hz == 4.0
    module.receive(build_command(Command.RATE, setting=8) + build_command(Command.SAVE))
    module.power_cycle()
    assert module.settings.rate_hz == 8.0


def test_it_obeys_commands_in_any_cut_and_ignores_noise_between_them():
    module = GyModule()
    stream = b"\x00\xa5\xff" + build_command(Command.MODE, setting="query") + build_command(Command.BAUD, setting=9600)
    for byte in stream:
        module.receive(bytes((byte,)))
    assert (module.settings.streams, module.settings.baud) == (False, 9600)
    assert module.takes_frame_request()
    assert not module.takes_frame_request()


def test_a_command_with_a_wrong_sum_changes_nothing():
    module = GyModule()
    assert module.receive(bytes.fromhex("A52502CB")) == b""
    assert module.settings == GyModule().settings


def test_the_same_seed_shows_the_same_and_another_seed_another_scene():
    def pictures(seed):
        scene = ThermalScene(seed=seed)
        scene.let_stand()
        return [scene.picture(Person(skin_c=36.6), ambient_c=24.0).tobytes() for _ in range(3)]

    assert pictures(3) == pictures(3)
    assert pictures(3) != pictures(4)


@pytest.mark.parametrize("ambient_c", [5.0, 15.0, 24.0, 31.0])
@pytest.mark.parametrize("skin_c", [33.0, 36.4, 39.5])
def test_the_hottest_part_of_a_face_is_the_skin_that_was_asked_for(skin_c, ambient_c):
    scene = ThermalScene(seed=1)
    for _ in range(20):
        scene.let_stand()
        picture = scene.picture(Person(skin_c=skin_c), ambient_c=ambient_c)
        assert picture.max() == pytest.approx(skin_c, abs=0.11)
        assert np.median(picture) == pytest.approx(ambient_c, abs=0.1), "most of the picture is the room"


def test_glasses_hide_the_hottest_part():
    scene = ThermalScene(seed=1)
    with_glasses = scene.picture(Person(skin_c=36.6, glasses=True), ambient_c=24.0)
    assert with_glasses.max() < 36.6 - 0.3


def test_a_reference_body_stands_where_no_head_does_and_shares_the_sensors_error():
    scene = ThermalScene(seed=2, reference_c=35.0, sensor_offset_c=-1.5)
    for _ in range(20):
        scene.let_stand()
        picture = scene.picture(Person(skin_c=36.6), ambient_c=24.0)
        assert np.median(picture[19:22, 1:5]) == pytest.approx(33.5, abs=0.1)
        assert picture.max() == pytest.approx(36.6 - 1.5, abs=0.11)
