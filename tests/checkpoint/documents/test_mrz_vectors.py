"""Every public vector of Doc 9303 and of the peers' test suites, reproduced check digit by check digit."""

import json
from datetime import date
from pathlib import Path

import pytest

from checkpoint.documents import DocumentFault, DocumentFaultCode, MachineReadableZone, Verdict, read_mrz
from tests.checkpoint.documents.zones import TODAY

FIELD_OF = {
    "number": "document_number",
    "birth": "date_of_birth",
    "expiry": "date_of_expiry",
    "personal": "personal_number",
    "composite": "composite",
}
LAYOUT_OF = {"MRVA": "MRV-A", "MRVB": "MRV-B"}
HOLDS = {Verdict.VALID: True, Verdict.ABSENT: True, Verdict.DEVIANT: False, Verdict.INVALID: False}


@pytest.fixture(scope="module")
def vectors(shared: Path) -> list[dict]:
    return json.loads((shared / "data/documents/mrz_vectors_public.json").read_text(encoding="utf-8"))


def is_of_legal_length(vector: dict) -> bool:
    return {len(line) for line in vector["lines"]} <= {30, 36, 44}


def test_every_public_vector_gives_the_verdict_of_the_standard_for_each_check_digit(vectors):
    legal = [vector for vector in vectors if is_of_legal_length(vector)]
    assert len(legal) == 39
    for vector in legal:
        zone = read_mrz(vector["lines"], today=TODAY)
        assert isinstance(zone, MachineReadableZone), vector
        found = {digit.field: HOLDS[digit.verdict] for digit in zone.check_digits}
        expected = {FIELD_OF[name]: holds for name, holds in vector["checks"].items() if name != "long"}
        assert found == expected, vector
        assert zone.is_verified is vector["all_checks_pass"], vector


def test_every_public_vector_is_read_in_its_own_layout_and_knows_long_numbers(vectors):
    for vector in filter(is_of_legal_length, vectors):
        zone = read_mrz(vector["lines"], today=TODAY)
        assert zone.layout == LAYOUT_OF.get(vector["format"], vector["format"])
        assert zone.is_long_number is vector["checks"].get("long", False), vector


def test_a_published_specimen_with_a_column_too_many_is_refused_for_its_length_before_any_digit(vectors):
    (trap,) = [vector for vector in vectors if not is_of_legal_length(vector)]
    fault = read_mrz(trap["lines"], today=TODAY)
    assert isinstance(fault, DocumentFault)
    assert (fault.code, fault.line, fault.position) == (DocumentFaultCode.LINE_LENGTH, 1, 45)

    first_44_columns = read_mrz([line[:44] for line in trap["lines"]], today=TODAY)
    found = {digit.field: HOLDS[digit.verdict] for digit in first_44_columns.check_digits}
    assert found == {FIELD_OF[name]: holds for name, holds in trap["checks"].items()}

    without_one_filler = [trap["lines"][0][:44], trap["lines"][1].replace("<" * 9, "<" * 8)]
    assert read_mrz(without_one_filler, today=TODAY).is_verified


def test_the_belgian_card_is_deviant_and_with_another_digit_invalid(vectors):
    belgian = [vector for vector in vectors if vector["lines"][0].startswith("IDBEL")]
    verdicts = [read_mrz(vector["lines"], today=TODAY).check_of("document_number").verdict for vector in belgian]
    assert verdicts == [Verdict.DEVIANT, Verdict.INVALID]


def test_sources_and_arithmetic_agree_wherever_the_source_has_an_opinion_of_its_own(vectors):
    """Three kinds of difference are known: UTO and the like, the Belgian rule, and the length trap."""
    for vector in filter(is_of_legal_length, vectors):
        zone = read_mrz(vector["lines"], today=TODAY)
        has_invalid = any(digit.verdict is Verdict.INVALID for digit in zone.check_digits)
        if vector["expect"] == "valid":
            assert not has_invalid, vector
        elif vector["expect"] == "invalid" and "UTO" not in vector["lines"][0]:
            assert has_invalid, vector


@pytest.fixture(scope="module")
def vietnamese(shared: Path) -> dict:
    return json.loads((shared / "data/documents/vn_synthetic_vectors.json").read_text(encoding="utf-8"))


def test_every_valid_vietnamese_and_chinese_zone_is_verified(vietnamese):
    for vector in vietnamese["valid"]:
        zone = read_mrz(vector["lines"], today=TODAY)
        assert zone.is_verified, (vector["kind"], zone.check_digits)
        assert zone.issuing_state in {"VNM", "CHN"}


def test_the_personal_number_comes_whole_from_columns_16_to_27(vietnamese):
    cards = [vector["lines"] for vector in vietnamese["valid"] if vector["kind"].startswith("TD1")]
    numbers = [read_mrz(lines, today=TODAY).personal_number for lines in cards]
    assert numbers == ["022190000019", "022085000124", "022300000335", "022075000541"]
    last_nine = [read_mrz(lines, today=TODAY).document_number for lines in cards]
    assert last_nine == [number[3:] for number in numbers]


def test_a_birth_of_which_only_the_year_is_known_and_a_card_without_expiry_are_read(vietnamese):
    by_name = {vector["name_viz"]: read_mrz(vector["lines"], today=TODAY) for vector in vietnamese["valid"]}
    assert by_name["Chíu A Sủi"].date_of_birth.iso == "1975"
    assert by_name["Phùn Sềnh"].date_of_expiry is None
    assert by_name["Phùn Sềnh"].date_of_birth.last_day() == date(2000, 2, 29)
    assert by_name["Lý Thị Mẩy"].check_of("personal_number").verdict is Verdict.ABSENT


def test_every_damaged_zone_of_the_collection_shows_its_damage(vietnamese):
    """Text normalisation is not at work here: these are the lines as they came."""
    seen = {}
    for vector in vietnamese["invalid_or_repairable"]:
        found = read_mrz(vector["lines"], today=TODAY)
        if isinstance(found, DocumentFault):
            seen[vector["why"]] = (found.code.value, found.line, found.position)
        else:
            seen[vector["why"]] = {d.field for d in found.check_digits if d.verdict is Verdict.INVALID}
    assert seen == {
        "document number check digit wrong": {"document_number", "composite"},
        "birth day changed, check not": {"date_of_birth", "composite"},
        "composite wrong": {"composite"},
        "OCR 0->O in numeric field; repairable": {"document_number", "personal_number", "composite"},
        "line 1 31 chars": ("line_length", 1, 31),
        "lines swapped": ("line_order", None, None),
        "third line missing (cut read)": ("line_missing", 3, None),
        "lower case from a keyboard-wedge reader with caps lock; normalise then valid": ("character", 1, 1),
        "control characters around serial frames; strip then valid": ("line_length", 1, 31),
    }
