"""A verdict for each field, what issuers do differently, proposals for one misread letter, and codes without zones."""

import subprocess
import sys

import msgspec
import pytest

from checkpoint.documents import (
    DeviationName,
    DocumentFault,
    FieldState,
    ReadingSource,
    RepairBasis,
    read_document,
)
from sync.agreement.vocabulary import DocumentKind
from tests.checkpoint.documents import printing
from tests.checkpoint.documents.zones import (
    BELGIAN_CARD,
    CARD,
    CITIZEN_CARD,
    LONG_CARD,
    PASSPORT,
    SPECIMENS,
    TODAY,
    VISA_A,
    with_character,
    zone_of,
)

CHINESE = {
    "code": "PE", "state": "CHN", "nationality": "CHN", "number": "E12345678", "optional": "LNLHKPNGOHNFPA",
    "sex": "M", "birth": "880808", "expiry": "330101", "primary": "ZHANG", "secondary": "WEIMING",
}  # fmt: skip


def read(lines):
    return read_document("\n".join(lines), today=TODAY)


def states(found):
    return {verdict.field: verdict.state for verdict in found.verdicts}


@pytest.mark.parametrize("name", SPECIMENS)
def test_every_format_gives_a_verdict_for_each_of_its_fields_and_none_speaks_against_a_good_zone(name):
    found = states(read(SPECIMENS[name]))
    assert found["document_number"] is found["date_of_birth"] is found["date_of_expiry"] is FieldState.VERIFIED
    assert found["name"] is FieldState.UNPROVEN
    assert ("composite" in found) is (not name.startswith("MRV"))
    assert not {FieldState.INVALID, FieldState.DEVIANT} & set(found.values())


def test_a_wrong_digit_speaks_against_its_own_field_only_and_the_composite():
    found = states(read(with_character(PASSPORT, line=1, column=19, mark="9")))
    assert {field for field, state in found.items() if state is FieldState.INVALID} == {"date_of_birth", "composite"}
    assert found["document_number"] is FieldState.VERIFIED


def test_what_no_digit_looks_at_is_said_to_be_unproven():
    assert states(read(VISA_A))["optional_fields"] is FieldState.UNPROVEN
    assert states(read(CITIZEN_CARD))["optional_fields"] is FieldState.COVERED
    assert states(read(PASSPORT))["sex"] is FieldState.UNPROVEN
    assert states(read(with_character(PASSPORT, line=0, column=8, mark="0")))["name"] is FieldState.ODD


def names(found):
    return {deviation.name for deviation in found.deviations}


def test_the_long_number_of_belgium_is_deviant_by_name_and_never_invalid():
    found = read(BELGIAN_CARD)
    assert states(found)["document_number"] is FieldState.DEVIANT
    assert names(found) == {DeviationName.LONG_NUMBER, DeviationName.LONG_NUMBER_COUNTS_FILLER}
    (deviant,) = [one for one in found.deviations if one.name is DeviationName.LONG_NUMBER_COUNTS_FILLER]
    assert (deviant.issuer, deviant.is_legal, deviant.source[:5]) == ("BEL", False, "PRADO")
    assert names(read(LONG_CARD)) == {DeviationName.LONG_NUMBER}


def test_the_peculiarities_of_chinese_and_german_passports_are_known_and_legal():
    chinese = read(zone_of(CHINESE, layout="TD3"))
    assert (chinese.kind, chinese.are_check_digits_valid, chinese.warnings) == (DocumentKind.PASSPORT, True, ())
    assert names(chinese) == {DeviationName.PASSPORT_TYPE_LETTER, DeviationName.LETTERS_IN_PERSONAL_NUMBER}
    german = read(zone_of(CHINESE | {"code": "P", "state": "D", "nationality": "D", "optional": ""}, layout="TD3"))
    assert names(german) == {DeviationName.SHORT_STATE_CODE}
    assert all(one.is_legal for one in (*chinese.deviations, *german.deviations))


def test_an_unused_personal_number_may_have_a_filler_for_its_digit():
    lines = zone_of(CHINESE | {"state": "VNM", "nationality": "VNM", "code": "P", "optional": ""}, layout="TD3")
    found = read(with_character(lines, line=1, column=42, mark="<"))
    assert states(found)["personal_number"] is FieldState.ABSENT
    assert names(found) == {DeviationName.UNUSED_NUMBER_WITHOUT_DIGIT}
    assert found.are_check_digits_valid


def test_a_card_of_the_chinese_side_with_a_zone_is_taken_for_a_permit_and_not_for_an_identity_card():
    card = CHINESE | {"code": "C", "optional": "", "second_optional": ""}
    assert read(zone_of(card, layout="TD1")).kind is DocumentKind.BORDER_PERMIT


def test_proposals_come_in_order_of_what_they_rest_on_and_change_nothing():
    by_type = read(with_character(PASSPORT, line=1, column=15, mark="O"))
    assert [one.basis for one in by_type.proposals] == [RepairBasis.FIELD_TYPE]
    assert by_type.proposals[0].lines == PASSPORT
    in_number = with_character(PASSPORT, line=1, column=6, mark="Z")
    by_digit = read(in_number)
    assert {one.basis for one in by_digit.proposals} == {RepairBasis.CHECK_DIGIT}
    assert PASSPORT in [one.lines for one in by_digit.proposals]
    assert all(len(one.replacements) == 1 for one in by_digit.proposals)
    assert by_digit.fields.document_number == "L89890ZC3"
    assert by_digit.are_check_digits_valid is False


def test_one_misread_look_alike_anywhere_under_a_digit_has_the_printed_zone_among_its_proposals():
    """Every O for 0, 0 for O and so on in number, dates and digits of every specimen, unless no digit can see it."""
    pairs = {"0": "O", "1": "I", "2": "Z", "5": "S", "8": "B", "O": "0", "I": "1", "Z": "2", "S": "5", "B": "8"}
    seen = 0
    for lines in SPECIMENS.values():
        for digit in read(lines).check_digits:
            if digit.field not in {"document_number", "date_of_birth", "date_of_expiry"} or "<" in digit.printed:
                continue
            line, end = digit.line - 1, digit.position - 1
            for column in range(end - 6, end + 1):
                mark = pairs.get(lines[line][column])
                if mark is None:
                    continue
                found = read(with_character(lines, line=line, column=column, mark=mark))
                if found.are_check_digits_valid:
                    continue
                seen += 1
                assert lines in [one.lines for one in found.proposals], (lines, line, column)
    assert seen > 30


def test_two_wrong_fields_are_read_again_and_not_guessed():
    twice = with_character(with_character(PASSPORT, line=1, column=6, mark="Z"), line=1, column=19, mark="9")
    assert read(twice).proposals == ()


def test_a_national_personal_code_is_read_and_what_is_not_understood_is_kept():
    found = read_document("022190000019-Nguyễn Thị Ánh Hường-05031990-CCCD-7Q2F-X9", today=TODAY)
    assert (found.source, found.kind) == (ReadingSource.NATIONAL_QR, DocumentKind.IDENTITY_CARD)
    assert (found.fields.personal_number, found.fields.full_name) == ("022190000019", "Nguyễn Thị Ánh Hường")
    assert (found.fields.date_of_birth, found.fields.unread_tail) == ("1990-03-05", ("7Q2F", "X9"))
    wrong = read_document("022190000019-Nguyễn Thị Ánh Hường-31021990-CCCD-7Q2F-", today=TODAY)
    assert "date_impossible" in {warning.code for warning in wrong.warnings}


def test_the_code_of_a_chinese_permit_gives_its_number_and_two_numbers_give_none():
    found = read_document("中华人民共和国出入境通行证\n证号 T12345678\n张伟明", today=TODAY)
    assert (found.kind, found.fields.issuing_state) == (DocumentKind.BORDER_PERMIT, "CHN")
    assert "T12345678" in found.fields.number_key
    assert isinstance(
        read_document("出入境通行证\nT12345678\nT87654321 一二三四五六七八九十", today=TODAY), DocumentFault
    )


def test_the_command_reads_a_picture_and_prints_what_it_saw(root, tmp_path):
    picture = tmp_path / "card.jpg"
    picture.write_bytes(printing.as_jpeg(printing.page(CARD, pitch_px=22)))
    command = [sys.executable, "-m", "checkpoint", "read-document", str(picture)]
    ran = subprocess.run(command, capture_output=True, cwd=root, check=False, timeout=60)
    (line,) = map(msgspec.json.decode, ran.stdout.splitlines())
    assert ran.returncode == 0
    assert line["seen"]["text"].split("\n") == list(CARD)
    assert {"verdicts", "deviations", "proposals", "fields"} <= set(line["document"])
    picture.write_bytes(b"nothing")
    ran = subprocess.run(command, capture_output=True, cwd=root, check=False, timeout=60)
    assert (ran.returncode, msgspec.json.decode(ran.stdout)) == (1, {"fault": {"code": "picture_unreadable"}})
