"""An edge keeps several chains: its records are numbered for itself, and for each incarnation apart."""

from alembic import op
from sqlalchemy import text

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ASIDE = (
    "ALTER TABLE journal RENAME TO journal_0001",
    "ALTER TABLE journal_head RENAME TO journal_head_0001",
    "ALTER TABLE uplink_cursor RENAME TO uplink_cursor_0001",
)
TABLES = (
    """
    CREATE TABLE journal (
        entry INTEGER NOT NULL,
        incarnation INTEGER NOT NULL,
        sequence INTEGER NOT NULL,
        record_id TEXT NOT NULL,
        type TEXT NOT NULL,
        hash BLOB NOT NULL,
        bytes BLOB NOT NULL,
        recorded_at TEXT NOT NULL,
        CONSTRAINT pk_journal PRIMARY KEY (entry),
        CONSTRAINT ck_journal_hash_is_sha256 CHECK (length(hash) = 32),
        CONSTRAINT uq_journal_incarnation_sequence UNIQUE (incarnation, sequence)
    ) STRICT
    """,
    """
    CREATE TABLE journal_head (
        incarnation INTEGER NOT NULL,
        edge_id TEXT NOT NULL,
        sequence INTEGER NOT NULL,
        hash BLOB NOT NULL,
        is_current INTEGER NOT NULL,
        grant_bytes BLOB,
        abandoned_after INTEGER,
        recovered_to INTEGER,
        abandoned_at TEXT,
        CONSTRAINT pk_journal_head PRIMARY KEY (incarnation)
    ) STRICT
    """,
    "CREATE UNIQUE INDEX ix_journal_head_current ON journal_head (is_current) WHERE is_current = 1",
    """
    CREATE TABLE uplink_cursor (
        incarnation INTEGER NOT NULL,
        sequence INTEGER NOT NULL,
        bytes BLOB,
        received_at TEXT,
        CONSTRAINT pk_uplink_cursor PRIMARY KEY (incarnation)
    ) STRICT
    """,
    """
    CREATE TABLE express_pending (
        entry INTEGER NOT NULL,
        record_id TEXT NOT NULL,
        CONSTRAINT pk_express_pending PRIMARY KEY (entry)
    ) STRICT
    """,
    "CREATE INDEX ix_express_pending_record_id ON express_pending (record_id)",
    """
    CREATE TABLE witnessed_head (
        epoch TEXT NOT NULL,
        position INTEGER NOT NULL,
        bytes BLOB NOT NULL,
        issued_at TEXT NOT NULL,
        CONSTRAINT pk_witnessed_head PRIMARY KEY (epoch, position)
    ) STRICT
    """,
    """
    CREATE TABLE sync_notice (
        number INTEGER NOT NULL,
        kind TEXT NOT NULL,
        at TEXT NOT NULL,
        detail TEXT NOT NULL,
        settled_at TEXT,
        CONSTRAINT pk_sync_notice PRIMARY KEY (number)
    ) STRICT
    """,
)
CARRIED = (
    "ALTER TABLE crossing RENAME COLUMN sequence TO entry",
    "ALTER TABLE crossing RENAME COLUMN last_sequence TO last_entry",
    """
    INSERT INTO journal_head (incarnation, edge_id, sequence, hash, is_current)
    SELECT incarnation, edge_id, sequence, hash, 1 FROM journal_head_0001
    """,
    """
    INSERT INTO journal (entry, incarnation, sequence, record_id, type, hash, bytes, recorded_at)
    SELECT old.sequence, head.incarnation, old.sequence, old.record_id, old.type, old.hash, old.bytes, old.recorded_at
    FROM journal_0001 AS old CROSS JOIN journal_head_0001 AS head ORDER BY old.sequence
    """,
    """
    INSERT INTO uplink_cursor (incarnation, sequence, bytes, received_at)
    SELECT head.incarnation, old.sequence, old.bytes, old.received_at
    FROM uplink_cursor_0001 AS old CROSS JOIN journal_head_0001 AS head
    """,
    # Referrals that the centre does not hold yet take the fast lane from now on.
    """
    INSERT INTO express_pending (entry, record_id)
    SELECT journal.entry, journal.record_id FROM journal LEFT JOIN crossing ON crossing.entry = journal.entry
    WHERE journal.sequence > coalesce((SELECT max(sequence) FROM uplink_cursor), 0)
      AND (journal.type IN ('temperature_rechecked', 'traveller_isolated')
           OR crossing.outcome IN ('recheck', 'referred'))
    """,
)
DROPPED = ("DROP TABLE journal_0001", "DROP TABLE journal_head_0001", "DROP TABLE uplink_cursor_0001")


class LostRecordsError(RuntimeError):
    """A record of the old journal has no place in the new one: nothing was changed; keep the old program."""


def upgrade() -> None:
    """Number the journal anew, with every record where it was; nothing is read again or written anew."""
    for statement in (*ASIDE, *TABLES, *CARRIED):
        op.execute(statement)
    _require_every_record()
    for statement in DROPPED:
        op.execute(statement)


def _require_every_record() -> None:
    missing = text(
        "SELECT count(*) FROM journal_0001 AS old LEFT JOIN journal AS new ON new.entry = old.sequence"
        " WHERE new.hash IS NOT old.hash"
    )
    if count := op.get_bind().execute(missing).scalar_one():
        msg = f"{count} records of the journal have no head to belong to; restore the database from its backup"
        raise LostRecordsError(msg)


def downgrade() -> None:
    """Refuse: a database with several chains does not fit into the old tables."""
    msg = "several chains do not fit into schema 0001; restore the backup that was made before the upgrade"
    raise NotImplementedError(msg)
