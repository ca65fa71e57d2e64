"""How the devices of all gates stand at the centre, and for how long lanes stood on bad ones: counted once."""

import itertools
from datetime import timedelta
from typing import NamedTuple

import msgspec
import pytest

from central.actions.opening import open_centre
from central.actions.reception import Reception
from central.gate_figures import GateFigure
from central.settings import load_settings
from sync.agreement.deployment import report_day
from sync.agreement.device_words import DeviceCondition
from sync.agreement.gate_records.device import DeviceConditionChanged
from sync.agreement.vocabulary import RecordDisposition
from tests.central.conftest import CUT_OFF_HOUR, enrolled
from tests.central.pushes import push
from tests.central.running import write_settings
from tests.central.visitors import HandClock
from tests.sync.exchange.journals import MORNING, EdgeJournal


class Stand(NamedTuple):
    centre: object
    journal: EdgeJournal
    reception: Reception


@pytest.fixture
def stand(database_url, tmp_path):
    clock = HandClock()
    centre = open_centre(load_settings(write_settings(tmp_path, database_url=database_url, port=0)), clock=clock)
    journal = enrolled(EdgeJournal("mong-cai-1"), gate="mong-cai", store=centre.store, clock=clock)
    journal.province_key = centre.keys.sealing.public_key()
    yield Stand(centre, journal, Reception(centre.store, signing_key=centre.keys.signing, clock=clock))
    centre.store.close()


def changed(was: str, became: str, *, minutes: int, lasted_s: int, device_id="face-1", lane_id="lane-1"):
    return DeviceConditionChanged(
        device_id=device_id,
        model="facesluice",
        lane_id=lane_id,
        was=DeviceCondition(was),
        became=DeviceCondition(became),
        since=MORNING + timedelta(minutes=minutes),
        lasted_s=lasted_s,
        reasons=() if became == "up" else (f"link_{became}",),
    )


STORY = (
    changed("up", "down", minutes=0, lasted_s=7200),
    changed("down", "up", minutes=10, lasted_s=601),
    changed("up", "drifting", minutes=20, lasted_s=600),
    changed("up", "suspicious", minutes=5, lasted_s=60, device_id="array-1"),
    changed("suspicious", "up", minutes=7, lasted_s=120, device_id="array-1", lane_id=""),
)


def test_each_device_stands_as_its_newest_change_says_and_bad_minutes_are_counted_once(stand):
    for body in STORY:
        stand.journal.write(body, at=body.since)
    dispositions = push(stand.reception, stand.journal).dispositions
    assert {one.disposition for one in dispositions} == {RecordDisposition.PROJECTED}

    day = report_day(MORNING, cut_off_hour=CUT_OFF_HOUR)
    standing = {one.device_id: one for one in stand.centre.store.gates.devices(day)}
    assert {name: one.condition for name, one in standing.items()} == {"face-1": "drifting", "array-1": "up"}
    assert standing["face-1"].point_of_entry_id == "mong-cai"
    assert standing["face-1"].reasons == ("link_drifting",)
    counted = {(row.figure, row.detail): row.count for row in stand.centre.store.gates.counts(day)}
    assert counted[GateFigure.LANE_BAD_DEVICE_MINUTES, "down"] == 11, "begun minutes are whole"
    assert (GateFigure.LANE_BAD_DEVICE_MINUTES, "suspicious") not in counted, "a device of no lane is no lane's"
    assert counted[GateFigure.DEVICE_CONDITIONS, "up"] == 2
    assert sum(count for (figure, _), count in counted.items() if figure is GateFigure.DEVICE_CONDITIONS) == len(STORY)


def test_a_record_of_bad_time_cannot_be_built_out_of_nothing():
    with pytest.raises(ValueError, match="another one"):
        changed("up", "up", minutes=0, lasted_s=1)
    with pytest.raises(ValueError, match="aware"):
        msgspec.structs.replace(STORY[0], since=MORNING.replace(tzinfo=None))
    wire = msgspec.json.encode(STORY[0]).replace(b"7200", b"99999999")
    with pytest.raises(msgspec.ValidationError, match="31622400"):
        msgspec.json.decode(wire, type=DeviceConditionChanged)


def test_only_lanes_have_bad_time_and_only_in_bad_conditions():
    for was, lane_id in itertools.product(DeviceCondition, ("lane-1", "")):
        became = DeviceCondition.UP if was is not DeviceCondition.UP else DeviceCondition.DOWN
        one = changed(was, became, minutes=0, lasted_s=90, lane_id=lane_id)
        is_bad = was not in {DeviceCondition.UP, DeviceCondition.STARTING}
        assert (one.bad_s > 0) is (is_bad and lane_id == "lane-1")
