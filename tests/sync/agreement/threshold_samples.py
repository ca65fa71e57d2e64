"""One of each record about limits that follow their devices, with as much in it as it can hold."""

import msgspec

from sync.agreement.gate_records.threshold import LimitOf, ThresholdChanged, ThresholdReversed, WatchRestarted
from sync.agreement.threshold_words import ReversalReason, ThresholdMethod, ThresholdReason
from sync.agreement.vocabulary import MeasuringSite, ReadingKind
from tests.sync.exchange.journals import MORNING

LIMIT = LimitOf(device_id="mlx-1", lane_id="lane-1", kind=ReadingKind.RAW_SKIN, site=MeasuringSite.INNER_CANTHUS)


def threshold_samples() -> tuple[msgspec.Struct, ...]:
    return (
        ThresholdChanged(
            limit_of=LIMIT,
            method=ThresholdMethod.ADAPTIVE,
            rule_id="adaptive-canthus",
            number=3,
            changed_at=MORNING,
            reason=ThresholdReason.FALSE_ALARM,
            before_c=36.31,
            after_c=36.42,
            wanted_c=36.42,
            level_before=0.05,
            level_after=0.031,
            window_count=150,
            settled=612,
            false_alarm_share=0.0523,
            target=0.05,
        ),
        ThresholdReversed(
            limit_of=LIMIT,
            number=3,
            reversed_at=MORNING,
            reason=ReversalReason.WRONG_SECOND_MEASUREMENTS,
            before_c=36.42,
            after_c=36.31,
        ),
        WatchRestarted(device_id="mlx-1", restarted_at=MORNING, reason=ReversalReason.DEVICE_SERVICED),
    )
