"""The ledger grows month by month: on PostgreSQL it is partitioned by the month of ``received_at``.

No row is moved: a ledger that holds something becomes, as it stands, the first partition, up to the
month after its newest entry; an empty one is made anew. ``make_ledger_partitions`` makes the months
ahead and belongs to the owner, so that the application needs no right to make tables. What no month
takes goes to ``ledger_rest``, which becomes a month itself at the next call. SQLite keeps one table.

Both get the replays of held records (hash-chained, append-only) and the identifiers of recovered ones.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)
_REFUSING = "BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
_COLUMNS = """
    position bigint NOT NULL, edge_id text NOT NULL, incarnation bigint NOT NULL, sequence bigint NOT NULL,
    record_id uuid NOT NULL, type text NOT NULL, crossing_id text, hash bytea NOT NULL, bytes bytea NOT NULL,
    received_at timestamptz NOT NULL, disposition text NOT NULL, ledger_hash bytea NOT NULL
"""
# A record has about 2 kB: kept in the row and uncompressed, writing it costs half (measured).
_STORAGE = "WITH (toast_tuple_target = 8160)"
_MAKE_PARTITION = """
CREATE FUNCTION {schema}.make_ledger_partition(month date) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = {schema}, pg_catalog, pg_temp SET lock_timeout = '2s' AS $$
DECLARE
    first_day date := date_trunc('month', month)::date;
    name text := 'ledger_' || to_char(first_day, 'YYYY_MM');
    starts text := first_day::text || ' 00:00:00+00';
    ends text := (first_day + interval '1 month')::date::text || ' 00:00:00+00';
BEGIN
    IF to_regclass(format('{schema}.%I', name)) IS NOT NULL THEN
        RETURN false;
    END IF;
    EXECUTE format('CREATE TABLE %I (LIKE ledger) {storage}', name);
    EXECUTE format('CREATE UNIQUE INDEX %I ON %I (position)', name || '_position', name);
    EXECUTE format('CREATE UNIQUE INDEX %I ON %I (edge_id, incarnation, sequence)', name || '_sequence', name);
    EXECUTE format('CREATE UNIQUE INDEX %I ON %I (record_id)', name || '_record_id', name);
    EXECUTE format('ALTER TABLE ledger ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', name, starts, ends);
    EXECUTE format('CREATE TRIGGER %I {refusing}', name || '_is_append_only', name);
    RETURN true;
EXCEPTION
    WHEN invalid_object_definition THEN RETURN false;  -- an older partition has these days already
    WHEN check_violation OR lock_not_available THEN RETURN false;  -- ledger_rest has or takes its rows
END
$$
"""
_MAKE_PARTITIONS = """
CREATE FUNCTION {schema}.make_ledger_partitions(month date, months integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = {schema}, pg_catalog, pg_temp AS $$
DECLARE
    made integer := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('make_ledger_partitions'));
    PERFORM settle_ledger_rest();
    FOR step IN 0 .. months - 1 LOOP
        made := made + make_ledger_partition((month + make_interval(months => step))::date)::integer;
    END LOOP;
    RETURN made;
END
$$
"""
_MAKE_REST = """
CREATE FUNCTION {schema}.make_ledger_rest() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = {schema}, pg_catalog, pg_temp AS $$
BEGIN
    CREATE TABLE ledger_rest (LIKE ledger) {storage};
    CREATE UNIQUE INDEX ledger_rest_position ON ledger_rest (position);
    CREATE UNIQUE INDEX ledger_rest_sequence ON ledger_rest (edge_id, incarnation, sequence);
    CREATE UNIQUE INDEX ledger_rest_record_id ON ledger_rest (record_id);
    ALTER TABLE ledger ATTACH PARTITION ledger_rest DEFAULT;
    CREATE TRIGGER ledger_rest_is_append_only {refusing_rest};
END
$$
"""
# Rows in the rest mean that a month was not made ahead. No row is moved: the rest becomes that month.
_SETTLE_REST = """
CREATE FUNCTION {schema}.settle_ledger_rest() RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = {schema}, pg_catalog, pg_temp SET lock_timeout = '2s' AS $$
DECLARE
    first_day date;
    last_day date;
    name text;
BEGIN
    SELECT date_trunc('month', min(received_at) AT TIME ZONE 'UTC')::date,
           date_trunc('month', max(received_at) AT TIME ZONE 'UTC')::date INTO first_day, last_day FROM ledger_rest;
    IF first_day IS NULL THEN
        RETURN false;
    END IF;
    name := 'ledger_' || to_char(first_day, 'YYYY_MM');
    IF first_day <> last_day THEN
        name := name || '_to_' || to_char(last_day, 'YYYY_MM');
    END IF;
    ALTER TABLE ledger DETACH PARTITION ledger_rest;
    EXECUTE format('ALTER TABLE ledger_rest RENAME TO %I', name);
    EXECUTE format('ALTER INDEX ledger_rest_position RENAME TO %I', name || '_position');
    EXECUTE format('ALTER INDEX ledger_rest_sequence RENAME TO %I', name || '_sequence');
    EXECUTE format('ALTER INDEX ledger_rest_record_id RENAME TO %I', name || '_record_id');
    EXECUTE format('ALTER TRIGGER ledger_rest_is_append_only ON %I RENAME TO %I', name, name || '_is_append_only');
    EXECUTE format(
        'ALTER TABLE ledger ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
        name, first_day::text || ' 00:00:00+00', (last_day + interval '1 month')::date::text || ' 00:00:00+00'
    );
    PERFORM make_ledger_rest();
    RETURN true;
EXCEPTION
    WHEN invalid_object_definition OR duplicate_table OR lock_not_available THEN
        RETURN false;  -- months between are taken, or somebody reads: the rows stay where they are, and count
END
$$
"""
_FUNCTIONS = (_MAKE_PARTITION, _MAKE_REST, _SETTLE_REST, _MAKE_PARTITIONS)
_NAMES = (
    "make_ledger_partition(date)",
    "make_ledger_rest()",
    "settle_ledger_rest()",
    "make_ledger_partitions(date, integer)",
)


def upgrade() -> None:
    """Add the two tables, and partition the ledger where the database can."""
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    _make_tables()
    if is_postgresql:
        op.drop_constraint("fk_record_quarantine_position_ledger", "record_quarantine", type_="foreignkey")
        _partition()
        op.execute(f"CREATE TRIGGER record_replay_is_append_only {_REFUSING.format(table='record_replay')}")
        return
    with op.batch_alter_table("record_quarantine") as quarantine:
        quarantine.drop_constraint("fk_record_quarantine_position_ledger", type_="foreignkey")
    for change in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER record_replay_refuses_{change.lower()} BEFORE {change} ON record_replay "
            "BEGIN SELECT RAISE(ABORT, 'table record_replay is append-only'); END"
        )


def downgrade() -> None:
    """Refuse: replays that took effect would be forgotten."""
    msg = "what this schema holds cannot be taken away again; restore the backup made before"
    raise NotImplementedError(msg)


def _make_tables() -> None:
    op.create_table(
        "record_replay",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("at_position", sa.BigInteger(), nullable=False),
        sa.Column("disposition", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("crossing_id", sa.Text()),
        sa.Column("replayed_at", _TIME, nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_record_replay")),
        sa.UniqueConstraint("position", name=op.f("uq_record_replay_position")),
    )
    op.create_index(op.f("ix_record_replay_crossing_id"), "record_replay", ["crossing_id"])
    op.create_table(
        "recovered_record",
        sa.Column("edge_id", sa.Text(), nullable=False),
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("edge_id", "record_id", name=op.f("pk_recovered_record")),
    )


def _partition() -> None:
    connection = op.get_bind()
    schema = connection.exec_driver_sql("SELECT quote_ident(current_schema())").scalar_one()
    old_rows = connection.exec_driver_sql("SELECT count(*) FROM ledger").scalar_one()
    if old_rows:
        _step_aside()
    else:
        op.execute("DROP TABLE ledger")
    op.execute(f"CREATE TABLE ledger ({_COLUMNS}) PARTITION BY RANGE (received_at)")
    op.execute("CREATE INDEX ix_ledger_crossing_id ON ledger (crossing_id)")
    op.execute(f"CREATE TRIGGER ledger_is_append_only {_REFUSING.format(table='ledger')}")
    if old_rows:
        _adopt()
    words = {
        "schema": schema,
        "storage": _STORAGE,
        "refusing": _REFUSING.format(table="%I"),
        "refusing_rest": _REFUSING.format(table="ledger_rest"),
    }
    for function in _FUNCTIONS:
        _execute(function.format(**words))
    for name in _NAMES:
        op.execute(f"REVOKE ALL ON FUNCTION {schema}.{name} FROM PUBLIC")
    op.execute("SELECT make_ledger_rest()")
    _execute("SELECT make_ledger_partitions((now() AT TIME ZONE 'UTC')::date, 3)")
    kept = connection.exec_driver_sql("SELECT count(*) FROM ledger").scalar_one()
    if kept != old_rows:
        msg = f"the ledger had {old_rows} entries and has {kept} after partitioning; nothing was changed"
        raise RuntimeError(msg)


def _step_aside() -> None:
    op.execute("ALTER TABLE ledger RENAME TO ledger_before")
    op.execute("ALTER INDEX pk_ledger RENAME TO ledger_before_position")
    op.execute("ALTER INDEX uq_ledger_edge_id_incarnation_sequence RENAME TO ledger_before_sequence")
    op.execute("ALTER INDEX uq_ledger_record_id RENAME TO ledger_before_record_id")
    op.execute("ALTER INDEX ix_ledger_crossing_id RENAME TO ledger_before_crossing_id")
    op.execute("ALTER TRIGGER ledger_is_append_only ON ledger_before RENAME TO ledger_before_is_append_only")


def _adopt() -> None:
    """Attach the old table whole: everything before the month after its newest entry."""
    newest = "SELECT date_trunc('month', max(received_at) AT TIME ZONE 'UTC') + interval '1 month' FROM ledger_before"
    ends = (
        op.get_bind().exec_driver_sql(f"SELECT CAST(CAST(({newest}) AS date) AS text) || ' 00:00:00+00'").scalar_one()
    )
    _execute(f"ALTER TABLE ledger ATTACH PARTITION ledger_before FOR VALUES FROM (MINVALUE) TO ('{ends}')")


def _execute(statement: str) -> None:
    """Run a statement whose colons are its own, not the names of parameters."""
    op.execute(sa.text(statement.replace(":", r"\:")))
