"""What a database says, and whether it says it consistently, whatever columns its schema has."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Any, NamedTuple

import msgspec

from sync.agreement.records import CrossingScreened
from sync.exchange.chain import ChainDifference, verify_chain
from sync.exchange.envelope import body_of, decode_record

Execute = Callable[..., Any]
_SCHEMA = "SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY type, name"


class Contents(NamedTuple):
    """Every row of every table. ``fingerprint`` is equal for equal contents, within one program."""

    schema: int
    fingerprint: int


class _Link(msgspec.Struct, frozen=True):
    incarnation: int


_LINKS = msgspec.json.Decoder(_Link)


def contents_of(execute: Execute) -> Contents:
    """Read the whole database; raises the driver's error where a page does not decrypt."""
    schema = tuple(execute(_SCHEMA).fetchall())
    rows = tuple(tuple(execute(f'SELECT * FROM "{name}"').fetchall()) for kind, name, _sql in schema if kind == "table")
    shape = _shape_of(schema)
    return Contents(shape, hash((shape, rows)))


@cache
def _shape_of(schema: tuple[tuple[str, str, str | None], ...]) -> int:
    """Name a schema, however its statements are spaced and quoted: a backup writes them anew."""
    return hash(tuple((kind, name, " ".join((sql or "").replace('"', "").split())) for kind, name, sql in schema))


def rows_of(execute: Execute, table: str) -> list[dict[str, Any]]:
    """Return rows by column, in their own order; none where there is no such table."""
    if not execute("SELECT 1 FROM sqlite_schema WHERE name = ?", (table,)).fetchone():
        return []
    cursor = execute(f'SELECT * FROM "{table}" ORDER BY rowid')
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def faults_of(execute: Execute) -> list[str]:
    """Follow every chain and compare head, read model and cursor with the journal; [] when all agree."""
    journal = rows_of(execute, "journal")
    heads = {row["incarnation"]: row for row in rows_of(execute, "journal_head")}
    chains: dict[int, list[bytes]] = {number: [] for number in heads}
    for row in journal:
        chains.setdefault(_LINKS.decode(row["bytes"]).incarnation, []).append(row["bytes"])
    faults = [fault for number, records in chains.items() for fault in _chain_faults(records, head=heads.get(number))]
    faults += _crossing_faults((row["bytes"] for row in journal), rows_of(execute, "crossing"))
    for row in rows_of(execute, "uplink_cursor"):
        reached = max((head["sequence"] for head in _heads_of(row, heads)), default=0)
        if row["sequence"] > reached:
            faults.append(f"the cursor is at {row['sequence']}, the head at {reached}")
    return faults


def _heads_of(cursor: dict[str, Any], heads: dict[int, dict[str, Any]]) -> Iterable[dict[str, Any]]:
    own = heads.get(cursor["incarnation"]) if "incarnation" in cursor else None
    return [own] if own else heads.values()


def _chain_faults(records: Sequence[bytes], *, head: dict[str, Any] | None) -> list[str]:
    found = verify_chain(records)
    if isinstance(found, ChainDifference):
        return [f"record {found.sequence}: {found.field} should be {found.expected}, is {found.found}"]
    if head is None or (found.sequence, found.hash) != (head["sequence"], head["hash"]):
        return [f"the head row does not name record {found.sequence}"]
    return []


def _crossing_faults(records: Iterable[bytes], crossings: Sequence[dict[str, Any]]) -> list[str]:
    bodies = [body_of(decode_record(record)) for record in records]
    screened = Counter(body.crossing_id for body in bodies if isinstance(body, CrossingScreened))
    rows = Counter(row["crossing_id"] for row in crossings)
    return (
        [] if screened == rows else [f"{screened.total()} crossings in the journal, {rows.total()} in the read model"]
    )
