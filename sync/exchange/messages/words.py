"""What every message has in common: signed words of an edge, signed words of the centre, refusals.

An edge signs a question's words in HTTP headers (``KD-...``), and with a body its SHA-256. The centre
signs every answer together with the question's nonce. Both ends build and read these values here,
so that no field is spelled twice.
"""

import hashlib
from datetime import datetime
from typing import Annotated, ClassVar, Literal, Self

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sync.agreement.identifiers import SLUG_PATTERN
from sync.agreement.vocabulary import IncarnationReason
from sync.exchange.signatures import SignatureError, check_signature, sign

SIGNATURE_HEADER = "KD-Signature"

EdgeName = Annotated[str, msgspec.Meta(pattern=SLUG_PATTERN, max_length=64)]
Count = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
Incarnation = Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)]
Instance = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{32}\Z")]
"""16 random bytes in hex, drawn when a program starts: two programs with one key are told apart by it."""
HashText = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]
OptionalHashText = Annotated[str, msgspec.Meta(pattern=r"^([0-9a-f]{64})?\Z")]
Nonce = Annotated[str, msgspec.Meta(max_length=64)]
AwareTime = Annotated[datetime, msgspec.Meta(tz=True)]

RefusalCode = Literal[
    "unknown_edge",
    "not_confirmed",
    "bad_signature",
    "revoked_edge",
    "wrong_epoch",
    "wrong_incarnation",
    "frozen_incarnation",
    "gap",
    "fork",
    "chain_broken",
    "record_refused",
    "too_large",
    "malformed",
    "code_refused",
    "too_many_attempts",
    "busy",
    "unavailable",
]
RenewalReason = IncarnationReason
"""Why an edge asks for a new incarnation: what it found at its start, or what the centre said."""


def header_name(field: str) -> str:
    """Say under which HTTP header a signed word travels.

    >>> header_name("start_number")
    'KD-Start-Number'
    """
    return "-".join(["KD", *(part.capitalize() for part in field.split("_"))])


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """Why a request was not taken; ``sequence`` and ``hash`` are the centre's head where that helps.

    Not signed, hence never a proof: what an edge does for good (a new incarnation, an abandoned
    chain) it does only after a signed answer says the same.
    """

    code: RefusalCode
    sequence: int | None = None
    hash: str | None = None
    epoch: str | None = None


class EdgeWords(msgspec.Struct, frozen=True, kw_only=True):
    """The signed words of one request of an edge; each kind has a purpose of its own."""

    purpose: ClassVar[str]
    has_body: ClassVar[bool] = False

    edge: EdgeName
    incarnation: Incarnation
    nonce: Nonce

    def signed_fields(self, body: bytes = b"") -> dict[str, str | int]:
        """Return what the signature covers: these words, and the SHA-256 of a body as sent."""
        fields = msgspec.structs.asdict(self)
        return {**fields, "body_sha256": hashlib.sha256(body).hexdigest()} if self.has_body else fields

    def as_http(self, body: bytes = b"", *, key: Ed25519PrivateKey) -> dict[str, str]:
        """Return the HTTP headers with the edge's signature."""
        headers = {header_name(name): str(value) for name, value in msgspec.structs.asdict(self).items()}
        headers[SIGNATURE_HEADER] = self.signature(body, key=key)
        return headers

    def signature(self, body: bytes = b"", *, key: Ed25519PrivateKey) -> str:
        """Sign these words, and the body if there is one: 128 hex digits."""
        return sign(self.purpose, fields=self.signed_fields(body), key=key)

    def check(self, body: bytes = b"", *, signature: str, public_key: bytes) -> None:
        """Raise ``SignatureError`` unless the edge's key signed these words with this body."""
        fields = self.signed_fields(body)
        check_signature(self.purpose, fields=fields, signature=signature, public_key=public_key)


class CentreWords(msgspec.Struct, frozen=True, kw_only=True):
    """An answer or a statement that the centre signs: every field but the signature is covered."""

    purpose: ClassVar[str]

    signature: str = ""

    def signed_fields(self) -> dict[str, str | int]:
        """Return what the signature covers. Times are written in ISO 8601, truth values in lower case."""
        fields = msgspec.structs.asdict(self)
        return {name: _plain(value) for name, value in fields.items() if name != "signature"}

    def signed(self, *, key: Ed25519PrivateKey) -> Self:
        """Return the same words with the centre's signature."""
        return msgspec.structs.replace(self, signature=sign(self.purpose, fields=self.signed_fields(), key=key))

    def check(self, *, public_key: bytes) -> None:
        """Raise ``SignatureError`` unless the centre's key signed exactly this."""
        check_signature(self.purpose, fields=self.signed_fields(), signature=self.signature, public_key=public_key)


def check_nonce(asked: str, *, answered: str) -> None:
    """Raise ``SignatureError`` if an answer was made for another question: an old answer is no answer."""
    if asked != answered:
        message = "the answer is for another request"
        raise SignatureError(message)


def _plain(value: object) -> str | int:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, str | int):
        return value
    message = f"a signed word is text, a number or a time, not {type(value).__name__}"
    raise TypeError(message)
