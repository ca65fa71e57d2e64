"""The immigration counter's list: lines of a CSV or of an interface become keyed hashes; no name is ever kept."""

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Final

import msgspec

from checkpoint.coverage import ImmigrationEntry, document_key, entry_key, hour_of
from checkpoint.documents import number_key
from checkpoint.store.accounts import COMMIT_TIMEOUT_S
from checkpoint.store.coverage import ListedHour, put_due, put_entries, put_listed_hours, withdraw_entries
from checkpoint.store.edge_store import EdgeStore
from checkpoint.store.writer import Transaction
from sync.agreement.local_time import VIETNAM_TIME
from sync.agreement.vocabulary import Direction

REQUIRED_COLUMNS: Final = ("document_number", "crossed_at", "direction")
MOST_MISTAKES: Final = 20
ENTRIES_AT_ONCE: Final = 500
LONGEST_SPAN: Final = timedelta(days=31)
_PLACE: Final = re.compile(r"[\w .-]{0,40}\Z")
_YEARS: Final = (2000, 2200)
_HOUR: Final = timedelta(hours=1)
_NEIGHBOURS: Final = (-_HOUR, timedelta(0), _HOUR)


class ImmigrationError(ValueError):
    """The list cannot be read; the message names the line and the column, never a person or a number."""


class ImmigrationList(msgspec.Struct, frozen=True, kw_only=True):
    """A list as it is handed over: its lines, and the hours and directions that it covers whole.

    ``replaces``: it is a corrected one, and earlier lines of those hours that it does not hold were wrong.
    """

    entries: tuple[ImmigrationEntry, ...]
    hours: tuple[ListedHour, ...]
    replaces: bool = False


class Imported(msgspec.Struct, frozen=True, kw_only=True):
    """What an import changed: lines that are new, hours that no list covered before, wrong lines that are gone."""

    entries: int
    hours: int
    withdrawn: int = 0


def read_csv(lines: Iterable[str]) -> Iterator[tuple[int, Mapping[str, str]]]:
    """Yield the lines of a CSV with a heading, with their numbers. A cell that does not end on its line is refused.

    One quotation mark too many would otherwise swallow everybody who stands behind it.
    """
    reader = csv.DictReader((line.rstrip("\r\n") + "\n" for line in lines), strict=True)
    try:
        missing = [name for name in REQUIRED_COLUMNS if name not in (reader.fieldnames or ())]
        if missing:
            msg = f"line 1: the column {missing[0]} is missing; the heading must name {', '.join(REQUIRED_COLUMNS)}"
            raise ImmigrationError(msg)
        for row in reader:
            cells = {str(name): text or "" for name, text in row.items() if name is not None}
            if any("\n" in text for text in cells.values()):
                raise _broken(reader.line_num)
            yield reader.line_num, {name: text.strip() for name, text in cells.items()}
    except csv.Error as error:
        raise _broken(reader.line_num) from error


def _broken(number: int) -> ImmigrationError:
    msg = f'line {number}: a cell does not end on this line, or is too long; look for a quotation mark (") too many'
    return ImmigrationError(msg)


def read_list(
    rows: Iterable[tuple[int, Mapping[str, str]]],
    *,
    key: bytes,
    begins_at: str = "",
    ends_at: str = "",
    replaces: bool = False,
) -> ImmigrationList:
    """Read a whole list, or raise ``ImmigrationError`` that names every wrong line (``MOST_MISTAKES`` at most).

    Columns: document_number, crossed_at (ISO 8601; without a zone it is Viet Nam's time), direction, and if known
    lane_id, counter; others (names too) are left aside. The list covers, in the directions it names, the whole hours
    between its first line and its last, or between ``begins_at`` and ``ends_at``: an hour of which it holds a part
    only says who was stamped, never who was not.
    """
    entries: list[ImmigrationEntry] = []
    mistakes: list[str] = []
    turns: Counter[tuple[str, datetime, Direction]] = Counter()
    for number, row in rows:
        try:
            one = _entry(number, row, key=key)
            turns[one.document_key, one.at, one.direction] += 1
            turn = turns[one.document_key, one.at, one.direction]
            named = entry_key(one.document_key, at=one.at, direction=one.direction, turn=turn, key=key)
            entries.append(msgspec.structs.replace(one, entry_key=named))
        except ImmigrationError as mistake:
            mistakes.append(str(mistake))
            if len(mistakes) == MOST_MISTAKES:
                break
    if mistakes:
        raise ImmigrationError("\n".join(mistakes))
    hours = _covered(entries, begins_at=begins_at, ends_at=ends_at)
    return ImmigrationList(entries=tuple(entries), hours=hours, replaces=replaces)


def import_list(store: EdgeStore, given: ImmigrationList, *, at: datetime) -> Imported:
    """Write a list in commits of some hundred lines, so that no lane waits; the same list again changes nothing."""
    added = 0
    for first in range(0, len(given.entries), ENTRIES_AT_ONCE):
        write = partial(_add, some=given.entries[first : first + ENTRIES_AT_ONCE])
        added += store.writer.submit(write).result(COMMIT_TIMEOUT_S)
    hours = store.writer.submit(lambda t: _cover(t, given.hours, at=at)).result(COMMIT_TIMEOUT_S)
    if not given.replaces:
        return Imported(entries=added, hours=hours)
    withdrawn = store.writer.submit(lambda transaction: _withdraw_others(transaction, given)).result(COMMIT_TIMEOUT_S)
    return Imported(entries=added, hours=hours, withdrawn=withdrawn)


def _withdraw_others(transaction: Transaction, given: ImmigrationList) -> int:
    """Take earlier lines back that a corrected list does not hold; their hours are reconciled anew."""
    kept = [one.entry_key for one in given.entries]
    gone = {one: withdraw_entries(transaction, one, but=kept) for one in given.hours}
    changed = {hour.starts_at for hour, count in gone.items() if count}
    put_due(transaction, {starts_at + offset for starts_at in changed for offset in _NEIGHBOURS})
    return sum(gone.values())


def _add(transaction: Transaction, some: Sequence[ImmigrationEntry]) -> int:
    """Add lines; their hours and the neighbours of those wait to be reconciled, in the same commit."""
    added = put_entries(transaction, some)
    if added:
        put_due(transaction, {hour_of(one.at) + offset for one in some for offset in _NEIGHBOURS})
    return added


def _cover(transaction: Transaction, hours: Sequence[ListedHour], *, at: datetime) -> int:
    new = put_listed_hours(transaction, hours, at=at)
    put_due(transaction, new)
    return len(new)


def _entry(number: int, row: Mapping[str, str], *, key: bytes) -> ImmigrationEntry:
    document = number_key(row.get("document_number", ""))
    if not any(mark.isdigit() for mark in document):
        raise _wrong(number, "document_number", "is no number of a document")
    try:
        direction = Direction(row.get("direction", ""))
    except ValueError as error:
        raise _wrong(number, "direction", f"must be one of {', '.join(Direction)}") from error
    lane_id, counter = row.get("lane_id", ""), row.get("counter", "")
    for column, place in (("lane_id", lane_id), ("counter", counter)):
        if not _PLACE.match(place):
            raise _wrong(number, column, "is longer than 40 signs or holds others than letters, digits, '.', '-'")
    at = _instant(row.get("crossed_at", ""))
    if at is None:
        raise _wrong(number, "crossed_at", "is no time such as 2026-11-22T08:15:00")
    hashed = document_key(document, key=key)
    return ImmigrationEntry(
        entry_key="", document_key=hashed, at=at, direction=direction, lane_id=lane_id, counter=counter
    )


def _covered(entries: Sequence[ImmigrationEntry], *, begins_at: str, ends_at: str) -> tuple[ListedHour, ...]:
    first, until = _span(entries, begins_at=begins_at, ends_at=ends_at)
    directions = sorted({one.direction for one in entries} or set(Direction))
    if first is None or until is None:
        return ()
    whole = -((hour_of(first) - first) // _HOUR)  # 0 on the hour, 1 within it
    begins = hour_of(first) + whole * _HOUR
    hours = (begins + number * _HOUR for number in range((until - begins) // _HOUR))
    return tuple(ListedHour(starts_at=hour, direction=one) for hour in hours for one in directions)


def _span(
    entries: Sequence[ImmigrationEntry], *, begins_at: str, ends_at: str
) -> tuple[datetime | None, datetime | None]:
    """Return the covered span: what was said, or from the first line to the last."""
    if begins_at or ends_at:
        first, until = _instant(begins_at), _instant(ends_at)
        if first is None or until is None or not first < until <= first + LONGEST_SPAN:
            msg = "the covered span needs a beginning and a later end, at most 31 days on, such as 2026-11-22T08:00"
            raise ImmigrationError(msg)
        return first, until
    if not entries:
        return None, None
    first, last = min(one.at for one in entries), max(one.at for one in entries)
    if last - first > LONGEST_SPAN:
        msg = "the list reaches over more than 31 days; a year may be mistyped, or hand it over month by month"
        raise ImmigrationError(msg)
    return first, last


def _instant(text: str) -> datetime | None:
    """Read a time of day on a day: a day alone would be its midnight, and a year out of reason is a mistake."""
    if len(text) <= len("2026-11-22"):
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    if not _YEARS[0] <= at.year <= _YEARS[1]:
        return None
    return (at if at.tzinfo is not None else at.replace(tzinfo=VIETNAM_TIME)).astimezone(VIETNAM_TIME)


def _wrong(number: int, column: str, what: str) -> ImmigrationError:
    return ImmigrationError(f"line {number}: the column {column} {what}; correct it and import again")
