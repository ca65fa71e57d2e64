"""Laws of the shift's arithmetic: shifts cut a day without gap or overlap, and their figures add up to the day's."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from checkpoint.shifts.figures import CountedCrossing, figures_by_lane, lane_figures, total_of
from checkpoint.shifts.hours import DayPlan
from checkpoint.shifts.sheets import NumberBlock, missing_numbers, unused_count
from sync.agreement.vocabulary import Disposition, ExceptionCode

DAY = date(2026, 11, 22)
LANES = ("lane-1", "lane-2", "lane-3")
FIRST = datetime(2026, 11, 21, tzinfo=UTC)


def instants(days):
    return st.integers(0, days * 86_400_000).map(lambda after_ms: FIRST + timedelta(milliseconds=after_ms))


MINUTES = st.lists(st.integers(0, 1439), min_size=1, max_size=6, unique=True).map(sorted)
CROSSINGS = st.builds(
    CountedCrossing,
    lane_id=st.sampled_from((*LANES, "lane-gone")),
    presented_at=instants(3),
    disposition=st.sampled_from(Disposition),
    is_measured=st.booleans(),
    has_alarm=st.booleans(),
    is_rechecked=st.booleans(),
    exception_code=st.none() | st.sampled_from([code.value for code in ExceptionCode]),
    handled_s=st.none() | st.integers(0, 600).map(float),
    is_from_paper=st.booleans(),
)


def plan_of(minutes):
    return DayPlan([(f"shift_{number}", minute) for number, minute in enumerate(minutes)])


@given(MINUTES, st.lists(CROSSINGS, max_size=60))
def test_the_figures_of_the_shifts_add_up_to_the_day(minutes, rows):
    shifts = plan_of(minutes).of_day(DAY)
    begins, ends = shifts[0].starts_at, shifts[-1].ends_at
    by_shift = [lane_figures(row for row in rows if hours.contains(row.presented_at)) for hours in shifts]

    assert ends - begins == timedelta(days=1)
    assert total_of(by_shift) == lane_figures(row for row in rows if begins <= row.presented_at < ends)


@given(st.lists(CROSSINGS, max_size=60))
def test_every_crossing_has_one_disposition_and_is_measured_or_not(rows):
    whole = lane_figures(rows)

    assert whole.dispositions == whole.crossings == len(rows)
    assert whole.measured + whole.not_measured == whole.crossings - whole.withdrawn
    standing = [row for row in rows if row.disposition is not Disposition.WITHDRAWN]
    assert sum(whole.exceptions.values()) == sum(row.exception_code is not None for row in standing)
    assert whole.alarms == sum(row.has_alarm for row in standing)


@given(st.lists(CROSSINGS, max_size=60))
def test_the_lanes_add_up_to_the_gate_and_none_is_left_out(rows):
    lanes = figures_by_lane(rows, lanes=LANES)

    assert set(LANES) <= set(lanes)
    assert total_of(lanes.values()) == lane_figures(rows)


@given(MINUTES, instants(400))
def test_each_instant_belongs_to_exactly_one_shift(minutes, at):
    plan = plan_of(minutes)
    found = plan.at(at)

    assert found.contains(at)
    assert found == plan.find(found.shift_day, code=found.code)
    assert plan.after(found).starts_at == found.ends_at
    assert plan.before(plan.after(found)) == found


@given(st.integers(1, 500), st.integers(1, 200), st.sets(st.integers(1, 800)))
def test_each_number_of_a_block_is_used_missing_or_left(first, count, used):
    block = NumberBlock(block_id="b", first_number=first, last_number=first + count - 1)
    missing, own = missing_numbers(block, used=used), {number for number in used if block.contains(number)}

    assert own.isdisjoint(missing)
    assert len(missing) + len(own) + unused_count(block, used=used) == count
