"""The centre's tables, the same on PostgreSQL and on SQLite (demonstration).

``ledger``, ``centre_journal``, ``report_revision`` and ``access_log`` are append-only: triggers made
by the migration refuse UPDATE and DELETE (and TRUNCATE on PostgreSQL). ``crossing``, ``day_count``,
``record_quarantine`` and ``case_review`` can be rebuilt from them, byte for byte.
"""

from datetime import UTC, datetime

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    Uuid,
)

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    }
)


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

APPEND_ONLY = ("ledger", "centre_journal", "report_revision", "access_log")

centre = Table(
    "centre",
    metadata,
    Column("only", SmallInteger, primary_key=True, autoincrement=False),
    Column("epoch", Text, nullable=False),
    Column("created_at", UtcTime, nullable=False),
)

edge = Table(
    "edge",
    metadata,
    Column("edge_id", Text, primary_key=True),
    Column("point_of_entry_id", Text, nullable=False),
    Column("public_key", LargeBinary, nullable=False),
    Column("incarnation", BigInteger, nullable=False),
    Column("enrolled_at", UtcTime, nullable=False),
    Column("revoked_at", UtcTime),
)

edge_head = Table(
    "edge_head",
    metadata,
    Column("edge_id", Text, ForeignKey("edge.edge_id"), primary_key=True),
    Column("incarnation", BigInteger, primary_key=True, autoincrement=False),
    Column("sequence", BigInteger, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("last_contact_at", UtcTime, nullable=False),
    Column("last_receipt_at", UtcTime),
    Column("last_observed_at", UtcTime),
)

ledger_head = Table(
    "ledger_head",
    metadata,
    Column("only", SmallInteger, primary_key=True, autoincrement=False),
    Column("position", BigInteger, nullable=False),
    Column("hash", LargeBinary, nullable=False),
)

ledger = Table(
    "ledger",
    metadata,
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("edge_id", Text, nullable=False),
    Column("incarnation", BigInteger, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("record_id", Uuid, nullable=False, unique=True),
    Column("type", Text, nullable=False),
    Column("crossing_id", Text, index=True),
    Column("hash", LargeBinary, nullable=False),
    Column("bytes", LargeBinary, nullable=False),
    Column("received_at", UtcTime, nullable=False),
    Column("disposition", Text, nullable=False),
    Column("ledger_hash", LargeBinary, nullable=False),
    UniqueConstraint("edge_id", "incarnation", "sequence"),
)

record_quarantine = Table(
    "record_quarantine",
    metadata,
    Column("position", BigInteger, ForeignKey("ledger.position"), primary_key=True, autoincrement=False),
    Column("disposition", Text, nullable=False),
    Column("reason", Text, nullable=False),
)

crossing = Table(
    "crossing",
    metadata,
    Column("crossing_id", Text, primary_key=True),
    Column("edge_id", Text, nullable=False),
    Column("point_of_entry_id", Text, nullable=False),
    Column("report_day", Date, nullable=False),
    Column("observed_at", UtcTime, nullable=False),
    Column("disposition", Text, nullable=False),
    Column("due_at", UtcTime),
    Column("state", LargeBinary, nullable=False),
    Index("ix_crossing_report_day_point_of_entry_id", "report_day", "point_of_entry_id"),
)
Index(
    "ix_crossing_open",
    crossing.c.disposition,
    postgresql_where=crossing.c.disposition.in_(("pending", "isolated", "referred")),
    sqlite_where=crossing.c.disposition.in_(("pending", "isolated", "referred")),
)

day_count = Table(
    "day_count",
    metadata,
    Column("report_day", Date, primary_key=True),
    Column("point_of_entry_id", Text, primary_key=True),
    Column("direction", Text, primary_key=True),
    Column("category", Text, primary_key=True),
    Column("figure", Text, primary_key=True),
    Column("count", BigInteger, nullable=False),
)

episode_key = Table(
    "episode_key",
    metadata,
    Column("edge_id", Text, primary_key=True),
    Column("episode_id", Text, primary_key=True),
    Column("recipient", Text, primary_key=True),
    Column("wrapped", LargeBinary, nullable=False),
)

centre_journal = Table(
    "centre_journal",
    metadata,
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("record_id", Uuid, nullable=False, unique=True),
    Column("type", Text, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("bytes", LargeBinary, nullable=False),
    Column("recorded_at", UtcTime, nullable=False),
)

case_review = Table(
    "case_review",
    metadata,
    Column("sequence", BigInteger, ForeignKey("centre_journal.sequence"), primary_key=True, autoincrement=False),
    Column("crossing_id", Text, nullable=False, index=True),
    Column("case_class", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("reviewer_ref", Text, nullable=False),
    Column("reviewed_at", UtcTime, nullable=False),
)

report_revision = Table(
    "report_revision",
    metadata,
    Column("report_day", Date, primary_key=True),
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("snapshot", LargeBinary, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("ledger_position", BigInteger, nullable=False),
    Column("frozen_at", UtcTime, nullable=False),
    Column("frozen_by", Text, nullable=False),
)

alarm = Table(
    "alarm",
    metadata,
    Column("alarm_id", Counter64, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("edge_id", Text, nullable=False),
    Column("incarnation", BigInteger, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("expected_hash", LargeBinary, nullable=False),
    Column("found_hash", LargeBinary, nullable=False),
    Column("raised_at", UtcTime, nullable=False),
    UniqueConstraint("kind", "edge_id", "incarnation", "sequence", "found_hash"),
)

user = Table(
    "user",
    metadata,
    Column("username", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("is_disabled", Boolean, nullable=False),
)

web_session = Table(
    "web_session",
    metadata,
    Column("token_hash", Text, primary_key=True),
    Column("username", Text, nullable=False, index=True),
    Column("created_at", UtcTime, nullable=False),
    Column("last_seen_at", UtcTime, nullable=False),
)

access_log = Table(
    "access_log",
    metadata,
    Column("entry_id", Counter64, primary_key=True),
    Column("at", UtcTime, nullable=False),
    Column("username", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("reason", Text, nullable=False),
)
