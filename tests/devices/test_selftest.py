"""A device's self-test: every item once, passed or failed by its limit; what a stream cannot show is never passed."""

import math
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices import commands_selftest
from devices.driver import Manifest, Wire
from devices.drivers.mqtt_json import MqttJson
from devices.errors import DeviceError
from devices.reading import DeviceKind, ThermalFrame
from devices.registry import DeviceConfig, manifests
from devices.scanner import Scanner
from devices.selftest import (
    PointVerdict,
    RegisteredFacts,
    SelfTestPoint,
    SelfTestReport,
    StreamSeen,
    report_on,
)
from devices.simulator.broker_thermometer import BrokerThermometer
from devices.simulator.physics import Body, Camera, PhysicsScene
from devices.simulator.serial_devices import SimulatedThermalArray
from devices.simulator.thermal_scene import ThermalScene
from tests.services.processes import wait_until

AT = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
MANIFEST = Manifest(
    driver="camera", model="Camera", device_kind=DeviceKind.THERMAL_CAMERA, wire=Wire.UVC, columns=320, rows=240,
    resolution_c=0.05, accuracy_c=0.3,
)  # fmt: skip
SET_C = 37.0


def pictures(count=40, *, noise_c=0.02, error_c=0.1, gap_s=0.2, shape=(120, 160), seed=1, has_body=True):
    rng = np.random.default_rng(seed)
    for number in range(count):
        celsius = (24.0 + noise_c * rng.standard_normal(shape)).astype(np.float32)
        if has_body:
            celsius[10:22, 10:22] = SET_C + error_c + 0.01 * rng.standard_normal((12, 12))
        yield ThermalFrame(
            device_id="camera", observed_at=AT + timedelta(seconds=number * gap_s), celsius=celsius, ambient_c=22.0
        )


def reported(frames=(), *, reference_c=SET_C, manifest=MANIFEST, **registered) -> SelfTestReport:
    seen = StreamSeen(reference_c=reference_c)
    seen.take(frames)
    facts = RegisteredFacts(reference_c=reference_c, **registered)
    return report_on("camera-1", seen, manifest=manifest, registered=facts, at=AT)


def verdicts(report: SelfTestReport) -> dict[str, str]:
    return {point.point.value: point.verdict.value for point in report.points}


def test_a_good_camera_before_a_reference_body_passes_what_a_stream_can_show():
    found = verdicts(reported(pictures(shape=(240, 320)), calibration_due_on=date(2027, 1, 1), warm_up_min=30.0))
    not_measurable = {name for name, verdict in found.items() if verdict == "not_measurable"}
    assert not_measurable == {"uniformity", "drift_between_calibrations", "face_pixels"}
    assert {verdict for name, verdict in found.items() if name not in not_measurable} == {"passed"}


def point_of(report: SelfTestReport, name: SelfTestPoint):
    return next(point for point in report.points if point.point is name)


@pytest.mark.parametrize(("uncertainty_c", "verdict"), [(0.2, "passed"), (0.5, "failed")])
def test_what_the_reference_body_itself_is_unsure_of_counts_against_the_device(uncertainty_c, verdict):
    for error_c in (0.2, -0.2):
        report = reported(pictures(error_c=error_c), reference_uncertainty_c=uncertainty_c)
        point = point_of(report, SelfTestPoint.LABORATORY_ACCURACY)
        assert point.verdict == verdict
        assert abs(point.measured) == pytest.approx(0.2 + uncertainty_c, abs=0.03)
        assert (point.measured > 0) is (error_c > 0)


def test_how_many_pixels_a_face_has_is_told_when_somebody_stood_there_and_only_then():
    def before(camera: int):
        scene = PhysicsScene(seed=1, camera=Camera())
        for number in range(camera):
            celsius = scene.picture(Body(core_c=37.0, across=0.55)).celsius
            yield ThermalFrame(device_id="camera", observed_at=AT + timedelta(seconds=number / 9), celsius=celsius)

    point = point_of(reported(before(30), reference_c=None), SelfTestPoint.FACE_PIXELS)
    assert point.verdict is PointVerdict.FAILED
    assert point.measured == pytest.approx(0.55 * 120, rel=0.25)
    point = point_of(reported(before(4), reference_c=None), SelfTestPoint.FACE_PIXELS)
    assert (point.verdict, point.because) == (PointVerdict.NOT_MEASURABLE, "nobody_seen")


@pytest.mark.parametrize(
    ("point", "frames", "registered"),
    [
        (SelfTestPoint.LABORATORY_ACCURACY, {"error_c": -0.8}, {}),
        (SelfTestPoint.TEMPORAL_NOISE, {"noise_c": 0.3}, {}),
        (SelfTestPoint.RAW_IMAGE, {}, {}),
        (SelfTestPoint.RESULT_WITHIN, {"gap_s": 4.0}, {}),
        (SelfTestPoint.REFERENCE_AGE, {"gap_s": 6.0}, {}),
        (SelfTestPoint.CALIBRATION, {}, {"calibration_due_on": date(2026, 11, 21)}),
        (SelfTestPoint.WARM_UP, {}, {"warm_up_min": 5.0}),
    ],
)
def test_what_is_beyond_its_limit_fails(point, frames, registered):
    assert verdicts(reported(pictures(**frames), **registered))[point] == "failed"


OF_PAPERS = {"stated_accuracy", "resolution", "warm_up"}


@pytest.mark.parametrize("manifest", manifests(), ids=lambda one: one.driver)
def test_nothing_seen_is_nothing_passed_whatever_the_maker_states(manifest):
    report = reported(manifest=manifest, reference_c=None)
    assert {verdict for name, verdict in verdicts(report).items() if name not in OF_PAPERS} == {"not_measurable"}
    assert all(point.because for point in report.points if point.measured is None)


@pytest.mark.parametrize(("before", "after"), [(21, 249), (0, 60), (200, 100)])
def test_a_body_that_went_away_fails_by_its_age_and_most_of_the_time_away_says_nothing_of_accuracy(before, after):
    seen = [*pictures(before + after, gap_s=0.11)]
    gone = [*pictures(before + after, gap_s=0.11, has_body=False)]
    report = reported([*seen[:before], *gone[before:]])
    by_point = {point.point: point for point in report.points}
    accuracy, age = by_point[SelfTestPoint.LABORATORY_ACCURACY], by_point[SelfTestPoint.REFERENCE_AGE]
    assert accuracy.verdict is (PointVerdict.PASSED if before >= after else PointVerdict.NOT_MEASURABLE)
    assert age.verdict is (PointVerdict.FAILED if before else PointVerdict.NOT_MEASURABLE)


def test_a_body_that_is_named_and_not_in_view_is_not_measured():
    report = reported(pictures(has_body=False))
    by_point = {point.point: point for point in report.points}
    assert by_point[SelfTestPoint.LABORATORY_ACCURACY].because == "reference_not_found"
    assert by_point[SelfTestPoint.TEMPORAL_NOISE].verdict is PointVerdict.PASSED


@given(count=st.integers(0, 30), noise_c=st.floats(0, 2), due=st.none() | st.integers(-900, 900))
@settings(max_examples=10)
def test_every_item_comes_once_and_its_verdict_follows_from_its_number(count, noise_c, due):
    due_on = None if due is None else AT.date() + timedelta(days=due)
    report = reported(pictures(count, noise_c=noise_c, shape=(24, 32)), calibration_due_on=due_on)
    assert [point.point for point in report.points] == list(SelfTestPoint)
    for one in report.points:
        if one.measured is None:
            assert (one.verdict, bool(one.because)) == (PointVerdict.NOT_MEASURABLE, True)
        else:
            assert math.isfinite(one.measured)
            is_within = one.least <= one.measured <= one.most
            assert one.verdict is (PointVerdict.PASSED if is_within else PointVerdict.FAILED)
    assert msgspec.json.decode(msgspec.json.encode(report), type=SelfTestReport) == report


def test_a_recorded_clip_is_tested_by_the_command(shared, tmp_path):
    clip = shared / "data" / "imaging" / "feverscreen" / "20210322-112850.cptv"
    config = tmp_path / "edge.toml"
    config.write_text(
        '[[device]]\ndevice_id = "cam-1"\ndriver = "cptv"\nurl = "replay:///x"\nserial_number = "L-35"\n'
        "calibration_due_on = 2030-01-01\n",
        encoding="utf-8",
    )
    words = [sys.executable, "-m", "devices", "selftest", "cam-1", "--config", str(config), "--recording", str(clip)]
    done = subprocess.run(words, capture_output=True, check=False)
    report = msgspec.json.decode(done.stdout, type=SelfTestReport)
    assert done.returncode == 1, "a Lepton is below 320 x 240, and says so"
    assert (report.device_id, report.registered.serial_number, report.frames > 0) == ("cam-1", "L-35", True)
    found = verdicts(report)
    assert (found["raw_image"], found["calibration"]) == ("failed", "passed")


def test_a_calibration_is_reckoned_from_its_interval_as_the_edge_does(tmp_path):
    config = tmp_path / "edge.toml"
    config.write_text(
        '[[device]]\ndevice_id = "cam-1"\ndriver = "cptv"\nurl = "replay:///x"\n'
        "calibrated_on = 2020-01-31\ncalibration_interval_months = 13\n",
        encoding="utf-8",
    )
    assert commands_selftest._registered(config, "cam-1")[1].calibration_due_on == date(2021, 2, 28)


def test_a_driver_without_a_url_is_told_what_is_missing():
    words = [sys.executable, "-m", "devices", "selftest", "gy_mcu90640"]
    done = subprocess.run(words, capture_output=True, check=False, text=True)
    assert done.returncode == 2
    assert "--url or --recording" in done.stderr


def test_a_recording_that_is_not_there_is_said(tmp_path):
    config = DeviceConfig(device_id="cptv", driver="cptv", url="replay:///x")
    with pytest.raises(DeviceError, match="cannot read"):
        commands_selftest.tested(
            config, recording=str(tmp_path / "none.cptv"), seconds=1.0, registered=RegisteredFacts()
        )


def command(*words):
    done = subprocess.run([sys.executable, "-m", "devices", "selftest", *words], capture_output=True, check=False)
    assert done.stdout, done.stderr.decode()
    return done.returncode, msgspec.json.decode(done.stdout, type=SelfTestReport)


def test_an_array_on_a_serial_line_is_tested_while_it_streams(tmp_path):
    scene = ThermalScene(seed=5, reference_c=35.0)
    array = SimulatedThermalArray(link=tmp_path / "array", rate_hz=15.0, seed=5, scene=scene)
    array.start()
    try:
        url = f"serial:{tmp_path / 'array'}?baud=460800"
        code, report = command("gy_mcu90640", "--url", url, "--seconds", "2", "--option", "reference_c=35")
    finally:
        array.stop()
    assert (code, report.driver, report.faults) == (1, "gy_mcu90640", 0)
    assert report.frames > 0
    found = verdicts(report)
    assert (found["raw_image"], found["laboratory_accuracy"]) == ("failed", "passed"), "32 x 24, and right"


def test_a_thermometer_on_a_broker_is_tested_beside_the_running_edge(mqtt_broker):
    address = f"mqtt://{mqtt_broker.host}:{mqtt_broker.port}"
    options = {"preset": "tasmota", "topic": "tele/gate1/SENSOR", "nobody_below_c": 0.0}
    config = DeviceConfig(device_id="gate1", driver="mqtt_json", url=address, options=options)
    edge = Scanner(config, sink=lambda _event: None, clock=lambda: datetime.now(UTC))
    edge.start()
    device = BrokerThermometer("gate1", address, {"firmware": "tasmota", "period_s": 0.2, "wall_c": 34.0})
    device.start()
    try:
        wait_until(lambda: edge.health().readings > 0, timeout_s=10, what="a reading at the edge")
        standing_since = edge.health().streaming_since
        report = commands_selftest.tested(config, recording="", seconds=1.0, registered=RegisteredFacts())
        assert (report.readings > 0, report.faults) == (True, 0)
        assert edge.health().streaming_since == standing_since, "the edge was not thrown out"
        gone = msgspec.structs.replace(config, url="mqtt://127.0.0.1:1")
        with pytest.raises(DeviceError, match="check cable and power"):
            commands_selftest.tested(gone, recording="", seconds=1.0, registered=RegisteredFacts())
    finally:
        device.stop()
        assert edge.stop(timeout_s=15)


def test_what_a_broker_kept_from_before_is_no_reading_of_the_test():
    decoder = MqttJson(device_id="gate1", options={"topic": "gate1/sensor/object/state", "preset": "esphome"})
    seen = StreamSeen(reference_c=None)
    seen.take(decoder.feed(b"33.8", received_at=AT, is_retained=True))
    assert seen.readings == 0
    seen.take(decoder.feed(b"33.8", received_at=AT))
    assert seen.readings == 1
