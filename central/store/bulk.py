"""Writing many rows at once: COPY and unnest on PostgreSQL, executemany on SQLite. Same rows, same result."""

from collections.abc import Iterable, Sequence
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import (
    BigInteger,
    Boolean,
    Connection,
    Date,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    Uuid,
    insert,
    text,
)
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from central.store.tables import UtcTime

Row = tuple[Any, ...]
_POSTGRESQL_TYPES = {
    BigInteger: "int8",
    Integer: "int4",
    SmallInteger: "int2",
    Text: "text",
    LargeBinary: "bytea",
    Uuid: "uuid",
    Date: "date",
    Boolean: "bool",
    UtcTime: "timestamptz",
}


def insert_rows(connection: Connection, *, table: Table, rows: Sequence[Row]) -> None:
    """Insert rows given in the order of the table's columns."""
    if not rows:
        return
    if connection.dialect.name == "postgresql":
        _copy(connection, table=table, rows=rows)
    else:
        connection.execute(insert(table), _as_mappings(table, rows=rows))


def insert_missing_rows(connection: Connection, *, table: Table, rows: Sequence[Row]) -> None:
    """Insert the rows whose primary key is not there yet; the others stay as they are."""
    if not rows:
        return
    if connection.dialect.name == "postgresql":
        _insert_unnested(connection, table=table, rows=rows, on_conflict="DO NOTHING")
    else:
        statement = sqlite_insert(table).on_conflict_do_nothing()
        connection.execute(statement, _as_mappings(table, rows=rows))


def add_to_counts(connection: Connection, *, table: Table, rows: Sequence[Row]) -> None:
    """Add to counters: the last column is the change, the others are the primary key."""
    if not rows:
        return
    ordered = sorted(rows)
    key = list(table.primary_key.columns.keys())
    if connection.dialect.name == "postgresql":
        action = f"({_quoted(key)}) DO UPDATE SET count = {table.name}.count + excluded.count"
        _insert_unnested(connection, table=table, rows=ordered, on_conflict=action)
        return
    statement = sqlite_insert(table)
    upsert = statement.on_conflict_do_update(
        index_elements=key, set_={"count": table.c.count + statement.excluded.count}
    )
    connection.execute(upsert, _as_mappings(table, rows=ordered))


def _as_mappings(table: Table, *, rows: Sequence[Row]) -> list[dict[str, Any]]:
    names = table.columns.keys()
    return [dict(zip(names, row, strict=True)) for row in rows]


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _types(table: Table) -> list[str]:
    return [_POSTGRESQL_TYPES[type(column.type)] for column in table.columns]


def _copy(connection: Connection, *, table: Table, rows: Sequence[Row]) -> None:
    statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT BINARY)").format(
        sql.Identifier(table.name), sql.SQL(", ").join(map(sql.Identifier, table.columns.keys()))
    )
    raw: psycopg.Connection[Row] = connection.connection.driver_connection  # type: ignore[assignment]
    with raw.cursor() as cursor, cursor.copy(statement) as copy:
        copy.set_types(_types(table))
        for row in rows:
            copy.write_row(row)


def _insert_unnested(connection: Connection, *, table: Table, rows: Sequence[Row], on_conflict: str) -> None:
    names = table.columns.keys()
    arrays = ", ".join(f"CAST(:{name} AS {kind}[])" for name, kind in zip(names, _types(table), strict=True))
    # Table and column names are this program's own; every value travels as a parameter.
    target = f'"{table.name}" ({_quoted(names)})'
    statement = f"INSERT INTO {target} SELECT * FROM unnest({arrays}) ON CONFLICT {on_conflict}"  # noqa: S608
    columns = dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))
    connection.execute(text(statement), columns)
