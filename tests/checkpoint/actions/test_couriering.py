"""What a courier brings back counts as the wire's words do: only for this errand, and from a restored centre too."""

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from checkpoint.actions.couriering import ERRAND_NAME, export_package, identity_for_courier, take_return
from checkpoint.store.identity import known_centre
from sync.exchange.courier import CourierErrand
from sync.exchange.messages import CourierReturn, Receipt
from tests.checkpoint.actions.test_erasing import pass_through

KEY = Ed25519PrivateKey.generate()


@pytest.fixture
def export(edge, tmp_path):
    known = {"centre_url": "http://centre.example", "centre_public_key": KEY.public_key().public_bytes_raw().hex()}
    edge.gate.settings = msgspec.structs.replace(
        edge.settings, edge=msgspec.structs.replace(edge.settings.edge, **known)
    )

    def run():
        gate = edge.gate
        centre = known_centre(gate.settings.edge, files=gate.store.files)
        identity = identity_for_courier(gate.identity, centre=centre, incarnation=1)
        folder = gate.settings.data_path
        now = edge.clock.forward(seconds=5)
        return export_package(gate.store, tmp_path / "up.kdc", identity=identity, data_path=folder, now=now)

    return run


def receipted(edge, sequence: int, *, epoch: str) -> bytes:
    """The return of a centre that holds the chain up to a sequence, as an answer to the last package."""
    errand = msgspec.json.decode((edge.settings.data_path / ERRAND_NAME).read_bytes(), type=CourierErrand)
    own_hash = edge.gate.store.outgoing.hash_at(sequence, incarnation=1) or bytes(32)
    receipt = Receipt(
        epoch=epoch,
        edge_id="mong-cai-1",
        incarnation=1,
        sequence=sequence,
        hash=own_hash.hex(),
        ledger_position=sequence,
        received_at=edge.clock.now,
        nonce=f"{errand.nonce}-head-1",
    )
    answer = CourierReturn(
        edge_id="mong-cai-1", made_at=errand.made_at, receipts=(receipt.signed(key=KEY),), refusals=()
    )
    return msgspec.json.encode(answer.signed(key=KEY))


@pytest.mark.parametrize("kept", [0, 1])
def test_a_restored_centre_gets_by_the_next_package_what_it_forgot_even_if_that_is_everything(edge, export, kept):
    for number in range(3):
        pass_through(edge, number=f"B{number:07d}", name="Tằng Sín Pẩu")
    assert export().records == 3
    assert take_return(edge.gate, receipted(edge, 3, epoch="epoch-1")).receipts == 1
    assert export().records == 0
    told = take_return(edge.gate, receipted(edge, kept, epoch="epoch-2"))
    assert (told.receipts, told.fault) == (1, "")
    assert export().records == 3 - kept
