"""Setting a verdict aside: with a coded reason, by the right role, in the commit of the crossing, and no more."""

from datetime import time
from uuid import uuid4

import pytest

from checkpoint.actions.deadlines import lapse_due_holds
from checkpoint.actions.deciding import change_details, close_crossing, except_person
from checkpoint.actions.isolating import decide_isolation, end_check, propose_isolation, start_check
from checkpoint.actions.overriding import OverrideCommand, choices_at, override_verdict
from checkpoint.actions.rechecking import recheck_person
from checkpoint.actions.refusals import ActionRefusedError
from checkpoint.actions.releasing import discharge_person
from checkpoint.lane import LaneError, Phase
from sync.agreement.gate_records.decision import VerdictOverridden
from sync.agreement.vocabulary import Disposition, Outcome, ReasonCode, Role
from tests.checkpoint.edges import LANE
from tests.checkpoint.orders import put_in_force
from tests.checkpoint.people import NORMAL_C, RAISED_C
from tests.demands import demand

WORDS = "Sản phụ chuyển viện"
AT_NIGHT = {"kind": "traffic_order", "state": "restricted", "opens_at": time(20), "closes_at": time(4)}
STOPPED = {"kind": "traffic_order", "state": "stopped", "redirect_to": "hoanh-mo"}


def set_aside(edge, *, code="medical_emergency", role=Role.GATE_HEAD, draft_id=None):
    command = OverrideCommand(
        draft_id=draft_id or edge.draft_id, code=code, reason=WORDS, role=role, approved_by="truong-cua-khau"
    )
    return edge.gate.perform(lambda turn: override_verdict(turn, LANE, command), officer_ref="canbo").result(10)


def codes(sheet):
    return [reason.code for reason in sheet.assessment.reasons]


def test_the_head_of_the_gate_lets_an_emergency_pass_outside_the_hours_and_it_is_written_in_the_same_commit(edge):
    put_in_force(edge, AT_NIGHT)
    edge.present()
    edge.scan_face(NORMAL_C)
    assert edge.sheet.assessment.outcome is Outcome.REFUSED
    sheet = set_aside(edge)
    assert sheet.assessment.outcome is Outcome.CLEARED
    assert {ReasonCode.OVERRIDDEN, ReasonCode.OUTSIDE_HOURS} <= set(codes(sheet))
    crossing_id = edge.draft_id
    edge.do(close_crossing, draft_id=crossing_id)

    screened, overridden = edge.bodies()
    assert screened.disposition is Disposition.CLEARED
    assert overridden == VerdictOverridden(
        given_for=crossing_id,
        outcome=Outcome.REFUSED,
        reason_codes=(ReasonCode.OUTSIDE_HOURS,),
        rule_ids=("override-traffic",),
        code="medical_emergency",
        role=Role.GATE_HEAD,
        approved_by="truong-cua-khau",
    )
    assert {envelope.recorded_at for envelope in edge.envelopes()} == {edge.clock.now}
    assert edge.identities()[0].remarks == WORDS
    assert WORDS.encode() not in b"".join(bytes(envelope.open) for envelope in edge.envelopes())
    assert edge.check_chain().sequence == 2


def test_an_officer_may_not_override_an_order_and_the_choices_say_who_may(edge):
    put_in_force(edge, AT_NIGHT)
    edge.present()
    edge.scan_face(NORMAL_C)
    with pytest.raises(ActionRefusedError) as refused:
        set_aside(edge, role=Role.OFFICER)
    assert refused.value.code == "override_not_allowed"
    [choice] = choices_at(edge.gate, edge.sheet, at=edge.clock.now)
    assert (choice.reason_code, choice.roles) == (ReasonCode.OUTSIDE_HOURS, (Role.GATE_HEAD,))
    assert edge.sheet.assessment.outcome is Outcome.REFUSED


def test_a_stop_yields_to_an_emergency_alone(edge):
    put_in_force(edge, STOPPED)
    edge.present()
    edge.scan_face(NORMAL_C)
    for code in ("written_permission", "official_mission", "document_accepted"):
        with pytest.raises(ActionRefusedError):
            set_aside(edge, code=code)
    assert set_aside(edge).assessment.outcome is Outcome.CLEARED


@demand("R008")
def test_no_override_clears_somebody_who_was_not_measured(edge):
    put_in_force(edge, STOPPED)
    edge.present()
    sheet = set_aside(edge)
    assert (sheet.state.phase, sheet.assessment.outcome) == (Phase.AWAITING_READING, Outcome.WAIT)
    with pytest.raises(LaneError):
        edge.do(close_crossing, draft_id=edge.draft_id)
    edge.scan_face(RAISED_C)
    assert edge.sheet.state.phase is Phase.AWAITING_RECHECK
    with pytest.raises((LaneError, ActionRefusedError)):
        set_aside(edge)
    assert choices_at(edge.gate, edge.sheet, at=edge.clock.now) == ()


def test_an_override_made_before_an_alarm_is_written_when_the_recheck_lets_the_person_pass(edge):
    put_in_force(edge, STOPPED)
    edge.present()
    set_aside(edge)
    edge.scan_face(RAISED_C)
    edge.do(recheck_person, crossing_id=edge.draft_id, temperature_c=36.7, site="axillary")
    assert [body.type_name for body in edge.bodies()] == [
        "crossing_screened",
        "temperature_rechecked",
        "verdict_overridden",
    ]
    assert edge.bodies()[1].disposition is Disposition.CLEARED


def test_an_override_covers_only_what_was_shown_when_it_was_given(edge):
    edge.present()
    edge.scan_face(NORMAL_C)
    put_in_force(edge, AT_NIGHT)
    set_aside(edge)
    put_in_force(edge, STOPPED, document_id="orders-later")
    sheet = edge.do(change_details, address="thôn Pò Hèn")
    assert sheet.assessment.outcome is Outcome.REFUSED
    assert codes(sheet)[0] is ReasonCode.TRAFFIC_STOPPED


def test_an_override_ends_with_the_category_that_it_was_given_for(edge):
    for_residents = {**STOPPED, "applies_to": {"categories": ["border_resident"]}}
    put_in_force(edge, for_residents)
    put_in_force(edge, {**STOPPED, "applies_to": {"categories": ["tourist"]}}, document_id="orders-tourists")
    edge.present()
    edge.scan_face(NORMAL_C)
    assert set_aside(edge).assessment.outcome is Outcome.CLEARED
    sheet = edge.do(change_details, category="tourist")
    assert (sheet.assessment.outcome, sheet.state.override, sheet.overridden) == (Outcome.REFUSED, None, None)


def test_an_override_of_somebody_who_is_not_there_any_more_hits_nobody_else(edge):
    put_in_force(edge, AT_NIGHT)
    edge.present()
    with pytest.raises(ActionRefusedError) as refused:
        set_aside(edge, draft_id="018f0000-0000-7000-8000-000000000000")
    assert refused.value.code == "draft_is_gone"
    edge.scan_face(NORMAL_C)
    edge.do(close_crossing, draft_id=edge.draft_id)
    edge.present("QN 100124")
    assert edge.sheet.state.override is None
    assert edge.sheet.overridden is None


def test_whoever_refuses_to_be_measured_is_led_to_the_second_check_by_the_officers_key(edge):
    edge.present()
    edge.do(except_person, draft_id=edge.draft_id, code="refused_measurement", reason="không chịu đo")
    assert (edge.sheet.state.phase, edge.sheet.assessment.outcome) == (Phase.VERDICT, Outcome.REFERRED)
    assert edge.journal() == []
    edge.do(close_crossing, draft_id=edge.draft_id)
    assert [body.type_name for body in edge.bodies()] == ["crossing_screened", "traveller_isolated"]
    assert edge.rows("SELECT disposition, is_open FROM crossing") == [("isolated", 1)]
    assert edge.rows("SELECT COUNT(*) FROM isolation_case") == [(1,)]


@demand("R008")
def test_whoever_refused_to_be_measured_is_let_go_only_after_a_physical_check_or_turned_back(edge):
    edge.present()
    edge.do(except_person, draft_id=edge.draft_id, code="refused_measurement", reason="không chịu đo")
    crossing_id = edge.draft_id
    edge.do(close_crossing, draft_id=crossing_id)
    words = {"destination": "về nhà", "reason": "đã giải thích"}
    with pytest.raises(ActionRefusedError) as refused:
        edge.about(discharge_person, crossing_id, disposition="cleared", **words)
    assert refused.value.code == "never_measured"
    edge.about(discharge_person, crossing_id, disposition="refused", **words)
    assert edge.rows("SELECT disposition FROM crossing") == [("refused",)]


def refusing(edge) -> str:
    """Somebody who does not let himself be measured, in the gate's care."""
    edge.present()
    edge.do(except_person, draft_id=edge.draft_id, code="refused_measurement", reason="không chịu đo")
    crossing_id = edge.draft_id
    edge.do(close_crossing, draft_id=crossing_id)
    return crossing_id


def act(edge, action, crossing_id, **words):
    return edge.about(action, crossing_id, act_id=str(uuid4()), **words)


LET_GO = {"disposition": "cleared", "destination": "về nhà", "reason": "đã khám"}


@demand("R008")
def test_a_declined_proposal_is_no_physical_check_of_whoever_refused_to_be_measured(edge):
    crossing_id = refusing(edge)
    act(edge, propose_isolation, crossing_id, ground="suspect", proposer="BS. An")
    act(edge, decide_isolation, crossing_id, is_approved=False, order_number="1/QĐ", signer="Giám đốc")
    with pytest.raises(ActionRefusedError) as refused:
        edge.about(discharge_person, crossing_id, **LET_GO)
    assert refused.value.code == "never_measured"


@demand("R008")
def test_whoever_was_checked_goes_on_although_the_hold_had_lapsed_meanwhile(edge):
    crossing_id = refusing(edge)
    act(edge, start_check, crossing_id)
    edge.clock.forward(hours=2, seconds=5)
    lapse_due_holds(edge.gate)
    act(edge, end_check, crossing_id, outcome="no_suspicion")
    edge.about(discharge_person, crossing_id, **LET_GO)
    assert edge.rows("SELECT disposition FROM crossing") == [("cleared",)]


def test_whoever_refuses_and_thinks_better_of_it_is_measured_like_everybody(edge):
    edge.present()
    edge.do(except_person, draft_id=edge.draft_id, code="refused_measurement", reason="không chịu đo")
    edge.scan_face(NORMAL_C)
    assert edge.sheet.assessment.outcome is Outcome.CLEARED
