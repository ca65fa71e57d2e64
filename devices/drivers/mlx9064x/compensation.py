"""From raw pages to degrees: the calculation of the data sheets (11.2.2, "Calculating object temperature"), at once.

The chain for each pixel: gain, offset with its drift by the chip's own and the supply's temperature, the correction
for reading in another pattern than calibrated, the compensation pixel, emissivity, sensitivity; then the fourth root
of radiance, twice: once to learn in which temperature range the object lies, once with that range's sensitivity.

The sheets divide the same quantity by sensitivity several times over. Here it is divided once: with S = V / alpha and
R = Tr^4 - (Tr^4 - Ta^4) / emissivity the first approximation is

    To = (S / (1 - k 273.15 + k (S + R)^(1/4)) + R)^(1/4),     k = KsTo of the basic range

because (alpha^3 (V + alpha R))^(1/4) = alpha (S + R)^(1/4). Everything is in kelvin until the last step.

What does not change from image to image is laid out once, in the order in which the subpages deliver it, and the
table that puts the pixels into their places mirrors the picture on the way: the chip's column 1 is the right of the
scene.
"""

from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from devices.drivers.mlx9064x.calibration import Calibration, Doubles
from devices.drivers.mlx9064x.pages import Page

ZERO_CELSIUS_K: Final = 273.15
OPEN_AIR_SHIFT_C: Final = 8.0
"""What surrounds an open sensor is colder than the chip by about this (data sheet, 11.2.2.9)."""
_NOMINAL_V: Final = 3.3
_NOMINAL_C: Final = 25.0
_PTAT_SCALE: Final = 2.0**18
_CHIP_C: Final = (-40.0, 125.0)
_SUPPLY_V: Final = (2.6, 3.9)
_OBJECT_C: Final = (-70.0, 400.0)
"""What the formula may give before it is called nonsense: the sensor is stated for -40 to 300 °C."""


class ImplausiblePageError(ValueError):
    """The page's own voltages or its temperatures are none that a sensor can have."""


class Ambient(msgspec.Struct, frozen=True, kw_only=True):
    """What the chip says of itself in one page: supply in volt, own temperature in °C, gain against calibration."""

    supply_v: float
    chip_c: float
    gain: float


def ambient_of(page: Page, *, calibration: Calibration) -> Ambient:
    """Read the chip's own state (11.2.2.1 to 11.2.2.5); ``ImplausiblePageError`` where there is none."""
    layout, words = page.layout, page.words
    v_ptat, v_be = int(words[layout.v_ptat]), int(words[layout.v_be])
    gain_now = int(words[layout.gain])
    divisor = v_ptat * calibration.alpha_ptat + v_be
    if not gain_now or not divisor:
        msg = "the page holds no measurement"
        raise ImplausiblePageError(msg)
    finer = 2.0 ** (calibration.resolution - page.resolution)
    supply_v = (finer * int(words[layout.v_dd]) - calibration.vdd_25) / calibration.k_vdd + _NOMINAL_V
    art = v_ptat / divisor * _PTAT_SCALE / ((1 + calibration.k_v_ptat * (supply_v - _NOMINAL_V)) or 1.0)
    chip_c = (art - calibration.v_ptat_25) / calibration.k_t_ptat + _NOMINAL_C
    if not (_CHIP_C[0] <= chip_c <= _CHIP_C[1] and _SUPPLY_V[0] <= supply_v <= _SUPPLY_V[1]):
        msg = f"the chip says {chip_c:.1f} °C at {supply_v:.2f} V of itself"
        raise ImplausiblePageError(msg)
    return Ambient(supply_v=supply_v, chip_c=chip_c, gain=calibration.gain / gain_now)


class Compensator:
    """Turns the pages of one image into degrees. One is made per sensor, emissivity and reading pattern.

    An image of the MLX90640 takes two pages, subpage 0 first; one of the MLX90641 a single page. ``reflected_c`` is
    the temperature of what the object reflects; None takes the chip's own less eight kelvin, as in open air.
    """

    def __init__(
        self, calibration: Calibration, *, is_chess: bool, emissivity: float, reflected_c: float | None = None
    ) -> None:
        self._calibration = calibration
        self._emissivity = emissivity
        self._reflected_c = reflected_c
        self._pairs_pages = calibration.offset.ndim == 1
        self._order = subpage_pixels(calibration, is_chess=is_chess)
        self._place = _places(self._order, calibration=calibration)
        self._mend = _mending(calibration, is_chess=is_chess)
        with np.errstate(all="ignore"):  # a pixel without sensitivity gives no number, and no picture unless mended
            self._alpha_inverse = 1.0 / self._laid_out(calibration.alpha - calibration.tgc * calibration.cp_alpha)
        self._kta = self._laid_out(calibration.kta)
        self._kv = self._laid_out(calibration.kv)
        self._pattern, self._cp_shift = self._against_pattern(is_chess=is_chess)
        self._offset = self._laid_out(calibration.offset) if self._pairs_pages else calibration.offset

    def image(self, pages: tuple[Page, ...]) -> tuple[npt.NDArray[np.float32], float]:
        """Give the picture in °C as the scene is seen, and the chip's own temperature in °C."""
        calibration = self._calibration
        ambients = [ambient_of(page, calibration=calibration) for page in pages]
        with np.errstate(all="ignore"):  # a pixel that is no number is found below
            signal, background = self._signal(pages, ambients)
            celsius = self._celsius(signal, background)
        picture = celsius.ravel()[self._place]
        for place, neighbours in self._mend:
            picture[place] = _middle([float(picture[neighbour]) for neighbour in neighbours])
        if not (_OBJECT_C[0] <= float(picture.min()) and float(picture.max()) <= _OBJECT_C[1]):
            msg = "a pixel is outside of what the sensor can measure"
            raise ImplausiblePageError(msg)
        return picture.reshape(calibration.rows, calibration.columns), ambients[-1].chip_c

    def _signal(self, pages: tuple[Page, ...], ambients: list[Ambient]) -> tuple[Doubles, Doubles]:
        """S = V / alpha of each pixel and R of each page, both in kelvin to the fourth."""
        terms = [self._terms(page, ambient) for page, ambient in zip(pages, ambients, strict=True)]
        gain, by_chip_c, by_supply_v, compensation, scale, background = np.array(terms).T[:, :, np.newaxis]
        raw = self._raw(pages)
        offset = self._offset if self._pairs_pages else self._offset[pages[0].subpage][np.newaxis, :]
        drift = (1 + self._kta * by_chip_c) * (1 + self._kv * by_supply_v)
        voltage = raw * gain - offset * drift - compensation
        if self._pattern is not None:
            voltage += self._pattern
        return voltage * self._alpha_inverse / scale, background

    def _terms(self, page: Page, ambient: Ambient) -> tuple[float, ...]:
        """What is one number for a whole page."""
        by_chip_c, by_supply_v = ambient.chip_c - _NOMINAL_C, ambient.supply_v - _NOMINAL_V
        scale = self._emissivity * (1 + self._calibration.ks_ta * by_chip_c)
        compensation = self._calibration.tgc * self._compensation(page, ambient) if self._calibration.tgc else 0.0
        return ambient.gain, by_chip_c, by_supply_v, compensation, scale, self._background(ambient.chip_c)

    def _celsius(self, signal: Doubles, background: Doubles) -> npt.NDArray[np.float32]:
        """The fourth root of radiance, twice."""
        calibration = self._calibration
        basic = calibration.basic_range
        slope = calibration.ks_to[basic]
        first_k = np.sqrt(np.sqrt(signal + background))
        first_k *= slope
        first_k += 1 - slope * ZERO_CELSIUS_K
        first_c = np.sqrt(np.sqrt(signal / first_k + background)) - ZERO_CELSIUS_K
        second_k = np.sqrt(np.sqrt(signal / self._sensitivity(first_c) + background))
        return (second_k - ZERO_CELSIUS_K).astype(np.float32)

    def _sensitivity(self, celsius: Doubles) -> Doubles:
        """Give each pixel's sensitivity, relative to the basic range's beginning, by the range in which it lies."""
        calibration = self._calibration
        basic, corners = calibration.basic_range, calibration.corner_c
        if corners[basic] <= float(celsius.min()) and float(celsius.max()) < corners[basic + 1]:
            return 1 + calibration.ks_to[basic] * (celsius - corners[basic])
        starts = np.array(corners)
        place = np.searchsorted(starts[1:], celsius, side="right")
        sensitivity: Doubles = np.array(calibration.alpha_correction)[place] * (
            1 + np.array(calibration.ks_to)[place] * (celsius - starts[place])
        )
        return sensitivity

    def _background(self, chip_c: float) -> float:
        """R: what the object reflects and the chip radiates itself."""
        reflected_c = chip_c - OPEN_AIR_SHIFT_C if self._reflected_c is None else self._reflected_c
        reflected_k4 = (reflected_c + ZERO_CELSIUS_K) ** 4
        return float(reflected_k4 - (reflected_k4 - (chip_c + ZERO_CELSIUS_K) ** 4) / self._emissivity)

    def _compensation(self, page: Page, ambient: Ambient) -> float:
        """The compensation pixel of a page (11.2.2.6): what the lens's own warmth adds to every pixel."""
        calibration = self._calibration
        offset = calibration.cp_offset[page.subpage] + (self._cp_shift if page.subpage else 0.0)
        drift = (1 + calibration.cp_kta * (ambient.chip_c - _NOMINAL_C)) * (
            1 + calibration.cp_kv * (ambient.supply_v - _NOMINAL_V)
        )
        return int(page.words[page.layout.cp[page.subpage]]) * ambient.gain - offset * drift

    def _raw(self, pages: tuple[Page, ...]) -> Doubles:
        if not self._pairs_pages:
            return pages[0].pixels[np.newaxis, :].astype(np.float64)
        return np.stack([page.words[order] for page, order in zip(pages, self._order, strict=True)]).astype(np.float64)

    def _laid_out(self, per_pixel: Doubles) -> Doubles:
        return np.stack([per_pixel[order] for order in self._order])

    def _against_pattern(self, *, is_chess: bool) -> tuple[Doubles | None, float]:
        """What to add when read in another pattern than calibrated (11.2.2.5.3); None when there is nothing."""
        calibration = self._calibration
        if is_chess == calibration.is_calibrated_in_chess or not self._pairs_pages:
            return None, 0.0
        pixel = np.arange(calibration.alpha.size)
        is_even_row = pixel // calibration.columns % 2
        conversion = ((pixel + 2) // 4 - (pixel + 3) // 4 + (pixel + 1) // 4 - pixel // 4) * (1 - 2 * is_even_row)
        of_subpage_1, of_conversion, of_row = calibration.chess
        return self._laid_out(of_row * (2 * is_even_row - 1.0) - of_conversion * conversion), of_subpage_1


def subpage_pixels(calibration: Calibration, *, is_chess: bool) -> tuple[npt.NDArray[np.int64], ...]:
    """Give the pixels that each page of an image brings, by their place in the chip's own order."""
    pixel = np.arange(calibration.alpha.size)
    if calibration.offset.ndim > 1:
        return (pixel,)
    row = pixel // calibration.columns
    belongs = (row + pixel % calibration.columns) % 2 if is_chess else row % 2
    return tuple(np.flatnonzero(belongs == subpage) for subpage in (0, 1))


def _places(order: tuple[npt.NDArray[np.int64], ...], *, calibration: Calibration) -> npt.NDArray[np.int64]:
    """For each pixel of the picture, mirrored, its place among the compensated ones."""
    delivered = np.argsort(np.concatenate(order))
    return np.ascontiguousarray(delivered.reshape(calibration.rows, calibration.columns)[:, ::-1]).ravel()


def _mending(calibration: Calibration, *, is_chess: bool) -> tuple[tuple[int, tuple[int, ...]], ...]:
    """For each deviating pixel, in the picture, the good ones beside it that were measured at the same instant.

    In the chess pattern of an MLX90640 these stand diagonally, otherwise in the same row. Should all of them
    deviate too, every good pixel around it is taken.
    """
    deviating = {*calibration.broken, *calibration.outliers}
    diagonal, around = [(-1, -1), (-1, 1), (1, -1), (1, 1)], [(0, -1), (0, 1)]
    wanted = diagonal if is_chess and calibration.offset.ndim == 1 else around
    found = []
    for pixel in sorted(deviating):
        good = _good_beside(pixel, wanted, calibration=calibration, deviating=deviating)
        good = good or _good_beside(
            pixel, [*diagonal, *around, (-1, 0), (1, 0)], calibration=calibration, deviating=deviating
        )
        found.append((_seen(pixel, calibration), tuple(_seen(one, calibration) for one in good)))
    return tuple(found)


def _good_beside(
    pixel: int, steps: list[tuple[int, int]], *, calibration: Calibration, deviating: set[int]
) -> list[int]:
    row, column = divmod(pixel, calibration.columns)
    beside = [(row + down, column + right) for down, right in steps]
    inside = [
        at_row * calibration.columns + at_column
        for at_row, at_column in beside
        if 0 <= at_row < calibration.rows and 0 <= at_column < calibration.columns
    ]
    return [one for one in inside if one not in deviating]


def _seen(pixel: int, calibration: Calibration) -> int:
    """Where a pixel of the chip stands in the picture as the scene is seen."""
    row, column = divmod(pixel, calibration.columns)
    return row * calibration.columns + calibration.columns - 1 - column


def _middle(values: list[float]) -> float:
    """The median: one neighbour on a hot edge does not pull it."""
    ordered, half = sorted(values), len(values) // 2
    if len(ordered) % 2:
        return ordered[half]
    return (ordered[half - 1] + ordered[half]) / 2 if ordered else float("nan")
