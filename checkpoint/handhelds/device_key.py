"""The key of a handheld: ECDSA over P-256, made in the browser, which never gives its secret half away.

WebCrypto writes a signature as r and s side by side (IEEE P1363, 64 bytes) and a public key as a point (65
bytes). What is signed names the path, so that a request made for one purpose is worth nothing for another.
"""

import hashlib
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

PURPOSE: Final = "kiemdich/handheld/v1"
_POINT_BYTES, _HALF_BYTES = 65, 32


class DeviceKeyError(ValueError):
    """The key or the signature is not one to believe; do not retry unchanged."""


def require_point(public_key: bytes) -> None:
    """Raise ``DeviceKeyError`` unless these bytes are a point of P-256, uncompressed."""
    _key_of(public_key)


def signed_words(path: str, *, body: bytes) -> bytes:
    r"""Spell out what a device signs of a request.

    >>> signed_words("/handheld/v1/flush", body=b"")[:42]
    b'kiemdich/handheld/v1\n/handheld/v1/flush\ne3'
    """
    return f"{PURPOSE}\n{path}\n{hashlib.sha256(body).hexdigest()}\n".encode()


def check_request(path: str, *, body: bytes, signature: bytes, public_key: bytes) -> None:
    """Raise ``DeviceKeyError`` unless the holder of ``public_key`` signed this request."""
    key = _key_of(public_key)
    if len(signature) != 2 * _HALF_BYTES:
        msg = "a signature of a handheld has 64 bytes"
        raise DeviceKeyError(msg)
    r, s = (int.from_bytes(half, "big") for half in (signature[:_HALF_BYTES], signature[_HALF_BYTES:]))
    try:
        key.verify(encode_dss_signature(r, s), signed_words(path, body=body), ECDSA(SHA256()))
    except InvalidSignature:
        msg = "the signature does not fit"
        raise DeviceKeyError(msg) from None


def key_fingerprint(public_key: bytes) -> str:
    """Shorten a public key for two people to compare: 64 bits of its SHA-256."""
    digits = hashlib.sha256(public_key).hexdigest()[:16]
    return "-".join(digits[start : start + 4] for start in range(0, 16, 4))


def _key_of(public_key: bytes) -> EllipticCurvePublicKey:
    try:
        if len(public_key) != _POINT_BYTES:
            raise ValueError
        return EllipticCurvePublicKey.from_encoded_point(SECP256R1(), public_key)
    except ValueError:
        msg = "this is no point of P-256"
        raise DeviceKeyError(msg) from None
