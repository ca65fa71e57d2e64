"""From raw counts to degrees: what the camera saw, less what the surroundings and the air added to it.

FLIR's own model (ThermaCAM user manual, "thermographic measurement techniques"; the same as in the R package
Thermimage and in ExifTool's notes): a body of emissivity e seen through half the air, a window and the other half
gives

    raw = e t1 w t2 P(T) + (1 - e) t1 w t2 P(T_reflected) + (1 - t1) w t2 P(T_air) + (1 - w) t2 P(T_window)
          + (1 - t2) P(T_air),              P(T) = r1 / (r2 (exp(b / T) - f)) - o

with t1 = t2 the transmission of each half of the way, from distance and humidity. The correction is one of radiance,
so it is linear in raw counts; only then is Planck's law inverted. As a picture has few different counts, the law is
inverted once for each count and looked up for each pixel.
"""

import math
from typing import Final

import numpy as np
import numpy.typing as npt

from devices.drivers.flir_jpeg.records import CameraConstants, Raw
from devices.drivers.flir_jpeg.refusal import RefusedFileError
from devices.reading import FaultCode

_ZERO_CELSIUS_K: Final = 273.15
_BELIEVABLE_C: Final = (-150.0, 2000.0)
_SCENE_K: Final = (150.0, 2000.0)
_STRETCH: Final = 8192


def celsius_of(raw: Raw, constants: CameraConstants) -> npt.NDArray[np.float32]:
    """Give degrees Celsius, rows by columns; ``RefusedFileError`` where constants or counts can give none."""
    _check(constants)
    lowest, highest = int(raw.min()), int(raw.max())
    by_count = _celsius_of_counts(np.arange(lowest, highest + 1, dtype=np.float64), constants)
    ends_c = by_count[[0, -1]]
    if not (np.isfinite(ends_c).all() and _BELIEVABLE_C[0] <= ends_c[0] <= ends_c[1] <= _BELIEVABLE_C[1]):
        raise RefusedFileError(FaultCode.IMPLAUSIBLE_FRAME, "the counts are outside what the camera's constants span")
    return _looked_up(raw, by_count, lowest=lowest)


def _looked_up(raw: Raw, by_count: npt.NDArray[np.float64], *, lowest: int) -> npt.NDArray[np.float32]:
    """Give each pixel its temperature, a stretch at a time: indices of the whole picture would cost fresh memory."""
    table = np.zeros(lowest + by_count.size, dtype=np.float32)
    table[lowest:] = by_count
    celsius = np.empty(raw.shape, dtype=np.float32)
    counts, degrees = raw.reshape(-1), celsius.reshape(-1)
    for start in range(0, counts.size, _STRETCH):
        stretch = slice(start, start + _STRETCH)
        np.take(table, counts[stretch], out=degrees[stretch], mode="clip")
    return celsius


def air_transmission(constants: CameraConstants) -> float:
    """Transmission of half the way through the air, 0 to 1, by water vapour (FLIR's polynomial) and distance."""
    air_c = constants.air_k - _ZERO_CELSIUS_K
    water = constants.humidity * math.exp(1.5587 + 6.939e-2 * air_c - 2.7816e-4 * air_c**2 + 6.8455e-7 * air_c**3)
    way, damp = math.sqrt(constants.distance_m / 2), math.sqrt(water)
    first, second = (
        math.exp(-way * (alpha + beta * damp)) for alpha, beta in zip(constants.alpha, constants.beta, strict=True)
    )
    return constants.x * first + (1 - constants.x) * second


def _celsius_of_counts(counts: npt.NDArray[np.float64], constants: CameraConstants) -> npt.NDArray[np.float64]:
    air, window, emissivity = air_transmission(constants), constants.window_transmission, constants.emissivity
    if not 0 < air <= 1:
        raise RefusedFileError(FaultCode.IMPLAUSIBLE_FRAME, f"an air transmission of {air:.3f} is impossible")
    through = air * window * air
    added = (
        (1 - emissivity) * through * _counts_of(constants.reflected_k, constants)
        + (1 - air) * (1 + window * air) * _counts_of(constants.air_k, constants)
        + (1 - window) * air * _counts_of(constants.window_k, constants)
    )
    own = (counts - added) / (emissivity * through)
    with np.errstate(all="ignore"):  # a count without a temperature is found by whoever asked
        kelvin = constants.b / np.log(constants.r1 / (constants.r2 * (own + constants.o)) + constants.f)
    celsius: npt.NDArray[np.float64] = kelvin - _ZERO_CELSIUS_K
    return celsius


def _counts_of(kelvin: float, constants: CameraConstants) -> float:
    """Planck's law in the camera's counts."""
    return constants.r1 / (constants.r2 * (math.exp(constants.b / kelvin) - constants.f)) - constants.o


def _check(constants: CameraConstants) -> None:
    """Refuse constants that no camera has, before anything is divided by them."""
    scene_k = (constants.reflected_k, constants.air_k, constants.window_k)
    sound = (
        0.01 <= constants.emissivity <= 1
        and 0 < constants.window_transmission <= 1
        and all(_SCENE_K[0] <= kelvin <= _SCENE_K[1] for kelvin in scene_k)
        and 0 <= constants.distance_m <= 10_000
        and 0 <= constants.humidity <= 1
        and constants.r1 > 0
        and constants.r2 > 0
        and 100 <= constants.b <= 10_000
        and 0 < constants.f <= 10
        and all(abs(term) < 1 for term in (*constants.alpha, *constants.beta))
        and abs(constants.x) < 10
    )
    if not sound:
        raise RefusedFileError(FaultCode.IMPLAUSIBLE_FRAME, "the camera's constants cannot be meant")
