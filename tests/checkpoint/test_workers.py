"""What runs beside the lane: passage without a key, the thermal picture, the uplink that is not there."""

import json

import msgspec
import numpy as np
import pytest

from checkpoint.actions.deciding import is_passage_due, measure_person, pass_automatically
from checkpoint.actions.view import Surroundings, lane_view
from checkpoint.workers import Workers, encode_picture
from devices.measurement.presence import Preview
from devices.reading import FaceBox, Fault, FaultCode, ThermalFrame
from sync.agreement.records import CrossingScreened
from tests.checkpoint.edges import LANE
from tests.checkpoint.people import MORNING, NORMAL_C, RAISED_C, after, reading
from tests.demands import demand
from web.sign_in import StoredSession, User, hash_token


def with_passage(edge, after_s: float = 2.0):
    lanes = tuple(msgspec.structs.replace(lane, automatic_passage_s=after_s) for lane in edge.settings.lane)
    edge.gate.settings = msgspec.structs.replace(edge.settings, lane=lanes)


def attend(edge, token="canbo-o-lan") -> str:
    """An officer's unlocked screen shows the lane now, as its stream tells once a second."""
    accounts, token_hash = edge.gate.store.accounts, hash_token(token)
    if accounts.find_session(token_hash) is None:
        accounts.put_officer(User(username="canbo", name="Phạm Thu Hà", role="officer", password_hash="x"))
        at = edge.clock.now
        accounts.add_session(StoredSession(token_hash=token_hash, username="canbo", created_at=at, last_seen_at=at))
    edge.gate.attendance.see(LANE, token_hash=token_hash, at=edge.clock.now)
    return token_hash


def passing(edge) -> bool:
    return edge.gate.perform(lambda turn: pass_automatically(turn, LANE)).result(10)


def test_a_cleared_person_passes_by_itself_after_the_seconds_of_the_lane_and_not_before(edge):
    with_passage(edge)
    attend(edge)
    edge.present()
    edge.scan_face(NORMAL_C)
    edge.clock.forward(seconds=1.9)
    assert not passing(edge)
    edge.clock.forward(seconds=0.2)
    assert passing(edge)
    assert isinstance(edge.bodies()[0], CrossingScreened)


def test_the_lane_says_in_how_many_seconds_a_cleared_person_passes(edge):
    with_passage(edge)
    attend(edge)
    edge.present()
    assert lane_view(edge.gate, LANE, around=Surroundings()).passage_left_s is None
    edge.scan_face(NORMAL_C)
    edge.clock.forward(seconds=0.5)

    assert lane_view(edge.gate, LANE, around=Surroundings()).passage_left_s == pytest.approx(1.5)
    edge.gate.settings = edge.settings
    assert lane_view(edge.gate, LANE, around=Surroundings()).passage_left_s is None


@pytest.mark.parametrize("what", ["nobody", "no reading", "raised", "not allowed"])
def test_nobody_else_passes_by_itself(edge, what):
    with_passage(edge, 0.0 if what == "not allowed" else 2.0)
    if what != "nobody":
        edge.present()
    if what in {"raised", "not allowed"}:
        edge.scan_face(RAISED_C if what == "raised" else NORMAL_C)
    edge.clock.forward(seconds=60)
    attend(edge)
    edge.clock.forward(seconds=4)
    assert not is_passage_due(edge.gate, LANE, at=edge.clock.now)
    assert not passing(edge)


@demand("R080")
@pytest.mark.parametrize("why", ["nobody came", "left", "locked", "signed out"])
def test_nobody_passes_by_itself_where_no_officer_is_at_the_workstation(edge, why):
    with_passage(edge)
    token_hash = None if why == "nobody came" else attend(edge)
    edge.present()
    edge.scan_face(NORMAL_C)
    edge.clock.forward(seconds=6 if why == "left" else 3)
    if why == "locked":
        edge.gate.store.stations.lock_session(token_hash, locked_at=edge.clock.now)
    if why == "signed out":
        edge.gate.store.accounts.remove_session(token_hash)
    assert lane_view(edge.gate, LANE, around=Surroundings()).passage_left_s is None
    assert not passing(edge)
    assert edge.bodies() == []


@demand("R080")
def test_the_seconds_begin_anew_when_an_officer_comes_to_the_lane(edge):
    with_passage(edge)
    edge.present()
    edge.scan_face(NORMAL_C)
    edge.clock.forward(seconds=3)
    attend(edge)
    assert lane_view(edge.gate, LANE, around=Surroundings()).passage_left_s == pytest.approx(2.0)
    edge.clock.forward(seconds=1)
    attend(edge)
    assert not passing(edge)
    edge.clock.forward(seconds=1.5)
    assert passing(edge)


@demand("R002")
def test_without_an_uplink_every_record_waits_and_none_is_lost(edge):
    workers = Workers(edge.gate)
    for number in range(5):
        edge.present(f"QN 50000{number}")
        edge.do(measure_person, temperature_c=38.9, device_kind="clinical_thermometer", site="axillary")
        edge.clock.forward(days=2)
    view = workers.uplink_view()
    assert view.state == "not_configured"
    assert view.pending == edge.check_chain().sequence == len(edge.journal())
    first = edge.gate.store.outgoing.pending_after(0, incarnation=1, limit=3)
    assert [one.sequence for one in first] == [1, 2, 3]
    assert first[0].episode_key is not None
    assert [one.record for one in first] == edge.journal()[:3]


def test_a_reading_through_the_sink_is_durable_when_the_sink_returns(edge):
    workers = Workers(edge.gate)
    edge.present()
    workers.take_event(reading("one", at=after(1), temperature_c=NORMAL_C))
    assert edge.rows("SELECT delivery_key FROM device_reading") == [("one",)]
    fault = Fault(
        device_id="face-1", observed_at=MORNING, code=FaultCode.GARBAGE, detail="", byte_offset=0, byte_count=1
    )
    workers.take_event(fault)


def test_a_sink_that_cannot_store_raises_so_that_nothing_is_acknowledged(edge):
    workers = Workers(edge.gate)
    edge.gate.store.writer.stop()
    with pytest.raises(Exception, match="no more records"):
        workers.take_event(reading("one", at=after(1)))


def test_a_picture_is_a_line_of_json_and_centikelvin_pixels():
    celsius = np.array([[24.0, 36.5], [0.0, -300.0]], dtype=np.float32)
    frame = ThermalFrame(device_id="gy-1", observed_at=after(1), celsius=celsius, ambient_c=24.2, device_c=30.1)
    face, reference = (FaceBox(left_px=left_px, top_px=0, width_px=1, height_px=2) for left_px in (1, 0))
    estimate = Preview(
        observed_at=MORNING, face=face, temperature_c=NORMAL_C, reference=reference, face_count=1, frames_collected=3
    )
    head, _, pixels = encode_picture(frame, estimate=estimate).partition(b"\n")
    told = json.loads(head)
    assert (told["width"], told["height"]) == (2, 2)
    assert (told["ambient_c"], told["device_c"]) == (24.2, 30.1)
    assert told["faces"] == [{"x": 1, "y": 0, "width": 1, "height": 2, "temperature_c": NORMAL_C}]
    assert told["reference"] == {"x": 0, "y": 0, "width": 1, "height": 2}
    assert (told["frames_collected"], told["is_measured"]) == (3, False)
    assert np.frombuffer(pixels, dtype="<u2").tolist() == [29715, 30965, 27315, 0]


def test_an_empty_scene_shows_no_face():
    frame = ThermalFrame(device_id="gy-1", observed_at=after(1), celsius=np.full((2, 2), 24.0, dtype=np.float32))
    told = json.loads(encode_picture(frame, estimate=None).partition(b"\n")[0])
    assert (told["faces"], told["reference"], told["quality"]) == ([], None, [])


def test_a_picture_reaches_who_looks_and_is_never_stored(edge):
    workers, seen = Workers(edge.gate), []
    workers.previews.listen(lambda lane_id, picture: seen.append((lane_id, picture)))
    frame = ThermalFrame(device_id="face-1", observed_at=MORNING, celsius=np.zeros((2, 2), dtype=np.float32))
    workers.take_event(frame)
    assert [lane_id for lane_id, _ in seen] == [LANE]
    assert edge.rows("SELECT count(*) FROM device_reading") == [(0,)]
