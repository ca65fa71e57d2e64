"""What a radiometric picture must be before anything is looked for in it."""

import math

import numpy as np
import numpy.typing as npt

Celsius = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

SMALLEST_SIDE_PX = 8
LARGEST_SIDE_PX = 1280
COLDEST_C = -40.0
HOTTEST_C = 300.0
"""Outside this no uncooled sensor of the catalogue measures: a pixel there means a lost byte, not a scene."""


def fault_of_frame(celsius: npt.NDArray[np.generic]) -> str | None:
    """Say why an array is no usable picture (rows by columns, degrees Celsius), or None if it is one.

    >>> fault_of_frame(np.full((24, 32), 24.0, dtype=np.float32)) is None
    True
    >>> fault_of_frame(np.full((24, 32), np.nan, dtype=np.float32))
    'a pixel is no number'
    """
    if celsius.ndim != 2 or not np.issubdtype(celsius.dtype, np.floating):
        return "not a picture of degrees"
    if min(celsius.shape) < SMALLEST_SIDE_PX or max(celsius.shape) > LARGEST_SIDE_PX:
        return "too small or too large"
    if not bool(np.isfinite(celsius).all()):
        return "a pixel is no number"
    if float(celsius.min()) < COLDEST_C or float(celsius.max()) > HOTTEST_C:
        return "a pixel is outside what the sensor can measure"
    return None


_RUN = 64
_ENOUGH_PX = 32_768


def surroundings_of(celsius: Celsius) -> float:
    """What the scene shows beside people, in °C: a fifth of the pixels are colder (nearest rank).

    Of many pixels some thousand, spread over them, tell it as well.

    >>> surroundings_of(np.arange(20, 30, dtype=np.float32).reshape(2, 5))
    22.0
    """
    pixels = celsius.reshape(-1)
    if pixels.size > _ENOUGH_PX:
        pixels = pixels[:: pixels.size // _ENOUGH_PX * 4 + 1]  # odd, so that it walks through the columns
    rank = pixels.size // 5
    return float(np.partition(pixels, rank)[rank])


def mean_of_hottest(celsius: Celsius, where: Mask, *, count: int = 4) -> float:
    """Mean of the ``count`` hottest pixels of a region, in °C; of all of them if there are fewer.

    The single maximum of n noisy pixels reads higher the more pixels there are (0.05 K noise: +0.05
    for 4, +0.125 for 100), so a near face would read hotter than a far one. The mean of the top 4
    keeps most of the hot spot and little of that bias.

    >>> picture = np.array([[30, 31, 32], [33, 34, 35], [36, 37, 38]], dtype=np.float32)
    >>> mean_of_hottest(picture, picture > 0)
    36.5
    """
    pixels = celsius[where]
    if pixels.size == 0:
        msg = "a region without pixels has no temperature"
        raise ValueError(msg)
    top = hottest_of(pixels, count=count)
    return float(top.mean(dtype=np.float64))


def hottest_of(pixels: Celsius, *, count: int) -> Celsius:
    """Give the ``count`` largest of a row of pixels, in any order; all of them if there are fewer.

    They lie in the ``count`` runs of 64 whose largest are largest: only these are searched.

    >>> sorted(hottest_of(np.arange(1000, dtype=np.float32), count=2).tolist())
    [998.0, 999.0]
    """
    whole = pixels.size // _RUN * _RUN
    if whole > _RUN * count:
        runs = pixels[:whole].reshape(-1, _RUN)
        best = np.argpartition(runs.max(axis=1), -count)[-count:]
        pixels = np.concatenate([runs[best].ravel(), pixels[whole:]])
    return np.partition(pixels, -count)[-count:] if pixels.size > count else pixels


def percentile(pixels: npt.NDArray[np.floating], percent: float) -> float:
    """Give the value below which so many of 100 pixels lie, between neighbours in proportion; 50 is the median.

    As numpy's, whose own general one takes ten times as long on the few pixels of an eye or of a reference body.

    >>> percentile(np.array([[1, 2], [3, 10]], dtype=np.float32), 50)
    2.5
    """
    place = (pixels.size - 1) * percent / 100
    rank = int(place)
    ranked = np.partition(pixels, (rank, min(rank + 1, pixels.size - 1)), axis=None)
    low, high = float(ranked[rank]), float(ranked[min(rank + 1, pixels.size - 1)])
    return low + (place - rank) * (high - low)


def sparse(celsius: Celsius) -> Celsius:
    """Give every second pixel of a small picture and fewer of a large one: about 5000, enough for a median.

    >>> sparse(np.zeros((120, 160), dtype=np.float32)).shape, sparse(np.zeros((512, 640), dtype=np.float32)).shape
    ((60, 80), (64, 80))
    """
    every = max(2, min(celsius.shape) // 60)
    return celsius[::every, ::every]


def noise_between(before: Celsius, after: Celsius) -> float:
    """Noise of one pixel in one picture (standard deviation, K), from how two pictures in a row differ.

    From the median deviation, so that somebody who moves through a third of the picture does not count as noise.

    >>> still = np.full((24, 32), 22.0, dtype=np.float32)
    >>> noise_between(still, still + np.float32(0.4))
    0.0
    """
    changes = sparse(after) - sparse(before)
    away = np.abs(changes - percentile(changes, 50))
    return 1.4826 * percentile(away, 50) / math.sqrt(2.0)
