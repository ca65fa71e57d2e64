"""One entrance for whatever a reader or an officer hands over, and the command that shows it."""

import json
import subprocess
import sys
from datetime import date

import msgspec
import pytest

from checkpoint.documents import (
    DocumentFault,
    DocumentFaultCode,
    DocumentWarningCode,
    ReadDocument,
    ReadingSource,
    read_document,
)
from sync.agreement.vocabulary import DocumentKind, PassRegime
from tests.checkpoint.documents.zones import CARD, CITIZEN_CARD, PASSPORT, TD2_CARD, TODAY, VISA_A, zone_of

QR = "022190000019|101234567|Nguyễn Thị Ánh Hường|05031990|Nữ|Móng Cái, Quảng Ninh|10052021"


@pytest.mark.parametrize(
    ("text", "kind", "source"),
    [
        ("\r\n".join(PASSPORT), DocumentKind.PASSPORT, ReadingSource.MRZ),
        ("\r\n".join(CARD), DocumentKind.IDENTITY_CARD, ReadingSource.MRZ),
        ("\r\n".join(VISA_A), DocumentKind.VISA, ReadingSource.MRZ),
        ("\r\n".join(CARD).replace("I<UTO", "ACUTO"), DocumentKind.CREW_CERTIFICATE, ReadingSource.MRZ),
        ("\r\n".join(CARD).replace("I<UTO", "XXUTO"), DocumentKind.OTHER, ReadingSource.MRZ),
        (QR + "\r", DocumentKind.IDENTITY_CARD, ReadingSource.CITIZEN_CARD_QR),
        ("022190000019\r", DocumentKind.IDENTITY_CARD, ReadingSource.NUMBER),
        ("022 190 000 019", DocumentKind.IDENTITY_CARD, ReadingSource.NUMBER),
        ("\x02gthvn02-tq 00123456\x03\r\n", DocumentKind.BORDER_PASS, ReadingSource.NUMBER),
        ("QN-0012345", DocumentKind.BORDER_PASS, ReadingSource.NUMBER),
        ("边通 450681-2026", DocumentKind.BORDER_PERMIT, ReadingSource.NUMBER),
    ],
)
def test_a_zone_a_code_and_a_number_are_told_apart(text, kind, source):
    found = read_document(text, today=TODAY)
    assert isinstance(found, ReadDocument)
    assert (found.kind, found.source) == (kind, source)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", DocumentFaultCode.EMPTY),
        ("\r\n\r\n", DocumentFaultCode.EMPTY),
        ("hello", DocumentFaultCode.NOT_RECOGNISED),
        ("12", DocumentFaultCode.NOT_RECOGNISED),
        ("GTHVN02-TQ", DocumentFaultCode.NOT_RECOGNISED),
        ("a|b|c", DocumentFaultCode.QR_FIELDS),
        ("||||||", DocumentFaultCode.QR_FIELDS),
        ("\ufffd|;|x\x07|9|?|!|~", DocumentFaultCode.QR_FIELDS),
        (CITIZEN_CARD[0], DocumentFaultCode.LINE_MISSING),
        (CITIZEN_CARD[0][:27], DocumentFaultCode.NOT_RECOGNISED),
        ("\r\n".join(PASSPORT)[:60], DocumentFaultCode.LINE_LENGTH),
        ("\ud800" * 44, DocumentFaultCode.LINE_MISSING),
    ],
)
def test_what_cannot_be_read_is_a_fault_with_something_to_do(text, code):
    found = read_document(text, today=TODAY)
    assert isinstance(found, DocumentFault)
    assert found.code is code
    assert found.what_to_do
    assert msgspec.json.encode(found)


def test_a_typed_number_says_that_nothing_verifies_it():
    found = read_document("gthvn02-tq 00123456", today=TODAY)
    assert found.are_check_digits_valid is None
    assert (found.fields.number_key, found.fields.pass_regime) == ("00123456", PassRegime.CHINA)
    assert found.fields.document_number == "gthvn02-tq 00123456"
    assert [warning.code for warning in found.warnings] == [DocumentWarningCode.NUMBER_NOT_VERIFIABLE]


def test_an_expired_document_is_warned_of_the_day_after_its_last_day():
    fields = {"code": "P", "state": "CHN", "nationality": "CHN", "number": "E12345678", "optional": "", "sex": "M"}
    fields |= {"birth": "880808", "expiry": "261122", "primary": "ZHANG", "secondary": "WEIMING"}
    text = "\n".join(zone_of(fields, layout="TD3"))
    on_its_last_day = read_document(text, today=date(2026, 11, 22))
    assert on_its_last_day.expires_on == date(2026, 11, 22)
    assert on_its_last_day.warnings == ()
    assert [warning.code for warning in read_document(text, today=date(2026, 11, 23)).warnings] == [
        DocumentWarningCode.DOCUMENT_EXPIRED
    ]


def test_a_deviant_digit_is_warned_of_and_is_not_invalid():
    belgian = ("IDBEL000590240<6013<<<<<<<<<<<", "8512017F1311048BEL851201002007", "REINARTZ<<ULRIKE<KATIA<E<<<<<<")
    found = read_document("\n".join(belgian), today=TODAY)
    assert found.are_check_digits_valid is True
    assert DocumentWarningCode.CHECK_DIGIT_DEVIANT in {warning.code for warning in found.warnings}


def test_a_birth_of_which_the_day_is_unknown_is_no_calendar_date():
    fields = {"code": "I", "state": "VNM", "nationality": "VNM", "number": "A1", "optional": "", "sex": "M"}
    fields |= {"birth": "75<<<<", "expiry": "350101", "primary": "CHIU", "secondary": "A SUI"}
    found = read_document("\n".join(zone_of(fields, layout="TD2")), today=TODAY)
    assert (found.born_on, found.fields.date_of_birth) == (None, "1975")


def test_what_was_read_survives_json():
    for text in ("\n".join(PASSPORT), QR, "QN-0012345"):
        found = read_document(text, today=TODAY)
        assert msgspec.json.decode(msgspec.json.encode(found), type=ReadDocument) == found


def run_command(text: bytes, *, root) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "checkpoint", "read-document"]
    return subprocess.run(command, input=text, capture_output=True, cwd=root, check=False, timeout=60)


def test_the_command_prints_one_json_line_for_each_document_on_standard_input(root):
    text = "\r\n".join(PASSPORT) + "\r\n\r\n" + QR + "\n\n\n" + "\r".join(TD2_CARD).lower() + "\n\nQN-0012345\n"
    ran = run_command(text.encode(), root=root)
    documents = [json.loads(line) for line in ran.stdout.splitlines()]
    assert ran.returncode == 0
    assert [document["kind"] for document in documents] == ["passport", "identity_card", "identity_card", "border_pass"]
    assert documents[0]["fields"]["document_number"] == "L898902C3"
    assert {digit["field"]: digit["verdict"] for digit in documents[0]["check_digits"]} == {
        "document_number": "valid",
        "date_of_birth": "valid",
        "date_of_expiry": "valid",
        "personal_number": "valid",
        "composite": "valid",
    }
    assert documents[1]["fields"]["full_name"] == "Nguyễn Thị Ánh Hường"


@pytest.mark.parametrize(
    "text", [b"", b"\xff\xfe\x00garbage<", b"P<UTOERIKSSON\n", "P<UTO" + "Ư" * 39 + "\n" + PASSPORT[1]]
)
def test_the_command_answers_an_unreadable_document_with_a_fault_and_never_with_a_traceback(text, root):
    ran = run_command(text if isinstance(text, bytes) else text.encode(), root=root)
    (line,) = ran.stdout.splitlines()
    assert ran.returncode == 1
    assert json.loads(line)["fault"]["what_to_do"]
    assert b"Traceback" not in ran.stderr


def test_one_unreadable_document_among_good_ones_fails_the_command_but_loses_none(root):
    ran = run_command(("\n".join(CARD) + "\n\nnonsense<\n\n" + "\n".join(PASSPORT)).encode(), root=root)
    documents = [json.loads(line) for line in ran.stdout.splitlines()]
    assert ran.returncode == 1
    assert [document.get("kind") for document in documents] == ["identity_card", None, "passport"]
