"""The rights of the service's own role on PostgreSQL: what is append-only it may read and add to, no more.

The database belongs to another role, which migrates it. With the service's role not even a stolen
connection can change or empty the ledger; the triggers refuse the owner and the superuser as well.
"""

from sqlalchemy import Connection, Engine, text

from central.store.engine import writing
from central.store.tables import APPEND_ONLY, metadata

_MONTHS = text("SELECT CAST(inhrelid AS regclass) FROM pg_inherits WHERE inhparent = CAST('ledger' AS regclass)")
_FUNCTION = "make_ledger_partitions(date, integer)"


class RoleError(ValueError):
    """There is no such role, or the database is no PostgreSQL; nothing was granted."""


def grant_role(engine: Engine, role: str) -> int:
    """Give an existing role what the service needs, and take away the rest; return how many tables it may use."""
    if engine.dialect.name != "postgresql":
        msg = "roles exist on PostgreSQL only"
        raise RoleError(msg)
    with writing(engine) as connection:
        known = connection.execute(
            text("SELECT quote_ident(rolname) FROM pg_roles WHERE rolname = :role"), {"role": role}
        )
        name = known.scalar_one_or_none()
        if name is None:
            msg = f"there is no role {role}: CREATE ROLE {role} LOGIN first"
            raise RoleError(msg)
        return _grant(connection, role=name)


def _grant(connection: Connection, *, role: str) -> int:
    """Every name here is the program's own or quoted by the server; grants take no parameters."""
    schema = connection.execute(text("SELECT quote_ident(current_schema())")).scalar_one()
    run = connection.exec_driver_sql
    run(f"GRANT USAGE ON SCHEMA {schema} TO {role}")
    run(f"REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM {role}")
    run(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA {schema} TO {role}")
    run(f"GRANT EXECUTE ON FUNCTION {schema}.{_FUNCTION} TO {role}")
    run(f"GRANT SELECT ON alembic_version TO {role}")
    for month in connection.execute(_MONTHS).scalars().all():
        run(f"REVOKE ALL ON {month} FROM PUBLIC")
    for table in metadata.tables:
        rights = "SELECT, INSERT" if table in APPEND_ONLY else "SELECT, INSERT, UPDATE, DELETE"
        run(f'GRANT {rights} ON "{table}" TO {role}')
    return len(metadata.tables)
