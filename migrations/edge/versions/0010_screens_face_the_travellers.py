"""Screens face the travellers: which token shows which lane."""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table of paired screens."""
    op.execute(
        """
        CREATE TABLE display_screen (
            token_hash TEXT NOT NULL,
            lane_id TEXT NOT NULL,
            paired_at TEXT NOT NULL,
            paired_by TEXT NOT NULL,
            CONSTRAINT pk_display_screen PRIMARY KEY (token_hash)
        ) STRICT
        """
    )


def downgrade() -> None:
    """Take it away again."""
    op.drop_table("display_screen")
