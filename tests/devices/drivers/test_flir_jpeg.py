"""Radiometric JPEG files: an independent decoder, files made backwards, and every way in which one can be unfit."""

import io
import json
import struct
import warnings
from datetime import UTC, datetime

import numpy as np
import pytest
from typer.testing import CliRunner

from devices.__main__ import app
from devices.errors import DeviceConfigurationError
from devices.reading import Fault, FaultCode, ThermalFrame
from devices.registry import load_driver
from devices.simulator.radiometric_file import radiometric_jpeg
from tests.devices.specimens import AT

FOLDERS = (
    "flir-rjpeg-detect",
    "flir-rjpeg-erickpeirson",
    "flir-rjpeg-nervengift",
    "flir-rjpeg-wikimedia",
    "flir-thermimage",
    "flirpy",
)
UNFIT = {
    "DJI_XT-2.jpg": (FaultCode.NOT_RADIOMETRIC, "DJI"),
    "07-BillHotFlashThermography.jpg": (FaultCode.NOT_RADIOMETRIC, "not supported"),
    "exiftool_FLIR.jpg": (FaultCode.BAD_MESSAGE, "unpacked"),
    "example_radiometric.tiff": (FaultCode.BAD_HEADER, "no JPEG"),
    "frame_000000.fff": (FaultCode.BAD_HEADER, "no JPEG"),
    "frame_000000_le.fff": (FaultCode.BAD_HEADER, "no JPEG"),
}


def decode(content, **options):
    driver = load_driver("flir_jpeg")(device_id="camera-1", options=options)
    return [*driver.feed(content, received_at=AT), *driver.finish(received_at=AT)]


def the_picture(content, **options):
    (picture,) = decode(content, **options)
    assert isinstance(picture, ThermalFrame), picture
    return picture


def the_fault(content):
    (fault,) = decode(content)
    assert isinstance(fault, Fault)
    return fault


@pytest.fixture(scope="module")
def recordings(shared):
    files = [file for name in FOLDERS for file in sorted((shared / "data" / "devices" / name).iterdir())]
    return {file.name: file.read_bytes() for file in files if file.suffix != ".md"}


def independent(content):
    """The same file by a decoder that is none of ours."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import flyr

        return flyr.unpack(io.BufferedReader(io.BytesIO(content))).celsius


def test_every_shared_picture_agrees_with_an_independent_decoder(recordings):
    fit = {name: content for name, content in recordings.items() if name not in UNFIT}
    assert len(fit) >= 27
    small = {name: content for name, content in fit.items() if len(content) < 700_000 and "Man_in" not in name}
    for name, content in small.items():
        other = independent(content)
        assert np.abs(the_picture(content).celsius - other).max() < 0.001, name


def test_large_shared_pictures_have_the_temperatures_that_their_provenance_tells(recordings):
    told = {"T640.jpg": (25.46, 97.85), "16-Man_in_water_-_IR_image.jpg": (1.12, 26.94), "IR_2412.jpg": (22.736, 35.25)}
    for name, (coldest, hottest) in told.items():
        celsius = the_picture(recordings[name]).celsius
        assert celsius.shape == (480, 640)
        assert float(celsius.min()) == pytest.approx(coldest, abs=0.006)
        assert float(celsius.max()) == pytest.approx(hottest, abs=0.006)


@pytest.mark.parametrize("name", sorted(UNFIT))
def test_what_no_other_decoder_reads_is_refused_with_a_reason(recordings, name):
    code, reason = UNFIT[name]
    fault = the_fault(recordings[name])
    assert fault.code is code
    assert reason in fault.detail


def test_the_command_line_decodes_a_file(recordings, tmp_path):
    file = tmp_path / "people.jpg"
    file.write_bytes(recordings["09-Infrared_image_of_people_in_the_laboratory.jpg"])
    told = CliRunner().invoke(app, ["decode", "flir_jpeg", str(file)])
    assert told.exit_code == 0
    fields = json.loads(told.stdout)
    assert fields["maximum_c"] == pytest.approx(34.31, abs=0.006)
    assert fields["observed_at"].startswith("2015-10-14")


# Files made backwards ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def scene():
    return np.random.default_rng(1).uniform(15.0, 39.0, size=(60, 80))


@pytest.mark.parametrize("as_png", [True, False])
def test_temperatures_come_back_from_a_file_made_of_them(scene, as_png):
    picture = the_picture(radiometric_jpeg(scene, as_png=as_png))
    assert np.abs(picture.celsius - scene).max() < 0.02, "half a count"
    assert picture.observed_at == datetime.fromtimestamp(1_763_773_200, UTC)


def test_a_camera_of_another_opinion_on_emissivity_can_be_overruled(scene):
    content = radiometric_jpeg(scene)
    as_set, as_told = the_picture(content), the_picture(content, emissivity=0.90)
    warm = scene > 30
    assert (as_told.celsius[warm] > as_set.celsius[warm] + 0.3).all()
    assert the_picture(content, timed_by="arrival").observed_at == AT


def test_a_file_of_several_segments_is_joined():
    scene = np.random.default_rng(2).uniform(15.0, 39.0, size=(240, 320))
    content = radiometric_jpeg(scene, as_png=False)
    assert content.count(b"FLIR\x00\x01") == 3
    assert np.abs(the_picture(content).celsius - scene).max() < 0.02


def test_parts_may_come_in_any_order_but_only_once():
    scene = np.random.default_rng(2).uniform(15.0, 39.0, size=(240, 320))
    content = radiometric_jpeg(scene, as_png=False)
    places = [at - 4 for at in range(len(content)) if content.startswith(b"FLIR\x00\x01", at)]
    first, second, third = (
        content[start:end] for start, end in zip(places, [*places[1:], len(content) - 6], strict=True)
    )
    swapped = b"\xff\xd8" + third + first + second + content[-6:]
    assert (the_picture(swapped).celsius == the_picture(content).celsius).all()
    assert the_fault(b"\xff\xd8" + first + first + content[-6:]).code is FaultCode.BAD_MESSAGE
    missing = the_fault(b"\xff\xd8" + first + third + content[-6:])
    assert missing.code is FaultCode.NOT_RADIOMETRIC
    assert "of 3 parts" in missing.detail


def test_an_ordinary_photograph_is_refused():
    assert the_fault(b"\xff\xd8\xff\xe0\x00\x04ab\xff\xda\x00\x02xx\xff\xd9").code is FaultCode.NOT_RADIOMETRIC


def test_every_flipped_bit_of_an_embedded_png_is_found(scene):
    content = bytearray(radiometric_jpeg(scene))
    start = content.index(b"IDAT")
    chance = np.random.default_rng(4)
    for _ in range(40):
        place, bit = int(chance.integers(start, start + 4000)), int(chance.integers(0, 8))
        content[place] ^= 1 << bit
        assert the_fault(bytes(content)).code in {FaultCode.BAD_CHECKSUM, FaultCode.TRUNCATED}
        content[place] ^= 1 << bit


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (0x20, 0.0),
        (0x20, float("nan")),
        (0x34, 0.0),
        (0x24, -1.0),
        (0x28, 0.0),
        (0x58, 0.0),
        (0x5C, 1e30),
        (0x30C, float("inf")),
        (0x30C, -1.0),
        (0x70, 1e9),
        (0x80, float("nan")),
    ],
)
def test_constants_that_no_camera_has_give_no_picture(scene, place, value):
    content = bytearray(radiometric_jpeg(scene))
    camera = content.index(b"SIMULATED") - 0xD4
    struct.pack_into("<f", content, camera + place, value)
    assert the_fault(bytes(content)).code is FaultCode.IMPLAUSIBLE_FRAME


@pytest.mark.parametrize("options", [{"emisivity": 0.9}, {"timed_by": "x"}])
def test_an_option_that_cannot_be_meant_is_refused(options):
    with pytest.raises(DeviceConfigurationError):
        load_driver("flir_jpeg")(device_id="camera-1", options=options)


def test_a_file_cut_short_anywhere_gives_one_fault(scene):
    content = radiometric_jpeg(scene)
    for length in (1, 2, 3, 10, 500, len(content) - 7):
        assert isinstance(the_fault(content[:length]), Fault)
    assert decode(b"") == []
