"""Who sent it: Ed25519 over one canonical string, for requests of an edge and receipts of the centre.

The string is lines of ``name: value`` under a first line that names the purpose, so that a signature
made for one purpose is worth nothing for another. Values may not contain a line break.
"""

from collections.abc import Mapping

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

HEAD_PURPOSE = "kiemdich/head/v1"
PUSH_PURPOSE = "kiemdich/push/v1"
RECEIPT_PURPOSE = "kiemdich/receipt/v1"


class SignatureError(ValueError):
    """The signature does not belong to these words and this key; do not retry unchanged."""


def canonical_string(purpose: str, *, fields: Mapping[str, str | int]) -> bytes:
    r"""Spell out what is signed, in the order given.

    >>> canonical_string("kiemdich/head/v1", fields={"edge": "mong-cai-1", "incarnation": 1})
    b'kiemdich/head/v1\nedge: mong-cai-1\nincarnation: 1\n'
    """
    lines = [purpose, *(f"{name}: {value}" for name, value in fields.items())]
    if any("\n" in line or "\r" in line for line in lines):
        msg = "a signed field contains a line break"
        raise SignatureError(msg)
    return "\n".join([*lines, ""]).encode()


def sign(purpose: str, *, fields: Mapping[str, str | int], key: Ed25519PrivateKey) -> str:
    """Return the signature as 128 hex digits."""
    return key.sign(canonical_string(purpose, fields=fields)).hex()


def check_signature(
    purpose: str,
    *,
    fields: Mapping[str, str | int],
    signature: str,
    public_key: bytes,
) -> None:
    """Raise ``SignatureError`` unless ``signature`` (hex) is the holder's of ``public_key`` (32 bytes)."""
    try:
        key = Ed25519PublicKey.from_public_bytes(public_key)
        key.verify(bytes.fromhex(signature), canonical_string(purpose, fields=fields))
    except (InvalidSignature, ValueError):
        msg = "the signature does not fit"
        raise SignatureError(msg) from None


def public_text(key: Ed25519PrivateKey) -> str:
    """Write the public half of a signing key as 64 hex digits."""
    return key.public_key().public_bytes_raw().hex()
