"""The tables of the shift: badges, stations, shifts, handovers, the roster, and the paper sheets.

What an officer wrote in a handover stands sealed in ``notes``, under the handover's own episode key.
"""

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Integer, LargeBinary, Table, Text, text
from sqlalchemy.types import REAL

from checkpoint.store.schema import metadata

officer_badge = Table(
    "officer_badge",
    metadata,
    Column("username", Text, ForeignKey("officer.username", ondelete="CASCADE"), primary_key=True),
    Column("badge", Text, nullable=False, unique=True),
    Column("pin_hash", Text, nullable=False),
    sqlite_strict=True,
)

station_session = Table(
    "station_session",
    metadata,
    Column("token_hash", Text, ForeignKey("web_session.token_hash", ondelete="CASCADE"), primary_key=True),
    Column("is_by_pin", Integer, nullable=False),
    Column("locked_at", Text),
    sqlite_strict=True,
)
"""What a workstation's session is besides open: begun by badge and PIN, or locked. Most sessions have no row."""

officer_shift = Table(
    "officer_shift",
    metadata,
    Column("shift_id", Text, primary_key=True),
    Column("username", Text, nullable=False),
    Column("lane_id", Text, nullable=False),
    Column("shift_day", Text, nullable=False),
    Column("shift_code", Text, nullable=False),
    Column("opened_at", Text, nullable=False),
    Column("start_c", REAL, nullable=False),
    Column("closed_at", Text),
    Column("end_c", REAL),
    Index(None, "shift_day", "shift_code"),
    # Open shifts are few, however many there were; one officer has at most one.
    Index("ix_officer_shift_open", "username", unique=True, sqlite_where=text("closed_at IS NULL")),
    sqlite_strict=True,
)

shift_handover = Table(
    "shift_handover",
    metadata,
    Column("handover_id", Text, primary_key=True),
    Column("shift_id", Text, nullable=False),
    Column("shift_day", Text, nullable=False),
    Column("shift_code", Text, nullable=False),
    Column("lane_id", Text, nullable=False),
    Column("given_at", Text, nullable=False),
    Column("given_by", Text, nullable=False),
    Column("summary", LargeBinary, nullable=False),
    Column("notes", Text, nullable=False),
    Column("taken_at", Text),
    Column("taken_by", Text),
    Index(None, "shift_day", "shift_code"),
    Index("ix_shift_handover_open", "given_at", sqlite_where=text("taken_at IS NULL")),
    sqlite_strict=True,
)

roster_line = Table(
    "roster_line",
    metadata,
    Column("shift_day", Text, primary_key=True),
    Column("shift_code", Text, primary_key=True),
    Column("lane_id", Text, primary_key=True),
    Column("username", Text, primary_key=True),
    sqlite_strict=True,
)

paper_block = Table(
    "paper_block",
    metadata,
    Column("first_number", Integer, primary_key=True, autoincrement=False),
    Column("last_number", Integer, nullable=False),
    Column("block_id", Text, nullable=False, unique=True),
    Column("printed_at", Text, nullable=False),
    Column("officer_ref", Text, nullable=False),
    CheckConstraint("last_number >= first_number", name="is_a_range"),
    sqlite_strict=True,
)
"""Numbers that were printed on sheets; blocks never overlap."""

paper_line = Table(
    "paper_line",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("crossing_id", Text, unique=True),
    Column("void_reason", Text),
    Column("written_at", Text, nullable=False),
    Column("entered_at", Text, nullable=False),
    Column("officer_ref", Text, nullable=False),
    Column("entry", Integer, nullable=False),
    Column("record_id", Text, nullable=False),
    CheckConstraint("(crossing_id IS NULL) <> (void_reason IS NULL)", name="entered_or_void"),
    sqlite_strict=True,
)
"""What became of each number that was used: a crossing, or a line that was spoilt."""
