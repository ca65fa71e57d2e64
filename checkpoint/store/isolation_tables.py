"""The tables of the isolation room: one row for each case, one for each act, one for each close contact.

What names somebody stands in columns of its own (``words``, ``identity``): an erasure empties those.
"""

from sqlalchemy import Column, Index, Integer, LargeBinary, Table, Text, text

from checkpoint.store.schema import metadata

isolation_case = Table(
    "isolation_case",
    metadata,
    Column("crossing_id", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("is_open", Integer, nullable=False),
    Column("opened_at", Text, nullable=False),
    Column("path", LargeBinary, nullable=False),
    Column("words", LargeBinary, nullable=False),
    # Open: the gate still answers for this person. Few are, so the index stays small however many cases there were.
    Index("ix_isolation_case_open", "is_open", sqlite_where=text("is_open = 1")),
    sqlite_strict=True,
)

isolation_act = Table(
    "isolation_act",
    metadata,
    Column("act_id", Text, primary_key=True),
    Column("crossing_id", Text, nullable=False),
    Column("event", Text, nullable=False),
    Column("at", Text, nullable=False),
    Column("officer_ref", Text, nullable=False),
    Column("entry", Integer, nullable=False),
    Column("record_id", Text, nullable=False),
    Index(None, "crossing_id", "entry"),
    sqlite_strict=True,
)
"""Every act of a case, under the identifier that the client made: the same act asked again is the same row."""

isolation_contact = Table(
    "isolation_contact",
    metadata,
    Column("contact_id", Text, primary_key=True),
    Column("crossing_id", Text, nullable=False),
    Column("relation", Text, nullable=False),
    Column("listed_at", Text, nullable=False),
    Column("identity", LargeBinary, nullable=False),
    Index(None, "crossing_id"),
    sqlite_strict=True,
)
