"""A raised reading keeps one picture of the face: sealed, of the episode, until its retention is over."""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table; at most one picture of a crossing."""
    op.execute(
        """
        CREATE TABLE face_crop (
            crossing_id TEXT NOT NULL,
            expires_at TEXT NOT NULL,
            sealed BLOB NOT NULL,
            CONSTRAINT pk_face_crop PRIMARY KEY (crossing_id)
        ) STRICT
        """
    )
    op.execute("CREATE INDEX ix_face_crop_expires_at ON face_crop (expires_at)")


def downgrade() -> None:
    """Take it away, with every picture in it."""
    op.drop_table("face_crop")
