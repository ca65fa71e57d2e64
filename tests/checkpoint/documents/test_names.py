"""Names: Vietnamese folding, storage, tone placement, and the other spellings of foreign names."""

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkpoint.documents import fold, icao_variants, stored_form, with_one_tone_placement

VIETNAMESE = "ÀÁÂÃÈÉÊÌÍÒÓÔÕÙÚÝĂĐĨŨƠƯẠẢẤẦẨẪẬẮẰẲẴẶẸẺẼẾỀỂỄỆỈỊỌỎỐỒỔỖỘỚỜỞỠỢỤỦỨỪỬỮỰỲỴỶỸ"


def test_all_67_accented_vietnamese_capitals_fold_to_one_plain_letter():
    assert len(VIETNAMESE) == 67
    for letter in VIETNAMESE:
        for spelling in (letter, letter.lower(), unicodedata.normalize("NFD", letter)):
            assert fold(spelling) in set("AEIOUYD"), spelling


def test_every_pair_of_the_collection_folds_as_stated(shared):
    pairs = json.loads((shared / "data/documents/name_match_pairs.json").read_text(encoding="utf-8"))
    for pair in pairs:
        assert (fold(pair["a"]), fold(pair["b"])) == (pair["fold_a"], pair["fold_b"])


@pytest.mark.parametrize(
    ("name", "folded"),
    [
        ("Đặng Văn Ơn", "DANG VAN ON"),
        ("Ðặng Văn Ơn", "DANG VAN ON"),
        ("đặng", "DANG"),
        ("O'Connor", "OCONNOR"),
        ("Van-Der  Berg", "VAN DER BERG"),
        ("Straße", "STRASSE"),
        ("Øystein Åse", "OEYSTEIN AASE"),
        ("张伟明", ""),
    ],
)
def test_a_name_folds_to_the_letters_of_the_zone(name, folded):
    assert fold(name) == folded


@given(st.text())
def test_folding_is_stable_and_leaves_only_letters_and_single_blanks(text):
    folded = fold(text)
    assert fold(folded) == folded
    assert set(folded) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ ")
    assert folded == " ".join(folded.split())


@pytest.mark.parametrize(
    ("new", "old"),
    [
        ("Hoà", "Hòa"),
        ("HOÀ", "HÒA"),
        ("Thuý", "Thúy"),
        ("khoẻ", "khỏe"),
        ("Tuỳ", "Tùy"),
        ("Quý", "Quý"),
        ("Hoàng", "Hoàng"),
        ("Hoài", "Hoài"),
        ("Thuỷ Hoá", "Thủy Hóa"),
        ("Nguyễn", "Nguyễn"),
        ("Huế", "Huế"),
        ("Hoa", "Hoa"),
    ],
)
def test_both_tone_placements_become_the_one_that_cards_print(new, old):
    assert with_one_tone_placement(new) == old
    assert with_one_tone_placement(old) == old
    assert with_one_tone_placement(unicodedata.normalize("NFD", new)) == old


@given(st.text())
def test_storing_keeps_every_letter_and_composes_it(text):
    stored = stored_form(text)
    assert stored == stored_form(stored)
    assert unicodedata.is_normalized("NFC", stored)
    assert "".join(stored.split()) == unicodedata.normalize("NFC", "".join(text.split())) or not text.isascii()


def test_foreign_names_have_every_spelling_that_zones_use():
    assert set(icao_variants("Müller")) == {"MUELLER", "MUXXLLER", "MULLER"}
    assert set(icao_variants("Ñandú")) == {"NANDU", "NXXANDU"}
    assert icao_variants("Hường") == ("HUONG",)


@given(st.text(alphabet="ÄÖÜÑÅab ", max_size=40))
def test_the_spellings_of_a_name_are_few(text):
    assert 1 <= len(icao_variants(text)) <= 16
