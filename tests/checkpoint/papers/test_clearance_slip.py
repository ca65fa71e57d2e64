"""A clearance slip is believed only whole, in time, from a known gate, and with its own document."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from checkpoint.papers.clearance_slip import (
    ClearanceSlip,
    Signer,
    SlipRefusedError,
    document_hash,
    key_hint,
    read_slip,
    require_document,
    write_slip,
)
from sync.agreement.paper_words import SlipFault
from sync.agreement.vocabulary import Direction

NOON = datetime(2026, 11, 22, 5, 0, tzinfo=UTC)
CROSSING = UUID("01938f00-0000-7000-8000-000000000001")
GATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
STRANGER = Ed25519PrivateKey.from_private_bytes(bytes(32))


def known(key, **more):
    public = key.public_key().public_bytes_raw()
    fields = {"edge_id": "mong-cai-1", "point_of_entry_id": "mong-cai", **more}
    return {key_hint(public): Signer(public_key=public, **fields)}


def slip_of(number="C1234567"):
    return ClearanceSlip(
        crossing_id=CROSSING,
        point_of_entry_id="mong-cai",
        direction=Direction.ENTRY,
        cleared_at=NOON,
        valid_until=NOON + timedelta(hours=12),
        document_hash=document_hash(CROSSING, number),
    )


def refusal(text, *, at=NOON, keys=None):
    with pytest.raises(SlipRefusedError) as refused:
        read_slip(text, signers=known(GATE) if keys is None else keys, at=at)
    return refused.value.fault


def test_the_next_post_reads_a_slip_without_any_link():
    text = write_slip(slip_of(), key=GATE)

    read = read_slip(text, signers=known(GATE), at=NOON + timedelta(hours=1))

    assert read == slip_of()
    require_document(read, "c 1234567")


def test_a_slip_names_nobody():
    assert "1234567" not in write_slip(slip_of(), key=GATE)
    assert slip_of("C1234567").document_hash != slip_of("C1234568").document_hash


def test_a_slip_shown_with_another_document_is_refused():
    with pytest.raises(SlipRefusedError) as refused:
        require_document(slip_of("C1234567"), "C1234568")

    assert refused.value.fault is SlipFault.OTHER_DOCUMENT


@pytest.mark.parametrize(
    ("later", "fault"),
    [(timedelta(hours=12, seconds=1), SlipFault.EXPIRED), (-timedelta(minutes=6), SlipFault.NOT_YET)],
)
def test_a_slip_is_worth_nothing_outside_its_time(later, fault):
    assert refusal(write_slip(slip_of(), key=GATE), at=NOON + later) is fault


def test_a_slip_of_an_unknown_gate_is_refused():
    assert refusal(write_slip(slip_of(), key=STRANGER)) is SlipFault.UNKNOWN_GATE


def test_a_slip_under_another_gates_name_is_forged():
    public = STRANGER.public_key().public_bytes_raw()
    hint = key_hint(GATE.public_key().public_bytes_raw())

    assert (
        refusal(
            write_slip(slip_of(), key=GATE),
            keys={hint: Signer(edge_id="x", point_of_entry_id="mong-cai", public_key=public)},
        )
        is SlipFault.FORGED
    )


def test_a_slip_of_a_machine_that_nobody_confirmed_yet_is_of_an_unknown_gate():
    assert refusal(write_slip(slip_of(), key=GATE), keys=known(GATE, is_confirmed=False)) is SlipFault.UNKNOWN_GATE


def test_a_revoked_machine_is_believed_no_more_whatever_it_signed_and_when():
    assert refusal(write_slip(slip_of(), key=GATE), keys=known(GATE, is_revoked=True)) is SlipFault.REVOKED_GATE


def test_a_machine_signs_for_no_other_gate_than_its_own():
    keys = known(GATE, point_of_entry_id="hoanh-mo")
    assert refusal(write_slip(slip_of(), key=GATE), keys=keys) is SlipFault.FORGED


@pytest.mark.parametrize("of_drill", [True, False])
def test_a_slip_of_a_drill_counts_in_a_drill_alone(of_drill):
    text = write_slip(msgspec.structs.replace(slip_of(), is_exercise=of_drill), key=GATE)

    assert read_slip(text, signers=known(GATE), at=NOON, is_exercise=of_drill).is_exercise is of_drill
    with pytest.raises(SlipRefusedError) as refused:
        read_slip(text, signers=known(GATE), at=NOON, is_exercise=not of_drill)
    assert refused.value.fault is SlipFault.EXERCISE


def test_a_slip_without_a_number_fits_nobody_who_has_none_either():
    with pytest.raises(SlipRefusedError) as refused:
        require_document(slip_of(""), " - ")
    assert refused.value.fault is SlipFault.OTHER_DOCUMENT


def test_a_slip_is_no_slip_of_the_other_kind():
    """The signature covers what stands behind the prefix: neither kind can be read as the other."""
    text = write_slip(slip_of(), key=GATE)
    assert refusal(text.replace("KDS2:", "KDS1:")) is SlipFault.DAMAGED


@given(st.data())
def test_no_changed_or_cut_code_is_ever_believed(data):
    text = write_slip(slip_of(), key=GATE)
    place = data.draw(st.integers(0, len(text) - 1))
    mark = data.draw(st.characters(codec="ascii"))
    changed = data.draw(st.sampled_from([text[:place] + mark + text[place + 1 :], text[:place]]))

    if changed.strip() == text:
        return
    assert isinstance(refusal(changed), SlipFault)


@given(st.text(max_size=300))
def test_any_other_text_is_refused_with_a_reason(text):
    assert isinstance(refusal(f"KDS2:{text}:"), SlipFault)
