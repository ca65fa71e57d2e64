"""An edge receives health declarations, and remembers for which crossing each was used."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    CREATE TABLE declaration (
        declaration_id TEXT NOT NULL,
        declared_at TEXT NOT NULL,
        keep_until TEXT NOT NULL,
        channel TEXT NOT NULL,
        fingerprint BLOB NOT NULL,
        sealed BLOB NOT NULL,
        CONSTRAINT pk_declaration PRIMARY KEY (declaration_id)
    ) STRICT
    """,
    "CREATE INDEX ix_declaration_keep_until ON declaration (keep_until)",
    """
    CREATE TABLE declaration_use (
        declaration_id TEXT NOT NULL,
        crossing_id TEXT NOT NULL,
        used_at TEXT NOT NULL,
        keep_until TEXT NOT NULL,
        CONSTRAINT pk_declaration_use PRIMARY KEY (declaration_id, crossing_id)
    ) STRICT
    """,
    "CREATE INDEX ix_declaration_use_crossing_id ON declaration_use (crossing_id)",
    "CREATE INDEX ix_declaration_use_keep_until ON declaration_use (keep_until)",
)


def upgrade() -> None:
    """Add both tables; what is there stays as it is."""
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Take both away again."""
    for table in ("declaration_use", "declaration"):
        op.drop_table(table)
