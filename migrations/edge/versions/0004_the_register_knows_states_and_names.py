"""The pass register knows states, children and labels, is found by name, and links person keys."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TABLES = (
    """
    CREATE TABLE holder (
        number INTEGER NOT NULL,
        holder_id TEXT NOT NULL,
        pass_number TEXT NOT NULL,
        printed_number TEXT NOT NULL,
        full_name TEXT NOT NULL,
        date_of_birth TEXT,
        sex TEXT NOT NULL,
        commune TEXT NOT NULL,
        regime TEXT NOT NULL,
        scope TEXT NOT NULL,
        issued_on TEXT,
        expires_on TEXT,
        state TEXT NOT NULL,
        state_reason TEXT,
        state_since TEXT,
        replaced_by TEXT,
        label_code TEXT,
        source TEXT NOT NULL,
        registered_at TEXT,
        is_named INTEGER NOT NULL,
        CONSTRAINT pk_holder PRIMARY KEY (number),
        CONSTRAINT uq_holder_holder_id UNIQUE (holder_id),
        CONSTRAINT uq_holder_pass_number UNIQUE (pass_number),
        CONSTRAINT uq_holder_label_code UNIQUE (label_code)
    ) STRICT
    """,
    """
    CREATE TABLE accompanying_child (
        number INTEGER NOT NULL,
        child_id TEXT NOT NULL,
        holder_id TEXT NOT NULL,
        full_name TEXT NOT NULL,
        date_of_birth TEXT NOT NULL,
        sex TEXT NOT NULL,
        position INTEGER NOT NULL,
        label_code TEXT NOT NULL,
        registered_at TEXT NOT NULL,
        CONSTRAINT pk_accompanying_child PRIMARY KEY (number),
        CONSTRAINT uq_accompanying_child_holder_id_position UNIQUE (holder_id, position),
        CONSTRAINT uq_accompanying_child_child_id UNIQUE (child_id),
        CONSTRAINT uq_accompanying_child_label_code UNIQUE (label_code)
    ) STRICT
    """,
    """
    CREATE TABLE seen_traveller (
        number INTEGER NOT NULL,
        person_key TEXT NOT NULL,
        full_name TEXT NOT NULL,
        date_of_birth TEXT,
        nationality TEXT,
        document_kind TEXT NOT NULL,
        document_number TEXT NOT NULL,
        last_seen_at TEXT NOT NULL,
        CONSTRAINT pk_seen_traveller PRIMARY KEY (number),
        CONSTRAINT uq_seen_traveller_person_key UNIQUE (person_key)
    ) STRICT
    """,
    """
    CREATE TABLE person_name (
        name_id INTEGER NOT NULL,
        words TEXT NOT NULL,
        CONSTRAINT pk_person_name PRIMARY KEY (name_id),
        CONSTRAINT uq_person_name_words UNIQUE (words)
    ) STRICT
    """,
    """
    CREATE TABLE name_part (
        part TEXT NOT NULL,
        name_id INTEGER NOT NULL,
        CONSTRAINT pk_name_part PRIMARY KEY (part, name_id)
    ) WITHOUT ROWID, STRICT
    """,
    """
    CREATE TABLE name_cut (
        cut TEXT NOT NULL,
        word TEXT NOT NULL,
        CONSTRAINT pk_name_cut PRIMARY KEY (cut, word)
    ) WITHOUT ROWID, STRICT
    """,
    """
    CREATE TABLE name_bearer (
        name_id INTEGER NOT NULL,
        kind TEXT NOT NULL,
        number INTEGER NOT NULL,
        CONSTRAINT pk_name_bearer PRIMARY KEY (name_id, kind, number)
    ) WITHOUT ROWID, STRICT
    """,
    """
    CREATE TABLE person_link (
        link_id TEXT NOT NULL,
        left_key TEXT NOT NULL,
        right_key TEXT NOT NULL,
        reason TEXT NOT NULL,
        linked_at TEXT NOT NULL,
        unlinked_at TEXT,
        CONSTRAINT pk_person_link PRIMARY KEY (link_id)
    ) STRICT
    """,
)
INDEXES = (
    "CREATE INDEX ix_holder_expiring ON holder (expires_on, number) WHERE state = 'valid'",
    "CREATE INDEX ix_holder_state ON holder (state, number) WHERE state <> 'valid'",
    "CREATE INDEX ix_holder_unnamed ON holder (is_named) WHERE is_named = 0",
    "CREATE INDEX ix_name_bearer_kind_number ON name_bearer (kind, number)",
    "CREATE INDEX ix_person_link_left ON person_link (left_key) WHERE unlinked_at IS NULL",
    "CREATE INDEX ix_person_link_right ON person_link (right_key) WHERE unlinked_at IS NULL",
    "CREATE INDEX ix_crossing_presented_at ON crossing (presented_at)",
)
# A holder that is known already gets an identifier of its own (UUID version 4, RFC 9562).
RANDOM_UUID = (
    "lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' ||"
    " substr('89AB', 1 + (abs(random()) % 4), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))"
)
COPY = """
    INSERT INTO holder (holder_id, pass_number, printed_number, full_name, date_of_birth, sex, commune, regime,
        scope, issued_on, expires_on, state, source, is_named)
    SELECT RANDOM_UUID, pass_number, pass_number, full_name, date_of_birth, sex, commune, regime,
        '', issued_on, expires_on, CASE is_cancelled WHEN 0 THEN 'valid' ELSE 'cancelled' END, 'imported', 0
    FROM holder_before
    """.replace("RANDOM_UUID", RANDOM_UUID)
EARLIER = """
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
    """
COPY_BACK = """
    INSERT INTO holder
    SELECT pass_number, full_name, date_of_birth, sex, commune, regime, issued_on, expires_on, state <> 'valid'
    FROM holder_before
    """
NEW_TABLES = (
    "person_link",
    "name_bearer",
    "name_cut",
    "name_part",
    "person_name",
    "seen_traveller",
    "accompanying_child",
)


def upgrade() -> None:
    """Give every known holder an identifier and a state; the name index is filled when the edge starts."""
    op.rename_table("holder", "holder_before")
    for statement in (*TABLES, COPY):
        op.execute(statement)
    op.drop_table("holder_before")
    for statement in INDEXES:
        op.execute(statement)


def downgrade() -> None:
    """Keep numbers, names and dates; what the older register cannot say is gone."""
    op.drop_index("ix_crossing_presented_at", table_name="crossing")
    for index in ("ix_holder_expiring", "ix_holder_state", "ix_holder_unnamed"):
        op.drop_index(index, table_name="holder")
    op.rename_table("holder", "holder_before")
    for statement in (EARLIER, COPY_BACK):
        op.execute(statement)
    for table in ("holder_before", *NEW_TABLES):
        op.drop_table(table)
