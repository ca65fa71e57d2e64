"""Tables as CSV that opens rightly in a spreadsheet: UTF-8 with its mark, and no cell that is read as a formula."""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from unicodedata import normalize

from sync.agreement.local_time import VIETNAM_TIME

_BEGINS_A_FORMULA = ("=", "+", "-", "@")
_CUTS_A_CELL = ("\t", "\r", "\n")


def csv_bytes(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """Write a head line and rows; a value that is not known is empty, never 0."""
    paper = io.StringIO()
    writer = csv.writer(paper)
    writer.writerow(columns)
    writer.writerows([safe_cell(cell) for cell in row] for row in rows)
    return paper.getvalue().encode("utf-8-sig")


def safe_cell(cell: object) -> str:
    r"""Write one cell: numbers as they are, instants in the time of Viet Nam, and text never as a formula.

    A spreadsheet may trim what stands before a formula, and one set to Chinese reads the wide signs as well.

    >>> safe_cell("=1+1"), safe_cell(None), safe_cell(-1.5), safe_cell("Lý A Sần")
    ("'=1+1", '', '-1.5', 'Lý A Sần')
    >>> safe_cell("\u3000\uff1d1+1") == "'\u3000\uff1d1+1"
    True
    """
    if cell is None:
        return ""
    if isinstance(cell, bool | int | float):
        return str(cell)
    if isinstance(cell, datetime):
        return cell.astimezone(VIETNAM_TIME).isoformat(timespec="seconds")
    text = cell.isoformat() if isinstance(cell, date) else str(cell)
    is_formula = normalize("NFKC", text).lstrip().startswith(_BEGINS_A_FORMULA)
    return f"'{text}" if is_formula or text.startswith(_CUTS_A_CELL) else text
