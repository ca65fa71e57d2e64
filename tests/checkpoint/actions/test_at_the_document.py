"""What a document leads to beside the temperature: sent back, seen at another lane, a child called by name."""

from datetime import date
from uuid import uuid4

import msgspec
import pytest

from checkpoint.actions.children import ChildCommand, call_child
from checkpoint.actions.deciding import close_crossing, discard_draft
from checkpoint.actions.elsewhere import TwinCommand, confirm_person
from checkpoint.actions.holding import ChildFields, RegisterCommand, register_pass
from checkpoint.actions.next_person import follow_on
from checkpoint.actions.presenting import PresentCommand, present_person
from checkpoint.actions.refusals import ActionRefusedError
from checkpoint.actions.sending_back import SendBackCommand, send_back
from checkpoint.actions.understanding import GivenDocument
from checkpoint.lane import LaneError, Phase
from sync.agreement.vocabulary import Disposition, DocumentKind, Outcome, ReasonCode, Severity
from tests.checkpoint.edges import LANE, OTHER_PASS, PASS
from tests.checkpoint.orders import put_in_force
from tests.checkpoint.people import NORMAL_C, RAISED_C
from tests.demands import demand

WORDS = "Giấy hết hạn, giao biên phòng"
OVER = GivenDocument(
    kind=DocumentKind.PASSPORT, document_number="E7654321", full_name="LI MIN", nationality="CHN",
    expires_on=date(2026, 11, 1),
)  # fmt: skip


def show(edge, document=OVER, *, lane=LANE, text=None):
    body = PresentCommand(document=None if text else document, text=text, has_declaration=True)
    return edge.gate.perform(lambda turn: present_person(turn, lane, body), officer_ref="canbo").result(10)


def act(edge, command, lane=LANE, **fields):
    body = msgspec.convert(fields, command.__annotations__["command"])
    return edge.gate.perform(lambda turn: command(turn, lane, body), officer_ref="canbo").result(10)


@demand("R008")
def test_a_measured_person_with_an_expired_document_goes_back_with_reason_and_clause(edge):
    show(edge)
    with pytest.raises(LaneError, match="no_reading"):
        edge.do(send_back, draft_id=edge.draft_id, reason=WORDS)
    edge.scan_face(NORMAL_C)
    assert edge.sheet.assessment.outcome is Outcome.WAIT
    edge.do(send_back, draft_id=edge.draft_id, reason=WORDS)

    (screened,) = edge.bodies()
    assert screened.disposition is Disposition.REFUSED
    (ground,) = [one for one in screened.assessment.reasons if one.code is ReasonCode.DOCUMENT_EXPIRED]
    assert ground.citation.clause
    assert screened.facts.measurements[0].temperature_c == NORMAL_C
    assert edge.identities()[0].remarks == WORDS
    assert edge.sheet.state.phase is Phase.EMPTY
    assert edge.sheet.closed.disposition is Disposition.REFUSED
    edge.check_chain()


def test_an_alarm_comes_before_a_document_and_a_good_document_sends_nobody_back(edge):
    show(edge)
    edge.scan_face(RAISED_C)
    with pytest.raises((ActionRefusedError, LaneError)):
        edge.do(send_back, draft_id=edge.draft_id, reason=WORDS)
    assert edge.sheet.state.phase is Phase.AWAITING_RECHECK


def test_a_good_document_sends_nobody_back(edge):
    edge.present(PASS)
    edge.scan_face(NORMAL_C)
    with pytest.raises(ActionRefusedError, match="no_document_ground"):
        edge.do(send_back, draft_id=edge.draft_id, reason=WORDS)


def test_a_pass_that_was_at_another_lane_a_moment_ago_is_asked_about_and_not_blocked(edge):
    show(edge, text=PASS, lane="lane-2")
    edge.clock.forward(seconds=20)
    edge.present(PASS)
    edge.scan_face(NORMAL_C)
    first = edge.sheet.assessment.reasons[0]
    assert (edge.sheet.assessment.outcome, first.code, first.severity) == (
        Outcome.WAIT, ReasonCode.PRESENTED_ELSEWHERE, Severity.WAIT,
    )  # fmt: skip
    assert first.values == {"other_lane": "Làn 2", "ago_s": 20}
    with pytest.raises(ActionRefusedError):
        edge.do(close_crossing, draft_id=edge.draft_id)
    act(edge, confirm_person, draft_id=edge.draft_id)
    assert edge.sheet.assessment.outcome is Outcome.CLEARED
    edge.do(close_crossing, draft_id=edge.draft_id)

    (screened,) = edge.bodies()
    assert screened.disposition is Disposition.CLEARED
    (noted,) = [one for one in screened.assessment.reasons if one.code is ReasonCode.PRESENTED_ELSEWHERE]
    assert noted.severity is Severity.NOTE
    assert ("seen_at_other_lane",) in edge.rows("SELECT action FROM access_log")


def test_who_is_not_the_person_of_the_document_goes_back(edge):
    show(edge, text=PASS, lane="lane-2")
    edge.present(PASS)
    edge.scan_face(NORMAL_C)
    edge.do(send_back, draft_id=edge.draft_id, reason="Không đúng người trong giấy")
    (screened,) = edge.bodies()
    assert screened.disposition is Disposition.REFUSED


def test_after_the_other_lane_let_it_pass_it_is_asked_too_and_no_more_after_minutes(edge):
    edge.present(PASS)
    edge.scan_face(NORMAL_C)
    edge.do(close_crossing, draft_id=edge.draft_id)
    edge.clock.forward(seconds=30)
    sheet = show(edge, text=PASS, lane="lane-2")
    assert sheet.twin.ago_s == 31
    assert show(edge, text=PASS, lane="lane-2").twin == sheet.twin, "said once"
    edge.clock.forward(seconds=400)
    edge.present(OTHER_PASS)
    assert edge.sheet.twin is None, "somebody else"


def test_for_how_long_it_is_asked_is_the_rule_in_force(edge):
    longer = {"kind": "repeated_presentation", "asked_within_s": 600, "basis": "thử"}
    show(edge, text=PASS, lane="lane-2")
    edge.clock.forward(seconds=400)
    assert edge.present(PASS).twin is None, "longer ago than the procedure's five minutes"
    put_in_force(edge, longer)
    edge.do(discard_draft, draft_id=edge.draft_id, reason=WORDS)
    assert edge.present(PASS).twin.ago_s == 400


def test_an_alarm_is_no_less_for_the_question(edge):
    show(edge, text=PASS, lane="lane-2")
    edge.present(PASS)
    edge.scan_face(RAISED_C)
    assert edge.sheet.assessment.outcome is Outcome.RECHECK
    assert edge.sheet.state.phase is Phase.AWAITING_RECHECK


@demand("R008", "R009")
def test_a_child_on_the_pass_is_called_by_name_and_measured_by_itself(edge):
    child_id = uuid4()
    command = RegisterCommand(
        holder_id=uuid4(), pass_number=PASS, full_name="NGUYỄN THỊ MẸ", date_of_birth=date(1988, 5, 1),
        expires_on=date(2027, 5, 1),
        children=(ChildFields(child_id=child_id, full_name="NGUYỄN VĂN CON", date_of_birth=date(2018, 3, 2)),),
    )  # fmt: skip
    edge.gate.perform(lambda turn: register_pass(turn, command), officer_ref="canbo").result(10)
    edge.present(PASS)
    edge.scan_face(NORMAL_C)
    parent = edge.draft_id
    with pytest.raises(ActionRefusedError, match="child_not_on_pass"):
        act(edge, call_child, draft_id=parent, child_id=str(uuid4()))
    act(edge, call_child, draft_id=parent, child_id=str(child_id))
    assert edge.sheet.next_person.full_name == "NGUYỄN VĂN CON"
    edge.do(close_crossing, draft_id=parent)
    edge.gate.perform(lambda turn: follow_on(turn, LANE), officer_ref="canbo").result(10)

    assert edge.sheet.state.person.identity.full_name == "NGUYỄN VĂN CON"
    assert (edge.draft_id != parent, edge.sheet.state.bound) == (True, None), "a crossing and a reading of its own"
    with pytest.raises((ActionRefusedError, LaneError)):
        edge.do(close_crossing, draft_id=edge.draft_id)


def test_the_commands_name_whom_they_mean():
    for command in (SendBackCommand, TwinCommand, ChildCommand):
        assert "draft_id" in command.__struct_fields__
