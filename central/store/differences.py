"""What verification finds: the first thing that is not as the ledger says, by table, key, expected and found."""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any

from central.store.bulk import Row


class DifferenceError(Exception):
    """The first thing that is not as the ledger says."""

    def __init__(self, *, table: str, key: object, expected: object, found: object) -> None:
        """Name the place and both values."""
        self.table = table
        self.key = text_of(key)
        self.expected = text_of(expected)
        self.found = text_of(found)
        super().__init__(f"{table} {self.key}: expected {self.expected}, found {self.found}")

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel from a worker process to the one that asked."""
        return _again, ((self.table, self.key, self.expected, self.found),)

    @property
    def rank(self) -> tuple[bool, int]:
        """The ledger before what is drawn from it, and of the ledger the first position."""
        first = self.key.split(", ")[0]
        is_placed = self.table == "ledger" and first.isdigit()
        return not is_placed, int(first) if is_placed else 0


def _again(words: tuple[str, str, str, str]) -> DifferenceError:
    table, key, expected, found = words
    return DifferenceError(table=table, key=key, expected=expected, found=found)


def require_equal(table: str, *, key: object, expected: object, found: object) -> None:
    """Raise ``DifferenceError`` unless both are the same."""
    if expected != found:
        raise DifferenceError(table=table, key=key, expected=expected, found=found)


def require_same_rows(table: str, *, expected: Mapping[Any, Row], found: Mapping[Any, Row]) -> None:
    """Compare two sets of rows by key, in the order of the keys, so that the first difference is always the same."""
    if expected == found:
        return
    for key in sorted(expected.keys() | found.keys(), key=str):
        require_equal(table, key=key, expected=expected.get(key), found=found.get(key))


def plain(row: Iterable[object]) -> Row:
    """Bring values to the form that both databases give back."""
    return tuple(
        value.astimezone(UTC) if isinstance(value, datetime) else str(value) if isinstance(value, str) else value
        for value in row
    )


def text_of(value: object) -> str:
    """Write a value for a person; of a crossing's state only its hash, because it is about a traveller."""
    if isinstance(value, tuple):
        return ", ".join(map(text_of, value))
    if isinstance(value, bytes):
        return value.hex() if len(value) == hashlib.sha256().digest_size else hashlib.sha256(value).hexdigest()
    if value is None:
        return "nothing"
    return value.isoformat() if isinstance(value, date) else str(value)
