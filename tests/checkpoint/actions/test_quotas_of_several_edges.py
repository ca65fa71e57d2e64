"""The last place of a quota is given once: at two lanes of one edge at one moment, and at two edges of one gate."""

from threading import Barrier, Thread

import msgspec
import pytest

from checkpoint.actions.deciding import CloseCommand, close_crossing, measure_person
from checkpoint.actions.presenting import PresentCommand, present_person
from sync.agreement.policy import PolicyError
from sync.agreement.vocabulary import Outcome, ReasonCode
from tests.checkpoint.actions.test_quotas import come, go_on, quota
from tests.checkpoint.edges import LANE, Edge
from tests.checkpoint.orders import put_in_force
from tests.demands import demand

OTHER_LANE = "lane-2"
HERE = {"categories": ["border_resident"], "point_of_entry_ids": ["mong-cai"]}


def stand_at(edge, lane_id: str, number: int) -> str:
    """Somebody measured as normal stands at a lane and is shown as cleared; returns the draft's name."""
    shown = msgspec.convert({"text": f"QN {200000 + number}", "has_declaration": True}, PresentCommand)
    edge.gate.perform(lambda turn: present_person(turn, lane_id, shown), officer_ref="canbo").result(10)
    taken = {"temperature_c": 36.5, "device_kind": "infrared_thermometer", "site": "forehead"}
    reading = msgspec.convert(taken, measure_person.__annotations__["command"])
    edge.gate.perform(lambda turn: measure_person(turn, lane_id, reading), officer_ref="canbo").result(10)
    sheet = edge.gate.sheets[lane_id]
    assert sheet.assessment.outcome is Outcome.CLEARED
    return sheet.state.person.crossing_id


@demand("R012")
@pytest.mark.parametrize("turn_number", range(5))
def test_two_lanes_after_the_last_place_at_the_same_moment_give_it_once(edge, turn_number):
    put_in_force(edge, quota(quota_per_day=1, applies_to=HERE))
    drafts = {lane_id: stand_at(edge, lane_id, number) for number, lane_id in enumerate((LANE, OTHER_LANE))}
    together = Barrier(2)

    def close(lane_id: str) -> None:
        command = msgspec.convert({"draft_id": drafts[lane_id]}, CloseCommand)
        together.wait()
        edge.gate.perform(lambda turn: close_crossing(turn, lane_id, command), officer_ref="canbo").result(10)

    threads = [Thread(target=close, args=(lane_id,)) for lane_id in drafts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(edge.rows("SELECT disposition FROM crossing")) == [("cleared",), ("refused",)]
    refused = next(body for body in edge.bodies() if body.disposition == "refused")
    assert ReasonCode.QUOTA_REACHED in {reason.code for reason in refused.assessment.reasons}


def shared(*parts: tuple[str, int], quota_per_day: int = 3) -> dict:
    shares = [{"edge_id": edge_id, "per_day": part} for edge_id, part in parts]
    return quota(quota_per_day=quota_per_day, applies_to=HERE, shares=shares)


def passed(edge, *, people: int) -> int:
    """How many of so many who come one after the other are let pass."""
    count = 0
    for number in range(people):
        count += come(edge, number).outcome is Outcome.CLEARED
        go_on(edge)
    return count


@demand("R012")
def test_two_edges_of_a_gate_without_a_link_pass_together_no_more_than_the_quota(edge, tmp_path):
    order = shared(("mong-cai-1", 2), ("mong-cai-2", 1))
    other = Edge(tmp_path / "other", edge_id="mong-cai-2")
    try:
        assert {one.gate.policy.standpoint.edge_id for one in (edge, other)} == {"mong-cai-1", "mong-cai-2"}
        for one in (edge, other):
            put_in_force(one, order)
        assert (passed(edge, people=3), passed(other, people=3)) == (2, 1)
        assert come(other, 9).redirect_to == "hoanh-mo"
    finally:
        other.close()


@pytest.mark.parametrize("shares", [(("mong-cai-2", 3),), (("mong-cai-1", 0), ("mong-cai-2", 3))])
def test_an_edge_that_has_no_share_gives_no_place(edge, shares):
    put_in_force(edge, shared(*shares))
    refused = come(edge, 1)
    assert (refused.outcome, refused.reasons[0].code) == (Outcome.REFUSED, ReasonCode.TRAFFIC_STOPPED)
    assert refused.reasons[0].citation.clause == "Điều 1"


@pytest.mark.parametrize(
    "order",
    [
        shared(("mong-cai-1", 2), ("mong-cai-2", 2)),
        shared(("mong-cai-1", 1), ("mong-cai-1", 1)),
        shared(("mong-cai-1", -1)),
        shared(("mong-cai-1", 1)) | {"applies_to": {"categories": ["border_resident"]}},
        shared(("mong-cai-1", 1)) | {"quota_per_hour": 5},
    ],
)
def test_an_order_that_promises_more_than_there_is_or_to_nobody_in_particular_is_refused(edge, order):
    with pytest.raises((PolicyError, ValueError), match=r"share|per_"):
        put_in_force(edge, order)
