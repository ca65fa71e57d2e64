"""Whatever is asked at two lanes and at the isolation room, in any order: nobody is cleared unmeasured (R008).

The machine asks a real edge over its own routes, with a scanner that may be silent, normal, raised or broken; what is
believed is the journal alone.
"""

from datetime import timedelta
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from checkpoint.actions.receiving import accept_device_event
from checkpoint.actions.sheet import LaneSheet
from checkpoint.app import create_app
from checkpoint.workers import Workers
from sync.agreement.decision_words import OverrideReason
from sync.agreement.gate_records.isolation import PhysicalCheckEnded
from sync.agreement.records import CrossingScreened, TemperatureRechecked, TravellerDischarged
from sync.agreement.vocabulary import DeviceKind, Disposition, ExceptionCode, ReadingKind
from sync.exchange.envelope import body_of, decode_record
from tests.checkpoint.edges import Edge
from tests.checkpoint.people import NORMAL_C, PAIRING, RAISED_C, reading
from tests.demands import demand
from tests.web.serving import Visitor, served
from tests.web.stage import CHEAP, PASSWORD, labels
from web.sign_in import User

LANES = ("lane-1", "lane-2")
NUMBERS = ("QN 100123", "QN 100124", "012345678901")
BORN = ("2024-05-01", "1988-05-01", "2031-01-01", None)
WORDS = "có ghi lý do"
INFANT_AGE_YEARS = 5
EXAMPLES = 10
HOT_C, COLD_C = 38.9, 36.6


PICKS = st.integers(0, 3)
CHANGES = (
    {"direction": "exit"},
    {"category": "tourist"},
    {"symptoms": ["cough"]},
    {"symptoms": []},
    {"nationality": "CHN"},
    {"category": "driver_or_crew", "purpose": "driver_or_cargo"},
)
BODIES = {
    "check-end": {"outcome": "no_suspicion"},
    "propose": {"ground": "suspect", "proposer": "BS. Vũ Thị Lan"},
    "decide": {"is_approved": True, "order_number": "12/QĐ", "signer": "Đào Minh Sơn"},
    "refuse": {"reason": WORDS},
    "compel": {"order_number": "13/QĐ", "signer": "Đào Minh Sơn"},
}


def documents():
    return st.builds(
        lambda number, born: {
            "kind": "passport",
            "document_number": number,
            "full_name": "Lò Văn Inh",
            "date_of_birth": born,
        },
        st.sampled_from(NUMBERS),
        st.sampled_from(BORN),
    )


class Oracle:
    """Reads each record of the journal once and holds it against the law."""

    def __init__(self, edge):
        self.edge, self.entry = edge, 0
        self.bound: dict[str, str] = {}
        self.screened: dict[str, CrossingScreened] = {}
        self.measured: set[str] = set()
        self.checked: set[str] = set()

    def read(self):
        rows = self.edge.rows(f"SELECT entry, bytes FROM journal WHERE entry > {self.entry} ORDER BY entry")
        bodies = [body_of(decode_record(record)) for _, record in rows]
        self.entry = max([self.entry, *(entry for entry, _ in rows)])
        for body in bodies:
            self.judge(body)
        return [body.crossing_id for body in bodies if isinstance(body, CrossingScreened)]

    def judge(self, body):
        if isinstance(body, CrossingScreened):
            self._screened(body)
        elif isinstance(body, TemperatureRechecked):
            assert body.measurement.kind is ReadingKind.CLINICAL
            self.measured.add(body.crossing_id)
            if body.disposition is Disposition.CLEARED:
                assert body.measurement.temperature_c < HOT_C
        elif isinstance(body, PhysicalCheckEnded):
            self.checked.add(body.crossing_id)
        elif isinstance(body, TravellerDischarged) and body.disposition is Disposition.CLEARED:
            assert body.crossing_id in self.measured or self._is_excepted(body.crossing_id)

    def _screened(self, body):
        usable = [one for one in body.facts.measurements if one.is_usable]
        for one in body.facts.measurements:
            assert self.bound.setdefault(one.reading_id, body.crossing_id) == body.crossing_id
        self.screened[body.crossing_id] = body
        if usable:
            self.measured.add(body.crossing_id)
        if body.disposition is not Disposition.CLEARED:
            return
        assert usable or self._is_excepted(body.crossing_id), body
        for one in usable:
            assert one.temperature_c < RAISED_C
            is_by_hand = one.device_id.startswith("hand-")
            assert is_by_hand or abs(one.observed_at - body.presented_at) <= PAIRING.window
        if not usable:
            assert body.exception.code is not ExceptionCode.REFUSED_MEASUREMENT

    def _is_excepted(self, crossing_id):
        screened = self.screened[crossing_id]
        if screened.exception is None:
            return False
        facts = screened.facts
        match screened.exception.code:
            case ExceptionCode.REFUSED_MEASUREMENT:
                return crossing_id in self.checked
            case ExceptionCode.INFANT:
                return facts.age_years is not None and 0 <= facts.age_years <= INFANT_AGE_YEARS
            case ExceptionCode.DEVICE_FAILURE:
                return facts.is_fallback_tried
        return True


class Shift(RuleBasedStateMachine):
    """Two lanes and the isolation room, asked for anything."""

    edge: Edge
    visitor: Visitor
    oracle: Oracle

    @initialize()
    def begin_with_empty_lanes(self):
        self.drafts, self.known = [str(uuid4())], []
        self.edge.clock.forward(minutes=1)
        self.sign_in()  # a session of an earlier run has seen its twelve hours
        for lane_id in LANES:
            self.edge.gate.perform(lambda turn, lane_id=lane_id: turn.stage(lane_id, LaneSheet())).result(10)

    def sign_in(self):
        self.visitor.sign_in("canbo")
        self.visitor.headers["X-CSRF-Token"] = self.visitor.csrf

    def ask(self, path, **body):
        answer = self.visitor.post(path, json=body)
        if answer.status_code == 401:  # the time that passed without an act has ended the session
            self.sign_in()
            answer = self.visitor.post(path, json=body)
        assert answer.status_code < 500, (path, body, answer.text)
        assert answer.status_code not in {401, 403, 423}, (path, body, answer.text)

    def lane(self, lane_id, word, **body):
        self.ask(f"/api/lanes/{lane_id}/{word}", **body)
        state = self.edge.gate.sheets[lane_id].state
        if state.presentation is not None and state.person.crossing_id not in self.drafts:
            self.drafts.append(state.person.crossing_id)

    def draft(self, pick):
        return self.drafts[-1 - pick % len(self.drafts)]

    def here(self, pick):
        """The lane of somebody who stands there, and their draft; of nobody, a draft that is no more."""
        occupied = [lane_id for lane_id in LANES if self.edge.gate.sheets[lane_id].state.presentation]
        if not occupied:
            return LANES[pick % len(LANES)], self.draft(pick)
        lane_id = occupied[pick % len(occupied)]
        return lane_id, self.edge.gate.sheets[lane_id].state.person.crossing_id

    @rule(lane_id=st.sampled_from(LANES), number=st.sampled_from(NUMBERS))
    def a_document_is_scanned(self, lane_id, number):
        self.lane(lane_id, "present", text=number, has_declaration=True, is_symptom_checked=True)

    @rule(lane_id=st.sampled_from(LANES), document=documents())
    def a_document_is_entered(self, lane_id, document):
        self.lane(lane_id, "present", document=document, has_declaration=True, is_symptom_checked=True)

    @rule(
        lane_id=st.sampled_from(LANES), number=st.sampled_from(NUMBERS), temperature_c=st.sampled_from([COLD_C, HOT_C])
    )
    def somebody_comes_as_usual(self, lane_id, number, temperature_c):
        self.a_document_is_scanned(lane_id, number)
        kind = DeviceKind.INFRARED_THERMOMETER.value
        self.lane(lane_id, "measure", temperature_c=temperature_c, device_kind=kind, site="forehead")
        presentation = self.edge.gate.sheets[lane_id].state.presentation
        self.lane(lane_id, "close", draft_id=presentation.crossing_id if presentation else self.drafts[-1])

    @rule(lane_id=st.sampled_from(LANES), word=st.sampled_from(["next", "next-discard"]))
    def the_next_is_called(self, lane_id, word):
        self.lane(lane_id, word)

    @rule(temperature_c=st.sampled_from([NORMAL_C, RAISED_C, 0.0, 20.0]), late_s=st.sampled_from([0, 0, 2, 30, -40]))
    def the_scanner_reads(self, temperature_c, late_s):
        at = self.edge.clock.forward(seconds=1)
        event = reading(str(uuid4()), at=at - timedelta(seconds=late_s), temperature_c=temperature_c)
        accept_device_event(self.edge.gate, event)

    @rule(seconds=st.sampled_from([1, 9, 61, 700]))
    def time_passes(self, seconds):
        self.edge.clock.forward(seconds=seconds)

    @rule(pick=PICKS, temperature_c=st.sampled_from([COLD_C, HOT_C, 0.0, 60.0]), kind=st.sampled_from(DeviceKind))
    def a_hand_thermometer_is_read(self, pick, temperature_c, kind):
        lane_id, _ = self.here(pick)
        self.lane(lane_id, "measure", temperature_c=temperature_c, device_kind=kind.value, site="forehead")

    @rule(pick=PICKS, temperature_c=st.sampled_from([COLD_C, HOT_C]))
    def somebody_is_rechecked(self, pick, temperature_c):
        lane_id, draft_id = self.here(pick)
        self.lane(lane_id, "recheck", crossing_id=draft_id, temperature_c=temperature_c, site="axillary")

    @rule(pick=PICKS, code=st.sampled_from(ExceptionCode), more=st.sampled_from([{}, {"is_fallback_tried": True}]))
    def somebody_is_excepted(self, pick, code, more):
        lane_id, draft_id = self.here(pick)
        self.lane(lane_id, "exception", draft_id=draft_id, code=code.value, reason=WORDS, **more)

    @rule(pick=PICKS, word=st.sampled_from(["close", "close", "close", "set-aside", "discard", "still-here"]))
    def the_crossing_is_ended(self, pick, word):
        lane_id, draft_id = self.here(pick)
        self.lane(lane_id, word, draft_id=draft_id, **({"reason": WORDS} if word == "discard" else {}))

    @rule(pick=PICKS, code=st.sampled_from(OverrideReason))
    def the_verdict_is_set_aside(self, pick, code):
        lane_id, draft_id = self.here(pick)
        self.lane(lane_id, "override", draft_id=draft_id, code=code.value, reason=WORDS)

    @rule(pick=PICKS, other=PICKS)
    def a_reading_is_chosen(self, pick, other):
        lane_id, _ = self.here(pick)
        candidates = self.edge.gate.sheets[lane_id].state.candidates
        chosen = candidates[other % len(candidates)].reading_id if candidates else "nothing"
        self.lane(lane_id, "choose", reading_id=chosen)

    @rule(pick=PICKS, changed=st.sampled_from(CHANGES))
    def details_are_changed(self, pick, changed):
        lane_id, _ = self.here(pick)
        self.lane(lane_id, "details", **changed)

    @rule(
        lane_id=st.sampled_from(LANES),
        word=st.sampled_from(["close", "recheck", "set-aside", "exception", "override"]),
        pick=PICKS,
    )
    def something_is_asked_again_or_at_the_wrong_lane(self, lane_id, word, pick):
        draft_id = self.draft(pick)
        bodies = {
            "recheck": {"crossing_id": draft_id, "temperature_c": COLD_C, "site": "axillary"},
            "exception": {"draft_id": draft_id, "code": "infant", "age_years": 2, "reason": WORDS},
            "override": {"draft_id": draft_id, "code": "medical_emergency", "reason": WORDS},
        }
        self.lane(lane_id, word, **bodies.get(word, {"draft_id": draft_id}))

    @rule(pick=PICKS, word=st.sampled_from(["correct", "withdraw"]))
    def a_crossing_is_changed(self, pick, word):
        words = {"category": "tourist"} if word == "correct" else {}
        self.ask(f"/api/crossings/{self.draft(pick)}/{word}", reason=WORDS, **words)

    @rule(
        pick=PICKS,
        word=st.sampled_from(["admit", "check-start", "check-end", "discharge", "discharge", *sorted(BODIES)]),
        disposition=st.sampled_from(["cleared", "refused", "referred"]),
    )
    def an_act_is_done_in_the_isolation_room(self, pick, word, disposition):
        given = {"act_id": str(uuid4()), **BODIES.get(word, {})}
        if word == "discharge":
            given = {"disposition": disposition, "destination": "về nhà", "reason": WORDS}
        known = self.known or self.drafts
        self.ask(f"/api/isolation/{known[-1 - pick % len(known)]}/{word}", **given)

    @invariant()
    def the_journal_shows_nobody_cleared_unmeasured(self):
        self.known += self.oracle.read()


@pytest.fixture(scope="module")
def at_work(tmp_path_factory):
    edge = Edge(tmp_path_factory.mktemp("edge"))
    hashed = CHEAP.hash_password(PASSWORD, username="canbo")
    edge.gate.store.accounts.put_officer(
        User(username="canbo", name="Phạm Thu Hà", role="officer", password_hash=hashed)
    )
    app = create_app(edge.gate, workers=Workers(edge.gate), labels=labels(), passwords=CHEAP)
    with served(app) as url, Visitor(url) as visitor:
        yield edge, visitor
    edge.close()


@demand("R008")
def test_no_sequence_of_requests_clears_anybody_unmeasured_without_a_coded_exception(at_work):
    edge, visitor = at_work
    oracle = Oracle(edge)

    class ShiftAtThisEdge(Shift):
        pass

    ShiftAtThisEdge.edge, ShiftAtThisEdge.visitor, ShiftAtThisEdge.oracle = edge, visitor, oracle
    run_state_machine_as_test(
        ShiftAtThisEdge,
        settings=settings(
            max_examples=EXAMPLES, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
    machine = ShiftAtThisEdge()
    edge.clock.forward(minutes=10)  # whoever a random step left at a lane is no longer asked about at the other
    machine.begin_with_empty_lanes()
    # Two whom no random step has brought into the gate's care.
    machine.somebody_comes_as_usual(LANES[0], "QN 300998", COLD_C)
    machine.somebody_comes_as_usual(LANES[1], "QN 300999", HOT_C)
    oracle.read()
    last = list(oracle.screened.values())[-2:]
    assert [one.disposition for one in last] == [Disposition.CLEARED, Disposition.PENDING]
