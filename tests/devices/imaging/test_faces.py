"""Warm heads in small pictures: one is found where it stands, clothes and glasses make no second one."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.imaging.faces import find_heads
from devices.imaging.frames import fault_of_frame, mean_of_hottest


def room(*, rows=160, columns=120, ambient_c=22.0, seed=0):
    noise = np.random.default_rng(seed).normal(0, 0.05, (rows, columns))
    return (ambient_c + noise).astype(np.float32)


def ellipse(picture, *, row, column, half_height, half_width, celsius):
    rows, columns = np.mgrid[0 : picture.shape[0], 0 : picture.shape[1]]
    inside = ((rows - row) / half_height) ** 2 + ((columns - column) / half_width) ** 2 <= 1
    picture[inside] = celsius + np.random.default_rng(1).normal(0, 0.05, int(inside.sum()))


@settings(max_examples=40, deadline=None)
@given(row=st.integers(40, 110), column=st.integers(30, 90), half_width=st.integers(12, 25), celsius=st.floats(30, 40))
def test_a_head_is_found_where_it_stands(row, column, half_width, celsius):
    picture = room()
    ellipse(picture, row=row, column=column, half_height=half_width * 1.3, half_width=half_width, celsius=celsius)
    [head] = find_heads(picture)
    assert abs(head.box.left_px + head.box.width_px / 2 - column) <= 2
    assert head.hottest_c == pytest.approx(celsius, abs=0.3)


def test_clothes_below_a_head_are_no_second_face():
    picture = room()
    ellipse(picture, row=50, column=60, half_height=25, half_width=18, celsius=35.0)
    ellipse(picture, row=125, column=60, half_height=40, half_width=45, celsius=32.5)
    picture[76:84] = 22.0
    assert len(find_heads(picture)) == 1


def test_glasses_do_not_make_two_faces_of_one():
    picture = room()
    ellipse(picture, row=60, column=60, half_height=32, half_width=22, celsius=34.5)
    picture[50:60] = 25.0
    [head] = find_heads(picture)
    assert head.box.height_px > 45


def test_two_heads_side_by_side_are_two():
    picture = room()
    for column, celsius in ((30, 34.8), (90, 35.6)):
        ellipse(picture, row=60, column=column, half_height=25, half_width=18, celsius=celsius)
    assert [round(head.hottest_c) for head in find_heads(picture)] == [36, 35]


@given(ambient_c=st.floats(-20, 45), seed=st.integers(0, 100))
def test_an_empty_room_of_any_warmth_has_no_head(ambient_c, seed):
    assert find_heads(room(ambient_c=ambient_c, seed=seed, rows=24, columns=32)) == ()


def test_a_wall_as_warm_as_skin_hides_faces_instead_of_inventing_them():
    picture = room(ambient_c=34.5)
    ellipse(picture, row=60, column=60, half_height=25, half_width=18, celsius=35.5)
    assert find_heads(picture) == ()


def test_the_mean_of_four_reads_faces_of_any_size_alike_where_the_maximum_does_not():
    chance = np.random.default_rng(3)
    far, near = ([36 + chance.normal(0, 0.05, (1, n)).astype(np.float32) for _ in range(300)] for n in (12, 300))
    single = [np.mean([sample.max() for sample in samples]) for samples in (far, near)]
    four = [np.mean([mean_of_hottest(sample, sample > 0) for sample in samples]) for samples in (far, near)]
    assert four[0] - 36 < single[0] - 36
    assert four[1] - 36 < single[1] - 36
    assert four[1] - four[0] < 0.11


@pytest.mark.parametrize(
    ("picture", "reason"),
    [
        (np.zeros((24, 32), dtype=np.int16), "not a picture"),
        (np.zeros(768, dtype=np.float32), "not a picture"),
        (np.zeros((4, 4), dtype=np.float32), "too small"),
        (np.full((24, 32), np.inf, dtype=np.float32), "no number"),
        (np.full((24, 32), -250.0, dtype=np.float32), "outside"),
    ],
)
def test_what_is_no_picture_is_named(picture, reason):
    assert reason in fault_of_frame(picture)
