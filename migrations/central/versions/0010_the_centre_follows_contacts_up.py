"""The centre follows contacts up: what it wrote of one kind is found without reading its whole journal."""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the index."""
    op.create_index("ix_centre_journal_type", "centre_journal", ["type"])


def downgrade() -> None:
    """Take it away again; nothing is lost with it."""
    op.drop_index("ix_centre_journal_type", table_name="centre_journal")
