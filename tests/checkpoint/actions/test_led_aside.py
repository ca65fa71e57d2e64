"""Somebody led aside with an alarm can end it there: what else was missing is told with the clinical reading."""

import pytest

from checkpoint.actions.rechecking import recheck_person, set_aside_person
from checkpoint.actions.refusals import ActionRefusedError
from sync.agreement.records import TemperatureRechecked
from sync.agreement.vocabulary import Disposition
from tests.checkpoint.orders import put_in_force
from tests.checkpoint.people import RAISED_C
from tests.demands import demand
from tests.web.test_deciding_in_a_browser import MARKET

CLINICAL = {"temperature_c": 36.7, "site": "axillary"}


def led_aside(edge, **details) -> str:
    edge.present(**details)
    edge.scan_face(RAISED_C)
    crossing_id = edge.draft_id
    edge.do(set_aside_person, draft_id=crossing_id)
    return crossing_id


@demand("R014", "R021")
def test_an_expert_whose_steps_were_missing_is_cleared_with_the_clinical_reading(edge):
    crossing_id = led_aside(edge, category="expert", has_declaration=False)
    with pytest.raises(ActionRefusedError, match="recheck_not_complete"):
        edge.do(recheck_person, crossing_id=crossing_id, **CLINICAL)
    steps = {"employer": "Công ty May Sao Biển", "project": "Khu Hải Yên", "is_symptom_checked": True}
    sheet = edge.do(recheck_person, crossing_id=crossing_id, has_declaration=True, **steps, **CLINICAL)
    assert sheet.closed.disposition is Disposition.CLEARED
    rechecked = edge.bodies()[-1]
    assert isinstance(rechecked, TemperatureRechecked)
    assert (rechecked.has_declaration, rechecked.is_symptom_checked, rechecked.has_employer) == (True, True, True)
    assert edge.identities()[-1].employer == "Công ty May Sao Biển"
    assert "Sao Biển".encode() not in bytes(edge.envelopes()[-1].open)


@demand("R075")
def test_a_place_that_nobody_was_asked_about_is_asked_at_the_second_check(edge):
    put_in_force(edge, MARKET)
    crossing_id = led_aside(edge)
    with pytest.raises(ActionRefusedError, match="recheck_not_complete"):
        edge.do(recheck_person, crossing_id=crossing_id, **CLINICAL)
    no = [{"place": "cho-dong-hung", "was_there": False}]
    sheet = edge.do(recheck_person, crossing_id=crossing_id, place_answers=no, **CLINICAL)
    assert sheet.closed.disposition is Disposition.CLEARED
