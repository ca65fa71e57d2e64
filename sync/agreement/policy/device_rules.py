"""The rule about instruments in doubt: what a reading is worth while its device drifts, warms up or is not calibrated.

Such a rule has no category and no purpose: what a device is worth does not depend on whom it measures (R011).
It can only take a reading away, never stand in for one: whoever has no other reading stays unmeasured and waits.
"""

from enum import StrEnum
from typing import Final

from sync.agreement.device_words import EXCLUDABLE_CONDITIONS, DeviceCondition
from sync.agreement.policy.rule import Rule


class DeviceConsequence(StrEnum):
    """What becomes of a device's readings while a condition holds, from mild to grave.

    ``note``: used, and the condition is shown. ``recheck``: a normal one lets nobody pass, another instrument
    measures; a raised one is an alarm as ever. ``exclude``: none decides anything.
    """

    NOTE = "note"
    RECHECK = "recheck"
    EXCLUDE = "exclude"


class DeviceConditionRule(Rule, frozen=True, kw_only=True, tag="device_condition"):
    """What the readings of a device are worth while ``condition`` holds."""

    condition: DeviceCondition
    consequence: DeviceConsequence

    def __post_init__(self) -> None:
        """Refuse a condition in which a device does not measure anyway."""
        super().__post_init__()
        if self.condition not in EXCLUDABLE_CONDITIONS:
            allowed = ", ".join(EXCLUDABLE_CONDITIONS)
            msg = f"condition must be one of {allowed}: in every other one a device gives no readings, or good ones"
            raise ValueError(msg)


BY_DEFAULT: Final = {
    DeviceCondition.OUT_OF_CALIBRATION: DeviceConsequence.EXCLUDE,
    DeviceCondition.SUSPICIOUS: DeviceConsequence.EXCLUDE,
    DeviceCondition.DRIFTING: DeviceConsequence.RECHECK,
    DeviceCondition.WARMING_UP: DeviceConsequence.RECHECK,
}
"""What holds where no document in force speaks of a condition: documents of before the rule name none."""
GRAVITY: Final = tuple(DeviceConsequence)
