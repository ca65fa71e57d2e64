"""Whoever is in the gate's care does not pass beside it, and nobody else passes with that person's document."""

import pytest

from checkpoint.actions.deciding import close_crossing
from checkpoint.actions.handing_over import arrive
from checkpoint.actions.rechecking import recheck_person, set_aside_person
from checkpoint.actions.refusals import ActionRefusedError
from checkpoint.actions.releasing import discharge_person
from checkpoint.actions.sending_back import send_back
from sync.agreement.vocabulary import Disposition, Outcome, ReasonCode, Severity
from tests.checkpoint.edges import OTHER_PASS, PASS
from tests.checkpoint.people import NORMAL_C, RAISED_C
from tests.demands import demand

ARRIVED = {"act_id": "0199f7d0-0000-7000-8000-000000000001", "means": "telephone", "confirmed_by": "BS. Đỗ Nhận"}


def isolated(edge) -> str:
    edge.present()
    edge.scan_face(RAISED_C)
    crossing_id = edge.draft_id
    edge.do(recheck_person, crossing_id=crossing_id, temperature_c=38.9, site="axillary")
    return crossing_id


def back_at_the_lane(edge) -> tuple[Outcome, list[ReasonCode]]:
    edge.clock.forward(minutes=20)
    edge.present()
    assessment = edge.scan_face(NORMAL_C).assessment
    return assessment.outcome, [one.code for one in assessment.reasons]


@demand("R008", "R019")
def test_a_person_in_the_isolation_room_is_stopped_at_the_lane_and_told_where_they_belong(edge):
    isolated(edge)
    outcome, reasons = back_at_the_lane(edge)
    assert (outcome, reasons[0]) == (Outcome.WAIT, ReasonCode.STILL_IN_CARE)
    assert edge.sheet.assessment.reasons[0].values["place_id"] == "C1"
    with pytest.raises(ActionRefusedError, match="verdict_not_cleared"):
        edge.do(close_crossing, draft_id=edge.draft_id)
    edge.do(send_back, draft_id=edge.draft_id, reason="giấy của người đang cách ly")
    assert edge.rows("SELECT disposition FROM crossing ORDER BY entry") == [("isolated",), ("refused",)]


@demand("R021")
def test_an_alarm_led_aside_is_not_left_behind_by_presenting_again(edge):
    edge.present()
    edge.scan_face(RAISED_C)
    edge.do(set_aside_person, draft_id=edge.draft_id)
    assert back_at_the_lane(edge)[0] is Outcome.WAIT


def test_a_person_on_the_road_to_a_facility_is_in_care_until_somebody_there_says_they_arrived(edge):
    crossing_id = isolated(edge)
    edge.hand_over(crossing_id)
    assert back_at_the_lane(edge)[1][0] is ReasonCode.STILL_IN_CARE
    edge.about(arrive, crossing_id, **ARRIVED)
    edge.present()
    assert edge.sheet.assessment.outcome is Outcome.CLEARED


def test_whoever_was_let_go_passes_as_ever_and_so_does_everybody_else_meanwhile(edge):
    crossing_id = isolated(edge)
    edge.present(OTHER_PASS)
    assert edge.scan_face(NORMAL_C).assessment.outcome is Outcome.CLEARED
    edge.do(close_crossing, draft_id=edge.draft_id)
    edge.about(discharge_person, crossing_id, disposition="cleared", destination="về nhà", reason="hết sốt")
    assert back_at_the_lane(edge)[0] is Outcome.CLEARED


def test_a_second_fever_is_an_alarm_and_the_care_is_a_note_beside_it(edge):
    isolated(edge)
    edge.clock.forward(minutes=20)
    edge.present(PASS)
    assessment = edge.scan_face(RAISED_C).assessment
    assert assessment.outcome is Outcome.RECHECK
    assert (assessment.reasons[0].code, assessment.reasons[0].severity) == (ReasonCode.STILL_IN_CARE, Severity.NOTE)
    assert edge.rows("SELECT disposition FROM crossing ORDER BY entry") == [("isolated",), (Disposition.PENDING.value,)]


def test_a_pass_that_crossed_here_a_moment_ago_is_told_and_not_stopped(edge):
    for minutes, warned in ((0, False), (1, True), (10, False)):
        edge.clock.forward(minutes=minutes)
        sheet = edge.present()
        assert ("just_here" in sheet.warnings) is warned
        assert edge.scan_face(NORMAL_C).assessment.outcome is Outcome.CLEARED
        edge.do(close_crossing, draft_id=edge.draft_id)
