"""Sealing a crop under the key of its episode, so that destroying that key makes it unreadable.

Before a raised reading is a crossing's, its crop is sealed under a key that follows from the site's own key, with
the reading's number in place of the crossing's.

AES-256-GCM with a nonce of 12 random bytes in front. The associated bytes bind it to edge and crossing, and
their tag keeps a crop and a sealed identity apart, although one key seals both.
"""

import secrets
from collections.abc import Callable

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from checkpoint.images.crop import FaceCrop
from sync.exchange.sealing import NONCE_BYTES, SealingError

_TAG = b"kiemdich/face-crop/v1\x00"
_WAITING_TAG = b"kiemdich/waiting-crop/v1\x00"
_ENCODER = msgspec.msgpack.Encoder()
_CROPS = msgspec.msgpack.Decoder(FaceCrop)


def seal_crop(
    crop: FaceCrop,
    *,
    episode_key: bytes,
    crossing_id: str,
    edge_id: str,
    random_bytes: Callable[[int], bytes] = secrets.token_bytes,
) -> bytes:
    """Encrypt a crop for its crossing at this edge: nonce, ciphertext and tag."""
    nonce = random_bytes(NONCE_BYTES)
    associated = _associated(crossing_id, edge_id=edge_id)
    return nonce + AESGCM(episode_key).encrypt(nonce, _ENCODER.encode(crop), associated)


def open_crop(sealed: bytes, *, episode_key: bytes, crossing_id: str, edge_id: str) -> FaceCrop:
    """Decrypt a crop; raise ``SealingError`` if key, crossing, edge or bytes do not fit."""
    try:
        associated = _associated(crossing_id, edge_id=edge_id)
        plain = AESGCM(episode_key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], associated)
        return _CROPS.decode(plain)
    except (InvalidTag, ValueError, msgspec.DecodeError):
        msg = "the picture does not open with this key for this crossing"
        raise SealingError(msg) from None


def waiting_key(site_key: X25519PrivateKey) -> bytes:
    """Derive the key of crops whose reading is nobody's crossing yet: HKDF-SHA256 (RFC 5869) of the site's key."""
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=_WAITING_TAG).derive(site_key.private_bytes_raw())


def _associated(crossing_id: str, *, edge_id: str) -> bytes:
    return _TAG + edge_id.encode() + b"\x00" + crossing_id.encode()
