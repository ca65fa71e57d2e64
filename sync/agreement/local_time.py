"""Local time in Viet Nam: the one zone of this product.

A fixed offset, not a zone file: the country has kept UTC+07:00 without summer time since 1975, all
rules are younger, and a pure module must not read files. Instants are stored in UTC; this offset is
only for opening hours, calendar days and what a person reads.
"""

from datetime import UTC, date, datetime, timedelta, timezone

VIETNAM_TIME = timezone(timedelta(hours=7), "Asia/Ho_Chi_Minh")


def require_aware(at: datetime) -> datetime:
    """Return ``at`` in UTC.

    Raises:
        ValueError: the caller handed over a time without a zone; do not retry.
    """
    _refuse_naive(at)
    return at.astimezone(UTC)


def _refuse_naive(at: datetime) -> None:
    if at.tzinfo is None:
        msg = "a time without a zone cannot be compared with a rule's dates"
        raise ValueError(msg)


def local_date(at: datetime) -> date:
    """Return the calendar date in Viet Nam at the aware instant ``at``.

    >>> local_date(datetime(2020, 1, 28, 17, 0, tzinfo=UTC))
    datetime.date(2020, 1, 29)
    """
    return local_time(at).date()


def local_time(at: datetime) -> datetime:
    """Return the aware instant ``at`` as the clocks in Viet Nam show it.

    Raises:
        ValueError: the caller handed over a time without a zone; do not retry.

    >>> local_time(datetime(2020, 1, 28, 17, 0, tzinfo=UTC)).isoformat()
    '2020-01-29T00:00:00+07:00'
    """
    _refuse_naive(at)
    return at.astimezone(VIETNAM_TIME)
