"""What an installation says of its reference body is checked when it is read, never when a lane starts."""

from datetime import UTC, datetime

import pytest

from devices.errors import DeviceConfigurationError
from devices.measurement.correction import ReferenceSetting
from devices.measurement.measuring_options import for_driver, settings_from
from devices.registry import DeviceConfig, load_driver, manifests
from devices.scanner import Scanner

SENXOR, LEPTON = load_driver("senxor").manifest, load_driver("lepton").manifest


def test_the_body_in_view_is_known_by_its_own_figures():
    options = {"reference_c": "37.5", "reference_emissivity": 0.97, "reference_uncertainty_c": 0.1}
    settings = settings_from(options, manifest=SENXOR)
    assert settings is not None
    assert settings.reference == ReferenceSetting(set_c=37.5, emissivity=0.97, uncertainty_c=0.1)
    assert for_driver(options) == {}


def test_no_body_is_no_fault():
    for options in ({}, {"reference_c": 0.0}, {"reference_c": 0}):
        settings = settings_from(options, manifest=SENXOR)
        assert settings is not None
        assert settings.reference is None


@pytest.mark.parametrize(
    "options",
    [
        {"reference_c": "37,0"},
        {"reference_c": "abc"},
        {"reference_c": -5},
        {"reference_c": 200},
        {"reference_c": 1e9},
        {"reference_c": float("nan")},
        {"reference_c": 35.0, "reference_emissivity": 0.0},
        {"reference_c": 35.0, "reference_uncertainty_c": -1},
        {"reference_emissivity": 0.97},
        {"reference_c": 0, "reference_uncertainty_c": 0.1},
    ],
)
def test_what_no_body_is_names_the_option_and_what_is_needed(options):
    with pytest.raises(DeviceConfigurationError, match="reference_"):
        settings_from(options, manifest=SENXOR)


@pytest.mark.parametrize("driver", ["gy_mcu90640", "senxor"])
def test_a_wrong_body_leaves_one_device_to_be_mended_and_stops_nothing_else(driver):
    config = DeviceConfig(device_id="d-1", driver=driver, url="serial:///dev/null", options={"reference_c": "37,0"})
    scanner = Scanner(config, sink=print, clock=lambda: datetime.now(UTC))
    scanner.start()
    assert scanner.health().state == "misconfigured"
    assert "37,0" in scanner.health().detail


def test_room_and_lens_are_known_to_the_gate():
    options = {"reference_c": 37.0, "room_from_c": 10, "room_to_c": "35", "field_of_view_deg": 57}
    settings = settings_from(options, manifest=LEPTON)
    assert settings is not None
    assert settings.gate is not None
    assert settings.gate.room_c == (10.0, 35.0)
    assert settings.field_of_view_deg == 57.0
    assert for_driver(options) == {}


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"room_to_c": "warm"}, "room_to_c"),
        ({"room_to_c": 60}, "room_to_c"),
        ({"room_from_c": 30, "room_to_c": 25}, "room_from_c and room_to_c"),
        ({"field_of_view_deg": 0}, "field_of_view_deg"),
        ({"field_of_view_deg": 180}, "field_of_view_deg"),
    ],
)
def test_what_no_room_and_no_lens_can_be_is_refused_by_name(options, named):
    with pytest.raises(DeviceConfigurationError, match=named):
        settings_from(options, manifest=LEPTON)


@pytest.mark.parametrize("name", ["reference_c", "room_to_c", "field_of_view_deg", "faces_at_once"])
def test_a_device_that_gives_no_pictures_is_told_that_the_option_means_nothing_to_it(name):
    with pytest.raises(DeviceConfigurationError, match=f"no pictures: option {name}"):
        settings_from({name: 20}, manifest=load_driver("facesluice").manifest)


def test_every_driver_of_pictures_refuses_the_same():
    for manifest in manifests():
        if manifest.columns is not None:
            with pytest.raises(DeviceConfigurationError):
                settings_from({"reference_c": 200}, manifest=manifest)
