"""The Vietnamese citizen card: number, zone, and code; what is odd is a warning and never a refusal."""

import json

import pytest

from checkpoint.documents import (
    DocumentFault,
    DocumentFaultCode,
    DocumentWarningCode,
    PartialDate,
    number_warnings,
    read_citizen_qr,
    read_document,
)
from sync.agreement.vocabulary import DocumentKind, Sex
from tests.checkpoint.documents.zones import CITIZEN_CARD, TODAY, digit, zone_of

QR = "022190000019|101234567|Nguyễn Thị Ánh Hường|05031990|Nữ|Số 12, khu 3, Móng Cái, Quảng Ninh|10052021"


def codes(warnings):
    return [(warning.code, warning.field) for warning in warnings]


@pytest.fixture(scope="module")
def payloads(shared):
    vectors = json.loads((shared / "data/documents/vn_synthetic_vectors.json").read_text(encoding="utf-8"))
    return [vector["payload"] for vector in vectors["cccd_qr"]]


def test_every_payload_of_the_collection_is_read_with_exactly_the_warnings_it_deserves(payloads):
    found = [read_citizen_qr(payload, today=TODAY) for payload in payloads]
    assert [codes(card.warnings) for card in found] == [
        [],
        [],
        [(DocumentWarningCode.TAIL_NOT_UNDERSTOOD, "unread_tail")],
        [(DocumentWarningCode.DATE_IMPOSSIBLE, "date_of_birth")],
        [
            (DocumentWarningCode.FORMER_NUMBER_UNUSUAL, "former_number"),
            (DocumentWarningCode.PERSONAL_NUMBER_LENGTH, "personal_number"),
        ],
        [(DocumentWarningCode.PROVINCE_UNKNOWN, "personal_number")],
        [
            (DocumentWarningCode.DATE_IN_FUTURE, "date_of_birth"),
            (DocumentWarningCode.DATE_ORDER, "date_of_issue"),
            (DocumentWarningCode.CENTURY_DIGIT_YEAR, "personal_number"),
        ],
    ]


def test_the_fields_of_a_code_are_read_with_their_marks():
    card = read_citizen_qr(QR, today=TODAY)
    assert (card.personal_number, card.former_number) == ("022190000019", "101234567")
    assert (card.full_name, card.sex) == ("Nguyễn Thị Ánh Hường", Sex.FEMALE)
    assert (card.date_of_birth.iso, card.date_of_issue.iso) == ("1990-03-05", "2021-05-10")
    assert card.address == "Số 12, khu 3, Móng Cái, Quảng Ninh"


def test_the_fields_that_newer_cards_append_are_kept_raw(payloads):
    assert read_citizen_qr(payloads[2], today=TODAY).unread_tail == ("", "Phùn A Tài", "Chíu Thị Mẩy", "")


def test_six_fields_are_enough_and_five_are_not():
    six = "|".join(QR.split("|")[:6])
    assert codes(read_citizen_qr(six, today=TODAY).warnings) == [(DocumentWarningCode.DATE_UNKNOWN, "date_of_issue")]
    five = read_citizen_qr("|".join(QR.split("|")[:5]), today=TODAY)
    assert isinstance(five, DocumentFault)
    assert five.code is DocumentFaultCode.QR_FIELDS


def test_a_number_of_eleven_digits_is_shown_but_is_no_key():
    card = read_citizen_qr("0" + QR[2:], today=TODAY)
    assert (card.number_as_read, card.personal_number) == ("02190000019", "")


def test_a_decomposed_name_from_a_code_is_stored_composed():
    decomposed = QR.replace("Hường", "Hu\u031bo\u031b\u0300ng")
    assert read_citizen_qr(decomposed, today=TODAY).full_name == "Nguyễn Thị Ánh Hường"


@pytest.mark.parametrize(
    ("number", "birth", "sex", "expected"),
    [
        ("022190000019", 1990, Sex.FEMALE, []),
        ("022300000335", 2000, Sex.FEMALE, []),
        ("022085000124", 1985, Sex.MALE, []),
        ("022085000124", 1985, Sex.UNSPECIFIED, []),
        ("022085000124", None, Sex.FEMALE, [DocumentWarningCode.CENTURY_DIGIT_SEX]),
        ("022190000019", 2090, Sex.FEMALE, [DocumentWarningCode.CENTURY_DIGIT_YEAR]),
        ("122190000019", 1990, Sex.FEMALE, [DocumentWarningCode.PROVINCE_UNKNOWN]),
        ("02219000001", 1990, Sex.FEMALE, [DocumentWarningCode.PERSONAL_NUMBER_LENGTH]),
        ("٠٢٢١٩٠٠٠٠٠١٩", 1990, Sex.FEMALE, [DocumentWarningCode.PERSONAL_NUMBER_LENGTH]),
        ("", 1990, Sex.FEMALE, [DocumentWarningCode.PERSONAL_NUMBER_MISSING]),
    ],
)
def test_the_structure_of_the_number_is_only_ever_a_warning(number, birth, sex, expected):
    known = None if birth is None else PartialDate(year=birth)
    assert [warning.code for warning in number_warnings(number, birth=known, sex=sex)] == expected


def citizen_card(*, number, birth, sex):
    optional = number + "<<" + digit(number + "<<")
    fields = {
        "code": "ID",
        "state": "VNM",
        "nationality": "VNM",
        "number": number[3:],
        "optional": optional,
        "second_optional": "",
        "birth": birth,
        "sex": sex,
        "expiry": "350101",
        "primary": "CHIU",
        "secondary": "A SUI",
    }
    return "\n".join(zone_of(fields, layout="TD1"))


def test_the_zone_of_a_card_gives_the_whole_number_and_its_own_check_digit():
    found = read_document("\n".join(CITIZEN_CARD), today=TODAY)
    assert found.kind is DocumentKind.IDENTITY_CARD
    assert (found.fields.document_number, found.fields.personal_number) == ("190000019", "022190000019")
    assert [digit.field for digit in found.check_digits if digit.position == 30] == ["personal_number", "composite"]
    assert found.warnings == ()


def test_a_card_whose_two_numbers_disagree_is_read_with_a_warning():
    text = citizen_card(number="022190000019", birth="900305", sex="F").replace("022190", "023190")
    found = read_document(text, today=TODAY)
    assert found.are_check_digits_valid is False
    other = citizen_card(number="022190000019", birth="900305", sex="F").replace("VNM190000019", "VNM190000010")
    assert (DocumentWarningCode.PERSONAL_NUMBER_DISAGREES, "document_number") in codes(
        read_document(other, today=TODAY).warnings
    )


def test_the_century_digit_keeps_a_holder_of_a_hundred_and_one_from_being_read_as_an_infant():
    found = read_document(citizen_card(number="022025000124", birth="250101", sex="M"), today=TODAY)
    assert found.fields.date_of_birth == "1925-01-01"
    infant = read_document(citizen_card(number="022225000124", birth="250101", sex="M"), today=TODAY)
    assert infant.fields.date_of_birth == "2025-01-01"
    assert infant.warnings == found.warnings == ()


def test_a_number_of_another_year_does_not_change_the_printed_birth_and_is_warned_of():
    found = read_document(citizen_card(number="022090000124", birth="850101", sex="M"), today=TODAY)
    assert found.fields.date_of_birth == "1985-01-01"
    assert codes(found.warnings) == [(DocumentWarningCode.CENTURY_DIGIT_YEAR, "personal_number")]
