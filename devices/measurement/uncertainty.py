"""Uncertainty of one face reading, term by term, after the GUM (JCGM 100): standard terms, expanded by k = 2.

A rectangular limit +/-a counts as a / sqrt(3). With a reference body the influence of emissivity and of what is
reflected is taken from the correction itself, by changing them by their limits (JCGM 100, 5.1.3): what body and
skin share then cancels as it does in truth. The terms are those that can be known at the lane; what lies between
skin and core (standard deviation about 0.34 K over people) is **not** in it, because a skin reading claims nothing
about the core.
"""

import math
from typing import Final

import msgspec

from devices.measurement.correction import SKIN_EMISSIVITY, CorrectedValue, ReferenceSetting, corrected
from devices.reading import UncertaintyTerm

COVERAGE_FACTOR: Final = 2.0
SKIN_EMISSIVITY_LIMIT: Final = 0.01
"""Skin is 0.98 +/- 0.01 in the long-wave infrared."""
REFLECTED_LIMIT_C: Final = 5.0
"""What stands behind the camera, and is reflected, may differ so much from what the camera sees around the face."""
HOTTEST_PIXELS_LIMIT_C: Final = 0.03
"""What is left of the bias of the four hottest once the number of pixels is corrected for."""
SIZE_OF_SOURCE_C_PX: Final = 8.0
"""Lens and pixels flatten a warm spot: at most this over the pixels across the face, in kelvin.

From the physics simulator at 35, 45, 53 and 107 pixels: 7.5, 7.2, 6.4 and 7.1 (a spot a tenth of the face wide)."""
UNKNOWN_SURROUNDINGS_C: Final = 24.0


class Conditions(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one measurement. ``accuracy_c`` is the maker's limit.

    ``value`` and ``setting`` are of a measurement against a reference body, None without one.
    """

    temperature_c: float
    frame_count: int
    spread_c: float
    accuracy_c: float
    surroundings_c: float | None = None
    face_width_px: int | None = None
    value: CorrectedValue | None = None
    setting: ReferenceSetting | None = None
    reference_residual_c: float | None = None


def uncertainty_terms(conditions: Conditions) -> tuple[UncertaintyTerm, ...]:
    """List the terms. ``accuracy_c`` (the maker's limit) is replaced by the reference body's where there is one."""
    terms = [
        UncertaintyTerm(name="frames", standard_c=conditions.spread_c / math.sqrt(max(conditions.frame_count, 1))),
        _limited("hottest_pixels", HOTTEST_PIXELS_LIMIT_C),
    ]
    if conditions.face_width_px:
        terms.append(_limited("size_of_source", SIZE_OF_SOURCE_C_PX / conditions.face_width_px))
    if conditions.setting is None or conditions.value is None:
        return (*terms, *_without_reference(conditions))
    return (*terms, *_with_reference(conditions.value, conditions.setting, conditions=conditions))


def _limited(name: str, limit_c: float) -> UncertaintyTerm:
    return UncertaintyTerm(name=name, standard_c=abs(limit_c) / math.sqrt(3))


def _without_reference(conditions: Conditions) -> tuple[UncertaintyTerm, ...]:
    known_c = conditions.surroundings_c
    surroundings_c = UNKNOWN_SURROUNDINGS_C if known_c is None else known_c
    return (
        _limited("skin_emissivity", (conditions.temperature_c - surroundings_c) * SKIN_EMISSIVITY_LIMIT),
        _limited("reflected_temperature", REFLECTED_LIMIT_C * (1.0 - SKIN_EMISSIVITY)),
        _limited("sensor_accuracy", conditions.accuracy_c),
    )


def _with_reference(
    value: CorrectedValue, setting: ReferenceSetting, *, conditions: Conditions
) -> tuple[UncertaintyTerm, ...]:
    lower = _again_c(value, setting, skin_emissivity=SKIN_EMISSIVITY - SKIN_EMISSIVITY_LIMIT)
    upper = _again_c(value, setting, skin_emissivity=SKIN_EMISSIVITY + SKIN_EMISSIVITY_LIMIT)
    warmer = _again_c(value, setting, around_c=REFLECTED_LIMIT_C)
    colder = _again_c(value, setting, around_c=-REFLECTED_LIMIT_C)
    return (
        _limited("skin_emissivity", (lower - upper) / 2),
        _limited("reflected_temperature", (warmer - colder) / 2),
        UncertaintyTerm(name="reference_body", standard_c=setting.uncertainty_c / COVERAGE_FACTOR),
        _limited("reference_wander", conditions.reference_residual_c or 0.0),
    )


def _again_c(
    value: CorrectedValue,
    setting: ReferenceSetting,
    *,
    skin_emissivity: float = SKIN_EMISSIVITY,
    around_c: float = 0.0,
) -> float:
    """Correct the same picture anew with one influence changed; one that cannot be corrected has no influence."""
    if value.reference_c is None or value.surroundings_c is None:
        return value.corrected_c
    again = corrected(
        value.raw_c,
        reference_c=value.reference_c,
        surroundings_c=value.surroundings_c + around_c,
        setting=setting,
        skin_emissivity=skin_emissivity,
        noise_bias_c=value.noise_bias_c,
    )
    return value.corrected_c if again is None else again.corrected_c


def expanded_c(terms: tuple[UncertaintyTerm, ...]) -> float:
    """Combine independent terms and expand by k = 2, in kelvin.

    >>> expanded_c((UncertaintyTerm(name="a", standard_c=0.3), UncertaintyTerm(name="b", standard_c=0.4)))
    1.0
    """
    return COVERAGE_FACTOR * math.sqrt(sum(term.standard_c**2 for term in terms))
