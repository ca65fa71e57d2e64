"""Plates and numbers as they are read at a gate between Viet Nam and China; nothing is guessed, nothing raises."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkpoint.conveyances import Country, NumberFinding, ShownNumbers, part_key, read_number, read_plate
from sync.agreement.group_words import ConveyanceKind

KEY = b"k" * 32


@pytest.mark.parametrize(
    ("typed", "shown", "country", "is_trailer"),
    [
        ("14c 123 45", "14C-123.45", Country.VIETNAM, False),
        ("14C-123.45", "14C-123.45", Country.VIETNAM, False),
        ("29LD1234", "29LD-1234", Country.VIETNAM, False),
        ("15R-012.34", "15R-012.34", Country.VIETNAM, True),
        ("14RM-001.23", "14RM-001.23", Country.VIETNAM, True),
        ("29-Đ1 123.45", "29D1-123.45", Country.VIETNAM, False),
        ("桂A·12345", "桂A·12345", Country.CHINA, False),
        ("桂a d12345", "桂A·D12345", Country.CHINA, False),
        ("桂A12345D", "桂A·12345D", Country.CHINA, False),
        ("桂F1234挂", "桂F·1234挂", Country.CHINA, True),
    ],
)
def test_plates_of_both_countries_are_read_however_they_are_typed(typed, shown, country, is_trailer):
    plate = read_plate(typed)

    assert (plate.display, plate.country, plate.is_trailer, plate.findings) == (shown, country, is_trailer, ())


@pytest.mark.parametrize("typed", ["桂I12345", "桂A1234", "14C-12", "ກກ 1234", "C14 12345", "桂A12O45"])
def test_a_plate_of_another_form_is_kept_and_marked(typed):
    plate = read_plate(typed)

    assert plate.key
    assert NumberFinding.FORMAT_UNUSUAL in plate.findings


def test_a_province_that_does_not_exist_is_told():
    assert read_plate("13C-123.45").findings == (NumberFinding.PROVINCE_UNKNOWN,)


@pytest.mark.parametrize(
    ("kind", "typed", "shown", "findings"),
    [
        (ConveyanceKind.FLIGHT, "VN 0507", "VN507", ()),
        (ConveyanceKind.FLIGHT, "9C 8891", "9C8891", ()),
        (ConveyanceKind.FLIGHT, "Vân Đồn", "VÂN ĐỒN", (NumberFinding.FORMAT_UNUSUAL,)),
        (ConveyanceKind.TRAIN, "mr 2", "MR2", ()),
        (ConveyanceKind.VESSEL, "IMO 9074729", "IMO 9074729", ()),
        (ConveyanceKind.VESSEL, "9074728", "IMO 9074728", (NumberFinding.CHECK_DIGIT_WRONG,)),
        (ConveyanceKind.VESSEL, "Hạ Long 09", "HẠ LONG 09", ()),
    ],
)
def test_flights_trains_and_vessels_have_numbers_of_their_own(kind, typed, shown, findings):
    number = read_number(typed, kind=kind)

    assert (number.display, number.findings) == (shown, findings)


def test_a_trailer_in_the_truck_s_place_is_told_and_the_other_way_round():
    swapped = ShownNumbers(own=read_plate("15R-012.34"), trailer=read_plate("14C-123.45"))

    assert set(swapped.findings) == {NumberFinding.TRAILER_EXPECTED, NumberFinding.TRAILER_SHOWN_AS_VEHICLE}


@given(st.text(max_size=60), st.sampled_from(ConveyanceKind))
def test_no_text_raises_and_what_is_shown_is_read_as_the_same_number(text, kind):
    number = read_number(text, kind=kind)

    assert len(number.display) <= 60
    if not number.findings and kind is not ConveyanceKind.VESSEL:
        assert read_number(number.display, kind=kind).key == number.key


@given(st.from_regex(r"[1-9][0-9][A-HK-Z][0-9]{5}", fullmatch=True), st.sampled_from(["", "-", " ", "."]))
def test_one_plate_has_one_hash_however_it_is_written(plate, mark):
    written = f"{plate[:3].lower()}{mark}{plate[3:6]}{mark}{plate[6:]}"

    assert part_key(read_plate(written), key=KEY) == part_key(read_plate(plate), key=KEY)
    assert part_key(read_plate(plate), key=KEY) != part_key(read_plate(plate), key=b"l" * 32)
