"""One person's pictures, and the reading that they make together: median, uncertainty by term, reasons."""

import statistics
from datetime import datetime

import msgspec

from devices.driver import Manifest
from devices.measurement.correction import CorrectedValue, ReferenceSetting
from devices.measurement.plausibility import is_plausible
from devices.measurement.scene import SceneFace, SceneKind
from devices.measurement.two_sites import FaceMaximum, InnerCanthus, are_far_apart
from devices.measurement.uncertainty import Conditions, expanded_c, uncertainty_terms
from devices.reading import (
    ADVISORY_REASONS,
    ClockBasis,
    FaceBox,
    MeasuringSite,
    QualityReason,
    Reading,
    ReadingKind,
    ThermalFrame,
    UncertaintyTerm,
    UnusableReason,
)

UNKNOWN_ACCURACY_C = 2.0
"""What makers of uncooled arrays usually state, where a manifest states nothing."""


class Sighting(msgspec.Struct, frozen=True, kw_only=True):
    """One picture of one person. ``track`` is whose, ``at`` when."""

    track: int
    at: datetime
    kind: SceneKind
    box: FaceBox
    value: CorrectedValue
    surroundings_c: float | None
    quality: tuple[QualityReason, ...]
    eyes_c: float | None


def sighting_of(face: SceneFace, *, track: int, at: datetime, surroundings_c: float | None) -> Sighting:
    """Keep of a face in a picture what its person's reading needs."""
    return Sighting(
        track=track,
        at=at,
        kind=face.kind,
        box=face.box,
        value=face.value,
        surroundings_c=surroundings_c,
        quality=face.quality,
        eyes_c=face.eyes.corrected_c if face.eyes else None,
    )


class ReadingMaker(msgspec.Struct, frozen=True, kw_only=True):
    """Makes readings of one device. ``reference`` is the body in view, None without one."""

    device_id: str
    manifest: Manifest
    reference: ReferenceSetting | None = None

    def made(self, frame: ThermalFrame, sightings: list[Sighting], *, reason: UnusableReason | None = None) -> Reading:
        """Make a reading of one person's pictures, of which ``frame`` is the last; ``ValueError`` if of several."""
        if len({sighting.track for sighting in sightings}) != 1:
            msg = "a reading is made of the pictures of one person"
            raise ValueError(msg)
        temperature_c = round(statistics.median(sighting.value.corrected_c for sighting in sightings), 3)
        residual_c = _reference_residual_c(sightings)
        eyes_c = _eyes_c(sightings)
        terms = self._terms(sightings, temperature_c=temperature_c, residual_c=residual_c)
        reasons = [reason] if reason else []
        if not is_plausible(temperature_c, kind=ReadingKind.RAW_SKIN, site=MeasuringSite.FACE_MAXIMUM):
            reasons.append(UnusableReason.IMPLAUSIBLE)
        if residual_c is not None and _are_sites_apart(eyes_c, temperature_c):
            reasons.append(UnusableReason.SITES_APART)
        return Reading(
            device_id=self.device_id,
            driver=self.manifest.driver,
            device_kind=self.manifest.device_kind,
            observed_at=frame.observed_at,
            clock_basis=ClockBasis.RECEIVED,
            temperature_c=temperature_c,
            kind=ReadingKind.RAW_SKIN,
            site=MeasuringSite.FACE_MAXIMUM,
            delivery_key=f"{frame.observed_at.isoformat()}#{frame.sequence}#{sightings[-1].track}",
            raw_c=round(statistics.median(sighting.value.raw_c for sighting in sightings), 3),
            uncertainty_c=round(expanded_c(terms), 2),
            uncertainty_terms=terms,
            ambient_c=frame.ambient_c,
            device_c=frame.device_c,
            reference_residual_c=residual_c,
            reference_offset_c=self._reference_offset_c(sightings),
            frame_count=len(sightings),
            face=sightings[-1].box,
            unusable_because=tuple(reasons),
            quality=self._quality(sightings, is_usable=not reasons),
            second_site_c=eyes_c,
            second_site=None if eyes_c is None else MeasuringSite.INNER_CANTHUS,
        )

    def _quality(self, sightings: list[Sighting], *, is_usable: bool) -> tuple[QualityReason, ...]:
        """All that was wrong with any of these pictures, each once in its order; a usable reading has only advice.

        An array of few pixels is called indicative with or without a gate that looks at its pictures.
        """
        found = dict.fromkeys(reason for sighting in sightings for reason in sighting.quality)
        if self.manifest.is_indicative:
            found[QualityReason.INDICATIVE_ARRAY] = None
        return tuple(reason for reason in found if not is_usable or reason in ADVISORY_REASONS)

    def _reference_offset_c(self, sightings: list[Sighting]) -> float | None:
        """How much warmer than it is set the sensor shows the reference body, in kelvin; None without one."""
        shown_c = [sighting.value.reference_c for sighting in sightings if sighting.value.reference_c is not None]
        if self.reference is None or not shown_c:
            return None
        return round(statistics.median(shown_c) - self.reference.set_c, 3)

    def _terms(
        self, sightings: list[Sighting], *, temperature_c: float, residual_c: float | None
    ) -> tuple[UncertaintyTerm, ...]:
        values_c = [sighting.value.corrected_c for sighting in sightings]
        is_corrected = residual_c is not None
        conditions = Conditions(
            temperature_c=temperature_c,
            frame_count=len(sightings),
            spread_c=statistics.stdev(values_c) if len(values_c) > 1 else 0.0,
            accuracy_c=self.manifest.accuracy_c or UNKNOWN_ACCURACY_C,
            surroundings_c=sightings[-1].surroundings_c,
            face_width_px=sightings[-1].box.width_px,
            value=sightings[-1].value if is_corrected else None,
            setting=self.reference if is_corrected else None,
            reference_residual_c=residual_c,
        )
        return uncertainty_terms(conditions)


def _eyes_c(sightings: list[Sighting]) -> float | None:
    """Median of the band from eye to eye, in °C; None unless every one of these pictures shows it."""
    eyes_c = [sighting.eyes_c for sighting in sightings if sighting.eyes_c is not None]
    return round(statistics.median(eyes_c), 3) if len(eyes_c) == len(sightings) else None


def _are_sites_apart(eyes_c: float | None, face_c: float) -> bool:
    """Whether the warmest of the face is no face's: a cup, a lamp, a hot bag; or the eyes are covered."""
    if eyes_c is None:
        return False
    return are_far_apart(InnerCanthus(temperature_c=eyes_c), FaceMaximum(temperature_c=face_c))


def _reference_residual_c(sightings: list[Sighting]) -> float | None:
    """How far the reference body wandered within the measurement, in kelvin; None without one."""
    shown_c = [sighting.value.reference_c for sighting in sightings if sighting.value.reference_c is not None]
    if not shown_c:
        return None
    middle_c = statistics.median(shown_c)
    return round(max(abs(value_c - middle_c) for value_c in shown_c), 3)
