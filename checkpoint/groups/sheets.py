"""Rows of a CSV or XLSX file in memory, bounded before anything is unpacked; formulas are never worked out.

CSV comes from Excel in Viet Nam as UTF-8 with or without a mark, as UTF-16 ("Unicode text"), from China as GBK, with
commas, semicolons or tabs; which of them parts the columns only the heading tells. Of an XLSX each sheet is a
reading, in its order, cell by cell; a formula gives the value that was stored with it, or nothing.
"""

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import Final
from xml.etree.ElementTree import ParseError

from msgspec import Struct
from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from checkpoint.groups.faults import ManifestError, ManifestFault

LARGEST_FILE_BYTES: Final = 4 * 1024 * 1024
MOST_ROWS: Final = 2_000
MOST_COLUMNS: Final = 40
LONGEST_CELL: Final = 500
LARGEST_UNPACKED_BYTES: Final = 32 * 1024 * 1024
MOST_PARTS: Final = 200
MOST_SHEETS: Final = 12
_HIGHEST_RATIO: Final = 200
_HEADING_BYTES: Final = 1024
_MARKUP: Final = (".xml", ".rels", ".vml")
_ROOT: Final = re.compile(rb"<[A-Za-z]")
_MARKUP_MARKS: Final = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_ZIP: Final = b"PK\x03\x04"
_DELIMITERS: Final = ";\t,"
_UNMARKED: Final = ("utf-8", "gb18030")
_ERRORS: Final = frozenset({"#N/A", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!"})
"""What a spreadsheet shows for a formula that failed: nothing is known of such a cell."""
_MARKS: Final = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))

Cell = str | int | float | date | None


class Row(Struct, frozen=True, kw_only=True):
    """One row with anything in it; ``number`` is what the spreadsheet shows beside it, from 1."""

    number: int
    cells: tuple[Cell, ...]


def is_workbook(content: bytes) -> bool:
    """Tell whether a file is read by sheets."""
    return content.startswith(_ZIP)


def read_rows(content: bytes) -> tuple[Row, ...]:
    """Read every row that is not blank; raises ``ManifestError`` for what is no table or too large."""
    return next(readings_of(content))


def readings_of(content: bytes) -> Iterator[tuple[Row, ...]]:
    """Read a file in each way that it may be meant, the likeliest first.

    A text is read by each mark between its columns, a workbook by each of its sheets.

    Raises:
        ManifestError: it is no table at all, or too large.
    """
    if not content:
        raise ManifestError(ManifestFault.FILE_EMPTY)
    if len(content) > LARGEST_FILE_BYTES:
        raise ManifestError(ManifestFault.FILE_TOO_LARGE)
    if is_workbook(content):
        _require_honest_archive(content)
        for place in range(MOST_SHEETS):
            rows = _sheet_rows(content, place=place)
            if rows is None:
                return
            yield rows
        return
    text = _decoded(content)
    if "\0" in text:
        raise ManifestError(ManifestFault.FILE_UNREADABLE)
    for delimiter in _delimiters_of(text):
        yield _bounded(_text_rows(text, delimiter=delimiter))


def _bounded(numbered: Iterable[tuple[int, Sequence[object]]]) -> tuple[Row, ...]:
    rows: list[Row] = []
    for number, cells in numbered:
        kept = tuple(_trimmed(cell) for cell in cells[:MOST_COLUMNS])
        if any(cell is not None for cell in kept):
            rows.append(Row(number=number, cells=kept))
        if len(rows) > MOST_ROWS or number > MOST_ROWS * 5:
            raise ManifestError(ManifestFault.ROWS_TOO_MANY)
    return tuple(rows)


def _trimmed(cell: object) -> Cell:
    if cell is None or isinstance(cell, bool) or cell in _ERRORS:
        return None
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, (int, float, date)):
        return cell
    text = " ".join(str(cell).split())
    return text[: LONGEST_CELL + 1] or None


def _text_rows(text: str, *, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        for cells in reader:
            yield reader.line_num, cells
    except csv.Error:
        raise ManifestError(ManifestFault.FILE_UNREADABLE) from None


def _decoded(content: bytes) -> str:
    marked = next((name for mark, name in _MARKS if content.startswith(mark)), None)
    for encoding in (marked,) if marked else _UNMARKED:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise ManifestError(ManifestFault.ENCODING_UNKNOWN)


def _delimiters_of(text: str) -> list[str]:
    """Return the marks between columns, first what stands most often in the line that has most of it.

    Titles above the heading have none, but a note below it may have more commas than the list has columns.
    """
    lines = text[: _HEADING_BYTES * 16].splitlines()[:30]
    counts = {mark: max((line.count(mark) for line in lines), default=0) for mark in _DELIMITERS}
    return sorted(_DELIMITERS, key=lambda mark: -counts[mark]) if any(counts.values()) else [","]


def _sheet_rows(content: bytes, *, place: int) -> tuple[Row, ...] | None:
    """Read one sheet, counted from 0; ``None`` where the workbook has no more. A book without any is no table."""
    try:
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
        try:
            if place and place >= len(book.worksheets):
                return None
            sheet = book.worksheets[place]
            sheet.reset_dimensions()
            rows = sheet.iter_rows(max_col=MOST_COLUMNS, values_only=True)
            return _bounded((number, list(cells)) for number, cells in enumerate(rows, start=1))
        finally:
            book.close()
    except (zipfile.BadZipFile, InvalidFileException, ParseError, KeyError, IndexError, ValueError, TypeError) as error:
        if isinstance(error, ManifestError):
            raise
        raise ManifestError(ManifestFault.FILE_UNREADABLE) from None


def _require_honest_archive(content: bytes) -> None:
    """Refuse an archive that unpacks to far more than it is, and XML that defines entities.

    The sizes in the directory bound what ``zipfile`` gives: it stops at them and refuses what does not fit its sum.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
            unpacked = sum(part.file_size for part in parts)
            is_bomb = any(part.file_size > _HIGHEST_RATIO * max(part.compress_size, 512) for part in parts)
            if len(parts) > MOST_PARTS or unpacked > LARGEST_UNPACKED_BYTES or is_bomb:
                raise ManifestError(ManifestFault.FILE_TOO_LARGE)
            for part in parts:
                with archive.open(part) as opened:
                    beginning = opened.read(_HEADING_BYTES)
                if part.filename.endswith(_MARKUP) or _begins_as_markup(beginning):
                    _require_plain_markup(beginning)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError):
        raise ManifestError(ManifestFault.FILE_UNREADABLE) from None


def _begins_as_markup(beginning: bytes) -> bool:
    """Tell whether a part could be read as XML: its name says nothing, the list of contents calls parts as it likes."""
    return beginning.startswith(_MARKUP_MARKS) or beginning.lstrip().startswith((b"<", b"\0<"))


def _require_plain_markup(beginning: bytes) -> None:
    """The root element begins at once, so no document type with entities stands before it."""
    root = _ROOT.search(beginning)
    if root is None or b"<!DOCTYPE" in beginning[: root.start()]:
        raise ManifestError(ManifestFault.FILE_UNREADABLE)
