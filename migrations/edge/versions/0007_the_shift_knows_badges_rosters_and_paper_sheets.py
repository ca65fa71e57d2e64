"""The shift: badges with a PIN, locked stations, shifts, handovers, the roster, numbered paper sheets."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TABLES = (
    "officer_badge",
    "station_session",
    "officer_shift",
    "shift_handover",
    "roster_line",
    "paper_block",
    "paper_line",
)

STATEMENTS = (
    """
    CREATE TABLE officer_badge (
        username TEXT NOT NULL,
        badge TEXT NOT NULL,
        pin_hash TEXT NOT NULL,
        CONSTRAINT pk_officer_badge PRIMARY KEY (username),
        CONSTRAINT fk_officer_badge_username_officer FOREIGN KEY(username)
            REFERENCES officer (username) ON DELETE CASCADE,
        CONSTRAINT uq_officer_badge_badge UNIQUE (badge)
    )
     STRICT
    """,
    """
    CREATE TABLE station_session (
        token_hash TEXT NOT NULL,
        is_by_pin INTEGER NOT NULL,
        locked_at TEXT,
        CONSTRAINT pk_station_session PRIMARY KEY (token_hash),
        CONSTRAINT fk_station_session_token_hash_web_session FOREIGN KEY(token_hash)
            REFERENCES web_session (token_hash) ON DELETE CASCADE
    )
     STRICT
    """,
    """
    CREATE TABLE officer_shift (
        shift_id TEXT NOT NULL,
        username TEXT NOT NULL,
        lane_id TEXT NOT NULL,
        shift_day TEXT NOT NULL,
        shift_code TEXT NOT NULL,
        opened_at TEXT NOT NULL,
        start_c REAL NOT NULL,
        closed_at TEXT,
        end_c REAL,
        CONSTRAINT pk_officer_shift PRIMARY KEY (shift_id)
    )
     STRICT
    """,
    "CREATE UNIQUE INDEX ix_officer_shift_open ON officer_shift (username) WHERE closed_at IS NULL",
    "CREATE INDEX ix_officer_shift_shift_day_shift_code ON officer_shift (shift_day, shift_code)",
    """
    CREATE TABLE shift_handover (
        handover_id TEXT NOT NULL,
        shift_id TEXT NOT NULL,
        shift_day TEXT NOT NULL,
        shift_code TEXT NOT NULL,
        lane_id TEXT NOT NULL,
        given_at TEXT NOT NULL,
        given_by TEXT NOT NULL,
        summary BLOB NOT NULL,
        notes TEXT NOT NULL,
        taken_at TEXT,
        taken_by TEXT,
        CONSTRAINT pk_shift_handover PRIMARY KEY (handover_id)
    )
     STRICT
    """,
    "CREATE INDEX ix_shift_handover_open ON shift_handover (given_at) WHERE taken_at IS NULL",
    "CREATE INDEX ix_shift_handover_shift_day_shift_code ON shift_handover (shift_day, shift_code)",
    """
    CREATE TABLE roster_line (
        shift_day TEXT NOT NULL,
        shift_code TEXT NOT NULL,
        lane_id TEXT NOT NULL,
        username TEXT NOT NULL,
        CONSTRAINT pk_roster_line PRIMARY KEY (shift_day, shift_code, lane_id, username)
    )
     STRICT
    """,
    """
    CREATE TABLE paper_block (
        first_number INTEGER NOT NULL,
        last_number INTEGER NOT NULL,
        block_id TEXT NOT NULL,
        printed_at TEXT NOT NULL,
        officer_ref TEXT NOT NULL,
        CONSTRAINT pk_paper_block PRIMARY KEY (first_number),
        CONSTRAINT ck_paper_block_is_a_range CHECK (last_number >= first_number),
        CONSTRAINT uq_paper_block_block_id UNIQUE (block_id)
    )
     STRICT
    """,
    """
    CREATE TABLE paper_line (
        number INTEGER NOT NULL,
        crossing_id TEXT,
        void_reason TEXT,
        written_at TEXT NOT NULL,
        entered_at TEXT NOT NULL,
        officer_ref TEXT NOT NULL,
        entry INTEGER NOT NULL,
        record_id TEXT NOT NULL,
        CONSTRAINT pk_paper_line PRIMARY KEY (number),
        CONSTRAINT ck_paper_line_entered_or_void CHECK ((crossing_id IS NULL) <> (void_reason IS NULL)),
        CONSTRAINT uq_paper_line_crossing_id UNIQUE (crossing_id)
    )
     STRICT
    """,
)


def upgrade() -> None:
    """Add the tables; nothing that is there changes."""
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Take them away again."""
    for table in reversed(TABLES):
        op.drop_table(table)
