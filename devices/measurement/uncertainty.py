"""Uncertainty of one face reading, term by term, after the GUM (JCGM 100): standard terms, expanded by k = 2.

A rectangular limit +/-a counts as a / sqrt(3). The terms are those that can be known at the lane;
what lies between skin and core (standard deviation about 0.34 K over people) is **not** in it,
because a skin reading claims nothing about the core.
"""

import math

import msgspec

COVERAGE_FACTOR = 2.0
SKIN_EMISSIVITY_LIMIT = 0.01
"""Skin is 0.98 +/- 0.01 in the long-wave infrared."""
TOP_FOUR_BIAS_LIMIT_C = 0.05
UNKNOWN_SURROUNDINGS_C = 24.0


class UncertaintyTerm(msgspec.Struct, frozen=True, kw_only=True):
    """One standard uncertainty in kelvin, with where it comes from."""

    name: str
    standard_c: float


class Conditions(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one measurement. ``reference_*`` are None for a sensor without a reference body."""

    temperature_c: float
    frame_count: int
    spread_c: float
    accuracy_c: float
    surroundings_c: float | None = None
    reference_uncertainty_c: float | None = None
    reference_residual_c: float | None = None


def uncertainty_terms(conditions: Conditions) -> tuple[UncertaintyTerm, ...]:
    """List the terms. ``accuracy_c`` (the maker's limit) is replaced by the reference body's where there is one."""
    surroundings_c = UNKNOWN_SURROUNDINGS_C if conditions.surroundings_c is None else conditions.surroundings_c
    emissivity_limit_c = abs(conditions.temperature_c - surroundings_c) * SKIN_EMISSIVITY_LIMIT
    terms = [
        UncertaintyTerm(name="frames", standard_c=conditions.spread_c / math.sqrt(max(conditions.frame_count, 1))),
        UncertaintyTerm(name="hottest_pixels", standard_c=TOP_FOUR_BIAS_LIMIT_C / math.sqrt(3)),
        UncertaintyTerm(name="skin_emissivity", standard_c=emissivity_limit_c / math.sqrt(3)),
    ]
    if conditions.reference_uncertainty_c is None:
        terms.append(UncertaintyTerm(name="sensor_accuracy", standard_c=conditions.accuracy_c / math.sqrt(3)))
    else:
        residual_c = conditions.reference_residual_c or 0.0
        terms += [
            UncertaintyTerm(name="reference_body", standard_c=conditions.reference_uncertainty_c / COVERAGE_FACTOR),
            UncertaintyTerm(name="reference_wander", standard_c=residual_c / math.sqrt(3)),
        ]
    return tuple(terms)


def expanded_c(terms: tuple[UncertaintyTerm, ...]) -> float:
    """Combine independent terms and expand by k = 2, in kelvin.

    >>> expanded_c((UncertaintyTerm(name="a", standard_c=0.3), UncertaintyTerm(name="b", standard_c=0.4)))
    1.0
    """
    return COVERAGE_FACTOR * math.sqrt(sum(term.standard_c**2 for term in terms))
