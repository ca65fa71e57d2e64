"""A limit that follows its device moved, or a person took that back: from what to what, why, on what figures."""

from datetime import datetime
from typing import Annotated, ClassVar

import msgspec

from sync.agreement.threshold_words import ReversalReason, ThresholdMethod, ThresholdReason
from sync.agreement.vocabulary import MeasuringSite, ReadingKind

Number = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
Celsius = Annotated[float, msgspec.Meta(ge=-1000.0, le=10_000.0)]
Share = Annotated[float, msgspec.Meta(ge=0.0, le=1.0)]
Level = Annotated[float, msgspec.Meta(ge=-2.0, le=3.0)]


class LimitOf(msgspec.Struct, frozen=True, kw_only=True):
    """Whose limit: one device where it stands, one kind of number, one measuring site."""

    device_id: str
    lane_id: str
    kind: ReadingKind
    site: MeasuringSite


class ThresholdChanged(msgspec.Struct, frozen=True, kw_only=True):
    """The limit went from ``before_c`` to ``after_c`` by itself; ``None`` raises nobody by this method.

    ``number`` counts the changes that stand. Temperatures are stated for a room of 22 °C. ``wanted_c`` is where the
    method would have gone without the bound on a step and the policy's floor and ceiling. ``target`` is the share of
    false alarms that the adaptive method promised, ``false_alarm_share`` what it came to over ``settled`` people.
    """

    type_name: ClassVar[str] = "threshold_changed"
    type_version: ClassVar[int] = 1
    crossing_id: ClassVar[None] = None

    limit_of: LimitOf
    method: ThresholdMethod
    rule_id: str
    number: Number
    changed_at: datetime
    reason: ThresholdReason
    before_c: Celsius | None
    after_c: Celsius | None
    wanted_c: Celsius | None
    level_before: Level
    level_after: Level
    window_count: Number
    settled: Number
    false_alarm_share: Share
    target: Share | None = None

    def __post_init__(self) -> None:
        """Refuse a time without a zone."""
        _require_aware(self.changed_at)


class ThresholdReversed(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody in a role took the latest change back: the limit stands as the change before it had left it."""

    type_name: ClassVar[str] = "threshold_reversed"
    type_version: ClassVar[int] = 1
    crossing_id: ClassVar[None] = None

    limit_of: LimitOf
    number: Number
    reversed_at: datetime
    reason: ReversalReason
    before_c: Celsius | None
    after_c: Celsius | None

    def __post_init__(self) -> None:
        """Refuse a time without a zone."""
        _require_aware(self.reversed_at)


class WatchRestarted(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody had a device watched anew: what its readings were suspected of, and how it had drifted, is closed."""

    type_name: ClassVar[str] = "watch_restarted"
    type_version: ClassVar[int] = 1
    crossing_id: ClassVar[None] = None

    device_id: str
    restarted_at: datetime
    reason: ReversalReason

    def __post_init__(self) -> None:
        """Refuse a time without a zone."""
        _require_aware(self.restarted_at)


ThresholdRecord = ThresholdChanged | ThresholdReversed | WatchRestarted
"""Records about limits that follow their devices, and about watching those devices."""


def _require_aware(at: datetime) -> None:
    if at.tzinfo is None:
        msg = "the time of a change must be aware"
        raise ValueError(msg)
