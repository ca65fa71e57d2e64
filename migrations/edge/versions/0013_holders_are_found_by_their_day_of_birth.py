"""Holders are found by their day of birth: of many who bear a like name, only those are read."""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Index the day; SQLite adds the row's own number to it."""
    op.execute("CREATE INDEX ix_holder_date_of_birth ON holder (date_of_birth)")


def downgrade() -> None:
    """Take the index away."""
    op.execute("DROP INDEX ix_holder_date_of_birth")
