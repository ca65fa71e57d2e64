"""What the memory of one sensor says of it, in physical units; the two chips differ only in how it is packed."""

import math
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.int64]
Doubles = npt.NDArray[np.float64]

EEPROM_WORDS: Final = 832


class CalibrationError(ValueError):
    """The memory is not that of such a sensor, or not to be believed."""


class Calibration(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """One sensor's constants, named as in the data sheets; per-pixel arrays are flat, in the chip's own order.

    ``offset`` and the two of the compensation pixel (``cp_``) are per subpage. ``basic_range`` is the temperature
    range in which sensitivity was calibrated; ``corner_c[i]`` is where range ``i`` begins, in °C.
    """

    rows: int
    columns: int
    k_vdd: float
    vdd_25: float
    k_v_ptat: float
    k_t_ptat: float
    v_ptat_25: float
    alpha_ptat: float
    gain: float
    resolution: int
    ks_ta: float
    corner_c: tuple[float, ...]
    ks_to: tuple[float, ...]
    basic_range: int
    tgc: float
    cp_alpha: float
    cp_offset: tuple[float, float]
    cp_kta: float
    cp_kv: float
    offset: Doubles
    alpha: Doubles
    kta: Doubles
    kv: Doubles
    broken: tuple[int, ...]
    outliers: tuple[int, ...] = ()
    is_calibrated_in_chess: bool = True
    chess: tuple[float, float, float] = (0.0, 0.0, 0.0)

    @property
    def alpha_correction(self) -> tuple[float, ...]:
        """How sensitivity changes from the basic range to the beginning of each other range."""
        factors = [1.0] * len(self.corner_c)
        for place in range(self.basic_range + 1, len(factors)):
            width_c = self.corner_c[place] - self.corner_c[place - 1]
            factors[place] = factors[place - 1] * (1 + self.ks_to[place - 1] * width_c)
        for place in range(self.basic_range - 1, -1, -1):
            width_c = self.corner_c[place + 1] - self.corner_c[place]
            divisor = 1 + self.ks_to[place] * width_c
            factors[place] = factors[place + 1] / divisor if divisor else math.nan
        return tuple(factors)


def check_divisors(calibration: Calibration) -> Calibration:
    """Give it back unless a constant that divides is zero, as in an empty memory: ``CalibrationError``."""
    if 0.0 in {calibration.gain, calibration.k_vdd, calibration.k_t_ptat}:
        msg = "the memory is empty: a constant that divides is zero"
        raise CalibrationError(msg)
    return calibration


def field(words: Words | int, *, low: int, width: int, signed: bool = False) -> Words:
    """Cut ``width`` bits from bit ``low`` upwards out of each word; two's complement where ``signed``.

    >>> int(field(0xF2BB, low=8, width=8, signed=True)), int(field(0xF2BB, low=0, width=4))
    (-14, 11)
    """
    cut = (np.asarray(words, dtype=np.int64) >> low) & ((1 << width) - 1)
    if not signed:
        return cut
    half: int = 1 << (width - 1)
    return (cut ^ half) - half
