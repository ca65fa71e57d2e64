"""PostgreSQL's binary forms, built by hand: rows for COPY, and arrays as statement parameters.

Source: PostgreSQL documentation, COPY "Binary Format", and array_send. A field is its length (32 bits,
big-endian; -1 for NULL) and its bytes. Building them here costs a fifth of adapting value by value.
"""

import struct
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime
from functools import cache, lru_cache, partial
from operator import call
from typing import Any
from uuid import UUID

from psycopg import adapters, pq
from psycopg.abc import Buffer
from psycopg.adapt import Dumper
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    Uuid,
)

from central.store.columns import UtcTime

Row = tuple[Any, ...]
FieldEncoder = Callable[[Any], bytes]

HEADER = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
TRAILER = b"\xff\xff"
_NULL = b"\xff\xff\xff\xff"
_LENGTH = struct.Struct(">i").pack
_INT2 = struct.Struct(">ih").pack
_INT4 = struct.Struct(">ii").pack
_INT8 = struct.Struct(">iq").pack
_FIRST_DAY = date(2000, 1, 1)
_FIRST_MOMENT = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND = datetime.resolution
_REPEATED = 4096


def _int2(value: int | None) -> bytes:
    return _NULL if value is None else _INT2(2, value)


def _int4(value: int | None) -> bytes:
    return _NULL if value is None else _INT4(4, value)


def _int8(value: int | None) -> bytes:
    return _NULL if value is None else _INT8(8, value)


def _text(value: str | None) -> bytes:
    if value is None:
        return _NULL
    spelled = value.encode()
    return _LENGTH(len(spelled)) + spelled


def _bytes(value: bytes | None) -> bytes:
    return _NULL if value is None else _LENGTH(len(value)) + value


def _uuid(value: UUID | None) -> bytes:
    return _NULL if value is None else b"\x00\x00\x00\x10" + value.bytes


def _date(value: date | None) -> bytes:
    return _NULL if value is None else _INT4(4, (value - _FIRST_DAY).days)


def _bool(value: bool | None) -> bytes:  # noqa: FBT001 - a field's value, not a switch
    return _NULL if value is None else b"\x00\x00\x00\x01" + (b"\x01" if value else b"\x00")


def _time(value: datetime | None) -> bytes:
    if value is None:
        return _NULL
    if value.tzinfo is None:
        msg = "the store takes aware times only"
        raise ValueError(msg)
    return _INT8(8, (value - _FIRST_MOMENT) // _MICROSECOND)


# SQL type, object identifier of the type and of its array (pg_type), encoder
_FORMS: dict[type, tuple[str, int, int, FieldEncoder]] = {
    BigInteger: ("int8", 20, 1016, _int8),
    Integer: ("int4", 23, 1007, _int4),
    SmallInteger: ("int2", 21, 1005, _int2),
    Text: ("text", 25, 1009, _text),
    LargeBinary: ("bytea", 17, 1001, _bytes),
    Uuid: ("uuid", 2950, 2951, _uuid),
    Date: ("date", 1082, 1182, _date),
    Boolean: ("bool", 16, 1000, _bool),
    UtcTime: ("timestamptz", 1184, 1185, _time),
}


def sql_type(column: Column[Any]) -> str:
    """Return PostgreSQL's name of a column's type."""
    return _FORMS[type(column.type)][0]


@cache
def row_encoder(table: Table) -> Callable[[Row], bytes]:
    """Return the function that writes one row of ``table``, given in the order of its columns, for COPY."""
    encoders = [_encoder(column) for column in table.columns]
    head = struct.pack(">h", len(encoders))

    def encode(row: Row) -> bytes:
        return b"".join((head, *map(call, encoders, row)))

    return encode


def _encoder(column: Column[Any]) -> FieldEncoder:
    """Choose a column's encoder; values that come again and again (names, days) are written once."""
    encoder = _FORMS[type(column.type)][3]
    is_distinct = column.primary_key or column.unique or column.index
    if isinstance(column.type, Text | Date | UtcTime) and not is_distinct:
        return lru_cache(maxsize=_REPEATED)(encoder)
    if isinstance(column.type, BigInteger) and not column.nullable:
        return partial(_INT8, 8)
    return encoder


class _Array(bytes):
    """A binary array, ready to be a parameter of a statement."""

    array_type = 0


def _array_class(array_type: int) -> type[_Array]:
    return type(f"_Array{array_type}", (_Array,), {"array_type": array_type})


_ARRAYS = {kind: _array_class(form[2]) for kind, form in _FORMS.items()}


def array_of(column: Column[Any], *, values: Sequence[Any]) -> bytes:
    """Write values of a column's type as one array parameter."""
    kind = type(column.type)
    _, element_type, _, encoder = _FORMS[kind]
    has_null = int(None in values)
    head = struct.pack(">iiIii", 1, has_null, element_type, len(values), 1)
    return _ARRAYS[kind](head + b"".join(map(encoder, values)))


class _ArrayDumper(Dumper):
    """Hands the bytes of an ``_Array`` to the server as they are."""

    format = pq.Format.BINARY

    def dump(self, obj: _Array) -> Buffer:
        return obj


def _register(kinds: Iterable[type[_Array]]) -> None:
    for kind in kinds:
        dumper = type(f"_Dumper{kind.array_type}", (_ArrayDumper,), {"oid": kind.array_type})
        adapters.register_dumper(kind, dumper)


_register(_ARRAYS.values())
