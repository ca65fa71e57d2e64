"""Border passes: a number as people write it, four models, twelve months to the day."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkpoint.documents import (
    DocumentWarningCode,
    PassModel,
    is_valid_on,
    latest_expiry,
    look_alike_key,
    may_share_pass,
    number_key,
    read_pass_number,
    validity_warnings,
)
from checkpoint.documents.border_pass import PASS_MODELS
from sync.agreement.vocabulary import PassRegime, TravellerCategory
from tests.checkpoint.documents.zones import TODAY


@pytest.mark.parametrize(
    "written", ["GTH-0012345", "gth 0012345", " GTH.00 12345 ", "GTH/0012345", "\uff27\uff34\uff280012345"]
)
def test_one_number_has_one_key_however_it_is_written(written):
    found = read_pass_number(written)
    assert found.key == "GTH0012345"
    assert found.display == " ".join(written.split())


@pytest.mark.parametrize(
    ("written", "key", "model", "regime"),
    [
        ("GTHVN01-TQ 123456", "123456", PassModel.GTHVN01_TQ, PassRegime.CHINA),
        ("gthvn02-tq-123456", "123456", PassModel.GTHVN02_TQ, PassRegime.CHINA),
        ("GTHVN-C 123456", "GTHVNC123456", PassModel.GTHVN_C, PassRegime.CAMBODIA),
        ("GTHVN-L123456", "GTHVNL123456", PassModel.GTHVN_L, PassRegime.LAOS),
        ("123456", "123456", None, None),
    ],
)
def test_the_model_in_front_of_a_number_says_on_which_border_the_pass_is_valid(written, key, model, regime):
    found = read_pass_number(written)
    assert (found.key, found.model, found.regime) == (key, model, regime)


def test_grey_passes_are_for_residents_and_brown_ones_for_officials():
    assert PASS_MODELS[PassModel.GTHVN02_TQ].holder_category is TravellerCategory.BORDER_RESIDENT
    assert PASS_MODELS[PassModel.GTHVN01_TQ].holder_category is TravellerCategory.OFFICIAL
    assert {model: rules.pages for model, rules in PASS_MODELS.items()} == {
        PassModel.GTHVN01_TQ: 28,
        PassModel.GTHVN02_TQ: 28,
        PassModel.GTHVN_C: 16,
        PassModel.GTHVN_L: 16,
    }


def test_the_number_of_a_chinese_permit_is_kept_in_its_own_characters():
    found = read_pass_number("边通 450681-2026")
    assert (found.display, found.key) == ("边通 450681-2026", "4506812026")


@given(st.text())
def test_the_key_of_a_key_is_the_key(text):
    assert number_key(number_key(text)) == number_key(text)


def test_a_mistyped_number_shares_the_look_alike_key_but_not_the_key():
    assert number_key("AO12") != number_key("A012")
    assert look_alike_key("AO12") == look_alike_key("A012")


def test_a_pass_that_expires_today_is_valid_today_and_not_tomorrow():
    assert is_valid_on(TODAY, expires_on=TODAY)
    assert not is_valid_on(TODAY + timedelta(days=1), expires_on=TODAY)
    assert not is_valid_on(TODAY, expires_on=TODAY, issued_on=TODAY + timedelta(days=1))


@given(st.dates(min_value=date(2000, 1, 1), max_value=date(2100, 1, 1)))
def test_twelve_months_end_on_the_same_day_of_the_next_year(issued_on):
    last = latest_expiry(issued_on)
    assert (last.year, last.month) == (issued_on.year + 1, issued_on.month)
    assert last.day == issued_on.day or (issued_on.month, issued_on.day, last.day) == (2, 29, 28)
    assert validity_warnings(expires_on=last, issued_on=issued_on, today=last) == ()
    longer = validity_warnings(expires_on=last + timedelta(days=1), issued_on=issued_on, today=last)
    assert [warning.code for warning in longer] == [DocumentWarningCode.VALIDITY_TOO_LONG]


@pytest.mark.parametrize(
    ("issued_on", "expires_on", "expected"),
    [
        (None, date(2026, 11, 21), [DocumentWarningCode.DOCUMENT_EXPIRED]),
        (date(2026, 11, 23), date(2027, 11, 23), [DocumentWarningCode.NOT_YET_VALID]),
        (date(2026, 11, 1), date(2026, 10, 1), [DocumentWarningCode.DOCUMENT_EXPIRED, DocumentWarningCode.DATE_ORDER]),
        (date(2024, 1, 1), date(2027, 1, 1), [DocumentWarningCode.VALIDITY_TOO_LONG]),
        (date(2026, 1, 1), date(2026, 12, 31), []),
    ],
)
def test_what_is_wrong_with_the_dates_of_a_pass_is_said(issued_on, expires_on, expected):
    found = validity_warnings(expires_on=expires_on, issued_on=issued_on, today=TODAY)
    assert [warning.code for warning in found] == expected


@pytest.mark.parametrize(
    ("born_on", "may_share"),
    [(date(2010, 11, 22), False), (date(2010, 11, 23), True), (date(2026, 11, 22), True), (date(2027, 1, 1), False)],
)
def test_a_child_shares_a_parents_pass_until_the_day_before_its_sixteenth_birthday(born_on, may_share):
    assert may_share_pass(born_on, today=TODAY) is may_share
