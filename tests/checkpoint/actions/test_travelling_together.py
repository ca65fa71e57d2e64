"""Who comes with the person in the lane: one list over pass, group and vehicle, with how far each of them has got."""

import pytest

from checkpoint.actions.deciding import close_crossing
from checkpoint.actions.next_person import scan_person
from checkpoint.actions.travelling_together import note_looked, travelling_together
from tests.checkpoint.actions.test_child_on_a_pass import CHILD, PARENT, SIBLING, family  # noqa: F401  # a fixture
from tests.checkpoint.edges import LANE, PASS
from tests.checkpoint.people import NORMAL_C
from tests.demands import demand


def together(edge) -> dict[str, tuple]:
    return {one.full_name: (one.ways, one.state) for one in travelling_together(edge.gate, LANE)}


def test_with_nobody_in_the_lane_nobody_comes_along(edge):
    assert travelling_together(edge.gate, LANE) == []


def test_somebody_alone_comes_with_nobody(edge):
    edge.present(PASS)
    assert travelling_together(edge.gate, LANE) == []


@demand("R024")
@pytest.mark.usefixtures("family")
def test_everybody_on_the_pass_is_named_with_their_state(edge, family):  # noqa: F811  # the fixture
    edge.do(scan_person, text=family[CHILD], has_declaration=True)
    assert together(edge) == {PARENT: (("pass",), "not_seen"), SIBLING: (("pass",), "not_seen")}
    edge.scan_face(NORMAL_C)
    edge.do(close_crossing, draft_id=edge.draft_id)

    edge.do(scan_person, text=family[PARENT], has_declaration=True)
    assert together(edge) == {CHILD: (("pass",), "cleared"), SIBLING: (("pass",), "not_seen")}


def test_that_somebody_looked_is_noted_without_a_name(edge):
    edge.gate.perform(lambda turn: note_looked(turn, LANE, count=2), officer_ref="canbo").result(10)
    assert ("companions_read", LANE, "2") in edge.rows("SELECT action, subject, reason FROM access_log")
