"""The same questions on a handheld as at the lane, and the same assessment of what was answered."""

from datetime import timedelta

import pytest

from sync.agreement.records import CrossingScreened
from tests.checkpoint.app.test_handhelds import edge, of_type, phone, station, told
from tests.checkpoint.edges import LANE, OTHER_PASS
from tests.checkpoint.orders import put_in_force
from tests.checkpoint.people import MORNING

__all__ = ["edge", "phone", "station"]
MARKET = {
    "kind": "exposure_place",
    "place": "cho-dong-hung",
    "names": {"vi": "Chợ Đông Hưng", "en": "Dongxing market", "zh": "东兴市场"},
    "was_from": MORNING - timedelta(days=3, hours=4),
    "was_to": MORNING - timedelta(days=3),
    "area": "CN-45-0681",
}
SAID = {
    "nothing": {},
    "cough": {"symptoms": ["cough"]},
    "contact": {"exposures": ["contact_with_patient"]},
    "expert": {"category": "expert", "employer": "Cty A", "project": "Cầu B", "is_symptom_checked": True},
    "official": {"category": "official", "purpose": "official_duty"},
}


@pytest.mark.parametrize("said", SAID.values(), ids=SAID)
def test_what_was_answered_is_assessed_as_at_the_lane(edge, phone, station, said):
    lane = f"/api/lanes/{LANE}"
    station.post(f"{lane}/present", text=OTHER_PASS, has_declaration=True, **said)
    shown = station.post(f"{lane}/measure", temperature_c=36.5, device_kind="infrared_thermometer", site="forehead")
    view = shown.json()

    (answer,) = phone.flush(phone.act("QN 100125", **said)).json()["answers"]

    reasons = [one["code"] for one in view["verdict"]["reasons"]]
    assert (answer["outcome"], [one["code"] for one in answer["reasons"]]) == (view["verdict"]["outcome"], reasons)
    noted = next(one.facts for one in of_type(edge, CrossingScreened) if one.crossing_id == answer["act_id"])
    for name in ("symptoms", "exposures", "category"):
        if name in said:
            value = getattr(noted, name)
            assert value == (tuple(said[name]) if isinstance(said[name], list) else said[name])


def test_a_place_that_was_not_asked_about_waits_to_be_mended_with_the_answer(edge, phone, station):
    put_in_force(edge, MARKET)
    (place,) = phone.flush().json()["bundle"]["places"]
    assert (place["place"], place["names"]["zh"], place["consequence"]) == ("cho-dong-hung", "东兴市场", "refer")
    unasked = phone.act()
    assert told(phone.flush(unasked))[0][0] == "refused"
    assert [one["place"] for one in station.view()["places"]] == ["cho-dong-hung"]
    no = [{"place": "cho-dong-hung", "was_there": False}]
    mended = station.post(f"/api/handhelds/acts/{unasked['act_id']}/mend", place_answers=no)
    assert (mended.json()["disposition"], mended.json()["outcome"]) == ("accepted", "cleared")


def test_an_act_that_cannot_be_read_holds_up_no_other_and_names_the_field(edge, phone):
    many = phone.act(OTHER_PASS, visited_areas=[f"A{number}" for number in range(31)])
    later = phone.act("QN 300777")
    answers = phone.flush(many, later).json()["answers"]
    assert [one["disposition"] for one in answers] == ["refused", "accepted"]
    assert (answers[0]["code"], answers[0]["values"], answers[0]["is_at_edge"]) == (
        "bad_field",
        {"field": "visited_areas"},
        False,
    )
    assert answers[0]["act_id"] == many["act_id"]
    assert len(of_type(edge, CrossingScreened)) == 1


def test_a_small_child_goes_unmeasured_only_where_its_age_is_said(edge, phone):
    excepted = {"exception_code": "infant", "exception_reason": "Trẻ ngủ trên tay mẹ"}
    bundle = phone.flush().json()["bundle"]
    assert [one["max_age_years"] for one in bundle["exceptions"] if one["code"] == "infant"] == [5]

    unsaid, said = (phone.act(OTHER_PASS, None, **excepted, **age) for age in ({}, {"age_years": 1}))
    answers = phone.flush(unsaid, said).json()["answers"]

    assert [one["disposition"] for one in answers] == ["refused", "accepted"]
    assert answers[0]["values"]["reason"] == "exception_not_fitting"
    assert edge.rows("SELECT age_years FROM crossing") == [(1,)]


def test_a_device_that_failed_is_an_exception_once_the_fallback_was_tried(edge, phone):
    excepted = {"exception_code": "device_failure", "exception_reason": "Máy đo hết pin, đang thay"}
    (rule,) = [one for one in phone.flush().json()["bundle"]["exceptions"] if one["code"] == "device_failure"]
    assert rule["asks_fallback"]
    assert told(phone.flush(phone.act(temperature_c=None, **excepted)))[0][0] == "refused"
    tried = phone.act(OTHER_PASS, None, is_fallback_tried=True, **excepted)
    assert told(phone.flush(tried)) == [("accepted", "")]
