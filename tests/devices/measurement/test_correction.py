"""The correction works in radiance: held against Planck's law itself, over what a lane can meet."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.measurement.correction import (
    ReferenceSetting,
    apparent_c,
    corrected,
    hottest_bias_c,
    radiance,
    surface_c,
    temperature_of,
)

C1, C2 = 1.191042972e8, 14387.76877
WAVELENGTHS_UM = np.linspace(8.0, 14.0, 601)


def planck(temperature_c):
    """Integrate Planck's law over the band, in W/(m2 sr): the oracle, which shares nothing with our code."""
    kelvin = np.asarray(temperature_c, dtype=float)[..., None] + 273.15
    spectrum = C1 / WAVELENGTHS_UM**5 / np.expm1(C2 / (WAVELENGTHS_UM * kelvin))
    return np.trapezoid(spectrum, WAVELENGTHS_UM, axis=-1)


SCALE_C = np.arange(-30.0, 70.0, 0.01)
SCALE = planck(SCALE_C)


def seen_c(radiated):
    """Turn radiance into what a camera shows, by table: 0.01 °C apart, linear between."""
    return float(np.interp(radiated, SCALE, SCALE_C))


@pytest.fixture(scope="module")
def grid_errors_c():
    """Errors over skin 30-42 °C, emissivities .95-1, reflected 15-40 °C, with a sensor offset of radiance."""
    errors_c = []
    grid = itertools.product((30.0, 34.0, 38.0, 42.0), (0.95, 0.98, 1.0), (0.95, 0.97, 1.0), (15.0, 27.0, 40.0))
    for skin_c, skin_e, body_e, around_c in grid:
        setting = ReferenceSetting(set_c=35.0, emissivity=body_e)
        offset = 0.02 * planck(35.0) if (skin_c + around_c) % 2 else -0.03 * planck(35.0)
        shown = seen_c(skin_e * planck(skin_c) + (1 - skin_e) * planck(around_c) + offset)
        body = seen_c(body_e * planck(35.0) + (1 - body_e) * planck(around_c) + offset)
        around = seen_c(planck(around_c) + offset)
        value = corrected(shown, reference_c=body, surroundings_c=around, setting=setting, skin_emissivity=skin_e)
        errors_c.append(value.corrected_c - skin_c)
    return np.array(errors_c)


def test_the_corrected_skin_is_right_to_two_hundredths_over_the_whole_grid(grid_errors_c):
    assert len(grid_errors_c) == 4 * 3 * 3 * 3
    assert np.abs(grid_errors_c).max() <= 0.02


def test_radiance_follows_planck_in_ratio_and_back():
    temperatures_c = np.arange(-10.0, 60.1, 0.5)
    scale = planck(35.0) / radiance(35.0)
    back_c = [temperature_of(float(value) / scale) for value in planck(temperatures_c)]
    assert np.abs(back_c - temperatures_c).max() <= 0.002


@given(skin_c=st.floats(30, 42), emissivity=st.floats(0.95, 1.0), reflected_c=st.floats(15, 40))
def test_what_a_surface_shows_leads_back_to_its_temperature(skin_c, emissivity, reflected_c):
    shown_c = apparent_c(skin_c, emissivity=emissivity, reflected_c=reflected_c)
    assert surface_c(shown_c, emissivity=emissivity, reflected_c=reflected_c) == pytest.approx(skin_c, abs=1e-6)
    assert min(skin_c, reflected_c) - 1e-9 <= shown_c <= max(skin_c, reflected_c) + 1e-9


@given(
    raw_c=st.floats(-40, 300),
    reference_c=st.floats(-40, 300),
    surroundings_c=st.floats(-40, 300),
    set_c=st.floats(30, 45),
    emissivity=st.floats(0.5, 1.0),
)
def test_whatever_is_shown_gives_a_number_or_none_and_never_an_error(
    raw_c, reference_c, surroundings_c, set_c, emissivity
):
    setting = ReferenceSetting(set_c=set_c, emissivity=emissivity)
    value = corrected(raw_c, reference_c=reference_c, surroundings_c=surroundings_c, setting=setting)
    assert value is None or (np.isfinite(value.corrected_c) and value.raw_c == raw_c)


def test_adding_degrees_would_miss_by_more_than_the_grid_allows():
    """Why radiance: body and skin of different emissivity in a warm room, added in degrees, are 0.2 °C off."""
    body_e, skin_e, around_c = 0.95, 0.98, 22.0
    shown = apparent_c(39.0, emissivity=skin_e, reflected_c=around_c)
    body = apparent_c(35.0, emissivity=body_e, reflected_c=around_c)
    assert abs(shown + 35.0 - body - 39.0) > 0.2
    setting = ReferenceSetting(set_c=35.0, emissivity=body_e)
    value = corrected(shown, reference_c=body, surroundings_c=around_c, setting=setting)
    assert value.corrected_c == pytest.approx(39.0, abs=0.001)


@pytest.mark.parametrize("wrong", [{"emissivity": 0.2}, {"emissivity": 1.1}, {"uncertainty_c": -1.0}])
def test_a_body_that_cannot_be_is_refused(wrong):
    with pytest.raises(ValueError, match="emissivity"):
        ReferenceSetting(set_c=35.0, **wrong)


@pytest.mark.parametrize("pixels", [4, 9, 25, 100, 400])
def test_the_bias_of_the_hottest_pixels_is_what_noise_makes_of_them(pixels):
    random = np.random.default_rng(pixels)
    drawn = np.sort(random.normal(36.0, 0.05, (4000, pixels)))[:, -4:].mean()
    assert drawn - hottest_bias_c(pixels, noise_c=0.05) == pytest.approx(36.0, abs=0.003)
