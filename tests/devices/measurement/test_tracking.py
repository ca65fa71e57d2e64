"""Whose face is whose: one walk is one reading, no picture counts for two people, and none twice."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.drivers.cptv import CptvDriver
from devices.measurement.presence import PresenceSettings, PresenceTracker
from devices.measurement.sightings import ReadingMaker, Sighting
from devices.measurement.tracking import FaceSeen, FaceTracker, overlap_of
from devices.reading import FaceBox, ThermalFrame, UnusableReason
from tests.demands import demand

START = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
PER_S = 9
WIDTH_PX, HEIGHT_PX = 20, 26
ROOM_C = 22.0

boxes = st.builds(
    FaceBox,
    left_px=st.integers(-5, 150),
    top_px=st.integers(-5, 110),
    width_px=st.integers(4, 60),
    height_px=st.integers(4, 80),
)
pictures_of_faces = st.lists(
    st.lists(st.builds(FaceSeen, box=boxes, warmth_c=st.floats(8, 16)), max_size=4), min_size=1, max_size=30
)


def seen(left_px, *, warmth_c=12.0, top_px=40):
    box = FaceBox(left_px=round(left_px), top_px=top_px, width_px=WIDTH_PX, height_px=HEIGHT_PX)
    return FaceSeen(box=box, warmth_c=warmth_c)


class Path:
    """A tracker fed picture by picture; ``numbers`` are the tracks of the faces of each picture."""

    def __init__(self):
        self.tracker, self.at, self.numbers, self.ended = FaceTracker(), START, [], []

    def show(self, *faces, cold=True, after_s=1 / PER_S):
        self.at += timedelta(seconds=after_s)
        followed = self.tracker.follow(faces, at=self.at, warmth_at=lambda _: 0.0 if cold else 12.0)
        self.numbers.append(tuple(track.number for track in followed.tracks))
        self.ended += [track.number for track in followed.ended]
        return self.numbers[-1]


@settings(max_examples=60, deadline=None)
@given(pictures=pictures_of_faces, is_cold=st.booleans())
def test_each_face_of_a_picture_has_one_track_and_no_track_has_two(pictures, is_cold):
    path = Path()
    for faces in pictures:
        numbers = path.show(*faces, cold=is_cold)
        assert len(numbers) == len(faces) == len(set(numbers))
    counted = sum(track.frames for track in path.tracker.tracks)
    assert counted <= sum(map(len, pictures))
    assert len(path.ended) == len(set(path.ended))
    assert not set(path.ended) & {track.number for track in path.tracker.tracks}


@settings(max_examples=40, deadline=None)
@given(
    speed_sizes_s=st.floats(-6, 6),
    warmth_c=st.floats(9, 15),
    lost=st.sets(st.integers(5, 30), max_size=2),
    seed=st.integers(0, 99),
)
def test_one_walk_is_one_track_though_single_pictures_miss_the_face(speed_sizes_s, warmth_c, lost, seed):
    path, random = Path(), np.random.default_rng(seed)
    for number in range(32):
        place = 300 + number * speed_sizes_s * WIDTH_PX / PER_S + random.normal(0, 0.5)
        face = seen(place, warmth_c=warmth_c + random.normal(0, 0.1))
        path.show(*(() if number in lost else (face,)), cold=False)
    assert {number for numbers in path.numbers for number in numbers} == {1}


def test_a_loss_of_a_second_is_bridged_while_the_place_stays_warm_and_no_longer():
    path = Path()
    path.show(seen(50))
    for _ in range(PER_S):
        path.show(cold=False)
    assert path.show(seen(52)) == (1,)
    for _ in range(PER_S + 1):
        path.show(cold=False)
    assert path.show(seen(52)) == (2,)
    assert path.ended == [1]


def test_who_steps_in_where_somebody_left_is_somebody_else_however_alike():
    path = Path()
    path.show(seen(50))
    for _ in range(3):
        path.show(cold=True)
    assert path.show(seen(50)) == (2,)


def test_who_is_more_than_half_out_of_the_picture_has_left_and_who_comes_in_there_is_another():
    path = Path()
    whole, going = (
        seen(30),
        FaceSeen(
            box=FaceBox(left_px=0, top_px=40, width_px=WIDTH_PX // 2 - 1, height_px=HEIGHT_PX),
            warmth_c=12.0,
            is_cut=True,
        ),
    )
    assert path.show(whole) == path.show(seen(12)) == (1,)
    assert path.show(going, cold=False) == (2,)
    assert path.show(seen(2), cold=False) == (2,)


def test_who_takes_the_place_of_one_who_was_lost_is_known_by_warmth():
    path = Path()
    path.show(seen(50, warmth_c=12.0))
    for _ in range(6):
        path.show(cold=False)
    assert path.show(seen(50, warmth_c=13.5)) == (2,)


def test_two_who_follow_each_other_without_a_gap_are_two():
    path, owners = Path(), {}
    for number in range(38):
        places = {"first": 10 + 3 * number, "second": 10 + 3 * number - 30}
        in_view = {person: seen(place) for person, place in places.items() if 0 <= place <= 80}
        for person, track in zip(in_view, path.show(*in_view.values()), strict=True):
            owners.setdefault(track, set()).add(person)
    assert owners == {1: {"first"}, 2: {"second"}}


@settings(max_examples=40, deadline=None)
@given(apart_c=st.floats(1.0, 4.0), speed=st.floats(2, 5), seed=st.integers(0, 99))
def test_two_who_cross_before_the_camera_never_share_a_track_when_their_warmth_differs(apart_c, speed, seed):
    path, random, owners = Path(), np.random.default_rng(seed), {}
    for number in range(40):
        places = ((10 + speed * number, 11.0), (10 + speed * 39 - speed * number, 11.0 + apart_c))
        faces = [seen(place, warmth_c=warmth + random.normal(0, 0.05)) for place, warmth in places]
        for person, track in enumerate(path.show(*faces)):
            owners.setdefault(track, set()).add(person)
    assert all(len(people) == 1 for people in owners.values())


def test_where_two_alike_could_have_changed_places_both_tracks_end_and_new_ones_name_them():
    path = Path()
    path.show(seen(40), seen(60))
    numbers = path.show(seen(50), seen(50, top_px=41))
    assert numbers == (3, 4)
    assert path.ended == [1, 2]
    assert {track.may_continue for track in path.tracker.tracks} == {(1, 2)}


@given(one=boxes, other=boxes)
def test_overlap_is_a_share_and_the_same_from_both_sides(one, other):
    assert 0.0 <= overlap_of(one, other) == overlap_of(other, one) <= 1.0
    assert overlap_of(one, one) == 1.0


class Lane:
    """Pictures of 160 x 120 with faces at chosen places, measured by the product."""

    def __init__(self, **tracking):
        self.gone = []
        self.tracker = PresenceTracker(
            device_id="camera",
            manifest=CptvDriver.manifest,
            settings=PresenceSettings(**tracking),
            on_gone=self.gone.append,
        )
        self.random, self.at, self.readings = np.random.default_rng(1), START, []
        self.down, self.across = np.mgrid[0:120, 0:160]

    def show(self, *people):
        """``people``: column of the middle, and temperature of the warmest skin."""
        celsius = np.full((120, 160), ROOM_C)
        for column, skin_c in people:
            from_middle = np.hypot((self.down - 55) / 26, (self.across - column) / 20)
            face_c = np.where(from_middle < 0.3, skin_c, skin_c - 0.5 - from_middle**2)
            celsius = np.where(from_middle <= 1, np.maximum(celsius, face_c), celsius)
        celsius += self.random.normal(0, 0.03, celsius.shape)
        self.at += timedelta(seconds=1 / PER_S)
        frame = ThermalFrame(device_id="camera", observed_at=self.at, celsius=celsius.astype(np.float32))
        self.readings += self.tracker.accept_each(frame)


@demand("R008")
def test_two_who_walk_through_without_a_gap_give_two_readings_each_of_its_own_pictures():
    lane = Lane()
    for number in range(46):
        people = ((20 + 6 * number, 35.8), (20 + 6 * number - 110, 36.9))
        lane.show(*((column, skin_c) for column, skin_c in people if 0 < column < 140))
    usable = [reading for reading in lane.readings if reading.is_usable]
    assert [reading.temperature_c for reading in usable] == pytest.approx([35.8, 36.9], abs=0.15)


def test_a_lane_for_one_measures_nobody_while_two_stand_there_and_says_so_once():
    lane = Lane()
    for _ in range(12):
        lane.show((45, 35.8), (115, 36.9))
    [told] = lane.readings
    assert told.unusable_because == (UnusableReason.SEVERAL_FACES,)


def test_with_each_face_at_once_everybody_in_view_is_measured_alone():
    lane = Lane(faces_at_once="each")  # both are measured in the same picture
    for number in range(12):
        lane.show((45 + number, 35.8), (115 - number, 36.9))
    lane.tracker.finish()
    measured_c = sorted(reading.temperature_c for reading in lane.readings)
    assert measured_c == pytest.approx([35.8, 36.9], abs=0.15)
    assert [(person.frames, person.reading.is_usable) for person in lane.gone] == [(12, True), (12, True)]
    assert len({reading.delivery_key for reading in lane.readings}) == len(lane.readings), (
        "a store keeps one of each key"
    )


def test_whoever_walked_through_is_told_when_gone_with_a_reading_that_may_not_be_used():
    lane = Lane()
    for number in range(3):
        lane.show((60 + number, 36.0))
    lane.tracker.finish()
    [person] = lane.gone
    assert person.reading.unusable_because == (UnusableReason.TOO_FEW_FRAMES,)
    assert (person.frames, person.whole_frames, person.reading.frame_count) == (3, 3, 3)
    assert person.last_at - person.first_at == timedelta(seconds=2 / PER_S)


@settings(max_examples=15, deadline=None)
@given(stays=st.lists(st.integers(5, 12), min_size=1, max_size=4))
def test_no_picture_counts_for_two_people_and_none_twice(stays):
    """Every reading's pictures lie within its own person's stay, and the stays do not overlap."""
    lane = Lane()
    for frames in stays:
        for _ in range(frames):
            lane.show((80, 36.2))
        for _ in range(3):
            lane.show()
    assert len(lane.readings) == len(lane.gone) == len(stays)
    assert [person.frames for person in lane.gone] == stays
    assert all(one.last_at < other.first_at for one, other in pairwise(lane.gone))
    assert all(reading.frame_count == 5 for reading in lane.readings)


def test_a_reading_of_two_peoples_pictures_cannot_be_made():
    lane = Lane()
    for _ in range(4):
        lane.show((80, 36.2))
    [presence] = lane.tracker._presences.values()
    own = list(presence.sightings)
    other = msgspec.structs.replace(own[-1], track=99)
    assert isinstance(other, Sighting)
    maker = ReadingMaker(device_id="camera", manifest=CptvDriver.manifest)
    assert maker.made(presence.last_frame, own).frame_count == 4
    with pytest.raises(ValueError, match="one person"):
        maker.made(presence.last_frame, [*own, other])
