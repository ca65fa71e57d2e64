"""The tables of conveyances and groups: what stood at the gate, who came in it, and who of a list was seen.

Plates and names stand here in clear, as a crossing's do: an erasure of the crossing, of the conveyance's movement
or of the group empties them. ``conveyance_key`` and ``part_key`` are keyed hashes.
"""

from sqlalchemy import Column, Index, Integer, Table, Text, UniqueConstraint, text

from checkpoint.store.schema import metadata

conveyance = Table(
    "conveyance",
    metadata,
    Column("entry", Integer, primary_key=True, autoincrement=False),
    Column("conveyance_id", Text, nullable=False, unique=True),
    Column("conveyance_key", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("direction", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("plates", Text, nullable=False),
    Column("presented_at", Text, nullable=False),
    Column("lane_id", Text),
    Column("officer_ref", Text, nullable=False),
    Column("occupants", Integer),
    Column("cargo", Text),
    Column("port_code", Text, nullable=False),
    Column("movement_today", Integer, nullable=False),
    Column("pairs_with", Text),
    Column("findings", Text, nullable=False),
    Index(None, "conveyance_key", "presented_at"),
    Index(None, "presented_at"),
    Index(None, "pairs_with"),
    sqlite_strict=True,
)
"""One row for each movement; ``plates`` as the officer reads them, the one it is paired by first."""

conveyance_part = Table(
    "conveyance_part",
    metadata,
    Column("part_key", Text, primary_key=True),
    Column("presented_at", Text, primary_key=True),
    Column("conveyance_id", Text, primary_key=True),
    Column("is_trailer", Integer, nullable=False),
    Index(None, "conveyance_id"),
    sqlite_strict=True,
    sqlite_with_rowid=False,
)
"""Each number of a movement by its keyed hash: a truck is known by either of its plates, never by its trailer's."""

conveyance_occupant = Table(
    "conveyance_occupant",
    metadata,
    Column("conveyance_id", Text, primary_key=True),
    Column("crossing_id", Text, primary_key=True),
    Column("role", Text, nullable=False),
    Column("seat", Text, nullable=False),
    Column("carriage", Text, nullable=False),
    Column("seen_at", Text, nullable=False),
    Index(None, "crossing_id"),
    sqlite_strict=True,
    sqlite_with_rowid=False,
)

traveller_group = Table(
    "traveller_group",
    metadata,
    Column("group_id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("direction", Text, nullable=False),
    Column("announced", Integer, nullable=False),
    Column("listed", Integer, nullable=False),
    Column("operator", Text, nullable=False),
    Column("guide", Text, nullable=False),
    Column("telephone", Text, nullable=False),
    Column("conveyance_id", Text),
    Column("opened_at", Text, nullable=False),
    Column("opened_by", Text, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("closed_at", Text),
    Column("closed_by", Text),
    Column("reason", Text),
    Index(None, "opened_at"),
    Index(None, "conveyance_id"),
    Index("ix_traveller_group_open", "opened_at", sqlite_where=text("closed_at IS NULL")),
    sqlite_strict=True,
)

group_member = Table(
    "group_member",
    metadata,
    Column("group_id", Text, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("member_id", Text, nullable=False, unique=True),
    Column("full_name", Text, nullable=False),
    Column("document_number", Text, nullable=False),
    Column("number_key", Text, nullable=False),
    Column("date_of_birth", Text),
    Column("nationality", Text, nullable=False),
    Column("seat", Text, nullable=False),
    Column("carriage", Text, nullable=False),
    Column("crossing_id", Text),
    Column("seen_at", Text),
    Column("matched_by", Text),
    Column("is_late", Integer, nullable=False),
    Column("missing_because", Text),
    UniqueConstraint("group_id", "crossing_id"),
    Index(None, "group_id", "number_key"),
    Index(None, "crossing_id"),
    sqlite_strict=True,
)
"""A place of a group for each announced head; a place without a name is filled by whoever the officer says."""

group_guest = Table(
    "group_guest",
    metadata,
    Column("group_id", Text, primary_key=True),
    Column("crossing_id", Text, primary_key=True),
    Column("seen_at", Text, nullable=False),
    Index(None, "crossing_id"),
    sqlite_strict=True,
    sqlite_with_rowid=False,
)
"""Who came with a group in which no place was left: unexpected, and counted beside the announced heads."""

lane_group = Table(
    "lane_group",
    metadata,
    Column("lane_id", Text, primary_key=True),
    Column("group_id", Text, nullable=False),
    sqlite_strict=True,
)
"""Which group stands at a lane; a group may stand at several."""
