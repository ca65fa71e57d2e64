"""A wrong settings file is refused as a whole, by file, key and remedy."""

import os
from pathlib import Path

import pytest

import central.settings
import checkpoint.settings
from checkpoint.settings import SettingsError, find_settings, load_settings
from tests.checkpoint.edges import write_settings


def changed(folder: Path, old: str, new: str) -> Path:
    path = write_settings(folder)
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('edge_id = "mong-cai-1"', "", "edge"),
        ('edge_id = "mong-cai-1"', 'edge_id = "Móng Cái"', "edge.edge_id"),
        ("port = 0", "port = 70000", "edge.port"),
        ("port = 0", "prot = 80\nport = 0", "prot"),
        ('direction = "entry"', 'direction = "sideways"', "lane[0].direction"),
        ('devices = ["face-1"]', 'devices = ["face-9"]', "lane.devices"),
        ('lane_id = "lane-2"', 'lane_id = "lane-1"', "lane.lane_id"),
        ('places = ["C1", "C2"]', 'places = ["C1", "C1"]', "isolation.places"),
        ("[isolation]", "[isolation", "TOML"),
        ("port = 0", 'centre_public_key = "xyz"', "edge.centre_public_key: a key has 64 hex digits"),
        ("port = 0", 'province_sealing_key = "' + 63 * "a" + '"', "edge.province_sealing_key: a key has 64"),
        ("port = 0", 'centre_url = "kiemdich.example"', "edge.centre_url: write the whole address"),
        ("port = 0", 'proxy_url = "proxy:3128"', "edge.proxy_url: write the whole address"),
        ("port = 0", 'ca_file = "ours.pem"', "edge.ca_file: there is no file"),
    ],
)
def test_a_mistake_is_named_by_file_key_and_remedy(tmp_path, old, new, key):
    path = changed(tmp_path, old, new)
    with pytest.raises(SettingsError) as refused:
        load_settings(path)
    assert str(path) in str(refused.value)
    assert key in str(refused.value)


def test_relative_folders_are_beside_the_file_and_the_deployment_may_be_the_projects(tmp_path):
    path = changed(tmp_path, 'deployment = "', 'deployment = "deploy/provinces/quang-ninh.toml"\nlaw = "')
    settings = load_settings(path)
    assert settings.data_path == tmp_path / "data"
    assert Path(settings.edge.deployment).is_file()


def test_the_file_is_found_by_option_then_environment(tmp_path):
    given = tmp_path / "given.toml"
    assert find_settings(given, environment={"KIEMDICH_SETTINGS": "other.toml"}) == given
    assert find_settings(None, environment={"KIEMDICH_SETTINGS": "other.toml"}) == Path("other.toml")


@pytest.mark.parametrize(
    ("settings", "file"), [(checkpoint.settings, "edge-mong-cai.toml"), (central.settings, "central.toml")]
)
def test_without_a_word_the_demonstration_that_was_started_last_is_meant(tmp_path, monkeypatch, settings, file):
    monkeypatch.setattr(settings, "PROJECT_ROOT", tmp_path)
    with pytest.raises(settings.SettingsError, match="no settings file"):
        settings.find_settings(None, environment={})
    for age_s, name in ((200, "demo"), (100, "once")):
        (tmp_path / "var" / name).mkdir(parents=True)
        started = tmp_path / "var" / name / file
        started.touch()
        os.utime(started, (1_800_000_000 - age_s,) * 2)
        assert settings.find_settings(None, environment={}) == started


def test_a_file_that_is_not_there_says_how_to_name_one(tmp_path):
    with pytest.raises(SettingsError, match="--settings"):
        load_settings(tmp_path / "nowhere.toml")


HAND_THERMOMETERS = """
[[device]]
device_id = "armpit-7"
driver = "manual"
url = "manual:"
[[device]]
device_id = "forehead-3"
driver = "manual"
url = "manual:"
options = { thermometer = "infrared" }
"""


def test_a_typed_value_names_the_lanes_own_thermometer_of_its_kind(tmp_path):
    path = changed(tmp_path, 'devices = ["face-1"]', 'devices = ["face-1", "armpit-7", "forehead-3"]')
    path.write_text(path.read_text(encoding="utf-8") + HAND_THERMOMETERS, encoding="utf-8")
    settings = load_settings(path)
    assert settings.hand_thermometer_of("lane-1", is_clinical=True) == "armpit-7"
    assert settings.hand_thermometer_of("lane-1", is_clinical=False) == "forehead-3"
    assert settings.hand_thermometer_of("lane-2", is_clinical=True) == "hand-lane-2"
