"""A recording screened from the command line: one line a person, and a reason for what cannot be read."""

import json
from datetime import UTC, datetime

import numpy as np
import pytest
from typer.testing import CliRunner

from devices.__main__ import app
from devices.capture_file import Captured, delivery_line, header_line
from devices.commands_screen import people_in
from devices.errors import DeviceConfigurationError, DeviceError
from devices.simulator.lepton_camera import uvc_frame
from devices.simulator.physics import Body, Camera, PhysicsScene, ReferenceDisc

BEGAN = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
CLIPS = "data/imaging/feverscreen"
BODIES = (Body(core_c=37.0, across=0.55, has_features=True), Body(core_c=38.6, across=0.5, has_features=True))


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """Two people who come one after the other before a simulated Lepton with its reference body, captured."""
    scene = PhysicsScene(seed=3, camera=Camera(), reference=ReferenceDisc(set_c=35.0))
    stays = [(None, 9), (BODIES[0], 9), (None, 4), (BODIES[1], 9), (None, 4)]
    pictures = [
        uvc_frame(scene.picture(body).celsius.astype(np.float64)) for body, count in stays for _ in range(count)
    ]
    folder = tmp_path_factory.mktemp("screen")
    capture = folder / "capture.jsonl"
    capture.write_bytes(
        header_line(driver="lepton", began_at=BEGAN)
        + b"".join(delivery_line(Captured(after_s=n / 9, payload=bytes_)) for n, bytes_ in enumerate(pictures))
    )
    (folder / "notes.txt").write_text("no recording")
    bare = folder / "frames.y16"
    bare.write_bytes(b"".join(pictures))
    return capture, bare


def test_each_person_of_a_capture_is_one_line_with_all_that_is_known(recorded):
    capture, _ = recorded
    told = CliRunner().invoke(app, ["screen", str(capture), "--option", "reference_c=35", "--turn", "0"])
    lines = [json.loads(line) for line in told.stdout.splitlines()]
    assert told.exit_code == 0
    assert [line["person"] for line in lines] == [1, 2]
    for line, body in zip(lines, BODIES, strict=True):
        assert line["temperature_c"] == pytest.approx(body.canthus_c(ambient_c=22.0), abs=0.3)
        assert line["is_usable"]
        assert line["is_corrected"]
        assert (line["site"], line["second_site"]) == ("face_maximum", "inner_canthus")
        assert line["quality"] == ["indicative_array"]
        assert 0.1 < line["uncertainty_c"] < 0.6
        assert {term["name"] for term in line["uncertainty_terms"]} >= {"frames", "reference_body"}
        assert (line["frames"], line["frame_count"]) == (9, 5)
        assert line["device_model"].startswith("FLIR Lepton")
    assert lines[0]["first_at"] == "2026-11-22T01:00:01Z"
    assert lines[0]["last_at"] < lines[1]["first_at"]


def test_bare_frames_need_the_name_of_their_driver_and_then_say_the_same(recorded):
    capture, bare = recorded
    with pytest.raises(DeviceError, match="--driver"):
        list(people_in(bare, turn=0))
    options = {"reference_c": 35.0}
    by_capture = [line.temperature_c for line in people_in(capture, options=options, turn=0)]
    assert [line.temperature_c for line in people_in(bare, driver="lepton", options=options, turn=0)] == by_capture


def test_without_a_set_temperature_the_line_says_that_nothing_was_corrected(recorded):
    lines = list(people_in(recorded[0], turn=0))
    assert [line.is_corrected for line in lines] == [False, False]
    assert [line.temperature_c for line in lines] == pytest.approx([line.raw_c for line in lines], abs=0.1)
    assert all(line.uncertainty_c > 2.0 for line in lines)


def test_a_folder_is_screened_file_by_file_and_what_is_no_recording_passed_over(recorded):
    folder = recorded[0].parent
    told = CliRunner().invoke(app, ["screen", str(folder), "--turn", "0"])
    assert told.exit_code == 0
    assert {json.loads(line)["file"] for line in told.stdout.splitlines()} == {"capture.jsonl"}


def test_a_single_radiometric_picture_is_never_a_measurement(shared):
    people = list(
        people_in(shared / "data/devices/flir-rjpeg-wikimedia/09-Infrared_image_of_people_in_the_laboratory.jpg")
    )
    assert people
    assert {tuple(person.unusable_because) for person in people} <= {("too_few_frames",), ("face_too_small",)}
    assert {person.frame_count for person in people} == {1}


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("data/devices/cptv/v2.cptv", "not centikelvin"),
        ("data/devices/flir-rjpeg-detect/DJI_XT-2.jpg", "little-endian"),
        ("data/devices/cptv/PROVENANCE.md", "--driver"),
        ("nowhere.cptv", "cannot read"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_reason_and_exit_code_2(shared, name, reason):
    told = CliRunner().invoke(app, ["screen", str(shared / name)])
    assert (told.exit_code, told.stdout) == (2, "")
    assert reason in told.stderr


def test_an_option_that_cannot_be_meant_is_refused(recorded):
    with pytest.raises(DeviceConfigurationError, match="'one' or 'each'"):
        list(people_in(recorded[0], options={"faces_at_once": "two"}, turn=0))
    told = CliRunner().invoke(app, ["screen", str(recorded[0]), "--turn", "45"])
    assert "auto" in str(told.exception)


def test_a_device_that_gives_no_pictures_cannot_be_screened(tmp_path):
    file = tmp_path / "bytes.bin"
    file.write_bytes(b"5")
    with pytest.raises(DeviceError, match="no pictures"):
        list(people_in(file, driver="gy_mcu9061x", options={}))
