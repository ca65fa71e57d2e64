"""Is what stands for the reference body still it? Faults make a picture INVALID with a reason, never normal.

What the sensor shows for the body wanders with the sensor, and the still parts of the scene wander with it. So
their common wander is the sensor's, and what the body does alone is the body's: a changed set point, something
warm or cold before it, another thing taken for it. Each picture gives

    alone = shown for the body - how far the still background has shifted since the beginning

and the median of the last five is held against a slow mean. A change of more than 0.2 K is a fault, and stays one
until the body is what it was or somebody restarts the device. A shift of the background within one picture is the
shutter. What cannot be told: a body that had the wrong set point from the beginning (unless the sensor's offset
would be impossible), and one that creeps by less than about 0.2 K in two minutes; that is the drift chart's.
"""

import math
import statistics
from collections import deque
from datetime import datetime
from typing import Final

import msgspec
import numpy as np

from devices.imaging.frames import Celsius, percentile, sparse, surroundings_of
from devices.imaging.reference_body import ReferenceBody
from devices.reading import QualityReason

OLDEST_S: Final = 5.0
CHANGED_BY_C: Final = 0.2
SHUTTER_STEP_C: Final = 0.12
HOLD_AFTER_SHUTTER_S: Final = 1.0
SETTLES_IN_PICTURES: Final = 5
MEAN_OVER_S: Final = 60.0
NEW_ANCHOR_AFTER_S: Final = 30.0
MOVED_BY_PX: Final = 3.0
SMALLEST_VISIBLE_SHARE: Final = 0.6
STILL_WITHIN_C: Final = 3.0
"""What is warmer than the surroundings by more than this may be a person, who moves."""
SHIFTED_ALIKE_WITHIN_C: Final = 1.0
FEWEST_STILL_PX: Final = 40
FEWEST_CORE_PX: Final = 6


class ReferenceView(msgspec.Struct, frozen=True, kw_only=True):
    """What one picture says of the body. ``alone_c`` is what is left of its wander without the sensor's, in °C."""

    measured_c: float | None
    reasons: tuple[QualityReason, ...] = ()
    alone_c: float | None = None

    @property
    def is_valid(self) -> bool:
        """Whether a temperature may rest on it."""
        return self.measured_c is not None and not self.reasons


class ReferenceWatch:
    """Follows one camera's reference body through its pictures, in their order; it never takes the clock itself."""

    def __init__(self) -> None:
        self._background = _Background()
        self._latest: deque[float] = deque(maxlen=SETTLES_IN_PICTURES)
        self._areas: deque[int] = deque(maxlen=3 * SETTLES_IN_PICTURES)
        self._mean_c: float | None = None
        self._home: tuple[float, float] | None = None
        self._moved_for = 0
        self._last_at: datetime | None = None
        self._good_at: datetime | None = None
        self._hold_until_s = -math.inf
        self._clock_s = 0.0

    def judge(self, celsius: Celsius, *, body: ReferenceBody | None, at: datetime) -> ReferenceView:
        """Judge the next picture and what was found in it."""
        gap_s = 0.0 if self._last_at is None else max(0.0, (at - self._last_at).total_seconds())
        self._last_at = at
        self._clock_s += gap_s
        step_c = self._background.follow(celsius, gap_s=gap_s)
        if step_c is None or abs(step_c) > SHUTTER_STEP_C:
            self._hold_until_s = self._clock_s + HOLD_AFTER_SHUTTER_S
        if body is None:
            return ReferenceView(measured_c=None, reasons=self._lost(at))
        alone_c = body.measured_c - self._background.shift_c
        self._latest.append(alone_c)
        reasons = tuple(self._faults(celsius, body))
        if not reasons:
            self._good_at = at
            self._learn(celsius, body, gap_s=gap_s)
        return ReferenceView(measured_c=body.measured_c, reasons=reasons, alone_c=alone_c)

    def is_too_old(self, *, at: datetime) -> bool:
        """Whether the last good sight of the body is older than five seconds, or there never was one."""
        return self._good_at is None or (at - self._good_at).total_seconds() > OLDEST_S

    def _lost(self, at: datetime) -> tuple[QualityReason, ...]:
        self._latest.clear()
        old = (QualityReason.REFERENCE_TOO_OLD,) if self._good_at and self.is_too_old(at=at) else ()
        return QualityReason.REFERENCE_LOST, *old

    def _faults(self, celsius: Celsius, body: ReferenceBody) -> list[QualityReason]:
        found = []
        if self._clock_s < self._hold_until_s:
            found.append(QualityReason.SHUTTER_EVENT)
        if _is_saturated(celsius, body):
            found.append(QualityReason.SATURATED)
        if len(self._latest) < SETTLES_IN_PICTURES:
            found.append(QualityReason.REFERENCE_SETTLING)
        if self._areas and visible_px(celsius, body) < SMALLEST_VISIBLE_SHARE * statistics.median(self._areas):
            found.append(QualityReason.REFERENCE_OCCLUDED)
        if self._is_changed():
            found.append(QualityReason.REFERENCE_CHANGED)
        if not found and self._is_elsewhere(body):
            found.append(QualityReason.REFERENCE_MOVED)
        return found

    def _is_changed(self) -> bool:
        if self._mean_c is None:
            return False
        return abs(statistics.median(self._latest) - self._mean_c) > CHANGED_BY_C

    def _is_elsewhere(self, body: ReferenceBody) -> bool:
        """Whether the body has moved. Unchanged at its new place for long enough, that is its place."""
        if self._home is None or math.dist(self._home, body.centre) <= MOVED_BY_PX:
            self._moved_for = 0
            return False
        self._moved_for += 1
        if self._moved_for <= SETTLES_IN_PICTURES:
            return True
        self._moved_for, self._home = 0, body.centre
        return False

    def _learn(self, celsius: Celsius, body: ReferenceBody, *, gap_s: float) -> None:
        if self._home is None:
            self._home = body.centre
        self._areas.append(visible_px(celsius, body))
        alone_c = statistics.median(self._latest)
        if self._mean_c is None:
            self._mean_c = alone_c
        self._mean_c += (1.0 - math.exp(-gap_s / MEAN_OVER_S)) * (alone_c - self._mean_c)


class _Background:
    """How far the still parts of the scene have shifted: the sensor's own wander, and its shutter's steps."""

    def __init__(self) -> None:
        self.shift_c = 0.0
        self._anchor: Celsius | None = None
        self._anchor_shift_c = 0.0
        self._anchor_age_s = 0.0
        self._before: Celsius | None = None

    def follow(self, celsius: Celsius, *, gap_s: float) -> float | None:
        """Take the next picture; gives the step against the one before, None for the very same picture again."""
        seen = sparse(celsius).copy()
        before, self._before = self._before, seen
        if self._anchor is None or self._anchor.shape != seen.shape:
            self._anchor = seen
            return 0.0
        if before is not None and np.array_equal(before, seen):
            return None
        last_c = self.shift_c
        moved_c = _common_shift_c(self._anchor, seen)
        if moved_c is not None:
            self.shift_c = self._anchor_shift_c + moved_c
        self._anchor_age_s += gap_s
        if self._anchor_age_s > NEW_ANCHOR_AFTER_S:
            self._anchor, self._anchor_shift_c, self._anchor_age_s = seen, self.shift_c, 0.0
        return self.shift_c - last_c


def _common_shift_c(before: Celsius, after: Celsius) -> float | None:
    """By how much all that stands still has changed, in kelvin; None where too little of it is in view.

    First from what is cold in both pictures, then from every pixel that changed about as much: bodies that
    stand still tell as well as walls do, and what moved is left out.
    """
    is_cold = before < surroundings_of(before) + STILL_WITHIN_C
    is_cold &= after < surroundings_of(after) + STILL_WITHIN_C
    changes = after - before
    if int(is_cold.sum()) < FEWEST_STILL_PX:
        return None
    alike = changes[np.abs(changes - percentile(changes[is_cold], 50)) < SHIFTED_ALIKE_WITHIN_C]
    return percentile(alike, 50)


def visible_px(celsius: Celsius, body: ReferenceBody) -> int:
    """How many pixels around the body are nearer to its temperature than to what surrounds it."""
    box, reach = body.box, 3
    rows = slice(max(0, box.top_px - reach), box.top_px + box.height_px + reach)
    columns = slice(max(0, box.left_px - reach), box.left_px + box.width_px + reach)
    window = celsius[rows, columns]
    half_c = (body.measured_c + percentile(window, 10)) / 2
    return int(((window > half_c) & body.pixels[rows, columns]).sum())


def _is_saturated(celsius: Celsius, body: ReferenceBody) -> bool:
    """Whether half of its core shows the very same number, the highest of the picture: noise forbids that."""
    box = body.box
    rows = slice(box.top_px + box.height_px // 4, box.top_px + box.height_px - box.height_px // 4)
    columns = slice(box.left_px + box.width_px // 4, box.left_px + box.width_px - box.width_px // 4)
    core = celsius[rows, columns]
    return core.size >= FEWEST_CORE_PX and int((core == celsius.max()).sum()) >= core.size // 2
