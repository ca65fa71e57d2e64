"""Instants as text of fixed width in UTC, so that the database sorts them rightly."""

from datetime import UTC, datetime


def to_text(at: datetime) -> str:
    """Write an aware instant.

    >>> to_text(datetime(2020, 1, 29, tzinfo=UTC))
    '2020-01-29T00:00:00.000000Z'
    """
    if at.tzinfo is None:
        msg = "an instant needs a time zone"
        raise ValueError(msg)
    return at.astimezone(UTC).isoformat(timespec="microseconds")[:26] + "Z"


def from_text(text: str) -> datetime:
    """Read an instant written by ``to_text``."""
    return datetime.fromisoformat(text)


def from_optional_text(text: str | None) -> datetime | None:
    """Read an instant that may be absent."""
    return None if text is None else from_text(text)
