"""The memory of an MLX90641 read into physical constants (data sheet revision 4, 11.2.2 "Restoring calibration").

Every word from 0x2410 on is protected by a Hamming code. The compensation pixel's Kta and Kv are six bits wide, as
the data sheet's map has them.
"""

from typing import Final

import numpy as np

from devices.drivers.mlx9064x.calibration import Calibration, CalibrationError, Doubles, Words, check_divisors, field
from devices.drivers.mlx9064x.hamming import content_of

ROWS: Final = 12
COLUMNS: Final = 16
PIXELS: Final = ROWS * COLUMNS
MOST_BROKEN: Final = 1
"""Data sheet, "False pixel correction"."""
_FIRST_PROTECTED: Final = 0x10
_IS_90641: Final = 0x0040
_PIXELS_A_BAND: Final = 32
_LARGEST_SCALE: Final = 64


def read_90641(raw: Words) -> Calibration:
    """Restore the calibration from 832 words as read; ``CalibrationError`` for a memory that cannot be meant."""
    words = _decoded(raw)
    if not int(words[10]) & _IS_90641:
        msg = "the memory is not that of an MLX90641"
        raise CalibrationError(msg)
    broken = _broken(words)
    cp_offset = _double(words, 47, signed=True)
    return check_divisors(
        Calibration(
            rows=ROWS,
            columns=COLUMNS,
            k_vdd=32.0 * _signed(words, 39),
            vdd_25=32.0 * _signed(words, 38),
            k_v_ptat=_signed(words, 43) / 4096,
            k_t_ptat=_signed(words, 42) / 8,
            v_ptat_25=_double(words, 40, signed=False),
            alpha_ptat=int(words[44]) / 128,
            gain=_double(words, 36, signed=True),
            resolution=int(field(words[51], low=9, width=2)),
            ks_ta=_signed(words, 34) / 32768,
            corner_c=(-40.0, -20.0, 0.0, 80.0, 120.0, float(words[58]), float(words[60]), float(words[62])),
            ks_to=tuple(_signed(words, at) / _power_of_two(words[52]) for at in (53, 54, 55, 56, 57, 59, 61, 63)),
            basic_range=2,
            tgc=int(field(words[51], low=0, width=9, signed=True)) / 64,
            cp_alpha=_signed(words, 45) / _power_of_two(words[46]),
            cp_offset=(cp_offset, cp_offset),
            cp_kta=_scaled(int(words[49])),
            cp_kv=_scaled(int(words[50])),
            offset=_offset(words),
            alpha=_alpha(words),
            kta=_coefficient(words, average_at=21, low=5, width=6),
            kv=_coefficient(words, average_at=23, low=0, width=5),
            broken=broken,
        )
    )


def _decoded(raw: Words) -> Words:
    contents, beyond = content_of(raw[_FIRST_PROTECTED:].astype(np.uint16))
    if beyond:
        msg = f"{beyond} words of the memory have more wrong bits than their code can mend"
        raise CalibrationError(msg)
    return np.concatenate([raw[:_FIRST_PROTECTED], contents.astype(np.int64)])


def _broken(words: Words) -> tuple[int, ...]:
    """Find pixels of which every word is zero."""
    of_pixels = words[64 : 64 + 4 * PIXELS].reshape(4, PIXELS)
    broken = tuple(np.flatnonzero((of_pixels == 0).all(axis=0)).tolist())
    if len(broken) > MOST_BROKEN:
        msg = f"{len(broken)} broken pixels; at most {MOST_BROKEN} leaves the factory"
        raise CalibrationError(msg)
    return broken


def _signed(words: Words, at: int) -> int:
    return int(field(words[at], low=0, width=11, signed=True))


def _power_of_two(word: Words) -> float:
    """Read a scale; one beyond all reason makes its constant vanish instead of overflowing."""
    return 2.0 ** min(int(word), _LARGEST_SCALE)


def _double(words: Words, at: int, *, signed: bool) -> float:
    """Join two words of content: the upper eleven bits and the lower five."""
    joined = (32 * int(words[at]) + int(words[at + 1])) & 0xFFFF
    return float(field(joined, low=0, width=16, signed=signed))


def _scaled(word: int) -> float:
    return int(field(word, low=0, width=6, signed=True)) / 2.0 ** int(field(word, low=6, width=5))


def _offset(words: Words) -> Doubles:
    """Per subpage: 2 x 192."""
    scale = int(field(words[16], low=5, width=6))
    own = np.stack([words[64 : 64 + PIXELS], words[640 : 640 + PIXELS]])
    counts = (field(own, low=0, width=11, signed=True) << min(scale, 32)) + int(_double(words, 17, signed=True))
    return counts.astype(np.float64)


def _alpha(words: Words) -> Doubles:
    scales = np.stack([field(words[25:28], low=5, width=6), field(words[25:28], low=0, width=5)], axis=-1).ravel() + 20
    highest = words[28:34] / 2.0**scales
    own = words[256 : 256 + PIXELS].reshape(-1, _PIXELS_A_BAND) / 2047
    return (own * highest[:, np.newaxis]).ravel()


def _coefficient(words: Words, *, average_at: int, low: int, width: int) -> Doubles:
    """Kta and Kv share a word in each pixel, and are scaled alike."""
    scales = words[average_at + 1]
    own = field(words[448 : 448 + PIXELS], low=low, width=width, signed=True)
    spread = own * 2.0 ** int(field(scales, low=0, width=5)) + _signed(words, average_at)
    return np.asarray(spread / 2.0 ** int(field(scales, low=5, width=6)), dtype=np.float64)
