"""Two people at one lane: the second document waits apart, and no reading ever changes hands."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from checkpoint.actions.board_rows import board_rows
from checkpoint.actions.deciding import choose_reading, close_crossing, discard_draft, measure_person
from checkpoint.actions.next_person import (
    NextCommand,
    call_next,
    drop_next,
    follow_on,
    say_still_here,
    scan_person,
)
from checkpoint.actions.presenting import PresentCommand
from checkpoint.actions.receiving import accept_device_event
from checkpoint.actions.rechecking import recheck_person, set_aside_person
from checkpoint.actions.refusals import ActionRefusedError
from checkpoint.actions.sheet import LaneSheet
from checkpoint.actions.view import Surroundings, lane_view
from checkpoint.lane import LaneError, LaneState, Phase
from devices.reading import ScannedText
from sync.agreement.records import CrossingScreened
from tests.checkpoint.edges import LANE, OTHER_PASS, PASS, Edge
from tests.checkpoint.people import reading
from tests.demands import demand

THIRD_PASS = "QN 100125"


@pytest.fixture
def edge(tmp_path):
    made = Edge(tmp_path)
    yield made
    made.close()


def scan(edge, text, **details):
    body = PresentCommand(text=text, has_declaration=True, **details)
    return edge.gate.perform(lambda turn: scan_person(turn, LANE, body), officer_ref="canbo").result(10)


def act(edge, command, **fields):
    """A command of the officer as the interface carries it out: the next person follows by themselves."""
    edge.do(command, **fields)
    return edge.gate.perform(lambda turn: follow_on(turn, LANE), officer_ref="canbo").result(10)


def view(edge):
    return lane_view(edge.gate, LANE, around=Surroundings())


def number_here(edge):
    return edge.sheet.state.person.identity.document_number


def test_a_document_read_while_the_lane_is_busy_waits_visibly_and_touches_nobody(edge):
    edge.present(PASS)
    edge.scan_face(36.4)
    before = edge.sheet.state
    scan(edge, OTHER_PASS)
    assert edge.sheet.state == before
    shown = view(edge).next_person
    assert shown.document_number_masked.endswith("0124")
    assert PASS not in str(shown)
    assert view(edge).person.document_number_masked.endswith("0123")


def test_who_waits_is_presented_when_the_one_before_is_cleared_and_is_measured_anew(edge):
    edge.present(PASS)
    edge.scan_face(36.4)
    scan(edge, OTHER_PASS)
    first = edge.draft_id
    act(edge, close_crossing, draft_id=first)
    assert number_here(edge) == OTHER_PASS
    assert edge.sheet.state.phase is Phase.AWAITING_READING
    assert edge.sheet.state.bound is None
    assert edge.sheet.next_person is None
    assert view(edge).saved.outcome == "cleared", "that the one before is saved stays on the screen"
    edge.scan_face(36.6)
    act(edge, close_crossing, draft_id=edge.draft_id)
    screened = [body for body in edge.bodies() if isinstance(body, CrossingScreened)]
    assert [one.facts.measurements[0].temperature_c for one in screened] == [36.4, 36.6]
    assert edge.sheet.state.phase is Phase.EMPTY
    edge.check_chain()


def test_a_reading_of_the_one_before_that_arrives_late_is_not_the_next_persons(edge):
    edge.present(PASS)
    edge.scan_face(36.4)
    scan(edge, OTHER_PASS)
    taken_at = edge.clock.forward(seconds=1)
    edge.clock.forward(seconds=1)
    act(edge, close_crossing, draft_id=edge.draft_id)
    accept_device_event(edge.gate, reading("late", at=taken_at, temperature_c=36.9))
    assert number_here(edge) == OTHER_PASS
    assert edge.sheet.state.bound is None
    assert edge.rows("SELECT not_bound_because FROM device_reading WHERE delivery_key = 'late'") == [("somebody_else",)]


def test_two_readings_for_two_people_at_once_are_chosen_between_and_the_other_one_is_nobodys(edge):
    edge.present(PASS)
    edge.scan_face(36.4, key="a")
    scan(edge, OTHER_PASS)
    edge.scan_face(38.2, key="b")
    assert edge.sheet.state.phase is Phase.CHOOSE_READING
    chosen = edge.sheet.state.candidates[0].reading_id
    edge.do(choose_reading, reading_id=chosen)
    act(edge, close_crossing, draft_id=edge.draft_id)
    assert number_here(edge) == OTHER_PASS
    assert edge.sheet.state.bound is None, "the hot reading is nobody's until this person is measured"
    assert edge.rows("SELECT not_bound_because FROM device_reading WHERE delivery_key = 'b'") == [("not_chosen",)]
    edge.scan_face(38.3, key="c")
    assert edge.sheet.state.phase is Phase.AWAITING_RECHECK
    assert number_here(edge) == OTHER_PASS


def test_one_next_person_and_no_second_one(edge):
    edge.present(PASS)
    scan(edge, OTHER_PASS)
    with pytest.raises(ActionRefusedError) as refused:
        scan(edge, THIRD_PASS)
    assert refused.value.code == "next_is_waiting"
    scan(edge, OTHER_PASS)
    edge.do(drop_next)
    assert edge.sheet.next_person is None
    assert edge.rows("SELECT count(*) FROM access_log WHERE action = 'next_dropped'") == [(1,)]
    scan(edge, THIRD_PASS)
    assert view(edge).next_person.document_number_masked.endswith("0125")


def test_after_an_alarm_the_officer_calls_the_next_person(edge):
    edge.present(PASS)
    edge.scan_face(38.6)
    scan(edge, OTHER_PASS)
    act(edge, recheck_person, crossing_id=edge.draft_id, temperature_c=38.8, site="axillary")
    assert edge.sheet.state.phase is Phase.EMPTY, "first somebody is led to the place that the screen names"
    assert edge.sheet.closed.place_id == "C1"
    assert edge.sheet.next_person is not None
    edge.do(call_next)
    assert number_here(edge) == OTHER_PASS


@pytest.mark.parametrize("way", ["aside", "discarded"])
def test_who_waits_goes_on_waiting_when_the_one_before_steps_aside_or_is_taken_back(edge, way):
    edge.present(PASS)
    if way == "aside":
        edge.scan_face(38.6)
    scan(edge, OTHER_PASS)
    if way == "aside":
        act(edge, set_aside_person, draft_id=edge.draft_id)
    else:
        act(edge, discard_draft, draft_id=edge.draft_id, reason="quét nhầm giấy")
    assert edge.sheet.state.phase is Phase.EMPTY
    assert edge.sheet.next_person is not None
    scan(edge, OTHER_PASS)
    assert number_here(edge) == OTHER_PASS
    assert edge.sheet.next_person is None


def test_who_waits_survives_a_restart_and_a_document_that_waited_too_long_is_scanned_again(edge):
    edge.present(PASS)
    scan(edge, OTHER_PASS)
    edge.restart()
    assert edge.sheet.next_person is not None
    edge.clock.forward(minutes=6)
    edge.do(measure_person, temperature_c=36.4, device_kind="infrared_thermometer", site="forehead")
    act(edge, close_crossing, draft_id=edge.draft_id)
    assert edge.sheet.state.phase is Phase.EMPTY
    assert edge.sheet.notice == "next_waited_too_long"
    assert edge.sheet.next_person is None


def test_a_reader_at_the_lane_queues_too(edge):
    edge.present(PASS)
    event = ScannedText(device_id="face-1", lines=(OTHER_PASS,), observed_at=edge.clock.now, delivery_key="s1")
    accept_device_event(edge.gate, event)
    assert edge.sheet.next_person is not None
    assert edge.sheet.notice is None


def test_a_verdict_without_an_act_asks_whether_the_person_is_still_there(edge):
    edge.present(PASS)
    edge.scan_face(36.4)
    assert view(edge).asks_in_s == 60
    edge.clock.forward(seconds=61)
    assert view(edge).asks_in_s < 0
    edge.do(say_still_here, draft_id=edge.draft_id)
    assert view(edge).asks_in_s == 60
    act(edge, close_crossing, draft_id=edge.draft_id)
    assert view(edge).asks_in_s is None
    edge.present(OTHER_PASS)
    edge.scan_face(38.6)
    assert view(edge).asks_in_s is None, "an alarm has its own clocks"


def test_commands_name_nobody():
    assert NextCommand.__struct_fields__ == ()
    assert LaneState().occupied_until is None


STEPS = st.lists(
    st.tuples(st.sampled_from(["scan", "read", "late", "close", "choose"]), st.integers(0, 2)), max_size=14
)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_whatever_comes_in_whatever_order_no_reading_is_bound_to_another_than_who_stood_there(edge, steps):
    stood_there, written = {}, len(edge.journal())
    edge.clock.forward(minutes=1)
    edge.gate.perform(lambda turn: turn.stage(LANE, LaneSheet(), keeps_next=False)).result(10)
    for number, (what, which) in enumerate(steps):
        _step(edge, what, which=which, number=number, stood_there=stood_there)
    for body in edge.bodies()[written:]:
        if isinstance(body, CrossingScreened):
            for one in body.facts.measurements:
                assert stood_there[one.temperature_c] in {body.crossing_id, None}


def _step(edge, what, *, which, number, stood_there):
    state = edge.sheet.state
    here = state.presentation.crossing_id if state.presentation else None
    temperature_c = round(36 + number / 100, 2)
    edge.clock.forward(seconds=1)
    try:
        if what == "scan":
            scan(edge, (PASS, OTHER_PASS, THIRD_PASS)[which])
        elif what in {"read", "late"}:
            at = edge.clock.now
            stood_there[temperature_c] = here
            if what == "late" and state.phase is Phase.VERDICT:
                edge.clock.forward(seconds=1)
                act(edge, close_crossing, draft_id=here)
            accept_device_event(edge.gate, reading(f"{at}", at=at, temperature_c=temperature_c))
        elif what == "close" and here:
            act(edge, close_crossing, draft_id=here)
        elif what == "choose" and state.candidates:
            act(edge, choose_reading, reading_id=state.candidates[0].reading_id)
    except (ActionRefusedError, ValueError):
        return


@demand("R008")
def test_who_left_after_the_measurement_is_discarded_only_when_the_lane_asks_and_the_reading_stays(edge):
    edge.present(PASS)
    edge.scan_face(36.4)
    draft_id, reading_id = edge.draft_id, edge.sheet.state.bound.reading_id
    with pytest.raises(LaneError, match="reading_bound"):
        edge.do(discard_draft, draft_id=draft_id, reason="người đã bỏ đi")
    edge.clock.forward(seconds=61)
    edge.do(discard_draft, draft_id=draft_id, reason="người đã bỏ đi")

    assert edge.sheet.state.phase is Phase.EMPTY
    kept = edge.rows(f"SELECT bound_to, not_bound_because FROM device_reading WHERE reading_id = '{reading_id}'")
    assert kept == [(None, "unclaimed")]
    logged = edge.rows("SELECT action, subject FROM access_log ORDER BY rowid")
    assert logged[-2:] == [("reading_unclaimed", reading_id), ("draft_discarded", draft_id)]
    edge.present(OTHER_PASS)
    assert edge.sheet.state.bound is None, "nobody else gets this reading"


def test_no_question_whether_somebody_is_there_gets_rid_of_an_alarm(edge):
    edge.present(PASS)
    edge.scan_face(38.6)
    edge.clock.forward(seconds=600)
    with pytest.raises(LaneError):
        edge.do(discard_draft, draft_id=edge.draft_id, reason="người đã bỏ đi")


def test_whoever_waits_with_a_document_read_stands_in_the_rows_of_the_queue(edge):
    edge.present(PASS)
    scan(edge, OTHER_PASS)
    (row,) = board_rows(edge.gate, "queue", lane_id=LANE)
    assert (row.reason, row.document_number_masked) == ("document_read", "••••0124")
