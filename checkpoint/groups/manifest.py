"""A list of people as a tour company or a carrier hands it over: each row is read or refused, with the reason.

The heading may be Vietnamese, English or Chinese, in any order, below a title. Nothing of a list with a mistake is
taken over: the officer sees every mistake at once, with its row and column, and imports the corrected file.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Final

from msgspec import Struct, structs

from checkpoint.documents import number_key, stored_form
from checkpoint.documents.states import KNOWN_STATES
from checkpoint.groups.faults import ManifestError, ManifestFault, RowFault
from checkpoint.groups.headings import country_of, field_of
from checkpoint.groups.seats import seat_code
from checkpoint.groups.sheets import Cell, Row, readings_of

LONGEST_NAME: Final = 200
_LONGEST_NUMBER: Final = 30
_TITLE_ROWS: Final = 20
OLDEST: Final = timedelta(days=130 * 366)
_CITIZEN_DIGITS: Final = 12
_ROUNDED: Final = re.compile(r"\d(?:[.,]\d+E\+?|E\+)\d{1,2}\Z", re.IGNORECASE)
_DAY_FIRST: Final = re.compile(r"(?P<day>\d{1,2})[/.\- ](?P<month>\d{1,2})[/.\- ](?P<year>\d{4})\Z")
_YEAR_FIRST: Final = re.compile(r"(?P<year>\d{4})[/.\-年 ](?P<month>\d{1,2})[/.\-月 ](?P<day>\d{1,2})日?\Z")
_DIGITS: Final = re.compile(r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})\Z")


class ManifestMember(Struct, frozen=True, kw_only=True):
    """One person of the list. ``number_key`` is what a scan is compared with; empty for a child without a document."""

    row: int
    full_name: str
    document_number: str
    number_key: str
    date_of_birth: date | None = None
    nationality: str = ""
    seat: str = ""
    carriage: str = ""


class ReadManifest(Struct, frozen=True, kw_only=True):
    """What became of each row below the heading: read, or refused with at least one fault.

    ``reading`` counts from 1 the ways in which the file was tried: of a workbook the sheet with the list.
    """

    members: tuple[ManifestMember, ...]
    faults: tuple[RowFault, ...]
    columns: tuple[str, ...] = ()
    reading: int = 1

    @property
    def refused(self) -> tuple[int, ...]:
        """Return the numbers of the rows that were refused."""
        return tuple(sorted({fault.row for fault in self.faults if fault.row}))


def read_manifest(content: bytes, *, today: date) -> ReadManifest:
    """Read a file in the way that has a heading; nobody is born after ``today``.

    A fault of the whole file stands at row 0 and leaves no member.
    """
    likeliest: ReadManifest | None = None
    try:
        for place, rows in enumerate(readings_of(content), start=1):
            read = read_people(rows, today=today)
            if not any(fault.fault is ManifestFault.HEADING_MISSING for fault in read.faults):
                return structs.replace(read, reading=place)
            likeliest = likeliest or read
    except ManifestError as error:
        return likeliest or _none_read(error.fault)
    return likeliest or _none_read(ManifestFault.FILE_EMPTY)


def read_people(rows: Sequence[Row], *, today: date) -> ReadManifest:
    """Read the rows of a table: each row below the heading becomes a member, or has its faults told."""
    found = next(((place, fields) for place, row in enumerate(rows[:_TITLE_ROWS]) if (fields := _heading(row))), None)
    if found is None:
        return _none_read(ManifestFault.HEADING_MISSING, column="full_name, document_number")
    place, fields = found
    twice = next((name for name in fields.values() if list(fields.values()).count(name) > 1), None)
    if twice is not None:
        return _none_read(ManifestFault.HEADING_TWICE, column=twice)
    members: list[ManifestMember] = []
    faults: list[RowFault] = []
    first_row: dict[str, int] = {}
    for row in rows[place + 1 :]:
        member, wrong = _member(row, fields=fields, first_row=first_row, today=today)
        faults.extend(wrong)
        if not wrong:
            members.append(member)
    if not members and not faults:
        return _none_read(ManifestFault.NOBODY_LISTED)
    return ReadManifest(members=tuple(members), faults=tuple(faults), columns=tuple(fields.values()))


def _none_read(fault: ManifestFault, *, column: str = "") -> ReadManifest:
    return ReadManifest(members=(), faults=(RowFault(row=0, column=column, fault=fault),))


def _heading(row: Row) -> dict[int, str] | None:
    """Return which column holds what, if the row names at least a name and a document's number."""
    named = {place: field_of(_text(cell)) for place, cell in enumerate(row.cells)}
    fields = {place: field for place, field in named.items() if field is not None}
    names = set(fields.values())
    if "family_name" not in names:  # "Tên" by itself is the whole name
        fields = {place: "full_name" if field == "given_name" else field for place, field in fields.items()}
        names = set(fields.values())
    has_name = "full_name" in names or {"family_name", "given_name"} <= names
    return fields if has_name and "document_number" in names else None


def _member(
    row: Row, *, fields: Mapping[int, str], first_row: dict[str, int], today: date
) -> tuple[ManifestMember, tuple[RowFault, ...]]:
    cells: dict[str, Cell] = {field: row.cells[place] for place, field in fields.items() if place < len(row.cells)}
    found: list[tuple[str, ManifestFault, int | None]] = []
    name = _name(cells)
    if not name:
        found.append(("full_name", ManifestFault.NAME_MISSING, None))
    elif len(name) > LONGEST_NAME:
        found.append(("full_name", ManifestFault.NAME_TOO_LONG, None))
    born_on, wrong_date = _date(cells.get("date_of_birth"))
    if born_on is not None and not today - OLDEST <= born_on <= today:
        wrong_date = ManifestFault.BIRTH_IMPOSSIBLE
    number, wrong_number = _number(cells.get("document_number"), has_birth=born_on is not None)
    key = number_key(number)
    found += [("date_of_birth", wrong_date, None)] if wrong_date else []
    found += [("document_number", wrong_number, None)] if wrong_number else []
    if key and not wrong_number and (other := first_row.setdefault(key, row.number)) != row.number:
        found.append(("document_number", ManifestFault.NUMBER_REPEATED, other))
    nationality, places = _nationality(cells.get("nationality")), {}
    if nationality is None:
        found.append(("nationality", ManifestFault.NATIONALITY_UNKNOWN, None))
    for column in ("seat", "carriage"):
        places[column] = seat_code(_text(cells.get(column)))
        if not places[column] and _text(cells.get(column)):
            found.append((column, ManifestFault.SEAT_UNREADABLE, None))
    member = ManifestMember(
        row=row.number,
        full_name=name,
        document_number=number,
        number_key=key,
        date_of_birth=born_on,
        nationality=nationality or "",
        **places,
    )
    return member, tuple(RowFault(row=row.number, column=c, fault=f, other_row=o) for c, f, o in found)


def _name(cells: Mapping[str, Cell]) -> str:
    parts = [_text(cells.get(field)) for field in ("full_name", "family_name", "given_name")]
    return stored_form(" ".join(part for part in parts if part))


def _text(cell: Cell) -> str:
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else str(cell)
    return "" if cell is None else str(cell)


def _number(cell: Cell, *, has_birth: bool) -> tuple[str, ManifestFault | None]:
    """Read a document's number; a spreadsheet that took it for a figure may have spoilt it."""
    text = _text(cell).strip().upper()
    if not text:
        return "", None if has_birth else ManifestFault.NUMBER_MISSING
    if _ROUNDED.match(text):
        return text, ManifestFault.NUMBER_ROUNDED
    is_figure = isinstance(cell, (int, float))
    if is_figure and len(text) in range(9, _CITIZEN_DIGITS) and len(text) != 9:
        return text, ManifestFault.NUMBER_LOST_ZERO
    key = number_key(text)
    is_plausible = 4 <= len(key) <= _LONGEST_NUMBER and any(mark.isdigit() for mark in key)
    return text[:60], None if is_plausible else ManifestFault.NUMBER_UNREADABLE


def _date(cell: Cell) -> tuple[date | None, ManifestFault | None]:
    if cell is None:
        return None, None
    if isinstance(cell, date):
        return cell, None
    text = _text(cell)
    found = _DAY_FIRST.match(text) or _YEAR_FIRST.match(text) or _DIGITS.match(text)
    if found is None:
        return None, ManifestFault.DATE_UNREADABLE
    try:
        return date(int(found["year"]), int(found["month"]), int(found["day"])), None
    except ValueError:
        return None, ManifestFault.DATE_UNREADABLE


def _nationality(cell: Cell) -> str | None:
    """Return a code of Doc 9303, empty if none was given, ``None`` for what is no state."""
    text = _text(cell).strip()
    if not text:
        return ""
    return text.upper() if text.upper() in KNOWN_STATES else country_of(text)
