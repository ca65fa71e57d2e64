"""Units, flags and bounds that several terminals share. The unit belongs to the field, never to the size of a number.

Network terminals write temperatures in three units, yes and no in six spellings, and 0 for "not
measured". Each of these is settled here once, so that no driver settles it differently.
"""

import math
import re
from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

PLAIN_DECIMAL: Final = re.compile(r"[+-]?\d{1,6}(\.\d{1,12})?", re.ASCII)
PLAUSIBLE_C: Final = (30.0, 45.0)
"""A living face as a compensating terminal reports it; what is outside is kept and never used."""
REPORTABLE_C: Final = (-100.0, 1000.0)
"""What a thermometer can report at all: a number beyond is a broken message, and no reading of anybody."""

_TRUE: Final = frozenset({"true", "1", "yes", "on"})
_FALSE: Final = frozenset({"false", "0", "no", "off"})


class TemperatureUnit(StrEnum):
    """The three units that devices name, spelt as Hikvision spells them."""

    CELSIUS = "celsius"
    FAHRENHEIT = "fahrenheit"
    KELVIN = "kelvin"


UNIT_WORDS: Final[Mapping[str, TemperatureUnit]] = MappingProxyType(
    {
        "celsius": TemperatureUnit.CELSIUS,
        "c": TemperatureUnit.CELSIUS,
        "°c": TemperatureUnit.CELSIUS,
        "fahrenheit": TemperatureUnit.FAHRENHEIT,
        "f": TemperatureUnit.FAHRENHEIT,
        "°f": TemperatureUnit.FAHRENHEIT,
        "kelvin": TemperatureUnit.KELVIN,
        "k": TemperatureUnit.KELVIN,
    }
)
"""How a device may name its unit, in lower case."""


def celsius(number: float, *, unit: TemperatureUnit) -> float:
    """Give a temperature in degrees Celsius, to the hundredth.

    >>> celsius(98.1, unit=TemperatureUnit.FAHRENHEIT), celsius(309.65, unit=TemperatureUnit.KELVIN)
    (36.72, 36.5)
    """
    match unit:
        case TemperatureUnit.FAHRENHEIT:
            return round((number - 32) * 5 / 9, 2)
        case TemperatureUnit.KELVIN:
            return round(number - 273.15, 2)
        case TemperatureUnit.CELSIUS:
            return number


def flag(content: object) -> bool | None:
    """Read yes or no from a boolean, a number or a word; ``None`` where it says neither.

    >>> flag("false"), flag(True), flag("1"), flag("unknown"), flag(None)
    (False, True, True, None, None)
    """
    if isinstance(content, bool):
        return content
    word = str(content).strip().lower()
    return True if word in _TRUE else False if word in _FALSE else None


def number(content: object) -> float | None:
    """Read a finite number from a number or from plain decimal text; ``None`` where there is none.

    >>> number("36.5"), number(36), number(""), number(True), number("1e9"), number("nan")
    (36.5, 36.0, None, None, None, None)
    """
    if isinstance(content, bool) or not isinstance(content, int | float | str):
        return None
    if isinstance(content, str):
        text = content.strip()
        return float(text) if PLAIN_DECIMAL.fullmatch(text) else None
    try:
        finite = float(content)
    except OverflowError:
        return None
    return finite if math.isfinite(finite) else None


def is_reportable(temperature_c: float) -> bool:
    """Whether any thermometer could report such a value."""
    return REPORTABLE_C[0] <= temperature_c <= REPORTABLE_C[1]
