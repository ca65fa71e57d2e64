"""A stick carries the journal there and the receipts back: whole, or not at all."""

from random import Random

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.exchange.batching import JournalBatches
from sync.exchange.courier import (
    CourierError,
    batches_in,
    check_package,
    check_return,
    down_records,
    pack_chain,
    plan_errand,
    read_head,
    write_package,
)
from sync.exchange.messages import COURIER_EPOCH, CourierReturn, unpack_batch
from tests.sync.exchange.many_chains import CENTRE_KEY, EDGE, EDGE_KEY, NOW, ChainsJournal, WholeCentre, uplink_of
from tests.sync.exchange.test_downlink import IDENTITY, Centre, Mirror

PUBLIC_KEY = EDGE_KEY.public_key().public_bytes_raw()


def written(number):
    journal = ChainsJournal()
    for _ in range(number):
        journal.write()
    return journal


def errand_of(journal, *, mirror=None):
    return plan_errand(
        IDENTITY,
        chains=journal.chains(),
        position=(mirror or Mirror()).position(),
        now=NOW,
        random_bytes=Random(3).randbytes,
    )


def package_of(journal, errand):
    source = JournalBatches(journal)
    batches = (
        batch
        for chain in journal.chains()
        for batch in pack_chain(chain, source=source, identity=IDENTITY, errand=errand.remember)
    )
    return list(write_package(errand.head, batches=batches, key=EDGE_KEY))


def returned_for(lines, errand, *, centre, down=None):
    """Answer as a centre would: push every batch, receipt what was taken."""
    receipts = []
    for batch in batches_in(lines, count=check_package(lines, public_key=PUBLIC_KEY)):
        batch.headers.check(batch.body, signature=batch.signature, public_key=PUBLIC_KEY)
        assert batch.headers.epoch == COURIER_EPOCH
        headers = msgspec.structs.replace(batch.headers, epoch=centre.epoch_name)
        receipts.append(centre.push(headers, body=batch.body, key=EDGE_KEY).receipt)
    unsigned = CourierReturn(edge_id=EDGE, made_at=errand.head.made_at, receipts=tuple(receipts), down=down)
    return unsigned.signed(key=CENTRE_KEY)


def test_a_gate_without_a_link_delivers_everything_and_gets_its_receipts_and_orders():
    journal, centre, mirror, orders = written(1200), WholeCentre(), Mirror(), Centre()
    orders.write(3)
    errand = errand_of(journal, mirror=mirror)
    lines = package_of(journal, errand)
    head = read_head(lines[0])
    assert (head.edge, [each.question.own_sequence for each in head.head_questions]) == (EDGE, [1200])
    down = orders.ask_down(head.down_question.question, key=EDGE_KEY)
    returned = returned_for(lines, errand, centre=centre, down=down)
    read_back = msgspec.json.decode(msgspec.json.encode(returned), type=CourierReturn)
    for receipt in check_return(read_back, errand=errand.remember, identity=IDENTITY):
        journal.note_receipt(receipt)
    assert len(centre.held()) == 1200
    assert journal.receipts[1].sequence == 1200
    records = down_records(read_back, errand=errand.remember, position=mirror.position(), identity=IDENTITY)
    assert [each.sequence for each in records] == [1, 2, 3]
    assert package_of(journal, errand_of(journal))[1:-1] == []


def test_a_package_taken_twice_and_then_the_link_changes_nothing():
    journal, centre = written(700), WholeCentre()
    errand = errand_of(journal)
    lines = package_of(journal, errand)
    returned_for(lines, errand, centre=centre)
    returned_for(lines, errand, centre=centre)
    uplink = uplink_of(journal, centre)
    for _ in range(10):
        uplink.step()
    assert len(centre.held()) == 700
    assert journal.receipts[1].sequence == 700


LINES = package_of(written(4), errand_of(written(4)))
WHOLE = b"".join(LINES)


@settings(max_examples=150, deadline=None)
@given(place=st.integers(0, len(WHOLE) - 1), bit=st.integers(0, 7))
def test_a_file_with_one_wrong_bit_is_not_taken(place, bit):
    changed = bytearray(WHOLE)
    changed[place] ^= 1 << bit
    if bytes(changed).rstrip(b"\n") != WHOLE.rstrip(b"\n"):
        with pytest.raises(CourierError):
            check_package(bytes(changed).splitlines(keepends=True), public_key=PUBLIC_KEY)


@given(st.integers(0, len(WHOLE) - 2))
def test_a_file_that_was_cut_off_is_not_taken(length):
    with pytest.raises(CourierError):
        check_package(WHOLE[:length].splitlines(keepends=True), public_key=PUBLIC_KEY)


def test_a_file_put_together_from_two_or_of_another_edge_is_not_taken():
    other = package_of(written(5), errand_of(written(5)))
    for lines in (LINES[:2] + other[2:], [*LINES[:-1], other[-1]], [*LINES, LINES[-1]], LINES[:1] + LINES[2:]):
        with pytest.raises(CourierError):
            check_package(lines, public_key=PUBLIC_KEY)
    stranger = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    with pytest.raises(CourierError):
        check_package(LINES, public_key=stranger)


def test_a_batch_cannot_be_moved_from_the_stick_to_the_wire():
    (batch,) = batches_in(LINES, count=1)
    assert len(unpack_batch(batch.body)[0]) == 4
    moved = msgspec.structs.replace(batch.headers, epoch="epoch-1")
    with pytest.raises(ValueError, match="does not fit"):
        moved.check(batch.body, signature=batch.signature, public_key=PUBLIC_KEY)


@pytest.mark.parametrize("forgery", ["another errand", "another edge", "another key", "a receipt of the wire"])
def test_a_return_of_another_errand_or_of_a_stranger_is_not_taken(forgery):
    journal, centre = written(3), WholeCentre()
    errand = errand_of(journal)
    returned = returned_for(package_of(journal, errand), errand, centre=centre)
    remembered, key = errand.remember, CENTRE_KEY
    if forgery == "another errand":
        remembered = msgspec.structs.replace(remembered, made_at=NOW.replace(year=2027))
    elif forgery == "another edge":
        returned = msgspec.structs.replace(returned, edge_id="hoanh-mo-1")
    elif forgery == "another key":
        key = Ed25519PrivateKey.generate()
    else:
        strange = msgspec.structs.replace(returned.receipts[0], nonce="n").signed(key=CENTRE_KEY)
        returned = msgspec.structs.replace(returned, receipts=(strange,))
    with pytest.raises(CourierError):
        check_return(returned.signed(key=key), errand=remembered, identity=IDENTITY)
