"""Trained detectors of faces: the right weights or none, believed only where skin is, and never needed to run."""

import os
from datetime import UTC, datetime

import numpy as np
import pytest

from devices.drivers.cptv import CptvDriver
from devices.imaging import blazeface, second_detector
from devices.imaging.blazeface import (
    HALF_RECOGNISED,
    LEAST_SCORE,
    BlazeFace,
    FaceModelError,
    ModelFace,
    checked_model,
    model_file,
)
from devices.imaging.face_finder import REMEMBERED_PICTURES, FaceFinder, load_face_finder
from devices.imaging.face_models import FaceModels, load_face_models, united
from devices.imaging.quality_gate import GateLimits
from devices.measurement.correction import ReferenceSetting
from devices.measurement.presence import FEWEST_FRAMES, PresenceSettings, PresenceTracker
from devices.measurement.scene import SceneReader
from devices.measurement.tracking import overlap_of
from devices.reading import FaceBox, QualityReason, ThermalFrame, UnusableReason
from devices.simulator.physics import Body, Camera, PhysicsScene, ReferenceDisc
from tests.devices.detectors import first_model

AT = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
FACE = Body(core_c=36.9, has_features=True)
OVAL = Body(core_c=36.9)


def picture(body=FACE, *, size=(120, 160), seed=2, reference=None):
    scene = PhysicsScene(seed=seed, camera=Camera(rows=size[0], columns=size[1]), reference=reference)
    return scene.picture(body).celsius


def face(*, left, top=40.0, side=40.0, score=0.9, eyes=True):
    row = top + side / 3
    return ModelFace(
        edges=(left, top, left + side, top + side),
        score=score,
        eyes=((left + side * 0.3, row), (left + side * 0.7, row)) if eyes else None,
    )


class Said:
    """Stands for the detectors: gives what it is told to, picture by picture."""

    def __init__(self, *answers):
        self._answers = list(answers)

    def find(self, celsius, *, ignored=None, is_warm=True):
        return self._answers.pop(0)


def warm_place(*places, celsius=34.0):
    shown = np.full((160, 120), 22.0, dtype=np.float32)
    for left, top, side in places:
        shown[top : top + side, left : left + side] = celsius
    return shown + np.random.default_rng(4).normal(0, 0.03, shown.shape).astype(np.float32)


@pytest.mark.parametrize("size", [(120, 160), (160, 120), (240, 320), (512, 640)])
def test_a_drawn_face_is_recognised_with_its_eyes_at_any_size(size):
    first_model()
    rows, columns = size
    body = Body(core_c=36.9, has_features=True, half_height=0.3 if columns > rows else 0.2)
    [head] = FaceFinder(first_model()).find(picture(body, size=size))
    assert head.is_recognised
    half_px = body.half_height * rows
    truth = FaceBox(
        left_px=round(body.across * columns - 0.75 * half_px),
        top_px=round(body.down * rows - half_px),
        width_px=round(1.5 * half_px),
        height_px=round(2 * half_px),
    )
    assert overlap_of(head.box, truth) > 0.35
    (left, left_row), (right, right_row) = head.eyes
    assert 0.5 * half_px * 0.75 < right - left < 1.2 * half_px
    assert abs((left + right) / 2 - body.across * columns) < 0.2 * half_px
    assert abs((left_row + right_row) / 2 - (body.down - 0.12 * body.half_height) * rows) < 0.35 * half_px


def test_weights_other_than_the_measured_ones_are_refused_by_name_and_sum(tmp_path):
    wrong = tmp_path / "face_detection_short_range.tflite"
    wrong.write_bytes(b"other weights")
    with pytest.raises(FaceModelError, match=r"face_detection_short_range.tflite has sha256 .* expected 3bc182eb"):
        checked_model(wrong)
    with pytest.raises(FaceModelError, match="cannot be read"):
        checked_model(tmp_path / "absent.tflite")


def test_the_installed_weights_are_the_measured_ones_and_opencv_gives_both_outputs():
    first_model()
    logits, numbers = BlazeFace(checked_model(model_file())).forward(np.zeros((128, 128), dtype=np.uint8))
    assert (logits.shape, numbers.shape) == ((896,), (896, 16))
    assert float(logits.max()) < 0


@pytest.mark.parametrize("missing", ["weights", "wrong", "second"])
def test_what_is_missing_is_told_and_faces_are_found_without_it(missing, monkeypatch, tmp_path):
    first_model()
    if missing == "weights":
        monkeypatch.setattr(blazeface, "PACKAGE", "not-installed-at-all")
    elif missing == "wrong":
        monkeypatch.setattr(blazeface, "MODEL_SHA256", "0" * 64)
    else:
        monkeypatch.setattr(second_detector, "PACKAGE", "not_installed_at_all")
    finder, limit = load_face_finder(longer_side_px=160)
    assert ("segmentation alone" in limit, "one detector" in limit) == (missing != "second", missing == "second")
    [head] = finder.find(picture())
    assert head.is_recognised is (True if missing == "second" else None)


def test_a_small_array_loads_no_detectors_and_misses_none(monkeypatch):
    monkeypatch.setattr(blazeface, "PACKAGE", "not-installed-at-all")
    finder, limit = load_face_finder(longer_side_px=32)
    assert limit == ""
    [head] = finder.find(picture(OVAL, size=(24, 32)))
    assert head.is_recognised is None


def test_loading_leaves_the_environment_of_other_programs_as_it_was(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    load_face_models()
    assert os.environ["OMP_NUM_THREADS"] == "7"
    monkeypatch.delenv("OMP_NUM_THREADS")
    load_face_models()
    assert "OMP_NUM_THREADS" not in os.environ


def test_two_detectors_of_one_face_give_it_once_and_as_sure_as_the_surer():
    one, same, other = face(left=10.0, score=0.3), face(left=13.0, score=0.8, eyes=False), face(left=70.0, eyes=False)
    both = united((one,), (same, other))
    assert [(each.edges, each.score, each.eyes is None) for each in both] == [
        (one.edges, 0.8, False),
        (other.edges, 0.9, True),
    ]


def test_a_face_as_cold_as_the_wall_is_a_picture_of_one_and_nobody():
    finder = FaceFinder(Said((face(left=20.0),), (face(left=20.0),), (face(left=20.0),)))
    assert finder.find(warm_place()) == ()
    assert finder.find(warm_place((20, 40, 40), celsius=24.0)) == ()
    [head] = finder.find(warm_place((20, 40, 40)))
    assert head.is_recognised


def test_a_half_recognised_face_is_believed_only_where_a_sure_one_just_was():
    half = (HALF_RECOGNISED + LEAST_SCORE) / 2
    faint = (face(left=22.0, score=half),)
    shown = warm_place((20, 40, 40))
    finder = FaceFinder(Said(faint, (face(left=20.0),), faint, faint))
    assert [finder.find(shown)[0].is_recognised for _ in range(4)] == [False, True, True, True]


def test_a_head_is_remembered_as_a_face_for_fewer_pictures_than_make_a_reading():
    assert REMEMBERED_PICTURES < FEWEST_FRAMES
    shown = warm_place((20, 40, 40))
    finder = FaceFinder(Said((face(left=20.0),), *[()] * 6))
    seen = [finder.find(shown)[0].is_recognised for _ in range(7)]
    assert seen == [True] * (1 + REMEMBERED_PICTURES) + [False] * (6 - REMEMBERED_PICTURES)


def test_beside_a_recognised_face_an_arm_is_nobody_and_a_shirt_below_it_neither():
    shown = warm_place((10, 20, 40), (75, 20, 30))
    shown[100:150, 5:65] = 32.5
    said = (face(left=10.0, top=20.0), face(left=10.0, top=100.0, side=48.0))
    [head] = FaceFinder(Said(said)).find(shown)
    assert head.box.top_px == 20


def test_what_only_the_second_detector_finds_is_somebody_but_nobody_to_measure():
    shown = warm_place((20, 40, 40))
    blind = (face(left=20.0, eyes=False),)
    finder = FaceFinder(Said(blind, (face(left=20.0),), blind))
    assert [finder.find(shown)[0].is_recognised for _ in range(3)] == [False, True, True]


def frames_of(body, *, count=12):
    scene = PhysicsScene(seed=6, reference=ReferenceDisc(set_c=35.0))
    shown = [scene.picture(None if number < 6 else body).celsius for number in range(count + 6)]
    return [
        ThermalFrame(device_id="camera", observed_at=AT.replace(second=n // 9, microsecond=n % 9 * 111_111), celsius=c)
        for n, c in enumerate(shown)
    ]


def test_a_head_that_no_detector_takes_for_a_face_is_turned_away_and_no_measurement():
    settings = PresenceSettings(reference=ReferenceSetting(set_c=35.0), gate=GateLimits())
    for body, is_measured in ((FACE, True), (OVAL, False)):
        tracker = PresenceTracker(
            device_id="camera", manifest=CptvDriver.manifest, settings=settings, finder=FaceFinder(first_model())
        )
        readings = [reading for frame in frames_of(body) if (reading := tracker.accept(frame))]
        assert [reading.is_usable for reading in readings] == [is_measured]
        if not is_measured:
            assert readings[0].unusable_because == (UnusableReason.QUALITY_GATE,)
            assert QualityReason.FACE_TURNED in readings[0].quality


def test_the_second_site_is_taken_between_the_eyes_that_were_found():
    reader = SceneReader(reference=ReferenceSetting(set_c=35.0), finder=FaceFinder(first_model()))
    for frame in frames_of(FACE):
        scene = reader.read(frame)
    [seen] = scene.faces
    assert seen.is_recognised
    assert seen.eyes.corrected_c == pytest.approx(FACE.canthus_c(ambient_c=22.0), abs=0.3)


class Counted:
    """Stands for one detector: counts how often it is asked, and finds nobody."""

    def __init__(self):
        self.asked = 0

    def find(self, grey):
        self.asked += 1
        return ()


@pytest.mark.parametrize(("is_warm", "expected"), [(False, (3, 0)), (True, (7, 3))], ids=["empty lane", "a back"])
def test_of_seven_pictures_without_a_face_the_detectors_are_shown_no_more_than_they_need(is_warm, expected):
    first, second = Counted(), Counted()
    models = FaceModels(first=first, second=second)
    for _ in range(7):
        assert models.find(warm_place((30, 40, 40)), is_warm=is_warm) == ()
    assert (first.asked, second.asked) == expected
