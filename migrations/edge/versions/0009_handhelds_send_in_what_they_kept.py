"""Handhelds send in what they kept: the devices that may, and what became of each act."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    CREATE TABLE handheld (
        handheld_id TEXT NOT NULL,
        label TEXT NOT NULL,
        public_key BLOB NOT NULL,
        enrolled_at TEXT NOT NULL,
        enrolled_by TEXT NOT NULL,
        seen_at TEXT,
        revoked_at TEXT,
        CONSTRAINT pk_handheld PRIMARY KEY (handheld_id)
    ) STRICT
    """,
    """
    CREATE TABLE handheld_act (
        act_id TEXT NOT NULL,
        handheld_id TEXT NOT NULL,
        officer_ref TEXT NOT NULL,
        fingerprint BLOB NOT NULL,
        disposition TEXT NOT NULL,
        answer BLOB NOT NULL,
        content BLOB,
        received_at TEXT NOT NULL,
        CONSTRAINT pk_handheld_act PRIMARY KEY (act_id)
    ) STRICT
    """,
    "CREATE INDEX ix_handheld_act_waiting ON handheld_act (received_at) WHERE content IS NOT NULL",
)


def upgrade() -> None:
    """Add both tables."""
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Take them away again."""
    op.drop_table("handheld_act")
    op.drop_table("handheld")
