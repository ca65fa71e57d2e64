"""The clock of a device, often one that writes "YYYY-MM-DD HH:MM:SS" and never says in which zone.

It is believed only as far as it can do no harm. The danger is one-sided: a clock that
runs **ahead** makes an old, resent measurement look fresh; a clock that runs **behind** only makes
a fresh one look old, and then the measurement is repeated. Hence, with ``age`` = arrival minus
the claimed time:

==============================================  =====================================================
what is known                                   judgement
==============================================  =====================================================
no time, not a time, or more than               ``INVALID``: timed on arrival, never usable, because
``backlog_days`` behind                         a resend could not be told from a live one
age below minus the tolerance, or the last      ``INVALID``: the clock runs ahead
heartbeat came from the future
age above ``stale_after_s``                     ``LATE``: keeps its own time, never usable (a resend
                                                after an outage, or a clock that runs behind)
otherwise                                       ``LIVE``: the device's time, never later than arrival
==============================================  =====================================================

Heartbeats only ever make the judgement stricter. A heartbeat that was itself held up by a broker
says that the clock runs behind; believing it could call an old reading live, so it is not believed.

Known limit: a clock that runs ahead, whose device has sent no heartbeat yet, and whose first
message is a resend exactly as old as the clock is fast, is not seen. Devices are to be set by NTP.
"""

import re
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum

import msgspec

from devices.reading import Arrival, ClockBasis, UnusableReason

CLOCK_TEXT = re.compile(r"(\d{4})-(\d{2})-(\d{2})[ T](\d{2}):(\d{2}):(\d{2})", re.ASCII)


class ClockJudgement(StrEnum):
    """What a device's claimed time is worth for one message."""

    LIVE = "live"
    LATE = "late"
    INVALID = "invalid"


class ClockRules(msgspec.Struct, frozen=True, kw_only=True):
    """How one device's clock is read. ``utc_offset_minutes`` 420 is Vietnam (UTC+7, no summer time)."""

    utc_offset_minutes: int = 420
    tolerance_s: float = 2.0
    stale_after_s: float = 3.0
    backlog_days: float = 30.0


def claimed_time(text: str, *, utc_offset_minutes: int) -> datetime | None:
    """Read a zone-less time as local time of the given offset and return it in UTC; None if it is no time.

    >>> claimed_time("2026-03-01 09:30:05", utc_offset_minutes=420).isoformat()
    '2026-03-01T02:30:05+00:00'
    >>> claimed_time("1971--10--29 -23:-27:-54", utc_offset_minutes=420) is None
    True
    """
    match = CLOCK_TEXT.fullmatch(text.strip())
    if match is None:
        return None
    year, month, day, hour, minute, second = (int(group) for group in match.groups())
    zone = timezone(timedelta(minutes=utc_offset_minutes))
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def age_s(claimed_at: datetime, *, received_at: datetime) -> float:
    """Return how long before its arrival the message claims to have been made, in seconds."""
    return (received_at - claimed_at).total_seconds()


def judge(
    claimed_at: datetime | None, *, received_at: datetime, rules: ClockRules, seconds_ahead: float = 0.0
) -> ClockJudgement:
    """Say what the claimed time of a message is worth; ``seconds_ahead`` is what the last heartbeat showed."""
    if claimed_at is None or seconds_ahead > rules.tolerance_s:
        return ClockJudgement.INVALID
    age = age_s(claimed_at, received_at=received_at)
    if age < -rules.tolerance_s or age > timedelta(days=rules.backlog_days).total_seconds():
        return ClockJudgement.INVALID
    return ClockJudgement.LATE if age > rules.stale_after_s else ClockJudgement.LIVE


class Timing(msgspec.Struct, frozen=True, kw_only=True):
    """When something was measured, by whose clock, and what speaks against using it."""

    observed_at: datetime
    clock_basis: ClockBasis
    arrival: Arrival
    reasons: tuple[UnusableReason, ...] = ()


def time_it(
    claimed_at: datetime | None,
    *,
    received_at: datetime,
    rules: ClockRules,
    seconds_ahead: float = 0.0,
    is_retained: bool = False,
    is_declared_late: bool = False,
) -> Timing:
    """Say when a message's measurement was made; ``is_declared_late`` is what the device says of it itself."""
    judgement = judge(claimed_at, received_at=received_at, rules=rules, seconds_ahead=seconds_ahead)
    is_late = judgement is ClockJudgement.LATE or is_declared_late
    is_trusted = claimed_at is not None and judgement is not ClockJudgement.INVALID
    against = {
        UnusableReason.NOT_LIVE: is_retained or is_declared_late,
        UnusableReason.STALE: judgement is ClockJudgement.LATE,
        UnusableReason.DEVICE_CLOCK_INVALID: not is_trusted,
    }
    return Timing(
        observed_at=min(claimed_at, received_at) if claimed_at and is_trusted else received_at,
        clock_basis=ClockBasis.DEVICE if is_trusted else ClockBasis.RECEIVED,
        arrival=Arrival.RETAINED if is_retained else Arrival.BACKFILLED if is_late else Arrival.LIVE,
        reasons=tuple(reason for reason, holds in against.items() if holds),
    )


def zoned_time(text: str, *, utc_offset_minutes: int) -> datetime | None:
    """Read an ISO 8601 time in UTC; one that names no zone is local time of the given offset. None if it is no time.

    >>> zoned_time("2026-03-01T08:15:30+07:00", utc_offset_minutes=0).isoformat()
    '2026-03-01T01:15:30+00:00'
    """
    try:
        at = datetime.fromisoformat(text.strip())
        if at.tzinfo is None:
            at = at.replace(tzinfo=timezone(timedelta(minutes=utc_offset_minutes)))
        return at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
