"""The gate proves its coverage: the immigration counter's list, and what was reconciled hour by hour."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    CREATE TABLE immigration_entry (
        entry_key TEXT NOT NULL,
        document_key TEXT NOT NULL,
        crossed_at TEXT NOT NULL,
        direction TEXT NOT NULL,
        lane_id TEXT NOT NULL,
        counter TEXT NOT NULL,
        CONSTRAINT pk_immigration_entry PRIMARY KEY (entry_key)
    ) STRICT
    """,
    "CREATE INDEX ix_immigration_entry_crossed_at ON immigration_entry (crossed_at)",
    """
    CREATE TABLE immigration_hour (
        starts_at TEXT NOT NULL,
        direction TEXT NOT NULL,
        imported_at TEXT NOT NULL,
        CONSTRAINT pk_immigration_hour PRIMARY KEY (starts_at, direction)
    ) STRICT
    """,
    """
    CREATE TABLE coverage_hour (
        starts_at TEXT NOT NULL,
        revision INTEGER NOT NULL,
        record_id TEXT NOT NULL,
        reconciled_at TEXT NOT NULL,
        lanes BLOB NOT NULL,
        CONSTRAINT pk_coverage_hour PRIMARY KEY (starts_at)
    ) STRICT
    """,
    """
    CREATE TABLE coverage_due (
        starts_at TEXT NOT NULL,
        CONSTRAINT pk_coverage_due PRIMARY KEY (starts_at)
    ) STRICT
    """,
    # A reading is bound by its name at every crossing, and an hour of readings is read by when they came.
    "CREATE INDEX ix_device_reading_reading_id ON device_reading (reading_id)",
    "CREATE INDEX ix_device_reading_received_at ON device_reading (received_at)",
)


def upgrade() -> None:
    """Add the tables, and find readings without reading all there ever were."""
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Take them away again."""
    op.execute("DROP INDEX ix_device_reading_received_at")
    op.execute("DROP INDEX ix_device_reading_reading_id")
    for table in ("coverage_due", "coverage_hour", "immigration_hour", "immigration_entry"):
        op.drop_table(table)
