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
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.types import REAL

from checkpoint.store.coverage_tables import coverage_due, coverage_hour, immigration_entry, immigration_hour
from checkpoint.store.crop_tables import face_crop
from checkpoint.store.device_tables import device_condition
from checkpoint.store.display_tables import display_screen
from checkpoint.store.group_tables import (
    conveyance,
    conveyance_occupant,
    conveyance_part,
    group_guest,
    group_member,
    lane_group,
    traveller_group,
)
from checkpoint.store.handheld_tables import handheld, handheld_act
from checkpoint.store.isolation_tables import isolation_act, isolation_case, isolation_contact
from checkpoint.store.place_tables import lane_party, party, party_member
from checkpoint.store.register_tables import (
    accompanying_child,
    holder,
    name_bearer,
    name_cut,
    name_part,
    person_link,
    person_name,
    seen_traveller,
)
from checkpoint.store.schema import metadata
from checkpoint.store.shift_tables import (
    officer_badge,
    officer_shift,
    paper_block,
    paper_line,
    roster_line,
    shift_handover,
    station_session,
)
from checkpoint.store.watch_tables import device_limit, drift_point, limit_change, watch_restart

__all__ = [
    "accompanying_child",
    "conveyance",
    "conveyance_occupant",
    "conveyance_part",
    "coverage_due",
    "coverage_hour",
    "device_condition",
    "device_limit",
    "display_screen",
    "drift_point",
    "face_crop",
    "group_guest",
    "group_member",
    "handheld",
    "handheld_act",
    "holder",
    "immigration_entry",
    "immigration_hour",
    "isolation_act",
    "isolation_case",
    "isolation_contact",
    "lane_group",
    "lane_party",
    "limit_change",
    "metadata",
    "name_bearer",
    "name_cut",
    "name_part",
    "officer_badge",
    "officer_shift",
    "paper_block",
    "paper_line",
    "party",
    "party_member",
    "person_link",
    "person_name",
    "roster_line",
    "seen_traveller",
    "shift_handover",
    "station_session",
    "traveller_group",
    "watch_restart",
]

journal = Table(
    "journal",
    metadata,
    Column("entry", Integer, primary_key=True),
    Column("incarnation", Integer, nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("record_id", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("bytes", LargeBinary, nullable=False),
    Column("recorded_at", Text, nullable=False),
    CheckConstraint("length(hash) = 32", name="hash_is_sha256"),
    UniqueConstraint("incarnation", "sequence"),
    sqlite_strict=True,
)
"""Every record of this edge, of whatever chain. ``entry`` is the local order, and the cursor of local reads."""

journal_head = Table(
    "journal_head",
    metadata,
    Column("incarnation", Integer, primary_key=True, autoincrement=False),
    Column("edge_id", Text, nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("is_current", Integer, nullable=False),
    Column("grant_bytes", LargeBinary),
    # A chain that cannot drain: what the centre holds of it, how far the rest was carried over, and when that was done.
    Column("abandoned_after", Integer),
    Column("recovered_to", Integer),
    Column("abandoned_at", Text),
    # Exactly one chain grows; SQLite keeps it so.
    Index("ix_journal_head_current", "is_current", unique=True, sqlite_where=text("is_current = 1")),
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
    Index(None, "reading_id"),
    Index(None, "received_at"),
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
    Column("entry", Integer, primary_key=True, autoincrement=False),
    Column("crossing_id", Text, nullable=False, unique=True),
    Column("record_id", Text, nullable=False),
    Column("last_entry", Integer, nullable=False),
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
    Index(None, "presented_at"),
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
    Index("ix_running_clock_running", "crossing_id", sqlite_where=text("stopped_at IS NULL")),
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
    Column("incarnation", Integer, primary_key=True, autoincrement=False),
    Column("sequence", Integer, nullable=False),
    Column("bytes", LargeBinary),
    Column("received_at", Text),
    sqlite_strict=True,
)
"""The centre's last receipt for each chain; ``bytes`` is the receipt as JSON."""

express_pending = Table(
    "express_pending",
    metadata,
    Column("entry", Integer, primary_key=True, autoincrement=False),
    Column("record_id", Text, nullable=False),
    Index(None, "record_id"),
    sqlite_strict=True,
)
"""Referrals that the centre's desk has not been told yet; written with the record, in its commit."""

witnessed_head = Table(
    "witnessed_head",
    metadata,
    Column("epoch", Text, primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("bytes", LargeBinary, nullable=False),
    Column("issued_at", Text, nullable=False),
    sqlite_strict=True,
)
"""Heads of the centre's ledger under its signature: what it can no longer deny."""

sync_notice = Table(
    "sync_notice",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("at", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("settled_at", Text),
    sqlite_strict=True,
)
"""What the edge found out about its own identity, or about the centre; ``detail`` is JSON without any person."""

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

centre_mirror = Table(
    "centre_mirror",
    metadata,
    Column("centre_incarnation", Integer, primary_key=True, autoincrement=False),
    Column("sequence", Integer, primary_key=True, autoincrement=False),
    Column("record_id", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("bytes", LargeBinary),
    Column("received_at", Text, nullable=False),
    Column("fault", Text),
    CheckConstraint("length(hash) = 32", name="hash_is_sha256"),
    sqlite_strict=True,
)
"""The centre's own journal as far as it came down; ``bytes`` only of what this gate needs."""

centre_cursor = Table(
    "centre_cursor",
    metadata,
    Column("only", Integer, primary_key=True, autoincrement=False),
    Column("centre_incarnation", Integer, nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("epoch", Text, nullable=False),
    Column("issued_at", Text, nullable=False),
    Column("answered_at", Text, nullable=False),
    CheckConstraint("only = 1", name="one_row"),
    sqlite_strict=True,
)

case_decision = Table(
    "case_decision",
    metadata,
    Column("crossing_id", Text, primary_key=True),
    Column("record_id", Text, nullable=False),
    Column("case_class", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("decided_at", Text, nullable=False),
    sqlite_strict=True,
)

erased_episode = Table(
    "erased_episode",
    metadata,
    Column("episode_id", Text, primary_key=True),
    Column("erasure_id", Text, nullable=False),
    Column("erased_at", Text, nullable=False),
    Column("scrubbed_at", Text),
    sqlite_strict=True,
)
"""Every episode that the centre ever erased: nothing that arrives later brings its key back."""

declaration = Table(
    "declaration",
    metadata,
    Column("declaration_id", Text, primary_key=True),
    Column("declared_at", Text, nullable=False),
    Column("keep_until", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("fingerprint", LargeBinary, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Index(None, "keep_until"),
    sqlite_strict=True,
)
"""Health declarations received here, each sealed under a key of its own; deleted at ``keep_until``."""

declaration_use = Table(
    "declaration_use",
    metadata,
    Column("declaration_id", Text, primary_key=True),
    Column("crossing_id", Text, primary_key=True),
    Column("used_at", Text, nullable=False),
    Column("keep_until", Text, nullable=False),
    Index(None, "crossing_id"),
    Index(None, "keep_until"),
    sqlite_strict=True,
)
"""For which crossing a declaration was taken: it holds for one."""
