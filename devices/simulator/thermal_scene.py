"""What a thermal array would see at a lane: an empty room, or one head before it.

A seeded first form: a head is an ellipse, warm at the inner face and cooler towards its edge, on a
wall at room temperature, with noise of at most a tenth of a degree. Its hottest part is a small
patch at the inner corners of the eyes, so that the maximum of the face is the temperature that was
asked for. ``physical_scene`` shows the same people with optics, radiance and drift; nothing here is a measurement.
"""

from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

ROWS: Final = 24
COLUMNS: Final = 32

_NOISE_C: Final = 0.1
_NOISE_SIGMA_C: Final = 0.05
_FACE_BELOW_EYES_C: Final = 0.5
_EDGE_BELOW_FACE_C: Final = 2.5
_GLASSES_BELOW_EYES_C: Final = 4.0
_HALF_WIDTH_PX: Final = 5.5
_HALF_HEIGHT_PX: Final = 7.5
_REFERENCE_AT: Final = (slice(19, 22), slice(1, 5))
"""Where a reference body stands: twelve pixels in the lower left, which no head of any seed covers."""


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Who stands there, as far as heat goes. Glasses are opaque to it: the forehead is then the hottest part."""

    skin_c: float
    glasses: bool = False


class ThermalScene:
    """Pictures of one place, 24 rows by 32 columns, as the scene is seen. The same seed gives the same pictures."""

    def __init__(self, *, seed: int, reference_c: float | None = None, sensor_offset_c: float = 0.0) -> None:
        """Begin with the place empty; the heads of a seed stand a little beside the middle.

        ``reference_c``: a reference body of that true temperature stands in view. The sensor shows
        everything, the body too, ``sensor_offset_c`` warmer than it is.
        """
        self._reference_c = reference_c
        self._sensor_offset_c = sensor_offset_c
        self._random = np.random.default_rng(seed)
        self._rows, self._columns = np.mgrid[0:ROWS, 0:COLUMNS].astype(np.float64)
        self._middle = (12.0, 16.0)

    def let_stand(self) -> None:
        """Place the next person: nobody stands twice on the same spot."""
        self._middle = (12.0 + self._random.uniform(-1.5, 1.5), 16.0 + self._random.uniform(-5.0, 5.0))

    def picture(self, person: Person | None, *, ambient_c: float) -> npt.NDArray[np.float64]:
        """Give the next picture in degrees Celsius, 24 x 32."""
        celsius = np.full((ROWS, COLUMNS), ambient_c)
        if person is not None:
            self._draw(person, onto=celsius, ambient_c=ambient_c)
        if self._reference_c is not None:
            celsius[_REFERENCE_AT] = self._reference_c
        noise = self._random.normal(0.0, _NOISE_SIGMA_C, celsius.shape)
        return celsius + np.clip(noise, -_NOISE_C, _NOISE_C) + self._sensor_offset_c

    def _draw(self, person: Person, *, onto: npt.NDArray[np.float64], ambient_c: float) -> None:
        middle_row, middle_column = self._middle
        down = (self._rows - middle_row) / _HALF_HEIGHT_PX
        across = (self._columns - middle_column) / _HALF_WIDTH_PX
        from_middle = np.hypot(down, across)
        is_head = from_middle <= 1.0
        face_c = person.skin_c - _FACE_BELOW_EYES_C - _EDGE_BELOW_FACE_C * from_middle**2
        onto[is_head] = np.maximum(face_c, min(ambient_c, person.skin_c))[is_head]
        eyes = (
            slice(round(middle_row) - 2, round(middle_row)),
            slice(round(middle_column) - 2, round(middle_column) + 3),
        )
        if person.glasses:
            onto[eyes] = np.maximum(person.skin_c - _GLASSES_BELOW_EYES_C, ambient_c)
        else:
            onto[eyes] = person.skin_c
