"""The centre erases people and remembers which episodes, so that no late key comes back."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the erasures and the episodes they named."""
    op.create_table(
        "erasure",
        sa.Column("erasure_id", sa.Text(), nullable=False),
        sa.Column("keys_destroyed", sa.Integer(), nullable=False),
        sa.Column("centre_sequence", sa.BigInteger(), nullable=False),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("erasure_id", name="pk_erasure"),
    )
    op.create_table(
        "erased_episode",
        sa.Column("episode_id", sa.Text(), nullable=False),
        sa.Column("erasure_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["erasure_id"], ["erasure.erasure_id"], name="fk_erased_episode_erasure_id_erasure"),
        sa.PrimaryKeyConstraint("episode_id", name="pk_erased_episode"),
    )
    op.create_index("ix_erased_episode_erasure_id", "erased_episode", ["erasure_id"])


def downgrade() -> None:
    """Refuse: without the list of the erased their keys could come back."""
    msg = "what this schema holds cannot be taken away again; restore the backup made before"
    raise NotImplementedError(msg)
