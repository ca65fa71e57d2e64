"""The tables of what watching devices has learnt: limits, a ring of points for each chart, changes, restarts.

Nothing here names a traveller: temperatures, counts and the ids of readings.
"""

from sqlalchemy import Column, Index, Integer, LargeBinary, Table, Text

from checkpoint.store.schema import metadata

device_limit = Table(
    "device_limit",
    metadata,
    Column("device_id", Text, primary_key=True),
    Column("lane_id", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("site", Text, primary_key=True),
    Column("bytes", LargeBinary, nullable=False),
    sqlite_strict=True,
)
"""``bytes`` is a ``ThresholdState``: the window, the level, the alarms that wait for their second measurement."""

limit_change = Table(
    "limit_change",
    metadata,
    Column("change_id", Integer, primary_key=True),
    Column("device_id", Text, nullable=False),
    Column("lane_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("site", Text, nullable=False),
    Column("changed_at", Text, nullable=False),
    Column("bytes", LargeBinary, nullable=False),
    Column("reversed_at", Text),
    Index("ix_limit_change_device_id", "device_id", "lane_id", "kind", "site"),
    sqlite_strict=True,
)

drift_point = Table(
    "drift_point",
    metadata,
    Column("device_id", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("site", Text, primary_key=True),
    Column("place", Integer, primary_key=True),
    Column("number", Integer, nullable=False),
    Column("bytes", LargeBinary, nullable=False),
    sqlite_strict=True,
)
"""``place`` is ``number`` modulo the length of a chart, so that a chart is never more rows than it shows."""

watch_restart = Table(
    "watch_restart",
    metadata,
    Column("device_id", Text, primary_key=True),
    Column("restarted_at", Text, nullable=False),
    sqlite_strict=True,
)
"""When somebody had a device watched anew: what its readings showed before that is closed."""
