"""Posts and trails know who came together: vehicles, interceptions, and who of them was screened."""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    CREATE TABLE party (
        party_id TEXT NOT NULL,
        kind TEXT NOT NULL,
        place_id TEXT NOT NULL,
        lane_id TEXT NOT NULL,
        direction TEXT NOT NULL,
        state TEXT NOT NULL,
        opened_at TEXT NOT NULL,
        opened_by TEXT NOT NULL,
        found_at TEXT,
        finder TEXT,
        first_look TEXT,
        conveyance_id TEXT NOT NULL,
        conveyance_kind TEXT NOT NULL,
        declared INTEGER NOT NULL,
        plate TEXT NOT NULL,
        plate_key TEXT NOT NULL,
        words BLOB NOT NULL,
        closed_at TEXT,
        reasons TEXT NOT NULL,
        record_id TEXT NOT NULL,
        CONSTRAINT pk_party PRIMARY KEY (party_id)
    ) STRICT
    """,
    "CREATE INDEX ix_party_state_opened_at ON party (state, opened_at)",
    "CREATE INDEX ix_party_opened_at ON party (opened_at)",
    "CREATE INDEX ix_party_plate_key ON party (plate_key)",
    """
    CREATE TABLE party_member (
        crossing_id TEXT NOT NULL,
        party_id TEXT NOT NULL,
        seen_at TEXT NOT NULL,
        has_proof INTEGER NOT NULL,
        slip TEXT NOT NULL,
        CONSTRAINT pk_party_member PRIMARY KEY (crossing_id)
    ) WITHOUT ROWID, STRICT
    """,
    "CREATE INDEX ix_party_member_party_id ON party_member (party_id)",
    """
    CREATE TABLE lane_party (
        lane_id TEXT NOT NULL,
        party_id TEXT NOT NULL,
        CONSTRAINT pk_lane_party PRIMARY KEY (lane_id)
    ) STRICT
    """,
)


def upgrade() -> None:
    """Add the tables; every search over them has its index."""
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Take them away again."""
    for table in ("lane_party", "party_member", "party"):
        op.drop_table(table)
