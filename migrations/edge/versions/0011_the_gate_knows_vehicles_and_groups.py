"""The gate knows vehicles and groups: each movement, who came in it, and who of a list was seen."""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    CREATE TABLE conveyance (
        entry INTEGER NOT NULL,
        conveyance_id TEXT NOT NULL,
        conveyance_key TEXT NOT NULL,
        kind TEXT NOT NULL,
        direction TEXT NOT NULL,
        purpose TEXT NOT NULL,
        plates TEXT NOT NULL,
        presented_at TEXT NOT NULL,
        lane_id TEXT,
        officer_ref TEXT NOT NULL,
        occupants INTEGER,
        cargo TEXT,
        port_code TEXT NOT NULL,
        movement_today INTEGER NOT NULL,
        pairs_with TEXT,
        findings TEXT NOT NULL,
        CONSTRAINT pk_conveyance PRIMARY KEY (entry),
        CONSTRAINT uq_conveyance_conveyance_id UNIQUE (conveyance_id)
    ) STRICT
    """,
    "CREATE INDEX ix_conveyance_conveyance_key_presented_at ON conveyance (conveyance_key, presented_at)",
    "CREATE INDEX ix_conveyance_pairs_with ON conveyance (pairs_with)",
    "CREATE INDEX ix_conveyance_presented_at ON conveyance (presented_at)",
    """
    CREATE TABLE conveyance_part (
        part_key TEXT NOT NULL,
        presented_at TEXT NOT NULL,
        conveyance_id TEXT NOT NULL,
        is_trailer INTEGER NOT NULL,
        CONSTRAINT pk_conveyance_part PRIMARY KEY (part_key, presented_at, conveyance_id)
    ) WITHOUT ROWID, STRICT
    """,
    "CREATE INDEX ix_conveyance_part_conveyance_id ON conveyance_part (conveyance_id)",
    """
    CREATE TABLE conveyance_occupant (
        conveyance_id TEXT NOT NULL,
        crossing_id TEXT NOT NULL,
        role TEXT NOT NULL,
        seat TEXT NOT NULL,
        carriage TEXT NOT NULL,
        seen_at TEXT NOT NULL,
        CONSTRAINT pk_conveyance_occupant PRIMARY KEY (conveyance_id, crossing_id)
    ) WITHOUT ROWID, STRICT
    """,
    "CREATE INDEX ix_conveyance_occupant_crossing_id ON conveyance_occupant (crossing_id)",
    """
    CREATE TABLE traveller_group (
        group_id TEXT NOT NULL,
        kind TEXT NOT NULL,
        direction TEXT NOT NULL,
        announced INTEGER NOT NULL,
        listed INTEGER NOT NULL,
        operator TEXT NOT NULL,
        guide TEXT NOT NULL,
        telephone TEXT NOT NULL,
        conveyance_id TEXT,
        opened_at TEXT NOT NULL,
        opened_by TEXT NOT NULL,
        fingerprint TEXT NOT NULL,
        closed_at TEXT,
        closed_by TEXT,
        reason TEXT,
        CONSTRAINT pk_traveller_group PRIMARY KEY (group_id)
    ) STRICT
    """,
    "CREATE INDEX ix_traveller_group_conveyance_id ON traveller_group (conveyance_id)",
    "CREATE INDEX ix_traveller_group_open ON traveller_group (opened_at) WHERE closed_at IS NULL",
    "CREATE INDEX ix_traveller_group_opened_at ON traveller_group (opened_at)",
    """
    CREATE TABLE group_member (
        group_id TEXT NOT NULL,
        number INTEGER NOT NULL,
        member_id TEXT NOT NULL,
        full_name TEXT NOT NULL,
        document_number TEXT NOT NULL,
        number_key TEXT NOT NULL,
        date_of_birth TEXT,
        nationality TEXT NOT NULL,
        seat TEXT NOT NULL,
        carriage TEXT NOT NULL,
        crossing_id TEXT,
        seen_at TEXT,
        matched_by TEXT,
        is_late INTEGER NOT NULL,
        missing_because TEXT,
        CONSTRAINT pk_group_member PRIMARY KEY (group_id, number),
        CONSTRAINT uq_group_member_group_id_crossing_id UNIQUE (group_id, crossing_id),
        CONSTRAINT uq_group_member_member_id UNIQUE (member_id)
    ) STRICT
    """,
    "CREATE INDEX ix_group_member_crossing_id ON group_member (crossing_id)",
    "CREATE INDEX ix_group_member_group_id_number_key ON group_member (group_id, number_key)",
    """
    CREATE TABLE group_guest (
        group_id TEXT NOT NULL,
        crossing_id TEXT NOT NULL,
        seen_at TEXT NOT NULL,
        CONSTRAINT pk_group_guest PRIMARY KEY (group_id, crossing_id)
    ) WITHOUT ROWID, STRICT
    """,
    "CREATE INDEX ix_group_guest_crossing_id ON group_guest (crossing_id)",
    """
    CREATE TABLE lane_group (
        lane_id TEXT NOT NULL,
        group_id TEXT NOT NULL,
        CONSTRAINT pk_lane_group PRIMARY KEY (lane_id)
    ) STRICT
    """,
)


def upgrade() -> None:
    """Add the tables."""
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Take them away again."""
    for table in (
        "lane_group",
        "group_guest",
        "group_member",
        "traveller_group",
        "conveyance_occupant",
        "conveyance_part",
        "conveyance",
    ):
        op.drop_table(table)
