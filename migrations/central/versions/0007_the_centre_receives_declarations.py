"""The centre receives health declarations under its public address, sealed for the province."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "declaration",
        sa.Column("declaration_id", sa.Uuid(), nullable=False),
        sa.Column("declared_at", _TIME, nullable=False),
        sa.Column("keep_until", _TIME, nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("declaration_id", name="pk_declaration"),
    )
    op.create_index("ix_declaration_keep_until", "declaration", ["keep_until"])


def downgrade() -> None:
    """Take it away again."""
    op.drop_index("ix_declaration_keep_until", table_name="declaration")
    op.drop_table("declaration")
