"""The numbered sheets of paper: printed beforehand, entered later, each line once and whole, and no place taken."""

from datetime import timedelta
from uuid import uuid4

import pytest

from checkpoint.actions.handing_over import arrive
from checkpoint.actions.isolation_board import isolation_view
from checkpoint.actions.paper_lines import print_sheets
from checkpoint.actions.rechecking import recheck_person
from checkpoint.actions.refusals import ActionRefusedError
from checkpoint.actions.shift_papers import sheets_pdf
from checkpoint.actions.shift_report import missing_paper
from checkpoint.actions.shifting import day_plan
from checkpoint.shifts.sheets import mark_of
from sync.agreement.gate_records.shift import PaperLineEntered
from sync.agreement.labels_catalogue import Catalogue
from sync.agreement.records import CrossingScreened, TravellerDischarged
from sync.agreement.vocabulary import Disposition
from tests.checkpoint.actions.test_shift import Gatehouse
from tests.demands import demand

VIETNAMESE = Catalogue.load("vi")
CLINICAL_FEVER = {"temperature_c": 39.2, "device_kind": "clinical_thermometer", "site": "axillary"}
GONE = [("handed_over", "Trung tâm Y tế Móng Cái"), ("left", "Xe khách đã chạy")]


@pytest.fixture
def house(edge):
    return Gatehouse(edge)


def test_sheets_get_numbers_that_were_never_used_and_asking_again_prints_no_second_block(house):
    block_id = str(uuid4())
    first = house.act(print_sheets, block_id=block_id, sheets=2)
    again = house.act(print_sheets, block_id=block_id, sheets=2)
    second = house.act(print_sheets, block_id=str(uuid4()), sheets=1)
    assert first == again
    assert (first.first_number, first.last_number, second.first_number) == (1, 40, 41)
    page = sheets_pdf(
        first, gate="Móng Cái", edge_id="mong-cai-1", at=house.edge.clock.now, catalogue=Catalogue.load("vi")
    )
    assert page.startswith(b"%PDF-")


@demand("R008")
def test_a_line_of_paper_becomes_a_crossing_of_the_time_it_was_written_once(house):
    house.sheets()
    entry_id = str(uuid4())
    first = house.line(3, entry_id=entry_id)
    again = house.line(3, entry_id=entry_id)
    assert first.record_id == again.record_id
    assert house.refused(number=3) == "paper_number_used"

    envelopes = [e for e in house.edge.envelopes() if e.type == "crossing_screened"]
    assert [e.recorded_at - e.observed_at for e in envelopes] == [timedelta(hours=1)]
    (entered,) = [body for body in house.edge.bodies() if isinstance(body, PaperLineEntered)]
    assert (entered.number, entered.entered_crossing_id) == (3, entry_id)
    report = house.report(day_plan(house.gate).at(house.edge.clock.now - timedelta(hours=1)))
    assert (report.total.figures.from_paper, report.total.figures.handled) == (1, 0)
    assert report.missing_paper_numbers == (1, 2)


@demand("R008")
@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"temperature_c": None}, "paper_without_temperature"),
        ({"temperature_c": None, "exception_code": "infant"}, "paper_without_temperature"),
        ({"exception_code": "infant", "exception_reason": "trẻ sơ sinh"}, "paper_without_temperature"),
        ({"number": 21}, "paper_number_unknown"),
        ({"number": 2, "mark": "QQ"}, "paper_mark_wrong"),
        ({"written_at": "2026-11-21T21:00:00Z"}, "paper_before_printing"),
        ({"temperature_c": 38.5}, "paper_whereabouts_missing"),
        ({"temperature_c": 38.5, "whereabouts": "left"}, "paper_whereabouts_missing"),
        ({"written_at": "2030-01-01T00:00:00Z"}, "paper_time_wrong"),
        ({"written_at": "2020-01-01T00:00:00Z"}, "paper_time_wrong"),
        ({"lane_id": "lane-9"}, "no_such_lane"),
    ],
)
def test_the_temperature_step_is_not_skipped_on_paper_either_and_nothing_is_written(house, fields, code):
    house.sheets()
    before = len(house.edge.journal())
    assert house.refused(**{"number": 1, **fields}) == code
    assert len(house.edge.journal()) == before


def test_a_raised_line_of_paper_stands_open_until_its_recheck(house):
    house.sheets()
    entry_id = str(uuid4())
    house.line(1, entry_id=entry_id, temperature_c=38.5, whereabouts="here")
    assert house.edge.rows("SELECT disposition, is_open FROM crossing") == [("pending", 1)]
    house.edge.do(recheck_person, crossing_id=entry_id, temperature_c=36.8, site="axillary")
    assert house.edge.rows("SELECT disposition, is_open FROM crossing") == [("cleared", 0)]


@demand("R008")
def test_a_fever_on_paper_whose_person_has_gone_fills_no_place_and_stays_referred(house):
    words = "Xe khách đã chạy"
    house.sheets()
    for number in (1, 2, 3):
        house.line(number, **CLINICAL_FEVER, whereabouts="left", whereabouts_words=words)
    assert house.edge.rows("SELECT disposition, is_open, place_id FROM crossing") == [("referred", 0, None)] * 3
    room = isolation_view(house.gate)
    assert [place.person for place in room.places] == [None, None]
    assert room.waiting == ()
    discharged = [body for body in house.edge.bodies() if isinstance(body, TravellerDischarged)]
    assert [one.disposition for one in discharged] == [Disposition.REFERRED] * 3
    assert not any(words.encode() in record for record in house.edge.journal())
    report = house.report(day_plan(house.gate).at(house.edge.clock.now - timedelta(hours=1)))
    assert (report.total.figures.alarms, report.total.figures.referred) == (3, 3)


@demand("R008")
@pytest.mark.parametrize("reading", [CLINICAL_FEVER, {"temperature_c": 38.5}])
def test_whoever_was_handed_over_on_paper_is_on_the_road_until_the_facility_confirms(house, reading):
    house.sheets()
    fields = {"entry_id": str(uuid4()), **reading, "whereabouts": "handed_over"}
    first = house.line(1, **fields, whereabouts_words="Trung tâm Y tế Móng Cái")
    room = isolation_view(house.gate)
    assert [place.person for place in room.places] == [None, None]
    (person,) = room.in_transit
    assert (person.disposition, person.destination) == ("referred", "Trung tâm Y tế Móng Cái")
    (envelope,) = [one for one in house.edge.envelopes() if one.type == "handover_departed"]
    assert envelope.recorded_at - envelope.observed_at == timedelta(hours=1), "it was then, and is entered now"
    assert not any("Trung tâm Y tế".encode() in record for record in house.edge.journal())
    assert house.line(1, **fields, whereabouts_words="Trung tâm Y tế Móng Cái").record_id == first.record_id

    house.edge.about(
        arrive, fields["entry_id"], act_id=str(uuid4()), means="telephone", confirmed_by="BS. Trần Thị Thử"
    )
    room = isolation_view(house.gate)
    assert (room.in_transit, room.waiting) == ((), ())
    assert house.edge.rows("SELECT disposition, is_open, place_id FROM crossing") == [("referred", 0, None)]


def test_a_fever_on_paper_whose_person_is_still_here_gets_a_place(house):
    house.sheets()
    house.line(1, **CLINICAL_FEVER, whereabouts="here")
    assert house.edge.rows("SELECT disposition, place_id FROM crossing") == [("isolated", "C1")]


def test_a_raised_reading_on_paper_of_somebody_who_left_waits_for_no_recheck(house):
    house.sheets()
    entry_id = str(uuid4())
    house.line(1, entry_id=entry_id, temperature_c=38.5, whereabouts="left", whereabouts_words="Không ai thấy nữa")
    assert house.edge.rows("SELECT disposition, is_open FROM crossing") == [("referred", 0)]
    with pytest.raises(ActionRefusedError):
        house.edge.do(recheck_person, crossing_id=entry_id, temperature_c=36.8, site="axillary")


def test_a_line_sent_again_with_other_content_or_another_number_is_refused_and_the_first_stays(house):
    house.sheets()
    entry_id = str(uuid4())
    house.line(1, entry_id=entry_id)
    assert house.refused(number=1, entry_id=entry_id, temperature_c=36.9) == "paper_entered_otherwise"
    assert house.refused(number=2, entry_id=entry_id) == "paper_entry_used"
    assert house.edge.rows("SELECT temperature_c FROM crossing") == [(36.5,)]


@pytest.mark.parametrize(
    "changed",
    [
        {"text": "QN 209999"},
        {"site": "wrist"},
        {"lane_id": "lane-2"},
        {"direction": "exit"},
        {"symptoms": ["cough"]},
        {"visited_areas": ["Đông Hưng"]},
        {"telephone": "0900000000"},
        {"temperature_c": None, "exception_code": "infant", "exception_reason": "trẻ nhỏ", "age_years": 0},
    ],
)
def test_no_field_of_a_line_that_is_sent_again_is_dropped_in_silence(house, changed):
    house.sheets()
    entry_id = str(uuid4())
    first = house.line(1, entry_id=entry_id)
    assert house.refused(number=1, entry_id=entry_id, **changed) == "paper_entered_otherwise"
    assert house.line(1, entry_id=entry_id).record_id == first.record_id


def test_a_line_sent_again_does_not_lead_away_whoever_was_said_to_be_here(house):
    house.sheets()
    fields = {"entry_id": str(uuid4()), **CLINICAL_FEVER}
    house.line(1, whereabouts="here", **fields)
    left = {"whereabouts": "left", "whereabouts_words": "Xe khách đã chạy"}
    assert house.refused(number=1, **left, **fields) == "paper_entered_otherwise"


def test_the_sheets_of_two_edges_of_one_gate_bear_other_marks():
    marks = [[mark_of(number, edge_id=edge_id) for number in range(1, 41)] for edge_id in ("mong-cai-1", "mong-cai-2")]
    assert sum(one == other for one, other in zip(*marks, strict=True)) <= 2


@demand("R008")
def test_a_line_tells_all_that_the_lane_asks(house):
    house.sheets()
    told = {"full_name": "Nguyễn Thị Thử", "nationality": "LAO", "direction": "exit", "has_declaration": True}
    house.line(1, **told, place_answers=[{"place": "cho-dong-hung", "was_there": False}])
    row = house.edge.rows("SELECT full_name, nationality, direction FROM crossing")
    assert row == [("Nguyễn Thị Thử", "LAO", "exit")]
    (screened,) = [body for body in house.edge.bodies() if isinstance(body, CrossingScreened)]
    assert screened.facts.place_answers[0].was_there is False


def test_an_exception_on_paper_keeps_its_reason_sealed(house):
    house.sheets()
    words = {"exception_code": "infant", "exception_reason": "Cháu Bé Thử ba tuần tuổi"}
    assert house.refused(number=1, temperature_c=None, **words) == "paper_not_complete", "of what age?"
    house.line(1, temperature_c=None, age_years=0, **words)
    assert not any("Bé Thử".encode() in record for record in house.edge.journal())
    assert house.edge.rows("SELECT exception_code FROM crossing") == [("infant",)]


def test_a_spoilt_number_is_accounted_for_and_cannot_be_used_later(house):
    house.sheets()
    house.void(1)
    house.void(1)
    house.line(3)
    assert house.refused(number=1) == "paper_number_used"
    with house.gate.store.readers.connect() as connection:
        assert missing_paper(connection) == (2,)
