"""The tables of the pass register, of its name index, and of the links between person keys.

A name is kept once as its folded words in alphabetical order (``person_name``), however many people bear
it; ``name_part`` finds it by any of its words or by two or more of them together, ``name_cut`` finds a
word by itself with one letter left out, which is how a misspelt one is found without reading the others.
"""

from sqlalchemy import Column, Index, Integer, Table, Text, UniqueConstraint, text

from checkpoint.store.schema import metadata

holder = Table(
    "holder",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("holder_id", Text, nullable=False, unique=True),
    Column("pass_number", Text, nullable=False, unique=True),
    Column("printed_number", Text, nullable=False),
    Column("full_name", Text, nullable=False),
    Column("date_of_birth", Text),
    Column("sex", Text, nullable=False),
    Column("commune", Text, nullable=False),
    Column("regime", Text, nullable=False),
    Column("scope", Text, nullable=False),
    Column("issued_on", Text),
    Column("expires_on", Text),
    Column("state", Text, nullable=False),
    Column("state_reason", Text),
    Column("state_since", Text),
    Column("replaced_by", Text),
    Column("label_code", Text, unique=True),
    Column("source", Text, nullable=False),
    Column("registered_at", Text),
    Column("is_named", Integer, nullable=False),
    Index("ix_holder_unnamed", "is_named", sqlite_where=text("is_named = 0")),
    Index("ix_holder_state", "state", "number", sqlite_where=text("state <> 'valid'")),
    Index("ix_holder_date_of_birth", "date_of_birth"),
    Index("ix_holder_expiring", "expires_on", "number", sqlite_where=text("state = 'valid'")),
    sqlite_strict=True,
)
"""Who holds which pass. ``is_named``: whether the name index knows the row already."""

accompanying_child = Table(
    "accompanying_child",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("child_id", Text, nullable=False, unique=True),
    Column("holder_id", Text, nullable=False),
    Column("full_name", Text, nullable=False),
    Column("date_of_birth", Text, nullable=False),
    Column("sex", Text, nullable=False),
    Column("position", Integer, nullable=False),
    Column("label_code", Text, nullable=False, unique=True),
    Column("registered_at", Text, nullable=False),
    UniqueConstraint("holder_id", "position"),
    sqlite_strict=True,
)
"""Children under 16 on a parent's pass; each an episode of its own."""

seen_traveller = Table(
    "seen_traveller",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("person_key", Text, nullable=False, unique=True),
    Column("full_name", Text, nullable=False),
    Column("date_of_birth", Text),
    Column("nationality", Text),
    Column("document_kind", Text, nullable=False),
    Column("document_number", Text, nullable=False),
    Column("last_seen_at", Text, nullable=False),
    sqlite_strict=True,
)
"""Who crossed with another document than a registered pass: found by name beside the holders."""

person_name = Table(
    "person_name",
    metadata,
    Column("name_id", Integer, primary_key=True),
    Column("words", Text, nullable=False, unique=True),
    sqlite_strict=True,
)

name_part = Table(
    "name_part",
    metadata,
    Column("part", Text, primary_key=True),
    Column("name_id", Integer, primary_key=True, autoincrement=False),
    sqlite_strict=True,
    sqlite_with_rowid=False,
)

name_cut = Table(
    "name_cut",
    metadata,
    Column("cut", Text, primary_key=True),
    Column("word", Text, primary_key=True),
    sqlite_strict=True,
    sqlite_with_rowid=False,
)

name_bearer = Table(
    "name_bearer",
    metadata,
    Column("name_id", Integer, primary_key=True, autoincrement=False),
    Column("kind", Text, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Index("ix_name_bearer_kind_number", "kind", "number"),
    sqlite_strict=True,
    sqlite_with_rowid=False,
)
"""Who bears a name in one of its spellings; ``kind`` is a ``BearerKind``."""

person_link = Table(
    "person_link",
    metadata,
    Column("link_id", Text, primary_key=True),
    Column("left_key", Text, nullable=False),
    Column("right_key", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("linked_at", Text, nullable=False),
    Column("unlinked_at", Text),
    Index("ix_person_link_left", "left_key", sqlite_where=text("unlinked_at IS NULL")),
    Index("ix_person_link_right", "right_key", sqlite_where=text("unlinked_at IS NULL")),
    sqlite_strict=True,
)
"""Which two person keys an officer holds for one person; a link taken back keeps its row."""
