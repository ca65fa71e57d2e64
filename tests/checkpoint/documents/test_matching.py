"""Who is this: exact keys identify, names propose, nothing merges."""

import hmac
import json
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkpoint.documents import (
    Certainty,
    MatchKey,
    PersonIdentifiers,
    compare_names,
    find_matches,
    identifiers_of,
    person_key,
    read_document,
)
from sync.agreement.vocabulary import Sex
from tests.checkpoint.documents.zones import CITIZEN_CARD, TODAY, VISA_A, zone_of

SECRET = b"an invented key of the province."
HUONG = PersonIdentifiers(
    reference="holder-1",
    pass_number="GTH-0012345",
    personal_number="022190000019",
    full_name="Nguyễn Thị Ánh Hường",
    date_of_birth=date(1990, 3, 5),
    sex=Sex.FEMALE,
    commune="Hải Hòa",
)
HONG = PersonIdentifiers(
    reference="holder-2",
    pass_number="GTH-0099999",
    full_name="Nguyễn Thị Ánh Hồng",
    date_of_birth=date(1990, 3, 5),
    sex=Sex.FEMALE,
    commune="Hải Hòa",
)
ON = PersonIdentifiers(
    reference="holder-3",
    passport_number="B7654321",
    passport_state="VNM",
    full_name="Đặng Văn Ơn",
    date_of_birth=date(1985, 1, 1),
    sex=Sex.MALE,
)
KNOWN = (HUONG, HONG, ON)


def matches(**presented):
    return [
        (match.reference, match.key, match.certainty)
        for match in find_matches(PersonIdentifiers(**presented), known=KNOWN)
    ]


def test_every_pair_of_the_collection_is_judged_as_stated(shared):
    pairs = json.loads((shared / "data/documents/name_match_pairs.json").read_text(encoding="utf-8"))
    for pair in pairs:
        is_cut = "truncated" in pair["note"]
        compared = compare_names(pair["a"], pair["b"], may_be_truncated=is_cut)
        assert compared.is_possible is pair["same_person_possible"], pair
        assert compare_names(pair["b"], pair["a"], may_be_truncated=is_cut) == compared


def test_a_name_that_was_not_cut_does_not_match_by_its_beginning():
    assert not compare_names("Nguyễn Thị Ánh Hường", "NGUYEN THI ANH HU").is_possible


@pytest.mark.parametrize(
    ("left", "right", "is_possible"),
    [
        ("Trần Thị Hoà", "Trần Thị Hòa", True),
        ("Nguyễn Hường", "NGUYEN THI ANH HUONG", True),
        ("Nguyễn Văn Nam", "Nguyễn Văn Năm", False),
        ("Müller Jürgen", "MUELLER JUERGEN", True),
        ("Müller", "MULLER", True),
        ("", "NGUYEN", False),
        ("张伟明", "ZHANG WEIMING", False),
    ],
)
def test_two_spellings_are_one_name_only_if_nothing_in_them_speaks_against_it(left, right, is_possible):
    assert compare_names(left, right).is_possible is is_possible


def test_a_pass_number_identifies_however_it_is_written():
    assert matches(pass_number="gth 0012345") == [("holder-1", MatchKey.PASS_NUMBER, Certainty.IDENTIFIED)]


def test_a_personal_number_identifies_and_a_number_of_eleven_digits_does_not():
    assert matches(personal_number="022190000019") == [("holder-1", MatchKey.PERSONAL_NUMBER, Certainty.IDENTIFIED)]
    assert matches(personal_number="02219000001") == []


def test_a_passport_identifies_only_together_with_its_state():
    assert matches(passport_number="B7654321", passport_state="VNM") == [
        ("holder-3", MatchKey.PASSPORT, Certainty.IDENTIFIED)
    ]
    assert matches(passport_number="B7654321", passport_state="CHN") == []
    assert matches(passport_number="B7654321") == []


def test_a_name_with_birth_sex_and_commune_only_proposes_even_if_it_is_the_same_to_the_letter():
    found = matches(full_name="Nguyễn Thị Ánh Hường", date_of_birth=date(1990, 3, 5), sex=Sex.FEMALE, commune="Hải Hoà")
    assert found[0] == ("holder-1", MatchKey.NAME_AND_BIRTH, Certainty.CANDIDATE)
    assert {certainty for _, _, certainty in found} == {Certainty.CANDIDATE}


def test_a_name_of_another_birth_sex_or_commune_is_not_even_proposed():
    same = {"full_name": "NGUYEN THI ANH HUONG", "date_of_birth": date(1990, 3, 5), "sex": Sex.FEMALE}
    assert matches(**same)
    assert not matches(**{**same, "date_of_birth": date(1990, 3, 6)})
    assert not matches(**{**same, "sex": Sex.MALE})
    assert not matches(**same, commune="Hải Yên")
    assert not matches(full_name="NGUYEN THI ANH HUONG")


def test_a_parent_and_a_child_on_one_pass_are_both_shown_and_neither_is_guessed():
    child = PersonIdentifiers(reference="child", pass_number="GTH0012345", date_of_birth=date(2015, 6, 1))
    found = find_matches(PersonIdentifiers(pass_number="GTH0012345"), known=(*KNOWN, child))
    assert {(match.reference, match.certainty) for match in found} == {
        ("holder-1", Certainty.CANDIDATE),
        ("child", Certainty.CANDIDATE),
    }


def test_a_shared_pass_number_that_the_personal_number_contradicts_is_only_proposed():
    presented = PersonIdentifiers(pass_number="GTH0012345", personal_number="022085000124")
    (match,) = find_matches(presented, known=KNOWN)
    assert (match.certainty, match.contradicts) == (Certainty.CANDIDATE, (MatchKey.PERSONAL_NUMBER,))


def test_a_renewed_passport_of_a_known_personal_number_is_no_contradiction():
    presented = PersonIdentifiers(
        personal_number="022190000019", passport_number="C1234567", passport_state="VNM", date_of_birth=date(1990, 3, 5)
    )
    (match,) = find_matches(presented, known=KNOWN)
    assert (match.certainty, match.contradicts) == (Certainty.IDENTIFIED, ())


people = st.builds(
    PersonIdentifiers,
    reference=st.sampled_from("abc"),
    pass_number=st.sampled_from(["", "P1", "P2"]),
    personal_number=st.sampled_from(["", "022190000019", "022085000124"]),
    full_name=st.sampled_from(["", "Trần Hoa", "Trần Hòa", "TRAN HOA"]),
    date_of_birth=st.sampled_from([None, date(1990, 3, 5), date(1985, 1, 1)]),
    sex=st.sampled_from(Sex),
)


@given(people, st.lists(people, max_size=5))
def test_at_most_one_person_is_identified_and_never_by_a_name(presented, known):
    found = find_matches(presented, known=known)
    certain = [match for match in found if match.certainty is Certainty.IDENTIFIED]
    assert len(certain) <= 1
    assert all(match.key is not MatchKey.NAME_AND_BIRTH and not match.contradicts for match in certain)


def test_two_edges_without_an_uplink_make_the_same_key_for_the_same_person():
    here = PersonIdentifiers(personal_number="022190000019", full_name="Nguyễn Thị Ánh Hường")
    there = PersonIdentifiers(personal_number="022190000019", full_name="NGUYEN THI ANH HU")
    assert person_key(here, key=SECRET) == person_key(there, key=SECRET)
    message = b"kiemdich/person/v1\0personal_number\x00022190000019"
    assert person_key(here, key=SECRET) == hmac.digest(SECRET, message, "sha256").hex()
    assert person_key(here, key=SECRET) != person_key(here, key=SECRET[::-1])


def test_the_key_follows_the_strongest_identifier_and_a_name_alone_has_none():
    by_pass = PersonIdentifiers(pass_number="gth 0012345")
    assert person_key(HUONG, key=SECRET) == person_key(by_pass, key=SECRET)
    assert person_key(PersonIdentifiers(full_name="Trần Thị Hoa"), key=SECRET) is None
    assert person_key(PersonIdentifiers(pass_number="022190000019"), key=SECRET) != person_key(
        PersonIdentifiers(personal_number="022190000019"), key=SECRET
    )


def test_a_key_does_not_show_the_number_and_a_short_secret_is_refused():
    key = person_key(HUONG, key=SECRET)
    assert len(key) == 64
    assert "0012345" not in key
    with pytest.raises(ValueError, match="16 bytes"):
        person_key(HUONG, key=b"short")


def identifiers_from(text):
    return identifiers_of(read_document(text, today=TODAY))


def test_a_card_and_a_new_passport_of_one_citizen_lead_to_the_same_personal_number():
    passport = "P<VNMNGUYEN<<THI<ANH<HUONG<<<<<<<<<<<<<<<<<<\nC1234567<0VNM9003059F3105010022190000019<<44"
    card = identifiers_from("\n".join(CITIZEN_CARD))
    assert card.personal_number == identifiers_from(passport).personal_number == "022190000019"
    assert (card.passport_number, identifiers_from(passport).passport_number) == ("", "C1234567")
    (match,) = find_matches(card, known=[HUONG])
    assert (match.reference, match.certainty) == ("holder-1", Certainty.IDENTIFIED)


def test_twelve_digits_in_the_passport_of_another_state_are_no_vietnamese_personal_number():
    fields = {"code": "P", "state": "CHN", "nationality": "CHN", "number": "E12345678", "sex": "F"}
    fields |= {"optional": "022190000019", "birth": "900305", "expiry": "300101", "primary": "LI", "secondary": "NA"}
    found = identifiers_from("\n".join(zone_of(fields, layout="TD3")))
    assert (found.personal_number, found.passport_state) == ("", "CHN")
    assert find_matches(found, known=[HUONG]) == ()


def test_the_number_of_a_visa_identifies_nobody():
    found = identifiers_from("\n".join(VISA_A))
    assert person_key(found, key=SECRET) is None


def test_a_typed_pass_number_finds_the_holder_of_the_register():
    found = identifiers_from("GTHVN02-TQ gth/0012345\r")
    (match,) = find_matches(found, known=KNOWN)
    assert (match.reference, match.certainty) == ("holder-1", Certainty.IDENTIFIED)
