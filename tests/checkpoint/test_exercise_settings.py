"""A drill and a real gate are kept apart by their settings: by names, by devices, and by the way to a centre."""

import pytest

from checkpoint.settings import SettingsError, load_settings
from tests.checkpoint.edges import write_settings


def settings_of(folder, *changes):
    path = write_settings(folder)
    text = path.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")
    return path


DRILL = (
    ('"mong-cai-1"', '"exercise-mong-cai-1"'),
    ("is_demo = true", "is_demo = true\nis_exercise = true"),
    ('"face-1"', '"exercise-face-1"'),
)


def test_a_drill_has_the_mark_in_every_name(tmp_path):
    settings = load_settings(settings_of(tmp_path, *DRILL))
    assert settings.edge.is_exercise
    assert [one.device_id for one in settings.device] == ["exercise-face-1"]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (DRILL[:1], "edge.edge_id"),
        (DRILL[1:], "edge.edge_id"),
        (DRILL[:2], "device.device_id"),
        (DRILL[2:], "device.device_id"),
        ((("mqtt://127.0.0.1:9", "serial:///srv/drill/exercise-lane-1-scanner.tty"),), "scanner of a drill"),
        ((*DRILL, ("port = 0", 'port = 0\ncentre_url = "https://centre.example"')), "a drill has no centre"),
        ((*DRILL, ("port = 0", f'port = 0\ncentre_public_key = "{"ab" * 32}"')), "a drill has no centre"),
    ],
)
def test_settings_that_mix_a_drill_with_a_gate_are_refused(tmp_path, changes, told):
    with pytest.raises(SettingsError, match=told):
        load_settings(settings_of(tmp_path, *changes))
