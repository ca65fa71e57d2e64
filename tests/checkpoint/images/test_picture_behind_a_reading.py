"""A normal passage leaves no image anywhere; a raised reading leaves one sealed crop, for a while, for who says why."""

import base64
import json
import logging
import tempfile
from contextlib import contextmanager
from datetime import timedelta

import msgspec
import numpy as np
import pytest

from checkpoint.actions.deciding import close_crossing
from checkpoint.actions.isolation_board import isolation_view
from checkpoint.actions.picturing import LookCommand, forget_past_pictures, view_picture
from checkpoint.actions.refusals import ActionRefusedError
from checkpoint.images import Glimpses, cut_face, open_crop, seal_crop
from checkpoint.settings import load_settings
from checkpoint.store.connection import database_key
from checkpoint.workers import Workers
from devices.http_message import write_request
from devices.link import Delivery
from devices.reading import FaceBox, ThermalFrame
from devices.simulator.gy_module import GyModule
from devices.simulator.thermal_scene import Person, ThermalScene
from sync.agreement.local_time import VIETNAM_TIME
from sync.agreement.vocabulary import LookReason
from sync.exchange.sealing import SealingError
from tests.checkpoint.centres import HandCentre
from tests.checkpoint.edges import FACE_TERMINAL, LANE, Edge, opened, write_settings
from tests.checkpoint.people import MORNING, HandClock
from tests.checkpoint.store.pages import everything_in
from tests.devices.specimens import access_event, stream_part

NORMAL_SKIN_C, RAISED_SKIN_C = 34.8, 38.6
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF" + np.random.default_rng(7).bytes(600) + b"\xff\xd9"
FACE_OPTIONS = 'options = { facesluice_id = "1000001" }\n'
ARRAY = """
[[device]]
device_id = "array-1"
driver = "gy_mcu90640"
url = "serial:/dev/nothing"

[[device]]
device_id = "hik-1"
driver = "hikvision"
url = "http-pull://127.0.0.1:9"
options = { backfill_minutes = 0 }

[[device]]
device_id = "zkteco-1"
driver = "zkteco_push"
url = "http-push://127.0.0.1:1/?auth=address&from=127.0.0.1"

[[device]]
device_id = "uniview-1"
driver = "uniview_lapi"
url = "http-push://127.0.0.1:2/?auth=address&from=127.0.0.1"
"""
DEVICES = ("face-1", "array-1", "hik-1", "zkteco-1", "uniview-1")


class SilentLink:
    """A link whose deliveries the test makes; it remembers what was sent to the device."""

    def __init__(self):
        self.sent = []

    def send(self, outgoing):
        self.sent.append(outgoing.payload)

    def acknowledge(self, delivery):
        pass


class CameraEdge(Edge):
    """An edge with an array, a terminal on a broker and a terminal on a stream at one lane; their bytes by hand."""

    def __init__(self, folder):
        written = write_settings(folder)
        text = written.read_text("utf-8").replace('devices = ["face-1"]', f"devices = {json.dumps(DEVICES)}", 1)
        written.write_text(text.replace(FACE_TERMINAL, FACE_TERMINAL + FACE_OPTIONS + ARRAY), "utf-8")
        self.settings = load_settings(written)
        self.clock = HandClock()
        self.gate = opened(self.settings, clock=self.clock)
        self.workers = Workers(self.gate)
        self.links = {}
        for device_id, scanner in self.workers._scanners.items():
            scanner._prepare()
            scanner._link = self.links[device_id] = SilentLink()
        self.scene, self.module, self.seen = ThermalScene(seed=3), GyModule(), []

    def deliver(self, device_id, payload):
        self.workers._scanners[device_id]._take(Delivery(payload=payload))

    def stand(self, person, *, pictures):
        for _ in range(pictures):
            self.clock.forward(seconds=0.2)
            celsius = self.scene.picture(person, ambient_c=24.0)
            self.seen.append(celsius)
            self.deliver("array-1", self.module.frame(celsius, own_c=31.0))

    def pass_by_camera(self, number, skin_c):
        """One person before the camera; gives the crossing."""
        self.stand(None, pictures=4)
        self.clock.forward(seconds=20)
        self.present(number)
        crossing_id = self.draft_id
        self.stand(Person(skin_c=skin_c), pictures=8)
        return crossing_id

    def traces(self):
        """Windows of what the camera sent: a row of 24 pixels in each form that the program knows."""
        for celsius in self.seen:
            hundredths = np.rint(celsius * 100)
            for row in (10, 12):
                yield hundredths[row, 8:24].astype("<i2").tobytes()
                yield hundredths[row, 8:24][::-1].astype("<i2").tobytes()
                yield (np.rint(celsius.astype(np.float32)[row, 8:24] * 100) + 27315).astype("<u2").tobytes()
            wire = self.module.frame(celsius, own_c=31.0)
            yield wire[4 + 48 * 12 : 4 + 48 * 12 + 32]
            yield np.float32(hundredths[12, 8:16] / 100).tobytes()


@contextmanager
def camera_edge(folder, temporary):
    """An edge whose log and temporary files lie in these folders too."""
    log = logging.FileHandler(folder / "everything.log")
    logging.getLogger().addHandler(log)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "tempdir", str(temporary))
        patch.setenv("TMPDIR", str(temporary))
        edge = CameraEdge(folder)
        yield edge
    logging.getLogger().removeHandler(log)
    log.close()
    edge.close()


@pytest.fixture
def shift(tmp_path_factory):
    """Fifteen normal passages over five scanners, with everything that was written anywhere."""
    folder, temporary = tmp_path_factory.mktemp("camera"), tmp_path_factory.mktemp("temporary")
    with camera_edge(folder, temporary) as edge:
        for turn in range(3):
            edge.pass_by_camera(f"QN 20010{turn}", NORMAL_SKIN_C)
            edge.do(close_crossing, draft_id=edge.draft_id)
            edge.stand(None, pictures=4)
            pass_by_terminals(edge, turn)
        yield edge, folder, temporary


@pytest.fixture
def raised_shift(tmp_path_factory):
    """A shift in which one person's reading was raised: the edge, its folders and the crossing."""
    folder, temporary = tmp_path_factory.mktemp("camera"), tmp_path_factory.mktemp("temporary")
    with camera_edge(folder, temporary) as edge:
        yield edge, folder, temporary, edge.pass_by_camera("QN 200999", RAISED_SKIN_C)


def pass_by_terminals(edge, turn):
    """Two people whom terminals photograph: the pictures lie in the very messages of the readings."""
    picture = "data:image/jpeg;base64," + _base64(JPEG)
    local = edge.clock.forward(seconds=20).astimezone(VIETNAM_TIME)
    about = {
        "customId": "",
        "personId": str(turn),
        "RecordID": str(turn),
        "VerifyStatus": "1",
        "persionName": "EXAMPLE",
        "time": f"{local:%Y-%m-%d %H:%M:%S}",
        "facesluiceId": "1000001",
        "temperature": "36.5",
        "pic": picture,
    }
    edge.present(f"QN 20020{turn}")
    edge.deliver("face-1", msgspec.json.encode({"operator": "RecPush", "info": about}))
    edge.do(close_crossing, draft_id=edge.draft_id)
    edge.clock.forward(seconds=20)
    edge.present(f"QN 20030{turn}")
    now = edge.clock.now.astimezone(VIETNAM_TIME).isoformat(timespec="seconds").encode()
    event = access_event(3000 + turn, currTemperature=36.6).replace(b"2026-11-22T08:00:00+07:00", now)
    edge.deliver("hik-1", stream_part(event) + stream_part(JPEG, media_type=b"image/jpeg"))
    edge.do(close_crossing, draft_id=edge.draft_id)
    pass_by_posting_terminals(edge, turn)


def pass_by_posting_terminals(edge, turn):
    """Two people whom terminals photograph that post: the picture beside the reading, and uploaded after it."""
    picture = _base64(JPEG)
    local = edge.clock.forward(seconds=20).astimezone(VIETNAM_TIME)
    edge.present(f"QN 20040{turn}")
    row = f"time={local:%Y-%m-%d %H:%M:%S}\tpin={turn}\tindex={turn}\tmaskflag=0\ttemperature=36.5\tphoto={picture}\r\n"
    uploaded = f"PIN={turn}.jpg\nSN=X1\nsize={len(JPEG)}\nCMD=uploadphoto\0".encode() + JPEG
    again = f"attphoto pin={turn}\tsn=X1\tsize={len(picture)}\tphoto={picture}\r\n".encode()
    edge.deliver("zkteco-1", posted("/iclock/cdata?SN=X1&table=rtlog", row.encode()))
    edge.deliver("zkteco-1", posted("/iclock/cdata?SN=X1&table=ATTPHOTO", uploaded))
    edge.deliver("zkteco-1", posted("/iclock/cdata?SN=X1&table=tabledata&tablename=attphoto&count=1", again))
    edge.deliver("zkteco-1", posted("/iclock/upload?SN=X1", JPEG))
    edge.do(close_crossing, draft_id=edge.draft_id)
    seconds = int(edge.clock.forward(seconds=20).timestamp())
    edge.present(f"QN 20050{turn}")
    face = {"Timestamp": seconds, "Temperature": 36.6, "FaceImage": {"Size": len(picture), "Data": picture}}
    seen = {"Seq": turn, "Timestamp": seconds, "NotificationType": 0, "FaceInfoList": [face]}
    card = {
        "CardInfoList": [{"Name": "EXAMPLE", "IDImage": {"Data": picture}}],
        "LibMatInfoList": [{"MatchStatus": 10}],
    }
    path = "/LAPI/V1.0/System/Event/Notification/PersonVerification"
    edge.deliver("uniview-1", posted(path, msgspec.json.encode(seen | card)))
    edge.do(close_crossing, draft_id=edge.draft_id)


def posted(target, body):
    return write_request("POST", target, media_type="application/octet-stream", body=body)


def _base64(content):
    return base64.b64encode(content).decode()


def key_of(edge):
    return bytes.fromhex(database_key(edge.settings.data_path))


def where_images_are(edge, *folders):
    """Name each file, page of a database or frame of its log that holds an image or a part of one."""
    wanted = {JPEG[:10], JPEG[100:140], _base64(JPEG)[40:80].encode(), b"\x89PNG\r\n\x1a\n", *edge.traces()}
    found = []
    for folder in folders:
        for name, content in everything_in(folder, key=key_of(edge)).items():
            found += [f"{one[:12].hex()} in {name}" for one in wanted if one in content]
    sent = b"".join(payload for link in edge.links.values() for payload in link.sent)
    return found + [f"{one[:12].hex()} was sent" for one in wanted if one in sent]


def test_after_a_shift_of_normal_passages_no_image_byte_is_anywhere(shift):
    edge, folder, temporary = shift
    assert edge.rows("SELECT count(*) FROM crossing")[0][0] == 15
    drivers = {one[0] for one in edge.rows("SELECT DISTINCT device_id FROM device_reading WHERE bound_to IS NOT NULL")}
    assert drivers == set(DEVICES)
    assert edge.rows("SELECT count(*) FROM face_crop") == [(0,)]
    assert where_images_are(edge, folder, temporary) == []
    (folder / "planted").write_bytes(next(edge.traces()) + JPEG)
    assert len(where_images_are(edge, folder)) >= 3, "the scan would find them"
    (folder / "planted").unlink()
    assert len(edge.gate.glimpses) == 0


def look(edge, crossing_id, *, officer="truong"):
    command = LookCommand(reason=LookReason.CARE)
    return edge.gate.perform(lambda turn: view_picture(turn, crossing_id, command), officer_ref=officer).result(10)


def test_a_raised_reading_leaves_exactly_one_crop_that_nobody_can_read_in_the_file(raised_shift):
    edge, folder, temporary, raised = raised_shift
    [(crossing_id, expires_at, sealed)] = edge.rows("SELECT crossing_id, expires_at, sealed FROM face_crop")
    assert crossing_id == raised
    assert expires_at.startswith("2026-11-23"), "a day later"
    assert where_images_are(edge, folder, temporary) == [], "sealed even in the decrypted pages"
    assert not any(sealed[12:60] in record for record in edge.journal()), "in no record, so it never travels"
    assert [person.crossing_id for person in isolation_view(edge.gate).waiting if person.has_picture] == [raised]


def test_who_looks_says_why_and_is_noted_and_sees_the_face_in_hundredths_of_a_kelvin(raised_shift):
    edge, _, _, raised = raised_shift
    picture = look(edge, raised)
    celsius = np.frombuffer(picture.centikelvin, "<u2").reshape(picture.height_px, picture.width_px) / 100 - 273.15
    assert celsius.max() == pytest.approx(RAISED_SKIN_C, abs=0.3)
    assert celsius.size < 24 * 32, "the face and a margin, not the whole picture"
    noted = edge.rows("SELECT officer_ref, action, subject, reason FROM access_log ORDER BY entry_number DESC LIMIT 1")
    assert noted == [("truong", "picture_seen", raised, "care")]


def test_the_crop_is_gone_when_its_time_is_over_from_the_pages_and_from_the_log(raised_shift):
    edge, folder, _, raised = raised_shift
    [(sealed,)] = edge.rows("SELECT sealed FROM face_crop")
    assert forget_past_pictures(edge.gate) == 0
    edge.clock.forward(hours=24, seconds=20)
    with pytest.raises(ActionRefusedError, match="no_such_picture"):
        look(edge, raised)
    assert forget_past_pictures(edge.gate) == 1
    assert edge.rows("SELECT count(*) FROM face_crop") == [(0,)]
    left = [name for name, content in everything_in(folder, key=key_of(edge)).items() if sealed[20:60] in content]
    assert left == []


def test_erasing_the_person_purges_the_crop_in_the_same_commit(raised_shift):
    edge, _, _, raised = raised_shift
    assert edge.rows("SELECT crossing_id FROM face_crop") == [(raised,)]
    centre = HandCentre()
    centre.erase(raised, at=edge.clock.now)
    centre.tell(edge.gate, at=edge.clock.now)
    assert edge.rows("SELECT count(*) FROM face_crop") == [(0,)]
    with pytest.raises(ActionRefusedError, match="no_such_picture"):
        look(edge, raised)


def crop_of(columns, rows, box):
    celsius = np.random.default_rng(1).uniform(20, 38, size=(rows, columns)).astype(np.float32)
    frame = ThermalFrame(device_id="camera", observed_at=MORNING, celsius=celsius)
    return cut_face(frame, box), celsius


def test_a_large_face_is_thinned_and_one_at_the_rim_is_cut_there():
    large, celsius = crop_of(640, 512, FaceBox(left_px=100, top_px=50, width_px=300, height_px=400))
    assert max(large.width_px, large.height_px) <= 128
    assert len(large.centikelvin) == 2 * large.width_px * large.height_px
    rim, celsius = crop_of(32, 24, FaceBox(left_px=26, top_px=-2, width_px=10, height_px=10))
    pixels = np.frombuffer(rim.centikelvin, "<u2").reshape(rim.height_px, rim.width_px)
    assert np.abs(pixels / 100 - 273.15 - celsius[:10, 24:]).max() < 0.006
    outside, _ = crop_of(32, 24, FaceBox(left_px=60, top_px=0, width_px=10, height_px=10))
    assert outside is None


def test_a_sealed_crop_opens_with_its_own_key_crossing_and_edge_only():
    crop, _ = crop_of(32, 24, FaceBox(left_px=4, top_px=4, width_px=8, height_px=8))
    right = {"episode_key": b"k" * 32, "crossing_id": "c-1", "edge_id": "mong-cai-1"}
    sealed = seal_crop(crop, **right)
    assert open_crop(sealed, **right) == crop
    wrong = [{"episode_key": b"x" * 32}, {"crossing_id": "c-2"}, {"edge_id": "mong-cai-2"}]
    for other in wrong:
        with pytest.raises(SealingError):
            open_crop(sealed, **(right | other))
    with pytest.raises(SealingError):
        open_crop(sealed[:-1], **right)


def test_memory_holds_few_crops_of_a_lane_and_only_for_minutes():
    crop, _ = crop_of(32, 24, FaceBox(left_px=4, top_px=4, width_px=8, height_px=8))
    glimpses = Glimpses()
    for number in range(9):
        glimpses.hold(LANE, f"r{number}", crop=crop)
    assert len(glimpses) == 3
    assert glimpses.find(LANE, ["r0"]) is None
    assert glimpses.find(LANE, ["r0", "r8"]) is crop
    glimpses.let_go_of_old(at=MORNING + timedelta(minutes=6))
    assert len(glimpses) == 0


def restarted(edge):
    """The same folder opened by another program: what was committed is there, and nothing of what memory held."""
    edge.gate.store.close()
    edge.gate = opened(edge.settings, clock=edge.clock)
    assert len(edge.gate.glimpses) == 0


def crops(edge):
    return [one[0] for one in edge.rows("SELECT crossing_id FROM face_crop ORDER BY crossing_id")]


@pytest.fixture
def lane_with_camera(tmp_path_factory):
    folder, temporary = tmp_path_factory.mktemp("camera"), tmp_path_factory.mktemp("temporary")
    with camera_edge(folder, temporary) as edge:
        edge.stand(None, pictures=4)
        edge.clock.forward(seconds=20)
        yield edge, folder, temporary


def test_a_raised_reading_before_its_document_keeps_its_crop_over_a_restart(lane_with_camera):
    edge, folder, temporary = lane_with_camera
    edge.stand(Person(skin_c=RAISED_SKIN_C), pictures=8)
    [waiting] = crops(edge)
    assert waiting.startswith("reading-"), "nobody is presented yet"
    assert where_images_are(edge, folder, temporary) == [], "sealed even in the decrypted pages"
    restarted(edge)
    edge.present("QN 200777")
    [crossing_id] = crops(edge)
    assert edge.rows("SELECT crossing_id FROM crossing") == [(crossing_id,)]
    restarted(edge)
    picture = look(edge, crossing_id)
    celsius = np.frombuffer(picture.centikelvin, "<u2") / 100 - 273.15
    assert celsius.max() == pytest.approx(RAISED_SKIN_C, abs=0.3)


def test_a_normal_reading_before_its_document_keeps_none_at_any_moment(lane_with_camera):
    edge, folder, temporary = lane_with_camera
    edge.stand(Person(skin_c=NORMAL_SKIN_C), pictures=8)
    assert crops(edge) == []
    restarted(edge)
    edge.present("QN 200778")
    edge.do(close_crossing, draft_id=edge.draft_id)
    assert crops(edge) == []
    assert where_images_are(edge, folder, temporary) == []


def test_the_crop_of_a_raised_reading_that_becomes_nobodys_goes_after_minutes(lane_with_camera):
    edge, _, _ = lane_with_camera
    edge.stand(Person(skin_c=RAISED_SKIN_C), pictures=8)
    assert len(crops(edge)) == 1
    edge.clock.forward(seconds=301)
    assert forget_past_pictures(edge.gate) == 1
    assert crops(edge) == []
