"""The centre enrols and revokes edges, signs its ledger's heads, and keeps provisional cases.

Its own journal gets an incarnation of its own, as every chain has: after a restore from a backup it goes
on in a new one, and nobody has to guess which of two records with one number is meant.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)
_KEEP_REVIEWS = """
CREATE TEMPORARY TABLE kept_review AS
SELECT sequence, crossing_id, case_class, note, reviewer_ref, reviewed_at FROM case_review
"""
_KEEP_JOURNAL = """
CREATE TEMPORARY TABLE kept_journal AS
SELECT sequence, record_id, type, hash, bytes, recorded_at FROM centre_journal
"""
_BRING_JOURNAL_BACK = """
INSERT INTO centre_journal (incarnation, sequence, record_id, type, hash, bytes, recorded_at)
SELECT 1, sequence, record_id, type, hash, bytes, recorded_at FROM kept_journal
"""
_BRING_REVIEWS_BACK = """
INSERT INTO case_review (incarnation, sequence, crossing_id, case_class, note, reviewer_ref, reviewed_at)
SELECT 1, sequence, crossing_id, case_class, note, reviewer_ref, reviewed_at FROM kept_review
"""


def upgrade() -> None:
    """Add what the protocol needs."""
    _widen()
    _rebuild_alarm()
    _make_tables()
    if op.get_bind().dialect.name == "postgresql":
        _rekey_journal_on_postgresql()
        op.execute(
            "CREATE TRIGGER signed_head_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON signed_head "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
    else:
        _rekey_journal_on_sqlite()
        for table in ("centre_journal", "signed_head"):
            _refuse_changes_on_sqlite(table)


def downgrade() -> None:
    """Refuse: the identities and signed heads would be lost."""
    msg = "what this schema holds cannot be taken away again; restore the backup made before"
    raise NotImplementedError(msg)


def _widen() -> None:
    number = sa.BigInteger()
    op.add_column("centre", sa.Column("centre_incarnation", number, nullable=False, server_default="1"))
    op.add_column("centre", sa.Column("epoch_position", number, nullable=False, server_default="0"))
    for name in ("revoked_by", "revoked_reason", "confirmed_by", "last_instance"):
        op.add_column("edge", sa.Column(name, sa.Text()))
    for name in ("confirmed_at", "last_instance_at", "down_at"):
        op.add_column("edge", sa.Column(name, _TIME))
    op.add_column("edge", sa.Column("site_sealing_key", sa.LargeBinary()))
    op.add_column("edge", sa.Column("kind", sa.Text(), nullable=False, server_default="edge"))
    op.add_column("edge", sa.Column("last_start_number", number))
    for name in ("down_incarnation", "down_sequence"):
        op.add_column("edge", sa.Column(name, number, nullable=False, server_default="0"))
    # Whoever was enrolled so far was enrolled by an operator with the key in hand.
    op.execute("UPDATE edge SET confirmed_at = enrolled_at, confirmed_by = 'operator'")
    op.add_column("edge_head", sa.Column("frozen_at", _TIME))
    op.add_column("edge_head", sa.Column("opened_reason", sa.Text()))
    op.add_column("edge_head", sa.Column("own_sequence", number))
    for name in ("lost_records", "recovered_records"):
        op.add_column("edge_head", sa.Column(name, number, nullable=False, server_default="0"))


def _rebuild_alarm() -> None:
    """The same alarm may be raised again after somebody cleared it: no constraint, an index."""
    with op.batch_alter_table("alarm") as alarm:
        alarm.drop_constraint("uq_alarm_kind_edge_id_incarnation_sequence_found_hash", type_="unique")
        alarm.add_column(sa.Column("detail", sa.Text(), nullable=False, server_default="{}"))
        alarm.add_column(sa.Column("cleared_at", _TIME))
        alarm.add_column(sa.Column("cleared_by", sa.Text()))
        alarm.add_column(sa.Column("cleared_reason", sa.Text()))
    op.create_index("ix_alarm_kind_edge_id", "alarm", ["kind", "edge_id"])


def _make_tables() -> None:
    op.create_table(
        "enrolment_code",
        sa.Column("code_hash", sa.Text(), nullable=False),
        sa.Column("edge_id", sa.Text(), nullable=False),
        sa.Column("point_of_entry_id", sa.Text(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("made_at", _TIME, nullable=False),
        sa.Column("expires_at", _TIME, nullable=False),
        sa.Column("used_at", _TIME),
        sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"),
        sa.PrimaryKeyConstraint("code_hash", name=op.f("pk_enrolment_code")),
    )
    op.create_index(op.f("ix_enrolment_code_edge_id"), "enrolment_code", ["edge_id"])
    _make_provisional_case()
    op.create_table(
        "signed_head",
        sa.Column("epoch", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("centre_sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("centre_hash", sa.LargeBinary(), nullable=False),
        sa.Column("issued_at", _TIME, nullable=False),
        sa.Column("signature", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("epoch", "position", "centre_sequence", name=op.f("pk_signed_head")),
    )
    op.create_index(op.f("ix_signed_head_issued_at"), "signed_head", ["issued_at"])


def _make_provisional_case() -> None:
    op.create_table(
        "provisional_case",
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("edge_id", sa.Text(), nullable=False),
        sa.Column("incarnation", sa.BigInteger(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("crossing_id", sa.Text()),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("bytes", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", _TIME, nullable=False),
        sa.Column("confirmed_at", _TIME),
        sa.Column("conflict", sa.Text()),
        sa.PrimaryKeyConstraint("record_id", name=op.f("pk_provisional_case")),
    )
    op.create_index(op.f("ix_provisional_case_crossing_id"), "provisional_case", ["crossing_id"])
    is_open = sa.text("confirmed_at IS NULL")
    op.create_index(
        "ix_provisional_case_open", "provisional_case", ["received_at"], postgresql_where=is_open, sqlite_where=is_open
    )


def _rekey_journal_on_postgresql() -> None:
    op.drop_constraint("fk_case_review_sequence_centre_journal", "case_review", type_="foreignkey")
    for table in ("centre_journal", "case_review"):
        op.add_column(table, sa.Column("incarnation", sa.BigInteger(), nullable=False, server_default="1"))
        op.alter_column(table, "incarnation", server_default=None)
        op.drop_constraint(f"pk_{table}", table, type_="primary")
        op.create_primary_key(f"pk_{table}", table, ["incarnation", "sequence"])
    op.create_foreign_key(
        "fk_case_review_incarnation_centre_journal",
        "case_review",
        "centre_journal",
        ["incarnation", "sequence"],
        ["incarnation", "sequence"],
    )


def _rekey_journal_on_sqlite() -> None:
    """Rebuild both tables: the reviews step aside while the journal, which they point to, is made anew."""
    op.execute(_KEEP_REVIEWS)
    op.drop_table("case_review")
    op.execute(_KEEP_JOURNAL)
    op.drop_table("centre_journal")
    _make_journal()
    op.execute(_BRING_JOURNAL_BACK)
    op.execute(_BRING_REVIEWS_BACK)
    for table in ("kept_journal", "kept_review"):
        op.execute(f"DROP TABLE {table}")


def _make_journal() -> None:
    op.create_table(
        "centre_journal",
        sa.Column("incarnation", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("bytes", sa.LargeBinary(), nullable=False),
        sa.Column("recorded_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("incarnation", "sequence", name=op.f("pk_centre_journal")),
        sa.UniqueConstraint("record_id", name=op.f("uq_centre_journal_record_id")),
    )
    op.create_table(
        "case_review",
        sa.Column("incarnation", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("crossing_id", sa.Text(), nullable=False),
        sa.Column("case_class", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("reviewer_ref", sa.Text(), nullable=False),
        sa.Column("reviewed_at", _TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["incarnation", "sequence"],
            ["centre_journal.incarnation", "centre_journal.sequence"],
            name="fk_case_review_incarnation_centre_journal",
        ),
        sa.PrimaryKeyConstraint("incarnation", "sequence", name=op.f("pk_case_review")),
    )
    op.create_index(op.f("ix_case_review_crossing_id"), "case_review", ["crossing_id"])


def _refuse_changes_on_sqlite(table: str) -> None:
    for change in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {table}_refuses_{change.lower()} BEFORE {change} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, 'table {table} is append-only'); END"
        )
