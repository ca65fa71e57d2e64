"""A document that no reader reads: its fields entered by the officer, or a proposal taken for the person here."""

from datetime import date

import pytest

from checkpoint.actions.deciding import change_details, close_crossing
from checkpoint.actions.entering import enter_document
from checkpoint.actions.presenting import PresentCommand, present_person
from checkpoint.actions.refusals import ActionRefusedError
from checkpoint.actions.view import Surroundings, lane_view
from checkpoint.lane import LaneError, Phase
from sync.agreement.vocabulary import DocumentKind, Outcome, TravellerCategory
from tests.checkpoint.edges import LANE
from tests.checkpoint.people import NORMAL_C, RAISED_C
from tests.demands import demand

PERMIT = {"kind": "border_permit", "document_number": "T12345678", "full_name": "张伟明", "date_of_birth": "1990-04-02"}
LAO_CARD = {"kind": "identity_card", "document_number": "01 234567", "full_name": "SOMCHAI", "issuing_state": "LAO"}
GOOD_ZONE = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F2704151ZE184226B<<<<<18"
MISREAD_ZONE = GOOD_ZONE.replace("L898902C36UTO7408122F", "L898902C36UTO74O8122F")


def enter(edge, **fields):
    return edge.do(enter_document, **fields)


def test_a_chinese_permit_is_entered_with_name_and_birth_and_is_known_again_however_it_comes(edge):
    enter(edge, document=PERMIT)
    person = edge.sheet.state.person
    assert (person.document_kind, person.nationality) == (DocumentKind.BORDER_PERMIT, "CHN")
    assert person.category is TravellerCategory.BORDER_RESIDENT
    assert person.age_years == 36
    edge.scan_face(NORMAL_C)
    edge.do(close_crossing, draft_id=edge.draft_id)

    edge.clock.forward(minutes=30)
    edge.present("出入境通行证 T12345678")
    assert edge.sheet.crossings_today == 1
    assert edge.sheet.state.person.person_key == person.person_key


def test_a_number_taken_for_a_border_pass_is_put_right_with_reading_and_answers_kept(edge):
    edge.present("T12345678", vehicle_plate="14C-123.45")
    as_pass = edge.sheet.state.person.person_key
    edge.scan_face(NORMAL_C)
    enter(edge, draft_id=edge.draft_id, document=PERMIT)

    person = edge.sheet.state.person
    assert person.document_kind is DocumentKind.BORDER_PERMIT
    assert person.person_key != as_pass
    assert edge.sheet.state.bound.temperature_c == NORMAL_C
    assert person.identity.vehicle_plate == "14C-123.45"
    assert "holder_unknown" not in edge.sheet.warnings
    assert edge.rows("SELECT count(*) FROM access_log WHERE action = 'document_entered'") == [(1,)]


def test_who_was_at_another_lane_with_the_wrongly_read_document_is_no_twin_of_the_right_one(edge):
    body = PresentCommand(text="T12345678", has_declaration=True)
    edge.gate.perform(lambda turn: present_person(turn, "lane-2", body), officer_ref="canbo").result(10)
    edge.clock.forward(seconds=20)
    edge.present("T12345678")
    assert edge.sheet.twin is not None
    enter(edge, draft_id=edge.draft_id, document=PERMIT)
    assert edge.sheet.twin is None


def test_two_cards_and_a_passport_of_one_number_are_three_people(edge):
    keys = []
    for document in (LAO_CARD, {**LAO_CARD, "kind": "passport"}, {**LAO_CARD, "issuing_state": "KHM"}):
        enter(edge, document=document)
        keys.append(edge.sheet.state.person.person_key)
        edge.scan_face(NORMAL_C)
        edge.do(close_crossing, draft_id=edge.draft_id)
        edge.clock.forward(minutes=20)
    assert all(keys)
    assert len(set(keys)) == 3


def test_a_passport_without_its_state_is_refused_and_nobody_is_presented(edge):
    with pytest.raises(ActionRefusedError, match="issuer_missing"):
        enter(edge, document={"kind": "passport", "document_number": "E1234567", "full_name": "LI MIN"})
    assert edge.sheet.state.phase is Phase.EMPTY


def test_a_proposal_is_taken_for_the_person_here_and_no_line_of_it_is_shown(edge):
    edge.present(MISREAD_ZONE)
    shown = lane_view(edge.gate, LANE, around=Surroundings()).person.as_read
    assert [[(one.line, one.position, one.read, one.proposed) for one in each] for each in shown.proposals] == [
        [(2, 16, "O", "0")]
    ]
    assert {one.field for one in shown.to_compare} >= {"date_of_birth"}
    assert "L898902C3" not in repr(shown)
    edge.scan_face(NORMAL_C)
    enter(edge, draft_id=edge.draft_id, proposal=0)

    person = edge.sheet.state.person
    assert person.identity.date_of_birth == date(1974, 8, 12)
    assert person.are_check_digits_valid
    assert edge.sheet.state.bound.temperature_c == NORMAL_C
    assert edge.sheet.as_read.proposals == ()


def test_a_zone_whose_digits_hold_is_not_put_right_by_hand(edge):
    edge.present(GOOD_ZONE)
    with pytest.raises(ActionRefusedError, match="document_verified"):
        enter(edge, draft_id=edge.draft_id, document=PERMIT)
    with pytest.raises(LaneError, match="lane_busy"):
        enter(edge, document=PERMIT)


def test_a_proposal_that_is_not_there_is_refused(edge):
    edge.present(MISREAD_ZONE)
    with pytest.raises(ActionRefusedError, match="no_such_proposal"):
        enter(edge, draft_id=edge.draft_id, proposal=3)


@demand("R008")
def test_once_the_alarm_is_written_no_document_is_changed_beside_it(edge):
    edge.present("T12345678")
    edge.scan_face(RAISED_C)
    with pytest.raises(ActionRefusedError, match="alarm_comes_first"):
        enter(edge, draft_id=edge.draft_id, document=PERMIT)
    assert edge.sheet.state.phase is Phase.AWAITING_RECHECK


def test_a_category_that_the_officer_chose_outlasts_the_document(edge):
    edge.present("T12345678")
    edge.do(change_details, category="driver_or_crew", purpose="driver_or_cargo")
    enter(edge, draft_id=edge.draft_id, document=PERMIT)
    assert edge.sheet.state.person.category is TravellerCategory.DRIVER_OR_CREW


def test_an_entered_document_that_has_expired_waits_like_a_read_one(edge):
    enter(edge, document={**PERMIT, "expires_on": "2026-01-01"})
    edge.scan_face(NORMAL_C)
    assert edge.sheet.assessment.outcome is Outcome.WAIT
    with pytest.raises(ActionRefusedError):
        edge.do(close_crossing, draft_id=edge.draft_id)
