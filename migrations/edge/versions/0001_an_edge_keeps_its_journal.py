"""An edge keeps its journal, its lanes, its isolation room and its accounts."""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    CREATE TABLE access_log (
        entry_number INTEGER NOT NULL,
        at TEXT NOT NULL,
        officer_ref TEXT NOT NULL,
        action TEXT NOT NULL,
        subject TEXT NOT NULL,
        reason TEXT NOT NULL,
        CONSTRAINT pk_access_log PRIMARY KEY (entry_number)
    ) STRICT
    """,
    """
    CREATE TABLE crossing (
        sequence INTEGER NOT NULL,
        crossing_id TEXT NOT NULL,
        record_id TEXT NOT NULL,
        last_sequence INTEGER NOT NULL,
        lane_id TEXT NOT NULL,
        presented_at TEXT NOT NULL,
        recorded_at TEXT NOT NULL,
        officer_ref TEXT NOT NULL,
        person_key TEXT NOT NULL,
        full_name TEXT NOT NULL,
        document_number TEXT NOT NULL,
        document_kind TEXT NOT NULL,
        nationality TEXT,
        age_years INTEGER,
        direction TEXT NOT NULL,
        category TEXT NOT NULL,
        purpose TEXT NOT NULL,
        temperature_c REAL,
        observed_at TEXT,
        recheck_c REAL,
        rechecked_at TEXT,
        outcome TEXT NOT NULL,
        disposition TEXT NOT NULL,
        exception_code TEXT,
        exception_reason TEXT,
        redirect_to TEXT,
        place_id TEXT,
        is_open INTEGER NOT NULL,
        CONSTRAINT pk_crossing PRIMARY KEY (sequence),
        CONSTRAINT uq_crossing_crossing_id UNIQUE (crossing_id)
    ) STRICT
    """,
    """
    CREATE INDEX ix_crossing_open ON crossing (is_open) WHERE is_open = 1
    """,
    """
    CREATE INDEX ix_crossing_person_key_presented_at ON crossing (person_key, presented_at)
    """,
    """
    CREATE TABLE device_reading (
        reading_number INTEGER NOT NULL,
        device_id TEXT NOT NULL,
        delivery_key TEXT NOT NULL,
        reading_id TEXT NOT NULL,
        bytes BLOB NOT NULL,
        received_at TEXT NOT NULL,
        bound_to TEXT,
        not_bound_because TEXT,
        CONSTRAINT pk_device_reading PRIMARY KEY (reading_number),
        CONSTRAINT uq_device_reading_device_id_delivery_key UNIQUE (device_id, delivery_key)
    ) STRICT
    """,
    """
    CREATE TABLE episode_key (
        crossing_id TEXT NOT NULL,
        bytes BLOB NOT NULL,
        CONSTRAINT pk_episode_key PRIMARY KEY (crossing_id)
    ) STRICT
    """,
    """
    CREATE TABLE holder (
        pass_number TEXT NOT NULL,
        full_name TEXT NOT NULL,
        date_of_birth TEXT,
        sex TEXT NOT NULL,
        commune TEXT NOT NULL,
        regime TEXT NOT NULL,
        issued_on TEXT,
        expires_on TEXT,
        is_cancelled INTEGER NOT NULL,
        CONSTRAINT pk_holder PRIMARY KEY (pass_number)
    ) STRICT
    """,
    """
    CREATE TABLE isolation_place (
        place_id TEXT NOT NULL,
        position INTEGER NOT NULL,
        crossing_id TEXT,
        admitted_at TEXT,
        CONSTRAINT pk_isolation_place PRIMARY KEY (place_id),
        CONSTRAINT uq_isolation_place_crossing_id UNIQUE (crossing_id)
    ) STRICT
    """,
    """
    CREATE TABLE journal (
        sequence INTEGER NOT NULL,
        record_id TEXT NOT NULL,
        type TEXT NOT NULL,
        hash BLOB NOT NULL,
        bytes BLOB NOT NULL,
        recorded_at TEXT NOT NULL,
        CONSTRAINT pk_journal PRIMARY KEY (sequence),
        CONSTRAINT ck_journal_hash_is_sha256 CHECK (length(hash) = 32)
    ) STRICT
    """,
    """
    CREATE TABLE journal_head (
        only INTEGER NOT NULL,
        edge_id TEXT NOT NULL,
        incarnation INTEGER NOT NULL,
        sequence INTEGER NOT NULL,
        hash BLOB NOT NULL,
        CONSTRAINT pk_journal_head PRIMARY KEY (only),
        CONSTRAINT ck_journal_head_one_row CHECK (only = 1)
    ) STRICT
    """,
    """
    CREATE TABLE lane_draft (
        lane_id TEXT NOT NULL,
        bytes BLOB NOT NULL,
        updated_at TEXT NOT NULL,
        CONSTRAINT pk_lane_draft PRIMARY KEY (lane_id)
    ) STRICT
    """,
    """
    CREATE TABLE officer (
        username TEXT NOT NULL,
        name TEXT NOT NULL,
        role TEXT NOT NULL,
        password_hash TEXT NOT NULL,
        is_disabled INTEGER NOT NULL,
        CONSTRAINT pk_officer PRIMARY KEY (username)
    ) STRICT
    """,
    """
    CREATE TABLE running_clock (
        crossing_id TEXT NOT NULL,
        kind TEXT NOT NULL,
        started_at TEXT NOT NULL,
        due_at TEXT NOT NULL,
        clause TEXT NOT NULL,
        stopped_at TEXT,
        CONSTRAINT pk_running_clock PRIMARY KEY (crossing_id, kind)
    ) STRICT
    """,
    """
    CREATE TABLE uplink_cursor (
        only INTEGER NOT NULL,
        sequence INTEGER NOT NULL,
        bytes BLOB,
        received_at TEXT,
        CONSTRAINT pk_uplink_cursor PRIMARY KEY (only),
        CONSTRAINT ck_uplink_cursor_one_row CHECK (only = 1)
    ) STRICT
    """,
    """
    CREATE TABLE web_session (
        token_hash TEXT NOT NULL,
        username TEXT NOT NULL,
        created_at TEXT NOT NULL,
        last_seen_at TEXT NOT NULL,
        CONSTRAINT pk_web_session PRIMARY KEY (token_hash),
        CONSTRAINT fk_web_session_username_officer FOREIGN KEY(username) REFERENCES officer (username) ON DELETE CASCADE
    ) STRICT
    """,
)
TABLES = (
    "web_session",
    "uplink_cursor",
    "running_clock",
    "officer",
    "lane_draft",
    "journal_head",
    "journal",
    "isolation_place",
    "holder",
    "episode_key",
    "device_reading",
    "crossing",
    "access_log",
)


def upgrade() -> None:
    """Build the first schema."""
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Take it away again."""
    for table in TABLES:
        op.drop_table(table)
