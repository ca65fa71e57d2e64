"""The register of border pass holders: a CSV of the commune's police becomes known people."""

import csv
from collections.abc import Iterable, Iterator
from datetime import date
from itertools import islice
from typing import TypeVar

import msgspec

from checkpoint.actions.identifying import is_birth_possible
from checkpoint.documents import read_pass_number, register_key
from checkpoint.store.holders import Holder
from sync.agreement.vocabulary import PassRegime, PassState, Sex

MOST_MISTAKES = 20
REQUIRED_COLUMNS = ("pass_number", "full_name", "expires_on")
_Word = TypeVar("_Word", Sex, PassRegime)
_TRUE = frozenset({"1", "true", "yes", "x", "có"})


class RegisterError(ValueError):
    """The register cannot be read; the message names the line and the column, never a person."""


class RegisterLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the file as text, checked column by column when it becomes a ``Holder``."""

    number: int
    columns: dict[str, str]


def read_register(lines: Iterable[str], *, today: date) -> Iterator[Holder]:
    """Read a CSV with a heading; raise ``RegisterError`` at the first line that is wrong.

    Columns: pass_number, full_name, expires_on, and if known date_of_birth, sex, commune, regime,
    issued_on, is_cancelled. Dates are YYYY-MM-DD. Other columns are left aside.

    >>> lines = ["pass_number,full_name,expires_on", "QN 012345,A,2027-01-31"]
    >>> [holder.pass_number for holder in read_register(lines, today=date(2026, 11, 22))]
    ['QN012345']
    """
    for read in _read(lines, today=today):
        if isinstance(read, RegisterError):
            raise read
        yield read


def register_mistakes(lines: Iterable[str], *, today: date, most: int = MOST_MISTAKES) -> list[RegisterError]:
    """Read a whole list without keeping it, and return what is wrong with it, at most ``most`` mistakes.

    >>> lines = ["pass_number,full_name,expires_on", "QN 1001,,x", "?,A,2027-01-31"]
    >>> [str(one)[:22] for one in register_mistakes(lines, today=date(2026, 11, 22))]
    ['line 2: the column ful', 'line 3: the column pas']
    """
    return list(islice((read for read in _read(lines, today=today) if isinstance(read, RegisterError)), most))


def _read(lines: Iterable[str], *, today: date) -> Iterator[Holder | RegisterError]:
    """Read line by line; a line that is wrong becomes the error that says so, and the next one is read."""
    reader = csv.DictReader(lines)
    missing = [name for name in REQUIRED_COLUMNS if name not in (reader.fieldnames or ())]
    if missing:
        msg = f"line 1: the column {missing[0]} is missing; the heading must name {', '.join(REQUIRED_COLUMNS)}"
        yield RegisterError(msg)
        return
    for row in reader:
        columns = {name: (value or "").strip() for name, value in row.items() if isinstance(name, str)}
        try:
            yield _holder(RegisterLine(number=reader.line_num, columns=columns), today=today)
        except RegisterError as error:
            yield error


def _holder(line: RegisterLine, *, today: date) -> Holder:
    number = read_pass_number(line.columns["pass_number"])
    if not number.is_plausible:
        raise _wrong(line, "pass_number", "is no number of a pass")
    if not line.columns["full_name"]:
        raise _wrong(line, "full_name", "is empty")
    regime = number.regime or _choice(line, "regime", PassRegime, otherwise=PassRegime.CHINA)
    return Holder(
        pass_number=register_key(number.key, regime=regime),
        full_name=line.columns["full_name"],
        date_of_birth=_birth(line, today=today),
        sex=_choice(line, "sex", Sex, otherwise=Sex.UNSPECIFIED),
        commune=line.columns.get("commune", ""),
        regime=regime,
        issued_on=_date(line, "issued_on"),
        expires_on=_date(line, "expires_on"),
        state=_state(line),
        scope=line.columns.get("scope", ""),
        printed_number=number.display,
    )


def _state(line: RegisterLine) -> PassState:
    is_cancelled = line.columns.get("is_cancelled", "").casefold() in _TRUE
    return PassState.CANCELLED if is_cancelled else PassState.VALID


def _date(line: RegisterLine, column: str) -> date | None:
    text = line.columns.get(column, "")
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise _wrong(line, column, "is no date YYYY-MM-DD") from error


def _birth(line: RegisterLine, *, today: date) -> date | None:
    born_on = _date(line, "date_of_birth")
    if is_birth_possible(born_on, day=today):
        return born_on
    raise _wrong(line, "date_of_birth", "lies in the future or too far back")


def _choice(line: RegisterLine, column: str, words: type[_Word], *, otherwise: _Word) -> _Word:
    text = line.columns.get(column, "")
    if not text:
        return otherwise
    try:
        return words(text)
    except ValueError as error:
        raise _wrong(line, column, f"must be one of {', '.join(words)}") from error


def _wrong(line: RegisterLine, column: str, what: str) -> RegisterError:
    return RegisterError(f"line {line.number}: the column {column} {what}; correct it and import again")
