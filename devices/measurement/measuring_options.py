"""Options of a device that say how its pictures are measured, and not how its bytes are read."""

import math
from typing import Final

import msgspec

from devices.driver import DriverOptions, Manifest
from devices.errors import DeviceConfigurationError
from devices.imaging.quality_gate import GateLimits
from devices.measurement.correction import ReferenceSetting
from devices.measurement.presence import FacesAtOnce, PresenceSettings

FACES_AT_ONCE: Final = "faces_at_once"
REFERENCE_C: Final = "reference_c"
GATED_FROM_COLUMNS: Final = 80
"""Fewer pixels than that show no eyes: 32 x 24 arrays are judged by faces, size and steadiness alone."""


class _Number(msgspec.Struct, frozen=True):
    """What an option of the reference body may be, and what it is called in ``ReferenceSetting``."""

    field: str
    lowest: float
    highest: float
    meaning: str


_OF_THE_BODY: Final = {
    REFERENCE_C: _Number("set_c", 15.0, 50.0, "degrees Celsius; 0 where there is no reference body"),
    "reference_emissivity": _Number("emissivity", 0.5, 1.0, "as the body's maker states it"),
    "reference_uncertainty_c": _Number("uncertainty_c", 0.0, 2.0, "kelvin, expanded (k = 2), as its certificate says"),
}
_OWN: Final = frozenset({FACES_AT_ONCE, *_OF_THE_BODY}) - {REFERENCE_C}


def for_driver(options: DriverOptions) -> DriverOptions:
    """Leave out what no driver needs to know.

    >>> for_driver({"reference_c": 35.0, "faces_at_once": "each", "reference_emissivity": 0.97})
    {'reference_c': 35.0}
    """
    return {name: value for name, value in options.items() if name not in _OWN}


def reference_from(options: DriverOptions, *, driver: str) -> ReferenceSetting | None:
    """Read the reference body in view, None without one; ``DeviceConfigurationError`` for what no body is.

    >>> reference_from({"reference_c": "35,0"}, driver="senxor")
    Traceback (most recent call last):
    devices.errors.DeviceConfigurationError: option reference_c of senxor is '35,0': a number from 15 to 50 ...
    """
    numbers = {
        number.field: _checked(options[name], name, driver=driver)
        for name, number in _OF_THE_BODY.items()
        if name in options
    }
    if numbers.get("set_c"):
        return ReferenceSetting(**numbers)
    if len(numbers) > 1 or (numbers and "set_c" not in numbers):
        msg = f"{driver}: what is known of a reference body means nothing without its {REFERENCE_C}"
        raise DeviceConfigurationError(msg)
    return None


def _checked(value: object, name: str, *, driver: str) -> float:
    bounds = _OF_THE_BODY[name]
    try:
        number = msgspec.convert(value, float, strict=False)
    except msgspec.ValidationError:
        number = math.nan
    if bounds.lowest <= number <= bounds.highest or (name == REFERENCE_C and number == 0.0):
        return number
    msg = (
        f"option {name} of {driver} is {value!r}: "
        f"a number from {bounds.lowest:g} to {bounds.highest:g} is needed, {bounds.meaning}"
    )
    raise DeviceConfigurationError(msg)


def settings_from(options: DriverOptions, *, manifest: Manifest) -> PresenceSettings | None:
    """Read how a device of pictures is measured; None for a device that measures by itself.

    ``reference_c`` is the set temperature of the reference body in view, ``reference_emissivity`` and
    ``reference_uncertainty_c`` are what its maker and its certificate state. With it, and pixels enough to see eyes
    by, each picture must also pass the gate of quality. ``faces_at_once`` "each" measures everybody in view, "one" (the
    default, for a lane) nobody while there are several. ``DeviceConfigurationError`` for any other value.
    """
    if manifest.columns is None:
        if FACES_AT_ONCE in options:
            msg = f"{manifest.driver} gives no pictures: option {FACES_AT_ONCE} means nothing to it"
            raise DeviceConfigurationError(msg)
        return None
    try:
        faces_at_once = msgspec.convert(options.get(FACES_AT_ONCE, "one"), FacesAtOnce)
    except msgspec.ValidationError as error:
        msg = f"option {FACES_AT_ONCE} of {manifest.driver} is 'one' or 'each'"
        raise DeviceConfigurationError(msg) from error
    reference = reference_from(options, driver=manifest.driver)
    if reference is None:
        return PresenceSettings(faces_at_once=faces_at_once)
    return PresenceSettings(
        reference=reference,
        gate=GateLimits() if manifest.columns >= GATED_FROM_COLUMNS else None,
        faces_at_once=faces_at_once,
    )
