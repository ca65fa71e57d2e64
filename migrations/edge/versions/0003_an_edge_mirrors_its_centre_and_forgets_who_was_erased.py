"""An edge mirrors its centre's journal, and remembers which episodes were erased."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    CREATE TABLE centre_mirror (
        centre_incarnation INTEGER NOT NULL,
        sequence INTEGER NOT NULL,
        record_id TEXT NOT NULL,
        type TEXT NOT NULL,
        hash BLOB NOT NULL,
        bytes BLOB,
        received_at TEXT NOT NULL,
        fault TEXT,
        CONSTRAINT pk_centre_mirror PRIMARY KEY (centre_incarnation, sequence),
        CONSTRAINT ck_centre_mirror_hash_is_sha256 CHECK (length(hash) = 32)
    ) STRICT
    """,
    """
    CREATE TABLE centre_cursor (
        only INTEGER NOT NULL,
        centre_incarnation INTEGER NOT NULL,
        sequence INTEGER NOT NULL,
        hash BLOB NOT NULL,
        epoch TEXT NOT NULL,
        issued_at TEXT NOT NULL,
        answered_at TEXT NOT NULL,
        CONSTRAINT pk_centre_cursor PRIMARY KEY (only),
        CONSTRAINT ck_centre_cursor_one_row CHECK (only = 1)
    ) STRICT
    """,
    """
    CREATE TABLE case_decision (
        crossing_id TEXT NOT NULL,
        record_id TEXT NOT NULL,
        case_class TEXT NOT NULL,
        note TEXT NOT NULL,
        decided_at TEXT NOT NULL,
        CONSTRAINT pk_case_decision PRIMARY KEY (crossing_id)
    ) STRICT
    """,
    """
    CREATE TABLE erased_episode (
        episode_id TEXT NOT NULL,
        erasure_id TEXT NOT NULL,
        erased_at TEXT NOT NULL,
        scrubbed_at TEXT,
        CONSTRAINT pk_erased_episode PRIMARY KEY (episode_id)
    ) STRICT
    """,
)
TABLES = ("erased_episode", "case_decision", "centre_cursor", "centre_mirror")


def upgrade() -> None:
    """Add the mirror and the list of what was erased; what is there stays as it is."""
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Take both away again."""
    for table in TABLES:
        op.drop_table(table)
