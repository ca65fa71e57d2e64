"""Attempts to break what a handheld keeps: names used twice, clocks, a device enrolled anew, an edge put back."""

from datetime import timedelta

import msgspec

from checkpoint.app import create_app
from checkpoint.workers import Workers
from sync.agreement.gate_records.handheld import HandheldActTaken
from sync.agreement.identifiers import uuid7
from sync.agreement.records import CrossingScreened
from tests.checkpoint.app.test_erased_handheld_acts import erase
from tests.checkpoint.app.test_handhelds import Phone, Station, edge, of_type, phone, put_officer, station, told
from tests.checkpoint.edges import OTHER_PASS, PASS
from tests.web.serving import served
from tests.web.stage import CHEAP, labels

__all__ = ["edge", "phone", "station"]
UNREADABLE = "P<VNM<<<"


def mended_on_both(phone, station, **fields) -> tuple[dict, dict]:
    """An act that was put right at the station, and otherwise on the device before it heard of that."""
    act = phone.act(UNREADABLE, **fields)
    phone.flush(act)
    assert station.post(f"/api/handhelds/acts/{act['act_id']}/mend", text=PASS).status_code == 200
    return act, act | {"scans": [OTHER_PASS]}


def test_an_act_mended_at_the_station_and_otherwise_on_the_device_is_one_crossing_and_one_question(
    edge, phone, station
):
    act, other = mended_on_both(phone, station)

    answers = phone.flush(other).json()["answers"]

    assert [(one["act_id"], one["disposition"], one["code"], one["is_at_edge"]) for one in answers] == [
        (act["act_id"], "held", "handheld_act_used", True)
    ], "the device may let go of it: the station asks"
    (waiting,) = station.view()["waiting"]
    assert waiting["document_hint"].endswith("0124")
    assert told(phone.flush(other)) == [("held", "handheld_act_used")]
    assert len(station.view()["waiting"]) == 1, "the same again is no second question"
    assert told(phone.flush(act)) == [("known", "")]
    assert len(of_type(edge, CrossingScreened)) == 1

    aside = station.post(f"/api/handhelds/acts/{waiting['act_id']}/set-aside", reason="Một người, gõ hai lần")
    assert aside.status_code == 200
    assert told(phone.flush(other)) == [("set_aside", "handheld_act_used")]
    assert len(of_type(edge, CrossingScreened)) == 1


def test_the_other_one_may_be_another_person_and_then_becomes_a_crossing_of_its_own(edge, phone, station):
    act, other = mended_on_both(phone, station)
    phone.flush(other)
    (waiting,) = station.view()["waiting"]

    assert station.post(f"/api/handhelds/acts/{waiting['act_id']}/mend").status_code == 200

    screened = [one.crossing_id for one in of_type(edge, CrossingScreened)]
    assert screened == [act["act_id"], waiting["act_id"]]
    assert told(phone.flush(act)) == told(phone.flush(act)) == [("known", "")]
    assert phone.flush(other).json()["answers"][0]["act_id"] == act["act_id"]
    assert len(of_type(edge, HandheldActTaken)) == 2


def test_an_alarm_of_a_name_used_twice_is_set_aside_only_where_its_twin_rang(edge, phone, station):
    raised = {"temperature_c": 38.6, "provisional_outcome": "recheck"}
    rang, _ = (phone.flush(one) for one in reversed(mended_on_both(phone, station, **raised)))
    assert told(rang) == [("held", "handheld_act_used")]
    calm_act = phone.act("QN 100125")
    phone.flush(calm_act)
    phone.flush(calm_act | raised)
    of_rang, of_calm = (one["act_id"] for one in station.view()["waiting"])
    words = {"reason": "Một người, gõ hai lần"}
    assert station.post(f"/api/handhelds/acts/{of_calm}/set-aside", **words).status_code == 409
    assert station.post(f"/api/handhelds/acts/{of_rang}/set-aside", **words).status_code == 200


def test_an_erased_crossing_that_a_device_sends_again_is_known_and_nobody_is_named(edge, phone, station):
    act, other = mended_on_both(phone, station)
    phone.flush(other)
    erase(edge, act["act_id"])
    assert station.view()["waiting"] == []
    assert told(phone.flush(act)) == told(phone.flush(other)) == [("known", "")]
    assert station.view()["waiting"] == []


def test_what_waits_grows_old_however_often_the_device_asks_and_is_said_to_be_overdue(edge, phone, station):
    act = phone.act(UNREADABLE)
    phone.flush(act)
    (first,) = station.view()["waiting"]
    assert not first["is_overdue"]
    edge.gate.settings = msgspec.structs.replace(
        edge.gate.settings, handheld=msgspec.structs.replace(edge.gate.settings.handheld, mend_within_h=1)
    )
    edge.clock.forward(minutes=61)
    phone.flush(act)
    with served(create_app(edge.gate, workers=Workers(edge.gate), labels=labels(), passwords=CHEAP)) as url:
        (later,) = Station(url).view()["waiting"]
    assert (later["received_at"], later["is_overdue"]) == (first["received_at"], True)


def test_a_full_list_leaves_the_act_with_the_device_and_says_so(edge, phone, station):
    edge.gate.settings = msgspec.structs.replace(
        edge.gate.settings, handheld=msgspec.structs.replace(edge.gate.settings.handheld, most_waiting=20)
    )
    first = [phone.act(UNREADABLE) for _ in range(20)]
    assert all(one["is_at_edge"] for one in phone.flush(*first).json()["answers"])
    (last,) = phone.flush(phone.act(UNREADABLE)).json()["answers"]
    assert (last["code"], last["is_at_edge"]) == ("handheld_list_full", False)
    assert [one["is_at_edge"] for one in phone.flush(first[0]).json()["answers"]] == [True]


def test_a_conflict_with_a_full_list_stays_on_the_device(edge, phone, station):
    act, other = mended_on_both(phone, station)
    edge.gate.settings = msgspec.structs.replace(
        edge.gate.settings, handheld=msgspec.structs.replace(edge.gate.settings.handheld, most_waiting=20)
    )
    phone.flush(*[phone.act(UNREADABLE) for _ in range(20)])
    (answer,) = phone.flush(other).json()["answers"]
    assert (answer["disposition"], answer["code"], answer["is_at_edge"]) == ("refused", "handheld_list_full", False)
    assert told(phone.flush(act)) == [("known", "")]


def test_a_device_enrolled_anew_in_the_middle_hands_over_what_it_did_before_and_each_waits_for_an_officer(
    edge, phone, station
):
    before = [phone.act(), phone.act(OTHER_PASS, 38.6, provisional_outcome="recheck")]
    anew = Phone(edge, station)
    anew.enrol(station.code())
    anew.take_up()

    assert told(anew.flush(*before, anew.act("QN 100125"))) == [
        ("held", "handheld_permit_of_another"),
        ("held", "handheld_permit_of_another"),
        ("accepted", ""),
    ]
    for one in before:
        assert station.post(f"/api/handhelds/acts/{one['act_id']}/mend").status_code == 200
    assert len(of_type(edge, CrossingScreened)) == 3


def test_a_clock_that_jumps_in_mid_queue_puts_nobody_before_the_permit_or_after_now(edge, phone):
    acts = []
    for jump in (timedelta(0), timedelta(days=400), timedelta(days=-400), timedelta(seconds=30)):
        phone.ahead_s = jump.total_seconds()
        acts.append(phone.act(f"QN 10013{len(acts)}") | {"act_id": str(uuid7(edge.clock.now))})
        edge.clock.forward(minutes=1)
    answers = phone.flush(*acts).json()["answers"]
    assert [one["disposition"] for one in answers] == ["accepted"] * 4
    assert [one["clock"] for one in answers][1:3] == ["unsure"] * 2
    started, now = edge.clock.now - timedelta(minutes=5), edge.clock.now
    for one in of_type(edge, CrossingScreened):
        assert started <= one.presented_at <= now


def test_an_edge_put_back_to_an_earlier_day_asks_again_for_what_it_no_longer_has(edge, phone, station, tmp_path):
    """What was refused lies on the device too until it is mended: it comes in again. So does what was never sent."""
    waits, unsent = phone.act(UNREADABLE), phone.act(OTHER_PASS)
    phone.flush(waits)
    with edge.gate.store.readers.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM handheld_act").scalar() == 1
    edge.gate.perform(lambda turn: turn.transaction.execute("DELETE FROM handheld_act", {})).result(10)
    assert station.view()["waiting"] == []

    assert told(phone.flush(waits, unsent)) == [("refused", "document_unreadable"), ("accepted", "")]
    assert [one["act_id"] for one in station.view()["waiting"]] == [waits["act_id"]]


def test_an_edge_put_back_to_before_the_enrolment_takes_the_acts_from_the_device_enrolled_anew(edge, phone, station):
    unsent = phone.act(temperature_c=38.6, provisional_outcome="recheck")
    edge.gate.perform(lambda turn: turn.transaction.execute("DELETE FROM handheld", {})).result(10)
    assert phone.flush(unsent).status_code == 401
    put_officer(edge, "truc2")
    anew = Phone(edge, station)
    anew.enrol(station.code())
    assert told(anew.flush(unsent)) == [("held", "handheld_permit_of_another")]
    confirmed = station.post(f"/api/handhelds/acts/{unsent['act_id']}/mend").json()
    assert confirmed["crossing_disposition"] == "pending"
