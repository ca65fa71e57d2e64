"""The figures are one piece of arithmetic: every stream, in every order, adds up to the same."""

from collections import Counter
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from central.ledger import ProjectionError
from central.reception import read_record
from central.rollup import Figure, difference, fold, identities_hold
from central.store.projection import Projection, Sender
from sync.agreement.records import CrossingCorrected, CrossingWithdrawn, TravellerDischarged
from sync.agreement.vocabulary import Direction, Disposition, TravellerCategory
from tests.demands import demand
from tests.sync.agreement.isolation_samples import isolation_samples
from tests.sync.exchange.journals import EdgeJournal, isolated, rechecked, screened

CUT_OFF_HOUR = 17
GATES = {"mong-cai-1": "mong-cai", "hoanh-mo-1": "hoanh-mo", "hoanh-mo-2": "hoanh-mo"}

FIRST = (Disposition.CLEARED, Disposition.PENDING, Disposition.REFUSED, Disposition.REFERRED)
AFTER_RECHECK = (Disposition.CLEARED, Disposition.REFERRED, Disposition.REFUSED, Disposition.PENDING)


def later_records(crossing_id):
    """Everything that may be written about a crossing after its first record, sensible or not."""
    return st.one_of(
        st.sampled_from(AFTER_RECHECK).map(lambda disposition: rechecked(crossing_id, disposition=disposition)),
        st.just(isolated(crossing_id)),
        st.sampled_from(AFTER_RECHECK).map(
            lambda disposition: TravellerDischarged(
                crossing_id=crossing_id, place_id="C1", disposition=disposition, reason="bàn giao"
            )
        ),
        st.tuples(st.none() | st.sampled_from(Direction), st.none() | st.sampled_from(TravellerCategory)).map(
            lambda changed: CrossingCorrected(
                crossing_id=crossing_id,
                corrects_record_id="r",
                reason="sửa",
                direction=changed[0],
                category=changed[1],
            )
        ),
        st.just(CrossingWithdrawn(crossing_id=crossing_id, withdraws_record_id="r", reason="ghi nhầm")),
        st.sampled_from(isolation_samples(crossing_id)),
    )


CUT_OFF = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
MIDNIGHT = datetime(2026, 11, 22, 17, 0, tzinfo=UTC)
instants = st.one_of(
    st.sampled_from([CUT_OFF, MIDNIGHT]).flatmap(
        lambda edge: st.sampled_from([-1, 0, 1]).map(lambda step: edge + timedelta(microseconds=step))
    ),
    st.integers(0, 3 * 86_400).map(lambda second: datetime(2026, 11, 21, tzinfo=UTC) + timedelta(seconds=second)),
)


@st.composite
def stories(draw, edge_id):
    """The records of one edge: crossings of several lanes, interleaved, some of them doubled."""
    gate = GATES[edge_id]
    queues = []
    for number in range(draw(st.integers(0, 6))):
        crossing_id = f"{edge_id}-{number}"
        temperature_c = draw(st.none() | st.just(36.4))
        first = screened(
            crossing_id,
            disposition=draw(st.sampled_from(FIRST)),
            at=draw(instants),
            gate=gate,
            direction=draw(st.sampled_from(Direction)),
            category=draw(st.sampled_from(TravellerCategory)),
            temperature_c=temperature_c,
            redirect_to=draw(st.sampled_from([None, "mong-cai"])),
        )
        repeats = [first] if draw(st.booleans()) else []
        queues.append([first, *repeats, *draw(st.lists(later_records(crossing_id), max_size=4))])
    journal = EdgeJournal(edge_id)
    while any(queues):
        queue = draw(st.sampled_from([queue for queue in queues if queue]))
        body = queue.pop(0)
        journal.write(body, at=getattr(body, "presented_at", MIDNIGHT))
    return journal


def project(journals, order):
    """Take the journals' records in an order that keeps each edge's own."""
    projection = Projection(cut_off_hour=CUT_OFF_HOUR)
    waiting = {journal.edge_id: list(journal.entries) for journal in journals}
    counters = Counter()
    for choice in order:
        ready = sorted(edge_id for edge_id, entries in waiting.items() if entries)
        if not ready:
            break
        edge_id = ready[choice % len(ready)]
        entry = waiting[edge_id].pop(0)
        before = Projection(cut_off_hour=CUT_OFF_HOUR, before=projection.states)
        before.take(read_record(entry.record), sender=Sender(point_of_entry_id=GATES[edge_id]))
        counters.update(difference(before.changes()))
        projection = before
    return projection.states, {key: count for key, count in counters.items() if count}


@demand("R045")
@settings(max_examples=150, deadline=None)
@given(
    journals=st.tuples(*(stories(edge_id) for edge_id in GATES)),
    one=st.lists(st.integers(0, 5), min_size=120, max_size=120),
    other=st.lists(st.integers(0, 5), min_size=120, max_size=120),
)
def test_counters_are_the_fold_and_add_up_in_any_order_of_the_edges(journals, one, other):
    states, counters = project(journals, one)
    assert counters == fold(states.values())
    assert counters == project(journals, other)[1]

    totals = Counter()
    for gate in sorted(set(GATES.values())):
        figures = Counter()
        for key, count in counters.items():
            if key.point_of_entry_id == gate:
                figures[key.figure] += count
        assert identities_hold(figures)
        totals += figures
    assert identities_hold(totals)
    by_disposition = sum(totals[Figure(disposition.value)] for disposition in Disposition)
    assert totals[Figure.CROSSINGS] == by_disposition
    measured = totals[Figure.MEASURED] + totals[Figure.NOT_MEASURED] + totals[Figure.WITHDRAWN]
    assert totals[Figure.CROSSINGS] == measured


@demand("R045")
def test_a_crossing_at_the_cut_off_hour_belongs_to_the_next_report_day():
    journal = EdgeJournal("mong-cai-1")
    for name, at in (
        ("before", CUT_OFF - timedelta(microseconds=1)),
        ("at", CUT_OFF),
        ("midnight", MIDNIGHT),
    ):
        journal.write(screened(name, at=at), at=at)
    states, _ = project([journal], [0, 0, 0])
    days = {name: state.report_day.isoformat() for name, state in states.items()}
    assert days == {"before": "2026-11-22", "at": "2026-11-23", "midnight": "2026-11-23"}


def test_a_correction_moves_a_crossing_from_one_counter_to_another():
    journal = EdgeJournal("mong-cai-1")
    journal.write(screened("c1"))
    journal.write(
        CrossingCorrected(
            crossing_id="c1", corrects_record_id="r", reason="sửa", category=TravellerCategory.BORDER_RESIDENT
        )
    )
    _, counters = project([journal], [0, 0])
    assert {key.category for key in counters} == {TravellerCategory.BORDER_RESIDENT}


def test_nothing_follows_a_withdrawal_and_a_measurement_never_changes():
    journal = EdgeJournal("mong-cai-1")
    journal.write(screened("c1", temperature_c=36.4))
    journal.write(CrossingWithdrawn(crossing_id="c1", withdraws_record_id="r", reason="ghi nhầm"))
    journal.write(rechecked("c1", disposition=Disposition.CLEARED))
    states, counters = project([journal], [0, 0, 0])
    assert states["c1"].disposition is Disposition.WITHDRAWN
    assert {key.figure for key in counters} == {Figure.CROSSINGS, Figure.WITHDRAWN}
    assert issubclass(ProjectionError, ValueError)
