"""The memory of an MLX90640 read into physical constants (data sheet revision 12, 11.2.2 "Restoring calibration")."""

from typing import Final

import numpy as np

from devices.drivers.mlx9064x.calibration import Calibration, CalibrationError, Doubles, Words, check_divisors, field

ROWS: Final = 24
COLUMNS: Final = 32
PIXELS: Final = ROWS * COLUMNS
MOST_DEVIATING: Final = 4
"""Data sheet, "False pixel correction": no sensor leaves the factory with more."""
_FIRST_PIXEL: Final = 0x40
_IS_90641: Final = 0x0040


def read_90640(words: Words) -> Calibration:
    """Restore the calibration from 832 words; ``CalibrationError`` for a memory that cannot be meant."""
    if int(words[10]) & _IS_90641:
        msg = "the memory is that of an MLX90641"
        raise CalibrationError(msg)
    pixels = words[_FIRST_PIXEL : _FIRST_PIXEL + PIXELS]
    broken, outliers = _deviating(pixels)
    cp_alpha, cp_offset = _compensation_pixel(words)
    return check_divisors(
        Calibration(
            rows=ROWS,
            columns=COLUMNS,
            k_vdd=32.0 * int(field(words[51], low=8, width=8, signed=True)),
            vdd_25=(int(field(words[51], low=0, width=8)) - 256) * 32.0 - 8192.0,
            k_v_ptat=int(field(words[50], low=10, width=6, signed=True)) / 4096,
            k_t_ptat=int(field(words[50], low=0, width=10, signed=True)) / 8,
            v_ptat_25=float(words[49]),
            alpha_ptat=int(field(words[16], low=12, width=4)) / 4 + 8,
            gain=float(field(words[48], low=0, width=16, signed=True)),
            resolution=int(field(words[56], low=12, width=2)),
            ks_ta=int(field(words[60], low=8, width=8, signed=True)) / 8192,
            corner_c=_corners(int(words[63])),
            ks_to=_slopes(words),
            basic_range=1,
            tgc=int(field(words[60], low=0, width=8, signed=True)) / 32,
            cp_alpha=sum(cp_alpha) / 2,
            cp_offset=cp_offset,
            cp_kta=int(field(words[59], low=0, width=8, signed=True))
            / 2 ** (int(field(words[56], low=4, width=4)) + 8),
            cp_kv=int(field(words[59], low=8, width=8, signed=True)) / 2 ** int(field(words[56], low=8, width=4)),
            offset=_offset(words, pixels),
            alpha=_alpha(words, pixels),
            kta=_kta(words, pixels),
            kv=_kv(words),
            broken=broken,
            outliers=outliers,
            is_calibrated_in_chess=not int(words[10]) & 0x0800,
            chess=_chess(int(words[53])),
        )
    )


def _deviating(pixels: Words) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Find pixels that failed (word 0) and those out of calibration (lowest bit)."""
    broken = tuple(np.flatnonzero(pixels == 0).tolist())
    outliers = tuple(np.flatnonzero((pixels != 0) & (pixels & 1 != 0)).tolist())
    if len(broken) + len(outliers) > MOST_DEVIATING:
        msg = f"{len(broken)} broken and {len(outliers)} outlying pixels; at most {MOST_DEVIATING} leave the factory"
        raise CalibrationError(msg)
    return broken, outliers


def _nibbles(words: Words) -> Words:
    """Unpack signed nibbles, lowest first: four rows or columns a word."""
    return np.stack([field(words, low=low, width=4, signed=True) for low in (0, 4, 8, 12)], axis=-1).ravel()


def _by_row_and_column(words: Words, *, first: int, scales: int) -> Words:
    """Sum the parts of rows and columns, 24 x 32, as offset and sensitivity are both packed."""
    rows = _nibbles(words[first : first + 6]) << int(field(scales, low=8, width=4))
    columns = _nibbles(words[first + 6 : first + 14]) << int(field(scales, low=4, width=4))
    return rows[:, np.newaxis] + columns[np.newaxis, :]


def _offset(words: Words, pixels: Words) -> Doubles:
    scales = int(words[16])
    average = int(field(words[17], low=0, width=16, signed=True))
    own = field(pixels, low=10, width=6, signed=True) << int(field(scales, low=0, width=4))
    return (average + _by_row_and_column(words, first=18, scales=scales).ravel() + own).astype(np.float64)


def _alpha(words: Words, pixels: Words) -> Doubles:
    scales = int(words[32])
    own = field(pixels, low=4, width=6, signed=True) << int(field(scales, low=0, width=4))
    counts = int(words[33]) + _by_row_and_column(words, first=34, scales=scales).ravel() + own
    alpha: Doubles = counts / 2.0 ** (int(field(scales, low=12, width=4)) + 30)
    return alpha


def _by_parity(four: tuple[int, int, int, int]) -> Words:
    """Lay out values of (odd row, odd column), (odd, even), (even, odd), (even, even), counted from 1 as there."""
    square = np.array(four, dtype=np.int64).reshape(2, 2)
    return np.tile(square, (ROWS // 2, COLUMNS // 2)).ravel()


def _kta(words: Words, pixels: Words) -> Doubles:
    odd_odd, even_odd = (int(field(words[54], low=low, width=8, signed=True)) for low in (8, 0))
    odd_even, even_even = (int(field(words[55], low=low, width=8, signed=True)) for low in (8, 0))
    own = field(pixels, low=1, width=3, signed=True) << int(field(words[56], low=0, width=4))
    counts = _by_parity((odd_odd, odd_even, even_odd, even_even)) + own
    kta: Doubles = counts / 2.0 ** (int(field(words[56], low=4, width=4)) + 8)
    return kta


def _kv(words: Words) -> Doubles:
    odd_odd, even_odd, odd_even, even_even = (
        int(field(words[52], low=low, width=4, signed=True)) for low in (12, 8, 4, 0)
    )
    kv: Doubles = _by_parity((odd_odd, odd_even, even_odd, even_even)) / 2.0 ** int(field(words[56], low=8, width=4))
    return kv


def _compensation_pixel(words: Words) -> tuple[tuple[float, float], tuple[float, float]]:
    scale = 2.0 ** (int(field(words[32], low=12, width=4)) + 27)
    alpha = int(field(words[57], low=0, width=10, signed=True)) / scale
    ratio = int(field(words[57], low=10, width=6, signed=True))
    offset = float(field(words[58], low=0, width=10, signed=True))
    difference = float(field(words[58], low=10, width=6, signed=True))
    return (alpha, alpha * (1 + ratio / 128)), (offset, offset + difference)


def _corners(word: int) -> tuple[float, ...]:
    step_c = 10.0 * int(field(word, low=12, width=2))
    third_c = step_c * int(field(word, low=4, width=4))
    return (-40.0, 0.0, third_c, third_c + step_c * int(field(word, low=8, width=4)))


def _slopes(words: Words) -> tuple[float, ...]:
    scale = 2.0 ** (int(field(words[63], low=0, width=4)) + 8)
    packed = ((61, 0), (61, 8), (62, 0), (62, 8))
    return tuple(int(field(words[at], low=low, width=8, signed=True)) / scale for at, low in packed)


def _chess(word: int) -> tuple[float, float, float]:
    """What is to be corrected when the sensor reads in another pattern than it was calibrated in."""
    return (
        int(field(word, low=0, width=6, signed=True)) / 16,
        int(field(word, low=6, width=5, signed=True)) / 2,
        int(field(word, low=11, width=5, signed=True)) / 8,
    )
