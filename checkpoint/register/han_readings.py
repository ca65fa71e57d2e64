"""How Han characters are read: in pinyin and in Hán-Việt, from a table beside this file.

The table's first lines state its sources and licences. A reading finds people and proves nothing: many
names share one. The table is read once, when the first Chinese name is met.
"""

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Final

from msgspec import Struct

from checkpoint.documents.names import fold

_TABLE: Final = Path(__file__).with_name("han_readings.tsv")
_FIRST, _LAST = "\u3400", "\u9fff"
_ROUNDED_U: Final = "V"
"""The letter u with two dots as the table writes it; passports write YU (since 2012) or U."""


class HanReading(Struct, frozen=True, kw_only=True):
    """One character's readings, folded to A-Z, the usual one first."""

    pinyin: tuple[str, ...]
    han_viet: tuple[str, ...]


def is_han(mark: str) -> bool:
    """Tell whether a character is of the Han script (the blocks that names are written with).

    >>> is_han("王"), is_han("Đ")
    (True, False)
    """
    return _FIRST <= mark <= _LAST


def reading_of(character: str) -> HanReading | None:
    """Return how a character is read, or ``None`` outside the table.

    >>> reading_of("曾").pinyin, reading_of("曾").han_viet
    (('CENG', 'ZENG'), ('TANG',))
    >>> reading_of("吕").pinyin
    ('LYU', 'LU', 'LV')
    """
    return _readings().get(character)


@cache
def pinyin_syllables() -> frozenset[str]:
    """Return every syllable of pinyin that the table knows.

    >>> {"WEI", "MING"} <= pinyin_syllables(), "NGUYEN" in pinyin_syllables()
    (True, False)
    """
    return frozenset(syllable for reading in _readings().values() for syllable in reading.pinyin)


@cache
def _readings() -> dict[str, HanReading]:
    readings = {}
    for line in _TABLE.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        character, pinyin, han_viet = line.split("\t")
        readings[character] = HanReading(
            pinyin=_distinct(spelt for syllable in pinyin.split(",") for spelt in _rounded(syllable)),
            han_viet=_distinct(fold(syllable) for syllable in han_viet.split(",") if syllable),
        )
    return readings


def _rounded(syllable: str) -> tuple[str, ...]:
    if _ROUNDED_U not in syllable:
        return (syllable,)
    return tuple(syllable.replace(_ROUNDED_U, written) for written in ("YU", "U", _ROUNDED_U))


def _distinct(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(words))
