"""The table of the screens that face the travellers: which token belongs to which lane.

A screen is no officer: its token shows one sentence of one lane and nothing else. Only the token's hash is kept.
"""

from sqlalchemy import Column, Table, Text

from checkpoint.store.schema import metadata

display_screen = Table(
    "display_screen",
    metadata,
    Column("token_hash", Text, primary_key=True),
    Column("lane_id", Text, nullable=False),
    Column("paired_at", Text, nullable=False),
    Column("paired_by", Text, nullable=False),
    sqlite_strict=True,
)
