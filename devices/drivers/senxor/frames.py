"""What stands in a ``GFRA`` packet: reserved bytes, perhaps a header row, and pixels in tenths of a kelvin.

Which of the arrays sent it, and whether with a header row, shows in the length alone::

    80 x 62    10240 with, 10080 without a header row
    160 x 120  39680 with, 39360 without
    50 x 50     5200 with; the maker's package maps a form without header to the same length

A pixel is an unsigned word of 16 bits, little-endian: °C = v / 10 - 273.15. Source: pysenxor-lite
3.1.6 ``interface/serial_port/parser.py`` and ``proc.py``.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from devices.reading import FaultCode

_WORD: Final = np.dtype("<u2")
_ZERO_C_DECI_K: Final = np.float32(273.15)
_PIXEL_DECI_K: Final = (2331, 4232)
"""Plausible pixels: -40 to 150 °C. Raw counts, tenths of °C (365 = -236 °C) and of °F fall outside of it."""


class FrameShape(msgspec.Struct, frozen=True, kw_only=True):
    """One form of a frame: picture size, and the byte at which the pixels begin."""

    rows: int
    columns: int
    pixels_at: int
    has_header: bool


FRAMES: Final[Mapping[int, FrameShape]] = MappingProxyType(
    {
        10240: FrameShape(rows=62, columns=80, pixels_at=320, has_header=True),
        10080: FrameShape(rows=62, columns=80, pixels_at=160, has_header=False),
        39680: FrameShape(rows=120, columns=160, pixels_at=1280, has_header=True),
        39360: FrameShape(rows=120, columns=160, pixels_at=960, has_header=False),
        5200: FrameShape(rows=50, columns=50, pixels_at=200, has_header=True),
    }
)
"""By the number of bytes between ``GFRA`` and the checksum."""


def picture_in(content: bytes) -> npt.NDArray[np.float32] | tuple[FaultCode, str]:
    """Read the pixels in °C, rows by columns, or say why they are no temperatures."""
    shape = FRAMES[len(content)]
    words = np.frombuffer(content, dtype=_WORD, offset=shape.pixels_at)
    coldest, hottest = int(words.min()), int(words.max())
    if coldest == hottest == 0:
        return FaultCode.NOT_MEASURED, "every pixel is zero"
    if coldest < _PIXEL_DECI_K[0] or hottest > _PIXEL_DECI_K[1]:
        return (
            FaultCode.IMPLAUSIBLE_FRAME,
            "a pixel is not from -40 to 150 °C in tenths of a kelvin",
        )
    celsius = words.reshape(shape.rows, shape.columns) / np.float32(10) - _ZERO_C_DECI_K
    return celsius.astype(np.float32, copy=False)
