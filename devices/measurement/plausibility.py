"""What a temperature of a living person can be, by kind of number and measuring site, in °C.

Wide on purpose: the limits catch broken sensors and things that are no people, never somebody ill. A
face that came in from the winter shows 30 °C at its warmest spot (Dzien 2020: forehead 33.2 +/- 1.5
on entering); nobody survives 44 °C.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from devices.reading import MeasuringSite, ReadingKind

LIMITS_C: Final[Mapping[ReadingKind, tuple[float, float]]] = MappingProxyType(
    {
        ReadingKind.RAW_SKIN: (27.0, 43.0),
        ReadingKind.DEVICE_COMPENSATED: (30.0, 45.0),
        ReadingKind.CORE_ESTIMATE: (32.0, 44.0),
        ReadingKind.CLINICAL: (32.0, 44.0),
    }
)
COLDER_BY_C: Final[Mapping[MeasuringSite, float]] = MappingProxyType({MeasuringSite.WRIST: 5.0})
"""A wrist may be that much colder than the rest of the skin."""


def is_plausible(temperature_c: float, *, kind: ReadingKind, site: MeasuringSite) -> bool:
    """Whether such a value can have come from a living person at that site.

    >>> is_plausible(41.2, kind=ReadingKind.RAW_SKIN, site=MeasuringSite.FACE_MAXIMUM)
    True
    >>> is_plausible(0.0, kind=ReadingKind.CLINICAL, site=MeasuringSite.ORAL)
    False
    """
    low_c, high_c = LIMITS_C[kind]
    return low_c - COLDER_BY_C.get(site, 0.0) <= temperature_c <= high_c
