"""The centre's tables, the same on PostgreSQL and on SQLite (demonstration).

``ledger``, ``centre_journal``, ``report_revision``, ``access_log`` and ``signed_head`` are append-only: triggers made
by the migration refuse UPDATE and DELETE (and TRUNCATE on PostgreSQL). ``crossing``, ``day_count``,
``record_quarantine``, ``case_review`` and ``report_summary`` can be rebuilt from them, byte for byte.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)

from central.store.columns import Counter64, UtcTime

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    }
)

APPEND_ONLY = (
    "ledger",
    "record_replay",
    "centre_journal",
    "report_revision",
    "access_log",
    "signed_head",
    "federation_journal",
)

centre = Table(
    "centre",
    metadata,
    Column("only", SmallInteger, primary_key=True, autoincrement=False),
    Column("epoch", Text, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("centre_incarnation", BigInteger, nullable=False, server_default="1"),
    Column("epoch_position", BigInteger, nullable=False, server_default="0"),
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
    Column("revoked_by", Text),
    Column("revoked_reason", Text),
    Column("site_sealing_key", LargeBinary),
    Column("confirmed_at", UtcTime),
    Column("confirmed_by", Text),
    Column("kind", Text, nullable=False, server_default="edge"),
    Column("last_instance", Text),
    Column("last_start_number", BigInteger),
    Column("last_instance_at", UtcTime),
    Column("down_incarnation", BigInteger, nullable=False, server_default="0"),
    Column("down_sequence", BigInteger, nullable=False, server_default="0"),
    Column("down_at", UtcTime),
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
    Column("frozen_at", UtcTime),
    Column("opened_reason", Text),
    Column("lost_records", BigInteger, nullable=False, server_default="0"),
    Column("recovered_records", BigInteger, nullable=False, server_default="0"),
    Column("own_sequence", BigInteger),
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
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("disposition", Text, nullable=False),
    Column("reason", Text, nullable=False),
)

record_replay = Table(
    "record_replay",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("position", BigInteger, nullable=False, unique=True),
    Column("at_position", BigInteger, nullable=False),
    Column("disposition", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("crossing_id", Text, index=True),
    Column("replayed_at", UtcTime, nullable=False),
    Column("hash", LargeBinary, nullable=False),
)
"""Held records that were projected later, in what order, and how far the ledger was at that moment."""

recovered_record = Table(
    "recovered_record",
    metadata,
    Column("edge_id", Text, primary_key=True),
    Column("record_id", Uuid, primary_key=True),
    Column("position", BigInteger, nullable=False),
)
"""Originals that came inside a ``record_recovered``: the same record in the chain it was written for is known."""

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
    Column("incarnation", BigInteger, primary_key=True, autoincrement=False),
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
    Column("incarnation", BigInteger, primary_key=True, autoincrement=False),
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("crossing_id", Text, nullable=False, index=True),
    Column("case_class", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("reviewer_ref", Text, nullable=False),
    Column("reviewed_at", UtcTime, nullable=False),
    ForeignKeyConstraint(
        ["incarnation", "sequence"],
        ["centre_journal.incarnation", "centre_journal.sequence"],
        name="fk_case_review_incarnation_centre_journal",
    ),
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
    Column("detail", Text, nullable=False, server_default="{}"),
    Column("cleared_at", UtcTime),
    Column("cleared_by", Text),
    Column("cleared_reason", Text),
    Index("ix_alarm_kind_edge_id", "kind", "edge_id"),
)

enrolment_code = Table(
    "enrolment_code",
    metadata,
    Column("code_hash", Text, primary_key=True),
    Column("edge_id", Text, nullable=False, index=True),
    Column("point_of_entry_id", Text, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("made_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
    Column("used_at", UtcTime),
    Column("attempts", Integer, nullable=False, server_default="0"),
)

provisional_case = Table(
    "provisional_case",
    metadata,
    Column("record_id", Uuid, primary_key=True),
    Column("edge_id", Text, nullable=False),
    Column("incarnation", BigInteger, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("crossing_id", Text, index=True),
    Column("hash", LargeBinary, nullable=False),
    Column("bytes", LargeBinary, nullable=False),
    Column("received_at", UtcTime, nullable=False),
    Column("confirmed_at", UtcTime),
    Column("conflict", Text),
    *(Column("settled_at", UtcTime), Column("settled_reason", Text), Column("settled_day", Date)),
)
_is_open = provisional_case.c.confirmed_at.is_(None)
Index("ix_provisional_case_open", provisional_case.c.received_at, postgresql_where=_is_open, sqlite_where=_is_open)

signed_head = Table(
    "signed_head",
    metadata,
    Column("epoch", Text, primary_key=True),
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("centre_sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("hash", LargeBinary, nullable=False),
    Column("centre_hash", LargeBinary, nullable=False),
    Column("issued_at", UtcTime, nullable=False, index=True),
    Column("signature", Text, nullable=False),
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
    Column("sealed_words", LargeBinary),
)

erasure = Table(
    "erasure",
    metadata,
    Column("erasure_id", Text, primary_key=True),
    Column("keys_destroyed", Integer, nullable=False),
    Column("centre_sequence", BigInteger, nullable=False),
    Column("erased_at", UtcTime, nullable=False),
)

erased_episode = Table(
    "erased_episode",
    metadata,
    Column("episode_id", Text, primary_key=True),
    Column("erasure_id", Text, ForeignKey("erasure.erasure_id"), nullable=False, index=True),
)

federation_chain = Table(
    "federation_chain",
    metadata,
    Column("incarnation", BigInteger, primary_key=True, autoincrement=False),
    Column("sequence", BigInteger, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("is_current", Boolean, nullable=False),
    Column("known_sequence", BigInteger),
    Column("receipt", LargeBinary),
    Column("issued_grant", LargeBinary),
)

federation_journal = Table(
    "federation_journal",
    metadata,
    Column("incarnation", BigInteger, primary_key=True, autoincrement=False),
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("record_id", Uuid, nullable=False, unique=True),
    Column("source", Text, unique=True),
    Column("hash", LargeBinary, nullable=False),
    Column("bytes", LargeBinary, nullable=False),
)

federation_notice = Table(
    "federation_notice",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("detail", Text, primary_key=True),
    Column("noticed_at", UtcTime, nullable=False),
)

province_figure = Table(
    "province_figure",
    metadata,
    Column("edge_id", Text, primary_key=True),
    Column("report_day", Date, primary_key=True),
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("point_of_entry_id", Text, primary_key=True),
    Column("direction", Text, primary_key=True),
    Column("category", Text, primary_key=True),
    Column("figure", Text, primary_key=True),
    Column("count", BigInteger, nullable=False),
)

province_case = Table(
    "province_case",
    metadata,
    Column("edge_id", Text, primary_key=True),
    Column("case_ref", Text, primary_key=True),
    Column("reviewed_at", UtcTime, primary_key=True),
    Column("case_class", Text, nullable=False),
    Column("report_day", Date, nullable=False),
    Column("point_of_entry_id", Text, nullable=False),
    Column("age_band", Text),
    Column("sex", Text),
    Column("nationality", Text),
)
