"""A child on a parent's pass is somebody of their own: at the lane while the parent stands there, and on a slip."""

from datetime import timedelta
from uuid import uuid4

import msgspec
import pytest

from checkpoint.actions.checking_slips import take_slip
from checkpoint.actions.deciding import close_crossing
from checkpoint.actions.first_sight import register_at_lane
from checkpoint.actions.holding import ChildFields, RegisterCommand, add_child_to, give_label
from checkpoint.actions.issuing_slips import issue_slip
from checkpoint.actions.next_person import call_next, follow_on, scan_person
from checkpoint.lane import Phase
from sync.agreement.paper_words import PrinterKind, SlipFault
from sync.agreement.records import CrossingScreened
from sync.agreement.vocabulary import Outcome
from tests.checkpoint.edges import LANE, PASS, Edge
from tests.checkpoint.people import NORMAL_C

PARENT, CHILD, SIBLING = "Chìu A Múi", "Chìu A Bảo", "Chìu A Sáu"


def act(edge: Edge, command, shape, *subject, **fields):
    body = msgspec.convert(fields, shape, strict=False)
    return edge.gate.perform(lambda turn: command(turn, *subject, body), officer_ref="canbo").result(10)


@pytest.fixture
def family(edge: Edge) -> dict[str, str]:
    """A mother with two children on her pass: the label of each, by name."""
    mother, child, sibling = (str(uuid4()) for _ in range(3))
    act(edge, register_at_lane, RegisterCommand, holder_id=mother, pass_number=PASS, full_name=PARENT,
        commune="Xã Hải Sơn", date_of_birth="1988-05-01", expires_on="2027-01-31")  # fmt: skip
    act(edge, add_child_to, ChildFields, mother, child_id=child, full_name=CHILD, date_of_birth="2018-03-02")
    act(edge, add_child_to, ChildFields, mother, child_id=sibling, full_name=SIBLING, date_of_birth="2020-03-02")
    persons = {PARENT: mother, CHILD: child, SIBLING: sibling}
    return {
        name: edge.gate.perform(lambda turn, one=one: give_label(turn, one)).result(10) for name, one in persons.items()
    }


def scan(edge: Edge, text: str):
    return edge.do(scan_person, text=text, has_declaration=True)


def name_at(edge: Edge) -> str:
    presentation = edge.sheet.state.presentation
    return "" if presentation is None else presentation.identity.full_name


def close(edge: Edge) -> str:
    crossing_id = edge.draft_id
    edge.do(close_crossing, draft_id=crossing_id)
    return crossing_id


@pytest.mark.parametrize(("first", "second"), [(PARENT, CHILD), (CHILD, PARENT), (CHILD, SIBLING)])
@pytest.mark.parametrize("is_measured", [False, True])
def test_the_label_of_another_on_the_same_pass_is_the_next_person_and_never_the_one_who_stands_there(
    edge, family, first, second, is_measured
):
    scan(edge, family[first])
    if is_measured:
        edge.scan_face(NORMAL_C)
    sheet = scan(edge, family[second])
    assert name_at(edge) == first
    assert sheet.next_person is not None
    assert sheet.next_person.full_name == second
    if not is_measured:
        edge.scan_face(NORMAL_C)
    close(edge)
    edge.gate.perform(lambda turn: follow_on(turn, LANE)).result(10)
    assert name_at(edge) == second
    assert edge.sheet.state.phase is Phase.AWAITING_READING
    assert edge.sheet.assessment.outcome is Outcome.WAIT


def test_the_same_label_again_is_the_same_child_and_who_waits_may_be_called_by_their_own(edge, family):
    scan(edge, family[CHILD])
    draft_id = edge.draft_id
    assert scan(edge, family[CHILD]).next_person is None
    assert edge.draft_id == draft_id
    scan(edge, family[SIBLING])
    edge.scan_face(NORMAL_C)
    close(edge)
    edge.do(call_next)
    assert name_at(edge) == SIBLING
    assert len([body for body in edge.bodies() if isinstance(body, CrossingScreened)]) == 1


def slip_of(edge: Edge, label: str) -> str:
    edge.present(label)
    edge.scan_face(NORMAL_C)
    crossing_id = close(edge)
    edge.clock.forward(minutes=5)
    return edge.gate.perform(lambda turn: issue_slip(turn, LANE, crossing_id, printer=PrinterKind.PDF)).result(10).code


@pytest.mark.parametrize(
    ("bearer", "shown_by", "fault"),
    [
        (CHILD, CHILD, None),
        (PARENT, PARENT, None),
        (CHILD, PARENT, SlipFault.OTHER_DOCUMENT),
        (PARENT, CHILD, SlipFault.OTHER_DOCUMENT),
        (CHILD, SIBLING, SlipFault.OTHER_DOCUMENT),
    ],
)
def test_a_slip_of_one_person_on_a_pass_serves_nobody_else_on_it(edge, family, bearer, shown_by, fault):
    code = slip_of(edge, family[bearer])
    edge.clock.now += timedelta(hours=1)
    edge.present(family[shown_by])
    sheet = edge.gate.perform(lambda turn: take_slip(turn, LANE, code)).result(10)
    assert sheet.slip.fault is fault
    assert not sheet.slip.is_age_unknown, "the register knows who of them it is"
