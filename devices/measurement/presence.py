"""From a stream of thermal pictures to exactly one reading for each person who stands there.

A presence begins when a face is seen, and ends when the scene has been empty or another face has
taken the place. Within it the tracker waits until the last five pictures agree, gives the median
of them once, and then stays silent until the presence ends. It counts pictures and not seconds, so
that it works at any rate. Whoever walks through without standing still gets no reading, and so no
passage; whoever cannot be measured gets, once for each reason, a reading that may not be used and
says why.

Known limit of this first form: two people who follow each other at one spot without a gap in
between look like one, and the second gets no reading until the scene has been empty.
"""

import statistics
from collections import deque
from datetime import datetime

import msgspec
import numpy as np
import numpy.typing as npt

from devices.driver import Manifest
from devices.measurement.correction import CorrectedValue, ReferenceSetting
from devices.measurement.plausibility import is_plausible
from devices.measurement.scene import Scene, SceneKind, SceneReader, is_same_picture
from devices.measurement.uncertainty import Conditions, expanded_c, uncertainty_terms
from devices.reading import (
    ClockBasis,
    FaceBox,
    MeasuringSite,
    Reading,
    ReadingKind,
    ThermalFrame,
    UnusableReason,
)

FEWEST_FRAMES = 5
UNKNOWN_ACCURACY_C = 2.0
"""What makers of uncooled arrays usually state, where a manifest states nothing."""
REASON_OF_SCENE = {
    SceneKind.SEVERAL_FACES: UnusableReason.SEVERAL_FACES,
    SceneKind.NO_REFERENCE: UnusableReason.REFERENCE_INVALID,
    SceneKind.TOO_FAR: UnusableReason.FACE_TOO_SMALL,
}


class PresenceSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How one camera's pictures become readings. Counts are of pictures; temperatures in °C."""

    frames: int = FEWEST_FRAMES
    steady_within_c: float = 1.0
    give_up_after: int = 40
    empty_after: int = 3
    moved_after: int = 8
    frozen_after: int = 8
    pause_s: float = 2.0
    forget_after_s: float = 10.0
    reference: ReferenceSetting | None = None

    def __post_init__(self) -> None:
        """Refuse to measure on fewer than five pictures."""
        if self.frames < FEWEST_FRAMES:
            msg = f"a reading needs at least {FEWEST_FRAMES} pictures"
            raise ValueError(msg)


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """What the lane's picture shows beside the pixels: a present estimate, never a reading."""

    observed_at: datetime
    face: FaceBox | None = None
    temperature_c: float | None = None
    raw_c: float | None = None
    reference: FaceBox | None = None
    face_count: int = 0
    frames_collected: int = 0
    is_measured: bool = False


class _Sighting(msgspec.Struct, frozen=True, kw_only=True):
    """One picture of the present person."""

    kind: SceneKind
    value: CorrectedValue
    surroundings_c: float | None


class PresenceTracker:
    """Turns the pictures of one camera, in their order, into one reading for each person.

    ``passed_unmeasured`` counts presences that ended without any reading: people who walked through.
    """

    def __init__(self, *, device_id: str, manifest: Manifest, settings: PresenceSettings | None = None) -> None:
        self._device_id = device_id
        self._manifest = manifest
        self._settings = settings or PresenceSettings()
        self._reader = SceneReader(reference=self._settings.reference)
        self.passed_unmeasured = 0
        self._sightings: deque[_Sighting] = deque(maxlen=self._settings.give_up_after)
        self._told: set[UnusableReason] = set()
        self._is_measured = False
        self._box: FaceBox | None = None
        self._empty_run = self._far_run = self._frozen_run = 0
        self._last_picture: npt.NDArray[np.float32] | None = None
        self._last_at: datetime | None = None
        self._last_scene: tuple[ThermalFrame, Scene] | None = None

    def accept(self, frame: ThermalFrame) -> Reading | None:
        """Take the next picture; gives a reading when it completes one."""
        self._mind_the_gap(frame)
        scene = self._reader.read(frame)
        self._last_scene = (frame, scene)
        if scene.kind is SceneKind.BROKEN:
            return None
        if is_same_picture(self._last_picture, frame.celsius):
            return self._frozen(frame, scene)
        self._frozen_run = 0
        self._last_picture = frame.celsius.copy()
        if scene.kind is SceneKind.EMPTY:
            self._nobody()
            return None
        return self._somebody(frame, scene)

    def preview(self, frame: ThermalFrame) -> Preview:
        """Say what to draw over a picture; cheap for the picture that was just accepted."""
        if self._last_scene is not None and self._last_scene[0] is frame:
            scene = self._last_scene[1]
        else:
            scene = SceneReader().read(frame)
        return Preview(
            observed_at=frame.observed_at,
            face=scene.boxes[0] if scene.boxes else None,
            temperature_c=scene.value.corrected_c if scene.value else None,
            raw_c=scene.value.raw_c if scene.value else None,
            reference=scene.reference_box,
            face_count=len(scene.boxes),
            frames_collected=min(len(self._sightings), self._settings.frames),
            is_measured=self._is_measured,
        )

    def _mind_the_gap(self, frame: ThermalFrame) -> None:
        """Never measure across a pause in the pictures; after a long one nobody knows who stands there."""
        before, self._last_at = self._last_at, frame.observed_at
        if before is None:
            return
        pause_s = (frame.observed_at - before).total_seconds()
        if pause_s < 0 or pause_s > self._settings.forget_after_s:
            self._end()
        elif pause_s > self._settings.pause_s:
            self._sightings.clear()

    def _frozen(self, frame: ThermalFrame, scene: Scene) -> Reading | None:
        """A picture equal to the one before in every pixel is no new measurement."""
        self._frozen_run += 1
        if self._is_measured or scene.value is None or self._frozen_run < self._settings.frozen_after:
            return None
        return self._unusable(frame, UnusableReason.FROZEN, [_sighting(scene)])

    def _nobody(self) -> None:
        self._empty_run += 1
        if self._empty_run >= self._settings.empty_after:
            self._end()

    def _somebody(self, frame: ThermalFrame, scene: Scene) -> Reading | None:
        self._empty_run = 0
        nearest = self._nearest(scene.boxes)
        if nearest is None:
            self._far_run += 1
            if self._far_run < self._settings.moved_after:
                return None
            self._end()
            nearest = scene.boxes[0]
        self._far_run = 0
        self._box = nearest
        if self._is_measured:
            return None
        self._sightings.append(_sighting(scene))
        return self._conclude(frame)

    def _nearest(self, boxes: tuple[FaceBox, ...]) -> FaceBox | None:
        """The box that continues the present face; None if all are elsewhere."""
        if self._box is None:
            return boxes[0]
        last = self._box
        nearest = min(boxes, key=lambda box: _distance_px(box, last))
        return nearest if _distance_px(nearest, last) <= max(last.width_px, last.height_px) else None

    def _conclude(self, frame: ThermalFrame) -> Reading | None:
        """Give a reading once the last pictures agree; a reason once they agree that there can be none."""
        latest = list(self._sightings)[-self._settings.frames :]
        if len(latest) < self._settings.frames:
            return None
        kinds = {sighting.kind for sighting in latest}
        if kinds == {SceneKind.ONE_FACE} and self._is_steady(latest):
            self._is_measured = True
            return self._reading(frame, latest)
        reason = REASON_OF_SCENE.get(latest[-1].kind) if len(kinds) == 1 else None
        if reason is None and len(self._sightings) >= self._settings.give_up_after:
            reason = UnusableReason.TOO_FEW_FRAMES
        return self._unusable(frame, reason, latest) if reason else None

    def _is_steady(self, sightings: list[_Sighting]) -> bool:
        values_c = [sighting.value.corrected_c for sighting in sightings]
        return max(values_c) - min(values_c) <= self._settings.steady_within_c

    def _unusable(self, frame: ThermalFrame, reason: UnusableReason, sightings: list[_Sighting]) -> Reading | None:
        """Say once for each presence and reason why there is no measurement."""
        if reason in self._told:
            return None
        self._told.add(reason)
        return self._reading(frame, sightings, reason=reason)

    def _reading(
        self, frame: ThermalFrame, sightings: list[_Sighting], *, reason: UnusableReason | None = None
    ) -> Reading:
        temperature_c = round(statistics.median(sighting.value.corrected_c for sighting in sightings), 3)
        residual_c = _reference_residual_c(sightings)
        reasons = [reason] if reason else []
        if not is_plausible(temperature_c, kind=ReadingKind.RAW_SKIN, site=MeasuringSite.FACE_MAXIMUM):
            reasons.append(UnusableReason.IMPLAUSIBLE)
        return Reading(
            device_id=self._device_id,
            driver=self._manifest.driver,
            device_kind=self._manifest.device_kind,
            observed_at=frame.observed_at,
            clock_basis=ClockBasis.RECEIVED,
            temperature_c=temperature_c,
            kind=ReadingKind.RAW_SKIN,
            site=MeasuringSite.FACE_MAXIMUM,
            delivery_key=f"{frame.observed_at.isoformat()}#{frame.sequence}",
            raw_c=round(statistics.median(sighting.value.raw_c for sighting in sightings), 3),
            uncertainty_c=round(self._uncertainty_c(sightings, temperature_c=temperature_c, residual_c=residual_c), 2),
            ambient_c=frame.ambient_c,
            reference_residual_c=residual_c,
            frame_count=len(sightings),
            face=self._box,
            unusable_because=tuple(reasons),
        )

    def _uncertainty_c(self, sightings: list[_Sighting], *, temperature_c: float, residual_c: float | None) -> float:
        reference = self._settings.reference
        values_c = [sighting.value.corrected_c for sighting in sightings]
        conditions = Conditions(
            temperature_c=temperature_c,
            frame_count=len(sightings),
            spread_c=statistics.stdev(values_c) if len(values_c) > 1 else 0.0,
            accuracy_c=self._manifest.accuracy_c or UNKNOWN_ACCURACY_C,
            surroundings_c=sightings[-1].surroundings_c,
            reference_uncertainty_c=reference.uncertainty_c if reference and residual_c is not None else None,
            reference_residual_c=residual_c,
        )
        return expanded_c(uncertainty_terms(conditions))

    def _end(self) -> None:
        """The present person is gone; the next face is somebody else."""
        if self._sightings and not self._is_measured and not self._told:
            self.passed_unmeasured += 1
        self._sightings.clear()
        self._told.clear()
        self._is_measured = False
        self._box = None
        self._far_run = self._empty_run = 0


def _sighting(scene: Scene) -> _Sighting:
    if scene.value is None:
        msg = "a picture without a face is no sighting"
        raise ValueError(msg)
    return _Sighting(kind=scene.kind, value=scene.value, surroundings_c=scene.surroundings_c)


def _reference_residual_c(sightings: list[_Sighting]) -> float | None:
    """How far the reference body wandered within the measurement, in kelvin; None without one."""
    shown_c = [sighting.value.reference_c for sighting in sightings if sighting.value.reference_c is not None]
    if not shown_c:
        return None
    middle_c = statistics.median(shown_c)
    return round(max(abs(value_c - middle_c) for value_c in shown_c), 3)


def _distance_px(box: FaceBox, other: FaceBox) -> float:
    """Between the middles of two boxes, in pixels."""
    across = (box.left_px + box.width_px / 2) - (other.left_px + other.width_px / 2)
    down = (box.top_px + box.height_px / 2) - (other.top_px + other.height_px / 2)
    return float(np.hypot(across, down))
