"""The camera link: what is asked of a camera, which frames are believed, and which are a mistake in the settings."""

import subprocess
import sys
import threading

import numpy as np
import pytest

from devices.driver import CaptureFormat
from devices.drivers.infiray_p2 import InfirayP2
from devices.drivers.lepton import LeptonUvc
from devices.errors import DeviceConfigurationError, LinkLostError
from devices.links import camera
from devices.links.camera import CameraLink, raw_bytes
from devices.reading import ThermalFrame
from devices.registry import DeviceConfig, load_driver, load_link
from devices.simulator.infiray_camera import infiray_frame
from devices.simulator.lepton_camera import uvc_frame
from tests.devices.specimens import AT

ROOM = np.random.default_rng(1).uniform(18.0, 38.0, size=(120, 160))
Y16 = int.from_bytes(b"Y16 ", "little")
YUYV = int.from_bytes(b"YUYV", "little")


class StandIn:
    """A camera that gives the frames it was made with, then fails."""

    def __init__(self, *frames, gives=(Y16, 160, 122), is_there=True):
        self.frames, self.is_there, self.released = list(frames), is_there, threading.Event()
        self.answers = {camera.FOURCC: gives[0], camera.FRAME_WIDTH: gives[1], camera.FRAME_HEIGHT: gives[2]}
        self.asked = []

    def isOpened(self):  # noqa: N802
        return self.is_there

    def set(self, name, value, /):
        self.asked.append((name, value))
        return True

    def get(self, name, /):
        return float(self.answers[name])

    def read(self):
        return (True, self.frames.pop(0)) if self.frames else (False, None)

    def release(self):
        self.released.set()


def link_to(stand_in, *, driver=LeptonUvc, query=""):
    config = DeviceConfig(device_id="camera-1", driver=driver.manifest.driver, url=f"uvc:///dev/video9{query}")
    return CameraLink(config, manifest=driver.manifest, open_capture=lambda path: stand_in)


def y16(frame, *, rows=122, columns=160):
    return np.frombuffer(frame, dtype="<u2").reshape(rows, columns)


def received(link):
    delivery = link.receive(timeout_s=5.0)
    assert delivery is not None
    return delivery.payload


def test_the_format_is_asked_for_in_the_order_and_with_the_numbers_that_opencv_needs():
    stand_in = StandIn(y16(uvc_frame(ROOM)))
    link = link_to(stand_in)
    link.open()
    received(link)
    link.close()
    assert stand_in.asked[:2] == [(camera.FOURCC, float(Y16)), (camera.CONVERT_RGB, 0.0)]
    assert all(type(value) is float for _, value in stand_in.asked)
    assert stand_in.released.wait(2.0)


def test_opencvs_numbers_are_those_that_the_link_knows():
    import cv2

    names = {"FOURCC": "FOURCC", "CONVERT_RGB": "CONVERT_RGB", "FRAME_WIDTH": "FRAME_WIDTH"}
    names |= {"FRAME_HEIGHT": "FRAME_HEIGHT", "BUFFER_SIZE": "BUFFERSIZE"}
    assert all(getattr(camera, ours) == getattr(cv2, f"CAP_PROP_{theirs}") for ours, theirs in names.items())


@pytest.mark.parametrize("flatten", [False, True])
def test_a_frame_travels_unchanged_to_its_driver(flatten):
    frame = y16(uvc_frame(ROOM))
    link = link_to(StandIn(frame.view(np.uint8).reshape(1, -1) if flatten else frame))
    link.open()
    driver = load_driver("lepton")(device_id="camera-1", options={})
    (picture,) = driver.feed(received(link), received_at=AT)
    link.close()
    assert isinstance(picture, ThermalFrame)
    assert np.abs(picture.celsius - ROOM).max() < 0.006


def test_a_camera_of_two_halves_gives_its_words_as_pairs_of_bytes():
    room = np.full((192, 256), 30.0)
    pairs = np.frombuffer(infiray_frame(room), dtype=np.uint8).reshape(384, 256, 2)
    link = link_to(StandIn(pairs, gives=(YUYV, 256, 384)), driver=InfirayP2)
    link.open()
    assert received(link) == infiray_frame(room)
    link.close()


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        (np.zeros((384, 256, 3), dtype=np.uint8), "294912 bytes instead of 196608"),
        (np.zeros(294_912, dtype=np.uint8), "converted to colour"),
        (np.zeros((384, 256), dtype=np.uint8), "eight bits"),
        (np.zeros((480, 640, 2), dtype=np.uint8), "another camera"),
        (np.zeros((384, 128), dtype=np.float32), "another"),
    ],
)
def test_a_frame_that_was_converted_is_a_mistake_in_the_settings_and_told_once(frame, words):
    stand_in = StandIn(frame, frame, gives=(YUYV, 256, 384))
    link = link_to(stand_in, driver=InfirayP2)
    link.open()
    with pytest.raises(DeviceConfigurationError, match=words):
        link.receive(timeout_s=5.0)
    assert stand_in.released.wait(2.0)
    link.close()


def test_big_endian_words_of_a_foreign_build_are_put_in_order():
    wanted = CaptureFormat(fourcc="Y16 ", columns=2, rows=1)
    assert raw_bytes(np.array([[1, 2]], dtype=">u2"), wanted=wanted) == b"\x01\x00\x02\x00"


def test_a_camera_that_gives_another_size_is_refused_and_let_go():
    stand_in = StandIn(gives=(Y16, 160, 120))
    with pytest.raises(DeviceConfigurationError, match="160x120 Y16 and not 160x122"):
        link_to(stand_in).open()
    assert stand_in.released.is_set()
    link = link_to(
        StandIn(y16(uvc_frame(ROOM, has_telemetry=False), rows=120), gives=(Y16, 160, 120)), query="?height=120"
    )
    link.open()
    assert len(received(link)) == 38_400
    link.close()


def test_a_camera_that_is_not_there_is_a_lost_link(tmp_path):
    with pytest.raises(LinkLostError, match="no camera"):
        link_to(StandIn(is_there=False)).open()
    config = DeviceConfig(device_id="camera-1", driver="lepton", url=f"uvc://{tmp_path}/video0")
    with pytest.raises(LinkLostError, match="no camera"):
        CameraLink(config, manifest=LeptonUvc.manifest).open()


def test_a_file_that_is_no_camera_is_a_lost_link(tmp_path):
    (tmp_path / "video0").write_bytes(b"not a camera")
    config = DeviceConfig(device_id="camera-1", driver="lepton", url=f"uvc://{tmp_path}/video0")
    with pytest.raises(LinkLostError, match="no camera"):
        CameraLink(config, manifest=LeptonUvc.manifest).open()


def test_a_camera_that_stops_is_a_lost_link(monkeypatch):
    monkeypatch.setattr(camera, "_PAUSE_AFTER_FAILURE_S", 0.001)
    link = link_to(StandIn(y16(uvc_frame(ROOM))))
    link.open()
    received(link)
    with pytest.raises(LinkLostError, match="no frames any more"):
        link.receive(timeout_s=5.0)
    link.close()


def test_what_nobody_had_time_for_is_let_go_and_counted(monkeypatch):
    monkeypatch.setattr(camera, "_PAUSE_AFTER_FAILURE_S", 0.001)
    frames = [np.full((122, 160), number, dtype=np.uint16) for number in range(20)]
    stand_in = StandIn(*frames)
    link = link_to(stand_in)
    link.open()
    assert stand_in.released.wait(5.0)
    assert link.frames_let_go == 17, "of twenty frames and the loss, the last four are kept"
    assert received(link)[0] == 17
    link.close()


@pytest.mark.parametrize("url", ["uvc://0", "uvc:///dev/video9?size=3", "uvc:///dev/video9?fourcc=TOOLONG"])
def test_a_url_that_cannot_be_meant_is_refused(url):
    config = DeviceConfig(device_id="camera-1", driver="lepton", url=url)
    with pytest.raises(DeviceConfigurationError):
        load_link(url)(config, manifest=LeptonUvc.manifest)


def test_a_driver_of_another_wire_cannot_be_on_a_camera():
    config = DeviceConfig(device_id="camera-1", driver="gy_mcu90640", url="uvc:///dev/video9")
    with pytest.raises(DeviceConfigurationError, match="reads no camera"):
        load_link(config.url)(config, manifest=load_driver("gy_mcu90640").manifest)


def test_neither_the_link_nor_the_drivers_load_opencv_before_they_need_it():
    program = (
        "import sys, devices.links.camera; from devices.registry import load_driver\n"
        "for name in ('lepton', 'lepton_tcam', 'infiray_p2', 'flir_jpeg', 'mlx9064x'): load_driver(name)\n"
        "raise SystemExit('cv2' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
