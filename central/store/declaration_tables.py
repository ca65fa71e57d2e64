"""Health declarations received under the public address: a table of their own, apart from the ledger."""

from sqlalchemy import Column, Index, LargeBinary, Table, Text, Uuid

from central.store.columns import UtcTime
from central.store.tables import metadata

__all__ = ["declaration", "metadata"]

declaration = Table(
    "declaration",
    metadata,
    Column("declaration_id", Uuid, primary_key=True),
    Column("declared_at", UtcTime, nullable=False),
    Column("keep_until", UtcTime, nullable=False),
    Column("channel", Text, nullable=False),
    Column("fingerprint", LargeBinary, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Index(None, "keep_until"),
)
"""Each row is sealed under a key of its own, wrapped for the province alone; deleted at ``keep_until``."""
