"""The tables of one edge's database (SQLCipher, STRICT), as SQLAlchemy Core.

``migrations/edge`` builds the same tables step by step; a test holds both equal. Instants are TEXT
in UTC with microseconds, fixed width, so that they sort as text. ``bytes`` columns hold JSON that
is stored as it was written. Nothing but this database holds a traveller's name on the edge.
"""

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.types import REAL

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
metadata = MetaData(naming_convention=NAMING)

journal = Table(
    "journal",
    metadata,
    Column("sequence", Integer, primary_key=True, autoincrement=False),
    Column("record_id", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("bytes", LargeBinary, nullable=False),
    Column("recorded_at", Text, nullable=False),
    CheckConstraint("length(hash) = 32", name="hash_is_sha256"),
    sqlite_strict=True,
)

journal_head = Table(
    "journal_head",
    metadata,
    Column("only", Integer, primary_key=True, autoincrement=False),
    Column("edge_id", Text, nullable=False),
    Column("incarnation", Integer, nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    CheckConstraint("only = 1", name="one_row"),
    sqlite_strict=True,
)

device_reading = Table(
    "device_reading",
    metadata,
    Column("reading_number", Integer, primary_key=True),
    Column("device_id", Text, nullable=False),
    Column("delivery_key", Text, nullable=False),
    Column("reading_id", Text, nullable=False),
    Column("bytes", LargeBinary, nullable=False),
    Column("received_at", Text, nullable=False),
    Column("bound_to", Text),
    Column("not_bound_because", Text),
    UniqueConstraint("device_id", "delivery_key"),
    sqlite_strict=True,
)

lane_draft = Table(
    "lane_draft",
    metadata,
    Column("lane_id", Text, primary_key=True),
    Column("bytes", LargeBinary, nullable=False),
    Column("updated_at", Text, nullable=False),
    sqlite_strict=True,
)

crossing = Table(
    "crossing",
    metadata,
    Column("sequence", Integer, primary_key=True, autoincrement=False),
    Column("crossing_id", Text, nullable=False, unique=True),
    Column("record_id", Text, nullable=False),
    Column("last_sequence", Integer, nullable=False),
    Column("lane_id", Text, nullable=False),
    Column("presented_at", Text, nullable=False),
    Column("recorded_at", Text, nullable=False),
    Column("officer_ref", Text, nullable=False),
    Column("person_key", Text, nullable=False),
    Column("full_name", Text, nullable=False),
    Column("document_number", Text, nullable=False),
    Column("document_kind", Text, nullable=False),
    Column("nationality", Text),
    Column("age_years", Integer),
    Column("direction", Text, nullable=False),
    Column("category", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("temperature_c", REAL),
    Column("observed_at", Text),
    Column("recheck_c", REAL),
    Column("rechecked_at", Text),
    Column("outcome", Text, nullable=False),
    Column("disposition", Text, nullable=False),
    Column("exception_code", Text),
    Column("exception_reason", Text),
    Column("redirect_to", Text),
    Column("place_id", Text),
    Column("is_open", Integer, nullable=False),
    Index(None, "person_key", "presented_at"),
    # Open: somebody waits here for a recheck, a place, or the way out. Few are, so this index stays small.
    Index("ix_crossing_open", "is_open", sqlite_where=text("is_open = 1")),
    sqlite_strict=True,
)

isolation_place = Table(
    "isolation_place",
    metadata,
    Column("place_id", Text, primary_key=True),
    Column("position", Integer, nullable=False),
    Column("crossing_id", Text, unique=True),
    Column("admitted_at", Text),
    sqlite_strict=True,
)

running_clock = Table(
    "running_clock",
    metadata,
    Column("crossing_id", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("started_at", Text, nullable=False),
    Column("due_at", Text, nullable=False),
    Column("clause", Text, nullable=False),
    Column("stopped_at", Text),
    sqlite_strict=True,
)

holder = Table(
    "holder",
    metadata,
    Column("pass_number", Text, primary_key=True),
    Column("full_name", Text, nullable=False),
    Column("date_of_birth", Text),
    Column("sex", Text, nullable=False),
    Column("commune", Text, nullable=False),
    Column("regime", Text, nullable=False),
    Column("issued_on", Text),
    Column("expires_on", Text),
    Column("is_cancelled", Integer, nullable=False),
    sqlite_strict=True,
)

episode_key = Table(
    "episode_key",
    metadata,
    Column("crossing_id", Text, primary_key=True),
    Column("bytes", LargeBinary, nullable=False),
    sqlite_strict=True,
)

uplink_cursor = Table(
    "uplink_cursor",
    metadata,
    Column("only", Integer, primary_key=True, autoincrement=False),
    Column("sequence", Integer, nullable=False),
    Column("bytes", LargeBinary),
    Column("received_at", Text),
    CheckConstraint("only = 1", name="one_row"),
    sqlite_strict=True,
)

officer = Table(
    "officer",
    metadata,
    Column("username", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("is_disabled", Integer, nullable=False),
    sqlite_strict=True,
)

web_session = Table(
    "web_session",
    metadata,
    Column("token_hash", Text, primary_key=True),
    Column("username", Text, ForeignKey("officer.username", ondelete="CASCADE"), nullable=False),
    Column("created_at", Text, nullable=False),
    Column("last_seen_at", Text, nullable=False),
    sqlite_strict=True,
)

access_log = Table(
    "access_log",
    metadata,
    Column("entry_number", Integer, primary_key=True),
    Column("at", Text, nullable=False),
    Column("officer_ref", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("reason", Text, nullable=False),
    sqlite_strict=True,
)
