"""Correction by a reference body: what the sensor shows for a known temperature, it shows for a face too.

First honest form: additive in kelvin, frame by frame. The sensor's offset (set point minus what it
shows for the body) is added to the face. It is one named, reversible term with slope 1: it moves a
hot face as far as a cool one, and never pulls anything towards 37. A later form works in radiance
instead of kelvin; between 30 and 42 °C the difference stays in the hundredths as long as face and
body have nearly the same emissivity.
"""

import msgspec

LARGEST_OFFSET_C = 10.0
"""A sensor further off than this is broken, or what was found is not the reference body."""


class ReferenceSetting(msgspec.Struct, frozen=True, kw_only=True):
    """The reference body in use: its set temperature in °C and that temperature's expanded uncertainty (k = 2)."""

    set_c: float
    uncertainty_c: float = 0.2


class CorrectedValue(msgspec.Struct, frozen=True, kw_only=True):
    """A face temperature before and after correction, in °C; ``reference_c`` is what the sensor showed for the body."""

    raw_c: float
    corrected_c: float
    reference_c: float | None = None


def without_reference(raw_c: float) -> CorrectedValue:
    """A value of a sensor that stands without a reference body: nothing is corrected."""
    return CorrectedValue(raw_c=raw_c, corrected_c=raw_c)


def corrected(raw_c: float, *, reference_c: float, setting: ReferenceSetting) -> CorrectedValue | None:
    """Shift a value by the sensor's offset; None when the offset is too large to be an offset.

    >>> corrected(34.1, reference_c=33.0, setting=ReferenceSetting(set_c=35.0)).corrected_c
    36.1
    >>> corrected(34.1, reference_c=20.0, setting=ReferenceSetting(set_c=35.0)) is None
    True
    """
    offset_c = setting.set_c - reference_c
    if abs(offset_c) > LARGEST_OFFSET_C:
        return None
    return CorrectedValue(raw_c=raw_c, corrected_c=round(raw_c + offset_c, 6), reference_c=reference_c)
