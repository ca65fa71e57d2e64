"""What an installation says of its reference body is checked when it is read, never when a lane starts."""

from datetime import UTC, datetime

import pytest

from devices.errors import DeviceConfigurationError
from devices.measurement.correction import ReferenceSetting
from devices.measurement.measuring_options import for_driver, settings_from
from devices.registry import DeviceConfig, load_driver, manifests
from devices.scanner import Scanner

SENXOR = load_driver("senxor").manifest


def test_the_body_in_view_is_known_by_its_own_figures():
    options = {"reference_c": "37.5", "reference_emissivity": 0.97, "reference_uncertainty_c": 0.1}
    settings = settings_from(options, manifest=SENXOR)
    assert settings is not None
    assert settings.reference == ReferenceSetting(set_c=37.5, emissivity=0.97, uncertainty_c=0.1)
    assert for_driver(options) == {"reference_c": "37.5"}


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


def test_every_driver_of_pictures_refuses_the_same():
    for manifest in manifests():
        if manifest.columns is not None:
            with pytest.raises(DeviceConfigurationError):
                settings_from({"reference_c": 200}, manifest=manifest)
