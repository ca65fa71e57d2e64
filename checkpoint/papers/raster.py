"""Dots on a strip of paper, and how two families of label printers are told about them.

ESC/POS: ``GS v 0`` prints a raster image (Epson, ESC/POS command reference). ZPL II: ``^GFA`` holds one
as hexadecimal (Zebra, ZPL II programming guide). Neither needs a font or a code page in the printer.
"""

from enum import StrEnum

import msgspec
import numpy as np
from numpy.typing import NDArray

BITS = 8
_BAND_ROWS = 128
"""Rows sent at a time: small printers hold no more in their memory."""
_ESC, _GS = b"\x1b", b"\x1d"
_FEED_LINES = 3


class PrinterLanguage(StrEnum):
    """What a printer speaks."""

    ESC_POS = "esc_pos"
    ZPL = "zpl"


class Dots(msgspec.Struct, frozen=True, kw_only=True):
    """A one-bit picture: ``rows`` rows of ``row_bytes`` bytes, the highest bit leftmost, 1 is printed."""

    row_bytes: int
    rows: int
    bits: bytes

    @classmethod
    def from_dark(cls, dark: NDArray[np.bool_]) -> "Dots":
        """Take a picture (rows, columns), true where it is dark; the width is filled up to whole bytes."""
        packed = np.packbits(dark, axis=1)
        return cls(row_bytes=packed.shape[1], rows=packed.shape[0], bits=packed.tobytes())

    def dark(self) -> NDArray[np.bool_]:
        """Give the picture back as (rows, columns), true where a dot is printed."""
        packed = np.frombuffer(self.bits, np.uint8).reshape(self.rows, self.row_bytes)
        return np.unpackbits(packed, axis=1).astype(bool)


def printer_bytes(dots: Dots, *, language: PrinterLanguage) -> bytes:
    """Say in the printer's language: print these dots once, then cut or go to the next label."""
    return _esc_pos(dots) if language is PrinterLanguage.ESC_POS else _zpl(dots)


def _esc_pos(dots: Dots) -> bytes:
    parts = [_ESC + b"@"]
    for first in range(0, dots.rows, _BAND_ROWS):
        rows = min(_BAND_ROWS, dots.rows - first)
        band = dots.bits[first * dots.row_bytes : (first + rows) * dots.row_bytes]
        head = _GS + b"v0\x00" + dots.row_bytes.to_bytes(2, "little") + rows.to_bytes(2, "little")
        parts.append(head + band)
    parts.extend((_ESC + b"d" + bytes([_FEED_LINES]), _GS + b"VB\x00"))
    return b"".join(parts)


def _zpl(dots: Dots) -> bytes:
    total = dots.row_bytes * dots.rows
    graphic = f"^GFA,{total},{total},{dots.row_bytes},{dots.bits.hex().upper()}"
    return f"^XA^PW{dots.row_bytes * BITS}^LL{dots.rows}^FO0,0{graphic}^FS^XZ\n".encode("ascii")
