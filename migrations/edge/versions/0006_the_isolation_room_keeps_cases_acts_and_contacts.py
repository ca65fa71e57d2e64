"""The isolation room keeps a case for each person, its acts, and its close contacts."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    CREATE TABLE isolation_case (
        crossing_id TEXT NOT NULL,
        state TEXT NOT NULL,
        is_open INTEGER NOT NULL,
        opened_at TEXT NOT NULL,
        path BLOB NOT NULL,
        words BLOB NOT NULL,
        CONSTRAINT pk_isolation_case PRIMARY KEY (crossing_id)
    ) STRICT
    """,
    "CREATE INDEX ix_isolation_case_open ON isolation_case (is_open) WHERE is_open = 1",
    """
    CREATE TABLE isolation_act (
        act_id TEXT NOT NULL,
        crossing_id TEXT NOT NULL,
        event TEXT NOT NULL,
        at TEXT NOT NULL,
        officer_ref TEXT NOT NULL,
        entry INTEGER NOT NULL,
        record_id TEXT NOT NULL,
        CONSTRAINT pk_isolation_act PRIMARY KEY (act_id)
    ) STRICT
    """,
    "CREATE INDEX ix_isolation_act_crossing_id_entry ON isolation_act (crossing_id, entry)",
    """
    CREATE TABLE isolation_contact (
        contact_id TEXT NOT NULL,
        crossing_id TEXT NOT NULL,
        relation TEXT NOT NULL,
        listed_at TEXT NOT NULL,
        identity BLOB NOT NULL,
        CONSTRAINT pk_isolation_contact PRIMARY KEY (contact_id)
    ) STRICT
    """,
    "CREATE INDEX ix_isolation_contact_crossing_id ON isolation_contact (crossing_id)",
    "CREATE INDEX ix_running_clock_running ON running_clock (crossing_id) WHERE stopped_at IS NULL",
)


def upgrade() -> None:
    """Add the tables, and find what runs without reading every deadline there ever was."""
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Take them away again."""
    op.execute("DROP INDEX ix_running_clock_running")
    for table in ("isolation_contact", "isolation_act", "isolation_case"):
        op.drop_table(table)
