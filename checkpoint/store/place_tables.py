"""The tables of the other places: vehicles at a post, people found outside a gate, and who of them was screened.

``plate``, ``words`` and the route in it stand in clear, as a crossing's name does: an erasure of the party
(``party_id``) empties them. ``plate_key`` is the plate without spaces and marks, for searching.
"""

from sqlalchemy import Column, Index, Integer, LargeBinary, Table, Text

from checkpoint.store.schema import metadata

party = Table(
    "party",
    metadata,
    Column("party_id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("place_id", Text, nullable=False),
    Column("lane_id", Text, nullable=False),
    Column("direction", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("opened_at", Text, nullable=False),
    Column("opened_by", Text, nullable=False),
    Column("found_at", Text),
    Column("finder", Text),
    Column("first_look", Text),
    Column("conveyance_id", Text, nullable=False),
    Column("conveyance_kind", Text, nullable=False),
    Column("declared", Integer, nullable=False),
    Column("plate", Text, nullable=False),
    Column("plate_key", Text, nullable=False),
    Column("words", LargeBinary, nullable=False),
    Column("closed_at", Text),
    Column("reasons", Text, nullable=False),
    Column("record_id", Text, nullable=False),
    Index(None, "state", "opened_at"),
    Index(None, "opened_at"),
    Index(None, "plate_key"),
    sqlite_strict=True,
)
"""One row for each vehicle at a post and each interception; ``words`` is JSON of what the officer wrote."""

party_member = Table(
    "party_member",
    metadata,
    Column("crossing_id", Text, primary_key=True),
    Column("party_id", Text, nullable=False),
    Column("seen_at", Text, nullable=False),
    Column("has_proof", Integer, nullable=False),
    Column("slip", Text, nullable=False),
    Index(None, "party_id"),
    sqlite_strict=True,
    sqlite_with_rowid=False,
)
"""Each crossing of a party; ``slip`` is JSON of what the gate's slip said, empty without one. Names nobody."""

lane_party = Table(
    "lane_party",
    metadata,
    Column("lane_id", Text, primary_key=True),
    Column("party_id", Text, nullable=False),
    sqlite_strict=True,
)
"""Whose people go through a lane now; a lane that is not here screens single travellers."""
