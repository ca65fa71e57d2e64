"""The register of border pass holders: a CSV of the commune's police becomes known people."""

import csv
from collections.abc import Iterable, Iterator
from datetime import date
from typing import TypeVar

import msgspec

from checkpoint.documents import read_pass_number
from checkpoint.store.holders import Holder
from sync.agreement.vocabulary import PassRegime, Sex

REQUIRED_COLUMNS = ("pass_number", "full_name", "expires_on")
_Word = TypeVar("_Word", Sex, PassRegime)
_TRUE = frozenset({"1", "true", "yes", "x", "có"})


class RegisterError(ValueError):
    """The register cannot be read; the message names the line and the column, never a person."""


class RegisterLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the file as text, checked column by column when it becomes a ``Holder``."""

    number: int
    columns: dict[str, str]


def read_register(lines: Iterable[str]) -> Iterator[Holder]:
    """Read a CSV with a heading; raise ``RegisterError`` at the first line that is wrong.

    Columns: pass_number, full_name, expires_on, and if known date_of_birth, sex, commune, regime,
    issued_on, is_cancelled. Dates are YYYY-MM-DD. Other columns are left aside.

    >>> [holder.pass_number for holder in read_register(["pass_number,full_name,expires_on", "QN 012345,A,2027-01-31"])]
    ['QN012345']
    """
    reader = csv.DictReader(lines)
    missing = [name for name in REQUIRED_COLUMNS if name not in (reader.fieldnames or ())]
    if missing:
        msg = f"line 1: the column {missing[0]} is missing; the heading must name {', '.join(REQUIRED_COLUMNS)}"
        raise RegisterError(msg)
    for row in reader:
        columns = {name: (value or "").strip() for name, value in row.items() if isinstance(name, str)}
        yield _holder(RegisterLine(number=reader.line_num, columns=columns))


def _holder(line: RegisterLine) -> Holder:
    number = read_pass_number(line.columns["pass_number"])
    if not number.is_plausible:
        raise _wrong(line, "pass_number", "is no number of a pass")
    if not line.columns["full_name"]:
        raise _wrong(line, "full_name", "is empty")
    return Holder(
        pass_number=number.key,
        full_name=line.columns["full_name"],
        date_of_birth=_date(line, "date_of_birth"),
        sex=_choice(line, "sex", Sex, otherwise=Sex.UNSPECIFIED),
        commune=line.columns.get("commune", ""),
        regime=_choice(line, "regime", PassRegime, otherwise=PassRegime.CHINA),
        issued_on=_date(line, "issued_on"),
        expires_on=_date(line, "expires_on"),
        is_cancelled=line.columns.get("is_cancelled", "").casefold() in _TRUE,
    )


def _date(line: RegisterLine, column: str) -> date | None:
    text = line.columns.get(column, "")
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise _wrong(line, column, "is no date YYYY-MM-DD") from error


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
