"""Laws of the declaration: what is written is read, what is damaged is refused, what is old never holds."""

from datetime import timedelta

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.agreement.base45 import ALPHABET, to_base45
from sync.agreement.declaration import (
    CHOICES,
    CodeFault,
    CodeRefusal,
    Declaration,
    DeclarationChannel,
    DeclarationFault,
    FieldFault,
    packed,
    read_answers,
    read_code,
    strictest_terms,
    validity_of,
    write_code,
)
from sync.agreement.declaration.codec import LONGEST_CODE
from sync.agreement.declaration.form import LONGEST_BYTES
from sync.agreement.policy.legal_rules import DeclarationTerms
from sync.exchange.declaring import known_services, service_seal
from tests.demands import demand
from tests.sync.agreement.declarations import DECLARED_AT, TODAY, channels, declarations, form, instants
from tests.sync.agreement.test_law_packs import rules_of
from tests.web.test_qr import seen_by_camera
from web.qr import draw_qr

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
KNOWN = known_services([KEY.public_key().public_bytes_raw()])
STRANGER = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
LAWS = ("law-vn-2020", "law-vn-2026")


def answers(**changes):
    return read_answers(form(**changes), today=TODAY, valid_for_days=7, language="vi")


def code(*, seal=True, declaration=None, at=DECLARED_AT):
    found = declaration or answers()
    fields = packed(found, declared_at=at, channel=DeclarationChannel.PHONE)
    return write_code(fields, seal=service_seal(KEY) if seal else None)


CODE, PAPER = code(), code(seal=False)


@given(declarations(), instants, channels, st.booleans())
def test_a_declaration_comes_out_of_its_code_as_it_went_in(declaration, at, channel, is_signed):
    fields = packed(declaration, declared_at=at, channel=channel)
    text = write_code(fields, seal=service_seal(KEY) if is_signed else None)
    read = read_code(text, verify=KNOWN)
    assert not isinstance(read, CodeRefusal)
    assert (read.declaration, read.declared_at, read.channel) == (declaration, at, channel)
    assert read.is_verified is is_signed


@given(declarations())
def test_the_longest_declaration_fits_version_20_at_level_m(declaration):
    text = code(declaration=declaration)
    assert len(text) <= LONGEST_CODE
    assert set(text) <= set(ALPHABET)


def test_a_declaration_full_to_the_last_byte_of_noise_still_fits():
    noise = {
        name: bytes((index * 37 + len(name)) % 94 + 33 for index in range(size)).decode()
        for name, size in LONGEST_BYTES.items()
    }
    areas = answers().areas * 5
    full = msgspec.structs.replace(answers(), **noise, areas=areas)
    picture = draw_qr(code(declaration=full))
    assert picture.version <= 20


@given(st.integers(0, len(CODE) - 1), st.sampled_from(ALPHABET))
def test_one_wrong_mark_is_always_noticed(place, mark):
    for text in (CODE, PAPER):
        here = place % len(text)
        if text[here] != mark:
            damaged = text[:here] + mark + text[here + 1 :]
            assert isinstance(read_code(damaged, verify=KNOWN), CodeRefusal) or damaged.strip() == text


@given(st.integers(0, len(CODE)), st.integers(0, len(CODE)))
def test_a_code_with_a_piece_cut_out_is_refused(first, last):
    first, last = sorted((first, last))
    cut = CODE[:first] + CODE[last:]
    if cut != CODE:
        assert isinstance(read_code(cut, verify=KNOWN), CodeRefusal)


@settings(max_examples=2000)
@given(
    st.one_of(
        st.text(),
        st.text(ALPHABET).map(lambda rest: f"KD1:{rest}:"),
        st.binary().map(lambda raw: "KD1:" + raw.hex().upper() + ":"),
    )
)
def test_no_text_whatever_is_an_exception(text):
    assert isinstance(read_code(text, verify=KNOWN), CodeRefusal)


@given(st.binary(max_size=600), st.integers(0, 255))
def test_bytes_with_a_right_sum_but_no_declaration_in_them_are_refused(fields, flags):
    from sync.agreement.declaration.codec import _sum

    body = bytes([flags]) + fields
    assert isinstance(read_code(f"KD1:{to_base45(body + _sum(body))}:", verify=KNOWN), CodeRefusal)


def test_a_foreign_signature_is_not_verified_and_a_false_one_is_forged():
    fields = packed(answers(), declared_at=DECLARED_AT, channel=DeclarationChannel.PHONE)
    assert read_code(write_code(fields, seal=service_seal(STRANGER)), verify=KNOWN).is_verified is False
    false = msgspec.structs.replace(service_seal(KEY), sign=STRANGER.sign)
    assert read_code(write_code(fields, seal=false), verify=KNOWN) == CodeRefusal(fault=CodeFault.FORGED)


def test_a_code_of_tomorrow_says_that_it_is_newer():
    assert read_code("KD2:ABC:", verify=KNOWN) == CodeRefusal(fault=CodeFault.NEWER_VERSION)


@demand("R076")
@pytest.mark.parametrize("law", LAWS)
@given(late_s=st.floats(0.001, 400 * 86400))
def test_a_declaration_older_than_the_days_of_the_pack_is_never_accepted(law, late_s):
    terms = strictest_terms(rules_of(law, DeclarationTerms))
    last = DECLARED_AT + timedelta(days=terms.valid_for_days)
    assert validity_of(DECLARED_AT, at=last, terms=terms).fault is None
    late = validity_of(DECLARED_AT, at=last + timedelta(seconds=late_s), terms=terms)
    assert late.fault is DeclarationFault.EXPIRED
    assert late.citation == terms.citation


def test_nothing_holds_where_no_law_asks_for_declarations_and_none_from_the_future():
    assert validity_of(DECLARED_AT, at=DECLARED_AT, terms=None).fault is DeclarationFault.WITHOUT_TERMS
    terms = strictest_terms(rules_of("law-vn-2026", DeclarationTerms))
    early = validity_of(DECLARED_AT, at=DECLARED_AT - timedelta(hours=1), terms=terms)
    assert early.fault is DeclarationFault.FROM_THE_FUTURE


def test_a_whole_form_is_a_declaration():
    found = answers(
        symptom_fever="yes", exposure_slaughter="yes", area_2="LA", area_2_from="2026-11-10", area_2_to="2026-11-12"
    )
    assert isinstance(found, Declaration), found
    assert [symptom.value for symptom in found.symptoms] == ["fever"]
    assert [exposure.value for exposure in found.exposures] == ["slaughter"]
    assert found.area_codes == ("CN-45-0681", "LA")


@pytest.mark.parametrize(
    ("field", "text", "fault"),
    [
        ("full_name", "", FieldFault.REQUIRED),
        ("full_name", "x" * 81, FieldFault.TOO_LONG),
        ("full_name", "a\u0000b", FieldFault.BAD_TEXT),
        ("birth_year", "85", FieldFault.BAD_YEAR),
        ("birth_year", "2027", FieldFault.BAD_YEAR),
        ("birth_year", "\u0661\u0669\u0669\u0660", FieldFault.BAD_YEAR),
        ("sex", "x", FieldFault.BAD_CHOICE),
        ("nationality", "", FieldFault.REQUIRED),
        ("document_number", "??", FieldFault.BAD_NUMBER),
        ("crossing_on", "31/11/2026", FieldFault.BAD_DATE),
        ("crossing_on", "2026-02-30", FieldFault.BAD_DATE),
        ("crossing_on", "2026-11-21", FieldFault.TOO_LONG_AGO),
        ("crossing_on", "2026-11-30", FieldFault.TOO_FAR_AHEAD),
        ("area_1", "XX", FieldFault.BAD_CHOICE),
        ("area_1_to", "2026-11-23", FieldFault.IN_THE_FUTURE),
        ("area_1_to", "2026-11-01", FieldFault.TOO_LONG_AGO),
        ("telephone", "gọi tôi", FieldFault.BAD_TELEPHONE),
        ("email", "a@b", FieldFault.BAD_EMAIL),
        ("symptom_rash", "", FieldFault.REQUIRED),
        ("exposure_slaughter", "maybe", FieldFault.REQUIRED),
        ("confirmed", "", FieldFault.NOT_CONFIRMED),
        ("declaration_id", "7", FieldFault.BAD_NUMBER),
    ],
)
def test_each_wrong_field_has_its_own_fault(field, text, fault):
    assert answers(**{field: text}) == {field: fault}


@pytest.mark.parametrize("text", ["24/11/2026", "24.11.2026", "24112026", "2026-11-24", "20261124", "2026/11/24"])
def test_a_day_is_read_in_each_form_that_people_write_it(text):
    found = answers(crossing_on=text)
    assert isinstance(found, Declaration), found
    assert found.crossing_on.isoformat() == "2026-11-24"


@given(st.dictionaries(st.sampled_from(sorted(form())), st.text()))
def test_no_form_whatever_is_an_exception(given_answers):
    found = read_answers(given_answers, today=TODAY, valid_for_days=7, language="zh")
    assert isinstance(found, dict)
    assert found["confirmed" if given_answers.get("confirmed") != "yes" else next(iter(found))]


def test_a_crossing_may_lie_as_many_days_ahead_as_the_declaration_holds_all_day():
    assert isinstance(answers(crossing_on="2026-11-28"), Declaration)
    assert answers(crossing_on="2026-11-29") == {"crossing_on": FieldFault.TOO_FAR_AHEAD}


def test_nobody_departs_after_the_crossing():
    assert answers(crossing_on="2026-11-24", departed_on="2026-11-25") == {"departed_on": FieldFault.TOO_FAR_AHEAD}


def test_every_field_of_form_01_is_asked():
    assert len(CHOICES["symptom"]) == 8
    assert set(LONGEST_BYTES) >= {"seat", "vehicle_number", "departure_place", "destination", "prophylaxis", "email"}


@demand("R076")
@pytest.mark.parametrize("text", [CODE, PAPER], ids=["signed", "unsigned"])
def test_a_camera_reads_the_code_that_we_draw(text):
    assert seen_by_camera(draw_qr(text)) == text


def test_a_camera_reads_the_codes_of_two_hundred_signatures():
    for seed in range(200):
        key = Ed25519PrivateKey.from_private_bytes(seed.to_bytes(32))
        fields = packed(answers(), declared_at=DECLARED_AT, channel=DeclarationChannel.PHONE)
        text = write_code(fields, seal=service_seal(key))
        assert seen_by_camera(draw_qr(text)) == text, seed
