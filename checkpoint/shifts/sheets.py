"""The numbers of the paper sheets: printed in blocks, each used at most once, and none silently missing."""

from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256

import msgspec

LINES_PER_SHEET = 20
_MARK_LETTERS = "ACDEFHJKLMNPRTUVWXY"  # none that looks like another, or like a digit
MOST_SHEETS = 50


class NumberBlock(msgspec.Struct, frozen=True, kw_only=True):
    """Numbers that were printed together, both ends included."""

    block_id: str
    first_number: int
    last_number: int
    printed_at: datetime | None = None

    def contains(self, number: int) -> bool:
        """Tell whether a number was printed in this block."""
        return self.first_number <= number <= self.last_number


def mark_of(number: int, *, edge_id: str) -> str:
    """Return the two letters printed beside a number: those of another edge's sheet, or of a misread number, differ.

    >>> mark_of(12, edge_id="mong-cai-1"), mark_of(21, edge_id="mong-cai-1"), mark_of(12, edge_id="mong-cai-2")
    ('VA', 'WN', 'KV')
    """
    first, second = sha256(f"{edge_id}\0{number}".encode()).digest()[:2]
    return _MARK_LETTERS[first % len(_MARK_LETTERS)] + _MARK_LETTERS[second % len(_MARK_LETTERS)]


def next_block(blocks: Iterable[NumberBlock], *, block_id: str, sheets: int) -> NumberBlock:
    """Return the block that follows all others; numbers begin at 1 and are never used again.

    >>> next_block([], block_id="a", sheets=2).last_number
    40
    """
    first = 1 + max((block.last_number for block in blocks), default=0)
    return NumberBlock(block_id=block_id, first_number=first, last_number=first + sheets * LINES_PER_SHEET - 1)


def next_number(blocks: Iterable[NumberBlock], *, last_used: int) -> int:
    """Return the first printed number after the last used one, or 0 if there is none.

    >>> next_number([NumberBlock(block_id="a", first_number=1, last_number=40)], last_used=2)
    3
    """
    return next((last_used + 1 for block in blocks if block.contains(last_used + 1)), 0)


def missing_numbers(block: NumberBlock, *, used: Iterable[int]) -> tuple[int, ...]:
    """Return the numbers before the last used one of a block that nobody accounted for.

    Sheets are written from the first line on, so what stands before a used number was used or spoilt too.

    >>> missing_numbers(NumberBlock(block_id="a", first_number=1, last_number=40), used=[1, 2, 5])
    (3, 4)
    """
    known = {number for number in used if block.contains(number)}
    if not known:
        return ()
    return tuple(number for number in range(block.first_number, max(known)) if number not in known)


def unused_count(block: NumberBlock, *, used: Iterable[int]) -> int:
    """Return how many numbers are left after the last used one."""
    last = max((number for number in used if block.contains(number)), default=block.first_number - 1)
    return block.last_number - last
