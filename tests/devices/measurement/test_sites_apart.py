"""The warmest of a face is held against the corners of its eyes: a cup, a lamp or a covered eye decides nothing."""

from datetime import UTC, datetime

import numpy as np
import pytest

from devices.drivers.cptv import CptvDriver
from devices.measurement.correction import CorrectedValue, ReferenceSetting, corrected
from devices.measurement.scene import SceneKind
from devices.measurement.sightings import ReadingMaker, Sighting
from devices.reading import FaceBox, ThermalFrame, UnusableReason

AT = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
BODY = ReferenceSetting(set_c=37.0)
FRAME = ThermalFrame(device_id="c", observed_at=AT, celsius=np.full((120, 160), 24.0, dtype=np.float32), sequence=5)


def reading_of(face_c: float, eyes_c: float | None, *, has_reference: bool = True):
    value = corrected(face_c, reference_c=37.0, surroundings_c=24.0, setting=BODY)
    if not has_reference:
        value = CorrectedValue(raw_c=face_c, corrected_c=face_c)
    one = Sighting(
        track=1,
        at=AT,
        kind=SceneKind.ONE_FACE,
        box=FaceBox(left_px=40, top_px=30, width_px=40, height_px=50),
        value=value,
        surroundings_c=24.0,
        quality=(),
        eyes_c=eyes_c,
    )
    maker = ReadingMaker(device_id="c", manifest=CptvDriver.manifest, reference=BODY if has_reference else None)
    return maker.made(FRAME, [one] * 5)


@pytest.mark.parametrize(("face_c", "eyes_c"), [(36.2, 33.0), (39.5, 36.0), (37.9, 36.8)])
def test_sites_that_no_face_shows_together_decide_nothing(face_c, eyes_c):
    reading = reading_of(face_c, eyes_c)
    assert reading.unusable_because == (UnusableReason.SITES_APART,)
    assert reading.second_site_c == eyes_c, "kept and shown all the same"


@pytest.mark.parametrize(("face_c", "eyes_c"), [(36.2, 36.1), (38.4, 38.0), (35.9, 35.1), (36.2, None)])
def test_a_face_is_a_face_warm_or_not(face_c, eyes_c):
    assert reading_of(face_c, eyes_c).unusable_because == ()


def test_without_a_reference_body_nobody_knows_the_eyes_so_well():
    assert reading_of(36.2, 33.0, has_reference=False).unusable_because == ()
