"""SQL for the one writer, compiled once from the tables: no statement is built on the lane's path."""

from collections.abc import Iterable

from sqlalchemy import ClauseElement, Table
from sqlalchemy.dialects import sqlite

_DIALECT = sqlite.dialect(paramstyle="named")


def compiled(statement: ClauseElement) -> str:
    """Compile a Core statement to SQL with named parameters for the driver.

    Constants must be literals (``literal_column``, ``null``): a value inside the statement would be lost.
    """
    ready = statement.compile(dialect=_DIALECT)
    lost = [name for name, value in ready.params.items() if value is not None]
    if lost:
        msg = f"{lost} are values inside the statement; use literal_column or bindparam"
        raise ValueError(msg)
    return str(ready)


def insert_into(table: Table, *, omitting: Iterable[str] = ()) -> str:
    """Compile an insert of every column except those that number themselves.

    >>> from checkpoint.store.tables import lane_draft
    >>> insert_into(lane_draft)
    'INSERT INTO lane_draft (lane_id, bytes, updated_at) VALUES (:lane_id, :bytes, :updated_at)'
    """
    left_out = set(omitting)
    names = [column.name for column in table.columns if column.name not in left_out]
    return compiled(table.insert().values(dict.fromkeys(names)))
