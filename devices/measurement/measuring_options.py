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
FIELD_OF_VIEW: Final = "field_of_view_deg"
GATED_FROM_COLUMNS: Final = 80
"""Fewer pixels than that show no eyes: 32 x 24 arrays are judged by faces, size and steadiness alone."""


class _Number(msgspec.Struct, frozen=True):
    """What an option may be, what it means, and what it is called where it is used."""

    field: str
    lowest: float
    highest: float
    meaning: str


_OF_THE_BODY: Final = {
    REFERENCE_C: _Number("set_c", 15.0, 50.0, "degrees Celsius; 0 where there is no reference body"),
    "reference_emissivity": _Number("emissivity", 0.5, 1.0, "as the body's maker states it"),
    "reference_uncertainty_c": _Number("uncertainty_c", 0.0, 2.0, "kelvin, expanded (k = 2), as its certificate says"),
}
_OF_THE_ROOM: Final = {
    "room_from_c": _Number("coldest_c", 0.0, 30.0, "degrees Celsius: the coldest room that the camera's maker allows"),
    "room_to_c": _Number("hottest_c", 15.0, 45.0, "degrees Celsius: the hottest room that the camera's maker allows"),
}
_OF_THE_LENS: Final = {
    FIELD_OF_VIEW: _Number("across", 5.0, 150.0, "degrees from left to right, as the lens's data sheet says")
}
_NUMBERS: Final = _OF_THE_BODY | _OF_THE_ROOM | _OF_THE_LENS
_OWN: Final = frozenset({FACES_AT_ONCE, *_NUMBERS})


def for_driver(options: DriverOptions) -> DriverOptions:
    """Leave out what no driver needs to know.

    >>> for_driver({"reference_c": 35.0, "faces_at_once": "each", "rotate_clockwise_deg": 90})
    {'rotate_clockwise_deg': 90}
    """
    return {name: value for name, value in options.items() if name not in _OWN}


def reference_from(options: DriverOptions, *, driver: str) -> ReferenceSetting | None:
    """Read the reference body in view, None without one; ``DeviceConfigurationError`` for what no body is.

    >>> reference_from({"reference_c": "35,0"}, driver="senxor")
    Traceback (most recent call last):
    devices.errors.DeviceConfigurationError: option reference_c of senxor is '35,0': a number from 15 to 50 ...
    """
    numbers = _numbers_in(options, of=_OF_THE_BODY, driver=driver)
    if numbers.get("set_c"):
        return ReferenceSetting(**numbers)
    if len(numbers) > 1 or (numbers and "set_c" not in numbers):
        msg = f"{driver}: what is known of a reference body means nothing without its {REFERENCE_C}"
        raise DeviceConfigurationError(msg)
    return None


def settings_from(options: DriverOptions, *, manifest: Manifest) -> PresenceSettings | None:
    """Read how a device of pictures is measured; None for a device that measures by itself.

    ``reference_c`` is the set temperature of the reference body in view, ``reference_emissivity`` and
    ``reference_uncertainty_c`` are what its maker and its certificate state. With it, and pixels enough to see eyes
    by, each picture must also pass the gate of quality. ``room_from_c`` and ``room_to_c`` are the rooms in which the
    camera may measure, where a thermometer tells how warm the room is. ``field_of_view_deg`` tells how far away a face
    is by its width. ``faces_at_once`` "each" measures everybody in view, "one" (the default, for a lane) nobody while
    there are several. ``DeviceConfigurationError`` for any other value.
    """
    driver = manifest.driver
    if manifest.columns is None:
        meaningless = sorted(_OWN & set(options))
        if meaningless:
            msg = f"{driver} gives no pictures: option {', '.join(meaningless)} means nothing to it"
            raise DeviceConfigurationError(msg)
        return None
    try:
        faces_at_once = msgspec.convert(options.get(FACES_AT_ONCE, "one"), FacesAtOnce)
    except msgspec.ValidationError as error:
        msg = f"option {FACES_AT_ONCE} of {driver} is 'one' or 'each'"
        raise DeviceConfigurationError(msg) from error
    gate, lens = _gate_from(options, driver=driver), _numbers_in(options, of=_OF_THE_LENS, driver=driver)
    reference = reference_from(options, driver=driver)
    is_gated = reference is not None and manifest.columns >= GATED_FROM_COLUMNS
    return PresenceSettings(
        reference=reference,
        gate=gate if is_gated else None,
        field_of_view_deg=lens.get("across"),
        faces_at_once=faces_at_once,
    )


def _gate_from(options: DriverOptions, *, driver: str) -> GateLimits:
    usual = GateLimits()
    room = _numbers_in(options, of=_OF_THE_ROOM, driver=driver)
    coldest_c, hottest_c = room.get("coldest_c", usual.room_c[0]), room.get("hottest_c", usual.room_c[1])
    if not coldest_c < hottest_c:
        msg = f"options room_from_c and room_to_c of {driver}: no room is from {coldest_c:g} to {hottest_c:g} °C"
        raise DeviceConfigurationError(msg)
    return msgspec.structs.replace(usual, room_c=(coldest_c, hottest_c))


def _numbers_in(options: DriverOptions, *, of: dict[str, _Number], driver: str) -> dict[str, float]:
    """Read the options that are set, by the names they have where they are used."""
    found = ((number.field, name) for name, number in of.items() if name in options)
    return {field: _checked(options[name], name, driver=driver) for field, name in found}


def _checked(value: object, name: str, *, driver: str) -> float:
    bounds = _NUMBERS[name]
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
