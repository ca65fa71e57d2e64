"""Correction by a reference body, in radiance: what a surface sends out, what it reflects, what the sensor adds.

A camera set to emissivity 1 shows for a surface the temperature of a black one that would send as much: its own
radiation, and the part of the surroundings' that it reflects. Uncooled sensors then add an offset of their own,
which is one of radiance (the housing radiates too). The reference body's radiation is known, so the offset is what
the sensor shows for it less what it sends; the same offset is taken off the face, and the skin's temperature
follows from what is left. Each term is named and reversible, and nothing is pulled towards 37.

Radiance in the band 8-14 um follows Sakuma and Hattori's equation in its Planckian form (Sakuma and Kobayashi,
TEMPMEKO 1996; BIPM CCT-WG5, 2008), with constants fitted to Planck's law integrated over the band from -10 to
60 °C. Only ratios count, so its factor is left out.
"""

import math
from statistics import NormalDist
from typing import Final

import msgspec

LARGEST_OFFSET_C: Final = 10.0
"""A sensor further off than this is broken, or what was found is not the reference body."""
SKIN_EMISSIVITY: Final = 0.98
SECOND_RADIATION_CONSTANT_UM_K: Final = 14387.76877
SAKUMA_A_UM: Final = 9.3414
SAKUMA_B_UM_K: Final = 178.074
_KELVIN: Final = 273.15


USUAL_UNCERTAINTY_C: Final = 0.2
"""Kelvin, expanded: what makers of reference bodies for screening state (Healy 2021, table 1)."""


class ReferenceSetting(msgspec.Struct, frozen=True, kw_only=True):
    """The reference body in use.

    ``set_c`` is its surface's temperature in °C and ``uncertainty_c`` that temperature's expanded uncertainty
    (k = 2). ``emissivity`` is 0.998 for a body of calibration grade, and 0.97 or 0.98 for a painted disc.
    ``largest_offset_c`` is how far the sensor may be off before what it shows cannot be this body.
    """

    set_c: float
    uncertainty_c: float = USUAL_UNCERTAINTY_C
    emissivity: float = 0.98
    largest_offset_c: float = LARGEST_OFFSET_C

    def __post_init__(self) -> None:
        """Refuse a body that is no body."""
        if not 0.5 <= self.emissivity <= 1.0 or self.uncertainty_c < 0.0 or self.largest_offset_c <= 0.0:
            msg = "an emissivity lies between 0.5 and 1, an uncertainty and a largest offset are positive"
            raise ValueError(msg)


class CorrectedValue(msgspec.Struct, frozen=True, kw_only=True):
    """A face temperature before and after correction, in °C.

    ``reference_c`` and ``surroundings_c`` are what the sensor showed for the body and for what is around:
    with the setting and ``noise_bias_c``, taken off first, they are all that the correction rests on.
    """

    raw_c: float
    corrected_c: float
    reference_c: float | None = None
    surroundings_c: float | None = None
    noise_bias_c: float = 0.0


def radiance(temperature_c: float) -> float:
    """Give what a black surface sends out between 8 and 14 um, in a unit of its own.

    >>> round(radiance(36.0) / radiance(35.0), 4)
    1.0146
    """
    argument = SECOND_RADIATION_CONSTANT_UM_K / (SAKUMA_A_UM * (temperature_c + _KELVIN) + SAKUMA_B_UM_K)
    return 1.0 / math.expm1(argument)


def temperature_of(radiance_: float) -> float:
    """Give the temperature of a black surface that sends out so much, in °C; the inverse of ``radiance``.

    >>> round(temperature_of(radiance(36.6)), 9)
    36.6
    """
    scaled = SECOND_RADIATION_CONSTANT_UM_K / math.log1p(1.0 / radiance_)
    return (scaled - SAKUMA_B_UM_K) / SAKUMA_A_UM - _KELVIN


def apparent_c(surface_c: float, *, emissivity: float, reflected_c: float) -> float:
    """Temperature that a perfect sensor set to emissivity 1 shows for a surface.

    >>> round(apparent_c(35.0, emissivity=0.98, reflected_c=22.0), 2)
    34.75
    """
    return temperature_of(emissivity * radiance(surface_c) + (1.0 - emissivity) * radiance(reflected_c))


def surface_c(apparent_c: float, *, emissivity: float, reflected_c: float) -> float:
    """Temperature of the surface that a perfect sensor set to emissivity 1 shows as ``apparent_c``."""
    return temperature_of((radiance(apparent_c) - (1.0 - emissivity) * radiance(reflected_c)) / emissivity)


def without_reference(raw_c: float, *, noise_bias_c: float = 0.0) -> CorrectedValue:
    """A value of a sensor that stands without a reference body: only its noise's bias is taken off."""
    return CorrectedValue(raw_c=raw_c, corrected_c=round(raw_c - noise_bias_c, 6), noise_bias_c=noise_bias_c)


def corrected(
    raw_c: float,
    *,
    reference_c: float,
    surroundings_c: float,
    setting: ReferenceSetting,
    skin_emissivity: float = SKIN_EMISSIVITY,
    noise_bias_c: float = 0.0,
) -> CorrectedValue | None:
    """Give the skin's temperature; None when the sensor is further off than an offset can be.

    All three shown temperatures carry the same offset of radiance d. The body sends e L(set) + (1 - e) L(around),
    and what is around is itself only seen with d; solved for d, that is
    d = L(set) + (1 - e) / e * L(around shown) - L(body shown) / e.

    >>> setting = ReferenceSetting(set_c=35.0)
    >>> round(corrected(34.1, reference_c=33.0, surroundings_c=20.0, setting=setting).corrected_c, 2)
    36.1
    >>> corrected(34.1, reference_c=20.0, surroundings_c=20.0, setting=setting) is None
    True
    """
    around, emissivity = radiance(surroundings_c), setting.emissivity
    offset = radiance(setting.set_c) + ((1.0 - emissivity) * around - radiance(reference_c)) / emissivity
    sent_by_body = radiance(reference_c) + offset
    reflected = (1.0 - skin_emissivity) * (around + offset)
    skin = (radiance(raw_c - noise_bias_c) + offset - reflected) / skin_emissivity
    if min(sent_by_body, skin) <= 0.0 or abs(temperature_of(sent_by_body) - reference_c) > setting.largest_offset_c:
        return None
    return CorrectedValue(
        raw_c=raw_c,
        corrected_c=round(temperature_of(skin), 6),
        reference_c=reference_c,
        surroundings_c=surroundings_c,
        noise_bias_c=noise_bias_c,
    )


def hottest_bias_c(pixel_count: int, *, noise_c: float, count: int = 4) -> float:
    """How much the mean of the ``count`` hottest of so many equally warm, noisy pixels reads too high, in kelvin.

    Expected normal order statistics after Blom (1958): z((r - 0.375) / (n + 0.25)). Without it a near face, of
    many pixels, reads hotter than a far one.

    >>> [round(hottest_bias_c(count, noise_c=0.05), 3) for count in (4, 25, 100)]
    [0.0, 0.073, 0.105]
    """
    if pixel_count <= count:
        return 0.0
    ranks = range(pixel_count - count + 1, pixel_count + 1)
    scores = (NormalDist().inv_cdf((rank - 0.375) / (pixel_count + 0.25)) for rank in ranks)
    return noise_c * math.fsum(scores) / count
