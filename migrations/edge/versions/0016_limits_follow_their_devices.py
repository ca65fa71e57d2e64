"""An edge keeps what each device has learnt, how it drifts, and every change of a limit."""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_TABLES = (
    """
        CREATE TABLE device_limit (
            device_id TEXT NOT NULL,
            lane_id TEXT NOT NULL,
            kind TEXT NOT NULL,
            site TEXT NOT NULL,
            bytes BLOB NOT NULL,
            CONSTRAINT pk_device_limit PRIMARY KEY (device_id, lane_id, kind, site)
        ) STRICT
        """,
    """
        CREATE TABLE limit_change (
            change_id INTEGER NOT NULL,
            device_id TEXT NOT NULL,
            lane_id TEXT NOT NULL,
            kind TEXT NOT NULL,
            site TEXT NOT NULL,
            changed_at TEXT NOT NULL,
            bytes BLOB NOT NULL,
            reversed_at TEXT,
            CONSTRAINT pk_limit_change PRIMARY KEY (change_id)
        ) STRICT
        """,
    "CREATE INDEX ix_limit_change_device_id ON limit_change (device_id, lane_id, kind, site)",
    """
        CREATE TABLE drift_point (
            device_id TEXT NOT NULL,
            subject TEXT NOT NULL,
            kind TEXT NOT NULL,
            site TEXT NOT NULL,
            place INTEGER NOT NULL,
            number INTEGER NOT NULL,
            bytes BLOB NOT NULL,
            CONSTRAINT pk_drift_point PRIMARY KEY (device_id, subject, kind, site, place)
        ) STRICT
        """,
    """
        CREATE TABLE watch_restart (
            device_id TEXT NOT NULL,
            restarted_at TEXT NOT NULL,
            CONSTRAINT pk_watch_restart PRIMARY KEY (device_id)
        ) STRICT
        """,
)


def upgrade() -> None:
    """Add the tables; a limit is one row, a chart a ring of rows, a change a row."""
    for statement in _TABLES:
        op.execute(statement)


def downgrade() -> None:
    """Take them away: limits begin anew."""
    for name in ("watch_restart", "drift_point", "limit_change", "device_limit"):
        op.drop_table(name)
