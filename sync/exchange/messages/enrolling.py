"""Enrolment: a key made at the edge becomes known at the centre by a code that never travels.

The code (128 random bits, shown once) is turned into a key for HMAC-SHA256; edge and centre each prove
that they know it. A person then compares the fingerprint on both screens.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Callable
from typing import Annotated, ClassVar

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sync.exchange.messages.words import EdgeName, HashText, Nonce
from sync.exchange.signatures import ENROLMENT_PURPOSE, SignatureError, canonical_string, check_signature, sign

CODE_BYTES = 16
_CODE_TAG = b"kiemdich/enrolment-code/v1\x00"
_CODE = re.compile(r"[0-9a-f]{32}\Z")


def new_enrolment_code(random_bytes: Callable[[int], bytes] = secrets.token_bytes) -> str:
    """Draw a code of 128 bits, written for reading aloud.

    >>> new_enrolment_code(lambda n: bytes(range(n)))
    '0001-0203-0405-0607-0809-0a0b-0c0d-0e0f'
    """
    digits = random_bytes(CODE_BYTES).hex()
    return "-".join(digits[start : start + 4] for start in range(0, len(digits), 4))


def code_key(code: str) -> bytes:
    """Turn a code, as typed, into the 32 bytes that prove its knowledge; raise ``SignatureError`` if it is none.

    The centre keeps these bytes, not the code: they are both the HMAC key and the code's hash.
    """
    digits = re.sub(r"[\s-]", "", code).lower()
    if not _CODE.match(digits):
        message = "an enrolment code has 32 hex digits"
        raise SignatureError(message)
    return hashlib.sha256(_CODE_TAG + bytes.fromhex(digits)).digest()


class EnrolmentRequest(msgspec.Struct, frozen=True, kw_only=True):
    """An edge introduces its keys (hex). ``proof`` by the code, ``signature`` by the new key over all of it."""

    purpose: ClassVar[str] = ENROLMENT_PURPOSE

    edge_id: EdgeName
    public_key: HashText
    site_sealing_key: HashText
    nonce: Nonce
    proof: str = ""
    signature: str = ""

    def proven(self, *, code: str, key: Ed25519PrivateKey) -> "EnrolmentRequest":
        """Return the request with its proof and its signature."""
        proven = msgspec.structs.replace(self, proof=_proof(self.purpose, fields=self._claims(), key=code_key(code)))
        signature = sign(self.purpose, fields={**self._claims(), "proof": proven.proof}, key=key)
        return msgspec.structs.replace(proven, signature=signature)

    def check(self, *, key: bytes) -> None:
        """Raise ``SignatureError`` unless the sender holds the private key and knows the code of ``code_key``."""
        fields = {**self._claims(), "proof": self.proof}
        public_key = bytes.fromhex(self.public_key)
        check_signature(self.purpose, fields=fields, signature=self.signature, public_key=public_key)
        _check_proof(self.proof, expected=_proof(self.purpose, fields=self._claims(), key=key))

    def _claims(self) -> dict[str, str | int]:
        return _claims_of(self)


class EnrolmentAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What the edge must know of its centre; ``proof`` by the same code: no impostor without it."""

    purpose: ClassVar[str] = ENROLMENT_PURPOSE + "/answer"

    edge_id: EdgeName
    point_of_entry_id: Annotated[str, msgspec.Meta(max_length=64)]
    province_sealing_key: HashText
    centre_public_key: HashText
    fingerprint: str
    is_confirmed: bool
    nonce: Nonce
    proof: str = ""

    def proven(self, *, key: bytes) -> "EnrolmentAnswer":
        """Return the answer with its proof; ``key`` is that of ``code_key``."""
        return msgspec.structs.replace(self, proof=_proof(self.purpose, fields=_claims_of(self), key=key))

    def check(self, request: EnrolmentRequest, *, code: str) -> None:
        """Raise ``SignatureError`` unless somebody who knows the code answered this very request."""
        if (self.edge_id, self.nonce) != (request.edge_id, request.nonce):
            message = "the answer is for another request"
            raise SignatureError(message)
        _check_proof(self.proof, expected=_proof(self.purpose, fields=_claims_of(self), key=code_key(code)))


def _claims_of(message: EnrolmentRequest | EnrolmentAnswer) -> dict[str, str | int]:
    fields = {name: value for name, value in msgspec.structs.asdict(message).items() if name != "proof"}
    fields.pop("signature", None)
    return {name: str(value).lower() if isinstance(value, bool) else value for name, value in fields.items()}


def _proof(purpose: str, *, fields: dict[str, str | int], key: bytes) -> str:
    return hmac.new(key, canonical_string(purpose, fields=fields), hashlib.sha256).hexdigest()


def _check_proof(proof: str, *, expected: str) -> None:
    if not hmac.compare_digest(proof.encode(), expected.encode()):
        message = "the proof was made with another code"
        raise SignatureError(message)
