"""Finding people by name among a million: folded words in any order, cut or misspelt, at a steady cost.

No search reads more than some hundred rows, however many people there are: first the names that hold all
the words as typed, then those with one word a slip of a finger away or cut off, then those that lack a
word that was typed, and last those with two slips. rapidfuzz orders what was found.
"""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from itertools import combinations, product
from typing import Any, Final, Protocol

import msgspec

from checkpoint.register.names import (
    NameQuery,
    Words,
    closeness,
    cuts_of,
    is_near,
    key_of,
    parts_of,
    read_query,
    spellings_of,
)

MOST_NAMES: Final = 80
_MOST_ALTERNATIVES: Final = 60
_MOST_COMBINATIONS: Final = 200
_ENOUGH_NAMES: Final = 5
_SHORTEST_BEGINNING: Final = 2
_GOOD_ENOUGH: Final = 60.0
_BEHIND_THE_BEST: Final = 25.0

_FIND_NAME = "SELECT name_id FROM person_name WHERE words = ?"
_ADD_NAME = "INSERT INTO person_name (words) VALUES (?)"
_ADD_PARTS = "INSERT OR IGNORE INTO name_part (part, name_id) SELECT value, ? FROM json_each(?)"
_ADD_CUTS = "INSERT OR IGNORE INTO name_cut (cut, word) SELECT value, ? FROM json_each(?)"
_ADD_BEARER = "INSERT OR IGNORE INTO name_bearer (name_id, kind, number) VALUES (?, ?, ?)"
_NAMES_OF = "SELECT name_id FROM name_bearer WHERE kind = ? AND number = ?"
_DROP_BEARER = "DELETE FROM name_bearer WHERE kind = ? AND number = ?"
_IS_BORNE = "SELECT 1 FROM name_bearer WHERE name_id = ? LIMIT 1"
_WORDS_OF = "SELECT words FROM person_name WHERE name_id = ?"
_DROP_PART = "DELETE FROM name_part WHERE part = ? AND name_id = ?"
_DROP_NAME = "DELETE FROM person_name WHERE name_id = ?"
_IS_WORD_USED = "SELECT 1 FROM name_part WHERE part = ? LIMIT 1"
_DROP_CUT = "DELETE FROM name_cut WHERE cut = ? AND word = ?"
_CUT_BY = "SELECT DISTINCT word FROM name_cut WHERE cut IN (SELECT value FROM json_each(?))"
_BEGINNING = "SELECT DISTINCT word FROM name_cut WHERE cut >= ? AND cut < ? AND cut = word LIMIT 40"
_HOLDING = (
    "SELECT DISTINCT name_part.name_id, words FROM name_part JOIN person_name USING (name_id)"
    " WHERE part IN (SELECT value FROM json_each(?)) LIMIT 240"
)
_WHOLE = "SELECT name_id, words FROM person_name WHERE words IN (SELECT value FROM json_each(?))"
_BEARERS = (
    "SELECT kind, number FROM json_each(?) AS named CROSS JOIN name_bearer ON name_id = named.value"
    " WHERE kind IN (SELECT value FROM json_each(?)) LIMIT ?"
)


class BearerKind(StrEnum):
    """Of which table a bearer of a name is a row."""

    HOLDER = "holder"
    CHILD = "child"
    TRAVELLER = "traveller"


class Rows(Protocol):
    """What runs one statement: the writer's transaction, or a reader (``store.readers``)."""

    def execute(self, sql: str, parameters: dict[str, Any] | tuple[Any, ...] = ...) -> Any:  # noqa: ANN401  # a driver's cursor
        """Run it and return a cursor."""


class Bearer(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who bears a name that was found."""

    kind: BearerKind
    number: int


class NameWriter:
    """Adds names; remembers those it met, so that a long list asks the database once for each."""

    def __init__(self, rows: Rows) -> None:
        """``rows``: the transaction all is written in."""
        self._rows = rows
        self._known: dict[str, int] = {}
        self._words: set[str] = set()

    def add(self, name: str, *, kind: BearerKind, number: int) -> None:
        """Let somebody be found under each spelling of a name."""
        for words in spellings_of(name):
            key = key_of(words)
            name_id = self._known.get(key)
            if name_id is None:
                name_id = self._known[key] = self._name(key, words=words)
            self._rows.execute(_ADD_BEARER, (name_id, kind.value, number))

    def forget(self) -> None:
        """Ask anew for every name: one may have been dropped meanwhile."""
        self._known.clear()
        self._words.clear()

    def _name(self, key: str, *, words: Words) -> int:
        row = self._rows.execute(_FIND_NAME, (key,)).fetchone()
        if row is not None:
            return int(row[0])
        name_id = int(self._rows.execute(_ADD_NAME, (key,)).lastrowid)
        self._rows.execute(_ADD_PARTS, (name_id, _listed(parts_of(words))))
        for word in set(words) - self._words:
            self._rows.execute(_ADD_CUTS, (word, _listed(cuts_of(word))))
            self._words.add(word)
        return name_id


def _listed(keys: Iterable[str]) -> str:
    return msgspec.json.encode(sorted(keys)).decode()


def forget_bearer(rows: Rows, *, kind: BearerKind, number: int) -> None:
    """Take somebody out of the index, and every name and word that nobody else bears."""
    names = [row[0] for row in rows.execute(_NAMES_OF, (kind.value, number)).fetchall()]
    rows.execute(_DROP_BEARER, (kind.value, number))
    for name_id in names:
        if rows.execute(_IS_BORNE, (name_id,)).fetchone() is None:
            _drop_name(rows, name_id)


def _drop_name(rows: Rows, name_id: int) -> None:
    words = tuple(rows.execute(_WORDS_OF, (name_id,)).fetchone()[0].split())
    for part in parts_of(words):
        rows.execute(_DROP_PART, (part, name_id))
    rows.execute(_DROP_NAME, (name_id,))
    for word in set(words):
        if rows.execute(_IS_WORD_USED, (word,)).fetchone() is None:
            for cut in cuts_of(word):
                rows.execute(_DROP_CUT, (cut, word))


def find_names(rows: Rows, query: NameQuery) -> list[int]:
    """Return the names that may be meant, the likest first, at most ``MOST_NAMES``."""
    search = _Search(rows, query)
    search.as_typed()
    search.one_word_other()
    search.one_word_too_many()
    if len(search.good()) < _ENOUGH_NAMES:
        search.two_words_other()
    return search.good()


def find_bearers(
    rows: Rows, text: str, *, kinds: Iterable[BearerKind] = tuple(BearerKind), limit: int = 200
) -> list[Bearer]:
    """Return who bears a name that may be meant, the likest names first, at most ``limit`` people."""
    wanted = msgspec.json.encode([kind.value for kind in kinds]).decode()
    names = msgspec.json.encode(find_names(rows, read_query(text))).decode()
    found = rows.execute(_BEARERS, (names, wanted, limit)).fetchall()
    return list(dict.fromkeys(Bearer(kind=BearerKind(kind), number=number) for kind, number in found))


class _Search:
    """One search: the words near those typed, and the names found so far with how like they are."""

    def __init__(self, rows: Rows, query: NameQuery) -> None:
        self._rows = rows
        self._typed = query.typed
        self._spellings = query.spellings
        self._found: dict[int, float] = {}
        self._near = self._near_words()

    def as_typed(self) -> None:
        self._look_up(_HOLDING, {key_of(words) for words in self._spellings})

    def one_word_other(self) -> None:
        self._look_up(_HOLDING, self._with_others(1))

    def two_words_other(self) -> None:
        self._look_up(_HOLDING, self._with_others(2))

    def one_word_too_many(self) -> None:
        """A name that lacks a word that was typed; it must be the whole name, or half the country were found."""
        less = {key_of(words[:at] + words[at + 1 :]) for words in self._spellings for at in range(len(words))}
        self._look_up(_WHOLE, less - {""})

    def good(self) -> list[int]:
        """Return what is like enough, the likest first."""
        floor = max(_GOOD_ENOUGH, max(self._found.values(), default=0.0) - _BEHIND_THE_BEST)
        like = [(score, name_id) for name_id, score in self._found.items() if score >= floor]
        return [name_id for _, name_id in sorted(like, key=lambda one: (-one[0], one[1]))[:MOST_NAMES]]

    def _look_up(self, statement: str, keys: Iterable[str]) -> None:
        for name_id, words in self._rows.execute(statement, (_listed(list(keys)[:_MOST_COMBINATIONS]),)).fetchall():
            if name_id not in self._found:
                self._found[name_id] = max(closeness(typed, words.split()) for typed in self._typed)

    def _near_words(self) -> dict[str, Sequence[str]]:
        near: dict[str, Sequence[str]] = {}
        for word in {word for words in self._spellings for word in words}:
            known = (row[0] for row in self._rows.execute(_CUT_BY, (_listed(cuts_of(word)),)).fetchall())
            others = {other for other in known if is_near(word, other)} - {word}
            near[word] = sorted(others)[:_MOST_ALTERNATIVES]
        for last in {words[-1] for words in self._spellings if len(words[-1]) >= _SHORTEST_BEGINNING}:
            begun = self._rows.execute(_BEGINNING, (last, last + "\U0010ffff")).fetchall()
            longer = [row[0] for row in begun if row[0] != last and row[0] not in near[last]]
            near[last] = [*near[last], *longer]
        return near

    def _with_others(self, count: int) -> list[str]:
        """Return the keys with ``count`` words replaced by words near them."""
        keys: dict[str, None] = {}
        for words in self._spellings:
            for places in combinations(range(len(words)), count):
                for others in product(*(self._near[words[at]] for at in places)):
                    chosen = dict(zip(places, others, strict=True))
                    keys[key_of(chosen.get(at, word) for at, word in enumerate(words))] = None
                    if len(keys) >= _MOST_COMBINATIONS:
                        return list(keys)
        return list(keys)
