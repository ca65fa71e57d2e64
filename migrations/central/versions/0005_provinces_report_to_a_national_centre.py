"""A province keeps a chain of its own for the national centre, which keeps what provinces report."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add both sides: every centre may be a province, a national centre, or both in a test."""
    _make_province_side()
    _make_national_side()
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE TRIGGER federation_journal_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE "
            "ON federation_journal FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
        return
    for change in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER federation_journal_refuses_{change.lower()} BEFORE {change} ON federation_journal "
            "BEGIN SELECT RAISE(ABORT, 'table federation_journal is append-only'); END"
        )


def downgrade() -> None:
    """Refuse: a chain that the national centre holds must not begin anew."""
    msg = "what this schema holds cannot be taken away again; restore the backup made before"
    raise NotImplementedError(msg)


def _make_province_side() -> None:
    op.create_table(
        "federation_chain",
        sa.Column("incarnation", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("is_current", sa.Boolean(), nullable=False),
        sa.Column("known_sequence", sa.BigInteger()),
        sa.Column("receipt", sa.LargeBinary()),
        sa.Column("issued_grant", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("incarnation", name="pk_federation_chain"),
    )
    op.create_table(
        "federation_journal",
        sa.Column("incarnation", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.Text()),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("bytes", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("incarnation", "sequence", name="pk_federation_journal"),
        sa.UniqueConstraint("record_id", name="uq_federation_journal_record_id"),
        sa.UniqueConstraint("source", name="uq_federation_journal_source"),
    )
    op.create_table(
        "federation_notice",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("noticed_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("kind", "detail", name="pk_federation_notice"),
    )


def _make_national_side() -> None:
    op.create_table(
        "province_figure",
        sa.Column("edge_id", sa.Text(), nullable=False),
        sa.Column("report_day", sa.Date(), nullable=False),
        sa.Column("revision", sa.Integer(), autoincrement=False, nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("point_of_entry_id", "direction")),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("category", "figure")),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "edge_id",
            "report_day",
            "revision",
            "point_of_entry_id",
            "direction",
            "category",
            "figure",
            name="pk_province_figure",
        ),
    )
    op.create_table(
        "province_case",
        sa.Column("edge_id", sa.Text(), nullable=False),
        sa.Column("case_ref", sa.Text(), nullable=False),
        sa.Column("reviewed_at", _TIME, nullable=False),
        sa.Column("case_class", sa.Text(), nullable=False),
        sa.Column("report_day", sa.Date(), nullable=False),
        sa.Column("point_of_entry_id", sa.Text(), nullable=False),
        *(sa.Column(name, sa.Text()) for name in ("age_band", "sex", "nationality")),
        sa.PrimaryKeyConstraint("edge_id", "case_ref", "reviewed_at", name="pk_province_case"),
    )
