"""The laws of coverage: counts add up, nothing is used twice, order does not matter, and no gap means empty lists."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from checkpoint.actions.immigration_list import read_list
from checkpoint.coverage import (
    GAP_FIGURES,
    NOT_CHOSEN,
    Figure,
    HourSeen,
    ImmigrationEntry,
    LaneHour,
    LoggedCrossing,
    Sighting,
    Windows,
    document_key,
    entry_key,
    pairs_within,
    reconcile_hour,
)
from checkpoint.coverage.passages import NOBODY_THERE, UNCLAIMED, passages_of
from checkpoint.lane import NotBound
from sync.agreement.vocabulary import Direction
from tests.demands import demand

HOUR = datetime(2026, 11, 22, 1, tzinfo=UTC)
LANES = {"lane-1": Direction.ENTRY, "lane-2": Direction.EXIT}
HOURS = [HOUR + timedelta(hours=offset) for offset in (-1, 0, 1)]
SECRET = b"k" * 32

moments = st.integers(-900, 4500).map(lambda second: HOUR + timedelta(seconds=second))
directions = st.sampled_from(list(LANES.values()))
people = st.sampled_from(["", "a", "b", "c", "d"])
lanes = st.sampled_from(list(LANES))


@st.composite
def crossings(draw) -> list[LoggedCrossing]:
    made = []
    for number in range(draw(st.integers(0, 8))):
        is_measured = draw(st.booleans())
        fate = draw(st.sampled_from(["cleared", "turned_back", "withdrawn", "referred"]))
        made.append(
            LoggedCrossing(
                crossing_id=f"crossing-{number}",
                lane_id=draw(lanes),
                at=draw(moments),
                direction=draw(directions),
                document_key=draw(people),
                is_measured=is_measured,
                is_excepted=draw(st.booleans()),
                is_cleared=fate == "cleared",
                is_turned_back=fate == "turned_back",
                is_withdrawn=fate == "withdrawn",
            )
        )
    return made


@st.composite
def gates(draw) -> HourSeen:
    logged = draw(crossings())
    bound = st.sampled_from([None, *(one.crossing_id for one in logged)])
    sightings = [
        Sighting(
            reading_id=f"reading-{number}",
            lane_id=draw(lanes),
            device_id="face-1",
            at=draw(moments),
            observed_at=draw(st.none() | moments),
            bound_to=draw(bound),
            reason=draw(st.sampled_from([NOBODY_THERE, NOT_CHOSEN, UNCLAIMED, "stale"])),
        )
        for number in range(draw(st.integers(0, 10)))
    ]
    entries = [
        ImmigrationEntry(
            entry_key=f"entry-{number}",
            document_key=draw(people),
            at=draw(moments),
            direction=draw(directions),
            lane_id=draw(st.sampled_from(["", "lane-1", "q7"])),
        )
        for number in range(draw(st.integers(0, 8)))
    ]
    listed = frozenset((hour, direction) for hour in HOURS for direction in LANES.values() if draw(st.booleans()))
    listed |= {(one.at.replace(minute=0, second=0), one.direction) for one in entries}
    return HourSeen(
        lanes=LANES, sightings=tuple(sightings), crossings=tuple(logged), entries=tuple(entries), listed=listed
    )


def rows(results: tuple[LaneHour, ...], figure: Figure) -> list:
    return [row for one in results for row in one.rows[figure]]


@demand("R008")
@given(gates())
def test_every_passage_crossing_and_entry_of_the_hour_stands_in_exactly_one_place(seen: HourSeen):
    results = reconcile_hour(seen, starts_at=HOUR)
    for one in results:
        counts = {figure: len(one.rows[figure]) for figure in Figure}
        parts = (Figure.MEASURED, Figure.EXCEPTED, Figure.TURNED_BACK, Figure.NOT_MEASURED)
        assert counts[Figure.LOGGED] == sum(counts[part] for part in parts)
        for gap, whole in ((Figure.SEEN_NOT_LOGGED, Figure.SEEN), (Figure.LISTED_NOT_LOGGED, Figure.LISTED)):
            assert set(one.rows[gap]) <= set(one.rows[whole])
    inside = [one for one in seen.crossings if not one.is_withdrawn and HOUR <= one.at < HOUR + timedelta(hours=1)]
    assert Counter(one.name for one in rows(results, Figure.LOGGED)) == Counter(one.name for one in inside)
    stamped = [one for one in seen.entries if HOUR <= one.at < HOUR + timedelta(hours=1)]
    assert Counter(one.name for one in rows(results, Figure.LISTED)) == Counter(one.name for one in stamped)


@given(gates())
def test_no_reading_stands_in_two_passages_and_no_crossing_explains_two(seen: HourSeen):
    found = [row for hour in HOURS for row in rows(reconcile_hour(seen, starts_at=hour), Figure.SEEN)]
    readings = Counter(reading_id for one in found for reading_id in one.reading_ids)
    assert set(readings.values()) <= {1}
    assert set(readings) == {one.reading_id for one in seen.sightings}
    lanes_of = Counter((one.crossing_id, one.lane_id) for one in found if one.crossing_id)
    assert set(lanes_of.values()) <= {1}


@given(gates())
def test_an_entry_of_the_list_is_used_for_one_crossing_only(seen: HourSeen):
    results = [one for hour in HOURS for one in reconcile_hour(seen, starts_at=hour)]
    used = sum(len(one.rows[Figure.LISTED]) - len(one.rows[Figure.LISTED_NOT_LOGGED]) for one in results)
    groups = Counter((one.document_key, one.direction) for one in seen.entries)
    logged = Counter((one.document_key, one.direction) for one in seen.crossings if not one.is_withdrawn)
    assert used <= sum(min(count, logged[group]) for group, count in groups.items())


@given(gates(), st.randoms(use_true_random=False))
def test_the_order_in_which_rows_come_does_not_matter(seen: HourSeen, random):
    mixed = {
        name: tuple(random.sample(getattr(seen, name), k=len(getattr(seen, name))))
        for name in ("sightings", "crossings", "entries")
    }
    assert reconcile_hour(msgspec.structs.replace(seen, **mixed), starts_at=HOUR) == reconcile_hour(
        seen, starts_at=HOUR
    )


@given(st.lists(moments, max_size=8), st.lists(moments, max_size=8), st.integers(0, 1200))
def test_as_many_are_paired_as_can_be(left: list[datetime], right: list[datetime], window_s: int):
    def named(side: list[datetime], word: str) -> list[Sighting]:
        return [
            Sighting(reading_id=f"{word}-{number}", lane_id="", device_id="", at=at) for number, at in enumerate(side)
        ]

    class Named(msgspec.Struct, frozen=True):
        at: datetime
        name: str

    ones = [Named(one.at, one.reading_id) for one in named(left, "l")]
    others = [Named(one.at, one.reading_id) for one in named(right, "r")]
    window = timedelta(seconds=window_s)
    pairs = pairs_within(ones, others, window=window)
    assert all(abs(a.at - b.at) <= window for a, b in pairs)
    assert len({a.name for a, _ in pairs}) == len({b.name for _, b in pairs}) == len(pairs)
    assert len(pairs) == most_pairs(ones, others, window=window)


def most_pairs(ones: list, others: list, *, window: timedelta) -> int:
    """The largest matching there is, by augmenting paths."""
    taken: dict[str, object] = {}

    def finds(one, tried: set[str]) -> bool:
        for other in others:
            if abs(one.at - other.at) > window or other.name in tried:
                continue
            tried.add(other.name)
            if other.name not in taken or finds(taken[other.name], tried):
                taken[other.name] = one
                return True
        return False

    return sum(finds(one, set()) for one in ones)


@demand("R008")
@given(st.lists(st.tuples(st.integers(0, 3599), people.filter(bool), lanes), max_size=10, unique_by=lambda one: one[0]))
def test_where_everybody_was_seen_logged_measured_and_stamped_every_list_is_empty(passed):
    logged, seen, stamped = [], [], []
    for number, (second, person, lane_id) in enumerate(passed):
        at, name = HOUR + timedelta(seconds=second), f"crossing-{number}"
        logged.append(
            LoggedCrossing(
                crossing_id=name,
                lane_id=lane_id,
                at=at,
                direction=LANES[lane_id],
                document_key=person,
                is_measured=True,
            )
        )
        seen.append(Sighting(reading_id=name, lane_id=lane_id, device_id="face-1", at=at, bound_to=name))
        stamped.append(ImmigrationEntry(entry_key=name, document_key=person, at=at, direction=LANES[lane_id]))
    whole = HourSeen(
        lanes=LANES,
        sightings=tuple(seen),
        crossings=tuple(logged),
        entries=tuple(stamped),
        listed=frozenset((HOUR, direction) for direction in LANES.values()),
    )
    results = reconcile_hour(whole, starts_at=HOUR)
    assert [one.count(figure) for one in results for figure in GAP_FIGURES] == [0] * len(results) * len(GAP_FIGURES)


def test_without_a_list_the_figures_of_the_list_are_unknown_and_never_zero():
    (entry, exit_lane) = reconcile_hour(
        HourSeen(lanes=LANES, listed=frozenset({(HOUR, Direction.EXIT)})), starts_at=HOUR
    )
    of_a_list = (Figure.LISTED, Figure.LISTED_NOT_LOGGED, Figure.LOGGED_NOT_LISTED)
    assert [entry.count(figure) for figure in of_a_list] == [None, None, None]
    assert [exit_lane.count(figure) for figure in of_a_list] == [0, 0, 0]


def list_of(*times: str, begins_at: str = "", ends_at: str = "") -> set[str]:
    rows = [
        (number, {"document_number": "QN 1", "crossed_at": f"2026-11-22T{at}+00:00", "direction": "entry"})
        for number, at in enumerate(times)
    ]
    given = read_list(rows, key=bytes(32), begins_at=begins_at, ends_at=ends_at)
    assert all(hour.direction is Direction.ENTRY for hour in given.hours)
    return {hour.starts_at.astimezone(UTC).strftime("%H") for hour in given.hours}


def test_a_list_covers_the_hours_that_lie_in_it_whole_and_no_other():
    assert list_of("01:15:00", "04:50:00") == {"02", "03"}
    assert list_of("01:00:00", "03:00:00") == {"01", "02"}
    assert list_of("01:15:00") == set()
    said = {"begins_at": "2026-11-22T01:30+00:00", "ends_at": "2026-11-22T04:30+00:00"}
    assert list_of("02:10:00", **said) == {"02", "03"}
    assert list_of("02:10:00", begins_at="2026-11-22T02:00+00:00", ends_at="2026-11-22T03:00+00:00") == {"02"}


def test_two_readings_of_one_stance_are_one_person_and_one_left_aside_is_another():
    at = HOUR + timedelta(minutes=5)

    def seen(name: str, second: float, **more) -> Sighting:
        return Sighting(
            reading_id=name, lane_id="lane-1", device_id="face-1", at=at + timedelta(seconds=second), **more
        )

    whole = HourSeen(
        lanes=LANES,
        sightings=(
            seen("again", 2, reason=NotBound.ALREADY_WRITTEN.value),
            seen("first", 0, bound_to="crossing-1"),
            seen("behind", 1, reason=NotBound.NOT_CHOSEN.value),
            seen("later", 60, reason=NotBound.NOBODY_THERE.value),
            seen("later-again", 62, reason=NotBound.NOBODY_THERE.value),
        ),
        crossings=(
            LoggedCrossing(
                crossing_id="crossing-1",
                lane_id="lane-1",
                at=at,
                direction=Direction.ENTRY,
                document_key="a",
                is_measured=True,
            ),
        ),
    )
    lane, _ = reconcile_hour(whole, starts_at=HOUR)
    assert [one.reading_ids for one in lane.rows[Figure.SEEN]] == [
        ("first", "again"),
        ("behind",),
        ("later", "later-again"),
    ]
    assert [one.reason for one in lane.rows[Figure.SEEN_NOT_LOGGED]] == ["not_chosen", "nobody_there"]
    lanes_own = {NotBound.NOT_CHOSEN.value, NotBound.UNCLAIMED.value, NotBound.NOBODY_THERE.value}
    assert lanes_own == {NOT_CHOSEN, UNCLAIMED, NOBODY_THERE}


def stance(name: str, second: float, *, measured_at: float | None = None, **more) -> Sighting:
    at = HOUR + timedelta(minutes=5, seconds=second)
    observed_at = None if measured_at is None else HOUR + timedelta(seconds=measured_at)
    return Sighting(reading_id=name, lane_id="lane-1", device_id="face-1", at=at, observed_at=observed_at, **more)


def passages(*sightings: Sighting) -> list[tuple[str, ...]]:
    return [one.reading_ids for one in passages_of(sightings, same_person=timedelta(seconds=3))]


@demand("R008")
def test_whoever_walks_through_right_behind_a_cleared_person_is_a_passage_of_their_own():
    cleared = stance("cleared", 0, bound_to="crossing-1")
    behind = stance("behind", 2, reason=NotBound.NOBODY_THERE.value)
    before = stance("before", -1, reason=NotBound.NOBODY_THERE.value)
    assert passages(before, cleared, behind) == [("before", "cleared"), ("behind",)]
    given_up = stance("given-up", 1, reason=NotBound.UNCLAIMED.value)
    assert passages(cleared, given_up) == [("cleared",), ("given-up",)]


@demand("R008")
def test_a_crowd_that_walks_through_without_a_gap_is_not_one_person():
    crowd = [stance(f"{number:03}", 2.5 * number, reason=NotBound.NOBODY_THERE.value) for number in range(100)]
    assert len(passages(*crowd)) == 50


@demand("R008")
def test_what_a_terminal_kept_through_an_outage_is_as_many_people_as_it_measured():
    kept = [
        stance(f"{minute}-{again}", 0.01 * (2 * minute + again), measured_at=60 * minute + again, reason="stale")
        for minute in range(20)
        for again in range(2)
    ]
    assert len(passages(*kept)) == 20
    near = stance("now", 0.1, measured_at=1200, bound_to="crossing-1")
    assert len(passages(near, *kept)) == 21, "nor are they whoever stands there when they arrive"


def test_a_withdrawn_crossing_leaves_its_passage_to_be_explained():
    at = HOUR + timedelta(minutes=5)
    seen = Sighting(reading_id="r", lane_id="lane-1", device_id="face-1", at=at, bound_to="crossing-1")
    wrong = LoggedCrossing(
        crossing_id="crossing-1",
        lane_id="lane-1",
        at=at,
        direction=Direction.ENTRY,
        document_key="a",
        is_measured=True,
        is_withdrawn=True,
    )
    alone, _ = reconcile_hour(HourSeen(lanes=LANES, sightings=(seen,), crossings=(wrong,)), starts_at=HOUR)
    assert [one.reason for one in alone.rows[Figure.SEEN_NOT_LOGGED]] == ["withdrawn"]
    right = msgspec.structs.replace(wrong, crossing_id="crossing-2", is_withdrawn=False)
    again, _ = reconcile_hour(HourSeen(lanes=LANES, sightings=(seen,), crossings=(wrong, right)), starts_at=HOUR)
    assert again.count(Figure.SEEN_NOT_LOGGED) == 0
    assert again.count(Figure.LOGGED) == 1


def test_a_stamp_on_the_other_side_of_the_hour_is_found_from_both_hours():
    logged = LoggedCrossing(
        crossing_id="crossing-1",
        lane_id="lane-1",
        at=HOUR + timedelta(minutes=55),
        direction=Direction.ENTRY,
        document_key="a",
        is_measured=True,
    )
    stamped = ImmigrationEntry(
        entry_key="e", document_key="a", at=HOUR + timedelta(minutes=65), direction=Direction.ENTRY
    )
    listed = frozenset((hour, Direction.ENTRY) for hour in HOURS)
    whole = HourSeen(lanes=LANES, crossings=(logged,), entries=(stamped,), listed=listed)
    first, _ = reconcile_hour(whole, starts_at=HOUR)
    second, _ = reconcile_hour(whole, starts_at=HOUR + timedelta(hours=1))
    assert (first.count(Figure.LOGGED_NOT_LISTED), first.count(Figure.LISTED)) == (0, 0)
    assert (second.count(Figure.LISTED), second.count(Figure.LISTED_NOT_LOGGED)) == (1, 0)
    nobody, _ = reconcile_hour(whole, starts_at=HOUR, windows=Windows(entry_s=300))
    assert nobody.count(Figure.LOGGED_NOT_LISTED) == 1


def test_a_key_says_nothing_without_the_secret_and_a_line_has_one_name():
    assert document_key("QN 100-123", key=SECRET) == document_key("qn100123", key=SECRET)
    assert document_key("QN100123", key=SECRET) != document_key("QN100123", key=SECRET[::-1] + b"x")
    names = {entry_key("C1", at=HOUR.astimezone(zone), direction=Direction.ENTRY, key=SECRET) for zone in (UTC, None)}
    assert len(names) == 1
