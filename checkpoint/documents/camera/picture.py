"""One picture of a document: the codes and the zone in it, as texts for ``read_document``.

The picture is untrusted: only JPEG and PNG, and its size is read from its header before anything is unpacked, so
that a few bytes cannot become a hundred million pixels. It is looked at and forgotten: nothing is written anywhere.
"""

from collections.abc import Iterator
from datetime import date
from enum import StrEnum
from typing import Final

import numpy as np
import zxingcpp
from msgspec import Struct

from checkpoint.documents.camera.zone_finder import Grey
from checkpoint.documents.camera.zone_reader import read_zone
from checkpoint.documents.faults import DocumentFault
from checkpoint.documents.reading import ReadDocument, read_document
from devices.opencv import cv2

LARGEST_PICTURE_BYTES: Final = 12 * 1024 * 1024
MOST_PIXELS: Final = 20_000_000
LONGEST_TEXT: Final = 2000
_MOST_SCANS: Final = 30
_MOST_CODES: Final = 8
_PNG: Final = b"\x89PNG\r\n\x1a\n"
_JPEG: Final = b"\xff\xd8"
_START_OF_SCAN: Final = b"\xff\xda"
_FRAME_MARKS: Final = frozenset({*range(0xC0, 0xC4), *range(0xC5, 0xC8), *range(0xC9, 0xCC), *range(0xCD, 0xD0)})
_BARE_MARKS: Final = frozenset({0x01, *range(0xD0, 0xD9)})


class PictureFaultCode(StrEnum):
    """Why a picture was not looked at, or gave nothing."""

    TOO_LARGE = "picture_too_large"
    NOT_A_PICTURE = "picture_unreadable"
    NOTHING_FOUND = "picture_shows_nothing"


class PictureSource(StrEnum):
    """What in the picture held the text."""

    ZONE = "zone"
    CODE = "code"


class PictureText(Struct, frozen=True, kw_only=True):
    """One text seen. ``clearness`` is 1 for a code, which has its own error correction.

    ``doubtful`` are the places of letters hardly told apart: line and position, counted from 1.
    """

    source: PictureSource
    text: str
    clearness: float = 1.0
    doubtful: tuple[tuple[int, int], ...] = ()


class SeenDocument(Struct, frozen=True, kw_only=True):
    """A text seen and what the one reader makes of it; a code of our own is no document and has a fault."""

    seen: PictureText
    document: ReadDocument | None = None
    fault: DocumentFault | None = None


def picture_size(image: bytes) -> tuple[int, int] | None:
    """Return width and height as the header says, without unpacking; None if it is no JPEG or PNG.

    >>> picture_size(b"GIF89a") is None
    True
    """
    if image.startswith(_PNG) and image[12:16] == b"IHDR" and len(image) > 24:
        return int.from_bytes(image[16:20]), int.from_bytes(image[20:24])
    return _jpeg_size(image) if image.startswith(_JPEG) else None


def _jpeg_size(image: bytes) -> tuple[int, int] | None:
    """Walk the segments of ISO 10918-1, annex B, to the frame's own."""
    at = 2
    while at + 9 < len(image) and image[at] == 0xFF:
        mark = image[at + 1]
        if mark == 0xFF:
            at += 1
        elif mark in _BARE_MARKS:
            at += 2
        elif mark in _FRAME_MARKS:
            return int.from_bytes(image[at + 7 : at + 9]), int.from_bytes(image[at + 5 : at + 7])
        else:
            at += 2 + max(2, int.from_bytes(image[at + 2 : at + 4]))
    return None


def _unpacked(image: bytes) -> Grey | PictureFaultCode:
    if len(image) > LARGEST_PICTURE_BYTES:
        return PictureFaultCode.TOO_LARGE
    size = picture_size(image)
    if size is None or 0 in size:
        return PictureFaultCode.NOT_A_PICTURE
    if size[0] * size[1] > MOST_PIXELS or image.count(_START_OF_SCAN) > _MOST_SCANS:
        return PictureFaultCode.TOO_LARGE
    try:
        grey = cv2.imdecode(np.frombuffer(image, np.uint8), cv2.IMREAD_GRAYSCALE)
    except cv2.error:
        return PictureFaultCode.NOT_A_PICTURE
    return PictureFaultCode.NOT_A_PICTURE if grey is None else np.asarray(grey, np.uint8)


def read_picture(image: bytes) -> tuple[PictureText, ...] | PictureFaultCode:
    """Return every text in a JPEG or PNG, the zone first; never raises on any bytes.

    A picture of more than 20 million pixels, or of more than 12 MiB, is refused before it is unpacked.

    >>> read_picture(b"no picture").value
    'picture_unreadable'
    """
    grey = _unpacked(image)
    if isinstance(grey, PictureFaultCode):
        return grey
    found = tuple(_texts_in(grey))
    return found or PictureFaultCode.NOTHING_FOUND


def _texts_in(grey: Grey) -> Iterator[PictureText]:
    zone = read_zone(grey)
    if zone is not None:
        yield PictureText(
            source=PictureSource.ZONE, text=zone.text, clearness=round(zone.clearness, 3), doubtful=zone.doubtful
        )
    for text in _codes_in(grey)[:_MOST_CODES]:
        if 0 < len(text) <= LONGEST_TEXT:
            yield PictureText(source=PictureSource.CODE, text=text)


def _codes_in(grey: Grey) -> list[str]:
    """Return the texts of all codes, squares before bars.

    A row through a square code can look like bars (two in a thousand of our own do): what lies inside a square is
    part of it and no code.
    """
    squares = zxingcpp.read_barcodes(grey, formats=zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.AllMatrix]))
    bars = zxingcpp.read_barcodes(grey, formats=zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.AllLinear]))
    outside = [bar for bar in bars if not any(_is_within(bar, square=square) for square in squares)]
    return [code.text for code in (*squares, *outside)]


def _is_within(bar: zxingcpp.Barcode, *, square: zxingcpp.Barcode) -> bool:
    x, y = _middle(_corners(bar))
    return bool(cv2.pointPolygonTest(np.array(_corners(square), np.float32), (x, y), measureDist=False) >= 0)


def _corners(code: zxingcpp.Barcode) -> list[tuple[int, int]]:
    at = code.position
    return [(corner.x, corner.y) for corner in (at.top_left, at.top_right, at.bottom_right, at.bottom_left)]


def _middle(corners: list[tuple[int, int]]) -> tuple[float, float]:
    return sum(x for x, _ in corners) / len(corners), sum(y for _, y in corners) / len(corners)


def documents_in_picture(image: bytes, *, today: date) -> tuple[SeenDocument, ...] | PictureFaultCode:
    """Return every text in a picture together with the document it is; for the officer to confirm."""
    texts = read_picture(image)
    return texts if isinstance(texts, PictureFaultCode) else tuple(_as_seen(seen, today=today) for seen in texts)


def _as_seen(seen: PictureText, *, today: date) -> SeenDocument:
    found = read_document(seen.text, today=today)
    if isinstance(found, DocumentFault):
        return SeenDocument(seen=seen, fault=found)
    return SeenDocument(seen=seen, document=found)
