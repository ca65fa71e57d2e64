"""Pushing: the signed words of a batch, the disposition of every record, the centre's receipt."""

from typing import ClassVar

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sync.agreement.vocabulary import RecordDisposition
from sync.exchange.messages.words import AwareTime, CentreWords, EdgeWords
from sync.exchange.signatures import EXPRESS_PURPOSE, PUSH_PURPOSE, RECEIPT_PURPOSE

EXPRESS_LIMIT_RECORDS = 100
EXPRESS_LIMIT_BYTES = 256 * 1024


class PushHeaders(EdgeWords, frozen=True, kw_only=True):
    """The signed words of a push. ``head_hash`` is the hash of the last record in the batch.

    ``epoch`` is that of the centre's last head answer; in a courier's package the word ``courier``.
    """

    purpose: ClassVar[str] = PUSH_PURPOSE
    has_body: ClassVar[bool] = True

    first: int
    last: int
    head_hash: str
    epoch: str


class RecordAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one record of a push; ``ledger_position`` counts from 1 without gaps."""

    sequence: int
    disposition: RecordDisposition
    ledger_position: int


class Receipt(CentreWords, frozen=True, kw_only=True):
    """The centre's signed word that it durably holds a chain up to ``sequence`` with ``hash`` (hex).

    ``ledger_position`` is the record's own; in the answer to a head question, the ledger's length.
    """

    purpose: ClassVar[str] = RECEIPT_PURPOSE

    epoch: str
    edge_id: str
    incarnation: int
    sequence: int
    hash: str
    ledger_position: int
    received_at: AwareTime
    nonce: str


class PushAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to a push that was taken: the new head, each record's disposition, the receipt."""

    epoch: str
    sequence: int
    hash: str
    dispositions: tuple[RecordAnswer, ...]
    receipt: Receipt


class ExpressHeaders(EdgeWords, frozen=True, kw_only=True):
    """The signed words of an express: urgent records out of their order; the ledger follows by the push.

    At most ``EXPRESS_LIMIT_RECORDS`` records and ``EXPRESS_LIMIT_BYTES`` as sent, packed like a batch.
    """

    purpose: ClassVar[str] = EXPRESS_PURPOSE
    has_body: ClassVar[bool] = True


class ExpressAnswer(CentreWords, frozen=True, kw_only=True):
    """Which records the desk now shows provisionally; ``taken`` holds record identifiers."""

    purpose: ClassVar[str] = EXPRESS_PURPOSE + "/answer"

    nonce: str
    taken: tuple[str, ...]

    def signed_fields(self) -> dict[str, str | int]:
        """Cover the identifiers in the order in which they are given."""
        return {"nonce": self.nonce, "taken": " ".join(self.taken)}


def sign_receipt(unsigned: Receipt, *, key: Ed25519PrivateKey) -> Receipt:
    """Return the receipt with the centre's signature over all its other fields."""
    return unsigned.signed(key=key)


def check_receipt(receipt: Receipt, *, public_key: bytes) -> None:
    """Raise ``SignatureError`` unless the centre's key signed this receipt."""
    receipt.check(public_key=public_key)
