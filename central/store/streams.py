"""Reading very many rows in order with little memory: PostgreSQL's cursors in binary form, or SQLite as it is."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain, count, islice
from typing import Any, TypeVar

import psycopg
from psycopg import sql
from sqlalchemy import Column, Connection, Select, select

from central.store.binary_copy import array_of
from central.store.bulk import Row

ROWS_AT_ONCE = 1000
_CURSORS = count()
_Thing = TypeVar("_Thing")


@contextmanager
def streaming(connection: Connection, query: Select[Any]) -> Iterator[Iterator[Row]]:
    """Give the rows of ``query`` as tuples, a thousand in memory at a time; the cursor ends with the block.

    Goes past SQLAlchemy on PostgreSQL: a ledger's bytes as hexadecimal text would cost more than the rest.
    """
    if connection.dialect.name != "postgresql":
        with connection.execute(query.execution_options(yield_per=ROWS_AT_ONCE)) as result:
            yield map(tuple, result)
        return
    compiled = query.compile(dialect=connection.dialect, compile_kwargs={"render_postcompile": True})
    raw: psycopg.Connection[Row] = connection.connection.driver_connection  # type: ignore[assignment]
    with raw.cursor(name=f"kiemdich_{next(_CURSORS)}", binary=True) as cursor:
        cursor.execute(str(compiled).encode(), compiled.params)
        yield chain.from_iterable(iter(lambda: cursor.fetchmany(ROWS_AT_ONCE), []))


def rows_by_keys(connection: Connection, column: Column[Any], *, values: Sequence[Any]) -> list[Row]:
    """Give the rows of the column's table that have one of these values in it."""
    if not values:
        return []
    if connection.dialect.name != "postgresql":
        return [tuple(row) for row in connection.execute(select(column.table).where(column.in_(values)))]
    raw: psycopg.Connection[Row] = connection.connection.driver_connection  # type: ignore[assignment]
    query = _BY_KEYS.format(sql.Identifier(column.table.name), sql.Identifier(column.name))
    with raw.cursor(binary=True) as cursor:
        return cursor.execute(query, (array_of(column, values=values),)).fetchall()


_BY_KEYS = sql.SQL("SELECT * FROM {} WHERE {} = ANY(%s)")


def in_chunks(things: Iterable[_Thing], *, size: int = ROWS_AT_ONCE) -> Iterator[list[_Thing]]:
    """Cut a stream into lists of at most ``size``."""
    rest = iter(things)
    while chunk := list(islice(rest, size)):
        yield chunk
