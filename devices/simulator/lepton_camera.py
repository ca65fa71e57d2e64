"""A Lepton as bytes: raw frames with their telemetry lines, and the messages of a tCam.

Written from the engineering data sheet and the tCam's readme, apart from the drivers.
"""

import base64
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

Counts = npt.NDArray[np.uint16]

GOOD_STATUS: Final = 0x0830
AGC_STATUS: Final = 0x1830
_WORDS: Final = 240


class LeptonState(msgspec.Struct, frozen=True, kw_only=True):
    """How the camera is while it takes a picture. ``spot`` is top, left, bottom, right, all of them inside."""

    status: int = GOOD_STATUS
    since_ffc_ms: int = 60_000
    now_ms: int = 7_200_000
    is_tlinear: bool = True
    is_fine: bool = True
    housing_c: float = 31.0
    spot: tuple[int, int, int, int] = (59, 79, 60, 80)


def counts_of(celsius: npt.NDArray[np.float64], state: LeptonState) -> Counts:
    """Give the words for a picture in °C: hundredths or tenths of a kelvin."""
    return np.rint((celsius + 273.15) * (100 if state.is_fine else 10)).astype(np.uint16)


def telemetry(counts: Counts, state: LeptonState) -> Counts:
    """Give lines A, B and C, 240 words."""
    words = np.zeros(_WORDS, dtype=np.uint16)
    words[0] = 0x0E00
    _put(words, 1, state.now_ms)
    _put(words, 3, state.status)
    words[24] = words[26] = round((state.housing_c + 273.15) * 100)
    _put(words, 30, state.now_ms - state.since_ffc_ms)
    words[99] = 8028
    words[208], words[209] = int(state.is_tlinear), int(state.is_fine)
    top, left, bottom, right = state.spot
    window = counts[top : bottom + 1, left : right + 1]
    words[210:214] = int(window.mean()), window.max(), window.min(), window.size
    words[214:218] = state.spot
    return words


def uvc_frame(
    celsius: npt.NDArray[np.float64], state: LeptonState | None = None, *, has_telemetry: bool = True
) -> bytes:
    """Give one Y16 frame: the picture's rows, and the rows of telemetry filled up with zeros."""
    state = state or LeptonState()
    counts = counts_of(celsius, state)
    if not has_telemetry:
        return counts.astype("<u2").tobytes()
    columns = counts.shape[1]
    lines = telemetry(counts, state)
    filled = np.pad(lines, (0, -lines.size % columns))
    if columns == 160:
        filled = np.pad(lines, (0, 2 * columns - lines.size))
    return counts.astype("<u2").tobytes() + filled.astype("<u2").tobytes()


def tcam_message(celsius: npt.NDArray[np.float64], state: LeptonState | None = None) -> bytes:
    """Give one picture as a tCam sends it, framed."""
    state = state or LeptonState()
    counts = counts_of(celsius, state)
    fields = {
        "metadata": {
            "Camera": "tCam-Mini-0000",
            "Date": "3/1/26",
            "Model": 2,
            "Time": "09:45:00.000",
            "Version": "1.0",
        },
        "radiometric": _base64(counts),
        "telemetry": _base64(telemetry(counts, state)),
    }
    return b"\x02" + msgspec.json.encode(fields) + b"\x03"


def _base64(words: Counts) -> str:
    return base64.b64encode(words.astype("<u2").tobytes()).decode("ascii")


def _put(words: Counts, place: int, value: int) -> None:
    """Write 32 bits, the lower word first."""
    words[place], words[place + 1] = value & 0xFFFF, value >> 16
