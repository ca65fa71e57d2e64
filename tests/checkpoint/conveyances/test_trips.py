"""Pairing never loses a vehicle, and a driver who changes is no vehicle that did not return."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from checkpoint.conveyances import Country, Movement, Occupant, away, driver_swaps, ended_by, trips
from sync.agreement.group_words import OccupantRole
from sync.agreement.vocabulary import Direction
from tests.checkpoint.people import MORNING

OUT, HOME = Direction.EXIT, Direction.ENTRY


def movement(name: str, direction: Direction, *, minute: int, plates: str = "T", **more) -> Movement:
    """``plates``: one letter for each plate that the truck showed."""
    return Movement(
        conveyance_id=name,
        keys=frozenset(plates),
        moved_at=MORNING + timedelta(minutes=minute),
        direction=direction,
        **more,
    )


def driver(name: str, role: OccupantRole = OccupantRole.DRIVER) -> tuple[Occupant, ...]:
    return (Occupant(crossing_id=f"{name}-crossing", person_key=name, role=role),)


@st.composite
def days(draw):
    """Movements of some trucks with up to two plates each, in the order of time."""
    steps = draw(
        st.lists(
            st.tuples(
                st.sampled_from([OUT, HOME, Direction.TRANSIT]), st.sampled_from(["A", "B", "AB", "C", "CD", "D"])
            ),
            max_size=30,
        )
    )
    return [movement(f"m{n}", way, minute=n, plates=plates) for n, (way, plates) in enumerate(steps)]


@given(days())
def test_each_movement_stands_in_exactly_one_trip_and_only_transit_in_none(moved):
    paired = [one for trip in trips(moved) for one in (trip.out, trip.home) if one is not None]

    wanted = [one.conveyance_id for one in moved if one.direction is not Direction.TRANSIT]
    assert sorted(one.conveyance_id for one in paired) == sorted(wanted)


@given(days())
def test_the_halves_of_a_trip_go_opposite_ways_and_share_a_vehicle_in_time(moved):
    for trip in trips(moved):
        if trip.out is not None and trip.home is not None:
            assert trip.out.direction is not trip.home.direction
            assert trip.out.moved_at < trip.home.moved_at


@given(days())
def test_no_vehicle_is_away_whose_last_movement_brought_it_home(moved):
    last = {}
    for one in moved:
        if one.direction is not Direction.TRANSIT:
            last |= dict.fromkeys(one.keys, one)
    for gone in away(moved):
        assert gone.direction is OUT
        assert all(last[key].moved_at <= gone.moved_at for key in gone.keys)


def test_a_truck_known_by_its_other_plate_abroad_has_come_home():
    left = movement("left", OUT, minute=0, plates="VC")
    back = movement("back", HOME, minute=60, plates="C")

    assert [(trip.out, trip.home) for trip in trips([left, back])] == [(left, back)]
    assert away([left, back]) == ()


def test_the_same_truck_four_times_a_day_makes_two_trips():
    moved = [movement(f"m{n}", (OUT, HOME)[n % 2], minute=n * 90) for n in range(4)]

    assert [(trip.out.conveyance_id, trip.home.conveyance_id) for trip in trips(moved)] == [("m0", "m1"), ("m2", "m3")]
    assert ended_by(moved[1], before=moved[0]) == "m0"
    assert ended_by(moved[2], before=None) is None
    assert ended_by(moved[0], before=moved[2]) is None


def test_a_truck_that_leaves_twice_without_coming_home_is_shown_not_hidden():
    first, second = movement("first", OUT, minute=0), movement("second", OUT, minute=30)

    assert [trip.home for trip in trips([first, second])] == [None, None]
    assert away([first, second]) == (second,)


def test_a_foreign_truck_is_away_from_home_while_it_is_here():
    came = movement("came", HOME, minute=0, country=Country.CHINA)
    gone = movement("gone", OUT, minute=300, country=Country.CHINA)

    assert away([came]) == (came,)
    assert away([came, gone]) == ()


def test_a_driver_who_changes_is_listed_and_the_truck_has_returned():
    came = movement("came", HOME, minute=0, country=Country.CHINA, occupants=driver("driver-a"))
    gone = movement("gone", OUT, minute=300, country=Country.CHINA, occupants=driver("driver-b"))

    [swap] = driver_swaps(trips([came, gone]))

    assert [one.person_key for one in swap.only_out] == ["driver-a"]
    assert [one.person_key for one in swap.only_home] == ["driver-b"]
    assert away([came, gone]) == ()


def test_driver_and_co_driver_who_take_turns_are_no_swap():
    both = (*driver("a"), *driver("b", OccupantRole.CO_DRIVER))
    turned = (*driver("b"), *driver("a", OccupantRole.CO_DRIVER))

    paired = trips([movement("out", OUT, minute=0, occupants=both), movement("home", HOME, minute=9, occupants=turned)])

    assert driver_swaps(paired) == ()
