"""Real recordings of a FLIR Lepton: read exactly, corrected by the reference body in view, or refused.

The people in the clips are not known by name, their true temperatures are not known at all: nothing
here says anything about detecting illness. What can be told is printed (``pytest -s``).
"""

import csv
import sys
from datetime import UTC, datetime
from itertools import pairwise

import numpy as np
import pytest

from devices.drivers.cptv import CptvDriver
from devices.imaging.faces import find_heads
from devices.imaging.reference_body import ReferenceTracker
from devices.measurement.correction import ReferenceSetting
from devices.measurement.presence import PresenceSettings, PresenceTracker
from devices.reading import Fault, FaultCode, ThermalFrame

NOW = datetime(2026, 11, 22, tzinfo=UTC)
CLIPS = "data/imaging/feverscreen"
FRAMES_AND_RANGE = {
    "20210322-112850.cptv": (149, 29994, 30825),
    "20210326-110819.cptv": (102, 29904, 30846),
    "20210330-141215.cptv": (130, 30306, 31044),
    "fs-1204-812680-2021-03-26T00_08_19.522Z.cptv": (321, 30176, 30955),
    "fs-1220-816659-2021-04-01T00_10_48.540Z.cptv": (54, 30095, 30955),
    "testr.cptv": (70, 30315, 31057),
}
"""Frame count, smallest and largest centikelvin, as another decoder of the format found them."""


def play(path, **options):
    driver = CptvDriver(device_id="camera", options={"rotate_clockwise_deg": 90} | options)
    events = list(driver.feed(path.read_bytes(), received_at=NOW))
    return events + list(driver.finish(received_at=NOW))


def pictures(path):
    return [event for event in play(path) if isinstance(event, ThermalFrame)]


@pytest.mark.parametrize("name", FRAMES_AND_RANGE)
def test_every_frame_of_a_clip_is_read_to_the_last_count(shared, name):
    expected, smallest, largest = FRAMES_AND_RANGE[name]
    frames = pictures(shared / CLIPS / name)
    assert len(frames) == expected
    assert {frame.celsius.shape for frame in frames} == {(160, 120)}
    assert round(min(float(frame.celsius.min()) for frame in frames) * 100) + 27315 == smallest
    assert round(max(float(frame.celsius.max()) for frame in frames) * 100) + 27315 == largest
    gaps_s = [(b.observed_at - a.observed_at).total_seconds() for a, b in pairwise(frames)]
    assert {round(gap, 3) for gap in gaps_s} <= {0.114, 0.115}


@pytest.mark.parametrize("name", ["v1.cptv", "v2.cptv", "go-v2.cptv"])
def test_a_clip_of_raw_counts_is_refused_as_a_whole(shared, name):
    [fault] = play(shared / "data/devices/cptv" / name)
    assert isinstance(fault, Fault)
    assert fault.code is FaultCode.NOT_RADIOMETRIC


def test_a_clip_cut_off_gives_what_was_whole_and_says_that_it_was_cut(shared, tmp_path):
    whole = (shared / CLIPS / "testr.cptv").read_bytes()
    cut = tmp_path / "cut.cptv"
    cut.write_bytes(whole[: len(whole) // 2])
    *frames, fault = play(cut)
    assert 20 < len(frames) < 70
    assert (fault.code, fault.byte_count) == (FaultCode.TRUNCATED, 0)


def test_pictures_after_the_shutter_are_held_back_and_counted(shared):
    events = play(shared / CLIPS / "fs-1220-815794-2021-03-30T20_03_15.592Z.cptv")
    held = [event for event in events if isinstance(event, Fault)]
    assert {fault.code for fault in held} == {FaultCode.SHUTTER_EVENT}
    assert len(held) + len([event for event in events if isinstance(event, ThermalFrame)]) == 293


@pytest.mark.slow
def test_the_reference_body_is_found_in_every_clip_and_never_jumps(shared, capsys):
    wander_c = {}
    for path in sorted((shared / CLIPS).glob("*.cptv")):
        tracker = ReferenceTracker(expected_c=35.0)
        frames = pictures(path)
        bodies = [body for frame in frames if (body := tracker.follow(frame.celsius))]
        assert len(bodies) >= len(frames) - 5, path.name
        centres = np.array([body.centre for body in bodies])
        assert np.abs(np.diff(centres, axis=0)).max() <= 3, path.name
        shown_c = np.array([body.measured_c for body in bodies])
        wander_c[path.name] = (float(np.median(shown_c)), float(shown_c.std()))
    with capsys.disabled():
        sys.stdout.write("\nreference body as the sensor shows it: median and wander within the clip, °C\n")
        for name, (median_c, deviation_c) in wander_c.items():
            sys.stdout.write(f"  {name[:34]:34} {median_c:6.2f} {deviation_c:6.3f}\n")
    medians_c = [median_c for median_c, _ in wander_c.values()]
    assert max(medians_c) - min(medians_c) > 4, "absolute values of this sensor would be trusted"
    assert np.median([deviation_c for _, deviation_c in wander_c.values()]) < 0.1


@pytest.mark.slow
def test_faces_are_found_in_most_labelled_frames_and_the_share_is_printed(shared, capsys):
    with (shared / CLIPS / "face-boxes-hand-labelled.csv").open(encoding="utf-8", newline="") as file:
        labels = [row for row in csv.DictReader(file) if row["label"] == "frontal"]
    overlaps = [overlap_with_label(shared / CLIPS, row) for row in labels]
    found = sum(overlap > 0.3 for overlap in overlaps)
    with capsys.disabled():
        sys.stdout.write(f"\nsegmentation found {found} of {len(labels)} labelled frontal faces (overlap above 0.3)\n")
    assert found >= 14


def overlap_with_label(folder, row):
    frames = pictures(folder / row["clip"])
    tracker = ReferenceTracker(expected_c=35.0)
    index = int(row["frame_index"])
    bodies = [tracker.follow(frame.celsius) for frame in frames[: index + 1]]
    heads = find_heads(frames[index].celsius, ignored=bodies[-1].pixels if bodies[-1] else None)
    if not heads:
        return 0.0
    box = heads[0].box
    left, top, right, bottom = (int(row[key]) for key in ("x0", "y0", "x1", "y1"))
    across = min(right, box.left_px + box.width_px) - max(left, box.left_px)
    down = min(bottom, box.top_px + box.height_px) - max(top, box.top_px)
    shared_px = max(0, across) * max(0, down)
    return shared_px / ((right - left) * (bottom - top) + box.width_px * box.height_px - shared_px)


def measured(path, *, set_c=37.0):
    tracker = PresenceTracker(
        device_id="camera",
        manifest=CptvDriver.manifest,
        settings=PresenceSettings(reference=ReferenceSetting(set_c=set_c)),
    )
    return [reading for frame in pictures(path) if (reading := tracker.accept(frame))]


def test_a_clip_in_which_nobody_comes_near_gives_no_reading(shared):
    assert measured(shared / CLIPS / "20210326-110819.cptv") == []


@pytest.mark.parametrize(
    "name", ["20210330-141215.cptv", "20210331-231218.cptv", "fs-1204-816674-2021-04-01T00_46_43.265Z.cptv"]
)
def test_a_person_before_the_camera_is_measured_once_against_the_reference(shared, name):
    [reading] = measured(shared / CLIPS / name)
    assert reading.is_usable
    assert 34 < reading.temperature_c < 38
    assert reading.frame_count >= 5
    assert reading.reference_residual_c < 0.15
    assert 0.2 < reading.uncertainty_c < 0.5


def test_the_set_temperature_moves_the_reading_and_leaves_the_raw_value(shared):
    path = shared / CLIPS / "20210330-141215.cptv"
    [low], [high] = measured(path, set_c=36.0), measured(path, set_c=37.0)
    assert high.temperature_c - low.temperature_c == pytest.approx(1.0, abs=0.002)
    assert high.raw_c == low.raw_c
