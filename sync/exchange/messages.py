"""What edge and centre say to each other over HTTP: headers, answers, receipts, refusals.

A push carries one zstd frame of lines. A line that begins with ``{"v":`` is a record, exactly the
bytes that the journal holds; a line that begins with ``{"episode_id":`` is a wrapped episode key.
Both ends build and read these values here, so that no field is spelled twice.
"""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Annotated, Literal

import msgspec
import zstandard
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sync.agreement.identifiers import SLUG_PATTERN
from sync.agreement.vocabulary import RecordDisposition
from sync.exchange.envelope import RECORD_LIMIT_BYTES
from sync.exchange.sealing import EpisodeKey
from sync.exchange.signatures import (
    HEAD_PURPOSE,
    PUSH_PURPOSE,
    RECEIPT_PURPOSE,
    check_signature,
    sign,
)

BATCH_LIMIT_RECORDS = 500
BODY_LIMIT_BYTES = 1024 * 1024
INFLATED_LIMIT_BYTES = 16 * 1024 * 1024
COMPRESSION_LEVEL = 3
_STEP_BYTES = 512

HEADER_NAMES = {
    "edge": "KD-Edge",
    "incarnation": "KD-Incarnation",
    "first": "KD-First",
    "last": "KD-Last",
    "head_hash": "KD-Head-Hash",
    "epoch": "KD-Epoch",
    "nonce": "KD-Nonce",
}
SIGNATURE_HEADER = "KD-Signature"

EdgeName = Annotated[str, msgspec.Meta(pattern=SLUG_PATTERN, max_length=64)]

RefusalCode = Literal[
    "unknown_edge",
    "bad_signature",
    "revoked_edge",
    "wrong_epoch",
    "wrong_incarnation",
    "gap",
    "fork",
    "chain_broken",
    "record_refused",
    "too_large",
    "malformed",
    "busy",
    "unavailable",
]


class BatchError(ValueError):
    """The body is no batch: too large once inflated, or lines that are neither record nor key."""

    def __init__(self, message: str, *, is_too_large: bool = False) -> None:
        """Remember whether size was the reason: the answer then is 413."""
        self.is_too_large = is_too_large
        super().__init__(message)


class RecordAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one record of a push; ``ledger_position`` counts from 1 without gaps."""

    sequence: int
    disposition: RecordDisposition
    ledger_position: int


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """The centre's signed word that it durably holds a chain up to ``sequence`` with ``hash`` (hex).

    ``ledger_position`` is the record's own; in the answer to a head question, the ledger's length.
    """

    epoch: str
    edge_id: str
    incarnation: int
    sequence: int
    hash: str
    ledger_position: int
    received_at: datetime
    nonce: str
    signature: str


class HeadAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Where the centre stands with one chain. ``hash`` is hex; sequence 0 = it holds nothing.

    The receipt says the same under the centre's signature and this question's nonce, so that a push
    whose answer was lost is receipted after all.
    """

    epoch: str
    edge_id: str
    incarnation: int
    sequence: int
    hash: Annotated[str, msgspec.Meta(min_length=64, max_length=64)]
    receipt: Receipt


class PushAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to a push that was taken: the new head, each record's disposition, the receipt."""

    epoch: str
    sequence: int
    hash: str
    dispositions: tuple[RecordAnswer, ...]
    receipt: Receipt


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """Why a request was not taken; ``sequence`` and ``hash`` are the centre's head where that helps."""

    code: RefusalCode
    sequence: int | None = None
    hash: str | None = None
    epoch: str | None = None


class PushHeaders(msgspec.Struct, frozen=True, kw_only=True):
    """The signed words of a push. ``head_hash`` is the hash of the last record in the batch."""

    edge: EdgeName
    incarnation: int
    first: int
    last: int
    head_hash: str
    epoch: str
    nonce: str

    def signed_fields(self, body: bytes) -> dict[str, str | int]:
        """Return what the signature covers: these words and the SHA-256 of the body as sent."""
        return {**msgspec.structs.asdict(self), "body_sha256": hashlib.sha256(body).hexdigest()}

    def as_http(self, body: bytes, *, key: Ed25519PrivateKey) -> dict[str, str]:
        """Return the HTTP headers with the edge's signature."""
        headers = {HEADER_NAMES[name]: str(value) for name, value in msgspec.structs.asdict(self).items()}
        headers[SIGNATURE_HEADER] = sign(PUSH_PURPOSE, fields=self.signed_fields(body), key=key)
        return headers

    def check(self, body: bytes, *, signature: str, public_key: bytes) -> None:
        """Raise ``SignatureError`` unless the edge's key signed these words with this body."""
        fields = self.signed_fields(body)
        check_signature(PUSH_PURPOSE, fields=fields, signature=signature, public_key=public_key)


class HeadQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """The signed words of a question for the head; there is no body."""

    edge: EdgeName
    incarnation: int
    nonce: str

    def as_http(self, *, key: Ed25519PrivateKey) -> dict[str, str]:
        """Return the HTTP headers with the edge's signature."""
        fields = msgspec.structs.asdict(self)
        headers = {HEADER_NAMES[name]: str(value) for name, value in fields.items()}
        headers[SIGNATURE_HEADER] = sign(HEAD_PURPOSE, fields=fields, key=key)
        return headers

    def check(self, *, signature: str, public_key: bytes) -> None:
        """Raise ``SignatureError`` unless the edge's key signed these words."""
        fields = msgspec.structs.asdict(self)
        check_signature(HEAD_PURPOSE, fields=fields, signature=signature, public_key=public_key)


def sign_receipt(unsigned: Receipt, *, key: Ed25519PrivateKey) -> Receipt:
    """Return the receipt with the centre's signature over all its other fields."""
    signature = sign(RECEIPT_PURPOSE, fields=_receipt_fields(unsigned), key=key)
    return msgspec.structs.replace(unsigned, signature=signature)


def check_receipt(receipt: Receipt, *, public_key: bytes) -> None:
    """Raise ``SignatureError`` unless the centre's key signed this receipt."""
    fields = _receipt_fields(receipt)
    check_signature(RECEIPT_PURPOSE, fields=fields, signature=receipt.signature, public_key=public_key)


def pack_batch(records: Iterable[bytes], *, episode_keys: Iterable[EpisodeKey] = ()) -> bytes:
    """Compress a batch: keys first, then the records as they lie in the journal, one a line."""
    lines = [*(msgspec.json.encode(key) for key in episode_keys), *records]
    return zstandard.ZstdCompressor(level=COMPRESSION_LEVEL).compress(b"\n".join(lines))


def unpack_batch(body: bytes) -> tuple[list[bytes], list[EpisodeKey]]:
    """Inflate a batch within its bounds; raise ``BatchError`` for a bomb, a stranger or too many lines."""
    lines = _inflate(body).split(b"\n")
    records = [line for line in lines if line.startswith(b'{"v":')]
    keys = [line for line in lines if line.startswith(b'{"episode_id":')]
    if len(records) + len(keys) != len(lines):
        msg = "a line is neither a record nor an episode key"
        raise BatchError(msg)
    if len(records) > BATCH_LIMIT_RECORDS or len(keys) > BATCH_LIMIT_RECORDS:
        msg = f"a batch has at most {BATCH_LIMIT_RECORDS} records"
        raise BatchError(msg, is_too_large=True)
    return records, _decode_keys(keys)


_KEYS = msgspec.json.Decoder(EpisodeKey)


def _decode_keys(lines: Sequence[bytes]) -> list[EpisodeKey]:
    try:
        return [_KEYS.decode(line) for line in lines if len(line) <= RECORD_LIMIT_BYTES]
    except (msgspec.DecodeError, ValueError):
        msg = "a line is no episode key"
        raise BatchError(msg) from None


def _inflate(body: bytes) -> bytes:
    """Inflate one zstd frame, never past the limit, whatever size the frame claims to have."""
    try:
        inflater = zstandard.ZstdDecompressor(max_window_size=INFLATED_LIMIT_BYTES).decompressobj()
        pieces, size = [], 0
        for start in range(0, len(body), _STEP_BYTES):
            piece = inflater.decompress(body[start : start + _STEP_BYTES])
            size += len(piece)
            if size > INFLATED_LIMIT_BYTES:
                msg = f"a batch inflates to at most {INFLATED_LIMIT_BYTES} bytes"
                raise BatchError(msg, is_too_large=True)
            pieces.append(piece)
    except zstandard.ZstdError:
        msg = "the body is no zstd frame"
        raise BatchError(msg) from None
    if not inflater.eof or inflater.unused_data:
        msg = "the body is cut off, or more than one zstd frame"
        raise BatchError(msg)
    return b"".join(pieces)


def _receipt_fields(receipt: Receipt) -> dict[str, str | int]:
    return {
        "epoch": receipt.epoch,
        "edge": receipt.edge_id,
        "incarnation": receipt.incarnation,
        "sequence": receipt.sequence,
        "hash": receipt.hash,
        "ledger_position": receipt.ledger_position,
        "received_at": receipt.received_at.isoformat(),
        "nonce": receipt.nonce,
    }
