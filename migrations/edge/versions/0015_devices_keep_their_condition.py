"""The condition of each device is kept, so that a restart neither forgets nor repeats how long it lasted."""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table; one row for each device that ever was judged."""
    op.execute(
        """
        CREATE TABLE device_condition (
            device_id TEXT NOT NULL,
            condition TEXT NOT NULL,
            since TEXT NOT NULL,
            CONSTRAINT pk_device_condition PRIMARY KEY (device_id)
        ) STRICT
        """
    )


def downgrade() -> None:
    """Take it away; the journal keeps what changed."""
    op.drop_table("device_condition")
