"""The table of pictures behind raised readings: at most one for each crossing, ciphertext only."""

from sqlalchemy import Column, Index, LargeBinary, Table, Text

from checkpoint.store.schema import metadata

face_crop = Table(
    "face_crop",
    metadata,
    Column("crossing_id", Text, primary_key=True),
    Column("expires_at", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Index(None, "expires_at"),
    sqlite_strict=True,
)
"""``sealed`` is nonce and AES-256-GCM under the key of the crossing: ``checkpoint.images.sealed_crop``."""
