"""A drill never counts at the centre: its edge cannot be enrolled, and whatever it sends is refused whole."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert

from central.actions.express import ExpressLane
from central.actions.reception import Reception
from central.reception import ReceptionError, read_record
from central.report.daily_report import build_report
from central.store import CentralStore
from central.store.edges import EnrolmentError
from central.store.engine import writing
from central.store.enrolment import EnrolmentCode
from central.store.snapshots import ReportFrame
from central.store.tables import edge
from migrations import upgrade
from sync.agreement.exercise import exercise_name
from sync.agreement.vocabulary import Disposition, RecordDisposition
from tests.central.conftest import CUT_OFF_HOUR, SteppingClock, enrolled
from tests.central.edges import express
from tests.central.pushes import counted_anew, counters, push, refusal_of
from tests.demands import demand
from tests.sync.exchange.journals import MORNING, EdgeJournal, isolated, rechecked, screened

DRILL = exercise_name("mong-cai-1")


def smuggled_in(journal: EdgeJournal, *, store: CentralStore) -> EdgeJournal:
    """An edge of a drill that somebody wrote into the centre's own table, past every door."""
    with writing(store.engine) as connection:
        connection.execute(
            insert(edge).values(
                edge_id=journal.edge_id,
                point_of_entry_id="mong-cai",
                public_key=journal.public_key,
                incarnation=1,
                kind="edge",
                enrolled_at=MORNING,
                confirmed_at=MORNING,
            )
        )
    return journal


def test_an_edge_of_a_drill_is_not_enrolled_by_key_nor_by_code(store, clock):
    key = EdgeJournal(DRILL).public_key
    with pytest.raises(EnrolmentError, match="drill"):
        store.edges.enrol(DRILL, point_of_entry_id="mong-cai", public_key=key, now=clock())
    code = EnrolmentCode(
        key=b"k" * 32,
        edge_id=DRILL,
        point_of_entry_id="mong-cai",
        made_by="quantri",
        made_at=clock(),
        expires_at=clock(),
    )
    with pytest.raises(EnrolmentError, match="drill"):
        store.enrolment.add_code(code)
    assert store.edges.find(DRILL) is None
    assert store.enrolment.open_codes(DRILL, now=MORNING) == []


def test_no_record_of_a_drill_is_read_as_a_record():
    journal = EdgeJournal(DRILL)
    with pytest.raises(ReceptionError, match="record_refused"):
        read_record(journal.write(screened("c1")))
    assert read_record(EdgeJournal().write(screened("c1"))).body is not None


def test_what_an_enrolled_drill_sends_is_refused_at_push_and_express(reception, store, centre_key, clock):
    journal = smuggled_in(EdgeJournal(DRILL), store=store)
    journal.write(screened("fever", disposition=Disposition.PENDING))
    journal.write(rechecked("fever", disposition=Disposition.REFERRED))
    lane = ExpressLane(store, signing_key=centre_key, clock=clock)

    assert refusal_of(push, reception, journal).refusal.code == "record_refused"
    assert refusal_of(express, reception, lane, journal, 1, 2).refusal.code == "record_refused"
    assert store.desk.cases(now=clock()) == []
    assert counters(store) == {}


class Province:
    """A centre with a real gate, and a drill that was smuggled into its table."""

    def __init__(self, folder: Path, *, has_drill: bool) -> None:
        self.store = CentralStore.open(f"sqlite:///{folder / 'central.db'}", cut_off_hour=CUT_OFF_HOUR)
        upgrade("central", self.store.engine)
        self.clock = SteppingClock(MORNING)
        key = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
        self.reception = Reception(self.store, signing_key=key, clock=self.clock)
        self.lane = ExpressLane(self.store, signing_key=key, clock=self.clock)
        self.real = enrolled(EdgeJournal("mong-cai-1"), gate="mong-cai", store=self.store, clock=self.clock)
        self.drill = EdgeJournal(DRILL)
        if has_drill:
            smuggled_in(self.drill, store=self.store)
        self.has_drill = has_drill

    def live(self, plan: list[tuple[bool, Disposition]]) -> None:
        """Let people come to the gate and to the drill in the order of the plan."""
        for number, (is_drill, disposition) in enumerate(plan):
            if is_drill and not self.has_drill:
                continue
            journal = self.drill if is_drill else self.real
            self._screen(journal, f"c{number}", disposition=disposition)
            if is_drill:
                refusal_of(push, self.reception, journal)
                refusal_of(express, self.reception, self.lane, journal, 1, 1)
            else:
                answer = push(self.reception, journal, nonce=f"n{number}")
                assert {one.disposition for one in answer.dispositions} == {RecordDisposition.PROJECTED}

    def _screen(self, journal: EdgeJournal, crossing_id: str, *, disposition: Disposition) -> None:
        if disposition is not Disposition.ISOLATED:
            journal.write(screened(crossing_id, disposition=disposition))
            return
        journal.write(screened(crossing_id, disposition=Disposition.PENDING))
        journal.write(rechecked(crossing_id, disposition=Disposition.REFERRED))
        journal.write(isolated(crossing_id))

    def figures(self):
        """Counters, desk and daily report, without the instants at which this centre happened to receive."""
        assert counters(self.store) == counted_anew(self.store)
        day = MORNING.date()
        frame = ReportFrame(report_day=day, cut_off_hour=CUT_OFF_HOUR, taken_at=MORNING, gates=())
        report = build_report(self.store.snapshot(frame), revision=1)
        cases = sorted(case.crossing.crossing_id for case in self.store.desk.cases(now=MORNING))
        return counters(self.store), cases, report.totals, report.identities_hold, report.express_only


people = st.sampled_from([Disposition.CLEARED, Disposition.PENDING, Disposition.REFUSED, Disposition.ISOLATED])


@demand("R033")
@given(plan=st.lists(st.tuples(st.booleans(), people), min_size=1, max_size=8))
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_mix_of_drill_and_gate_gives_the_figures_of_the_gate_alone(plan):
    told = []
    for has_drill in (True, False):
        with TemporaryDirectory() as folder:
            province = Province(Path(folder), has_drill=has_drill)
            province.live(plan)
            told.append(province.figures())
            province.store.close()
    assert told[0] == told[1]
