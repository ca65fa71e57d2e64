"""Where do we stand: the question for the head, the answer, and the signed heads of the ledger.

The witness (decision 21): the centre signs the head of its ledger and of its own journal, every
minute and at each cut-off; edges keep these heads and bring the last one back with each question.
A ledger that was rewritten or cut off contradicts a head that somebody holds.
"""

from typing import Annotated, ClassVar

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sync.exchange.messages.pushes import Receipt
from sync.exchange.messages.words import (
    AwareTime,
    CentreWords,
    Count,
    EdgeWords,
    HashText,
    Instance,
    OptionalHashText,
    check_nonce,
)
from sync.exchange.signatures import HEAD_PURPOSE, LEDGER_HEAD_PURPOSE, SignatureError, check_signature, sign


class HeadQuestion(EdgeWords, frozen=True, kw_only=True):
    """The signed words of a question for the head of one chain; there is no body.

    ``own_sequence`` and ``own_hash`` (hex) are the edge's own head of that chain, ``start_number`` counts
    the starts of this identity, the witness is the last ledger head held, ``down_sequence`` how far the
    edge has taken the centre's journal.
    """

    purpose: ClassVar[str] = HEAD_PURPOSE

    instance: Instance
    start_number: Count
    own_sequence: Count
    own_hash: HashText
    witness_position: Count = 0
    witness_hash: OptionalHashText = ""
    down_sequence: Count = 0


class SignedHead(CentreWords, frozen=True, kw_only=True):
    """What the centre's ledger was at ``position`` (0 = empty), and its own journal at ``centre_sequence``.

    Both hashes are hex. Within one epoch positions only grow, and a position has one hash for ever.
    """

    purpose: ClassVar[str] = LEDGER_HEAD_PURPOSE

    epoch: str
    position: Count
    hash: HashText
    centre_sequence: Count
    centre_hash: HashText
    issued_at: AwareTime


class WitnessError(ValueError):
    """The centre signed two heads that cannot both be true; ``held`` is the one to show it."""

    def __init__(self, held: SignedHead, *, contradiction: str) -> None:
        """Keep the older head: it is the evidence."""
        self.held = held
        self.contradiction = contradiction
        super().__init__(contradiction)


def check_witness(head: SignedHead, *, held: SignedHead | None) -> None:
    """Raise ``WitnessError`` if ``head`` contradicts the one held before, of the same epoch."""
    if held is None or held.epoch != head.epoch:
        return
    for name in ("position", "centre_sequence"):
        if getattr(head, name) < getattr(held, name):
            raise WitnessError(held, contradiction=f"{name}_went_back")
    if head.position == held.position and head.hash != held.hash:
        raise WitnessError(held, contradiction="another_ledger")
    if head.centre_sequence == held.centre_sequence and head.centre_hash != held.centre_hash:
        raise WitnessError(held, contradiction="another_journal")


class HeadAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Where the centre stands with one chain. ``hash`` is hex; sequence 0 = it holds nothing.

    The receipt says the same under the centre's signature and this question's nonce, so that a push
    whose answer was lost is receipted after all. ``signature`` covers everything else.
    """

    purpose: ClassVar[str] = HEAD_PURPOSE + "/answer"

    epoch: str
    edge_id: str
    incarnation: int
    sequence: Annotated[int, msgspec.Meta(ge=0)]
    hash: HashText
    receipt: Receipt
    is_frozen: bool = False
    newest_incarnation: int = 1
    down_sequence: int = 0
    ledger_head: SignedHead | None = None
    signature: str = ""

    def signed_fields(self) -> dict[str, str | int]:
        """Return what this answer's own signature covers: all but the receipt's words, and the nonce."""
        witness = self.ledger_head
        return {
            "epoch": self.epoch,
            "edge": self.edge_id,
            "incarnation": self.incarnation,
            "is_frozen": "true" if self.is_frozen else "false",
            "newest_incarnation": self.newest_incarnation,
            "down_sequence": self.down_sequence,
            "ledger_head": "" if witness is None else f"{witness.position} {witness.hash}",
            "nonce": self.receipt.nonce,
        }

    def signed(self, *, key: Ed25519PrivateKey) -> "HeadAnswer":
        """Return the same answer with the centre's signature; the receipt and the ledger head have their own."""
        return msgspec.structs.replace(self, signature=sign(self.purpose, fields=self.signed_fields(), key=key))

    def check(self, question: HeadQuestion, *, public_key: bytes) -> None:
        """Raise ``SignatureError`` unless the centre's key signed all of it, for this question."""
        receipt = self.receipt
        check_nonce(question.nonce, answered=receipt.nonce)
        receipt.check(public_key=public_key)
        said = (self.edge_id, self.incarnation, self.sequence, self.hash, self.epoch)
        asked = (question.edge, question.incarnation, receipt.sequence, receipt.hash, receipt.epoch)
        if said != asked or (receipt.edge_id, receipt.incarnation) != (question.edge, question.incarnation):
            message = "the receipt says other than the answer"
            raise SignatureError(message)
        check_signature(self.purpose, fields=self.signed_fields(), signature=self.signature, public_key=public_key)
        if self.ledger_head is not None:
            self.ledger_head.check(public_key=public_key)
