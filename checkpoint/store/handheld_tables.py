"""The tables of the handhelds: the devices that may send in, and what became of each act.

``content`` is an act as it was sent, person included, and only while it waits to be mended; ``answer`` is what
the device was told and names nobody.
"""

from sqlalchemy import Column, Index, LargeBinary, Table, Text, text

from checkpoint.store.schema import metadata

handheld = Table(
    "handheld",
    metadata,
    Column("handheld_id", Text, primary_key=True),
    Column("label", Text, nullable=False),
    Column("public_key", LargeBinary, nullable=False),
    Column("enrolled_at", Text, nullable=False),
    Column("enrolled_by", Text, nullable=False),
    Column("seen_at", Text),
    Column("revoked_at", Text),
    sqlite_strict=True,
)

handheld_act = Table(
    "handheld_act",
    metadata,
    Column("act_id", Text, primary_key=True),
    Column("handheld_id", Text, nullable=False),
    Column("officer_ref", Text, nullable=False),
    Column("fingerprint", LargeBinary, nullable=False),
    Column("disposition", Text, nullable=False),
    Column("answer", LargeBinary, nullable=False),
    Column("content", LargeBinary),
    Column("received_at", Text, nullable=False),
    # What waits for somebody to mend it is little, however much was sent in.
    Index("ix_handheld_act_waiting", "received_at", sqlite_where=text("content IS NOT NULL")),
    sqlite_strict=True,
)
