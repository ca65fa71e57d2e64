"""The table of the condition in which each device stands; what changed when, the journal says."""

from sqlalchemy import Column, Table, Text

from checkpoint.store.schema import metadata

device_condition = Table(
    "device_condition",
    metadata,
    Column("device_id", Text, primary_key=True),
    Column("condition", Text, nullable=False),
    Column("since", Text, nullable=False),
    sqlite_strict=True,
)
