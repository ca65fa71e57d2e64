"""Tables as CSV files that a spreadsheet opens: UTF-8 with a mark, and no cell that it would run as a formula."""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import datetime
from unicodedata import normalize

from starlette.responses import Response

_RUN_BY_SPREADSHEETS = ("=", "+", "-", "@")
_CUTS_A_CELL = ("\t", "\r", "\n")


def csv_answer(name: str, *, head: Sequence[str], rows: Iterable[Sequence[object]]) -> Response:
    """Answer a file of that name: one line of names, then the rows."""
    written = io.StringIO(newline="")
    writer = csv.writer(written)
    writer.writerow(head)
    writer.writerows([cell(value) for value in row] for row in rows)
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(
        b"\xef\xbb\xbf" + written.getvalue().encode(), media_type="text/csv; charset=utf-8", headers=headers
    )


def cell(value: object) -> str:
    """Write one value; times as ISO 8601, nothing as nothing.

    A spreadsheet may trim what stands before a formula, and one set to Chinese reads the wide signs as well.

    >>> cell(None), cell(-3), cell("=1+1"), cell(True)
    ('', '-3', "'=1+1", 'true')
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat()
    text = str(value)
    if not isinstance(value, str):
        return text
    is_formula = normalize("NFKC", text).lstrip().startswith(_RUN_BY_SPREADSHEETS)
    return f"'{text}" if is_formula or text.startswith(_CUTS_A_CELL) else text
