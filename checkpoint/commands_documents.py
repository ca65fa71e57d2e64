"""The command ``read-document``: text on standard input, or one picture; one JSON line per document on output."""

import re
import sys
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Final
from zoneinfo import ZoneInfo

import msgspec
import typer

from checkpoint.documents import DocumentFault, ReadDocument, read_document
from checkpoint.documents.camera.picture import (
    LARGEST_PICTURE_BYTES,
    PictureFaultCode,
    SeenDocument,
    documents_in_picture,
)

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


def _read_one_picture(picture: Path, *, today: date) -> None:
    if picture.stat().st_size > LARGEST_PICTURE_BYTES:
        found: tuple[SeenDocument, ...] | PictureFaultCode = PictureFaultCode.TOO_LARGE
    else:
        found = documents_in_picture(picture.read_bytes(), today=today)
    if isinstance(found, PictureFaultCode):
        sys.stdout.buffer.write(msgspec.json.encode({"fault": {"code": found}}) + b"\n")
        raise typer.Exit(1)
    for one in found:
        sys.stdout.buffer.write(msgspec.json.encode(one) + b"\n")
    sys.stdout.buffer.flush()
    if any(one.fault is not None for one in found):
        raise typer.Exit(1)


def read_document_command(
    picture: Annotated[
        Path | None, typer.Argument(help="JPEG or PNG; without it, text on standard input", exists=True, dir_okay=False)
    ] = None,
) -> None:
    """Read documents (zone, citizen card's code or number) and print JSON.

    Blank lines separate documents on standard input; each text found in a picture is one. Each gives one line:
    kind, fields, the verdict of each field and check digit, deviations, warnings, proposals, or {"fault": ...}.
    Exit code 1 if one of them could not be read.
    """
    today = datetime.now(tz=_LOCAL_ZONE).date()
    if picture is not None:
        _read_one_picture(picture, today=today)
        return
    text = sys.stdin.buffer.read().decode("utf-8-sig", errors="replace")
    found = [read_document(block, today=today) for block in documents_in(text)]
    if not found:
        found = [read_document("", today=today)]
    for reading in found:
        sys.stdout.buffer.write(_as_line(reading))
    sys.stdout.buffer.flush()
    if any(isinstance(reading, DocumentFault) for reading in found):
        raise typer.Exit(1)
