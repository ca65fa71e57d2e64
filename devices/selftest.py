"""A device tested against the items of the screening standards: each passed, failed or not measurable. Pure.

A stream alone cannot show everything: what it does not show is "not measurable" with the reason, never passed.
Limits are those of ``SOURCES``. The bought texts of IEC 80601-2-59 and ISO/TR 13154 were not read: a report of
this kind says how a device stands against published limits, not that it conforms.
"""

import math
from collections.abc import Iterable
from datetime import date, datetime
from enum import StrEnum
from itertools import pairwise
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from devices.driver import Manifest
from devices.imaging.face_finder import FaceFinder
from devices.imaging.reference_body import ReferenceTracker
from devices.measurement.correction import USUAL_UNCERTAINTY_C
from devices.measurement.presence import FEWEST_FRAMES as FRAMES_A_READING
from devices.reading import Arrival, DeviceEvent, Fault, Reading, ThermalFrame

MOST_FRAMES: Final = 300
FEWEST_FRAMES: Final = 20
"""Fewer pictures than that tell nothing of noise or wander."""
SMALLEST_SHARE_SEEN: Final = 0.5
"""A reference body that is missing from more pictures than that says nothing of the device's accuracy."""
STILL_SHARE_PERCENT: Final = 25
"""Noise is told from the quarter of pixels that changes least: people walk through the rest."""


class SelfTestPoint(StrEnum):
    """What is tested. The words stand with the paper that prints them."""

    LABORATORY_ACCURACY = "laboratory_accuracy"
    STATED_ACCURACY = "stated_accuracy"
    TEMPORAL_NOISE = "temporal_noise"
    RAW_IMAGE = "raw_image"
    FACE_PIXELS = "face_pixels"
    UNIFORMITY = "uniformity"
    DRIFT_BETWEEN_CALIBRATIONS = "drift_between_calibrations"
    REFERENCE_AGE = "reference_age"
    REFERENCE_WANDER = "reference_wander"
    AMBIENT = "ambient"
    WARM_UP = "warm_up"
    RESULT_WITHIN = "result_within"
    RESOLUTION = "resolution"
    CALIBRATION = "calibration"
    INTACT_STREAM = "intact_stream"


class PointVerdict(StrEnum):
    """How an item came out."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_MEASURABLE = "not_measurable"


LIMITS: Final[dict[SelfTestPoint, tuple[float, float, str, str]]] = {
    SelfTestPoint.LABORATORY_ACCURACY: (-0.5, 0.5, "K", "IEC 80601-2-59:2017, 201.12.1 (second-hand); one set point"),
    SelfTestPoint.STATED_ACCURACY: (0.0, 0.3, "K", "Foster, Lloyd, Havenith 2021, table 1 (PMC8654479)"),
    SelfTestPoint.TEMPORAL_NOISE: (0.0, 0.1, "K", "Foster, Lloyd, Havenith 2021, table 1 (PMC8654479)"),
    SelfTestPoint.RAW_IMAGE: (320.0, 1e6, "px", "Foster, Lloyd, Havenith 2021, table 1: 320 x 240"),
    SelfTestPoint.FACE_PIXELS: (180.0, 1e6, "px", "ISO/TR 13154: 180 x 240 (second-hand)"),
    SelfTestPoint.UNIFORMITY: (0.0, 0.2, "K", "ISO/TR 13154 (second-hand)"),
    SelfTestPoint.DRIFT_BETWEEN_CALIBRATIONS: (0.0, 0.1, "K", "Foster, Lloyd, Havenith 2021, table 1: 14 days"),
    SelfTestPoint.REFERENCE_AGE: (0.0, 5.0, "s", "IEC 80601-2-59:2017, 201.101.3 (second-hand)"),
    SelfTestPoint.REFERENCE_WANDER: (0.0, 0.1, "K", "Foster, Lloyd, Havenith 2021, table 1 (PMC8654479)"),
    SelfTestPoint.AMBIENT: (18.0, 24.0, "°C", "ISO/TR 13154; Foster, Lloyd, Havenith 2021, table 1"),
    SelfTestPoint.WARM_UP: (30.0, 1e6, "min", "Foster, Lloyd, Havenith 2021, table 1 (PMC8654479)"),
    SelfTestPoint.RESULT_WITHIN: (0.0, 3.0, "s", "IEC 80601-2-59:2017 (second-hand)"),
    SelfTestPoint.RESOLUTION: (0.0, 0.1, "K", "IEC 80601-2-59:2017 (second-hand)"),
    SelfTestPoint.CALIBRATION: (0.0, 1e6, "d", "IEC 80601-2-59:2017 (second-hand)"),
    SelfTestPoint.INTACT_STREAM: (0.0, 0.01, "", "this product: faults per message"),
}
"""Least and most that passes, unit, and where it stands.

Laboratory accuracy must hold over 34 to 39 °C; a body in view shows it at the temperature that it is set to.
"""


class TestedPoint(msgspec.Struct, frozen=True, kw_only=True):
    """One point: what was measured, within what it must lie, where that stands, and why it could not be measured."""

    point: SelfTestPoint
    verdict: PointVerdict
    measured: float | None
    least: float
    most: float
    unit: str
    source: str
    because: str = ""


class RegisteredFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What the register says of the device under test, as far as it says it.

    ``reference_uncertainty_c`` is the reference body's own, expanded (k = 2): it counts against the device.
    """

    serial_number: str = ""
    firmware: str = ""
    owner: str = ""
    certificate: str = ""
    calibrated_on: date | None = None
    calibration_due_on: date | None = None
    warm_up_min: float | None = None
    reference_c: float | None = None
    reference_uncertainty_c: float = USUAL_UNCERTAINTY_C


class SelfTestReport(msgspec.Struct, frozen=True, kw_only=True):
    """One device's report: when, over what, and every item once."""

    device_id: str
    driver: str
    model: str
    registered: RegisteredFacts
    tested_at: datetime
    frames: int
    readings: int
    faults: int
    seconds: float
    points: tuple[TestedPoint, ...]


class StreamSeen:
    """What a stream showed, gathered event by event; keeps the first ``MOST_FRAMES`` pictures."""

    def __init__(self, *, reference_c: float | None, finder: FaceFinder | None = None) -> None:
        """Begin without anything; ``finder`` finds the faces, by default by segmentation alone."""
        self._finder = finder or FaceFinder()
        self.face_widths_px: list[int] = []
        self.readings = self.faults = self.frames = 0
        self.times: list[datetime] = []
        self.ambient_c: list[float] = []
        self.pictures: list[npt.NDArray[np.float32]] = []
        self.reference_c: list[float] = []
        self.picture_at: list[datetime] = []
        self.reference_at: list[datetime] = []
        self._tracker = ReferenceTracker(expected_c=reference_c) if reference_c else None

    def take(self, events: Iterable[DeviceEvent]) -> None:
        """Look at events in their order."""
        for event in events:
            match event:
                case ThermalFrame():
                    self._look_at(event)
                case Reading() if event.arrival is not Arrival.RETAINED:  # said before anybody tested
                    self.readings += 1
                    self._note(event.observed_at, event.ambient_c)
                case Fault():
                    self.faults += 1

    def _look_at(self, frame: ThermalFrame) -> None:
        self.frames += 1
        self.picture_at.append(frame.observed_at)
        self._note(frame.observed_at, frame.ambient_c)
        body = self._tracker.follow(frame.celsius) if self._tracker else None
        if len(self.pictures) < MOST_FRAMES:
            self.pictures.append(frame.celsius)
            heads = self._finder.find(frame.celsius, ignored=body.pixels if body else None)
            self.face_widths_px += [head.box.width_px for head in heads[:1] if head.is_recognised is not False]
        if body is not None:
            self.reference_c.append(body.measured_c)
            self.reference_at.append(frame.observed_at)

    def _note(self, at: datetime, ambient_c: float | None) -> None:
        self.times.append(at)
        if ambient_c is not None:
            self.ambient_c.append(ambient_c)

    @property
    def seconds(self) -> float:
        """How long the stream lasted by the times of what it showed."""
        return (max(self.times) - min(self.times)).total_seconds() if self.times else 0.0

    @property
    def noise_c(self) -> float | None:
        """Noise of one pixel from picture to picture, K, in the stillest quarter of the picture."""
        shapes = {picture.shape for picture in self.pictures}
        if len(self.pictures) < FEWEST_FRAMES or len(shapes) != 1:
            return None
        steps = np.diff(np.stack(self.pictures), axis=0) / np.sqrt(2.0)
        return float(np.percentile(steps.std(axis=0), STILL_SHARE_PERCENT))

    @property
    def face_width_px(self) -> float | None:
        """How wide the face in front usually was, in pixels; None where nobody stood there long enough for a reading.

        By the detectors' box, from temple to temple.
        """
        return float(np.median(self.face_widths_px)) if len(self.face_widths_px) >= FRAMES_A_READING else None

    @property
    def slowest_result_s(self) -> float | None:
        """How long at most the pictures took that one reading is made of, s; None for fewer, or without times."""
        ends = zip(self.picture_at, self.picture_at[FRAMES_A_READING - 1 :], strict=False)
        took_s = [(last - first).total_seconds() for first, last in ends]
        return max(took_s) if took_s and self.seconds > 0.0 else None

    @property
    def oldest_reference_s(self) -> float | None:
        """How old the last sight of the reference body ever was, s, up to the end of what was watched."""
        if not self.reference_at or self.seconds == 0.0:
            return None
        return self.longest_gap_s([min(self.times), *self.reference_at, max(self.times)])

    def longest_gap_s(self, times: list[datetime]) -> float | None:
        """The longest time between two of them, s; ``None`` where the recording has no times of its own."""
        if len(times) < 2 or self.seconds == 0.0:
            return None
        return max((later - earlier).total_seconds() for earlier, later in pairwise(sorted(times)))


_Measured = tuple[float | None, str]


def report_on(
    device_id: str, seen: StreamSeen, *, manifest: Manifest, registered: RegisteredFacts, at: datetime
) -> SelfTestReport:
    """Judge everything once; ``at`` is the aware instant of the test."""
    measured = {
        **_of_papers(manifest, registered, today=at.date()),
        **_of_pictures(seen, manifest=manifest),
        **_of_reference(seen, registered=registered),
    }
    return SelfTestReport(
        device_id=device_id,
        driver=manifest.driver,
        model=manifest.model,
        registered=registered,
        tested_at=at,
        frames=seen.frames,
        readings=seen.readings,
        faults=seen.faults,
        seconds=round(seen.seconds, 1),
        points=tuple(_judged(point, *measured[point]) for point in SelfTestPoint),
    )


def _judged(point: SelfTestPoint, measured: float | None, because: str) -> TestedPoint:
    least, most, unit, source = LIMITS[point]
    if measured is None:
        verdict = PointVerdict.NOT_MEASURABLE
    else:
        measured, because = round(measured, 4), ""
        verdict = PointVerdict.PASSED if least <= measured <= most else PointVerdict.FAILED
    return TestedPoint(
        point=point,
        verdict=verdict,
        measured=measured,
        least=least,
        most=most,
        unit=unit,
        source=source,
        because=because,
    )


def _of_papers(manifest: Manifest, registered: RegisteredFacts, *, today: date) -> dict[SelfTestPoint, _Measured]:
    """What papers alone say: the manifest and the register."""
    due_on = registered.calibration_due_on
    warm_up_min = manifest.warm_up_min if registered.warm_up_min is None else registered.warm_up_min
    return {
        SelfTestPoint.STATED_ACCURACY: (manifest.accuracy_c, "not_stated"),
        SelfTestPoint.RESOLUTION: (manifest.resolution_c, "not_stated"),
        SelfTestPoint.WARM_UP: (warm_up_min or None, "not_stated"),
        SelfTestPoint.CALIBRATION: (None if due_on is None else float((due_on - today).days), "no_due_date"),
        SelfTestPoint.UNIFORMITY: (None, "needs_plane_source"),
        SelfTestPoint.DRIFT_BETWEEN_CALIBRATIONS: (None, "needs_14_days"),
    }


def _of_pictures(seen: StreamSeen, *, manifest: Manifest) -> dict[SelfTestPoint, _Measured]:
    """What the stream shows without a reference body."""
    messages = seen.frames + seen.readings + seen.faults
    width = float(min(seen.pictures[0].shape[1], seen.pictures[0].shape[0] * 4 / 3)) if seen.pictures else None
    no_pictures = "no_pictures" if manifest.columns is None else "too_few_pictures"
    return {
        SelfTestPoint.RAW_IMAGE: (width, "no_pictures"),
        SelfTestPoint.FACE_PIXELS: (seen.face_width_px, "nobody_seen" if seen.pictures else "no_pictures"),
        SelfTestPoint.TEMPORAL_NOISE: (seen.noise_c, no_pictures),
        SelfTestPoint.RESULT_WITHIN: (seen.slowest_result_s, no_pictures),
        SelfTestPoint.AMBIENT: (float(np.median(seen.ambient_c)) if seen.ambient_c else None, "no_ambient"),
        SelfTestPoint.INTACT_STREAM: (seen.faults / messages if messages else None, "nothing_came"),
    }


def _of_reference(seen: StreamSeen, *, registered: RegisteredFacts) -> dict[SelfTestPoint, _Measured]:
    """What the reference body shows, if one was named and found in most pictures; its own uncertainty counts too."""
    readings, set_c = seen.reference_c, registered.reference_c
    is_mostly_seen = len(readings) >= max(FEWEST_FRAMES, SMALLEST_SHARE_SEEN * seen.frames)
    if set_c and readings and not is_mostly_seen:
        return {
            SelfTestPoint.LABORATORY_ACCURACY: (None, "reference_not_found"),
            SelfTestPoint.REFERENCE_WANDER: (None, "reference_not_found"),
            SelfTestPoint.REFERENCE_AGE: (seen.oldest_reference_s, "no_times"),
        }
    if not set_c or not readings:
        because = "reference_not_found" if set_c else "no_reference"
        points = (SelfTestPoint.LABORATORY_ACCURACY, SelfTestPoint.REFERENCE_AGE, SelfTestPoint.REFERENCE_WANDER)
        return dict.fromkeys(points, (None, because))
    error_c = float(max(np.percentile(readings, (5, 95)) - set_c, key=abs))
    return {
        SelfTestPoint.LABORATORY_ACCURACY: (error_c + math.copysign(registered.reference_uncertainty_c, error_c), ""),
        SelfTestPoint.REFERENCE_AGE: (seen.oldest_reference_s, "no_times"),
        SelfTestPoint.REFERENCE_WANDER: (float(np.std(readings)), ""),
    }
