"""An InfiRay P2 Pro as bytes: the preview above, the temperatures below."""

import numpy as np
import numpy.typing as npt

ROWS, COLUMNS = 192, 256


def infiray_frame(celsius: npt.NDArray[np.float64]) -> bytes:
    """Give one frame of 196,608 bytes for 192 x 256 temperatures in °C."""
    preview = np.full((ROWS, COLUMNS), 0x8080, dtype="<u2")
    counts = np.rint((celsius + 273.15) * 64).astype("<u2")
    return preview.tobytes() + counts.tobytes()
