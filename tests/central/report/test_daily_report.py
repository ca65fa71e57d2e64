"""The daily report: drawn from counts, checked by its identities, honest about what is missing."""

from datetime import UTC, date, datetime, timedelta

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from central.report.daily_report import (
    COUNTED,
    ENDS,
    DailyReport,
    build_report,
    decode_report,
    encode_report,
    says_the_same,
)
from central.report.snapshot import DayCount, GateSnapshot, ReportSnapshot
from sync.agreement.vocabulary import Direction, PointOfEntryKind, TravellerCategory

CUT_OFF = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
GATES = ("mong-cai", "hoanh-mo", "bac-phong-sinh")


def gate(point_of_entry_id: str, *, last_contact_at: datetime | None = CUT_OFF) -> GateSnapshot:
    """A gate that the deployment names."""
    return GateSnapshot(
        point_of_entry_id=point_of_entry_id,
        name=point_of_entry_id.title(),
        kind=PointOfEntryKind.MAIN,
        last_contact_at=last_contact_at,
    )


def count(
    point_of_entry_id: str, figure: str, number: int, *, category: TravellerCategory = TravellerCategory.TOURIST
) -> DayCount:
    """One counter."""
    return DayCount(
        point_of_entry_id=point_of_entry_id, direction=Direction.ENTRY, category=category, figure=figure, count=number
    )


def snapshot(*counts: DayCount, gates: tuple[GateSnapshot, ...] = tuple(map(gate, GATES))) -> ReportSnapshot:
    """One look at the day, taken a minute after the cut-off."""
    return ReportSnapshot(
        report_day=date(2026, 11, 22),
        starts_at=CUT_OFF - timedelta(days=1),
        cut_off_at=CUT_OFF,
        taken_at=CUT_OFF + timedelta(minutes=1),
        gates=gates,
        counts=counts,
    )


@st.composite
def a_days_counts(draw: st.DrawFn) -> list[DayCount]:
    """Counters as they arise: every crossing is counted once as a crossing and once as its end."""
    counts = []
    for place in GATES:
        for category in draw(st.sets(st.sampled_from(TravellerCategory), max_size=3)):
            ends = {end: draw(st.integers(0, 50)) for end in ENDS}
            counts += [count(place, end, number, category=category) for end, number in ends.items()]
            counts.append(count(place, "crossings", sum(ends.values()), category=category))
            counts.append(count(place, "measured", sum(ends.values()) - ends["withdrawn"], category=category))
    return counts


@given(a_days_counts())
def test_gates_add_up_to_the_province_and_crossings_to_their_ends(counts: list[DayCount]) -> None:
    """The identities hold for every figure, and the printed totals are the sums of the printed gates."""
    report = build_report(snapshot(*counts), revision=1)
    assert report.identities_hold
    for name in COUNTED:
        assert getattr(report.totals, name) == sum(getattr(line.figures, name) for line in report.gates if line.figures)
        assert getattr(report.totals, name) == sum(getattr(figures, name) for figures in report.categories.values())


@given(a_days_counts(), st.sampled_from(ENDS), st.sampled_from(GATES))
def test_one_crossing_too_many_is_seen_and_named(counts: list[DayCount], end: str, place: str) -> None:
    """A single miscounted crossing breaks the identity of its own gate and of the province, and of no other gate."""
    report = build_report(snapshot(*counts, count(place, end, 1)), revision=1)
    broken = {identity.scope for identity in report.identities if not identity.holds}
    assert not report.identities_hold
    assert broken == {place, "province"}


def test_a_counter_of_a_gate_that_the_deployment_does_not_name_breaks_the_sum() -> None:
    """Figures of an unknown gate are not swallowed: the gates no longer add up to the province."""
    report = build_report(snapshot(count("nowhere", "crossings", 3), count("nowhere", "cleared", 3)), revision=1)
    assert not report.identities_hold


def test_a_gate_that_never_spoke_has_no_figures_and_is_named() -> None:
    """Missing is missing: no zeros, and the unit's name stands in the list."""
    silent = gate("hoanh-mo", last_contact_at=CUT_OFF - timedelta(days=2))
    report = build_report(
        snapshot(count("mong-cai", "crossings", 1), count("mong-cai", "cleared", 1), gates=(gate("mong-cai"), silent)),
        revision=1,
    )
    assert [line.figures is None for line in report.gates] == [False, True]
    assert report.units_without_figures == ("Hoanh-Mo",)


def test_a_gate_that_fell_silent_before_the_cut_off_says_until_when() -> None:
    """Its figures stand, with the time after which nothing is known."""
    lost_at = CUT_OFF - timedelta(hours=3)
    report = build_report(
        snapshot(count("hoanh-mo", "crossings", 1), gates=(gate("hoanh-mo", last_contact_at=lost_at),)), revision=1
    )
    assert report.gates[0].reported_until == lost_at


def test_a_connected_gate_where_nobody_crossed_reports_zero() -> None:
    """Zero is a statement of a gate that was in contact during the day."""
    report = build_report(snapshot(), revision=1)
    assert report.gates[0].figures is not None
    assert report.gates[0].figures.crossings == 0
    assert report.gates[0].figures.coverage is None


def test_late_records_make_a_revision_that_states_each_change() -> None:
    """Revision 2 names the figure, the gate, the old and the new value; revision 1 is untouched."""
    first = build_report(snapshot(count("mong-cai", "crossings", 5), count("mong-cai", "cleared", 5)), revision=1)
    late = snapshot(count("mong-cai", "crossings", 6), count("mong-cai", "cleared", 6))
    second = build_report(late, revision=2, previous=first)
    stated = {(change.scope, change.figure, change.before, change.after) for change in second.changes}
    assert ("mong-cai", "crossings", 5, 6) in stated
    assert ("province", "cleared", 5, 6) in stated
    assert not says_the_same(first, second)


def test_a_gate_whose_figures_arrive_late_changes_from_nothing_not_from_zero() -> None:
    """The first figures of a silent gate are stated as a change from no figure."""
    silent = (gate("mong-cai", last_contact_at=None),)
    first = build_report(snapshot(gates=silent), revision=1)
    second = build_report(snapshot(count("mong-cai", "crossings", 2), gates=silent), revision=2, previous=first)
    assert next(change.before for change in second.changes if change.scope == "mong-cai") is None


def test_the_same_figures_taken_later_are_no_new_revision() -> None:
    """Only what is printed counts, not when it was looked at."""
    first = build_report(snapshot(count("mong-cai", "crossings", 5)), revision=1)
    again = build_report(
        msgspec.structs.replace(snapshot(count("mong-cai", "crossings", 5)), taken_at=CUT_OFF + timedelta(hours=2)),
        revision=2,
    )
    assert says_the_same(first, again)


@given(a_days_counts())
def test_a_report_read_back_from_storage_still_says_the_same(counts: list[DayCount]) -> None:
    """Looking again without news makes no revision, though stored keys come back in another order."""
    report = build_report(snapshot(*counts), revision=1)
    assert says_the_same(decode_report(encode_report(report)), build_report(snapshot(*counts), revision=2))


def test_a_gate_heard_a_minute_ago_has_not_fallen_silent() -> None:
    """An edge speaks every few seconds; only a longer silence than usual is printed."""
    heard = (gate("mong-cai", last_contact_at=CUT_OFF - timedelta(minutes=1)),)
    report = build_report(snapshot(count("mong-cai", "crossings", 1), gates=heard), revision=1)
    assert report.gates[0].reported_until is None


def test_before_the_cut_off_the_report_is_provisional() -> None:
    """Figures taken early are marked as such, and the final ones are a revision of their own."""
    early = msgspec.structs.replace(snapshot(), taken_at=CUT_OFF - timedelta(hours=1))
    assert not build_report(early, revision=1).is_final
    assert not says_the_same(build_report(early, revision=1), build_report(snapshot(), revision=2))


@given(a_days_counts())
def test_stored_bytes_read_back_equal_and_repeat_byte_for_byte(counts: list[DayCount]) -> None:
    """R053: reproducible byte for byte from the same snapshot."""
    report = build_report(snapshot(*counts), revision=1)
    content = encode_report(report)
    assert decode_report(content) == report
    assert encode_report(build_report(snapshot(*counts), revision=1)) == content


def test_coverage_is_measured_over_those_who_had_to_be_measured() -> None:
    """Withdrawn crossings neither count as measured nor have to be."""
    counts = [
        count("mong-cai", name, number) for name, number in (("crossings", 10), ("withdrawn", 2), ("measured", 6))
    ]
    report: DailyReport = build_report(snapshot(*counts), revision=1)
    assert report.totals.coverage == 0.75


def test_a_gate_without_an_edge_on_that_day_has_no_figures_however_often_it_calls_today() -> None:
    """A report drawn late for a day before the gate was enrolled says that nothing is known, not that nobody came."""
    enrolled_later = msgspec.structs.replace(
        gate("mong-cai", last_contact_at=CUT_OFF + timedelta(days=9)), enrolled_at=CUT_OFF
    )
    report = build_report(snapshot(gates=(enrolled_later,)), revision=1)
    assert report.gates[0].figures is None
    assert report.units_without_figures == ("Mong-Cai",)
    in_time = msgspec.structs.replace(enrolled_later, enrolled_at=CUT_OFF - timedelta(seconds=1))
    assert build_report(snapshot(gates=(in_time,)), revision=1).gates[0].figures is not None
