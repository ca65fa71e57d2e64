"""A device of a lane came into another condition: it stopped, drifted, went out of calibration, or is well again."""

from datetime import datetime
from typing import Annotated, ClassVar

import msgspec

from sync.agreement.device_words import GOOD_CONDITIONS, DeviceCondition

ReasonSlug = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9]+(?:_[a-z0-9]+)*\Z", max_length=64)]
Lasted = Annotated[int, msgspec.Meta(ge=0, le=366 * 24 * 3600)]


class DeviceConditionChanged(msgspec.Struct, frozen=True, kw_only=True):
    """Device ``device_id`` (of driver ``model``) at lane ``lane_id`` went from ``was`` to ``became`` at ``since``.

    ``lasted_s`` is how long it had been as it ``was``; the figures of bad time are sums over it, each period counted
    once, by the record that ends it. ``reasons`` are slugs, the gravest first; none where it ``became`` up.
    ``lane_id`` is empty for a device of no lane.
    """

    type_name: ClassVar[str] = "device_condition_changed"
    type_version: ClassVar[int] = 1
    crossing_id: ClassVar[None] = None

    device_id: str
    model: str
    lane_id: str
    was: DeviceCondition
    became: DeviceCondition
    since: datetime
    lasted_s: Lasted
    reasons: tuple[ReasonSlug, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a change that changes nothing, and a time without a zone."""
        if self.was is self.became:
            msg = "a condition changes into another one"
            raise ValueError(msg)
        if self.since.tzinfo is None:
            msg = "since must be an aware time"
            raise ValueError(msg)

    @property
    def bad_s(self) -> int:
        """For how long, until now, a lane stood on a bad device; 0 where the device was well, or is of no lane."""
        return self.lasted_s if self.lane_id and self.was not in GOOD_CONDITIONS else 0


DeviceRecord = DeviceConditionChanged
"""Records about the gate's instruments."""
