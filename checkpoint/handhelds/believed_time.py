"""Which time to believe of an act that a handheld kept: the device's clock, put right by the edge's.

The device says what its clock showed at the act and when it sent; the edge knows its own. Their difference at
sending, less what the way took, is added to the time of the act. Where the difference was another when both last
met, the device's clock was set or drifted in between, and the time is only as good as that: a phone takes the
network's time when it comes back, after the act, so what was learnt before the act is believed first, unless that
leads out of the permit or into the future.
"""

from datetime import datetime, timedelta
from typing import Final

import msgspec

from sync.agreement.handheld_words import HandheldClock

_STEADY_S: Final = 5.0
_SHIFTED_S: Final = 120.0
_LEEWAY: Final = timedelta(minutes=5)
_LARGEST_OFFSET_S: Final = 1e9


class BelievedTime(msgspec.Struct, frozen=True, kw_only=True):
    """When an act was done by the edge's clock, what was added to the device's, and how far to trust it."""

    at: datetime
    clock: HandheldClock
    offset_s: float


class TellingClocks(msgspec.Struct, frozen=True, kw_only=True):
    """What both clocks said: the device's at the act and at sending, the edge's on arrival.

    ``last_offset_s`` is what the device had learnt to add when it last met the edge before the act.
    """

    observed_at: datetime
    sent_at: datetime
    arrived_at: datetime
    last_offset_s: float | None = None


def believed_time(told: TellingClocks, *, not_before: datetime, not_after: datetime) -> BelievedTime:
    """Put a device's time right, and keep it between its permit's beginning and now.

    >>> from datetime import UTC
    >>> noon = datetime(2026, 11, 22, 5, tzinfo=UTC)
    >>> told = TellingClocks(observed_at=noon, sent_at=noon + timedelta(minutes=9), arrived_at=noon, last_offset_s=-540)
    >>> believed_time(told, not_before=noon - timedelta(hours=1), not_after=noon).at == noon - timedelta(minutes=9)
    True
    """
    offset_s = (told.arrived_at - told.sent_at).total_seconds()
    offset_s = max(-_LARGEST_OFFSET_S, min(_LARGEST_OFFSET_S, offset_s))
    clock = _clock(told, offset_s=offset_s)
    earliest, latest = not_before - _LEEWAY, not_after + timedelta(seconds=_STEADY_S)
    if clock is HandheldClock.UNSURE and told.last_offset_s is not None:
        learnt = told.observed_at + timedelta(seconds=told.last_offset_s)
        offset_s = told.last_offset_s if earliest <= learnt <= latest else offset_s
    at = told.observed_at + timedelta(seconds=offset_s)
    if not earliest <= at <= latest:
        clock = HandheldClock.UNSURE
    return BelievedTime(at=min(max(at, not_before), not_after), clock=clock, offset_s=round(offset_s, 3))


def _clock(told: TellingClocks, *, offset_s: float) -> HandheldClock:
    if told.last_offset_s is None:
        return HandheldClock.UNSURE
    moved_s = abs(told.last_offset_s - offset_s)
    if moved_s <= _STEADY_S:
        return HandheldClock.STEADY
    return HandheldClock.SHIFTED if moved_s <= _SHIFTED_S else HandheldClock.UNSURE
