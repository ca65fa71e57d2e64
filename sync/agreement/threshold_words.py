"""The words of limits that follow their device: by which method one is made, why it moved, and why it was taken back.

As in ``vocabulary``: a value is never renamed, only added; what a person reads stands in the labels
under the section named after the class.
"""

from enum import StrEnum


class ThresholdMethod(StrEnum):
    """How the limit of a device is found. The same slugs as the tags in ``devices.measurement.thresholds.methods``."""

    FIXED = "fixed"
    ROLLING = "rolling"
    ADAPTIVE = "adaptive"


class ThresholdReason(StrEnum):
    """Why a limit moved. The same slugs as ``devices.measurement.thresholds.state.ChangeReason``."""

    FALSE_ALARM = "false_alarm"
    UNANSWERED_ALARM = "unanswered_alarm"
    FEWER_ALARMS_THAN_STATED = "fewer_alarms_than_stated"
    REFERENCE_MOVED = "reference_moved"
    REFERENCE_FORGOTTEN = "reference_forgotten"
    AT_A_RAIL = "at_a_rail"


class ReversalReason(StrEnum):
    """Why a person took a change of a limit back, or has a device watched anew."""

    DEVICE_SERVICED = "device_serviced"
    DEVICE_MOVED = "device_moved"
    WRONG_SECOND_MEASUREMENTS = "wrong_second_measurements"
    TRIAL_READINGS = "trial_readings"
    LOOKED_INTO = "looked_into"
