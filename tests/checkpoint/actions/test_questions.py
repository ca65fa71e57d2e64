"""What the officer must ask before somebody passes: places and times, contacts, and the steps of experts."""

from datetime import timedelta

import pytest

from checkpoint.actions.deciding import change_details, close_crossing
from checkpoint.actions.questioning import place_questions
from checkpoint.actions.refusals import ActionRefusedError
from sync.agreement.vocabulary import Disposition, Outcome, ReasonCode
from tests.checkpoint.orders import put_in_force
from tests.checkpoint.people import MORNING, NORMAL_C
from tests.demands import demand

MARKET = {
    "kind": "exposure_place",
    "place": "cho-dong-hung",
    "names": {"vi": "Chợ Đông Hưng", "en": "Dongxing market", "zh": "东兴市场"},
    "was_from": MORNING - timedelta(days=3, hours=4),
    "was_to": MORNING - timedelta(days=3),
    "area": "CN-45-0681",
}


@demand("R075", "R006")
def test_a_traveller_waits_until_asked_about_the_place_and_passes_with_a_no(edge):
    put_in_force(edge, MARKET)
    edge.present()
    edge.scan_face(NORMAL_C)
    waiting = edge.sheet.assessment
    assert (waiting.outcome, waiting.reasons[0].code) == (Outcome.WAIT, ReasonCode.PLACE_NOT_ASKED)
    assert waiting.reasons[0].citation.clause == "Điều 1"
    [question] = place_questions(edge.gate, edge.sheet.state, at=edge.clock.now)
    assert (question.names["zh"], question.was_there) == ("东兴市场", None)
    with pytest.raises(ActionRefusedError) as refused:
        edge.do(close_crossing, draft_id=edge.draft_id)
    assert refused.value.values["reason"] == "place_not_asked"
    edge.do(change_details, place_answers=[{"place": "cho-dong-hung", "was_there": False}])
    assert edge.sheet.assessment.outcome is Outcome.CLEARED
    edge.do(close_crossing, draft_id=edge.draft_id)
    assert [(one.place, one.was_there) for one in edge.bodies()[0].facts.place_answers] == [("cho-dong-hung", False)]


def test_a_yes_leads_to_the_second_check_with_the_clause(edge):
    put_in_force(edge, MARKET)
    edge.present()
    edge.do(change_details, place_answers=[{"place": "cho-dong-hung", "was_there": True}])
    edge.scan_face(NORMAL_C)
    found = edge.sheet.assessment
    assert (found.outcome, found.reasons[0].code) == (Outcome.REFERRED, ReasonCode.WAS_AT_PLACE)
    assert found.reasons[0].citation.document == "Lệnh số 7/CĐ-UBND"
    assert edge.bodies()[0].disposition is Disposition.PENDING


def test_a_declared_contact_with_a_patient_leads_to_the_second_check(edge):
    edge.present(exposures=["contact_with_patient"])
    edge.scan_face(NORMAL_C)
    assert edge.sheet.assessment.outcome is Outcome.REFERRED
    assert ReasonCode.CONTACT_DECLARED in {reason.code for reason in edge.sheet.assessment.reasons}


@demand("R014")
def test_an_expert_waits_for_each_missing_step_and_employer_and_project_are_sealed(edge):
    edge.present(has_declaration=False, category="expert", purpose="project_expert")
    edge.scan_face(NORMAL_C)

    def missing() -> str:
        reasons = {reason.code: reason for reason in edge.sheet.assessment.reasons}
        return reasons[ReasonCode.EXPERT_FULL_CONTROL].values["missing_steps"]

    assert (edge.sheet.assessment.outcome, missing()) == (Outcome.WAIT, "symptom_check,declaration,employer")
    edge.do(change_details, is_symptom_checked=True)
    assert missing() == "declaration,employer"
    edge.do(change_details, has_declaration=True, employer="Công ty Dệt Thử Nghiệm")
    assert (edge.sheet.assessment.outcome, missing()) == (Outcome.WAIT, "employer")
    edge.do(change_details, project="Nhà máy sợi số 2")
    assert (edge.sheet.assessment.outcome, missing()) == (Outcome.CLEARED, "")
    edge.do(close_crossing, draft_id=edge.draft_id)
    assert edge.bodies()[0].facts.has_employer is True
    [sealed] = edge.identities()
    assert (sealed.employer, sealed.project) == ("Công ty Dệt Thử Nghiệm", "Nhà máy sợi số 2")
    assert "Dệt".encode() not in bytes(edge.envelopes()[0].open)
