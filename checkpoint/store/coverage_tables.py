"""The tables of the proof of coverage: the immigration counter's list as keyed hashes, and what was reconciled.

No name and no number stands here; an erasure empties ``document_key`` and gives the row a name of its own.
"""

from sqlalchemy import Column, Index, Integer, LargeBinary, Table, Text

from checkpoint.store.schema import metadata

immigration_entry = Table(
    "immigration_entry",
    metadata,
    Column("entry_key", Text, primary_key=True),
    Column("document_key", Text, nullable=False),
    Column("crossed_at", Text, nullable=False),
    Column("direction", Text, nullable=False),
    Column("lane_id", Text, nullable=False),
    Column("counter", Text, nullable=False),
    Index(None, "crossed_at"),
    sqlite_strict=True,
)

immigration_hour = Table(
    "immigration_hour",
    metadata,
    Column("starts_at", Text, primary_key=True),
    Column("direction", Text, primary_key=True),
    Column("imported_at", Text, nullable=False),
    sqlite_strict=True,
)
"""The hours and directions that a list covers; one that is not here is compared with none."""

coverage_hour = Table(
    "coverage_hour",
    metadata,
    Column("starts_at", Text, primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("record_id", Text, nullable=False),
    Column("reconciled_at", Text, nullable=False),
    Column("lanes", LargeBinary, nullable=False),
    sqlite_strict=True,
)
"""The newest result of each hour as its record says it; ``lanes`` is JSON of counts."""

coverage_due = Table(
    "coverage_due",
    metadata,
    Column("starts_at", Text, primary_key=True),
    sqlite_strict=True,
)
"""Hours that wait to be reconciled anew because a list came in."""
