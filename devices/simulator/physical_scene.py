"""A lane as physics, told whom to show: the scene of the demonstration's and the drill's simulated arrays.

``devices.simulator.physics`` knows bodies, radiance and a camera; here a person of a wanted skin temperature becomes
such a body. ``skin_c`` is the truth at the inner corner of the eye. What the array shows is colder by what its
optics spread and the skin does not emit: about half a kelvin at 32 x 24 pixels (measured in the tests).
"""

from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from devices.simulator.physics import (
    AMBIENT_SLOPE,
    CANTHUS_BELOW_CORE_C,
    REFERENCE_AMBIENT_C,
    Body,
    Camera,
    PhysicsScene,
    ReferenceDisc,
    Room,
)
from devices.simulator.thermal_scene import COLUMNS, ROWS, Person

ARRAY: Final = Camera(rows=ROWS, columns=COLUMNS, noise_c=0.05, point_spread_px=0.35, drift_step_c=0.0005)


class PhysicalScene:
    """Pictures of one lane by a small array, 24 rows by 32 columns. The same seed and calls give the same pictures."""

    def __init__(self, *, seed: int, reference_c: float | None = None, sensor_offset_c: float = 0.0) -> None:
        """Begin with an empty lane; a reference body of that temperature stands in view where one is given."""
        self._random = np.random.default_rng(seed)
        self._lane = PhysicsScene(
            seed=seed,
            camera=msgspec.structs.replace(ARRAY, offset_c=sensor_offset_c),
            reference=None if reference_c is None else ReferenceDisc(set_c=reference_c, down=0.85, across=0.1),
        )
        self._down, self._across = 0.5, 0.5

    def let_stand(self) -> None:
        """Place the next person: nobody stands twice on the same spot."""
        self._down = float(self._random.uniform(0.46, 0.56))
        self._across = float(self._random.uniform(0.4, 0.62))

    def picture(self, person: Person | None, *, ambient_c: float) -> npt.NDArray[np.float64]:
        """Give the next picture in degrees Celsius."""
        self._lane.put_room(Room(ambient_c=ambient_c, wall_c=ambient_c))
        seen = self._lane.picture(None if person is None else self._body(person, ambient_c=ambient_c))
        return seen.celsius.astype(np.float64)

    def _body(self, person: Person, *, ambient_c: float) -> Body:
        below_c = CANTHUS_BELOW_CORE_C[0]
        core_c = person.skin_c + below_c - AMBIENT_SLOPE * (ambient_c - REFERENCE_AMBIENT_C)
        return Body(
            core_c=core_c,
            canthus_below_core_c=below_c,
            has_glasses=person.glasses,
            down=self._down,
            across=self._across,
        )
