"""The supervisor on real lines: it loses nothing in silence and gives up nothing but what it was told to."""

import threading
from itertools import pairwise

import pytest
from structlog.testing import capture_logs

import devices.awaited
import devices.scanner
from devices.driver import Manifest, Wire
from devices.errors import LinkLostError
from devices.health import DeviceState
from devices.link import Delivery
from devices.reading import CommandReply, DeviceKind, Fault, FaultCode, Outgoing, Reading, ScannedText, ThermalFrame
from devices.registry import DeviceConfig, load_driver
from devices.scanner import Scanner
from devices.simulator.serial_devices import SimulatedThermalArray
from devices.simulator.thermal_scene import ThermalScene
from tests.devices.drivers.test_mrz_reader import TD3
from tests.devices.gy_bytes import frame
from tests.devices.lines import Sink, config, now, plugged_line, scanner_for, wait_until
from tests.devices.point_bytes import frame as point_frame


@pytest.fixture
def quick_retries(monkeypatch):
    monkeypatch.setattr(devices.scanner, "_RETRY_S", (0.02, 0.05))


@pytest.fixture
def array(tmp_path):
    simulated = SimulatedThermalArray(link=tmp_path / "array", rate_hz=40.0, seed=5)
    simulated.start()
    yield simulated
    simulated.stop()


def people_measured(sink):
    return [round(reading.temperature_c, 1) for reading in sink.of(Reading)]


def test_each_person_before_an_array_gives_exactly_one_reading(array, tmp_path):
    sink = Sink()
    scanner = scanner_for(config("gy_mcu90640", tmp_path / "array"), sink)
    wait_until(lambda: scanner.health().frames > 5)
    shown = [36.1, 38.4, 35.2, 37.0]
    for skin_c in shown:
        array.perform("show", {"skin_c": skin_c, "duration_s": 0.5})
    wait_until(lambda: len(sink.of(Reading)) == len(shown))
    wait_until(lambda: array.perform("ask", {"what": "idle"})["idle"])
    assert scanner.stop(timeout_s=5.0)
    readings = sink.of(Reading)
    assert [reading.temperature_c for reading in readings] == pytest.approx(shown, abs=0.15)
    assert all(reading.is_usable and reading.frame_count >= 5 for reading in readings)
    assert len({reading.delivery_key for reading in readings}) == len(shown)


def test_the_lane_can_draw_a_box_around_the_face_while_somebody_stands_there(array, tmp_path):
    sink = Sink()
    scanner = scanner_for(config("gy_mcu90640", tmp_path / "array"), sink)
    wait_until(lambda: scanner.preview() is not None)
    assert scanner.preview().face_count == 0
    array.perform("show", {"skin_c": 36.6, "duration_s": 1.0})
    wait_until(lambda: scanner.preview().face is not None)
    assert scanner.preview().temperature_c == pytest.approx(36.6, abs=0.25)
    scanner.stop(timeout_s=5.0)


def test_pictures_reach_the_sink_as_a_preview_of_at_most_nine_a_second(array, tmp_path):
    sink = Sink()
    scanner = scanner_for(config("gy_mcu90640", tmp_path / "array"), sink)
    wait_until(lambda: scanner.health().frames >= 60)
    scanner.stop(timeout_s=5.0)
    times = [picture.observed_at for picture in sink.of(ThermalFrame)]
    assert len(times) < scanner.health().frames / 2
    gaps_s = [(later - earlier).total_seconds() for earlier, later in pairwise(times)]
    assert min(gaps_s) > 0.09


def test_a_pulled_plug_is_told_once_and_mends_itself(array, tmp_path, quick_retries):
    sink = Sink()
    with capture_logs() as told:
        scanner = scanner_for(config("gy_mcu90640", tmp_path / "array"), sink)
        wait_until(lambda: scanner.health().state is DeviceState.UP and scanner.health().frames > 3)
        array.perform("fault", {"kind": "unplug", "duration_s": 0.6})
        wait_until(lambda: scanner.health().state is DeviceState.DOWN)
        frames_before = scanner.health().frames
        wait_until(lambda: scanner.health().state is DeviceState.UP and scanner.health().frames > frames_before + 3)
        array.perform("show", {"skin_c": 36.6, "duration_s": 0.5})
        wait_until(lambda: sink.of(Reading))
        scanner.stop(timeout_s=5.0)
    assert [line["event"] for line in told if line["event"].startswith("device_")] == [
        "device_up",
        "device_down",
        "device_up",
    ]
    assert people_measured(sink) == pytest.approx([36.6], abs=0.15)


def test_what_was_half_received_when_the_plug_was_pulled_is_a_fault(tmp_path, quick_retries):
    line, sink = plugged_line(tmp_path / "port"), Sink()
    scanner = scanner_for(config("gy_mcu90640", tmp_path / "port"), sink)
    wait_until(lambda: scanner.health().state is DeviceState.UP)
    line.write(frame(1) + frame(2)[:700], timeout_s=1.0)
    wait_until(lambda: scanner.health().frames == 1)
    line.unplug()
    wait_until(lambda: sink.of(Fault))
    scanner.stop(timeout_s=5.0)
    (fault,) = sink.of(Fault)
    assert (fault.code, fault.byte_offset, fault.byte_count) == (FaultCode.TRUNCATED, 1544, 700)
    assert scanner.health().faults == {FaultCode.TRUNCATED: 1}


def test_a_frame_that_we_break_off_ourselves_is_nobodys_fault(tmp_path):
    line, sink = plugged_line(tmp_path / "port"), Sink()
    scanner = scanner_for(config("gy_mcu90640", tmp_path / "port"), sink)
    wait_until(lambda: scanner.health().state is DeviceState.UP)
    line.write(frame(1) + frame(2)[:700], timeout_s=1.0)
    wait_until(lambda: scanner.health().frames == 1)
    assert scanner.stop(timeout_s=5.0)
    line.unplug()
    assert scanner.health().faults == {}
    assert sink.of(Fault) == []


def test_a_document_half_read_when_the_plug_was_pulled_is_told(tmp_path, quick_retries):
    line, sink = plugged_line(tmp_path / "port"), Sink()
    scanner = scanner_for(config("mrz_reader", tmp_path / "port"), sink)
    wait_until(lambda: scanner.health().state is DeviceState.UP)
    line.write(f"{TD3[0]}\r".encode(), timeout_s=1.0)
    threading.Event().wait(0.3)
    assert sink.of(ScannedText) == []
    line.unplug()
    wait_until(lambda: sink.of(ScannedText))
    scanner.stop(timeout_s=5.0)
    assert (sink.of(ScannedText)[0].lines, sink.of(ScannedText)[0].check_digits_valid) == (TD3[:1], False)


def test_an_array_is_told_its_settings_again_whenever_it_comes_back(array, tmp_path, quick_retries):
    options = {"rate_hz": 8, "emissivity": 0.98, "automatic": True}
    sink = Sink()
    scanner = scanner_for(config("gy_mcu90640", tmp_path / "array", options=options), sink)
    wait_until(lambda: [reply.value for reply in sink.of(CommandReply)] == [0.98])
    assert array.perform("ask", {"what": "settings"})["rate_hz"] == 8.0
    array.perform("fault", {"kind": "unplug", "duration_s": 0.1})
    wait_until(lambda: [reply.value for reply in sink.of(CommandReply)] == [0.98, 0.98])
    scanner.stop(timeout_s=5.0)


def test_a_reference_body_in_view_corrects_a_sensor_that_is_off(tmp_path):
    scene = ThermalScene(seed=5, reference_c=35.0, sensor_offset_c=-1.5)
    array = SimulatedThermalArray(link=tmp_path / "array", rate_hz=15.0, seed=5, scene=scene)
    array.start()
    sink = Sink()
    scanner = scanner_for(config("gy_mcu90640", tmp_path / "array", options={"reference_c": 35.0}), sink)
    wait_until(lambda: scanner.health().frames > 8)
    array.perform("show", {"skin_c": 36.8, "duration_s": 1.0})
    wait_until(lambda: sink.of(Reading))
    assert scanner.stop(timeout_s=5.0)
    array.stop()
    (reading,) = sink.of(Reading)
    assert (reading.raw_c, reading.temperature_c) == (pytest.approx(35.3, abs=0.2), pytest.approx(36.8, abs=0.2))


def test_garbage_on_the_line_is_counted_and_costs_no_person_a_reading(array, tmp_path):
    sink = Sink()
    scanner = scanner_for(config("gy_mcu90640", tmp_path / "array"), sink)
    wait_until(lambda: scanner.health().frames > 3)
    for kind, count in (("garbage", 500), ("truncated", 700), ("flipped", 1)):
        array.perform("fault", {"kind": kind, "byte_count": count})
    array.perform("show", {"skin_c": 36.9, "duration_s": 0.5})
    wait_until(lambda: sink.of(Reading))
    scanner.stop(timeout_s=5.0)
    assert people_measured(sink) == pytest.approx([36.9], abs=0.15)
    assert sum(scanner.health().faults.values()) >= 2
    assert FaultCode.BAD_CHECKSUM in scanner.health().faults


def test_an_array_that_falls_silent_is_stale_and_wakes_again(tmp_path, monkeypatch):
    monkeypatch.setattr(devices.awaited, "STALE_AFTER_S", 0.3)
    line, sink = plugged_line(tmp_path / "port"), Sink()
    scanner = scanner_for(config("gy_mcu90640", tmp_path / "port"), sink)
    wait_until(lambda: scanner.health().state is DeviceState.UP)
    line.write(frame(1), timeout_s=1.0)
    wait_until(lambda: scanner.health().frames == 1)
    wait_until(lambda: scanner.health().state is DeviceState.STALE)
    line.write(frame(2), timeout_s=1.0)
    wait_until(lambda: scanner.health().state is DeviceState.UP)
    scanner.stop(timeout_s=5.0)
    assert scanner.health().frames == 2
    line.unplug()


def test_a_device_with_a_beat_is_stale_when_the_beat_is_missing_and_well_with_the_next(tmp_path):
    line, sink = plugged_line(tmp_path / "line"), Sink()
    scanner = scanner_for(config("barcode_serial", tmp_path / "line", longest_silence_s=0.6), sink)
    wait_until(lambda: scanner.health().state is DeviceState.STALE)
    assert scanner.health().detail == "no sign of life for 1 seconds"
    line.write(b"QN 500001\r\n", timeout_s=1.0)
    wait_until(lambda: sink.of(ScannedText))
    assert scanner.health().state is DeviceState.UP
    scanner.stop(timeout_s=5.0)
    line.unplug()


def test_a_terminal_that_was_told_to_ask_every_five_seconds_is_missing_after_three_of_them():
    assert load_driver("zkteco_push").manifest.longest_silence_s == 15.0


def test_what_the_room_is_goes_with_pictures_and_readings_of_a_device_that_does_not_know(array, tmp_path):
    sink = Sink()
    scanner = Scanner(config("gy_mcu90640", tmp_path / "array"), sink=sink, clock=now, room=lambda _: 21.5)
    scanner.start()
    wait_until(lambda: scanner.health().frames > 5)
    array.perform("show", {"skin_c": 36.4, "duration_s": 0.6})
    wait_until(lambda: sink.of(Reading))
    scanner.stop(timeout_s=5.0)
    assert {reading.ambient_c for reading in sink.of(Reading)} == {21.5}
    assert {picture.ambient_c for picture in sink.of(ThermalFrame)} == {21.5}


def test_a_thermometer_that_streams_is_seen_before_an_empty_place_and_stale_when_it_falls_silent(tmp_path, monkeypatch):
    monkeypatch.setattr(devices.awaited, "STALE_AFTER_S", 0.3)
    line, sink = plugged_line(tmp_path / "port"), Sink()
    scanner = scanner_for(config("gy_mcu9061x", tmp_path / "port"), sink)
    wait_until(lambda: scanner.health().state is DeviceState.UP)
    line.write(point_frame(24.0), timeout_s=1.0)
    wait_until(lambda: scanner.health().last_event_at is not None)
    assert sink.of(Reading) == []
    wait_until(lambda: scanner.health().state is DeviceState.STALE)
    assert scanner.health().detail.startswith("no bytes for")
    line.write(point_frame(24.0), timeout_s=1.0)
    wait_until(lambda: scanner.health().state is DeviceState.UP)
    scanner.stop(timeout_s=5.0)
    line.unplug()


def test_a_document_reader_that_is_silent_is_well(tmp_path, monkeypatch):
    monkeypatch.setattr(devices.awaited, "STALE_AFTER_S", 0.05)
    line, sink = plugged_line(tmp_path / "port"), Sink()
    scanner = scanner_for(config("mrz_reader", tmp_path / "port"), sink)
    wait_until(lambda: scanner.health().state is DeviceState.UP)
    threading.Event().wait(0.2)
    assert scanner.health().state is DeviceState.UP
    line.write("".join(f"{text}\r" for text in TD3).encode(), timeout_s=1.0)
    wait_until(lambda: sink.of(ScannedText))
    assert sink.of(ScannedText)[0].lines == TD3
    assert scanner.health().scans == 1
    scanner.stop(timeout_s=5.0)
    line.unplug()


def test_a_cable_holds_what_the_store_does_not_take_until_it_does(tmp_path, quick_retries):
    line, sink = plugged_line(tmp_path / "port"), Sink()
    sink.failures_left = 4
    scanner = scanner_for(config("mrz_reader", tmp_path / "port"), sink)
    wait_until(lambda: scanner.health().state is DeviceState.UP)
    line.write(b"GTH-000001\rGTH-000002\r", timeout_s=1.0)
    wait_until(lambda: len(sink.of(ScannedText)) == 2)
    scanner.stop(timeout_s=5.0)
    line.unplug()
    assert [scanned.lines for scanned in sink.of(ScannedText)] == [("GTH-000001",), ("GTH-000002",)]
    assert scanner.health().sink_failures == 4
    assert scanner.health().state is DeviceState.UP


def test_what_was_read_never_stands_in_a_log(tmp_path, quick_retries):
    line, sink = plugged_line(tmp_path / "port"), Sink()

    def sink_that_quotes(event):
        message = f"cannot store {event}"
        raise ValueError(message)

    with capture_logs() as told:
        scanner = Scanner(config("mrz_reader", tmp_path / "port"), sink=sink_that_quotes, clock=now)
        scanner.start()
        wait_until(lambda: scanner.health().state is DeviceState.UP)
        line.write("".join(f"{text}\r" for text in TD3).encode(), timeout_s=1.0)
        wait_until(lambda: scanner.health().sink_failures > 1)
        scanner.stop(timeout_s=5.0)
    line.unplug()
    assert [line["event"] for line in told].count("sink_failed") == 1
    assert "event_lost_at_stop" in [line["event"] for line in told]
    assert "ERIKSSON" not in repr(told) + repr(scanner.health())
    assert sink.events == []


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"driver": "crystal_ball"}, "there is no driver 'crystal_ball'"),
        ({"url": "carrier-pigeon://loft"}, "no link speaks 'carrier-pigeon'"),
        ({"url": "serial:///dev/null?baud=1"}, "does not speak at '1' baud"),
        ({"options": {"checksm": "strict"}}, "no option checksm"),
    ],
)
def test_a_mistake_in_the_settings_shows_in_the_health_and_stops_no_other_device(fields, reason):
    scanner = scanner_for(config("gy_mcu90640", "/dev/null", **fields), Sink())
    assert scanner.health().state is DeviceState.MISCONFIGURED
    assert reason in scanner.health().detail
    assert scanner.stop(timeout_s=1.0)


# ------------------------------------------------------------------ links that can deliver again


class Broker:
    """A link whose deliveries come again until they are acknowledged, like a broker with a session."""

    def __init__(self, payloads):
        self.pending = [Delivery(payload=payload, token=number) for number, payload in enumerate(payloads)]
        self.acknowledged, self.sent, self.opened = [], [], 0
        self.position = 0

    def __call__(self, device, *, manifest):
        assert manifest.acknowledges
        return self

    def open(self):
        self.opened += 1
        self.position = 0

    def receive(self, *, timeout_s):
        if self.position >= len(self.pending):
            threading.Event().wait(0.01)
            return None
        self.position += 1
        return self.pending[self.position - 1]

    def send(self, outgoing):
        self.sent.append(outgoing)

    def acknowledge(self, delivery):
        self.acknowledged.append(delivery.token)
        self.pending.remove(delivery)
        self.position -= 1

    def close(self):
        pass


class Echo:
    """A driver of whole messages: a reading for each, an answer with it; ``crash`` is a mistake of ours."""

    manifest = Manifest(
        driver="echo", model="echo", device_kind=DeviceKind.FACE_TERMINAL, wire=Wire.MQTT, acknowledges=True
    )

    def __init__(self, *, device_id, options):
        self.terminal = load_driver("facesluice")(device_id=device_id, options={})

    def feed(self, chunk, *, received_at, is_retained=False):
        if chunk == b"crash":
            message = "L898902C3 is somebody's number"
            raise ZeroDivisionError(message)
        fields = b'{"operator":"RecPush","info":{"RecordID":"%s","temperature":"36.5"}}' % chunk
        return self.terminal.feed(fields, received_at=received_at, is_retained=is_retained)

    def finish(self, *, received_at):
        return ()


@pytest.fixture
def broker_scanner(monkeypatch, quick_retries):
    started = []

    def start(payloads, sink):
        broker = Broker(payloads)
        monkeypatch.setattr(devices.scanner, "load_link", lambda url: broker)
        monkeypatch.setattr(devices.scanner, "load_driver", lambda name: Echo)
        device = DeviceConfig(device_id="device-1", driver="echo", url="mqtt://127.0.0.1")
        started.append(scanner_for(device, sink))
        return broker, started[-1]

    yield start
    for scanner in started:
        scanner.stop(timeout_s=5.0)


def test_a_message_is_acknowledged_and_answered_only_after_the_store_took_it(broker_scanner):
    order, sink = [], Sink()

    def recording_sink(event):
        order.append(("stored", len(broker.acknowledged), len(broker.sent)))
        sink(event)

    broker, _ = broker_scanner([b"1", b"2"], recording_sink)
    wait_until(lambda: broker.acknowledged == [0, 1])
    assert order == [("stored", 0, 0), ("stored", 1, 1)]
    assert all(isinstance(answer, Outgoing) and answer.payload for answer in broker.sent)


def test_a_message_that_the_store_refused_is_not_acknowledged_and_comes_again(broker_scanner):
    sink = Sink()
    sink.failures_left = 3
    broker, scanner = broker_scanner([b"1", b"2"], sink)
    wait_until(lambda: broker.acknowledged == [0, 1])
    assert broker.opened == 4
    assert [reading.delivery_key for reading in sink.of(Reading)] == ["device-1:rec:1", "device-1:rec:2"]
    assert scanner.health().sink_failures == 3


def test_a_message_that_breaks_our_driver_is_counted_and_does_not_come_back_for_ever(broker_scanner):
    sink = Sink()
    with capture_logs() as told:
        broker, scanner = broker_scanner([b"1", b"crash", b"2"], sink)
        wait_until(lambda: broker.acknowledged == [0, 1, 2])
    assert len(sink.of(Reading)) == 2
    assert scanner.health().faults == {FaultCode.BAD_MESSAGE: 1}
    assert scanner.health().restarts == 1
    assert broker.opened == 1
    assert "L898902C3" not in repr(told) + repr(sink.of(Fault))


def test_a_mistake_in_a_link_restarts_it_and_ends_nothing(broker_scanner, monkeypatch):
    sink, mistakes = Sink(), [RuntimeError("a"), LinkLostError("b"), ZeroDivisionError("c")]
    broker, scanner = broker_scanner([], sink)
    honest = Broker.receive

    def receive(self, *, timeout_s):
        if mistakes:
            raise mistakes.pop()
        return honest(self, timeout_s=timeout_s)

    monkeypatch.setattr(Broker, "receive", receive)
    wait_until(lambda: not mistakes and scanner.health().state is DeviceState.UP)
    broker.pending.append(Delivery(payload=b"9", token=9))
    wait_until(lambda: broker.acknowledged == [9])
    assert scanner.health().restarts == 2


def test_what_the_device_must_hear_is_said_each_time_the_link_was_opened(broker_scanner, monkeypatch):
    wake, subscribe = Outgoing(topic="to/device", payload=b"wake"), Outgoing(topic="to/device", payload=b"subscribe")
    monkeypatch.setattr(Echo, "opening", (wake, subscribe), raising=False)
    sink = Sink()
    sink.failures_left = 1
    broker, _ = broker_scanner([b"1"], sink)
    wait_until(lambda: broker.acknowledged == [0])
    assert broker.opened == 2
    assert broker.sent[:4] == [wake, subscribe] * 2


def test_a_recorded_camera_plays_through_the_same_supervisor(shared):
    sink = Sink()
    clip = shared / "data/devices/cptv/v2.cptv"
    device = DeviceConfig(device_id="camera-1", driver="cptv", url=f"replay://{clip}?speed=0")
    scanner = scanner_for(device, sink)
    wait_until(lambda: scanner.health().faults)
    scanner.stop(timeout_s=5.0)
    assert scanner.health().faults == {FaultCode.NOT_RADIOMETRIC: 1}
    assert sink.of(Reading) == []
