"""What a radiometric picture must be before anything is looked for in it."""

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
    top = np.sort(pixels)[-count:]
    return float(top.mean(dtype=np.float64))
