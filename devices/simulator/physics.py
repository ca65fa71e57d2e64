"""A lane as physics: bodies, room, air, camera and reference body, seeded, with the truth of every pixel.

What is simulated, each from the reference page on screening (sections 4, 6, 11 and 14):

* a body: core 36.9 +/- 0.35 °C (raised bodies 38.3 +/- 0.6), inner canthus 1.25 +/- 0.3 below it, +0.09 K per
  kelvin of the room, and colder after the cold outside: T(t) = Tinf - (Tinf - T0) exp(-t / tau), fitted to
  Dzien 2020 (33.17 °C on entering from -2.75 °C, 36.6 after an hour; tau 1.85 min misses no published
  mean by more than 0.35 K; that the canthus follows the forehead is an assumption);
* a face: warm spots at the inner corners of the eyes, a cooler nose, cheeks and edge; glasses as cold discs;
* radiance: each surface emits with its emissivity and reflects the surroundings, in the band of 8-14 um;
* a camera: point spread, noise, an offset that walks, a shutter that closes (the picture stands still) and
  opens with another offset;
* a reference body of known temperature.

What is not: no texture of real faces, no draughts, no movement within a standing, no sun. No picture made here
is a measurement, and nothing shown on it proves anything about people.
"""

import math
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from devices.opencv import cv2

Celsius = npt.NDArray[np.float32]

HEALTHY_CORE_C: Final = (36.9, 0.35)
RAISED_CORE_C: Final = (38.3, 0.6)
CANTHUS_BELOW_CORE_C: Final = (1.25, 0.3)
AMBIENT_SLOPE: Final = 0.09
REFERENCE_AMBIENT_C: Final = 22.0
COLD_ON_ENTERING_C: Final = 36.6 - 33.17
COLD_FROM_OUTSIDE_C: Final = -2.75
WARMING_MINUTES: Final = 1.85
BAND_EXPONENT: Final = 4.5
"""Radiance between 8 and 14 um goes with about this power of the absolute temperature near 305 K (Planck)."""


class Camera(msgspec.Struct, frozen=True, kw_only=True):
    """One uncooled camera. Sizes in pixels, temperatures in kelvin, durations in pictures."""

    rows: int = 120
    columns: int = 160
    noise_c: float = 0.05
    point_spread_px: float = 0.7
    offset_c: float = 0.0
    drift_step_c: float = 0.004
    shutter_every: int = 0
    shutter_closed: int = 3
    shutter_step_c: float = 0.15
    saturates_c: float | None = None


class Room(msgspec.Struct, frozen=True, kw_only=True):
    """Air and walls, in °C. What surfaces reflect is the wall."""

    ambient_c: float = 22.0
    wall_c: float = 22.0


class ReferenceDisc(msgspec.Struct, frozen=True, kw_only=True):
    """A heated disc of known temperature; place and radius as shares of the picture's height and width.

    ``covered`` is the share of its width, from the left, that something of ``cover_c`` hides.
    """

    set_c: float = 35.0
    emissivity: float = 0.98
    down: float = 0.15
    across: float = 0.12
    radius: float = 0.045
    covered: float = 0.0
    cover_c: float = 30.0


class Body(msgspec.Struct, frozen=True, kw_only=True):
    """One body before the camera. ``minutes_inside`` counts from coming in; None has always been inside.

    ``has_features`` draws hair, brows, eyeballs and a mouth too, by which detectors of faces know one; without them it
    is a warm oval with the spots that are measured.
    """

    core_c: float
    canthus_below_core_c: float = CANTHUS_BELOW_CORE_C[0]
    minutes_inside: float | None = None
    outside_c: float = 10.0
    has_glasses: bool = False
    emissivity: float = 0.98
    down: float = 0.55
    across: float = 0.5
    half_height: float = 0.3
    has_features: bool = False

    def canthus_c(self, *, ambient_c: float) -> float:
        """Temperature of the skin at the inner corner of the eye, in this room and at this time."""
        settled_c = self.core_c - self.canthus_below_core_c + AMBIENT_SLOPE * (ambient_c - REFERENCE_AMBIENT_C)
        return settled_c - cold_left_c(self.minutes_inside, outside_c=self.outside_c, ambient_c=ambient_c)


class Phantom(msgspec.Struct, frozen=True, kw_only=True):
    """A plate of one temperature in the shape of a face, as laboratories put it before a camera."""

    temperature_c: float
    emissivity: float = 0.998
    down: float = 0.55
    across: float = 0.5
    half_height: float = 0.3


Subject = Body | Phantom


class Picture(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """What the camera shows, and the truth it does not know. All arrays rows by columns, °C, as seen.

    ``truth_c`` is the temperature of each surface, before emissivity, spread, offset and noise.
    ``canthus_c`` is the true temperature of the warmest skin of the subject, None with nobody there.
    """

    celsius: Celsius
    truth_c: Celsius
    is_subject: npt.NDArray[np.bool_]
    is_reference: npt.NDArray[np.bool_]
    canthus_c: float | None
    offset_c: float
    is_shutter: bool


def cold_left_c(minutes_inside: float | None, *, outside_c: float, ambient_c: float) -> float:
    """How much colder than settled the face still is, in kelvin, after so many minutes in this room.

    >>> round(36.6 - cold_left_c(0.0, outside_c=-2.75, ambient_c=22.0), 2)
    33.17
    >>> cold_left_c(None, outside_c=-2.75, ambient_c=22.0)
    0.0
    """
    if minutes_inside is None:
        return 0.0
    share = (ambient_c - outside_c) / (REFERENCE_AMBIENT_C - COLD_FROM_OUTSIDE_C)
    return max(0.0, share) * COLD_ON_ENTERING_C * math.exp(-minutes_inside / WARMING_MINUTES)


def apparent_c(surface_c: Celsius, emissivity: Celsius, *, wall_c: float) -> Celsius:
    """Temperature at which a camera set to emissivity 1 sees surfaces that also reflect the wall."""
    emitted = emissivity * (surface_c.astype(np.float64) + 273.15) ** BAND_EXPONENT
    reflected = (1.0 - emissivity) * (wall_c + 273.15) ** BAND_EXPONENT
    seen: Celsius = ((emitted + reflected) ** (1.0 / BAND_EXPONENT) - 273.15).astype(np.float32)
    return seen


def draw_body(random: np.random.Generator, *, raised_share: float = 0.0, glasses_share: float = 0.15) -> Body:
    """Draw somebody: core, offset of the site, glasses, and a place near the middle of the picture."""
    centre_c, deviation_c = RAISED_CORE_C if random.random() < raised_share else HEALTHY_CORE_C
    return Body(
        core_c=float(random.normal(centre_c, deviation_c)),
        canthus_below_core_c=float(random.normal(*CANTHUS_BELOW_CORE_C)),
        has_glasses=bool(random.random() < glasses_share),
        down=float(random.uniform(0.5, 0.6)),
        across=float(random.uniform(0.42, 0.62)),
        half_height=float(random.uniform(0.24, 0.32)),
    )


class PhysicsScene:
    """Pictures of one lane by one camera, in their order. The same seed and calls give the same pictures."""

    def __init__(
        self,
        *,
        seed: int,
        camera: Camera | None = None,
        room: Room | None = None,
        reference: ReferenceDisc | None = None,
    ) -> None:
        """Set up the lane; ``reference`` None is a lane without a reference body."""
        self._random = np.random.default_rng(seed)
        self._camera = camera or Camera()
        self._room = room or Room()
        self._reference = reference
        self._offset_c = self._camera.offset_c
        self._taken = 0
        self._shown: Celsius | None = None
        self._rows, self._columns = np.mgrid[0 : self._camera.rows, 0 : self._camera.columns].astype(np.float32)

    def picture(self, subject: Subject | None = None) -> Picture:
        """Take the next picture with this subject, or nobody, before the camera."""
        truth_c, emissivity, is_subject, is_reference = self._surfaces(subject)
        is_shutter = self._drift()
        if not is_shutter or self._shown is None:
            self._shown = self._seen(apparent_c(truth_c, emissivity, wall_c=self._room.wall_c))
        return Picture(
            celsius=self._shown.copy(),
            truth_c=truth_c,
            is_subject=is_subject,
            is_reference=is_reference,
            canthus_c=float(truth_c[is_subject].max()) if is_subject.any() else None,
            offset_c=self._offset_c,
            is_shutter=is_shutter,
        )

    def put_reference(self, reference: ReferenceDisc | None) -> None:
        """Put another reference body into the next pictures, or this one elsewhere, covered or reset; None: gone."""
        self._reference = reference

    def put_room(self, room: Room) -> None:
        """Let the next pictures be taken in another air and between other walls."""
        self._room = room

    def _surfaces(
        self, subject: Subject | None
    ) -> tuple[Celsius, Celsius, npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
        """Lay out the true temperatures and emissivities, back to front: wall, subject, reference body."""
        shape = (self._camera.rows, self._camera.columns)
        truth_c = np.full(shape, self._room.wall_c, dtype=np.float32)
        emissivity = np.full(shape, 0.95, dtype=np.float32)
        is_subject, is_reference = np.zeros(shape, dtype=np.bool_), np.zeros(shape, dtype=np.bool_)
        if subject is not None:
            is_subject = self._from_middle(subject) <= 1.0
            skin_c = self._skin(subject)
            truth_c[is_subject] = skin_c[is_subject]
            emissivity[is_subject] = subject.emissivity
        if self._reference is not None:
            is_reference = self._disc(self._reference)
            truth_c[is_reference] = self._reference.set_c
            emissivity[is_reference] = self._reference.emissivity
            is_subject &= ~is_reference
            self._cover(truth_c, self._reference)
        return truth_c, emissivity, is_subject, is_reference

    def _skin(self, subject: Subject) -> Celsius:
        if isinstance(subject, Phantom):
            return np.full(self._rows.shape, subject.temperature_c, dtype=np.float32)
        return self._face(subject, canthus_c=subject.canthus_c(ambient_c=self._room.ambient_c))

    def _face(self, body: Body, *, canthus_c: float) -> Celsius:
        """Lay warm and cold places over a face; its warmest pixel has exactly the canthus's temperature."""
        down, across = self._within(body)
        face_c = -0.9 - 1.6 * self._from_middle(body) ** 4
        face_c -= 1.8 * _spot(down - 0.18, across, width=0.16)  # the nose
        face_c -= 0.5 * (_spot(down - 0.2, across - 0.5, width=0.25) + _spot(down - 0.2, across + 0.5, width=0.25))
        eyes = _spot(down + 0.15, across - 0.17, width=0.1) + _spot(down + 0.15, across + 0.17, width=0.1)
        face_c += 1.2 * eyes
        if body.has_features:
            face_c -= _features(down, across)
        if body.has_glasses:
            for side in (-0.33, 0.33):
                is_lens = np.hypot((down + 0.13) / 0.2, (across - side) / 0.3) <= 1.0
                face_c[is_lens] = -3.0
        within = self._from_middle(body) <= 1.0
        if not within.any():
            return (canthus_c + face_c).astype(np.float32)
        bare_top = float(face_c[within].max()) if not body.has_glasses else 0.0
        return (canthus_c + face_c - bare_top).astype(np.float32)

    def _within(self, subject: Subject) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """Coordinates of each pixel in the face: -1 to 1 from forehead to chin and from ear to ear."""
        half_px = subject.half_height * self._camera.rows
        down = (self._rows - subject.down * self._camera.rows) / half_px
        across = (self._columns - subject.across * self._camera.columns) / (0.75 * half_px)
        return down, across

    def _from_middle(self, subject: Subject) -> npt.NDArray[np.float32]:
        down, across = self._within(subject)
        return np.hypot(down, across)

    def _disc(self, disc: ReferenceDisc) -> npt.NDArray[np.bool_]:
        away = np.hypot(self._rows - disc.down * self._camera.rows, self._columns - disc.across * self._camera.columns)
        return np.asarray(away <= max(2.0, disc.radius * self._camera.rows))

    def _cover(self, truth_c: Celsius, disc: ReferenceDisc) -> None:
        """Hold something before the disc: an upright board that reaches over it from the left."""
        if not disc.covered:
            return
        radius_px = max(2.0, disc.radius * self._camera.rows)
        middle_row, middle_column = disc.down * self._camera.rows, disc.across * self._camera.columns
        right = middle_column - radius_px + 2.0 * radius_px * disc.covered
        is_board = (self._columns >= middle_column - 3.0 * radius_px) & (self._columns <= right)
        truth_c[is_board & (np.abs(self._rows - middle_row) <= 3.0 * radius_px)] = disc.cover_c

    def _drift(self) -> bool:
        """Let the offset walk, and jump where the shutter opens again; tells whether it is closed now."""
        camera = self._camera
        self._offset_c += float(self._random.normal(0.0, camera.drift_step_c))
        self._taken += 1
        if not camera.shutter_every:
            return False
        since = self._taken % camera.shutter_every
        if self._taken >= camera.shutter_every and since == camera.shutter_closed:
            self._offset_c += float(self._random.normal(0.0, camera.shutter_step_c))
        return self._taken >= camera.shutter_every and since < camera.shutter_closed

    def _seen(self, apparent: Celsius) -> Celsius:
        """Spread each point over its neighbours, add the offset and fresh noise."""
        camera = self._camera
        if camera.point_spread_px:
            apparent = cv2.GaussianBlur(apparent, (0, 0), camera.point_spread_px).astype(np.float32)
        noise = self._random.normal(0.0, camera.noise_c, apparent.shape)
        shown: Celsius = (apparent + self._offset_c + noise).astype(np.float32)
        return shown if camera.saturates_c is None else np.minimum(shown, np.float32(camera.saturates_c))


def _features(down: npt.NDArray[np.float32], across: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """How much colder than skin hair, brows, eyeballs and mouth are, in kelvin, as recorded faces show them roughly."""
    aside = np.abs(across).astype(np.float32)
    mouth = _oval(down - 0.52, across, half=(0.06, 0.25))
    eyes = _oval(down + 0.12, aside - 0.4, half=(0.07, 0.14))
    brows = _oval(down + 0.3, aside - 0.4, half=(0.06, 0.2))
    features: npt.NDArray[np.float32] = 2.0 * (mouth + eyes + brows) + 3.0 * (down < -0.62)
    return features


def _oval(
    down: npt.NDArray[np.float32], across: npt.NDArray[np.float32], *, half: tuple[float, float]
) -> npt.NDArray[np.float32]:
    oval: npt.NDArray[np.float32] = np.exp(-((down / half[0]) ** 2) - (across / half[1]) ** 2)
    return oval


def _spot(down: npt.NDArray[np.float32], across: npt.NDArray[np.float32], *, width: float) -> npt.NDArray[np.float32]:
    spot: npt.NDArray[np.float32] = np.exp(-(down**2 + across**2) / (2.0 * width**2))
    return spot
