"""The centre keeps a ledger that only grows, and everything that is drawn from it."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

APPEND_ONLY = ("ledger", "centre_journal", "report_revision", "access_log")
TABLES = (
    "access_log",
    "alarm",
    "centre",
    "centre_journal",
    "crossing",
    "day_count",
    "edge",
    "episode_key",
    "ledger",
    "ledger_head",
    "report_revision",
    "user",
    "web_session",
    "case_review",
    "edge_head",
    "record_quarantine",
)


_LEDGER_HEAD = sa.table(
    "ledger_head",
    sa.column("only", sa.SmallInteger),
    sa.column("position", sa.BigInteger),
    sa.column("hash", sa.LargeBinary),
)
_REFUSE_ON_POSTGRESQL = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'table % is append-only', TG_TABLE_NAME;
END
$$
"""


def upgrade() -> None:
    """Build the first schema."""
    _make_access_log()
    _make_alarm()
    _make_centre()
    _make_centre_journal()
    _make_crossing()
    _make_day_count()
    _make_edge()
    _make_episode_key()
    _make_ledger()
    _make_ledger_head()
    _make_report_revision()
    _make_user()
    _make_web_session()
    _make_case_review()
    _make_edge_head()
    _make_record_quarantine()
    op.bulk_insert(_LEDGER_HEAD, [{"only": 1, "position": 0, "hash": bytes(32)}])
    if op.get_bind().dialect.name == "postgresql":
        _refuse_changes_on_postgresql()
    else:
        _refuse_changes_on_sqlite()


def downgrade() -> None:
    """Take it away again."""
    for table in reversed(TABLES):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION refuse_change()")


def _refuse_changes_on_postgresql() -> None:
    op.execute(_REFUSE_ON_POSTGRESQL)
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )


def _refuse_changes_on_sqlite() -> None:
    for table in APPEND_ONLY:
        for change in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_refuses_{change.lower()} BEFORE {change} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, 'table {table} is append-only'); END"
            )


def _make_access_log() -> None:
    op.create_table(
        "access_log",
        sa.Column("entry_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_access_log")),
    )


def _make_alarm() -> None:
    op.create_table(
        "alarm",
        sa.Column("alarm_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("edge_id", sa.Text(), nullable=False),
        sa.Column("incarnation", sa.BigInteger(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("expected_hash", sa.LargeBinary(), nullable=False),
        sa.Column("found_hash", sa.LargeBinary(), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("alarm_id", name=op.f("pk_alarm")),
        sa.UniqueConstraint(
            "kind",
            "edge_id",
            "incarnation",
            "sequence",
            "found_hash",
            name=op.f("uq_alarm_kind_edge_id_incarnation_sequence_found_hash"),
        ),
    )


def _make_centre() -> None:
    op.create_table(
        "centre",
        sa.Column("only", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("epoch", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("only", name=op.f("pk_centre")),
    )


def _make_centre_journal() -> None:
    op.create_table(
        "centre_journal",
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("bytes", sa.LargeBinary(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_centre_journal")),
        sa.UniqueConstraint("record_id", name=op.f("uq_centre_journal_record_id")),
    )


def _make_crossing() -> None:
    op.create_table(
        "crossing",
        sa.Column("crossing_id", sa.Text(), nullable=False),
        sa.Column("edge_id", sa.Text(), nullable=False),
        sa.Column("point_of_entry_id", sa.Text(), nullable=False),
        sa.Column("report_day", sa.Date(), nullable=False),
        sa.Column("observed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("disposition", sa.Text(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("state", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("crossing_id", name=op.f("pk_crossing")),
    )
    op.create_index(
        "ix_crossing_open",
        "crossing",
        ["disposition"],
        unique=False,
        postgresql_where=sa.text("disposition IN ('pending', 'isolated', 'referred')"),
        sqlite_where=sa.text("disposition IN ('pending', 'isolated', 'referred')"),
    )
    op.create_index(
        "ix_crossing_report_day_point_of_entry_id", "crossing", ["report_day", "point_of_entry_id"], unique=False
    )


def _make_day_count() -> None:
    op.create_table(
        "day_count",
        sa.Column("report_day", sa.Date(), nullable=False),
        sa.Column("point_of_entry_id", sa.Text(), nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("figure", sa.Text(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "report_day", "point_of_entry_id", "direction", "category", "figure", name=op.f("pk_day_count")
        ),
    )


def _make_edge() -> None:
    op.create_table(
        "edge",
        sa.Column("edge_id", sa.Text(), nullable=False),
        sa.Column("point_of_entry_id", sa.Text(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("incarnation", sa.BigInteger(), nullable=False),
        sa.Column("enrolled_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("edge_id", name=op.f("pk_edge")),
    )


def _make_episode_key() -> None:
    op.create_table(
        "episode_key",
        sa.Column("edge_id", sa.Text(), nullable=False),
        sa.Column("episode_id", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("edge_id", "episode_id", "recipient", name=op.f("pk_episode_key")),
    )


def _make_ledger() -> None:
    op.create_table(
        "ledger",
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("edge_id", sa.Text(), nullable=False),
        sa.Column("incarnation", sa.BigInteger(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("crossing_id", sa.Text(), nullable=True),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("bytes", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("disposition", sa.Text(), nullable=False),
        sa.Column("ledger_hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_ledger")),
        sa.UniqueConstraint("edge_id", "incarnation", "sequence", name=op.f("uq_ledger_edge_id_incarnation_sequence")),
        sa.UniqueConstraint("record_id", name=op.f("uq_ledger_record_id")),
    )
    op.create_index(op.f("ix_ledger_crossing_id"), "ledger", ["crossing_id"], unique=False)


def _make_ledger_head() -> None:
    op.create_table(
        "ledger_head",
        sa.Column("only", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("only", name=op.f("pk_ledger_head")),
    )


def _make_report_revision() -> None:
    op.create_table(
        "report_revision",
        sa.Column("report_day", sa.Date(), nullable=False),
        sa.Column("revision", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("snapshot", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("ledger_position", sa.BigInteger(), nullable=False),
        sa.Column("frozen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("frozen_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("report_day", "revision", name=op.f("pk_report_revision")),
    )


def _make_user() -> None:
    op.create_table(
        "user",
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("is_disabled", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("username", name=op.f("pk_user")),
    )


def _make_web_session() -> None:
    op.create_table(
        "web_session",
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_web_session")),
    )
    op.create_index(op.f("ix_web_session_username"), "web_session", ["username"], unique=False)


def _make_case_review() -> None:
    op.create_table(
        "case_review",
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("crossing_id", sa.Text(), nullable=False),
        sa.Column("case_class", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("reviewer_ref", sa.Text(), nullable=False),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["sequence"], ["centre_journal.sequence"], name=op.f("fk_case_review_sequence_centre_journal")
        ),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_case_review")),
    )
    op.create_index(op.f("ix_case_review_crossing_id"), "case_review", ["crossing_id"], unique=False)


def _make_edge_head() -> None:
    op.create_table(
        "edge_head",
        sa.Column("edge_id", sa.Text(), nullable=False),
        sa.Column("incarnation", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("last_contact_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_receipt_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_observed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["edge_id"], ["edge.edge_id"], name=op.f("fk_edge_head_edge_id_edge")),
        sa.PrimaryKeyConstraint("edge_id", "incarnation", name=op.f("pk_edge_head")),
    )


def _make_record_quarantine() -> None:
    op.create_table(
        "record_quarantine",
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("disposition", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["position"], ["ledger.position"], name=op.f("fk_record_quarantine_position_ledger")),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_record_quarantine")),
    )
