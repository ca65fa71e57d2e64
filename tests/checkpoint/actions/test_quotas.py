"""Quotas and hours at the lane, offline: counted by this edge from its own rows, exact at their edges (R012)."""

from datetime import datetime, time, timedelta

import msgspec
import pytest

from checkpoint.actions.correcting import correct_details, withdraw_crossing
from checkpoint.actions.deciding import close_crossing, measure_person
from checkpoint.actions.presenting import present_person
from sync.agreement.local_time import VIETNAM_TIME
from sync.agreement.vocabulary import Outcome, ReasonCode
from tests.checkpoint.orders import put_in_force
from tests.checkpoint.people import NORMAL_C
from tests.demands import demand

RESIDENTS = {"categories": ["border_resident"], "directions": ["entry"]}


def quota(**limits) -> dict:
    return {
        "kind": "traffic_order",
        "state": "restricted",
        "applies_to": RESIDENTS,
        "redirect_to": "hoanh-mo",
        **limits,
    }


def at_local(edge, hour: int, minute: int = 0, *, day: int = 22) -> None:
    edge.clock.now = datetime(2026, 11, day, hour, minute, tzinfo=VIETNAM_TIME).astimezone(edge.clock.now.tzinfo)


def come(edge, number: int):
    edge.present(f"QN {200000 + number}")
    edge.scan_face(NORMAL_C)
    return edge.sheet.assessment


def go_on(edge) -> str:
    crossing_id = edge.draft_id
    edge.do(close_crossing, draft_id=crossing_id)
    return crossing_id


@demand("R012", "R017")
def test_the_person_after_the_last_of_the_quota_is_refused_with_clause_and_gate_to_go_to(edge):
    put_in_force(edge, quota(quota_per_day=2))
    for number in range(2):
        assert come(edge, number).outcome is Outcome.CLEARED
        go_on(edge)
    third = come(edge, 3)
    assert (third.outcome, third.redirect_to) == (Outcome.REFUSED, "hoanh-mo")
    assert third.reasons[0].code is ReasonCode.QUOTA_REACHED
    assert (third.reasons[0].citation.document, third.reasons[0].citation.clause) == ("Lệnh số 7/CĐ-UBND", "Điều 1")
    counted = next(reason for reason in third.reasons if reason.code is ReasonCode.QUOTA_COUNTED)
    assert counted.values == {"counted_today": 2, "counted_this_hour": 2}
    go_on(edge)
    screened = edge.bodies()[-1]
    assert [(each.category, each.today) for each in screened.facts.crossings_counted] == [("border_resident", 2)]
    edge.restart()
    put_in_force(edge, quota(quota_per_day=2))
    assert come(edge, 4).reasons[0].code is ReasonCode.QUOTA_REACHED, "counted anew from the rows; refused ones apart"


def test_a_quota_counts_its_own_category_and_direction_and_gives_back_what_was_withdrawn(edge):
    put_in_force(edge, quota(quota_per_day=1))
    come(edge, 1)
    first = go_on(edge)
    assert come(edge, 2).outcome is Outcome.REFUSED
    go_on(edge)
    edge.about(correct_details, first, direction="exit", reason="nhầm chiều")
    assert come(edge, 3).outcome is Outcome.CLEARED
    third = go_on(edge)
    assert come(edge, 4).outcome is Outcome.REFUSED
    go_on(edge)
    edge.about(withdraw_crossing, third, reason="ghi hai lần")
    assert come(edge, 5).outcome is Outcome.CLEARED


def test_the_quota_of_an_hour_begins_anew_with_the_local_hour_and_that_of_a_day_at_local_midnight(edge):
    put_in_force(edge, quota(quota_per_hour=1, quota_per_day=2))
    at_local(edge, 9, 58)
    assert come(edge, 1).outcome is Outcome.CLEARED
    go_on(edge)
    assert come(edge, 2).reasons[0].code is ReasonCode.QUOTA_OF_HOUR_REACHED
    go_on(edge)
    at_local(edge, 10, 0)
    assert come(edge, 3).outcome is Outcome.CLEARED
    go_on(edge)
    at_local(edge, 23, 59)
    assert come(edge, 4).reasons[0].code is ReasonCode.QUOTA_REACHED
    go_on(edge)
    at_local(edge, 0, 0, day=23)
    assert come(edge, 5).outcome is Outcome.CLEARED


@pytest.mark.parametrize(("local", "outcome"), [
    (time(19, 59, 50), Outcome.REFUSED),
    (time(20, 0), Outcome.CLEARED),
    (time(3, 59, 50), Outcome.CLEARED),
    (time(4, 0), Outcome.REFUSED),
])  # fmt: skip
def test_hours_over_midnight_open_and_close_to_the_second(edge, local, outcome):
    put_in_force(edge, quota(opens_at=time(20), closes_at=time(4)))
    now = datetime.combine(datetime(2026, 11, 22, tzinfo=VIETNAM_TIME), local, tzinfo=VIETNAM_TIME)
    edge.clock.now = now.astimezone(edge.clock.now.tzinfo) - timedelta(seconds=1)
    assert come(edge, 1).outcome is outcome


def test_a_person_shown_as_cleared_before_the_hour_struck_is_not_let_pass_after_it(edge):
    put_in_force(edge, quota(opens_at=time(7), closes_at=time(17)))
    at_local(edge, 16, 59)
    assert come(edge, 1).outcome is Outcome.CLEARED
    at_local(edge, 17, 0)
    go_on(edge)
    assert edge.rows("SELECT disposition, redirect_to FROM crossing") == [("refused", "hoanh-mo")]


def at_lane(edge, lane_id, command, **fields):
    """Give a command at one of several lanes, without waiting for its answer."""
    body = msgspec.convert(fields, command.__annotations__["command"], strict=False)
    return edge.gate.perform(lambda turn: command(turn, lane_id, body), officer_ref="canbo")


def stand_at_both(edge) -> dict[str, str]:
    """Somebody stands measured at each of two lanes, both on the way in; their drafts by lane."""
    for lane_id, number in (("lane-1", 1), ("lane-2", 2)):
        person = {"text": f"QN {300000 + number}", "has_declaration": True, "direction": "entry"}
        at_lane(edge, lane_id, present_person, **person).result(10)
        by_hand = {"temperature_c": NORMAL_C, "device_kind": "infrared_thermometer", "site": "forehead"}
        at_lane(edge, lane_id, measure_person, **by_hand).result(10)
    return {lane_id: edge.gate.sheets[lane_id].state.person.crossing_id for lane_id in ("lane-1", "lane-2")}


def test_two_lanes_that_close_at_the_same_moment_share_one_last_place(edge):
    put_in_force(edge, quota(quota_per_day=1))
    drafts = stand_at_both(edge)
    assert [edge.gate.sheets[lane_id].assessment.outcome for lane_id in drafts] == [Outcome.CLEARED] * 2
    asked = [at_lane(edge, lane_id, close_crossing, draft_id=draft_id) for lane_id, draft_id in drafts.items()]
    for one in asked:
        one.result(10)
    assert sorted(edge.rows("SELECT disposition FROM crossing")) == [("cleared",), ("refused",)]


@pytest.mark.parametrize(("limit", "before", "after"), [
    ({"quota_per_hour": 1}, (9, 59), (10, 0)),
    ({"quota_per_day": 1}, (23, 59), (0, 0)),
])  # fmt: skip
def test_who_came_before_the_hour_struck_takes_a_place_of_that_hour_and_none_beyond_its_quota(
    edge, limit, before, after
):
    put_in_force(edge, quota(**limit))
    at_local(edge, *before)
    drafts = stand_at_both(edge)
    at_local(edge, *after, day=22 + (after[0] < before[0]))
    edge.restart()
    put_in_force(edge, quota(**limit))
    for lane_id, draft_id in drafts.items():
        at_lane(edge, lane_id, close_crossing, draft_id=draft_id).result(10)
    assert sorted(edge.rows("SELECT disposition FROM crossing")) == [("cleared",), ("refused",)]
    assert come(edge, 5).outcome is Outcome.CLEARED, "the new hour has its own places"
