"""One record has one spelling, one place in its chain, and says nothing about who without the key."""

import base64

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from sync.agreement.records import TravellerIdentity
from sync.exchange.chain import ChainDifference, ChainHead, record_hash, verify_chain
from sync.exchange.envelope import EnvelopeError, body_of, decode_record
from sync.exchange.sealing import (
    SealedIdentity,
    SealingError,
    associated_bytes,
    new_episode_key,
    open_sealed,
    seal,
    unwrap_episode_key,
    wrap_episode_key,
)
from tests.demands import demand
from tests.sync.exchange.journals import EdgeJournal, screened

PERSON = TravellerIdentity(full_name="TRẦN VĂN MẪU", document_number="T7654321", address="Trà Cổ")


@pytest.fixture
def province():
    return X25519PrivateKey.generate()


@pytest.fixture
def journal(province):
    written = EdgeJournal("mong-cai-1")
    written.province_key = province.public_key()
    for number in range(1, 6):
        written.write(screened(f"c{number}"), who=PERSON)
    return written


def records_of(journal):
    return [entry.record for entry in journal.entries]


def test_a_record_is_read_back_as_it_was_written_in_the_agreed_order_of_keys(journal):
    record = records_of(journal)[0]
    assert list(msgspec.json.decode(record)) == [
        "v", "record_id", "edge_id", "incarnation", "sequence", "type", "type_version", "observed_at", "recorded_at",
        "boot_id", "monotonic_ns", "clock_quality", "lane_id", "officer_ref", "previous_hash", "open", "sealed",
        "sealing",
    ]  # fmt: skip
    assert body_of(decode_record(record)) == screened("c1")
    assert b"\n" not in record


@demand("R003")
@given(place=st.integers(0, 10**6), bit=st.integers(0, 7))
def test_any_changed_bit_of_a_journal_is_found_and_located(place, bit):
    journal = EdgeJournal("mong-cai-1")
    for number in range(1, 4):
        journal.write(screened(f"c{number}"))
    records = records_of(journal)
    victim = place % 2
    changed = bytearray(records[victim])
    changed[place % len(changed)] ^= 1 << bit
    records[victim] = bytes(changed)

    found = verify_chain(records)
    assert isinstance(found, ChainDifference)
    assert found.sequence in {victim + 1, victim + 2}


def test_a_record_that_lies_about_its_sequence_is_located_where_it_stands():
    journal = EdgeJournal("mong-cai-1")
    for number in range(1, 4):
        journal.write(screened(f"c{number}"))
    records = [records_of(journal)[0].replace(b'"sequence":1,', b'"sequence":0,'), *records_of(journal)[1:]]
    assert verify_chain(records).sequence == 1


def test_a_chain_continues_from_a_known_head_and_notices_a_missing_record(journal):
    records = records_of(journal)
    head = verify_chain(records[:2])
    assert head == ChainHead(sequence=2, hash=record_hash(records[1]))
    assert verify_chain(records[2:], after_sequence=2, after_hash=head.hash).sequence == 5
    missing = verify_chain(records[3:], after_sequence=2, after_hash=head.hash)
    assert (missing.sequence, missing.field, missing.found) == (3, "sequence", "4")


@given(st.binary(max_size=300))
def test_no_rubbish_is_taken_for_a_record(rubbish):
    with pytest.raises(EnvelopeError):
        decode_record(rubbish)


@given(
    st.recursive(
        st.none() | st.floats(allow_nan=False) | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_no_other_json_is_taken_for_a_record_and_the_refusal_quotes_nothing(value):
    with pytest.raises(EnvelopeError, match="not a record of version 1"):
        decode_record(msgspec.json.encode(value))


def test_nobody_reads_who_it_was_without_the_key(journal, province):
    record = records_of(journal)[0]
    assert PERSON.full_name.encode() not in record
    assert base64.b64encode(PERSON.full_name.encode()) not in record
    envelope = decode_record(record)
    wrapped = journal.entries[0].episode_key
    key = unwrap_episode_key(wrapped, recipient="province", private_key=province)
    sealed = SealedIdentity(ciphertext=envelope.sealed, nonce=envelope.sealing.nonce)
    own = associated_bytes(str(envelope.record_id), edge_id=envelope.edge_id)
    assert open_sealed(sealed, episode_key=key, associated=own) == PERSON

    for moved in (
        associated_bytes(str(envelope.record_id), edge_id="hoanh-mo-1"),
        associated_bytes("another-record", edge_id=envelope.edge_id),
    ):
        with pytest.raises(SealingError):
            open_sealed(sealed, episode_key=key, associated=moved)
    with pytest.raises(SealingError):
        open_sealed(sealed, episode_key=new_episode_key(), associated=own)


def test_a_wrapped_key_opens_only_for_its_recipient_and_its_episode(province):
    site = X25519PrivateKey.generate()
    key = new_episode_key()
    wrapped = wrap_episode_key(
        key, episode_id="c1", recipients={"province": province.public_key(), "site": site.public_key()}
    )
    assert unwrap_episode_key(wrapped, recipient="site", private_key=site) == key
    for wrong, private in (
        (wrapped, site),
        (msgspec.structs.replace(wrapped, episode_id="c2"), province),
        (msgspec.structs.replace(wrapped, wrapped={"province": wrapped.wrapped["site"]}), province),
        (msgspec.structs.replace(wrapped, wrapped={}), province),
    ):
        with pytest.raises(SealingError):
            unwrap_episode_key(wrong, recipient="province", private_key=private)


def test_two_seals_of_the_same_person_share_no_nonce():
    key = new_episode_key()
    nonces = {seal(PERSON, episode_key=key, associated=b"x").nonce for _ in range(200)}
    assert len(nonces) == 200


def test_a_key_wrapped_for_one_recipient_does_not_open_under_anothers_name(province):
    wrapped = wrap_episode_key(new_episode_key(), episode_id="c1", recipients={"province": province.public_key()})
    renamed = msgspec.structs.replace(wrapped, wrapped={"site": wrapped.wrapped["province"]})
    with pytest.raises(SealingError):
        unwrap_episode_key(renamed, recipient="site", private_key=province)
