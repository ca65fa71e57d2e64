"""Kinds of columns that both databases hold alike."""

from datetime import UTC, datetime

from sqlalchemy import BigInteger, DateTime, Dialect, Integer, TypeDecorator


class UtcTime(TypeDecorator[datetime]):
    """An aware UTC instant to the microsecond: timestamptz on PostgreSQL, naive UTC text on SQLite."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a naive time; SQLite keeps no zone, so it gets UTC without one."""
        if value is None:
            return None
        if value.tzinfo is None:
            msg = "the store takes aware times only"
            raise ValueError(msg)
        in_utc = value.astimezone(UTC)
        return in_utc.replace(tzinfo=None) if dialect.name == "sqlite" else in_utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give every instant back in UTC."""
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


Counter64 = BigInteger().with_variant(Integer(), "sqlite")
"""A 64-bit count: SQLite numbers rows by itself only in a column of type INTEGER."""
