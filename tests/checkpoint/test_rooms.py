"""A thermometer of the room tells the scanners of its lane how warm it is, and none of another lane."""

from datetime import timedelta

import msgspec
import paho.mqtt.client as paho
import pytest

from checkpoint.rooms import ROOM_HOLDS, RoomBook
from checkpoint.settings import DeviceSettings
from checkpoint.workers import Workers
from devices.reading import ROOM_TOLD, CommandReply
from tests.checkpoint.edges import LANE
from tests.checkpoint.people import MORNING
from tests.services.processes import wait_until


def told(value_c, *, device_id="room-1", at=MORNING, name=ROOM_TOLD):
    return CommandReply(device_id=device_id, observed_at=at, name=name, value=value_c)


def test_nobody_knows_how_warm_it_is_before_a_thermometer_said_so():
    assert RoomBook().temperature_c("lane-1", at=MORNING) is None


def test_the_lanes_own_thermometer_goes_before_the_halls():
    rooms = RoomBook()
    rooms.hear(told(27.0), lane_id=None)
    assert rooms.temperature_c("lane-1", at=MORNING) == 27.0
    rooms.hear(told(21.5), lane_id="lane-1")
    assert rooms.temperature_c("lane-1", at=MORNING) == 21.5
    assert rooms.temperature_c("lane-2", at=MORNING) == 27.0


def test_the_newest_word_holds_for_ten_minutes_before_and_after_and_no_longer():
    rooms = RoomBook()
    rooms.hear(told(20.0), lane_id="lane-1")
    rooms.hear(told(22.0), lane_id="lane-1")
    for late in (ROOM_HOLDS, -ROOM_HOLDS):
        assert rooms.temperature_c("lane-1", at=MORNING + late) == 22.0
        assert rooms.temperature_c("lane-1", at=MORNING + late * 1.01) is None


def test_other_words_of_a_device_are_no_temperature_of_a_room():
    rooms = RoomBook()
    for name in ("ambient_retained", "emissivity", "nobody"):
        rooms.hear(told(20.0, name=name), lane_id="lane-1")
    assert rooms.temperature_c("lane-1", at=MORNING) is None


@pytest.mark.parametrize(("place", "known"), [("lane", 23.5), ("hall", 23.5), ("another lane", None)])
def test_a_scanner_asks_the_thermometers_of_its_own_lane_and_of_the_hall(edge, place, known):
    device = edge.settings.device[0]
    lanes = [msgspec.structs.replace(lane, devices=()) for lane in edge.settings.lane]
    own = msgspec.structs.replace(lanes[0], devices=(device.device_id, *(("room-1",) if place == "lane" else ())))
    others = [msgspec.structs.replace(own, lane_id=f"{LANE}-b", devices=("room-1",) if place == "another lane" else ())]
    edge.gate.settings = msgspec.structs.replace(edge.settings, lane=(own, *others))
    workers = Workers(edge.gate)
    workers.take_event(told(23.5))
    asked = workers.room_at(device.device_id, at=MORNING + timedelta(seconds=20))
    assert asked == known


def test_a_room_sensor_on_a_broker_tells_the_camera_of_its_lane(edge, mqtt_broker):
    camera = edge.settings.device[0]
    room = DeviceSettings(
        device_id="room-1",
        driver="mqtt_json",
        url=f"mqtt://{mqtt_broker.host}:{mqtt_broker.port}",
        options={"preset": "zigbee2mqtt", "topic": "zigbee2mqtt/hall"},
    )
    lanes = (msgspec.structs.replace(edge.settings.lane[0], devices=(camera.device_id, room.device_id)),)
    edge.gate.settings = msgspec.structs.replace(edge.settings, lane=lanes, device=(room,))
    workers = Workers(edge.gate)
    workers.start()
    sender = paho.Client(paho.CallbackAPIVersion.VERSION2)
    try:
        wait_until(lambda: workers.device_health()["room-1"].state == "up", timeout_s=10, what="the sensor's link")
        sender.connect(mqtt_broker.host, mqtt_broker.port)
        sender.loop_start()
        sender.publish("zigbee2mqtt/hall", b'{"temperature":23.4,"humidity":51,"battery":87}', qos=1)
        known = lambda: workers.room_at(camera.device_id, at=edge.gate.clock())  # noqa: E731
        wait_until(lambda: known() is not None, timeout_s=10, what="the room's temperature at the camera's lane")
        assert known() == 23.4
    finally:
        sender.loop_stop()
        workers.stop()
