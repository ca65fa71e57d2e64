"""Express cases that never arrive are settled, looks at persons keep sealed words, and reports have an index."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add columns and the index table; the index is filled when the centre opens."""
    op.add_column("provisional_case", sa.Column("settled_at", _TIME))
    op.add_column("provisional_case", sa.Column("settled_reason", sa.Text()))
    op.add_column("provisional_case", sa.Column("settled_day", sa.Date()))
    op.add_column("access_log", sa.Column("sealed_words", sa.LargeBinary()))
    op.create_table(
        "report_summary",
        sa.Column("report_day", sa.Date(), nullable=False),
        sa.Column("revision", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("crossings", sa.BigInteger(), nullable=False),
        sa.Column("identities_hold", sa.Boolean(), nullable=False),
        sa.Column("changes", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("report_day", "revision", name="pk_report_summary"),
        sa.ForeignKeyConstraint(
            ["report_day", "revision"],
            ["report_revision.report_day", "report_revision.revision"],
            name="fk_report_summary_report_day_report_revision",
        ),
    )


def downgrade() -> None:
    """Refuse: what was settled must not come back as open."""
    msg = "what this schema holds cannot be taken away again; restore the backup made before"
    raise NotImplementedError(msg)
