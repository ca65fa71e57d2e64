"""Every legal clock of one person at the gate, under both law packs: just before, at and after, through restarts."""

from datetime import UTC, datetime, timedelta

import pytest

from checkpoint.actions.deadlines import lapse_due_holds
from checkpoint.actions.isolation_board import isolation_case
from checkpoint.actions.rechecking import recheck_person
from checkpoint.actions.refusals import ActionRefusedError
from checkpoint.clocks import ClockUrgency, read_clock
from checkpoint.store.lanes import running_clocks
from sync.agreement.gate_records.isolation import ClockEscalated, ClockExtended, HoldLapsed
from sync.agreement.isolation_words import FollowUpDuty
from sync.agreement.policy.legal_rules import ClockRule
from sync.agreement.vocabulary import ClockKind
from tests.checkpoint.edges import PASS
from tests.checkpoint.isolation.people import PASSPORT_OF_A_FOREIGNER, LegalEdge
from tests.checkpoint.people import RAISED_C
from tests.demands import demand
from tests.sync.agreement.test_law_packs import rules_of

MINUTE_S, HOUR_S = 60, 3600
DAY_S = 24 * HOUR_S
IN_2020 = datetime(2020, 2, 1, 2, 0, tzinfo=UTC)
NEW, OLD = "law-vn-2026", "law-vn-2020"

# law, clock, state in which it runs, limit, clause in it, act that ends it (None: it lapses)
CLOCKS = [
    (NEW, ClockKind.PHYSICAL_CHECK, "under_check", 2 * HOUR_S, "điểm d khoản 2 Điều 24", "check-end"),
    (NEW, ClockKind.TEMPORARY_HOLD, "proposed", 2 * HOUR_S, "điểm b khoản 2 Điều 19", "decide"),
    (NEW, ClockKind.ISOLATION_LIST, "checked", HOUR_S, "khoản 1 Điều 17", "propose"),
    (NEW, ClockKind.ISOLATION_DECISION, "proposed", HOUR_S, "khoản 2 Điều 17", "decide"),
    (NEW, ClockKind.GATE_ISOLATION, "isolated", 48 * HOUR_S, "điểm b khoản 3 Điều 17", "depart"),
    (NEW, ClockKind.FACILITY_HANDOVER, "in_transit", 48 * HOUR_S, "khoản 4 Điều 17", "arrive"),
    (NEW, ClockKind.PERSON_NOTICE, "isolated", 0, "điểm b khoản 3 Điều 17", "notify"),
    (NEW, ClockKind.CONSULAR_NOTICE, "isolated", 0, "điểm a khoản 3 Điều 17", "notify"),
    (NEW, ClockKind.COMPULSORY_ORDER, "refusing", 0, "Điều 20", "compel"),
    (NEW, ClockKind.TRANSFER_ARRIVAL, "in_transit", 2 * HOUR_S, "bàn giao", "arrive"),
    (OLD, ClockKind.PHYSICAL_CHECK, "under_check", 2 * HOUR_S, "khoản 4 Điều 10", "check-end"),
    (OLD, ClockKind.TEMPORARY_HOLD, "proposed", HOUR_S, "khoản 4 Điều 7", "decide"),
    (OLD, ClockKind.ISOLATION_LIST, "checked", HOUR_S, "khoản 1 Điều 5", "propose"),
    (OLD, ClockKind.ISOLATION_DECISION, "proposed", HOUR_S, "khoản 2 Điều 5", "decide"),
    (OLD, ClockKind.GATE_ISOLATION, "isolated", 2 * DAY_S, "điểm a khoản 3 Điều 2", "depart"),
    (OLD, ClockKind.PERSON_NOTICE, "isolated", HOUR_S, "khoản 3 Điều 5", "notify"),
    (OLD, ClockKind.CONSULAR_NOTICE, "isolated", 0, "Điều 12", "notify"),
    (OLD, ClockKind.COMPULSORY_ORDER, "refusing", 6 * HOUR_S, "khoản 2 Điều 9", "compel"),
    (OLD, ClockKind.TRANSFER_ARRIVAL, "in_transit", 2 * HOUR_S, "bàn giao", "arrive"),
]
NAMES = [f"{law[-4:]}-{kind.value}" for law, kind, *_ in CLOCKS]
ENDING_WORDS = {
    ClockKind.CONSULAR_NOTICE: {"addressee": "consular_department", "means": "telephone"},
    ClockKind.PERSON_NOTICE: {"addressee": "person", "means": "in_person"},
}


@pytest.mark.parametrize("law", [NEW, OLD])
def test_every_clock_of_the_pack_and_of_the_procedure_has_its_act_here(law):
    of_texts = {
        rule.clock: float(rule.limit_s) for text in (law, "procedure-screening") for rule in rules_of(text, ClockRule)
    }
    here = {kind: float(limit_s) for pack, kind, _, limit_s, *_ in CLOCKS if pack == law}
    assert here | {ClockKind.RECHECK: 10.0 * MINUTE_S} == of_texts
    assert set(here) | {ClockKind.RECHECK, ClockKind.FACILITY_HANDOVER} == set(ClockKind)


@pytest.fixture
def edge_under(tmp_path):
    opened = []

    def open_edge(law):
        opened.append(LegalEdge(tmp_path, law=law, now=IN_2020 if law == OLD else None))
        return opened[-1]

    yield open_edge
    for one in opened:
        one.close()


def bring(edge, state, kind):
    text = PASSPORT_OF_A_FOREIGNER if kind is ClockKind.CONSULAR_NOTICE else PASS
    if state == "refusing":
        crossing_id = edge.bring_to("isolated", text)
        edge.act("refuse", crossing_id)
        return crossing_id
    return edge.bring_to(state, text)


@demand("R019", "R021")
@pytest.mark.parametrize(("law", "kind", "state", "limit_s", "clause", "ending"), CLOCKS, ids=NAMES)
def test_each_clock_is_read_rightly_just_before_at_and_after_its_limit_and_through_restarts(
    edge_under, law, kind, state, limit_s, clause, ending
):
    edge = edge_under(law)
    crossing_id = bring(edge, state, kind)
    clock = edge.face(crossing_id, kind)
    assert clock is not None, "the event that starts it happened"
    assert clock.limit_s == limit_s
    assert clause in clock.clause
    assert clock.who_acts
    edge.restart()
    edge.clock.now = clock.due_at - timedelta(seconds=1)
    if limit_s:
        before = edge.face(crossing_id, kind)
        assert (before.left_s, before.is_overdue, before.urgency) == (1.0, False, ClockUrgency.RED)
    edge.clock.now = clock.due_at
    at = edge.face(crossing_id, kind)
    assert (at.left_s, at.is_overdue, at.urgency) == (0.0, False, ClockUrgency.RED)
    edge.restart()
    edge.clock.now = clock.due_at + timedelta(days=3)
    after = edge.face(crossing_id, kind)
    assert after.is_overdue, "nobody rang it off: it stays red until the act is recorded"
    assert after.started_at == clock.started_at
    assert after.due_at == clock.due_at


@pytest.mark.parametrize(("law", "kind", "state", "limit_s", "clause", "ending"), CLOCKS, ids=NAMES)
def test_each_clock_turns_amber_at_half_and_red_at_the_last_quarter(
    edge_under, law, kind, state, limit_s, clause, ending
):
    edge = edge_under(law)
    crossing_id = bring(edge, state, kind)
    clock = edge.face(crossing_id, kind)
    if not limit_s:
        assert clock.urgency is ClockUrgency.RED, "at once: red from its first second"
        return
    seen = []
    for used in (0.49, 0.5, 0.74, 0.75):
        edge.clock.now = clock.started_at + timedelta(seconds=limit_s * used)
        seen.append(edge.face(crossing_id, kind).urgency)
    assert seen == [ClockUrgency.CALM, ClockUrgency.AMBER, ClockUrgency.AMBER, ClockUrgency.RED]


@demand("R021")
@pytest.mark.parametrize(("law", "kind", "state", "limit_s", "clause", "ending"), CLOCKS, ids=NAMES)
def test_each_clock_is_ended_by_its_own_act_and_the_record_says_so(
    edge_under, law, kind, state, limit_s, clause, ending
):
    edge = edge_under(law)
    crossing_id = bring(edge, state, kind)
    edge.act(ending, crossing_id, **ENDING_WORDS.get(kind, {}))
    assert edge.face(crossing_id, kind) is None
    assert kind in edge.bodies()[-1].ends
    edge.restart()
    assert edge.face(crossing_id, kind) is None
    edge.check_chain()


@demand("R021")
@pytest.mark.parametrize("law", [NEW, OLD])
def test_the_recheck_is_due_ten_minutes_after_the_raised_reading_and_is_ended_by_it(edge_under, law):
    edge = edge_under(law)
    edge.present(PASS)
    edge.scan_face(RAISED_C)
    crossing_id, began_at = edge.draft_id, edge.clock.now
    (clock,) = edge.sheet.clocks
    assert (clock.kind, clock.due_at - began_at) == (ClockKind.RECHECK, timedelta(minutes=10))
    edge.restart()
    faces = [read_clock(clock, at=clock.due_at + timedelta(seconds=late_s)) for late_s in (-1, 0, 1)]
    assert [face.is_overdue for face in faces] == [False, False, True]
    edge.clock.now = clock.due_at + timedelta(days=1)
    assert edge.sheet.clocks == (clock,), "it stays until somebody rechecks"
    edge.do(recheck_person, crossing_id=crossing_id, temperature_c=38.9, site="axillary")
    with edge.gate.store.readers.connect() as connection:
        running = {one.kind for one in running_clocks(connection)[crossing_id]}
    assert ClockKind.RECHECK not in running
    assert {ClockKind.PHYSICAL_CHECK, ClockKind.TEMPORARY_HOLD, ClockKind.ISOLATION_LIST} <= running


@demand("R019")
@pytest.mark.parametrize(("law", "limit_s"), [(NEW, 2 * HOUR_S), (OLD, HOUR_S)])
def test_a_hold_without_a_decision_lapses_by_itself_is_recorded_at_its_instant_and_lets_the_person_go_on(
    edge_under, law, limit_s
):
    edge = edge_under(law)
    crossing_id = edge.bring_to("proposed")
    hold = edge.face(crossing_id, ClockKind.TEMPORARY_HOLD)
    due_at = hold.due_at
    assert due_at - hold.started_at == timedelta(seconds=limit_s)
    edge.clock.now = due_at - timedelta(seconds=1)
    assert lapse_due_holds(edge.gate) == 0
    assert edge.state(crossing_id) == "proposed"
    edge.restart()
    edge.clock.now = due_at + timedelta(hours=30)
    assert lapse_due_holds(edge.gate) == 1
    assert lapse_due_holds(edge.gate) == 0, "once"
    lapsed, envelope = edge.bodies()[-1], edge.envelopes()[-1]
    assert isinstance(lapsed, HoldLapsed)
    assert FollowUpDuty.SELF_MONITORING in lapsed.duties
    assert (envelope.observed_at, envelope.recorded_at) == (due_at, edge.clock.now)
    person = edge.person(crossing_id)
    assert (person.state, person.next_step) == ("lapsed", "released")
    assert person.duties == ("self_monitoring", "report_to_commune_station")


def test_at_the_very_instant_of_its_limit_a_hold_has_lapsed(edge_under):
    edge = edge_under(NEW)
    crossing_id = edge.bring_to("proposed")
    edge.clock.now = edge.face(crossing_id, ClockKind.TEMPORARY_HOLD).due_at
    assert lapse_due_holds(edge.gate) == 1
    assert edge.state(crossing_id) == "lapsed"


def test_an_order_that_is_entered_after_the_lapse_cannot_hide_it(edge_under):
    edge = edge_under(NEW)
    crossing_id = edge.bring_to("proposed")
    edge.clock.forward(hours=3)
    edge.act("decide", crossing_id)
    kinds = [type(body).__name__ for body in edge.bodies()]
    assert kinds[-2:] == ["HoldLapsed", "IsolationDecided"]
    assert edge.state(crossing_id) == "isolated"


def test_a_hold_is_extended_once_where_the_law_allows_by_what_it_allows_and_lapses_later(edge_under):
    edge = edge_under(NEW)
    crossing_id = edge.bring_to("proposed")
    before = edge.face(crossing_id, ClockKind.TEMPORARY_HOLD)
    assert before.is_extendable
    edge.act("extend", crossing_id, kind="temporary_hold", reason="overloaded")
    longer = edge.face(crossing_id, ClockKind.TEMPORARY_HOLD)
    assert longer.due_at - before.due_at == timedelta(hours=2)
    assert (longer.is_extendable, longer.is_extended) == (False, True)
    assert "khoản 5 Điều 19" in longer.clause
    with pytest.raises(ActionRefusedError, match="extended_already"):
        edge.act("extend", crossing_id, kind="temporary_hold", reason="overloaded")
    extended = edge.bodies()[-1]
    assert isinstance(extended, ClockExtended)
    assert extended.clocks[0].due_at == longer.due_at
    edge.restart()
    edge.clock.now = longer.due_at - timedelta(seconds=1)
    assert lapse_due_holds(edge.gate) == 0
    edge.clock.forward(seconds=1)
    assert lapse_due_holds(edge.gate) == 1


@demand("R019")
def test_a_drive_to_a_facility_and_back_renews_no_hold(edge_under):
    edge = edge_under(NEW)
    crossing_id = edge.bring_to("checked")
    before = {kind: edge.face(crossing_id, kind) for kind in (ClockKind.TEMPORARY_HOLD, ClockKind.ISOLATION_LIST)}
    edge.clock.forward(minutes=40)
    edge.act("depart", crossing_id)
    edge.clock.forward(minutes=30)
    edge.act("return", crossing_id)
    assert edge.state(crossing_id) == "held"
    assert {kind: edge.face(crossing_id, kind).due_at for kind in before} == {
        kind: clock.due_at for kind, clock in before.items()
    }
    assert edge.face(crossing_id, ClockKind.PHYSICAL_CHECK) is None, "the check was done"
    edge.clock.forward(hours=1)
    assert lapse_due_holds(edge.gate) == 1
    edge.act("depart", crossing_id)
    edge.act("return", crossing_id)
    assert edge.state(crossing_id) == "lapsed"
    assert edge.face(crossing_id, ClockKind.TEMPORARY_HOLD) is None


def test_an_extension_is_not_lost_on_the_road(edge_under):
    edge = edge_under(NEW)
    crossing_id = edge.bring_to("proposed")
    edge.act("extend", crossing_id, kind="temporary_hold", reason="overloaded")
    longer = edge.face(crossing_id, ClockKind.TEMPORARY_HOLD)
    edge.act("depart", crossing_id)
    edge.act("return", crossing_id)
    assert edge.face(crossing_id, ClockKind.TEMPORARY_HOLD) == longer
    assert edge.face(crossing_id, ClockKind.ISOLATION_DECISION) is None, "it begins with the next proposal"
    edge.act("propose", crossing_id)
    assert edge.face(crossing_id, ClockKind.ISOLATION_DECISION) is not None


@demand("R019")
def test_an_order_needs_a_proposal_that_stands_and_a_declined_one_does_not_take_the_check_away(edge_under):
    edge = edge_under(NEW)
    crossing_id = edge.bring_to("held")
    edge.act("propose", crossing_id)
    edge.act("decide", crossing_id, is_approved=False)
    assert edge.state(crossing_id) == "held"
    edge.clock.forward(hours=3)
    lapse_due_holds(edge.gate)
    with pytest.raises(ActionRefusedError, match="not_proposed"):
        edge.act("decide", crossing_id)
    other = edge.bring_to("proposed", "QN 100125")
    edge.act("decide", other, is_approved=False)
    assert edge.state(other) == "checked"


def test_where_the_law_gives_no_leave_nothing_is_extended(edge_under):
    edge = edge_under(OLD)
    crossing_id = edge.bring_to("proposed")
    assert not edge.face(crossing_id, ClockKind.TEMPORARY_HOLD).is_extendable
    with pytest.raises(ActionRefusedError, match="extension_not_allowed"):
        edge.act("extend", crossing_id, kind="temporary_hold", reason="overloaded")


def test_a_deadline_that_cannot_be_kept_is_escalated_with_a_coded_reason_and_runs_on(edge_under):
    edge = edge_under(NEW)
    crossing_id = edge.bring_to("proposed")
    edge.act("escalate", crossing_id, kind="isolation_decision", reason="decider_away", words="gọi ba lần")
    escalated = edge.bodies()[-1]
    assert isinstance(escalated, ClockEscalated)
    assert (escalated.reason, escalated.who_acts) == ("decider_away", "head_of_gate_body")
    clock = edge.face(crossing_id, ClockKind.ISOLATION_DECISION)
    assert clock.escalated_because == "decider_away"
    assert edge.identities()[-1].remarks.endswith("gọi ba lần")
    with pytest.raises(ActionRefusedError, match="no_such_clock"):
        edge.act("escalate", crossing_id, kind="compulsory_order", reason="decider_away")


def test_the_longest_stay_at_the_gate_begins_with_the_order_and_not_with_the_place(edge_under):
    edge = edge_under(NEW)
    crossing_id = edge.bring_to("proposed")
    assert edge.face(crossing_id, ClockKind.GATE_ISOLATION) is None
    edge.clock.forward(minutes=30)
    edge.act("decide", crossing_id)
    stay = edge.face(crossing_id, ClockKind.GATE_ISOLATION)
    assert (stay.started_at, stay.due_at - stay.started_at) == (edge.clock.now, timedelta(hours=48))


def test_no_deadline_is_extended_for_another_reason_than_overload(edge_under):
    edge = edge_under(NEW)
    crossing_id = edge.refer()
    before = edge.person(crossing_id).clocks
    for reason in ("decider_away", "no_vehicle", "laboratory_awaited", "person_refuses"):
        with pytest.raises(ActionRefusedError, match="extension_only_overloaded"):
            edge.act("extend", crossing_id, kind="temporary_hold", reason=reason)
    assert [one.due_at for one in edge.person(crossing_id).clocks] == [one.due_at for one in before]


def test_what_was_ordered_of_place_and_time_outlasts_the_persons_leaving(edge_under):
    edge = edge_under(NEW)
    crossing_id = edge.bring_to("isolated")
    until = next(one.due_at for one in edge.person(crossing_id).clocks if one.kind is ClockKind.GATE_ISOLATION)
    edge.act("depart", crossing_id)
    edge.clock.forward(hours=3)
    case = edge.gate.perform(lambda turn: isolation_case(turn, crossing_id), officer_ref="canbo").result(10)
    assert (case.place_id, case.path.ordered_place, case.path.ordered_until) == (None, "C1", until)
