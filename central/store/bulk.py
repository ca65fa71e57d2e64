"""Writing many rows at once: COPY and unnest on PostgreSQL, executemany on SQLite. Same rows, same result."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import cache
from typing import Any

import psycopg
from psycopg import generators, sql
from psycopg.copy import LibpqWriter
from psycopg.pq import ExecStatus
from sqlalchemy import Connection, Table, insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.exc import DBAPIError

from central.store.binary_copy import HEADER, TRAILER, Row, array_of, row_encoder, sql_type

__all__ = [
    "Row",
    "RowWriter",
    "add_to_counts",
    "ask_together",
    "driver_of",
    "insert_missing_rows",
    "insert_rows",
    "tell",
    "together",
]


class RowWriter:
    """Takes rows, in the order of the table's columns, and inserts them piece by piece; one table, one use.

    ``sending`` hands over what was added before; inside its block ``send`` hands over what was added since.
    Neither waits for PostgreSQL, which inserts what it got while the caller makes the next piece. A piece is a
    COPY of its own: of one COPY, PostgreSQL begins to insert binary rows only with the thousandth or the last.
    """

    def __init__(self, connection: Connection, *, table: Table) -> None:
        """Nothing is sent before ``sending``."""
        self._connection = connection
        self._table = table
        self._is_binary = connection.dialect.name == "postgresql"
        self._encode = row_encoder(table)
        self._cursor: psycopg.Cursor[Any] | None = None
        self._unheard = ExitStack()
        self._encoded: list[bytes] = []
        self._rows: list[Row] = []

    def add(self, rows: Iterable[Row]) -> None:
        """Take rows; they wait for ``send``, or for the end of the block."""
        if self._is_binary:
            self._encoded.extend(map(self._encode, rows))
        else:
            self._rows.extend(rows)

    def send(self) -> None:
        """Inside ``sending``: hand over what was added since, once the server has the piece before."""
        if self._cursor is None or not self._encoded:
            return
        self._unheard.close()
        sender = _Sender(self._cursor)
        copy = self._unheard.enter_context(self._cursor.copy(_copy_statement(self._table), writer=sender))
        copy.write(b"".join((HEADER, *self._encoded, TRAILER)))
        self._encoded.clear()
        sender.end()

    @contextmanager
    def sending(self) -> Iterator[None]:
        """Insert: all rows taken before or inside the block are in the table when it has ended."""
        if not self._is_binary:
            yield
            if self._rows:
                self._connection.execute(insert(self._table), _as_mappings(self._table, rows=self._rows))
            return
        told, raw = _told_by_sqlalchemy(self._table.name), driver_of(self._connection)
        with told, raw.cursor() as self._cursor, self._unheard:
            self.send()
            yield
            self.send()


class _Sender(LibpqWriter):
    """Sends a COPY's rows at once, and may end it without waiting for what the server says to them."""

    def __init__(self, cursor: "psycopg.Cursor[Any]") -> None:
        super().__init__(cursor, flush_threshold=0)
        self._is_ended = False

    def end(self) -> None:
        """Tell the server that there are no more rows; ``finish`` hears the answer."""
        self._is_ended = self._pgconn.put_copy_end() == 1
        self._pgconn.flush()

    def finish(self, exc: BaseException | None = None) -> None:
        """Wait for the server's answer; raise its error unless the caller failed already."""
        if not self._is_ended:
            super().finish(exc)
            return
        results = self.connection.wait(generators.fetch_many(self._pgconn))
        if exc is None and results[-1].status != ExecStatus.COMMAND_OK:
            raise psycopg.errors.error_from_result(results[-1])


@contextmanager
def together(connection: Connection) -> Iterator[None]:
    """Send the statements of the block one after the other without waiting for each; none may give rows.

    An error of any of them is raised at the end of the block.
    """
    if connection.dialect.name != "postgresql":
        yield
        return
    with _told_by_sqlalchemy("pipeline"), driver_of(connection).pipeline():
        yield


def tell(connection: Connection, statement: bytes, *, parameters: Mapping[str, Any]) -> None:
    """Execute one statement of PostgreSQL that gives nothing back; inside ``together`` without waiting for it."""
    with _told_by_sqlalchemy("statement"):
        driver_of(connection).execute(statement, parameters)


def ask_together(connection: Connection, *questions: tuple[bytes, Mapping[str, Any]]) -> list[list[Row]]:
    """Ask PostgreSQL several questions in one round trip, in this order; return the rows of each."""
    raw = driver_of(connection)
    with _told_by_sqlalchemy("pipeline"):
        with raw.pipeline():
            cursors = [raw.cursor(binary=True) for _ in questions]
            for cursor, (statement, parameters) in zip(cursors, questions, strict=True):
                cursor.execute(statement, parameters)
        return [cursor.fetchall() for cursor in cursors]


def driver_of(connection: Connection) -> "psycopg.Connection[Row]":
    """Return the driver's own connection, in the same transaction."""
    return connection.connection.driver_connection  # type: ignore[return-value]


def insert_rows(connection: Connection, *, table: Table, rows: Iterable[Row]) -> None:
    """Insert rows given in the order of the table's columns."""
    rows = list(rows)
    if rows:
        writer = RowWriter(connection, table=table)
        writer.add(rows)
        with writer.sending():
            pass


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


@cache
def _copy_statement(table: Table) -> bytes:
    columns = sql.SQL(", ").join(map(sql.Identifier, table.columns.keys()))
    statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT BINARY)").format(sql.Identifier(table.name), columns)
    return statement.as_bytes()


@contextmanager
def _told_by_sqlalchemy(statement: str) -> Iterator[None]:
    """Name the driver's errors as SQLAlchemy does everywhere else, without the row that they quote."""
    try:
        yield
    except psycopg.Error as error:
        raise DBAPIError.instance(statement, None, error, psycopg.Error, hide_parameters=True) from error


def _insert_unnested(connection: Connection, *, table: Table, rows: Sequence[Row], on_conflict: str) -> None:
    statement = _unnested(table, on_conflict)
    tell(connection, statement, parameters=as_arrays(table, rows=rows))


def as_arrays(table: Table, *, rows: Sequence[Row]) -> dict[str, bytes]:
    """Return the rows column by column, each column as one array parameter of the column's name."""
    columns = zip(table.columns, zip(*rows, strict=True), strict=True)
    return {column.name: array_of(column, values=values) for column, values in columns}


def unnested(table: Table) -> str:
    """Return the SQL that turns the parameters of ``as_arrays`` into rows again."""
    arrays = ", ".join(f"%({column.name})s::{sql_type(column)}[]" for column in table.columns)
    return f"unnest({arrays})"


@cache
def _unnested(table: Table, on_conflict: str) -> bytes:
    # Table and column names are this program's own; every value travels as a parameter.
    target = f'"{table.name}" ({_quoted(table.columns.keys())})'
    return f"INSERT INTO {target} SELECT * FROM {unnested(table)} ON CONFLICT {on_conflict}".encode()  # noqa: S608
