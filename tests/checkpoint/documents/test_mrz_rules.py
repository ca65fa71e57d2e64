"""The rules of Doc 9303 that are easy to get wrong, each with a zone written for it."""

from datetime import date

import pytest

from checkpoint.documents import DocumentFault, DocumentFaultCode, DocumentWarningCode, Verdict, check_digit, read_mrz
from checkpoint.documents.document_dates import read_birth_date, read_expiry_date
from sync.agreement.vocabulary import Sex
from tests.checkpoint.documents.zones import (
    BELGIAN_CARD,
    CARD,
    LONG_CARD,
    PASSPORT,
    SPECIMENS,
    TD2_CARD,
    TODAY,
    VISA_A,
    VISA_B,
    with_character,
    zone_of,
)

FIELDS = {
    "code": "I",
    "state": "UTO",
    "number": "D23145890",
    "optional": "",
    "second_optional": "",
    "nationality": "UTO",
    "birth": "740812",
    "sex": "F",
    "expiry": "300415",
    "primary": "ERIKSSON",
    "secondary": "ANNA MARIA",
}


def card(**changes):
    return read_mrz(zone_of({**FIELDS, **changes}, layout="TD1"), today=TODAY)


def codes(zone):
    return {(warning.code, warning.field) for warning in zone.warnings}


def test_the_specimens_of_the_standard_are_read_field_by_field():
    zone = read_mrz(PASSPORT, today=TODAY)
    assert (zone.document_code, zone.issuing_state, zone.nationality) == ("P", "UTO", "UTO")
    assert (zone.document_number, zone.sex, zone.personal_number) == ("L898902C3", Sex.FEMALE, "ZE184226B")
    assert (zone.date_of_birth.iso, zone.date_of_expiry.iso) == ("1974-08-12", "2012-04-15")
    assert (zone.primary_identifier, zone.secondary_identifier) == ("ERIKSSON", "ANNA MARIA")
    assert not zone.name_may_be_truncated


@pytest.mark.parametrize(
    ("lines", "fields"),
    [
        (CARD, ["document_number", "date_of_birth", "date_of_expiry", "composite"]),
        (TD2_CARD, ["document_number", "date_of_birth", "date_of_expiry", "composite"]),
        (PASSPORT, ["document_number", "date_of_birth", "date_of_expiry", "personal_number", "composite"]),
        (VISA_A, ["document_number", "date_of_birth", "date_of_expiry"]),
        (VISA_B, ["document_number", "date_of_birth", "date_of_expiry"]),
    ],
)
def test_each_format_has_exactly_its_own_check_digits_and_a_visa_has_no_composite(lines, fields):
    zone = read_mrz(lines, today=TODAY)
    assert [digit.field for digit in zone.check_digits] == fields
    assert zone.is_verified


def test_a_check_digit_names_its_place_what_is_printed_and_what_the_rule_gives():
    wrong = with_character(PASSPORT, line=1, column=9, mark="7")
    digit = read_mrz(wrong, today=TODAY).check_of("document_number")
    assert (digit.line, digit.position, digit.printed, digit.computed) == (2, 10, "7", "6")
    assert digit.verdict is Verdict.INVALID


def test_a_number_of_more_than_nine_characters_goes_on_in_the_optional_columns():
    zone = read_mrz(LONG_CARD, today=TODAY)
    assert zone.document_number == "D23145890734"
    digit = zone.check_of("document_number")
    assert (digit.line, digit.position, digit.printed, digit.verdict) == (1, 19, "9", Verdict.VALID)
    assert zone.optional_fields == ("", "")


def test_optional_columns_behind_a_long_number_are_kept_apart_from_it():
    zone = card(number="ABCDEFGHI123", optional="XY7")
    assert zone.document_number == "ABCDEFGHI123"
    assert zone.optional_fields == ("XY7", "")
    assert zone.is_verified


def test_a_long_number_on_a_td2_card_is_read_too():
    lines = zone_of({**FIELDS, "number": "ABCDEFGHI12345"}, layout="TD2")
    zone = read_mrz(lines, today=TODAY)
    assert (zone.document_number, zone.is_verified) == ("ABCDEFGHI12345", True)


def test_the_belgian_digit_is_deviant_for_belgium_and_invalid_for_anybody_else():
    zone = read_mrz(BELGIAN_CARD, today=TODAY)
    digit = zone.check_of("document_number")
    assert (digit.printed, digit.computed, digit.verdict) == ("3", "1", Verdict.DEVIANT)
    assert (DocumentWarningCode.CHECK_DIGIT_DEVIANT, "document_number") in codes(zone)
    assert not zone.is_verified
    elsewhere = ("IDNLD" + BELGIAN_CARD[0][5:], *BELGIAN_CARD[1:])
    assert read_mrz(elsewhere, today=TODAY).check_of("document_number").verdict is Verdict.INVALID


def test_a_belgian_number_by_the_rule_of_the_standard_is_plainly_valid():
    first = BELGIAN_CARD[0].replace("6013", "6011")
    assert read_mrz((first, *BELGIAN_CARD[1:]), today=TODAY).check_of("document_number").verdict is Verdict.VALID


@pytest.mark.parametrize(("mark", "verdict"), [("0", Verdict.VALID), ("<", Verdict.ABSENT), ("1", Verdict.INVALID)])
def test_an_unused_personal_number_may_have_zero_or_a_filler_for_its_digit(mark, verdict):
    empty = ("P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L898902C36UTO7408122F1204159" + "<" * 14 + mark + "2")
    assert read_mrz(empty, today=TODAY).check_of("personal_number").verdict is verdict


def test_a_used_personal_number_may_not_have_a_filler_for_its_digit():
    digit = read_mrz(with_character(PASSPORT, line=1, column=42, mark="<"), today=TODAY).check_of("personal_number")
    assert digit.verdict is Verdict.INVALID


@pytest.mark.parametrize(
    ("state", "read", "warned"),
    [
        ("D", "D", None),
        ("RKS", "RKS", None),
        ("XXA", "XXA", None),
        ("GBD", "GBD", None),
        ("XPO", "XPO", None),
        ("UTO", "UTO", DocumentWarningCode.STATE_SPECIMEN),
        ("YTO", "YTO", DocumentWarningCode.STATE_UNKNOWN),
        ("GB", "GB", DocumentWarningCode.STATE_UNKNOWN),
    ],
)
def test_a_state_outside_the_lists_is_a_warning_and_never_a_fault(state, read, warned):
    zone = card(state=state)
    assert zone.issuing_state == read
    found = {code for code, field in codes(zone) if field == "issuing_state"}
    assert found == ({warned} if warned else set())


@pytest.mark.parametrize(
    ("layout", "code", "is_unusual"),
    [
        ("TD1", "I", False),
        ("TD1", "ID", False),
        ("TD1", "AC", False),
        ("TD1", "C", False),
        ("TD1", "AI", True),
        ("TD1", "IV", True),
        ("TD1", "P", True),
        ("TD2", "I", False),
        ("TD2", "AV", True),
        ("TD3", "P", False),
        ("TD3", "PO", False),
        ("TD3", "PV", False),
        ("TD3", "I", True),
        ("MRV-A", "VB", False),
        ("MRV-B", "V", False),
    ],
)
def test_the_document_code_belongs_to_its_format(layout, code, is_unusual):
    zone = read_mrz(zone_of({**FIELDS, "code": code}, layout=layout), today=TODAY)
    assert zone.document_code == code
    assert ((DocumentWarningCode.DOCUMENT_CODE_UNUSUAL, "document_code") in codes(zone)) is is_unusual


@pytest.mark.parametrize(("mark", "sex"), [("M", Sex.MALE), ("F", Sex.FEMALE), ("<", Sex.UNSPECIFIED)])
def test_sex_is_male_female_or_unspecified(mark, sex):
    zone = card(sex=mark)
    assert zone.sex is sex
    assert (DocumentWarningCode.SEX_UNUSUAL, "sex") not in codes(zone)


def test_any_other_letter_for_sex_is_a_warning():
    zone = card(sex="X")
    assert zone.sex is Sex.UNSPECIFIED
    assert (DocumentWarningCode.SEX_UNUSUAL, "sex") in codes(zone)


@pytest.mark.parametrize(
    ("printed", "primary", "secondary", "warned"),
    [
        ("NGUYEN<<THI<ANH<HUONG", "NGUYEN", "THI ANH HUONG", set()),
        ("VAN<DER<MUELLEN<<JO", "VAN DER MUELLEN", "JO", set()),
        ("ARKFREITH", "ARKFREITH", "", set()),
        ("<<ANNA<MARIA", "", "ANNA MARIA", set()),
        ("A<<B<<C", "A", "B C", {DocumentWarningCode.NAME_SEPARATOR}),
        ("A<<<B", "A", "B", {DocumentWarningCode.NAME_SEPARATOR}),
        ("ERIK55ON<<ANNA", "ERIK55ON", "ANNA", {DocumentWarningCode.NAME_DIGIT}),
        ("", "", "", {DocumentWarningCode.NAME_MISSING}),
    ],
)
def test_a_name_is_split_at_its_double_filler(printed, primary, secondary, warned):
    zone = read_mrz((*CARD[:2], printed.ljust(30, "<")), today=TODAY)
    assert (zone.primary_identifier, zone.secondary_identifier) == (primary, secondary)
    assert {code for code, field in codes(zone) if field == "name"} == warned


def test_a_letter_in_the_last_column_of_the_name_means_that_it_may_have_been_cut():
    zone = read_mrz((*CARD[:2], "CACADOR<DE<ARAUJO<<ANDRE<ESTEV"), today=TODAY)
    assert zone.name_may_be_truncated
    assert (DocumentWarningCode.NAME_MAY_BE_TRUNCATED, "name") in codes(zone)


@pytest.mark.parametrize(
    ("raw", "iso"),
    [
        ("900305", "1990-03-05"),
        ("000229", "2000-02-29"),
        ("261122", "2026-11-22"),
        ("261123", "1926-11-23"),
        ("27<<<<", "1927"),
        ("26<<<<", "2026"),
        ("750000", "1975"),
        ("7503<<", "1975-03"),
        ("75<<05", "1975-XX-05"),
        ("<<0305", "XXXX-03-05"),
        ("<<0229", "XXXX-02-29"),
        ("<<<<<<", DocumentWarningCode.DATE_UNKNOWN),
        ("000000", DocumentWarningCode.DATE_UNKNOWN),
        ("900231", DocumentWarningCode.DATE_IMPOSSIBLE),
        ("990229", DocumentWarningCode.DATE_IMPOSSIBLE),
        ("901301", DocumentWarningCode.DATE_IMPOSSIBLE),
        ("74BIZZ", DocumentWarningCode.DATE_UNREADABLE),
        ("7<0305", DocumentWarningCode.DATE_UNREADABLE),
    ],
)
def test_a_birth_is_the_latest_that_is_not_after_today_with_its_unknown_parts_left_open(raw, iso):
    found = read_birth_date(raw, today=TODAY)
    assert getattr(found, "iso", found) == iso


@pytest.mark.parametrize(
    ("raw", "born_year", "iso"),
    [
        ("300305", None, "2030-03-05"),
        ("120415", None, "2012-04-15"),
        ("760101", None, "2076-01-01"),
        ("770101", None, "1977-01-01"),
        ("991231", 1990, "1999-12-31"),
        ("991231", 2001, "2099-12-31"),
    ],
)
def test_an_expiry_is_the_nearest_year_that_is_not_before_the_birth(raw, born_year, iso):
    assert read_expiry_date(raw, today=TODAY, born_year=born_year).iso == iso


def test_the_same_zone_read_on_another_day_may_mean_another_century():
    lines = zone_of({**FIELDS, "birth": "300101"}, layout="TD1")
    assert read_mrz(lines, today=date(2026, 1, 1)).date_of_birth.year == 1930
    assert read_mrz(lines, today=date(2031, 1, 1)).date_of_birth.year == 2030


def test_unknown_parts_of_a_birth_keep_a_valid_check_digit():
    zone = card(birth="75<<<<")
    assert zone.check_of("date_of_birth").verdict is Verdict.VALID
    assert (DocumentWarningCode.DATE_INCOMPLETE, "date_of_birth") in codes(zone)


@pytest.mark.parametrize(
    ("lines", "code", "line", "position"),
    [
        ((), DocumentFaultCode.EMPTY, None, None),
        (("",), DocumentFaultCode.EMPTY, None, None),
        ((CARD[0],), DocumentFaultCode.LINE_MISSING, 2, None),
        (CARD[:2], DocumentFaultCode.LINE_MISSING, 3, None),
        ((PASSPORT[0],), DocumentFaultCode.LINE_MISSING, 2, None),
        ((*PASSPORT, "X" * 44), DocumentFaultCode.LINE_COUNT, None, None),
        (CARD * 2, DocumentFaultCode.LINE_COUNT, None, None),
        ((PASSPORT[0], PASSPORT[1] + "<"), DocumentFaultCode.LINE_LENGTH, 2, 45),
        ((PASSPORT[0], PASSPORT[1][:-1]), DocumentFaultCode.LINE_LENGTH, 2, 44),
        ((CARD[0], CARD[1][:29], CARD[2]), DocumentFaultCode.LINE_LENGTH, 2, 30),
        (("HELLO",), DocumentFaultCode.LINE_LENGTH, 1, 6),
        (CARD[1:] + CARD[:1], DocumentFaultCode.LINE_ORDER, None, None),
        (PASSPORT[::-1], DocumentFaultCode.LINE_ORDER, None, None),
        (("<" * 44, "<" * 44), DocumentFaultCode.DOCUMENT_CODE, 1, 1),
        (with_character(CARD, line=1, column=4, mark="*"), DocumentFaultCode.CHARACTER, 2, 5),
        (with_character(CARD, line=0, column=0, mark="i"), DocumentFaultCode.CHARACTER, 1, 1),
        (with_character(CARD, line=2, column=1, mark="Ư"), DocumentFaultCode.INPUT_METHOD, 3, 2),
    ],
)
def test_what_is_no_zone_is_a_fault_that_names_the_place(lines, code, line, position):
    fault = read_mrz(lines, today=TODAY)
    assert isinstance(fault, DocumentFault)
    assert (fault.code, fault.line, fault.position) == (code, line, position)
    assert fault.what_to_do.endswith((".", "number."))


def test_a_fault_never_repeats_the_text_of_the_document():
    fault = read_mrz((PASSPORT[0] + "<", PASSPORT[1]), today=TODAY)
    assert "ERIKSSON" not in repr(fault)


def test_every_specimen_is_verified():
    assert all(read_mrz(lines, today=TODAY).is_verified for lines in SPECIMENS.values())


def test_check_digits_of_the_standards_own_examples():
    """Part 3, 4.9: dates 520727 give 3, number AB2134<<< gives 5."""
    assert (check_digit("520727"), check_digit("AB2134<<<")) == ("3", "5")


def test_a_short_number_with_a_filler_for_its_digit_is_invalid_and_does_not_run_into_the_optional_columns():
    lines = ("I<UTOD2314589<<7349<<<<<<<<<<<", *CARD[1:])
    zone = read_mrz(lines, today=TODAY)
    assert (zone.document_number, zone.is_long_number) == ("D2314589", False)
    assert zone.check_of("document_number").verdict is Verdict.INVALID
    assert zone.optional_fields == ("7349", "")


def test_the_window_of_expiry_moves_with_the_day_of_reading():
    assert read_expiry_date("100101", today=date(2059, 1, 1)).year == 2010
    assert read_expiry_date("100101", today=date(2060, 1, 1)).year == 2110
