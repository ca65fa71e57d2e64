"""The telemetry lines that a Lepton puts beside each picture (engineering data sheet 500-0659-00-09, tables 2 and 3).

Three lines of 80 words of 16 bits: A, B and C. Words are counted through all three here, so that word 208 is word 48
of line C. They say whether the pixels are temperatures at all, and whether the shutter has just moved.
"""

from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

Counts = npt.NDArray[np.uint16]

TELEMETRY_WORDS: Final = 240
ROW_C_FROM: Final = 160

_STATUS_LOW, _STATUS_HIGH = 3, 4
_TIME_LOW, _TIME_HIGH = 1, 2
_LAST_FFC_LOW, _LAST_FFC_HIGH = 30, 31
_HOUSING_K100: Final = 26
_TLINEAR, _RESOLUTION = 208, 209
_SPOT_MEAN, _SPOT_MAX, _SPOT_MIN, _SPOT_COUNT = 210, 211, 212, 213
_SPOT_Y1, _SPOT_X1, _SPOT_Y2, _SPOT_X2 = 214, 215, 216, 217
_FFC_DONE: Final = 3
_FFC_NAMES: Final = ("was never done since power-on", "is imminent", "is running", "is done")
_WRAP_MS: Final = 1 << 32


class Spot(msgspec.Struct, frozen=True, kw_only=True):
    """The camera's own summary of a window of pixels, in counts; both corners belong to it."""

    mean: int
    highest: int
    lowest: int
    count: int
    top: int
    left: int
    bottom: int
    right: int

    def contradiction(self, counts: Counts) -> str | None:
        """Say how the pixels contradict it, or None if they agree or it names no window inside the picture.

        The camera cuts the mean's fraction off, as far as was seen; one count is allowed.
        """
        rows, columns = counts.shape
        if not (0 <= self.top <= self.bottom < rows and 0 <= self.left <= self.right < columns and self.count):
            return None
        window = counts[self.top : self.bottom + 1, self.left : self.right + 1]
        seen = int(window.max()), int(window.min()), int(window.size)
        told = self.highest, self.lowest, self.count
        if seen != told or abs(float(window.mean(dtype=np.float64)) - self.mean) > 1:
            return f"the spot words say {told} of pixels that are {seen}"
        return None


class Telemetry(msgspec.Struct, frozen=True, kw_only=True):
    """What the camera says of one picture. ``since_ffc_s`` is None where it was never corrected.

    ``on_for_s`` begins anew after 49.7 days (2^32 milliseconds).
    """

    on_for_s: float
    ffc_state: int
    is_agc: bool
    is_shutter_locked: bool
    is_overheating: bool
    since_ffc_s: float | None
    housing_c: float
    is_tlinear: bool
    kelvin_a_count: float
    spot: Spot

    @property
    def ffc_name(self) -> str:
        """How the flat-field correction stands, in words that follow its name."""
        return _FFC_NAMES[self.ffc_state]

    @property
    def is_ffc_done(self) -> bool:
        """Whether the shutter has done its work and is open."""
        return self.ffc_state == _FFC_DONE


def read_telemetry(words: Counts) -> Telemetry:
    """Read at least 240 words, lines A, B and C."""
    status = int(words[_STATUS_LOW]) | int(words[_STATUS_HIGH]) << 16
    state = (status >> 4) & 3
    now_ms = int(words[_TIME_LOW]) | int(words[_TIME_HIGH]) << 16
    last_ms = int(words[_LAST_FFC_LOW]) | int(words[_LAST_FFC_HIGH]) << 16
    return Telemetry(
        on_for_s=now_ms / 1000,
        ffc_state=state,
        is_agc=bool(status >> 12 & 1),
        is_shutter_locked=bool(status >> 15 & 1),
        is_overheating=bool(status >> 20 & 1),
        since_ffc_s=(now_ms - last_ms) % _WRAP_MS / 1000 if state == _FFC_DONE and now_ms and last_ms else None,
        housing_c=int(words[_HOUSING_K100]) / 100 - 273.15,
        is_tlinear=int(words[_TLINEAR]) == 1,
        kelvin_a_count=0.01 if int(words[_RESOLUTION]) == 1 else 0.1,
        spot=Spot(
            mean=int(words[_SPOT_MEAN]),
            highest=int(words[_SPOT_MAX]),
            lowest=int(words[_SPOT_MIN]),
            count=int(words[_SPOT_COUNT]),
            top=int(words[_SPOT_Y1]),
            left=int(words[_SPOT_X1]),
            bottom=int(words[_SPOT_Y2]),
            right=int(words[_SPOT_X2]),
        ),
    )
