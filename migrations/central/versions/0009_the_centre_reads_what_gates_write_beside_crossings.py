"""The centre reads what gates write beside crossings: declarations, slips, shifts, paper, coverage.

What came before is held as unprojected; the centre projects it when it opens (``central.store.quarantine``).
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add the three tables."""
    op.create_table(
        "gate_record",
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("edge_id", sa.Text(), nullable=False),
        sa.Column("report_day", sa.Date(), nullable=False),
        sa.Column("observed_at", _TIME, nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("crossing_id", sa.Text()),
        sa.Column("reference", sa.Text()),
        sa.PrimaryKeyConstraint("position", name="pk_gate_record"),
    )
    op.create_index("ix_gate_record_crossing_id", "gate_record", ["crossing_id"])
    op.create_index("ix_gate_record_reference", "gate_record", ["reference"])
    op.create_index("ix_gate_record_report_day_type", "gate_record", ["report_day", "type"])
    op.create_table(
        "gate_count",
        sa.Column("report_day", sa.Date(), nullable=False),
        sa.Column("edge_id", sa.Text(), nullable=False),
        sa.Column("figure", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("report_day", "edge_id", "figure", "detail", name="pk_gate_count"),
    )
    op.create_table(
        "coverage_hour",
        sa.Column("edge_id", sa.Text(), nullable=False),
        sa.Column("starts_at", _TIME, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("lanes", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("edge_id", "starts_at", name="pk_coverage_hour"),
    )
    op.create_index("ix_coverage_hour_starts_at", "coverage_hour", ["starts_at"])


def downgrade() -> None:
    """Take them away again: all they hold stands in the ledger."""
    for name in ("coverage_hour", "gate_count", "gate_record"):
        op.drop_table(name)
