"""Letting holders be found by name who came from an older program, or from a backup that left the name index out."""

from typing import Final

from checkpoint.store.holders import registered_children
from checkpoint.store.name_index import BearerKind, NameWriter, Rows

NAMED_AT_ONCE: Final = 2000
_UNNAMED: Final = "SELECT number, full_name FROM holder WHERE is_named = 0 LIMIT ?"
_UNNAME_ALL: Final = "UPDATE holder SET is_named = 0"
_NAMED: Final = "UPDATE holder SET is_named = 1 WHERE number = ?"


def unname_holders(transaction: Rows) -> None:
    """Note that the name index knows nobody, because it was left out of what was put back; children are few."""
    transaction.execute(_UNNAME_ALL)
    names = NameWriter(transaction)
    for child in registered_children(transaction):
        names.add(child.full_name, kind=BearerKind.CHILD, number=child.number)


def name_some_holders(transaction: Rows, *, limit: int = NAMED_AT_ONCE) -> int:
    """Let holders be found by name who are not yet; return how many there were."""
    unnamed = transaction.execute(_UNNAMED, (limit,)).fetchall()
    names = NameWriter(transaction)
    for number, full_name in unnamed:
        names.add(full_name, kind=BearerKind.HOLDER, number=number)
        transaction.execute(_NAMED, (number,))
    return len(unnamed)
