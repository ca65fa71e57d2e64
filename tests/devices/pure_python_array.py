"""Adafruit's pure-Python MLX90640 fed with recorded words: a second opinion, and the yardstick of the benchmark.

Nothing of it is changed: it is built without a bus and given the words that it would have read.
"""

import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import adafruit_mlx90640

CELLS = (
    "alpha",
    "offset",
    "kta",
    "kv",
    "brokenPixels",
    "outlierPixels",
    "ksTo",
    "ct",
    "cpAlpha",
    "cpOffset",
    "ilChessC",
)


class PurePythonArray(adafruit_mlx90640.MLX90640):
    """One sensor of that library; its lists are class-wide there, and a sensor's own here."""

    def __init__(self, memory):
        for name in CELLS:
            setattr(self, name, list(getattr(adafruit_mlx90640.MLX90640, name)))
        self.brokenPixels, self.outlierPixels = [], []
        adafruit_mlx90640.eeData[:] = [int(word) for word in memory]
        self._ExtractParameters()

    def image(self, halves, *, emissivity):
        """768 temperatures from two pages of 832 words, each with control register 1 and subpage behind it."""
        celsius = [0.0] * 768
        for half in halves:
            reflected_c = self._GetTa(half) - adafruit_mlx90640.OPENAIR_TA_SHIFT
            self._CalculateTo(half, emissivity, reflected_c, celsius)
        return celsius
