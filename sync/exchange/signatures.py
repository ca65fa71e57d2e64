"""Who sent it: Ed25519 over one canonical string, for requests of an edge and words of the centre.

The string is lines of ``name: value`` under a first line that names the purpose, so that a signature
made for one purpose is worth nothing for another. Values may not contain a line break.

RFC 8032 lets a verifier accept keys of small order, under which one signature fits every message; such
keys, and keys in a second spelling, are refused here. The library refuses an S of L or more.
"""

import hashlib
import re
from collections.abc import Mapping

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

HEAD_PURPOSE = "kiemdich/head/v1"
PUSH_PURPOSE = "kiemdich/push/v1"
RECEIPT_PURPOSE = "kiemdich/receipt/v1"
LEDGER_HEAD_PURPOSE = "kiemdich/ledger-head/v1"
INCARNATION_PURPOSE = "kiemdich/incarnation/v1"
TESTIMONY_PURPOSE = "kiemdich/testimony/v1"
EXPRESS_PURPOSE = "kiemdich/express/v1"
DOWN_PURPOSE = "kiemdich/down/v1"
ENROLMENT_PURPOSE = "kiemdich/enrolment/v1"
COURIER_PURPOSE = "kiemdich/courier/v1"

PUBLIC_KEY_BYTES = 32
_SIGNATURE = re.compile(r"[0-9a-f]{128}\Z")
_FIELD_PRIME = 2**255 - 19
_ORDER_8 = 0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826
_SMALL_ORDER = frozenset({0, 1, _FIELD_PRIME - 1, _ORDER_8, _FIELD_PRIME - _ORDER_8})
"""The y coordinates of the eight points whose order divides 8."""


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
    """Raise ``SignatureError`` unless ``signature`` is the holder's of ``public_key`` (32 bytes).

    A signature has one spelling, 128 lower-case hex digits, so that no bit of a message is free.
    """
    check_public_key(public_key)
    if not _SIGNATURE.match(signature):
        msg = "a signature has 128 hex digits"
        raise SignatureError(msg)
    try:
        key = Ed25519PublicKey.from_public_bytes(public_key)
        key.verify(bytes.fromhex(signature), canonical_string(purpose, fields=fields))
    except (InvalidSignature, ValueError):
        msg = "the signature does not fit"
        raise SignatureError(msg) from None


def check_public_key(public_key: bytes) -> None:
    """Raise ``SignatureError`` for a key that no honest edge makes: wrong length, second spelling, small order."""
    y = int.from_bytes(public_key, "little") & (2**255 - 1)
    if len(public_key) != PUBLIC_KEY_BYTES or y >= _FIELD_PRIME or y in _SMALL_ORDER:
        msg = "this is no public key to trust"
        raise SignatureError(msg)


def fingerprint(public_key: bytes) -> str:
    """Shorten a public key for two people to compare: 64 bits of its SHA-256.

    >>> fingerprint(bytes(32))
    '6668-7aad-f862-bd77'
    """
    digits = hashlib.sha256(public_key).hexdigest()[:16]
    return "-".join(digits[start : start + 4] for start in range(0, 16, 4))


def public_text(key: Ed25519PrivateKey) -> str:
    """Write the public half of a signing key as 64 hex digits."""
    return key.public_key().public_bytes_raw().hex()
