"""Options of a device that say how its pictures are measured, and not how its bytes are read."""

from typing import Final

import msgspec

from devices.driver import DriverOptions, Manifest
from devices.errors import DeviceConfigurationError
from devices.imaging.quality_gate import GateLimits
from devices.measurement.correction import ReferenceSetting
from devices.measurement.presence import FacesAtOnce, PresenceSettings

FACES_AT_ONCE: Final = "faces_at_once"
GATED_FROM_COLUMNS: Final = 80
"""Fewer pixels than that show no eyes: 32 x 24 arrays are judged by faces, size and steadiness alone."""


def for_driver(options: DriverOptions) -> DriverOptions:
    """Leave out what no driver needs to know.

    >>> for_driver({"reference_c": 35.0, "faces_at_once": "each"})
    {'reference_c': 35.0}
    """
    return {name: value for name, value in options.items() if name != FACES_AT_ONCE}


def settings_from(options: DriverOptions, *, manifest: Manifest) -> PresenceSettings | None:
    """Read how a device of pictures is measured; None for a device that measures by itself.

    ``reference_c`` is the set temperature of the reference body in view. With it, and pixels enough to see eyes by,
    each picture must also pass the gate of quality. ``faces_at_once`` "each" measures everybody in view, "one" (the
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
    reference_c = float(options.get("reference_c", 0.0))
    if not reference_c:
        return PresenceSettings(faces_at_once=faces_at_once)
    return PresenceSettings(
        reference=ReferenceSetting(set_c=reference_c),
        gate=GateLimits() if manifest.columns >= GATED_FROM_COLUMNS else None,
        faces_at_once=faces_at_once,
    )
