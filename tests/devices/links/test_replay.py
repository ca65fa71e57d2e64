"""A recording plays like the device it was taken from: at its pace, whole, and through the real supervisor."""

from datetime import UTC, datetime, timedelta
from time import monotonic

import pytest

from devices.drivers.cptv import CptvDriver
from devices.drivers.facesluice import FacesluiceDriver
from devices.drivers.gy_mcu90640 import GyMcu90640
from devices.errors import DeviceConfigurationError, LinkLostError
from devices.health import DeviceState
from devices.links.replay import ReplayLink
from devices.reading import Reading, ThermalFrame
from devices.registry import DeviceConfig
from devices.scanner import Scanner
from tests.services.processes import wait_until


def link(path, *, manifest=CptvDriver.manifest, query="speed=0"):
    config = DeviceConfig(device_id="camera", driver=manifest.driver, url=f"replay://{path}?{query}")
    return ReplayLink(config, manifest=manifest)


def deliveries(player, *, patience_s=0.05):
    player.open()
    while (delivery := player.receive(timeout_s=patience_s)) is not None:
        yield delivery.payload


def test_a_recording_comes_whole_and_then_the_device_falls_silent(tmp_path):
    recorded = bytes(range(256)) * 1000
    (tmp_path / "bytes").write_bytes(recorded)
    player = link(tmp_path / "bytes")
    assert b"".join(deliveries(player)) == recorded
    player.close()
    player.open()
    assert player.receive(timeout_s=0.05) is None


def test_a_serial_capture_plays_at_the_rate_of_its_line(tmp_path):
    (tmp_path / "capture").write_bytes(bytes(11_520 // 4))
    started = monotonic()
    total = sum(
        map(len, deliveries(link(tmp_path / "capture", manifest=GyMcu90640.manifest, query="speed=1"), patience_s=0.3))
    )
    assert total == 11_520 // 4
    assert 0.2 < monotonic() - started - 0.3 < 0.6


def test_recorded_messages_come_one_by_one(tmp_path):
    (tmp_path / "messages").write_bytes(b'{"a":1}\n{"b":2}\n')
    player = link(tmp_path / "messages", manifest=FacesluiceDriver.manifest, query="interval_s=0.1")
    assert list(deliveries(player, patience_s=0.3)) == [b'{"a":1}', b'{"b":2}']


def test_a_recording_in_a_loop_ends_like_a_lost_link_and_begins_again(tmp_path):
    (tmp_path / "short").write_bytes(b"abc")
    player = link(tmp_path / "short", query="speed=0&loop=1")
    for _ in range(2):
        player.open()
        assert player.receive(timeout_s=0.1).payload == b"abc"
        with pytest.raises(LinkLostError, match="begins again"):
            player.receive(timeout_s=0.1)
        player.close()


@pytest.mark.parametrize("query", ["speed=-1", "speed=nan", "speed=inf", "interval_s=inf", "speed=fast", "velocity=2"])
def test_a_slip_in_the_url_is_told(tmp_path, query):
    with pytest.raises(DeviceConfigurationError, match="replay url"):
        link(tmp_path / "x", query=query)


def test_a_missing_recording_is_a_mistake_in_the_settings(tmp_path):
    with pytest.raises(DeviceConfigurationError, match="cannot be read"):
        link(tmp_path / "nothing").open()


def test_a_recorded_camera_drives_a_lane_as_if_it_stood_there(shared):
    """The real supervisor, the real clip, the reference body in view: one live reading."""
    path = shared / "data/imaging/feverscreen/20210330-141215.cptv"
    events = []
    config = DeviceConfig(
        device_id="camera",
        driver="cptv",
        url=f"replay://{path}?speed=8",
        options={"rotate_clockwise_deg": 90, "timed_by": "arrival", "reference_c": 37.0},
    )
    scanner = Scanner(config, sink=events.append, clock=lambda: datetime.now(UTC))
    scanner.start()
    wait_until(lambda: scanner.health().frames == 130, timeout_s=30, what="the end of the recording")
    assert scanner.health().state is DeviceState.UP
    assert scanner.stop(timeout_s=10)
    [reading] = [event for event in events if isinstance(event, Reading)]
    assert reading.is_usable
    assert datetime.now(UTC) - reading.observed_at < timedelta(minutes=1)
    assert reading.reference_residual_c is not None
    assert [event for event in events if isinstance(event, ThermalFrame)]
