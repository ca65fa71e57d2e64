"""The command ``read-document``: text on standard input, one JSON line per document on standard output."""

import re
import sys
from collections.abc import Iterator
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

import msgspec
import typer

from checkpoint.documents import DocumentFault, ReadDocument, read_document

_LOCAL_ZONE: Final = ZoneInfo("Asia/Ho_Chi_Minh")
# A serial reader sends CR, LF or both after each line; only a line that is empty by itself parts documents.
_LINE_END: Final = re.compile(r"\r*\n|\r")
_BLANK_LINES: Final = re.compile(r"\n(?:[ \t]*\n)+")


def documents_in(text: str) -> Iterator[str]:
    r"""Yield the texts of the documents, which blank lines separate.

    >>> list(documents_in("P<UTO\r\nL898\r\n\r\n022190000019\n"))
    ['P<UTO\nL898', '022190000019']
    """
    for block in _BLANK_LINES.split(_LINE_END.sub("\n", text)):
        if block.strip():
            yield block.strip("\n")


def _as_line(found: ReadDocument | DocumentFault) -> bytes:
    if isinstance(found, DocumentFault):
        return msgspec.json.encode({"fault": found}) + b"\n"
    return msgspec.json.encode(found) + b"\n"


def read_document_command() -> None:
    """Read documents from standard input (zone, citizen card's code or number) and print JSON.

    Blank lines separate documents; each gives one line: kind, fields, the verdict of each check
    digit, warnings, or {"fault": ...}. Exit code 1 if one of them could not be read.
    """
    today = datetime.now(tz=_LOCAL_ZONE).date()
    text = sys.stdin.buffer.read().decode("utf-8-sig", errors="replace")
    found = [read_document(block, today=today) for block in documents_in(text)]
    if not found:
        found = [read_document("", today=today)]
    for reading in found:
        sys.stdout.buffer.write(_as_line(reading))
    sys.stdout.buffer.flush()
    if any(isinstance(reading, DocumentFault) for reading in found):
        raise typer.Exit(1)
