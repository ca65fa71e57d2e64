"""The band from eye to eye holds the warm corners of the eyes, and nothing of mouth or forehead."""

import numpy as np
import pytest

from devices.imaging.faces import find_heads
from devices.imaging.quality_gate import FaceView
from devices.imaging.sites import eye_band
from devices.reading import FaceBox, MeasuringSite
from devices.simulator.physics import Body, Camera, PhysicsScene
from tests.benchmarks.reading_errors import measured


@pytest.mark.parametrize("half_height", [0.2, 0.26, 0.32])
def test_the_warmest_true_pixel_of_a_face_lies_in_its_eye_band(half_height):
    picture = PhysicsScene(seed=1, camera=Camera()).picture(Body(core_c=37.0, across=0.55, half_height=half_height))
    [head] = find_heads(picture.celsius)
    band = eye_band(FaceView(box=head.box), shape=picture.celsius.shape)
    warmest = np.unravel_index(np.where(picture.is_subject, picture.truth_c, 0).argmax(), picture.truth_c.shape)
    assert band[warmest]
    assert band.sum() < 0.35 * head.pixel_count


def test_eyes_that_are_known_place_the_band_and_one_outside_the_picture_is_empty():
    box = FaceBox(left_px=10, top_px=10, width_px=40, height_px=50)
    band = eye_band(FaceView(box=box, eyes=((20, 30), (40, 30))), shape=(120, 160))
    assert band[30, 20:40].all()
    assert not band[:25].any()
    assert not band[36:].any()
    gone = FaceBox(left_px=-80, top_px=-80, width_px=40, height_px=50)
    assert not eye_band(FaceView(box=gone), shape=(120, 160)).any()


def test_a_reading_of_the_whole_face_carries_the_eyes_as_its_second_site():
    error_c, reading = measured(np.random.default_rng(6))
    assert reading.second_site is MeasuringSite.INNER_CANTHUS
    assert reading.second_site_c - reading.temperature_c == pytest.approx(0.0, abs=0.05)
    assert abs(error_c) < 0.5
