"""The words of measuring instruments: in which condition one is.

As in ``vocabulary``: a value is never renamed, only added; what a person reads stands in the labels
under the section named after the class.
"""

from enum import StrEnum
from typing import Final


class DeviceCondition(StrEnum):
    """How a device is. The same slugs as ``devices.condition.DeviceCondition`` (a test holds them equal)."""

    STARTING = "starting"
    UP = "up"
    WARMING_UP = "warming_up"
    STALE = "stale"
    DOWN = "down"
    MISCONFIGURED = "misconfigured"
    OUT_OF_CALIBRATION = "out_of_calibration"
    DRIFTING = "drifting"
    SUSPICIOUS = "suspicious"


GOOD_CONDITIONS: Final = frozenset({DeviceCondition.UP, DeviceCondition.STARTING})
"""In every other condition the lane of a device stands on a bad device."""
EXCLUDABLE_CONDITIONS: Final = (
    DeviceCondition.WARMING_UP,
    DeviceCondition.OUT_OF_CALIBRATION,
    DeviceCondition.DRIFTING,
    DeviceCondition.SUSPICIOUS,
)
"""Conditions in which a device still measures, and policy says what its readings are worth."""
