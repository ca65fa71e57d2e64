"""What readers really send: every framing of a zone becomes the same lines."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkpoint.documents import DocumentFault, DocumentFaultCode, ReadDocument, read_document, split_mrz_text
from tests.checkpoint.documents.zones import CARD, CITIZEN_CARD, PASSPORT, SPECIMENS, TD2_CARD, TODAY


@pytest.mark.parametrize("lines", SPECIMENS.values(), ids=SPECIMENS)
@pytest.mark.parametrize(
    "framed",
    [
        "\n".join,
        "\r".join,
        "\r\n".join,
        "\r\r\n".join,
        "\t".join,
        "".join,
        " ".join,
        lambda lines: "\x02" + "\r".join(lines) + "\x03",
        lambda lines: "\x1b" + "\r\n".join(lines) + "\r\n",
        lambda lines: "\ufeff" + "\r\n".join(lines).lower() + "\r\n\r\n",
        lambda lines: "  " + "  \r\n  ".join(lines) + "  ",
        lambda lines: "\r\n".join(lines).replace("<", "\uff1c"),
        lambda lines: "\r\n".join(lines).replace("<<", "«"),
        lambda lines: "\r\n".join(line.replace("<", " ") for line in lines),
        lambda lines: "\r\n".join(line.replace("<", "\u00a0") for line in lines),
        lambda lines: "".join(line.replace("<", " ") for line in lines),
        lambda lines: "|".join(lines) if len(lines) == 2 else "\x1d".join(lines),
    ],
)
def test_every_framing_of_a_zone_gives_its_lines(lines, framed):
    assert split_mrz_text(framed(lines)) == lines


@pytest.mark.parametrize("name", ["TD1", "TD1 long number", "TD1 Vietnam", "TD2", "TD3"])
def test_blanks_that_a_terminal_took_from_the_end_of_a_line_are_put_back(name):
    lines = SPECIMENS[name]
    assert split_mrz_text("\r\n".join(line.replace("<", " ").rstrip() for line in lines)) == lines


@pytest.mark.parametrize("name", ["MRV-A", "MRV-B"])
def test_a_visa_that_lost_the_blanks_of_both_lines_is_refused_because_its_format_cannot_be_told(name):
    found = read_document("\r\n".join(line.replace("<", " ").rstrip() for line in SPECIMENS[name]), today=TODAY)
    assert isinstance(found, DocumentFault)
    assert found.code is DocumentFaultCode.LINE_LENGTH


def test_a_glued_zone_is_cut_at_its_own_length():
    assert [len("".join(lines)) for lines in (PASSPORT, CARD, TD2_CARD)] == [88, 90, 72]
    assert split_mrz_text(";".join(PASSPORT)) == PASSPORT
    assert split_mrz_text(";".join(CARD)) == CARD


def test_a_glued_zone_of_one_column_too_many_is_not_cut_by_guess():
    assert split_mrz_text("".join(PASSPORT) + "<") == ("".join(PASSPORT) + "<",)


def test_a_foreign_character_stays_in_its_place_for_the_parser_to_name():
    assert split_mrz_text("\n".join(CARD).replace("ERIKSSON", "ERIK*SON"))[2].index("*") == 4


def test_nothing_gives_no_lines():
    assert [split_mrz_text(text) for text in ("", "\r\n\r\n", "\x1b", "   ")] == [()] * 4


@given(st.text())
def test_the_lines_of_any_text_hold_no_framing(text):
    assert not any(mark in line for line in split_mrz_text(text) for mark in "\r\n\t\x1b\x00\ufeff")


def test_the_damaged_lines_of_the_collection_are_read_where_only_the_transport_was_at_fault(shared):
    vectors = json.loads((shared / "data/documents/vn_synthetic_vectors.json").read_text(encoding="utf-8"))
    outcome = {}
    for vector in vectors["invalid_or_repairable"]:
        text = "".join(line if line.endswith(("\r", "\n")) else line + "\r\n" for line in vector["lines"])
        found = read_document(text, today=TODAY)
        outcome[vector["why"]] = found.are_check_digits_valid if isinstance(found, ReadDocument) else found.code.value
    assert outcome == {
        "document number check digit wrong": False,
        "birth day changed, check not": False,
        "composite wrong": False,
        "OCR 0->O in numeric field; repairable": False,
        "line 1 31 chars": "line_length",
        "lines swapped": "line_order",
        "third line missing (cut read)": "line_missing",
        "lower case from a keyboard-wedge reader with caps lock; normalise then valid": True,
        "control characters around serial frames; strip then valid": True,
    }


def test_letters_read_as_zeros_are_proposed_as_zeros_and_the_proposal_is_the_card():
    misread = ("IDVNM19OOOOO196O2219OOOOO19<<4", *CITIZEN_CARD[1:])
    found = read_document("\n".join(misread), today=TODAY)
    marks = [list(line) for line in misread]
    for replacement in found.suggestions:
        marks[replacement.line - 1][replacement.position - 1] = replacement.proposed
    assert tuple("".join(line) for line in marks) == CITIZEN_CARD
    assert found.are_check_digits_valid is False
    assert found.fields.personal_number != "022190000019"


def test_the_peers_autocorrection_examples_are_proposed_and_never_applied():
    td2 = ("I<UTOERIK55ON<<ANNA<MAR1A<<<<<<<<<<<", "D231458907UT0740BIZZF12O4IS9<<<<<<<G")
    td3 = ("P<UT0ERIK55ON<<ANNA<MAR1A<<<<<<<<<<<<<<<<<<<", "L898902C36UTO740BIZZF12041S9ZE184226B<<<<<1O")
    for misread, right in ((td2, TD2_CARD), (td3, PASSPORT)):
        found = read_document("\n".join(misread), today=TODAY)
        assert found.are_check_digits_valid is False
        marks = [list(line) for line in misread]
        for replacement in found.suggestions:
            marks[replacement.line - 1][replacement.position - 1] = replacement.proposed
        assert tuple("".join(line) for line in marks) == right
