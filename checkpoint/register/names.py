"""Under which words a name is found, and which words an officer may have meant.

A name is found by each of its spellings: folded (Đ to D, no marks, one case), as Doc 9303 may spell a
foreign one, and a Chinese one by its characters, in pinyin (given name in one word or two) and in
Hán-Việt. Words have no order here. What is found is a candidate; nobody is merged by a name.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations, islice, product
from typing import Final

from msgspec import Struct
from rapidfuzz.distance import OSA

from checkpoint.documents.names import accented_key, fold, has_marks, icao_variants
from checkpoint.register.han_readings import is_han, pinyin_syllables, reading_of

MOST_WORDS: Final = 6
"""Longer names are kept by their first words; the whole of them decides the order of what was found."""
MOST_SPELLINGS: Final = 12
_MOST_READINGS: Final = 8
_SHORTEST_CUT_WORD: Final = 1
_MISSING_WORD_COSTS: Final = 3.0
_CUT_WORD: Final = 0.85
_HAN_RUN: Final = re.compile(r"[\u3400-\u9fff]+")

Words = tuple[str, ...]


class NameQuery(Struct, frozen=True, kw_only=True):
    """What an officer typed, read as a name; ``spellings`` has joined and parted words too, for looking up."""

    text: str
    typed: tuple[Words, ...]
    spellings: tuple[Words, ...]


def spellings_of(name: str) -> tuple[Words, ...]:
    """Return the spellings of a name as folded words, at most ``MOST_SPELLINGS``.

    >>> spellings_of("Đặng Tuyết Em")
    (('DANG', 'TUYET', 'EM'),)
    >>> [" ".join(words) for words in spellings_of("王伟")]
    ['王伟', 'WANG WEI', 'VUONG VI']
    """
    found: dict[Words, None] = {}
    for run in _HAN_RUN.findall(name):
        found.update(dict.fromkeys(_han_spellings(run)))
    latin = _HAN_RUN.sub(" ", name)
    for spelling in icao_variants(latin):
        found[tuple(spelling.split())] = None
    return tuple(words[:MOST_WORDS] for words in found if words)[:MOST_SPELLINGS]


def _han_spellings(run: str) -> Iterator[Words]:
    """Read a name of Han characters: itself, in pinyin apart and with the given name joined, in Hán-Việt."""
    yield (run,)
    readings = [reading_of(character) for character in run]
    known = [reading for reading in readings if reading is not None]
    if len(known) < len(readings):
        return
    for words in islice(product(*(reading.pinyin for reading in known)), _MOST_READINGS // 2):
        yield words
        if len(words) > 2:
            yield (words[0], "".join(words[1:]))
    if all(reading.han_viet for reading in known):
        yield from islice(product(*(reading.han_viet for reading in known)), _MOST_READINGS // 2)


def key_of(words: Iterable[str]) -> str:
    """Return the key of words in whatever order.

    >>> key_of(("TRAN", "AN")), key_of(("AN", "TRAN"))
    ('AN TRAN', 'AN TRAN')
    """
    return " ".join(sorted(words))


def parts_of(words: Sequence[str]) -> frozenset[str]:
    """Return the keys of every choice of one or more of a name's words: 2^n - 1 of them at most.

    >>> sorted(parts_of(("TRAN", "VAN", "AN")))
    ['AN', 'AN TRAN', 'AN TRAN VAN', 'AN VAN', 'TRAN', 'TRAN VAN', 'VAN']
    """
    some = words[:MOST_WORDS]
    return frozenset(key_of(chosen) for size in range(1, len(some) + 1) for chosen in combinations(some, size))


def cuts_of(word: str) -> frozenset[str]:
    """Return a word and what is left of it with one letter missing: two words at distance one share a cut.

    >>> sorted(cuts_of("HUE"))
    ['HE', 'HU', 'HUE', 'UE']
    """
    shorter = {word[:at] + word[at + 1 :] for at in range(len(word))} if len(word) > _SHORTEST_CUT_WORD else set()
    return frozenset({word, *shorter})


def is_near(word: str, other: str) -> bool:
    """Tell whether one slip of a finger lies between two words: a letter more, less, other, or two swapped.

    >>> is_near("HUONG", "HUNG"), is_near("HUONG", "HOUNG"), is_near("HUONG", "HANG")
    (True, True, False)
    """
    return OSA.distance(word, other, score_cutoff=1) <= 1


def read_query(text: str) -> NameQuery:
    """Read what was typed. Joined and parted syllables are tried too (ZHANG WEIMING, ZHANG WEI MING).

    >>> read_query("Zhang Wei Ming").spellings[:2]
    (('ZHANG', 'WEI', 'MING'), ('ZHANGWEI', 'MING'))
    """
    typed = spellings_of(text)
    spellings: dict[Words, None] = dict.fromkeys(typed)
    for words in typed:
        if not is_han(words[0][0]):
            spellings.update(dict.fromkeys(_joined(words)))
            spellings.update(dict.fromkeys(_parted(words)))
    return NameQuery(text=text, typed=typed, spellings=tuple(spellings)[: 2 * MOST_SPELLINGS])


def _joined(words: Words) -> Iterator[Words]:
    for at in range(len(words) - 1):
        yield (*words[:at], words[at] + words[at + 1], *words[at + 2 :])


def _parted(words: Words) -> Iterator[Words]:
    """Part each word that is two syllables of pinyin written together."""
    syllables = pinyin_syllables()
    for at, word in enumerate(words):
        for place in range(1, len(word)):
            if word[:place] in syllables and word[place:] in syllables:
                yield (*words[:at], word[:place], word[place:], *words[at + 1 :])


def likeness(query: NameQuery, name: str) -> float:
    """Say how like a name is what was typed, 0 to 100; marks decide among names that fold alike.

    >>> exact, other = (likeness(read_query("Trần Thị Hoa"), name) for name in ("Trần Thị Hoa", "Trần Thị Hòa"))
    >>> exact, exact > other
    (100.0, True)
    """
    if accented_key(query.text) == accented_key(name):
        return 100.0
    best = max((closeness(one, other) for one in query.typed for other in spellings_of(name)), default=0.0)
    both_marked = has_marks(query.text) and has_marks(name) and fold(query.text) == fold(name)
    return round(min(best, 99.0) - (2.0 if both_marked else 0.0), 1)


def closeness(typed: Sequence[str], spelt: Sequence[str]) -> float:
    """Compare words in whatever order, 0 to 100: the likest pairs of words first.

    A word that was not typed costs little; a last word that was cut off costs little.

    >>> closeness(("HUNG", "TRAN", "VAN"), ("TRAN", "VAN", "HUNG")), closeness(("TRAN", "HU"), ("TRAN", "HUNG"))
    (100.0, 95.0)
    """
    if "".join(typed) == "".join(spelt):
        return 100.0
    pairs = [
        (_alike(word, other, may_be_cut=at == len(typed) - 1), at, place)
        for at, word in enumerate(typed)
        for place, other in enumerate(spelt)
    ]
    paired: dict[int, float] = {}
    taken: set[int] = set()
    for alike, at, place in sorted(pairs, key=lambda pair: (-pair[0], pair[1], pair[2])):
        if at not in paired and place not in taken:
            paired[at] = alike * len(typed[at])
            taken.add(place)
    letters = max(1, sum(map(len, typed)))
    return max(0.0, 100.0 * sum(paired.values()) / letters - _MISSING_WORD_COSTS * (len(spelt) - len(taken)))


def _alike(word: str, other: str, *, may_be_cut: bool) -> float:
    if may_be_cut and len(word) > 1 and other.startswith(word) and word != other:
        return _CUT_WORD
    return float(OSA.normalized_similarity(word, other))
